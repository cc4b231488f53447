/* What distances mean to a person. The two bounds are a convention from what was seen: the mix of
 * Lua objects with another seed stays within the first in all (the most was 0.14, of live curves
 * whose waves are out of step), and most pairs of recorded Lua programs go beyond the second in
 * something.
 */
#include "inspect_distance.h"

#define NEAR 0.15
#define FAR 0.25

const char *const distance_names[] = {
    "sizes by count", "sizes by bytes", "lifetimes",
    "live curve",     "kinds of calls", "order of frees",
};

static const char *grade(double distance)
{
    if (distance <= NEAR) return "near";
    return distance <= FAR ? "some way apart" : "far apart";
}

static enum distance find_widest(const struct distances *distances)
{
    enum distance widest = 0;
    for (enum distance i = 1; i < DISTANCES; i++) {
        if (distances->values[i] > distances->values[widest]) widest = i;
    }
    return widest;
}

void distances_judge(const struct distances *distances, char *text, size_t length)
{
    enum distance widest = find_widest(distances);
    double worst = distances->values[widest];
    if (distances->values[DISTANCE_SIZES] <= NEAR && distances->values[DISTANCE_LIVES] > FAR) {
        snprintf(text, length,
                 "Warning: sizes match and lifetimes do not (%.2f): such traces are known to "
                 "mislead, and what an allocator does on the one says little about the other.",
                 distances->values[DISTANCE_LIVES]);
    } else if (worst <= NEAR) {
        snprintf(text, length, "Alike in all that is compared; the largest distance is %.2f.",
                 worst);
    } else if (worst <= FAR) {
        snprintf(text, length, "Much alike, and some way apart in %s (%.2f).",
                 distance_names[widest], worst);
    } else {
        snprintf(text, length, "Different: far apart in %s (%.2f).", distance_names[widest], worst);
    }
}

void distances_add(const struct distances *distances, struct inspect_figures *figures)
{
    inspect_begin(figures, "distances");
    for (int i = 0; i < DISTANCES; i++) {
        inspect_add(figures, distance_names[i], distances->values[i], "0..1");
    }
}

void distances_print(const struct distances *distances, const char *other, FILE *out)
{
    char verdict[256];
    fprintf(out, "distance to %s (0: the same, 1: nothing in common)\n", other);
    for (int i = 0; i < DISTANCES; i++) {
        fprintf(out, "  %-32s %15.3f %s\n", distance_names[i], distances->values[i],
                grade(distances->values[i]));
    }
    distances_judge(distances, verdict, sizeof verdict);
    fprintf(out, "  %s\n", verdict);
}
