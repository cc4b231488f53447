/* What the tests of multilevel share, after heap_test.h. */
#ifndef MULTILEVEL_TEST_H
#define MULTILEVEL_TEST_H

#include <string.h>

static inline double figure_of(const struct heap *heap, const char *name)
{
    struct heap_figure figure;
    for (size_t i = 0; heap->allocator->figure(heap->state, i, &figure); i++) {
        if (!strcmp(figure.name, name)) return figure.value;
    }
    fail_msg("no figure is called `%s`", name);
    return 0;
}

#endif
