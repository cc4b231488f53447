"""`make soak`: many random operations, which pass what is sound and find what is planted."""
import re

import pytest

from heapbench import heapbench, make, names, planted


def test_every_local_allocator_is_soaked():
    done = make("soak", "OPERATIONS=20000")
    assert done.returncode == 0, done.stdout
    passed = re.findall(r"^ok +(\S+) +contract kept, 20000 operations, ", done.stdout, re.M)
    assert passed == list(names("specs"))


def test_every_policy_and_switch_is_among_the_specs():
    assert {"tiered", "bump:grow=no", "fixed-pool:grow=no"} <= set(names("specs"))
    assert "null" not in names("specs") and "mimalloc" not in names("specs")


def test_a_faulty_allocator_fails_the_soak_and_the_others_are_still_tried():
    done = make("soak", "OPERATIONS=20000", f"RUN_FLAGS=-a {planted('corrupt')} -a bump")
    assert done.returncode != 0
    assert re.search("^wrong answer.*two live blocks overlap", done.stdout, re.M)
    assert re.search("^ok +bump ", done.stdout, re.M)


def test_a_fault_that_comes_late_is_found_by_many_operations_alone():
    done = heapbench("check", "-a", planted("late"), "-n", 100000)
    assert done.returncode == 0 and done.stdout.startswith("ok ")
    done = heapbench("check", "-a", planted("late"), "-n", 1000000)
    assert done.returncode == 1 and "two live blocks overlap" in done.stdout


def test_a_crash_tells_how_far_it_came():
    done = heapbench("check", "-a", planted("crash"), "-n", 20000)
    assert done.returncode == 1 and re.search(r"signal 11 .* after \d+ operations", done.stdout)


def test_a_heap_that_never_reuses_a_block_begins_anew():
    """Three million operations would keep some 1.5 GB."""
    done = heapbench("check", "-a", "bump", "-n", 2500000)
    assert re.fullmatch(r"ok +bump +contract kept, 2500000 operations, \S+ s\n", done.stdout)


def test_progress_is_shown():
    done = heapbench("check", "-a", "fixed-pool", "-n", 3000000)
    assert re.search(r"^\d+ of 3000000 operations, about \d+:\d\d left$", done.stderr, re.M)


@pytest.mark.parametrize("operations", ["0", "-1", "1e8", "x", "1000000000001"])
def test_other_numbers_of_operations_are_refused(operations):
    done = heapbench("check", f"--operations={operations}")
    assert done.returncode == 2 and done.stdout == ""
    assert "--operations" in done.stderr and "give a whole number from 1 to" in done.stderr
