#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# scripts/test.sh [ARGUMENTS]: sets up what is missing, builds, runs every test. Arguments go to
# ctest, and only the programs of the tests that they choose are built:
# scripts/test.sh -L static, scripts/test.sh -R 'chunks'
# Where clang++ stands beside the compiler of the preset release, it builds what tests values, which
# is three times as quick; and where qemu and what programs for aarch64 are linked with stand too
# (the private userland has them), some tests run once more as such programs.
# SPIKEFUSE_PRESET chooses another preset (debug, asan, tsan, strict, aarch64; one compiler builds
# all), SPIKEFUSE_JOBS how many jobs run at once (2).
. "$(dirname "${BASH_SOURCE[0]}")/lib/environment.sh"
explain_if_asked "$@"
find_environment
export SPIKEFUSE_PRESET=${SPIKEFUSE_PRESET:-release}
presets=("$SPIKEFUSE_PRESET")
of_preset() { (export SPIKEFUSE_PRESET=$1 && shift && "$@"); }

if [ "$SPIKEFUSE_PRESET" != release ]; then
    only_configure
elif in_environment "$project_root" sh -c 'command -v clang++' >/dev/null &&
    of_preset values only_configure; then
    presets=(values release)
    only_configure SPIKEFUSE_TESTS=rest
else
    say "no clang++ that builds here: one compiler builds all"
    only_configure SPIKEFUSE_TESTS=all
fi
if [ "$SPIKEFUSE_PRESET" = release ]; then
    if in_environment "$project_root" sh -c "command -v clang++ && command -v ld.lld && \
command -v qemu-aarch64 && ls -d $arm_tree" >/dev/null 2>&1; then
        presets+=(aarch64)
        of_preset aarch64 only_configure
    else
        say "nothing here makes and runs programs for aarch64: not tested"
    fi
fi

# ctest reads one folder; plan/ in each holds the tests of all programs, built or not; the command
# of each is "cmake -E echo PROGRAM".
parts=$(build_folder)/parts
mkdir -p "$parts"
for preset in "${presets[@]}"; do
    printf 'subdirs("%s")\n' "$(of_preset "$preset" build_folder)"
done >"$parts/CTestTestfile.cmake"
# programs_of PRESET [ARGUMENTS]: those of the tests that ctest would choose.
programs_of() {
    local plan
    plan=$(of_preset "$1" build_folder)/plan
    shift
    in_environment "$project_root" ctest --test-dir "$plan" -N -V "$@" 2>&1 |
        sed -n 's/.*Test command: .* "echo" "\(.*\)"$/\1/p' | sort -u
}
export SPIKEFUSE_TEST_PROGRAMS=
for preset in "${presets[@]}"; do
    if [ $# = 0 ]; then
        of_preset "$preset" configure_and_build
        continue
    fi
    programs=$(programs_of "$preset" "$@")
    [ -z "$programs" ] || of_preset "$preset" configure_and_build $programs
    SPIKEFUSE_TEST_PROGRAMS+=$(printf '%s ' $programs)' '
done
[ $# != 0 ] || unset SPIKEFUSE_TEST_PROGRAMS
say "testing"
result=0
in_environment "$project_root" ctest --test-dir "$parts" --output-on-failure \
    -j "${SPIKEFUSE_JOBS:-2}" "$@" || result=$?
# ctest names what was skipped, its log knows why.
log=$parts/Testing/Temporary/LastTest.log
[ ! -r "$log" ] || awk '
    /^explicitly with message:/ { getline; sub(/^ +/, ""); times[$0]++ }
    /\[spikefuse\].*skipped: / { sub(/.*skipped: /, ""); times[$0]++ }
    END { for (why in times) print "skipped, " times[why] " of them: " why }' "$log"
exit $result
