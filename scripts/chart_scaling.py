"""Throughput and processor time by the number of threads: a column a program, a line an
allocator."""
import drawing
import labels
import scaling
from score import BASELINE

TITLE = "Scaling with threads"
EXPLANATION = (
    "Above: operations a second, those of libc with one thread being 1; higher is better. Dashed: "
    "libc's one thread times the number of threads, as far as there are processors{processors}. "
    "Below: time of all processors together for an operation, likewise; lower is better. Medians "
    "over {rounds}, interleaved; thin: quartiles. Allocators that are not thread-safe by "
    "themselves are left out. The program's own cost is in all figures: in scale-exchange threads "
    "also take lines of the cache from each other.")
OVERSUBSCRIBED = ("; right of the line at {cores} are more threads than processors, so that they "
                  "take turns, and a thread may be stopped with a lock in its hand")
WIDTH, HEIGHT, LEFT, BETWEEN_X, BETWEEN_Y = 2.0, 1.9, 0.45, 0.45, 0.55
LEGEND_LINE, LEGEND_NAME = 0.17, 1.6


def cores_of(results):
    """Processors of the machine that was measured on; None where it is not told."""
    machine = results.machine.get("machine", {})
    return machine.get("cpus")


def lines_of(found, workload):
    """Rows by allocator, in the order of threads."""
    lines = {}
    for (name, key, _), each in found.items():
        if key == workload:
            lines.setdefault(name, []).append(each)
    return {name: sorted(each, key=lambda one: one.threads) for name, each in lines.items()}


def draw_lines(axes, lines, styles, value, spread=None):
    for name, each in lines.items():
        threads = [one.threads for one in each]
        axes.plot(threads, [getattr(one, value) for one in each], linewidth=1.2, markersize=4,
                  gid="curve", zorder=3 if name == BASELINE else 2, **styles[name])
        if spread is not None:
            low, high = ([getattr(one, side) for one in each] for side in spread)
            axes.vlines(threads, low, high, color=styles[name]["color"], linewidth=0.6)


def draw_ideal(axes, threads, cores):
    """As far as processors go; then no more work can be done at a time."""
    most = min(cores or max(threads), max(threads))
    axes.plot([1, most, max(threads)], [1, most, most], color=drawing.PALE, linewidth=0.9,
              linestyle=(0, (4, 3)), zorder=1, gid="ideal")


def set_scales(axes, threads, cores, top):
    axes.set_xscale("log", base=2)
    axes.set_xlim(0.85, max(threads) * 1.18)
    axes.set_xticks(threads, [str(count) for count in threads])
    axes.minorticks_off()
    axes.set_ylim(0, 1.08 * top)
    if cores and min(threads) <= cores < max(threads):
        axes.axvline(cores, color=drawing.PALE, linewidth=0.7)
    axes.tick_params(length=2)


def draw_column(sheet, left, workload, lines, styles, cores):
    drawn = [one for each in lines.values() for one in each]
    threads = sorted({one.threads for one in drawn})
    upper = sheet.axes(left, sheet.top + 0.25, WIDTH, HEIGHT)
    draw_lines(upper, lines, styles, "throughput", ("throughput_low", "throughput_high"))
    draw_ideal(upper, threads, cores)
    highest = max(one.throughput_high for one in drawn)
    set_scales(upper, threads, cores, max(highest, min(cores or 1, max(threads))))
    upper.set_title(labels.shorten(workload, 28), loc="left", pad=3)
    lower = sheet.axes(left, sheet.top + 0.25 + HEIGHT + BETWEEN_Y, WIDTH, HEIGHT)
    draw_lines(lower, lines, styles, "cpu")
    set_scales(lower, threads, cores, max(one.cpu for one in drawn))
    lower.set_xlabel("threads", labelpad=1)
    return upper, lower


def draw_legend(sheet, top, names, styles, width):
    columns = max(1, int(width / LEGEND_NAME))
    axes = sheet.axes(sheet.MARGIN, top, width, LEGEND_LINE * -(-len(names) // columns))
    axes.set(xlim=(0, width), ylim=(-(-len(names) // columns), 0))
    axes.axis("off")
    for i, name in enumerate(names):
        left, line = i % columns * LEGEND_NAME, i // columns + 0.5
        axes.plot([left, left + 0.2], [line, line], linewidth=1.2, color=styles[name]["color"])
        axes.plot(left + 0.1, line, linestyle="", markersize=4, **styles[name])
        axes.text(left + 0.27, line, labels.shorten(name, 18), va="center", fontsize=7.5)


def failures_of(series):
    """A line of those who have nothing to draw somewhere."""
    lines = {}
    for (name, workload), outcome in series.failures.items():
        lines.setdefault((name, outcome), []).append(workload)
    return "; ".join(f"{name}: {outcome} in {', '.join(workloads)}"
                     for (name, outcome), workloads in lines.items())


def explanation(results, found):
    cores, rounds = cores_of(results), max(each.rounds for each in found.values())
    is_short = cores and cores < max(each.threads for each in found.values())
    processors = f" ({cores} here)" if cores else ""
    return EXPLANATION.format(
        processors=processors + (OVERSUBSCRIBED.format(cores=cores) if is_short else ""),
        rounds=labels.count(rounds, "round"))


def draw(results):
    series, found = results.series("scaling"), scaling.load(results)
    if found is None:
        return drawing.no_series(results, TITLE)
    if not found:
        return drawing.nothing(results, TITLE)
    workloads = list(dict.fromkeys(key[1] for key in found))
    names = [name for name in results.allocators if any(name == key[0] for key in found)]
    width = LEFT + len(workloads) * (WIDTH + BETWEEN_X)
    height = 0.25 + 2 * HEIGHT + 2 * BETWEEN_Y
    legend = LEGEND_LINE * -(-len(names) // max(1, int(width / LEGEND_NAME)))
    text = explanation(results, found)
    failed = failures_of(series)
    sheet = drawing.Sheet(results, TITLE, text + (f" Failed: {failed}." if failed else ""), width,
                          height + legend)
    styles = drawing.styles(results)
    for i, workload in enumerate(workloads):
        upper, lower = draw_column(sheet, sheet.MARGIN + LEFT + i * (WIDTH + BETWEEN_X), workload,
                                   lines_of(found, workload), styles, cores_of(results))
        if i == 0:
            upper.set_ylabel("throughput", labelpad=2)
            lower.set_ylabel("processor time of an operation", labelpad=2)
    draw_legend(sheet, sheet.top + height - 0.1, names, styles, width)
    return sheet.figure
