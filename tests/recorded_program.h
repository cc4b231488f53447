/* What the programs share that test_record.py compiles and records. */
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* Keeps the compiler from leaving calls out. */
static void *volatile sink;

static inline void *keep(void *block)
{
    sink = block;
    return block;
}
