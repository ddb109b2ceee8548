#!/usr/bin/env bash
# Builds the page into web-ui/dist, only when something it is made of has changed.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

need_node
npm_ci "$ROOT/web-ui"
cd "$ROOT/web-ui"

inputs=()
while IFS= read -r file; do inputs+=("$file"); done < <(
  find src public scripts index.html package.json package-lock.json vite.config.ts tsconfig.json \
    -type f | LC_ALL=C sort
)
wanted="$(hash_of "${inputs[@]}")"
stamp=node_modules/.built
if [[ -f dist/index.html && "$(cat "$stamp" 2>/dev/null)" == "$wanted" ]]; then
  exit 0
fi
rm -f "$stamp"
say "building the page"
npm run --silent build -- --logLevel warn || die "The page did not build." "cd web-ui && npm run build"
echo "$wanted" >"$stamp"
