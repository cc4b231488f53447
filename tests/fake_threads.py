"""Rows of the series of threads, with figures that are made up."""
SCALING = "allocator,workload,threads,round,operations,wall_ns,cpu_ns,peak_resident_bytes," \
          "minor_faults"
AFTER_EXIT = "allocator,way,moment,step,live_bytes,resident_bytes"
PROGRAMS = ("scale-independent", "scale-handover", "scale-exchange", "scale-generations")
WAYS = {"freed by threads": ("freed", "ended"), "left behind": ("ended", "freed")}
ROUNDS, OPERATIONS, LIVE = 3, 500_000, 32 << 20


def scaling_rows(name, seed):
    """Two processors; with one thread an operation takes 20 ns and as many more as the seed."""
    for number in range(1, ROUNDS + 1):
        for program in PROGRAMS:
            for threads in (1, 2, 4):
                operations = threads * OPERATIONS
                cpu_ns = operations * (20 + seed + threads - 1)
                yield (name, program, threads, number, operations, cpu_ns // min(threads, 2),
                       cpu_ns, 1 << 20, 300)


def after_exit_rows(name, seed):
    for way, last in WAYS.items():
        moments = ["running"] * 11 + [*last, "settled", "purged"]
        for step, moment in enumerate(moments):
            live = LIVE * step // 10 if moment == "running" else \
                LIVE if moment == "ended" and way == "left behind" else 0
            resident = live + (seed << 18) + 1000 if moment != "purged" else 1000
            yield name, way, moment, step, live, resident
