#!/usr/bin/env bash
# Many logins in a row with the real OpenID provider: LOGINS by API (default 1800) and
# BROWSER_LOGINS in Chromium (default 100); one failure ends it.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
cd "$root"
testkit/oidc/install.sh >/dev/null
cargo build --quiet --locked --bins
LOGINS="${LOGINS:-1800}" BROWSER_LOGINS="${BROWSER_LOGINS:-100}" node --test web-ui/e2e/oidc.test.mjs
