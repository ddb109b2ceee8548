#!/usr/bin/env bash
# The performance figures of a release build; see docs/BENCHMARKS.md. Arguments go to
# orchestra-bench: --quick, --only NAME, --json FILE, --url URL.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

need_rust
need_node
need_tmux
need git git
"$ROOT/scripts/web.sh"
say "building with full optimisation; the first time takes some minutes"
# Both at once would share features of dependencies, and measure another program than ships.
for package in orchestra orchestra-bench; do
  cargo build --manifest-path "$ROOT/Cargo.toml" --release --locked --quiet -p "$package" ||
    die "$package did not build." "cargo build --release -p $package"
done

mkdir -p "$ROOT/artifacts"
# The last --json wins, so a caller may name another file.
exec "$ROOT/target/release/orchestra-bench" --json "$ROOT/artifacts/bench.json" "$@"
