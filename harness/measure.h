/* What the kernel knows of this process, read without taking memory. */
#ifndef MEASURE_H
#define MEASURE_H

#include <stdbool.h>
#include <stdint.h>

struct usage {
    uint64_t cpu_ns, wall_ns; /* of this thread; of the monotonic clock */
    uint64_t minor_faults, major_faults, preemptions;
};

/* Call before the first usage: resets VmHWM, the peak of resident memory. */
void measure_reset_peak(void);

void measure_usage(struct usage *out);

/* Bytes; 0 when /proc cannot be read. VmRSS and VmHWM are exact to a page. */
uint64_t measure_resident_bytes(void);
uint64_t measure_peak_resident_bytes(void);

#endif
