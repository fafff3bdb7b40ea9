#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# scripts/demo.sh [ARGUMENTS]: sets up what is missing, builds, and runs the demonstration
# in view of a person.
exec "$(dirname "${BASH_SOURCE[0]}")/run.sh" demo "$@"
