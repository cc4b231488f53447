"""Writes summary.csv, a row for each allocator and workload, into a results folder, and prints the
table: ratio to libc with its interval, or the failure's name. Where the series of fragmentation was
measured, fragmentation.csv and a line for each allocator; latency.csv, locality.csv and scaling.csv
where those were.

    scripts/summarise.py results/latest
"""
import csv
import dataclasses
import io
import sys

import fragmentation
import fragmentation_table
import latency
import notes
import results as reader
import scaling
import score
import table

COLUMNS = [field.name for field in dataclasses.fields(score.Score)
           if field.metadata.get("is_column", True)]


def summary_rows(results):
    """Report order; what was planned and not measured yet has its row too."""
    for workload in results.workloads:
        for allocator in [entry["spec"] for entry in results.plan["allocators"]]:
            if (allocator, workload, 0) in results.scores or allocator != score.HARNESS:
                yield results.score(allocator, workload)
            if allocator == score.BASELINE:
                yield results.control(workload)


def format_field(value):
    if isinstance(value, bool):
        return int(value)
    return f"{value:.6g}" if isinstance(value, float) and not value.is_integer() else \
        int(value) if isinstance(value, float) else value


def format_summary(results):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for each in summary_rows(results):
        writer.writerow([format_field(getattr(each, name)) for name in COLUMNS])
    return text.getvalue()


def report(results, path, found, style):
    """The lines that are printed. Warnings stand above the table and below it."""
    yield from style.paragraph(notes.title(results), "warning")
    for warning in notes.warnings(results):
        yield from style.paragraph(warning, "warning")
    yield ""
    yield from table.lines(results, style)
    yield from fragmentation_table.lines(results, found, style)
    yield ""
    for line, role in notes.lines(results):
        yield from style.paragraph(line, role)
    yield f"All figures: {path}"


def write(path, text):
    reader.replace_file(path, lambda file: file.write(text.encode()))


def summarise(results):
    path = results.folder / "summary.csv"
    found = fragmentation.load(results)
    write(path, format_summary(results))
    if found is not None:
        write(results.folder / "fragmentation.csv", fragmentation.csv_text(found))
    latency.write(results)
    scaling.write(results)
    print("\n".join(report(results, path, found or {}, table.Style.of_terminal(sys.stdout))))


if __name__ == "__main__":
    sys.exit(reader.run_tool(summarise, "summarise.py DIR, such as results/latest", sys.argv[1:]))
