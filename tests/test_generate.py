"""`heapbench generate`: synthetic workloads as files that replay like what they were made from."""
import csv
import io

import pytest

from heapbench import heapbench

SHORT = ["lifetimes:blocks=300,births=3000,immortal=3", "phases:bytes=128K,shape=peak,cycles=1",
         "arrays:growths=500", "server:requests=50,cache=64K,most=1K",
         "size-classes:bytes=4K", "survivors:bytes=64K", "robson-first:live=32K,largest=256",
         "robson-best:live=4K,largest=192", "handover:blocks=1000", "exchange:replacements=1000"]


def generate(folder, name, *more):
    path = folder / "made.hbt"
    done = heapbench("generate", "-o", path, *more, name)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return path


def inspect(what):
    """Figures by table, row and name, and the lines that the trace says of itself."""
    done = heapbench("inspect", "--csv", what)
    assert done.returncode == 0, done.stderr
    rows = csv.DictReader(io.StringIO(done.stdout))
    return {(row["table"], row["row"], row["name"]): row["value"] for row in rows}


def test_every_family_keeps_libc_to_its_contract():
    names = [argument for name in SHORT for argument in ("-w", name)]
    done = heapbench("check", "-a", "libc", *names)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("contract kept") == len(SHORT)


@pytest.mark.parametrize("name", SHORT)
def test_a_file_holds_what_its_workload_does(tmp_path, name):
    made = inspect(generate(tmp_path, name))
    assert {key: value for key, value in made.items() if key[0] != "about"} == \
        {key: value for key, value in inspect(name).items() if key[0] != "about"}


def test_the_file_says_how_it_was_made(tmp_path):
    text = heapbench("inspect", generate(tmp_path, "survivors:bytes=64K", "--seed", "7")).stdout
    for line in ("family: survivors", "seed: 7", "repetitions: 1", "heapbench: ",
                 "options: size=16 bytes=64K every=256 rounds=8 growth=16"):
        assert line in text


def test_a_seed_in_the_name_counts_for_more(tmp_path):
    named = generate(tmp_path, "arrays:growths=500,seed=3", "--seed", "9").read_bytes()
    assert named == generate(tmp_path, "arrays:growths=500", "--seed", "3").read_bytes()
    assert named != generate(tmp_path, "arrays:growths=500", "--seed", "9").read_bytes()


def test_repetitions_begin_with_nothing_alive(tmp_path):
    once = inspect(generate(tmp_path, "lifetimes:births=2000,immortal=100"))
    thrice = inspect(generate(tmp_path, "lifetimes:births=2000,immortal=100", "--repeat", "3"))
    assert once["calls", "new", "number"] == "2000"
    assert thrice["calls", "new", "number"] == "6000"
    assert once["calls", "free", "number"] == "0"
    assert thrice["calls", "free", "number"] == "4000"


@pytest.mark.parametrize("arguments, expected", [
    ([], "which workload?"),
    (["lifetimes"], "into which file?"),
    (["-o", "x.hbt", "lifetime"], "did you mean `lifetimes`?"),
    (["-o", "x.hbt", "lifetimes:birth=1"], "did you mean `births`?"),
    (["-o", "x", "phases"], "ends in .hbt"),
    (["-o", "x.hbt", "json"], "json is not synthetic"),
    (["-o", "x.hbt", "lifetimes:touch=all"], "of its replay"),
    (["-o", "x.hbt", "lifetimes:least=9,most=8"], "least=9 is above most=8"),
    (["-o", "x.hbt", "lifetimes", "phases"], "one workload at a time"),
    (["-o", "x.hbt", "--repeat", "0", "phases"], "--repeat 0"),
])
def test_mistakes_are_told_in_one_line(tmp_path, arguments, expected):
    done = heapbench("generate", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert expected in done.stderr and done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())
