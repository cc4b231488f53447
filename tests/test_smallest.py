"""`heapbench lua --smallest`: the smallest limit that a script ends well in."""
import re

from heapbench import heapbench

GARBAGE = "for i = 1, 20000 do local t = {i, {i}} end print('done')\n"


def smallest(spec, path):
    """The limit that is found, in bytes, and the spec that is shown with it."""
    done = heapbench("lua", "-a", spec, "--smallest", path)
    assert (done.returncode, done.stderr) == (0, "")
    found = re.fullmatch(r"smallest limit: (\d+) bytes \(\d+ KiB\), \d+ runs: (.*)\n", done.stdout)
    return int(found[1]), found[2]


def test_the_smallest_limit_works_the_next_fails_and_collecting_needs_less(script):
    path = script("collectgarbage('setpause', 400)\n" + GARBAGE)
    plain, spec = smallest("tiered", path)
    assert spec == f"hard-limit:bytes={plain}+tiered"
    assert heapbench("lua", "-a", spec, path).stdout == "done\n"
    less = heapbench("lua", "-a", f"hard-limit:bytes={plain - 1024}+tiered", path)
    assert less.returncode == 1 and "not enough memory" in less.stderr
    collecting, spec = smallest("hard-limit:collect+tiered", path)
    assert spec == f"hard-limit:collect,bytes={collecting}+tiered"
    assert collecting < plain


def test_what_has_no_smallest_limit_is_told(script):
    path = script("error('always')")
    done = heapbench("lua", "--smallest", path)
    assert done.returncode == 1 and "does not end well without a limit" in done.stderr
    done = heapbench("lua", "--smallest", "-", input="print(1)")
    assert done.returncode == 2 and "name its file" in done.stderr
    done = heapbench("lua", "-a", "no-limit+tiered", "--smallest", path)
    assert done.returncode == 2
