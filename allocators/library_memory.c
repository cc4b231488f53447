/* What some libraries can say and do beyond malloc: how much of a block the caller may use, and to
 * give every page back that holds nothing, whatever that costs.
 *
 * Each library has a call of its own for the latter; it is known by that call's name, so that a
 * library given by its path is asked as well. */
#include "library_heap.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "allocator.h"

static void purge_mimalloc(void *symbol)
{
    void (*collect)(bool is_forced);
    memcpy(&collect, &symbol, sizeof symbol);
    collect(true);
}

/* 4096 stands for all arenas since 5.0 (MALLCTL_ARENAS_ALL). What this thread keeps in its cache
 * must be back in an arena before pages can be empty. */
static void purge_jemalloc(void *symbol)
{
    int (*control)(const char *, void *, size_t *, void *, size_t);
    memcpy(&control, &symbol, sizeof symbol);
    control("thread.tcache.flush", NULL, NULL, NULL, 0);
    control("arena.4096.purge", NULL, NULL, NULL, 0);
}

static void purge_tcmalloc(void *symbol)
{
    void (*give_back)(void);
    memcpy(&give_back, &symbol, sizeof symbol);
    give_back();
}

/* 0 is TBBMALLOC_CLEAN_ALL_BUFFERS. */
static void purge_tbbmalloc(void *symbol)
{
    int (*command)(int, void *);
    memcpy(&command, &symbol, sizeof symbol);
    command(0, NULL);
}

static void purge_corona(void *symbol)
{
    size_t (*give_back)(void);
    memcpy(&give_back, &symbol, sizeof symbol);
    give_back();
}

static void bind_purge(struct library_heap *heap)
{
    static const struct {
        const char *symbol;
        void (*purge)(void *symbol);
    } known[] = {
        {"mi_collect", purge_mimalloc},
        {"mallctl", purge_jemalloc},
        {"je_mallctl", purge_jemalloc},
        {"MallocExtension_ReleaseFreeMemory", purge_tcmalloc},
        {"scalable_allocation_command", purge_tbbmalloc},
        {"corona_purge", purge_corona},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known && !heap->purge; i++) {
        heap->purge_symbol = library_symbol(heap, "", known[i].symbol);
        if (heap->purge_symbol) heap->purge = known[i].purge;
    }
}

void library_bind_memory(struct library_heap *heap, const char *prefix)
{
    static const char *const names[] = {"malloc_usable_size", "usable_size", "msize"};
    void *symbol = NULL;
    for (size_t i = 0; i < sizeof names / sizeof *names && !symbol; i++) {
        symbol = library_symbol(heap, prefix, names[i]);
    }
    if (!symbol) symbol = library_symbol(heap, "", "malloc_usable_size");
    memcpy(&heap->usable, &symbol, sizeof symbol);
    bind_purge(heap);
}

size_t library_usable(const void *state, const void *block)
{
    const struct library_heap *heap = state;
    return heap->usable ? heap->usable((void *)block) : UNKNOWN;
}

void library_purge(void *state)
{
    const struct library_heap *heap = state;
    if (heap->purge) heap->purge(heap->purge_symbol);
}
