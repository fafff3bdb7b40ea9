#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# scripts/in.sh COMMAND...: runs a command in the environment in which the project is built.
. "$(dirname "${BASH_SOURCE[0]}")/lib/environment.sh"
explain_if_asked "${@:---help}"
find_environment
in_environment "$PWD" "$@"
