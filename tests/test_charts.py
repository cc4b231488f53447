"""The charts: the same bytes, nothing over anything else, every failure named."""
import importlib
import shutil
import subprocess
import sys

import pytest

import fake_results

import charts
import drawing
import heatmap
import labels
import results

NAMES = ["after_exit", "footprint", "fragmentation", "growth", "latency", "locality", "metadata",
         "over_time", "pareto", "ratios", "scaling", "time", "waste"]
SERIES = ["after_exit", "fragmentation", "growth", "metadata", "over_time", "scaling", "waste"]


def run(folder, *names, scripts=fake_results.SCRIPTS):
    return subprocess.run([sys.executable, scripts / "charts.py", folder, *names],
                          capture_output=True, text=True)


def draw(name, loaded):
    figure = importlib.import_module(f"chart_{name}").draw(loaded)
    figure.canvas.draw()
    return figure


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """14 allocators × 28 workloads, with every kind of failure."""
    return results.load(fake_results.write(tmp_path_factory.mktemp("large")))


@pytest.fixture(scope="module")
def large_figures(large):
    return {name: draw(name, large) for name in NAMES}


def small(folder, **shape):
    return fake_results.write(folder, **{**dict(
        allocators=["libc", "null", "tiered", "mimalloc", "fixed-pool"],
        workloads=["json", "parser"], traces=["pair-32"],
        failures={("fixed-pool", "json"): ("out of memory", "no block left")}), **shape})


def texts_of(figure):
    """Every text that can be seen."""
    shown = [text for text in figure.texts if text.get_text()]
    for axes in figure.axes:
        shown += [text for text in axes.texts + [axes.title, axes._left_title, axes.xaxis.label,
                                                 axes.yaxis.label] if text.get_text()]
        if axes.axison:
            shown += [text for text in axes.get_xticklabels() + axes.get_yticklabels()
                      if text.get_text()]
        if axes.get_legend():
            shown += axes.get_legend().get_texts()
    return shown


def boxes_of(figure):
    renderer = figure.canvas.get_renderer()
    return [(text.get_text(), text.get_window_extent(renderer)) for text in texts_of(figure)]


def find_overlaps(boxes):
    """Pairs that share more than a pixel's breadth."""
    ordered = sorted(boxes, key=lambda pair: pair[1].x0)
    for i, (name, box) in enumerate(ordered):
        for other_name, other in ordered[i + 1:]:
            if other.x0 >= box.x1 - 1:
                break
            if min(box.y1, other.y1) - max(box.y0, other.y0) > 1:
                yield name, other_name


@pytest.mark.parametrize("name", NAMES)
def test_no_text_lies_over_another(large_figures, name):
    boxes = boxes_of(large_figures[name])
    assert len(boxes) > 40
    assert list(find_overlaps(boxes)) == []


@pytest.mark.parametrize("name", NAMES)
def test_no_text_leaves_the_sheet(large_figures, name):
    width, height = large_figures[name].canvas.get_width_height()
    for text, box in boxes_of(large_figures[name]):
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height, text


def test_overlaps_would_be_found(large):
    """The test above can fail: the same chart with cells too narrow for their words."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(heatmap, "CELL_WIDTH", 0.5)
        assert list(find_overlaps(boxes_of(draw("ratios", large))))


@pytest.mark.parametrize("name", ["ratios", "footprint"])
def test_text_stays_in_its_cell(large_figures, name):
    axes = large_figures[name].axes[0]
    cell = axes.transData.transform((1, 0))[0] - axes.transData.transform((0, 0))[0]
    renderer = large_figures[name].canvas.get_renderer()
    cells = [text for text in axes.texts if text.get_gid() == "cell"]
    assert len(cells) >= 13 * 29
    assert max(text.get_window_extent(renderer).width for text in cells) < cell


@pytest.mark.parametrize("name", ["ratios", "footprint", "time"])
def test_failures_are_named(large_figures, name):
    shown = [text.get_text() for text in texts_of(large_figures[name])]
    for outcome in ("out of memory", "crashed", "wrong answer", "timed out", "unavailable"):
        expected = sum(what == outcome for what, _ in fake_results.FAILURES.values())
        assert shown.count(outcome) == expected


def test_each_cell_of_the_heat_map_has_its_ratio_and_ties_are_marked(large, large_figures):
    shown = [text.get_text() for text in texts_of(large_figures["ratios"])]
    ties = [score for (_, _, copy), score in large.scores.items()
            if not copy and score.verdict == "tie"]
    assert sum(text.startswith("= ") for text in shown) == len(ties) > 0
    score = large.score("mimalloc", "json")
    assert labels.ratio(score.ratio) in shown


def test_pareto_legend_has_every_allocator_that_has_a_result(large, large_figures):
    axes = large_figures["pareto"].axes[0]
    named = [text.get_text() for text in axes.get_legend().get_texts()]
    assert len(named) == 13   # of the 14, tbbmalloc is unavailable
    assert any(name.startswith("slab (") for name in named)


def test_no_two_allocators_look_alike(large):
    looks = [tuple(style.values()) for style in drawing.styles(large).values()]
    assert len(set(looks)) == len(looks) == 15


def test_the_same_results_give_the_same_bytes_in_two_processes(tmp_path):
    first, second = small(tmp_path / "first"), tmp_path / "second"
    shutil.copytree(first, second)
    for folder in (first, second):
        ended = run(folder)
        assert ended.returncode == 0 and ended.stderr == ""
    files = sorted(path.name for path in (first / "charts").iterdir())
    assert files == sorted(f"{name}.{kind}" for name in NAMES for kind in ("png", "svg"))
    for name in files:
        assert (first / "charts" / name).read_bytes() == (second / "charts" / name).read_bytes()


@pytest.mark.parametrize("shape", [
    dict(rounds=1), dict(rounds=2), dict(keep=0), dict(keep=30), dict(traces=[]),
    dict(allocators=["libc"], failures={}), dict(noise=0),
    dict(failures={(name, workload): ("crashed", "signal 11")
                   for name in ("libc", "null", "tiered", "mimalloc", "fixed-pool")
                   for workload in ("json", "parser", "pair-32")})])
def test_every_shape_of_results_can_be_drawn_without_overlap(tmp_path, shape):
    loaded = results.load(small(tmp_path, **shape))
    for name in NAMES:
        assert list(find_overlaps(boxes_of(draw(name, loaded)))) == [], name


@pytest.mark.parametrize("name", NAMES)
def test_an_unfinished_run_says_so_on_every_chart(tmp_path, name):
    figure = draw(name, results.load(small(tmp_path, keep=60)))
    shown = " ".join(text.get_text() for text in figure.texts)
    assert "unfinished: 60 of " in shown


def test_dollars_and_underscores_in_names_are_no_formulas(tmp_path):
    loaded = results.load(small(tmp_path, workloads=["./a$b_c$.lua"], failures={}))
    shown = [text.get_text() for text in texts_of(draw("ratios", loaded))]
    assert "./a$b_c$.lua" in shown


def test_a_new_chart_is_one_new_file(tmp_path):
    scripts = tmp_path / "scripts"
    shutil.copytree(fake_results.SCRIPTS, scripts)
    (scripts / "chart_mine.py").write_text(
        "import drawing\n\ndef draw(results):\n    return drawing.nothing(results, 'Mine')\n")
    folder = small(tmp_path / "run")
    assert run(folder, "mine", scripts=scripts).returncode == 0
    assert (folder / "charts/mine.svg").exists() and (folder / "charts/mine.png").exists()


def test_an_unknown_chart_is_wrong_usage(tmp_path):
    ended = run(small(tmp_path), "tme")
    assert ended.returncode == 2
    assert ended.stderr == f"charts.py: no chart tme: there are {', '.join(NAMES)}\n"


def test_a_chart_that_cannot_be_written_is_one_line(tmp_path):
    folder = small(tmp_path)
    (folder / "charts").write_text("in the way")
    ended = run(folder, "ratios")
    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1 and "charts" in ended.stderr


def test_charts_are_found_by_name():
    assert charts.chart_names() == NAMES


@pytest.mark.parametrize("low, high", [(1, 1), (20, 21), (33, 47), (2, 90), (0.4, 2), (1, 1e6),
                                       (0.001, 5)])
def test_a_logarithmic_axis_has_two_to_five_labels(low, high):
    axes = drawing.Figure().add_subplot()
    drawing.log_scale(axes.xaxis, [low, high])
    first, last = axes.get_xlim()
    assert first < low and high < last
    assert 2 <= len([tick for tick in axes.get_xticks() if first <= tick <= last]) <= 5
