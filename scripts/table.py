"""The table in the terminal: a row a workload, a column an allocator, in as many blocks of columns
as the width asks for. Marks stand beside the figures, so that nothing is told by colour alone."""
import os
import shutil
import textwrap
from dataclasses import dataclass

import labels
import suite
from score import BASELINE, OK

COLUMN = 15          # holds "> 0.95 0.93-0.97" less its gap, and "out of memory"
NAME = 24
GAP = "  "
MARKS = {"tie": "=", "faster": "<", "slower": ">", "unresolved": "?", "": " "}
COLOURS = {"faster": "34", "slower": "33", "tie": "2", "failed": "31", "warning": "1"}


@dataclass
class Style:
    width: int
    has_colour: bool

    @classmethod
    def of_terminal(cls, stream):
        has_colour = stream.isatty() and not os.environ.get("NO_COLOR") \
            and os.environ.get("TERM") != "dumb"
        return cls(shutil.get_terminal_size((100, 40)).columns, has_colour)

    def paragraph(self, text, role=""):
        """The lines of a sentence, the later ones indented."""
        return [self.paint(line, role)
                for line in textwrap.wrap(text, max(40, self.width), subsequent_indent="  ")]

    def paint(self, text, role):
        code = COLOURS.get(role)
        return f"\x1b[{code}m{text}\x1b[0m" if self.has_colour and code else text


def is_absent(results, allocator):
    """Unavailable everywhere: a line below the table says why, a column of it would say no more."""
    scores = [results.score(allocator, workload) for workload in results.workloads]
    return bool(scores) and all(score.outcome == "unavailable" for score in scores)


def contenders(results):
    """All but the baseline, which is 1 everywhere."""
    return [allocator for allocator in results.allocators
            if allocator != BASELINE and not is_absent(results, allocator)]


def ratio_text(score):
    """Mark, ratio, interval: "= 1.00 0.99-1.01"."""
    text = f"{MARKS[score.verdict]}{labels.ratio(score.ratio)}"
    if score.ratio_low is not None:
        text += f" {labels.ratio(score.ratio_low)}-{labels.ratio(score.ratio_high)}"
    return text, score.verdict


def score_text(score):
    """What stands in the cell, and its role."""
    if score.ratio is not None:
        return ratio_text(score)
    if score.outcome not in (OK, "not measured"):
        return score.outcome, "failed"
    return "-", ""


def baseline_text(results, workload):
    base, control = results.score(BASELINE, workload), results.control(workload)
    if not base.is_ok:
        return base.outcome, ""
    floor = "" if control.noise_floor is None else f" ~{labels.percent(control.noise_floor)}"
    return labels.nanoseconds(base.ns_per_operation_p50) + floor, ""


def mean_text(results, allocator, workloads):
    mean = suite.time_suite(results, allocator, workloads)
    return (f" {labels.ratio(mean.value)} ({mean.count})" if mean.count else "-"), ""


def format_row(name, cells, style):
    line = labels.shorten(name, NAME).ljust(NAME)
    for text, role in cells:
        line += GAP + style.paint(text.ljust(COLUMN), role)
    return line.rstrip()


def header_rows(names, style):
    """Long specs take several lines, the last ones aligned."""
    columns = [labels.wrap(name, COLUMN) for name in names]
    height = max(map(len, columns))
    padded = [[""] * (height - len(lines)) + lines for lines in columns]
    return [format_row("", [(f" {line}" if line else "", "") for line in lines], style)
            for lines in zip(*padded)]


def block(results, names, style):
    title = [f"{BASELINE} ns ~noise", *names]
    yield from header_rows(title, style)
    for workload in results.workloads:
        cells = [baseline_text(results, workload)]
        cells += [score_text(results.score(name, workload)) for name in names]
        yield format_row(workload, cells, style)
    for group, workloads in suite.groups(results):
        means = [mean_text(results, name, workloads) for name in names]
        yield format_row(f"mean of {group}", [("", ""), *means], style)


def lines(results, style):
    names = contenders(results)
    room = max(1, (style.width - NAME) // (COLUMN + len(GAP)) - 1)
    blocks = [names[at:at + room] for at in range(0, len(names), room)] or [[]]
    for number, part in enumerate(blocks):
        if number:
            yield ""
        yield from block(results, part, style)
