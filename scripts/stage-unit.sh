#!/usr/bin/env bash
# Tests beside the code they test: Rust crates, and the test kit's own.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

cd "$ROOT"
if cargo nextest --version >/dev/null 2>&1; then
  cargo nextest run --workspace --lib --bins --locked
else
  cargo test --workspace --lib --bins --locked --no-fail-fast
fi
