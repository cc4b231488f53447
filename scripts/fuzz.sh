#!/bin/sh
# Fuzzes one allocator after another and says of each what became of it.
#
#     scripts/fuzz.sh FUZZER SECONDS SPEC...
#
# In the place of a spec, `trace-reader` has the program of this name beside FUZZER read traces. The
# seconds are shared out, one at least for each. Inputs worth keeping lie in FUZZER.corpus and serve
# every allocator, as they are but calls. An input that breaks one lies beside the fuzzer; the
# command that plays it again is printed, and the exit code is 1.

set -u
[ $# -ge 3 ] || { echo "usage: scripts/fuzz.sh FUZZER SECONDS SPEC..." >&2; exit 2; }
fuzzer=$1
seconds=$2
shift 2
case $seconds in
    '' | *[!0-9]* | 0*) echo "fuzz: SECONDS=$seconds: give a whole number from 1" >&2; exit 2 ;;
esac
each=$((seconds / $#))
[ $each -gt 0 ] || each=1

# What the fuzzer or a sanitizer said first.
reason() {
    grep -m 1 -e '^heapbench: ' -e 'Assertion ' -e 'ERROR: ' -e 'runtime error: ' "$log" ||
        tail -n 1 "$log"
}

folder=$(dirname "$fuzzer")
operations=$fuzzer
status=0
for spec in "$@"; do
    case $spec in
        trace-reader) fuzzer=$folder/trace-reader memory_mb=512 ;;
        *) fuzzer=$operations memory_mb=4096 ;;
    esac
    log=$fuzzer.log
    mkdir -p "$fuzzer.corpus"
    if HEAPBENCH_FUZZ_SPEC=$spec HEAPBENCH_FUZZ_SEEDS=$fuzzer.corpus "$fuzzer" "$fuzzer.corpus" \
            -max_total_time=$each -max_len=1536 -timeout=20 -rss_limit_mb=$memory_mb \
            -artifact_prefix="$folder/" >"$log" 2>&1
    then
        printf 'ok       %-28s %s\n' "$spec" "$(sed -n 's/^Done \(.*\)/\1/p' "$log")"
        continue
    fi
    status=1
    printf 'BROKEN   %-28s %s\n' "$spec" "$(reason)"
    input=$(sed -n 's/.*Test unit written to //p' "$log")
    echo "         again: HEAPBENCH_FUZZ_SPEC='$spec' $fuzzer $input"
done
exit $status
