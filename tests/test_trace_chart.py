"""The chart of a trace: what it shows, of tiny and of empty traces too, and bad input."""
import pytest

import fake_results  # noqa: F401  (puts scripts into the path)
from heapbench import heapbench, make

import inspected
import trace_chart

HEADER = "table,row,name,value,unit\n"


@pytest.fixture(scope="module", name="mix")
def mix_csv(tmp_path_factory):
    path = tmp_path_factory.mktemp("traces") / "mix.csv"
    assert heapbench("inspect", "lua-mix", f"--csv={path}").returncode == 0
    return path


def texts(figure):
    found = figure.texts + [text for axes in figure.axes for text in axes.texts]
    found += [axes.title for axes in figure.axes]
    titles = [axes.get_title("left") for axes in figure.axes]
    return " ".join([text.get_text() for text in found] + titles)


def chart(path):
    return trace_chart.draw(inspected.load(path))


def of_text(tmp_path, rows):
    path = tmp_path / "trace.csv"
    path.write_text(HEADER + rows, encoding="utf-8")
    return path


def test_it_shows_what_is_alive_sizes_lives_and_calls(mix):
    figure = chart(mix)
    said, trace = texts(figure), inspected.load(mix)
    assert len(figure.axes) == 4
    for title in ("Trace lua-mix", "Alive over the calls", "Sizes of new blocks", "Life of blocks",
                  "Calls", "peak alive"):
        assert title in said
    assert f"{trace.figure('calls', 'number', 'new'):,.0f}" in said
    assert "64 B 27 %" in said
    curve = figure.axes[0]
    assert curve.get_xlim() == (0, trace.figure("totals", "calls"))
    assert curve.get_ylim()[1] > trace.figure("live", "peak") / 1024


def test_bars_of_sizes_and_lives_add_up_to_all(mix):
    _, sizes, lives, _ = chart(mix).axes
    assert sum(bar.get_height() for bar in sizes.patches) == pytest.approx(200)
    assert sum(bar.get_height() for bar in lives.patches) == pytest.approx(100)


def test_lives_are_summed_by_powers_of_two():
    rows = [("0..0", {"blocks": 5}), ("2..2", {"blocks": 1}), ("3..3", {"blocks": 2}),
            ("8..8", {"blocks": 4})]
    found = trace_chart.octaves(rows)
    assert found == [(0, 5), (1, 0), (2, 3), (3, 0), (4, 4)]
    assert trace_chart.peak_place(found, 8) == 3.5
    assert trace_chart.peak_place(found, 1 << 20) is None
    assert trace_chart.octaves([]) == []


ONE = """about,,trace,./one.hbt,text
totals,,calls,1,calls
live,,peak,40,bytes
marks,,phases,1,phases
calls,new,number,1,calls
calls,new,share,100,%
calls,free,number,0,calls
calls,free,share,0,%
size histogram,33..64,new blocks,1,blocks
size histogram,33..64,of blocks,100,%
size histogram,33..64,of bytes,100,%
lifetimes,,never freed,100,%
live curve,1,live,40,bytes
live curve,1,least,40,bytes
live curve,1,most,40,bytes
first phases,7,after call,0,
"""


def test_a_trace_of_one_call_is_drawn(tmp_path):
    said = texts(chart(of_text(tmp_path, ONE)))
    assert "never\nfreed" in said and "Alive over the calls (1 phase)" in said and "7" in said


def test_a_trace_of_nothing_says_so(tmp_path):
    said = texts(chart(of_text(tmp_path, "about,,trace,x,text\ntotals,,calls,0,calls\n")))
    assert "nothing to draw" in said


def test_a_trace_of_queries_alone_is_drawn(tmp_path):
    rows = ("totals,,calls,1,calls\ncalls,query,number,1,calls\ncalls,query,share,100,%\n"
            "live,,peak,0,bytes\nlive curve,1,least,0,bytes\nlive curve,1,most,0,bytes\n")
    assert len(chart(of_text(tmp_path, rows)).axes) == 2


def draw_as(mix, path, capsys):
    assert trace_chart.main([str(mix), "-o", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}.svg\n{path}.png\n"


def test_the_same_figures_give_the_same_bytes(mix, tmp_path, capsys):
    for name in ("one", "other"):
        draw_as(mix, tmp_path / name, capsys)
    for ending in ("svg", "png"):
        assert ((tmp_path / f"one.{ending}").read_bytes() ==
                (tmp_path / f"other.{ending}").read_bytes())


@pytest.mark.parametrize("text, said", [
    ("", ":1: the first line is not table,row"),
    ("size,count\n", ":1: the first line is not table,row"),
    (HEADER + "live,,peak,4", ":2: no figure"),
    (HEADER + "live,,peak,many,bytes\n", ":2: no figure"),
    (HEADER + "live,,peak,nan,bytes\n", ":2: no figure"),
    (HEADER + "live,,peak,-4,bytes\n", ":2: no figure"),
    (HEADER + "live curve,1,most,5,bytes\n", "is not whole"),
    (HEADER + ONE.replace("33..64", "many"), "is not whole"),
])
def test_what_is_no_table_of_figures_is_told_in_one_line(tmp_path, capsys, text, said):
    (tmp_path / "bad.csv").write_text(text, encoding="utf-8")
    assert trace_chart.main([str(tmp_path / "bad.csv")]) == 2
    told = capsys.readouterr().err
    assert said in told and told.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["bad.csv"]


def test_missing_files_and_folders_are_told_in_one_line(mix, tmp_path, capsys):
    for arguments in ([tmp_path / "none.csv"], [mix, "-o", tmp_path / "none" / "x"],
                      [mix, "-o", tmp_path]):
        assert trace_chart.main(list(map(str, arguments))) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_make_inspect_puts_figures_and_chart_beside_a_trace(tmp_path):
    trace = tmp_path / "my trace.hbt"
    assert heapbench("generate", "-o", trace, "lua-mix").returncode == 0
    done = make("inspect", f"TRACE={trace}")
    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {
        f"my trace.{ending}" for ending in ("hbt", "csv", "png", "svg")}
