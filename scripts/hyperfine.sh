#!/bin/sh
# Compares whole commands: `heapbench lua -a SPEC` for each allocator, the distribution's own lua5.1
# with each malloc preloaded, and other stock programs likewise.
#
#     scripts/hyperfine.sh [SCRIPT.lua [DIR]]     make hyperfine [SCRIPT=FILE.lua] [RESULTS=DIR]
#
# Writes hyperfine/NAME.json, .md, .svg and .png into the run DIR (results/latest), or into
# results/hyperfine-TIME where there is no run: NAME is the script's, and that of each program. RUNS
# is the number of timed runs (10), PROGRAMS those of python3 sqlite3 xz gcc git that are wanted
# (all; none for none). A command joins only if it prints what the plain
# program prints; a preloaded malloc only if the program really calls it.

set -u
cd "$(dirname "$0")/.." || exit 1
PATH=$PATH:/usr/sbin:/sbin      # of ldconfig

SCRIPT=${1:-workloads/lua/parser.lua}
RESULTS=${2:-results/latest}
RUNS=${RUNS:-10}
PROGRAMS=${PROGRAMS:-python3 sqlite3 xz gcc git}
HEAPBENCH=build/heapbench

. scripts/hyperfine_commands.sh
. scripts/hyperfine_programs.sh

find_lua() {
    for lua in lua5.1 lua-5.1; do
        command -v "$lua" && return
    done
    fail "no lua5.1 here: scripts/bootstrap.sh hyperfine installs it" 1
}

check_input() {
    case $RUNS in
        '' | *[!0-9]* | 0 | 1) fail "RUNS=$RUNS: a whole number from 2 is needed" 2 ;;
    esac
    for wanted in $PROGRAMS; do
        case $wanted in
            python3 | sqlite3 | xz | gcc | git | none) ;;
            *) fail "PROGRAMS=$wanted: there are python3 sqlite3 xz gcc git, and none" 2 ;;
        esac
    done
    [ -r "$SCRIPT" ] || fail "$SCRIPT: no such script, or not readable" 2
    [ -x $HEAPBENCH ] || fail "$HEAPBENCH is not built: run make" 1
}

compare_lua() {
    "$LUA" "$SCRIPT" >"$scratch/expected" 2>"$scratch/errors" ||
        fail "$SCRIPT fails under $LUA: $(head -n 1 "$scratch/errors")" 2
    add_preloaded "lua5.1" "$LUA" "$SCRIPT"
    $HEAPBENCH list allocators --csv | sed 1d | while IFS=, read -r name available rest; do
        case $available,$rest in
            ok,*"replay only"*) ;;
            ok,*) add "heapbench $name" $HEAPBENCH lua -a "$name" "$SCRIPT" ;;
            *) complain "left out: heapbench $name: $available" ;;
        esac
    done
    measure "$(basename "$SCRIPT" .lua)"
}

choose_folder() {
    if [ -e "$RESULTS/machine.json" ]; then
        folder=$(realpath --relative-to=. "$RESULTS")/hyperfine
    elif [ "$RESULTS" = results/latest ]; then
        folder=results/hyperfine-$(date +%Y%m%d-%H%M%S)
    else
        fail "$RESULTS holds no run: name one, as in results/latest" 2
    fi
    mkdir -p "$folder" || fail "cannot write to $folder" 1
}

say_caveats() {
    cat <<'END'

How far to believe this: these are whole commands, start-up, reading of the script and all output
included, and hyperfine runs all of one command before the next. Compared so, two identical
programs are called different in 26-60 % of trials (38 % with hyperfine's schedule), as machines
change speed for seconds at a time. The second of each program above is such an identical one: a
difference no larger than between the two, or inside their spread, is noise. For a verdict use
`make bench`, which interleaves.
END
}

main() {
    LUA=$(find_lua) || exit 1
    scratch=$(mktemp -d) || exit 1
    trap 'rm -rf "$scratch"' EXIT
    trap 'exit 130' INT TERM
    check_input
    choose_folder
    compare_lua
    for wanted in $PROGRAMS; do
        [ "$wanted" = none ] || compare_program "$wanted"
    done
    say_caveats
    "$(scripts/find-python.sh matplotlib numpy || echo false)" scripts/hyperfine_chart.py \
        "$folder"/*.json
}

main
