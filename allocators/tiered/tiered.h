/* The tiers behind `tiered`, for the two ways of calling them: plain, and checked. */
#ifndef TIERED_H
#define TIERED_H

#include "../allocator.h"
#include "large.h"
#include "tier.h"

enum {
    TINY_MAXIMUM = 24,
    TINY_SHIFT = 13,
    SMALL_MAXIMUM = 1 << 10,
    SMALL_SHIFT = 14,
    FIRST_SMALL = TINY_MAXIMUM / 8 + 1,
    CLASS_COUNT = SMALL_MAXIMUM / 8,
};

struct tiered {
    struct memory memory;
    struct size_class classes[CLASS_COUNT + 1]; /* by size in units of 8 bytes */
    struct tier small, tiny;
    struct large large;
};

/* A resize_fn. */
void *tiered_resize(void *heap, void *block, size_t old_size, size_t new_size);

/* As the members of struct allocator. */
void *tiered_open(const struct allocator *self, const struct settings *settings,
                  const struct heap *inner, struct error *error);
void tiered_close(void *heap);
void tiered_statistics(const void *heap, struct heap_statistics *out);
bool tiered_tier(const void *heap, size_t index, struct tier_statistics *out);
bool tiered_figure(const void *heap, size_t index, struct heap_figure *out);

/* Options, in the order of the rows. */
enum { TIERED_PRESET, TIERED_HUGE, TIERED_CHECKED };
enum { PRESET_LUA, PRESET_SOURCE, PRESET_LISTS };
extern const struct option_row tiered_options[];

/* What `preset` and `checked` choose in the place of allocator_tiered. */
extern const struct allocator tiered_of_checks, tiered_of_lists, tiered_of_source, allocator_tiered;

#endif
