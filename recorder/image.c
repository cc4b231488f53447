/* Reads windows in order, each while it is being filled: an event whose kind is set is whole, and
 * the first one without is where the recorded process is. */
#include "image.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void name_window(const struct image *image, const char *folder, char path[IMAGE_PATH_BYTES])
{
    snprintf(path, IMAGE_PATH_BYTES, "%s/%u-%u-%u", folder, image->process, image->number,
             image->window_number);
}

/* One that is not whole yet, or never will be, is none. */
static struct spool_window *map_window(const struct image *image, const char *folder)
{
    char path[IMAGE_PATH_BYTES];
    struct stat status;
    name_window(image, folder, path);
    int file = open(path, O_RDWR | O_CLOEXEC);
    if (file < 0) return NULL;
    /* The first may stay short; all of another will be read and wiped: one call for its pages. */
    int flags = MAP_SHARED | (image->window_number > 0 ? MAP_POPULATE : 0);
    struct spool_window *window = MAP_FAILED;
    if (fstat(file, &status) == 0 && status.st_size == (off_t)sizeof *window) {
        window = mmap(NULL, sizeof *window, PROT_READ | PROT_WRITE, flags, file, 0);
    }
    close(file);
    if (window == MAP_FAILED) return NULL;
    if (memcmp(window->magic, SPOOL_MAGIC, sizeof window->magic) == 0) {
        atomic_thread_fence(memory_order_acquire);
        return window;
    }
    munmap(window, sizeof *window);
    return NULL;
}

static bool open_window(struct image *image, const char *folder)
{
    if (!image->window) image->window = map_window(image, folder);
    return image->window != NULL;
}

static void name_spare(const struct image *image, const char *folder, unsigned number,
                       char path[IMAGE_PATH_BYTES])
{
    snprintf(path, IMAGE_PATH_BYTES, "%s/%u-%u-free%u", folder, image->process, image->number,
             number);
}

/* Its writer has left it: wiped, it is one to begin with again. */
static void hand_back(const struct image *image, const char *folder, const char *path)
{
    char spare[IMAGE_PATH_BYTES];
    name_spare(image, folder, image->window_number % SPOOL_SPARES, spare);
    memset(image->window, 0, sizeof *image->window);
    if (rename(path, spare)) unlink(path);
}

static void close_window(struct image *image, const char *folder, bool is_wanted)
{
    char path[IMAGE_PATH_BYTES];
    image->missed_calls += atomic_load(&image->window->missed_calls);
    image->stopped = atomic_load(&image->window->stopped);
    name_window(image, folder, path);
    if (is_wanted) hand_back(image, folder, path);
    else unlink(path);
    munmap(image->window, sizeof *image->window);
    image->window = NULL;
    image->window_number++;
    image->next_event = 0;
}

/* The last part of its first argument; a shell that was called as one has a dash before it. */
static void name_program(struct image *image)
{
    int length = (int)strcspn(image->window->program, "\n");
    snprintf(image->program, sizeof image->program, "%.*s", length, image->window->program);
    const char *slash = strrchr(image->program, '/');
    if (slash && slash[1]) memmove(image->program, slash + 1, strlen(slash + 1) + 1);
}

bool image_begin(struct image *image, const char *folder)
{
    if (!open_window(image, folder)) return false;
    image->started_ns = image->window->started_ns;
    name_program(image);
    return true;
}

static size_t count_ready(const struct image *image)
{
    const struct raw_event *events = image->window->events;
    uint32_t end = image->next_event;
    while (end < SPOOL_WINDOW_EVENTS &&
           atomic_load_explicit(&events[end].kind, memory_order_acquire) != 0) {
        end++;
    }
    return end - image->next_event;
}

/* Nothing follows in a window that is complete, so it is asked first. */
const struct raw_event *image_events(struct image *image, const char *folder, size_t *count)
{
    *count = 0;
    while (open_window(image, folder)) {
        bool is_complete = atomic_load_explicit(&image->window->is_complete, memory_order_acquire);
        if (!image->is_skipped) *count = count_ready(image);
        if (*count > 0) return image->window->events + image->next_event;
        if (!is_complete) return NULL;
        close_window(image, folder, image->window_number > 0);
    }
    return NULL;
}

void image_pass(struct image *image, size_t count)
{
    image->next_event += (uint32_t)count;
}

void image_end(struct image *image, const char *folder)
{
    char spare[IMAGE_PATH_BYTES];
    if (image->window) close_window(image, folder, false);
    for (unsigned i = 0; i < SPOOL_SPARES; i++) {
        name_spare(image, folder, i, spare);
        unlink(spare);
    }
}
