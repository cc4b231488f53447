/* Settings: of the build, here as constants, and of the environment, read once.
 *
 * A value that cannot be understood is told of on standard error and ignored. */
#ifndef CORONA_SETTINGS_H
#define CORONA_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LARGE_CACHE_BYTES = 512 << 10, /* a thread keeps so much of freed large objects at most */
    LARGE_CACHE_COUNT = 32,        /* and so many of them */
    BLOCK_POOL_HIGH = 8,           /* a thread gives empty blocks back beyond so many */
    BLOCK_POOL_LOW = 2,            /* until so many are left */
    REMOTE_BATCH_COUNT = 64,       /* objects of another thread are sent back in such batches */
    REMOTE_BATCH_BYTES = 16384,    /* or of so many bytes, whichever comes first */
};

enum huge_pages { HUGE_NO, HUGE_AUTO, HUGE_ALWAYS };

struct settings_of_corona {
    enum huge_pages huge_pages;  /* CORONA_HUGE_PAGES=no|auto|always (auto) */
    size_t huge_threshold_bytes; /* CORONA_HUGE_THRESHOLD: auto asks for them from this heap on */
    size_t arena_bytes;          /* CORONA_ARENA: most address space to reserve */
    uint32_t purge_delay_ms;     /* CORONA_PURGE_DELAY: free memory goes back after so long */
    bool is_verbose;             /* CORONA_VERBOSE: the settings, at the start */
    bool has_statistics;         /* CORONA_STATS: counts every call, reports at exit */
    bool is_debugging;           /* CORONA_DEBUG: checks every call */
};
extern struct settings_of_corona corona_settings;

/* Whether each call is counted or checked, so that none may take a fast path. */
static inline bool settings_are_watching(void)
{
    return corona_settings.has_statistics || corona_settings.is_debugging;
}

/* Reads the environment unless that is done, and returns false when it cannot be read yet: then
 * the standard values hold until the next try. */
bool settings_read_environment(void);

#endif
