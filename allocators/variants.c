/* Made from the registry and the option rows, so that a new allocator or policy needs no line here.
 */
#include "variants.h"

#include <stdio.h>
#include <string.h>

#include "spec.h"

struct visit {
    void (*visit)(void *visitor, const char *spec);
    void *visitor;
};

static void visit_value(const struct visit *visit, const struct allocator *allocator,
                        const struct option_row *option, const char *value)
{
    char spec[256];
    struct spec_description description;
    struct error error;
    if (!strcmp(value, option->standard)) return;
    snprintf(spec, sizeof spec, "%s:%s=%s", allocator->name, option->name, value);
    if (spec_describe(spec, &description, &error)) visit->visit(visit->visitor, spec);
}

static void visit_option(const struct visit *visit, const struct allocator *allocator,
                         const struct option_row *option)
{
    char values[256], *rest = values, *value;
    if (option->kind != OPTION_CHOICE && option->kind != OPTION_BOOLEAN) return;
    snprintf(values, sizeof values, "%s",
             option->kind == OPTION_CHOICE ? option->choices : "yes no");
    while ((value = strsep(&rest, " "))) visit_value(visit, allocator, option, value);
}

void variants_each(void (*visit)(void *visitor, const char *spec), void *visitor)
{
    const struct visit each = {visit, visitor};
    const struct allocator *allocator;
    for (size_t i = 0; (allocator = registry_at(i)); i++) {
        if (allocator->library || (allocator->traits & (TRAIT_WRAPPER | TRAIT_REPLAY_ONLY))) {
            continue;
        }
        visit(visitor, allocator->name);
        const struct option_row *option = allocator->options;
        for (; option && option->name; option++) visit_option(&each, allocator, option);
    }
}
