#!/usr/bin/env bash
# The whole test, stage by stage, from a fresh clone: sets up what it needs, goes on
# after a failed stage so that one run tells everything, and ends with a table and the
# line "N passed, N failed". A stage that ran nothing has failed.
#
#   scripts/test.sh              every stage
#   scripts/test.sh unit web     these stages, after setup and build
set -uo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

ALL=(check unit web integration e2e)
LIMIT="${STAGE_LIMIT:-40m}"
LOGS="$ROOT/artifacts/test"
mkdir -p "$LOGS"
cd "$ROOT" || exit 1
if [[ "${CI:-}" == true ]]; then
  export CARGO_INCREMENTAL=0
fi

stages=("$@")
[[ ${#stages[@]} -gt 0 ]] || stages=("${ALL[@]}")
total_passed=0 total_failed=0 broken='' endings='' rows=()

# row NAME SECONDS PASSED FAILED NOTE
row() { rows+=("$(printf '%-13s %6s %8s %7s  %s' "$@")"); }

run_stage() {
  local name="$1" started=$SECONDS code passed failed note=''
  printf '\n━━ %s ━━\n' "$name"
  timeout "$LIMIT" "$ROOT/scripts/stage-$name.sh" </dev/null 2>&1 | tee "$LOGS/$name.log"
  code=${PIPESTATUS[0]}
  read -r passed failed < <("$ROOT/scripts/count.sh" <"$LOGS/$name.log")
  if [[ $code == 124 ]]; then
    note="stopped after $LIMIT"
  elif [[ $code != 0 && $failed == 0 ]]; then
    note="ended with $code"
  elif [[ $code == 0 && $failed != 0 ]]; then
    note='counted failures'
    code=1
  elif [[ $code == 0 && $passed == 0 && $name != setup && $name != build ]]; then
    note='ran no test'
    code=1
  fi
  # What broke outside any test still counts once, and says why where it is read last.
  if [[ $code != 0 ]]; then
    endings+="$(printf '\n━━ the end of %s ━━\n' "$name"; tail -n 12 "$LOGS/$name.log")"$'\n'
  fi
  if [[ $code != 0 && $failed == 0 ]]; then failed=1; fi
  total_passed=$((total_passed + passed))
  total_failed=$((total_failed + failed))
  row "$name" "$((SECONDS - started)) s" "$passed" "$failed" "$note"
  return "$code"
}

for name in setup build "${stages[@]}"; do
  if [[ -n "$broken" && "$name" != check ]]; then
    row "$name" - 0 1 "not run, $broken failed"
    total_failed=$((total_failed + 1))
  elif ! run_stage "$name" && [[ "$name" == setup || "$name" == build ]]; then
    broken="$name"
  fi
done

printf '%s' "$endings"
printf '\n%-13s %6s %8s %7s\n' stage time passed failed
printf '%s\n' "${rows[@]}"
printf '%-13s %6s %8s %7s\n\n' all "$SECONDS s" "$total_passed" "$total_failed"
echo "logs: artifacts/test/"
echo "$total_passed passed, $total_failed failed"
[[ $total_failed == 0 && $total_passed -gt 0 ]]
