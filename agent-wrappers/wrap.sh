#!/usr/bin/env bash
# Runs a program that has no hooks inside its agent's terminal, tells the daemon when it begins and
# ends, and keeps its last words. CONTRACT.md says what is promised.
#
#   agent-wrappers/wrap.sh [--kind NAME] [--orchestra PATH] [--] PROGRAM [ARGUMENT…]
set -uo pipefail

VERSION=1.0.0
# As much of the end of what it printed is looked at, in bytes.
TAIL=16384
# Most lines of it that are kept.
LINES_KEPT=20
# tmux drops what it has not read when the last process of a terminal ends.
LINGER=0.3

usage() {
  echo "usage: wrap.sh [--kind NAME] [--orchestra PATH] [--] PROGRAM [ARGUMENT…]" >&2
  exit 2
}

kind='' orchestra=${ORCHESTRA_BIN:-orchestra}
while (($#)); do
  case $1 in
    --version) echo "wrap.sh $VERSION"; exit 0 ;;
    --kind) (($# > 1)) || usage; kind=$2; shift 2 ;;
    --orchestra) (($# > 1)) || usage; orchestra=$2; shift 2 ;;
    --) shift; break ;;
    -*) usage ;;
    *) break ;;
  esac
done
(($#)) || usage
[[ -n $kind ]] || kind=$(basename "$1")
[[ $kind =~ ^[a-z][a-z0-9]*$ ]] || {
  echo "wrap.sh: $kind is no kind; give one with --kind, [a-z][a-z0-9]*" >&2
  exit 2
}

folder=${ORCHESTRA_AGENT_DIR:-}
log=$(mktemp "${TMPDIR:-/tmp}/wrap.XXXXXX") || exit 1
trap 'rm -f "$log"' EXIT

# json TEXT: the text as a JSON string.
json() {
  local text=$1
  text=${text//\\/\\\\}
  text=${text//\"/\\\"}
  text=${text//$'\n'/\\n}
  text=${text//$'\t'/\\t}
  text=$(printf '%s' "$text" | tr -d '\000-\037')
  printf '"%s"' "$text"
}

# tell EVENT [NAME TEXT]…: one structured event. A daemon that is away changes nothing: the hook
# keeps the event in the agent's folder.
tell() {
  [[ -n $folder ]] || return 0
  local body name
  body="{\"hook_event_name\":$(json "$1")"
  shift
  while (($# > 1)); do
    name=$1
    body+=",$(json "$name"):$(json "$2")"
    shift 2
  done
  printf '%s}' "$body" | "$orchestra" hook "$kind" >/dev/null 2>&1 || true
}

# What the program printed last, without what steers a terminal.
last_words() {
  tail -c "$TAIL" "$log" |
    sed -e 's/\x1b\[[0-9;?]*[a-zA-Z]//g' -e 's/\x1b\][^\x07\x1b]*\(\x07\|\x1b\\\)//g' -e 's/\x1b[()][A-Z0-9]//g' |
    tr -d '\r\000-\010\013-\037' |
    grep -v '^[[:space:]]*$' | tail -n "$LINES_KEPT"
}

tell SessionStart source startup

# script(1) gives the program a terminal of its own and keeps a copy of what it prints.
# What a person types, and the size of the terminal, pass through. The command is written for
# bash, whatever shell the person has; the program sees theirs.
theirs=(-u SHELL)
[[ -z ${SHELL+set} ]] || theirs=("SHELL=$SHELL")
command=$(printf '%q ' env "${theirs[@]}" "$@")
SHELL=$BASH script --quiet --flush --return --log-out "$log" --command "exec $command"
code=$?

# The first and the last line are script's own.
sed -i -e '1{/^Script started on /d}' -e '${/^Script done on /d}' "$log" 2>/dev/null
words=$(last_words)
if [[ -n $folder && -d $folder && -n $words ]]; then
  (umask 077 && printf '%s\n' "$words" >"$folder/last-words.txt")
fi
tell SessionEnd reason "exit code $code"
sleep "$LINGER"
exit "$code"
