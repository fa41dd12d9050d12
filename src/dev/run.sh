#!/usr/bin/env bash
# make run: the whole hall on this machine, until Ctrl-C. Everything lies under var/: var/run is this run (logs, ports, Kannel),
# var/store the database with its keys, which stays.
#
# Ctrl-C, SIGTERM, the end of the terminal or of make, and a start that fails half-way all lead to stop(). Only kill -9 does not;
# what that leaves behind is stopped by the next start (world.sh).
set -eu

cd "$(dirname "$0")/../.."
run=var/run
world=src/dev/world.sh
smshall=${SMSHALL:-build/smshall}
make=$PPID

mkdir -p $run
exec 8>$run/lock
if ! flock -n 8; then
    echo "The hall of this clone runs already, in another terminal. Its ports: $run/env" >&2
    exit 1
fi

# Whoever read our words may be gone with the terminal: that must not keep us from stopping.
stop() {
    trap '' INT TERM HUP PIPE
    trap - EXIT
    set +e
    printf '\nStopping Kannel, the hall, the network and PostgreSQL …\n'
    $world stop $run 8>&-
    echo "Stopped. The store stays in var/store for the next run."
} 2>/dev/null

catch_signals() {
    trap stop EXIT
    trap 'exit 0' INT TERM HUP PIPE
}

send() {
    echo
    "$smshall" phone 13800138000 --smsc "$WORLD_SMSC_URL" --wait 30 --once "$1" 8>&- && return
    echo "No reply came. The ends of the logs in $run/log:" >&2
    tail -n 5 $run/log/{smsc,bearerbox,access,smsbox,hall,postgres}.log >&2
    exit 1
}

first_conversation() {
    echo
    echo "A first conversation: 13800138000 texts 10086, through Kannel and back."
    send YE
    send ZD201211
    send 今天天气真好
}

how_to_go_on() {
    cat <<END

The hall is up. Go on in another terminal:
    $smshall phone 13800138000 --smsc $WORLD_SMSC_URL
and text KTCL, then 是; GN; 0000, then a number of the list; QXCL; HELP CL. What was agreed, as evidence:
    SMSHALL_OWNER_DATABASE="$WORLD_OWNER_DATABASE" $smshall evidence 13800138000
Hall        $WORLD_HALL_URL/metrics
Kannel      sendsms port $WORLD_SENDSMS_PORT, admin port $WORLD_ADMIN_PORT
PostgreSQL  $world psql $run
Logs        $run/log
Ctrl-C stops everything.
END
}

# Sets caught: the signals that a process handles, as the kernel tells it, one bit each.
read_signals_caught_by() {
    local key value
    caught=''
    while read -r key value; do
        [ "$key" != SigCgt: ] || caught=$value
    done <"/proc/$1/status" || true
} 2>/dev/null

# make passes SIGTERM on to us, but not a SIGINT that was sent to it alone: it takes down its handler and waits for us. Nor does a
# make that was killed say so.
make_is_content() {
    read_signals_caught_by "$make"
    [ "$caught" = "$content" ]
}

# A part that dies is started again, as a supervisor in the field would; but not for ever. No $(…) in this loop: bash 5.2 may lose
# the trap of a signal that comes while it reads one.
watch_over() {
    local dead part tries=0
    while make_is_content; do
        $world dead $run >$run/dead 8>&-
        mapfile -t dead <$run/dead
        for part in "${dead[@]}"; do
            tries=$((tries + 1))
            if [ $tries -gt 10 ]; then
                echo "$part does not stay up; its log: $run/log/$part.log" >&2
                exit 1
            fi
            echo "$part has ended: starting it again."
            $world "start-$part" $run 8>&-
        done
        sleep 1 8>&-
    done
}

read_signals_caught_by "$make"
content=$caught
catch_signals
WORLD_PEPPER_COST="64 2" $world start $run --valve --store var/store 8>&-
# shellcheck disable=SC1091 # made by world.sh
. $run/env
first_conversation
how_to_go_on
watch_over
