"""Set-up on machines that lack something, played by a PATH of links with stand-ins."""
import subprocess
import sys

import pytest

from fake_machine import NOT_ROOT, RECORDS, REFUSES, ROOT, SUDO, TOP, Machine


@pytest.fixture(name="machine")
def fixture_machine(tmp_path):
    return Machine(tmp_path)


def test_nothing_missing_means_no_output_and_no_call(machine):
    found = machine.run("bootstrap.sh", "build", "charts")
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")
    assert machine.apt_calls == []


def test_missing_compiler_is_installed_by_root(machine):
    machine.remove("gcc")
    machine.place("id", ROOT)
    machine.place("apt-get", RECORDS + f"ln -s /bin/true {machine.programs}/gcc\n")
    found = machine.run("bootstrap.sh", "build")
    assert found.returncode == 0, found.stderr
    assert "gcc" in found.stdout and "C compiler" in found.stdout
    assert len(machine.apt_calls) == 1
    assert machine.apt_calls[0].endswith(" install --no-install-recommends gcc")


def test_lists_are_fetched_only_when_the_first_try_fails(machine):
    machine.remove("gcc")
    machine.place("id", ROOT)
    machine.place("apt-get", RECORDS + f"""
        case "$*" in *update) touch {machine.programs}/fresh; exit 0 ;; esac
        [ -e {machine.programs}/fresh ] || exit 100
        ln -s /bin/true {machine.programs}/gcc\n""")
    assert machine.run("bootstrap.sh", "build").returncode == 0
    assert [call.split()[-1] for call in machine.apt_calls] == ["gcc", "update", "gcc"]


def test_without_the_right_to_install_one_command_is_named(machine):
    machine.remove("gcc")
    machine.place("id", NOT_ROOT)
    found = machine.run("bootstrap.sh", "build")
    assert found.returncode == 1
    assert machine.apt_calls == []
    commands = [line for line in found.stderr.splitlines() if "apt-get" in line]
    assert commands == ["su -c 'apt-get update && apt-get install -y --no-install-recommends gcc'"]


def test_sudo_that_asks_for_a_password_is_not_used_without_a_terminal(machine):
    machine.remove("gcc")
    machine.place("id", NOT_ROOT)
    machine.place("sudo", REFUSES)
    found = machine.run("bootstrap.sh", "build")
    assert found.returncode == 1 and "sudo sh -c 'apt-get update &&" in found.stderr
    assert machine.apt_calls == []


def test_sudo_without_a_password_installs(machine):
    machine.remove("gcc")
    machine.place("id", NOT_ROOT)
    machine.place("sudo", SUDO)
    machine.place("apt-get", RECORDS + f"ln -s /bin/true {machine.programs}/gcc\n")
    assert machine.run("bootstrap.sh", "build").returncode == 0
    assert len(machine.apt_calls) == 1


def test_fuzzing_brings_its_compiler_and_the_runtime(machine):
    machine.remove("clang")
    machine.place("id", NOT_ROOT)
    found = machine.run("bootstrap.sh", "fuzz")
    assert found.returncode == 1 and " clang libclang-rt-14-dev'" in found.stderr


def test_missing_mallocs_are_one_line_each_and_no_failure(machine):
    machine.place("ldconfig", "#!/bin/sh\n")
    machine.place("id", NOT_ROOT)
    found = machine.run("bootstrap.sh", "bench")
    lines = [line for line in found.stderr.splitlines() if "rows of" in line]
    assert found.returncode == 0
    assert len(lines) == 4 and all(line.endswith("unavailable") for line in lines)


def test_mallocs_that_cannot_be_had_are_tried_once(machine):
    machine.place("ldconfig", "#!/bin/sh\n")
    machine.place("id", ROOT)
    machine.place("apt-get", RECORDS + "echo 'E: Unable to locate package' >&2\nexit 100\n")
    assert machine.run("bootstrap.sh", "bench").returncode == 0
    calls = machine.apt_calls
    found = machine.run("bootstrap.sh", "bench")
    assert found.returncode == 0 and "jemalloc" in found.stderr
    assert calls and machine.apt_calls == calls


def test_failing_apt_is_one_clear_line(machine):
    machine.remove("gcc")
    machine.place("id", ROOT)
    machine.place("apt-get", RECORDS + "echo \"Err:1 Could not resolve 'mirror'\"\nexit 100\n")
    found = machine.run("bootstrap.sh", "build")
    said = found.stderr.splitlines()
    assert found.returncode == 1
    assert len(said) == 1 and "Could not resolve 'mirror'; still missing: gcc - check" in said[0]


@pytest.mark.parametrize("manager, command", [
    ("dnf", "sudo dnf install gcc"), ("pacman", "sudo pacman -S --needed gcc"),
    ("brew", "brew install gcc")])
def test_other_systems_get_their_own_command(machine, manager, command):
    machine.remove("gcc", "apt-get")
    machine.place(manager, RECORDS)
    found = machine.run("bootstrap.sh", "build")
    assert found.returncode == 1 and command in found.stderr.splitlines()
    assert machine.apt_calls == []


def test_unknown_group_is_refused(machine):
    found = machine.run("bootstrap.sh", "bild")
    assert found.returncode == 2 and "no group bild" in found.stderr


def test_python_without_the_modules_does_not_hide_the_one_that_has_them(machine, tmp_path):
    first = tmp_path / "first"
    first.mkdir()
    (first / "python3").symlink_to("/bin/false")
    machine.place("python3", f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    found = machine.run("find-python.sh", "matplotlib", "numpy", path=f"{first}:")
    assert found.stdout == f"{machine.programs}/python3\n"


def test_no_python_with_a_module_is_said(machine):
    found = machine.run("find-python.sh", "no_such_module")
    assert found.returncode == 1 and "no_such_module" in found.stderr and found.stdout == ""


def test_the_readme_shows_the_table():
    shown = (TOP / "README.md").read_text(encoding="utf-8")
    table = subprocess.run([TOP / "scripts/bootstrap.sh", "--table"], text=True,
                           capture_output=True, check=True).stdout
    assert table in shown
