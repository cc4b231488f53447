/* A heap that keeps the contract, checks that its caller does, and breaks it on demand. To be
 * included after cmocka.h. */
#ifndef FAKE_HEAP_H
#define FAKE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { GUARD = 32, FILL = 0xA5 };

/* Each block of a heap made here has this before it, in GUARD bytes, and as many behind it. */
struct block {
    struct block *previous, *next;
    size_t size;
};

/* What such a heap remembers. */
struct fake {
    size_t calls, queries, live_blocks;
    size_t refused_call;      /* counted from 1; 0 for none */
    size_t forgetful_call;    /* its growth loses the contents */
    struct block *blocks;     /* alive */
    unsigned char freed[256]; /* the start of the block freed last */
};

static struct block *header_of(void *block)
{
    return (struct block *)((char *)block - GUARD);
}

static void *bear(struct fake *fake, size_t size)
{
    char *start = malloc(GUARD + size + GUARD);
    assert_non_null(start);
    memset(start, FILL, GUARD + size + GUARD);
    struct block *header = (struct block *)start;
    *header = (struct block){NULL, fake->blocks, size};
    if (fake->blocks != NULL) fake->blocks->previous = header;
    fake->blocks = header;
    fake->live_blocks++;
    return start + GUARD;
}

static void bury(struct fake *fake, unsigned char *block)
{
    struct block *header = header_of(block);
    size_t size = header->size;
    for (size_t i = 0; i < GUARD; i++) assert_int_equal(block[size + i], FILL);
    memcpy(fake->freed, block, size < sizeof fake->freed ? size : sizeof fake->freed);
    if (header->next != NULL) header->next->previous = header->previous;
    if (header->previous != NULL) header->previous->next = header->next;
    else fake->blocks = header->next;
    free(header);
    fake->live_blocks--;
}

static inline void bury_all(struct fake *fake)
{
    while (fake->blocks != NULL) bury(fake, (unsigned char *)fake->blocks + GUARD);
}

/* Keeps the contract, and checks that the caller does. Every growth and shrink moves. */
static void *moving_resize(void *heap, void *block, size_t old_size, size_t new_size)
{
    struct fake *fake = heap;
    fake->calls++;
    assert_int_equal(block == NULL, old_size == 0);
    if (block != NULL) assert_int_equal(header_of(block)->size, old_size);
    if (block == NULL && new_size == 0) fake->queries++;
    if (fake->calls == fake->refused_call) return NULL;
    void *moved = new_size == 0 ? NULL : bear(fake, new_size);
    bool is_forgotten = fake->calls == fake->forgetful_call;
    if (moved != NULL && block != NULL && !is_forgotten) {
        memcpy(moved, block, old_size < new_size ? old_size : new_size);
    }
    if (block != NULL) bury(fake, block);
    return moved;
}

#endif
