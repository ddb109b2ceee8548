#!/usr/bin/env bash
# Gives each fuzz target its time; a crash ends the run with the input that caused it.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

need_rust
seconds="${FUZZ_SECONDS:-600}"
cd "$ROOT"
[[ -d daemon/fuzz ]] || die "There is no fuzz target yet." "see docs/DEVELOPMENT.md"
cargo fuzz --version >/dev/null 2>&1 ||
  die "cargo-fuzz is missing." "cargo install --locked cargo-fuzz"
cd daemon
# The pinned compiler is a stable one; the sanitizers' flags need this to be said.
export RUSTC_BOOTSTRAP=1
while IFS= read -r target; do
  printf '\n━━ %s, %s s ━━\n' "$target" "$seconds"
  cargo fuzz run "$target" -- -max_total_time="$seconds" -rss_limit_mb=2048
done < <(cargo fuzz list)
