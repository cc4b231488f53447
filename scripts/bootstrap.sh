#!/bin/sh
# Installs what the goals named need and this machine lacks, and says what and why.
#
#     scripts/bootstrap.sh build|test|test-asan|test-tsan|test-valgrind|fuzz|bench|charts|
#                          hyperfine|lint|corona-windows ...
#     scripts/bootstrap.sh --table        the packages of every system, in Markdown
#
# Nothing missing: no output and no call of a package manager. Debian and its children: apt-get, as
# root or through sudo. Without that right, or elsewhere: the one command to run, and exit code 1
# if something required is missing. What is optional (groups mallocs, programs, windows and wine)
# makes its own rows or tests unavailable and nothing else; apt-get is asked for it once, until
# `make clean`.

set -u
cd "$(dirname "$0")/.." || exit 1
PATH=$PATH:/usr/sbin:/sbin      # of ldconfig
export LC_ALL=C                 # apt-get's messages are searched

LOG=build/bootstrap.log
TRIED=build/bootstrap.tried

# Two lines each: group, need, why; packages of Debian, Fedora, Arch and Homebrew, `-` for none.
# A need is command:NAME, header:FILE, pkgconfig:MODULE, library:SONAME, clang:RUNTIME,
# python:MODULE or lua:MODULE; a comma separates names of which one is enough.
table() {
    cat <<'END'
build      command:gcc                       C compiler
           gcc                  gcc                     gcc                gcc
build      header:stdio.h                    headers of the C library
           libc6-dev            glibc-devel             glibc              glibc
build      command:pkg-config                finds Lua and jansson for the compiler
           pkg-config           pkgconf-pkg-config      pkgconf            pkgconf
build      pkgconfig:lua5.1,lua-5.1,lua51    the Lua whose memory is measured
           liblua5.1-0-dev      compat-lua-devel        lua51              lua@5.1
build      pkgconfig:jansson                 writes machine.json
           libjansson-dev       jansson-devel           jansson            jansson
build      pkgconfig:libzstd                 compresses traces
           libzstd-dev          libzstd-devel           zstd               zstd
build      header:sha256.h                   SHA-256 of every library measured
           libmd-dev            libmd-devel             libmd              libmd
build      header:libunwind.h                call stacks of C for the debugging wrappers
           libunwind-dev        libunwind-devel         libunwind          -
build      header:elfutils/libdwfl.h         names and lines in call stacks
           libdw-dev            elfutils-devel          elfutils           elfutils
traces     command:sqlite3                   its trace is shipped
           sqlite3              sqlite                  sqlite             sqlite
traces     command:jq                        its trace is shipped
           jq                   jq                      jq                 jq
traces     command:git                       its traces are shipped
           git                  git-core                git                git
traces     command:perl                      its trace is shipped
           perl-base            perl-interpreter        perl               perl
traces     command:luacheck                  a Lua program whose trace is shipped
           lua-check            -                       luacheck           luacheck
lua        command:lua5.1,lua-5.1            the distribution's own Lua, to compare with
           lua5.1               compat-lua              lua51              lua@5.1
test       pkgconfig:cmocka                  C tests
           libcmocka-dev        libcmocka-devel         cmocka             cmocka
test       python:pytest                     Python tests
           python3-pytest       python3-pytest          python-pytest      pytest
valgrind   command:valgrind                  finds memory errors in the C tests
           valgrind             valgrind                valgrind           valgrind
windows    command:x86_64-w64-mingw32-gcc    compiles corona for Windows
           gcc-mingw-w64-x86-64 mingw64-gcc             mingw-w64-gcc      mingw-w64
wine       command:wine                      runs what was compiled for Windows
           wine                 wine                    wine               -
fuzz       command:clang                     builds the fuzzer
           clang                clang                   clang              llvm
fuzz       clang:fuzzer                      libFuzzer and the sanitizers of clang
           libclang-rt-14-dev   compiler-rt             compiler-rt        llvm
charts     python:matplotlib                 charts
           python3-matplotlib   python3-matplotlib      python-matplotlib  python-matplotlib
charts     python:numpy                      statistics
           python3-numpy        python3-numpy           python-numpy       numpy
mallocs    library:libmimalloc.so.2          rows of mimalloc
           libmimalloc2.0       mimalloc                mimalloc           mimalloc
mallocs    library:libjemalloc.so.2          rows of jemalloc
           libjemalloc2         jemalloc                jemalloc           jemalloc
mallocs    library:libtcmalloc_minimal.so.4  rows of tcmalloc
           libtcmalloc-minimal4 gperftools-libs         gperftools         gperftools
mallocs    library:libtbbmalloc.so.2         rows of tbbmalloc
           libtbbmalloc2        tbb                     onetbb             tbb
programs   lua:dkjson                        workload dkjson-documents
           lua-dkjson           -                       -                  -
programs   lua:pl.List                       workload penlight-report
           lua-penlight         -                       -                  -
programs   lua:markdown                      workload markdown-render
           lua-markdown         -                       -                  -
programs   lua:MessagePack                   workload messagepack-relay
           lua-messagepack      -                       -                  -
hyperfine  command:hyperfine                 times whole commands
           hyperfine            hyperfine               hyperfine          hyperfine
lint       command:clang-format              layout of C
           clang-format         clang-tools-extra       clang              clang-format
lint       command:cppcheck                  static checks of C
           cppcheck             cppcheck                cppcheck           cppcheck
lint       command:shellcheck                static checks of shell
           shellcheck           ShellCheck              shellcheck         shellcheck
lint       command:luacheck                  static checks of Lua
           lua-check            -                       luacheck           luacheck
lint       python:flake8                     static checks of Python
           python3-flake8       python3-flake8          python-flake8      flake8
figures    command:ctags                     lengths of functions for the style bar
           universal-ctags      ctags                   ctags              universal-ctags
END
}

groups_of() {
    case $1 in
        build) echo build ;;
        test) echo build lua test figures charts mallocs programs windows ;;
        test-asan) echo build lua test figures charts mallocs programs ;;
        test-tsan) echo build test ;;
        test-valgrind) echo build lua test valgrind charts mallocs programs ;;
        fuzz) echo build fuzz ;;
        bench) echo build charts mallocs programs ;;
        charts) echo charts ;;
        inspect) echo build charts ;;
        traces) echo build traces lua ;;
        hyperfine) echo build lua charts mallocs hyperfine ;;
        lint) echo build test figures lint ;;
        corona-windows) echo windows wine ;;
        *) complain "no group $1; the groups are build, test, test-asan, test-tsan," \
                "test-valgrind, fuzz, bench, charts, inspect, traces, hyperfine, lint," \
                "corona-windows"; exit 2 ;;
    esac
}

complain() {
    echo "bootstrap: $*" >&2
}

# ---- what this machine has

has_header() {
    for folder in /usr/include /usr/include/*-linux-gnu /usr/local/include; do
        [ -e "$folder/$1" ] && return 0
    done
    return 1
}

has_lua_module() {
    file=$(echo "$1" | tr . /)
    [ -e "/usr/share/lua/5.1/$file.lua" ] || [ -e "/usr/local/share/lua/5.1/$file.lua" ]
}

# The modules must be in one python3 together, so one answer serves them all.
has_python_modules() {
    if [ -z "${python_found:-}" ]; then
        modules=$(rows_at_hand | sed -n 's/^[a-z]* python:\([^ ]*\) .*/\1/p')
        # shellcheck disable=SC2086
        scripts/find-python.sh $modules >/dev/null 2>&1 && python_found=yes || python_found=no
    fi
    [ "$python_found" = yes ]
}

has_clang_runtime() {
    ls "$(clang -print-runtime-dir 2>/dev/null)/libclang_rt.$1"*.a >/dev/null 2>&1
}

has_one() {
    case $1 in
        command) command -v "$2" >/dev/null ;;
        header) has_header "$2" ;;
        pkgconfig) pkg-config --exists "$2" 2>/dev/null ;;
        clang) has_clang_runtime "$2" ;;
        library) ldconfig -p | grep -qF "$2 " ;;
        python) has_python_modules ;;
        lua) has_lua_module "$2" ;;
    esac
}

has() {
    kind=${1%%:*}
    names=${1#*:}
    while [ -n "$names" ]; do
        has_one "$kind" "${names%%,*}" && return 0
        case $names in
            *,*) names=${names#*,} ;;
            *) return 1 ;;
        esac
    done
}

# ---- what is missing

# The table's rows of the groups at hand: "group need four packages|why".
rows_at_hand() {
    table | while read -r group need why && read -r packages; do
        case " $groups " in
            *" $group "*) echo "$group $need $packages|$why" ;;
        esac
    done
}

package_of() {      # this system's of the four
    case $system in
        debian) echo "$1" ;;
        fedora) echo "$2" ;;
        arch) echo "$3" ;;
        homebrew) echo "$4" ;;
        *) echo - ;;
    esac
}

level_of() {
    case $1 in
        mallocs | programs | windows | wine) echo optional ;;
        *) echo required ;;
    esac
}

# A line "required|optional need package why" for each row at hand that is not there.
find_missing() {
    rows_at_hand | while IFS='|' read -r row why; do
        # shellcheck disable=SC2086
        set -- $row
        has "$2" || echo "$(level_of "$1") $2 $(package_of "$3" "$4" "$5" "$6") $why"
    done
}

packages() {        # of the lines of $missing that match
    echo "$missing" | grep "$1" | awk '$3 != "-" { print $3 }' | sort -u | tr '\n' ' '
}

# ---- installing

system_of() {
    for pair in apt-get:debian dnf:fedora pacman:arch brew:homebrew; do
        command -v "${pair%:*}" >/dev/null && echo "${pair#*:}" && return
    done
    echo unknown
}

# Leaves in $become what goes before apt-get; fails without the right to install.
find_right() {
    become=
    [ "$system" = debian ] || return 1
    [ "$(id -u)" = 0 ] && return 0
    become=sudo
    command -v sudo >/dev/null || return 1
    sudo -n true 2>/dev/null || { [ -t 0 ] && [ -t 2 ] && sudo -v; }
}

apt() {
    $become env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Acquire::Retries=1 \
        -o Acquire::http::Timeout=20 -o DPkg::Lock::Timeout=120 "$@" </dev/null >>$LOG 2>&1
}

install() {
    # shellcheck disable=SC2086
    apt install --no-install-recommends $1
}

# The lists that are there may do; absent or stale ones are fetched when they do not.
install_fresh() {
    : >$LOG
    install "$1" && return 0
    : >$LOG
    apt update
    install "$1"
}

# All at once. Where that fails, an optional package that is not to be had must not stop the rest.
install_missing() {
    install_fresh "$(packages .)" && return 0
    required=$(packages ^required)
    [ -z "$required" ] || install "$required" || return 1
    for package in $(packages ^optional); do
        install "$package"
    done
    return 0
}

explain() {
    echo "bootstrap: installing from Debian's packages (output in $LOG):"
    echo "$missing" | while read -r level need package why; do
        printf '  %-21s %s (%s, %s)\n' "$package" "$why" "${need#*:}" "$level"
    done
}

say_why_apt_failed() {
    network='Could not resolve|Unable to connect|Could not connect|Failed to fetch|No space left'
    reason=$(grep -E -m 1 "$network" $LOG || grep -m 1 '^E: ' $LOG || tail -n 1 $LOG)
    complain "apt-get failed: $(echo "$reason" | sed 's/^[EW]: *//; s/^ *//'); still missing:" \
        "$(packages .)- check the network and apt's sources; all it said is in $LOG"
}

# ---- what a person is told

command_for_person() {
    names=$(packages . | sed 's/ $//')
    debian="apt-get update && apt-get install -y --no-install-recommends $names"
    case $system in
        debian) echo "$(command -v sudo >/dev/null && echo sudo sh || echo su) -c '$debian'" ;;
        fedora) echo "sudo dnf install $names" ;;
        arch) echo "sudo pacman -S --needed $names" ;;
        homebrew) echo "brew install $names" ;;
        *) echo "(no known package manager here: see scripts/bootstrap.sh --table)" ;;
    esac
}

say_optional() {
    echo "$missing" | grep ^optional | while read -r _ need package why; do
        complain "${need#*:} is not here (package $package): $why unavailable"
    done
}

say_required() {
    echo "$missing" | grep ^required | while read -r _ need package why; do
        complain "missing: ${need#*:} (package $package), $why"
    done
}

# For what cannot be installed from here: fails if something required is among it.
leave_to_person() {
    if echo "$missing" | grep -q ^required; then
        say_required
        complain "packages cannot be installed from here; run this, then the same make again:"
        command_for_person >&2
        return 1
    fi
    say_optional
}

print_table() {
    echo '| for | Debian | Fedora | Arch | Homebrew | why |'
    echo '|---|---|---|---|---|---|'
    table | while read -r group _ why && read -r debian fedora arch homebrew; do
        echo "| $group | $debian | $fedora | $arch | $homebrew | $why |"
    done
}

# ---- main

# What was tried in vain is not tried again, so that a machine without network does not wait.
all_tried() {
    [ -e $TRIED ] && ! echo "$missing" | grep -qvxFf $TRIED
}

install_and_check() {
    mkdir -p build
    explain
    install_missing
    missing=$(find_missing)
    [ -n "$missing" ] || return 0
    say_why_apt_failed
    echo "$missing" | grep ^optional >>$TRIED
    ! echo "$missing" | grep -q ^required
}

main() {
    if [ "${1:-}" = --table ]; then
        print_table
        return
    fi
    groups=$(for goal in "$@"; do groups_of "$goal" || exit 2; done) || exit 2
    groups=$(echo "$groups" | tr '\n' ' ')
    system=$(system_of)
    missing=$(find_missing)
    [ -n "$missing" ] || return 0
    if all_tried || ! find_right; then
        leave_to_person
    else
        install_and_check
    fi
}

main "$@"
