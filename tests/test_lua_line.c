/* The short way to the line that runs tells what lua_getinfo tells. */
#include "listening.h"

#include <lauxlib.h>
#include <lualib.h>

#include "../lalloc/lua_host.h"

static struct {
    bool (*locate)(void *program, struct place *out);
    size_t asked, short_ways;
} both;

static bool locate_both_ways(void *program, struct place *out)
{
    struct lua_host *host = program;
    struct place quick = {NULL, 0};
    both.asked++;
    if (!lua_lines_find(&host->lines, host->L, host->resume, host->wrap, &quick)) {
        return both.locate(program, out);
    }
    both.short_ways++;
    host->lines.is_known = false;
    assert_true(both.locate(program, out));
    host->lines.is_known = true;
    assert_string_equal(out->source, quick.source);
    assert_int_equal(out->line, quick.line);
    return true;
}

static const char varied[] =
    "local made = {}\n"
    "local function keep(...) made[#made + 1] = {...} return ... end\n"
    "local function tail(n) if n == 0 then return keep('x' .. n) end return tail(n - 1) end\n"
    "local class = setmetatable({}, {__index = function(_, k)\n"
    "  return k .. 'indexed'\n"
    "end, __concat = function() return {} end, __call = function(_, n)\n"
    "  return keep(n .. 'c')\n"
    "end})\n"
    "for i = 1, 50 do\n"
    "  tail(i); keep(class[i .. '']); keep(class .. i); class(i)\n"
    "  pcall(error, {i}); pcall(function() error('e' .. i) end)\n"
    "  local code = 'local t = {}\\nfor i = 1, 9 do\\nt[i] = {i}\\nend'\n"
    "  local chunk = assert(loadstring(code, '=c' .. i))\n"
    "  chunk()\n"
    "  ;('a b c'):gsub('%w', function(c) return keep(c:rep(i)) and nil end)\n"
    "  table.sort({3, 2, 1, i}, function(a, b) keep(a .. '' .. b) return a < b end)\n"
    "  local co = coroutine.wrap(function(n)\n"
    "    for k = 1, 5 do n = coroutine.yield(keep(k .. n)) end\n"
    "    return tail(3)\n"
    "  end)\n"
    "  for k = 1, 6 do co('y') end\n"
    "  local _, inner = coroutine.resume(coroutine.create(function()\n"
    "    return coroutine.wrap(function() return keep(('z'):rep(i)) end)()\n"
    "  end))\n"
    "  if i % 10 == 0 then collectgarbage() end\n"
    "end\n";

static void the_short_way_tells_what_the_api_tells(void **state)
{
    (void)state;
    struct heap *heap = open_heard("records:stacks=no+libc");
    struct lua_host host = {0};
    lua_State *L = lua_newstate(heap->resize, heap->state);
    luaL_openlibs(L);
    lua_host_attach(&host, heap, L);
    assert_true(host.lines.is_known);
    struct host surroundings = *heap->host;
    both.locate = surroundings.locate;
    both.asked = both.short_ways = 0;
    surroundings.locate = locate_both_ways;
    heap_surround(heap, &surroundings);
    if (luaL_loadbuffer(L, varied, strlen(varied), "=varied") || lua_pcall(L, 0, 0, 0)) {
        fail_msg("%s", lua_tostring(L, -1));
    }
    assert_true(both.short_ways > 2000 && both.short_ways > both.asked / 2);
    lua_host_detach(&host);
    lua_close(L);
    close_quietly(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_short_way_tells_what_the_api_tells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
