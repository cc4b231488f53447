"""Fragmentation in the terminal: a line an allocator, means over workloads with a large heap."""
import fragmentation
import labels
import table
from score import LARGE_HEAP_BYTES, MEBIBYTE

COLUMN = 10
HEADS = ("peak", "aged peak", "mean", "internal", "external", "drift", "kept", "purged")
EXPLANATION = (
    "Fragmentation: peak is most resident over most live bytes, aged the same on a heap littered "
    "before, mean R / L over time; internal usable over live and external resident over usable "
    "where most is alive; drift R / L at the last peak over the first; kept and purged what stays "
    "resident of the peak when everything is freed, and when the allocator is asked for it "
    "(medians). Geometric means over workloads with {} MiB alive or more; how many, fresh "
    "and aged, stands at the end.")


def share(value):
    return "-" if value is None else f"{100 * value:.0f} %"


def cells(fresh, aged):
    """Texts under HEADS and the count; either may be None."""
    shown = fresh or aged
    peak = labels.ratio(fresh.frag_peak) if fresh else "-"
    return [peak, labels.ratio(aged.frag_peak) if aged else "-", labels.ratio(shown.frag_mean),
            labels.ratio(shown.frag_internal), labels.ratio(shown.frag_external),
            labels.ratio(shown.drift), share(shown.retained_share), share(shown.purged_share),
            f"({fresh.count if fresh else 0}, {aged.count if aged else 0})"]


def format_line(name, texts):
    return (labels.shorten(name, table.NAME).ljust(table.NAME) +
            "".join(text.rjust(COLUMN) for text in texts)).rstrip()


def lines(results, found, style):
    means = fragmentation.means(found, results.workloads)
    names = [name for name in results.allocators
             if any((name, age) in means for age in fragmentation.AGES)]
    if not names:
        return
    yield ""
    yield format_line("fragmentation", HEADS)
    for name in names:
        yield format_line(name, cells(*(means.get((name, age)) for age in fragmentation.AGES)))
    yield from style.paragraph(EXPLANATION.format(LARGE_HEAP_BYTES // MEBIBYTE), "")
