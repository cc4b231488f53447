/* One row for each pair that makes no sense, with what to write in its place. Everything else may
 * stand in any order. */
#include "order.h"

#include <string.h>

static const struct {
    const char *outer, *inner, *reason;
} refused[] = {
    {"guards", "records", "records must see the addresses that the program holds"},
    {"guards", "profile", "profile must see the addresses that the program holds"},
    {"quarantine", "guards",
     "guards are to be checked when a block is freed, not when it leaves "
     "the quarantine"},
    {"quarantine", "records",
     "a block is freed when the program says so, not when it leaves the "
     "quarantine"},
    {"quarantine", "profile",
     "a block is freed when the program says so, not when it leaves the "
     "quarantine"},
};

/* What keeps a table of all live blocks, or changes them, does it once. */
static const char *const singles[] = {"lock", "records", "guards", "quarantine", "profile"};

static bool is_single(const char *name)
{
    for (size_t i = 0; i < sizeof singles / sizeof *singles; i++) {
        if (!strcmp(singles[i], name)) return true;
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
    if (!strcmp(first, second) && is_single(first)) {
        return error_set(error, "%s stands twice in one spec: once is enough", first);
    }
    if (is_left_unlocked(outer, inner)) {
        return error_set(error,
                         "%s is not thread-safe and would stand outside the lock: write "
                         "lock+%s",
                         first, first);
    }
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        if (strcmp(refused[i].outer, first) || strcmp(refused[i].inner, second)) continue;
        return error_set(error, "%s cannot stand over %s: %s; write %s+%s", first, second,
                         refused[i].reason, second, first);
    }
    return true;
}
