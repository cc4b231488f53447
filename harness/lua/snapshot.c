/* Snapshots are large and mostly untouched: take them from pages. Tiers and figures beyond the room
 * for them are left out, which no allocator here comes near. */
#include "snapshot.h"

static void take_tiers(struct layer_snapshot *layer, const struct heap *heap)
{
    layer->tier_count = 0;
    if (heap->allocator->tier == NULL) return;
    while (
        layer->tier_count < SNAPSHOT_TIERS &&
        heap->allocator->tier(heap->state, layer->tier_count, &layer->tiers[layer->tier_count])) {
        layer->tier_count++;
    }
}

static void take_figures(struct layer_snapshot *layer, const struct heap *heap)
{
    layer->figure_count = 0;
    if (heap->allocator->figure == NULL) return;
    while (layer->figure_count < SNAPSHOT_FIGURES &&
           heap->allocator->figure(heap->state, layer->figure_count,
                                   &layer->figures[layer->figure_count])) {
        layer->figure_count++;
    }
}

void snapshot_take(struct snapshot *snapshot, const struct heap *heap)
{
    snapshot->is_taken = true;
    for (size_t i = 0; heap && i < SNAPSHOT_LAYERS; i++, heap = heap->inner) {
        struct layer_snapshot *layer = &snapshot->layers[i];
        heap_statistics(heap, &layer->totals);
        if (heap->allocator == &allocator_count) layer->calls = *count_calls(heap);
        take_tiers(layer, heap);
        take_figures(layer, heap);
    }
}
