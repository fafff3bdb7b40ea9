#!/usr/bin/env bash
# scripts/test.sh [ARGUMENTS]: sets up what is missing, builds, runs every test. Arguments go to ctest: scripts/test.sh -L run
# SPIKEFUSE_PRESET chooses another preset (debug, asan, strict).
. "$(dirname "${BASH_SOURCE[0]}")/lib/environment.sh"
explain_if_asked "$@"
find_environment
configure_and_build
say "testing"
result=0
in_environment "$project_root" ctest --test-dir "$(build_folder)" --output-on-failure "$@" || result=$?
# ctest names what was skipped, its log knows why.
log=$(build_folder)/Testing/Temporary/LastTest.log
[ ! -r "$log" ] || awk '/^explicitly with message:/ { getline; sub(/^ +/, ""); times[$0]++ } END { for (why in times) print "skipped, " times[why] " of them: " why }' "$log"
exit $result
