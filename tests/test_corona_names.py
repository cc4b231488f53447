"""libcorona.so under programs: every standard name, odd moments, threads, forks, late loading, and
stock programs, which must print what they print without it."""
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

from heapbench import PROGRAM, TOP

LIBRARY = pathlib.Path(os.environ.get("LIBCORONA", PROGRAM.with_name("libcorona.so")))
SOURCES = TOP / "tests" / "preloaded"
FLAGS = ["-O1", "-g", "-D_GNU_SOURCE", "-fno-builtin", "-w", "-pthread"]
BUILDS = {   # program or library: its source and what its build needs beyond the flags
    **{name: (f"{name}.c", []) for name in ("names", "edges", "moments", "thread_ends", "forks",
                                            "late", "plugins", "exhausted", "wrong",
                                            "fork_handlers", "handler_forks")},
    "thread_locals": ("thread_locals.cpp", ["-std=c++17"]),
    "operators": ("operators.cpp", ["-std=c++17"]),
    "operators-replaced": ("operators.cpp", ["-std=c++17", "-DREPLACED"]),
    **{f"{name}.so": (f"{name}.c", ["-shared", "-fPIC"])
       for name in ("moments_library", "fork_handlers_library")},
    "plugin.so": ("plugin.c", ["-shared", "-fPIC"]),
}


@pytest.fixture(scope="module", name="built")
def fixture_built(tmp_path_factory):
    """Compiles a program or library at first use and returns its path."""
    folder = tmp_path_factory.mktemp("preloaded")

    def build(name):
        source, more = BUILDS[name]
        compiler = "g++" if source.endswith("cpp") else "gcc"
        if not (folder / name).exists():
            subprocess.run([compiler, *FLAGS, *more, "-o", folder / name, SOURCES / source],
                           check=True)
        return folder / name
    return build


def run(*command, preload=(LIBRARY,), settings=(), timeout=60, **more):
    """What a command prints and how it ends, with libraries preloaded and CORONA_ settings."""
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith("CORONA_") and name != "LD_PRELOAD"}
    environment.update(settings, LC_ALL="C")
    assert LIBRARY.exists(), f"{LIBRARY}: make it first; the dynamic linker would run without it"
    if preload:
        environment["LD_PRELOAD"] = ":".join(map(str, preload))
    return subprocess.run([str(word) for word in command], env=environment, timeout=timeout,
                          capture_output=True, check=False, **more)


def ends_well(done, printed="done\n"):
    assert (done.returncode, done.stderr.decode()) == (0, "")
    assert done.stdout.decode().endswith(printed)


@pytest.mark.parametrize("settings", [{}, {"CORONA_DEBUG": "yes"}, {"CORONA_PURGE_DELAY": "0"}],
                         ids=["plain", "debug", "purging"])
@pytest.mark.parametrize("name", ["edges", "thread_ends", "thread_locals", "operators",
                                  "operators-replaced", "forks", "handler_forks", "exhausted"])
def test_program_keeps_its_promises(built, name, settings):
    ends_well(run(built(name), settings=settings))


def test_every_name_is_there_and_works(built):
    done = run(built("names"))
    assert done.returncode == 0, done.stderr
    told = re.compile(r'<malloc version="corona [\d.]+">\n(<.*/>\n)+</malloc>\n')
    assert told.search(done.stdout.decode())
    assert done.stderr   # of malloc_stats


def test_exports_the_standard_names_and_its_own_alone():
    listed = subprocess.run(["nm", "-D", "--defined-only", LIBRARY], check=True, text=True,
                            capture_output=True).stdout
    names = {line.split()[2] for line in listed.splitlines()}
    header = (TOP / "allocators/corona/corona.h").read_text(encoding="utf-8")
    own = set(re.findall(r"^[a-z].*\b(corona_[a-z_]+)\(", header, re.MULTILINE))
    assert {name for name in names if name.startswith("corona_")} == own
    standard = re.compile(r"(__libc_|__posix_)?(c?free|[cmpv]*alloc|realloc(array)?|memalign|"
                          r"aligned_alloc|posix_memalign|mall(opt|info2?)|free(_aligned)?_sized|"
                          r"malloc_(usable_size|trim|stats|info))|dlopen|_Z(nwm|nam|d[la]Pvm?)")
    assert {name for name in names - own if not standard.fullmatch(name)} == set()


def test_needs_the_c_library_alone_and_stays_where_it_was_loaded():
    told = subprocess.run(["readelf", "-d", LIBRARY], check=True, text=True,
                          capture_output=True).stdout
    assert re.findall(r"Shared library: \[(.*)\]", told) == ["libc.so.6"]
    assert "NODELETE" in told and "NOW" in told and "STATIC_TLS" in told


@pytest.mark.parametrize("is_first", [True, False])
def test_blocks_are_made_and_freed_at_any_moment(built, is_first):
    order = [built("moments_library.so"), LIBRARY][::1 if is_first else -1]
    ends_well(run(built("moments"), preload=order), "finished\nfinished last\n")


@pytest.mark.parametrize("is_first", [True, False], ids=["before corona", "after corona"])
def test_fork_handlers_of_other_libraries_may_allocate(built, is_first):
    order = [built("fork_handlers_library.so"), LIBRARY][::1 if is_first else -1]
    ends_well(run(built("fork_handlers"), preload=order, timeout=20))


def test_may_be_loaded_when_threads_already_run(built):
    ends_well(run(built("late"), LIBRARY, preload=()))


def test_libraries_come_and_go_in_threads(built):
    ends_well(run(built("plugins"), built("plugin.so")))


@pytest.mark.parametrize("mistake, call", [
    ("twice", "free|malloc"), ("large-twice", "free"), ("foreign", "free"), ("inside", "free"),
    ("stack", "free"), ("resized", "realloc")])
@pytest.mark.parametrize("debug", ["no", "yes"])
def test_a_mistake_of_the_program_ends_it_with_one_line(built, mistake, call, debug):
    done = run(built("wrong"), mistake, settings={"CORONA_DEBUG": debug})
    assert (done.returncode, done.stdout) == (-6, b"")
    assert re.fullmatch(rf"corona: ({call})\(0x[0-9a-f]+\): .*\n", done.stderr.decode())


def test_a_report_at_exit_names_the_process(built):
    done = run(built("operators"), settings={"CORONA_STATS": "yes"})
    assert (done.returncode, done.stdout) == (0, b"done\n")
    report = done.stderr.decode()
    assert re.match(r"corona: statistics of operators, process \d+:\n", report)
    assert int(re.search(r"^allocations +(\d+)$", report, re.MULTILINE)[1]) >= 4000


def test_a_setting_that_makes_no_sense_is_told_once_and_ignored():
    done = run("echo", "done", settings={"CORONA_PURGE_DELAY": "soon"})
    assert (done.returncode, done.stdout) == (0, b"done\n")
    assert re.fullmatch(r"corona: CORONA_PURGE_DELAY=soon .*\n", done.stderr.decode())


# Each with an input of its own on standard input, so that nothing is left behind.
TEXT = "".join(f"line {i * 7919 % 10007} of {'words ' * (i % 13)}\n" for i in range(20000))
STOCK = {
    "sh": ["sh", "-c", "for i in 1 2 3; do echo $(echo $i | cat) | tr 1 x; done; cat | wc"],
    "sed": ["sed", "-e", "s/\\(words\\) /<\\1>/2g;$!N;P;D"],
    "awk": ["awk", "{ seen[$2 % 1000] = seen[$2 % 1000] $1 } END { for (i = 0; i < 1000; i++) "
                   "print i, length(seen[i]) }"],
    "sort": ["sort", "--parallel=2", "-S", "1M", "-k2,2n", "-r"],
    "grep": ["grep", "-nE", "(words ){5,7}$|line .*99"],
    "xz": ["sh", "-c", "xz -T2 --block-size=64KiB -c | tee /dev/stderr | xz -dc"],
    "tar": ["sh", "-c", "tar -c --sort=name --mtime=@0 -C /etc -f - passwd group | tar -tv"],
    "python3": [sys.executable, "-c", "import sys, json, re, zlib\n"
                "text = sys.stdin.read()\n"
                "found = [m.groups() for m in re.finditer(r'(\\w+) (\\d+)', text)]\n"
                "print(len(json.dumps(json.loads(json.dumps(found)))), zlib.crc32(text.encode()))"],
    "python3 malloc": ["env", "PYTHONMALLOC=malloc", sys.executable, "-c",
                       "import threading\n"
                       "work = lambda: [str(i) * 3 for i in range(30000)]\n"
                       "threads = [threading.Thread(target=work) for _ in range(4)]\n"
                       "[t.start() for t in threads]; [t.join() for t in threads]\n"
                       "print(sorted({i: [i] * 3 for i in range(9999)}.items())[-1])"],
    "perl": ["perl", "-ne", "$n{$2} .= $1 while /(\\w+) (\\d+)/g;"
             "END { print join ',', map { \"$_$n{$_}\" } sort keys %n }"],
    "gcc": ["gcc", "-O2", "-S", "-o", "-", "-x", "c", TOP / "allocators" / "spec.c"],
    "lua5.1": ["lua5.1", "-e", "local t = {} for l in io.lines() do t[#t + 1] = l:rep(3) end "
               "table.sort(t) print(#table.concat(t), t[1])"],
    "sqlite3": ["sqlite3", ":memory:", "create table t(a, b); with recursive c(x) as (select 1 "
                "union all select x + 1 from c where x < 20000) insert into t select x, "
                "hex(x * 7919 % 10007) from c; create index i on t(b); "
                "select count(*), max(b), group_concat(a) from t where b like '3%' limit 5;"],
    "git": ["git", "-C", TOP, "log", "--stat", "-n", "30", "--format=%H %s"],
}


@pytest.mark.parametrize("name", STOCK)
def test_a_stock_program_prints_the_same(name):
    command = STOCK[name]
    if not shutil.which(str(command[0] if command[0] != "sh" else name)):
        pytest.skip(f"no {command[0]}")
    text = b"" if name == "gcc" else TEXT.encode()
    plain, preloaded = (run(*command, preload=libraries, input=text)
                        for libraries in ((), (LIBRARY,)))
    assert plain.returncode == 0, plain.stderr
    assert (preloaded.returncode, preloaded.stdout) == (plain.returncode, plain.stdout)
    assert preloaded.stderr == plain.stderr
