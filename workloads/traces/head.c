/* What kind of file it is comes first, so that the error says so: no trace at all, one spoilt by a
 * transfer as text, one of a later version, one cut off. Then the checksum over head and text; then
 * the totals, by which readers take memory, are held against the length of the file.
 */
#include "head.h"

#include <inttypes.h>
#include <string.h>

#include "about.h"
#include "slots.h"

/* Of as many bytes of the head as the file has: is it one, and can it be read here? */
static bool check_start(struct input *input, const struct file_head *head, const uint8_t *bytes,
                        size_t count)
{
    if (count == 0) {
        return error_set(&input->fault, "%s: is empty: `heapbench record` makes a trace",
                         input->path);
    }
    if (memcmp(bytes, TRACE_MAGIC, count < 4 ? count : 4) != 0) {
        return error_set(&input->fault, "%s: byte 0: is not a trace: `heapbench record` makes one",
                         input->path);
    }
    if (memcmp(bytes, TRACE_MAGIC, count < MAGIC_BYTES ? count : MAGIC_BYTES) != 0) {
        return error_set(&input->fault,
                         "%s: byte 4: its line ends were changed: copy it again, as a binary file",
                         input->path);
    }
    if (count == HEAD_BYTES && head->version != TRACE_VERSION) {
        return error_set(&input->fault, "%s: byte 8: version %" PRIu32 "; this heapbench reads %d",
                         input->path, head->version, TRACE_VERSION);
    }
    return count == HEAD_BYTES || input_blame_end(input, count, HEAD_BYTES);
}

/* What could not be of any trace of this length. Readers take memory by these before the last
 * event is read, so a short file cannot ask for much. */
static bool is_plausible(const struct file_head *head)
{
    const struct trace_totals *totals = &head->totals;
    return head->chunk_count <= totals->file_bytes / CHUNK_HEAD_BYTES &&
           totals->event_count <= (uint64_t)head->chunk_count * TRACE_FLUSH_EVENTS &&
           totals->operation_count <= totals->event_count &&
           totals->slot_count <= totals->operation_count && totals->slot_count <= SLOT_MAXIMUM &&
           totals->thread_count >= 1 && totals->thread_count <= TRACE_THREAD_MAXIMUM + 1 &&
           totals->final_live_bytes <= totals->peak_live_bytes &&
           totals->peak_live_bytes <= totals->allocated_bytes;
}

static bool check_totals(struct input *input, const struct file_head *head)
{
    uint64_t size = input->size, expected = head->totals.file_bytes;
    if (!head->is_complete) {
        return error_set(&input->fault, "%s: the recording was not finished: record it again",
                         input->path);
    }
    if (size < expected) return input_blame_end(input, size, expected);
    if (size > expected) {
        return error_set(&input->fault,
                         "%s: byte %" PRIu64 ": %" PRIu64 " bytes too many: copy it again",
                         input->path, expected, size - expected);
    }
    return is_plausible(head) || input_blame(input, "its head's totals cannot be");
}

bool head_read(struct input *input, struct file_head *head, char about[TRACE_ABOUT_MAXIMUM])
{
    uint8_t bytes[HEAD_BYTES] = {0};
    size_t count = input->size < HEAD_BYTES ? (size_t)input->size : HEAD_BYTES;
    struct error error;
    if (!input_read(input, bytes, count, 0)) return false;
    *head = layout_head(bytes);
    if (!check_start(input, head, bytes, count)) return false;
    if (head->head_bytes != HEAD_BYTES || head->about_bytes >= TRACE_ABOUT_MAXIMUM) {
        return input_blame(input, "lengths of its head");
    }
    if (!input_read(input, about, head->about_bytes, HEAD_BYTES)) return false;
    about[head->about_bytes] = 0;
    if (!layout_head_is_whole(bytes, (uint8_t *)about, head->about_bytes)) {
        return input_blame(input, "checksum of its head");
    }
    if (!about_check(about, head->about_bytes, &error)) {
        return input_blame(input, "%s", error.text);
    }
    return check_totals(input, head);
}
