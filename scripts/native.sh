#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# scripts/native.sh [COMPILER]: compiles a training program, and what includes every header, with
# this machine's own compiler (g++) against the libraries of the environment, as a build outside of
# it would. Does nothing where the environment is the machine itself: then all is.
. "$(dirname "${BASH_SOURCE[0]}")/lib/environment.sh"
explain_if_asked "$@"
find_environment
compiler=${1:-g++}
[ "$environment" != native ] || { say "this machine's own compiler compiles everything"; exit 0; }
command -v "$compiler" >/dev/null ||
    { say "no $compiler on this machine itself: not tried"; exit 0; }
headers=$(mktemp -d) # of the userland's folder only these: its C library is another one
trap 'rm -rf "$headers"' EXIT
for name in boost Random123 zlib.h zconf.h; do
    found=$(cd "$environment/usr/include" &&
        ls -d "$name" ./*-linux-gnu/"$name" 2>/dev/null | head -n 1) || true
    [ -z "$found" ] || ln -s "$environment/usr/include/$found" "$headers/$name"
done
flags=(
    -std=c++20 -fopenmp -Wall -Wextra -Wno-psabi -Werror
    -I"$project_root/include"
    -isystem "$environment/usr/include/kokkos"
    -isystem "$environment/usr/include/hdf5/serial"
    -isystem "$headers"
)
say "compiling with $("$compiler" --version | head -n 1)"
"$compiler" "${flags[@]}" -O1 -c "$project_root/examples/04_training_by_hand.cpp" -o /dev/null
"$compiler" "${flags[@]}" -fsyntax-only "$project_root/tests/warnings/consumer.cpp"
