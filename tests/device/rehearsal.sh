#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# rehearsal.sh SCRIPT FOLDER: run_on_device.sh with programs that pass, fail, skip and never end, on a machine without a device.
set -eu
rm -rf "$2" && mkdir -p "$2/tree/bin"
cp "$1" "$2/tree/run_on_device.sh"
program() {
    printf '#!/bin/sh\n%s\n' "$2" >"$folder/$1"
    chmod +x "$folder/$1"
}
folder=$2/tree/bin
program good_test 'echo "All tests passed (3 assertions in 1 test case)"'
program bad_test 'echo "test cases: 2 | 1 passed | 1 failed, \"quoted\""; exit 42'
program skipped_test 'exit 4'
program endless_test 'sleep 60'
program device 'shift; echo "[]" >"$1"'
TEST_LIMIT=1 SANITIZE=- "$2/tree/run_on_device.sh" "$2/results" >"$2/output.txt" 2>&1
expect() { grep -q "$1" "$2" || { echo "no '$1' in $2:"; cat "$2"; exit 1; }; }
summary=$2/results/summary.txt
expect '^test *good_test *passed .*All tests passed' "$summary"
expect '^test *bad_test *failed:42 .*1 failed' "$summary"
expect '^test *skipped_test *skipped' "$summary"
expect '^test *endless_test *timeout' "$summary"
expect '^bench *device *passed' "$summary"
expect '\[\]' "$2/results/device.json"
python3 -c 'import json, sys; assert len(json.load(open(sys.argv[1]))) == 5' "$2/results/summary.json"

# The whole run ends in time, whatever the limits of each.
program 01_example true
start=$SECONDS
RUN_LIMIT=6 SANITIZE=- "$2/tree/run_on_device.sh" "$2/late" >"$2/output.txt" 2>&1
summary=$2/late/summary.txt
expect '^test *endless_test *timeout' "$summary"
expect '^example *01_example *left out' "$summary"
[ $((SECONDS - start)) -le 20 ] || { echo "a run of 6 s took $((SECONDS - start))"; exit 1; }

# Sanitizers: each tool on each program.
mkdir "$2/tools"
printf '#!/bin/sh\nbasename "$5"\necho "ERROR SUMMARY: 0 errors"\n' >"$2/tools/compute-sanitizer"
chmod +x "$2/tools/compute-sanitizer"
PATH=$2/tools:$PATH TESTS=- EXAMPLES=- BENCH=- "$2/tree/run_on_device.sh" "$2/sanitized" >"$2/output.txt" 2>&1
for tool in memcheck racecheck; do
    for test in launches_test slices_test weight_splits_test; do
        expect "^sanitize *$tool.$test *passed .*ERROR SUMMARY: 0" "$2/sanitized/summary.txt"
        expect "^$test" "$2/sanitized/$tool.$test.txt"
    done
done
