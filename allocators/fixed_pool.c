/* A pool of blocks of one size, with a backing for all other sizes.
 *
 *     arena   | block | free --> free --> NULL | block | never used ... | room for more chunks
 *
 * The free list is threaded through the free blocks; blocks never used are cut one by one, so that
 * a chunk is touched only as it fills. Without `grow` there is one chunk, and when it is used up
 * even the pool's own size goes to the backing.
 * Invariant: a block belongs to the pool exactly when its address lies in the arena, whatever its
 * size. Cost: about 15 instructions for a block of the pool; what the backing takes for others.
 */
#include "allocator.h"

#include <assert.h>

#include "backed.h"
#include "pages.h"

enum { BLOCK_BYTES, CHUNK_COUNT, GROW };

#define RESERVE_BYTES ((size_t)64 << 30) /* address space, not memory */

struct free_block {
    struct free_block *next;
};

struct fixed_pool {
    struct backed backed;
    struct free_block *free_list;
    char *fresh, *fresh_end; /* blocks of the newest chunk that were never used */
    size_t block_bytes;
    struct arena arena;
    size_t used_blocks, total_blocks;
    size_t chunk_blocks;
    bool grows;
};

static size_t chunk_bytes(const struct fixed_pool *pool)
{
    return (pool->chunk_blocks * pool->block_bytes + 15) & ~(size_t)15;
}

static bool add_chunk(struct fixed_pool *pool)
{
    char *chunk = arena_take(&pool->arena, chunk_bytes(pool));
    if (chunk == NULL) return false;
    pool->fresh = chunk;
    pool->fresh_end = chunk + pool->chunk_blocks * pool->block_bytes;
    pool->total_blocks += pool->chunk_blocks;
    return true;
}

static size_t block_bytes(const void *heap, size_t size)
{
    const struct fixed_pool *pool = heap;
    return size <= pool->block_bytes ? pool->block_bytes : 0;
}

static void *take(void *heap, size_t size)
{
    (void)size;
    struct fixed_pool *pool = heap;
    struct free_block *block = pool->free_list;
    if (block != NULL) {
        pool->free_list = block->next;
    } else {
        if (pool->fresh == pool->fresh_end && !(pool->grows && add_chunk(pool))) return NULL;
        block = (struct free_block *)pool->fresh;
        pool->fresh += pool->block_bytes;
    }
    pool->used_blocks++;
    return block;
}

static void give(void *heap, void *freed, size_t old_size)
{
    (void)old_size;
    struct fixed_pool *pool = heap;
    struct free_block *block = freed;
    block->next = pool->free_list;
    pool->free_list = block;
    pool->used_blocks--;
}

static bool owns(const void *heap, const void *block)
{
    return arena_owns(&((const struct fixed_pool *)heap)->arena, block);
}

static size_t room(const void *heap, const void *block, size_t old_size)
{
    (void)block, (void)old_size;
    return ((const struct fixed_pool *)heap)->block_bytes;
}

static const struct pool_methods methods = {
    .block_bytes = block_bytes,
    .take = take,
    .give = give,
    .owns = owns,
    .room = room,
};

static void *resize(void *heap, void *block, size_t old_size, size_t new_size)
{
    return backed_resize(heap, &methods, block, old_size, new_size);
}

static bool reserve(struct fixed_pool *pool)
{
    size_t least = chunk_bytes(pool), most = least > RESERVE_BYTES ? least : RESERVE_BYTES;
    bool is_reserved = pool->grows ? arena_reserve_up_to(&pool->arena, most, least)
                                   : arena_reserve(&pool->arena, least);
    if (!is_reserved) return false;
    if (add_chunk(pool)) return true;
    arena_release(&pool->arena);
    return false;
}

static bool check_options(const struct settings *settings, struct error *error)
{
    size_t block_bytes = settings->values[BLOCK_BYTES].number;
    return block_bytes % 8 == 0 ||
           error_set(error, "fixed-pool: size=%zu is no multiple of 8", block_bytes);
}

static void *open_heap(const struct allocator *self, const struct settings *settings,
                       const struct heap *inner, struct error *error)
{
    (void)self;
    assert(inner != NULL);
    size_t block_bytes = settings->values[BLOCK_BYTES].number;
    struct fixed_pool *pool = pages_map(sizeof *pool);
    if (pool != NULL) {
        pool->block_bytes = block_bytes;
        pool->chunk_blocks = settings->values[CHUNK_COUNT].number;
        pool->grows = settings->values[GROW].number;
        pool->backed.backing = inner;
        if (reserve(pool)) return pool;
        pages_unmap(pool, sizeof *pool);
    }
    error_set(error, "fixed-pool: the system refuses %zu blocks of %zu bytes; give a smaller count",
              settings->values[CHUNK_COUNT].number, block_bytes);
    return NULL;
}

static void close_heap(void *heap)
{
    struct fixed_pool *pool = heap;
    arena_release(&pool->arena);
    pages_unmap(pool, sizeof *pool);
}

static void read_statistics(const void *heap, struct heap_statistics *out)
{
    const struct fixed_pool *pool = heap;
    size_t free_blocks = pool->total_blocks - pool->used_blocks;
    size_t used_bytes = pool->used_blocks * pool->block_bytes;
    backed_statistics(&pool->backed, pool->used_blocks, used_bytes, out);
    out->footprint_bytes = arena_footprint(&pool->arena) + sizeof *pool;
    out->metadata_bytes = sizeof *pool;
    out->free_bytes = arena_footprint(&pool->arena) - used_bytes;
    out->largest_free_bytes = free_blocks > 0 ? pool->block_bytes : 0;
}

static bool read_tier(const void *heap, size_t index, struct tier_statistics *out)
{
    const struct fixed_pool *pool = heap;
    if (index > 0) return false;
    *out = (struct tier_statistics){.block_bytes = pool->block_bytes,
                                    .total_blocks = pool->total_blocks,
                                    .used_blocks = pool->used_blocks,
                                    .free_blocks = pool->total_blocks - pool->used_blocks};
    return true;
}

static const struct option_row options[] = {
    [BLOCK_BYTES] = {"size", OPTION_BYTES, "32", 8, 64 << 10, NULL,
                     "of a block, a multiple of 8; requests up to it are served"},
    [CHUNK_COUNT] = {"count", OPTION_COUNT, "1000", 1, 1 << 24, NULL, "blocks in a chunk"},
    [GROW] = {"grow", OPTION_BOOLEAN, "yes", 0, 1, NULL,
              "further chunks when the first is used up; no: the backing takes over"},
    {0},
};

const struct allocator allocator_fixed_pool = {
    .name = "fixed-pool",
    .summary = "blocks of one size from one free list; other sizes go to the backing",
    .traits = TRAIT_BY_NAME,
    .alignment = 8,
    .options = options,
    .backing = "libc",
    .open = open_heap,
    .check = check_options,
    .resize = resize,
    .close = close_heap,
    .statistics = read_statistics,
    .tier = read_tier,
};
