/* What corona does when the system refuses memory or does not take it back: the Nth call, or all
 * from the Nth on. Each in a process of its own, as an arena is reserved but once. Linked with
 * --wrap of mmap, mprotect and madvise. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../allocators/corona/back_end.h"
#include "../allocators/corona/settings.h"
#include "corona_runs_test.h"

enum { RUNS = 20, CALLS_MOST = 100, FAILED = 3, ARENA_BYTES = 1 << 30 };

static struct {
    size_t calls, refused_first;          /* counted from 1; 0: none */
    size_t most_reserved, most_committed; /* bytes in one call; 0: any */
    bool refuses_later, refuses_advice;
} system_calls;

static bool is_refused(size_t bytes, size_t most)
{
    size_t first = system_calls.refused_first, call = ++system_calls.calls;
    bool is_hit = first && (call == first || (system_calls.refuses_later && call > first));
    is_hit |= most && bytes > most;
    if (is_hit) errno = ENOMEM;
    return is_hit;
}

void *__real_mmap(void *address, size_t bytes, int protection, int flags, int file, off_t offset);
void *__wrap_mmap(void *address, size_t bytes, int protection, int flags, int file, off_t offset);
int __real_mprotect(void *address, size_t bytes, int protection);
int __wrap_mprotect(void *address, size_t bytes, int protection);
int __real_madvise(void *address, size_t bytes, int advice);
int __wrap_madvise(void *address, size_t bytes, int advice);

void *__wrap_mmap(void *address, size_t bytes, int protection, int flags, int file, off_t offset)
{
    if (is_refused(bytes, system_calls.most_reserved)) return MAP_FAILED;
    return __real_mmap(address, bytes, protection, flags, file, offset);
}

int __wrap_mprotect(void *address, size_t bytes, int protection)
{
    if (is_refused(bytes, system_calls.most_committed)) return -1;
    return __real_mprotect(address, bytes, protection);
}

int __wrap_madvise(void *address, size_t bytes, int advice)
{
    if (!system_calls.refuses_advice) return __real_madvise(address, bytes, advice);
    errno = EINVAL;
    return -1;
}

/* An assertion in a child must end it, not jump into the parent's tests. */
#define expect(condition) \
    if (!(condition)) _exit(FAILED)

/* Each kind of call that may need memory, with refusals between; then all is well again. */
static _Noreturn void take_until_refused(size_t refused_first, bool refuses_later)
{
    size_t runs[RUNS], used = 0;
    bool is_zero, was_refused = false;
    settings_read_environment();
    corona_settings.arena_bytes = ARENA_BYTES;
    system_calls.refused_first = refused_first;
    system_calls.refuses_later = refuses_later;
    errno = 0;
    for (size_t i = 0; i < RUNS; i++) {
        runs[i] = back_end_take(1 + i * 16, 1, &is_zero);
        was_refused |= runs[i] == 0;
        if (!runs[i]) continue;
        if (is_zero) expect(*page_word(runs[i], 0) == 0);
        *page_word(runs[i], 0) = i;
        if (back_end_grow(runs[i], 2 + i * 16, &is_zero)) used++;
        used += 1 + i * 16;
    }
    expect(errno == 0);
    size_t calls = system_calls.calls;
    system_calls.refused_first = 0;
    expect(back_end_take(64, 1, &is_zero) != 0 && corona_runs.used == used + 64);
    for (size_t i = 0; i < RUNS; i++) expect(!runs[i] || *page_word(runs[i], 0) == i);
    for (size_t i = 0; i < RUNS; i++) {
        if (runs[i]) back_end_give(runs[i]);
    }
    _exit(was_refused ? 1 : calls < refused_first ? 2 : 0);
}

static int status_of(pid_t child)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status)) return -WTERMSIG(status);
    return WEXITSTATUS(status);
}

static void refuse_each_call(bool refuses_later)
{
    size_t refused = 0, status = 0;
    for (size_t call = 1; call < CALLS_MOST && status != 2; call++) {
        pid_t child = fork();
        if (child == 0) take_until_refused(call, refuses_later);
        status = (size_t)status_of(child);
        if (status > 2) fail_msg("call %zu: child ended with %d", call, (int)status);
        refused += status == 1;
    }
    assert_int_equal(status, 2);
    assert_int_not_equal(refused, 0);
}

static void one_refused_call_harms_nothing(void **state)
{
    (void)state;
    refuse_each_call(false);
}

static void refusals_from_one_call_on_harm_nothing(void **state)
{
    (void)state;
    refuse_each_call(true);
}

/* Tables included, 64 KiB is the least that is committed at a time. */
static _Noreturn void take_what_is_there(void)
{
    bool is_zero;
    settings_read_environment();
    system_calls.most_reserved = ARENA_BYTES;
    system_calls.most_committed = 128 << 10;
    for (size_t i = 0; i < 100; i++) expect(back_end_take(1 + i % 4, 1, &is_zero));
    expect(!back_end_take(9, 1, &is_zero));
    struct back_end_statistics now;
    back_end_statistics(&now);
    expect(now.reserved_bytes >= ARENA_BYTES / 2 && now.reserved_bytes <= ARENA_BYTES);
    _exit(0);
}

static void less_than_wished_for_is_enough(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) take_what_is_there();
    assert_int_equal(status_of(child), 0);
}

static void what_cannot_be_given_back_stays_dirty(void **state)
{
    (void)state;
    struct held_run run = hold_run(10, 1), wall = hold_run(1, 1);
    system_calls.refuses_advice = true;
    size_t first = run.first;
    drop_run(&run);
    errno = 0;
    assert_int_equal(back_end_purge(), 0);
    assert_int_equal(errno, 0);
    run = hold_run(10, 1);
    assert_int_equal(run.first, first);
    system_calls.refuses_advice = false;
    drop_run(&run);
    back_end_give(wall.first);
    runs_are_sound(0);
}

static void more_than_the_arena_is_refused(void **state)
{
    (void)state;
    bool is_zero;
    struct held_run run = hold_run(1, 1);
    assert_int_equal(back_end_take(corona_settings.arena_bytes / GRANULE_BYTES, 1, &is_zero), 0);
    assert_int_equal(back_end_take(PTRDIFF_MAX / GRANULE_BYTES, 1, &is_zero), 0);
    assert_int_equal(back_end_take(1, (size_t)1 << 40, &is_zero), 0);
    assert_false(back_end_grow(run.first, PTRDIFF_MAX / GRANULE_BYTES, &is_zero));
    drop_run(&run);
    runs_are_sound(0);
}

static void a_run_given_twice_ends_the_process(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        bool is_zero;
        size_t first = back_end_take(3, 1, &is_zero);
        close(STDERR_FILENO);
        signal(SIGABRT, SIG_DFL);
        back_end_give(first);
        back_end_give(first);
        _exit(0);
    }
    assert_int_equal(status_of(child), -SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_refused_call_harms_nothing),
        cmocka_unit_test(refusals_from_one_call_on_harm_nothing),
        cmocka_unit_test(less_than_wished_for_is_enough),
        cmocka_unit_test(what_cannot_be_given_back_stays_dirty),
        cmocka_unit_test(more_than_the_arena_is_refused),
        cmocka_unit_test(a_run_given_twice_ends_the_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
