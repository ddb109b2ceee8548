#!/usr/bin/env bash
# Builds the pinned Zellij from crates.io into a cache folder and prints its path;
# `make bench-peers` measures its web client. The first time takes half an hour of two cores.
#
# Cache: ${ORCHESTRA_TEST_CACHE:-<repository>/.cache}/peers/zellij.
set -euo pipefail

version=0.45.1
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
target="${ORCHESTRA_TEST_CACHE:-$here/../../.cache}/peers/zellij"
mkdir -p "$target"
target="$(cd "$target" && pwd)"

program="$target/bin/zellij"
if [[ "$("$program" --version 2>/dev/null || true)" != "zellij $version" ]]; then
  echo "building Zellij $version; this takes half an hour" >&2
  # From another folder, so that neither our toolchain file nor our profiles are meant.
  (cd "$target" && CARGO_TARGET_DIR="$target/build" cargo install zellij --version "$version" \
    --locked --quiet --root "$target" >&2)
  rm -rf "$target/build"
fi
printf '%s\n' "$program"
