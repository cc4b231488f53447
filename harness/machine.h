/* machine.json: what was planned, with which code, on which machine. */
#ifndef MACHINE_H
#define MACHINE_H

#include "folder.h"
#include "plan.h"

enum { MACHINE_FORMAT = 1 };

/* Writes it whole (a new file, then renamed). Called when a run starts and again when it is
 * finished: a run whose file has no "finished" is not whole. */
bool machine_write(const struct folder *folder, const struct plan *plan, bool is_finished,
                   struct error *error);

/* Reads the plan of a run to be resumed; the cells are not drawn yet, cell_count is how many there
 * were. The plan's own provenance is found out anew and held against the file's: another
 * executable, library or script is refused, since one run would then hold the figures of two. */
bool machine_read_plan(const struct folder *folder, struct plan *plan, size_t *cell_count,
                       struct error *error);

#endif
