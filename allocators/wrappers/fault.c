/* Refuses calls on purpose, to see what a program does when memory runs out.
 *
 * Only what may fail by the contract is counted and refused: a new block, and a growth. A refused
 * call never reaches the heap below. Several options at once refuse what any of them says. Cost:
 * a handful of comparisons a call, and a division where `every` or `chance` is given.
 */
#include "../pages.h"
#include "call.h"

#include <stdint.h>

struct fault {
    struct wrapped wrapped;
    struct live live;
    size_t at, from, every, chance; /* 0: not asked for */
    uint64_t random;                /* splitmix64's state */
    size_t asked, refused;          /* calls that may fail, and those of them that did */
};

enum { OPTION_AT, OPTION_FROM, OPTION_EVERY, OPTION_CHANCE, OPTION_SEED };

#define MOST 1000000000000

static const struct option_row options[] = {
    [OPTION_AT] = {"at", OPTION_COUNT, "0", 0, MOST, NULL,
                   "refuse the Nth new block or growth, counted from 1; 0: none"},
    [OPTION_FROM] = {"from", OPTION_COUNT, "0", 0, MOST, NULL, "refuse the Nth and all after it"},
    [OPTION_EVERY] = {"every", OPTION_COUNT, "0", 0, MOST, NULL, "refuse every Nth"},
    [OPTION_CHANCE] = {"chance", OPTION_COUNT, "0", 0, MOST, NULL, "refuse one in N by chance"},
    [OPTION_SEED] = {"seed", OPTION_COUNT, "1", 0, MOST, NULL,
                     "of chance: the same seed refuses the same calls"},
    {0},
};

/* Steele, Lea and Flood 2014. */
static uint64_t draw(struct fault *fault)
{
    uint64_t mixed = fault->random += 0x9e3779b97f4a7c15u;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebu;
    return mixed ^ mixed >> 31;
}

static bool is_refused(struct fault *fault)
{
    size_t number = ++fault->asked;
    bool is_unlucky = fault->chance && draw(fault) % fault->chance == 0;
    return is_unlucky || number == fault->at || (fault->from && number >= fault->from) ||
           (fault->every && number % fault->every == 0);
}

static void *resize(void *heap, void *block, size_t old_size, size_t new_size)
{
    struct fault *fault = heap;
    if (new_size > old_size && is_refused(fault)) {
        fault->refused++;
        return NULL;
    }
    void *result = wrapped_resize(&fault->wrapped, block, old_size, new_size);
    if (call_is_granted(result, new_size)) live_note(&fault->live, block, old_size, new_size);
    return result;
}

static void *open_heap(const struct allocator *self, const struct settings *settings,
                       const struct heap *inner, struct error *error)
{
    struct fault *fault = wrapped_open(self, inner, sizeof *fault, error);
    if (fault == NULL) return NULL;
    fault->at = settings->values[OPTION_AT].number;
    fault->from = settings->values[OPTION_FROM].number;
    fault->every = settings->values[OPTION_EVERY].number;
    fault->chance = settings->values[OPTION_CHANCE].number;
    fault->random = settings->values[OPTION_SEED].number;
    return fault;
}

static void close_heap(void *heap)
{
    pages_unmap(heap, sizeof(struct fault));
}

static bool read_figure(const void *heap, size_t index, struct heap_figure *out)
{
    const struct fault *fault = heap;
    const struct heap_figure figures[] = {
        {"calls that could have failed", "count", (double)fault->asked},
        {"calls refused on purpose", "count", (double)fault->refused},
    };
    return wrapped_figure(figures, sizeof figures / sizeof *figures, index, out);
}

const struct allocator allocator_fault = {
    .name = "fault",
    .summary = "refuses calls on purpose: the Nth, every Nth, or by chance",
    .traits = TRAIT_WRAPPER | TRAIT_BOUNDED,
    .alignment = 16,
    .options = options,
    .wrapper = &live_methods,
    .open = open_heap,
    .resize = resize,
    .close = close_heap,
    .statistics = live_statistics,
    .figure = read_figure,
};
