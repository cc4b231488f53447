/* What the wrapper `records` knows of every live block, and the reports made of it. Each function
 * takes a heap whose allocator is `records` (see heap_layer), is O(live blocks) or so, and takes
 * memory from the system alone; none is to be called from within `resize`. */
#ifndef RECORDS_H
#define RECORDS_H

#include <stdint.h>
#include <stdio.h>

#include "../spec.h"

extern const struct allocator allocator_records;

/* A block that was resized is told as of its last resize. */
struct block_record {
    const void *block;
    size_t size;
    uint64_t age_calls; /* calls of the heap since, of every kind */
    double age_seconds; /* the clock is read every 16 calls */
    const char *source; /* NULL: no line was known */
    int line;
    uint64_t origin;           /* the same for all blocks of one place and stack */
    const void *const *frames; /* return addresses, innermost first; live as long as the heap */
    size_t frame_count;
};

/* False when no live block is at that address. */
bool records_find(const struct heap *heap, const void *block, struct block_record *out);

/* Every live block, in no order. */
void records_visit(const struct heap *heap,
                   void (*visit)(void *out, const struct block_record *record), void *out);

typedef void records_line(void *out, const char *text);

/* Calls of the heap so far, of every kind: its clock. */
uint64_t records_calls(const struct heap *heap);

/* Live blocks by place and stack, most bytes first, at most so many groups told one by one; "no
 * leaks" when none lives. Only those made or resized in the calls after `since`, an earlier answer
 * of records_calls; 0: all. Returns how many blocks that is. */
size_t records_report_leaks(const struct heap *heap, uint64_t since, size_t most_groups,
                            records_line *line, void *out);

/* Live blocks by powers of two, and the sizes that hold most bytes. */
void records_report_sizes(const struct heap *heap, records_line *line, void *out);

/* Where live blocks lie, in the order of addresses. */
void records_report_map(const struct heap *heap, records_line *line, void *out);

/* A line a block, in the order of addresses. */
void records_report_blocks(const struct heap *heap, records_line *line, void *out);

/* CSV: address,size,age_calls,age_seconds,source,line,stack, in the order of addresses; source and
 * line are empty where unknown, stack is the names of its frames joined by semicolons. False, with
 * errno, when it cannot be written, or there is no memory to put blocks in order (ENOMEM). */
bool records_write_map(const struct heap *heap, FILE *file);

#endif
