#!/usr/bin/env bash
# What the machine can review: format, lints, types, scripts, container files and the
# rules of the house. Every check runs, each counts as one; only failures are printed
# in full.
set -uo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

need_rust
cd "$ROOT" || exit 1
passed=0 failed=0
out="$(mktemp)"
trap 'rm -f "$out"' EXIT

# check NAME REMEDY COMMAND…
check() {
  local name="$1" remedy="$2" started=$SECONDS
  shift 2
  if "$@" >"$out" 2>&1; then
    passed=$((passed + 1))
    printf '  ok      %-12s %3s s\n' "$name" "$((SECONDS - started))"
  else
    failed=$((failed + 1))
    printf '  FAILED  %-12s %3s s\n' "$name" "$((SECONDS - started))"
    tail -n 60 "$out"
    printf '  → %s\n' "$remedy"
  fi
}

scripts() { git ls-files --cached --others --exclude-standard '*.sh' '.ci/run'; }
lint_scripts() { scripts | xargs shellcheck --external-sources; }
in_page() { (cd web-ui && npm exec --no -- "$@"); }

check format 'make fmt' cargo fmt --all --check
check clippy 'cargo clippy --workspace --all-targets' \
  cargo clippy --workspace --all-targets --locked --quiet -- -D warnings
check biome 'make fmt, then mend what is left' in_page biome check --error-on-warnings .
check types 'cd web-ui && npm run typecheck' in_page tsc --noEmit
check shellcheck 'scripts/stage-check.sh names the line' lint_scripts
check dockerfile 'see Dockerfile' "$TOOLS/bin/hadolint" Dockerfile
check compose 'see docker-compose.yml' docker-compose -f docker-compose.yml config --quiet
check counting 'scripts/count-check.sh' scripts/count-check.sh
check house 'scripts/house.sh says where' scripts/house.sh
# Licences, sources and banned crates; needs no advisory database.
if cargo deny --version >/dev/null 2>&1; then
  check deny 'see deny.toml' cargo deny --offline check bans licenses sources
else
  echo '  skipped deny          cargo-deny is not installed: cargo install --locked cargo-deny'
fi

echo "check: $passed passed, $failed failed"
[[ $failed == 0 ]]
