#!/usr/bin/env bash
# Runs the catalogue of docs/SECURITY-TESTS.md and prints it as a table: id, expectation, outcome.
set -uo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

need_rust
need_node
cd "$ROOT" || exit 1
mkdir -p artifacts
log=artifacts/security.log
names="$(node scripts/security-table.mjs --filter)"
status=0
cargo nextest run --workspace --locked --no-fail-fast --final-status-level pass -E "$names" >"$log" 2>&1 || status=1
if cargo build --locked --bins >>"$log" 2>&1; then
  testkit/oidc/install.sh >/dev/null &&
    mapfile -t pages < <(grep -lE "^test\(.[a-z][0-9]{2} " web-ui/e2e/*.test.mjs) &&
    node --test --test-concurrency=1 --test-reporter=tap --test-name-pattern='^[a-z]\d\d ' "${pages[@]}" >>"$log" 2>&1 ||
    status=1
fi
node scripts/security-table.mjs "$log" || status=1
exit "$status"
