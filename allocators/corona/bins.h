/* Bins: the sizes that small objects come in. Every 16 bytes up to 256, then eight to a doubling,
 * up to 32 KiB: at most an eighth of an object is not used, beyond the first 128 bytes. */
#ifndef CORONA_BINS_H
#define CORONA_BINS_H

#include <stddef.h>
#include <stdint.h>

enum {
    OBJECT_ALIGNMENT = 16,
    BIN_COUNT = 72,
    SMALL_BYTES = 32 << 10, /* larger objects are runs of their own */
    DIRECT_BYTES = 1024,    /* up to here a table leads from size to block */
    DIRECT_COUNT = DIRECT_BYTES / OBJECT_ALIGNMENT + 1,
};

/* bytes: up to SMALL_BYTES. */
static inline unsigned bin_of(size_t bytes)
{
    if (bytes <= 128) return bytes == 0 ? 0 : (unsigned)((bytes - 1) / OBJECT_ALIGNMENT);
    unsigned shift = 60 - (unsigned)__builtin_clzll(bytes - 1);
    return 8 + (shift - 4) * 8 + (((bytes - 1) >> shift) & 7);
}

static inline uint32_t bin_bytes(unsigned bin)
{
    if (bin < 8) return (bin + 1) * OBJECT_ALIGNMENT;
    return (9 + bin % 8) << (bin / 8 + 3);
}

#endif
