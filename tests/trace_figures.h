/* Figures of a finished trace, taken from its events alone: an independent walk that trusts nothing
 * which the trace says of itself. */
#ifndef TRACE_FIGURES_H
#define TRACE_FIGURES_H

#include <stdint.h>
#include <stdlib.h>

#include "../workloads/trace.h"

enum { CYCLES_MAXIMUM = 64 };

struct trace_figures {
    size_t news, frees, grows, shrinks, queries, visits;
    size_t marks;     /* that are no visits */
    size_t doublings; /* of the grows */
    size_t news_to_64, news_to_512, news_of_40, news_of_64;
    size_t early_frees;        /* within 64 allocations of the birth */
    size_t frees_in_long_runs; /* 32 or more without a new block or a growth between */
    size_t bad_events;         /* old size is not the slot's, slot unused, ... */
    size_t slots_used, blocks_left, bytes_left;
    uint64_t allocated_bytes;
    size_t peak_live_bytes;
    double median_life; /* bytes allocated during it, over peak live bytes */
    size_t cycle_count; /* of a heap that goes up and down */
    size_t peaks[CYCLES_MAXIMUM], troughs[CYCLES_MAXIMUM]; /* live bytes */
    size_t survivors[CYCLES_MAXIMUM]; /* of the bytes alive at the peak, those at the trough */
};

struct walk {
    struct trace_figures *figures;
    struct walked_slot {
        size_t size, birth_count;
        uint64_t birth_bytes;
        bool is_used, was_at_peak;
    } * slots;
    size_t slot_count, live_bytes, run;
    uint64_t *lives;
    bool is_falling;
    size_t lowest, highest, survivor_bytes;
};

static void walk_new(struct walk *walk, struct walked_slot *slot, size_t size)
{
    struct trace_figures *figures = walk->figures;
    slot->birth_count = figures->news++;
    slot->birth_bytes = figures->allocated_bytes;
    slot->was_at_peak = false;
    figures->news_to_64 += size <= 64;
    figures->news_to_512 += size <= 512;
    figures->news_of_40 += size == 40;
    figures->news_of_64 += size == 64;
}

static void walk_free(struct walk *walk, struct walked_slot *slot)
{
    struct trace_figures *figures = walk->figures;
    if (slot->was_at_peak) walk->survivor_bytes -= slot->size;
    figures->early_frees += figures->news - slot->birth_count <= 64;
    walk->lives[figures->frees++] = figures->allocated_bytes - slot->birth_bytes;
    walk->run++;
}

static void end_run(struct walk *walk)
{
    if (walk->run >= 32) walk->figures->frees_in_long_runs += walk->run;
    walk->run = 0;
}

/* Counts one call by its kind. */
static void walk_call(struct walk *walk, struct walked_slot *slot, size_t old_size, size_t new_size)
{
    struct trace_figures *figures = walk->figures;
    if (old_size == 0 && new_size == 0) {
        figures->queries++;
        return;
    }
    if (new_size > old_size) {
        end_run(walk);
        figures->allocated_bytes += new_size - old_size;
    }
    if (old_size == 0) walk_new(walk, slot, new_size);
    else if (new_size == 0) walk_free(walk, slot);
    else if (new_size > old_size) figures->grows++;
    else figures->shrinks++;
    figures->doublings += old_size != 0 && new_size == 2 * old_size;
}

/* At a peak all living blocks are marked, so that the trough can tell who survived. */
static void mark_living(struct walk *walk)
{
    for (size_t i = 0; i < walk->slot_count; i++) {
        walk->slots[i].was_at_peak = walk->slots[i].size != 0;
    }
    walk->survivor_bytes = walk->live_bytes;
}

/* A peak or trough is one when the heap has gone a tenth the other way; so survivors are counted a
 * little after the peak. */
static void walk_wave(struct walk *walk)
{
    struct trace_figures *figures = walk->figures;
    size_t live = walk->live_bytes;
    if (live > walk->highest) walk->highest = live;
    if (live < walk->lowest) walk->lowest = live;
    if (!walk->is_falling && live < walk->highest - walk->highest / 10) {
        figures->peaks[figures->cycle_count] = walk->highest;
        walk->is_falling = true;
        walk->lowest = live;
        mark_living(walk);
    } else if (walk->is_falling && live > walk->lowest + walk->lowest / 10 && walk->lowest > 0 &&
               figures->cycle_count < CYCLES_MAXIMUM - 1) {
        figures->troughs[figures->cycle_count] = walk->lowest;
        figures->survivors[figures->cycle_count++] = walk->survivor_bytes;
        walk->is_falling = false;
        walk->highest = live;
    }
}

static void walk_event(struct walk *walk, const struct trace_event *event)
{
    struct trace_figures *figures = walk->figures;
    bool is_visit = event->slot == TRACE_MARK;
    if (is_visit && event->old_size != MARK_VISIT) {
        figures->marks++;
        figures->bad_events += event->old_size >= MARK_COUNT;
        return;
    }
    uint32_t number = is_visit ? event->new_size : event->slot;
    if (number >= walk->slot_count) {
        figures->bad_events++;
        return;
    }
    struct walked_slot *slot = &walk->slots[number];
    if (is_visit) {
        figures->visits++;
        figures->bad_events += slot->size < TRACE_WORD;
        return;
    }
    figures->bad_events += event->old_size != slot->size;
    walk_call(walk, slot, event->old_size, event->new_size);
    slot->size = event->new_size;
    slot->is_used = true;
    walk->live_bytes += (size_t)event->new_size - event->old_size;
    if (walk->live_bytes > figures->peak_live_bytes) figures->peak_live_bytes = walk->live_bytes;
    walk_wave(walk);
}

static int compare_lives(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static void finish_walk(struct walk *walk)
{
    struct trace_figures *figures = walk->figures;
    end_run(walk);
    for (size_t i = 0; i < walk->slot_count; i++) {
        figures->slots_used += walk->slots[i].is_used;
        figures->blocks_left += walk->slots[i].size != 0;
        figures->bytes_left += walk->slots[i].size;
    }
    qsort(walk->lives, figures->frees, sizeof *walk->lives, compare_lives);
    figures->median_life =
        (double)walk->lives[figures->frees / 2] / (double)figures->peak_live_bytes;
    free(walk->lives);
    free(walk->slots);
}

static struct trace_figures trace_figures(const struct trace *trace)
{
    struct trace_figures figures = {0};
    struct walk walk = {
        .figures = &figures,
        .slots = calloc(trace->slot_count, sizeof *walk.slots),
        .slot_count = trace->slot_count,
        .lives = calloc(trace->event_count, sizeof *walk.lives),
    };
    for (size_t i = 0; i < trace->event_count; i++) walk_event(&walk, &trace->events[i]);
    finish_walk(&walk);
    return figures;
}

#endif
