/* A slab allocator (Bonwick, USENIX 1994): a cache for each of the sizes that Lua uses, and behind
 * each cache slabs of objects of that size alone; slabs.h draws them.
 *
 * A request's size in words leads to the current slab of its cache, an object's address to the slab
 * it came from, whatever old_size says. Metadata is 32 bytes a slab of 16 KiB, nothing an object.
 * Invariant: a block is an object of a slab exactly when its address lies in the arena. Cost: about
 * 15 instructions for new and free, never a search; once in a slab's objects a change of lists.
 */
#include "../allocator.h"

#include <assert.h>

#include "report.h"
#include "slabs.h"

enum { PRESET, SLAB_BYTES, PER_SLAB, KEEP, KEEP_SHARE };
enum { PRESET_LUA, PRESET_SOURCE };
enum { LUA_SLAB_BYTES = 16 << 10, SOURCE_OBJECT_BYTES = 48, SOURCE_PER_SLAB = 64 };
enum { SLAB_MINIMUM = 4 << 10, SLAB_MAXIMUM = 256 << 10, PER_SLAB_MINIMUM = 8 };

/* Exact where Lua's requests crowd: table 64, nodes 40 << k, arrays 16 << k, closures, strings. */
static const uint16_t lua_sizes[] = {16,  24,  32,  40,  48,  56,  64,  72,  80,  96,  112,
                                     128, 160, 184, 224, 256, 320, 384, 512, 640, 720, 1024};

/* ---- objects */

static size_t block_bytes(const void *state, size_t size)
{
    const struct slab_heap *heap = state;
    if (size > heap->object_maximum) return 0;
    size_t bytes = heap->caches[heap->cache_of[slab_words(size)]].object_bytes;
    if (bytes == 0) __builtin_unreachable(); /* so that a test for 0 need not read it */
    return bytes;
}

static void *take(void *state, size_t size)
{
    struct slab_heap *heap = state;
    struct slab *slab = heap->current[slab_words(size)];
    struct free_object *object = slab->free_list;
    if (__builtin_expect(object == NULL, 0)) return slabs_take(heap, size);
    slab->free_list = object->next;
    slab->frees_left++;
    return object;
}

static void give(void *state, void *freed, size_t old_size)
{
    (void)old_size;
    struct slab_heap *heap = state;
    struct slab *slab = slab_of(heap, freed);
    struct free_object *object = freed;
    object->next = slab->free_list;
    slab->free_list = object;
    if (__builtin_expect(--slab->frees_left == 0, 0)) slabs_change_state(heap, slab);
}

static bool owns(const void *state, const void *block)
{
    return arena_owns(&((const struct slab_heap *)state)->arena, block);
}

static size_t room(const void *state, const void *block, size_t old_size)
{
    (void)old_size;
    const struct slab_heap *heap = state;
    return heap->caches[slab_of(heap, block)->cache].object_bytes;
}

static const struct pool_methods methods = {
    .block_bytes = block_bytes,
    .take = take,
    .give = give,
    .owns = owns,
    .room = room,
};

static void *resize(void *state, void *block, size_t old_size, size_t new_size)
{
    return backed_resize(state, &methods, block, old_size, new_size);
}

/* ---- opening */

static size_t source_per_slab(const struct settings *settings)
{
    size_t per_slab = settings->values[PER_SLAB].number;
    return per_slab > 0 ? per_slab : SOURCE_PER_SLAB;
}

static size_t chosen_slab_bytes(const struct settings *settings)
{
    size_t bytes = settings->values[SLAB_BYTES].number;
    if (bytes > 0) return bytes;
    if (settings->values[PRESET].number == PRESET_LUA) return LUA_SLAB_BYTES;
    bytes = SLAB_MINIMUM;
    while (bytes < source_per_slab(settings) * SOURCE_OBJECT_BYTES) bytes *= 2;
    return bytes;
}

static bool check_options(const struct settings *settings, struct error *error)
{
    size_t bytes = settings->values[SLAB_BYTES].number, most = bytes / SOURCE_OBJECT_BYTES;
    size_t per_slab = settings->values[PER_SLAB].number;
    if ((bytes & (bytes - 1)) != 0) {
        return error_set(error, "slab: slab=%zu is no power of two; give 4K .. 256K", bytes);
    }
    if (settings->values[PRESET].number == PRESET_LUA) {
        return per_slab == 0 ||
               error_set(error,
                         "slab: per-slab=%zu belongs to preset=source; the slabs of "
                         "preset=lua hold what fits into slab=4K .. 256K",
                         per_slab);
    }
    return bytes == 0 || source_per_slab(settings) <= most ||
           error_set(error,
                     "slab: per-slab=%zu objects of %d bytes do not fit into slab=%zu; "
                     "give per-slab=%d .. %zu, or a larger slab",
                     source_per_slab(settings), SOURCE_OBJECT_BYTES, bytes, PER_SLAB_MINIMUM, most);
}

/* Caches are added in order of size; each serves what is too large for those before. */
static void add_cache(struct slab_heap *heap, size_t object_bytes, size_t slab_objects)
{
    size_t index = heap->cache_count++;
    size_t first = index > 0 ? heap->caches[index - 1].last_word + 1u : 0;
    heap->caches[index] = (struct cache){.object_bytes = (uint16_t)object_bytes,
                                         .slab_objects = (uint16_t)slab_objects,
                                         .first_word = (uint8_t)first,
                                         .last_word = (uint8_t)slab_words(object_bytes)};
    for (size_t i = first; i <= slab_words(object_bytes); i++) heap->cache_of[i] = (uint8_t)index;
    heap->object_maximum = object_bytes;
}

static void add_caches(struct slab_heap *heap, const struct settings *settings)
{
    if (settings->values[PRESET].number == PRESET_SOURCE) {
        add_cache(heap, SOURCE_OBJECT_BYTES, source_per_slab(settings));
        return;
    }
    for (size_t i = 0; i < sizeof lua_sizes / sizeof *lua_sizes; i++) {
        add_cache(heap, lua_sizes[i], slab_bytes(heap) / lua_sizes[i]);
    }
}

static void *open_heap(const struct allocator *self, const struct settings *settings,
                       const struct heap *inner, struct error *error)
{
    (void)self;
    assert(inner != NULL);
    struct slab_heap *heap = pages_map(sizeof *heap);
    if (heap != NULL) {
        heap->backed.backing = inner;
        heap->slab_shift = (unsigned)__builtin_ctzll(chosen_slab_bytes(settings));
        heap->keep = settings->values[KEEP].number;
        heap->keep_share = settings->values[KEEP_SHARE].number;
        add_caches(heap, settings);
        if (slabs_open(heap)) return heap;
        pages_unmap(heap, sizeof *heap);
    }
    error_set(error, "slab: the system refuses address space for the slabs");
    return NULL;
}

static void close_heap(void *state)
{
    struct slab_heap *heap = state;
    slabs_close(heap);
    pages_unmap(heap, sizeof *heap);
}

static const struct option_row options[] = {
    [PRESET] = {"preset", OPTION_CHOICE, "lua", 0, 0, "lua source",
                "lua: 22 caches of 16 to 1024 bytes; source: one of 48-byte objects, 64 a slab"},
    [SLAB_BYTES] = {"slab", OPTION_BYTES, "", SLAB_MINIMUM, SLAB_MAXIMUM, NULL,
                    "a power of two; if not given 16K, or what preset=source needs"},
    [PER_SLAB] = {"per-slab", OPTION_COUNT, "", PER_SLAB_MINIMUM,
                  SLAB_MAXIMUM / SOURCE_OBJECT_BYTES, NULL, "objects in a slab of preset=source"},
    [KEEP] = {"keep", OPTION_COUNT, "256", 0, 1 << 20, NULL,
              "empty slabs kept for any cache, beside each cache's current one"},
    [KEEP_SHARE] = {"keep-share", OPTION_COUNT, "100", 0, 1000, NULL,
                    "empty slabs kept for every 100 in use, where that is more"},
    {0},
};

const struct allocator allocator_slab = {
    .name = "slab",
    .summary = "a cache for each object size, cut from slabs that serve any cache once empty",
    .alignment = 8,
    .options = options,
    .backing = "libc",
    .tier_name = "cache",
    .open = open_heap,
    .check = check_options,
    .resize = resize,
    .close = close_heap,
    .statistics = slab_read_statistics,
    .tier = slab_read_tier,
    .figure = slab_read_figure,
};
