#!/bin/sh
# Records the traces that are shipped: workloads/recorded/NAME.hbt. `make traces` calls it.
#
#     scripts/record_traces.sh HEAPBENCH [NAME...]
#
# Programs are the distribution's, their inputs are made here, the same each time. The same versions
# of the programs then ask for the same blocks, but for what depends on their environment.

set -eu
[ $# -ge 1 ] || { echo "usage: scripts/record_traces.sh HEAPBENCH [NAME...]" >&2; exit 2; }
heapbench=$(realpath "$1")
shift
recorded=$(realpath "$(dirname "$0")/../workloads/recorded")
inputs=$(mktemp -d)
trap 'rm -rf "$inputs"' EXIT
cd "$inputs"
export LC_ALL=C LANG=C TZ=UTC HOME="$inputs" PYTHONHASHSEED=0 PERL_HASH_SEED=0
export GIT_CONFIG_NOSYSTEM=1 GIT_PAGER=cat

# ---- inputs

# 2,000 lines: structures, loops, switches and calls among 125 functions.
write_c() {
    awk 'BEGIN {
        print "struct node { struct node *next; int key; double weight; };"
        for (i = 1; i <= 125; i++) {
            printf "static int step_%d(struct node *list, int limit)\n{\n", i
            printf "    int sum = %d;\n    double weight = 0;\n", i * 7 % 97
            print "    for (struct node *at = list; at && limit-- > 0; at = at->next) {"
            printf "        switch (at->key %% %d) {\n", 3 + i % 5
            printf "        case 0: sum += at->key * %d; break;\n", i
            printf "        case 1: sum ^= at->key << %d; break;\n", i % 7
            printf "        default: weight += at->weight / %d; break;\n", i + 1
            print "        }\n    }"
            if (i > 1) printf "    sum += step_%d(list, sum %% 10);\n", i - 1
            print "    return sum + (int)weight;\n}\n"
        }
        print "int run(struct node *list) { return step_125(list, 1000); }"
    }'
}

# RECORDS objects in an array, some nested.
write_json() {
    awk -v records="$1" 'BEGIN {
        print "["
        for (i = 1; i <= records; i++) {
            printf "{\"id\":%d,\"name\":\"item %d\",", i, i * 7919 % 10007
            printf "\"price\":%.2f,", i % 977 / 7
            printf "\"tags\":[\"t%d\",\"t%d\"],", i % 13, i % 101
            printf "\"owner\":{\"city\":\"c%d\",\"active\":%s}}", i % 211, i % 3 ? "true" : "false"
            print i < records ? "," : "]"
        }
    }'
}

write_sql() {
    cat <<'END'
CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT, price REAL, shelf INTEGER);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
INSERT INTO item SELECT i, 'item ' || (i * 7919 % 10007), i % 977 / 7.0, i % 211 FROM n;
CREATE INDEX by_name ON item(name);
CREATE INDEX by_shelf ON item(shelf, price);
SELECT shelf, count(*), avg(price) FROM item GROUP BY shelf ORDER BY 3 DESC LIMIT 5;
SELECT a.name, count(*) FROM item a JOIN item b ON a.name = b.name GROUP BY a.name LIMIT 5;
END
}

# 1,200 commits on 40 files, as git's own stream.
write_history() {
    awk 'BEGIN {
        for (i = 1; i <= 1200; i++) {
            text = ""
            for (line = 1; line <= 30; line++) text = text "line " line " of " (i * line % 61) "\n"
            print "commit refs/heads/main\nmark :" i
            print "committer A Person <person@example.org> " (1600000000 + i * 3600) " +0000"
            message = "change " i
            print "data " length(message) "\n" message
            if (i > 1) print "from :" i - 1
            print "M 100644 inline file_" i % 40 ".txt"
            print "data " length(text)
            printf "%s\n", text
        }
        print "done"
    }'
}

write_words() {
    awk 'BEGIN { for (i = 1; i <= 60000; i++) printf "w%d%s", i * i % 9973, i % 12 ? " " : "\n" }'
}

write_lua() {
    awk 'BEGIN {
        for (i = 1; i <= 120; i++) {
            printf "local function f%d(a, b)\n   local sum, list = 0, {}\n", i
            printf "   for i = 1, a do\n      list[#list + 1] = {key = i * %d, b = b}\n", i
            print "      if i % 3 == 0 then sum = sum + #list else sum = sum - list[1].key end"
            print "   end\n   return sum, list\nend\n"
            printf "print(f%d(%d, \"x\"))\n", i, i
        }
    }'
}

# ---- recordings: each function records into the file that it is given

record() {
    "$heapbench" record --quiet -o "$@"
}

# Our own workloads, as they are measured.
record_json() { record "$1" json; }
record_simulation() { record "$1" simulation; }
record_templates() { record "$1" templates; }
record_cache() { record "$1" cache; }

record_luacheck() {
    write_lua > input.lua
    record "$1" -- lua5.1 "$(command -v luacheck)" --no-cache --std lua51 -q input.lua \
        > output || [ $? = 1 ]
}

record_gcc() {
    write_c > input.c
    record "$1" --only cc1 -- gcc -O2 -c input.c -o input.o
}

record_sqlite3() {
    write_sql > input.sql
    record "$1" -- sqlite3 :memory: '.read input.sql' > output
}

record_python3() {
    write_json 2000 > input.json
    PYTHONMALLOC=malloc record "$1" -- /usr/bin/python3 -s -S -c \
        'import json; records = json.load(open("input.json")); print(len(json.dumps(records)))' \
        > output
}

record_jq() {
    write_json 8000 > input.json
    record "$1" -- jq -c 'group_by(.owner.city) | map({city: .[0].owner.city, n: length})' \
        input.json > output
}

make_history() {
    [ -d history ] || git init -q --bare history
    write_history | git -C history fast-import --quiet --done --force
}

record_git_log() {
    make_history
    record "$1" --only git -- git -C history log --stat main > output
}

# Two threads look for differences between objects.
record_git_pack() {
    make_history
    git -C history rev-list --objects --all > objects
    record "$1" -- git -C history pack-objects --threads=2 --no-reuse-delta --window=40 \
        -q --stdout < objects > output
}

record_perl() {
    write_words > input.txt
    # shellcheck disable=SC2016
    record "$1" -- perl -ne '$count{$_}++ for split; END {
        print "$_ $count{$_}\n" for sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count }' \
        input.txt > output
}

all="json simulation templates cache luacheck gcc sqlite3 python3 jq git-log git-pack perl"
for name in "${@:-$all}"; do
    for each in $name; do
        case " $all " in
            *" $each "*) ;;
            *) echo "record_traces: no trace is called $each; there are: $all" >&2; exit 2 ;;
        esac
        "record_$(echo "$each" | tr - _)" "$inputs/$each.hbt"
        mv "$inputs/$each.hbt" "$recorded/recorded-$each.hbt"
        echo "$recorded/recorded-$each.hbt: $(stat -c %s "$recorded/recorded-$each.hbt") bytes"
    done
done
