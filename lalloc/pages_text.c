/* Doubles by copying; a line that is longer than a buffer on the stack is cut. */
#include "pages_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../allocators/pages.h"

enum { FIRST_BYTES = 16 << 10, LINE_BYTES = 512 };

static bool make_room(struct pages_text *text, size_t bytes)
{
    size_t capacity = text->capacity ? text->capacity : FIRST_BYTES;
    while (capacity - text->used < bytes) capacity *= 2;
    if (capacity == text->capacity) return true;
    char *start = pages_map(capacity);
    if (!start) return false;
    if (text->start) memcpy(start, text->start, text->used);
    if (text->start) pages_unmap(text->start, text->capacity);
    text->start = start;
    text->capacity = capacity;
    return true;
}

void pages_text_take(void *text, const char *line)
{
    struct pages_text *pages = text;
    size_t length = strlen(line);
    pages->is_cut = pages->is_cut || !make_room(pages, length + 1);
    if (pages->is_cut) return;
    memcpy(pages->start + pages->used, line, length);
    pages->start[pages->used + length] = '\n';
    pages->used += length + 1;
}

void pages_text_line(struct pages_text *text, const char *format, ...)
{
    char line[LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    pages_text_take(text, line);
}

void pages_text_clear(struct pages_text *text)
{
    text->used = 0;
    text->is_cut = false;
}

void pages_text_release(struct pages_text *text)
{
    if (text->start) pages_unmap(text->start, text->capacity);
    *text = (struct pages_text){NULL, 0, 0, false};
}
