/* realloc: in place where the block's bin or run allows it; large objects grow into free memory
 * behind them, and move by their pages instead of their bytes. */
#include <errno.h>
#include <string.h>

#include "back_end.h"
#include "commons.h"
#include "complaint.h"
#include "debug.h"
#include "front_end.h"
#include "large.h"
#include "mail.h"

/* Each move by pages leaves two mappings that never join their neighbours, and a process may have
 * 65530: so the more there have been, the larger an object has to be. */
enum { MOVED_BYTES_LEAST = 256 << 10, MOVED_BYTES_MORE = 4 << 10 };

static _Atomic unsigned moves;

static bool may_move_by_pages(size_t bytes)
{
    size_t more = (size_t)atomic_load_explicit(&moves, memory_order_relaxed) * MOVED_BYTES_MORE;
    return bytes >= MOVED_BYTES_LEAST + more;
}

static bool is_used_for(const struct block *block, enum run_use use)
{
    return atomic_load_explicit(&block->use, memory_order_relaxed) == use;
}

static bool is_large(const struct block *block)
{
    return is_used_for(block, USE_LARGE);
}

static struct block *holder(const char *call, const void *pointer)
{
    uintptr_t offset = (uintptr_t)pointer - corona_arena.base;
    struct block *block = block_holding(offset);
    if (block == NULL || !(is_large(block) || is_used_for(block, USE_BLOCK)))
        complain_of_call(call, pointer, "not allocated here, or free already");
    uint32_t inside = (uint32_t)(offset - block_offset(block));
    if (is_large(block) ? inside != 0 : inside % block->object_bytes != 0)
        complain_of_call(call, pointer, "it lies inside a block");
    if (corona_settings.is_debugging && !is_large(block)) debug_used(call, block, offset);
    return block;
}

static size_t usable(const struct block *block)
{
    return is_large(block) ? large_object_usable(block) : block->object_bytes;
}

size_t corona_usable_size(const void *block)
{
    return block == NULL ? 0 : usable(holder("malloc_usable_size", block));
}

/* A small object stays where it is while it fills more than half of its place. */
static bool stays(struct block *block, size_t bytes)
{
    if (!is_large(block)) return bytes <= block->object_bytes && bytes > block->object_bytes / 2;
    return bytes > SMALL_BYTES && bytes <= PTRDIFF_MAX && large_object_resize(block, bytes);
}

static void move_contents(void *from, struct block *block, void *to, size_t bytes)
{
    if (may_move_by_pages(bytes) && is_large(block)) {
        struct block *target = holder("realloc", to);
        if (is_large(target) && large_object_move(block, target, bytes)) {
            atomic_fetch_add_explicit(&moves, 1, memory_order_relaxed);
            return;
        }
    }
    memcpy(to, from, bytes);
}

void *corona_realloc(void *pointer, size_t bytes)
{
    if (pointer == NULL) return corona_malloc(bytes);
    if (bytes == 0) {
        corona_free(pointer);
        return NULL;
    }
    struct block *block = holder("realloc", pointer);
    size_t old_bytes = usable(block);
    if (stays(block, bytes)) return pointer;
    void *moved = corona_malloc(bytes);
    if (moved == NULL) return NULL;
    move_contents(pointer, block, moved, old_bytes < bytes ? old_bytes : bytes);
    corona_free(pointer);
    return moved;
}

size_t corona_purge(void)
{
    struct thread_data *thread = corona_thread;
    if (thread_is_alive(thread)) {
        mail_open(thread);
        mail_post_all(thread);
        thread_trim(thread);
    }
    commons_trim();
    return back_end_purge();
}
