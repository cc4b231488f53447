/* Lua states on a heap of the library, from their first block to their last.
 *
 * A state finds its heap, the last that was attached, through its registry, by the address of a
 * static as the key: the userdata of its allocator is the outermost layer's own. Reading that needs
 * no memory, so it works in the panic function, too. Invariant: heap->L is the state exactly while
 * the heap's host is that state.
 */
#include "handle.h"

#include <assert.h>
#include <lauxlib.h>

#include "../allocators/limits/limit.h"
#include "inspection.h"
#include "run.h"

static const char heap_key;

static struct lalloc_heap *heap_of(lua_State *L)
{
    lua_pushlightuserdata(L, (void *)&heap_key);
    lua_rawget(L, LUA_REGISTRYINDEX);
    struct lalloc_heap *heap = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return heap;
}

/* Lua ends the process when this returns. */
static int panic(lua_State *L)
{
    const struct lalloc_heap *heap = heap_of(L);
    const char *message = lua_isstring(L, -1) ? lua_tostring(L, -1) : "(no message)";
    host_say(heap->layers->host,
             "panic: %s: raised outside any protected call: use lalloc_run, "
             "lua_pcall or lua_cpcall",
             message);
    return 0;
}

static void set_heap(lua_State *L, struct lalloc_heap *heap)
{
    lua_pushlightuserdata(L, (void *)&heap_key);
    lua_pushlightuserdata(L, heap);
    lua_rawset(L, LUA_REGISTRYINDEX);
}

static int enter_registry(lua_State *L)
{
    set_heap(L, lua_touserdata(L, 1));
    run_register(L);
    return 0;
}

/* False for want of memory; nothing is left on the stack. */
static bool prepare(struct lalloc_heap *heap, lua_State *L)
{
    if (lua_cpcall(L, enter_registry, heap)) {
        lua_pop(L, 1);
        return false;
    }
    lua_host_attach(&heap->lua_host, heap->layers, L);
    heap->L = L;
    return true;
}

lua_State *lalloc_newstate(struct lalloc_heap *heap)
{
    lua_State *L = heap->L ? NULL : lua_newstate(lalloc_function(heap), lalloc_userdata(heap));
    if (!L) return NULL;
    if (!prepare(heap, L)) {
        lua_close(L);
        return NULL;
    }
    lua_atpanic(L, panic);
    return L;
}

static int open_libraries(lua_State *L)
{
    lua_host_open_libraries(L);
    return 0;
}

int lalloc_openlibs(struct lalloc_heap *heap, lua_State *L)
{
    assert(heap->L == L);
    limit_lift(heap->layers, true);
    int status = lua_cpcall(L, open_libraries, NULL);
    lua_host_detach(&heap->lua_host);
    lua_host_attach(&heap->lua_host, heap->layers, L); /* knows how coroutines are entered now */
    limit_lift(heap->layers, false);
    return status;
}

void lalloc_closestate(struct lalloc_heap *heap, lua_State *L)
{
    if (!L) return;
    assert(heap->L == L);
    struct lalloc_heap *outermost = heap_of(L);
    for (struct lalloc_heap *each = outermost; each; each = each->under) {
        lua_host_detach(&each->lua_host);
        each->L = NULL;
        limit_lift(each->layers, true);
    }
    lua_close(L);
    for (struct lalloc_heap *each = outermost, *under; each; each = under) {
        under = each->under;
        limit_lift(each->layers, false);
        each->former_function = NULL;
        each->under = NULL;
    }
}

static bool is_main(lua_State *L)
{
    bool result = lua_pushthread(L);
    lua_pop(L, 1);
    return result;
}

/* What the state's own allocator has given out is counted before anything moves. */
static struct heap *open_over(struct lalloc_heap *heap, lua_State *L, const char *spec,
                              struct error *reason)
{
    heap->former_function = lua_getallocf(L, &heap->former_userdata);
    size_t live_bytes =
        ((size_t)lua_gc(L, LUA_GCCOUNT, 0) << 10) + (size_t)lua_gc(L, LUA_GCCOUNTB, 0);
    return heap_open_over(spec, heap->former_function, heap->former_userdata, live_bytes, reason);
}

/* A key that is there already takes no memory: the heap is entered, or under was. */
static void give_back(struct lalloc_heap *heap, lua_State *L)
{
    lua_setallocf(L, heap->former_function, heap->former_userdata);
    if (heap_of(L) == heap) set_heap(L, heap->under);
    lalloc_close(heap);
}

/* For want of memory. */
static struct lalloc_heap *leave(struct lalloc_heap *heap, lua_State *L, char *error,
                                 size_t error_bytes)
{
    give_back(heap, L);
    struct error reason;
    error_set(&reason, "the state has no memory left");
    handle_tell(&reason, error, error_bytes);
    return NULL;
}

struct lalloc_heap *lalloc_attach(lua_State *L, const char *spec, char *error, size_t error_bytes)
{
    struct error reason = {""};
    struct heap *layers = NULL;
    struct lalloc_heap *heap = handle_map(&reason);
    if (!is_main(L)) error_set(&reason, "attach to the main state: a coroutine may be collected");
    else if (heap) layers = open_over(heap, L, spec, &reason);
    heap = handle_begin(heap, layers, &reason, error, error_bytes);
    if (!heap) return NULL;
    heap->under = heap_of(L);
    lua_setallocf(L, lalloc_function(heap), lalloc_userdata(heap));
    limit_lift(heap->layers, true); /* what is registered now is not the program's */
    bool is_prepared = prepare(heap, L);
    limit_lift(heap->layers, false);
    return is_prepared ? heap : leave(heap, L, error, error_bytes);
}

bool lalloc_detach(struct lalloc_heap *heap, lua_State *L)
{
    void *userdata;
    if (!heap->former_function || heap->L != L) return false;
    if (lua_getallocf(L, &userdata) != lalloc_function(heap)) return false;
    if (userdata != lalloc_userdata(heap)) return false;
    lua_host_detach(&heap->lua_host);
    lalloc_inspection_close(L, heap->layers);
    give_back(heap, L);
    return true;
}

static int open_inspection(lua_State *L)
{
    const struct lalloc_heap *heap = lua_touserdata(L, 1);
    lalloc_inspection_open(L, heap->layers);
    return 0;
}

int lalloc_inspection(struct lalloc_heap *heap, lua_State *L)
{
    return lua_cpcall(L, open_inspection, heap);
}
