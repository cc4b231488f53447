/* Each function looks first, writes into pages that all of them share, and then pushes the text as
 * one string: what it tells of is the heap before the call, but for the call itself. The pages
 * belong to a userdata in the functions' upvalue, so that an error in the middle loses nothing. The
 * registry has it by the heap's address, for the heap that goes before its state does.
 */
#include "inspection.h"

#include <lauxlib.h>
#include <stdint.h>
#include <string.h>

#include "../allocators/settings.h"
#include "../allocators/limits/limit.h"
#include "../allocators/debugging/records.h"
#include "../allocators/profile/profile.h"
#include "lua_heap.h"
#include "pages_text.h"

enum { GROUPS_TOLD = 20 };

struct inspection {
    struct heap *heap; /* NULL: gone */
    struct pages_text text;
};

static struct inspection *begin(lua_State *L)
{
    struct inspection *inspection = lua_touserdata(L, lua_upvalueindex(1));
    if (!inspection->heap) luaL_error(L, "the heap that this tells of was detached");
    pages_text_clear(&inspection->text);
    return inspection;
}

static void push_text(lua_State *L, const struct inspection *inspection)
{
    const struct pages_text *text = &inspection->text;
    lua_pushlstring(L, text->start ? text->start : "", text->used);
}

static int refuse(lua_State *L, const char *reason)
{
    lua_pushnil(L);
    lua_pushstring(L, reason);
    return 2;
}

static void set_number(lua_State *L, const char *name, size_t number)
{
    lua_pushnumber(L, (lua_Number)number);
    lua_setfield(L, -2, name);
}

/* ---- memory_report */

static const struct {
    const char *name, *unit, *label;
    size_t offset;
} statistics_rows[] = {
#define ROW(field, unit, label)                                      \
    {                                                                \
#field, unit, label, offsetof(struct heap_statistics, field) \
    }
    ROW(live_bytes, "bytes", "live"),
    ROW(live_blocks, "blocks", "live"),
    ROW(usable_bytes, "bytes", "of room in live blocks"),
    ROW(footprint_bytes, "bytes", "held from the system"),
    ROW(metadata_bytes, "bytes", "of that, descriptors and headers"),
    ROW(free_bytes, "bytes", "of that, free"),
    ROW(largest_free_bytes, "bytes", "the largest request without the system"),
    ROW(backing_live_bytes, "bytes", "live in the backing"),
    ROW(capacity_bytes, "bytes", "the most it can hold"),
#undef ROW
};
enum { STATISTICS_ROWS = sizeof statistics_rows / sizeof *statistics_rows };

static size_t statistic(const struct heap_statistics *statistics, int row)
{
    return *(const size_t *)((const char *)statistics + statistics_rows[row].offset);
}

static void tell_layer(struct pages_text *text, const struct heap *heap)
{
    struct heap_statistics statistics;
    struct heap_figure figure;
    heap_statistics(heap, &statistics);
    pages_text_line(text, "%s: %s", heap->allocator->name, heap->allocator->summary);
    for (int row = 0; row < STATISTICS_ROWS; row++) {
        size_t value = statistic(&statistics, row);
        if (value == UNKNOWN) continue;
        pages_text_line(text, "  %15zu %s %s", value, statistics_rows[row].unit,
                        statistics_rows[row].label);
    }
    for (size_t i = 0; heap->allocator->figure; i++) {
        if (!heap->allocator->figure(heap->state, i, &figure)) break;
        int decimals = figure.value == (double)(long long)figure.value ? 0 : 2;
        pages_text_line(text, "  %15.*f %s (%s)", decimals, figure.value, figure.name, figure.unit);
    }
}

static int memory_report(lua_State *L)
{
    struct inspection *inspection = begin(L);
    struct heap_statistics statistics;
    heap_statistics(inspection->heap, &statistics);
    for (const struct heap *heap = inspection->heap; heap; heap = heap->inner) {
        tell_layer(&inspection->text, heap);
    }
    push_text(L, inspection);
    lua_createtable(L, 0, STATISTICS_ROWS);
    for (int row = 0; row < STATISTICS_ROWS; row++) {
        size_t value = statistic(&statistics, row);
        if (value != UNKNOWN) set_number(L, statistics_rows[row].name, value);
    }
    return 2;
}

/* ---- memory_profile */

struct kinds {
    bool is_exact, is_estimated;
    size_t bytes[KIND_COUNT]; /* exact where that can be had */
    struct profile_kind estimates[KIND_COUNT];
    size_t total;
};

static void read_kinds(lua_State *L, struct heap *heap, struct kinds *kinds)
{
    kinds->is_exact = lua_heap_walk(L, kinds->bytes);
    kinds->is_estimated = profile_read(heap, kinds->estimates);
    kinds->total = 0;
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        if (!kinds->is_exact) kinds->bytes[kind] = kinds->estimates[kind].live_bytes;
        kinds->total += kinds->bytes[kind];
    }
}

static void tell_kinds(struct pages_text *text, const struct kinds *kinds)
{
    bool has_both = kinds->is_exact && kinds->is_estimated;
    pages_text_line(text, "%-9s %15s %7s%s", "kind", "bytes", "share",
                    has_both ? "  told by profile" : "");
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        char estimate[32] = "";
        if (has_both) {
            snprintf(estimate, sizeof estimate, "  %15zu", kinds->estimates[kind].live_bytes);
        }
        pages_text_line(text, "%-9s %15zu %5.1f %%%s", block_kind_names[kind], kinds->bytes[kind],
                        100.0 * (double)kinds->bytes[kind] / (double)kinds->total, estimate);
    }
    pages_text_line(text, "%-9s %15zu", "total", kinds->total);
    if (!has_both) return;
    pages_text_line(text, "profile is off by %.3f %% of all bytes",
                    100 * profile_error(kinds->estimates, kinds->bytes));
}

static int memory_profile(lua_State *L)
{
    struct inspection *inspection = begin(L);
    struct kinds kinds;
    if (!lua_heap_is_known(L)) return refuse(L, "these are not the objects of a plain Lua 5.1");
    read_kinds(L, inspection->heap, &kinds);
    if (!kinds.is_exact && !kinds.is_estimated) {
        return refuse(L, "this Lua's objects cannot be walked: put profile+ before the spec");
    }
    tell_kinds(&inspection->text, &kinds);
    push_text(L, inspection);
    lua_createtable(L, 0, KIND_COUNT + 1);
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        set_number(L, block_kind_names[kind], kinds.bytes[kind]);
    }
    set_number(L, "total", kinds.total);
    return 2;
}

/* ---- leak_report, check_memory */

static int leak_report(lua_State *L)
{
    struct inspection *inspection = begin(L);
    bool has_mark = !lua_isnoneornil(L, 1);
    lua_Number mark = has_mark ? luaL_checknumber(L, 1) : 0;
    luaL_argcheck(L, mark >= 0, 1, "not a mark that leak_report returned");
    const struct heap *records = heap_layer(inspection->heap, "records");
    if (!records) return refuse(L, "blocks are not recorded: put records+ before the spec");
    struct pages_text *text = &inspection->text;
    uint64_t now = records_calls(records);
    luaL_argcheck(L, mark <= (lua_Number)now, 1, "not a mark that leak_report returned");
    if (!has_mark) {
        pages_text_line(text, "alive now, garbage that is not yet collected included:");
    }
    size_t block_count =
        records_report_leaks(records, (uint64_t)mark, GROUPS_TOLD, pages_text_take, text);
    push_text(L, inspection);
    lua_pushnumber(L, (lua_Number)block_count);
    lua_pushnumber(L, (lua_Number)now);
    return 3;
}

static int check_memory(lua_State *L)
{
    lua_pushnumber(L, (lua_Number)heap_audit(begin(L)->heap));
    return 1;
}

/* ---- set_memory_limit */

static bool read_number(lua_Number number, size_t *bytes, struct error *error)
{
    if (!(number >= 0 && number < 0x1p63)) {
        return error_set(error, "set_memory_limit: %g is no number of bytes: give 0 or more",
                         number);
    }
    *bytes = (size_t)number;
    return true;
}

/* As in a spec. */
static bool read_text(const char *value, size_t *bytes, struct error *error)
{
    static const struct option_row row = {"bytes", OPTION_BYTES, "0", 0, (size_t)1 << 50, NULL, ""};
    if (strlen(value) > 64) {
        return error_set(error, "set_memory_limit: `%.40s...` is no number of bytes", value);
    }
    return settings_read("set_memory_limit", &row, value, bytes, error);
}

static bool read_bytes(lua_State *L, size_t *bytes, struct error *error)
{
    switch (lua_type(L, 1)) {
    case LUA_TNUMBER: return read_number(lua_tonumber(L, 1), bytes, error);
    case LUA_TSTRING: return read_text(lua_tostring(L, 1), bytes, error);
    default:
        return error_set(error, "set_memory_limit: give bytes as a number or as \"10M\"; got %s",
                         luaL_typename(L, 1));
    }
}

static int set_memory_limit(lua_State *L)
{
    struct inspection *inspection = begin(L);
    bool is_strict = lua_isnoneornil(L, 2) || lua_toboolean(L, 2);
    struct error error = {""};
    size_t bytes = 0;
    if (!read_bytes(L, &bytes, &error)) return refuse(L, error.text);
    if (!limit_set(inspection->heap, bytes, is_strict)) {
        return refuse(L, "no layer of this heap is a limit: put hard-limit:bytes=10M+ before the "
                         "spec");
    }
    lua_pushboolean(L, true);
    return 1;
}

/* ---- */

static int release(lua_State *L)
{
    struct inspection *inspection = lua_touserdata(L, 1);
    pages_text_release(&inspection->text);
    return 0;
}

static struct inspection *push_entered(lua_State *L, const struct heap *heap)
{
    lua_pushlightuserdata(L, (void *)heap);
    lua_rawget(L, LUA_REGISTRYINDEX);
    return lua_touserdata(L, -1);
}

/* __metatable keeps scripts from calling __gc themselves. */
static void push_inspection(lua_State *L, struct heap *heap)
{
    struct inspection *inspection = push_entered(L, heap);
    if (inspection) {
        inspection->heap = heap;
        return;
    }
    lua_pop(L, 1);
    inspection = lua_newuserdata(L, sizeof *inspection);
    *inspection = (struct inspection){.heap = heap};
    lua_createtable(L, 0, 2);
    lua_pushcfunction(L, release);
    lua_setfield(L, -2, "__gc");
    lua_pushboolean(L, false);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_pushlightuserdata(L, heap);
    lua_pushvalue(L, -2);
    lua_rawset(L, LUA_REGISTRYINDEX);
}

void lalloc_inspection_open(lua_State *L, struct heap *heap)
{
    static const luaL_Reg functions[] = {{"memory_report", memory_report},
                                         {"memory_profile", memory_profile},
                                         {"leak_report", leak_report},
                                         {"check_memory", check_memory},
                                         {"set_memory_limit", set_memory_limit}};
    push_inspection(L, heap);
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        lua_pushvalue(L, -1);
        lua_pushcclosure(L, functions[i].func, 1);
        lua_setglobal(L, functions[i].name);
    }
    lua_pop(L, 1);
}

void lalloc_inspection_close(lua_State *L, const struct heap *heap)
{
    struct inspection *inspection = push_entered(L, heap);
    if (inspection) inspection->heap = NULL;
    lua_pop(L, 1);
}
