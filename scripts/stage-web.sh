#!/usr/bin/env bash
# The page's own tests, and its size budget.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

need_node
"$ROOT/scripts/web.sh"
cd "$ROOT/web-ui"
npm run --silent test
if npm run --silent size; then
  echo "budget: 1 passed, 0 failed"
else
  echo "budget: 0 passed, 1 failed"
  exit 1
fi
