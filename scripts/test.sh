#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# scripts/test.sh [ARGUMENTS]: sets up what is missing, builds, runs every test. Arguments go to ctest, and only the programs of the tests
# that they choose are built: scripts/test.sh -L static, scripts/test.sh -R 'chunks'
# SPIKEFUSE_PRESET chooses another preset (debug, asan, strict), SPIKEFUSE_JOBS how many jobs run at once (2).
. "$(dirname "${BASH_SOURCE[0]}")/lib/environment.sh"
explain_if_asked "$@"
find_environment
folder=$(build_folder)
only_configure
if [ $# = 0 ]; then
    configure_and_build
else
    # plan/ holds the tests of all programs, built or not; the command of each is "cmake -E echo PROGRAM".
    programs=$(in_environment "$project_root" ctest --test-dir "$folder/plan" -N -V "$@" 2>&1 | sed -n 's/.*Test command: .* "echo" "\(.*\)"$/\1/p' | sort -u)
    [ -z "$programs" ] || configure_and_build $programs
    export SPIKEFUSE_TEST_PROGRAMS=$(printf '%s ' $programs)
fi
say "testing"
result=0
in_environment "$project_root" ctest --test-dir "$folder" --output-on-failure -j "${SPIKEFUSE_JOBS:-2}" "$@" || result=$?
# ctest names what was skipped, its log knows why.
log=$folder/Testing/Temporary/LastTest.log
[ ! -r "$log" ] || awk '/^explicitly with message:/ { getline; sub(/^ +/, ""); times[$0]++ } /\[spikefuse\].*skipped: / { sub(/.*skipped: /, ""); times[$0]++ } END { for (why in times) print "skipped, " times[why] " of them: " why }' "$log"
exit $result
