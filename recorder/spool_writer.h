/* The recorded process's side of a spool. Takes nothing from malloc, keeps no file open, and uses
 * system calls alone that are no cancellation points and can fail without a signal. errno is
 * kept. The caller keeps others out: one thread at a time. */
#ifndef SPOOL_WRITER_H
#define SPOOL_WRITER_H

#include <stdbool.h>

#include "spool.h"

/* All zero: not begun. */
struct spool_writer {
    const char *folder;
    struct spool_window *window;        /* NULL: not begun, or stopped */
    struct raw_event *next, *ready_end; /* where memory is sure to be there */
    uint32_t process, parent, image, window_number;
    uint64_t started_ns;
};

/* Begins a new image, called by its command line, or by `program` if that is not NULL. The folder's
 * path stays where it is. False when nothing can be recorded. */
bool spool_begin(struct spool_writer *writer, const char *folder, const char *program);

/* Makes room for the next event; false when recording has stopped. */
bool spool_advance(struct spool_writer *writer);

/* An event to fill in, or NULL when recording has stopped. */
static inline struct raw_event *spool_take(struct spool_writer *writer)
{
    if (writer->next == writer->ready_end && !spool_advance(writer)) return NULL;
    return writer->next++;
}

/* The event is whole. */
static inline void spool_publish(struct raw_event *event, enum raw_kind kind)
{
    atomic_store_explicit(&event->kind, (uint8_t)(kind + 1), memory_order_release);
}

#endif
