/* What the tests of wrappers that find faults share: a host that listens to complaints. */
#ifndef LISTENING_H
#define LISTENING_H

#include "heap_test.h"

#include <dlfcn.h>
#include <sys/mman.h>

#include "../allocators/debugging/complaint.h"

enum { SIZES = 512, MESSAGE_BYTES = 8192, MESSAGES = 8, POISON = 0xDD };

static struct {
    size_t count;
    char messages[MESSAGES][MESSAGE_BYTES];
} heard;

static inline void hear(void *outlet, const char *message)
{
    (void)outlet;
    if (heard.count < MESSAGES) {
        snprintf(heard.messages[heard.count], MESSAGE_BYTES, "%s", message);
    }
    heard.count++;
}

/* The name alone, each looked up once: the matrix has a million frames. */
static inline void name_code(void *outlet, const void *address, char *text, size_t length)
{
    static struct {
        const void *address;
        const char *name;
    } known[4096];
    size_t place = ((uintptr_t)address ^ (uintptr_t)address >> 12) % 4096;
    Dl_info found;
    (void)outlet;
    if (known[place].address != address) {
        known[place].address = address;
        known[place].name = dladdr(address, &found) ? found.dli_sname : NULL;
    }
    snprintf(text, length, "%s", known[place].name ? known[place].name : "?");
}

static inline struct heap *open_heard(const char *spec)
{
    struct heap *heap = open_spec(spec);
    struct host host = host_standard;
    host.say = hear;
    host.name_code = name_code;
    host.most_told = 0;
    heap_surround(heap, &host);
    heard.count = 0;
    return heap;
}

static inline const char *heard_of(const char *fault)
{
    char wanted[64];
    snprintf(wanted, sizeof wanted, ": %s: ", fault);
    for (size_t i = 0; i < heard.count && i < MESSAGES; i++) {
        if (strstr(heard.messages[i], wanted)) return heard.messages[i];
    }
    return NULL;
}

static inline bool has_block(const char *message, const void *block, size_t size)
{
    char wanted[96];
    snprintf(wanted, sizeof wanted, "block %p of %zu bytes", block, size);
    return strstr(message, wanted) != NULL;
}

static inline void spoil(char *start, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) start[i] ^= 0x5A;
}

/* A page that was there, and is not any more. */
static inline void *unmapped(void)
{
    char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(page, MAP_FAILED);
    munmap(page, 4096);
    return page + 1024;
}

static inline void expect(struct heap *heap, const char *fault, const void *block, size_t size)
{
    const char *message = heard_of(fault);
    if (!message) fail_msg("%s is not told: %s", fault, heard.count ? heard.messages[0] : "");
    if (!has_block(message, block, size)) fail_msg("not %p, %zu: %s", block, size, message);
    assert_int_equal(heard.count, 1);
    assert_int_equal(heap_audit(heap), 0);
    assert_int_equal(heard.count, 1);
    heard.count = 0;
}

static inline void close_quietly(struct heap *heap)
{
    assert_int_equal(totals_of(heap).live_blocks, 0);
    assert_int_equal(totals_of(heap).live_bytes, 0);
    heap_close(heap);
    assert_int_equal(heard.count, 0);
}

#endif
