/* What a heap says of itself, for people. */
#ifndef REPORT_H
#define REPORT_H

#include <stdio.h>

#include "../allocators/spec.h"

/* Prints every layer of the heap: its figures and, where it keeps one, its table of tiers. */
void report_print(FILE *out, const struct heap *heap);

#endif
