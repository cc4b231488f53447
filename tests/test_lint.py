"""The style bar is a gate: each planted fault must trip it, and be named with file and line."""
import subprocess
import sys
from pathlib import Path

import pytest

LINT = Path(__file__).resolve().parent.parent / "scripts" / "lint.py"


def lint(top, name, text):
    path = top / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return subprocess.run([sys.executable, LINT, top], capture_output=True, text=True, check=False)


def c_function(name, lines):
    return f"int {name}(void)\n{{\n" + "    ;\n" * (lines - 4) + "    return 0;\n}\n"


def python_function(name, lines):
    return f"def {name}():\n" + "    pass\n" * (lines - 1)


SHORT = "".join(c_function(f"short{i}", 5) for i in range(16))
SHORT_PYTHON = "".join(python_function(f"short{i}", 3) for i in range(20))


def test_code_within_the_bar_passes_and_its_figures_are_shown(tmp_path):
    found = lint(tmp_path, "harness/fine.c", SHORT + c_function("longest", 60))
    assert (found.returncode, found.stderr) == (0, "")
    assert "17 functions   5 /   5 /  60 " in found.stdout
    assert "1 files 140 / 140 " in found.stdout and "longest line  17" in found.stdout


@pytest.mark.parametrize("name, text, fault", [
    ("harness/one.c", SHORT + c_function("endless", 61), "one.c:81: endless: 61 lines"),
    ("scripts/one.py", SHORT_PYTHON + python_function("endless", 61), "one.py:61: endless: 61 "),
    ("tests/test_one.c", SHORT + c_function("endless", 61), "test_one.c:81: endless: 61 lines"),
    ("allocators/wide.c", "\n/*" + "-" * 97 + "*/\n", "wide.c:2: 101 columns"),
    ("scripts/wide.sh", "\n#" + "-" * 100 + "\n", "wide.sh:2: 101 columns"),
    ("workloads/lua/wide.lua", "--" + "-" * 99 + "\n", "wide.lua:1: 101 columns"),
    (".ci/run", "#" + "-" * 100 + "\n", "run:1: 101 columns"),
    ("harness/tall.h", "\n" * 401, "tall.h:1: 401 lines"),
    ("harness/tall.h", "\n" * 151, "C: the median file is 151 lines"),
    ("harness/all.c", c_function("eleven", 11), "C: the median function is 11 lines"),
    ("harness/all.c", SHORT + "".join(c_function(f"f{i}", 31) for i in range(4)),
     "C: the 90th percentile of functions is 31 lines"),
])
def test_planted_fault_is_named(tmp_path, name, text, fault):
    found = lint(tmp_path, name, text)
    assert found.returncode == 1
    assert fault in found.stderr


def test_characters_count_not_bytes(tmp_path):
    assert lint(tmp_path, "scripts/signs.py", "# " + "×" * 98 + "\n").returncode == 0
