#!/usr/bin/env bash
# The comparison of what is shown with what the CLIs do, at full size; `make accuracy`.
exec "$(dirname "${BASH_SOURCE[0]}")/../accuracy/run.sh"
