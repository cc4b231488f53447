/* The list of blocks lies in pages of its own, written before anything is measured. Cost: two calls
 * for each block, of which there are some 130,000 for 10 MB. */
#include "aging.h"

#include <string.h>

#include "../../allocators/pages.h"
#include "../../workloads/random.h"
#include "../../workloads/synthetic/lua_sizes.h"

enum {
    MEAN_BYTES = 64,  /* below the mean of Lua's sizes, so that the list never is too short */
    KEPT_OF_EACH = 8, /* one of so many */
};

struct litter {
    void *block;
    size_t bytes;
};

bool aging_open(struct aging *aging, uint64_t peak_live_bytes, struct error *error)
{
    uint64_t wanted = 2 * peak_live_bytes;
    aging->count = 0;
    aging->wanted_bytes = wanted < AGING_MAXIMUM ? wanted : AGING_MAXIMUM;
    aging->blocks_bytes = (aging->wanted_bytes / MEAN_BYTES + 1) * sizeof *aging->blocks;
    aging->blocks = pages_map(aging->blocks_bytes);
    if (!aging->blocks) return error_set(error, "the system refused memory for a list of litter");
    memset(aging->blocks, 0, aging->blocks_bytes);
    return true;
}

static bool take(struct aging *aging, const struct heap *heap, struct random *random)
{
    size_t room = aging->blocks_bytes / sizeof *aging->blocks;
    for (uint64_t taken = 0; taken < aging->wanted_bytes && aging->count < room;) {
        size_t size = size_draw(lua_block_sizes, random);
        void *block = heap->resize(heap->state, NULL, 0, size);
        if (!block) return false;
        aging->blocks[aging->count++] = (struct litter){block, size};
        taken += size;
    }
    return true;
}

static void shuffle(struct aging *aging, struct random *random)
{
    for (size_t i = aging->count; i > 1; i--) {
        size_t other = random_below(random, i);
        struct litter last = aging->blocks[i - 1];
        aging->blocks[i - 1] = aging->blocks[other];
        aging->blocks[other] = last;
    }
}

static void free_down_to(struct aging *aging, const struct heap *heap, size_t count)
{
    while (aging->count > count) {
        const struct litter *last = &aging->blocks[--aging->count];
        heap->resize(heap->state, last->block, last->bytes, 0);
    }
}

enum outcome aging_litter(struct aging *aging, const struct heap *heap, uint64_t seed,
                          struct error *error)
{
    struct random random;
    random_seed(&random, seed);
    if (!take(aging, heap, &random)) {
        error_set(error, "the heap was full after %zu blocks of litter", aging->count);
        return OUTCOME_OUT_OF_MEMORY;
    }
    shuffle(aging, &random);
    free_down_to(aging, heap, aging->count / KEPT_OF_EACH);
    return OUTCOME_OK;
}

void aging_clear(struct aging *aging, const struct heap *heap)
{
    free_down_to(aging, heap, 0);
}

void aging_close(struct aging *aging)
{
    if (aging->blocks) pages_unmap(aging->blocks, aging->blocks_bytes);
}
