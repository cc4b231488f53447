"""What every shipped Lua workload must keep to, under the distribution's own lua5.1.

The answer of a script is compared between allocators, so it must not depend on addresses, on when
garbage is collected, or on anything outside the script.
"""
import functools
import os
import re
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent.parent / "workloads" / "lua"
SCRIPTS = sorted(FOLDER.glob("*.lua"))
COLLECTORS = {
    "eager": "collectgarbage('setpause', 110)",
    "lazy": "collectgarbage('setpause', 400)",
}
SUMMARY_LENGTH = 100
ANSWER_LENGTH = 80   # with the end of the string, as in workloads/workload.h
PACKAGES = {"dkjson-documents", "markdown-render", "messagepack-relay", "penlight-report"}
FORBIDDEN = re.compile(r"\b(os|io|debug)\.|\bmath\.random|\bcollectgarbage\b|\bnewproxy\b|__mode")


def lua(*arguments, **environment):
    return subprocess.run(["lua5.1", *map(str, arguments)], capture_output=True, text=True,
                          cwd="/", timeout=60, env={**os.environ, **environment})


def run_script(script, *before, **environment):
    result = lua(*before, script, **environment)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    return result.stdout


@functools.lru_cache(maxsize=None)
def answer_of(script):
    return run_script(script)


def needs_of(text):
    second = text.splitlines()[1]
    return second[len("-- needs: "):].split() if second.startswith("-- needs: ") else []


def global_names(listing, instruction):
    return re.findall(rf"\t{instruction}\s.*; (\S+)", listing)


def listing_of(source):
    result = subprocess.run(["luac5.1", "-l", "-p", "-"], input=source, capture_output=True,
                            text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.fixture(params=SCRIPTS, ids=lambda path: path.stem)
def script(request):
    return request.param


@pytest.fixture
def runnable(script):
    for module in needs_of(script.read_text()):
        if lua("-e", f"require '{module}'").returncode:
            pytest.skip(f"Lua module {module} is not installed")
    return script


def test_scripts_are_there():
    assert len(SCRIPTS) >= 19


def test_only_the_package_scripts_need_modules():
    """Else a misspelt need would skip a script's tests for good."""
    assert {path.stem for path in SCRIPTS if needs_of(path.read_text())} == PACKAGES


def test_first_line_is_a_summary(script):
    first = script.read_text().splitlines()[0]
    assert re.fullmatch(r"-- [A-Z0-9].*\.", first)
    assert len(first) <= SUMMARY_LENGTH


def test_needs_are_the_modules_required(script):
    text = script.read_text()
    assert needs_of(text) == re.findall(r'require\("([\w.]+)"\)', text)
    assert text.count("-- needs:") == (1 if needs_of(text) else 0)


def test_script_has_not_the_name_of_a_module(script):
    """Beside itself, `require` would find the script instead."""
    modules = {module.lower() for path in SCRIPTS for module in needs_of(path.read_text())}
    assert script.stem.lower() not in modules


def test_answer_is_one_short_line_with_the_scripts_name(runnable):
    answer = answer_of(runnable)
    assert re.fullmatch(rf"{runnable.stem}\t[\w-]+\n", answer)
    assert len(answer.strip()) < ANSWER_LENGTH


def test_answer_is_the_same_again(runnable):
    assert run_script(runnable) == answer_of(runnable)


def test_answer_does_not_depend_on_what_memory_held(runnable):
    assert run_script(runnable, MALLOC_PERTURB_="165") == answer_of(runnable)


@pytest.mark.parametrize("collector", COLLECTORS.values(), ids=COLLECTORS.keys())
def test_answer_does_not_depend_on_the_collector(runnable, collector):
    assert run_script(runnable, "-e", collector) == answer_of(runnable)


def test_script_returns_what_it_prints(runnable):
    result = lua("-e", f"print(dofile('{runnable}'))")
    printed, returned = result.stdout.splitlines()
    assert printed.split("\t")[1] == returned


def test_script_sets_no_globals(script):
    assert global_names(listing_of(script.read_text()), "SETGLOBAL") == []


def test_listing_shows_a_planted_global():
    assert global_names(listing_of("local a = 1; leaked = a"), "SETGLOBAL") == ["leaked"]


def test_script_uses_nothing_that_differs_between_runs(script):
    assert not FORBIDDEN.search(script.read_text())


@pytest.mark.parametrize("use", ["os.time()", "io.read()", "math.random(9)", "{ __mode = 'k' }"])
def test_a_planted_difference_is_found(use):
    assert FORBIDDEN.search(use)


def test_lines_and_file_are_short(script):
    lines = script.read_text().splitlines()
    assert len(lines) <= 150
    assert max(map(len, lines)) <= 100


def numbers_after(name, preparation, shown):
    """Runs a script after preparation and returns the numbers in the expression shown."""
    result = lua("-e", preparation, "-e", f"dofile('{FOLDER / name}.lua') print({shown})")
    assert result.returncode == 0, result.stderr
    return [float(number) for number in result.stdout.splitlines()[-1].split("\t")]


HELD = "local before = collectgarbage('count') function held() " \
       "return (collectgarbage('count') - before) * 1024 end"
TABLE_BYTES = 64 + 4 * 40   # header, and a hash part for four


def test_table_churn_makes_three_times_100000_tables():
    (made,) = numbers_after("table-churn", "collectgarbage('stop') " + HELD, "held()")
    assert 300000 * TABLE_BYTES <= made < 300000 * TABLE_BYTES + 65536
    assert answer_of(FOLDER / "table-churn.lua") == f"table-churn\t{300000 * 6}\n"


def test_tables_kept_keeps_100000_tables():
    watch = HELD + " local show = print function print(...) show(held()) show(...) end"
    result = lua("-e", watch, FOLDER / "tables-kept.lua")
    kept = float(result.stdout.splitlines()[0])
    assert kept >= 100000 * TABLE_BYTES
    total = sum(3 * i + 3 for i in range(1, 100001))
    assert answer_of(FOLDER / "tables-kept.lua") == f"tables-kept\t{total}\n"


def test_string_append_makes_10000_strings_for_each_letter():
    """Interned strings are never made twice, so the bytes tell that each round made its own."""
    (made,) = numbers_after("string-append", "collectgarbage('stop') " + HELD, "held()")
    one_round = sum(25 + length for length in range(2, 10001))
    assert 6 * one_round <= made < 6.1 * one_round
    assert answer_of(FOLDER / "string-append.lua") == "string-append\t60000-xyzuvw\n"


def test_string_format_formats_a_million_strings():
    watch = "local format = string.format calls = 0 function string.format(pattern, i, j) " \
            "assert(pattern == 'item_%d_%d') calls = calls + 1 return format(pattern, i, j) end"
    (calls,) = numbers_after("string-format", watch, "calls")
    assert calls == 10000 * 100
    lengths = sum(len(f"item_{i}_1") + len(f"item_{i}_100") for i in range(1, 10001))
    assert answer_of(FOLDER / "string-format.lua") == f"string-format\t{lengths}\n"


def test_heaps_span_small_steady_to_large():
    watch = "local peak, count = 0, collectgarbage debug.sethook(function() " \
            "peak = math.max(peak, count('count')) end, '', 1000) function held() return peak end"
    (steady,) = numbers_after("events", watch, "held() / 1024")
    assert steady < 0.5
    for name in ("binary-trees", "graph", "parser", "tables-kept"):
        (peak,) = numbers_after(name, watch, "held() / 1024")
        assert peak > 20, name
    (peak,) = numbers_after("binary-trees", watch, "held() / 1024")
    assert 70 < peak < 100
