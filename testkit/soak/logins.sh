#!/usr/bin/env bash
# Many logins in a row with the real OpenID provider: LOGINS by API (default 180) and
# BROWSER_LOGINS in Chromium (default 20); one failure ends it.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
cd "$root"
testkit/oidc/install.sh >/dev/null
cargo build --quiet --locked --bins
LOGINS="${LOGINS:-180}" BROWSER_LOGINS="${BROWSER_LOGINS:-20}" node --test web-ui/e2e/oidc.test.mjs
