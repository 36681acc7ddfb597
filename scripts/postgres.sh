#!/bin/sh
# Says in which folder the programs of a PostgreSQL server are (initdb, postgres), for the tests to start one of their own.
# Installs Debian's as root when there are none, otherwise fails with the line to type. No gateway needs any of this.
set -eu
cd "$(dirname "$0")/.."

find_server() { # the newest first, for a machine may have several
    for folder in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t / -k 5 -n -r) $(echo "$PATH" | tr ':' ' '); do
        if [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ]; then
            echo "$folder"
            return 0
        fi
    done
    return 1
}

install_server() {
    if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
        # Debian would start a server at once, on the usual port; the tests want none but their own.
        scripts/need.sh pg_createcluster postgresql-common
        sed -i 's/^#*create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
    fi
    scripts/need.sh initdb postgresql
}

find_server || { install_server >&2 && find_server; }
