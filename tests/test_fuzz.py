"""`make fuzz` passes what is sound, and keeps the input that breaks what is planted."""
import re
import shutil
import subprocess

import pytest

from heapbench import TOP, make, planted


@pytest.mark.skipif(not shutil.which("clang"), reason="needs clang, which `make fuzz` installs")
def test_the_fuzzer_passes_what_is_sound_and_keeps_the_input_that_breaks():
    done = make("fuzz", "SECONDS=3", "RUN_FLAGS=-a tiered -a bump -a trace-reader")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.findall(r"^ok +(\S+) ", done.stdout, re.M) == ["tiered", "bump", "trace-reader"]
    done = make("fuzz", "SECONDS=20", f"RUN_FLAGS=-a {planted('poison')}")
    assert done.returncode != 0 and "the old block" in done.stdout
    spec, fuzzer, kept = re.search(r"HEAPBENCH_FUZZ_SPEC='(.*)' (\S+) (\S+)", done.stdout).groups()
    again = subprocess.run([fuzzer, kept], cwd=TOP, capture_output=True, text=True, check=False,
                           env={"HEAPBENCH_FUZZ_SPEC": spec}, timeout=60)
    assert again.returncode != 0 and "contract broken" in again.stderr
    (TOP / kept).unlink()


@pytest.mark.parametrize("seconds", ["0", "1.5", "x", "-3", ""])
def test_other_seconds_are_refused(seconds):
    done = subprocess.run(["scripts/fuzz.sh", "none", seconds, "tiered"], cwd=TOP, text=True,
                          capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"fuzz: SECONDS={seconds}: give a whole number from 1\n"
