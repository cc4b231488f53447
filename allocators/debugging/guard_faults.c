/* What `guards` does when something is wrong, or new to it: slow, and only then.
 *
 * Each guard is compared with what should stand there byte by byte, and put right once that is
 * said, so that one fault is told once. An address that is no live block is looked up in the array
 * as a whole, and read only where the system says that it can be.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/uio.h>
#include <unistd.h>

#include "complaint.h"
#include "guards.h"
#include "quarantine.h"

/* Eight bytes of an address that may be anything: the system reads them, or says that it cannot.
 * Where it may not be asked, nothing is readable, and the array alone answers. */
static bool read_word(uintptr_t address, uint64_t *word)
{
    int error_before = errno;
    struct iovec local = {word, sizeof *word}, remote = {(void *)address, sizeof *word};
    bool is_read = process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == sizeof *word;
    errno = error_before;
    return is_read;
}

unsigned char *guards_add_page(struct guards *guards, const char *block)
{
    uintptr_t region = ((uintptr_t)block - GUARD_FRONT_BYTES) >> 32;
    if (region >= sizeof guards->maps / sizeof *guards->maps) return NULL;
    struct page_map *map = pages_map(sizeof *map);
    if (!map) return NULL;
    map->older = guards->newest_map;
    guards->newest_map = guards->maps[region] = map;
    guards->map_count++;
    return guards_page(guards, block);
}

void guards_forget_pages(struct guards *guards)
{
    for (struct page_map *map = guards->newest_map, *older; map; map = older) {
        older = map->older;
        pages_unmap(map, sizeof *map);
    }
}

static struct guarded *next_live(const struct guards *guards, size_t *index)
{
    for (; *index < guards->entry_count; ++*index) {
        if (guards->entries[*index].block) return &guards->entries[(*index)++];
    }
    return NULL;
}

/* Its index may point anywhere: the array knows. */
static struct guarded *search(const struct guards *guards, const char *block)
{
    struct guarded *entry;
    for (size_t index = 0; (entry = next_live(guards, &index));) {
        if (entry->block == block) return entry;
    }
    return NULL;
}

/* The live block that an address lies in, guards included. */
static struct guarded *search_around(const struct guards *guards, const char *address)
{
    struct guarded *entry;
    for (size_t index = 0; (entry = next_live(guards, &index));) {
        size_t distance = (size_t)(address - (entry->block - GUARD_FRONT_BYTES));
        if (distance < entry->size + GUARD_OVERHEAD_BYTES) return entry;
    }
    return NULL;
}

struct guarded *guards_seek(struct guards *guards, const char *block)
{
    uint64_t index;
    bool is_named = read_word((uintptr_t)block - GUARD_FRONT_BYTES, &index) &&
                    index < guards->entry_count && guards->entries[index].block == block;
    if (is_named) return &guards->entries[index];
    struct guarded *entry = search(guards, block);
    if (entry) guards_inspect(guards, entry);
    return entry;
}

/* A stretch of memory and what should stand in it. */
struct stretch {
    char *start;
    unsigned char expected[GUARD_FRONT_BYTES];
    size_t bytes;
};

/* The changed byte nearest to the block and the one farthest from it, at distances from the end
 * that was passed: 1 is the first byte beyond. False when all is as it should be. */
static bool find_changes(const struct stretch *stretch, bool is_before, size_t *nearest,
                         size_t *farthest)
{
    *nearest = *farthest = 0;
    for (size_t distance = 1; distance <= stretch->bytes; distance++) {
        size_t at = is_before ? stretch->bytes - distance : distance - 1;
        if ((unsigned char)stretch->start[at] == stretch->expected[at]) continue;
        if (!*nearest) *nearest = distance;
        *farthest = distance;
    }
    return *nearest != 0;
}

static void complain_of(const struct guards *guards, const struct guarded *entry,
                        const struct stretch *stretch, bool is_before, size_t nearest,
                        size_t farthest)
{
    size_t at = is_before ? stretch->bytes - nearest : nearest - 1;
    char others[64] = "";
    if (farthest != nearest) {
        snprintf(others, sizeof others, "; written over up to %zu bytes %s it", farthest,
                 is_before ? "before" : "past");
    }
    complain(guards->wrapped.inner, is_before ? FAULT_UNDERFLOW : FAULT_OVERFLOW, entry->block,
             entry->size, "byte %td, %zu %s its %s, is 0x%02x and should be 0x%02x%s",
             stretch->start + at - entry->block, nearest, is_before ? "before" : "past",
             is_before ? "start" : "end", (unsigned char)stretch->start[at], stretch->expected[at],
             others);
}

static bool inspect_stretch(const struct guards *guards, const struct guarded *entry,
                            const struct stretch *stretch, bool is_before)
{
    size_t nearest, farthest;
    if (!find_changes(stretch, is_before, &nearest, &farthest)) return true;
    complain_of(guards, entry, stretch, is_before, nearest, farthest);
    memcpy(stretch->start, stretch->expected, stretch->bytes);
    return false;
}

static void expect_guard(unsigned char *expected)
{
    static const uint64_t words[GUARD_BYTES / 8] = {GUARD_WORD, GUARD_WORD, GUARD_WORD};
    memcpy(expected, words, sizeof words);
}

size_t guards_inspect(struct guards *guards, struct guarded *entry)
{
    uint64_t index = guarded_index(guards, entry);
    struct stretch front = {.start = entry->block - GUARD_FRONT_BYTES, .bytes = GUARD_FRONT_BYTES};
    struct stretch rear = {.start = entry->block + entry->size, .bytes = GUARD_BYTES};
    memcpy(front.expected, &index, sizeof index);
    expect_guard(front.expected + sizeof index);
    expect_guard(rear.expected);
    bool is_front_whole = inspect_stretch(guards, entry, &front, true);
    bool is_rear_whole = inspect_stretch(guards, entry, &rear, false);
    guards->underflows += !is_front_whole;
    guards->overflows += !is_rear_whole;
    return (size_t)!is_front_whole + (size_t)!is_rear_whole;
}

void guards_judge(struct guards *guards, struct guarded *entry, size_t old_size)
{
    guards_inspect(guards, entry);
    if (old_size == entry->size) return;
    guards->wrong_sizes++;
    complain(guards->wrapped.inner, FAULT_WRONG_OLD_SIZE, entry->block, entry->size,
             "the caller says that it has %zu", old_size);
}

/* As far as can be known: its memory may be in use again, or gone. */
static bool was_freed(const char *block)
{
    uint64_t words[2], poison;
    memset(&poison, QUARANTINE_POISON, sizeof poison);
    return read_word((uintptr_t)block - 16, &words[0]) &&
           read_word((uintptr_t)block - 8, &words[1]) && words[0] == words[1] &&
           (words[0] == GUARD_FREED_WORD || words[0] == poison);
}

static void complain_of_call(const struct guards *guards, char *block, size_t old_size,
                             size_t new_size)
{
    const struct heap *inner = guards->wrapped.inner;
    const struct guarded *around = search_around(guards, block);
    const char *wish = new_size ? "resized" : "freed";
    if (around) {
        complain(inner, FAULT_INTERIOR_FREE, around->block, around->size,
                 "%p was to be %s, at byte %td of it", (void *)block, wish, block - around->block);
    } else if (was_freed(block)) {
        complain(inner, new_size ? FAULT_RESIZE_OF_FREED : FAULT_DOUBLE_FREE, block, old_size,
                 "it was to be %s and is free already", wish);
    } else {
        complain(inner, FAULT_INVALID_FREE, block, old_size,
                 "it was to be %s and is no live block of this heap", wish);
    }
}

void *guards_refuse(struct guards *guards, char *block, size_t old_size, size_t new_size)
{
    guards->refusals++;
    complain_of_call(guards, block, old_size, new_size);
    return new_size && new_size <= old_size ? block : NULL; /* a shrink never fails */
}
