"""A machine that lacks something: a checkout with scripts alone, and a PATH of links that can be
changed program by program."""
import shutil
import subprocess
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
REFUSES = "#!/bin/sh\nexit 1\n"
ROOT = "#!/bin/sh\necho 0\n"       # of id -u
NOT_ROOT = "#!/bin/sh\necho 1000\n"
RECORDS = '#!/bin/sh\necho "$*" >>"$CALLS"\n'
SUDO = '#!/bin/sh\n[ "$1" = -n ] && exit 0\nexec "$@"\n'


class Machine:
    def __init__(self, folder):
        self.checkout, self.programs, self.calls = (folder / name for name in
                                                    ("checkout", "programs", "calls"))
        shutil.copytree(TOP / "scripts", self.checkout / "scripts",
                        ignore=shutil.ignore_patterns("__pycache__"))
        self.programs.mkdir()
        self.calls.touch()
        for program in Path("/usr/bin").iterdir():
            (self.programs / program.name).symlink_to(program)
        self.remove("sudo", "dnf", "pacman", "brew")
        self.place("apt-get", RECORDS)

    def remove(self, *names):
        for name in names:
            (self.programs / name).unlink(missing_ok=True)

    def place(self, name, text):
        self.remove(name)
        path = self.programs / name
        path.write_text(text)
        path.chmod(0o755)

    def run(self, script, *arguments, path=""):
        environment = {"PATH": path + str(self.programs), "CALLS": str(self.calls), "HOME": "/"}
        return subprocess.run(["/bin/sh", f"scripts/{script}", *arguments], cwd=self.checkout,
                              env=environment, capture_output=True, text=True, check=False,
                              stdin=subprocess.DEVNULL)

    @property
    def apt_calls(self):
        return self.calls.read_text().splitlines()
