/* What a heap of slabs says of itself, read off the descriptors: the hot path counts nothing for
 * it. Invariant: objects in use are those of the current, partial and full slabs. Cost: one pass
 * over the descriptors. */
#include "report.h"

#include "slabs.h"

bool slab_read_tier(const void *state, size_t index, struct tier_statistics *out)
{
    const struct slab_heap *heap = state;
    if (index >= heap->cache_count) return false;
    const struct cache *cache = &heap->caches[index];
    *out = (struct tier_statistics){.block_bytes = cache->object_bytes};
    for (size_t i = 0; i < heap->slab_count; i++) {
        const struct slab *slab = slab_at(heap, i);
        if (slab->cache != index || slab->state >= SLAB_EMPTY) continue;
        size_t used = slabs_used_objects(heap, slab);
        out->total_blocks += cache->slab_objects;
        out->used_blocks += used;
        out->full_pages += used == cache->slab_objects;
        out->partial_pages += used > 0 && used < cache->slab_objects;
        out->empty_pages += used == 0;
    }
    out->free_blocks = out->total_blocks - out->used_blocks;
    return true;
}

static bool has_ready_slab(const struct slab_heap *heap)
{
    size_t ready = (size_t)(heap->arena.usable_end - heap->arena.used_end);
    return heap->empty.count > 0 || ready >= slab_bytes(heap);
}

void slab_read_statistics(const void *state, struct heap_statistics *out)
{
    const struct slab_heap *heap = state;
    size_t used_blocks = 0, used_bytes = 0;
    size_t largest = has_ready_slab(heap) ? heap->object_maximum : 0;
    for (size_t i = 0; i < heap->slab_count; i++) {
        const struct slab *slab = slab_at(heap, i);
        const struct cache *cache = &heap->caches[slab->cache];
        size_t used = slabs_used_objects(heap, slab), bytes = cache->object_bytes;
        bool has_room = slab->state < SLAB_EMPTY && used < cache->slab_objects;
        used_blocks += used;
        used_bytes += used * bytes;
        if (has_room && bytes > largest) largest = bytes;
    }
    backed_statistics(&heap->backed, used_blocks, used_bytes, out);
    out->footprint_bytes = sizeof *heap + arena_footprint(&heap->descriptors) +
                           arena_footprint(&heap->arena) - heap->purged.count * slab_bytes(heap);
    out->metadata_bytes = sizeof *heap + arena_footprint(&heap->descriptors);
    out->free_bytes = out->footprint_bytes - out->metadata_bytes - used_bytes;
    out->largest_free_bytes = largest;
}

bool slab_read_figure(const void *state, size_t index, struct heap_figure *out)
{
    const struct slab_heap *heap = state;
    const struct heap_figure figures[] = {
        {"size of a slab", "bytes", (double)slab_bytes(heap)},
        {"size of its descriptor", "bytes", sizeof(struct slab)},
        {"slabs created", "count", (double)heap->slab_count},
        {"slabs kept empty", "count", (double)heap->empty.count},
        {"slabs returned", "count", (double)heap->returned_count},
        {"reused by another cache", "count", (double)heap->reused_count},
        {"fallbacks", "count", (double)heap->fallback_count},
    };
    if (index >= sizeof figures / sizeof *figures) return false;
    *out = figures[index];
    return true;
}
