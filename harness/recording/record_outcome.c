/* One line a file; what is lost of it stands there too. Failures are told of in every case. */
#include "record_outcome.h"

#include <stdio.h>
#include <string.h>

#include "../../allocators/text.h"
#include "../command.h"

static void add_losses(struct text *line, const struct image *image)
{
    const struct conversion_losses *losses = &image->conversion.losses;
    const struct {
        uint64_t count;
        const char *name;
    } rows[] = {{image->missed_calls, "missed calls"},
                {losses->unknown_blocks, "unknown blocks"},
                {losses->unseen_frees, "unseen frees"},
                {losses->oversized_calls, "calls of 4 GiB or more left out"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].count)
            text_add(line, ", %llu %s", (unsigned long long)rows[i].count, rows[i].name);
    }
}

static void tell_file(const struct image *image)
{
    char buffer[IMAGE_PATH_BYTES + 512];
    struct text line = text_in(buffer, sizeof buffer);
    double events = image->event_count ? (double)image->event_count : 1;
    text_add(&line, "%s: %s, %llu calls, peak live %llu bytes, %.2f bytes per event", image->path,
             image->program, (unsigned long long)image->call_count,
             (unsigned long long)image->peak_live_bytes, (double)image->file_bytes / events);
    add_losses(&line, image);
    command_fail(0, buffer);
}

static bool tell_image(const struct image *image, bool is_quiet)
{
    char text[IMAGE_PATH_BYTES + 512];
    bool is_whole = true;
    if (*image->error.text) {
        command_fail(1, image->error.text);
        is_whole = false;
    } else if (image->file_number && !is_quiet) {
        tell_file(image);
    }
    if (image->stopped) {
        snprintf(text, sizeof text, "%s: recording stopped after %llu calls: %s", image->program,
                 (unsigned long long)image->call_count, strerror((int)image->stopped));
        command_fail(1, text);
        is_whole = false;
    }
    return is_whole;
}

static const struct image *image_of_file(const struct harvest *harvest, unsigned number)
{
    for (size_t i = 0; i < harvest->image_count; i++) {
        if (harvest->images[i]->file_number == number) return harvest->images[i];
    }
    return NULL;
}

static bool tell_missing(const struct harvest *harvest)
{
    char buffer[2048];
    struct text line = text_in(buffer, sizeof buffer);
    if (harvest->only && harvest->image_count > 0) {
        text_add(&line, "no program called %s made a call; there were", harvest->only);
        for (size_t i = 0; i < harvest->image_count; i++) {
            text_add(&line, "%s %s", i ? "," : "", harvest->images[i]->program);
        }
    } else if (harvest->image_count > 0) {
        text_add(&line, "%s: the command itself made no call that can be recorded",
                 harvest->output);
    } else {
        text_add(&line, "nothing was recorded: the command left before its first call, or runs "
                        "without what is preloaded");
    }
    command_fail(1, buffer);
    return false;
}

bool record_outcome_tell(const struct harvest *harvest, bool is_quiet)
{
    char text[256];
    bool is_whole = true;
    for (unsigned number = 0; number <= harvest->file_count; number++) {
        for (size_t i = 0; i < harvest->image_count; i++) {
            const struct image *image = harvest->images[i];
            if (image->file_number == number) is_whole = tell_image(image, is_quiet) && is_whole;
        }
    }
    if (harvest->unread_count > 0) {
        snprintf(text, sizeof text, "%zu programs could not begin to be recorded",
                 harvest->unread_count);
        command_fail(1, text);
        is_whole = false;
    }
    return (image_of_file(harvest, 1) || tell_missing(harvest)) && is_whole;
}
