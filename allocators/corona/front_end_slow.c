/* The calls that are not the quick ones: sizes above the table's, refills, frees of other threads'
 * objects, large objects, and every call while calls are counted or checked. */
#include <errno.h>
#include <string.h>

#include "commons.h"
#include "complaint.h"
#include "debug.h"
#include "front_end.h"
#include "large.h"
#include "mail.h"
#include "thread_bins.h"

/* NULL when there is no memory for its data; never for a thread that owns blocks. */
static struct thread_data *living_thread(void)
{
    struct thread_data *thread = corona_thread;
    return thread_is_alive(thread) ? thread : thread_start();
}

static void *take_own(struct thread_data *thread, unsigned bin)
{
    struct block *block = thread->bins[bin].current;
    if (RARELY(!block_has_free(block))) block = bins_refill(thread, bin);
    if (block == NULL) return NULL;
    void *object = block_pop(block);
    if (RARELY(corona_settings.is_debugging)) debug_allocated(block, object);
    return object;
}

static void *allocate_small(struct thread_data *thread, size_t bytes)
{
    unsigned bin = bin_of(bytes);
    void *object = bytes <= COMMON_BYTES ? take_own(thread, bin) : commons_allocate(bin);
    if (object != NULL && RARELY(settings_are_watching()))
        count_one(&thread->counts.small_allocations);
    return object;
}

static void *allocate_large(struct thread_data *thread, size_t bytes, size_t alignment,
                            bool *is_zero)
{
    void *object = large_object_allocate(thread, bytes, alignment, is_zero);
    if (object != NULL && settings_are_watching()) count_one(&thread->counts.large_allocations);
    return object;
}

static void *allocate(size_t bytes, bool *is_zero)
{
    struct thread_data *thread = living_thread();
    if (thread == NULL) return NULL;
    if (bytes <= SMALL_BYTES) return allocate_small(thread, bytes);
    if (bytes > PTRDIFF_MAX) return NULL;
    return allocate_large(thread, bytes, 1, is_zero);
}

static void *or_errno(void *block)
{
    if (block == NULL) errno = ENOMEM;
    return block;
}

void *front_end_allocate(size_t bytes)
{
    return or_errno(allocate(bytes, NULL));
}

/* So many bytes cost less to be given back than to be written, if the program does not touch them
 * all; and a table that it hardly touches takes no memory, be it new or used before. */
enum { CLEARED_BY_PURGE = 32 << 20 };

static void clear(void *block, size_t bytes)
{
    size_t whole = (bytes + SYSTEM_PAGE_BYTES - 1) & -(size_t)SYSTEM_PAGE_BYTES;
    if (bytes < CLEARED_BY_PURGE || !system_purge(block, whole)) memset(block, 0, bytes);
}

void *corona_calloc(size_t count, size_t bytes)
{
    size_t all;
    if (__builtin_mul_overflow(count, bytes, &all)) return or_errno(NULL);
    bool is_zero = false;
    void *block = all <= SMALL_BYTES ? corona_malloc(all) : or_errno(allocate(all, &is_zero));
    if (block != NULL && !is_zero) clear(block, all);
    return block;
}

/* A bin whose objects all begin at multiples of the alignment, as blocks begin at granules. */
static size_t aligned_bin_bytes(size_t alignment, size_t bytes)
{
    unsigned bin = bin_of(bytes > alignment ? bytes : alignment);
    while (bin < BIN_COUNT && bin_bytes(bin) % alignment != 0) bin++;
    return bin_bytes(bin);
}

void *corona_aligned_alloc(size_t alignment, size_t bytes)
{
    if (alignment == 0 || (alignment & (alignment - 1)) != 0) {
        errno = EINVAL;
        return NULL;
    }
    if (alignment <= OBJECT_ALIGNMENT) return corona_malloc(bytes);
    if (bytes <= SMALL_BYTES && alignment <= GRANULE_BYTES)
        return corona_malloc(aligned_bin_bytes(alignment, bytes));
    struct thread_data *thread = living_thread();
    if (thread == NULL || bytes > PTRDIFF_MAX || alignment > PTRDIFF_MAX) return or_errno(NULL);
    return or_errno(allocate_large(thread, bytes, alignment, NULL));
}

/* ---- free */

/* By atomic operations, as thread may be one of those that stand for none. */
static void count_free(struct thread_data *thread, bool is_own)
{
    atomic_fetch_add_explicit(&thread->counts.frees, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&thread->counts.cross_thread_frees, !is_own, memory_order_relaxed);
}

static void watch_free(struct thread_data *thread, struct block *block, uintptr_t offset,
                       bool is_own)
{
    count_free(thread, is_own);
    if (corona_settings.is_debugging) debug_freed(block, offset);
}

/* An object of another thread's that the chain for that thread has room for. */
static inline bool send_along(uintptr_t owner, uintptr_t offset)
{
    uintptr_t pointer = owner & ~(uintptr_t)BLOCK_FULL;
    struct outgoing *outgoing = mail_outgoing(corona_thread, pointer);
    return outgoing->owner == pointer && mail_carry(outgoing, offset);
}

static void free_of_block(struct block *block, uintptr_t owner, uintptr_t offset)
{
    struct thread_data *thread = corona_thread;
    uintptr_t pointer = owner & ~(uintptr_t)BLOCK_FLAGS;
    bool is_own = pointer == system_thread(), is_common = pointer == COMMONS_OWNER;
    if (RARELY(settings_are_watching())) watch_free(thread, block, offset, is_own || is_common);
    if (is_common) {
        commons_free(block, offset);
        return;
    }
    if (is_own) {
        bins_free(living_thread(), block, offset);
        return;
    }
    /* A thread that only frees gets data too, for its outgoing mail. */
    if (thread == &thread_unborn && thread_start() != NULL) thread = corona_thread;
    mail_free(thread, block, offset);
}

static void free_large(struct block *block, uintptr_t offset)
{
    if (RARELY(settings_are_watching())) count_free(corona_thread, true);
    large_object_free(corona_thread, block, offset);
}

static void free_other(uintptr_t offset)
{
    void *pointer = object_at(offset);
    struct block *block = block_holding(offset);
    if (block == NULL) complain_of_call("free", pointer, "not allocated here, or free already");
    uint8_t use = atomic_load_explicit(&block->use, memory_order_relaxed);
    if (use == USE_BLOCK) free_of_block(block, block_owner(block), offset);
    else if (use == USE_LARGE) free_large(block, offset);
    else complain_of_call("free", pointer, "not allocated here");
}

void front_end_free(uintptr_t offset)
{
    size_t granule = offset >> GRANULE_SHIFT;
    if (object_at(offset) == NULL) return;
    if (granule >= arena_granules())
        complain_of_call("free", object_at(offset), "not allocated here");
    uintptr_t owner = atomic_load_explicit(owner_of_granule(granule), memory_order_relaxed);
    if (owner == 0) free_other(offset);
    else if (!send_along(owner, offset)) free_of_block(block_of_granule(granule), owner, offset);
}

void front_end_emptied(uintptr_t offset)
{
    bins_drop(living_thread(), block_holding(offset));
}
