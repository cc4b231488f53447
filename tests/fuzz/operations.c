/* A libFuzzer target: bytes become calls on a heap, each held against the contract.
 *
 * Three bytes a call: what, on which of 64 slots, how large. HEAPBENCH_FUZZ_SPEC names the heap;
 * without it the first byte draws one of all specs that `heapbench list specs` shows. A broken
 * contract is printed and ends the process, and libFuzzer then keeps the input.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../allocators/variants.h"
#include "../../workloads/examiner.h"

enum { SLOTS = 64, SPECS_MAXIMUM = 256, BURST = 16 };

/* What one input may ask for in all: a heap that never reuses a block keeps it. */
#define ASKED_MAXIMUM ((size_t)8 << 20)

static char specs[SPECS_MAXIMUM][256];
static size_t spec_count;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t count);
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

struct play {
    struct examiner examiner;
    const unsigned char *bytes, *end;
    size_t asked_bytes;
};

static void add_spec(void *unused, const char *spec)
{
    (void)unused;
    if (spec_count == SPECS_MAXIMUM) return;
    snprintf(specs[spec_count++], sizeof specs[0], "%s", spec);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    const char *spec = getenv("HEAPBENCH_FUZZ_SPEC");
    if (spec) add_spec(NULL, spec);
    else variants_each(add_spec, NULL);
    return 0;
}

static unsigned next_byte(struct play *play)
{
    return play->bytes < play->end ? *play->bytes++ : 0;
}

static bool ask(struct play *play, uint32_t slot, size_t size)
{
    if (size > examiner_size(&play->examiner, slot)) play->asked_bytes += size;
    if (play->asked_bytes > ASKED_MAXIMUM && size) return true;
    return examiner_ask(&play->examiner, slot, size);
}

static bool ask_in_a_row(struct play *play, uint32_t slot, size_t size)
{
    for (uint32_t i = 0; i < BURST; i++) {
        if (!ask(play, (slot + i) % SLOTS, size)) return false;
    }
    return true;
}

static bool play_once(struct play *play)
{
    unsigned what = next_byte(play);
    uint32_t slot = next_byte(play) % SLOTS;
    size_t number = next_byte(play), size = examiner_size(&play->examiner, slot);
    switch (what % 10) {
    case 0: return ask(play, slot, number + 1);
    case 1: return ask(play, slot, (number + 1) * (what / 10 + 1));
    case 2: return ask(play, slot, 16 << number % 17); /* up to 1 MiB */
    case 3: return ask(play, slot, 40 << number % 15);
    case 4: return ask(play, slot, size * 2);
    case 5: return ask(play, slot, size - size * number / 256);
    case 6: return ask_in_a_row(play, slot, number + 1);
    case 7: return ask_in_a_row(play, slot, 0);
    case 8: return ask(play, slot, size ? EXAMINER_BEYOND_ALL_MEMORY : 0);
    default: return ask(play, slot, 0);
    }
}

/* What the heap says of itself must be sayable at any time. */
static void read_tables(const struct heap *heap)
{
    struct tier_statistics tier;
    struct heap_figure figure;
    const struct allocator *allocator = heap->allocator;
    for (size_t i = 0; allocator->tier && allocator->tier(heap->state, i, &tier); i++) continue;
    for (size_t i = 0; allocator->figure && allocator->figure(heap->state, i, &figure); i++) {
        continue;
    }
}

/* What stays in a malloc of the process's own is lost at close. */
static bool may_close_alive(const struct heap *heap)
{
    return !heap->inner && heap->allocator->statistics;
}

static bool play_all(struct play *play, const struct heap *heap)
{
    bool is_kept = true;
    while (is_kept && play->bytes < play->end) is_kept = play_once(play);
    read_tables(heap);
    if (!is_kept || (may_close_alive(heap) && play->asked_bytes % 2)) return is_kept;
    return examiner_free_all(&play->examiner);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t count)
{
    struct play play = {.bytes = bytes, .end = bytes + count};
    struct error error = {""};
    const char *spec = specs[spec_count == 1 ? 0 : next_byte(&play) % spec_count];
    struct heap *heap = heap_open(spec, &error);
    bool is_kept = heap && examiner_open(&play.examiner, SLOTS);
    if (is_kept) {
        examiner_attach(&play.examiner, heap, &error);
        is_kept = play_all(&play, heap);
    }
    if (!is_kept) {
        fprintf(stderr, "heapbench: %s: %s\n", spec, error.text);
        abort();
    }
    examiner_close(&play.examiner);
    heap_close(heap);
    return 0;
}
