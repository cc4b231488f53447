/* A table of planted faults, a row a kind: how many were tried, caught, named rightly, and told
 * with the stacks that explain them. */
#ifndef FAULT_MATRIX_H
#define FAULT_MATRIX_H

#include "listening.h"

struct row {
    const char *title, *fault;
    size_t tried, caught, named, explained;
    char first_miss[256];
};

struct matrix {
    struct heap *heap;
    struct row rows[64];
    size_t row_count;
    struct row *row; /* the current one */
};

/* What a message is to say beyond the fault and the block. */
struct stacks {
    const char *allocated, *freed, *now; /* functions; NULL: not asked */
};

static inline void begin_row(struct matrix *matrix, const char *title, const char *fault)
{
    assert_true(matrix->row_count < sizeof matrix->rows / sizeof *matrix->rows);
    matrix->row = &matrix->rows[matrix->row_count++];
    matrix->row->title = title;
    matrix->row->fault = fault;
}

/* The function's name among the frames under such a heading. */
static inline bool has_stack(const char *message, const char *heading, const char *function)
{
    if (!function) return true;
    const char *start = strstr(message, heading);
    if (!start) return false;
    const char *end = strstr(start + 3, "\n  "), *found = strstr(start, function);
    while (end && end[3] == ' ') end = strstr(end + 3, "\n  ");
    return found && (!end || found < end);
}

static inline bool has_stacks(const char *message, const struct stacks *wanted)
{
    return has_stack(message, "\n  allocated", wanted->allocated) &&
           has_stack(message, "\n  freed", wanted->freed) &&
           has_stack(message, "\n  now", wanted->now);
}

/* One fault was planted and found out: was it said, once, and with all that belongs to it? */
static inline void judge(struct matrix *matrix, const void *block, size_t size,
                         struct stacks wanted)
{
    struct row *row = matrix->row;
    const char *message = heard_of(row->fault);
    bool is_named = message && has_block(message, block, size);
    bool is_explained = is_named && has_stacks(message, &wanted);
    row->tried++;
    row->caught += heard.count == 1;
    row->named += is_named;
    row->explained += is_explained;
    if ((!is_explained || heard.count != 1) && !*row->first_miss) {
        snprintf(row->first_miss, sizeof row->first_miss, "%p of %zu, %zu messages: %.180s", block,
                 size, heard.count, heard.count ? heard.messages[0] : "");
    }
    heard.count = 0;
}

static inline void print_matrix(const struct matrix *matrix, const char *spec)
{
    printf("\n%s\n%-24s%-32s%7s%8s%7s%8s\n", spec, "fault", "", "tried", "caught", "named",
           "stacks");
    for (size_t i = 0; i < matrix->row_count; i++) {
        const struct row *row = &matrix->rows[i];
        printf("%-24s%-32s%7zu%8zu%7zu%8zu\n", row->fault, row->title, row->tried, row->caught,
               row->named, row->explained);
    }
    fflush(stdout);
}

static inline void matrix_is_full(const struct matrix *matrix, const char *spec)
{
    for (size_t i = 0; i < matrix->row_count; i++) {
        const struct row *row = &matrix->rows[i];
        assert_int_not_equal(row->tried, 0);
        if (row->caught == row->tried && row->explained == row->tried) continue;
        fail_msg("%s: %s %s: first missed: %s", spec, row->fault, row->title, row->first_miss);
    }
}

#endif
