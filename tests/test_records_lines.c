/* The lines of Lua that blocks come from. */
#include "records_test.h"

#include <lauxlib.h>
#include <lualib.h>

#include "../lalloc/lua_host.h"

static void run_lua(const struct heap *heap, lua_State *L, const char *code)
{
    (void)heap;
    if (luaL_loadbuffer(L, code, strlen(code), "=script") || lua_pcall(L, 0, 0, 0)) {
        fail_msg("%s", lua_tostring(L, -1));
    }
}

struct sought {
    size_t size;
    int line;
    size_t found, elsewhere;
};

static void seek(void *out, const struct block_record *record)
{
    struct sought *sought = out;
    if (record->size != sought->size) return;
    bool is_there = record->source && !strcmp(record->source, "script");
    if (is_there && record->line == sought->line) sought->found++;
    else sought->elsewhere++;
}

/* A string of so many characters takes 25 bytes more. */
static void was_made_in(const struct heap *heap, size_t characters, int line)
{
    struct sought sought = {.size = characters + 25, .line = line};
    records_visit(heap, seek, &sought);
    if (sought.found != 1 || sought.elsewhere) {
        fail_msg("%zu characters: %zu made in line %d, %zu elsewhere", characters, sought.found,
                 line, sought.elsewhere);
    }
}

static void blocks_of_lua_have_the_line_that_asked(void **state)
{
    (void)state;
    struct heap *heap = open_heard("records+libc");
    struct lua_host host = {0};
    lua_State *L = lua_newstate(heap->resize, heap->state);
    luaL_openlibs(L);
    lua_host_attach(&host, heap, L);
    run_lua(heap, L,
            "local function make(n)\n"
            "  return ('x'):rep(n)\n"
            "end\n"
            "a = make(3001)\n"
            "b = ('x'):rep(3002)\n"
            "c = coroutine.wrap(function()\n"
            "  return ('x'):rep(3003)\n"
            "end)()\n"
            "local _, d = coroutine.resume(coroutine.create(function()\n"
            "  return coroutine.wrap(function()\n"
            "    local e = 'x'\n"
            "    return e:rep(3004)\n"
            "  end)()\n"
            "end))\n"
            "f = d\n"
            "g = {pcall(string.rep, 'x', 3005)}\n"
            "h = a .. b\n");
    was_made_in(heap, 3001, 2);
    was_made_in(heap, 3002, 5);
    was_made_in(heap, 3003, 7);
    was_made_in(heap, 3004, 12);
    was_made_in(heap, 3005, 16);
    was_made_in(heap, 6003, 17);
    lua_host_detach(&host);
    lua_close(L);
    close_quietly(heap);
}

/* Sources of one length and place in memory must not be taken for one another. */
static void sources_that_come_and_go_keep_their_names(void **state)
{
    (void)state;
    struct heap *heap = open_heard("records:stacks=no+tiered");
    struct lua_host host = {0};
    lua_State *L = lua_newstate(heap->resize, heap->state);
    char name[32], code[64];
    luaL_openlibs(L);
    lua_host_attach(&host, heap, L);
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof name, "=source%03d", i);
        snprintf(code, sizeof code, "\na = ('x'):rep(%d)", 5000 + i);
        if (luaL_loadbuffer(L, code, strlen(code), name)) fail_msg("%s", lua_tostring(L, -1));
        if (lua_pcall(L, 0, 0, 0)) fail_msg("%s", lua_tostring(L, -1));
        lua_gc(L, LUA_GCCOLLECT, 0);
        lua_getglobal(L, "a");
        /* The block of a string begins 24 bytes before its characters. */
        struct block_record record = find(heap, lua_tostring(L, -1) - 24);
        assert_string_equal(record.source, name + 1);
        assert_int_equal(record.line, 2);
        lua_pop(L, 1);
    }
    lua_host_detach(&host);
    lua_close(L);
    close_quietly(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_of_lua_have_the_line_that_asked),
        cmocka_unit_test(sources_that_come_and_go_keep_their_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
