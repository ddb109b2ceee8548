# shellcheck shell=bash
# Where the processor time of the daemon and of tmux goes, in the scenes that cost most:
#
#   bash testkit/bench/profile.sh [agents|flood|keys]…      default: agents flood
#
# Takes the build of `make up`, or PROGRAMS=target/release. Prints the top entries of each
# scene; the samples stay in artifacts/profile/. Needs perf (Debian: linux-perf), and where
# the kernel lets nobody sample, says so and ends with 1. Not executable: `make bench` would
# run it.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

seconds="${SECONDS_EACH:-15}" top="${TOP:-25}"
programs="${PROGRAMS:-$ROOT/target/up}"
out="$ROOT/artifacts/profile"
mkdir -p "$out"
have perf || install linux-perf || die "There is no perf." "apt-get install linux-perf"
if [[ "$programs" == "$ROOT/target/up" ]]; then
  for package in orchestra orchestra-bench; do
    cargo build --manifest-path "$ROOT/Cargo.toml" --profile up --locked --quiet -p "$package"
  done
fi

# profile SCENE
profile() {
  local scene="$1" daemon tmux
  coproc SCENE { "$programs/orchestra-bench" hold "$scene" --seconds "$((seconds + 5))"; }
  local holder="$SCENE_PID" said="${SCENE[0]}"
  read -r -t 120 -u "$said" daemon tmux || die "The scene $scene could not be set."
  perf record --quiet -F 999 -g -p "$daemon,$tmux" -o "$out/$scene.data" -- sleep "$seconds" ||
    die "The kernel lets perf record nothing." "sysctl kernel.perf_event_paranoid=1"
  printf '\n━━ %s: processes ━━\n' "$scene"
  perf report -i "$out/$scene.data" --stdio --no-children -g none --sort comm 2>/dev/null | grep -v '^#' | sed '/^$/d'
  for name in daemon tmux; do
    printf '\n━━ %s: top entries of %s ━━\n' "$scene" "$name"
    perf report -i "$out/$scene.data" --stdio --no-children -g none --pid "${!name}" \
      --sort dso,symbol --percent-limit 0.3 2>/dev/null | grep -v '^#' | sed '/^$/d; s/ *- *- *$//' | head -n "$top"
  done
  wait "$holder" || die "The scene $scene did not hold."
}

scenes=("$@")
((${#scenes[@]})) || scenes=(agents flood)
for scene in "${scenes[@]}"; do profile "$scene"; done
