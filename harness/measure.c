/* Clocks, faults and resident memory. Nothing here allocates: files of /proc are read into the
 * stack, so that the process's own malloc, which may be the one under test, is left alone. Peak
 * memory is VmHWM, not ru_maxrss, which survives exec and would report the parent's. */
#include "measure.h"

#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static uint64_t read_clock(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int touch_library(struct dl_phdr_info *library, size_t size, void *page_bytes)
{
    (void)size;
    uintptr_t page = *(uintptr_t *)page_bytes;
    for (int i = 0; i < library->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &library->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W)) continue;
        uintptr_t start = (library->dlpi_addr + segment->p_vaddr) & ~(page - 1);
        uintptr_t end = library->dlpi_addr + segment->p_vaddr + segment->p_memsz;
        madvise((void *)start, end - start, MADV_POPULATE_READ);
    }
    return 0;
}

void measure_touch_code(void)
{
    uintptr_t page_bytes = (uintptr_t)sysconf(_SC_PAGESIZE);
    dl_iterate_phdr(touch_library, &page_bytes);
}

int64_t measure_now_ms(void)
{
    return (int64_t)(read_clock(CLOCK_MONOTONIC) / 1000000);
}

void measure_reset_peak(void)
{
    int file = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
    if (file < 0) return;
    ssize_t written = write(file, "5", 1); /* 5 resets the peak of resident memory */
    (void)written;
    close(file);
}

/* A line of /proc/self/status such as "VmHWM:      1234 kB", in bytes. */
static uint64_t read_status(const char *field)
{
    char text[4096];
    int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    if (length <= 0) return 0;
    text[length] = '\0';
    const char *line = strstr(text, field);
    return line ? strtoull(line + strlen(field), NULL, 10) * 1024 : 0;
}

uint64_t measure_resident_bytes(void)
{
    return read_status("VmRSS:");
}

uint64_t measure_peak_resident_bytes(void)
{
    return read_status("VmHWM:");
}

static void read_usage(struct usage *out, int whose, clockid_t clock)
{
    struct rusage usage;
    getrusage(whose, &usage);
    out->minor_faults = (uint64_t)usage.ru_minflt;
    out->major_faults = (uint64_t)usage.ru_majflt;
    out->preemptions = (uint64_t)usage.ru_nivcsw;
    out->wall_ns = read_clock(CLOCK_MONOTONIC);
    out->cpu_ns = read_clock(clock);
}

void measure_usage(struct usage *out)
{
    read_usage(out, RUSAGE_THREAD, CLOCK_THREAD_CPUTIME_ID);
}

void measure_usage_of_all(struct usage *out)
{
    read_usage(out, RUSAGE_SELF, CLOCK_PROCESS_CPUTIME_ID);
}
