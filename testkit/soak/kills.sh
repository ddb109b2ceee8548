#!/usr/bin/env bash
# Kills the daemon under a running delegated task again and again, with the real CLIs: each
# round is the survival test of the suite. SOAK_ROUNDS says how often (default 20).
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
cd "$root"
mkdir -p artifacts
rounds="${SOAK_ROUNDS:-20}"
passed=0 failed=0
for ((round = 1; round <= rounds; round++)); do
  if cargo test --quiet --locked -p orchestra --test it -- survival::a_delegated_task_outlives_kill_9 >"$root/artifacts/soak-$round.log" 2>&1; then
    passed=$((passed + 1))
    rm -f "$root/artifacts/soak-$round.log"
  else
    failed=$((failed + 1))
    printf 'round %s failed: artifacts/soak-%s.log\n' "$round" "$round"
  fi
  printf 'round %s of %s: %s passed, %s failed\n' "$round" "$rounds" "$passed" "$failed"
done
printf '%s passed, %s failed\n' "$passed" "$failed"
((failed == 0))
