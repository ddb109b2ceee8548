#!/usr/bin/env bash
# Reads a stage's log on stdin and prints "PASSED FAILED", summed over the closing
# lines of the runners it knows: nextest, cargo test, vitest, node --test, and the
# plain line "N passed, N failed".
set -euo pipefail

sed 's/\x1b\[[0-9;]*m//g' | awk '
  function number_before(word,   where, found) {
    found = 0
    where = $0
    while (match(where, "[0-9]+ " word)) {
      found += substr(where, RSTART, RLENGTH) + 0
      where = substr(where, RSTART + RLENGTH)
    }
    return found
  }
  / tests? run: / { passed += number_before("passed"); failed += number_before("(failed|timed out|exec failed)") }
  /^test result: / { passed += number_before("passed"); failed += number_before("failed") }
  /^ *Tests  / { passed += number_before("passed"); failed += number_before("failed") }
  /^(ℹ|#) pass / { passed += $3 }
  /^(ℹ|#) fail / { failed += $3 }
  /^([A-Za-z]+: )?[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$/ {
    passed += number_before("passed"); failed += number_before("failed")
  }
  END { print passed + 0, failed + 0 }
'
