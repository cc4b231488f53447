/* Text that grows in a buffer of fixed size; what does not fit is cut off. */
#ifndef TEXT_H
#define TEXT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

struct text {
    char *at, *end; /* where the next character goes; one past the buffer */
};

static inline struct text text_in(char *buffer, size_t bytes)
{
    *buffer = '\0';
    return (struct text){buffer, buffer + bytes};
}

__attribute__((format(printf, 2, 3))) static inline void text_add(struct text *text,
                                                                  const char *format, ...)
{
    va_list arguments;
    size_t room = (size_t)(text->end - text->at);
    va_start(arguments, format);
    int length = vsnprintf(text->at, room, format, arguments);
    va_end(arguments);
    text->at += length < 0 ? 0 : (size_t)length < room ? (size_t)length : room - 1;
}

#endif
