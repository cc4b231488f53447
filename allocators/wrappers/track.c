/* Counts calls and sizes: totals, peak, failures, and how often each size was asked for.
 *
 * A size's live blocks are what was asked for less what was released, so that a call counts once
 * for each of its two sizes, and the three classes of the distribution are sums made when they are
 * read. A call that fails changes calls and failures alone. Cost: about 35 instructions for a block
 * made and as many for its free, and a cache line for each size in use.
 */
#include "track.h"

#include <assert.h>

#include "../pages.h"
#include "../text.h"

enum { TOP_MAXIMUM = 100, LINE_BYTES = 160 };

struct track {
    struct wrapped wrapped;
    struct track_counts counts;
    size_t released_bytes; /* allocated ones less these are live; adopted ones are taken off */
    bool has_adopted;      /* blocks that were never counted: how many live is unknown */
    size_t top;            /* sizes to report */
    struct sizes sizes;
};

static const struct option_row options[] = {
    {"top", OPTION_COUNT, "16", 0, TOP_MAXIMUM, NULL, "how many sizes the report lists"},
    {0},
};

static size_t live_bytes(const struct track *track)
{
    return track->counts.allocated_bytes - track->released_bytes;
}

static void note_peak(struct track *track)
{
    size_t live = live_bytes(track);
    if (live > track->counts.peak_bytes) track->counts.peak_bytes = live;
}

static void *make(struct track *track, size_t size)
{
    void *block = wrapped_resize(&track->wrapped, NULL, 0, size);
    track->counts.calls[CALL_NEW]++;
    if (block == NULL) {
        track->counts.failed_new++;
        return NULL;
    }
    track->counts.allocated_bytes += size;
    sizes_find(&track->sizes, size)->asked++;
    note_peak(track);
    return block;
}

/* Noted beforehand, since it cannot fail: the call is then the last thing to do. */
static void *drop(struct track *track, void *block, size_t size)
{
    track->counts.calls[CALL_FREE]++;
    track->released_bytes += size;
    sizes_find(&track->sizes, size)->released++;
    return wrapped_resize(&track->wrapped, block, size, 0);
}

static void *change(struct track *track, void *block, size_t old_size, size_t new_size)
{
    void *moved = wrapped_resize(&track->wrapped, block, old_size, new_size);
    track->counts.calls[new_size > old_size ? CALL_GROW : CALL_SHRINK]++;
    if (moved == NULL) {
        track->counts.failed_growths++;
        return NULL;
    }
    if (new_size > old_size) track->counts.allocated_bytes += new_size - old_size;
    else track->released_bytes += old_size - new_size;
    sizes_find(&track->sizes, old_size)->released++;
    sizes_find(&track->sizes, new_size)->asked++;
    note_peak(track);
    return moved;
}

static void *resize(void *heap, void *block, size_t old_size, size_t new_size)
{
    struct track *track = heap;
    if (block != NULL) {
        return new_size == 0 ? drop(track, block, old_size)
                             : change(track, block, old_size, new_size);
    }
    if (new_size != 0) return make(track, new_size);
    track->counts.calls[CALL_QUERY]++;
    return wrapped_resize(&track->wrapped, NULL, 0, 0);
}

static void *open_heap(const struct allocator *self, const struct settings *settings,
                       const struct heap *inner, struct error *error)
{
    struct track *track = wrapped_open(self, inner, sizeof *track, error);
    if (track != NULL) track->top = settings->values[0].number;
    return track;
}

static void close_heap(void *heap)
{
    struct track *track = heap;
    sizes_close(&track->sizes);
    pages_unmap(track, sizeof *track);
}

static void adopt(void *heap, size_t bytes)
{
    struct track *track = heap;
    track->released_bytes -= bytes;
    track->has_adopted |= bytes != 0;
    note_peak(track);
}

/* ---- the distribution */

enum { CLASSES = 3 };

static const char *const class_names[CLASSES] = {"up to 64 bytes", "65 to 1024 bytes",
                                                 "above 1024 bytes"};

/* A row of the report: a class, or a size. */
struct share {
    uint64_t blocks, bytes;
};

static size_t class_of(size_t size)
{
    return size <= 64 ? 0 : size <= 1024 ? 1 : 2;
}

/* Unrecorded sizes are large ones; their bytes are not known. */
static void sum_classes(const struct sizes *sizes, struct share classes[CLASSES])
{
    struct size_row row;
    for (size_t position = 0; sizes_next(sizes, &position, &row);) {
        struct share *class = &classes[class_of(row.size)];
        class->blocks += row.counts.asked;
        class->bytes += row.counts.asked * row.size;
    }
    classes[CLASSES - 1].blocks += sizes->unrecorded.asked;
}

static bool read_figure(const void *heap, size_t index, struct heap_figure *out)
{
    const struct track *track = heap;
    const struct track_counts *counts = &track->counts;
    struct share classes[CLASSES] = {{0}};
    sum_classes(&track->sizes, classes);
    const struct heap_figure figures[] = {
        {"new blocks asked for", "count", (double)counts->calls[CALL_NEW]},
        {"growths", "count", (double)counts->calls[CALL_GROW]},
        {"shrinks", "count", (double)counts->calls[CALL_SHRINK]},
        {"frees", "count", (double)counts->calls[CALL_FREE]},
        {"queries", "count", (double)counts->calls[CALL_QUERY]},
        {"calls that failed", "count", (double)(counts->failed_new + counts->failed_growths)},
        {"bytes allocated in all", "bytes", (double)counts->allocated_bytes},
        {"most bytes live", "bytes", (double)counts->peak_bytes},
        {"blocks of up to 64 bytes", "count", (double)classes[0].blocks},
        {"blocks of 65 to 1024 bytes", "count", (double)classes[1].blocks},
        {"blocks above 1024 bytes", "count", (double)classes[2].blocks},
    };
    return wrapped_figure(figures, sizeof figures / sizeof *figures, index, out);
}

/* ---- the report */

struct page {
    void (*line)(void *out, const char *text);
    void *out;
};

static void print_row(const struct page *page, const char *name, struct share row,
                      struct share total, uint64_t *live)
{
    char buffer[LINE_BYTES];
    struct text text = text_in(buffer, sizeof buffer);
    double blocks = total.blocks ? (double)total.blocks : 1;
    double bytes = total.bytes ? (double)total.bytes : 1;
    text_add(&text, "  %-17s %12llu blocks %5.1f %% %15llu bytes %5.1f %%", name,
             (unsigned long long)row.blocks, 100 * (double)row.blocks / blocks,
             (unsigned long long)row.bytes, 100 * (double)row.bytes / bytes);
    if (live) text_add(&text, " %10llu live", (unsigned long long)*live);
    page->line(page->out, buffer);
}

/* Into a list in falling order of what was asked; the last falls out of a full one. */
static size_t insert(struct size_row *list, size_t count, size_t room, struct size_row row)
{
    size_t at = count < room ? count : room;
    while (at > 0 && list[at - 1].counts.asked < row.counts.asked) {
        if (at < room) list[at] = list[at - 1];
        at--;
    }
    if (at < room) list[at] = row;
    return count < room ? count + 1 : room;
}

/* A block that was never seen may have been released. */
static uint64_t live_count(struct size_counts counts)
{
    return counts.asked > counts.released ? counts.asked - counts.released : 0;
}

static void print_top(const struct track *track, const struct page *page, struct share total)
{
    struct size_row list[TOP_MAXIMUM], row;
    size_t count = 0;
    char name[32];
    for (size_t position = 0; sizes_next(&track->sizes, &position, &row);) {
        if (row.counts.asked != 0) count = insert(list, count, track->top, row);
    }
    if (count != 0) page->line(page->out, "sizes asked for most, by new blocks and by resizes:");
    for (size_t i = 0; i < count; i++) {
        struct share share = {list[i].counts.asked, list[i].counts.asked * list[i].size};
        uint64_t live = live_count(list[i].counts);
        struct text text = text_in(name, sizeof name);
        text_add(&text, "%zu bytes", list[i].size);
        print_row(page, name, share, total, track->has_adopted ? NULL : &live);
    }
}

static void report(void *heap, void (*line)(void *out, const char *text), void *out)
{
    const struct track *track = heap;
    const struct page page = {line, out};
    struct share classes[CLASSES] = {{0}}, total = {0};
    sum_classes(&track->sizes, classes);
    for (size_t i = 0; i < CLASSES; i++) {
        total.blocks += classes[i].blocks;
        total.bytes += classes[i].bytes;
    }
    line(out, "sizes of blocks, as new blocks and resizes made them:");
    for (size_t i = 0; i < CLASSES; i++) {
        print_row(&page, class_names[i], classes[i], total, NULL);
    }
    print_top(track, &page, total);
}

static void read_statistics(const void *heap, struct heap_statistics *out)
{
    const struct track *track = heap;
    const struct track_counts *counts = &track->counts;
    size_t made = counts->calls[CALL_NEW] - counts->failed_new;
    wrapped_statistics(heap, out);
    out->live_bytes = live_bytes(track);
    out->live_blocks = track->has_adopted ? UNKNOWN : made - counts->calls[CALL_FREE];
}

const struct track_counts *track_calls(const struct heap *heap)
{
    assert(heap->allocator == &allocator_track);
    return &((const struct track *)heap->state)->counts;
}

const struct sizes *track_sizes(const struct heap *heap)
{
    assert(heap->allocator == &allocator_track);
    return &((const struct track *)heap->state)->sizes;
}

static const struct wrapper_methods methods = {.adopt = adopt, .report = report};

const struct allocator allocator_track = {
    .name = "track",
    .summary = "counts calls and sizes",
    .traits = TRAIT_WRAPPER,
    .alignment = 16,
    .options = options,
    .wrapper = &methods,
    .open = open_heap,
    .resize = resize,
    .close = close_heap,
    .statistics = read_statistics,
    .figure = read_figure,
};
