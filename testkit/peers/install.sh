#!/usr/bin/env bash
# Installs the pinned web terminals of other projects into a cache folder and prints
# `name<TAB>path` for each; `make bench-peers` measures them beside Orchestra.
#
# Cache: ${ORCHESTRA_TEST_CACHE:-<repository>/.cache}/peers. A second run with the same lock
# file does no work. Its terminal module is compiled here, with the headers of the system's
# node when it has them, so that nothing but the package registry is asked.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cache="${ORCHESTRA_TEST_CACHE:-$here/../../.cache}"
mkdir -p "$cache/peers"
target="$(cd "$cache/peers" && pwd)"

fail() { echo "install.sh: $*" >&2; exit 1; }

if grep -q '"resolved"' "$here/package-lock.json"; then
  fail 'package-lock.json holds "resolved" addresses; write it with omit-lockfile-registry-resolved=true'
fi

wetty="$target/node_modules/wetty/build/main.js"
stamp="$(cat "$here/package.json" "$here/package-lock.json" "${BASH_SOURCE[0]}" | sha256sum | cut -d' ' -f1)"
if [[ "$(cat "$target/.stamp" 2>/dev/null || true)" != "$stamp" ]]; then
  rm -f "$target/.stamp"
  cp "$here/package.json" "$here/package-lock.json" "$target/"
  prefix="$(dirname "$(dirname "$(command -v node)")")"
  if [[ -e "$prefix/include/node/node.h" ]]; then export npm_config_nodedir="$prefix"; fi
  (cd "$target" && npm ci --no-audit --no-fund --loglevel=error --ignore-scripts >&2) || fail "npm ci failed in $target"
  # Only this module has to be built; npm versions differ in whose scripts they run.
  (cd "$target" && npm rebuild node-pty --foreground-scripts --loglevel=error >&2) || fail 'node-pty could not be built: a C++ compiler and python3 are needed'
  node -e "require('$target/node_modules/node-pty')" || fail 'node-pty does not load'
  echo "$stamp" > "$target/.stamp"
fi
printf 'wetty\t%s\n' "$wetty"
