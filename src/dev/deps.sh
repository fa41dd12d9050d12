#!/usr/bin/env bash
# Installs what is missing on Debian 12: deps.sh [run|test|lint|bench|valgrind]. Does nothing, and asks for nothing, when all is there.
#
# Two packages start servers of their own as soon as they are installed: kannel its bearerbox and wapbox, postgresql-15 a
# cluster `main`. Neither is wanted here, and both might take the ports of others. So while we install, policy-rc.d forbids
# starts (unless the machine has a policy of its own: then that one holds), and no cluster is created.
set -eu

RUN=(gcc libc6-dev make pkg-config git kannel postgresql-15 libmicrohttpd-dev libpq-dev libpcre2-dev libcurl4-openssl-dev
    libyaml-dev libcsv-dev libsodium-dev libjansson-dev zlib1g-dev curl ca-certificates)
TEST=(kannel-extras libcmocka-dev nodejs npm openssl clang libclang-rt-14-dev)
LINT=(clang-tidy clang-format cppcheck shellcheck)
BENCH=(wrk)
VALGRIND=(valgrind)

POLICY=/usr/sbin/policy-rc.d
NO_CLUSTER=/etc/postgresql-common/createcluster.d/smshall.conf
LOCK=/run/lock/smshall-deps
MARK="# By smshall, while it installs packages."

choose_packages() {
    packages=("${RUN[@]}")
    case $1 in
    run) ;;
    test) packages+=("${TEST[@]}") ;;
    lint) packages+=("${TEST[@]}" "${LINT[@]}") ;;
    bench) packages+=("${TEST[@]}" "${BENCH[@]}") ;;
    valgrind) packages+=("${TEST[@]}" "${VALGRIND[@]}") ;;
    *) echo "deps.sh: no set \"$1\": run, test, lint, bench or valgrind" >&2 && exit 2 ;;
    esac
}

# Node may be of another origin, whose package brings npm along.
is_installed() {
    case $1 in
    nodejs) ! command -v node >/dev/null || return 0 ;;
    npm) ! command -v npm >/dev/null || return 0 ;;
    esac
    dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed
}

find_missing() {
    local package
    missing=()
    for package in "${packages[@]}"; do
        is_installed "$package" || missing+=("$package")
    done
    [ "${#missing[@]}" -gt 0 ]
}

refuse() {
    {
        echo "deps.sh: $1"
        echo "Missing: ${missing[*]}"
        echo "As root:  apt-get install --no-install-recommends ${missing[*]}"
        echo "(kannel and postgresql-15 start servers of their own when they are installed that way.)"
    } >&2
    exit 1
}

forbid_starts() {
    trap clean_up EXIT
    trap 'exit 1' INT TERM HUP
    # A killed run may have left ours behind.
    ! grep -qs "$MARK" $POLICY || rm $POLICY
    if [ ! -e $POLICY ] && [ ! -L $POLICY ]; then
        made_policy=yes
        printf '#!/bin/sh\n%s\nexit 101\n' "$MARK" >$POLICY
        chmod 755 $POLICY
    fi
    if ! is_installed postgresql-15; then
        mkdir -p "${NO_CLUSTER%/*}"
        printf '%s\ncreate_main_cluster = false\n' "$MARK" >$NO_CLUSTER
    fi
}

clean_up() {
    rm -f "${log-}" $NO_CLUSTER
    [ -z "${made_policy-}" ] || rm -f $POLICY
}

install_missing() {
    export DEBIAN_FRONTEND=noninteractive
    log=$(mktemp)
    echo "Installing (a minute or two): ${missing[*]}"
    apt-get -q -o DPkg::Lock::Timeout=300 update >"$log" 2>&1 || echo "The package lists could not be refreshed; trying with those at hand."
    apt-get -q -y -o DPkg::Lock::Timeout=300 --no-install-recommends install "${missing[@]}" >>"$log" 2>&1 9>&-
}

set_name=${1:-run}
choose_packages "$set_name"
find_missing || exit 0
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || refuse "installing needs root, and there is no sudo here."
    echo "Some packages are missing; installing them with sudo: ${missing[*]}"
    sudo bash "$0" "$set_name" || refuse "sudo did not install them."
    exit 0
fi

# Two clones may come here at once: the second waits, and looks again.
mkdir -p "${LOCK%/*}"
exec 9>$LOCK
flock 9
find_missing || exit 0
forbid_starts
if ! install_missing; then
    cat "$log" >&2
    refuse "apt-get could not install them (its words are above)."
fi
