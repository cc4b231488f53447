/* One row for each pair that makes no sense, with what to write in its place. Everything else may
 * stand in any order. */
#include "order.h"

#include <string.h>

#define FREED_EARLIER \
    "a block is freed when the program says so, not when it leaves the quarantine; write "

static const struct {
    const char *outer, *inner, *reason;
} refused[] = {
    {"guards", "records",
     "records must see the addresses that the program holds; write records+guards"},
    {"guards", "profile",
     "profile must see the addresses that the program holds; write profile+guards"},
    {"lock", "profile",
     "profile looks into blocks, which another thread may be writing; leave the lock out"},
    {"quarantine", "guards",
     "guards are checked when a block is freed, not when it leaves the quarantine; write "
     "guards+quarantine"},
    {"quarantine", "records", FREED_EARLIER "records+quarantine"},
    {"quarantine", "profile", FREED_EARLIER "profile+quarantine"},
};

/* Keeps a table of all live blocks, or changes them. */
static bool knows_blocks(const char *name)
{
    static const char *const names[] = {"records", "guards", "quarantine", "profile"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!strcmp(names[i], name)) return true;
    }
    return false;
}

/* The harness itself counts over a lock, and uses one thread then. */
static bool is_left_unlocked(const struct allocator *outer, const struct allocator *inner)
{
    return !strcmp(inner->name, "lock") && strcmp(outer->name, "count") != 0 &&
           !(outer->traits & TRAIT_THREAD_SAFE);
}

bool order_allows(const struct allocator *outer, const struct allocator *inner, struct error *error)
{
    const char *first = outer->name, *second = inner->name;
    if (!strcmp(first, second) && (knows_blocks(first) || !strcmp(first, "lock"))) {
        return error_set(error, "%s stands twice in one spec: once is enough", first);
    }
    if (knows_blocks(first) && (inner->traits & TRAIT_REPLAY_ONLY)) {
        return error_set(error, "%s cannot stand over %s, whose blocks overlap", first, second);
    }
    if (is_left_unlocked(outer, inner)) {
        return error_set(error,
                         "%s is not thread-safe and would stand outside the lock: write "
                         "lock+%s",
                         first, first);
    }
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        if (strcmp(refused[i].outer, first) || strcmp(refused[i].inner, second)) continue;
        return error_set(error, "%s cannot stand over %s: %s", first, second, refused[i].reason);
    }
    return true;
}
