"""Mistakes in the call: one clear line that says what and where, exit status 2, nothing written."""
import pytest

from heapbench import PLANTED, PLANTED_SCRIPTS, heapbench


@pytest.mark.parametrize("arguments, expected", [
    (["run", "-a", "mimaloc"], "did you mean `mimalloc`?"),
    (["run", "-a", "tiered:maximum=1"], "no option `maximum`"),
    (["run", "-a", "bump:sise=1M"], "did you mean `size`?"),
    (["run", "-a", "bump:size=0"], "size=0"),
    (["run", "-a", "bump:size=lots"], "size=lots"),
    (["run", "-a", "tiered:preset=best"], "preset=best"),
    (["run", "-a", "fixed-pool:size=33"], "size=33 is no multiple of 8"),
    (["run", "-a", "tiered:preset=source,huge"], "preset=source has no"),
    (["run", "-a", "tiered:,bogus"], "no option ``"),
    (["run", "-a", "fixed-pool:size= 1024"], "size= 1024"),
    (["run", "-a", "tiered++libc"], "empty part"),
    (["run", "-a", "count+" * 12 + "libc"], "at most 12 parts"),
    (["run", "-a", "./" + "x" * 600], "at most 511 characters"),
    (["run", "-w", "./new\nline.lua"], "printable"),
    (["run", "-w", "/dev/stdin.lua"], "No such file"),
    (["run", "-w", "/dev/null/"], "Not a directory"),
    (["run", "-w", "/dev/null"], "no regular file"),
    (["run", "--r", "3"], "several options"),
    (["lua", "-a", "tiered", "--reprot", "x"], "did you mean `report`?"),
    (["check", "--timeout", "0"], "--timeout 0"),
    (["run", "-a", "libc:size=3"], "takes no options"),
    (["run", "-a", "count"], "count+"),
    (["run", "-a", "libc+tiered"], "libc takes no allocator under it"),
    (["run", "-a", ""], "empty part"),
    (["run", "-w", "binary-tree"], "did you mean `binary-trees`?"),
    (["run", "-w", "./missing.lua"], "missing.lua: No such file"),
    (["run", "-w", PLANTED_SCRIPTS / "syntax.lua"], "syntax.lua:"),
    (["run", "-w", "/proc/self/mem.lua"], "/proc/self/mem.lua"),
    (["run", "--profile", "quik"], "did you mean `quick`?"),
    (["run", "--round", "x"], "--rounds x"),
    (["run", "--rounds", "0"], "from 1 to"),
    (["run", "--seed", "-1"], "--seed"),
    (["run", "--timeout", "0"], "--timeout 0"),
    (["run", "--roundz", "3"], "did you mean `rounds`?"),
    (["run", "stray"], "stray"),
    (["list", "everything"], "everything"),
    (["lua", "-a", "null", "x.lua"], "null"),
    (["lua", "-a", "tired", "x.lua"], "did you mean `tiered`?"),
    (["lua"], "which script"),
    (["check", "-a", "jemaloc"], "did you mean `jemalloc`?"),
    (["chek"], "did you mean `check`?"),
])
def test_usage_mistakes(arguments, expected, tmp_path):
    done = heapbench(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert expected in done.stderr
    assert done.stdout == "" and len(done.stderr.splitlines()) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("library, expected", [
    ("empty", "is no malloc"), ("missing", "cannot be loaded")])
def test_a_library_that_is_no_malloc_is_named(library, expected):
    done = heapbench("check", "-a", f"{PLANTED}/{library}.so")
    assert done.returncode == 1
    assert expected in done.stdout


def test_resume_without_a_run(tmp_path):
    done = heapbench("run", "--resume", cwd=tmp_path)
    assert done.returncode == 1 and "no run to resume" in done.stderr
    done = heapbench("run", "--resume", "-o", tmp_path)
    assert done.returncode == 1 and "runs.csv" in done.stderr


@pytest.mark.parametrize("text, expected", [
    ("{", "machine.json"), ('{"format": 99}', "use a newer one"), ('{"format": 1}', "no plan")])
def test_resume_from_a_broken_or_newer_folder(tmp_path, text, expected):
    folder = tmp_path / "r"
    heapbench("run", "--rounds", 1, "-o", folder, "-a", "libc", "-w", "pair-32")
    (folder / "machine.json").write_text(text, encoding="utf-8")
    done = heapbench("run", "--resume", "-o", folder)
    assert done.returncode == 1 and expected in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_resume_from_other_columns(tmp_path):
    folder = tmp_path / "r"
    heapbench("run", "--rounds", 1, "-o", folder, "-a", "libc", "-w", "pair-32")
    (folder / "runs.csv").write_text("a,b\n", encoding="utf-8")
    done = heapbench("run", "--resume", "-o", folder)
    assert done.returncode == 1 and "other columns" in done.stderr
