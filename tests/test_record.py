"""`heapbench record`: what becomes of a program that is recorded, and what its trace says."""
import os
import re
import shutil
import subprocess
import sys

import pytest

from heapbench import PROGRAM, TOP, heapbench

# Bodies of programs; what each does of its own is told by sizes that nothing else asks for.
PROGRAMS = {
    "family": """
int main(void) {
    void *blocks[8]; char *volatile none = NULL; void *placed = NULL;
    blocks[0] = keep(malloc(70001)); blocks[1] = keep(calloc(7, 10001));
    blocks[2] = keep(realloc(none, 70003)); blocks[2] = keep(realloc(blocks[2], 140003));
    blocks[3] = keep(aligned_alloc(4096, 73728)); blocks[4] = keep(memalign(64, 70005));
    if (posix_memalign(&placed, 1024, 70006)) return 1;
    blocks[5] = placed; blocks[6] = keep(valloc(70007));
    blocks[7] = keep(reallocarray(NULL, 7, 10002));
    for (int i = 0; i < 8; i++) free(blocks[i]);
    sink = malloc(0); free(sink); sink = realloc(malloc(70008), 0);
    puts("done"); return 7; }""",
    "threads": """
static void *pass[4][2000];
static void *make(void *at) {
    void **row = at; for (int i = 0; i < 2000; i++) row[i] = realloc(malloc(40), 80 + i % 9);
    return NULL; }
static void *drop(void *at) {
    void **row = at; for (int i = 0; i < 2000; i++) free(row[i]); return NULL; }
int main(void) {
    pthread_t threads[4];
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, make, pass[i]);
        for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
        for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, drop, pass[3 - i]);
        for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL); }
    puts("done"); return 0; }""",
    "exchange": """
static void *_Atomic slots[8];
static void *exchange(void *none) {
    for (int i = 0; i < 60000; i++) {
        void *block = malloc(1100 + i % 7);
        free(__atomic_exchange_n((void **)&slots[i % 8], realloc(block, 1500), 5)); }
    return none; }
int main(void) {
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, exchange, NULL);
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    puts("done"); return 0; }""",
    "forks": """
int main(int argc, char **argv) {
    if (argc > 1) { keep(malloc(90003)); return 0; }
    keep(malloc(90001));
    if (fork() == 0) { keep(malloc(90002)); _exit(0); }
    wait(NULL);
    if (vfork() == 0) { execl(argv[0], argv[0], "again", (char *)NULL); _exit(1); }
    wait(NULL); puts("done"); return 0; }""",
    "early": """
static char *before;
__attribute__((constructor(102))) static void start(void) { before = malloc(65551); }
int main(void) { free(before); _exit(puts("done") < 0 || fflush(stdout)); }""",
    "killed": """
int main(void) { keep(malloc(65552)); puts("done"); fflush(stdout); raise(SIGKILL); }""",
    "stopped": """
#include <sys/resource.h>
int main(void) {
    struct rlimit few = {65536, 65536}; setrlimit(RLIMIT_FSIZE, &few);
    for (int i = 0; i < 400000; i++) free(keep(malloc(100)));
    puts("done"); return 0; }""",
    "handler": """
static volatile int ticks;
static void tick(int number) { (void)number; free(keep(malloc(300))); ticks++; }
int main(void) {
    struct itimerval often = {{0, 200}, {0, 200}}; void *block = NULL;
    signal(SIGALRM, tick); setitimer(ITIMER_REAL, &often, NULL);
    for (int i = 0; ticks < 200; i++) block = keep(realloc(block, 100 + i % 900));
    setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 0}}, NULL); free(block);
    puts("done"); return 0; }""",
}

# About two bytes a call, as its sizes cannot be foretold.
PROGRAMS["random"] = """
int main(void) {
    for (int i = 0; i < 800000; i++) free(keep(malloc(rand() & 0x3fff)));
    puts("done"); return 0; }"""

# Half of its children return into a call that their parent's handler interrupted.
PROGRAMS["handler-forks"] = """
static volatile int ticks; static pid_t top;
static void tick(int number) {
    (void)number; free(keep(malloc(30))); ticks++;
    if (ticks % 4 == 0 && getpid() == top && fork() == 0) signal(SIGALRM, SIG_IGN); }
int main(void) {
    struct itimerval often = {{0, 200}, {0, 200}}, never = {{0}}; int status, broken = 0;
    top = getpid(); signal(SIGALRM, tick); setitimer(ITIMER_REAL, &often, NULL);
    while (getpid() == top && ticks < 600) free(keep(malloc(100)));
    if (getpid() != top) { free(keep(malloc(50))); _exit(0); }
    setitimer(ITIMER_REAL, &never, NULL); free(keep(malloc(77777)));
    while (wait(&status) > 0) broken += status != 0;
    puts(broken ? "broken" : "done"); return 0; }"""

# A malloc that a handler may call at any moment, which libc's is not. Nobody reads its blocks.
REENTRANT = """
static char memory[1 << 26]; static _Atomic size_t used;
void *malloc(size_t bytes) { return memory + (used += (bytes + 15) & ~15ul) % (1 << 25); }
void *calloc(size_t count, size_t bytes) { return memset(malloc(count * bytes), 0, count * bytes); }
void *realloc(void *block, size_t bytes) { (void)block; return malloc(bytes); }
void free(void *block) { (void)block; }
"""


@pytest.fixture(scope="module", name="folder")
def fixture_folder(tmp_path_factory):
    """All programs, compiled."""
    folder = tmp_path_factory.mktemp("programs")
    for name, text in PROGRAMS.items():
        (folder / f"{name}.c").write_text(f'#include "recorded_program.h"\n{text}\n')
        flags = ["-O1", "-D_GNU_SOURCE", "-w", "-pthread", f"-I{TOP / 'tests'}"]
        subprocess.run(["gcc", *flags, "-o", name, f"{name}.c"], cwd=folder, check=True)
    (folder / "reentrant.c").write_text(f'#include "recorded_program.h"\n{REENTRANT}')
    subprocess.run(["gcc", "-O1", "-w", "-fno-builtin", "-shared", "-fPIC", f"-I{TOP / 'tests'}",
                    "-o", "reentrant.so", "reentrant.c"], cwd=folder, check=True)
    return folder


def record(folder, *words, **more):
    return heapbench("record", "-o", "t.hbt", *words, cwd=folder, **more)


def figures(told):
    """Of each trace its program, calls, peak live bytes, and what follows."""
    line = re.compile(r"heapbench: (\S+): (\S+), (\d+) calls, peak live (\d+) bytes, \S+ bytes per "
                      r"event(.*)")
    return {name: (program, int(calls), int(peak), rest)
            for name, program, calls, peak, rest in line.findall(told)}


def inspect(path):
    done = heapbench("inspect", path)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name, status", [("family", 7), ("threads", 0), ("forks", 0),
                                          ("early", 0)])
def test_a_recorded_program_prints_and_ends_as_it_does_alone(folder, name, status):
    done = record(folder, "--", f"./{name}", timeout=30)
    assert (done.stdout, done.returncode) == ("done\n", status), done.stderr
    assert "t.hbt" in figures(done.stderr)
    assert "heapbench record" not in done.stdout
    inspect(folder / "t.hbt")


def test_a_handler_that_allocates_within_a_call_hangs_nothing_and_is_counted(folder):
    command = 'LD_PRELOAD="$LD_PRELOAD:./reentrant.so" exec ./handler'
    done = record(folder, "--only", "handler", "--", "sh", "-c", command, timeout=30)
    assert (done.stdout, done.returncode) == ("done\n", 0), done.stderr
    assert "missed calls" in figures(done.stderr)["t.hbt"][3]


def test_children_that_a_handler_forks_within_a_call_live_and_cost_no_calls(folder):
    command = 'LD_PRELOAD="$LD_PRELOAD:./reentrant.so" exec ./handler-forks'
    done = record(folder, "-q", "--only", "handler-forks", "--", "sh", "-c", command, timeout=30)
    assert (done.stdout, done.stderr) == ("done\n", "")
    peak = re.search(r"peak +(\d+) bytes", inspect(folder / "t.hbt"))
    assert int(peak[1]) >= 77777


def test_the_whole_family_of_malloc_is_recorded_with_exact_sizes(folder):
    told = figures(record(folder, "--", "./family").stderr)["t.hbt"]
    buffer = 1024  # of standard output, to a pipe 4096
    blocks = 70001 + 70007 + 140003 + 73728 + 70005 + 70006 + 70007 + 70014
    assert blocks <= told[2] <= blocks + 5 * buffer
    assert told[1] == 8 + 1 + 8 + 2 + 2 + 1  # and the buffer
    assert "unknown" not in told[3] and "unseen" not in told[3] and "missed" not in told[3]


def test_blocks_freed_by_other_threads_are_followed(folder):
    told = figures(record(folder, "--", "./threads").stderr)["t.hbt"]
    assert told[1] >= 20 * 4 * 2000 * 3
    assert 4 * 2000 * 80 <= told[2] <= 4 * 2000 * 89 + 20000
    assert told[3] == ""
    threads = re.search(r"threads +(\d+)", inspect(folder / "t.hbt"))
    assert int(threads[1]) == 161


def test_an_address_that_threads_hand_on_at_once_is_never_taken_twice(folder):
    told = figures(record(folder, "--", "./exchange").stderr)["t.hbt"]
    assert told[1] > 4 * 60000 * 3 - 100 and told[3] == ""


def test_each_process_and_each_program_it_becomes_has_a_trace_of_its_own(folder):
    told = figures(record(folder, "--", "./forks").stderr)
    assert list(told) == ["t.hbt", "t.2.hbt", "t.3.hbt"]
    assert [row[0] for row in told.values()] == ["forks"] * 3
    assert 90001 <= told["t.hbt"][2] < 90001 + 9000
    assert [told["t.2.hbt"][1:3], told["t.3.hbt"][1:3]] == [(1, 90002), (1, 90003)]


def test_a_call_before_main_is_recorded(folder):
    assert figures(record(folder, "--", "./early").stderr)["t.hbt"][2] >= 65551


def test_what_was_recorded_before_a_kill_is_there_and_the_status_tells(folder):
    done = record(folder, "--", "./killed")
    assert (done.stdout, done.returncode) == ("done\n", 137)
    assert "./killed: ended by signal 9 (Killed)" in done.stderr
    assert figures(done.stderr)["t.hbt"][2] >= 65552


def test_a_program_goes_on_when_its_recording_cannot(folder):
    done = record(folder, "--", "./stopped", timeout=30)
    assert (done.stdout, done.returncode) == ("done\n", 1)
    assert re.search(r"stopped: recording stopped after \d+ calls: File too large", done.stderr)
    assert figures(done.stderr)["t.hbt"][1] >= 32000


def test_standard_input_passes_through_a_pipeline(folder):
    done = record(folder, "--", "sh", "-c", "sort -r | head -n 1; exit 3", input="a\nc\nb\n")
    assert (done.stdout, done.returncode) == ("c\n", 3)
    assert {"sh", "sort", "head"} <= {row[0] for row in figures(done.stderr).values()}


def test_only_keeps_the_programs_of_that_name(folder):
    (folder / "small.c").write_text("int main(void) { return 0; }\n", encoding="utf-8")
    command = ["gcc", "-c", "small.c"]
    told = figures(record(folder, "--only", "cc1", "--", *command).stderr)
    assert [row[0] for row in told.values()] == ["cc1"] and list(told) == ["t.hbt"]
    done = record(folder, "--only", "cc2", "--", *command)
    assert done.returncode == 1 and "no program called cc2 made a call; there were gcc" in \
        done.stderr


@pytest.mark.skipif(not shutil.which("sqlite3"), reason="no sqlite3")
def test_sqlite_is_recorded(folder):
    done = record(folder, "--", "sqlite3", ":memory:", "create table t(a); select 1 + 1;")
    assert (done.stdout, done.returncode) == ("2\n", 0)


def test_python_is_recorded(folder):
    done = record(folder, "--", sys.executable, "-S", "-c", "print(len(list(range(10**5))))",
                  env={**os.environ, "PYTHONMALLOC": "malloc"})
    assert (done.stdout, done.returncode) == ("100000\n", 0)
    assert figures(done.stderr)["t.hbt"][1] > 1000


def test_a_static_program_is_refused_with_the_reason(folder):
    (folder / "lone.c").write_text("int main(void) { return 0; }\n", encoding="utf-8")
    subprocess.run(["gcc", "-static", "-o", "lone", "lone.c"], cwd=folder, check=True)
    done = record(folder, "--", "./lone")
    assert done.returncode == 2
    assert done.stderr == "heapbench: ./lone: statically linked: preloading the recorder has no " \
                          "effect\n"


def test_mistakes_are_told_in_one_line(folder):
    for words, said in [(["--", "no-such-command"], "no-such-command: no such command"),
                        (["none.lua"], "none.lua: No such file or directory; is it a command"),
                        (["-a", "null", "x.lua"], "null hands out overlapping blocks"),
                        (["-a", "libc", "--", "true"], "-a is for scripts")]:
        done = record(folder, *words)
        assert done.returncode == 2 and said in done.stderr and done.stderr.count("\n") == 1


def test_a_file_that_cannot_be_written_is_refused_before_the_program_runs(folder):
    (folder / "link.hbt").symlink_to("elsewhere.hbt")
    for name in ["", ".", f"{folder}/", "link.hbt"]:
        done = heapbench("record", "-o", name, "--", "./killed", cwd=folder)
        assert (done.returncode, done.stdout) == (2, ""), done.stderr
    done = heapbench("record", "--verify", "-o", "t", "x.lua", cwd=folder)
    assert done.returncode == 2 and "ends in .hbt" in done.stderr


def test_a_folder_in_the_path_is_no_command(folder):
    (folder / "path" / "echo").mkdir(parents=True)
    path = f"{folder}/path:{os.environ['PATH']}"
    done = record(folder, "--", "echo", "a", env={**os.environ, "PATH": path})
    assert (done.stdout, done.returncode) == ("a\n", 0), done.stderr


def spools():
    return {name for name in os.listdir("/dev/shm") if name.startswith("heapbench-")}


def test_messages_that_nobody_reads_change_nothing(folder):
    before = spools()
    command = f'set -o pipefail; "{PROGRAM}" record -o t.hbt -- sh -c "sleep 0.1; exit 5" ' \
              '2>&1 >/dev/null | true'
    assert subprocess.run(["bash", "-c", command], cwd=folder, check=False).returncode == 5
    assert spools() <= before
    inspect(folder / "t.hbt")


def test_a_limit_of_file_sizes_is_told_and_leaves_nothing(folder):
    before = spools()
    text = f'ulimit -f 1100; exec "{PROGRAM}" record -o t.hbt -- ./random'  # KiB; a window: 1028
    done = subprocess.run(["bash", "-c", text], cwd=folder, check=False, capture_output=True)
    assert (done.returncode, done.stdout) == (1, b"done\n"), done.stderr
    assert b"cannot be written: File too large" in done.stderr
    assert spools() <= before


def test_nothing_is_left_in_the_folder_of_windows(folder):
    before = spools()
    record(folder, "--", "./killed")
    assert spools() <= before
    assert PROGRAM.with_name("libheapbench-record.so").exists()
