#!/usr/bin/env bash
# Agents that rest cost nothing. Every real CLI and some shells rest for five minutes; then a
# fleet whose looks are quick is looked at as often as in a day. Prints the requests at the
# model, and the daemon's processor time.
#
#   IDLE_SECONDS=300 IDLE_HOURS=24      other sizes
set -uo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
log="$(mktemp)"
trap 'rm -f "$log"' EXIT
status=0

# rest SECONDS HOURS KINDS
rest() {
  IDLE_SECONDS="$1" IDLE_HOURS="$2" IDLE_KINDS="$3" \
    cargo test --workspace --locked --test it -- --nocapture --test-threads=1 clis::idle >"$log" 2>&1
  local code=$?
  grep -aoE $'idle\t.*' "$log"
  [[ $code == 0 ]] || {
    status=1
    grep -aE 'panicked|waited in vain|looks of|error' -A 3 "$log" | head -n 20 >&2
  }
}

rest "${IDLE_SECONDS:-300}" 0 "claude codex gemini opencode qwen aider"
rest 20 "${IDLE_HOURS:-24}" "claude codex"
exit "$status"
