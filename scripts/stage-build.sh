#!/usr/bin/env bash
# Builds the page, the daemon and its tests once, so that the stages measure tests.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

need_rust
"$ROOT/scripts/web.sh"
cd "$ROOT"
# The page is embedded, so it comes first. One unit graph for the binary and the tests.
cargo build --workspace --bins --tests --locked ||
  die "The daemon did not build." "cargo build --workspace --bins --tests"
