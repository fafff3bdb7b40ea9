#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# scripts/bench.sh [--quick] [--rounds N] [--threads N] [--mnist FOLDER] [CASE...]: measures, and
# writes build/bench/results.json, results.md and SVG pictures.
. "$(dirname "${BASH_SOURCE[0]}")/lib/environment.sh"
usage() {
    cat <<'USAGE'
usage: scripts/bench.sh [--quick] [--rounds N] [--threads N] [--mnist FOLDER] [CASE...]
       scripts/bench.sh --report

Every case runs this library, a hand-written twin, the bare matrix products and the other libraries
(norse, snnTorch, Rockpool, SpikingJelly, Brian2), which are installed into the cache folder at the
first run; GeNN takes part once its source has been built there. Outputs are compared before
anything is timed. Cases that are not named keep what an earlier run measured.

cases: lin512 lin512-half lin512-analog lin2048 lin2048-half lin2048-analog mlp1 mlp32 mlp256
       recurrent adex latency mnist128 mnist1 memory sweep
       (none: all of them, about an hour and a half on two cores)

  --quick      3 rounds, no other libraries but numpy, for the matrix products; a few minutes for
               all cases
  --rounds N   timings of each figure; default 7
  --threads N  threads of everybody; default: all processors
  --mnist FOLDER  where MNIST's t10k files and mnist_if.nir lie, at any depth; default: ../shared
  --report     measures nothing: writes the tables and pictures again
USAGE
}
for word in "$@"; do case $word in -h | --help) usage; exit 0 ;; esac; done
python=$(command -v python3 || true)
[ -n "$python" ] ||
    fail "python3 is missing" \
        "install Python 3.9 or later, with venv and pip for the other libraries"
find_environment
export PYTHONDONTWRITEBYTECODE=1
export OMP_PROC_BIND=${OMP_PROC_BIND:-spread} OMP_PLACES=${OMP_PLACES:-threads}
folder=$(build_folder)
programs=$("$python" "$project_root/bench/bench.py" --which "$@") || { usage >&2; exit 2; }
[ -z "$programs" ] || configure_and_build $programs
exec "$python" "$project_root/bench/bench.py" --programs "$folder/bin" --cache "$cache_root" "$@"
