/* corona: a scalable general malloc. The door of this folder; docs/corona.md leads through it.
 *
 * One heap for the whole process, safe for all threads, before main, at thread exit and in a forked
 * child. Blocks are aligned to 16 bytes at least. Each function does what its standard namesake
 * does, errno included: a request that cannot be served returns NULL and sets ENOMEM, and more than
 * PTRDIFF_MAX bytes never can. A request of 0 bytes gets a block of its own. What is freed must
 * come from here: any other pointer, and a block that is free already, ends the process with one
 * line that says so, as soon as it is noticed; docs/corona.md says when that is. */
#ifndef CORONA_H
#define CORONA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CORONA_VERSION "1.0.0"

void *corona_malloc(size_t bytes);
void *corona_calloc(size_t count, size_t bytes);
void *corona_realloc(void *block, size_t bytes); /* 0 bytes frees it and returns NULL */
void corona_free(void *block);

/* alignment is a power of two; anything else sets EINVAL and returns NULL. */
void *corona_aligned_alloc(size_t alignment, size_t bytes);

/* Bytes that the program may use of a block, at least as many as it asked for; 0 for NULL. */
size_t corona_usable_size(const void *block);

/* Gives back to the system all memory that holds no block, as far as this thread can reach it: its
 * own caches and all that is shared. Bytes that went back. */
size_t corona_purge(void);

/* Since the process began, over all threads. The counts of calls are exact under CORONA_STATS=yes
 * (or CORONA_DEBUG=yes), and 0 without; caches, blocks and bytes are always counted. Other threads
 * may go on meanwhile, so figures need not belong to one instant. */
struct corona_statistics {
    uint64_t allocations, frees; /* calls that gave or took a block; a realloc that moves is both */
    uint64_t small_allocations, large_allocations; /* up to and above 32 KiB */
    uint64_t cross_thread_frees;                   /* of small ones that are not the caller's */
    uint64_t cache_hits, cache_misses;             /* of the threads' caches of large objects */
    uint64_t block_takes, block_adoptions;         /* blocks begun; taken over from ended threads */
    size_t live_objects;                           /* CORONA_STATS=yes */
    size_t reserved_bytes, committed_bytes;        /* of address space; of it, made usable */
    size_t used_bytes;     /* of committed: holding blocks and large objects */
    size_t dirty_bytes;    /* of committed: free, not yet given back */
    size_t metadata_bytes; /* of committed: descriptors, threads */
    size_t purged_bytes;   /* given back in all */
    size_t threads;        /* alive, that have allocated */
};
void corona_statistics(struct corona_statistics *out);

/* The same as text, a line at a time. */
void corona_report(void (*line)(void *out, const char *text), void *out);

#ifdef __cplusplus
}
#endif

#endif
