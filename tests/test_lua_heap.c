/* The walk of a Lua state agrees with what Lua counts, and with what `profile` tells of the same
 * state without knowing Lua: in every shape that a heap can have. */
#include "profile_test.h"

static void look_from_hook(lua_State *L, lua_Debug *where)
{
    (void)where;
    look(L);
}

/* Every few instructions of the script. */
static void agree_in(const char *script)
{
    begin();
    lua_sethook(subject.L, look_from_hook, LUA_MASKCOUNT, 7);
    run(script);
    lua_sethook(subject.L, NULL, 0, 0);
    look(subject.L);
    lua_gc(subject.L, LUA_GCCOLLECT, 0);
    look(subject.L);
    assert_true(subject.looks > 20);
    end();
}

static void test_tables_of_all_shapes(void **state)
{
    (void)state;
    agree_in("keep = {} for size = 0, 40 do"
             "  local array, nodes = {}, {}"
             "  for i = 1, size do array[i] = {} nodes['n' .. i] = {i, {}, x = i} end"
             "  keep[#keep + 1] = {array, nodes, {size}, {nil, nil}, {f = print}, {[{}] = 1}}"
             "end");
}

/* Four values of which the first is a table look like a table to whoever reads just the type; one
 * node with a function in it like a function. */
static void test_parts_that_look_like_objects(void **state)
{
    (void)state;
    agree_in("keep = {} local f, u = function() end, newproxy() for i = 1, 50 do"
             "  keep[#keep + 1] = {{{}, {}, {}, {}}, {f, f, f}, {u, u}, {'s', 's', 's', 's'}}"
             "  keep[#keep + 1] = {{[1.5] = f}, {[f] = f}, {[u] = u}, {[0.5] = 'text'}}"
             "  local t = {} t[1] = {} t[2] = t t[3] = t t[4] = t keep[#keep + 1] = t "
             "end");
}

static void test_strings_of_all_lengths(void **state)
{
    (void)state;
    agree_in("keep = {} for i = 0, 300 do keep[i] = ('x'):rep(i) .. i end"
             " local s = '' for i = 1, 300 do s = s .. i end"
             " for i = 1, 300 do local t = ('%d'):format(i):rep(i):upper() end");
}

static void test_functions_with_open_and_closed_upvalues(void **state)
{
    (void)state;
    agree_in("keep = {} local a, b, c = 1, {}, 'c'"
             " for i = 1, 60 do"
             "  local x, y = i, {i}"
             "  local function f() return x, a end"
             "  local function g() y = f b = g return function() return y, c end end"
             "  keep[#keep + 1] = f keep[#keep + 1] = g() keep[#keep + 1] = g"
             "  keep[#keep + 1] = ('a b c'):gmatch('%a')"
             " end keep = nil");
}

static void test_coroutines_of_all_depths(void **state)
{
    (void)state;
    agree_in("keep = {} local function deep(n) if n > 0 then return 1 + deep(n - 1) end"
             "  coroutine.yield() return 0 end"
             " for i = 1, 40 do"
             "  local up = i"
             "  local co = coroutine.wrap(function() local v = {up} deep(i * 5) up = v look() end)"
             "  co() if i % 2 == 0 then co() else keep[i] = co end"
             " end look()");
}

static void test_userdata_with_finalizers(void **state)
{
    (void)state;
    agree_in("keep = {} for i = 1, 100 do"
             "  local u = newproxy(true)"
             "  getmetatable(u).__gc = function(it) look() if i % 3 == 0 then keep[i] = it end end"
             "  if i % 2 == 0 then keep[i] = u end"
             " end look() collectgarbage() look() keep = {} collectgarbage() look()");
}

static void test_compiled_chunks(void **state)
{
    (void)state;
    agree_in("local parts = {} for i = 1, 60 do parts[i] ="
             "  'local a' .. i .. ' = {' .. i .. ', \"s' .. i .. '\"} local function f(x, ...)"
             "  local y = a' .. i .. ' return function() return function() return x, y end end end'"
             " end local source = table.concat(parts, '\\n')"
             " for i = 1, 3 do assert(loadstring(source))"
             "  assert(not loadstring(source .. ' end')) look() end"
             " local binary = string.dump(assert(loadstring(source)))"
             " for i = 1, 3 do keep = assert(loadstring(binary)) look()"
             "  assert(not pcall(loadstring(binary:sub(1, #binary / 2)) or error)) look() end");
}

static void test_that_binary_chunks_with_many_siblings_are_told(void **state)
{
    (void)state;
    begin();
    run("local parts = {} for i = 1, 2000 do parts[i] ="
        "  'f = function(x) return function() return x, ' .. i .. ' end end' end"
        " local binary = string.dump(loadstring(table.concat(parts, '\\n')))"
        " keep = loadstring(binary) look()");
    end();
}

/* The compiler's buffer is on the stack of C, where no walk finds it. */
static int look_from_reader(lua_State *L)
{
    size_t bytes[KIND_COUNT], objects[KIND_COUNT], unowned_bytes, sum = 0;
    struct profile_kind kinds[KIND_COUNT];
    assert_true(lua_heap_walk_objects(L, objects, &unowned_bytes));
    assert_true(unowned_bytes >= 32);
    assert_true(lua_heap_walk(L, bytes));
    assert_int_equal(bytes[KIND_OTHER], objects[KIND_OTHER] + unowned_bytes);
    profile_read(subject.heap, kinds);
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        assert_int_equal(bytes[kind], kinds[kind].live_bytes);
        sum += bytes[kind];
    }
    assert_int_equal(sum, counted_by_lua(L));
    subject.looks++;
    return 0;
}

static void test_looks_in_the_middle_of_a_compilation(void **state)
{
    (void)state;
    begin();
    lua_register(subject.L, "look_in_reader", look_from_reader);
    run("local pieces = {'local a, b = 1, {} ', 'local function f(x) return x, a, ', '\"te',"
        " 'xt\" .. x end', ' for i = 1, 10 do b[i] = function() ', 'return f, a, b end end'}"
        " local i = 0 assert(load(function() i = i + 1 if i > 1 then look_in_reader() end"
        " return pieces[i] end)) look()");
    assert_true(subject.looks > 7);
    end();
}

static void test_errors_and_long_arguments(void **state)
{
    (void)state;
    agree_in("for i = 1, 60 do pcall(error, {i}) select('#', unpack({}, 1, i * 10)) end"
             " local function overflow() return 1 + overflow() end"
             " assert(not pcall(overflow)) look()");
}

static void test_two_states_on_one_heap(void **state)
{
    (void)state;
    size_t first[KIND_COUNT], second[KIND_COUNT];
    struct profile_kind kinds[KIND_COUNT];
    begin();
    lua_State *other = lua_newstate(subject.heap->resize, subject.heap->state);
    luaL_openlibs(other);
    for (int i = 0; i < 20; i++) {
        run("keep = {keep, ('x'):rep(#tostring(keep)), function() return keep end}");
        assert_int_equal(luaL_dostring(other, "t = t or {} for i = 1, 50 do t[#t + 1] = t .. '' "
                                              "end"),
                         1); /* a table does not concatenate: the error makes strings */
        lua_settop(other, 0);
    }
    assert_true(lua_heap_walk(subject.L, first));
    assert_true(lua_heap_walk(other, second));
    assert_true(profile_read(subject.heap, kinds));
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        assert_int_equal(kinds[kind].live_bytes, first[kind] + second[kind]);
    }
    lua_close(other);
    end();
}

static void test_walk_refuses_what_is_no_such_state(void **state)
{
    (void)state;
    char false_state[1024];
    size_t bytes[KIND_COUNT];
    memset(false_state, 0, sizeof false_state);
    assert_false(lua_heap_walk((lua_State *)false_state, bytes));
    false_state[8] = LUA_TTHREAD;
    assert_false(lua_heap_walk((lua_State *)false_state, bytes));
    memcpy(false_state + 32, &(size_t){0x7fff00001000}, sizeof(size_t)); /* nothing is there */
    assert_false(lua_heap_walk((lua_State *)false_state, bytes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables_of_all_shapes),
        cmocka_unit_test(test_parts_that_look_like_objects),
        cmocka_unit_test(test_strings_of_all_lengths),
        cmocka_unit_test(test_functions_with_open_and_closed_upvalues),
        cmocka_unit_test(test_coroutines_of_all_depths),
        cmocka_unit_test(test_userdata_with_finalizers),
        cmocka_unit_test(test_compiled_chunks),
        cmocka_unit_test(test_that_binary_chunks_with_many_siblings_are_told),
        cmocka_unit_test(test_looks_in_the_middle_of_a_compilation),
        cmocka_unit_test(test_errors_and_long_arguments),
        cmocka_unit_test(test_two_states_on_one_heap),
        cmocka_unit_test(test_walk_refuses_what_is_no_such_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
