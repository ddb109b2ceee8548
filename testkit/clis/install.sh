#!/usr/bin/env bash
# Puts the pinned agent CLIs into a cache folder and prints where their programs are.
#
#   testkit/clis/install.sh            cache in ${ORCHESTRA_TEST_CACHE:-<repository>/.cache}/clis
#
# Prints one line per CLI, `name<TAB>path<TAB>version`, and nothing else on stdout. A second run with
# the same lock file does no work. A CLI that cannot be installed or started ends the run with 1,
# so that tests never quietly run without the real thing.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cache="${ORCHESTRA_TEST_CACHE:-$here/../../.cache}"
mkdir -p "$cache/clis"
target="$(cd "$cache/clis" && pwd)"
names=(claude codex gemini opencode qwen)
AIDER=0.86.2

fail() { echo "install.sh: $*" >&2; exit 1; }

print_program() {
  local name="$1" path="$2" version
  version="$("$path" --version 2>/dev/null | head -n 1)" || return 1
  [[ -n "$version" ]] || return 1
  printf '%s\t%s\t%s\n' "$name" "$path" "$version"
}

# Asking six CLIs takes seconds, so what they said is kept beside the stamp.
print_programs() {
  local name
  for name in "${names[@]}"; do
    print_program "$name" "$target/node_modules/.bin/$name" || return 1
  done
  print_program aider "$target/aider/bin/aider" || return 1
}

# Aider runs on Python 3.10 to 3.12 only.
python_for_aider() {
  local python
  for python in python3.12 python3.11 python3.10 python3; do
    if "$python" -c 'import sys, venv, ensurepip; sys.exit(not (3, 10) <= sys.version_info[:2] < (3, 13))' 2>/dev/null; then
      echo "$python"
      return
    fi
  done
  return 1
}

# The lock names no download host, and npm fills it in from its own configuration.
if grep -q '"resolved"' "$here/package-lock.json"; then
  fail 'package-lock.json holds "resolved" addresses; write it with omit-lockfile-registry-resolved=true'
fi

stamp="$(cat "$here/package.json" "$here/package-lock.json" "${BASH_SOURCE[0]}" | sha256sum | cut -d' ' -f1)"

# Two test binaries may ask at once: the second waits for the first and then finds the stamp.
exec 9>"$target/.lock"
flock 9

if [[ "$(cat "$target/.stamp" 2>/dev/null || true)" == "$stamp" ]]; then
  cat "$target/.programs"
  exit 0
fi

rm -f "$target/.stamp"
cp "$here/package.json" "$here/package-lock.json" "$target/"
(cd "$target" && npm ci --no-audit --no-fund --loglevel=error >&2) || fail "npm ci failed in $target"

# Some npm versions skip install scripts that nobody approved; this one only links the native program.
(cd "$target/node_modules/@anthropic-ai/claude-code" && node install.cjs >&2) \
  || fail 'the install step of Claude Code failed'

# Its own requirements are pinned by its package.
python="$(python_for_aider)" ||
  fail 'Aider needs Python 3.10, 3.11 or 3.12 with venv; on Debian: apt-get install python3 python3-venv'
rm -rf "$target/aider"
"$python" -m venv "$target/aider"
"$target/aider/bin/python" -m pip install --quiet --disable-pip-version-check "aider-chat==$AIDER" >&2 ||
  fail "aider-chat $AIDER could not be installed"

programs="$(print_programs)" || fail "installed into $target, but a CLI does not answer --version"
echo "$programs" > "$target/.programs"
echo "$stamp" > "$target/.stamp"
echo "$programs"
