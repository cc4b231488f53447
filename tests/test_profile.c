/* What `profile` says of a heap. That its kinds are right is in test_lua_heap.c. */
#include "profile_test.h"

#include "../allocators/profile/lua_protos.h"
#include "../lalloc/lua_host.h"

static double share_made(const char *kind)
{
    struct profile_kind kinds[KIND_COUNT];
    double made = 0, sum = 0;
    profile_read(subject.heap, kinds);
    for (int i = 0; i < KIND_COUNT; i++) {
        sum += (double)kinds[i].made_bytes;
        if (!strcmp(kind, block_kind_names[i])) made = (double)kinds[i].made_bytes;
    }
    return made / sum;
}

static void makes_mostly(const char *kind, const char *script)
{
    begin();
    run(script);
    if (share_made(kind) < 0.9) fail_msg("%s: only %g", kind, share_made(kind));
    end();
}

static void test_scripts_that_make_mostly_one_kind(void **state)
{
    (void)state;
    makes_mostly("string", "for i = 1, 300 do local s = ('x'):rep(10000) .. i end");
    makes_mostly("table", "for i = 1, 30000 do local t = {i, x = i} end");
    makes_mostly("function", "for i = 1, 30000 do local f = function() return i end end");
    makes_mostly("userdata", "for i = 1, 30000 do newproxy() end");
    makes_mostly("thread", "local f = function() end for i = 1, 3000 do coroutine.create(f) end");
    makes_mostly("proto", "local s = ('local x = x + y * z '):rep(190):gsub(' x', ' x', 1)"
                          " for i = 1, 200 do assert(loadstring(s)) end");
}

static void test_peak_and_made_outlive_the_blocks(void **state)
{
    (void)state;
    struct profile_kind before[KIND_COUNT], after[KIND_COUNT];
    begin();
    profile_read(subject.heap, before);
    run("local t = {} for i = 1, 65536 do t[i] = i end t = nil collectgarbage()");
    profile_read(subject.heap, after);
    size_t array_bytes = 65536 * 16;
    assert_true(after[KIND_TABLE].live_bytes < before[KIND_TABLE].live_bytes + 4096);
    assert_true(after[KIND_TABLE].peak_bytes >= before[KIND_TABLE].live_bytes + array_bytes);
    assert_true(after[KIND_TABLE].peak_bytes <= before[KIND_TABLE].peak_bytes + array_bytes + 4096);
    assert_true(after[KIND_TABLE].made_bytes >= before[KIND_TABLE].made_bytes + array_bytes);
    assert_int_equal((size_t)figure_of(subject.heap, "live table"), after[KIND_TABLE].live_bytes);
    assert_int_equal((size_t)figure_of(subject.heap, "peak table"), after[KIND_TABLE].peak_bytes);
    assert_int_equal((size_t)figure_of(subject.heap, "made other"), after[KIND_OTHER].made_bytes);
    end();
}

static char reported[8192];

static void keep_line(void *out, const char *text)
{
    (void)out;
    size_t length = strlen(reported);
    snprintf(reported + length, sizeof reported - length, "%s\n", text);
}

static void report(void)
{
    *reported = '\0';
    subject.heap->allocator->wrapper->report(subject.heap->state, keep_line, NULL);
}

/* A block that no object owns looks like a string to the profile: an error that is known. */
static void test_report_states_its_error(void **state)
{
    (void)state;
    struct lua_host host = {0};
    char expected[64];
    begin();
    report();
    assert_non_null(strstr(reported, "error is not known"));
    lua_host_attach(&host, subject.heap, subject.L);
    report();
    assert_non_null(strstr(reported, " 0.000 % of live bytes"));
    char *foreign = make(subject.heap, 4025);
    memset(foreign, 0, 4025);
    foreign[8] = 4;
    memcpy(foreign + 16, &(size_t){4000}, sizeof(size_t));
    report();
    snprintf(expected, sizeof expected, " %.3f %% of live bytes",
             100 * 4025.0 / (double)counted_by_lua(subject.L));
    if (!strstr(reported, expected)) fail_msg("`%s` not in:\n%s", expected, reported);
    assert_non_null(strstr(reported, "+4025"));
    drop(subject.heap, foreign, 4025);
    lua_host_detach(&host);
    end();
}

static void test_blocks_of_any_content_keep_what_they_hold(void **state)
{
    (void)state;
    struct heap *heap = open_spec("profile+libc");
    struct profile_kind kinds[KIND_COUNT];
    for (size_t size = 1; size < 700; size++) {
        for (int type = 0; type < 12; type++) {
            unsigned char *block = make(heap, size);
            for (size_t i = 0; i < size; i++)
                block[i] = (unsigned char)(i == 8 ? (size_t)type : i & 1);
            block = resize(heap, block, size, size + 33);
            block = resize(heap, block, size + 33, size);
            for (size_t i = 0; i < size; i++) {
                assert_int_equal(block[i], i == 8 ? type : (int)(i & 1));
            }
            drop(heap, block, size);
        }
    }
    assert_null(resize(heap, NULL, 0, SIZE_MAX));
    assert_true(profile_read(heap, kinds));
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        assert_int_equal(kinds[kind].live_bytes, 0);
        assert_int_equal(kinds[kind].live_blocks, 0);
    }
    heap_close(heap);
}

static void test_open_protos_are_those_that_may_own(void **state)
{
    (void)state;
    static struct lua_protos protos;
    static uint32_t code[2];
    static int lines;
    struct lua_proto outer = {.code = &code[0], .lines = &lines}, inner = {.code = &code[1]};
    lua_protos_open(&protos, &outer);
    lua_protos_open(&protos, &inner);
    assert_true(lua_protos_own(&protos, &code[1], sizeof *code));
    lua_protos_change(&protos, &code[1], 16, 32);
    assert_int_equal(protos.count, 2);
    lua_protos_change(&protos, &code[1], 32, 32); /* cut to size */
    assert_int_equal(protos.count, 1);
    assert_false(lua_protos_own(&protos, &code[1], sizeof *code));
    lua_protos_open(&protos, &inner);
    assert_true(lua_protos_own(&protos, &lines, sizeof lines));
    assert_int_equal(protos.count, 1);
    lua_protos_open(&protos, &inner);
    lua_protos_change(&protos, &outer, sizeof outer, 0);
    assert_int_equal(protos.count, 1);
    lua_protos_finish(&protos, &inner);
    assert_int_equal(protos.count, 0);
}

static void test_children_that_moved_are_not_read(void **state)
{
    (void)state;
    static struct lua_protos protos;
    struct lua_proto inner = {.code = NULL}, *children[] = {&inner, NULL};
    struct lua_proto outer = {.protos = children};
    lua_protos_open(&protos, &outer);
    assert_true(lua_protos_own(&protos, children, sizeof children));
    lua_protos_open(&protos, &inner);
    lua_protos_open(&protos, &inner);
    assert_int_equal(protos.count, 2); /* the first inner one is done */
    lua_protos_change(&protos, children, sizeof children, 2 * sizeof children);
    lua_protos_open(&protos, &inner);
    assert_int_equal(protos.count, 3);
}

static void test_failed_calls_count_for_nothing(void **state)
{
    (void)state;
    struct heap *heap = open_spec("profile+hard-limit:bytes=4K+libc");
    char *block = make(heap, 1000);
    struct heap_statistics before = totals_of(heap);
    assert_null(make(heap, 4000));
    assert_null(resize(heap, block, 1000, 5000));
    assert_int_equal(totals_of(heap).live_bytes, before.live_bytes);
    assert_int_equal(totals_of(heap).live_blocks, 1);
    drop(heap, block, 1000);
    assert_int_equal(totals_of(heap).live_bytes, 0);
    heap_close(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scripts_that_make_mostly_one_kind),
        cmocka_unit_test(test_peak_and_made_outlive_the_blocks),
        cmocka_unit_test(test_report_states_its_error),
        cmocka_unit_test(test_blocks_of_any_content_keep_what_they_hold),
        cmocka_unit_test(test_open_protos_are_those_that_may_own),
        cmocka_unit_test(test_children_that_moved_are_not_read),
        cmocka_unit_test(test_failed_calls_count_for_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
