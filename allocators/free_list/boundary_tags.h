/* Knuth's boundary tags under any policy: splitting, merging with both neighbours at once, growing
 * and shrinking in place. Inline, so that a policy which is a constant costs no indirect call.
 */
#ifndef BOUNDARY_TAGS_H
#define BOUNDARY_TAGS_H

#include <assert.h>

#include "free_list.h"

static inline struct block *block_of(const void *memory)
{
    return (struct block *)((char *)memory - TAG_BYTES);
}

static inline size_t needed_bytes(size_t size)
{
    size_t bytes = (size + TAG_BYTES + 7) & ~(size_t)7;
    return bytes < LEAST_BYTES ? LEAST_BYTES : bytes;
}

/* Blocks with purged pages are rare, and go the long way round through purge.c. */
static inline bool is_purged(size_t tags)
{
    return __builtin_expect((tags & TAG_PURGED) != 0, 0);
}

static inline void mark_free(struct block *block, size_t bytes)
{
    block->tag = bytes | TAG_PREVIOUS_IN_USE;
    ((size_t *)block_after(block, bytes))[-1] = bytes;
}

/* Takes the first bytes off a free block, or all of it where the rest could not stand alone. */
static inline size_t cut_front(struct free_list *heap, const struct policy *policy,
                               struct block *block, size_t bytes)
{
    size_t found = block->tag - TAG_PREVIOUS_IN_USE, left = found - bytes;
    struct block *rest = block_after(block, bytes);
    if (is_purged(block->tag)) return free_list_cut_purged(heap, block, bytes);
    if (left < LEAST_BYTES) {
        policy->remove(heap, block, found);
        block_after(block, found)->tag |= TAG_PREVIOUS_IN_USE;
        heap->free_blocks--;
        return found;
    }
    policy->change(heap, block, found, rest, left);
    mark_free(rest, left);
    heap->splits++;
    return bytes;
}

/* No free neighbour before it. */
static inline void release_alone(struct free_list *heap, const struct policy *policy,
                                 struct block *block, size_t bytes, struct block *right)
{
    if (right->tag & TAG_IN_USE) {
        right->tag &= ~(size_t)TAG_PREVIOUS_IN_USE;
        policy->insert(heap, block, bytes);
        heap->free_blocks++;
        mark_free(block, bytes);
        return;
    }
    size_t right_bytes = right->tag - TAG_PREVIOUS_IN_USE;
    policy->change(heap, right, right_bytes, block, bytes + right_bytes);
    heap->merges++;
    mark_free(block, bytes + right_bytes);
}

static inline void release_behind(struct free_list *heap, const struct policy *policy,
                                  struct block *left, size_t bytes, struct block *right)
{
    size_t left_bytes = left->tag - TAG_PREVIOUS_IN_USE, merged_bytes = left_bytes + bytes;
    if (right->tag & TAG_IN_USE) {
        right->tag &= ~(size_t)TAG_PREVIOUS_IN_USE;
    } else {
        size_t right_bytes = right->tag - TAG_PREVIOUS_IN_USE;
        policy->remove(heap, right, right_bytes);
        merged_bytes += right_bytes;
        heap->merges++;
        heap->free_blocks--;
    }
    policy->change(heap, left, left_bytes, left, merged_bytes);
    heap->merges++;
    mark_free(left, merged_bytes);
}

/* A block not in use any more joins its free neighbours; returns what they have become. */
static inline struct block *release(struct free_list *heap, const struct policy *policy,
                                    struct block *block, size_t bytes)
{
    struct block *right = block_after(block, bytes);
    if (block->tag & TAG_PREVIOUS_IN_USE) {
        if (is_purged(right->tag)) return free_list_join_purged(heap, block, NULL, bytes);
        release_alone(heap, policy, block, bytes, right);
        return block;
    }
    struct block *left = block_before(block);
    if (is_purged(left->tag | right->tag)) return free_list_join_purged(heap, block, left, bytes);
    release_behind(heap, policy, left, bytes, right);
    return left;
}

static inline void give_back_pages(struct free_list *heap, struct block *block)
{
    if (__builtin_expect(block->tag >= PURGE_BYTES, 0)) free_list_consider_purge(heap, block);
}

static inline void *tags_take(struct free_list *heap, const struct policy *policy, size_t size)
{
    size_t bytes = needed_bytes(size);
    struct block *block = policy->find(heap, bytes);
    if (__builtin_expect(block == NULL, 0)) {
        block = free_list_grow(heap, bytes);
        if (block == NULL) return NULL;
    }
    bytes = cut_front(heap, policy, block, bytes);
    block->tag = bytes | TAG_IN_USE | TAG_PREVIOUS_IN_USE;
    heap->used_blocks++;
    heap->used_bytes += bytes;
    return (char *)block + TAG_BYTES;
}

/* A block freed twice has lost its bit, merged or not, until its bytes are given out anew. */
static inline void tags_give(struct free_list *heap, const struct policy *policy, void *memory,
                             size_t old_size)
{
    struct block *block = block_of(memory);
    size_t bytes = tag_bytes(block->tag);
    assert(block->tag & TAG_IN_USE && old_size + TAG_BYTES <= bytes);
    block->tag &= ~(size_t)TAG_IN_USE;
    heap->used_blocks--;
    heap->used_bytes -= bytes;
    give_back_pages(heap, release(heap, policy, block, bytes));
}

static inline bool tags_grow(struct free_list *heap, const struct policy *policy,
                             struct block *block, size_t bytes, size_t wanted)
{
    struct block *right = block_after(block, bytes);
    if (right->tag & TAG_IN_USE || bytes + tag_bytes(right->tag) < wanted) return false;
    size_t taken = cut_front(heap, policy, right, wanted - bytes);
    block->tag += taken;
    heap->used_bytes += taken;
    heap->grown_in_place++;
    return true;
}

static inline void tags_shrink(struct free_list *heap, const struct policy *policy,
                               struct block *block, size_t bytes, size_t wanted)
{
    if (bytes - wanted < LEAST_BYTES) return;
    struct block *rest = block_after(block, wanted);
    block->tag -= bytes - wanted;
    rest->tag = TAG_PREVIOUS_IN_USE;
    heap->used_bytes -= bytes - wanted;
    heap->splits++;
    give_back_pages(heap, release(heap, policy, rest, bytes - wanted));
}

static inline bool tags_resize_in_place(struct free_list *heap, const struct policy *policy,
                                        void *memory, size_t old_size, size_t new_size)
{
    struct block *block = block_of(memory);
    size_t bytes = tag_bytes(block->tag);
    assert(block->tag & TAG_IN_USE && old_size + TAG_BYTES <= bytes);
    if (new_size > heap->maximum) return false;
    size_t wanted = needed_bytes(new_size);
    if (wanted > bytes) return tags_grow(heap, policy, block, bytes, wanted);
    tags_shrink(heap, policy, block, bytes, wanted);
    return true;
}

static inline size_t tags_block_bytes(const void *heap, size_t size)
{
    if (size > ((const struct free_list *)heap)->maximum) return 0;
    return needed_bytes(size) - TAG_BYTES;
}

static inline bool tags_own(const void *heap, const void *memory)
{
    return arena_owns(&((const struct free_list *)heap)->arena, memory);
}

static inline size_t tags_room(const void *heap, const void *memory, size_t old_size)
{
    (void)heap, (void)old_size;
    return tag_bytes(block_of(memory)->tag) - TAG_BYTES;
}

/* The pool of one policy, and its resize function free_list_resize_NAME. */
#define FREE_LIST_POLICY(NAME)                                                                     \
    static void *NAME##_take(void *heap, size_t size)                                              \
    {                                                                                              \
        return tags_take(heap, &free_list_##NAME, size);                                           \
    }                                                                                              \
    static void NAME##_give(void *heap, void *memory, size_t old_size)                             \
    {                                                                                              \
        tags_give(heap, &free_list_##NAME, memory, old_size);                                      \
    }                                                                                              \
    static bool NAME##_resize_in_place(void *heap, void *memory, size_t old_size, size_t new_size) \
    {                                                                                              \
        return tags_resize_in_place(heap, &free_list_##NAME, memory, old_size, new_size);          \
    }                                                                                              \
    static const struct pool_methods NAME##_methods = {                                            \
        .block_bytes = tags_block_bytes,                                                           \
        .take = NAME##_take,                                                                       \
        .give = NAME##_give,                                                                       \
        .owns = tags_own,                                                                          \
        .room = tags_room,                                                                         \
        .resize_in_place = NAME##_resize_in_place,                                                 \
    };                                                                                             \
    void *free_list_resize_##NAME(void *heap, void *block, size_t old_size, size_t new_size)       \
    {                                                                                              \
        return backed_resize(heap, &NAME##_methods, block, old_size, new_size);                    \
    }

#endif
