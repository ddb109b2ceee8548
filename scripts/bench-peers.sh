#!/usr/bin/env bash
# The figures of terminals with other web terminals beside them: WeTTY, which shows the same
# kind of shell in the same tmux server through `tmux attach`, and Zellij's web client with a
# shell of its own. `PEERS=wetty` leaves Zellij out, which takes half an hour to build the
# first time. Arguments go to orchestra-bench.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

need_node
have g++ || install g++ || die "There is no C++ compiler." "apt-get install g++"
have python3 || install python3 || die "There is no python3." "apt-get install python3"
peers=()
for peer in ${PEERS:-wetty zellij}; do
  case "$peer" in
    wetty) installer=install.sh ;;
    zellij) installer=zellij.sh ;;
    *) die "There is no peer $peer." "PEERS=\"wetty zellij\"" ;;
  esac
  path="$(retry "$ROOT/testkit/peers/$installer")" ||
    die "$peer could not be installed." "testkit/peers/$installer"
  peers+=("--$peer" "$(tail -n 1 <<<"$path" | cut -f 2)")
done
only=()
if [[ " $* " != *" --only "* ]]; then
  for figure in keys connect log flood viewers; do only+=(--only "$figure"); done
fi
exec "$ROOT/testkit/bench/figures.sh" --json "$ROOT/artifacts/bench-peers.json" \
  "${peers[@]}" "${only[@]}" "$@"
