#!/bin/sh
# Says where nginx is, for the bench to start one of its own. Installs Debian's as root when there is none, otherwise fails with
# the line to type. No gateway needs any of this.
set -eu
cd "$(dirname "$0")/.."

find_nginx() { # Debian keeps servers where only root looks.
    for program in "$(command -v nginx || true)" /usr/sbin/nginx /usr/local/sbin/nginx; do
        if [ -x "$program" ]; then
            echo "$program"
            return 0
        fi
    done
    return 1
}

install_nginx() {
    guard=/usr/sbin/policy-rc.d
    if [ "$(id -u)" = 0 ] && [ -d /usr/sbin ] && [ ! -e "$guard" ]; then
        # Debian would start a server at once, on port 80; the bench wants none but its own.
        printf '#!/bin/sh\nexit 101\n' >"$guard"
        chmod +x "$guard"
        trap 'rm -f "$guard"' EXIT
    fi
    scripts/need.sh nginx nginx
}

find_nginx || { install_nginx >&2 && find_nginx; }
