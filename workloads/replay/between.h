/* What a program does between two calls of its allocator, for replays of recorded programs: without
 * it the allocator's code and the processor's guesses at its branches stay warmer than any program
 * leaves them, and calls take a third less time than in the program. */
#ifndef REPLAY_BETWEEN_H
#define REPLAY_BETWEEN_H

#include <stdint.h>

/* One piece stands for so much of the program's time. Chosen so that calls to libc take as long in
 * the replays of this suite's Lua programs as in the programs (docs/traces.md). */
enum { BETWEEN_PIECE_NS = 110 };

/* The same pieces in every replay of a trace: they are drawn from here, which starts as zeros. */
struct between {
    uint32_t drawn, owed_ns;
    uint32_t sums[8];
};

/* Runs so many pieces; not to be called with 0. */
void between_run(struct between *between, uint32_t pieces);

/* After so much time of the program's: fractions of a piece are owed to later calls. */
static inline void between_calls(struct between *between, uint32_t outside_ns)
{
    between->owed_ns += outside_ns;
    if (between->owed_ns < BETWEEN_PIECE_NS) return;
    between_run(between, between->owed_ns / BETWEEN_PIECE_NS);
    between->owed_ns %= BETWEEN_PIECE_NS;
}

#endif
