"""What one allocator did on one workload, over all rounds of a run.

The fields of Score are the columns of summary.csv, in this order: the one list of them. A figure
that is not known is None. A score has times, and ratios, only where every round was ok.
"""
from dataclasses import dataclass, field

import estimate
from labels import MEBIBYTE

BASELINE = "libc"
HARNESS = "null"       # replays without allocating: what the harness itself costs
OK = "ok"

# Below this peak of live bytes an allocator's fixed costs (its first pages, its tables) decide its
# footprint: shown, but marked.
LARGE_HEAP_BYTES = 16 * MEBIBYTE
# And below this one there is nothing else in it: not shown.
SMALLEST_HEAP_BYTES = 1 * MEBIBYTE


@dataclass
class Score:
    allocator: str
    workload: str
    copy: int = 0                    # 1 is the second copy of the baseline: the A/A control
    outcome: str = "not measured"
    detail: str = ""                 # why it is not ok
    rounds: int = 0                  # timed rounds behind the figures
    ratio: float = None              # of `clock`, against the baseline's in the same round
    ratio_low: float = None
    ratio_high: float = None
    ratio_coverage: float = None     # probability that low and high enclose the true median
    noise_floor: float = None        # of the workload, as a share of 1
    verdict: str = ""                # faster, slower, tie, unresolved; empty without a ratio
    ns_per_operation_p10: float = None
    ns_per_operation_p50: float = None
    ns_per_operation_low: float = None    # interval of the p50
    ns_per_operation_high: float = None
    net_ns_per_operation_p50: float = None   # less the harness's own, where `null` ran too
    noise_index: float = None        # p50 / p10: 1 on a quiet machine
    cpu_ns: float = None             # this and all below: medians over the timed rounds
    wall_ns: float = None
    drop_ns: float = None
    minor_faults: float = None
    major_faults: float = None
    preemptions: float = None
    peak_resident_bytes: float = None
    operations: int = None           # this and all below: from the proof round
    calls: int = None
    allocated_bytes: int = None
    peak_live_bytes: int = None
    frag_peak: float = None          # peak resident / peak live, see take_footprint
    is_large_heap: bool = None       # whether the heap, not fixed costs, decides frag_peak
    # The column that ratios and figures per operation are of.
    clock: str = field(default="cpu_ns", repr=False, metadata={"is_column": False})
    interval: estimate.Interval = field(default=None, repr=False, metadata={"is_column": False})
    spread: estimate.Interval = field(default=None, repr=False, metadata={"is_column": False})

    @property
    def is_ok(self):
        return self.outcome == OK


MEDIANS = ("cpu_ns", "wall_ns", "drop_ns", "minor_faults", "major_faults", "preemptions",
           "peak_resident_bytes")
PROVED = ("operations", "calls", "allocated_bytes", "peak_live_bytes")


def known(rows, column):
    return [row[column] for row in rows if row.get(column) is not None]


def take_outcome(score, rows):
    """The first failure names the score: one wrong answer in seven rounds is a wrong answer."""
    score.outcome = OK if rows else score.outcome
    failures = [row for row in rows if row["outcome"] != OK]
    if failures:
        score.outcome = failures[0]["outcome"]
        score.detail = failures[0]["detail"] or ""


def take_times(score, rows):
    score.rounds = len(rows)
    for column in MEDIANS:
        values = known(rows, column)
        setattr(score, column, estimate.quantile(values, 0.5) if values else None)
    per_operation = [row[score.clock] / operations for row in rows
                     if (operations := row["operations"] or score.operations)]
    if not per_operation:
        return
    middle = estimate.median_interval(per_operation)
    score.ns_per_operation_p10 = estimate.quantile(per_operation, 0.1)
    score.ns_per_operation_p50 = middle.point
    score.ns_per_operation_low, score.ns_per_operation_high = middle.low, middle.high
    if score.ns_per_operation_p10:
        score.noise_index = middle.point / score.ns_per_operation_p10


def take_footprint(score):
    """Known from SMALLEST_HEAP_BYTES on, and where the workload touches its blocks: a heap that is
    resident in less than its live bytes holds pages that nobody has written."""
    live, peak = score.peak_live_bytes, score.peak_resident_bytes
    if live is None or peak is None:
        return
    score.is_large_heap = live >= LARGE_HEAP_BYTES
    if SMALLEST_HEAP_BYTES <= live <= peak:
        score.frag_peak = peak / live


def score_rows(allocator, workload, copy, rows, proof, clock):
    """Of the rows of one allocator, workload and copy. `proof` is the allocator's round 0."""
    score = Score(allocator, workload, copy, clock=clock)
    take_outcome(score, rows)
    for column in PROVED:
        setattr(score, column, next(iter(known(proof + rows, column)), None))
    timed = [row for row in rows if row["round"] and row[clock]]
    if score.is_ok and timed:
        take_times(score, timed)
        take_footprint(score)
    return score


def take_ratio(score, rows, base_rows):
    """Pairs the rounds that both have."""
    clock = score.clock
    base = {row["round"]: row[clock] for row in base_rows if row["round"] and row[clock]}
    pairs = [(row[clock], base[row["round"]]) for row in rows
             if row[clock] and row["round"] in base]
    if not pairs:
        return
    score.interval = ratio = estimate.ratio_interval(pairs)
    score.spread = estimate.ratio_interval(pairs, estimate.NOISE_COVERAGE)
    score.ratio, score.ratio_coverage = ratio.point, ratio.coverage
    if ratio.coverage:
        score.ratio_low, score.ratio_high = ratio.low, ratio.high


def judge(score, control):
    """The control is held against 1 alone; all others against its noise floor too."""
    if control and control.spread and control.spread.coverage:
        score.noise_floor = estimate.noise_floor(control.spread)
    if score.interval and score.allocator != HARNESS:
        floor = 0.0 if score is control else score.noise_floor or 0.0
        score.verdict = estimate.verdict(score.interval, floor)


def take_net(score, harness):
    gross = score.ns_per_operation_p50
    if harness and score is not harness and None not in (gross, harness.ns_per_operation_p50):
        score.net_ns_per_operation_p50 = gross - harness.ns_per_operation_p50


def score_workload(workload, rows_of, threads=1):
    """All scores of one workload by (allocator, copy), from their rows by the same key. CPU time of
    several threads adds up what they did side by side, and what they spent on waiting."""
    clock = "cpu_ns" if threads == 1 else "wall_ns"
    scores = {}
    for (allocator, copy), rows in rows_of.items():
        proof = [row for row in rows_of.get((allocator, 0), []) if row["round"] == 0]
        scores[allocator, copy] = score_rows(allocator, workload, copy, rows, proof, clock)
    base, control = scores.get((BASELINE, 0)), scores.get((BASELINE, 1))
    for key, score in scores.items():
        if base and base.is_ok and score.is_ok and score is not base:
            take_ratio(score, rows_of[key], rows_of[BASELINE, 0])
    for score in scores.values():
        judge(score, control)
        take_net(score, scores.get((HARNESS, 0)))
    return scores
