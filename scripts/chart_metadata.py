"""What a heap takes beside its blocks, in bytes a block: block sizes × allocators."""
import drawing
import heatmap

TITLE = "Bytes taken for each block beyond its size"
EXPLANATION = (
    "Resident memory under 16 MiB of blocks of one size (1,048,576 of 16 B), divided by their "
    "number, less the size asked for: rounding, headers and tables together. Fewer blocks where a "
    "heap is bounded. Below: of these, what the heap itself counts as metadata at 32 B (headers "
    "and tables, no rounding), where it says; and what was published of such allocators. Sizes "
    "that a pool does not serve show its backing.")
SCALE = heatmap.Scale("cividis_r", 0.25, 32, (0.25, 1, 4, 8, 16, 32), "bytes a block")
PUBLISHED = {"libc": "~16", "fixed-pool": "8", "tiered": "8", "buddy": "24", "slab": "8 a slab"}
SHOWN_BYTES = 32       # of the rows below the grid


def overhead(row):
    """Bytes a block; a heap that had pages ready may show a little less than its blocks."""
    return row["resident_bytes"] / row["blocks"] - row["block_bytes"]


def byte_text(value):
    return f"{max(value, 0):.2f}" if value < 0.995 else f"{value:.1f}" if value < 99.95 else \
        f"{value:.0f}"


def cell(row, failure):
    if row is None:
        return heatmap.Cell(failure or "-", failure=failure is not None, pale=failure is None)
    return heatmap.Cell(byte_text(overhead(row)), max(overhead(row), SCALE.low))


def metadata_cell(row):
    if row is None or row["metadata_bytes"] is None:
        return heatmap.Cell("-", pale=True)
    return heatmap.Cell(byte_text(row["metadata_bytes"] / row["blocks"]))


def draw(results):
    series = results.series("metadata")
    if series is None:
        return drawing.no_series(results, TITLE)
    row_of = {key: rows[0] for key, rows in series.groups("allocator", "block_bytes").items()}
    names = results.allocators
    parts = [size for _, size in row_of] + [int(part) for _, part in series.failures]
    rows = [(f"{size} B", [cell(row_of.get((name, size)), series.failures.get((name, str(size))))
                           for name in names]) for size in sorted(set(parts))]
    below = [(f"own metadata, {SHOWN_BYTES} B",
              [metadata_cell(row_of.get((name, SHOWN_BYTES))) for name in names]),
             ("published", [heatmap.Cell(PUBLISHED.get(name, ""), pale=True) for name in names])]
    return heatmap.draw(results, TITLE, EXPLANATION, heatmap.Grid(names, rows, below), SCALE)
