# shellcheck shell=bash
# Sourced by the other scripts: where things lie, what to say, what to install.

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
CACHE="${ORCHESTRA_TEST_CACHE:-$ROOT/.cache}"
TOOLS="$CACHE/tools"
export ROOT CACHE TOOLS

say() { printf '· %s\n' "$*"; }

# die "what is wrong" "the command or step that mends it"
die() {
  printf '\n%s\n' "$1" >&2
  if [[ -n "${2:-}" ]]; then printf '  → %s\n' "$2" >&2; fi
  exit 1
}

# retry COMMAND…: a registry that fails once mostly answers the next time. What the last
# try said is shown, so that a failed set-up tells its reason.
retry() {
  local try
  for try in 1 2 3 4; do
    "$@" && return 0
    [[ $try == 4 ]] && return 1
    say "try $try of 4 failed, again in $((try * 5)) s: $*"
    sleep "$((try * 5))"
  done
}

have() { command -v "$1" >/dev/null 2>&1; }

# version_ok FOUND LEAST: dotted numbers, compared part by part.
version_ok() {
  [[ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" == "$2" ]]
}

# hash_of FILE…: one hash over names and contents.
hash_of() {
  local sum=(sha256sum)
  have sha256sum || sum=(shasum -a 256)
  "${sum[@]}" "$@" | "${sum[@]}" | cut -d' ' -f1
}

# as_root COMMAND…: as root, or with a sudo that asks nothing.
as_root() {
  if [[ "$(id -u)" == 0 ]]; then "$@"; else sudo -n "$@"; fi
}

# One try; the lists may be absent or old, so a failed one renews them for the next.
apt_install() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 "$@" >"$CACHE/apt.log" 2>&1 && return 0
  tail -n 3 "$CACHE/apt.log"
  as_root apt-get update -o Acquire::Retries=3 >>"$CACHE/apt.log" 2>&1
  return 1
}

# install PACKAGE…: Debian packages, where that needs no password.
install() {
  if [[ "$(uname -s)" == Darwin ]]; then
    die "Missing: $*" "brew install $*"
  fi
  have apt-get || die "Missing: $*" "install them with your system's package manager, then run this again"
  if [[ "$(id -u)" != 0 ]] && ! { have sudo && sudo -n true 2>/dev/null; }; then
    die "Missing: $*" "sudo apt-get update && sudo apt-get install -y --no-install-recommends $*"
  fi
  say "installing $*"
  mkdir -p "$CACHE"
  retry apt_install "$@" ||
    die "apt-get could not install $* (log: $CACHE/apt.log)" "apt-get update && apt-get install -y $*"
}

# need PROGRAM PACKAGE: installs PACKAGE when PROGRAM is not on PATH.
need() { have "$1" || install "$2"; }

# The compiler that rust-toolchain.toml names may be installed under another name, such
# as "stable"; rustup would fetch it a second time.
use_installed_toolchain() {
  local wanted names name
  wanted="$(sed -n 's/^channel = "\(.*\)"/\1/p' "$ROOT/rust-toolchain.toml")"
  if ! have rustup || [[ -n "${RUSTUP_TOOLCHAIN:-}" ]]; then return 0; fi
  names="$(rustup toolchain list | cut -d' ' -f1)"
  if grep -q "^$wanted" <<<"$names"; then return 0; fi
  for name in $names; do
    if [[ "$(rustup run "$name" rustc --version 2>/dev/null)" == "rustc $wanted "* ]]; then
      export RUSTUP_TOOLCHAIN="$name"
      return 0
    fi
  done
  # rustup would now fetch it by itself; that is for a person to decide.
  die "The Rust toolchain $wanted is missing." "rustup toolchain install $wanted"
}

need_rust() {
  have cargo || die "Rust is missing." "install it from https://rustup.rs, then run this again"
  use_installed_toolchain
  have cc || install gcc
}

need_node() {
  if ! have node || ! have npm; then
    die "Node.js is missing." "install Node.js 20.19 or newer from https://nodejs.org"
  fi
  local found
  found="$(node -p process.versions.node)"
  version_ok "$found" 20.19.0 ||
    die "Node.js $found is too old; the page needs 20.19 or newer." "install a newer one from https://nodejs.org"
}

need_tmux() {
  need tmux tmux
  local found
  found="$(tmux -V | sed 's/[^0-9]*\([0-9.]*\).*/\1/')"
  version_ok "${found:-99}" 3.2 || die "tmux $found is too old; 3.2a or newer is needed." "upgrade tmux"
}

in_folder() { (cd "$1" && shift && "$@"); }

# npm_ci FOLDER: exactly what its lock file says, only when that changed.
npm_ci() {
  local stamp="$1/node_modules/.stamp" wanted
  wanted="$(hash_of "$1/package-lock.json")"
  [[ "$(cat "$stamp" 2>/dev/null)" == "$wanted" ]] && return 0
  say "npm ci in ${1#"$ROOT/"}"
  retry in_folder "$1" npm ci --no-audit --no-fund --loglevel=error ||
    die "npm ci failed." "cd ${1#"$ROOT/"} && npm ci; is the lock incomplete? node scripts/complete-lock.mjs ${1#"$ROOT/"}"
  echo "$wanted" >"$stamp"
}
