"""`make install` into an empty prefix, and the examples built against it outside the tree."""
import os
import re
import shutil
import subprocess

import pytest

from heapbench import TOP, make

EXAMPLES = ("game", "server", "device")
INSTALLED = {"lib/liblalloc.so.0", "lib/libcorona.so.1"}.union(*(
    {f"lib/lib{name}.a", f"lib/lib{name}.so", f"include/{name}.h", f"lib/pkgconfig/{name}.pc",
     f"share/man/man3/{name}.3"} for name in ("lalloc", "corona")))


def files_of(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


def run(*command, prefix, settings=(), **more):
    """With the libraries of that prefix alone in its paths."""
    environment = dict(os.environ, PKG_CONFIG_PATH=str(prefix / "lib" / "pkgconfig"),
                       LD_LIBRARY_PATH=str(prefix / "lib"), **dict(settings))
    for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
        environment.pop(name, None)
    return subprocess.run([str(part) for part in command], env=environment, text=True,
                          capture_output=True, timeout=300, check=False, **more)


def flags(prefix, *options, package="lalloc"):
    answer = run("pkg-config", *options, package, prefix=prefix)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.split()


@pytest.fixture(scope="module", name="prefix")
def fixture_prefix(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prefix")
    made = make("install", f"PREFIX={folder}")
    assert made.returncode == 0, made.stderr
    return folder


def build_examples(prefix, folder, *settings):
    shutil.copytree(TOP / "examples", folder, ignore=shutil.ignore_patterns("build"))
    made = run("make", *settings, prefix=prefix, cwd=folder)
    assert made.returncode == 0, made.stdout + made.stderr
    assert "warning" not in made.stderr
    return folder


@pytest.fixture(scope="module", name="outputs", params=["shared", "static"])
def fixture_outputs(request, prefix, tmp_path_factory):
    """What each example prints, linked in either way."""
    settings = ["STATIC=1"] if request.param == "static" else []
    folder = build_examples(prefix, tmp_path_factory.mktemp("copy") / "examples", *settings)
    needed = run("readelf", "-d", folder / "build" / "game", prefix=prefix).stdout
    assert ("liblalloc.so.0" in needed) == (request.param == "shared")
    outputs = {}
    for name in EXAMPLES:
        ran = run(folder / "build" / name, name, prefix=prefix, cwd=folder)
        assert ran.returncode == 0 and ran.stderr == "", ran.stderr
        outputs[name] = ran.stdout
    return outputs


def numbers_after(words, text):
    """The numbers of the line that begins so."""
    line = next(line for line in text.splitlines() if line.startswith(words))
    return [int(number) for number in re.findall(r"\b\d+\b", line[len(words):])]


def test_installs_what_it_says_and_uninstalls_it(tmp_path):
    staged = {f"opt/x/{name}" for name in INSTALLED}
    for goal, expected in (("install", staged), ("uninstall", set())):
        made = make(goal, "PREFIX=/opt/x", f"DESTDIR={tmp_path}")
        assert made.returncode == 0, made.stderr
        assert files_of(tmp_path) == expected


def test_staging_folder_is_not_in_what_is_installed(tmp_path):
    assert make("install", "PREFIX=/opt/x", f"DESTDIR={tmp_path}").returncode == 0
    for name in ("lalloc", "corona"):
        package = (tmp_path / f"opt/x/lib/pkgconfig/{name}.pc").read_text(encoding="utf-8")
        assert str(tmp_path) not in package and "@" not in package
        assert "prefix=/opt/x" in package


def declared_in(prefix, name):
    """The functions of an installed header."""
    header = (prefix / "include" / f"{name}.h").read_text(encoding="utf-8")
    return set(re.findall(rf"\b({name}_[a-z_]+)\(", header)) - {"lalloc_listener"}


@pytest.mark.parametrize("library, options", [
    ("liblalloc.a", ["-g"]), ("liblalloc.so.0", ["-D"]), ("libcorona.a", ["-g"])])
def test_exports_its_own_names_alone(prefix, library, options):
    listed = run("nm", *options, "--defined-only", prefix / "lib" / library, prefix=prefix).stdout
    names = {line.split()[2] for line in listed.splitlines() if len(line.split()) == 3}
    assert names == declared_in(prefix, re.match(r"lib(\w+)\.", library)[1])


def test_a_prefix_may_hold_a_space(tmp_path):
    prefix = tmp_path / "a prefix"
    assert make("install", f"PREFIX={prefix}").returncode == 0
    build_examples(prefix, tmp_path / "shared")
    folder = build_examples(prefix, tmp_path / "static", "STATIC=1")
    ran = run(folder / "build" / "device", "device", "100", prefix=prefix, cwd=folder)
    assert ran.returncode == 0, ran.stderr


def test_carries_nothing_of_the_harness(prefix):
    needed = run("readelf", "-d", prefix / "lib" / "liblalloc.so.0", prefix=prefix).stdout
    assert "[liblalloc.so.0]" in needed
    for library in ("jansson", "libmd", "lua"):
        assert library not in needed.replace("liblalloc", "")


def test_package_names_what_each_kind_of_linking_needs(prefix):
    assert f"-I{prefix}/include" in flags(prefix, "--cflags")
    shared, static = flags(prefix, "--libs"), flags(prefix, "--libs", "--static")
    assert "-llalloc" in shared and "-llua5.1" in " ".join(shared).replace("-llua51", "-llua5.1")
    assert "-lpthread" not in shared
    assert {"-ldl", "-lm", "-lpthread"} <= set(static)


@pytest.mark.parametrize("package, use", [("lalloc", "lalloc_version()"),
                                          ("corona", "CORONA_VERSION")])
@pytest.mark.parametrize("compiler", ["gcc -std=c99", "gcc -std=c11", "g++ -std=c++11"])
def test_header_stands_alone(prefix, tmp_path, compiler, package, use):
    language = "c++" if "++" in compiler else "c"
    if not shutil.which(compiler.split()[0]):
        pytest.skip(f"no {compiler.split()[0]}")
    source = tmp_path / "alone.c"
    source.write_text(f"#include <{package}.h>\n"
                      "const char *version(void);\n"
                      f"const char *version(void) {{ return {use}; }}\n", encoding="utf-8")
    checks = ["-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only"]
    compiled = run(*compiler.split(), *checks, "-x", language, source,
                   *flags(prefix, "--cflags", package=package), prefix=prefix)
    assert compiled.returncode == 0, compiled.stderr


def test_a_name_of_the_program_may_be_one_of_the_library(prefix, tmp_path):
    source = tmp_path / "collide.c"
    source.write_text("#include <lalloc.h>\n"
                      "int heap_open(void) { return 7; }\n"
                      "int pages_map(void) { return 1; }\n"
                      "int main(void) { struct lalloc_heap *heap = lalloc_open(\"tiered\", 0, 0);\n"
                      "    lalloc_close(heap); return heap && heap_open() == 7 ? 0 : 1; }\n",
                      encoding="utf-8")
    for library in ("-llalloc", "-l:liblalloc.a"):
        libraries = [library if name == "-llalloc" else name
                     for name in flags(prefix, "--libs", "--static")]
        linked = run("gcc", "-o", tmp_path / "collide", source, *flags(prefix, "--cflags"),
                     *libraries, prefix=prefix)
        assert linked.returncode == 0, linked.stderr
        assert run(tmp_path / "collide", prefix=prefix).returncode == 0


def example_of(prefix, folder, package, *options):
    """Builds the example of a package's man page; options are those of pkg-config."""
    page = (prefix / f"share/man/man3/{package}.3").read_text(encoding="utf-8")
    code = page.split(".SH EXAMPLES\n.nf\n")[1].split(".fi")[0]
    (folder / "example.c").write_text(code.replace("\\e", "\\").replace("\\-", "-"),
                                      encoding="utf-8")
    words = flags(prefix, "--cflags", "--libs", *options, package=package)
    built = run("gcc", "-Wall", "-Werror", "-o", folder / "example", folder / "example.c",
                *[word.replace("-lcorona", "-l:libcorona.a") if options else word
                  for word in words], prefix=prefix)
    assert built.returncode == 0, built.stderr
    return folder / "example"


def test_example_of_the_man_page_works(prefix, tmp_path):
    (tmp_path / "script.lua").write_text("print('ran')", encoding="utf-8")
    ran = run(example_of(prefix, tmp_path, "lalloc"), prefix=prefix, cwd=tmp_path)
    assert ran.returncode == 0 and "ran\n" in ran.stdout and "hard-limit: " in ran.stdout


@pytest.mark.parametrize("options", [[], ["--static"]], ids=["shared", "static"])
def test_the_archive_alone_leaves_the_program_its_own_malloc(prefix, tmp_path, options):
    example = example_of(prefix, tmp_path, "corona", *options)
    ran = run(example, prefix=prefix)
    assert ran.returncode == 0 and "bytes may be used\n" in ran.stdout
    bound = run(example, prefix=prefix, settings={"LD_DEBUG": "bindings"}).stderr
    found = set(re.findall(r"to \S*?([^/\s]+) \[0\]: normal symbol `malloc'", bound))
    assert found == {"libc.so.6" if options else "libcorona.so.1"}


@pytest.mark.parametrize("package", ["lalloc", "corona"])
def test_man_page_renders_without_warnings_and_names_every_function(prefix, package):
    page = prefix / f"share/man/man3/{package}.3"
    text = page.read_text(encoding="utf-8")
    assert {name for name in declared_in(prefix, package) if name not in text} == set()
    if not shutil.which("groff"):
        pytest.skip("no groff")
    rendered = run("groff", "-man", "-ww", "-Tutf8", page, prefix=prefix)
    assert rendered.returncode == 0 and rendered.stderr == ""


def test_man_page_of_corona_names_every_setting(prefix):
    text = (prefix / "share/man/man3/corona.3").read_text(encoding="utf-8")
    settings = (TOP / "allocators/corona/settings.h").read_text(encoding="utf-8")
    names = set(re.findall(r"CORONA_[A-Z_]+\b", settings)) - {"CORONA_SETTINGS_H"}
    assert names == set(re.findall(r"CORONA_[A-Z_]+\b", text)) >= {"CORONA_DEBUG", "CORONA_STATS"}


def test_game_collects_and_plays_on(outputs):
    game = outputs["game"]
    assert numbers_after("frames played", game) == [600]
    assert numbers_after("score", game) == [3899]
    assert numbers_after("collections completed", game)[0] > 0
    assert numbers_after("most alive", game)[0] < 17000   # of garbage alone
    assert numbers_after("scratch state", game) == [256]


def test_server_survives_its_requests_and_gives_memory_back(outputs):
    server = outputs["server"]
    assert numbers_after("page.lua", server) == [200, 0, 0, 0, 0, 0]
    finished, memory, instructions, late, failed, rejected = numbers_after("session.lua", server)
    assert (memory, instructions, late, failed) == (0, 0, 0, 0)
    assert finished + rejected == 120 and finished > 80 and rejected > 0
    assert numbers_after("bomb.lua", server)[0] == 0
    assert numbers_after("loop.lua", server) == [0, 0, 40, 0, 0, 0]
    budget, most, now = numbers_after("budget:", server)
    assert most <= budget and now == 0
    before, peak, after = numbers_after("resident:", server)
    assert peak > before + 20000 and after < before + (peak - before) / 5


def test_device_stays_within_its_buffer(outputs):
    device = outputs["device"]
    assert numbers_after("buffer:", device) == [128 << 10]
    half, whole = (numbers_after(f"after {ticks:6} ticks:", device)[0] for ticks in (50000, 100000))
    assert half == whole < 96 << 10
    assert "asked too much:       not enough memory\n" in device
    assert "1000 ticks later:     20.0 degrees\n" in device
    assert "last entry:           tick 100980: " in device


def shape_of(text):
    """The lines with every number the same, and all gaps."""
    return {" ".join(re.sub(r"[\d.]*\d", "0", line).split()) for line in text.splitlines()}


def test_readme_shows_what_the_examples_print(outputs):
    readme = shape_of((TOP / "examples" / "README.md").read_text(encoding="utf-8"))
    for name in EXAMPLES:
        assert shape_of(outputs[name]) - readme == set()
