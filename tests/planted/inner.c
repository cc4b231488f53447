/* A malloc whose realloc calls its own malloc by name, as a plain one does. */
#include <stddef.h>
#include <string.h>

static char buffer[64 << 20];
static size_t used;

void *malloc(size_t bytes)
{
    size_t needed = (bytes + 31) & ~(size_t)15;
    if (bytes > sizeof buffer || needed > sizeof buffer - used) return NULL;
    char *block = buffer + used + 16;
    memcpy(block - 16, &bytes, sizeof bytes);
    used += needed;
    return block;
}

void free(void *block)
{
    (void)block;
}

void *realloc(void *block, size_t bytes)
{
    size_t old_bytes = 0;
    if (block) memcpy(&old_bytes, (char *)block - 16, sizeof old_bytes);
    void *moved = malloc(bytes);
    if (moved && block) memcpy(moved, block, old_bytes < bytes ? old_bytes : bytes);
    if (moved) free(block);
    return moved;
}
