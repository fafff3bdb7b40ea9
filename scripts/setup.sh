#!/usr/bin/env bash
# Finds or makes an environment with Kokkos. Called by the other scripts; calling it alone does no harm.
. "$(dirname "${BASH_SOURCE[0]}")/lib/environment.sh"
find_environment
say "environment: $environment"
