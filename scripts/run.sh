#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# scripts/run.sh NAME [ARGUMENTS]: builds and runs a program (an example, a benchmark, a tool, a
# test) by its name.
. "$(dirname "${BASH_SOURCE[0]}")/lib/environment.sh"
programs() {
    (cd "$project_root" &&
        for f in examples/*.cpp examples/*.c examples/*.f90 bench/*.cpp tools/*/*.cpp \
            tests/unit/*.cpp tests/run/*.cpp tests/reference/*.cpp tests/train/*.cpp \
            tests/fuzz/*.cpp tests/generated/*.cpp; do
            if [ -f "$f" ]; then
                f=${f##*/}
                echo "${f%.*}"
            fi
        done) | sort
}
usage() {
    printf 'usage: scripts/run.sh NAME [ARGUMENTS]\nprograms:\n' && programs | sed 's/^/  /'
}
case ${1-} in
-h | --help) usage && exit ;;
'') usage >&2 && exit 2 ;;
esac
name=$1
shift
programs | grep -xF -- "$name" >/dev/null ||
    fail "there is no program '$name'" "use one of: $(programs | tr '\n' ' ')"
find_environment
configure_and_build "$name"
export OMP_PROC_BIND=${OMP_PROC_BIND:-spread} OMP_PLACES=${OMP_PLACES:-threads}
in_environment "$PWD" "$(build_folder)/bin/$name" "$@"
