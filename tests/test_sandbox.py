"""Hostile scripts against `heapbench sandbox`: each ends as its first line says, none reaches what
was taken away, and those that mean well go on beside them."""
import csv
import io
import os
import pathlib
import re
import resource
import signal
import subprocess
import time

import pytest

from heapbench import PROGRAM, TOP, heapbench

HOSTILE = sorted((TOP / "tests" / "hostile").glob("*.lua"))
WELL_BEHAVED = TOP / "tests" / "hostile" / "well_behaved.lua"


@pytest.fixture(name="answer", scope="module")
def answer_outside():
    """What the well-behaved script prints where nothing bounds it."""
    return heapbench("lua", WELL_BEHAVED).stdout


def sandbox(*arguments, **more):
    """Runs scripts and returns how the call ended and its report's rows."""
    done = heapbench("sandbox", "--report=csv", *arguments, **more)
    return done, list(csv.DictReader(io.StringIO(done.stderr)))


def script(folder, text, name="x.lua"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def expectation(path):
    return re.match(r"-- expect: (.*)\n", path.read_text(encoding="utf-8"))[1]


@pytest.mark.parametrize("more", [[], ["--lenient"], ["-a", "libc"]], ids=" ".join)
def test_hostile_scripts_end_as_expected_and_others_go_on(more, answer):
    assert len(HOSTILE) > 100 and len(answer) > 80
    scripts = [WELL_BEHAVED]
    for path in HOSTILE:
        scripts += [path] + ([WELL_BEHAVED] if len(scripts) % 10 == 0 else [])
    done, rows = sandbox("--memory=4M", "--instructions=5000000", "--time=60", "--jobs=4",
                         *more, *scripts)
    assert done.returncode == 1
    assert [row["script"] for row in rows] == [str(path) for path in scripts]
    assert [(row["script"], row["outcome"]) for row in rows] == \
        [(str(path), expectation(path)) for path in scripts]
    assert "ESCAPED" not in done.stdout
    assert done.stdout.count(answer) == scripts.count(WELL_BEHAVED)
    for row in rows:
        assert int(row["peak_bytes"]) <= 4 * 2**20 * (1.1 if "--lenient" in more else 1)
        assert int(row["instructions"]) <= 5000000


def test_what_the_canary_looks_for_is_there_outside():
    """The escapes are real ones: the same scripts do escape where nothing was taken away."""
    for name in ("escape_names", "escape_walk", "escape_bytecode"):
        done = heapbench("lua", TOP / "tests" / "hostile" / f"{name}.lua")
        assert "ESCAPED" in done.stdout, name


def test_all_finished_is_success(answer):
    done, rows = sandbox(WELL_BEHAVED, WELL_BEHAVED)
    assert done.returncode == 0 and done.stdout == answer * 2
    assert [row["outcome"] for row in rows] == ["finished"] * 2


def test_output_comes_in_the_order_of_the_scripts(tmp_path):
    scripts = [script(tmp_path, f"for i = 1, {10 ** (6 - n)} do end print({n})", f"{n}.lua")
               for n in range(6)]
    done, _ = sandbox("--jobs=6", *scripts)
    assert done.stdout == "0\n1\n2\n3\n4\n5\n"


def test_output_is_bounded_and_said_to_be_cut(tmp_path):
    path = script(tmp_path, "for i = 1, 1000 do print('0123456789') end")
    done, rows = sandbox("--output=1K", path)
    assert done.returncode == 0 and len(done.stdout) == 1024
    assert rows[0]["is_output_cut"] == "yes" and "cut off" in rows[0]["message"]


def test_time_is_up_in_a_loop_and_what_was_printed_is_kept(tmp_path):
    path = script(tmp_path, "print('begun') while true do end")
    done, rows = sandbox("--time=1", path)
    assert (done.returncode, done.stdout) == (1, "begun\n")
    assert rows[0]["outcome"] == "out of time" and int(rows[0]["instructions"]) > 0


def test_more_scripts_than_files_may_be_open_wait_for_the_first(tmp_path):
    first = script(tmp_path, "while true do end", "first.lua")
    short = script(tmp_path, "print(1)")
    files = (resource.RLIMIT_NOFILE, (1024, 1024))
    done, rows = sandbox("--time=2", "--jobs=4", first, *[short] * 1100,
                         preexec_fn=lambda: resource.setrlimit(*files))
    assert done.stdout == "1\n" * 1100
    assert [row["outcome"] for row in rows] == ["out of time"] + ["finished"] * 1100


def test_output_that_cannot_be_written_is_said():
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([PROGRAM, "sandbox", WELL_BEHAVED], stdout=full, text=True,
                              stderr=subprocess.PIPE, timeout=60, check=False)
    assert done.returncode == 1 and "standard output cannot be written" in done.stderr


def test_a_log_that_reaches_the_bound_of_files_ends_there(tmp_path):
    path = script(tmp_path, "for i = 1, 1e5 do local t = {} end print('done')")
    log = tmp_path / "log.txt"
    done, rows = sandbox("--output=64K", "-a", f"log:file={log}+tiered", path)
    assert done.stdout == "done\n" and rows[0]["outcome"] == "finished"
    assert log.stat().st_size == 64 * 1024


def child_of(process):
    """The first process that this one starts."""
    path = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while not (children := path.read_text(encoding="utf-8").split()):
        time.sleep(0.01)
    return int(children[0])


def start_one(folder, seconds):
    """Starts a script that has begun to run, and returns the call and the script's process."""
    path = script(folder, "while true do end")
    process = subprocess.Popen([PROGRAM, "sandbox", f"--time={seconds}", path, WELL_BEHAVED],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    child = child_of(process)
    limits = pathlib.Path(f"/proc/{child}/limits")
    while not re.search(r"Max data size +\d+ ", limits.read_text(encoding="utf-8")):
        time.sleep(0.01)
    return process, child


def test_a_process_that_cannot_end_itself_is_killed(tmp_path, answer):
    process, child = start_one(tmp_path, 1)
    os.kill(child, signal.SIGSTOP)
    out, report = process.communicate(timeout=60)
    assert process.returncode == 1 and out == answer
    assert re.search(r"x\.lua +out of time .*killed", report)


def test_a_crash_is_one_scripts_own(tmp_path, answer):
    process, child = start_one(tmp_path, 60)
    os.kill(child, signal.SIGSEGV)
    out, report = process.communicate(timeout=60)
    assert process.returncode == 1 and out == answer
    assert re.search(r"x\.lua +crashed .*signal 11", report)


def test_the_process_holds_no_files_but_its_own(tmp_path):
    process, child = start_one(tmp_path, 60)
    files = {number: os.readlink(f"/proc/{child}/fd/{number}")
             for number in os.listdir(f"/proc/{child}/fd")}
    limits = pathlib.Path(f"/proc/{child}/limits").read_text(encoding="utf-8")
    os.kill(child, signal.SIGKILL)
    process.communicate(timeout=60)
    assert files.pop("1").startswith("/memfd:output")
    assert files == {"0": "/dev/null", "2": "/dev/null"}
    assert re.search(r"Max open files +0 +0", limits)


def test_messages_cannot_write_to_the_terminal():
    done = heapbench("sandbox", TOP / "tests" / "hostile" / "error_zeros.lua")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\xff]", done.stderr)


def test_a_first_line_for_the_shell_is_no_mistake(tmp_path):
    path = script(tmp_path, "#!/usr/bin/lua\nprint(debug == nil) error('here')")
    done, rows = sandbox(path)
    assert done.stdout == "true\n" and ":2: here" in rows[0]["message"]


@pytest.mark.parametrize("arguments, words", [
    ([], "which scripts"),
    (["none.lua"], "none.lua: cannot be read"),
    (["tests"], "tests: give a file"),
    (["--memory=x", WELL_BEHAVED], "option memory=x is not allowed: give 1 .. 1024T"),
    (["--memory=0", WELL_BEHAVED], "option memory=0"),
    (["--memory=1,output=2", WELL_BEHAVED], "--memory 1,output=2: give one size"),
    (["--instructions=0", WELL_BEHAVED], "--instructions 0: give a whole number"),
    (["--time=0", WELL_BEHAVED], "--time 0: give a whole number"),
    (["--jobs=0", WELL_BEHAVED], "--jobs 0: give a whole number"),
    (["--report=xml", WELL_BEHAVED], "give text or csv"),
    (["-a", "null", WELL_BEHAVED], "overlapping blocks"),
    (["-a", "tierd", WELL_BEHAVED], "tiered"),
])
def test_mistakes_in_the_call_are_one_line(arguments, words):
    done = heapbench("sandbox", *arguments, cwd=TOP)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr and done.stderr.count("\n") == 1


def test_too_little_memory_for_a_state_is_a_result(tmp_path):
    done, rows = sandbox("--memory=1K", script(tmp_path, "print(1)"))
    assert done.returncode == 1 and rows[0]["outcome"] == "out of memory"
