"""`heapbench lua` is lua5.1 on another heap: the same output and the same exit status."""
import re
import subprocess

import pytest

from heapbench import PLANTED_SCRIPTS, TOP, heapbench, names

SCRIPTS = sorted((TOP / "workloads" / "lua").glob("*.lua"))


def lua51(*arguments, **more):
    """What the distribution's interpreter does."""
    return subprocess.run(["lua5.1", *map(str, arguments)], capture_output=True, text=True,
                          timeout=60, check=False, **more)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
@pytest.mark.parametrize("spec", ["tiered", "fixed-pool"])
def test_shipped_workloads_print_the_same(script, spec):
    if script.stem not in names("workloads"):
        pytest.skip("needs a Lua module that is not installed")
    ours, theirs = heapbench("lua", "-a", spec, script), lua51(script)
    assert theirs.stdout and theirs.returncode == 0
    assert (ours.stdout, ours.stderr, ours.returncode) == (theirs.stdout, "", 0)


@pytest.mark.parametrize("text", [
    "print(arg[0], arg[-1], arg[1], ..., select('#', ...))",
    "error('no')", "error({})", "error(nil)", "error()", "local x = = 1", "os.exit(7)",
    "io.write('unfinished'); os.exit(0)", "return 3", "print(io.read('*a'))",
    "#!/usr/bin/lua\nprint(debug.traceback('here'))", "error(setmetatable({}, "
    "{__tostring = function() return 'text' end}))", "local t = nil; t.x = 1",
    "io.stderr:write('aside\\n') print(os.getenv('GLIBC_TUNABLES'))",
    "for i = 1, 3 do coroutine.wrap(function() error('inside') end)() end",
])
def test_programs_end_as_under_lua51(tmp_path, text):
    script = tmp_path / "x.lua"
    script.write_text(text, encoding="utf-8")
    arguments = [script, "one", "-x", "--two"]
    ours = heapbench("lua", "-a", "mimalloc" if "mimalloc" in names("allocators") else "libc",
                     *arguments, input="given")
    theirs = lua51(*arguments, input="given")
    assert (ours.stdout, ours.returncode) == (theirs.stdout, theirs.returncode)
    assert ours.stderr == theirs.stderr


def test_missing_script_and_standard_input():
    ours, theirs = heapbench("lua", "none.lua"), lua51("none.lua")
    assert (ours.stderr, ours.returncode) == (theirs.stderr, theirs.returncode)
    assert heapbench("lua", "-", input="print(6 * 7)").stdout == "42\n"


def test_lua_init_is_obeyed(tmp_path):
    script = tmp_path / "x.lua"
    script.write_text("print(set)", encoding="utf-8")
    environment = {"LUA_INIT": "set = 5", "PATH": "/usr/bin:/bin"}
    assert heapbench("lua", script, env=environment).stdout == "5\n"


@pytest.mark.parametrize("spec", names("allocators"))
def test_every_allocator_hosts_a_state(spec, tmp_path):
    if spec == "null":
        pytest.skip("hands out overlapping blocks by design")
    script = tmp_path / "x.lua"
    script.write_text("local t = {} for i = 1, 1e5 do t[i] = {i} end print(#t)", encoding="utf-8")
    done = heapbench("lua", "-a", spec, script)
    assert (done.stdout, done.stderr, done.returncode) == ("100000\n", "", 0)


def test_report_goes_to_standard_error_and_names_the_figures(tmp_path):
    script = tmp_path / "x.lua"
    script.write_text("local t = {} for i = 1, 1e4 do t[i] = {i} end print(#t)", encoding="utf-8")
    done = heapbench("lua", "-a", "tiered", "--report", script)
    assert done.stdout == "10000\n" and done.returncode == 0
    for word in ("tiered", "peak live", "footprint", "usage", "calls"):
        assert word in done.stderr
    script.write_text("os.exit(4)", encoding="utf-8")
    done = heapbench("lua", "-a", "tiered", "--report", script)
    assert done.returncode == 4 and "peak live" in done.stderr


def test_a_full_heap_is_an_error_that_pcall_catches(tmp_path):
    script = tmp_path / "x.lua"
    script.write_text("print(pcall(string.rep, 'x', 1e7)) print('alive')", encoding="utf-8")
    done = heapbench("lua", "-a", "bump:grow=no,size=1M", script)
    assert done.stdout == "false\tnot enough memory\nalive\n" and done.returncode == 0
    script.write_text("local t = {} while true do t[#t + 1] = {} end", encoding="utf-8")
    done = heapbench("lua", "-a", "bump:grow=no,size=1M", script)
    assert done.returncode == 1 and "not enough memory" in done.stderr


def test_a_state_lives_on_in_a_bounded_heap_that_was_full(tmp_path):
    """Even with nothing left: what follows the last error asks for no new block."""
    script = tmp_path / "x.lua"
    script.write_text("""
        local kept = {'before'}
        for i = 1, 3 do print(pcall(string.rep, 'x', 1e6)) end
        print(pcall(function() local t = {} while true do t[#t + 1] = {} end end))
        print(kept[1])
        """, encoding="utf-8")
    for spec in ("bump:size=128K,grow=no", "frame:size=128K,grow=no"):
        done = heapbench("lua", "-a", spec, script)
        assert done.stdout == "false\tnot enough memory\n" * 4 + "before\n"
        assert (done.stderr, done.returncode) == ("", 0)


@pytest.mark.parametrize("option", [[], ["--report"], ["--drop"]], ids=" ".join)
@pytest.mark.parametrize("spec", [
    "bump:size=1K,grow=no", "bump:size=20K,grow=no", "frame:size=4K,grow=no"])
def test_a_heap_too_small_for_a_state_says_so_in_one_line(tmp_path, spec, option):
    script = tmp_path / "x.lua"
    script.write_text("print(1)", encoding="utf-8")
    done = heapbench("lua", "-a", spec, *option, script)
    assert (done.stdout, done.returncode) == ("", 1)
    assert done.stderr == (f"heapbench: {spec}: not enough memory for a Lua state with its "
                           "libraries, which takes 27 KB at least; give a larger size\n")


def test_a_state_fits_into_what_the_message_asks_for(tmp_path):
    script = tmp_path / "x.lua"
    script.write_text("print(1)", encoding="utf-8")
    done = heapbench("lua", "-a", "bump:size=48K,grow=no", script)
    assert (done.stdout, done.stderr, done.returncode) == ("1\n", "", 0)


@pytest.mark.parametrize("spec", ["frame", "bump", "slab", "tiered", "count+frame:size=64K"])
def test_a_state_that_is_dropped_prints_what_one_that_is_closed_does(spec):
    script = TOP / "workloads" / "lua" / "json.lua"
    closed, dropped = (heapbench("lua", "-a", spec, *option, script)
                       for option in ([], ["--drop"]))
    assert closed.stdout and closed.returncode == 0
    assert (dropped.stdout, dropped.stderr, dropped.returncode) == (closed.stdout, "", 0)


def test_dropping_runs_no_finalizer_but_flushes_files(tmp_path):
    script, written = tmp_path / "x.lua", tmp_path / "written"
    script.write_text("""
        getmetatable(newproxy(true)).__gc = function() print('finalised') end
        file = io.open(arg[1], 'w')
        file:write('kept')
        """, encoding="utf-8")
    for option, printed in ([], "finalised\n"), (["--drop"], ""):
        done = heapbench("lua", "-a", "frame", *option, script, written)
        assert (done.stdout, done.stderr, done.returncode) == (printed, "", 0)
        assert written.read_text(encoding="utf-8") == "kept"
        written.unlink()


@pytest.mark.parametrize("spec", ["libc", "count+libc", "mimalloc"])
def test_dropping_is_refused_where_closing_leaves_blocks(spec, tmp_path):
    if spec.rpartition("+")[2] not in names("allocators"):
        pytest.skip("not installed")
    script = tmp_path / "x.lua"
    script.write_text("print(1)", encoding="utf-8")
    done = heapbench("lua", "-a", spec, "--drop", script)
    assert (done.stdout, done.returncode) == ("", 2)
    assert done.stderr.startswith("heapbench: --drop: closing ")
    assert done.stderr.count("\n") == 1


def test_the_report_ends_with_how_long_the_end_took(tmp_path):
    script = tmp_path / "x.lua"
    script.write_text("t = {} for i = 1, 1e4 do t[i] = {i} end error('failed')", encoding="utf-8")
    ends = {(): r"lua_close \d+\.\d\d ms\nheap dropped \d+\.\d\d ms\n",
            ("--drop",): r"\ndropped whole \d+\.\d\d ms\n"}
    for option, pattern in ends.items():
        done = heapbench("lua", "-a", "frame", "--report", *option, script)
        assert done.returncode == 1 and "failed" in done.stderr
        assert re.search(pattern + "$", done.stderr)
        assert ("lua_close" in done.stderr) == (not option)


def test_dropping_says_what_stays_in_the_backing(tmp_path):
    script = tmp_path / "x.lua"
    script.write_text("s = string.rep('x', 100000)", encoding="utf-8")
    done = heapbench("lua", "-a", "fixed-pool", "--report", "--drop", script)
    left = re.search(r"\nleft in the backing (\d+) bytes\n$", done.stderr)
    assert int(left[1]) > 100000


def test_planted_scripts_end_as_under_lua51():
    for name in ("fails", "exits", "syntax"):
        script = PLANTED_SCRIPTS / f"{name}.lua"
        ours, theirs = heapbench("lua", "-a", "tiered", script), lua51(script)
        assert (ours.stderr, ours.returncode) == (theirs.stderr, theirs.returncode)


def test_tunables_of_the_user_reach_the_script_unchanged(tmp_path):
    if "jemalloc" not in names("allocators"):
        pytest.skip("needs a library that wants a tunable of its own")
    script = tmp_path / "x.lua"
    script.write_text("print(os.getenv('GLIBC_TUNABLES'))", encoding="utf-8")
    environment = {"PATH": "/usr/bin:/bin", "GLIBC_TUNABLES": "glibc.malloc.arena_max=2"}
    done = heapbench("lua", "-a", "jemalloc", script, env=environment)
    assert (done.stdout, done.stderr) == ("glibc.malloc.arena_max=2\n", "")
