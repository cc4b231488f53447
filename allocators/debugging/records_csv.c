/* Live blocks as rows for other programs. The names of a stack are looked up once for each stack,
 * of which there are few, and kept until the file is written. */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>

#include "keyed.h"
#include "records_state.h"

/* A stack of the longest names, all quotes; a source, likewise. */
enum {
    NAME_BYTES = 256,
    STACK_TEXT_BYTES = STACK_FRAMES * 2 * NAME_BYTES + 4,
    SOURCE_BYTES = 4096
};

/* Names of stacks, joined by semicolons, as they stand in the file. */
struct stack_texts {
    struct block_table table; /* by the address of a stack's frames; mark: number in the depot */
    struct depot depot;
};

/* In quotes, those inside it doubled. */
static void add_quoted(struct text *text, const char *part)
{
    for (; *part; part++) text_add(text, "%s%c", *part == '"' ? "\"" : "", *part);
}

static void join_names(const struct host *host, const struct block_record *record,
                       struct text *text)
{
    char name[NAME_BYTES];
    text_add(text, "\"");
    for (size_t i = 0; i < record->frame_count; i++) {
        *name = '\0';
        if (host->name_code) host->name_code(host->outlet, record->frames[i], name, sizeof name);
        if (i > 0) text_add(text, ";");
        add_quoted(text, name);
    }
    text_add(text, "\"");
}

/* NULL without memory. */
static const char *text_of(struct stack_texts *texts, const struct host *host,
                           const struct block_record *record)
{
    char joined[STACK_TEXT_BYTES];
    struct text text = text_in(joined, sizeof joined);
    size_t length;
    if (record->frame_count == 0) return "";
    struct block_entry *entry = block_table_find(&texts->table, record->frames);
    if (!entry) entry = block_table_insert(&texts->table, record->frames);
    if (!entry) return NULL;
    if (!entry->mark) {
        join_names(host, record, &text);
        entry->mark = depot_intern(&texts->depot, joined, (size_t)(text.at - joined) + 1);
    }
    return depot_at(&texts->depot, entry->mark, &length);
}

static void write_source(FILE *file, const struct block_record *record)
{
    char quoted[SOURCE_BYTES];
    struct text text = text_in(quoted, sizeof quoted);
    if (record->source) {
        add_quoted(&text, record->source);
        fprintf(file, "\"%s\",%d,", quoted, record->line);
    } else {
        fputs(",,", file);
    }
}

static void write_row(FILE *file, const struct block_record *record, const char *stack)
{
    fprintf(file, "%p,%zu,%" PRIu64 ",%.2f,", record->block, record->size, record->age_calls,
            record->age_seconds);
    write_source(file, record);
    fputs(stack, file);
    fputc('\n', file);
}

static bool write_rows(const struct records *records, const struct keyed *rows,
                       struct stack_texts *texts, FILE *file)
{
    const struct host *host = records->wrapped.inner->host;
    for (size_t i = 0; i < records->live_blocks && !ferror(file); i++) {
        struct block_record record = records_describe(records, rows[i].item);
        const char *stack = text_of(texts, host, &record);
        if (!stack) {
            errno = ENOMEM;
            return false;
        }
        write_row(file, &record, stack);
    }
    return fflush(file) == 0 && !ferror(file);
}

static bool open_texts(struct stack_texts *texts)
{
    return block_table_open(&texts->table, sizeof(struct block_entry)) && depot_open(&texts->depot);
}

bool records_write_map(const struct heap *heap, FILE *file)
{
    assert(heap->allocator == &allocator_records);
    const struct records *records = heap->state;
    struct stack_texts texts = {0};
    struct keyed *rows = records_in_order(records);
    size_t bytes = records->live_blocks * sizeof *rows;
    bool is_written = false;
    fprintf(file, "address,size,age_calls,age_seconds,source,line,stack\n");
    errno = ENOMEM;
    if ((rows || records->live_blocks == 0) && open_texts(&texts)) {
        is_written = write_rows(records, rows, &texts, file);
    }
    depot_close(&texts.depot);
    block_table_close(&texts.table);
    if (rows) pages_unmap(rows, bytes);
    return is_written;
}
