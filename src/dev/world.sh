#!/usr/bin/env bash
# A private world: PostgreSQL, Kannel, the network's stand-in and the hall, all of it in one folder and on free ports of
# 127.0.0.1. `make run` lives in one, each end-to-end test makes one and throws it away.
#
#   world.sh start DIR [--inline] [--fake | --smpp] [--no-reports] [--valve] [--pending N] [--two-smsboxes] [--no-kannel]
#                          [--no-hall] [--no-demo] [--store FOLDER]
#                          --inline: the hall answers in its HTTP response (else: by sendsms)
#                          --no-reports: the hall asks Kannel for no delivery reports
#                          --valve: the hall isolates Kannel while it cannot take messages
#                          --pending N: smsbox asks the hall so many things at a time (else: as in conf/kannel.conf)
#                          --two-smsboxes: what one of them holds is half (the part smsbox2; kannel stands for all three)
#                          --fake: Kannel's fake SMSC on WORLD_SMSC_PORT in the place of the network's stand-in, for load
#                          --smpp: an SMSC by SMPP on WORLD_SMSC_PORT, which the caller plays
#                          --no-kannel: PostgreSQL and the hall alone; --no-hall: PostgreSQL alone, migrated
#                          --store: keep the database and its keys there when the world ends (else: thrown away)
#   world.sh stop DIR
#   world.sh start-PART DIR, stop-PART DIR, kill-PART DIR
#                          one part: postgres, smsc, hall, bearerbox, smsbox, or kannel for both boxes. kill is kill -9
#   world.sh dead DIR      names the parts that should run and do not
#   world.sh psql DIR …    psql as the owner of the store
#
# WORLD_PEPPER_COST is what a service password's hash costs, MEMORY_MIB PASSES: "1 1", for tests; `make run` has the real one, "64 2".
#
# DIR/env tells the rest as shell variables: WORLD_DATABASE, WORLD_HALL_URL, WORLD_PID_HALL … (write_env below). SMSHALL names
# the program, build/smshall by default; other SMSHALL_… variables reach the hall, but for those that make the world.
#
# What is hard here: nothing may be left running, and nothing of others may be stopped. So every process is remembered with the
# time of its start, which no later process with the same pid shares; and what a killed run left is stopped before a new start.
set -eu
umask 077

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
smshall=$(realpath -m "${SMSHALL:-$root/build/smshall}")
export PATH="$PATH:/usr/sbin:/sbin" LC_ALL=C.UTF-8
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY

WORLD_PG_BIN=/usr/lib/postgresql/15/bin
PORTS_LOCK=/tmp/smshall-ports.lock
PORTS_TAKEN=/tmp/smshall-ports

# PostgreSQL refuses to run as root; everything else runs as whoever calls.
as_postgres=()
if [ "$(id -u)" -eq 0 ]; then
    as_postgres=(setpriv --reuid=postgres --regid=postgres --clear-groups --)
fi

say() {
    printf '%s\n' "$*" || true
}

give_up() {
    say "world.sh: $1" >&2
    if [ -n "${2-}" ] && [ -s "$2" ]; then
        say "--- the end of $2" >&2
        tail -n 20 "$2" >&2
        say "---" >&2
    fi
    exit 1
}

# --- processes -------------------------------------------------------------------------------------------------------------

log_of() {
    echo "$WORLD_DIR/log/$1.log"
}

# The time of a process's start, in ticks since the machine's; nothing when there is no such process, or only its zombie.
start_time() {
    local stat field
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
    read -r -a field <<<"${stat##*) }"
    [ "${field[0]}" = Z ] || echo "${field[19]}"
}

remember() {
    echo "$2 $(start_time "$2")" >"$WORLD_DIR/pid/$1"
}

# The pid of a running part, or nothing.
pid_of() {
    local pid='' start=''
    [ ! -e "$WORLD_DIR/pid/$1" ] || read -r pid start <"$WORLD_DIR/pid/$1" || true
    if [ -n "$start" ] && [ "$(start_time "$pid")" = "$start" ]; then
        echo "$pid"
    elif [ "${1%2}" = smsbox ]; then
        smsbox_again "$1"
    fi
}

# What a box of Kannel is told: bearerbox and smsbox the same, a second smsbox its own.
conf_of() {
    echo "$WORLD_DIR/kannel${1##*[!0-9]}.conf"
}

# smsbox starts itself again, with another pid, when bearerbox went away (kannel.md §3). Ours is known by its configuration.
smsbox_again() { # PART
    local file argument
    for file in /proc/[0-9]*/cmdline; do
        mapfile -d '' -t argument 2>/dev/null <"$file" || continue
        if [ "${#argument[@]}" -gt 1 ] && [ "${argument[0]##*/}" = smsbox ] && [ "${argument[-1]}" = "$(conf_of "$1")" ]; then
            file=${file%/cmdline}
            remember "$1" "${file#/proc/}"
            echo "${file#/proc/}"
            return
        fi
    done
}

is_running() {
    [ -n "$(pid_of "$1")" ]
}

# spawn PART FOLDER COMMAND…: in a session of its own, so that the terminal's Ctrl-C reaches whoever stops things in order.
spawn() {
    local part=$1 folder=$2
    shift 2
    (cd "$folder" && exec setsid "$@" 6>&- 9>&-) </dev/null >>"$(log_of "$part")" 2>&1 &
    remember "$part" $!
}

wait_until() {
    local part=$1 limit=$(($2 * ${PATIENCE:-1})) end
    end=$((SECONDS + limit))
    shift 2
    until "$@" >/dev/null 2>&1; do
        is_running "$part" || give_up "$part ended while it started" "$(log_of "$part")"
        [ $SECONDS -lt $end ] || give_up "$part is not ready after $limit s" "$(log_of "$part")"
        sleep 0.1
    done
}

# stop_part PART SIGNAL SECONDS. A smsbox that starts itself again meanwhile is stopped too.
stop_part() {
    local pid told='' end=$((SECONDS + $3 * ${PATIENCE:-1}))
    while pid=$(pid_of "$1") && [ -n "$pid" ]; do
        if [ "$pid" != "$told" ]; then
            kill "-$2" "$pid" 2>/dev/null || true
            told=$pid
        elif [ $SECONDS -ge $end ]; then
            say "$1 did not end in time: kill -9"
            kill -KILL "$pid" 2>/dev/null || true
            end=$((SECONDS + 10))
        fi
        sleep 0.1
    done
}

# --- ports and secrets -----------------------------------------------------------------------------------------------------

port_is_taken() {
    grep -qE "^ *[0-9]+: [0-9A-F]+:$(printf '%04X' "$1") [0-9A-F]+:0000 0A " /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

# Another world's, though nobody may listen there now: a part of it may be stopped, or be played by a test later.
port_is_reserved() {
    local file dir ports
    for file in "$PORTS_TAKEN"/*; do
        { read -r dir && read -r ports; } 2>/dev/null <"$file" || continue
        [ "$dir" != "$WORLD_DIR" ] && [ -d "$dir/pid" ] && [[ " $ports " = *" $1 "* ]] && return
    done
    return 1
}

free_port() {
    local port=$1
    while port_is_taken "$port" || port_is_reserved "$port"; do
        port=$((port + 1))
    done
    echo "$port"
}

reservation() {
    echo "$PORTS_TAKEN/$(printf '%s' "$WORLD_DIR" | sha256sum | cut -c 1-16)"
}

# Until the world stops. A folder that is gone reserves nothing. False: it could not be noted.
reserve_ports() {
    local file
    file=$(reservation)
    mkdir -m 1777 "$PORTS_TAKEN" 2>/dev/null || true
    (umask 022 && printf '%s\n%s\n' "$WORLD_DIR" "$*" >"$file") 2>/dev/null
}

# Two worlds that start at once must not choose the same port: one chooses after the other. Only when its choice cannot be noted the other
# waits until it has started: on a busy machine that takes minutes.
lock_ports() {
    [ -e $PORTS_LOCK ] || (umask 022 && : >$PORTS_LOCK) 2>/dev/null || true
    if exec 9<$PORTS_LOCK; then
        flock -w 120 9 || say "Another world has been starting for two minutes; not waiting for it any longer."
    fi
}

choose_ports() {
    # The phone's default: free for whoever plays with `make run`, so tests keep off it.
    local phones=13031
    [ "$WORLD_KEEP" = yes ] || phones=23400
    lock_ports
    WORLD_PG_PORT=$(free_port 25432)
    WORLD_HALL_PORT=$(free_port 28086)
    WORLD_ADMIN_PORT=$(free_port 23000)
    WORLD_SMSBOX_PORT=$(free_port 23100)
    WORLD_SENDSMS_PORT=$(free_port 23200)
    WORLD_SENDSMS2_PORT=$(free_port 23500)
    WORLD_SMSC_PORT=$(free_port 23300)
    WORLD_PHONES_PORT=$(free_port $phones)
    if reserve_ports $WORLD_PG_PORT $WORLD_HALL_PORT $WORLD_ADMIN_PORT $WORLD_SMSBOX_PORT $WORLD_SENDSMS_PORT $WORLD_SENDSMS2_PORT \
        $WORLD_SMSC_PORT $WORLD_PHONES_PORT; then
        exec 9<&-
    fi
}

make_secret() {
    [ -s "$1" ] || od -An -v -tx1 -N 24 /dev/urandom | tr -d ' \n' >"$1"
}

# --- PostgreSQL ------------------------------------------------------------------------------------------------------------

# Where the user postgres cannot enter (a clone below /root), the database lies here.
outside_of_store() {
    echo "/var/tmp/smshall-$(printf '%s' "$WORLD_STORE" | sha256sum | cut -c 1-16)"
}

# Sets data: the folder of the database.
choose_data() {
    local outside
    mkdir -p "$WORLD_STORE"
    data=$WORLD_STORE/data
    [ ${#as_postgres[@]} -gt 0 ] || return 0
    chmod 711 "$WORLD_DIR" "$WORLD_STORE"
    ! "${as_postgres[@]}" test -x "$WORLD_STORE" || return 0
    outside=$(outside_of_store)
    mkdir -m 711 "$outside" 2>/dev/null || is_ours "$outside" || give_up "$outside is somebody else's: it must go before this can start"
    data=$outside/data
    [ -d "$WORLD_STORE/data" ] || ln -s "$data" "$WORLD_STORE/data"
}

is_ours() {
    [ -d "$1" ] && [ ! -L "$1" ] && [ -O "$1" ]
}

forget_store() {
    local outside
    outside=$(outside_of_store)
    ! is_ours "$outside" || rm -rf "$outside"
    rm -rf "$WORLD_STORE"
}

create_cluster() {
    local name key=$WORLD_STORE/key
    [ ! -e "$data" ] || say "The keys of the earlier store are gone: it is replaced by a new one."
    rm -rf "$data" "$data.password" "$key"
    mkdir "$data" "$key"
    for name in superuser owner hall; do
        make_secret "$key/$name"
    done
    cp "$key/superuser" "$data.password"
    [ ${#as_postgres[@]} -eq 0 ] || chown postgres: "$data" "$data.password"
    (cd / && "${as_postgres[@]}" "$WORLD_PG_BIN/initdb" -D "$data" -U postgres --pwfile "$data.password" -A scram-sha-256 \
        -E UTF8 --locale C.UTF-8 --no-instructions) >"$(log_of initdb)" 2>&1 || {
        rm -rf "$data" "$data.password"
        give_up "initdb failed" "$(log_of initdb)"
    }
    rm -f "$data.password"
}

# The key of service passwords lasts as long as the store that they lie in. An early store has a file that is no such key: nothing was made
# with it.
make_pepper() {
    grep -qE '^[0-9]+ [0-9]+ [0-9]+ ' "$WORLD_PEPPER_FILE" 2>/dev/null ||
        echo "1 $WORLD_PEPPER_COST $(head -c 32 /dev/urandom | base64)" >"$WORLD_PEPPER_FILE"
}

# A killed PostgreSQL leaves its pid file, and children that end by themselves in a moment. One that runs on, from a run whose
# var/run was removed, is stopped.
clear_killed_postgres() {
    local pid end=$((SECONDS + 10)) signal=INT
    [ -e "$data/postmaster.pid" ] || return 0
    while pid=$(process_in "$data") && [ -n "$pid" ]; do
        [ $SECONDS -lt $end ] || signal=KILL
        kill "-$signal" "$pid" || true
        sleep 0.1
    done
    rm -f "$data/postmaster.pid"
}

# A process that works in a folder, or nothing.
process_in() {
    local link
    for link in /proc/[0-9]*/cwd; do
        if [ "$(readlink "$link")" = "$1" ]; then
            link=${link%/cwd}
            echo "${link#/proc/}"
            return
        fi
    done 2>/dev/null
}

conninfo() {
    local file=${3//\\/\\\\}
    echo "host=127.0.0.1 port=$WORLD_PG_PORT dbname=$1 user=$2 passfile='${file//\'/\\\'}'"
}

write_passfile() {
    echo "127.0.0.1:*:*:$1:$(cat "$WORLD_STORE/key/$2")" >"$WORLD_DIR/secret/$2.pgpass"
}

set_conninfos() {
    WORLD_SUPERUSER_DATABASE=$(conninfo postgres postgres "$WORLD_DIR/secret/superuser.pgpass")
    WORLD_OWNER_DATABASE=$(conninfo smshall smshall_owner "$WORLD_DIR/secret/owner.pgpass")
    WORLD_DATABASE=$(conninfo smshall smshall_hall "$WORLD_DIR/secret/hall.pgpass")
}

postgres_answers() {
    "$WORLD_PG_BIN/pg_isready" -q -h 127.0.0.1 -p "$WORLD_PG_PORT"
}

start_postgres() {
    choose_data
    if [ ! -s "$WORLD_STORE/key/hall" ] || [ ! -s "$data/PG_VERSION" ]; then
        create_cluster
    fi
    make_pepper
    clear_killed_postgres
    write_passfile postgres superuser
    write_passfile smshall_owner owner
    write_passfile smshall_hall hall
    # No socket file: its path may be too long for a deep clone. TCP with a password serves everyone.
    spawn postgres / "${as_postgres[@]}" "$WORLD_PG_BIN/postgres" -D "$data" -p "$WORLD_PG_PORT" -c listen_addresses=127.0.0.1 \
        -c unix_socket_directories= -c fsync=on -c log_line_prefix='%m [%p] %u ' -c lc_messages=C
    wait_until postgres 60 postgres_answers
    say "PostgreSQL … ready (port $WORLD_PG_PORT)"
}

superuser_sql() {
    PGOPTIONS="-c client_min_messages=warning" "$WORLD_PG_BIN/psql" -X -q -At -v ON_ERROR_STOP=1 \
        -d "$WORLD_SUPERUSER_DATABASE" >>"$(log_of migrate)" 2>&1
}

# The owner may make roles but is no superuser: what `smshall migrate` needs is what it gets in the field.
create_database() {
    superuser_sql <<END || give_up "the database could not be created" "$(log_of migrate)"
SELECT 'CREATE ROLE smshall_owner LOGIN CREATEROLE' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'smshall_owner') \gexec
SELECT 'CREATE DATABASE smshall OWNER smshall_owner' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'smshall') \gexec
GRANT pg_checkpoint TO smshall_owner; -- tests/bench.sh starts each row from the same ground
ALTER ROLE smshall_owner PASSWORD '$(cat "$WORLD_STORE/key/owner")';
END
}

let_hall_in() {
    superuser_sql <<<"ALTER ROLE smshall_hall LOGIN PASSWORD '$(cat "$WORLD_STORE/key/hall")';" ||
        give_up "the hall's role could not be given its password" "$(log_of migrate)"
}

migrate() {
    local demo=(--demo)
    [ "$WORLD_DEMO" = yes ] || demo=()
    create_database
    (hall_settings && cd "$root" && "$smshall" migrate "${demo[@]}") >>"$(log_of migrate)" 2>&1 6>&- 9>&- ||
        give_up "smshall migrate failed (to begin with a new store: rm -rf $WORLD_STORE)" "$(log_of migrate)"
    let_hall_in
    say "Store … migrated"
}

# --- the hall and the network's stand-in -----------------------------------------------------------------------------------

hall_settings() {
    export SMSHALL_LISTEN=127.0.0.1:$WORLD_HALL_PORT SMSHALL_REPLY=$WORLD_REPLY
    export SMSHALL_DATABASE=$WORLD_DATABASE SMSHALL_OWNER_DATABASE=$WORLD_OWNER_DATABASE
    export SMSHALL_SENDSMS_URL=$WORLD_SENDSMS_URL SMSHALL_SENDSMS_USER=hall SMSHALL_DLR_URL=$WORLD_DLR_URL
    export SMSHALL_SENDSMS_PASSWORD_FILE=$WORLD_SENDSMS_PASSWORD_FILE SMSHALL_TOKEN_FILE=$WORLD_TOKEN_FILE
    export SMSHALL_PEPPER_FILE=$WORLD_PEPPER_FILE
    [ "$WORLD_VALVE" = no ] || export SMSHALL_BEARERBOX_ADMIN_URL=$WORLD_ADMIN_URL SMSHALL_BEARERBOX_ADMIN_PASSWORD_FILE=$WORLD_ADMIN_PASSWORD_FILE
}

answers() {
    curl -q -fsS -m 5 -o /dev/null "$1"
}

start_hall() {
    (
        hall_settings
        spawn hall "$root" "$smshall" serve
    )
    wait_until hall 60 answers "$WORLD_HALL_URL/readyz"
    say "Hall … ready ($WORLD_HALL_URL)"
}

start_smsc() {
    spawn smsc "$root" "$smshall" smsc --listen "127.0.0.1:$WORLD_PHONES_PORT" --kannel "http://127.0.0.1:$WORLD_SMSC_PORT/"
    wait_until smsc 20 port_is_taken "$WORLD_PHONES_PORT"
    say "Network … ready ($WORLD_SMSC_URL)"
}

# --- Kannel ----------------------------------------------------------------------------------------------------------------

# conf/kannel.conf with our ports, passwords and folders, and the network behind it.
write_kannel_conf() {
    sed -e "s|change-me-admin|$(cat "$WORLD_ADMIN_PASSWORD_FILE")|" \
        -e "s|change-me-status|$(cat "$WORLD_STATUS_PASSWORD_FILE")|" \
        -e "s|change-me-sendsms|$(cat "$WORLD_SENDSMS_PASSWORD_FILE")|" \
        -e "s|change-me-token|$(cat "$WORLD_TOKEN_FILE")|" \
        -e "s|^admin-port = .*|admin-port = $WORLD_ADMIN_PORT|" \
        -e "s|^smsbox-port = .*|smsbox-port = $WORLD_SMSBOX_PORT|" \
        -e "s|^sendsms-port = .*|sendsms-port = $WORLD_SENDSMS_PORT|" \
        -e "s|127.0.0.1:8086|127.0.0.1:$WORLD_HALL_PORT|" \
        -e "${WORLD_PENDING:+s/^max-pending-requests = .*/max-pending-requests = $WORLD_PENDING/}" \
        -e 's|"/var/spool/kannel/|"./kannel/|' -e 's|"/var/log/kannel/|"./log/|' "$root/conf/kannel.conf"
    echo
    "write_smsc_$WORLD_SMSC"
}

# One MT at a time: otherwise they overtake each other.
write_smsc_http() {
    cat <<END
group = smsc
smsc = http
system-type = kannel
smsc-id = SIM
port = $WORLD_SMSC_PORT
smsc-username = sim
smsc-password = sim
send-url = "$WORLD_SMSC_URL/mt"
dlr-url = "http://127.0.0.1:$WORLD_SMSC_PORT/dlr"
connect-allow-ip = 127.0.0.1
max-pending-submits = 1
reconnect-delay = 1
END
}

write_smsc_fake() {
    cat <<END
group = smsc
smsc = fake
smsc-id = SIM
port = $WORLD_SMSC_PORT
our-host = 127.0.0.1
connect-allow-ip = 127.0.0.1
END
}

write_smsc_smpp() {
    cat <<END
group = smsc
smsc = smpp
smsc-id = SIM
host = 127.0.0.1
port = $WORLD_SMSC_PORT
smsc-username = sim
smsc-password = sim
system-type = hall
transceiver-mode = true
max-pending-submits = 10
enquire-link-interval = 30
reconnect-delay = 1
END
}

# By stdin, because the command line of a process is public.
kannel_status() {
    curl -q -fsS -m 5 -K - <<<"url=http://127.0.0.1:$WORLD_ADMIN_PORT/status.txt?password=$(cat "$WORLD_STATUS_PASSWORD_FILE")"
}

# The fake SMSC is online only while a client is connected to it, the one by SMPP while the caller plays it.
smsc_is_there() {
    case $WORLD_SMSC in
    fake) port_is_taken "$WORLD_SMSC_PORT" ;;
    smpp) kannel_status ;;
    *) kannel_status | grep -q 'SIM.*(online' ;;
    esac
}

# smsbox_is_connected SENDSMS-PORT
smsbox_is_connected() {
    kannel_status | grep -q 'smsbox.*on-line' && port_is_taken "$1"
}

start_bearerbox() {
    mkdir -p "$WORLD_DIR/kannel/store" "$WORLD_DIR/kannel/dlr"
    write_kannel_conf >"$WORLD_DIR/kannel.conf"
    ! grep -nE '^[^#]*(change-me|/var/)' "$WORLD_DIR/kannel.conf" || give_up "conf/kannel.conf has lines that world.sh does not know"
    spawn bearerbox "$WORLD_DIR" bearerbox -v 4 "$WORLD_DIR/kannel.conf"
    wait_until bearerbox 30 smsc_is_there
}

start_smsbox2() {
    sed -e "s|^sendsms-port = .*|sendsms-port = $WORLD_SENDSMS2_PORT|" -e 's|/smsbox.log|/smsbox2.log|' "$(conf_of smsbox)" >"$(conf_of smsbox2)"
    spawn smsbox2 "$WORLD_DIR" smsbox -v 4 "$(conf_of smsbox2)"
    wait_until smsbox2 30 smsbox_is_connected "$WORLD_SENDSMS2_PORT"
}

start_smsbox() {
    spawn smsbox "$WORLD_DIR" smsbox -v 4 "$(conf_of smsbox)"
    wait_until smsbox 30 smsbox_is_connected "$WORLD_SENDSMS_PORT"
    say "Kannel … ready (sendsms port $WORLD_SENDSMS_PORT, admin port $WORLD_ADMIN_PORT)"
}

# --- the whole -------------------------------------------------------------------------------------------------------------

# Bearerbox first: it tells smsbox to end. The hall stays until smsbox is gone, for what is on its way to it.
stop_parts() {
    local part
    for part in "$@"; do
        case $part in
        bearerbox) stop_part bearerbox TERM 30 ;;
        smsbox | smsbox2) stop_part "$part" TERM 15 ;;
        kannel) stop_parts bearerbox smsbox smsbox2 ;;
        hall) stop_part hall TERM 30 ;;
        smsc) stop_part smsc TERM 10 ;;
        postgres) stop_part postgres INT 60 ;;
        *) give_up "there is no part \"$part\"" ;;
        esac
        rm -f "$WORLD_DIR/pid/$part"
    done
}

stop_all() {
    stop_parts bearerbox smsbox smsbox2 hall smsc postgres
    rm -f "$(reservation)" 2>/dev/null || true
}

write_env() {
    local name part
    for part in $WORLD_PARTS; do
        printf -v "WORLD_PID_${part^^}" '%s' "$(pid_of "$part")"
    done
    for name in "${!WORLD_@}"; do
        printf '%s=%q\n' "$name" "${!name}"
    done >"$WORLD_DIR/env.new"
    mv "$WORLD_DIR/env.new" "$WORLD_DIR/env"
}

read_env() {
    [ -e "$1/env" ] || give_up "there is no world in $1"
    # shellcheck disable=SC1091 # made by write_env
    . "$1/env"
}

set_names() {
    local name
    WORLD_HALL_URL=http://127.0.0.1:$WORLD_HALL_PORT
    WORLD_DLR_URL=$WORLD_HALL_URL/kannel/dlr
    [ "$WORLD_REPORTS" = yes ] || WORLD_DLR_URL=
    WORLD_SMSC_URL=http://127.0.0.1:$WORLD_PHONES_PORT
    WORLD_SENDSMS_URL=http://127.0.0.1:$WORLD_SENDSMS_PORT/cgi-bin/sendsms
    WORLD_ADMIN_URL=http://127.0.0.1:$WORLD_ADMIN_PORT
    WORLD_TOKEN_FILE=$WORLD_DIR/secret/token
    WORLD_PEPPER_FILE=$WORLD_STORE/key/pepper
    WORLD_SENDSMS_PASSWORD_FILE=$WORLD_DIR/secret/sendsms
    WORLD_ADMIN_PASSWORD_FILE=$WORLD_DIR/secret/admin
    WORLD_STATUS_PASSWORD_FILE=$WORLD_DIR/secret/status
    set_conninfos
    for name in token sendsms admin status; do
        make_secret "$WORLD_DIR/secret/$name"
    done
}

read_options() {
    WORLD_DIR=$(realpath -m "$1")
    WORLD_STORE=$WORLD_DIR/store
    WORLD_PEPPER_COST=${WORLD_PEPPER_COST:-1 1}
    WORLD_KEEP=no WORLD_DEMO=yes WORLD_REPLY=sendsms WORLD_REPORTS=yes WORLD_SMSC=http WORLD_VALVE=no WORLD_PENDING=
    WORLD_PARTS="postgres smsc hall bearerbox smsbox"
    local more=''
    shift
    while [ $# -gt 0 ]; do
        case $1 in
        --inline) WORLD_REPLY=inline ;;
        --sendsms) WORLD_REPLY=sendsms ;;
        --no-reports) WORLD_REPORTS=no ;;
        --valve) WORLD_VALVE=yes ;;
        --pending) WORLD_PENDING=$2 && shift ;;
        --two-smsboxes) more=smsbox2 ;;
        --fake | --smpp) WORLD_SMSC=${1#--} WORLD_PARTS="postgres hall bearerbox smsbox" ;;
        --no-kannel) WORLD_PARTS="postgres hall" ;;
        --no-hall) WORLD_PARTS=postgres ;;
        --no-demo) WORLD_DEMO=no ;;
        --store) WORLD_KEEP=yes WORLD_STORE=$(realpath -m "$2") && shift ;;
        *) give_up "there is no option $1" ;;
        esac
        shift
    done
    WORLD_PARTS+=${more:+ $more}
}

# A start that fails half-way, or is interrupted, takes back what it started.
undo_start() {
    trap - EXIT
    trap '' INT TERM HUP
    stop_all
    [ "$WORLD_KEEP" = yes ] || forget_store
    exit 1
}

start_world() {
    local part
    read_options "$@"
    mkdir -p "$WORLD_DIR/log" "$WORLD_DIR/pid" "$WORLD_DIR/secret"
    trap undo_start EXIT
    trap 'exit 1' INT TERM HUP
    stop_all
    [ "$WORLD_KEEP" = yes ] || forget_store
    rm -f "$WORLD_DIR/log/"*
    choose_ports
    set_names
    start_postgres
    migrate
    for part in ${WORLD_PARTS#postgres}; do
        "start_$part"
    done
    write_env
    trap - EXIT INT TERM HUP
}

# A start that was killed has left no env, but pid files.
stop_world() {
    WORLD_DIR=$(realpath -m "$1")
    WORLD_STORE=$WORLD_DIR/store WORLD_KEEP=no
    [ ! -e "$WORLD_DIR/env" ] || read_env "$WORLD_DIR"
    stop_all
    [ "$WORLD_KEEP" = yes ] || forget_store
    rm -f "$WORLD_DIR/env"
}

# A zombie whose other threads still end holds its ports until they have.
has_threads() {
    local thread=("/proc/$1/task"/*)
    [ ${#thread[@]} -gt 1 ]
}

kill_part() {
    local pid
    pid=$(pid_of "$1")
    [ -n "$pid" ] || give_up "$1 does not run"
    kill -KILL "$pid"
    while [ -n "$(start_time "$pid")" ] || has_threads "$pid"; do
        sleep 0.02
    done
}

list_dead() {
    local part
    for part in $WORLD_PARTS; do
        is_running "$part" || echo "$part"
    done
}

usage() {
    sed -n '2,/^$/{/^#/!q;s/^# \{0,1\}//p}' "$0" >&2
    exit 2
}

# PART, or kannel for both of its boxes.
start_parts() {
    local part kannel="bearerbox smsbox"
    [[ $WORLD_PARTS != *smsbox2* ]] || kannel+=" smsbox2"
    for part in ${1/kannel/$kannel}; do
        case $part in
        postgres | smsc | hall | bearerbox | smsbox | smsbox2) "start_$part" ;;
        *) give_up "there is no part \"$part\"" ;;
        esac
    done
}

# One change of a world at a time: a new start waits for what a killed run still had under way.
lock_world() {
    mkdir -p "$1"
    exec 6>"$1/lock.world"
    flock -w 180 6 || say "$1 is being changed by somebody else for three minutes; not waiting any longer."
}

do_in_world() {
    local verb=$1
    shift
    case $verb in
    start-*) start_parts "${verb#start-}" ;;
    stop-*) stop_parts "${verb#stop-}" ;;
    kill-*) kill_part "${verb#kill-}" ;;
    dead) list_dead ;;
    psql) exec "$WORLD_PG_BIN/psql" -X -d "$WORLD_OWNER_DATABASE" "$@" ;;
    *) usage ;;
    esac
    write_env
}

main() {
    local verb=${1-} dir=${2-}
    [ -n "$dir" ] || usage
    shift 2
    case $verb in
    dead | psql) ;;
    *) lock_world "$dir" ;;
    esac
    case $verb in
    start) start_world "$dir" "$@" ;;
    stop) stop_world "$dir" ;;
    *)
        read_env "$dir"
        do_in_world "$verb" "$@"
        ;;
    esac
}

main "$@"
