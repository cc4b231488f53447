# shellcheck shell=sh disable=SC2154
# Stock programs with each malloc preloaded; read by hyperfine.sh. A program is a function task_NAME
# that sets nothing and ends with the command, its program by its path, through the function that is
# its first argument. Each takes some tenths of a second, prints the same whenever it is run, and
# reads nothing but this checkout and $scratch.

# Without python's own allocator above malloc, which would take nearly all.
task_python3() {
    cat >"$scratch/task.py" <<'END'
import json
import re
rows = [{"name": f"n{i}", "values": list(range(i % 20)), "text": f"ab {i} cd"}
        for i in range(20000)]
text = json.dumps(rows)
back = json.loads(text)
words = re.findall(r"[a-z]+|\d+", text)
print(len(text), len(words), back == rows, sum(len(row["values"]) for row in back))
END
    "$1" python3 PYTHONMALLOC=malloc PYTHONHASHSEED=0 "$2" "$scratch/task.py"
}

task_sqlite3() {
    cat >"$scratch/task.sql" <<'END'
create table item (id integer primary key, kind integer, text text);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 60000)
insert into item select i, i % 97, printf('text of item %d, %d', i, i * 7919 % 10007) from n;
create index by_text on item (text);
select kind, count(*), max(text), length(group_concat(text)) from item group by kind limit 5;
select count(*) from item one join item two on two.id = one.id * 2 where one.text > two.text;
END
    "$1" sqlite3 "$2" -init "$scratch/task.sql" :memory: .quit
}

task_xz() {
    cat workloads/*/*.c harness/*/*.c >"$scratch/text"
    "$1" xz "$2" --compress --stdout --threads=2 --block-size=256KiB "$scratch/text"
}

task_gcc() {
    "$1" gcc "$2" -std=gnu11 -D_GNU_SOURCE -O2 -S -o - workloads/synthetic/collector.c
}

task_git() {
    "$1" git "$2" --no-pager log -p -M --stat -n 15
}

# Measures one; what is not here is left out, and so is git outside a repository.
compare_program() {
    program=$(PATH=/usr/bin:/bin:$PATH command -v "$1")     # before wrappers of the user's
    case $program in
        /*) ;;
        *) complain "left out: $1: not installed"; return ;;
    esac
    if ! "task_$1" print_plain "$program" >"$scratch/expected" 2>"$scratch/errors"; then
        complain "left out: $1 fails: $(head -n 1 "$scratch/errors")"
        return
    fi
    "task_$1" add_preloaded "$program"
    measure "$1"
}

print_plain() {     # $1 the label
    shift
    env "$@"
}
