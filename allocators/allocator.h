/* The contract between an allocator and everything that uses one.
 *
 * A *heap* is one open allocator; a *block* is what it hands out. An allocator keeps all its state
 * in the heap that `open` returns, so that several heaps of one kind live side by side. It knows no
 * Lua, no file format and no clock. Heaps are used by one thread unless TRAIT_THREAD_SAFE is set.
 */
#ifndef ALLOCATOR_H
#define ALLOCATOR_H

#include <stdbool.h>
#include <stddef.h>

/* This is a lua_Alloc. old_size is exact in bytes, and 0 exactly when block is NULL. The first
 * min(old_size, new_size) bytes are kept. Free and shrink never fail. new_size 0 frees and returns
 * NULL. A growth that fails returns NULL and leaves the old block as it was. (NULL, 0, 0) does
 * nothing and returns NULL; Lua 5.1 asks it often. */
typedef void *resize_fn(void *heap, void *block, size_t old_size, size_t new_size);

enum trait {
    TRAIT_THREAD_SAFE = 1 << 0,  /* resize may be called by several threads at once */
    TRAIT_BOUNDED = 1 << 1,      /* refuses once its fixed size is used up */
    TRAIT_RETAINS = 1 << 2,      /* never reuses a freed block */
    TRAIT_REPLAY_ONLY = 1 << 3,  /* blocks overlap: good for replaying traces, not for programs */
    TRAIT_WRAPPER = 1 << 4,      /* an allocator over another, which the spec must name */
    TRAIT_BY_NAME = 1 << 5,      /* kept out of short runs, for their time, unless it is named */
    TRAIT_TAKES_BUFFER = 1 << 6, /* can live in memory of the caller's: heap_open_in */
};

/* One line that says what is wrong, where, and what to do. Empty when nothing is. */
struct error {
    char text[512];
};

/* Fills error->text as printf does, and returns false so that callers can return it. */
bool error_set(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

enum option_kind {
    OPTION_BYTES,   /* a size in bytes; K, M, G and T multiply by powers of 1024 */
    OPTION_COUNT,   /* a number of things */
    OPTION_BOOLEAN, /* yes or no; the bare name means yes */
    OPTION_CHOICE,  /* one of the names in `choices`; its number is the position there */
    OPTION_TEXT,    /* anything without a comma or plus sign */
};

/* One row drives parsing, `heapbench list` and error messages. */
struct option_row {
    const char *name;
    enum option_kind kind;
    const char *standard;    /* the value when the spec does not give one */
    size_t minimum, maximum; /* of OPTION_BYTES and OPTION_COUNT, both allowed */
    const char *choices;     /* of OPTION_CHOICE, separated by spaces */
    const char *help;
};

enum { OPTIONS_MAXIMUM = 18 };

/* The values of a spec's options, in the order of the allocator's option rows. The texts live as
 * long as the heap. */
struct settings {
    const char *name; /* as written in the spec: a shared library's path */
    struct {
        size_t number;    /* bytes, count, 0 or 1, or the choice's position */
        const char *text; /* as written, or the standard */
    } values[OPTIONS_MAXIMUM];
    /* The memory to take all blocks from, where the caller gave one: TRAIT_TAKES_BUFFER. */
    void *buffer;
    size_t buffer_bytes;
};

/* What a heap says of itself. A figure that the allocator cannot know is UNKNOWN. */
#define UNKNOWN ((size_t)-1)

struct heap_statistics {
    size_t live_bytes; /* asked for and not yet freed */
    size_t live_blocks;
    size_t usable_bytes;       /* what the live blocks could hold, rounding included */
    size_t footprint_bytes;    /* held from the system, the backing's share not included */
    size_t metadata_bytes;     /* of the footprint: descriptors and headers */
    size_t free_bytes;         /* of the footprint: blocks to use again, and room not yet cut */
    size_t largest_free_bytes; /* the largest request that needs nothing from the system */
    size_t backing_calls;      /* requests passed to the backing */
    size_t backing_live_bytes; /* live bytes that the backing holds */
    size_t backing_live_blocks;
    size_t capacity_bytes; /* most it will ever hold; UNKNOWN when the system decides */
};

/* One row of a heap's own table: a tier, an order, a cache of slabs. Pages (slabs, chunks) are
 * counted by those pools whose pages come and go; 0 elsewhere. */
struct tier_statistics {
    size_t block_bytes, total_blocks, used_blocks, free_blocks;
    size_t full_pages, partial_pages, empty_pages;
};

/* What only this kind of heap has to say: "cache hits", "steps of a search". */
struct heap_figure {
    const char *name, *unit; /* "count", "bytes", "%", "steps a search" */
    double value;
};

/* The file that a heap's code comes from, and the version that the code states of itself. */
struct identity {
    char file[4096];
    char version[64];
};

struct heap;
struct library_row;
struct text;

/* Where a program says it is. */
enum heap_mark { HEAP_FRAME, HEAP_PHASE, HEAP_CLOSING };

/* What only wrappers do. All may be NULL. */
struct wrapper_methods {
    /* Looks for damage in all that is alive or kept back; complains of each. How many it found. */
    size_t (*audit)(void *heap);
    /* Adds lines, "\n  allocated at ...", of what it knows of a block the program holds or held. */
    void (*explain)(const void *heap, const void *block, struct text *out);
    /* Of wrappers whose callers see other addresses than the inner heap hands out: what the caller
     * sees of an inner block, and in size, which comes as the inner block's, how many bytes. */
    const void *(*outward)(const void *heap, const void *block, size_t *size);
    /* The program holds so many bytes already, in blocks that this heap has never seen and that
     * will be resized and freed through it. Wrappers without this cannot be put over them. */
    void (*adopt)(void *heap, size_t live_bytes);
    /* More than figures can say, a line at a time: what `lua --report` prints. */
    void (*report)(void *heap, void (*line)(void *out, const char *text), void *out);
    /* The program says where it is: a frame begins (HEAP_FRAME), or a part of it (HEAP_PHASE), or
     * all that it still does is to free what it holds (HEAP_CLOSING). */
    void (*mark)(void *heap, enum heap_mark mark, size_t number);
};

struct allocator {
    const char *name, *summary;
    unsigned traits;                       /* of enum trait */
    size_t alignment;                      /* of blocks at least that large; others get 8 bytes */
    const struct option_row *options;      /* ends with a row without a name; NULL for none */
    const char *backing;                   /* spec of what serves other sizes, or NULL */
    const char *tier_name;                 /* what a row of `tier` is called; NULL: tier */
    const struct library_row *library;     /* of a shared library's row, else NULL */
    const struct wrapper_methods *wrapper; /* of some wrappers, else NULL */

    /* inner is the backing or the wrapped heap, NULL for allocators without; it outlives this one.
     * Returns NULL and says why in error when the heap cannot be had. */
    void *(*open)(const struct allocator *self, const struct settings *settings,
                  const struct heap *inner, struct error *error);
    resize_fn *resize;
    /* Gives every page back, living blocks or not (a malloc of the process itself cannot: traits of
     * `libc` and the shared libraries are to leave living blocks where they are). */
    void (*close)(void *heap);
    /* The rest may be NULL. `out` comes filled with UNKNOWN. */
    bool (*check)(const struct settings *settings, struct error *error); /* of options together */
    void (*statistics)(const void *heap, struct heap_statistics *out);
    bool (*tier)(const void *heap, size_t index, struct tier_statistics *out); /* false: no more */
    bool (*figure)(const void *heap, size_t index, struct heap_figure *out);   /* false: no more */
    /* The allocator that these settings choose in the place of this one: another algorithm under
     * the same name and with the same options. */
    const struct allocator *(*variant)(const struct settings *settings);
    bool (*identify)(const void *heap, struct identity *out);
    /* Of allocators that do not count usable_bytes: what the caller could use of a living block.
     * UNKNOWN when it cannot be told. */
    size_t (*usable)(const void *heap, const void *block);
    /* Gives back to the system all that holds nothing, whatever that costs. */
    void (*purge)(void *heap);
};

#endif
