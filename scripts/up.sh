#!/usr/bin/env bash
# From a fresh clone to a running Orchestra: installs what is missing, builds what
# changed, and serves in the foreground until Ctrl-C. Arguments go to `orchestra up`.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

need_rust
need_node
need_tmux
need git git
"$ROOT/scripts/web.sh"

# The profile `up` is quick to build and fast enough to use; see Cargo.toml.
build() {
  cargo build --manifest-path "$ROOT/Cargo.toml" --profile up --locked -p orchestra "$@" ||
    die "The daemon did not build." "cargo build --profile up -p orchestra"
}
if [[ -x "$ROOT/target/up/orchestra" ]]; then
  build --quiet
else
  say "building the daemon; the first time takes some minutes"
  build
fi

# Agents work in the folder this was called from, not in the clone.
cd "${PROJECT:-$PWD}"
exec "$ROOT/target/up/orchestra" up "$@"
