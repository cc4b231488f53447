/* The peak is found without asking the heap at every call: before a free or shrink, if more is
 * alive than at the last look and a 64th, it is the highest so far. So what is shown of the peak
 * was true when at most 1.6 % less was alive than ever, and looks are few: their number grows with
 * the logarithm of the peak. */
#include "report.h"

#include <errno.h>
#include <string.h>

#include "../../allocators/pages.h"
#include "report_forms.h"

static bool open_file(struct report *report, const char *path, struct error *error)
{
    report->out = fopen(path, "we");
    if (report->out) return true;
    return error_set(error, "--report=csv:%s: cannot be written: %s", path, strerror(errno));
}

bool report_open(struct report *report, const char *format, struct error *error)
{
    *report = (struct report){.out = stderr, .is_csv = !strncmp(format, "csv", 3)};
    if (!strcmp(format, "text") || !strcmp(format, "csv")) return true;
    if (!strncmp(format, "csv:", 4) && format[4]) return open_file(report, format + 4, error);
    return error_set(error, "--report=%s: give %s", format, REPORT_FORMATS);
}

static void *resize(void *state, void *block, size_t old_size, size_t new_size)
{
    struct report *report = state;
    size_t looked = report->peak_bytes;
    if (new_size < old_size && report->counts->live_bytes > looked + looked / 64) {
        report_look(report, MOMENT_PEAK);
    }
    return report->heap->resize(report->heap->state, block, old_size, new_size);
}

bool report_watch(struct report *report, struct heap *heap, struct error *error)
{
    struct snapshot *snapshots = pages_map(MOMENT_COUNT * sizeof *snapshots);
    if (!snapshots) return error_set(error, "the system refuses memory for a report");
    for (int i = 0; i < MOMENT_COUNT; i++) report->moments[i] = &snapshots[i];
    report->heap = heap;
    report->counts = count_calls(heap);
    report->watched =
        (struct heap){.allocator = heap->allocator, .resize = resize, .state = report};
    return true;
}

void report_look(struct report *report, enum report_moment moment)
{
    if (moment == MOMENT_END) {
        if (report->moments[MOMENT_END]->is_taken) return;
        if (report->counts->live_bytes >= report->peak_bytes) report_look(report, MOMENT_PEAK);
    }
    snapshot_take(report->moments[moment], report->heap);
    if (moment == MOMENT_PEAK) report->peak_bytes = report->counts->live_bytes;
}

void report_print(struct report *report)
{
    if (report->is_printed) return;
    report->is_printed = true;
    report_look(report, MOMENT_END);
    if (report->is_csv) report_print_csv(report);
    else report_print_text(report);
}

void report_print_closing(struct report *report, double close_ms, double drop_ms)
{
    struct closing closing = {close_ms, drop_ms,
                              report->moments[MOMENT_END]->layers[1].totals.backing_live_bytes};
    if (closing.left_bytes == UNKNOWN) closing.left_bytes = 0;
    if (report->is_csv) report_close_csv(report, &closing);
    else report_close_text(report, &closing);
}

bool report_close(struct report *report)
{
    bool is_whole = !ferror(report->out) && fflush(report->out) == 0;
    if (report->out != stderr) is_whole = fclose(report->out) == 0 && is_whole;
    if (report->moments[0]) pages_unmap(report->moments[0], MOMENT_COUNT * sizeof(struct snapshot));
    *report = (struct report){.out = stderr, .is_printed = true};
    return is_whole;
}
