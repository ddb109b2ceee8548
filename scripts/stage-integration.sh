#!/usr/bin/env bash
# The daemon through its front door: real HTTP, sockets, tmux and store.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

need_rust
cd "$ROOT"
if cargo nextest --version >/dev/null 2>&1; then
  cargo nextest run --workspace --locked -E 'kind(test) and not test(/^(main_job|survival|clis|kills|restart)::/)'
else
  cargo test --workspace --locked --no-fail-fast --test '*' -- --skip main_job:: --skip survival:: --skip clis:: --skip kills:: --skip restart::
fi
