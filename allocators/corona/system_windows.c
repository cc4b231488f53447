/* The system calls of Windows, 8 or later, and of Wine.
 *
 * Memory is reserved and committed by VirtualAlloc; what is committed counts against memory and the
 * paging file at once, so steps matter more than on Linux. To give memory back and keep it usable
 * is to decommit it and to commit it again. A thread's end is told by fiber-local storage, whose
 * callback also comes to threads that corona did not start. A process is never copied. */
#if defined(_WIN32)

#define WIN32_LEAN_AND_MEAN
#define _WIN32_WINNT 0x0602 /* WaitOnAddress */
#include <windows.h>

#include "system.h"

#include <stdlib.h>

/* Only a whole reservation can be released, so what lies before the boundary stays reserved. */
void *system_reserve(size_t bytes)
{
    if (bytes > SIZE_MAX - SYSTEM_HUGE_BYTES) return NULL;
    char *start = VirtualAlloc(NULL, bytes + SYSTEM_HUGE_BYTES, MEM_RESERVE, PAGE_NOACCESS);
    return start ? start + (-(uintptr_t)start & (SYSTEM_HUGE_BYTES - 1)) : NULL;
}

bool system_reserve_at(void *start, size_t bytes)
{
    return VirtualAlloc(start, bytes, MEM_RESERVE, PAGE_NOACCESS) == start;
}

void system_release(void *start, size_t bytes)
{
    (void)bytes;
    MEMORY_BASIC_INFORMATION reserved;
    if (VirtualQuery(start, &reserved, sizeof reserved) == 0) return;
    VirtualFree(reserved.AllocationBase, 0, MEM_RELEASE);
}

/* Half of what a process may address. */
size_t system_address_space(void)
{
    SYSTEM_INFO about;
    GetSystemInfo(&about);
    return (uintptr_t)about.lpMaximumApplicationAddress / 2;
}

bool system_commit(void *start, size_t bytes)
{
    return VirtualAlloc(start, bytes, MEM_COMMIT, PAGE_READWRITE) != NULL;
}

bool system_purge(void *start, size_t bytes)
{
    if (!VirtualFree(start, bytes, MEM_DECOMMIT)) return false;
    if (system_commit(start, bytes)) return true;
    static const char line[] = "corona: memory that was given back cannot be had again\n";
    system_say(line, sizeof line - 1);
    abort();
}

bool system_populate(void *start, size_t bytes)
{
    (void)start, (void)bytes;
    return false;
}

/* Who asks wants to know whether large pages would pay. */
bool system_is_resident(void *page)
{
    (void)page;
    return false;
}

/* Large pages need a right that programs seldom have. */
void system_ask_huge(void *start, size_t bytes, bool is_wanted)
{
    (void)start, (void)bytes, (void)is_wanted;
}

bool system_move(void *from, void *to, size_t bytes)
{
    (void)from, (void)to, (void)bytes;
    return false;
}

uint64_t system_now_ms(void)
{
    return GetTickCount64();
}

void system_wait(_Atomic uint32_t *word, uint32_t value)
{
    WaitOnAddress((volatile void *)word, &value, sizeof value, INFINITE);
}

void system_wake(_Atomic uint32_t *word)
{
    WakeByAddressSingle((void *)word);
}

void system_relax(void)
{
    YieldProcessor();
}

const char *system_environment(const char *name, bool *is_ready)
{
    *is_ready = true;
    return getenv(name);
}

void system_say(const char *text, size_t length)
{
    DWORD written;
    WriteFile(GetStdHandle(STD_ERROR_HANDLE), text, (DWORD)length, &written, NULL);
}

_Noreturn void system_abort(void)
{
    abort();
}

static DWORD watched;
static void (*thread_exits)(void *value);

static VOID WINAPI tell_exit(PVOID value)
{
    if (value) thread_exits(value);
}

void system_at_thread_exit(void (*exits)(void *value))
{
    thread_exits = exits;
    watched = FlsAlloc(tell_exit);
    if (watched != FLS_OUT_OF_INDEXES) return;
    static const char line[] = "corona: no fiber-local index is left for the end of threads\n";
    system_say(line, sizeof line - 1);
    abort();
}

void system_watch_thread(void *value)
{
    FlsSetValue(watched, value);
}

bool system_has_one_thread(void)
{
    return false;
}

void system_at_fork(void (*prepare)(void), void (*parent)(void), void (*child)(void))
{
    (void)prepare, (void)parent, (void)child;
}

#endif
