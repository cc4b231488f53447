/* A loop like an interpreter's: an indirect jump to one of 256 pieces of code, 24 KiB in all, each
 * with branches that cannot be foretold. Pieces differ in their constants, so that no compiler
 * merges them. Nearly no data is touched: a program's data is its blocks, which the replay reads
 * and writes itself. */
#include "between.h"

#define PIECE(n)                                    \
    case n:                                         \
        if (x & 1) sums[0] += n;                    \
        else sums[1] ^= n;                          \
        if (x & 2) sums[2] += x;                    \
        if (x & 4) sums[3] += 3 * n;                \
        x = x * 1664525u + (n)*7919u + 1013904223u; \
        if (x >> 31) sums[4]++;                     \
        sums[5] += x >> 7;                          \
        if ((x >> 9) & 1) sums[6] += x;             \
        break;

#define PIECES_4(n) PIECE(n) PIECE(n + 1) PIECE(n + 2) PIECE(n + 3)
#define PIECES_16(n) PIECES_4(n) PIECES_4(n + 4) PIECES_4(n + 8) PIECES_4(n + 12)
#define PIECES_64(n) PIECES_16(n) PIECES_16(n + 16) PIECES_16(n + 32) PIECES_16(n + 48)

__attribute__((noinline)) void between_run(struct between *between, uint32_t pieces)
{
    uint32_t x = between->drawn;
    volatile uint32_t *sums = between->sums; /* else much would be moved out of the pieces */
    while (pieces--) {
        switch (x >> 24) {
            PIECES_64(0) PIECES_64(64) PIECES_64(128) PIECES_64(192)
        }
    }
    between->drawn = x;
}
