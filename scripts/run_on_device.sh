#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# run_on_device.sh [OUT]: on a machine with a GPU and its driver, from the unpacked archive of `cmake --build --preset device`.
# Tests, examples, benchmarks, sanitizers, each with a time limit; OUT (./results) gets a log each, summary.txt and summary.json.
# TESTS, EXAMPLES, BENCH: which programs, SANITIZE: which tools of compute-sanitizer (all by default; - for none). TEST_LIMIT, EXAMPLE_LIMIT, BENCH_LIMIT,
# SANITIZE_LIMIT: seconds for each (45, 20, 60, 60); JOBS: tests that run side by side (4).
# RUN_LIMIT: seconds for all (300): tests end at the half of them, examples at 60, benchmarks at 75, sanitizers at 93 in a
# hundred, whatever their own limits; what had no time to begin is `left out`.
set -u
case ${1-} in -h | --help) awk '/SPDX/ { next } NR > 1 && !/^#/ { exit } NR > 1 { sub(/^# ?/, ""); print }' "$0" && exit ;; esac
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$PWD/results}
mkdir -p "$out" && rm -rf "$out/lines" && mkdir "$out/lines"
out=$(cd "$out" && pwd)
export SPIKEFUSE_SHARED_DIR=${SPIKEFUSE_SHARED_DIR:-$here/shared}
verdict() { case $1 in 0) echo passed ;; 124 | 137) echo timeout ;; 4) echo skipped ;; *) echo "failed:$1" ;; esac; }
tell() { # KIND NAME RESULT SECONDS SAYS
    printf '%-9s %-28s %-10s %4ss  %s\n' "$1" "$2" "$3" "$4" "$5" | tee "$out/lines/$1.$2"
    printf '{"kind": "%s", "name": "%s", "result": "%s", "seconds": %d, "says": "%s"}\n' "$1" "$2" "$3" "$4" \
        "$(printf '%s' "$5" | sed 's/["\\]/ /g')" >"$out/lines/$1.$2.json"
}
run() { # KIND NAME LIMIT END COMMAND...: END is of its part, as seconds since the script began
    local kind=$1 name=$2 limit=$3 left=$(($4 - SECONDS)) start=$SECONDS result says
    shift 4
    if [ "$left" -le 0 ]; then
        tell "$kind" "$name" "left out" 0 "no time"
        return
    fi
    timeout -k 5 $((left < limit ? left : limit)) "$@" >"$out/$name.txt" 2>&1
    result=$(verdict $?)
    says=$(grep -E 'test cases|assertions|All tests|ERROR SUMMARY|RACECHECK SUMMARY|error|terminate' "$out/$name.txt" | tail -n 1 | cut -c1-120)
    tell "$kind" "$name" "$result" $((SECONDS - start)) "$says"
}
summarize() {
    cat "$out"/lines/* | grep -v '^{' >"$out/summary.txt"
    { echo '['; cat "$out"/lines/*.json | sed '$!s/$/,/'; echo ']'; } >"$out/summary.json"
}
trap summarize EXIT
chosen() { [ "$1" = - ] || printf '%s\n' $1; }
end_at() { echo $((${RUN_LIMIT:-300} * $1 / 100)); }
{ timeout -k 5 20 nvidia-smi --query-gpu=name,driver_version,clocks.sm,clocks.max.sm,clocks.mem,power.limit --format=csv || echo "no nvidia-smi"; } 2>&1 |
    tee "$out/device.txt"

# What never ran on a GPU comes first.
ran='^(encoders|encoders_gradients|foreign_layers|gradients|launches|losses|model|model_values|models|neurons|oracle|rows)_test$'
all_tests=$(cd "$here/bin" && ls | grep '_test$' | grep -vE "$ran"; cd "$here/bin" && ls | grep -E "$ran")
for test in $(chosen "${TESTS:-$all_tests}"); do # some side by side: they wait for launches more than for the device
    while [ "$(jobs -r | wc -l)" -ge "${JOBS:-4}" ]; do wait -n; done
    run test "$test" "${TEST_LIMIT:-45}" "$(end_at 50)" "$here/bin/$test" &
done
wait
all_examples=$(cd "$here/bin" && ls | grep '^[0-9]' || true)
for example in $(chosen "${EXAMPLES:-$all_examples}"); do
    (cd "$out" && run example "$example" "${EXAMPLE_LIMIT:-20}" "$(end_at 60)" "$here/bin/$example")
done
for bench in $(chosen "${BENCH:-device}"); do
    [ -x "$here/bin/$bench" ] || continue
    run bench "$bench" "${BENCH_LIMIT:-60}" "$(end_at 75)" "$here/bin/$bench" --out "$out/$bench.json"
    cat "$out/$bench.txt"
done
# Values as input and more than one batch of rows a block; loops, undone too; training; slices; splits: where threads share memory most.
if [ "${SANITIZE:-}" != - ] && command -v compute-sanitizer >/dev/null; then
    set -- ${SANITIZE:-memcheck racecheck}
    left=$(($# * 3))
    for tool in "$@"; do
        for test in launches_test slices_test weight_splits_test; do # each leaves the others their share
            end=$((SECONDS + ($(end_at 93) - SECONDS) / left))
            run sanitize "$tool.$test" "${SANITIZE_LIMIT:-60}" "$end" compute-sanitizer --tool "$tool" --error-exitcode 9 "$here/bin/$test"
            left=$((left - 1))
        done
    done
fi
