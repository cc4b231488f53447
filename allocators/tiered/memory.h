/* The memory that the tiers of one heap hold between them, and when it goes back to the system.
 *
 * *Kept* is memory that no block uses: empty pages, large free blocks. The collector of Lua lets a
 * heap swing between its peak and less than half of it, so what the last swing used is kept: giving
 * it back would cost a page fault a page on every cycle. At most one and a half times the live
 * bytes are kept (a peak is up to 2.4 times its trough), KEPT_FLOOR, and a spare that grows when
 * memory is taken again soon after it went back: so a heap that swings more widely pays for that a
 * few times only. Below a 32nd of the most that blocks ever used, a heap counts as emptied, and
 * keeps no more to spare than EMPTIED_SPARE. There is no clock here: as blocks are freed the bound
 * sinks, and the free that passes it gives memory back.
 *
 * What is held does not grow beyond the most that blocks ever used, and PEAK_SPARE of the spare,
 * for as long as something is kept: the tier that needs more takes it from the others, so that the
 * peak of the heap is not the sum of its tiers' peaks.
 */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#define KEPT_FLOOR ((size_t)256 << 10)
#define EMPTIED_SPARE ((size_t)1 << 20)
#define PEAK_SPARE ((size_t)1 << 20)

/* A fault for each page costs half as much again as a call for a batch. Smaller heaps are left
 * alone, since they seldom use all of a page. */
enum { BATCH_BYTES = 64 << 10 };
#define BATCH_FROM_BYTES ((size_t)4 << 20)

enum { MEMORY_TIERS = 2 };

struct tier;
struct large;

struct memory {
    size_t live_bytes; /* asked for and not yet freed */
    size_t peak_bytes; /* of live_bytes since the last trim, as seen at growth */
    size_t kept_bytes;
    size_t held_bytes;      /* of the tiers' regions: what blocks use, and what is kept */
    size_t most_used_bytes; /* by blocks: the peak of held_bytes - kept_bytes */
    size_t spare_bytes;     /* to be kept beyond the other bounds */
    size_t returned_bytes, regretted_bytes; /* given back in all; of these, taken again */
    size_t trims, moved_blocks, stayed_blocks;
    bool has_current; /* some class took a page since the last trim */
    bool is_huge;     /* asks for huge pages, and so for no batches of smaller ones */
    struct tier *tiers[MEMORY_TIERS]; /* in the order in which they give back */
    struct large *large;
};

/* A tier holds so many bytes more. */
void memory_grow(struct memory *memory, size_t bytes);

/* Memory has come to be kept: gives back what is too much. */
void memory_settle(struct memory *memory);

/* Pages from `start` on are about to be used for the first time: takes them from the system in one
 * call where the heap is large enough. Returns the end of what is there now. */
char *memory_populate(const struct memory *memory, char *start, char *limit);

#endif
