/* Which wrappers may stand over which. */
#ifndef ORDER_H
#define ORDER_H

#include "../allocator.h"

/* False, with the reason, when `outer` may not stand anywhere over `inner` in one spec. */
bool order_allows(const struct allocator *outer, const struct allocator *inner,
                  struct error *error);

#endif
