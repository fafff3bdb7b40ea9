#!/usr/bin/env bash
# Sets up what is missing, builds, and runs the demonstration in view of a person.
exec "$(dirname "${BASH_SOURCE[0]}")/run.sh" demo "$@"
