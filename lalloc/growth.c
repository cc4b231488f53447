/* Two passes over the records: one counts the blocks that are young enough, the other adds them up
 * in a table of open addressing, twice as large, by the place and stack they come from. */
#include "growth.h"

#include <stdlib.h>

#include "../allocators/pages.h"
#include "../allocators/text.h"
#include "../allocators/debugging/stack.h"

enum { GROUP_TEXT_BYTES = 4096 };

struct group {
    struct block_record first;
    size_t blocks, bytes; /* 0 blocks: a free place */
};

struct growth {
    uint64_t most_age, age_limit; /* calls; younger than the limit counts */
    size_t blocks, bytes;
    struct group *groups; /* table of a power of two */
    size_t mask;
};

static void find_oldest(void *out, const struct block_record *record)
{
    struct growth *growth = out;
    if (record->age_calls > growth->most_age) growth->most_age = record->age_calls;
}

uint64_t growth_moment(const struct heap *records)
{
    struct growth growth = {0};
    records_visit(records, find_oldest, &growth);
    return growth.most_age;
}

static void count_young(void *out, const struct block_record *record)
{
    struct growth *growth = out;
    if (record->age_calls >= growth->age_limit) return;
    growth->blocks++;
    growth->bytes += record->size;
}

static void add_young(void *out, const struct block_record *record)
{
    struct growth *growth = out;
    size_t place = (size_t)(record->origin * 0x9e3779b97f4a7c15u >> 20) & growth->mask;
    if (record->age_calls >= growth->age_limit) return;
    while (growth->groups[place].blocks && growth->groups[place].first.origin != record->origin) {
        place = (place + 1) & growth->mask;
    }
    struct group *group = &growth->groups[place];
    if (!group->blocks++) group->first = *record;
    group->bytes += record->size;
}

static int compare(const void *left, const void *right)
{
    const struct group *a = left, *b = right;
    return (a->bytes < b->bytes) - (a->bytes > b->bytes);
}

static void tell_group(const struct heap *records, const struct group *group, records_line *line,
                       void *out)
{
    char buffer[GROUP_TEXT_BYTES];
    struct text text = text_in(buffer, sizeof buffer);
    text_add(&text, "%zu bytes in %zu block%s", group->bytes, group->blocks,
             group->blocks == 1 ? "" : "s");
    if (group->first.source) text_add(&text, " from %s:%d", group->first.source, group->first.line);
    stack_add(&text, records->host, group->first.frames, group->first.frame_count);
    line(out, buffer);
}

/* Sorted in place: what was a table is a list then, largest first. */
static void tell_groups(const struct heap *records, struct growth *growth, size_t most_groups,
                        records_line *line, void *out)
{
    size_t count = 0;
    char rest[96];
    for (size_t i = 0; i <= growth->mask; i++) {
        if (growth->groups[i].blocks) growth->groups[count++] = growth->groups[i];
    }
    qsort(growth->groups, count, sizeof *growth->groups, compare);
    for (size_t i = 0; i < count && i < most_groups; i++) {
        tell_group(records, &growth->groups[i], line, out);
    }
    if (count <= most_groups) return;
    snprintf(rest, sizeof rest, "and %zu more places", count - most_groups);
    line(out, rest);
}

size_t growth_report(const struct heap *records, uint64_t since, size_t most_groups,
                     records_line *line, void *out)
{
    struct growth growth = {.most_age = growth_moment(records)};
    char head[128];
    growth.age_limit = growth.most_age > since ? growth.most_age - since : 0;
    records_visit(records, count_young, &growth);
    snprintf(head, sizeof head, "made since the mark and alive now: %zu blocks of %zu bytes",
             growth.blocks, growth.bytes);
    line(out, head);
    growth.mask = 1;
    while (growth.mask <= growth.blocks * 2) growth.mask = growth.mask * 2 + 1;
    size_t bytes = (growth.mask + 1) * sizeof *growth.groups;
    growth.groups = pages_map(bytes);
    if (growth.groups) {
        records_visit(records, add_young, &growth);
        tell_groups(records, &growth, most_groups, line, out);
        pages_unmap(growth.groups, bytes);
    } else {
        line(out, "the system refuses memory to say from where");
    }
    return growth.blocks;
}
