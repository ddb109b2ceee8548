#!/usr/bin/env bash
# The figures of terminals with other web terminals beside them, each showing the same kind
# of shell in the same tmux server through `tmux attach`. Arguments go to orchestra-bench.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

need_node
have g++ || install g++ || die "There is no C++ compiler." "apt-get install g++"
have python3 || install python3 || die "There is no python3." "apt-get install python3"
peers="$(retry "$ROOT/testkit/peers/install.sh")" ||
  die "The other terminals could not be installed." "testkit/peers/install.sh"
wetty="$(tail -n 1 <<<"$peers" | cut -f 2)"
only=()
if [[ " $* " != *" --only "* ]]; then
  for figure in keys connect log flood viewers; do only+=(--only "$figure"); done
fi
exec "$ROOT/testkit/bench/figures.sh" --json "$ROOT/artifacts/bench-peers.json" \
  --wetty "$wetty" "${only[@]}" "$@"
