/* Traces made by hand and what a survey says of them. */
#ifndef SURVEY_TEST_H
#define SURVEY_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "../harness/inspect/inspect_figures.h"
#include "../workloads/trace.h"

/* Closes the trace. */
static inline struct survey *survey_of(struct trace *trace)
{
    struct survey *survey = survey_open();
    assert_non_null(survey);
    assert_false(trace->is_full);
    survey_take(survey, trace->events, trace->event_count);
    assert_true(survey_finish(survey));
    trace_close(trace);
    return survey;
}

/* The figure of the list; there must be one. */
static inline double figure_of(const struct inspect_figures *figures, const char *table,
                               const char *row, const char *name)
{
    for (size_t i = 0; i < figures->count; i++) {
        const struct inspect_figure *at = &figures->items[i];
        bool is_it = !strcmp(at->table, table) && !strcmp(at->row, row) && !strcmp(at->name, name);
        if (is_it) return at->value;
    }
    fail_msg("no figure %s, %s, %s", table, row, name);
    return 0;
}

#endif
