/* How Lua 5.1 lays its objects out where pointers have 8 bytes. Its headers do not tell; whoever
 * reads by these has to make sure first that it is such an object.
 *
 *     0       8    9    10    11   12       16
 *     | next  | type mark first second | - |  what the type has   ...
 */
#ifndef LUA_LAYOUT_H
#define LUA_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

enum lua_type {
    LUA_TYPE_STRING = 4,
    LUA_TYPE_TABLE = 5,
    LUA_TYPE_FUNCTION = 6,
    LUA_TYPE_USERDATA = 7,
    LUA_TYPE_THREAD = 8, /* the last that a value can have */
    LUA_TYPE_PROTO = 9,
    LUA_TYPE_UPVALUE = 10,
    LUA_TYPE_DEAD_KEY = 11,
};

struct lua_object {
    struct lua_object *next;
    uint8_t type, mark;
    uint8_t first, second; /* table: flags, log2 of nodes; function: is of C, number of upvalues */
};

struct lua_value {
    uint64_t content;
    int32_t type;
};

struct lua_node {
    struct lua_value value, key;
    struct lua_node *next;
};

struct lua_string {
    struct lua_object object;
    size_t length; /* the characters and a 0 follow */
};

struct lua_table {
    struct lua_object object;
    struct lua_table *metatable;
    struct lua_value *array;
    struct lua_node *nodes, *last_free; /* nodes of an empty part: one that all tables share */
    void *gray_next;
    int array_count;
};

/* Upvalues follow: pointers to them in functions of Lua, values in those of C. */
struct lua_function {
    struct lua_object object;
    void *gray_next, *environment, *code;
};

struct lua_userdata {
    struct lua_object object;
    void *metatable, *environment;
    size_t length; /* the program's bytes follow */
};

struct lua_upvalue {
    struct lua_object object;
    struct lua_value *value; /* on a stack, or `own` */
    struct lua_value own;
};

struct lua_local {
    struct lua_string *name;
    int first, end;
};

struct lua_proto {
    struct lua_object object;
    struct lua_value *constants;
    uint32_t *code;
    struct lua_proto **protos;
    int *lines;
    struct lua_local *locals;
    struct lua_string **upvalue_names, *source;
    int upvalue_name_count, constant_count, code_count, line_count, proto_count, local_count;
    int first_line, last_line;
    void *gray_next;
    uint8_t rest[8];
};

struct lua_call {
    void *base, *function, *top, *saved_code;
    int result_count, tail_call_count;
};

struct lua_global;

struct lua_thread {
    struct lua_object object; /* first: status */
    struct lua_value *top, *base;
    struct lua_global *global;
    struct lua_call *call;
    const uint32_t *saved_code;
    struct lua_value *stack_last, *stack;
    struct lua_call *calls_end, *calls;
    int stack_count, call_count;
    uint16_t depth, base_depth;
    uint8_t hook_mask, hooks_allowed;
    int hook_interval, hook_count;
    void *hook;
    struct lua_value globals, environment;
    struct lua_object *open_upvalues; /* in no other list */
    void *gray_next, *error_jump;
    ptrdiff_t error_function;
};

struct lua_global {
    struct lua_object **string_buckets;
    uint32_t string_count;
    int bucket_count;
    void *(*allocate)(void *, void *, size_t, size_t);
    void *allocate_state;
    uint8_t white, phase;
    int string_sweep;
    struct lua_object *objects; /* all but strings and open upvalues; userdata after the thread */
    void *sweep, *gray, *gray_again, *weak;
    struct lua_object *condemned; /* userdata to be finalized: a ring, its last one */
    char *buffer;
    size_t buffer_used, buffer_bytes;
    size_t threshold, total_bytes, estimate, debt;
    int pause, step_multiplier;
    void *panic;
    struct lua_value registry;
    struct lua_thread *main_thread;
    struct lua_upvalue upvalue_ring;
    void *metatables[9], *method_names[17];
};

/* The first block of a state. */
struct lua_main {
    struct lua_thread thread;
    struct lua_global global;
};

#if UINTPTR_MAX == UINT64_MAX
#define LUA_LAYOUT_FITS(type, bytes) _Static_assert(sizeof(struct type) == bytes, #type)
#define LUA_LAYOUT_AT(type, field, place) \
    _Static_assert(offsetof(struct type, field) == place, #type "." #field)
LUA_LAYOUT_FITS(lua_object, 16);
LUA_LAYOUT_FITS(lua_value, 16);
LUA_LAYOUT_FITS(lua_node, 40);
LUA_LAYOUT_FITS(lua_string, 24);
LUA_LAYOUT_FITS(lua_table, 64);
LUA_LAYOUT_FITS(lua_function, 40);
LUA_LAYOUT_FITS(lua_userdata, 40);
LUA_LAYOUT_FITS(lua_upvalue, 40);
LUA_LAYOUT_FITS(lua_local, 16);
LUA_LAYOUT_FITS(lua_proto, 120);
LUA_LAYOUT_FITS(lua_call, 40);
LUA_LAYOUT_FITS(lua_thread, 184);
LUA_LAYOUT_FITS(lua_main, 616);
LUA_LAYOUT_AT(lua_object, type, 8);
LUA_LAYOUT_AT(lua_table, array_count, 56);
LUA_LAYOUT_AT(lua_proto, upvalue_name_count, 72);
LUA_LAYOUT_AT(lua_thread, global, 32);
LUA_LAYOUT_AT(lua_thread, stack_count, 88);
LUA_LAYOUT_AT(lua_thread, open_upvalues, 152);
LUA_LAYOUT_AT(lua_global, allocate, 16);
LUA_LAYOUT_AT(lua_global, objects, 40);
LUA_LAYOUT_AT(lua_global, condemned, 80);
LUA_LAYOUT_AT(lua_global, total_bytes, 120);
LUA_LAYOUT_AT(lua_global, main_thread, 176);
#endif

#endif
