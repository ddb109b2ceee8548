#!/usr/bin/env bash
# Sends many prompts to each real agent CLI and prints the table: sent, accepted, lost, doubled.
#
#   testkit/soak/receipts.sh            200 each; PROMPTS=10 for a short run
set -uo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
export PROMPTS="${PROMPTS:-200}"
log="$(mktemp)"
trap 'rm -f "$log"' EXIT

# One after the other, without nextest's limit on the time of a test.
cargo test --workspace --locked --test it -- --nocapture --test-threads=1 \
  clis::gemini clis::opencode clis::qwen clis::aider clis::claude_and_codex >"$log" 2>&1
status=$?
grep -o 'receipts.*' "$log" | sort
[[ $status == 0 ]] || tail -n 40 "$log" >&2
exit "$status"
