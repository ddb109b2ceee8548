#!/usr/bin/env bats
# The wrapper with real programs in a real terminal; `orchestra` is a program that notes its calls.

setup() {
  WRAP="$BATS_TEST_DIRNAME/../wrap.sh"
  DIR="$(mktemp -d)"
  export ORCHESTRA_AGENT_DIR="$DIR/agent" CALLS="$DIR/calls" ORCHESTRA_BIN="$DIR/orchestra"
  mkdir "$ORCHESTRA_AGENT_DIR"
  cat >"$ORCHESTRA_BIN" <<'HOOK'
#!/bin/bash
printf '%s ' "$@" >>"$CALLS"
cat >>"$CALLS"
echo >>"$CALLS"
HOOK
  chmod +x "$ORCHESTRA_BIN"
}

teardown() {
  rm -rf "$DIR"
}

@test "the exit code is the program's" {
  run "$WRAP" --kind demo -- sh -c 'exit 7'
  [ "$status" -eq 7 ]
}

@test "a program ended by a signal gives 128 and its number" {
  run "$WRAP" --kind demo -- sh -c 'kill -TERM $$'
  [ "$status" -eq 143 ]
}

@test "the program has a terminal" {
  run "$WRAP" --kind demo -- sh -c 'test -t 0 && test -t 1 && echo yes'
  [ "$status" -eq 0 ]
  [[ "$output" == *yes* ]]
}

@test "arguments arrive as they are" {
  run "$WRAP" --kind demo -- printf '<%s>' 'a b' "c'd" '$HOME' '`id`' '; exit 3'
  [ "$status" -eq 0 ]
  [[ "$output" == *"<a b><c'd><\$HOME><\`id\`><; exit 3>"* ]]
}

@test "the person's shell stays theirs" {
  SHELL=/bin/fancy run "$WRAP" --kind demo -- sh -c 'echo "<$SHELL>"'
  [[ "$output" == *'</bin/fancy>'* ]]
}

@test "begin and end are told, in that order" {
  run "$WRAP" --kind demo -- sh -c 'exit 3'
  [ "$(sed -n 1p "$CALLS")" = 'hook demo {"hook_event_name":"SessionStart","source":"startup"}' ]
  [ "$(sed -n 2p "$CALLS")" = 'hook demo {"hook_event_name":"SessionEnd","reason":"exit code 3"}' ]
}

@test "last words are kept without control characters, for their owner only" {
  run "$WRAP" --kind demo -- sh -c 'printf "first\n\033[31mcannot \"find\" it\033[0m\r\n"; exit 1'
  [ "$(tail -n 1 "$ORCHESTRA_AGENT_DIR/last-words.txt")" = 'cannot "find" it' ]
  [ "$(stat -c %a "$ORCHESTRA_AGENT_DIR/last-words.txt")" = 600 ]
}

@test "of many words the last twenty lines are kept" {
  run "$WRAP" --kind demo -- seq 5000
  [ "$(wc -l <"$ORCHESTRA_AGENT_DIR/last-words.txt")" -eq 20 ]
  [ "$(tail -n 1 "$ORCHESTRA_AGENT_DIR/last-words.txt")" = 5000 ]
}

@test "a hook that fails does not fail the program" {
  printf '#!/bin/sh\nexit 1\n' >"$ORCHESTRA_BIN"
  run "$WRAP" --kind demo -- sh -c 'exit 0'
  [ "$status" -eq 0 ]
}

@test "outside of an agent nobody is told and nothing is left" {
  unset ORCHESTRA_AGENT_DIR
  export TMPDIR="$DIR/tmp"
  mkdir "$TMPDIR"
  run "$WRAP" --kind demo -- sh -c 'exit 4'
  [ "$status" -eq 4 ]
  [ ! -e "$CALLS" ]
  [ -z "$(ls -A "$TMPDIR")" ]
}

@test "a wrong call says how it is right" {
  run "$WRAP" --kind
  [ "$status" -eq 2 ]
  run "$WRAP" --kind 'Not A Kind' -- true
  [ "$status" -eq 2 ]
  [[ "$output" == *'[a-z][a-z0-9]*'* ]]
}
