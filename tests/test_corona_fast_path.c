/* What a small malloc and its free cost, instruction by instruction: a child runs them a step at a
 * time, as a debugger would, so that the count is exact and the same on every machine. */
#include <dlfcn.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "heap_test.h"

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

enum { STEPS_MOST = 10000, BYTES = 32, WARM_COUNT = 20 };

struct functions {
    void *(*allocate)(size_t bytes);
    void (*free)(void *block);
};

/* The library stands beside the folder of the tests, or is named by LIBCORONA. */
static struct functions load(void)
{
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    assert_true(length > 0);
    path[length] = '\0';
    for (int i = 0; i < 2; i++) *strrchr(path, '/') = '\0';
    strcat(path, "/libcorona.so");
    const char *named = getenv("LIBCORONA");
    void *library = dlopen(named != NULL ? named : path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) fail_msg("%s: make libcorona.so first", dlerror());
    return (struct functions){(void *(*)(size_t))dlsym(library, "corona_malloc"),
                              (void (*)(void *))dlsym(library, "corona_free")};
}

/* After some blocks, so that the next pair takes the common way; stopped before and behind it. */
static _Noreturn void run_child(const struct functions *functions)
{
    void *blocks[WARM_COUNT];
    for (int i = 0; i < WARM_COUNT; i++) blocks[i] = functions->allocate(BYTES);
    functions->free(blocks[0]);
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    raise(SIGSTOP);
    functions->free(functions->allocate(BYTES));
    _exit(0);
}

static bool step(pid_t child, struct user_regs_struct *registers)
{
    int status;
    ptrace(PTRACE_SINGLESTEP, child, NULL, NULL);
    waitpid(child, &status, 0);
    return WIFSTOPPED(status) && ptrace(PTRACE_GETREGS, child, NULL, registers) == 0;
}

/* lock prefix, or xchg with memory, which locks without one. */
static bool is_locked(pid_t child, unsigned long long address)
{
    long word = ptrace(PTRACE_PEEKTEXT, child, (void *)address, NULL);
    unsigned char bytes[sizeof word];
    memcpy(bytes, &word, sizeof word);
    unsigned first = (bytes[0] & 0xF0) == 0x40 || bytes[0] == 0x66 || bytes[0] == 0x64;
    bool is_exchange = (bytes[first] == 0x86 || bytes[first] == 0x87) && bytes[first + 1] < 0xC0;
    return bytes[0] == 0xF0 || bytes[first] == 0xF0 || is_exchange;
}

struct cost {
    unsigned instructions, locked;
};

/* From the first instruction of the function to its return. */
static struct cost measure(pid_t child, unsigned long long function)
{
    struct user_regs_struct registers;
    struct cost cost = {0, 0};
    unsigned long long stack = 0;
    for (int i = 0; i < STEPS_MOST && step(child, &registers); i++) {
        if (registers.rip == function) stack = registers.rsp;
        if (stack == 0) continue;
        if (registers.rsp > stack) return cost; /* it has returned */
        cost.instructions++;
        cost.locked += is_locked(child, registers.rip);
    }
    fail_msg("the child ended before the function returned");
    return cost;
}

static void a_small_pair_takes_few_instructions_and_no_lock(void **state)
{
    (void)state;
    if (getenv("LD_PRELOAD")) skip(); /* valgrind would be what is counted */
    struct functions functions = load();
    pid_t child = fork();
    if (child == 0) run_child(&functions);
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFSTOPPED(status));
    struct cost allocate = measure(child, (unsigned long long)functions.allocate);
    struct cost give_back = measure(child, (unsigned long long)functions.free);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    print_message("malloc(%d): %u instructions, free: %u\n", BYTES, allocate.instructions,
                  give_back.instructions);
    assert_in_range(allocate.instructions, 5, 22);
    assert_in_range(give_back.instructions, 5, 16);
    assert_int_equal(allocate.locked + give_back.locked, 0);
}

#else

static void a_small_pair_takes_few_instructions_and_no_lock(void **state)
{
    (void)state;
    skip(); /* other processors, and sanitizers, have other instructions */
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_pair_takes_few_instructions_and_no_lock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
