#!/usr/bin/env bash
# Agents, a hundred sockets and one kill of the daemon for half an hour (SOAK_SECONDS): crashes,
# failed calls, memory and descriptors. The same test as in the suite, at full length.
set -uo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
export SOAK_SECONDS="${SOAK_SECONDS:-1800}"
log="$(mktemp)"
trap 'rm -f "$log"' EXIT

cargo test --workspace --locked --test it -- --nocapture endurance:: >"$log" 2>&1
status=$?
grep '^endurance' "$log"
[[ $status == 0 ]] || tail -n 40 "$log" >&2
exit "$status"
