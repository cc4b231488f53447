"""Service times by percentile: a panel a workload, a line an allocator, and what stalls longest."""
import math

import drawing
import labels
import latency
import locality

TITLE = "Service time of a call (ns)"
EXPLANATION = (
    "How long one call to the allocator takes, by the share of calls that take no longer: from the "
    "middle one to one in 10,000. To 99.9 % from a pass that times one call in 64, beyond from one "
    "that times all; where they meet, the higher counts. Shaded: twice what a call of nothing "
    "takes, the clock's own cost and the machine's interruptions; in it no allocator can be told "
    "from another, and no line is drawn. A program waits for its allocator and asks again (closed "
    "loop): no queue is in these figures.")
COLUMNS = 3
WIDTH, HEIGHT, LEFT, BETWEEN_X, BETWEEN_Y = 2.9, 2.0, 0.55, 0.55, 0.65
LEGEND, LINE, NAME, EVENT_WIDTH = 0.45, 0.17, 1.75, 0.8
SHARES = [1 - 10 ** -(1 + i / 8) for i in range(-5, 25)]
TICKS = {0.5: "50 %", 0.9: "90 %", 0.99: "99 %", 0.999: "99.9 %", 0.9999: "99.99 %"}
EVENTS = ("lua_close", "worst run of frees")


def place(share):
    """On the axis: equal steps for equal factors of the rest."""
    return -math.log10(1 - share)


def curve(measured):
    """Points (place, ns) that stand clear of the floor."""
    points, highest = [], 0
    for share in SHARES:
        value, is_clear = measured.quantile(latency.ALL, share)
        highest = max(highest, value or 0)
        points.append((place(share), highest if value and is_clear else math.nan))
    return points


def floor_curve(each):
    """Twice the floor's lowest quantile among the allocators: below, nothing is clear."""
    points, highest = [], 0
    for share in SHARES:
        floors = [value for value in (one.floor(latency.ALL, share) for one in each) if value]
        highest = max(highest, latency.FLOOR_TIMES * min(floors, default=0))
        points.append((place(share), highest))
    return points if highest else []


def draw_panel(axes, workload, each, styles):
    for measured in each:
        axes.plot(*zip(*curve(measured)), linewidth=1.1, color=styles[measured.allocator]["color"],
                  marker=styles[measured.allocator]["marker"], markersize=3.5, markevery=8,
                  gid="curve")
    floor = floor_curve(each)
    if floor:
        axes.fill_between(*zip(*floor), y2=1, color="#ececec", linewidth=0, zorder=0)
    axes.set(yscale="log", xlim=(place(0.5), place(0.9999)))
    axes.set_ylim(bottom=10)
    decades = [10 ** i for i in range(1, 10) if 10 ** i <= axes.get_ylim()[1]]
    axes.set_yticks(decades, [labels.duration(ns) for ns in decades])
    axes.set_xticks([place(share) for share in TICKS], list(TICKS.values()))
    axes.minorticks_off()
    axes.set_title(labels.shorten(workload, 34), loc="left", pad=3)


def close_of(places, name, workload):
    """ns of lua_close, None of what is no program or was not measured."""
    found = places.get((name, workload))
    return None if found is None else found.close_ns


def event_rows(found, places, names, workload):
    """For each event of a workload, its texts by allocator."""
    closes = [close_of(places, name, workload) for name in names]
    steps = [found[name, workload].longest.get("longest step") if (name, workload) in found
             else None for name in names]
    return [(EVENTS[0], [labels.duration(ns) for ns in closes]),
            (EVENTS[1], [labels.duration(row and row["value_ns"]) for row in steps])]


def draw_events(sheet, top, found, places, names, workloads):
    """A table of what lasts longest, a column an allocator."""
    width = (sheet.width - 2 * sheet.MARGIN - 2 * NAME) / len(names)
    sheet.write(sheet.MARGIN, top, "What stalls longest: lua_close (CPU time of it all), and the "
                "allocator's share of the worst run of 16 frees or more, a step of the collector",
                fontweight="bold")
    lines = [("", "", [labels.shorten(name, 12) for name in names])]
    for workload in workloads:
        for event, texts in event_rows(found, places, names, workload):
            if any(text != "-" for text in texts):
                lines.append((labels.shorten(workload, 24), event, texts))
    for i, (workload, event, texts) in enumerate(lines):
        y = top + 0.25 + LINE * i
        sheet.write(sheet.MARGIN, y, workload, fontsize=7)
        sheet.write(sheet.MARGIN + NAME, y, event, fontsize=7)
        for j, text in enumerate(texts):
            sheet.write(sheet.MARGIN + 2 * NAME + (j + 0.9) * width, y, text, fontsize=7,
                        ha="right", gid="event")


def draw_legend(sheet, names, styles):
    for i, name in enumerate(names):
        x = sheet.MARGIN + (i % 8) * 1.2
        y = sheet.top + 0.17 * (i // 8)
        axes = sheet.axes(x, y, 0.25, 0.12)
        axes.plot([0, 1, 2], [0, 0, 0], markersize=4, markevery=[1], **styles[name])
        axes.axis("off")
        sheet.write(x + 0.3, y, labels.shorten(name, 15), fontsize=7.5)


def draw(results):
    found, places = latency.load(results), locality.load(results) or {}
    if found is None:
        return drawing.no_series(results, TITLE)
    workloads = [name for name in results.workloads if any(name == key[1] for key in found)]
    names = [name for name in results.allocators if any(name == key[0] for key in found)]
    if not workloads:
        return drawing.nothing(results, TITLE)
    styles, columns = drawing.styles(results), min(COLUMNS, len(workloads))
    rows = -(-len(workloads) // columns)
    legend = LEGEND + 0.17 * ((len(names) - 1) // 8)
    panels = legend + rows * (HEIGHT + BETWEEN_Y)
    width = max(LEFT + columns * (WIDTH + BETWEEN_X), 2 * NAME + EVENT_WIDTH * len(names))
    sheet = drawing.Sheet(results, TITLE, EXPLANATION, width,
                          panels + 0.35 + LINE * (1 + 2 * len(workloads)))
    draw_legend(sheet, names, styles)
    for i, workload in enumerate(workloads):
        axes = sheet.axes(sheet.MARGIN + LEFT + i % columns * (WIDTH + BETWEEN_X),
                          sheet.top + legend + i // columns * (HEIGHT + BETWEEN_Y), WIDTH, HEIGHT)
        draw_panel(axes, workload, [each for key, each in found.items() if key[1] == workload],
                   styles)
    draw_events(sheet, sheet.top + panels, found, places, names, workloads)
    return sheet.figure
