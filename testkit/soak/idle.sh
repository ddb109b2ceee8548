#!/usr/bin/env bash
# Agents that rest cost nothing: real CLIs and shells rest for five minutes, then a day of
# looks is taken at them. Prints the requests at the model, and the daemon's processor time.
#
#   IDLE_SECONDS=300 IDLE_HOURS=24 IDLE_KINDS="claude codex …"   other sizes
set -uo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
export IDLE_SECONDS="${IDLE_SECONDS:-300}" IDLE_HOURS="${IDLE_HOURS:-24}"
export IDLE_KINDS="${IDLE_KINDS:-claude codex gemini opencode qwen aider}"
log="$(mktemp)"
trap 'rm -f "$log"' EXIT

cargo test --workspace --locked --test it -- --nocapture --test-threads=1 clis::idle >"$log" 2>&1
status=$?
grep -aoE $'idle\t.*' "$log"
[[ $status == 0 ]] || tail -n 40 "$log" >&2
exit "$status"
