/* Orphans wait in two lists for each bin, as a thread's own blocks do: with room and without. All
 * their fields belong to who holds the lock. */
#include "orphans.h"

#include "back_end.h"
#include "commons.h"
#include "complaint.h"
#include "synchronisation.h"
#include "thread_bins.h"

static struct {
    struct lock lock;
    struct {
        struct block_list usable, full;
        /* Blocks that are usable; may be read without the lock, as a hint. */
        _Atomic uint32_t count;
    } bins[BIN_COUNT];
} orphans;

void orphans_lock(void)
{
    lock_take(&orphans.lock);
}

void orphans_unlock(void)
{
    lock_drop(&orphans.lock);
}

void orphans_unlock_in_child(void)
{
    lock_reset(&orphans.lock);
}

void orphans_await(void)
{
    orphans_lock();
    orphans_unlock();
}

static void add(struct block *block)
{
    block_set_owner(block, BLOCK_ORPHAN);
    if (block_has_room(block)) {
        block_list_append(&orphans.bins[block->bin].usable, block);
        atomic_fetch_add_explicit(&orphans.bins[block->bin].count, 1, memory_order_relaxed);
    } else {
        block_list_append(&orphans.bins[block->bin].full, block);
    }
}

static void take_out(struct block *block)
{
    if (block_has_room(block)) {
        block_list_remove(&orphans.bins[block->bin].usable, block);
        atomic_fetch_sub_explicit(&orphans.bins[block->bin].count, 1, memory_order_relaxed);
    } else {
        block_list_remove(&orphans.bins[block->bin].full, block);
    }
}

static void disown(struct block *block)
{
    block_set_owner(block, 0);
    /* release: who finds no thread finds the lists as that one left them; the lock says so, too. */
    atomic_store_explicit(&block->thread, NULL, memory_order_release);
}

void orphans_leave(struct block *block)
{
    disown(block);
    if (block->live == 0) block_release(block);
    else add(block);
}

struct block *orphans_adopt(struct thread_data *thread, unsigned bin)
{
    if (atomic_load_explicit(&orphans.bins[bin].count, memory_order_relaxed) == 0) return NULL;
    orphans_lock();
    struct block *block = block_list_first(&orphans.bins[bin].usable);
    if (block != NULL) {
        take_out(block);
        bins_own(thread, block);
        count_one(&thread->counts.block_adoptions);
    }
    orphans_unlock();
    return block;
}

static void free_in_place(struct block *block, uintptr_t offset)
{
    take_out(block);
    block_push(block, offset);
    if (block->live != 0) {
        add(block);
        return;
    }
    block_set_owner(block, 0);
    block_release(block);
}

bool orphans_free(struct thread_data *thread, struct block *block, uintptr_t offset)
{
    orphans_lock();
    if (atomic_load_explicit(&block->thread, memory_order_relaxed) != NULL) {
        orphans_unlock();
        return false;
    }
    if (block_owner(block) != BLOCK_ORPHAN) {
        orphans_unlock();
        complain_of_call("free", object_at(offset), "it is free already");
    }
    bool adopts = thread_is_alive(thread);
    if (adopts) {
        take_out(block);
        bins_own(thread, block);
        count_one(&thread->counts.block_adoptions);
    } else {
        free_in_place(block, offset);
    }
    orphans_unlock();
    if (adopts) bins_free(thread, block, offset);
    return true;
}

/* The free list cannot be relied on; the live objects can still be freed, but as nobody can count
 * them, the block is never empty. Beyond what is carved nothing was ever handed out. */
static void take_over(struct block *block)
{
    block->free = block_end(block);
    block->live = BLOCK_UNCOUNTED;
    disown(block);
    add(block);
}

/* A run without live objects: a thread that is no more kept it ready, or was just taking it or
 * giving it back. */
static bool is_lost(const struct block *block, enum run_use use)
{
    if (block->state != RUN_TAKEN) return false;
    return use == USE_NONE || (use == USE_BLOCK && (block->live & ~(uintptr_t)BLOCK_PINNED) == 0);
}

static void give_lost(struct block *block)
{
    for (uint32_t i = 0; i < block->granules; i++)
        atomic_store_explicit(&block[i].use, USE_NONE, memory_order_relaxed);
    atomic_store_explicit(&block->thread, NULL, memory_order_relaxed);
    block_set_owner(block, 0);
    back_end_give(granule_of_block(block));
}

void orphans_take_over(const struct thread_data *survivor)
{
    size_t count = arena_granules();
    for (size_t i = 0; i < count; i++) {
        struct block *block = block_of_granule(i);
        enum run_use use = atomic_load_explicit(&block->use, memory_order_relaxed);
        const struct thread_data *thread = atomic_load(&block->thread);
        if (thread != NULL && (thread == survivor || thread == &commons)) continue;
        if (is_lost(block, use)) give_lost(block);
        else if (use == USE_BLOCK && thread != NULL) take_over(block);
    }
}
