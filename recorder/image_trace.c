/* A trace's file is begun when its program makes its first call, so that what allocates nothing
 * leaves nothing. Its text is written twice: what could not be followed is known at the end. */
#include "image_trace.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* F.hbt, F.2.hbt … */
static void name_file(const struct harvest *harvest, struct image *image)
{
    size_t stem = strlen(harvest->output) - strlen(".hbt");
    if (image->file_number == 1) {
        snprintf(image->path, sizeof image->path, "%s", harvest->output);
        return;
    }
    snprintf(image->path, sizeof image->path, "%.*s.%u.hbt", (int)stem, harvest->output,
             image->file_number);
}

static bool is_command(const struct image *image, const struct harvest *harvest)
{
    return harvest->only ? harvest->file_count == 0
                         : image->process == harvest->process && image->number == 0;
}

/* The number 1 is the command's own, whoever is first. */
static void number_file(struct image *image, struct harvest *harvest)
{
    if (is_command(image, harvest)) image->file_number = 1;
    else image->file_number = harvest->file_count < 1 ? 2 : harvest->file_count + 1;
    if (image->file_number > harvest->file_count) harvest->file_count = image->file_number;
}

static void describe(const struct image *image, const struct harvest *harvest,
                     char about[TRACE_ABOUT_MAXIMUM])
{
    const struct conversion_losses *losses = &image->conversion.losses;
    snprintf(about, TRACE_ABOUT_MAXIMUM,
             "program: %.200s\nprocess: %6u\nmissed calls: %12llu\nunknown blocks: %12llu\n"
             "unseen frees: %12llu\noversized calls: %12llu\n" TRACE_OUTSIDE ": %12llu\n%s",
             image->program, image->file_number, (unsigned long long)image->missed_calls,
             (unsigned long long)losses->unknown_blocks, (unsigned long long)losses->unseen_frees,
             (unsigned long long)losses->oversized_calls,
             (unsigned long long)conversion_outside_ns(&image->conversion), harvest->about);
}

static bool open_trace(struct image *image, struct harvest *harvest)
{
    char about[TRACE_ABOUT_MAXIMUM];
    number_file(image, harvest);
    name_file(harvest, image);
    describe(image, harvest, about);
    image->writer = trace_writer_open(image->path, about, &image->error);
    if (!image->writer) return false;
    image->conversion.trace = trace_writer_trace(image->writer);
    image->conversion.trace->touches_blocks = true; /* as every program does */
    return true;
}

void image_trace_add(struct image *image, struct harvest *harvest, const struct raw_event *events,
                     size_t count)
{
    if (!image->writer && (*image->error.text || !open_trace(image, harvest))) return;
    for (size_t i = 0; i < count; i++) {
        if (!conversion_add(&image->conversion, &events[i])) return;
    }
}

static void note_figures(struct image *image)
{
    const struct trace *trace = trace_writer_trace(image->writer);
    image->call_count = trace->operation_count;
    image->event_count = trace->operation_count + image->conversion.mark_count;
    image->peak_live_bytes = trace->peak_live_bytes;
}

void image_trace_close(struct image *image, const struct harvest *harvest)
{
    char about[TRACE_ABOUT_MAXIMUM];
    struct stat status;
    if (image->writer) {
        note_figures(image);
        describe(image, harvest, about);
        trace_writer_amend(image->writer, about);
        if (trace_writer_close(image->writer, &image->error) && stat(image->path, &status) == 0) {
            image->file_bytes = (uint64_t)status.st_size;
        }
        image->writer = NULL;
    }
    conversion_close(&image->conversion);
}
