"""The picture of a memory map: what it shows, and what it says of bad input."""
import os
import random
import stat
import subprocess
import sys

import numpy
import pytest

import fake_results  # noqa: F401  (puts scripts into the path)

import memory_map

HEADER = "address,size,age_calls,age_seconds,source,line,stack\n"
SCRIPT = memory_map.__file__


def table(path, rows):
    path.write_text(HEADER + "".join(
        f"0x{address:x},{size},5,0.01,{source},{line},\"main;_start\"\n"
        for address, size, source, line in rows))
    return path


def run(*arguments):
    return subprocess.run([sys.executable, SCRIPT, *map(str, arguments)], capture_output=True,
                          text=True)


def simple(path):
    """64 KiB of blocks of 64 bytes without a gap, 1 GiB further 64 KiB of which half is live."""
    start = 0x7f0000000000
    rows = [(start + 64 * i, 64, '"a, b.lua"', 1 + i % 2) for i in range(1024)]
    rows += [(start + (1 << 30) + 128 * i, 64, "", "") for i in range(512)]
    random.Random(1).shuffle(rows)
    return table(path, rows)


def texts(figure):
    return " ".join(text.get_text() for text in
                    figure.texts + [text for axes in figure.axes for text in axes.texts] +
                    [text for legend in figure.legends for text in legend.get_texts()])


def test_it_says_how_much_is_live_and_how_much_lies_between(tmp_path):
    said = texts(memory_map.draw_file(simple(tmp_path / "map.csv"), "size"))
    assert "1536 live blocks, 96 KiB, in 2 ranges of 127.9 KiB together, of which 25.0 %" in said
    assert "0x7f0000000000" in said and "0x7f0040000000" in said
    assert "1024 MiB without blocks" in said
    assert "64 B (96 KiB)" in said and "up to 32 B" not in said


def test_lines_are_named_and_those_unknown(tmp_path):
    said = texts(memory_map.draw_file(simple(tmp_path / "map.csv"), "line"))
    assert "a, b.lua:1 (32 KiB)" in said and "a, b.lua:2 (32 KiB)" in said
    assert "unknown (32 KiB)" in said


def test_lines_beyond_the_first_six_are_grey(tmp_path):
    path = table(tmp_path / "map.csv", [(4096 + 64 * i, 64 - i, "a.lua", i) for i in range(9)])
    said = texts(memory_map.draw_file(path, "line"))
    assert "a.lua:5" in said and "a.lua:6" not in said
    assert f"other lines ({58 + 57 + 56} B)" in said


@pytest.mark.parametrize("seed", range(5))
def test_every_live_byte_is_counted_in_its_cell(seed):
    draw = random.Random(seed)
    unit, cells = 64, 50
    live, place, first, last = numpy.zeros(unit * cells), 0, [], []
    while place < unit * cells - 700:
        place += draw.choice([0, 1, 30, 200])
        size = draw.choice([1, 8, 63, 64, 65, 128, 500])
        first.append(place)
        last.append(place + size)
        live[place:place + size] = 1
        place += size
    counted = memory_map.live_bytes(numpy.array(first), numpy.array(last), cells, unit)
    assert counted.tolist() == live.reshape(cells, unit).sum(axis=1).tolist()


def test_full_cells_are_darker_than_half_full_ones_and_empty_ones_grey(tmp_path):
    starts = numpy.array([0, 64, 128, 192, 256, 384])
    layout = memory_map.Layout(starts, starts + 64, 128)
    picture = memory_map.paint(layout, starts, starts + 64, numpy.zeros(6, dtype=int), ["#0072B2"])
    full, full_too, half, half_too, empty = picture[0, :5, 0]
    assert full == full_too < half == half_too < empty


@pytest.mark.parametrize("count", [1, 7, 300])
def test_there_are_never_too_many_rows(count):
    starts = numpy.sort(numpy.array(random.Random(2).sample(range(1 << 40), count)))
    layout = memory_map.choose_layout(starts, starts + 16)
    assert layout.rows <= memory_map.ROWS_MOST
    offsets = layout.offsets(starts)
    assert (0 <= offsets).all() and (numpy.diff(offsets) > 0).all()
    assert offsets[-1] < layout.rows * layout.unit * memory_map.COLUMNS


def test_the_same_table_gives_the_same_bytes(tmp_path):
    simple(tmp_path / "map.csv")
    first = run(tmp_path / "map.csv")
    assert (first.returncode, first.stdout) == (0, f"{tmp_path}/map.png\n")
    assert run(tmp_path / "map.csv", "-o", tmp_path / "again.png").returncode == 0
    assert (tmp_path / "map.png").read_bytes() == (tmp_path / "again.png").read_bytes()
    assert run(tmp_path / "map.csv", "-o", tmp_path / "line.png", "--by", "line").returncode == 0
    assert (tmp_path / "map.png").read_bytes() != (tmp_path / "line.png").read_bytes()


def test_a_program_without_blocks_is_told(tmp_path):
    table(tmp_path / "map.csv", [])
    assert run(tmp_path / "map.csv").returncode == 0
    assert "No block was alive" in texts(memory_map.draw_file(tmp_path / "map.csv", "size"))


@pytest.mark.parametrize("text, said", [
    ("", ":1: the first line is not address,size"),
    ("when,what\n", ":1: the first line is not address,size"),
    (HEADER + "0x10,16,1,0.1,a.lua,1,\nhello\n", ":3: no address and size"),
    (HEADER + "0x10,16,1,0.1,a.l", ":2: no block can be like this"),
    (HEADER + "0x10,0,1,0.1,a.lua,1,\n", ":2: no block can be like this"),
    (HEADER + "-0x10,16,1,0.1,a.lua,1,\n", ":2: no block can be like this"),
    (HEADER + "0x" + "f" * 40 + ",16,1,0.1,a.lua,1,\n", ":2: no block can be like this"),
])
def test_what_is_no_map_is_told_in_one_line(tmp_path, capsys, text, said):
    (tmp_path / "map.csv").write_text(text)
    assert memory_map.main([str(tmp_path / "map.csv")]) == 2
    told = capsys.readouterr().err
    assert said in told and told.count("\n") == 1
    assert not (tmp_path / "map.png").exists()


def test_a_field_without_an_end_is_told_in_one_line(tmp_path):
    (tmp_path / "map.csv").write_text(HEADER + '0x10,16,1,0.1,"' + "a" * 200000)
    done = run(tmp_path / "map.csv")
    assert done.returncode == 2
    assert "no CSV" in done.stderr and done.stderr.count("\n") == 1


def test_a_missing_file_is_told_in_one_line(tmp_path):
    done = run(tmp_path / "none.csv")
    assert done.returncode == 2
    assert done.stderr == f"memory_map.py: {tmp_path}/none.csv: No such file or directory\n"


def refuses(said, *arguments):
    done = run(*arguments)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert said in done.stderr


def test_a_picture_replaces_nothing_but_a_file(tmp_path):
    """A rename would take the place of a device as well."""
    path, pipe = simple(tmp_path / "map.csv"), tmp_path / "pipe"
    os.mkfifo(pipe)
    refuses("not a regular file", path, "-o", pipe)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    refuses("not a regular file", path, "-o", tmp_path)
    refuses("no such folder", path, "-o", tmp_path / "none" / "map.png")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["map.csv", "pipe"]


def test_a_map_is_not_replaced_by_its_picture(tmp_path):
    path = simple(tmp_path / "map.png")
    before = path.read_bytes()
    refuses("place of the map", path)
    assert path.read_bytes() == before


def test_a_folder_in_the_place_of_a_map_is_told_in_one_line(tmp_path):
    refuses("Is a directory", tmp_path)
    refuses("Is a directory", ".")
