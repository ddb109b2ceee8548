#!/usr/bin/env bash
# The main job with the real agent CLIs, and the page in headless Chromium.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

need_rust
cd "$ROOT"
status=0
if compgen -G 'daemon/tests/it/main_job*' >/dev/null; then
  if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --workspace --locked -E 'kind(test) and test(/^(main_job|survival|clis|kills|restart)::/)' || status=1
  else
    cargo test -p orchestra --locked --no-fail-fast --test it -- --test-threads=1 main_job:: survival:: clis:: kills:: restart:: || status=1
  fi
fi
browser=(web-ui/e2e/*.test.mjs)
if [[ -e "${browser[0]}" ]]; then
  ARTIFACTS="$ROOT/artifacts/e2e" node --test --test-concurrency=1 "${browser[@]}" || status=1
fi
# Random programs, real viewers: what people see is what tmux has. More of it: make soak.
node testkit/exact/run.mjs --runs 30 --agents 5 || status=1
exit "$status"
