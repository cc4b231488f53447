/* The time left is what this process's cells took so far, times those to come: rounds repeat the
 * same cells, so it settles after the first round. */
#include "progress.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "measure.h"

enum { BAR_WIDTH = 24, LINE_WIDTH = 78 };

/* One less than the terminal has, so that the cursor stays in the line. */
static int line_width(void)
{
    struct winsize size;
    bool is_known = !ioctl(STDERR_FILENO, TIOCGWINSZ, &size) && size.ws_col > 1;
    return is_known && size.ws_col <= LINE_WIDTH ? size.ws_col - 1 : LINE_WIDTH;
}

void progress_open(struct progress *progress, const char *things, size_t first, size_t total)
{
    *progress = (struct progress){
        .is_terminal = isatty(STDERR_FILENO),
        .things = things,
        .total = total,
        .first = first,
        .started_ms = measure_now_ms(),
    };
}

static unsigned seconds_left(const struct progress *progress, size_t done)
{
    uint64_t elapsed_ms = (uint64_t)(measure_now_ms() - progress->started_ms);
    size_t here = done - progress->first;
    if (here == 0) return 0;
    return (unsigned)(elapsed_ms * (progress->total - done) / here / 1000);
}

static void draw_bar(const struct progress *progress, size_t done, const char *allocator,
                     const char *workload)
{
    char bar[BAR_WIDTH + 1], line[LINE_WIDTH + 1];
    unsigned left = seconds_left(progress, done);
    size_t filled = done * BAR_WIDTH / progress->total;
    for (size_t i = 0; i < BAR_WIDTH; i++) bar[i] = i < filled ? '#' : '.';
    bar[BAR_WIDTH] = '\0';
    snprintf(line, sizeof line, "[%s] %zu/%zu, %u:%02u left, %s on %s", bar, done, progress->total,
             left / 60, left % 60, allocator, workload);
    fprintf(stderr, "\r%-*.*s", line_width(), line_width(), line);
}

static void print_line(struct progress *progress, size_t done)
{
    unsigned tenth = (unsigned)(done * 10 / progress->total);
    unsigned left = seconds_left(progress, done);
    if (tenth <= progress->tenth_shown) return;
    progress->tenth_shown = tenth;
    fprintf(stderr, "%zu of %zu %s, about %u:%02u left\n", done, progress->total, progress->things,
            left / 60, left % 60);
}

void progress_show(struct progress *progress, size_t done, const char *allocator,
                   const char *workload)
{
    if (progress->is_terminal) draw_bar(progress, done, allocator, workload);
    else print_line(progress, done);
}

void progress_close(struct progress *progress)
{
    if (progress->is_terminal) fprintf(stderr, "\r%*s\r", line_width(), "");
}
