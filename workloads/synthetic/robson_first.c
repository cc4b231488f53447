/* Family `robson-first`: the program that first fit serves worst, after J. M. Robson.
 *
 *     size k      ||||||||||||||||||||
 *     size k+1    .|.|.|.|.|.|.|.|.|.|  k+1 |  k+1 | ...
 *
 * With k rising to the largest block n, it frees what can be freed such that no hole holds k, then
 * allocates blocks of k until M is alive. So each goes to the end of the heap: the line of
 * addresses that the generator keeps is that of any allocator which takes the lowest hole that
 * fits, joins free neighbours, and knows no classes. From left to right a block is kept exactly
 * where without it the hole would hold k, and so is the last.
 *
 * Bounds, of the addresses needed for blocks up to n with at most M alive, both in granules:
 *     any allocator, sizes 2^i (Robson 1971, JACM 18)     >= M (1 + log2(n) / 2) - n + 1
 *     first fit (Robson 1977, Computer Journal 20, 242)   <= M C(n) < M (log2(n) + 1)
 * C(n) is the sum of D(k) / k for k up to n, where the sum of D(k) / (m + k - 1) for k up to m is 1
 * for each m (the proof is that of Knuth, vol. 1, 2.5, exercise 43: where reserved blocks are of k
 * or more and holes below m, at least k in m + k - 1 granules are reserved). Reached: with
 * steps=doubling the first; with steps=every 0.82 of the second at n = 4, 0.80 at 5, 0.76 at 64,
 * where it is 0.82 of M log2(n). Cost: O(blocks alive) a size.
 */
#include "generators.h"
#include "units.h"

#include "../../allocators/pages.h"

enum { STEPS = UNITS_OPTIONS };

enum steps { BY_ONE, DOUBLING };

static const struct option_row options[] = {
    UNITS_ROWS("512K", (size_t)1 << 32, "2K", 16),
    [STEPS] = {"steps", OPTION_CHOICE, "every", 0, 0, "every doubling",
               "which sizes follow each other: each multiple of the granule, or powers of two"},
    {0},
};

/* Addresses and sizes in granules. */
struct line_block {
    size_t start, size;
    uint32_t slot;
};

struct line {
    struct trace *trace;
    const struct units *units;
    struct line_block *blocks; /* alive, ascending */
    size_t count, live, end;
};

/* Frees all that leaves no hole of `size`. */
static void thin(struct line *line, size_t size)
{
    size_t kept = 0, end = 0;
    for (size_t i = 0; i < line->count; i++) {
        struct line_block block = line->blocks[i];
        bool is_last = i + 1 == line->count;
        if (is_last || line->blocks[i + 1].start - end >= size) {
            line->blocks[kept++] = block;
            end = block.start + block.size;
        } else {
            trace_free(line->trace, block.slot);
            line->live -= block.size;
        }
    }
    line->count = kept;
}

static void fill(struct line *line, size_t size)
{
    for (; line->live + size <= line->units->live; line->live += size, line->end += size) {
        uint32_t slot = units_new(line->units, line->trace, size);
        line->blocks[line->count++] = (struct line_block){line->end, size, slot};
    }
}

static bool attack(struct line *line, enum steps steps)
{
    size_t bytes = line->units->live * sizeof *line->blocks;
    line->blocks = pages_map(bytes);
    if (line->blocks == NULL) return false;
    line->trace->touches_blocks = true;
    for (size_t size = 1; size <= line->units->largest;) {
        thin(line, size);
        fill(line, size);
        size = steps == DOUBLING ? 2 * size : size + 1;
    }
    pages_unmap(line->blocks, bytes);
    return !line->trace->is_full;
}

static bool generate(struct trace *trace, const struct settings *settings, struct random *random,
                     struct error *error)
{
    struct units units;
    struct line line = {.trace = trace, .units = &units};
    (void)random;
    return units_open(&units, settings, 2, error) &&
           attack(&line, (enum steps)settings->values[STEPS].number);
}

const struct trace_family family_robson_first = {
    .name = "robson-first",
    .summary = "Robson's adversary of first fit: holes that just do not hold the next size",
    .options = options,
    .generate = generate,
};
