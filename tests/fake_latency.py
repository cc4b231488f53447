"""Rows of the series of latency and of locality, with figures that are made up."""

LATENCY = ("allocator,workload,pass,gap,record,kind,value_ns,count,old_size,new_size,operation,"
           "preempted")
LOCALITY = ("allocator,workload,pass,gap,kind,calls,timed_calls,timed_ns,timed_ns2,floor_ps,cpu_ns,"
            "close_ns")


def latency_rows(name, workload, seed):
    calls = 200_000
    for number, gap, count in ((0, 64, calls // 64), (1, 1, calls)):
        yield name, workload, number, gap, "tsc", "any", "", 2_000_000_000, "", "", "", ""
        for kind in ("new", "free"):
            yield name, workload, number, gap, "calls", kind, "", calls, "", "", "", ""
            yield name, workload, number, gap, "floor", kind, 20, count, "", "", "", ""
            yield name, workload, number, gap, "call", kind, 60 + 5 * seed, count, "", "", "", ""
            yield name, workload, number, gap, "call", kind, 900, count // 100, "", "", "", ""
    yield name, workload, 1, 1, "step", "any", 3000, 100, "", "", "", ""
    yield name, workload, 1, 1, "longest step", "any", 45_600, 120, "", "", 77, ""
    yield name, workload, 1, 1, "slow", "free", 7_000_000, 1, 64, 0, 4711, 0
    yield name, workload, 2, 1, "slow", "free", 7_100_000, 1, 64, 0, 4711, 0


def locality_rows(name, workload, seed):
    for number in range(1, 6):
        yield (name, workload, number, 0, "any", "", "", "", "", "", 90_000_000 + number,
               1_230_000)
        yield (name, workload, number, 8, "new", 200_000, 25_000, 25_000 * (60 + 5 * seed),
               25_000 * (60 + 5 * seed) ** 2, 20_000, 99_000_000, "")
