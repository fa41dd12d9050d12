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
    src/dev/world.sh "$1" "$world" "${@:2}" 5>&- >>"$world/start" 2>&1 || { sed 's/^/# /' "$world/start" && return 1; }
}

# start OPTION…: a world, and a connection to its SMSC, by which replies come back.
start() {
    world start --fake --no-reports "$@"
    # shellcheck disable=SC1091 # made by world.sh
    . "$world/env"
    exec 5<>"/dev/tcp/127.0.0.1/$WORLD_SMSC_PORT"
    cat <&5 >"$world/got" &
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
    send "$@" &
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

# What was taken once nothing came for longer than smsbox pauses, or all has.
noted_at_last() {
    local since=$SECONDS last='' now
    while [ $((SECONDS - since)) -lt 5 ]; do
        now=$(noted)
        [ "$now" != "$sent/$sent" ] || break
        [ "$now" = "$last" ] || since=$SECONDS
        last=$now
        sleep 0.3
    done
    echo "${now%/*}"
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
    world stop-postgres
    is "the store is away: isolated" isolated "$(eventually 10 isolated valve)"
    before=$(received)
    send 200
    sent=$((sent + 200))
    sleep 2
    is "what is sent meanwhile waits at the SMSC" "$before" "$(received)"
    kill_smsbox
    world start-postgres
    is "the store is back: resumed" running "$(eventually 20 running valve)"
    all_are_answered "smsbox killed while the store was away"
}

# The store goes away for less than the hall's patience while messages are coming in.
store_away_under_load() {
    send_meanwhile $((rate * 4)) "$rate"
    sleep 1.5
    world kill-postgres
    eventually 10 isolated valve >/dev/null
    kill_smsbox
    world start-postgres
    wait_for_load
    lost=$((sent - $(noted_at_last)))
    echo "# at $rate messages a second the store was killed, smsbox too, the store came back: lost $lost of $((rate * 4))"
    is "at most what smsbox had under way is lost" 0 $((lost > 64))
    all_are_answered "the store killed under load"
}

hall_stops() {
    send_meanwhile $((rate * 4)) "$rate"
    sleep 1.5
    world stop-hall
    is "the hall has stopped: isolated" isolated "$(valve)"
    kill_smsbox
    sleep 1
    world start-hall
    is "the hall is back: resumed" running "$(eventually 15 running valve)"
    wait_for_load
    all_are_answered "smsbox killed while the hall was stopped"
}

hall_dies_isolated() {
    world stop-postgres
    eventually 10 isolated valve >/dev/null
    world kill-hall
    world start-postgres
    is "the hall that isolated it was killed" isolated "$(valve)"
    world start-hall
    is "the next one resumes" running "$(eventually 15 running valve)"
}

by_hand() {
    local tell=("$SMSHALL" kannel)
    export SMSHALL_BEARERBOX_ADMIN_URL=$WORLD_ADMIN_URL SMSHALL_BEARERBOX_ADMIN_PASSWORD_FILE=$WORLD_ADMIN_PASSWORD_FILE
    is "smshall kannel isolate" "*isolated*" "$("${tell[@]}" isolate)"
    is "a hall that is ready resumes" running "$(eventually 15 running valve)"
    is "smshall kannel resume" "Already running" "$("${tell[@]}" resume)"
    is "smshall kannel status" "*Status: running*" "$("${tell[@]}" status)"
    is "with a wrong password" $'smshall kannel: *: wrong admin password\n1' \
        "$(SMSHALL_BEARERBOX_ADMIN_PASSWORD_FILE=$WORLD_TOKEN_FILE "${tell[@]}" resume 2>&1 || echo $?)"
    unset SMSHALL_BEARERBOX_ADMIN_URL SMSHALL_BEARERBOX_ADMIN_PASSWORD_FILE
}

# --- the table -------------------------------------------------------------------------------------------------------------

# What is away while messages come in, and back again. Beside it: what the operator's tools do by then.
outage_of() {
    case $1 in
    store)
        world stop-postgres &
        sleep "$outage"
        wait $!
        ;;
    hall)
        world kill-hall
        isolate # as conf/smshall.service does
        sleep "$outage"
        ;;
    planned)
        isolate
        sleep 1
        ;;
    nothing) ;;
    esac
}

isolate() {
    [ "$WORLD_VALVE" = no ] || SMSHALL_BEARERBOX_ADMIN_URL=$WORLD_ADMIN_URL \
        SMSHALL_BEARERBOX_ADMIN_PASSWORD_FILE=$WORLD_ADMIN_PASSWORD_FILE "$SMSHALL" kannel isolate >/dev/null
}

end_of_outage() {
    case $1 in
    store) world start-postgres ;;
    hall) world start-hall ;;
    esac
}

# row WORDS WHAT OPTION…: what one kill -9 of smsbox at the end of an outage of WHAT costs
row() {
    local words=$1 what=$2 lost
    shift 2
    start "$@"
    eventually 15 running valve >/dev/null
    send_meanwhile $(((outage + 4) * rate)) "$rate"
    sleep 2
    outage_of "$what"
    kill_smsbox
    end_of_outage "$what"
    wait_for_load
    lost=$((sent - $(noted_at_last)))
    printf '    %-72s %5d of %d\n' "$words" $lost "$sent"
    disconnect
    stop_world
}

if [ -n "${GAP_TABLE-}" ]; then
    echo "lost when smsbox is killed, at $rate messages a second:"
    row "all is well" nothing
    row "the store away for $outage s: no valve" store
    row "the store away for $outage s: no valve, two smsboxes, one of them killed" store --two-smsboxes
    row "the store away for $outage s: valve, max-pending-requests 512" store --valve --pending 512
    row "the store away for $outage s: valve, max-pending-requests 32" store --valve
    row "the store away for $outage s: valve, 32, two smsboxes, one of them killed" store --valve --two-smsboxes
    row "the store away for $outage s: valve, max-pending-requests 8" store --valve --pending 8
    row "the hall killed, away for $outage s: no valve" hall
    row "the hall killed, away for $outage s: valve (shut by the unit file)" hall --valve
    row "smsbox restarted behind smshall kannel isolate" planned --valve
    exit 0
fi

start --valve
is "at the start: resumed" running "$(eventually 15 running valve)"
send 100 "$rate"
sent=$((sent + 100))
all_are_answered "nothing special"
store_away
store_away_under_load
hall_stops
hall_dies_isolated
by_hand
tap_end
