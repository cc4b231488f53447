/* Runs part of a test in a process of its own, as corona's state is the process's: what it says on
 * standard error is caught, and a child that hangs is killed. To be included after cmocka.h. */
#ifndef CORONA_CHILD_TEST_H
#define CORONA_CHILD_TEST_H

#include <regex.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* clang tells of its sanitizers in its own way. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__
#elif __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__
#endif
#endif
#if defined(__SANITIZE_THREAD__)
enum { THREADS_SANITIZED = true };
#else
enum { THREADS_SANITIZED = false };
#endif
/* Neither sanitizer lets the child of a process with threads start some; both need memory of their
 * own. */
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
enum { SANITIZED = true };
#else
enum { SANITIZED = false };
#endif

enum { CHILD_SECONDS_MOST = 60, SAID_BYTES = 1024 };

/* A child of a process with threads need not be ended for being one. */
const char *__tsan_default_options(void);

const char *__tsan_default_options(void)
{
    return "die_after_fork=0";
}

struct ending {
    int status;            /* as waitpid tells it */
    char said[SAID_BYTES]; /* on standard error */
};

static inline _Noreturn void be_child(int output, void (*act)(void *what), void *what)
{
    const struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    /* cmocka catches what ends a test; here it has to end the process. */
    for (int number = 1; number < 32; number++) signal(number, SIG_DFL);
    alarm(CHILD_SECONDS_MOST);
    dup2(output, STDERR_FILENO);
    act(what);
    _exit(0);
}

static inline void read_all_said(int input, char *said)
{
    size_t length = 0;
    ssize_t got;
    char rest[SAID_BYTES];
    while ((got = read(input, rest, sizeof rest)) > 0) {
        size_t room = SAID_BYTES - 1 - length, kept = (size_t)got < room ? (size_t)got : room;
        memcpy(said + length, rest, kept);
        length += kept;
    }
    said[length] = '\0';
}

static inline struct ending run_child(void (*act)(void *what), void *what)
{
    struct ending ending;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) be_child(ends[1], act, what);
    close(ends[1]);
    read_all_said(ends[0], ending.said);
    close(ends[0]);
    assert_int_equal(waitpid(child, &ending.status, 0), child);
    return ending;
}

static inline void child_succeeds(void (*act)(void *what), void *what)
{
    struct ending ending = run_child(act, what);
    if (ending.status != 0) fail_msg("child ended with status %x: %s", ending.status, ending.said);
}

/* text: a regular expression for what corona says. */
static inline bool complains(struct ending ending, const char *text)
{
    regex_t wanted;
    assert_int_equal(regcomp(&wanted, text, REG_EXTENDED | REG_NOSUB), 0);
    bool is_said = regexec(&wanted, ending.said, 0, NULL, 0) == 0;
    regfree(&wanted);
    return WIFSIGNALED(ending.status) && WTERMSIG(ending.status) == SIGABRT &&
           strncmp(ending.said, "corona: ", 8) == 0 && is_said;
}

static inline void child_complains(void (*act)(void *what), void *what, const char *text)
{
    struct ending ending = run_child(act, what);
    if (!complains(ending, text))
        fail_msg("no complaint of \"%s\": status %x: %s", text, ending.status, ending.said);
}

/* Ends the process, from any thread, where an assertion of cmocka would jump elsewhere. */
#define expect(condition)                                                       \
    do {                                                                        \
        if (condition) break;                                                   \
        fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
        _exit(3);                                                               \
    } while (0)

#endif
