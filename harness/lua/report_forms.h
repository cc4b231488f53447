/* The two forms of a report, made from the same tables of figures.h. */
#ifndef REPORT_FORMS_H
#define REPORT_FORMS_H

#include "report.h"

struct closing {
    double close_ms, drop_ms;
    size_t left_bytes; /* alive in the backing when the heap was dropped */
};

void report_print_text(const struct report *report);
void report_print_csv(const struct report *report);

/* After the heap has been closed: nothing of it may be read. */
void report_close_text(const struct report *report, const struct closing *closing);
void report_close_csv(const struct report *report, const struct closing *closing);

#endif
