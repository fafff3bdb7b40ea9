#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# run_on_device.sh [OUT]: on a machine with a GPU and its driver, from the unpacked archive of `cmake --build --preset device`.
# Tests, benchmarks, sanitizers, each with a time limit; OUT (./results) gets a log each, summary.txt and summary.json.
# TESTS, BENCH, SANITIZE: which programs (all by default; - for none). TEST_LIMIT, BENCH_LIMIT, SANITIZE_LIMIT: seconds for each (45, 60, 60);
# JOBS: tests that run side by side (4).
set -u
case ${1-} in -h | --help) awk '/SPDX/ { next } NR > 1 && !/^#/ { exit } NR > 1 { sub(/^# ?/, ""); print }' "$0" && exit ;; esac
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$PWD/results}
mkdir -p "$out" && rm -rf "$out/lines" && mkdir "$out/lines"
out=$(cd "$out" && pwd)
export SPIKEFUSE_SHARED_DIR=${SPIKEFUSE_SHARED_DIR:-$here/shared}
verdict() { case $1 in 0) echo passed ;; 124 | 137) echo timeout ;; 4) echo skipped ;; *) echo "failed:$1" ;; esac; }
run() { # KIND NAME LIMIT COMMAND...
    local kind=$1 name=$2 limit=$3 start=$SECONDS result says
    shift 3
    timeout -k 5 "$limit" "$@" >"$out/$name.txt" 2>&1
    result=$(verdict $?)
    says=$(grep -E 'test cases|assertions|All tests|ERROR SUMMARY|RACECHECK SUMMARY|error|terminate' "$out/$name.txt" | tail -n 1 | cut -c1-120)
    printf '%-9s %-28s %-8s %4ss  %s\n' "$kind" "$name" "$result" $((SECONDS - start)) "$says" | tee "$out/lines/$kind.$name"
    printf '{"kind": "%s", "name": "%s", "result": "%s", "seconds": %d, "says": "%s"}\n' "$kind" "$name" "$result" $((SECONDS - start)) \
        "$(printf '%s' "$says" | sed 's/["\\]/ /g')" >"$out/lines/$kind.$name.json"
}
summarize() {
    cat "$out"/lines/* | grep -v '^{' >"$out/summary.txt"
    { echo '['; cat "$out"/lines/*.json | sed '$!s/$/,/'; echo ']'; } >"$out/summary.json"
}
trap summarize EXIT
chosen() { [ "$1" = - ] || printf '%s\n' $1; }
{ nvidia-smi --query-gpu=name,driver_version,clocks.sm,clocks.max.sm,clocks.mem,power.limit --format=csv || echo "no nvidia-smi"; } 2>&1 | tee "$out/device.txt"

all_tests=$(cd "$here/bin" && ls | grep '_test$')
for test in $(chosen "${TESTS:-$all_tests}"); do # some side by side: they wait for launches more than for the device
    while [ "$(jobs -r | wc -l)" -ge "${JOBS:-4}" ]; do wait -n; done
    run test "$test" "${TEST_LIMIT:-45}" "$here/bin/$test" &
done
wait
all_examples=$(cd "$here/bin" && ls | grep '^[0-9]' || true)
for example in $(chosen "${EXAMPLES:-$all_examples}"); do
    (cd "$out" && run example "$example" 20 "$here/bin/$example")
done
for bench in $(chosen "${BENCH:-device}"); do
    [ -x "$here/bin/$bench" ] || continue
    run bench "$bench" "${BENCH_LIMIT:-60}" "$here/bin/$bench" --out "$out/$bench.json"
    cat "$out/$bench.txt"
done
# Values as input and more than one batch of rows a block; a loop; training: where threads share memory most.
if [ "${SANITIZE:-}" != - ] && command -v compute-sanitizer >/dev/null; then
    for tool in ${SANITIZE:-memcheck racecheck}; do
        run sanitize "$tool" "${SANITIZE_LIMIT:-60}" compute-sanitizer --tool "$tool" --error-exitcode 9 "$here/bin/launches_test"
    done
fi
