/* Slabs come and go: a cache's current slab is used up, another takes its place.
 *
 * Next is the cache's oldest partial slab, then an empty one of any cache, then one whose pages the
 * system has, then a new one. A slab that the last object leaves joins the heap's empty ones unless
 * it is current; of these the system gets back what has been empty longest once there are more than
 * `keep` and than `keep_share` for every 100 in use. Invariant: all slabs are in a list, current or
 * full. Cost: a few list operations, and one system call for a slab that goes back.
 */
#include "slabs.h"

#include <assert.h>

/* So few at once that memory is touched as it is used. */
enum { CARVE_BYTES = 1024 };

#define RESERVE_BYTES ((size_t)64 << 30) /* address space, not memory */

/* ---- lists */

static void push_first(struct slab_list *list, struct slab *slab, enum slab_state state)
{
    slab->state = state;
    slab->previous = NULL;
    slab->next = list->first;
    if (list->first != NULL) list->first->previous = slab;
    else list->last = slab;
    list->first = slab;
    list->count++;
}

static void push_last(struct slab_list *list, struct slab *slab, enum slab_state state)
{
    slab->state = state;
    slab->next = NULL;
    slab->previous = list->last;
    if (list->last != NULL) list->last->next = slab;
    else list->first = slab;
    list->last = slab;
    list->count++;
}

static void unlink_slab(struct slab_list *list, struct slab *slab)
{
    if (slab->previous != NULL) slab->previous->next = slab->next;
    else list->first = slab->next;
    if (slab->next != NULL) slab->next->previous = slab->previous;
    else list->last = slab->previous;
    list->count--;
}

static struct slab *pop_first(struct slab_list *list)
{
    struct slab *slab = list->first;
    if (slab != NULL) unlink_slab(list, slab);
    return slab;
}

/* ---- empty slabs */

static char *slab_start(const struct slab_heap *heap, const struct slab *slab)
{
    return heap->arena.start + ((size_t)(slab - slab_at(heap, 0)) << heap->slab_shift);
}

static void give_to_system(struct slab_heap *heap, struct slab *slab)
{
    unlink_slab(&heap->empty, slab);
    pages_purge(slab_start(heap, slab), slab_bytes(heap));
    push_first(&heap->purged, slab, SLAB_PURGED);
    heap->returned_count++;
}

static void make_empty(struct slab_heap *heap, struct slab *slab)
{
    push_first(&heap->empty, slab, SLAB_EMPTY);
    size_t in_use = heap->slab_count - heap->empty.count - heap->purged.count;
    size_t kept = in_use * heap->keep_share / 100;
    if (kept < heap->keep) kept = heap->keep;
    while (heap->empty.count > kept) give_to_system(heap, heap->empty.last);
}

/* A descriptor without a slab, left by a refusal, serves the next slab. */
static struct slab *add_slab(struct slab_heap *heap)
{
    struct arena *descriptors = &heap->descriptors;
    size_t described = (size_t)(descriptors->used_end - descriptors->start) / sizeof(struct slab);
    if (described == heap->slab_count && arena_take(descriptors, sizeof(struct slab)) == NULL) {
        return NULL;
    }
    if (arena_take(&heap->arena, slab_bytes(heap)) == NULL) return NULL;
    return slab_at(heap, heap->slab_count++);
}

static struct slab *find_empty(struct slab_heap *heap, size_t cache_index)
{
    struct slab *slab = pop_first(&heap->empty);
    if (slab == NULL) slab = pop_first(&heap->purged);
    if (slab != NULL) heap->reused_count += slab->cache != cache_index;
    else slab = add_slab(heap);
    if (slab != NULL) *slab = (struct slab){.cache = (uint8_t)cache_index};
    return slab;
}

/* ---- changes of state */

static void set_current(struct slab_heap *heap, const struct cache *cache, struct slab *slab)
{
    for (size_t i = cache->first_word; i <= cache->last_word; i++) heap->current[i] = slab;
}

/* The current slab's last object was taken, or there was none. */
static struct slab *change_current(struct slab_heap *heap, struct cache *cache)
{
    struct slab *old = heap->current[cache->last_word];
    if (old != &heap->none) {
        old->state = SLAB_FULL;
        old->frees_left = 1;
        set_current(heap, cache, &heap->none);
    }
    struct slab *slab = pop_first(&cache->partial);
    if (slab == NULL) slab = find_empty(heap, (size_t)(cache - heap->caches));
    if (slab == NULL) return NULL;
    slab->state = SLAB_CURRENT;
    slab->frees_left++;
    set_current(heap, cache, slab);
    return slab;
}

void slabs_change_state(struct slab_heap *heap, struct slab *slab)
{
    struct cache *cache = &heap->caches[slab->cache];
    if (slab->state == SLAB_FULL) {
        slab->frees_left = cache->slab_objects - 1;
        push_last(&cache->partial, slab, SLAB_PARTIAL);
        return;
    }
    assert(slab->state == SLAB_PARTIAL);
    unlink_slab(&cache->partial, slab);
    make_empty(heap, slab);
}

/* Puts the next objects that never were there on the empty free list, in order of address. */
static void carve(const struct slab_heap *heap, const struct cache *cache, struct slab *slab)
{
    size_t bytes = cache->object_bytes, count = CARVE_BYTES / bytes;
    size_t left = (size_t)(cache->slab_objects - slab->carved);
    char *first = slab_start(heap, slab) + slab->carved * bytes;
    if (count > left) count = left;
    slab->carved += (uint16_t)count;
    while (count-- > 0) {
        struct free_object *object = (struct free_object *)(first + count * bytes);
        object->next = slab->free_list;
        slab->free_list = object;
    }
}

void *slabs_take(struct slab_heap *heap, size_t size)
{
    struct cache *cache = &heap->caches[heap->cache_of[slab_words(size)]];
    struct slab *slab = heap->current[cache->last_word];
    if (slab->carved >= cache->slab_objects) {
        slab = change_current(heap, cache);
        if (slab == NULL) {
            heap->fallback_count++;
            return NULL;
        }
    }
    if (slab->free_list == NULL) carve(heap, cache, slab);
    struct free_object *object = slab->free_list;
    slab->free_list = object->next;
    slab->frees_left++;
    return object;
}

size_t slabs_used_objects(const struct slab_heap *heap, const struct slab *slab)
{
    switch ((enum slab_state)slab->state) {
    case SLAB_CURRENT: return slab->frees_left - 1u;
    case SLAB_PARTIAL: return slab->frees_left;
    case SLAB_FULL: return heap->caches[slab->cache].slab_objects;
    case SLAB_EMPTY:
    case SLAB_PURGED: break;
    }
    return 0;
}

/* ---- opening and closing */

bool slabs_open(struct slab_heap *heap)
{
    if (!arena_reserve_up_to(&heap->arena, RESERVE_BYTES, slab_bytes(heap))) return false;
    size_t most = (size_t)(heap->arena.reserved_end - heap->arena.start) >> heap->slab_shift;
    heap->none.carved = UINT16_MAX;
    for (size_t i = 0; i <= WORDS_MAXIMUM; i++) heap->current[i] = &heap->none;
    if (arena_reserve(&heap->descriptors, most * sizeof(struct slab))) return true;
    arena_release(&heap->arena);
    return false;
}

void slabs_close(struct slab_heap *heap)
{
    arena_release(&heap->descriptors);
    arena_release(&heap->arena);
}
