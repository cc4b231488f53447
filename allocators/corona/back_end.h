/* The back end: runs of granules, cut from the arena and joined with their neighbours when freed.
 *
 * Free runs are *dirty* (they still hold memory of the system) or *clean* (they read as zero and
 * cost nothing); dirty ones are used first. Those that stayed dirty for settings.purge_delay_ms are
 * given back by the next calls, some runs a call. All functions are safe for all threads; they
 * share one lock. */
#ifndef CORONA_BACK_END_H
#define CORONA_BACK_END_H

#include "back_reference.h"

/* The first granule of a run of so many (1 or more) granules, its descriptor RUN_TAKEN with
 * `granules` set and all other fields but the list links as they were left: USE_NONE, owner 0. 0
 * when the system refuses memory. The run's address is a multiple of alignment (in
 * granules, a power of two; 1 for any). *is_zero: all of it reads as zero. */
size_t back_end_take(size_t granules, size_t alignment, bool *is_zero);

/* Gives a run back. Its descriptors, inner ones too, must have USE_NONE and owner 0 again. */
void back_end_give(size_t first);

/* Lengthens a taken run in place to so many granules, from a free run behind it; false when there
 * is none. *is_zero tells of the granules that were added. */
bool back_end_grow(size_t first, size_t granules, bool *is_zero);

/* Cuts the end of a taken run off and frees it. */
void back_end_shrink(size_t first, size_t granules);

/* Memory for this allocator itself, zeroed, 64-byte aligned, never given back; NULL when the system
 * refuses. */
void *back_end_metadata(size_t bytes);

/* Gives some free runs back that have been dirty for too long. Does nothing when the lock is held;
 * cheap enough to be called now and then. */
void back_end_tick(void);

/* Gives all free dirty runs back to the system. Bytes. */
size_t back_end_purge(void);

struct back_end_statistics {
    size_t reserved_bytes, committed_bytes, used_bytes, dirty_bytes, metadata_bytes, purged_bytes;
};
void back_end_statistics(struct back_end_statistics *out);

/* Around a fork: no other thread holds the lock in the child. */
void back_end_lock(void);
void back_end_unlock(void);
void back_end_unlock_in_child(void);

#endif
