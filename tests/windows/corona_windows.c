/* corona on Windows, as far as the seam in system.h goes: sizes, contents, threads that free each
 * other's blocks and end, memory given back. Ends with 0 and "ok", or tells what failed. */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../allocators/corona/corona.h"

enum { THREADS = 4, BLOCKS = 2000, LIVES = 20, MIB = 1 << 20 };

#define expect(condition) \
    if (!(condition)) fail(#condition, __LINE__)

static void fail(const char *condition, int line)
{
    printf("corona_windows.c:%d: not so: %s\n", line, condition);
    exit(1);
}

static void fill(unsigned char *block, size_t bytes, unsigned char mark)
{
    expect(block != NULL && (uintptr_t)block % 16 == 0);
    expect(corona_usable_size(block) >= bytes);
    memset(block, mark, bytes);
}

static void holds(const unsigned char *block, size_t bytes, unsigned char mark)
{
    expect(block[0] == mark && block[bytes / 2] == mark && block[bytes - 1] == mark);
}

static void sizes_of_all_kinds(void)
{
    for (size_t bytes = 1; bytes < 64 * MIB; bytes += bytes / 3 + 1) {
        unsigned char *block = corona_malloc(bytes);
        fill(block, bytes, 7);
        block = corona_realloc(block, bytes * 2);
        expect(block != NULL);
        holds(block, bytes, 7);
        corona_free(block);
        block = corona_calloc(bytes, 1);
        holds(block, bytes, 0);
        corona_free(block);
    }
    void *aligned = corona_aligned_alloc(MIB, 100);
    expect(aligned != NULL && (uintptr_t)aligned % MIB == 0);
    corona_free(aligned);
    expect(corona_malloc((size_t)PTRDIFF_MAX + 1) == NULL);
}

static size_t size_of(size_t index)
{
    return 1 + index * 37 % 3000 + (index % 100 == 0 ? 50000 : 0);
}

/* Blocks that one thread has made and another frees. */
struct parcel {
    unsigned char *blocks[BLOCKS];
    unsigned char mark;
};

static struct parcel parcels[THREADS];

static DWORD WINAPI make_blocks(LPVOID parcel_of_thread)
{
    struct parcel *parcel = parcel_of_thread;
    for (size_t i = 0; i < BLOCKS; i++) {
        parcel->blocks[i] = corona_malloc(size_of(i));
        fill(parcel->blocks[i], size_of(i), parcel->mark);
    }
    return 0;
}

static DWORD WINAPI free_blocks(LPVOID parcel_of_thread)
{
    struct parcel *parcel = parcel_of_thread;
    for (size_t i = 0; i < BLOCKS; i++) {
        holds(parcel->blocks[i], size_of(i), parcel->mark);
        corona_free(parcel->blocks[i]);
        parcel->blocks[i] = NULL;
    }
    return 0;
}

static DWORD WINAPI free_and_make_blocks(LPVOID parcel_of_thread)
{
    free_blocks(parcel_of_thread);
    return make_blocks(parcel_of_thread);
}

static void in_threads(LPTHREAD_START_ROUTINE work)
{
    HANDLE threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        threads[i] = CreateThread(NULL, 0, work, &parcels[i], 0, NULL);
        expect(threads[i] != NULL);
    }
    for (size_t i = 0; i < THREADS; i++) {
        expect(WaitForSingleObject(threads[i], INFINITE) == WAIT_OBJECT_0);
        CloseHandle(threads[i]);
    }
}

static size_t used_bytes(void)
{
    struct corona_statistics now;
    corona_statistics(&now);
    return now.used_bytes;
}

static void threads_that_come_and_go(void)
{
    for (size_t i = 0; i < THREADS; i++) parcels[i].mark = (unsigned char)(i + 1);
    in_threads(make_blocks);
    size_t peak = used_bytes();
    for (size_t life = 0; life < LIVES; life++) in_threads(free_and_make_blocks);
    expect(used_bytes() < peak + peak / 2);
    in_threads(free_blocks);
    struct corona_statistics now;
    corona_statistics(&now);
    expect(now.threads == 1);
}

static void memory_goes_back(void)
{
    corona_purge();
    struct corona_statistics now;
    corona_statistics(&now);
    expect(now.dirty_bytes == 0 && now.purged_bytes > 0);
    printf("%zu KiB used, %zu KiB purged\n", now.used_bytes >> 10, now.purged_bytes >> 10);
}

int main(void)
{
    sizes_of_all_kinds();
    threads_that_come_and_go();
    memory_goes_back();
    printf("ok\n");
    return 0;
}
