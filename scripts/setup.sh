#!/bin/sh
# Makes .venv, installs one hash-locked file into it and leaves .venv/bin/signalbox behind. Called by make with the lock
# and the stamp to touch; safe to repeat, and to interrupt.
set -eu
cd "$(dirname "$0")/.."

lock=$1
stamp=$2
PYTHON=${PYTHON:-python3}

require_python() {
    if ! command -v "$PYTHON" >/dev/null 2>&1; then
        echo "Signalbox needs Python 3.11 or newer, and there is no $PYTHON here." >&2
        exit 1
    fi
    if ! "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        echo "Signalbox needs Python 3.11 or newer; $PYTHON is $("$PYTHON" -V 2>&1)." >&2
        echo "Name another one: make run PYTHON=/path/to/python3.12" >&2
        exit 1
    fi
}

make_environment() {
    if .venv/bin/python -m pip --version >/dev/null 2>&1; then
        return
    fi
    # What is left of an attempt that broke off is of no use to the next one.
    rm -rf .venv
    if ! can_make_environments; then
        install_venv
    fi
    echo "== making .venv with $("$PYTHON" -V 2>&1)"
    "$PYTHON" -m venv .venv
}

# Debian ships `venv` without the part that installs pip, so that its import alone proves nothing.
can_make_environments() {
    "$PYTHON" -c 'import venv; from ensurepip import version' >/dev/null 2>&1
}

install_venv() {
    if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
        echo "== this Python cannot make virtual environments: installing Debian's python3-venv"
        apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y python3-venv
        if can_make_environments; then
            return
        fi
        echo "$PYTHON still cannot make virtual environments; name one that can, as in: make run PYTHON=/usr/bin/python3.12" >&2
    else
        echo "$PYTHON cannot make virtual environments. On Debian or Ubuntu, type this and start again:" >&2
        echo "    sudo apt-get update && sudo apt-get install -y python3-venv" >&2
    fi
    exit 1
}

install_packages() {
    echo "== installing what $lock names, each file checked against its hash"
    .venv/bin/python -m pip install --disable-pip-version-check --require-hashes -r "$lock"
}

# The program runs from the tree: the environment learns where the tree is, and the command is one line that needs no build.
install_command() {
    packages=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    pwd >"$packages/signalbox.pth"
    cat >.venv/bin/signalbox <<'COMMAND'
#!/bin/sh
exec "$(dirname "$(readlink -f "$0")")/python" -m proxy "$@"
COMMAND
    chmod +x .venv/bin/signalbox
}

require_python
make_environment
install_packages
install_command
touch "$stamp"
