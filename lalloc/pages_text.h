/* Text that grows in pages of its own, so that writing a report leaves the heap it is about, and
 * the process's malloc, as they were. */
#ifndef PAGES_TEXT_H
#define PAGES_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct pages_text {
    char *start;
    size_t used, capacity; /* bytes; no 0 at the end */
    bool is_cut;           /* the system refused memory: the rest was left out */
};

/* Adds the line and its end. */
void pages_text_line(struct pages_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same for functions that report to a `line` function. */
void pages_text_take(void *text, const char *line);

/* Forgets the text and keeps the pages, or gives them back. */
void pages_text_clear(struct pages_text *text);
void pages_text_release(struct pages_text *text);

#endif
