#!/usr/bin/env bash
# Rules of the house that concern every file. Prints each place that breaks one.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
broken=0

# Patterns are written so that they do not match themselves here.
# forbid "rule" PATTERN [PATHSPEC…]
forbid() {
  local rule="$1" pattern="$2" found
  shift 2
  found="$(git grep --untracked -nIE -e "$pattern" -- "$@")" || return 0
  printf '%s:\n%s\n' "$rule" "$(head -n 20 <<<"$found" | cut -c 1-200)"
  broken=1
}

forbid 'no path of one machine' '(^|[^[:alnum:]_./-])/wor[k]/' .
forbid 'no private key or token' \
  'BEGIN [A-Z ]*PRIVATE KEY[-]{5}(\\n[A-Za-z0-9+/]{16}|$)|ghp[_][A-Za-z0-9]{36}|AKIA[0-9A-Z]{16}|sk-ant[-][A-Za-z0-9_-]{20}' .
forbid 'no download host in a lock file' '"resolved"' '*package-lock.json'
forbid 'no registry host' 'registry[.]npmjs|(static|index)[.]crates[.]io|deb[.]debian[.]org|files[.]pythonhosted' .
forbid 'no test that is switched off' '^ *#\[[i]gnore|(^|[^a-z])(it|test|describe)[.](skip|only)\(' \
  '*.rs' '*.ts' '*.tsx' '*.mjs'
forbid 'no conflict marker' '^(<{7}|>{7}) ' .

# Each lock file belongs to a package file and the other way round.
while IFS= read -r package; do
  if [[ ! -f "${package%.json}-lock.json" ]]; then
    echo "$package has no lock file: npm install --package-lock-only"
    broken=1
  fi
done < <(git ls-files '*package.json')

# What a document names by a relative link is there.
while IFS= read -r document; do
  while IFS= read -r target; do
    if [[ ! -e "$(dirname "$document")/${target%%#*}" ]]; then
      echo "$document links to $target, which is not there"
      broken=1
    fi
  done < <(grep -oE '\]\([^)#: ]+[^): ]*\)' "$document" | sed 's/^](//; s/)$//')
done < <(git ls-files --cached --others --exclude-standard '*.md')

# Every route of the code is documented.
while IFS= read -r route; do
  if ! grep -qF " $route\`" docs/API.md && ! grep -qF "\`$route\`" docs/API.md; then
    echo "docs/API.md does not know $route"
    broken=1
  fi
done < <(git grep --untracked -ohE 'path = "/(api|mcp)[^"]*"' -- 'daemon/src/*.rs' | cut -d'"' -f2 | sort -u)

exit "$broken"
