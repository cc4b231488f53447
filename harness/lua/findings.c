/* Audits first, so that reports stand below the faults they explain. */
#include "findings.h"

#include <errno.h>
#include <string.h>

#include "../../allocators/debugging/records.h"
#include "../command.h"

enum { LEAK_GROUPS = 20 };

static void print_line(void *out, const char *line)
{
    fprintf(out, "%s\n", line);
}

void findings_at_end(const struct heap *heap, FILE *out)
{
    heap_audit(heap);
    for (const struct heap *layer = heap; layer && out; layer = layer->inner) {
        const struct wrapper_methods *methods = layer->allocator->wrapper;
        if (methods && methods->report) methods->report(layer->state, print_line, out);
    }
}

bool findings_after_close(struct heap *heap)
{
    const struct heap *records = heap_layer(heap, "records");
    heap_audit(heap);
    if (!records) return true;
    struct heap_statistics totals;
    heap_statistics(records, &totals);
    if (totals.live_blocks) records_report_leaks(records, 0, LEAK_GROUPS, print_line, stderr);
    return totals.live_blocks == 0;
}

bool findings_write_map(struct heap *heap, const char *path)
{
    char line[512];
    FILE *file = fopen(path, "we");
    bool is_written = file && records_write_map(heap_layer(heap, "records"), file);
    int reason = errno;
    if (file) is_written = fclose(file) == 0 && is_written;
    if (is_written) return true;
    snprintf(line, sizeof line, "--map %.256s: cannot be written: %s", path, strerror(reason));
    command_fail(1, line);
    return false;
}

bool findings_print_faults(const struct heap *heap)
{
    size_t count = heap->host->fault_count;
    if (count)
        fprintf(stderr, "heapbench: %zu fault%s of memory found\n", count, "s" + (count == 1));
    return count == 0;
}
