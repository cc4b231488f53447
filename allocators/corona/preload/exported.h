/* Read before all else by each object of the library: what corona.h declares is seen from outside,
 * all other names are hidden by the compiler's flags. */
#ifndef CORONA_EXPORTED_H
#define CORONA_EXPORTED_H

#pragma GCC visibility push(default)
#include "../corona.h"
#pragma GCC visibility pop

#endif
