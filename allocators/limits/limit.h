/* Limits on what a program may hold: soft-limit, hard-limit, adaptive-limit, production-limit.
 *
 * Used bytes are those asked for and not yet freed, exactly. A growth beyond the limit is refused;
 * frees and shrinks always pass. The functions on heaps find the outermost layer that is a limit,
 * under whatever stands over it, and are called by the thread that uses the heap.
 */
#ifndef LIMIT_H
#define LIMIT_H

#include <stdint.h>

#include "../wrappers/wrapped.h"

struct limit_state {
    size_t limit; /* bytes; what would go beyond is refused */
    size_t used, peak;
    uint64_t refused; /* growths, because of the limit or of a shared budget */
};

/* From now on the limit is as if its option `bytes` had been given so. Not strict: it may be
 * exceeded by a tenth, and is counted as violated then. A limit below what is used refuses growth
 * alone. False when no layer is a limit. */
bool limit_set(struct heap *heap, size_t bytes, bool is_strict);

/* While they are lifted no limit of the heap refuses or counts a violation: for lua_close, whose
 * finalizers allocate, and for opening libraries. False when no layer is a limit. */
bool limit_lift(struct heap *heap, bool is_lifted);

/* False, and out is left alone, when no layer is a limit. */
bool limit_read(const struct heap *heap, struct limit_state *out);

/* ---- for the wrappers themselves */

struct budget;
struct limit;

enum limit_event {
    LIMIT_REFUSED,         /* by the limit or the budget; bytes: the growth asked for */
    LIMIT_FAILED,          /* by the inner heap; bytes: the growth asked for */
    LIMIT_EXCEEDED,        /* into the tenth that a lenient limit grants; bytes: used with it */
    LIMIT_ABOVE_SOFT,      /* bytes: used with it */
    LIMIT_BELOW_SOFT,      /* again; bytes: used */
    LIMIT_COLLECTION_ASKED /* bytes: used */
};

/* What makes one limit another. The functions may be NULL. */
struct limit_kind {
    /* Sets soft and hard from nominal. */
    void (*set_bounds)(struct limit *limit);
    /* Called when use has moved by `stride` and before anything is refused. */
    void (*look)(struct limit *limit);
    void (*notice)(struct limit *limit, enum limit_event event, size_t bytes);
    void (*close)(struct limit *limit);
};

/* Nothing has to be decided while use stays from floor to ceiling, so a call costs one comparison.
 * Only leaving that window asks about limits, warnings, collections, budget and clock, and sets the
 * next one. */
struct limit {
    struct wrapped wrapped;
    resize_fn *inner_resize;
    void *inner_state;
    size_t used, floor, ceiling, peak;
    uint64_t new_calls, free_calls, other_calls; /* those that succeeded */
    const struct limit_kind *kind;
    size_t state_bytes;
    size_t nominal;    /* the option `bytes` */
    size_t soft, hard; /* bytes; soft is SIZE_MAX where there is none */
    size_t stride;     /* most that use moves between two looks; 0: no looks */
    uint64_t refused, failed, soft_violations, hard_violations, collections;
    bool is_strict, is_lifted, collects;
    bool is_above_soft, is_above_hard, is_adopted;
    bool is_collection_wanted;
    size_t least;          /* use at the last request for a collection, lowered by frees since */
    size_t asked_at;       /* use at the last request */
    size_t largest;        /* growth in one call so far, of those that left the window */
    uint64_t asked_frees;  /* free_calls at the last request */
    struct budget *budget; /* NULL: none */
};

/* Rows that the limits share, from position 0 on. */
enum limit_option { LIMIT_BYTES, LIMIT_COLLECT, LIMIT_OPTIONS };
#define LIMIT_BYTES_ROW(standard_, help_)                                 \
    {                                                                     \
        "bytes", OPTION_BYTES, standard_, 1, (size_t)1 << 50, NULL, help_ \
    }
#define LIMIT_COLLECT_ROW                                                                     \
    {                                                                                         \
        "collect", OPTION_BOOLEAN, "no", 0, 1, NULL,                                          \
            "have the program collect its garbage when half of the room that is left is used" \
    }

/* The state of state_bytes, which begins with a struct limit; NULL with the reason. The caller
 * completes it, then calls limit_begin. */
void *limit_open(const struct allocator *self, const struct settings *settings,
                 const struct heap *inner, size_t state_bytes, const struct limit_kind *kind,
                 struct error *error);
void limit_begin(struct limit *limit);

/* What any row of the registry that is a limit has as its close: limits are told by it. */
void limit_close(void *heap);
void limit_statistics(const void *heap, struct heap_statistics *out);
void limit_adopt(void *heap, size_t live_bytes);

/* The figures of all limits; false from LIMIT_FIGURES on. */
enum { LIMIT_FIGURES = 6 };
bool limit_figure(const void *heap, size_t index, struct heap_figure *out);

extern const struct wrapper_methods limit_methods; /* adopt alone */

/* The outermost limit of a heap, or NULL. */
struct limit *limit_find(const struct heap *heap);

/* Sets the window anew after anything but use has changed. */
void limit_refresh(struct limit *limit);

/* bytes and a tenth of it where the limit is lenient. */
size_t limit_with_leniency(const struct limit *limit, size_t bytes);

resize_fn limit_resize;

#endif
