/* The columns of runs.csv, in order: the one list behind the file, `heapbench list metrics` and
 * the Python reader. METRIC(name, unit, meaning); a unit of "text" is quoted as
 * CSV does, all others are whole numbers, empty where the row has none. Only an `ok` row of a timed
 * round has times. Read with METRIC defined. */
METRIC(allocator, "text", "spec as given, such as fixed-pool:size=56")
METRIC(workload, "text", "name or path")
METRIC(round, "count", "0 is the untimed proof round: contract, calls, live bytes; timed from 1")
METRIC(copy, "count", "0, or 1 for the second copy of the baseline (the A/A control)")
METRIC(outcome, "text", "ok, unavailable, wrong answer, out of memory, crashed, timed out")
METRIC(detail, "text", "why an outcome is not ok, in one line")
METRIC(answer, "text", "what the workload computed; equal under every allocator")
METRIC(calls, "count", "calls of the resize function, queries included; known from round 0")
METRIC(allocated_bytes, "bytes", "sum of the sizes asked for and of what growths added; round 0")
METRIC(peak_live_bytes, "bytes", "most bytes asked for and not yet freed; round 0")
METRIC(operations, "count", "what ns/op divides by: calls that are not queries")
METRIC(cpu_ns, "ns", "thread CPU time from the first call on the heap to the last")
METRIC(wall_ns, "ns", "elapsed time of the same")
METRIC(drop_ns, "ns", "thread CPU time of closing the heap afterwards")
METRIC(peak_resident_bytes, "bytes", "VmHWM after the run, less VmRSS before its first call")
METRIC(resident_before_bytes, "bytes", "VmRSS before the first call: harness, library, trace")
METRIC(minor_faults, "count", "page faults served without I/O, during the run")
METRIC(major_faults, "count", "page faults served with I/O, during the run")
METRIC(preemptions, "count", "involuntary context switches during the run")
METRIC(padding_bytes, "bytes", "random padding of the environment, against layout bias")
