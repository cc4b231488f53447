/* The system: every call that corona makes of it. One file for each system implements this.
 *
 * None of these may allocate by malloc. Addresses and sizes are multiples of SYSTEM_PAGE_BYTES
 * unless said otherwise. */
#ifndef CORONA_SYSTEM_H
#define CORONA_SYSTEM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SYSTEM_PAGE_BYTES = 4096, SYSTEM_HUGE_BYTES = 2 << 20 };

/* Addresses alone, aligned to SYSTEM_HUGE_BYTES: no memory is charged. NULL when refused. */
void *system_reserve(size_t bytes);

/* As system_reserve, but there, at a multiple of SYSTEM_PAGE_BYTES; false where that is taken. */
bool system_reserve_at(void *start, size_t bytes);

void system_release(void *start, size_t bytes);

/* Most bytes that may sensibly be reserved: less than all where RLIMIT_AS sets a limit. */
size_t system_address_space(void);

/* Makes reserved memory usable; it reads as zero. False when the system refuses. */
bool system_commit(void *start, size_t bytes);

/* Gives the memory back and keeps it usable: it reads as zero when touched again. False when the
 * system could not, and all is as before. */
bool system_purge(void *start, size_t bytes);

/* Takes the memory for committed pages now, in one call, which costs less than a fault a page.
 * Only a hint: false when it did not happen. */
bool system_populate(void *start, size_t bytes);

/* Whether a committed page holds memory; false where the system does not tell. */
bool system_is_resident(void *page);

/* Asks for huge pages, or no longer. Only a hint. */
void system_ask_huge(void *start, size_t bytes, bool is_wanted);

/* Moves what committed pages hold to others, without copying; the old ones read as zero. False when
 * the system cannot, and nothing has changed. */
bool system_move(void *from, void *to, size_t bytes);

/* Monotonic, coarse (a few ms), cheap. */
uint64_t system_now_ms(void);

/* Sleeps while *word == value, or wakes without reason; wakes one sleeper. */
void system_wait(_Atomic uint32_t *word, uint32_t value);
void system_wake(_Atomic uint32_t *word);
void system_relax(void); /* in a loop that waits for another processor */

/* The value of an environment variable, or NULL; NULL too where a program runs with more rights
 * than its caller. *is_ready turns false while the environment cannot be read yet. */
const char *system_environment(const char *name, bool *is_ready);

/* To standard error, unbuffered. */
void system_say(const char *text, size_t length);
_Noreturn void system_abort(void);

/* Once: `exits` will be called in each thread that has called system_watch_thread, with its value,
 * when the thread ends. It may be called again for the same thread if that was called again.
 * To watch may allocate, where the program has made 32 thread-specific keys of its own before. */
void system_at_thread_exit(void (*exits)(void *value));
void system_watch_thread(void *value);

/* Whether no other thread can be anywhere in this library; false where the system does not tell. */
bool system_has_one_thread(void);

/* Once: called around each fork of the process. */
void system_at_fork(void (*prepare)(void), void (*parent)(void), void (*child)(void));

/* A number of the calling thread that no other living thread has: a multiple of 8, never 0. */
static inline uintptr_t system_thread(void)
{
#if defined(_WIN32)
    /* Where the thread's environment block keeps its own address. */
    uintptr_t thread;
    __asm__("movq %%gs:0x30, %0" : "=r"(thread));
    return thread;
#else
    return (uintptr_t)__builtin_thread_pointer();
#endif
}

#endif
