#!/usr/bin/env bash
# Runs every program of testkit/<name>/, in order of name; `make bench` and `make soak`.
# Further arguments go to each of them.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

name="$1"
shift
cd "$ROOT"
found=0 status=0
for program in "testkit/$name"/*; do
  if [[ -f "$program" && -x "$program" ]]; then
    found=1
    printf '\n━━ %s ━━\n' "$(basename "$program")"
    "$program" "$@" || status=1
  fi
done
[[ $found == 1 ]] || die "There is no program in testkit/$name yet." "see docs/DEVELOPMENT.md"
exit "$status"
