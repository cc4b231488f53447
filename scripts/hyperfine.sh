#!/bin/sh
# Compares whole commands: `heapbench lua -a SPEC` for each allocator, and the distribution's own
# lua5.1 with each third-party malloc preloaded.
#
#     scripts/hyperfine.sh [SCRIPT.lua [DIR]]     make hyperfine [SCRIPT=FILE.lua] [RESULTS=DIR]
#
# Writes hyperfine/NAME.json, .md, .svg and .png into the run DIR (results/latest), or into
# results/hyperfine-TIME where there is no run. RUNS is the number of timed runs (10). A command
# joins only if it prints what lua5.1 prints; a preloaded malloc only if lua5.1 really calls it.

set -u
cd "$(dirname "$0")/.." || exit 1
PATH=$PATH:/usr/sbin:/sbin      # of ldconfig

SCRIPT=${1:-workloads/lua/parser.lua}
RESULTS=${2:-results/latest}
RUNS=${RUNS:-10}
HEAPBENCH=build/heapbench

complain() {
    echo "hyperfine.sh: $*" >&2
}

fail() {
    complain "$1"
    exit "$2"
}

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
    [ -r "$SCRIPT" ] || fail "$SCRIPT: no such script, or not readable" 2
    [ -x $HEAPBENCH ] || fail "$HEAPBENCH is not built: run make" 1
    "$LUA" "$SCRIPT" >"$scratch/expected" 2>"$scratch/errors" ||
        fail "$SCRIPT fails under $LUA: $(head -n 1 "$scratch/errors")" 2
}

# ---- the commands, one a line in $scratch/commands: name, tab, command

# hyperfine takes the command apart as a shell would, without one.
quoted() {
    printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"
}

# Adds a command if it prints what lua5.1 prints. All begin with env, so that all pay for it.
add() {
    name=$1
    shift
    if ! env "$@" "$SCRIPT" >"$scratch/printed" 2>"$scratch/errors"; then
        complain "left out: $name fails: $(head -n 1 "$scratch/errors")"
    elif ! cmp -s "$scratch/printed" "$scratch/expected"; then
        complain "left out: $name prints something else than $LUA"
    else
        command='env'
        for word in "$@" "$SCRIPT"; do
            command="$command $(quoted "$word")"
        done
        printf '%s\t%s\n' "$name" "$command" >>"$scratch/commands"
    fi
}

path_of() {     # a library by its soname
    ldconfig -p | sed -n "s|^[[:space:]]*$1 .* => ||p" | head -n 1
}

# lua5.1 must call its realloc: a library that replaces nothing would measure the C library.
is_called() {
    LD_DEBUG=bindings LD_PRELOAD=$1 "$LUA" -v 2>&1 |
        grep -q "binding file [^ ]*lua[^ ]* .* to $1 .*symbol .realloc'"
}

# Some libraries replace malloc themselves, others by a companion called proxy.
add_preloaded() {
    for soname in "${2%%.so*}_proxy.so${2#*.so}" "$2"; do
        library=$(path_of "$soname")
        if [ -n "$library" ] && is_called "$library"; then
            add "lua5.1 + $1" LD_PRELOAD="$library" "$LUA"
            return
        fi
    done
    complain "left out: lua5.1 + $1: no $2 here that replaces malloc"
}

add_all() {
    add "lua5.1" "$LUA"
    add "lua5.1 again (A/A control)" "$LUA"
    sed -n 's/^LIBRARY("\([^"]*\)", *"\([^"]*\)".*/\1 \2/p' allocators/list.h |
        while read -r name soname; do add_preloaded "$name" "$soname"; done
    $HEAPBENCH list allocators --csv | sed 1d | while IFS=, read -r name available rest; do
        case $available,$rest in
            ok,*"replay only"*) ;;
            ok,*) add "heapbench $name" $HEAPBENCH lua -a "$name" ;;
            *) complain "left out: heapbench $name: $available" ;;
        esac
    done
}

# ---- measuring

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

measure() {
    set --
    while IFS="$(printf '\t')" read -r name command; do
        set -- "$@" --command-name "$name" "$command"
    done <"$scratch/commands"
    hyperfine --shell=none --warmup 1 --runs "$RUNS" --style basic \
        --export-json "$scratch/$stem.json" --export-markdown "$scratch/$stem.md" "$@" ||
        fail "hyperfine failed: nothing was written" 1
}

keep() {
    for kind in md json; do
        if ! cp "$scratch/$stem.$kind" "$folder/.$stem.new"; then
            rm -f "$folder/.$stem.new"
            fail "cannot write to $folder" 1
        fi
        mv "$folder/.$stem.new" "$folder/$stem.$kind"
    done
}

say_caveats() {
    cat <<'END'

How far to believe this: these are whole commands, start-up, reading of the script and all output
included, and hyperfine runs all of one command before the next. Compared so, two identical
programs are called different in 26-60 % of trials (38 % with hyperfine's schedule), as machines
change speed for seconds at a time. The second lua5.1 above is such an identical program: a
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
    stem=$(basename "$SCRIPT" .lua)
    add_all
    measure
    keep
    say_caveats
    echo "written: $folder/$stem.json, $stem.md"
    "$(scripts/find-python.sh matplotlib numpy || echo false)" scripts/hyperfine_chart.py \
        "$folder/$stem.json"
}

main
