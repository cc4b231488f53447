/* Nearest names by edit distance (Levenshtein, one row of the matrix at a time): a candidate counts
 * when at most a third of the wanted name's letters, and at least two, are wrong. */
#include "nearest.h"

#include <stdio.h>
#include <string.h>

enum { NAME_MAXIMUM = 64 };

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

static size_t edit_distance(const char *from, const char *to)
{
    size_t row[NAME_MAXIMUM + 1];
    size_t length = strlen(to);
    if (length > NAME_MAXIMUM || strlen(from) > NAME_MAXIMUM) return NAME_MAXIMUM;
    for (size_t i = 0; i <= length; i++) row[i] = i;
    for (size_t done = 1; *from; from++, done++) {
        size_t diagonal = row[0];
        row[0] = done;
        for (size_t i = 1; i <= length; i++) {
            size_t replaced = diagonal + (*from != to[i - 1]);
            diagonal = row[i];
            row[i] = smallest(replaced, row[i] + 1, row[i - 1] + 1);
        }
    }
    return row[length];
}

void nearest_offer(struct nearest *nearest, const char *candidate)
{
    size_t distance = edit_distance(nearest->wanted, candidate);
    size_t allowed = strlen(nearest->wanted) / 3;
    if (distance > (allowed > 2 ? allowed : 2)) return;
    if (nearest->best && distance >= nearest->best_distance) return;
    nearest->best = candidate;
    nearest->best_distance = distance;
}

const char *nearest_advice(const struct nearest *nearest, char *buffer, size_t length)
{
    if (!nearest->best) return "";
    snprintf(buffer, length, ", did you mean `%s`?", nearest->best);
    return buffer;
}
