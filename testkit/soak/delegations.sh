#!/usr/bin/env bash
# Hands tasks to Claude Code and Codex while the daemon is killed again and again, half of the
# times at named moments between two steps; prints what became of them.
#
#   testkit/soak/delegations.sh         100; DELEGATIONS=20 for a short run
set -uo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
export DELEGATIONS="${DELEGATIONS:-100}"
log="$(mktemp)"
trap 'rm -f "$log"' EXIT

cargo test --workspace --locked --test it -- --nocapture kills:: >"$log" 2>&1
status=$?
grep '^delegations' "$log"
[[ $status == 0 ]] || tail -n 40 "$log" >&2
exit "$status"
