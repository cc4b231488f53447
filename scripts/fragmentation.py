"""What an allocator's memory did over a workload: figures from series/fragmentation.csv.

L is live bytes, U usable, R resident less the resident before the first call, all of one sample, on
the clock of the workload's calls. Four ways to divide R by L are those of Johnstone and Wilson,
"The memory fragmentation problem: solved?" (1998); the headline is their fourth. Growth over a long
run is read off at heights of L that are alike, so that a program which holds more is not blamed.
"""
import csv
import dataclasses
import io
from dataclasses import dataclass

import estimate
from score import BASELINE, LARGE_HEAP_BYTES

AGES = ("fresh", "aged")
RUNNING, FREED, SETTLED, PURGED = "running", "freed", "settled", "purged"
PEAK_SHARE = 0.8       # of the highest L: a local peak from which drift is read
DIP_SHARE = 0.75       # of a local peak, to which L must fall before the next one counts


@dataclass
class Fragmentation:
    """The fields are the columns of fragmentation.csv. None: the heap does not tell."""
    allocator: str
    workload: str
    age: str                        # fresh, or aged: littered before the workload came
    peak_live_bytes: int = None
    peak_resident_bytes: int = None
    frag_peak: float = None         # max R / max L (their 4th)
    frag_at_peak_rss: float = None  # R / L where R is highest (3rd)
    frag_at_peak_live: float = None     # R / L where L is highest (2nd)
    frag_mean: float = None         # mean of R / L (1st)
    frag_internal: float = None     # U / L at the highest L
    frag_external: float = None     # R / U at the same sample
    drift: float = None             # R / L at the last high peak against the first
    internal_bytes: int = None      # U - L, this and the next three at the highest L
    metadata_bytes: int = None      # the heap's own descriptors and headers
    free_bytes: int = None          # resident, neither usable nor metadata: holes, kept pages
    largest_free_share: float = None    # of free bytes by the heap's account, in one piece
    retained_bytes: int = None      # R with everything freed: at once,
    settled_bytes: int = None       # after settle_ms,
    settle_ms: int = None
    purged_bytes: int = None        # and after the allocator was asked for it


COLUMNS = [field.name for field in dataclasses.fields(Fragmentation)]


def highest(samples, name):
    """The first sample in which the figure is highest."""
    return max(samples, key=lambda sample: sample[name])


def resident_over_live(sample):
    return sample["resident_bytes"] / sample["live_bytes"]


def mean_over_live(samples):
    """Mean of R / L over samples in which the program holds at least a hundredth of its most: at
    the very end any allocator's ratio is without bounds."""
    least = highest(samples, "live_bytes")["live_bytes"] / 100
    ratios = [resident_over_live(each) for each in samples if each["live_bytes"] > least]
    return sum(ratios) / len(ratios) if ratios else None


def local_peaks(samples):
    """Samples at the tops of L: from each to the next, L falls to DIP_SHARE or lower, and rises
    again by as much."""
    peaks, extreme, is_falling = [], samples[0], False
    for sample in samples:
        live, last = sample["live_bytes"], extreme["live_bytes"]
        is_further = live <= last if is_falling else live >= last
        is_turn = live * DIP_SHARE > last if is_falling else live <= last * DIP_SHARE
        if is_turn and not is_falling:
            peaks.append(extreme)
        if is_turn or is_further:
            extreme, is_falling = sample, is_falling != is_turn
    return peaks


def drift(samples):
    """R / L at the last peak of L against that at the first, of peaks that are nearly the highest;
    None where there are not two."""
    most = highest(samples, "live_bytes")["live_bytes"]
    peaks = [each for each in local_peaks(samples) if each["live_bytes"] >= PEAK_SHARE * most]
    if len(peaks) < 2 or not most:
        return None
    return resident_over_live(peaks[-1]) / resident_over_live(peaks[0])


def split(sample):
    """R at one sample is L + internal + metadata + free. Metadata that the heap does not tell is in
    free, and so is rounding where usable bytes are unknown."""
    usable, metadata = sample["usable_bytes"], sample["metadata_bytes"]
    taken = usable if usable is not None else sample["live_bytes"]
    room = sample["resident_bytes"] - taken
    metadata = None if metadata is None else max(0, min(metadata, room))
    return {
        "internal_bytes": None if usable is None else usable - sample["live_bytes"],
        "metadata_bytes": metadata,
        "free_bytes": max(0, room - (metadata or 0)),
    }


def largest_share(sample):
    """1 less this is external fragmentation as the heap sees it: free, and not in one piece."""
    largest, free = sample["largest_free_bytes"], sample["free_bytes"]
    return None if largest is None or not free else min(1, largest / free)


def retained(samples):
    """By moment; what comes last is left in place."""
    found = {each["moment"]: each for each in samples}

    def resident(moment):
        return found[moment]["resident_bytes"] if moment in found else None
    return {
        "retained_bytes": resident(FREED), "settled_bytes": resident(SETTLED),
        "settle_ms": found[SETTLED]["settle_ms"] if SETTLED in found else None,
        "purged_bytes": resident(PURGED),
    }


def figures(key, samples):
    """Of one allocator on one workload, fresh or aged; None where nothing was alive."""
    running = [each for each in samples if each["moment"] == RUNNING]
    live_top = highest(running, "live_bytes") if running else None
    if not live_top or not live_top["live_bytes"]:
        return None
    top, usable = highest(running, "resident_bytes"), live_top["usable_bytes"]
    return Fragmentation(
        *key,
        peak_live_bytes=live_top["live_bytes"], peak_resident_bytes=top["resident_bytes"],
        frag_peak=top["resident_bytes"] / live_top["live_bytes"],
        frag_at_peak_rss=resident_over_live(top) if top["live_bytes"] else None,
        frag_at_peak_live=resident_over_live(live_top),
        frag_mean=mean_over_live(running),
        frag_internal=usable / live_top["live_bytes"] if usable else None,
        frag_external=live_top["resident_bytes"] / usable if usable else None,
        drift=drift(running), largest_free_share=largest_share(live_top),
        **split(live_top), **retained(samples))


def load(results):
    """By (allocator, workload, age), in report order; None where the series was not measured."""
    series = results.series("fragmentation")
    if series is None:
        return None
    found = {key: figures(key, rows)
             for key, rows in series.groups("allocator", "workload", "age").items()}
    return {key: each for key, each in found.items() if each}


def csv_text(found):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for each in found.values():
        values = [getattr(each, name) for name in COLUMNS]
        writer.writerow([f"{value:.6g}" if isinstance(value, float) else
                         "" if value is None else value for value in values])
    return text.getvalue()


@dataclass
class Mean:
    """Of one allocator at one age, over all workloads with a large heap that it got through."""
    count: int                    # workloads behind it
    frag_peak: float              # this and all below, geometric means
    frag_mean: float
    frag_internal: float
    frag_external: float
    drift: float
    retained_share: float         # of peak resident memory: the median
    purged_share: float


def median(values):
    return estimate.quantile(values, 0.5) if values else None


def mean_of(each):
    def mean(name):
        values = [getattr(one, name) for one in each if getattr(one, name)]
        return estimate.geometric_mean(values) if values else None

    def share(name):
        return median([getattr(one, name) / one.peak_resident_bytes for one in each
                       if getattr(one, name) is not None])
    names = ("frag_peak", "frag_mean", "frag_internal", "frag_external", "drift")
    return Mean(len(each), *map(mean, names), share("retained_bytes"), share("purged_bytes"))


def means(found, workloads):
    """By (allocator, age): over those workloads that are of a large heap under the baseline."""
    large = {name for (allocator, name, _), each in found.items()
             if allocator == BASELINE and each.peak_live_bytes >= LARGE_HEAP_BYTES}
    groups = {}
    for (allocator, name, age), each in found.items():
        if name in large and name in workloads:
            groups.setdefault((allocator, age), []).append(each)
    return {key: mean_of(each) for key, each in groups.items()}
