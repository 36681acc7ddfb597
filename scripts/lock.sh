#!/bin/sh
# Writes requirements.lock and requirements-dev.lock from pyproject.toml: every version pinned, every file hashed, for
# every platform and Python the project supports, and no word of where the packages came from.
# A version that still fits its range stays; delete a lock to take the newest of everything.
set -eu
cd "$(dirname "$0")/.."

PYTHON=${PYTHON:-python3}
UV_VERSION=0.13.8
TOOL=.venv-lock

if [ "$("$TOOL/bin/uv" --version 2>/dev/null | cut -d ' ' -f 2)" != "$UV_VERSION" ]; then
    echo "== fetching uv $UV_VERSION, which resolves for all platforms at once"
    "$PYTHON" -m venv "$TOOL"
    "$TOOL/bin/pip" install --disable-pip-version-check --quiet "uv==$UV_VERSION"
fi

compile() { # the lock to write, then what else uv should know
    echo "== $1"
    lock=$1
    shift
    "$TOOL/bin/uv" --no-config pip compile pyproject.toml --quiet --universal --generate-hashes \
        --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --output-file "$lock" "$@"
}

# Settings of this machine must not steer what everybody installs.
unset UV_FIND_LINKS UV_INDEX UV_INDEX_URL UV_DEFAULT_INDEX UV_EXTRA_INDEX_URL

compile requirements.lock
compile requirements-dev.lock --group dev --constraint requirements.lock
