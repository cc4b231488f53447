/* Reports for people: live blocks by origin, by size, and one by one. Each is made in one pass over
 * the records, in memory from the system. */
#include <assert.h>
#include <inttypes.h>

#include "keyed.h"
#include "records_state.h"
#include "../wrappers/sizes.h"

enum { LINE_BYTES = 4096, ADDRESSES_TOLD = 4, SIZES_TOLD = 12, BAR_LENGTH = 40 };
enum { GROUPS_TOLD = 10, BLOCKS_TOLD = 10000 };

#define PERCENT(part, whole) ((whole) ? 100.0 * (double)(part) / (double)(whole) : 0.0)

struct printer {
    records_line *line;
    void *out;
};

__attribute__((format(printf, 2, 3))) static void print(const struct printer *printer,
                                                        const char *format, ...)
{
    char text[LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    printer->line(printer->out, text);
}

static const struct records *state_of(const struct heap *heap)
{
    assert(heap->allocator == &allocator_records);
    return heap->state;
}

/* ", in script.lua:12", or nothing. */
static void add_source(struct text *text, const struct block_record *record)
{
    if (record->source) text_add(text, ", in %s:%d", record->source, record->line);
}

/* ---- by origin */

/* Blocks that one line and stack asked for. */
struct group {
    struct block_entry entry; /* block: the origin, plus one */
    size_t blocks, bytes;
    struct block_record oldest;
    const void *first[ADDRESSES_TOLD]; /* the oldest is among them, where there is room */
};

struct grouping {
    struct block_table groups;
    bool is_whole;      /* no group was left out for want of memory */
    uint64_t age_limit; /* calls; what is as old is left out */
    size_t blocks, bytes;
};

static void add_to_group(void *out, const struct block_record *record)
{
    struct grouping *grouping = out;
    const void *key = (const void *)(uintptr_t)(record->origin + 1);
    if (record->age_calls >= grouping->age_limit) return;
    grouping->blocks++;
    grouping->bytes += record->size;
    if (!grouping->is_whole) return;
    struct group *group = block_table_find(&grouping->groups, key);
    if (!group) group = block_table_insert(&grouping->groups, key);
    if (!group) {
        grouping->is_whole = false;
        return;
    }
    if (group->blocks < ADDRESSES_TOLD) group->first[group->blocks] = record->block;
    if (record->age_calls >= group->oldest.age_calls) group->oldest = *record;
    group->blocks++;
    group->bytes += record->size;
}

static void print_addresses(const struct printer *printer, const struct group *group)
{
    char line[LINE_BYTES];
    struct text text = text_in(line, sizeof line);
    size_t told = group->blocks < ADDRESSES_TOLD ? group->blocks : ADDRESSES_TOLD;
    text_add(&text, "    at");
    for (size_t i = 0; i < told; i++) text_add(&text, "%s %p", i ? "," : "", group->first[i]);
    if (group->blocks > told) text_add(&text, " and %zu more", group->blocks - told);
    printer->line(printer->out, line);
}

static void print_stack(const struct printer *printer, const struct host *host,
                        const struct block_record *record)
{
    char name[256];
    for (size_t i = 0; i < record->frame_count; i++) {
        *name = '\0';
        if (host->name_code) host->name_code(host->outlet, record->frames[i], name, sizeof name);
        print(printer, "    #%zu %s", i, name);
    }
}

static void print_group(const struct printer *printer, const struct host *host,
                        const struct group *group)
{
    char line[LINE_BYTES];
    struct text text = text_in(line, sizeof line);
    text_add(&text, "  %zu byte%s in %zu block%s", group->bytes, group->bytes == 1 ? "" : "s",
             group->blocks, group->blocks == 1 ? "" : "s");
    add_source(&text, &group->oldest);
    text_add(&text, "; the oldest is %" PRIu64 " calls and %.2f seconds old",
             group->oldest.age_calls, group->oldest.age_seconds);
    printer->line(printer->out, line);
    print_addresses(printer, group);
    print_stack(printer, host, &group->oldest);
}

/* Most bytes first; NULL without memory. `out` has as many rows as there are groups. */
static struct keyed *sort_groups(const struct block_table *groups)
{
    size_t count = 0, bytes = groups->live_count * sizeof(struct keyed);
    struct keyed *rows = pages_map(bytes);
    const struct group *group;
    if (!rows) return NULL;
    for (uint32_t place = 0; (group = block_table_next(groups, &place));) {
        rows[count++] = (struct keyed){~(uint64_t)group->bytes, group};
    }
    if (keyed_sort(rows, count)) return rows;
    pages_unmap(rows, bytes);
    return NULL;
}

static void print_groups(const struct printer *printer, const struct host *host,
                         const struct grouping *grouping, size_t most_groups)
{
    size_t count = grouping->groups.live_count;
    struct keyed *rows = grouping->is_whole ? sort_groups(&grouping->groups) : NULL;
    if (!rows) {
        print(printer, "  (there is no memory to tell where they come from)");
        return;
    }
    for (size_t i = 0; i < count && i < most_groups; i++) {
        print_group(printer, host, rows[i].item);
    }
    if (count > most_groups) print(printer, "  and from %zu more origins", count - most_groups);
    pages_unmap(rows, count * sizeof *rows);
}

static void print_head(const struct printer *printer, const struct grouping *grouping,
                       uint64_t since)
{
    if (since == 0 && grouping->blocks == 0) {
        print(printer, "no leaks: every block was freed");
        return;
    }
    print(printer, "%s%zu bytes in %zu block%s, of %u origin%s",
          since ? "made since then and alive: " : "leaks: ", grouping->bytes, grouping->blocks,
          grouping->blocks == 1 ? "" : "s", grouping->groups.live_count,
          grouping->groups.live_count == 1 ? "" : "s");
}

size_t records_report_leaks(const struct heap *heap, uint64_t since, size_t most_groups,
                            records_line *line, void *out)
{
    const struct records *records = state_of(heap);
    struct printer printer = {line, out};
    struct grouping grouping = {.age_limit = records->call - since};
    if (block_table_open(&grouping.groups, sizeof(struct group))) grouping.is_whole = true;
    records_visit(heap, add_to_group, &grouping);
    print_head(&printer, &grouping, since);
    if (grouping.blocks) print_groups(&printer, heap->host, &grouping, most_groups);
    block_table_close(&grouping.groups);
    return grouping.blocks;
}

uint64_t records_calls(const struct heap *heap)
{
    return state_of(heap)->call;
}

/* ---- by size */

/* The powers of two that a size may be up to, and past them all others. */
enum { POWERS = 48 };

struct census {
    struct sizes sizes;
    size_t blocks[POWERS], bytes[POWERS];
};

static unsigned power_of(size_t size)
{
    unsigned power = size > 1 ? 64 - (unsigned)__builtin_clzll(size - 1) : 0;
    return power < POWERS ? power : POWERS - 1;
}

static void count_size(void *out, const struct block_record *record)
{
    struct census *census = out;
    unsigned power = power_of(record->size);
    sizes_find(&census->sizes, record->size)->asked++;
    census->blocks[power]++;
    census->bytes[power] += record->size;
}

static void print_powers(const struct printer *printer, const struct census *census,
                         const struct records *records)
{
    static const char bar[] = " ########################################"; /* BAR_LENGTH of them */
    for (unsigned power = 0; power < POWERS; power++) {
        size_t bytes = census->bytes[power];
        if (!bytes) continue;
        double share = PERCENT(bytes, records->live_bytes);
        int length = (int)(share / 100 * BAR_LENGTH + 0.5);
        print(printer, "  up to %12zu bytes: %9zu blocks %14zu bytes %5.1f %%%.*s",
              (size_t)1 << power, census->blocks[power], bytes, share, length ? length + 1 : 0,
              bar);
    }
}

/* Most bytes first, then the larger size. */
static bool is_before(const struct size_row *a, const struct size_row *b)
{
    uint64_t a_bytes = a->size * a->counts.asked, b_bytes = b->size * b->counts.asked;
    return a_bytes != b_bytes ? a_bytes > b_bytes : a->size > b->size;
}

static size_t find_largest(const struct sizes *sizes, struct size_row top[SIZES_TOLD])
{
    struct size_row row;
    size_t told = 0;
    for (size_t position = 0; sizes_next(sizes, &position, &row);) {
        size_t i = told < SIZES_TOLD ? told++ : SIZES_TOLD;
        for (; i > 0 && is_before(&row, &top[i - 1]); i--) {
            if (i < SIZES_TOLD) top[i] = top[i - 1];
        }
        if (i < SIZES_TOLD) top[i] = row;
    }
    return told;
}

static void print_sizes(const struct printer *printer, const struct census *census,
                        const struct records *records)
{
    struct size_row top[SIZES_TOLD];
    size_t told = find_largest(&census->sizes, top);
    print(printer, "sizes that hold most:");
    for (size_t i = 0; i < told; i++) {
        size_t bytes = top[i].size * top[i].counts.asked;
        print(printer, "  %18zu bytes: %9" PRIu64 " blocks %14zu bytes %5.1f %%", top[i].size,
              top[i].counts.asked, bytes, PERCENT(bytes, records->live_bytes));
    }
}

void records_report_sizes(const struct heap *heap, records_line *line, void *out)
{
    const struct records *records = state_of(heap);
    struct printer printer = {line, out};
    struct census *census = pages_map(sizeof *census);
    print(&printer, "sizes: %zu bytes in %zu blocks", records->live_bytes, records->live_blocks);
    if (!census) return;
    records_visit(heap, count_size, census);
    print_powers(&printer, census, records);
    if (records->live_blocks) print_sizes(&printer, census, records);
    sizes_close(&census->sizes);
    pages_unmap(census, sizeof *census);
}

/* ---- one by one */

static void print_block(const struct printer *printer, const struct host *host,
                        const struct block_record *record)
{
    char line[LINE_BYTES], name[256];
    struct text text = text_in(line, sizeof line);
    text_add(&text, "  %p: %zu bytes, %" PRIu64 " calls and %.2f seconds old", record->block,
             record->size, record->age_calls, record->age_seconds);
    add_source(&text, record);
    for (size_t i = 0; host->name_code && i < record->frame_count; i++) {
        host->name_code(host->outlet, record->frames[i], name, sizeof name);
        text_add(&text, "%s%s", i ? " < " : ", by ", name);
    }
    printer->line(printer->out, line);
}

void records_report_blocks(const struct heap *heap, records_line *line, void *out)
{
    const struct records *records = state_of(heap);
    struct printer printer = {line, out};
    struct keyed *rows = records_in_order(records);
    print(&printer, "blocks: %zu bytes in %zu blocks", records->live_bytes, records->live_blocks);
    if (!rows) return;
    for (size_t i = 0; i < records->live_blocks; i++) {
        struct block_record record = records_describe(records, rows[i].item);
        print_block(&printer, heap->host, &record);
    }
    pages_unmap(rows, records->live_blocks * sizeof *rows);
}

void records_report(void *state, records_line *line, void *out)
{
    const struct records *records = state;
    const struct heap *heap = records->wrapped.inner->outer;
    records_report_leaks(heap, 0, GROUPS_TOLD, line, out);
    records_report_sizes(heap, line, out);
    records_report_map(heap, line, out);
    if (records->live_blocks <= BLOCKS_TOLD) records_report_blocks(heap, line, out);
}
