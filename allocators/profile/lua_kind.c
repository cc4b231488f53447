/* Objects have their type in byte 8 and sizes that must agree with the block's. What is no object
 * belongs to one: arrays of a prototype and stacks of a thread are looked for in the few that can
 * be growing theirs, the string table and the shared buffer in the state; what then reads as values
 * or nodes is a part of a table, the rest (a compiler's buffer, blocks of C libraries) is other.
 * Blocks keep their kind as they are resized.
 *
 * Objects are not told by their mark, which a step of the collector may have cleared between.
 *
 * Cost: one cache line of the block, and some ten comparisons.
 */
#include "lua_kind.h"

#include <string.h>

enum {
    BLUR = 0xa5,
    BLUR_BYTES = 64, /* past the header of anything, and past the first node */
    VALUES_LOOKED_AT = 4,
};

void lua_kind_blur(void *block, size_t bytes)
{
    memset(block, BLUR, bytes < BLUR_BYTES ? bytes : BLUR_BYTES);
}

/* ---- objects */

static bool is_string(const void *block, size_t bytes)
{
    const struct lua_string *string = block;
    return bytes > sizeof *string && string->length == bytes - sizeof *string - 1 &&
           ((const char *)block)[bytes - 1] == '\0';
}

/* Four values, the first of them a table, have small numbers where tables have last_free, which is
 * set after the parts have been made. */
static bool is_table(const void *block, size_t bytes)
{
    const struct lua_table *table = block;
    if (bytes != sizeof *table || table->object.second >= 32) return false;
    uintptr_t node_bytes = sizeof *table->nodes << table->object.second;
    uintptr_t least = (uintptr_t)table->nodes - sizeof *table->nodes;
    return (uintptr_t)table->last_free == (uintptr_t)BLUR * (UINTPTR_MAX / 0xff) ||
           (uintptr_t)table->last_free - least <= node_bytes + sizeof *table->nodes;
}

/* A node has its key's type in the place of the lower half of this pointer. */
static bool is_environment(const void *pointer)
{
    return (uint32_t)(uintptr_t)pointer > LUA_TYPE_DEAD_KEY;
}

static bool is_function(const void *block, size_t bytes)
{
    const struct lua_function *function = block;
    if (bytes < sizeof *function || function->object.first > 1) return false;
    size_t each = function->object.first ? sizeof(struct lua_value) : sizeof(void *);
    return bytes == sizeof *function + function->object.second * each &&
           is_environment(function->environment);
}

static bool is_userdata(const void *block, size_t bytes)
{
    const struct lua_userdata *userdata = block;
    return bytes >= sizeof *userdata && userdata->length == bytes - sizeof *userdata &&
           is_environment(userdata->environment);
}

static bool is_thread(const void *block, size_t bytes)
{
    const struct lua_main *state = block;
    return bytes == sizeof state->thread ||
           (bytes == sizeof *state && state->thread.global == &state->global);
}

/* KIND_OTHER when it is none. */
static enum block_kind judge_object(const void *block, size_t bytes)
{
    if (bytes <= sizeof(struct lua_object)) return KIND_OTHER;
    switch (((const struct lua_object *)block)->type) {
    case LUA_TYPE_STRING: return is_string(block, bytes) ? KIND_STRING : KIND_OTHER;
    case LUA_TYPE_TABLE: return is_table(block, bytes) ? KIND_TABLE : KIND_OTHER;
    case LUA_TYPE_FUNCTION: return is_function(block, bytes) ? KIND_FUNCTION : KIND_OTHER;
    case LUA_TYPE_USERDATA: return is_userdata(block, bytes) ? KIND_USERDATA : KIND_OTHER;
    case LUA_TYPE_THREAD: return is_thread(block, bytes) ? KIND_THREAD : KIND_OTHER;
    case LUA_TYPE_PROTO: return bytes == sizeof(struct lua_proto) ? KIND_PROTO : KIND_OTHER;
    case LUA_TYPE_UPVALUE: return bytes == sizeof(struct lua_upvalue) ? KIND_FUNCTION : KIND_OTHER;
    default: return KIND_OTHER;
    }
}

/* ---- what may own the blocks to come */

/* The oldest is dropped when there are too many. */
static void add_state(struct lua_kinds *kinds, const struct lua_main *state)
{
    if (kinds->state_count == LUA_STATES_MAXIMUM) {
        kinds->state_count--;
        memmove(kinds->states, kinds->states + 1, kinds->state_count * sizeof *kinds->states);
    }
    kinds->states[kinds->state_count++] = state;
}

static void remove_state(struct lua_kinds *kinds, const void *state)
{
    size_t kept = 0;
    for (size_t i = 0; i < kinds->state_count; i++) {
        if (kinds->states[i] != state) kinds->states[kept++] = kinds->states[i];
    }
    kinds->state_count = kept;
}

static void remember(struct lua_kinds *kinds, const void *block, size_t bytes, enum block_kind kind)
{
    if (kind == KIND_PROTO) lua_protos_open(&kinds->protos, block);
    if (kind == KIND_THREAD) kinds->thread = block;
    if (kind == KIND_THREAD && bytes == sizeof(struct lua_main)) add_state(kinds, block);
    if (kind == KIND_FUNCTION && kinds->protos.count > 0 && bytes >= sizeof(struct lua_function)) {
        lua_protos_finish(&kinds->protos, ((const struct lua_function *)block)->code);
    }
}

/* ---- blocks that objects own */

static bool has_thread(const struct lua_kinds *kinds, const void *block)
{
    return kinds->thread && (block == kinds->thread->stack || block == kinds->thread->calls);
}

/* A string table is put in its place after the old one, of twice or half its size, was freed. */
static bool has_state(const struct lua_kinds *kinds, const void *block, size_t bytes,
                      const struct lua_next_call *next)
{
    for (size_t i = kinds->state_count; i-- > 0;) {
        const struct lua_global *global = &kinds->states[i]->global;
        if (block == global->buffer) return true;
        if (next->new_size == 0 && next->block == global->string_buckets &&
            (next->old_size == bytes / 2 || next->old_size == bytes * 2 || !next->block)) {
            return true;
        }
    }
    return false;
}

static bool are_values(const struct lua_value *values, size_t bytes)
{
    size_t count = bytes / sizeof *values;
    if (bytes % sizeof *values) return false;
    for (size_t i = 0; i < count && i < VALUES_LOOKED_AT; i++) {
        if ((uint32_t)values[i].type > LUA_TYPE_THREAD) return false;
    }
    return true;
}

static bool are_nodes(const struct lua_node *node, size_t bytes)
{
    size_t count = bytes / sizeof *node;
    return bytes % sizeof *node == 0 && (count & (count - 1)) == 0 &&
           (uint32_t)node->value.type <= LUA_TYPE_THREAD &&
           (uint32_t)node->key.type <= LUA_TYPE_DEAD_KEY;
}

/* ---- */

enum block_kind lua_kind_judge(struct lua_kinds *kinds, const void *block, size_t bytes,
                               const struct lua_next_call *next)
{
    enum block_kind kind = judge_object(block, bytes);
    remember(kinds, block, bytes, kind);
    if (kind != KIND_OTHER) return kind;
    if (lua_protos_own(&kinds->protos, block, bytes)) return KIND_PROTO;
    if (has_thread(kinds, block)) return KIND_THREAD;
    if (has_state(kinds, block, bytes, next)) return KIND_OTHER;
    return are_values(block, bytes) || are_nodes(block, bytes) ? KIND_TABLE : KIND_OTHER;
}

void lua_kind_change(struct lua_kinds *kinds, const void *block, size_t old_size, size_t new_size)
{
    if (kinds->protos.count > 0) lua_protos_change(&kinds->protos, block, old_size, new_size);
    if (block == kinds->thread) kinds->thread = NULL;
    if (old_size == sizeof(struct lua_main)) remove_state(kinds, block);
}
