/* The families in report order, from families.h alone: a family NAME there is defined as
 * `const struct trace_family family_NAME` by whichever file makes it. */
#include "family.h"

#define FAMILY(name) extern const struct trace_family family_##name;
#include "families.h"
#undef FAMILY

static const struct trace_family *const families[] = {
#define FAMILY(name) &family_##name,
#include "families.h"
#undef FAMILY
};

const struct trace_family *family_at(size_t index)
{
    return index < sizeof families / sizeof *families ? families[index] : NULL;
}
