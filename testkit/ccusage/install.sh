#!/usr/bin/env bash
# Installs the pinned ccusage into a cache folder and prints the path of its program: tests
# and `make bench` compare its sums of tokens with ours.
#
# Cache: ${ORCHESTRA_TEST_CACHE:-<repository>/.cache}/ccusage. A second run with the same lock
# file does no work.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cache="${ORCHESTRA_TEST_CACHE:-$here/../../.cache}"
mkdir -p "$cache/ccusage"
target="$(cd "$cache/ccusage" && pwd)"
program="$target/node_modules/.bin/ccusage"

fail() { echo "install.sh: $*" >&2; exit 1; }

if grep -q '"resolved"' "$here/package-lock.json"; then
  fail 'package-lock.json holds "resolved" addresses; write it with omit-lockfile-registry-resolved=true'
fi

# Two tests may ask at once: the second waits for the first and then finds the stamp.
exec 9>"$target/.lock"
flock 9

stamp="$(cat "$here/package.json" "$here/package-lock.json" "${BASH_SOURCE[0]}" | sha256sum | cut -d' ' -f1)"
if [[ "$(cat "$target/.stamp" 2>/dev/null || true)" != "$stamp" ]]; then
  rm -f "$target/.stamp"
  cp "$here/package.json" "$here/package-lock.json" "$target/"
  (cd "$target" && npm ci --no-audit --no-fund --loglevel=error >&2) || fail "npm ci failed in $target"
  "$program" --version >&2 || fail "installed into $target, but it does not answer --version"
  echo "$stamp" > "$target/.stamp"
fi
echo "$program"
