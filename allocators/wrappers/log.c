/* A line for each call, in text that a person and a program can read:
 *
 *     new 0x5581c0 0 -> 32 live 1234
 *     grow 0x5583f0 32 -> 64 live 1266 from 0x5581c0
 *     new 0x0 0 -> 4096 live 1266 failed
 *
 * The address is that of the block after the call, or of the one freed or kept; `from` is where a
 * block was before it moved. Lines gather in a buffer of the heap's own and go out by write(2) when
 * it is full and at close: a program that crashes loses up to 64 KiB of them without flush=yes.
 * Cost: about 40 ns a call and what the file system takes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "../pages.h"
#include "call.h"

/* The longest line: four numbers of 20 digits or fewer, two addresses, six words. */
enum { BUFFER_BYTES = 64 << 10, LINE_MAXIMUM = 160 };

struct log {
    struct wrapped wrapped;
    struct live live;
    const char *path; /* as given; empty: standard error */
    int file;
    bool logs_queries, flushes_each;
    size_t lines, written_bytes, failed_writes;
    char *at; /* where the next line goes */
    char buffer[BUFFER_BYTES];
};

enum { OPTION_FILE, OPTION_QUERIES, OPTION_FLUSH };

static const struct option_row options[] = {
    [OPTION_FILE] = {"file", OPTION_TEXT, "", 0, 0, NULL,
                     "where to write, from its beginning; standard error without it"},
    [OPTION_QUERIES] = {"queries", OPTION_BOOLEAN, "no", 0, 1, NULL,
                        "also write the calls that ask for nothing: (NULL, 0, 0)"},
    [OPTION_FLUSH] = {"flush", OPTION_BOOLEAN, "no", 0, 1, NULL,
                      "write each line at once, for programs that crash"},
    {0},
};

/* ---- the file */

static bool write_all(int file, const char *text, size_t bytes)
{
    while (bytes > 0) {
        ssize_t written = write(file, text, bytes);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        text += written;
        bytes -= (size_t)written;
    }
    return true;
}

static void note_failure(struct log *log)
{
    if (log->failed_writes++ > 0) return;
    host_say(log->wrapped.inner->host, "log: %s: cannot be written: %s; lines are lost",
             *log->path ? log->path : "standard error", strerror(errno));
}

static void flush(struct log *log)
{
    size_t bytes = (size_t)(log->at - log->buffer);
    if (write_all(log->file, log->buffer, bytes)) log->written_bytes += bytes;
    else note_failure(log);
    log->at = log->buffer;
}

/* ---- a line */

static char *add_word(char *at, const char *word)
{
    size_t length = strlen(word);
    memcpy(at, word, length);
    return at + length;
}

static char *add_number(char *at, size_t number, size_t base)
{
    char digits[24], *first = digits + sizeof digits;
    do *--first = "0123456789abcdef"[number % base];
    while (number /= base);
    size_t length = (size_t)(digits + sizeof digits - first);
    memcpy(at, first, length);
    return at + length;
}

static char *add_address(char *at, const void *block)
{
    return add_number(add_word(at, " 0x"), (uintptr_t)block, 16);
}

static char *add_size(char *at, const char *word, size_t bytes)
{
    return add_number(add_word(at, word), bytes, 10);
}

static void add_line(struct log *log, const void *result, const void *block, size_t old_size,
                     size_t new_size)
{
    bool is_moved = result != NULL && block != NULL && result != block;
    char *at = add_word(log->at, call_kind_names[call_kind_of(block, old_size, new_size)]);
    at = add_address(at, result != NULL ? result : block);
    at = add_size(at, " ", old_size);
    at = add_size(at, " -> ", new_size);
    at = add_size(at, " live ", log->live.bytes);
    if (is_moved) at = add_address(add_word(at, " from"), block);
    if (!call_is_granted(result, new_size)) at = add_word(at, " failed");
    *at++ = '\n';
    log->at = at;
    log->lines++;
    bool is_full = log->buffer + BUFFER_BYTES - at < LINE_MAXIMUM;
    if (is_full || log->flushes_each) flush(log);
}

static void *resize(void *heap, void *block, size_t old_size, size_t new_size)
{
    struct log *log = heap;
    void *result = wrapped_resize(&log->wrapped, block, old_size, new_size);
    bool is_query = block == NULL && new_size == 0;
    if (call_is_granted(result, new_size)) live_note(&log->live, block, old_size, new_size);
    if (!is_query || log->logs_queries) add_line(log, result, block, old_size, new_size);
    return result;
}

/* ---- opening and closing */

static bool open_file(struct log *log, struct error *error)
{
    log->file = STDERR_FILENO;
    if (!*log->path) return true;
    log->file = open(log->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (log->file >= 0) return true;
    return error_set(error, "log: file=%.300s cannot be opened: %s; give a path to write to",
                     log->path, strerror(errno));
}

static void *open_heap(const struct allocator *self, const struct settings *settings,
                       const struct heap *inner, struct error *error)
{
    struct log *log = wrapped_open(self, inner, sizeof *log, error);
    if (log == NULL) return NULL;
    log->path = settings->values[OPTION_FILE].text;
    log->logs_queries = settings->values[OPTION_QUERIES].number;
    log->flushes_each = settings->values[OPTION_FLUSH].number;
    log->at = log->buffer;
    if (open_file(log, error)) return log;
    pages_unmap(log, sizeof *log);
    return NULL;
}

static void close_heap(void *heap)
{
    struct log *log = heap;
    flush(log);
    if (*log->path && close(log->file) != 0) note_failure(log);
    pages_unmap(log, sizeof *log);
}

/* ---- what it says of itself */

static bool read_figure(const void *heap, size_t index, struct heap_figure *out)
{
    const struct log *log = heap;
    const struct heap_figure figures[] = {
        {"lines logged", "count", (double)log->lines},
        {"bytes written to the log", "bytes", (double)log->written_bytes},
        {"writes to the log that failed", "count", (double)log->failed_writes},
    };
    return wrapped_figure(figures, sizeof figures / sizeof *figures, index, out);
}

const struct allocator allocator_log = {
    .name = "log",
    .summary = "writes a line for each call",
    .traits = TRAIT_WRAPPER,
    .alignment = 16,
    .options = options,
    .wrapper = &live_methods,
    .open = open_heap,
    .resize = resize,
    .close = close_heap,
    .statistics = live_statistics,
    .figure = read_figure,
};
