#!/usr/bin/env bash
# count.sh reads the closing lines of every runner we use. Samples of each, with colours.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

# expect "PASSED FAILED" TEXT
expect() {
  local got
  got="$(printf '%b\n' "$2" | ./count.sh)"
  if [[ "$got" != "$1" ]]; then
    printf 'count.sh gave %s instead of %s for: %s\n' "$got" "$1" "$2"
    exit 1
  fi
}

expect '12 0' '     Summary [   0.123s] \e[1m12\e[0m tests run: \e[32m12\e[0m passed, 0 skipped'
expect '9 3' '     Summary [   9s] 12 tests run: 9 passed (1 slow), 2 failed, 1 timed out, 0 skipped'
expect '5 1' 'test result: FAILED. 5 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out'
expect '7 0' 'test result: ok. 5 passed; 0 failed\ntest result: ok. 2 passed; 0 failed'
expect '11 1' ' Test Files  1 failed | 2 passed (3)\n      \e[2mTests\e[22m  1 failed | 11 passed (12)'
expect '4 0' '      Tests  4 passed (4)\nbudget: 0 passed, 0 failed'
expect '3 1' '# tests 4\n# pass 3\n# fail 1'
expect '3 1' 'ℹ pass 3\nℹ fail 1'
expect '8 2' 'check: 8 passed, 2 failed'
expect '8 2' '8 passed, 2 failed, 1 skipped'
expect '0 0' 'nothing here passed, and 3 passed by'
