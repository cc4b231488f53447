/* Every object of a state is in one list of its collector: strings in the string table, open
 * upvalues in their thread, userdata whose finalizer is due in a ring, all else (userdata last) in
 * one chain. Each is counted with the blocks it owns, in one visit, by a layout that is told in
 * profile/lua_layout.h and held against what the API says before anything is followed.
 *
 * Cost: one cache miss or two an object; no memory.
 */
#include "lua_heap.h"

#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../allocators/profile/lua_layout.h"

struct walk {
    size_t *bytes; /* by kind */
    const struct lua_thread *main_thread;
    const struct lua_node *no_nodes; /* of tables with an empty hash part; NULL until one is met */
};

/* ---- the node that all empty hash parts share lies in Lua's constants */

static int is_constant_of(struct dl_phdr_info *module, size_t size, void *address)
{
    (void)size;
    for (int i = 0; i < module->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &module->dlpi_phdr[i];
        uintptr_t start = module->dlpi_addr + segment->p_vaddr;
        bool is_constant = segment->p_type == PT_LOAD && !(segment->p_flags & PF_W);
        if (is_constant && (uintptr_t)address - start < segment->p_memsz) return 1;
    }
    return 0;
}

static bool has_nodes(struct walk *walk, const struct lua_table *table)
{
    if (table->object.second > 0) return true;
    if (!walk->no_nodes && dl_iterate_phdr(is_constant_of, table->nodes)) {
        walk->no_nodes = table->nodes;
    }
    return table->nodes != walk->no_nodes;
}

/* ---- by type */

static size_t table_bytes(struct walk *walk, const struct lua_table *table)
{
    size_t node_count = has_nodes(walk, table) ? (size_t)1 << table->object.second : 0;
    return sizeof *table + (size_t)table->array_count * sizeof *table->array +
           node_count * sizeof *table->nodes;
}

static size_t function_bytes(const struct lua_function *function)
{
    bool is_c = function->object.first;
    return sizeof *function + function->object.second *
                                  (is_c ? sizeof(struct lua_value) : sizeof(struct lua_upvalue *));
}

static size_t proto_bytes(const struct lua_proto *proto)
{
    return sizeof *proto + (size_t)proto->constant_count * sizeof *proto->constants +
           (size_t)proto->code_count * sizeof *proto->code +
           (size_t)proto->proto_count * sizeof *proto->protos +
           (size_t)proto->line_count * sizeof *proto->lines +
           (size_t)proto->local_count * sizeof *proto->locals +
           (size_t)proto->upvalue_name_count * sizeof *proto->upvalue_names;
}

static void count_thread(struct walk *walk, const struct lua_thread *thread)
{
    bool is_main = thread == walk->main_thread;
    walk->bytes[KIND_THREAD] += (is_main ? sizeof(struct lua_main) : sizeof *thread) +
                                (size_t)thread->stack_count * sizeof *thread->stack +
                                (size_t)thread->call_count * sizeof *thread->calls;
    for (const struct lua_object *open = thread->open_upvalues; open; open = open->next) {
        walk->bytes[KIND_FUNCTION] += sizeof(struct lua_upvalue);
    }
}

static void count_object(struct walk *walk, const struct lua_object *object)
{
    size_t *bytes = walk->bytes;
    const void *it = object;
    switch (object->type) {
    case LUA_TYPE_TABLE: bytes[KIND_TABLE] += table_bytes(walk, it); break;
    case LUA_TYPE_FUNCTION: bytes[KIND_FUNCTION] += function_bytes(it); break;
    case LUA_TYPE_UPVALUE: bytes[KIND_FUNCTION] += sizeof(struct lua_upvalue); break;
    case LUA_TYPE_USERDATA:
        bytes[KIND_USERDATA] +=
            sizeof(struct lua_userdata) + ((const struct lua_userdata *)it)->length;
        break;
    case LUA_TYPE_THREAD: count_thread(walk, it); break;
    case LUA_TYPE_PROTO: bytes[KIND_PROTO] += proto_bytes(it); break;
    }
}

/* ---- by list */

static void count_strings(struct walk *walk, const struct lua_global *global)
{
    for (int i = 0; i < global->bucket_count; i++) {
        const struct lua_object *at = global->string_buckets[i];
        for (; at; at = at->next) {
            const struct lua_string *string = (const void *)at;
            walk->bytes[KIND_STRING] += sizeof *string + string->length + 1;
        }
    }
    walk->bytes[KIND_OTHER] += (size_t)global->bucket_count * sizeof *global->string_buckets;
}

static void count_all(struct walk *walk, const struct lua_global *global)
{
    const struct lua_object *at;
    count_strings(walk, global);
    for (at = global->objects; at; at = at->next) count_object(walk, at);
    at = global->condemned;
    while (at) {
        count_object(walk, at);
        at = at->next == global->condemned ? NULL : at->next;
    }
    walk->bytes[KIND_OTHER] += global->buffer_bytes;
}

/* ---- is it what we think it is? */

static bool is_mapped(const void *start, size_t bytes)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t first = (uintptr_t)start & ~(page - 1);
    unsigned char pages[2];
    return mincore((void *)first, (uintptr_t)start + bytes - first, pages) == 0;
}

static bool agrees(const struct lua_global *global, lua_State *L)
{
    void *state;
    lua_Alloc allocate = lua_getallocf(L, &state);
    return global->allocate == allocate && global->allocate_state == state &&
           global->total_bytes >> 10 == (size_t)lua_gc(L, LUA_GCCOUNT, 0) &&
           (global->total_bytes & 1023) == (size_t)lua_gc(L, LUA_GCCOUNTB, 0) &&
           (const void *)global == &((const struct lua_main *)global->main_thread)->global;
}

/* NULL when it is something else. The library that is linked may be LuaJIT by the same name. */
static const struct lua_global *find_global(lua_State *L)
{
    const struct lua_thread *thread = (const void *)L;
    if (sizeof(void *) != 8 || LUA_VERSION_NUM != 501) return NULL;
    if (thread->object.type != LUA_TYPE_THREAD) return NULL;
    const struct lua_global *global = thread->global;
    if (!global || (uintptr_t)global % 8 || !is_mapped(global, sizeof *global)) return NULL;
    return agrees(global, L) ? global : NULL;
}

bool lua_heap_is_known(lua_State *L)
{
    return find_global(L) != NULL;
}

enum collector_phase lua_heap_collector(lua_State *L)
{
    return ((const struct lua_thread *)(const void *)L)->global->phase;
}

bool lua_heap_walk_objects(lua_State *L, size_t bytes_of_kind[KIND_COUNT], size_t *unowned_bytes)
{
    const struct lua_global *global = find_global(L);
    struct walk walk = {.bytes = bytes_of_kind};
    size_t sum = 0;
    memset(bytes_of_kind, 0, KIND_COUNT * sizeof *bytes_of_kind);
    if (!global) return false;
    walk.main_thread = global->main_thread;
    count_all(&walk, global);
    for (int kind = 0; kind < KIND_COUNT; kind++) sum += bytes_of_kind[kind];
    *unowned_bytes = global->total_bytes - sum;
    return sum <= global->total_bytes;
}

bool lua_heap_walk(lua_State *L, size_t bytes_of_kind[KIND_COUNT])
{
    size_t unowned_bytes;
    if (!lua_heap_walk_objects(L, bytes_of_kind, &unowned_bytes)) return false;
    bytes_of_kind[KIND_OTHER] += unowned_bytes;
    return true;
}
