/* What the C tests of families share: a trace by its name and options, and every block's life,
 * counted again from the events. */
#ifndef FAMILY_TEST_H
#define FAMILY_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../allocators/settings.h"
#include "../workloads/synthetic/generators.h"

#define NEVER SIZE_MAX

struct life {
    size_t birth, death;     /* births before it; NEVER */
    size_t death_order;      /* deaths before its own */
    size_t first_size, size; /* at birth, and when last resized */
    size_t growths;
    uint32_t bearer, heir; /* threads that made and freed it */
    uint32_t phase;        /* in which it was born */
};

struct lives {
    struct life *at; /* in order of birth */
    size_t count, death_count;
};

static inline const struct trace_family *find_family(const char *name)
{
    const struct trace_family *family;
    for (size_t i = 0; (family = family_at(i)); i++) {
        if (!strcmp(family->name, name)) return family;
    }
    fail_msg("no family is called %s", name);
    return NULL;
}

/* False, with an error's text or a full trace, where the family refuses. */
static inline bool try_trace(struct trace *trace, const char *name, const char *options,
                             uint64_t seed, struct error *error)
{
    char text[256];
    struct settings settings;
    struct random random;
    const struct trace_family *family = find_family(name);
    strcpy(text, options);
    if (!settings_parse(name, family->options, text, &settings, error)) return false;
    random_seed(&random, seed);
    return family->generate(trace, &settings, &random, error);
}

static inline struct trace make_trace(const char *name, const char *options, uint64_t seed)
{
    struct trace trace;
    struct error error = {""};
    trace_open(&trace);
    bool is_made = try_trace(&trace, name, options, seed, &error);
    if (!is_made) fail_msg("%s:%s: %s", name, options, error.text);
    assert_false(trace.is_full);
    return trace;
}

struct lives_walk {
    struct lives lives;
    size_t *life_of; /* of each slot */
    uint32_t thread, phase;
};

static inline void note_call(struct lives_walk *walk, const struct trace_event *event)
{
    struct lives *lives = &walk->lives;
    if (event->old_size == 0 && event->new_size == 0) return;
    if (event->old_size == 0) {
        walk->life_of[event->slot] = lives->count;
        lives->at[lives->count] = (struct life){.birth = lives->count,
                                                .death = NEVER,
                                                .death_order = NEVER,
                                                .first_size = event->new_size,
                                                .bearer = walk->thread,
                                                .phase = walk->phase};
        lives->count++;
    }
    struct life *life = &lives->at[walk->life_of[event->slot]];
    if (event->new_size != 0) {
        life->size = event->new_size;
        life->growths += event->old_size != 0;
        return;
    }
    life->death = lives->count;
    life->death_order = lives->death_count++;
    life->heir = walk->thread;
}

/* To be given to free(). */
static inline struct lives lives_of(const struct trace *trace)
{
    struct lives_walk walk = {.lives.at = calloc(trace->event_count + 1, sizeof(struct life)),
                              .life_of = calloc(trace->slot_count + 1, sizeof(size_t))};
    for (size_t i = 0; i < trace->event_count; i++) {
        const struct trace_event *event = &trace->events[i];
        if (event->slot != TRACE_MARK) note_call(&walk, event);
        else if (event->old_size == MARK_THREAD) walk.thread = event->new_size;
        else if (event->old_size == MARK_PHASE) walk.phase = event->new_size;
    }
    free(walk.life_of);
    return walk.lives;
}

static inline struct lives make_lives(const char *name, const char *options)
{
    struct trace trace = make_trace(name, options, 1);
    struct lives lives = lives_of(&trace);
    trace_close(&trace);
    return lives;
}

#endif
