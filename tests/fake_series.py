"""Writes the series of a results folder, with figures that are made up."""
import csv

import fake_latency
import fake_threads

RULES = {"double": (13, 16380, 16384), "half": (21, 24278, 12138), "1000": (10, 45000, 10000)}
SIZES = (16, 32, 40, 1024)
COLUMNS = {
    "waste": "allocator,request_bytes,step_bytes,usable_bytes",
    "metadata": "allocator,block_bytes,blocks,resident_bytes,footprint_bytes,usable_bytes,"
                "metadata_bytes",
    "growth": "allocator,policy,reallocations,copied_elements,room_elements,in_place,moved,"
              "moved_elements",
    "fragmentation": "allocator,workload,age,moment,operation,live_bytes,resident_bytes,"
                     "usable_bytes,footprint_bytes,metadata_bytes,free_bytes,largest_free_bytes,"
                     "settle_ms",
    "latency": fake_latency.LATENCY,
    "locality": fake_latency.LOCALITY,
    "scaling": fake_threads.SCALING,
    "after-exit": fake_threads.AFTER_EXIT,
    "failures": "series,allocator,part,outcome,detail",
}


def waste_rows(name, seed):
    for size in range(1, 400):
        step = -(-size // (8 + 8 * (seed % 3))) * (8 + 8 * (seed % 3))
        yield name, size, step, ""


def metadata_rows(name, seed):
    for size in SIZES:
        yield name, size, 1000, 1000 * (size + 8) + seed, "", "", 8000 if seed % 2 else ""


def growth_rows(name, seed):
    for rule, counts in RULES.items():
        moved = seed % counts[0]
        yield name, rule, *counts, counts[0] - 1 - moved, moved, 500 * moved


def fragmentation_rows(name, workload, seed):
    """20 MB at the most, resident at once and kept; what is aged has 4 MB of litter in it. Every
    other allocator tells nothing of itself."""
    for age, litter in ("fresh", 0), ("aged", 4_000_000):
        for i in range(21):
            live, most = 2_000_000 * (10 - abs(i - 10)), 2_000_000 * min(i, 10)
            told = (live + litter + 9000, "", 5000, 4000, 1000) if seed % 2 else [""] * 5
            yield (name, workload, age, "running", 1000 * i, live + litter,
                   most + litter + 90_000, *told, "")
        for moment, kept in ("freed", 9_000_000), ("settled", 8_000_000), ("purged", 1_000_000):
            yield (name, workload, age, moment, 20_000, 0, kept, *[""] * 5,
                   200 if moment == "settled" else "")


def rows_of(allocators, workloads, failing):
    """By series; the failing have rows in `failures` alone."""
    good = [(seed, name) for seed, name in enumerate(allocators) if name not in failing]
    parts = {"waste": [""], "metadata": map(str, SIZES), "growth": RULES,
             "fragmentation": workloads, "scaling": fake_threads.PROGRAMS,
             "after-exit": fake_threads.WAYS}
    return {
        "waste": [row for seed, name in good for row in waste_rows(name, seed)],
        "metadata": [row for seed, name in good for row in metadata_rows(name, seed)],
        "growth": [row for seed, name in good for row in growth_rows(name, seed)],
        "fragmentation": [row for workload in workloads for seed, name in good
                          for row in fragmentation_rows(name, workload, seed)],
        "latency": [row for workload in workloads for seed, name in good
                    for row in fake_latency.latency_rows(name, workload, seed)],
        "locality": [row for workload in workloads for seed, name in good
                     for row in fake_latency.locality_rows(name, workload, seed)],
        "scaling": [row for seed, name in good if name != "null"
                    for row in fake_threads.scaling_rows(name, seed)],
        "after-exit": [row for seed, name in good if name != "null"
                       for row in fake_threads.after_exit_rows(name, seed)],
        "failures": [(series, name, part, *failing[name]) for series, each in parts.items()
                     for part in each for name in allocators if name in failing],
    }


def write(folder, allocators, workloads, failing):
    """failing: (outcome, detail) by allocator."""
    (folder / "series").mkdir(exist_ok=True)
    for name, rows in rows_of(allocators, workloads, failing).items():
        with open(folder / "series" / f"{name}.csv", "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS[name].split(","))
            writer.writerows(rows)
