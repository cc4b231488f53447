/* Says that the program has broken a rule of memory, with all that any layer knows of the block. */
#ifndef COMPLAINT_H
#define COMPLAINT_H

#include "../wrappers/wrapped.h"

/* Names of faults, as they stand in messages, reports and tests. */
#define FAULT_OVERFLOW "overflow"
#define FAULT_UNDERFLOW "underflow"
#define FAULT_DOUBLE_FREE "double free"
#define FAULT_INVALID_FREE "invalid free"
#define FAULT_INTERIOR_FREE "interior free"
#define FAULT_RESIZE_OF_FREED "resize of a freed block"
#define FAULT_USE_AFTER_FREE "use after free"
#define FAULT_WRONG_OLD_SIZE "wrong osize"

/* A block as the program knows it. */
struct seen_block {
    const char *address;
    size_t size;
};

/* What a block of the wrapper over `inner` is to the program: less what layers outside that wrapper
 * have added. */
struct seen_block complaint_seen(const struct heap *inner, const void *block, size_t size);

/* One message to the host: "guards: overflow: block 0x… of 40 bytes: DETAIL", where the program is
 * now, and what this layer and those outside it explain of the block. Counts the fault in the
 * host, which may want to abort. inner is that of the wrapper that complains, block and size are as
 * that wrapper's caller knows them, and the message has them as the program does. The host may read
 * the program's own blocks: complain before the call is passed on. */
void complain(const struct heap *inner, const char *fault, const void *block, size_t size,
              const char *format, ...) __attribute__((format(printf, 5, 6)));

#endif
