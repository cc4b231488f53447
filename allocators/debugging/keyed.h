/* Things put in the order of 64-bit keys. */
#ifndef KEYED_H
#define KEYED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct keyed {
    uint64_t key;
    const void *item;
};

/* Least key first; equal keys stay in their order. As much memory again for a while; false, with
 * nothing changed, when the system refuses it. O(count). */
bool keyed_sort(struct keyed *rows, size_t count);

#endif
