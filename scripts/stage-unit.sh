#!/usr/bin/env bash
# Tests beside the code they test: the Rust crates, and the test kit.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

need_rust
cd "$ROOT"
status=0
if cargo nextest --version >/dev/null 2>&1; then
  cargo nextest run --workspace --lib --bins --locked || status=1
else
  cargo test --workspace --lib --bins --locked --no-fail-fast || status=1
fi
kit=(testkit/*/*.test.mjs)
node --test "${kit[@]}" || status=1
# In the words that every runner's closing line is counted by.
tap="$(mktemp)"
bats --formatter tap agent-wrappers/test | tee "$tap" || status=1
printf '%s passed, %s failed\n' "$(grep -c '^ok ' "$tap")" "$(grep -c '^not ok ' "$tap")"
rm -f "$tap"
exit "$status"
