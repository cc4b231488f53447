# shellcheck shell=sh disable=SC2154
# What the comparisons of whole commands share; read by hyperfine.sh, which sets RUNS, folder and
# scratch. A comparison is a list of commands, one a line in $scratch/commands: name, tab, command.

complain() {
    echo "hyperfine.sh: $*" >&2
}

fail() {
    complain "$1"
    exit "$2"
}

# hyperfine takes the command apart as a shell would, without one.
quoted() {
    printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"
}

# Adds a command if it prints what is in $scratch/expected. All begin with env, so that all pay for
# it.
add() {
    name=$1
    shift
    if ! env "$@" >"$scratch/printed" 2>"$scratch/errors"; then
        complain "left out: $name fails: $(head -n 1 "$scratch/errors")"
    elif ! cmp -s "$scratch/printed" "$scratch/expected"; then
        complain "left out: $name prints something else than ${name%% + *} alone"
    else
        command='env'
        for word in "$@"; do
            command="$command $(quoted "$word")"
        done
        printf '%s\t%s\n' "$name" "$command" >>"$scratch/commands"
    fi
}

path_of() {     # a library by its soname
    ldconfig -p | sed -n "s|^[[:space:]]*$1 .* => ||p" | head -n 1
}

# A library that replaces nothing would measure the C library: the program's own file must call its
# malloc or realloc. $1 library, $2 the program's file as its resolved name.
is_called() {
    LD_BIND_NOW=1 LD_DEBUG=bindings LD_PRELOAD=$1 "$2" --version 2>&1 </dev/null |
        grep -q "binding file [^ ]*${2##*/}[^ ]* .* to $1 .*symbol .\(re\|m\)alloc'"
}

# name and soname, or for our own a path, of every malloc that can be preloaded
mallocs() {
    sed -n 's/^LIBRARY("\([^"]*\)", *"\([^"]*\)".*/\1 \2/p' allocators/list.h
    echo "corona $PWD/build/libcorona.so"
}

# The library that replaces malloc: itself, or by a companion called proxy. $1 soname or path, $2 as
# in is_called.
find_library() {
    for soname in "${1%%.so*}_proxy.so${1#*.so}" "$1"; do
        case $soname in
            /*) library=$soname ;;
            *) library=$(path_of "$soname") ;;
        esac
        [ -n "$library" ] && [ -e "$library" ] && is_called "$library" "$2" && return
    done
    return 1
}

# Adds a command plain, plain again, and with each malloc preloaded. $1 its name, the rest the
# command; settings of the environment come before the program, which is named by its path.
add_preloaded() {
    label=$1
    shift
    for program in "$@"; do
        case $program in /*) break ;; esac
    done
    file=$(readlink -f "$program")
    add "$label" "$@"
    add "$label again (A/A control)" "$@"
    mallocs >"$scratch/mallocs"
    while read -r malloc soname; do
        if find_library "$soname" "$file"; then
            add "$label + $malloc" LD_PRELOAD="$library" "$@"
        else
            complain "left out: $label + $malloc: no $soname here that replaces malloc"
        fi
    done <"$scratch/mallocs"
}

# ---- measuring

measure() {     # $1 the name of its files
    set -- "$1"
    while IFS="$(printf '\t')" read -r name command; do
        set -- "$@" --command-name "$name" "$command"
    done <"$scratch/commands"
    stem=$1
    shift
    hyperfine --shell=none --warmup 1 --runs "$RUNS" --style basic \
        --export-json "$scratch/$stem.json" --export-markdown "$scratch/$stem.md" "$@" ||
        fail "hyperfine failed: nothing was written of $stem" 1
    keep "$stem"
    : >"$scratch/commands"
}

keep() {
    for kind in md json; do
        if ! cp "$scratch/$1.$kind" "$folder/.$1.new"; then
            rm -f "$folder/.$1.new"
            fail "cannot write to $folder" 1
        fi
        mv "$folder/.$1.new" "$folder/$1.$kind"
    done
    echo "written: $folder/$1.json, $1.md"
}
