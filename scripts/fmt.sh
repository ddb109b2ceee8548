#!/usr/bin/env bash
# Formats Rust and the page.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

need_rust
need_node
cd "$ROOT"
cargo fmt --all
npm_ci "$ROOT/web-ui"
cd web-ui
npm exec --no -- biome check --write . || die "Biome left something for a person." "see the lines above"
