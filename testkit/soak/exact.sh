#!/usr/bin/env bash
# Are the screens that people see the screens that tmux has? Many seeded programs;
# EXACT_RUNS and EXACT_SEED choose how many and which.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

need_node
npm_ci "$ROOT/web-ui"
npm_ci "$ROOT/testkit/exact"
cd "$ROOT"
[[ -x "${ORCHESTRA_BIN:-target/debug/orchestra}" ]] || die "There is no daemon yet." "cargo build -p orchestra"
exec node testkit/exact/run.mjs --runs "${EXACT_RUNS:-600}" --agents 6 --seed "${EXACT_SEED:-1}"
