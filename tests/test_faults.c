/* Every local allocator survives a refused mapping: the first, the second, and so on until a run
 * needs no more. Twice: the system refuses one and recovers, or refuses from then on. */
#include "heap_test.h"

#include <lauxlib.h>
#include <lualib.h>
#include <spawn.h>
#include <stdio.h>

#include "../allocators/pages.h"
#include "../allocators/variants.h"
#include "../workloads/examiner.h"
#include "../workloads/random.h"
#include "mappings.h"

enum { SLOTS = 128, OPERATIONS = 250, FAULTS_MAXIMUM = 2000 };

/* The sanitizers' own malloc must refuse as others do, rather than end the program. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

/* Opened before any fault, as its own pages must not be refused. */
static struct examiner examiner;

/* One run on an open heap. The faults are armed when it begins and not when it ends. */
typedef void run_fn(const struct heap *heap, const char *spec);

static size_t draw_size(struct random *random)
{
    uint64_t kind = random_below(random, 100);
    size_t most = kind < 70 ? 256 : kind < 93 ? 4096 : 32768;
    return 1 + random_below(random, most);
}

static void ask(uint32_t slot, size_t size, const char *spec)
{
    if (!examiner_ask(&examiner, slot, size)) fail_msg("%s: %s", spec, examiner.error->text);
}

/* In each other's way, so that the growth has to move. */
static void grow_large_one(const char *spec)
{
    ask(0, 140000, spec);
    ask(1, 140000, spec);
    ask(0, 280000, spec);
    ask(0, 0, spec);
    ask(1, 0, spec);
}

static void play(struct random *random, const char *spec)
{
    for (size_t i = 0; i < OPERATIONS; i++) {
        uint32_t slot = (uint32_t)random_below(random, SLOTS);
        bool is_free = examiner_size(&examiner, slot) && random_below(random, 4) == 0;
        ask(slot, is_free ? 0 : draw_size(random), spec);
    }
}

/* While mappings are refused any growth may be, but contents, frees and shrinks are as ever; as
 * soon as they are granted again, so is every small request. */
static void run_operations(const struct heap *heap, const char *spec)
{
    struct error error = {""};
    struct random random;
    random_seed(&random, 1);
    examiner_attach(&examiner, heap, &error);
    bool is_bounded = examiner.may_refuse;
    examiner.may_refuse = true;
    grow_large_one(spec);
    play(&random, spec);
    mappings_disarm();
    examiner.may_refuse = is_bounded;
    play(&random, spec);
    if (!examiner_free_all(&examiner)) fail_msg("%s: %s", spec, error.text);
}

static const char script[] = "local t = {}\n"
                             "for i = 1, 1000 do t[i] = {i, 'text ' .. i, x = {}} end\n"
                             "for i = 1, 1000, 2 do t[i] = nil end\n"
                             "collectgarbage()\n"
                             "local text = string.rep('abc', 20000)\n"
                             "for i = 2, 1000, 2 do\n"
                             "    assert(t[i][1] == i and t[i][2] == 'text ' .. i)\n"
                             "end\n"
                             "assert(#text == 60000)\n";

static int run_text(lua_State *L)
{
    luaL_openlibs(L);
    if (luaL_loadstring(L, script)) return lua_error(L);
    lua_call(L, 0, 0);
    return 0;
}

/* Nothing but "not enough memory" may come of it. */
static int call_text(lua_State *L)
{
    int status = lua_cpcall(L, run_text, NULL);
    if (status) assert_string_equal(lua_tostring(L, -1), "not enough memory");
    lua_settop(L, 0);
    return status;
}

static void run_lua(const struct heap *heap, const char *spec)
{
    struct error error;
    lua_State *L = lua_newstate(heap->resize, heap->state);
    if (L) call_text(L);
    mappings_disarm();
    if (!L) L = lua_newstate(heap->resize, heap->state);
    examiner_attach(&examiner, heap, &error);
    if (!L && examiner.may_refuse) return;
    if (!L) fail_msg("%s: no state, though mappings are granted again", spec);
    if (call_text(L) && !examiner.may_refuse) fail_msg("%s: still out of memory", spec);
    lua_close(L);
    struct heap_statistics totals = totals_of(heap);
    assert_true(totals.live_bytes == 0 || totals.live_bytes == UNKNOWN);
}

/* One heap for the whole process, whose pages stay. */
static bool is_of_the_process(const char *spec)
{
    return !strcmp(spec, "corona");
}

/* False when the run needed fewer mappings than that. */
static bool survives(const char *spec, run_fn *run, size_t refused_first, bool refuses_later)
{
    struct error error = {""};
    size_t bytes_before = mappings.bytes;
    mappings_arm(refused_first, refuses_later);
    struct heap *heap = heap_open(spec, &error);
    if (heap) run(heap, spec);
    mappings_disarm();
    if (heap) heap_close(heap);
    else if (!error.text[0]) fail_msg("%s: opening fails without a word", spec);
    if (mappings.bytes != bytes_before && !is_of_the_process(spec)) {
        fail_msg("%s: mapping %zu refused%s: %zu bytes mapped before, %zu after", spec,
                 refused_first, refuses_later ? ", and all later" : "", bytes_before,
                 mappings.bytes);
    }
    return mappings.refused_calls > 0;
}

/* The same by this program anew, as each fault has to meet a heap that has no page yet. */
static bool survives_alone(const char *spec, run_fn *run, size_t refused_first, bool refuses_later)
{
    char first[24], path[4096] = "";
    int status;
    pid_t child;
    snprintf(first, sizeof first, "%zu", refused_first);
    char *arguments[] = {"test_faults",
                         (char *)spec,
                         run == run_lua ? "lua" : "operations",
                         first,
                         refuses_later ? "later" : "once",
                         NULL};
    assert_true(readlink("/proc/self/exe", path, sizeof path - 1) > 0);
    assert_int_equal(posix_spawn(&child, path, NULL, NULL, arguments, environ), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) > 1) {
        fail_msg("%s: mapping %zu refused: status %#x", spec, refused_first, (unsigned)status);
    }
    return WEXITSTATUS(status);
}

static void survives_each(const char *spec, run_fn *run, bool refuses_later)
{
    size_t faults = 1;
    while (
        (is_of_the_process(spec) ? survives_alone : survives)(spec, run, faults, refuses_later)) {
        if (++faults > FAULTS_MAXIMUM) fail_msg("%s: %zu mappings and no end", spec, faults);
    }
    assert_true(faults > 1); /* the heap's own description is a mapping */
}

static void visit_operations(void *refuses_later, const char *spec)
{
    survives_each(spec, run_operations, *(bool *)refuses_later);
}

static void visit_lua(void *refuses_later, const char *spec)
{
    survives_each(spec, run_lua, *(bool *)refuses_later);
}

/* All that there is, wrappers over what asks for few mappings itself, and some that ask for more
 * than they would by themselves. */
static void visit_specs(void (*visit)(void *refuses_later, const char *spec), bool refuses_later)
{
    static const char *const more[] = {"bump:size=64",
                                       "frame:size=64K",
                                       "fixed-pool:size=8,count=40",
                                       "count+fixed-pool:size=8,count=40+bump",
                                       "records+guards+quarantine+tiered",
                                       "records:history=10+quarantine:blocks=5+bump"};
    const struct allocator *wrapper;
    char spec[64];
    variants_each(visit, &refuses_later);
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) visit(&refuses_later, more[i]);
    for (size_t i = 0; (wrapper = registry_at(i)); i++) {
        if (!(wrapper->traits & TRAIT_WRAPPER)) continue;
        bool is_log = !strcmp(wrapper->name, "log");
        snprintf(spec, sizeof spec, "%s%s+libc", wrapper->name, is_log ? ":file=/dev/null" : "");
        visit(&refuses_later, spec);
    }
}

/* What the other tests stand on. */
static void the_calls_of_pages_are_seen_and_refused(void **state)
{
    (void)state;
    size_t bytes_before = mappings.bytes;
    struct arena arena;
    mappings_arm(2, false);
    void *pages = pages_map(4096);
    assert_non_null(pages);
    assert_null(pages_map(4096));
    assert_int_equal(mappings.bytes, bytes_before + 4096);
    pages_unmap(pages, 4096);
    mappings_arm(2, true);
    assert_true(arena_reserve(&arena, 1 << 20));
    assert_null(arena_take(&arena, 16)); /* mprotect */
    assert_null(pages_map(4096));
    mappings_disarm();
    assert_non_null(arena_take(&arena, 16));
    arena_release(&arena);
    assert_int_equal(mappings.bytes, bytes_before);
}

static void operations_survive_one_refused_mapping(void **state)
{
    (void)state;
    visit_specs(visit_operations, false);
}

static void operations_survive_a_system_that_refuses_from_then_on(void **state)
{
    (void)state;
    visit_specs(visit_operations, true);
}

static void a_state_survives_one_refused_mapping(void **state)
{
    (void)state;
    visit_specs(visit_lua, false);
}

static void a_state_survives_a_system_that_refuses_from_then_on(void **state)
{
    (void)state;
    visit_specs(visit_lua, true);
}

static int open_examiner(void **state)
{
    (void)state;
    return examiner_open(&examiner, SLOTS) ? 0 : -1;
}

static int close_examiner(void **state)
{
    (void)state;
    examiner_close(&examiner);
    return 0;
}

/* What survives_alone asks for. */
static int survive(char **arguments)
{
    run_fn *run = strcmp(arguments[2], "lua") ? run_operations : run_lua;
    open_examiner(NULL);
    return survives(arguments[1], run, strtoul(arguments[3], NULL, 10),
                    !strcmp(arguments[4], "later"));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_calls_of_pages_are_seen_and_refused),
        cmocka_unit_test(operations_survive_one_refused_mapping),
        cmocka_unit_test(operations_survive_a_system_that_refuses_from_then_on),
        cmocka_unit_test(a_state_survives_one_refused_mapping),
        cmocka_unit_test(a_state_survives_a_system_that_refuses_from_then_on),
    };
    if (argc == 5) return survive(argv);
    return cmocka_run_group_tests(tests, open_examiner, close_examiner);
}
