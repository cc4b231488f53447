/* A trace done by as many threads as it tells apart. Its events are split before the clock starts,
 * and each is told then whether it must wait for another thread's, or another for it: by the
 * recorded order of all calls, or by what happens to its block alone. */
#ifndef REPLAY_CREW_H
#define REPLAY_CREW_H

#include "../trace.h"
#include "options.h"

enum { CREW_THREADS = 128 };

struct crew;

/* The events may hold all marks and are not needed afterwards. The threads are made and wait; with
 * is_alone there are none, and the caller does their work, in the recorded order. NULL says why. */
struct crew *crew_open(const struct trace *trace, enum thread_order order, enum touch touch,
                       bool is_alone, struct error *error);
void crew_close(struct crew *crew);

/* One pass of all threads over their events. False: the heap refused a call, which error names. */
bool crew_pass(struct crew *crew, const struct heap *heap, struct error *error);

/* Frees what the pass has left alive, and folds it in; how many blocks. Called by one thread. */
size_t crew_free(struct crew *crew, const struct heap *heap);
void crew_forget(struct crew *crew);

/* Ends the threads, as some allocators' libraries clean up then: before the heap is closed. The
 * next pass has new ones. */
void crew_dismiss(struct crew *crew);

/* Of all threads, in whatever order they came, since the last call. */
uint64_t crew_checksum(struct crew *crew);

#endif
