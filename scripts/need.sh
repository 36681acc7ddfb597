#!/bin/sh
# Makes sure that a system command is there. Called with the command and the Debian package that holds it: installs the
# package as root, otherwise fails with the line to type.
set -eu

command=$1
package=$2

if command -v "$command" >/dev/null 2>&1; then
    exit 0
fi
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "== this needs $command: installing Debian's $package"
    apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y "$package"
    exit 0
fi
echo "This needs $command. On Debian or Ubuntu, type this and start again:" >&2
echo "    sudo apt-get update && sudo apt-get install -y $package" >&2
exit 1
