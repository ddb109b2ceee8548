#!/usr/bin/env bash
# Puts the pinned OpenID provider of the tests into a cache folder and prints that folder.
#
#   testkit/oidc/install.sh            cache in ${ORCHESTRA_TEST_CACHE:-<repository>/.cache}/oidc
#
# A second run with the same lock file does no work.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cache="${ORCHESTRA_TEST_CACHE:-$here/../../.cache}"
mkdir -p "$cache/oidc"
target="$(cd "$cache/oidc" && pwd)"
stamp="$(cat "$here/package.json" "$here/package-lock.json" | sha256sum | cut -d' ' -f1)"

exec 9>"$target/.lock"
flock 9
if [[ "$(cat "$target/.stamp" 2>/dev/null || true)" != "$stamp" ]]; then
  rm -f "$target/.stamp"
  cp "$here/package.json" "$here/package-lock.json" "$target/"
  (cd "$target" && npm ci --no-audit --no-fund --loglevel=error >&2) || {
    echo "install.sh: npm ci failed in $target" >&2
    exit 1
  }
  echo "$stamp" >"$target/.stamp"
fi
echo "$target"
