"""corona compiles without a warning for another system, and works there where wine can run it."""
import shutil

import pytest

from heapbench import TOP, make

COMPILER = "x86_64-w64-mingw32-gcc"


@pytest.mark.skipif(not shutil.which(COMPILER),
                    reason=f"needs {COMPILER}, which `make test` installs where it is to be had")
def test_corona_works_on_windows():
    done = make("corona-windows", "GROUPS=test")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (TOP / "build" / "corona-windows.exe").exists()
    if shutil.which("wine"):
        assert done.stdout.rstrip().endswith("\nok"), done.stdout + done.stderr
    else:
        assert "not run: no wine here" in done.stdout
