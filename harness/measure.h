/* What the kernel knows of this process, read without taking memory. */
#ifndef MEASURE_H
#define MEASURE_H

#include <stdbool.h>
#include <stdint.h>

struct usage {
    uint64_t cpu_ns, wall_ns; /* of processors; of the monotonic clock */
    uint64_t minor_faults, major_faults, preemptions;
};

/* Makes the code of this executable and its libraries resident, so that neither time nor peak
 * memory of a run depends on which of its pages happened to be mapped before. Linux 5.14; else
 * nothing. */
void measure_touch_code(void);

/* Of the monotonic clock. */
int64_t measure_now_ms(void);

/* Call before the first usage: resets VmHWM, the peak of resident memory. */
void measure_reset_peak(void);

/* Of this thread. */
void measure_usage(struct usage *out);

/* Of all threads that this process has or had. */
void measure_usage_of_all(struct usage *out);

/* Bytes; 0 when /proc cannot be read. Exact to a page on Linux 6.2 and later, to some dozens
 * before. */
uint64_t measure_resident_bytes(void);
uint64_t measure_peak_resident_bytes(void);

#endif
