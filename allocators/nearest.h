/* The name that a user most likely meant. */
#ifndef NEAREST_H
#define NEAREST_H

#include <stddef.h>

struct nearest {
    const char *wanted;
    const char *best; /* NULL while no name is near enough */
    size_t best_distance;
};

/* Shows one candidate; the nearest so far is kept. The candidate must outlive the search. */
void nearest_offer(struct nearest *nearest, const char *candidate);

/* ", did you mean `NAME`?" in a buffer of the caller's, or "" when nothing is near. */
const char *nearest_advice(const struct nearest *nearest, char *buffer, size_t length);

#endif
