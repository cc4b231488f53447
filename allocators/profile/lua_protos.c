/* A stack. A function is off it when the compiler cuts its code to size; when a function of a
 * binary chunk stands in its parent's array as the next one begins; when an array is made for one
 * around it; at the latest when a closure is made of the chunk. Those that an error left behind go
 * as they are collected, or at the stack's lower end.
 *
 * Cost: nothing while no chunk is compiled; then a few comparisons a call.
 */
#include "lua_protos.h"

#include <string.h>

/* A parent's array is filled from its start. */
static bool has_child(struct lua_open_proto *parent, const void *proto)
{
    if (!parent->children) return false;
    while (parent->done_count < parent->child_count && parent->children[parent->done_count]) {
        if (parent->children[parent->done_count] == proto) return true;
        parent->done_count++;
    }
    return false;
}

void lua_protos_open(struct lua_protos *protos, const struct lua_proto *proto)
{
    struct lua_open_proto *open = protos->open;
    while (protos->count > 1 &&
           has_child(&open[protos->count - 2], open[protos->count - 1].proto)) {
        protos->count--;
    }
    if (protos->count == OPEN_PROTOS_MAXIMUM) {
        memmove(open, open + 1, --protos->count * sizeof *open);
    }
    open[protos->count++] = (struct lua_open_proto){.proto = proto};
}

void lua_protos_finish(struct lua_protos *protos, const void *proto)
{
    for (size_t i = protos->count; i-- > 0;) {
        if (protos->open[i].proto == proto) protos->count = i;
    }
}

/* An upvalue's name is given to all functions around the one that uses it, which goes on. */
bool lua_protos_own(struct lua_protos *protos, const void *block, size_t bytes)
{
    for (size_t i = protos->count; i-- > 0;) {
        struct lua_open_proto *open = &protos->open[i];
        const struct lua_proto *proto = open->proto;
        if (block == proto->upvalue_names) return true;
        bool is_children = block == proto->protos;
        if (is_children) open->children = block;
        if (is_children) open->child_count = bytes / sizeof *open->children;
        if (is_children || block == proto->code || block == proto->lines ||
            block == proto->constants || block == proto->locals) {
            protos->count = i + 1;
            return true;
        }
    }
    return false;
}

void lua_protos_change(struct lua_protos *protos, const void *block, size_t old_size,
                       size_t new_size)
{
    bool is_cut = new_size > 0 && new_size <= old_size;
    size_t kept = 0;
    for (size_t i = 0; i < protos->count; i++) {
        struct lua_open_proto *open = &protos->open[i];
        if (is_cut && block == open->proto->code) break; /* with those it holds */
        if (block == open->children) open->children = NULL;
        if (block != open->proto) protos->open[kept++] = *open;
    }
    protos->count = kept;
}
