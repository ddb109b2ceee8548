#!/usr/bin/env bash
# Gives each fuzz target its time; a crash ends the run with the input that caused it.
#
#   FUZZ_SECONDS=180 scripts/fuzz.sh              each target for so long (default 600)
#   FUZZ_TARGETS="config jwt_header" scripts/fuzz.sh
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

need_rust
seconds="${FUZZ_SECONDS:-600}"
cd "$ROOT/daemon"
cargo fuzz --version >/dev/null 2>&1 ||
  die "cargo-fuzz is missing." "cargo install --locked cargo-fuzz"
# The pinned compiler is a stable one; the instruments' flags need this to be said.
export RUSTC_BOOTSTRAP=1
# Nothing that is fuzzed has unsafe code of ours, so the time is better spent on inputs.
cargo fuzz build --sanitizer none
read -ra targets <<<"${FUZZ_TARGETS:-$(cargo fuzz list | tr '\n' ' ')}"
artifacts="$ROOT/artifacts/fuzz"
mkdir -p "$artifacts"
for target in "${targets[@]}"; do
  printf '\n━━ %s, %s s ━━\n' "$target" "$seconds"
  options=(-max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -max_len=65536 -print_final_stats=1)
  dictionary="fuzz/dictionaries/$target.dict"
  [[ ! -f "$dictionary" ]] || options+=(-dict="$dictionary")
  # What was found before, then what a person wrote down to begin with.
  mkdir -p "fuzz/corpus/$target"
  folders=("fuzz/corpus/$target")
  [[ ! -d "fuzz/seeds/$target" ]] || folders+=("fuzz/seeds/$target")
  cargo fuzz run --sanitizer none "$target" "${folders[@]}" -- "${options[@]}" >"$artifacts/$target.log" 2>&1 ||
    { tail -n 40 "$artifacts/$target.log" >&2 && die "$target found something." "see daemon/fuzz/artifacts/$target"; }
  awk '/^stat::number_of_executed_units/ { runs = $2 } /^stat::peak_rss_mb/ { mb = $2 } / cov: / { for (i = 1; i < NF; i++) if ($i == "cov:") cov = $(i + 1) }
    END { printf "  %d runs, no crash; coverage %d, at most %d MB\n", runs, cov, mb }' "$artifacts/$target.log"
done
