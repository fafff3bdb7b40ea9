#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# scripts/setup.sh: finds or makes an environment with Kokkos. Called by the other scripts; calling
# it alone does no harm.
. "$(dirname "${BASH_SOURCE[0]}")/lib/environment.sh"
explain_if_asked "$@"
find_environment
say "environment: $environment"
