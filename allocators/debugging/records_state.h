/* The state of the wrapper `records`, for its own files alone. */
#ifndef RECORDS_STATE_H
#define RECORDS_STATE_H

#include "places.h"
#include "records.h"
#include "stack_cache.h"
#include "../wrappers/wrapped.h"

/* Times are 32 bits of these: ages are right up to 497 days. */
#define CLOCK_UNIT_NS 10000000u

/* When something was done to a block, and who asked. */
struct event {
    uint64_t call;
    uint32_t time;         /* of the host's clock, in its unit here */
    uint32_t place, stack; /* in their depots; 0: unknown */
    uint32_t partner;      /* of a record: row of its free, from 1; of a row: the record; 0: none */
};

struct record {
    struct block_entry entry;
    size_t size;
    struct event made;
};

struct records {
    struct wrapped wrapped;
    bool takes_stacks, takes_lines;
    uint64_t call; /* calls so far, of every kind */
    uint32_t time;
    size_t live_bytes, live_blocks, fault_count, refused_count;
    struct block_table blocks;
    struct event *history;
    uint32_t history_count, history_next;
    struct places places;
    struct depot stacks;
    struct stack_cache stack_cache;
};

static inline struct record *records_at(const struct records *records, uint32_t number)
{
    return block_table_at(&records->blocks, number);
}

static inline bool record_is_live(const struct record *record)
{
    return record->made.partner == 0;
}

static inline uint32_t records_clock(const struct records *records)
{
    return (uint32_t)(host_now_ns(records->wrapped.inner->host) / CLOCK_UNIT_NS);
}

struct block_record records_describe(const struct records *records, const struct record *record);

struct keyed;

/* All live records, by address: as many rows as there are live blocks, in pages of as many bytes.
 * NULL when none lives, or without memory. */
struct keyed *records_in_order(const struct records *records);

/* Methods of the allocator: what is known, told. */
void records_explain(const void *heap, const void *block, struct text *out);
void records_statistics(const void *heap, struct heap_statistics *out);
bool records_figure(const void *heap, size_t index, struct heap_figure *out);
void records_report(void *heap, records_line *line, void *out);

#endif
