#!/usr/bin/env bash
# Kannel's own gap: smsbox acknowledges a message before we have taken it, and what it holds dies with it (kannel.md §0.1; E3). While the hall
# cannot take messages it isolates bearerbox: they wait at the SMSC. Shown with a real Kannel whose fake SMSC stops reading then, as one by
# smpp refuses for now; smsbox is killed -9 in the worst moment each time. Prints TAP, and figures.
#
# GAP_TABLE=1 prints what is lost without each of the means instead (some minutes): the table of the README. GAP_RATE (100 messages a second),
# GAP_OUTAGE (8 s).
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=tests/tap/tap.sh
. tests/tap/tap.sh
export SMSHALL=${SMSHALL:-build/smshall}
world=$(mktemp -d /tmp/smshall-gap.XXXXXX)
first=13700000000 sent=0 lost=0 rate=${GAP_RATE:-100} outage=${GAP_OUTAGE:-8}
reader='' load=''

disconnect() {
    [ -z "$load" ] || kill "$load" 2>/dev/null || true
    [ -z "$reader" ] || kill "$reader" 2>/dev/null || true
    load='' reader=''
    exec 5>&- || true
}

# A bearerbox one of whose boxes was killed does not end by itself within its 30 s.
stop_world() {
    local part
    for part in bearerbox smsbox smsbox2; do
        src/dev/world.sh kill-$part "$world" 2>/dev/null || true
    done
    src/dev/world.sh stop "$world"
}

clean_up() {
    disconnect 2>/dev/null
    stop_world
    rm -rf "$world"
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP

world() {
    src/dev/world.sh "$1" "$world" "${@:2}" 5>&- 7>&- >>"$world/start" 2>&1 || { sed 's/^/# /' "$world/start" && return 1; }
}

# start OPTION…: a world, and a connection to its SMSC, by which replies come back.
start() {
    world start --fake --no-reports "$@"
    # shellcheck disable=SC1091 # made by world.sh
    . "$world/env"
    exec 5<>"/dev/tcp/127.0.0.1/$WORLD_SMSC_PORT"
    cat <&5 >"$world/got" 7>&- &
    reader=$!
    sent=0
}

# send COUNT [PER-SECOND]: each from a subscriber of its own, twenty times a second.
send() {
    local i part=$((${2:-$1 * 20} / 20)) lines n=0
    while [ $n -lt "$1" ]; do
        lines=''
        for ((i = 0; i < part && n < $1; i++, n++)); do
            lines+="$((first + sent + n)) 10086 text YE"$'\n'
        done
        printf '%s' "$lines" >&5
        [ $# -eq 1 ] || sleep 0.05
    done
}

# The same beside what else happens.
send_meanwhile() {
    send "$@" 7>&- &
    load=$!
    all=$1
}

wait_for_load() {
    wait "$load"
    load=''
    sent=$((sent + all))
}

noted() {
    src/dev/world.sh psql "$world" -Atc "SELECT count(DISTINCT msisdn) || '/' || count(*) FROM hall.message WHERE msisdn >= $first" 2>/dev/null || true
}

replied() {
    wc -l <"$world/got"
}

status() {
    curl -q -s -m 5 -K - <<<"url=http://127.0.0.1:$WORLD_ADMIN_PORT/status.txt?password=$(cat "$WORLD_STATUS_PASSWORD_FILE")" || true
}

valve() {
    status | sed -n 's/^Status: \([a-z]*\),.*/\1/p'
}

received() {
    status | sed -n 's/^SMS: received \([0-9]*\) .*/\1/p'
}

# Ports that are free for a while must not become another world's. Before there is load: another world may be starting.
hold_ports() {
    exec 7</tmp/smshall-ports.lock
    flock -w 60 7 || true
}

release_ports() {
    exec 7<&-
}

kill_smsbox() {
    world kill-smsbox
    world start-smsbox
}

all_are_answered() {
    local wanted=$((sent - lost))
    is "$1: each taken once" "$wanted/$wanted" "$(eventually 40 "$wanted/$wanted" noted)"
    is "$1: each answered" "$wanted" "$(eventually 90 "$wanted" replied)"
}

# --- what is shown ---------------------------------------------------------------------------------------------------------

store_away() {
    local before
    hold_ports
    world stop-postgres
    is "the store is away: isolated" isolated "$(eventually 3 isolated valve)"
    before=$(received)
    send 200
    sent=$((sent + 200))
    sleep 2
    is "what is sent meanwhile waits at the SMSC" "$before" "$(received)"
    kill_smsbox
    world start-postgres
    release_ports
    is "the store is back: resumed" running "$(eventually 20 running valve)"
    all_are_answered "smsbox killed while the store was away"
}

# The store goes away for less than the hall's patience while messages are coming in.
store_away_under_load() {
    hold_ports
    send_meanwhile $((rate * 6)) "$rate"
    sleep 1.5
    world kill-postgres
    eventually 3 isolated valve >/dev/null
    kill_smsbox
    world start-postgres
    release_ports
    wait_for_load
    eventually 40 "$sent/$sent" noted >/dev/null
    lost=$((sent - $(noted | cut -d / -f 1)))
    echo "# at $rate messages a second the store was killed, smsbox too, the store came back: lost $lost of $((rate * 6))"
    is "at most what smsbox had under way is lost" 0 $((lost > 32))
    all_are_answered "the store killed under load"
}

hall_stops() {
    hold_ports
    send_meanwhile $((rate * 6)) "$rate"
    sleep 1.5
    world stop-hall
    is "the hall has stopped: isolated" isolated "$(valve)"
    kill_smsbox
    sleep 1
    world start-hall
    release_ports
    is "the hall is back: resumed" running "$(eventually 5 running valve)"
    wait_for_load
    all_are_answered "smsbox killed while the hall was stopped"
}

hall_dies_isolated() {
    hold_ports
    world stop-postgres
    eventually 3 isolated valve >/dev/null
    world kill-hall
    world start-postgres
    is "the hall that isolated it was killed" isolated "$(valve)"
    world start-hall
    release_ports
    is "the next one resumes" running "$(eventually 5 running valve)"
}

by_hand() {
    local tell=("$SMSHALL" kannel)
    export SMSHALL_BEARERBOX_ADMIN_URL=$WORLD_ADMIN_URL SMSHALL_BEARERBOX_ADMIN_PASSWORD_FILE=$WORLD_ADMIN_PASSWORD_FILE
    is "smshall kannel isolate" "*isolated*" "$("${tell[@]}" isolate)"
    is "a hall that is ready resumes" running "$(eventually 8 running valve)"
    is "smshall kannel resume" "Already running" "$("${tell[@]}" resume)"
    is "smshall kannel status" "*Status: running*" "$("${tell[@]}" status)"
    is "with a wrong password" $'smshall kannel: *: wrong admin password\n1' \
        "$(SMSHALL_BEARERBOX_ADMIN_PASSWORD_FILE=$WORLD_TOKEN_FILE "${tell[@]}" resume 2>&1 || echo $?)"
    unset SMSHALL_BEARERBOX_ADMIN_URL SMSHALL_BEARERBOX_ADMIN_PASSWORD_FILE
}

# --- the table -------------------------------------------------------------------------------------------------------------

# row WORDS OPTION…: what one kill -9 of smsbox at the end of an outage costs
row() {
    local words=$1 lost
    shift
    start "$@"
    hold_ports
    send_meanwhile $(((outage + 4) * rate)) "$rate"
    sleep 2
    world stop-postgres &
    sleep "$outage"
    wait $!
    kill_smsbox
    world start-postgres
    release_ports
    wait_for_load
    lost=$((sent - $(eventually 30 "$sent/$sent" noted | cut -d / -f 1)))
    printf '%-60s %5d of %d\n' "$words" $lost "$sent"
    disconnect
    stop_world
}

if [ -n "${GAP_TABLE-}" ]; then
    echo "lost, when smsbox is killed after $outage s without a store, at $rate messages a second:"
    row "the valve is not used"
    row "the valve is not used, two smsboxes" --two-smsboxes
    row "the valve" --valve
    row "the valve, two smsboxes" --valve --two-smsboxes
    exit 0
fi

start --valve
is "at the start: resumed" running "$(eventually 5 running valve)"
send 100 "$rate"
sent=$((sent + 100))
all_are_answered "nothing special"
store_away
store_away_under_load
hall_stops
hall_dies_isolated
by_hand
tap_end
