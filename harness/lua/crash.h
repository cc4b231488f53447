/* A crash of a program whose memory is being watched. */
#ifndef CRASH_H
#define CRASH_H

#include "../../allocators/spec.h"

/* From now on a signal that ends the process has every layer look for damage first: what is found
 * is said as any fault is. The heap must live as long as the process, or until crash_forget. */
void crash_watch(struct heap *heap);
void crash_forget(void);

#endif
