#!/usr/bin/env bash
# kill -9 and SIGSTOP of the hall, PostgreSQL, one of its backends, smsbox and bearerbox at random moments, while phones text through the
# real Kannel, whose SMSC speaks SMPP (E1, E3; DESIGN 8). Then both ends are held against each other (tests/fault/ends.sql): none lost after
# the hall's 200, none acted on twice or not at all, every reply handed to Kannel, in order, and none twice but in the two windows that have
# names. What a killed Kannel itself loses (kannel.md §0, §3) is counted by what was killed. The checker is tried first with planted faults.
# Prints TAP.
#
# FAULT_KILLS (20) in rounds of 40 at most; FAULT_SEED the same again; FAULT_PARTS which of hall, postgres, backend, smsbox, bearerbox;
# FAULT_VALVE=no: the hall does not isolate Kannel; FAULT_PENDING: smsbox's max-pending-requests; FAULT_PAUSE_MS (800) between two texts of
# a phone; FAULT_KEEP: the folder that logs and files are copied into at the end.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=tests/tap/tap.sh
. tests/tap/tap.sh
export SMSHALL=${SMSHALL:-build/smshall}
world=$(mktemp -d /tmp/smshall-kills.XXXXXX)
kills=${FAULT_KILLS:-20} seed=${FAULT_SEED:-$$}
read -r -a parts <<<"${FAULT_PARTS:-hall postgres backend smsbox bearerbox}"
phones=40 pause_ms=${FAULT_PAUSE_MS:-800} round_of=40 first=13700000000
load_pid='' stopped_pid=''
options=(--smpp)
[ "${FAULT_VALVE:-yes}" = no ] || options+=(--valve)
[ -z "${FAULT_PENDING-}" ] || options+=(--pending "$FAULT_PENDING")
RANDOM=$seed

clean_up() {
    [ -z "$stopped_pid" ] || kill -CONT "$stopped_pid" 2>/dev/null || true
    [ -z "$load_pid" ] || kill -KILL "$load_pid" 2>/dev/null || true
    src/dev/world.sh stop "$world"
    [ -z "${FAULT_KEEP-}" ] || cp -r "$world" "$FAULT_KEEP"
    rm -rf "$world"
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP

sql() {
    src/dev/world.sh psql "$world" -At -v ON_ERROR_STOP=1 "$@"
}

# Its own file, because the world's changes with each start.
pid_of() {
    local pid=''
    read -r pid _ <"$world/pid/$1" 2>/dev/null || true
    echo "$pid"
}

# --- faults ----------------------------------------------------------------------------------------------------------------

backend_of_hall() {
    PGCONNECT_TIMEOUT=5 sql -c "SELECT pid FROM pg_stat_activity WHERE usename = 'smshall_hall' ORDER BY random() LIMIT 1" 2>/dev/null || true
}

postgres_is_back() {
    PGCONNECT_TIMEOUT=5 sql -c "SELECT 'back'" 2>/dev/null || true
}

is_dead() {
    src/dev/world.sh dead "$world" | grep -qx "$1"
}

# What a supervisor does. A smsbox whose bearerbox went away starts itself again after a while, and may have the port already.
start_part() {
    local end=$((SECONDS + 60))
    while is_dead "$1" && ! src/dev/world.sh start-"$1" "$world" >"$world/start" 2>&1; do
        [ $SECONDS -lt $end ] || { sed 's/^/# /' "$world/start" && return 1; }
        sleep 1
    done
}

# As conf/smshall.service has it: whoever finds the hall ended, however it did, shuts the valve.
behind_the_hall() {
    [ "$WORLD_VALVE" = no ] || SMSHALL_BEARERBOX_ADMIN_URL=$WORLD_ADMIN_URL \
        SMSHALL_BEARERBOX_ADMIN_PASSWORD_FILE=$WORLD_ADMIN_PASSWORD_FILE "$SMSHALL" kannel isolate >/dev/null 2>&1 || true
}

# A backend's death makes PostgreSQL begin anew by itself.
kill_part() {
    local pid
    if [ "$1" = backend ]; then
        pid=$(backend_of_hall)
        [ -n "$pid" ] && kill -KILL "$pid"
    else
        src/dev/world.sh kill-"$1" "$world" 2>/dev/null || return 1
        [ "$1" != hall ] || behind_the_hall
        start_part "$1"
    fi
}

# Stops it for a moment longer or shorter than others wait for it (the hall waits 5 s for the store).
stop_part() {
    local most_s=3
    if [ "$1" = backend ]; then
        stopped_pid=$(backend_of_hall) most_s=8
    else
        stopped_pid=$(pid_of "$1")
    fi
    [ -n "$stopped_pid" ] && kill -STOP "$stopped_pid" 2>/dev/null || { stopped_pid='' && return 1; }
    sleep "$((RANDOM % most_s)).$((RANDOM % 10))"
    kill -CONT "$stopped_pid" 2>/dev/null || true
    stopped_pid=''
}

# One fault in four is a stop. Noted with its beginning and its end.
one_fault() {
    local part=${parts[RANDOM % ${#parts[@]}]} how=kill since=$EPOCHREALTIME
    [ $((RANDOM % 4)) -gt 0 ] || how=stop
    "${how}_part" "$part" || return 1
    echo "$how $part $since $EPOCHREALTIME" >>"$world/faults"
}

# --- a round ---------------------------------------------------------------------------------------------------------------

kannel_status() {
    curl -q -fsS -m 5 -K - <<<"url=http://127.0.0.1:$WORLD_ADMIN_PORT/status.txt?password=$(cat "$WORLD_STATUS_PASSWORD_FILE")" 2>/dev/null
}

# Noted too: what it held is gone.
start_what_is_dead() {
    local part
    for part in $(src/dev/world.sh dead "$world"); do
        start_part "$part"
        echo "died $part $EPOCHREALTIME $EPOCHREALTIME" >>"$world/faults"
    done
}

# Kannel holds nothing, for the phones or for the hall. A smsbox that starts itself again may die of it (a PANIC of its own).
kannel_is_empty() {
    start_what_is_dead >&2
    kannel_status | sed -n 's/^SMS: received [0-9]* (0 queued), sent [0-9]* (0 queued), store size 0$/empty/p'
}

count_of_texts() {
    sql -c "SELECT count(*) FROM hall.message WHERE msisdn >= $first AND msisdn < $first + $phones"
}

count_of_unsent() {
    sql -c "SELECT count(*) FROM hall.reply WHERE state = 'unsent'"
}

replies_at_phones() {
    wc -l <"$world/got"
}

# steady SECONDS COMMAND…: once it has said the same for so long
steady() {
    local for_s=$1 since=$SECONDS last='' now end=$((SECONDS + 120))
    shift
    while [ $((SECONDS - since)) -lt "$for_s" ] && [ $SECONDS -lt $end ]; do
        now=$("$@" 2>/dev/null) || now='?'
        [ "$now" = "$last" ] || since=$SECONDS
        last=$now
        sleep 0.3
    done
}

wait_for_kannel() {
    [ "$(eventually 300 empty kannel_is_empty)" = empty ] || { echo "# Kannel is not empty:" && kannel_status | sed 's/^/# /'; }
}

phones_are_over() {
    start_what_is_dead >&2
    cat "$world/phones"
}

# No phone texts any more, and what Kannel refused for a while is with it.
wait_for_phones() {
    kill "$load_pid"
    is "round $round: Kannel takes the last texts" over "$(eventually 120 over phones_are_over)"
}

# Everything is on its way to its end; what waits for a time to pass in the store (a lease, an answer that was lost) has it passed now. What
# the hall has in hand must not be among it: its lease would end before its time.
settle() {
    wait_for_phones
    wait_for_kannel
    steady 5 count_of_texts # smsbox asks again every 3 s
    steady 3 count_of_unsent
    later=$((later + 1000))
    sql -q -c "CREATE OR REPLACE FUNCTION hall.now() RETURNS timestamptz LANGUAGE sql STABLE
               RETURN pg_catalog.statement_timestamp() + interval '$later s'"
    unsent=$(eventually 300 0 count_of_unsent)
    wait_for_kannel
    steady 3 replies_at_phones
}

# What the hall's and Kannel's logs tell of all rounds.
read_logs() {
    sed -n 's/.* mo id=\([^ ]*\) msisdn=[^ ]* port=10086 command=test_charge .*/\1/p' "$world/log/hall.log" | sort -u >"$world/answered"
    sed -n 's/^\([^ ]*\) [a-z]* mt mt=\([^ ]*\) msisdn=[0-9]*[*]*\([0-9]*\) .* state=\([a-z]*\) reason=\(.*\) us=.*/\3|\2|\4|\1|\5/p' \
        "$world/log/hall.log" | tr -d '"' >"$world/noted"
    sed -n 's/^\([0-9]*\) Receive SMS id=\([^ ]*\) .* from=\([0-9]*\) .*/\2 \3 \1/p' "$world/log/access.log" >"$world/received"
    sed -n 's/^\([0-9]*\) Sent SMS id=\([^ ]*\) .* acc=\([^ ]*\) .* to=\([0-9]*\) .*/\4 \3 \2 \1/p' "$world/log/access.log" >"$world/handed"
}

run_round() {
    local done_kills=0 wanted=$1 tries=0
    sql -q -c "SELECT hall.put_subscriber($first + n, '全球通', 'active', p_opening_fen => 1000000) FROM generate_series(0, $phones - 1) n" >/dev/null
    "$(dirname "$SMSHALL")/fault/smpp_phones" "$WORLD_SMSC_PORT" $first $phones $pause_ms "$world/sent" "$world/got" >"$world/phones" &
    load_pid=$!
    sleep 2 # Kannel looks for its SMSC once a second
    while [ $done_kills -lt "$wanted" ] && [ $tries -lt $((wanted * 3)) ]; do
        tries=$((tries + 1))
        sleep "$((RANDOM % 2)).$((RANDOM % 9 + 1))"
        [ "$(eventually 60 back postgres_is_back)" = back ] || break
        one_fault && done_kills=$((done_kills + 1))
    done
    is "round $round: $wanted faults" "$wanted" "$done_kills"
    settle
    is "round $round: nothing is left unsent" 0 "$unsent"
    kill "$load_pid"
    wait "$load_pid"
    load_pid=''
    cat "$world/sent" >>"$world/all_sent"
    cat "$world/got" >>"$world/all_got"
    read_logs
}

# ends FIRST LAST [PLANT]
ends() {
    (cd "$world" && "$WORLD_PG_BIN/psql" -X -q -At -v first="$1" -v last="$2" -v plant="${3-}" -d "$WORLD_OWNER_DATABASE" \
        -f "$OLDPWD/tests/fault/ends.sql")
}

# promised WHO ENDS: what must never be
promised() {
    local name
    for name in lost_after_200 never_sent effects_lost effects_doubled replies_that_did_not_reach_kannel replies_given_out_of_order \
        replies_nobody_asked_for replies_doubled_outside_the_windows; do
        is "$1: $name" 0 "$(count "$2" $name)"
    done
}

count() {
    awk -v name="$2" '$1 == name {print $2}' <<<"$1"
}

# planted WHAT NAME PLANT: the count goes up by one
planted() {
    is "the checker sees $1" $(($(count "$found" "$2") + 1)) "$(count "$(ends $first $((first + phones - 1)) "$3")" "$2")"
}

try_the_checker() {
    local sent_once="id = (SELECT max(id) FROM handed GROUP BY msisdn, mt HAVING count(*) = 1 ORDER BY msisdn, mt LIMIT 1)"
    local one="(msisdn, n) = (SELECT msisdn, n FROM kept JOIN got USING (msisdn, n) WHERE n = 3 ORDER BY msisdn LIMIT 1)"
    planted "a message lost after 200" lost_after_200 "INSERT INTO answered VALUES ('no-such-id')"
    planted "a message lost after Kannel took it" lost_after_kannel_took_it "INSERT INTO sent VALUES ($first, 1000, 'taken')"
    planted "and with what" lost_with_smsbox "INSERT INTO received VALUES ('no-such-id', $first, 1);
        INSERT INTO fault VALUES ('kill', 'smsbox', 2, 3)"
    planted "an effect lost" effects_lost "DELETE FROM charge WHERE (msisdn, number) = (SELECT msisdn, max(number) FROM charge GROUP BY 1 LIMIT 1)"
    planted "an effect doubled" effects_doubled "INSERT INTO charge VALUES ($first, 99999)"
    planted "a message nobody sent" never_sent "INSERT INTO kept VALUES ($first, 99999, 1001, 'sent', 'mt')"
    planted "a reply that is not sent" replies_that_did_not_reach_kannel "UPDATE kept SET state = 'unsent' WHERE $one"
    planted "replies in the wrong order" replies_given_out_of_order \
        "UPDATE noted SET place = -1 WHERE place = (SELECT max(place) FROM noted WHERE state = 'sent' AND digits = ${first: -4})"
    planted "a reply that nobody asked for" replies_nobody_asked_for "INSERT INTO got VALUES ($first, 99999, 1001)"
    planted "a reply that came twice" replies_doubled "INSERT INTO got SELECT msisdn, 99999, n FROM got WHERE $one LIMIT 1"
    planted "a reply sent twice without a cause" replies_doubled_outside_the_windows \
        "UPDATE handed SET at = 1 WHERE $sent_once; INSERT INTO handed SELECT msisdn, mt, 'another', 2 FROM handed WHERE at = 1"
    planted "a reply sent twice because the hall died before its note" replies_doubled_for_want_of_a_note \
        "UPDATE handed SET at = 1 WHERE $sent_once; INSERT INTO handed SELECT msisdn, mt, 'another', 2 FROM handed WHERE at = 1;
        INSERT INTO fault VALUES ('kill', 'hall', 1, 2)"
    planted "a reply that came twice though no bearerbox was killed" replies_doubled_outside_the_windows \
        "INSERT INTO got SELECT msisdn, 99999, n FROM got WHERE $one LIMIT 1;
        UPDATE handed SET at = 1 WHERE (msisdn, mt) = (SELECT msisdn, mt FROM kept WHERE $one)"
    planted "a reply lost on its way" replies_lost_after_kannel_took_them "DELETE FROM got WHERE $one"
    planted "replies that overtook each other" replies_overtaken_on_the_way \
        "UPDATE got SET place = -1 WHERE (msisdn, n) = (SELECT msisdn, n FROM kept JOIN got USING (msisdn, n) ORDER BY number DESC LIMIT 1)"
}

# --- all rounds ------------------------------------------------------------------------------------------------------------

mkdir "$world/commands"
cp commands/*.yaml tests/fault/commands/*.yaml "$world/commands/"
SMSHALL_COMMANDS=$world/commands
export SMSHALL_COMMANDS
src/dev/world.sh start "$world" "${options[@]}"
# shellcheck disable=SC1091 # made by world.sh
. "$world/env"
sql -q -f tests/fault/commands/commands.sql
echo "# FAULT_SEED=$seed"
later=0
for ((round = 1; kills > 0; round++, kills -= round_of, first += phones)); do
    run_round $((kills < round_of ? kills : round_of))
    found=$(ends $first $((first + phones - 1)))
    promised "round $round" "$found"
    tr '\n' ' ' <<<"# $found"
    echo
    [ $round -gt 1 ] || try_the_checker
done
mv "$world/all_sent" "$world/sent"
mv "$world/all_got" "$world/got"
found=$(ends 13700000000 $((first - 1)))
promised "all rounds" "$found"
echo "# faults: $(cut -d ' ' -f 1,2 "$world/faults" | sort | uniq -c | awk '{printf "%s%d x %s %s", (NR > 1 ? ", " : ""), $1, $2, $3}')"
sed 's/^/# in all: /' <<<"$found"
tap_end
