#!/usr/bin/env bash
# A terminal that prints a gigabyte without a line's end (SOAK_BYTES), while it is watched:
# the same test as in the suite, at full length.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
cd "$root"
export SOAK_BYTES="${SOAK_BYTES:-1000000000}"
cargo test --quiet --locked -p orchestra --test terminal -- faults::no_newline
