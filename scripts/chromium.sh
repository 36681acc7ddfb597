#!/bin/sh
# Says where Chromium is, for the tests to open the console in it. Installs Debian's as root when there is none, otherwise fails
# with the line to type. No gateway needs any of this.
set -eu
cd "$(dirname "$0")/.."

command -v chromium >/dev/null 2>&1 || scripts/need.sh chromium chromium >&2
command -v chromium
