/* A system that gives only so many threads; for one source file of a test program. */
#ifndef FEW_THREADS_H
#define FEW_THREADS_H

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>

/* Stands before the C library's: the system has this many threads left to give, -1 for any. */
static int threads_left = -1;

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *),
                   void *argument)
{
    typedef int create_fn(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    create_fn *create = (create_fn *)dlsym(RTLD_NEXT, "pthread_create");
    if (threads_left == 0) return EAGAIN;
    if (threads_left > 0) threads_left--;
    return create(thread, attributes, start, argument);
}

#endif
