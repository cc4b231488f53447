/* All hostile scripts (tests/hostile, run from the checkout's top) in one process: none ends it,
 * gets at what was taken away, or leaves memory behind. */
#include "sandbox_test.h"

#include <dirent.h>

enum { TEXT_MAXIMUM = 1 << 16 };

/* Ends the test where a script got at what was taken away. */
static void look_for_escape(void *outlet, const char *text, size_t length)
{
    if (length == 7 && !memcmp(text, "ESCAPED", 7)) fail_msg("%s escaped", (const char *)outlet);
}

static size_t resident_bytes(void)
{
    size_t pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_int_equal(fscanf(file, "%*u %zu", &pages), 1);
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* The first line says `-- expect: OUTCOME`. */
static void run_file(const char *spec, const char *name)
{
    static char text[TEXT_MAXIMUM];
    char path[512], expected[64];
    struct sandbox_result result;
    snprintf(path, sizeof path, "tests/hostile/%s", name);
    FILE *file = fopen(path, "rb");
    size_t length = fread(text, 1, sizeof text, file);
    fclose(file);
    assert_int_equal(sscanf(text, "-- expect: %63[^\n]", expected), 1);
    struct sandbox_options options = strict;
    options.spec = spec;
    options.write = look_for_escape;
    options.outlet = path;
    struct sandbox *sandbox = open_sandbox(&options);
    sandbox_run(sandbox, path, text, length, &result);
    if (strcmp(sandbox_outcome_names[result.outcome], expected) != 0) {
        fail_msg("%s on %s: %s, not %s: %s", path, spec, sandbox_outcome_names[result.outcome],
                 expected, result.message);
    }
    assert_true(result.memory.peak <= MEMORY && result.instructions <= INSTRUCTIONS);
    sandbox_close(sandbox); /* which asserts that nothing is left alive */
}

static size_t run_all_files(const char *spec)
{
    size_t count = 0;
    struct dirent *entry;
    DIR *folder = opendir("tests/hostile");
    assert_non_null(folder);
    while ((entry = readdir(folder))) {
        if (!strstr(entry->d_name, ".lua")) continue;
        run_file(spec, entry->d_name);
        count++;
    }
    closedir(folder);
    return count;
}

static void test_hostile_scripts_leave_neither_harm_nor_memory(void **state)
{
    (void)state;
    assert_true(run_all_files("tiered") > 100);
    size_t before = resident_bytes();
    run_all_files("tiered");
#ifdef __SANITIZE_ADDRESS__ /* which keeps what was freed */
    before += (size_t)1 << 30;
#endif
    assert_true(resident_bytes() < before + MEMORY / 4);
    run_all_files("libc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hostile_scripts_leave_neither_harm_nor_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
