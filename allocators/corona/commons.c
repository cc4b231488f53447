/* The commons are the bins of one struct thread_data that belongs to no thread. Nothing of it is
 * used but those bins, each under its own lock; no mail comes, as everybody may free at once. */
#include "commons.h"

#include "debug.h"
#include "synchronisation.h"
#include "thread_bins.h"

struct thread_data commons = {
    .pointer = COMMONS_OWNER,
    THREAD_WITHOUT_BLOCKS,
};

enum { FIRST_BIN = 48 }; /* the first whose objects are larger than COMMON_BYTES */
_Static_assert(9 << (FIRST_BIN / 8 + 3) > COMMON_BYTES, "the first bin is common");
_Static_assert(16 << (FIRST_BIN / 8 + 2) <= COMMON_BYTES, "the one before it is not");

static struct lock locks[BIN_COUNT];

void *commons_allocate(unsigned bin)
{
    lock_take(&locks[bin]);
    struct block *block = bins_refill(&commons, bin);
    void *object = block == NULL ? NULL : block_pop(block);
    if (object != NULL && corona_settings.is_debugging) debug_allocated(block, object);
    lock_drop(&locks[bin]);
    return object;
}

void commons_free(struct block *block, uintptr_t offset)
{
    struct lock *lock = &locks[block->bin];
    lock_take(lock);
    bins_free(&commons, block, offset);
    lock_drop(lock);
}

void commons_trim(void)
{
    for (unsigned i = FIRST_BIN; i < BIN_COUNT; i++) {
        lock_take(&locks[i]);
        bins_trim_one(&commons, i);
        lock_drop(&locks[i]);
    }
}

void commons_lock(void)
{
    for (unsigned i = FIRST_BIN; i < BIN_COUNT; i++) lock_take(&locks[i]);
}

void commons_unlock(void)
{
    for (unsigned i = FIRST_BIN; i < BIN_COUNT; i++) lock_drop(&locks[i]);
}

void commons_unlock_in_child(void)
{
    for (unsigned i = FIRST_BIN; i < BIN_COUNT; i++) lock_reset(&locks[i]);
}
