/* Lua when memory runs out, at each of the calls that can fail in turn: a state is opened, its
 * libraries and a script that uses all kinds of memory run, and it is closed. Each run must end
 * well or with Lua's own error, and leave nothing behind. Under the address sanitizer this is also
 * a test of the allocators' ways out. */
#include "heap_test.h"

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

enum { ANSWER_BYTES = 512, RUNS_MAXIMUM = 20000 };

/* What the script catches it raises again, but for the first loop: that goes on without memory. */
static const char script[] =
    "local answer = {}\n"
    "local function keep(value) answer[#answer + 1] = tostring(value) end\n"
    "local function again(ok, message)\n"
    "  if not ok and type(message) == 'string' then error(message, 0) end\n"
    "  return message\n"
    "end\n"
    "for i = 1, 3 do\n"
    "  pcall(function() local a = {} for j = 1, 9 do a[j] = {i .. 'a' .. j} end end)\n"
    "end\n"
    "local f, message = loadstring('local a, b = ... local t = {a, b, x = a}"
    "  return function(c) return function() return t.x + b + c end end', '=compiled')\n"
    "if not f then error(message, 0) end\n"
    "keep(f(1, 2)(3)())\n"
    "local t = {}\n"
    "for i = 1, 40 do t[i] = i; t['key' .. i] = {i} end\n"
    "keep(#t)\n"
    "local s = ''\n"
    "for i = 1, 20 do s = s .. i .. ',' end\n"
    "keep(#s)\n"
    "keep(#table.concat(t, ' ', 1, 40))\n"
    "keep(#('x'):rep(9000))\n"
    "local function depth(n) if n == 0 then return 0 end return 1 + depth(n - 1) end\n"
    "keep(depth(150))\n"
    "keep(select('#', unpack(t, 1, 40)))\n"
    "local step = coroutine.wrap(function(n) for i = 1, n do coroutine.yield(i) end end)\n"
    "keep(step(3) + step() + step())\n"
    "for i = 1, 4 do\n"
    "  local thread = coroutine.create(function(a)\n"
    "    local b = coroutine.yield(a .. 'y')\n"
    "    error({a .. b, depth(20)})\n"
    "  end)\n"
    "  keep(again(coroutine.resume(thread, 'c' .. i)))\n"
    "  keep(again(coroutine.resume(thread, 'd'))[1])\n"
    "end\n"
    "local broken = coroutine.create(function() local none; return none.field end)\n"
    "local _, what = coroutine.resume(broken)\n"
    "if what == 'not enough memory' then error(what, 0) end\n"
    "keep(what:match('index.*'))\n"
    "keep((('the quick brown fox'):gsub('%w+', function(w) return w:upper() .. #w end)))\n"
    "keep((('a b c'):gsub('%w', {a = 'first', c = 'third'})))\n"
    "for i = 1, 3 do keep(again(pcall(function() error({code = i}) end)).code) end\n"
    "local handled = again(xpcall(function() local u = nil + 1 end, function(m) return {m .. '!'} "
    "end))\n"
    "keep(handled[1]:match('arithmetic.*'))\n"
    "t = setmetatable({}, {__index = function(_, k) return k .. k end, __mode = 'k'})\n"
    "keep(t.ab)\n"
    "keep(string.format('%s %5.2f %q', 'x', 1 / 3, 'q'))\n"
    "collectgarbage()\n"
    "return table.concat(answer, ' ')\n";

/* Of one run. */
struct run {
    int status;
    char message[ANSWER_BYTES]; /* the script's answer, or Lua's error */
    size_t refused;
};

static void copy_top(lua_State *L, struct run *run)
{
    const char *text = lua_tostring(L, -1);
    snprintf(run->message, sizeof run->message, "%s", text ? text : "(no string)");
}

static int run_script(lua_State *L)
{
    luaL_openlibs(L);
    if (luaL_loadbuffer(L, script, sizeof script - 1, "=script")) return lua_error(L);
    lua_call(L, 0, 1);
    copy_top(L, lua_touserdata(L, 1));
    return 0;
}

/* By the wrapper's own count, and by that of the allocator where it keeps one. */
static void holds_nothing(const struct heap *heap, const char *spec)
{
    for (; heap; heap = heap->inner) {
        struct heap_statistics totals = totals_of(heap);
        if (totals.live_bytes == UNKNOWN || totals.live_bytes + totals.live_blocks == 0) continue;
        fail_msg("%s: %s has %zu bytes in %zu blocks left", spec, heap->allocator->name,
                 totals.live_bytes, totals.live_blocks);
    }
}

/* The state is opened under the fault too. Nothing may be alive after it is closed. */
static struct run run_on(const char *spec)
{
    struct run run = {.status = LUA_ERRMEM, .message = "not enough memory"};
    struct heap *heap = open_spec(spec);
    lua_State *L = lua_newstate(heap->resize, heap->state);
    if (L) {
        run.status = lua_cpcall(L, run_script, &run);
        if (run.status) copy_top(L, &run);
        lua_close(L);
    }
    run.refused = (size_t)figure_of(heap, "calls refused on purpose");
    holds_nothing(heap, spec);
    heap_close(heap);
    return run;
}

/* An error that the script caught and raised again counts as its own. */
static void is_clean(const char *spec, const struct run *run)
{
    bool is_well = run->status == 0 || run->status == LUA_ERRMEM || run->status == LUA_ERRRUN;
    bool is_said = run->status == 0 || !strcmp(run->message, "not enough memory");
    if (!is_well || !is_said) fail_msg("%s: status %d, %s", spec, run->status, run->message);
}

/* Every N until a run needs no more. Returns how many runs were refused something. */
static size_t refuse_each(const char *option, const char *inner, const char *answer)
{
    char spec[128];
    size_t failed = 0;
    for (size_t i = 1; i < RUNS_MAXIMUM; i++) {
        snprintf(spec, sizeof spec, "fault:%s=%zu+%s", option, i, inner);
        struct run run = run_on(spec);
        is_clean(spec, &run);
        failed += run.status != 0;
        if (run.refused) continue;
        assert_string_equal(run.message, answer);
        assert_true(failed > 500 && failed <= i - 1);
        return i - 1;
    }
    fail_msg("fault:%s+%s: no run came to its end", option, inner);
    return 0;
}

/* All that can fail was refused once: as many runs as the script asks, by both ways. */
static void survives(const char *inner)
{
    char spec[128];
    snprintf(spec, sizeof spec, "fault+%s", inner);
    struct run whole = run_on(spec);
    assert_int_equal(whole.status, 0);
    assert_non_null(strstr(whole.message, "6 40 "));
    size_t calls = refuse_each("at", inner, whole.message);
    assert_int_equal(refuse_each("from", inner, whole.message), calls);
}

static void libc_survives_a_refusal_at_each_call(void **state)
{
    (void)state;
    survives("libc");
}

static void tiered_survives_a_refusal_at_each_call(void **state)
{
    (void)state;
    survives("tiered");
}

static void checked_tiered_survives_a_refusal_at_each_call(void **state)
{
    (void)state;
    survives("tiered:checked");
}

static void refusals_by_chance_are_survived_too(void **state)
{
    (void)state;
    char spec[128];
    size_t failed = 0;
    for (size_t seed = 1; seed <= 200; seed++) {
        snprintf(spec, sizeof spec, "fault:chance=400,seed=%zu+tiered:checked", seed);
        struct run run = run_on(spec);
        is_clean(spec, &run);
        failed += run.status != 0;
    }
    assert_in_range(failed, 1, 199);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(libc_survives_a_refusal_at_each_call),
        cmocka_unit_test(tiered_survives_a_refusal_at_each_call),
        cmocka_unit_test(checked_tiered_survives_a_refusal_at_each_call),
        cmocka_unit_test(refusals_by_chance_are_survived_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
