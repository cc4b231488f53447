/* Best fit: the smallest free block that is large enough, found without a scan.
 *
 *     bins    32  40  48 ... 1016          a list of equal blocks each, and a bit for each list
 *     trees   1 K.. 2 K.. 4 K.. ...        a digital search tree for each power of two
 *
 * In a tree (Knuth, vol. 3, 6.3) a node may have any size of the range; its children's sizes differ
 * in the next lower bit, so that the right subtree is above the left one and above nothing else.
 * Further blocks of a node's size hang on it in a list. Invariant: a bit of `bins_filled` or
 * `trees_filled` is set exactly when its list or tree is not empty. Cost: a search looks at one
 * node a bit of the size, below 2 x 36, and a small request at none where its own bin is filled.
 */
#include "boundary_tags.h"

#include <stdint.h>

enum { BIN_COUNT = 128, BIN_WORDS = 2, BINS_END = BIN_COUNT * 8, FIRST_LOG = 10, TREE_COUNT = 32 };

struct best_fit {
    struct free_list heap;
    uint64_t bins_filled[BIN_WORDS];
    uint32_t trees_filled;
    struct block *bins[BIN_COUNT]; /* by bytes / 8 */
    struct block *trees[TREE_COUNT];
};

static void prepare(struct free_list *heap)
{
    (void)heap; /* all zero is all empty */
}

static unsigned log_of(size_t bytes)
{
    return 63 ^ (unsigned)__builtin_clzll(bytes);
}

/* The bits below the leading one, highest at the top. */
static uint64_t digits_of(size_t bytes)
{
    return (uint64_t)bytes << (64 - log_of(bytes));
}

static void insert_in_bin(struct best_fit *best, struct block *block, size_t bytes)
{
    size_t bin = bytes / 8;
    block->next = best->bins[bin];
    block->previous = NULL;
    if (block->next != NULL) block->next->previous = block;
    best->bins[bin] = block;
    best->bins_filled[bin / 64] |= (uint64_t)1 << bin % 64;
}

static void remove_from_bin(struct best_fit *best, struct block *block, size_t bytes)
{
    size_t bin = bytes / 8;
    if (block->next != NULL) block->next->previous = block->previous;
    if (block->previous != NULL) block->previous->next = block->next;
    else best->bins[bin] = block->next;
    if (best->bins[bin] == NULL) best->bins_filled[bin / 64] &= ~((uint64_t)1 << bin % 64);
}

/* Behind the node of its size: only nodes have a slot. */
static void hang_on(struct block *node, struct block *block)
{
    block->slot = NULL;
    block->next = node->next;
    block->previous = node;
    if (block->next != NULL) block->next->previous = block;
    node->next = block;
}

static void insert_in_tree(struct best_fit *best, struct block *block, size_t bytes)
{
    unsigned tree = log_of(bytes) - FIRST_LOG;
    struct block **slot = &best->trees[tree], *node;
    for (uint64_t digits = digits_of(bytes); (node = *slot) != NULL; digits <<= 1) {
        if (tag_bytes(node->tag) == bytes) {
            hang_on(node, block);
            return;
        }
        slot = &node->child[digits >> 63];
    }
    block->child[0] = block->child[1] = block->next = NULL;
    block->slot = slot;
    *slot = block;
    best->trees_filled |= (uint32_t)1 << tree;
}

/* Any leaf under a node may stand in its place. */
static struct block *pick_leaf(struct block *node)
{
    while (node->child[0] != NULL || node->child[1] != NULL) {
        node = node->child[node->child[1] != NULL];
    }
    *node->slot = NULL;
    return node;
}

static void stand_in(struct block *node, const struct block *old)
{
    node->slot = old->slot;
    *node->slot = node;
    for (size_t side = 0; side < 2; side++) {
        node->child[side] = old->child[side];
        if (node->child[side] != NULL) node->child[side]->slot = &node->child[side];
    }
}

static void remove_from_tree(struct best_fit *best, struct block *block, size_t bytes)
{
    if (block->slot == NULL) {
        block->previous->next = block->next;
        if (block->next != NULL) block->next->previous = block->previous;
    } else if (block->next != NULL) {
        stand_in(block->next, block);
    } else {
        struct block *leaf = pick_leaf(block);
        if (leaf != block) stand_in(leaf, block);
        unsigned tree = log_of(bytes) - FIRST_LOG;
        if (best->trees[tree] == NULL) best->trees_filled &= ~((uint32_t)1 << tree);
    }
}

static void insert(struct free_list *heap, struct block *block, size_t bytes)
{
    struct best_fit *best = (struct best_fit *)heap;
    if (bytes < BINS_END) insert_in_bin(best, block, bytes);
    else insert_in_tree(best, block, bytes);
}

static void remove_block(struct free_list *heap, struct block *block, size_t bytes)
{
    struct best_fit *best = (struct best_fit *)heap;
    if (bytes < BINS_END) remove_from_bin(best, block, bytes);
    else remove_from_tree(best, block, bytes);
}

/* A root has any size of its tree's range, so it may change that without being searched for. */
static void change_root(struct block *old, struct block *now, struct block **root)
{
    struct block *left = old->child[0], *right = old->child[1];
    now->next = NULL;
    now->slot = root;
    *root = now;
    now->child[0] = left;
    if (left != NULL) left->slot = &now->child[0];
    now->child[1] = right;
    if (right != NULL) right->slot = &now->child[1];
}

/* A large block that loses or gains a small one is mostly alone in its tree. */
static void change(struct free_list *heap, struct block *old, size_t old_bytes, struct block *now,
                   size_t now_bytes)
{
    struct best_fit *best = (struct best_fit *)heap;
    bool is_same_tree =
        now_bytes >= BINS_END && old_bytes >= BINS_END && log_of(old_bytes) == log_of(now_bytes);
    struct block **root = &best->trees[(log_of(now_bytes) - FIRST_LOG) % TREE_COUNT];
    if (is_same_tree && *root == old && old->next == NULL) {
        if (now != old) change_root(old, now, root);
        return;
    }
    remove_block(heap, old, old_bytes);
    insert(heap, now, now_bytes);
}

/* Sizes of a whole subtree are bounded by its place, so its smallest is on its leftmost path. */
static struct block *find_smallest(struct block *node, struct block *smallest, size_t *steps)
{
    for (; node != NULL; node = node->child[node->child[0] == NULL]) {
        ++*steps;
        if (smallest == NULL || node->tag < smallest->tag) smallest = node;
    }
    return smallest;
}

/* Down the path of the wanted size; where that turns left, the subtree to the right has only larger
 * sizes, and the lowest such turn the smallest of them. */
static struct block *search_tree(struct block *node, size_t bytes, size_t *steps)
{
    struct block *fitting = NULL, *above = NULL;
    for (uint64_t digits = digits_of(bytes); node != NULL; digits <<= 1) {
        ++*steps;
        if (node->tag >= bytes && (fitting == NULL || node->tag < fitting->tag)) fitting = node;
        if (tag_bytes(node->tag) == bytes) return node;
        if (!(digits >> 63) && node->child[1] != NULL) above = node->child[1];
        node = node->child[digits >> 63];
    }
    return find_smallest(above, fitting, steps);
}

static struct block *find_in_trees(struct best_fit *best, size_t bytes, size_t *steps)
{
    struct block *block = NULL;
    uint32_t trees = best->trees_filled;
    if (bytes >= BINS_END) {
        unsigned tree = log_of(bytes) - FIRST_LOG;
        block = search_tree(best->trees[tree], bytes, steps);
        trees &= ~(uint32_t)1 << tree;
    }
    if (block == NULL && trees != 0) {
        block = find_smallest(best->trees[__builtin_ctz(trees)], NULL, steps);
    }
    /* One that hangs on the node leaves the tree as it is. */
    return block != NULL && block->next != NULL ? block->next : block;
}

static struct block *find_in_bins(const struct best_fit *best, size_t bytes)
{
    size_t bin = bytes / 8, word = bin / 64;
    if (bytes >= BINS_END) return NULL;
    uint64_t filled = best->bins_filled[word] & ~(uint64_t)0 << bin % 64;
    if (filled == 0 && word == 0) filled = best->bins_filled[word = 1];
    return filled != 0 ? best->bins[word * 64 + (size_t)__builtin_ctzll(filled)] : NULL;
}

static struct block *find(struct free_list *heap, size_t bytes)
{
    struct best_fit *best = (struct best_fit *)heap;
    struct block *block = find_in_bins(best, bytes);
    size_t steps = 1;
    if (block == NULL) block = find_in_trees(best, bytes, &steps);
    heap->searches++;
    heap->search_steps += steps;
    if (steps > heap->longest_search) heap->longest_search = steps;
    return block;
}

static size_t largest(const struct free_list *heap)
{
    const struct best_fit *best = (const struct best_fit *)heap;
    size_t bytes = 0;
    if (best->trees_filled != 0) {
        const struct block *node = best->trees[31 ^ (unsigned)__builtin_clz(best->trees_filled)];
        for (; node != NULL; node = node->child[node->child[1] != NULL]) {
            if (tag_bytes(node->tag) > bytes) bytes = tag_bytes(node->tag);
        }
        return bytes;
    }
    for (size_t bin = BIN_COUNT; bin-- > 0;) {
        if (best->bins[bin] != NULL) return bin * 8;
    }
    return 0;
}

const struct policy free_list_best = {
    .heap_bytes = sizeof(struct best_fit),
    .prepare = prepare,
    .find = find,
    .insert = insert,
    .remove = remove_block,
    .change = change,
    .largest = largest,
    .searches = true,
};

FREE_LIST_POLICY(best)
