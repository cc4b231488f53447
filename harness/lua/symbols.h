/* Names of code for call stacks, with file and line where the code was built with -g. */
#ifndef SYMBOLS_H
#define SYMBOLS_H

#include "../../allocators/spec.h"

/* From now on the heap's messages name functions that the dynamic linker does not know, too. */
void symbols_use(struct heap *heap);

/* Modules that the program loaded stay, so that their code has names after it has let them go. */
void symbols_keep_modules(void);

#endif
