/* Images are found by their marks in the spool's folder, those found together put in the order of
 * their starts. An image is closed when its process is gone, or has become another program: it is
 * asked before what is there is read, so that nothing can follow.
 */
#include "harvest.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image_trace.h"

static bool is_known(const struct harvest *harvest, uint32_t process, uint32_t number)
{
    for (size_t i = harvest->image_count; i > 0; i--) {
        const struct image *image = harvest->images[i - 1];
        if (image->process == process && image->number == number && !image->is_gone) return true;
    }
    return false;
}

static bool reads_as_mark(const char *name, uint32_t *process, uint32_t *number)
{
    int length = 0;
    return sscanf(name, "%u-%u%n", process, number, &length) == 2 && !name[length];
}

/* Of one process, what came before another image is over. */
static void end_earlier(struct harvest *harvest, struct image *image)
{
    for (size_t i = 0; i < harvest->image_count; i++) {
        struct image *other = harvest->images[i];
        if (other->process != image->process || other->is_gone) continue;
        if (other->number < image->number) other->is_over = true;
        if (other->number > image->number) image->is_over = true;
    }
}

static bool add_image(struct harvest *harvest, uint32_t process, uint32_t number)
{
    struct image *image = calloc(1, sizeof *image);
    size_t bytes = (harvest->image_count + 1) * sizeof *harvest->images;
    struct image **images = image ? realloc(harvest->images, bytes) : NULL;
    if (images) harvest->images = images;
    if (!images) {
        free(image);
        return false;
    }
    *image = (struct image){.process = process, .number = number};
    if (!image_begin(image, harvest->folder)) {
        free(image);
        harvest->unread_count++;
        return true;
    }
    image->is_skipped = harvest->only && strcmp(image->program, harvest->only) != 0;
    images[harvest->image_count++] = image;
    end_earlier(harvest, image);
    return true;
}

static int compare_starts(const void *left, const void *right)
{
    const struct image *const *a = left, *const *b = right;
    return ((*a)->started_ns > (*b)->started_ns) - ((*a)->started_ns < (*b)->started_ns);
}

static bool find_images(struct harvest *harvest)
{
    size_t known = harvest->image_count;
    uint32_t process, number;
    bool has_room = true;
    DIR *folder = opendir(harvest->folder);
    harvest->unread_count = 0;
    if (!folder) return false;
    for (const struct dirent *entry; has_room && (entry = readdir(folder));) {
        if (!reads_as_mark(entry->d_name, &process, &number)) continue;
        if (!is_known(harvest, process, number)) has_room = add_image(harvest, process, number);
    }
    closedir(folder);
    if (harvest->image_count > known) {
        qsort(harvest->images + known, harvest->image_count - known, sizeof *harvest->images,
              compare_starts);
    }
    return has_room;
}

static bool is_gone(const struct image *image)
{
    return kill((pid_t)image->process, 0) != 0 && errno == ESRCH;
}

/* The mark goes with the process: another may get that number. */
static void close_image(struct harvest *harvest, struct image *image)
{
    char mark[IMAGE_PATH_BYTES];
    image_end(image, harvest->folder);
    image_trace_close(image, harvest);
    image->is_closed = true;
    image->is_gone = is_gone(image);
    if (!image->is_gone) return;
    snprintf(mark, sizeof mark, "%s/%u-%u", harvest->folder, image->process, image->number);
    unlink(mark);
}

static void gather_image(struct harvest *harvest, struct image *image)
{
    size_t count;
    const struct raw_event *events;
    bool is_over = image->is_over || is_gone(image);
    while ((events = image_events(image, harvest->folder, &count))) {
        image_trace_add(image, harvest, events, count);
        image_pass(image, count);
    }
    if (is_over) close_image(harvest, image);
}

bool harvest_gather(struct harvest *harvest)
{
    bool has_room = find_images(harvest);
    for (size_t i = 0; i < harvest->image_count; i++) {
        if (!harvest->images[i]->is_closed) gather_image(harvest, harvest->images[i]);
    }
    return has_room;
}

bool harvest_finish(struct harvest *harvest)
{
    bool has_room = find_images(harvest);
    for (size_t i = 0; i < harvest->image_count; i++) {
        struct image *image = harvest->images[i];
        image->is_over = true;
        if (!image->is_closed) gather_image(harvest, image);
    }
    return has_room;
}

void harvest_close(struct harvest *harvest)
{
    for (size_t i = 0; i < harvest->image_count; i++) free(harvest->images[i]);
    free(harvest->images);
}
