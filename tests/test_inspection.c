/* What a script learns of the heap it runs on. The scripts check by assert. */
#include "heap_test.h"

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "../lalloc/inspection.h"
#include "../lalloc/lua_host.h"

static struct {
    struct heap *heap;
    lua_State *L;
    struct lua_host host;
} subject;

static int open_all(lua_State *L)
{
    luaL_openlibs(L);
    lalloc_inspection_open(L, subject.heap);
    return 0;
}

static int damage(lua_State *L)
{
    char *userdata = lua_newuserdata(L, 40);
    userdata[40]++;
    return 1;
}

static int live_bytes(lua_State *L)
{
    lua_pushnumber(L, (lua_Number)totals_of(subject.heap).live_bytes);
    return 1;
}

static void say_nothing(void *outlet, const char *message)
{
    (void)outlet, (void)message;
}

static void begin(const char *spec)
{
    subject.heap = open_spec(spec);
    struct host quiet = *subject.heap->host;
    quiet.say = say_nothing;
    heap_surround(subject.heap, &quiet);
    subject.L = lua_newstate(subject.heap->resize, subject.heap->state);
    assert_int_equal(lua_cpcall(subject.L, open_all, NULL), 0);
    lua_host_attach(&subject.host, subject.heap, subject.L);
    lua_register(subject.L, "damage", damage);
    lua_register(subject.L, "live_bytes", live_bytes);
}

static void end(void)
{
    lua_host_detach(&subject.host);
    lua_close(subject.L);
    assert_int_equal(totals_of(subject.heap).live_bytes, 0);
    heap_close(subject.heap);
}

static void run(const char *script)
{
    if (luaL_loadbuffer(subject.L, script, strlen(script), "@script.lua") ||
        lua_pcall(subject.L, 0, 0, 0)) {
        fail_msg("%s", lua_tostring(subject.L, -1));
    }
}

static void passes_on(const char *spec, const char *script)
{
    begin(spec);
    run(script);
    end();
}

static void test_memory_report_tells_every_layer(void **state)
{
    (void)state;
    passes_on("track+hard-limit:bytes=10M+tiered",
              "local before = live_bytes()"
              " local text, main = memory_report()"
              " assert(text:find('track: ', 1, true) and text:find('\\nhard-limit: ', 1, true))"
              " assert(text:find('\\ntiered: ', 1, true) and text:find(' held from the system'))"
              " assert(main.live_bytes == before, main.live_bytes - before)"
              " assert(main.live_blocks > 300 and main.footprint_bytes > before)");
}

static void test_memory_profile_is_exact(void **state)
{
    (void)state;
    passes_on("track+libc",
              "local big = ('x'):rep(100000)"
              " local text, kinds = memory_profile()"
              " local sum = -kinds.total"
              " for _, bytes in pairs(kinds) do sum = sum + bytes end"
              " assert(sum == kinds.total and kinds.string > 100000)"
              " assert(text:find('total') and not text:find('told by profile'))"
              " for _, kind in ipairs{'string', 'table', 'function', 'userdata',"
              "  'thread', 'proto', 'other'} do"
              "  assert(kinds[kind] and text:find(kind .. ' +' .. kinds[kind]), kind) end");
}

static void test_memory_profile_counts_what_was_alive_before(void **state)
{
    (void)state;
    passes_on("track+libc", "collectgarbage() collectgarbage('stop')"
                            " local before = live_bytes()"
                            " assert(select(2, memory_profile()).total == before)");
}

static void test_memory_profile_shows_the_estimate(void **state)
{
    (void)state;
    passes_on("profile+libc", "local text = memory_profile()"
                              " assert(text:find('told by profile', 1, true))"
                              " assert(text:find('profile is off by 0.000 %', 1, true), text)");
}

static void test_leak_report_tells_lines(void **state)
{
    (void)state;
    passes_on("records+libc", "keep = {}\n"
                              "for i = 1, 500 do keep[i] = {} end\n"
                              "local text, count, mark = leak_report()\n"
                              "assert(text:find('script.lua:2', 1, true), text)\n"
                              "assert(count > 800 and mark > count)");
}

static void test_leak_report_since_a_mark(void **state)
{
    (void)state;
    passes_on("records:stacks=no+libc",
              "keep = {} local old = {} for i = 1, 300 do old[i] = {} end\n"
              "collectgarbage() collectgarbage('stop')\n"
              "local _, _, mark = leak_report()\n"
              "for i = 1, 200 do keep[i] = {} end\n"
              "local text, count = leak_report(mark)\n"
              "assert(text:find('blocks, in script.lua:4;', 1, true), text)\n"
              "assert(not text:find('script.lua:1;', 1, true), text)\n"
              "assert(count >= 201 and count < 220, count)\n"
              "assert(text:find('in ' .. count .. ' blocks, of '), text)\n"
              "local _, _, now = leak_report()\n"
              "assert(select(2, leak_report(now)) <= 8)\n"
              "assert(select(2, leak_report(0)) > 800)\n"
              "assert(not pcall(leak_report, -1) and not pcall(leak_report, {}))");
}

static void test_leak_report_tells_the_largest_places(void **state)
{
    (void)state;
    passes_on("records:stacks=no+libc",
              "keep = {} local _, _, mark = leak_report()\n"
              "local code = {} for i = 1, 40 do code[i] = 'keep[' .. i"
              " .. '] = (\"x\"):rep(' .. i * 1000 .. ')' end\n"
              "assert(loadstring(table.concat(code, '\\n'), '@many.lua'))()\n"
              "local text = leak_report(mark)\n"
              "local first = text:find('many.lua:40', 1, true)\n"
              "local second = text:find('many.lua:39', 1, true)\n"
              "assert(first and second and first < second, text)\n"
              "assert(not text:find('many.lua:1;', 1, true), text)\n"
              "assert(text:find('and from %d+ more origins'), text)");
}

static void test_check_memory_counts_faults(void **state)
{
    (void)state;
    passes_on("guards+libc", "assert(check_memory() == 0)"
                             " local it = damage() assert(check_memory() == 1)");
    passes_on("track+libc", "assert(check_memory() == 0)");
}

static void test_set_memory_limit(void **state)
{
    (void)state;
    passes_on("track+hard-limit:bytes=10M+libc",
              "local function grow(n) return #('x'):rep(n) end"
              " assert(set_memory_limit('200K') == true and pcall(grow, 20000))"
              " assert(not pcall(grow, 190000))"
              " collectgarbage() assert(set_memory_limit(5000000) and pcall(grow, 300000))"
              " assert(set_memory_limit(0) and not pcall(grow, 70000))"
              " assert(set_memory_limit('10M', false))");
}

static void test_set_memory_limit_refuses_nonsense(void **state)
{
    (void)state;
    passes_on("hard-limit:bytes=10M+libc",
              "local function refused(reason, ...)"
              "  local result, text = set_memory_limit(...)"
              "  assert(result == nil and text:find(reason, 1, true), text) end"
              " refused('no number of bytes', -1) refused('no number of bytes', 0/0)"
              " refused('no number of bytes', 1/0) refused('no number of bytes', 2^64)"
              " refused('not allowed', '10X') refused('not allowed', '') refused('got no value')"
              " refused('got table', {}) refused('no number of bytes', ('1'):rep(100))"
              " assert(#('x'):rep(1000000) == 1000000)");
}

static void test_missing_layers_are_named(void **state)
{
    (void)state;
    passes_on("track+libc", "local ok, reason = leak_report()"
                            " assert(ok == nil and reason:find('records+', 1, true))"
                            " ok, reason = set_memory_limit(1e6)"
                            " assert(ok == nil and reason:find('hard-limit', 1, true))");
}

/* Only the text and its table may be new. */
static void test_reports_leave_the_heap_as_it_was(void **state)
{
    (void)state;
    passes_on("records:stacks=no+libc",
              "leak_report() memory_report() memory_profile()"
              " collectgarbage() collectgarbage('stop')"
              " local before = live_bytes()"
              " local text = leak_report()"
              " local cost = live_bytes() - before"
              " assert(cost >= 25 + #text and cost <= 25 + #text + 400, cost)");
}

static void test_finalizers_may_ask_while_the_state_closes(void **state)
{
    (void)state;
    passes_on("records:stacks=no+libc",
              "last = newproxy(true) getmetatable(last).__gc = function()"
              " memory_report() leak_report() memory_profile() check_memory() end");
}

static void test_errors_for_want_of_memory_lose_nothing(void **state)
{
    (void)state;
    passes_on("hard-limit:bytes=60K+libc",
              "local ok = true for i = 1, 200 do"
              "  set_memory_limit(40000 + i * 50) ok = pcall(memory_report) and ok"
              "  pcall(memory_profile) end"
              " set_memory_limit('10M') assert(not ok and memory_report())");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_report_tells_every_layer),
        cmocka_unit_test(test_memory_profile_is_exact),
        cmocka_unit_test(test_memory_profile_counts_what_was_alive_before),
        cmocka_unit_test(test_memory_profile_shows_the_estimate),
        cmocka_unit_test(test_leak_report_tells_lines),
        cmocka_unit_test(test_leak_report_since_a_mark),
        cmocka_unit_test(test_leak_report_tells_the_largest_places),
        cmocka_unit_test(test_check_memory_counts_faults),
        cmocka_unit_test(test_set_memory_limit),
        cmocka_unit_test(test_set_memory_limit_refuses_nonsense),
        cmocka_unit_test(test_missing_layers_are_named),
        cmocka_unit_test(test_reports_leave_the_heap_as_it_was),
        cmocka_unit_test(test_finalizers_may_ask_while_the_state_closes),
        cmocka_unit_test(test_errors_for_want_of_memory_lose_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
