/* Settings of the environment: what is understood takes effect, all else is told of once, on one
 * line, and ignored. Each case in a process of its own, as the environment is read but once. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../allocators/corona/settings.h"

/* What a child hands back: what it has read, after what it has said. */
struct outcome {
    struct settings_of_corona settings;
    bool was_ready;
    char said[1024];
};

static const char *program;

static void read_all(int file, void *start, size_t bytes)
{
    char *next = start;
    while (bytes > 0) {
        ssize_t count = read(file, next, bytes);
        if (count <= 0) break;
        next += count;
        bytes -= (size_t)count;
    }
}

/* Begins anew, as corona may read its settings before main. */
static _Noreturn void read_in_child(const char *name, const char *value, int said, int result)
{
    dup2(said, STDERR_FILENO);
    dup2(result, STDOUT_FILENO);
    if (name) setenv(name, value, 1);
    execl(program, program, "settings", (char *)NULL);
    _exit(1);
}

static int tell_settings(void)
{
    bool was_ready = settings_read_environment() && settings_read_environment();
    ssize_t written = write(STDOUT_FILENO, &corona_settings, sizeof corona_settings);
    written += write(STDOUT_FILENO, &was_ready, sizeof was_ready);
    return written == sizeof corona_settings + sizeof was_ready ? 0 : 1;
}

static struct outcome outcome_of(const char *name, const char *value)
{
    struct outcome outcome = {0};
    int said[2], result[2], status;
    assert_int_equal(pipe(said) | pipe(result), 0);
    pid_t child = fork();
    if (child == 0) read_in_child(name, value, said[1], result[1]);
    close(said[1]);
    close(result[1]);
    read_all(result[0], &outcome.settings, sizeof outcome.settings);
    read_all(result[0], &outcome.was_ready, sizeof outcome.was_ready);
    read_all(said[0], outcome.said, sizeof outcome.said - 1);
    close(said[0]);
    close(result[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(outcome.was_ready);
    return outcome;
}

static struct settings_of_corona quietly(const char *name, const char *value)
{
    struct outcome outcome = outcome_of(name, value);
    assert_string_equal(outcome.said, "");
    return outcome.settings;
}

static void without_an_environment_the_standard_holds(void **state)
{
    (void)state;
    struct settings_of_corona settings = quietly(NULL, NULL);
    assert_int_equal(settings.huge_pages, HUGE_AUTO);
    assert_int_equal(settings.arena_bytes, (size_t)1 << 40);
    assert_int_equal(settings.purge_delay_ms, 500);
    assert_false(settings.is_verbose || settings.has_statistics || settings.is_debugging);
    settings = quietly("CORONA_ARENA", "");
    assert_int_equal(settings.arena_bytes, (size_t)1 << 40);
}

static void each_variable_sets_what_it_names(void **state)
{
    (void)state;
    assert_int_equal(quietly("CORONA_HUGE_PAGES", "no").huge_pages, HUGE_NO);
    assert_int_equal(quietly("CORONA_HUGE_PAGES", "always").huge_pages, HUGE_ALWAYS);
    assert_int_equal(quietly("CORONA_HUGE_THRESHOLD", "0").huge_threshold_bytes, 0);
    assert_int_equal(quietly("CORONA_PURGE_DELAY", "0").purge_delay_ms, 0);
    assert_int_equal(quietly("CORONA_PURGE_DELAY", "2147483647").purge_delay_ms, 2147483647);
    assert_true(quietly("CORONA_STATS", "yes").has_statistics);
    assert_true(quietly("CORONA_DEBUG", "1").is_debugging);
    assert_false(quietly("CORONA_DEBUG", "0").is_debugging);
}

static void sizes_have_units(void **state)
{
    (void)state;
    assert_int_equal(quietly("CORONA_ARENA", "16777216").arena_bytes, 16 << 20);
    assert_int_equal(quietly("CORONA_ARENA", "16384K").arena_bytes, 16 << 20);
    assert_int_equal(quietly("CORONA_ARENA", "16m").arena_bytes, 16 << 20);
    assert_int_equal(quietly("CORONA_ARENA", "3G").arena_bytes, (size_t)3 << 30);
    assert_int_equal(quietly("CORONA_ARENA", "2T").arena_bytes, (size_t)2 << 40);
}

static void is_ignored(const char *name, const char *value, const char *advice)
{
    struct outcome outcome = outcome_of(name, value);
    struct settings_of_corona standard = quietly(NULL, NULL);
    char line[256];
    snprintf(line, sizeof line, "corona: %s=%s is ignored; give %s\n", name, value, advice);
    assert_string_equal(outcome.said, line);
    assert_memory_equal(&outcome.settings, &standard, sizeof standard);
}

static void wrong_values_are_told_of_once_and_ignored(void **state)
{
    (void)state;
    static const char *const sizes[] = {"x",
                                        "1",
                                        "16777215",
                                        "2049G",
                                        "-1",
                                        "16M ",
                                        " 16M",
                                        "16MB",
                                        "18446744073709551616M",
                                        "99999999999999999999999",
                                        "G"};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        is_ignored("CORONA_ARENA", sizes[i], "bytes from 16M to 2T");
    }
    is_ignored("CORONA_HUGE_PAGES", "maybe", "no, auto or always");
    is_ignored("CORONA_HUGE_THRESHOLD", "20000000T", "bytes, such as 64M");
    is_ignored("CORONA_PURGE_DELAY", "1s", "milliseconds, such as 500");
    is_ignored("CORONA_PURGE_DELAY", "2147483648", "milliseconds, such as 500");
    is_ignored("CORONA_STATS", "true", "yes or no");
    is_ignored("CORONA_VERBOSE", "YES", "yes or no");
}

static void a_long_value_is_told_of_in_part(void **state)
{
    (void)state;
    char value[5000];
    memset(value, '7', sizeof value - 1);
    value[sizeof value - 1] = 0;
    struct outcome outcome = outcome_of("CORONA_DEBUG", value);
    assert_true(strlen(outcome.said) < 200);
    assert_non_null(strstr(outcome.said, "is ignored; give yes or no\n"));
}

static void the_verbose_tell_their_settings(void **state)
{
    (void)state;
    struct outcome outcome = outcome_of("CORONA_VERBOSE", "yes");
    assert_true(outcome.settings.is_verbose);
    assert_string_equal(outcome.said, "corona: huge pages auto from 64 MiB on, arena 1048576 MiB, "
                                      "purge delay 500 ms, stats no, debug no\n");
}

int main(int argument_count, char **arguments)
{
    program = arguments[0];
    if (argument_count == 2 && strcmp(arguments[1], "settings") == 0) return tell_settings();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_an_environment_the_standard_holds),
        cmocka_unit_test(each_variable_sets_what_it_names),
        cmocka_unit_test(sizes_have_units),
        cmocka_unit_test(wrong_values_are_told_of_once_and_ignored),
        cmocka_unit_test(a_long_value_is_told_of_in_part),
        cmocka_unit_test(the_verbose_tell_their_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
