/* A bin allocates from one block, the current one, until nothing is left in it; then from the block
 * that has waited longest since one of its objects was freed, as that has had most time to gather
 * more of them. Full blocks are marked in `owner`, so that the first free of one of their objects
 * leaves the fast path. The current block is pinned in `live`, so that it never counts as empty:
 * a program that allocates and frees one object over and over pays no block for it. */
#include "thread_bins.h"

#include "back_end.h"
#include "commons.h"
#include "complaint.h"
#include "debug.h"
#include "mail.h"
#include "orphans.h"

static void set_owner(struct block *block, uintptr_t pointer, unsigned flags)
{
    if (settings_are_watching() && pointer != 0) flags |= BLOCK_WATCHED;
    block_set_owner(block, pointer | flags);
}

static void set_thread(struct block *block, struct thread_data *thread)
{
    /* release: who mails to the thread finds it made. */
    atomic_store_explicit(&block->thread, thread, memory_order_release);
}

/* Small sizes find their bin's block without computing the bin. */
static void publish(struct thread_data *thread, unsigned bin, struct block *block)
{
    if (bin_bytes(bin) > DIRECT_BYTES) return;
    unsigned last = bin_bytes(bin) / OBJECT_ALIGNMENT;
    unsigned first = bin == 0 ? 0 : bin_bytes(bin - 1) / OBJECT_ALIGNMENT + 1;
    for (unsigned i = first; i <= last; i++) thread->direct[i] = block;
}

static void set_current(struct thread_data *thread, unsigned bin, struct block *block)
{
    block->live += BLOCK_PINNED;
    set_owner(block, thread->pointer, 0);
    thread->bins[bin].current = block;
    if (!settings_are_watching()) publish(thread, bin, block);
}

static struct block *unset_current(struct thread_data *thread, unsigned bin)
{
    struct block *block = thread->bins[bin].current;
    thread->bins[bin].current = &block_none;
    if (block == &block_none) return NULL;
    publish(thread, bin, &block_none);
    block->live -= BLOCK_PINNED;
    return block;
}

static void append(struct thread_data *thread, struct block *block)
{
    bool is_full = !block_has_room(block);
    set_owner(block, thread->pointer, is_full ? BLOCK_FULL : 0);
    struct bin *bin = &thread->bins[block->bin];
    block_list_append(is_full ? &bin->full : &bin->usable, block);
}

void bins_own(struct thread_data *thread, struct block *block)
{
    set_thread(block, thread);
    append(thread, block);
}

/* ---- where blocks come from and go to */

static struct block *take_from_pool(struct thread_data *thread, unsigned bin)
{
    if (thread->pool == 0 || bin_bytes(bin) > DIRECT_BYTES) return NULL;
    struct block *block = block_of_granule(thread->pool);
    thread->pool = block->next;
    thread->pool_count--;
    block_shape(block, bin);
    return block;
}

static void trim_pool(struct thread_data *thread, unsigned kept)
{
    while (thread->pool_count > kept) {
        struct block *block = block_of_granule(thread->pool);
        thread->pool = block->next;
        thread->pool_count--;
        back_end_give(granule_of_block(block));
    }
}

/* A block without live objects, in no list. */
static void give_up(struct thread_data *thread, struct block *block)
{
    if (corona_settings.is_debugging) debug_emptied(block);
    set_owner(block, 0, 0);
    set_thread(block, NULL);
    if (block->granules > 1) {
        block_release(block);
        return;
    }
    atomic_store_explicit(&block->use, USE_NONE, memory_order_relaxed);
    block->next = thread->pool;
    thread->pool = (uint32_t)granule_of_block(block);
    if (++thread->pool_count > BLOCK_POOL_HIGH) trim_pool(thread, BLOCK_POOL_LOW);
}

void bins_drop(struct thread_data *thread, struct block *block)
{
    block_list_remove(&thread->bins[block->bin].usable, block);
    give_up(thread, block);
}

/* A block in no list, of this thread or of none yet, with room. */
static struct block *find_block(struct thread_data *thread, unsigned bin)
{
    struct bin *own = &thread->bins[bin];
    struct block *block = block_list_first(&own->usable);
    if (block == NULL) block = orphans_adopt(thread, bin);
    if (block != NULL) {
        block_list_remove(&own->usable, block);
        return block;
    }
    if (thread != &commons) mail_post_all(thread);
    block = take_from_pool(thread, bin);
    if (block == NULL) block = block_make(bin, own->full.first != 0);
    if (block == NULL) return NULL;
    /* The commons' bins have locks of their own. */
    atomic_fetch_add_explicit(&thread->counts.block_takes, 1, memory_order_relaxed);
    set_thread(block, thread);
    return block;
}

/* Now and then, as a thread may live for long on what it has, while much lies idle elsewhere. */
static void look_after_idle_memory(struct thread_data *thread)
{
    enum { REFILLS_A_LOOK = 32 };
    if (thread != &commons && ++thread->refills % REFILLS_A_LOOK == 0) back_end_tick();
}

struct block *bins_refill(struct thread_data *thread, unsigned bin)
{
    look_after_idle_memory(thread);
    for (;;) {
        struct block *block = thread->bins[bin].current;
        if (block_has_free(block)) return block;
        if (block != &block_none && block->free != block_end(block))
            complain_of_call("malloc", object_at(block->free),
                             "a pointer that was freed is none of a block");
        /* What others have freed comes before what was never used. */
        if (mail_open(thread)) continue;
        if (block_carve(block)) return block;
        block = unset_current(thread, bin);
        if (block != NULL) append(thread, block);
        block = find_block(thread, bin);
        if (block == NULL) return NULL;
        set_current(thread, bin, block);
    }
}

void bins_free(struct thread_data *thread, struct block *block, uintptr_t offset)
{
    bool was_full = block_owner(block) & BLOCK_FULL;
    block_push(block, offset);
    if (was_full) {
        block_list_remove(&thread->bins[block->bin].full, block);
        append(thread, block);
    }
    if (block->live == 0) bins_drop(thread, block);
}

/* ---- a thread that ends, or is asked for all it can spare */

void bins_trim_one(struct thread_data *thread, unsigned bin)
{
    if (thread->bins[bin].current->live != BLOCK_PINNED) return;
    struct block *block = unset_current(thread, bin);
    if (block != NULL) give_up(thread, block);
}

void bins_trim(struct thread_data *thread)
{
    for (unsigned i = 0; i < BIN_COUNT; i++) bins_trim_one(thread, i);
    trim_pool(thread, 0);
}

static void leave_list(struct block_list *list, void (*leave)(struct block *block))
{
    for (struct block *block; (block = block_list_first(list)) != NULL;) {
        block_list_remove(list, block);
        leave(block);
    }
}

void bins_leave(struct thread_data *thread, void (*leave)(struct block *block))
{
    for (unsigned i = 0; i < BIN_COUNT; i++) {
        struct block *block = unset_current(thread, i);
        if (block != NULL) append(thread, block);
        leave_list(&thread->bins[i].usable, leave);
        leave_list(&thread->bins[i].full, leave);
    }
}

static void watch_list(const struct block_list *list, unsigned flags)
{
    for (uint32_t i = list->first; i != 0; i = block_of_granule(i)->next) {
        struct block *block = block_of_granule(i);
        set_owner(block, block_owner(block) & ~(uintptr_t)BLOCK_FLAGS, flags);
    }
}

void bins_watch(struct thread_data *thread)
{
    for (unsigned i = 0; i < BIN_COUNT; i++) {
        struct bin *bin = &thread->bins[i];
        publish(thread, i, &block_none);
        if (bin->current != &block_none) set_owner(bin->current, thread->pointer, 0);
        watch_list(&bin->usable, 0);
        watch_list(&bin->full, BLOCK_FULL);
    }
}
