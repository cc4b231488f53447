/* Series: what an allocator does over sizes, or over a program's life, as raw rows for the charts.
 * Each is a file of its own in a run's folder. A child measures one part of a series (a block size,
 * a rule of growth, a workload) on one allocator, and hands back rows of whole numbers. */
#ifndef SERIES_H
#define SERIES_H

#include "../cell.h"

#define SERIES_UNKNOWN UINT64_MAX /* an empty field: the heap does not say */

/* The child's part, a mode of cell each; request->parameter is the part's. */
enum outcome series_waste(const struct cell_request *request, struct cell_result *result);
enum outcome series_metadata(const struct cell_request *request, struct cell_result *result);
enum outcome series_growth(const struct cell_request *request, struct cell_result *result);

/* The same of a workload that is prepared. The parameter is the calls between two samples, and
 * below them flags; request->peak_live_bytes tells how much there is to litter. */
enum { SERIES_AGED = 1, SERIES_SETTLES = 2, SERIES_SETTLES_BRIEFLY = 4, SERIES_FLAG_BITS = 3 };
enum { SERIES_SAMPLES = 500 };
enum outcome series_fragmentation(const struct workload *workload, void *job,
                                  const struct cell_request *request, struct cell_result *result);

/* The outermost heap's own share and that of those under it which say theirs. */
uint64_t series_footprint_of(const struct heap *heap);

/* Appends a row; false when there is no room for more. */
bool series_add(struct cell_result *result, const struct series_row *row);

/* The parts of two series: the sizes of blocks, and the rules of growth. */
enum { SERIES_GROWTH_RULES = 3, SERIES_BLOCK_SIZES = 9 };
extern const uint64_t series_block_bytes[SERIES_BLOCK_SIZES];
extern const char *const series_growth_rules[SERIES_GROWTH_RULES];

#endif
