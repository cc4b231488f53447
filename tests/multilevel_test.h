/* What the tests of multilevel share, after heap_test.h. */
#ifndef MULTILEVEL_TEST_H
#define MULTILEVEL_TEST_H

#include <string.h>

#endif
