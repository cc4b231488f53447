/* A soft and a hard limit with a log, statistics and, where it is wanted, a mutex.
 *
 * What is counted beyond a plain limit is counted when use leaves its window (limit.h) or when it
 * is asked for, so that statistics and log cost nothing in between. Something that happens again
 * and again is logged the 1st, 2nd, 4th, 8th ... time: a script that runs into its limit in a loop
 * does not fill the disk. Thread-safe, it holds its mutex while the inner heap works, which need
 * not be thread-safe then.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../pages.h"
#include "../text.h"
#include "limit.h"

enum { SOFT = LIMIT_OPTIONS, LOG, LEVEL, THREAD_SAFE, STATISTICS };

enum level { QUIET, ERROR, WARNING, INFO, DEBUG };

static const char *const level_names[] = {"quiet", "error", "warning", "info", "debug"};

enum { LINE_BYTES = 256 };

struct production_limit {
    struct limit limit;
    pthread_mutex_t mutex; /* of the thread-safe variant */
    size_t soft_percent;
    enum level level;
    int log; /* file descriptor; -1: the host says it */
    bool has_statistics, has_started;
    uint64_t started_at; /* by the host's clock, at the first growth */
};

static const struct option_row options[] = {
    [LIMIT_BYTES] = LIMIT_BYTES_ROW("64M", "what would go beyond is refused"),
    [LIMIT_COLLECT] = LIMIT_COLLECT_ROW,
    [SOFT] = {"soft", OPTION_COUNT, "80", 1, 100, NULL, "the soft limit, percent of bytes"},
    [LOG] = {"log", OPTION_TEXT, "", 0, 0, NULL,
             "the file to add messages to; without one they go to standard error"},
    [LEVEL] = {"level", OPTION_CHOICE, "", 0, 0, "quiet error warning info debug",
               "the least weight of what is logged: quiet, or warning where there is a log"},
    [THREAD_SAFE] = {"thread-safe", OPTION_BOOLEAN, "no", 0, 1, NULL,
                     "may be called by several threads, whatever is under it"},
    [STATISTICS] = {"statistics", OPTION_BOOLEAN, "yes", 0, 1, NULL,
                    "show all figures rather than use and limit"},
    {0},
};

/* ---- the log */

/* Seconds since the first growth; 0 before it. */
static double uptime_of(const struct production_limit *production)
{
    uint64_t now = host_now_ns(production->limit.wrapped.inner->host);
    if (!production->has_started || now < production->started_at) return 0;
    return (double)(now - production->started_at) / 1e9;
}

__attribute__((format(printf, 3, 4))) static void
log_line(struct production_limit *production, enum level level, const char *format, ...)
{
    char line[LINE_BYTES];
    struct text text = text_in(line, sizeof line - 1);
    va_list arguments;
    if (level > production->level) return;
    text_add(&text, "%.6f %s production-limit: ", uptime_of(production), level_names[level]);
    va_start(arguments, format);
    vsnprintf(text.at, (size_t)(text.end - text.at), format, arguments);
    va_end(arguments);
    if (production->log < 0) {
        host_say(production->limit.wrapped.inner->host, "%s", line);
        return;
    }
    size_t length = strlen(line);
    line[length++] = '\n';
    if (write(production->log, line, length) < 0) return; /* a full disk must not stop a program */
}

/* The 1st, 2nd, 4th ... time. */
static bool is_worth_a_line(uint64_t count)
{
    return (count & (count - 1)) == 0;
}

static void log_refusal(struct production_limit *production, size_t growth)
{
    const struct limit *limit = &production->limit;
    log_line(production, is_worth_a_line(limit->refused) ? ERROR : DEBUG,
             "refused %zu bytes more: %zu of %zu are used (refusal %llu)", growth, limit->used,
             limit_with_leniency(limit, limit->hard), (unsigned long long)limit->refused);
}

static void log_failure(struct production_limit *production, size_t growth)
{
    const struct limit *limit = &production->limit;
    log_line(production, is_worth_a_line(limit->failed) ? ERROR : DEBUG,
             "%s failed to give %zu bytes more: %zu of %zu are used (failure %llu)",
             limit->wrapped.inner->allocator->name, growth, limit->used, limit->hard,
             (unsigned long long)limit->failed);
}

static void notice(struct limit *limit, enum limit_event event, size_t bytes)
{
    struct production_limit *production = (struct production_limit *)limit;
    bool is_rare = is_worth_a_line(limit->soft_violations);
    switch (event) {
    case LIMIT_REFUSED: log_refusal(production, bytes); return;
    case LIMIT_FAILED: log_failure(production, bytes); return;
    case LIMIT_EXCEEDED:
        log_line(production, WARNING, "%zu bytes are used, above the limit of %zu (time %llu)",
                 bytes, limit->hard, (unsigned long long)limit->hard_violations);
        return;
    case LIMIT_ABOVE_SOFT:
        log_line(production, is_rare ? WARNING : DEBUG,
                 "%zu bytes are used, above the soft limit of %zu (time %llu)", bytes, limit->soft,
                 (unsigned long long)limit->soft_violations);
        return;
    case LIMIT_BELOW_SOFT:
        log_line(production, is_rare ? INFO : DEBUG,
                 "%zu bytes are used, below the soft limit again", bytes);
        return;
    case LIMIT_COLLECTION_ASKED:
        log_line(production, DEBUG, "%zu bytes are used: a collection is asked for", bytes);
    }
}

/* ---- opening and closing */

static void set_bounds(struct limit *limit)
{
    size_t percent = ((struct production_limit *)limit)->soft_percent;
    limit->hard = limit->nominal;
    limit->soft = limit->nominal / 100 * percent + limit->nominal % 100 * percent / 100;
}

static void look(struct limit *limit)
{
    struct production_limit *production = (struct production_limit *)limit;
    if (production->has_started) return;
    production->has_started = true;
    production->started_at = host_now_ns(limit->wrapped.inner->host);
    log_line(production, INFO, "begins with a limit of %zu bytes, soft %zu", limit->hard,
             limit->soft);
}

static void end(struct limit *limit)
{
    struct production_limit *production = (struct production_limit *)limit;
    log_line(production, INFO, "ends with %zu bytes used, peak %zu, refused %llu times",
             limit->used, limit->peak, (unsigned long long)limit->refused);
    if (production->log >= 0) close(production->log);
    pthread_mutex_destroy(&production->mutex);
}

static const struct limit_kind kind = {set_bounds, look, notice, end};

static bool open_log(struct production_limit *production, const struct settings *settings,
                     struct error *error)
{
    const char *path = settings->values[LOG].text;
    production->log = -1;
    production->level = settings->values[LEVEL].number;
    if (!*path) return true;
    if (!*settings->values[LEVEL].text) production->level = WARNING;
    production->log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (production->log >= 0) return true;
    return error_set(error, "production-limit: cannot write log=%s: %s", path, strerror(errno));
}

static void *open_heap(const struct allocator *self, const struct settings *settings,
                       const struct heap *inner, struct error *error)
{
    struct production_limit *production =
        limit_open(self, settings, inner, sizeof *production, &kind, error);
    if (!production) return NULL;
    if (!open_log(production, settings, error)) {
        pages_unmap(production, sizeof *production);
        return NULL;
    }
    pthread_mutex_init(&production->mutex, NULL);
    production->soft_percent = settings->values[SOFT].number;
    production->has_statistics = settings->values[STATISTICS].number;
    limit_begin(&production->limit);
    return production;
}

static bool check(const struct settings *settings, struct error *error)
{
    if (!settings->values[THREAD_SAFE].number || !settings->values[LIMIT_COLLECT].number) {
        return true;
    }
    return error_set(error, "production-limit: collect is for a heap of one thread, since the "
                            "program's collector is another thread's: remove collect or "
                            "thread-safe");
}

/* ---- figures */

enum { OWN_FIGURES = 9 };

static double share_granted(const struct limit *limit)
{
    double granted = (double)(limit->new_calls + limit->free_calls + limit->other_calls);
    double refused = (double)(limit->refused + limit->failed);
    return granted + refused > 0 ? 100 * granted / (granted + refused) : 100;
}

static bool read_own_figure(const struct production_limit *production, size_t index,
                            struct heap_figure *out)
{
    const struct limit *limit = &production->limit;
    double uptime = uptime_of(production), allocations = (double)limit->new_calls;
    const struct heap_figure rows[OWN_FIGURES] = {
        {"use", "bytes", (double)limit->used},
        {"allocations", "count", allocations},
        {"frees", "count", (double)limit->free_calls},
        {"resizes", "count", (double)limit->other_calls},
        {"soft violations", "count", (double)limit->soft_violations},
        {"hard violations", "count", (double)limit->hard_violations},
        {"uptime", "s", uptime},
        {"allocations a second", "count", uptime > 0 ? allocations / uptime : 0},
        {"calls that succeeded", "%", share_granted(limit)},
    };
    if (index < OWN_FIGURES) *out = rows[index];
    return index < OWN_FIGURES;
}

static bool read_figure(const void *heap, size_t index, struct heap_figure *out)
{
    const struct production_limit *production = heap;
    if (limit_figure(heap, index, out)) return true;
    return production->has_statistics && read_own_figure(production, index - LIMIT_FIGURES, out);
}

static void report(void *heap, void (*line)(void *out, const char *text), void *out)
{
    char text[LINE_BYTES];
    struct heap_figure figure;
    for (size_t i = 0; read_figure(heap, i, &figure); i++) {
        snprintf(text, sizeof text, "%-30s %16.*f %s", figure.name,
                 *figure.unit == '%' || *figure.unit == 's' ? 3 : 0, figure.value, figure.unit);
        line(out, text);
    }
}

static const struct wrapper_methods methods = {.adopt = limit_adopt, .report = report};

/* ---- the variant for several threads */

static pthread_mutex_t *mutex_of(const void *heap)
{
    return &((struct production_limit *)(uintptr_t)heap)->mutex;
}

static void *resize_locked(void *heap, void *block, size_t old_size, size_t new_size)
{
    if (block == NULL && new_size == 0) return NULL;
    pthread_mutex_lock(mutex_of(heap));
    void *result = limit_resize(heap, block, old_size, new_size);
    pthread_mutex_unlock(mutex_of(heap));
    return result;
}

static void read_statistics_locked(const void *heap, struct heap_statistics *out)
{
    pthread_mutex_lock(mutex_of(heap));
    limit_statistics(heap, out);
    pthread_mutex_unlock(mutex_of(heap));
}

static bool read_figure_locked(const void *heap, size_t index, struct heap_figure *out)
{
    pthread_mutex_lock(mutex_of(heap));
    bool is_there = read_figure(heap, index, out);
    pthread_mutex_unlock(mutex_of(heap));
    return is_there;
}

static void report_locked(void *heap, void (*line)(void *out, const char *text), void *out)
{
    pthread_mutex_lock(mutex_of(heap));
    report(heap, line, out);
    pthread_mutex_unlock(mutex_of(heap));
}

static const struct wrapper_methods locked_methods = {.adopt = limit_adopt,
                                                      .report = report_locked};

static const struct allocator thread_safe_variant = {
    .name = "production-limit",
    .summary = "the same for several threads",
    .traits = TRAIT_WRAPPER | TRAIT_BOUNDED | TRAIT_THREAD_SAFE,
    .alignment = 16,
    .options = options,
    .wrapper = &locked_methods,
    .open = open_heap,
    .resize = resize_locked,
    .close = limit_close,
    .statistics = read_statistics_locked,
    .figure = read_figure_locked,
};

static const struct allocator *choose(const struct settings *settings);

const struct allocator allocator_production_limit = {
    .name = "production-limit",
    .summary = "a soft and a hard limit with a log and statistics",
    .traits = TRAIT_WRAPPER | TRAIT_BOUNDED,
    .alignment = 16,
    .options = options,
    .wrapper = &methods,
    .open = open_heap,
    .resize = limit_resize,
    .close = limit_close,
    .check = check,
    .statistics = limit_statistics,
    .figure = read_figure,
    .variant = choose,
};

static const struct allocator *choose(const struct settings *settings)
{
    return settings->values[THREAD_SAFE].number ? &thread_safe_variant
                                                : &allocator_production_limit;
}
