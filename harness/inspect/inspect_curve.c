/* When all stretches are used up, each two neighbours become one, and the next are twice as long.
 * So one pass is enough and nothing need be known of the trace's length. Cost: a few comparisons a
 * call.
 */
#include "inspect_curve.h"

/* The second follows upon the first. */
static struct stretch join(const struct stretch *first, const struct stretch *second)
{
    struct stretch joined = *second;
    if (first->least_bytes < joined.least_bytes) joined.least_bytes = first->least_bytes;
    if (first->most_bytes > joined.most_bytes) joined.most_bytes = first->most_bytes;
    return joined;
}

static void halve(struct live_curve *curve)
{
    struct stretch *stretches = curve->stretches;
    curve->count /= 2;
    curve->length *= 2;
    for (size_t i = 0; i < curve->count; i++) {
        stretches[i] = join(&stretches[2 * i], &stretches[2 * i + 1]);
    }
}

static void close_stretch(struct live_curve *curve)
{
    curve->stretches[curve->count++] = curve->open;
    curve->open_length = 0;
    if (curve->count == CURVE_STRETCHES) halve(curve);
}

void curve_note(struct live_curve *curve, uint64_t operation, uint64_t bytes, uint64_t blocks)
{
    struct stretch *open = &curve->open;
    if (curve->open_length == 0) *open = (struct stretch){.least_bytes = bytes};
    if (bytes < open->least_bytes) open->least_bytes = bytes;
    if (bytes > open->most_bytes) open->most_bytes = bytes;
    open->operation = operation;
    open->bytes = bytes;
    open->blocks = blocks;
    if (curve->length == 0) curve->length = 1;
    if (++curve->open_length == curve->length) close_stretch(curve);
}

void curve_finish(struct live_curve *curve)
{
    if (curve->open_length) close_stretch(curve);
}
