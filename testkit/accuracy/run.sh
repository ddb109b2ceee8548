#!/usr/bin/env bash
# Is what Orchestra shows what the CLIs do? Plays scripted turns at the real CLIs and prints,
# for each CLI and version, truth beside what was shown, with each source hidden in turn.
# Recordings go into artifacts/accuracy/; rules are tuned on even seeds, odd ones are reported.
#
#   testkit/accuracy/run.sh                   every CLI, ACCURACY_RUNS runs each (default 4)
#   ACCURACY_KINDS="claude codex"             these CLIs
#   ACCURACY_FROM="$PWD/artifacts/accuracy"   judge what was recorded, without any CLI
set -uo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
export ACCURACY_RUNS="${ACCURACY_RUNS:-4}"
export ACCURACY_KINDS="${ACCURACY_KINDS:-claude codex gemini opencode qwen aider}"
log="$(mktemp)"
trap 'rm -f "$log"' EXIT

# One CLI after the other, without nextest's limit on the time of a test.
status=0
for kind in $ACCURACY_KINDS; do
  ACCURACY_KINDS="$kind" cargo test --workspace --locked --test it -- --nocapture --test-threads=1 \
    clis::accuracy::what_is_shown >"$log" 2>&1
  code=$?
  grep -aE $'^(accuracy|table|scenes)\t' "$log"
  [[ $code == 0 ]] || {
    status=1
    grep -aE 'panicked|waited in vain|error' -A 3 "$log" | head -n 20 >&2
  }
done
exit "$status"
