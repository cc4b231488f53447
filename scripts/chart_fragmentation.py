"""What resident memory holds beside live bytes, at the moment when most is alive: a panel a
workload, a bar an allocator."""
import drawing
import fragmentation
import labels

TITLE = "What memory is taken for beside live bytes"
EXPLANATION = (
    "At the sample with the most live bytes, as a share of them: internal is rounding inside "
    "blocks (usable less asked for), metadata the heap's own descriptors and headers, free the "
    "rest that is resident: holes between blocks and pages kept for later. Thin bar: the same on "
    "an aged heap. Hatched: the heap does not tell its usable bytes or metadata, which then are in "
    "the free part. A bar that leaves the panel has its figure at the end.")
PARTS = {"internal_bytes": ("internal", "#E69F00"), "metadata_bytes": ("metadata", "#0072B2"),
         "free_bytes": ("free", "#9a9a9a")}
COLUMNS, MOST = 3, 1.0     # panels side by side; share at the right edge
LINE, WIDTH, LEFT, BETWEEN, HEAD = 0.19, 2.3, 1.25, 0.25, 0.45
BARS = {"fresh": (-0.12, 0.42), "aged": (0.26, 0.2)}   # place under the line's middle, thickness


def shares(each):
    """(part, share of live bytes) in the order of drawing, without those that are unknown."""
    return [(part, getattr(each, part) / each.peak_live_bytes) for part in PARTS
            if getattr(each, part) is not None]


def draw_bar(axes, line, each):
    """Returns how far it goes."""
    place, thickness = BARS[each.age]
    left, is_told = 0, None not in (each.internal_bytes, each.metadata_bytes)
    for part, share in shares(each):
        is_mixed = part == "free_bytes" and not is_told
        axes.barh(line + place, share, thickness, left=left, color=PARTS[part][1], linewidth=0,
                  hatch="//////" if is_mixed else None, edgecolor="#d8d8d8")
        left += share
    return left


def tell_ends(axes, line, ends):
    """Of bars, by age, that leave the panel."""
    told = ", ".join(f"{'aged ' if age == 'aged' else ''}{100 * end:.0f} %"
                     for age, end in ends.items() if end > MOST)
    if told:
        axes.text(0.99 * MOST, line, told, ha="right", va="center", fontsize=6.5,
                  bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6})


def draw_panel(axes, names, of_workload, failures):
    for line, name in enumerate(names):
        tell_ends(axes, line, {age: draw_bar(axes, line, of_workload[name, age])
                               for age in fragmentation.AGES if (name, age) in of_workload})
        if (name, "fresh") not in of_workload:
            axes.text(0.01, line, failures.get(name, "not measured"), va="center", fontsize=6.5,
                      color=drawing.ALARM, fontstyle="italic")


def set_scales(axes, workload, names, is_first):
    axes.set(xlim=(0, MOST), ylim=(len(names) - 0.4, -0.6))
    axes.set_title(labels.shorten(workload, 34), loc="left", pad=3)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100 %"])
    axes.set_yticks(range(len(names)),
                    [labels.shorten(name, 24) for name in names] if is_first else [])
    axes.tick_params(length=0)
    axes.grid(axis="y", visible=False)


def draw_legend(sheet):
    for i, (name, colour) in enumerate(PARTS.values()):
        sheet.write(LEFT + 0.25 + 0.9 * i, sheet.top, "\u25a0 " + name, color=colour,
                    fontweight="bold")


def draw(results):
    series, found = results.series("fragmentation"), fragmentation.load(results)
    if series is None:
        return drawing.no_series(results, TITLE)
    parts = {key[1] for key in [*found, *series.failures]}
    workloads = [name for name in results.workloads if name in parts]
    if not workloads:
        return drawing.nothing(results, TITLE)
    names, columns = results.allocators, min(COLUMNS, len(workloads))
    height = LINE * len(names)
    sheet = drawing.Sheet(results, TITLE, EXPLANATION, LEFT + columns * (WIDTH + BETWEEN),
                          0.2 + -(-len(workloads) // columns) * (height + HEAD))
    draw_legend(sheet)
    for i, workload in enumerate(workloads):
        axes = sheet.axes(LEFT + sheet.MARGIN + i % columns * (WIDTH + BETWEEN),
                          sheet.top + 0.4 + i // columns * (height + HEAD), WIDTH, height)
        set_scales(axes, workload, names, i % columns == 0)
        draw_panel(axes, names, {(name, age): each for (name, of, age), each in found.items()
                                 if of == workload},
                   {name: outcome for (name, part), outcome in series.failures.items()
                    if part == workload})
    return sheet.figure
