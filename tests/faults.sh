#!/usr/bin/env bash
# The faults of rules E1, each with real processes: the hall, PostgreSQL, Kannel and the network, and between them proxies
# (tests/fault/proxy.c) that cut, hold or kill at a given byte. Prints TAP. FAULT_BACKLOG: seconds of texts that come at once (3); FAULTS:
# which of the functions below.
#
#   same id twice in a row; same id with other text          e2e.sh
#   new id, same text within five seconds                    e2e.sh; sql/ to the second
#   same id at the same moment                               here; two_halls.sh at two halls
#   crash before commit                                      here; kill.sh and fault_kills.sh at random moments
#   crash after commit before the answer                     here; …
#   crash after sendsms before the note                      here; …
#   sendsms times out (outcome unknown)                      here
#   202, then a failed report                                here
#   report before the note                                   here; sql/30_outbox
#   PostgreSQL restarts mid-batch                            here; fault_kills.sh at random moments; lanes.sh
#   commit sent and connection lost                          fault_cuts.sh
#   a commit that comes late                                 here
#   disk full                                                fault_disk.sh
#   read-only store                                          here
#   Kannel down for an hour, prompts that ran out meanwhile  here
#   clock steps at a deadline                                here; sql/ to the second
#   an hour's backlog at once                                here
#   two answers at once                                      here
#   poison message in a batch                                e2e.sh, lanes.sh
#   shutdown with requests waiting                           here
#   renewal run twice, or during a cancellation              due.sh
#   two daemons on one store                                 two_halls.sh
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=tests/tap/tap.sh
. tests/tap/tap.sh
# shellcheck source=tests/fault/proxies.sh
. tests/fault/proxies.sh
export SMSHALL=${SMSHALL:-build/smshall}
world=$(mktemp -d /tmp/smshall-faults.XXXXXX)
others=()
later=0 # how far the store's clock is ahead
who=13910000000

clean_up() {
    local pid
    for pid in "${others[@]}"; do
        kill "$pid" 2>/dev/null || true
    done
    end_proxies
    src/dev/world.sh stop "$world"
    rm -rf "$world"
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP

# --- helpers ---------------------------------------------------------------------------------------------------------------

world() {
    src/dev/world.sh "$1" "$world" "${@:2}"
}

sql() {
    src/dev/world.sh psql "$world" -At -v ON_ERROR_STOP=1 "$@"
}

superuser_sql() {
    "$WORLD_PG_BIN/psql" -X -q -At -v ON_ERROR_STOP=1 -d "$WORLD_SUPERUSER_DATABASE" "$@"
}

# A subscriber of its own for each test. new_subscriber [DELIVERY]: how replies to it end, ok by default
new_subscriber() {
    who=$((who + 1))
    sql -q -c "SELECT hall.put_subscriber($who, '全球通', 'active', p_opening_fen => 10000)" >/dev/null
    [ $# -eq 0 ] || curl -q -fsS -o /dev/null -X POST "$WORLD_SMSC_URL/phone/delivery?msisdn=$who&mode=$1"
}

# post ID TEXT [MSISDN]: as Kannel would, at the store's time; prints the status, 000 when there is no answer
post() {
    curl -q -s -m 30 -o /dev/null -w '%{http_code}' -H 'Content-Type: text/plain; charset="UTF-8"' --data-binary "$2" \
        "$WORLD_HALL_URL/kannel/mo?id=$1&from=${3-$who}&to=10086&coding=0&charset=UTF-8&time=$(($(date +%s) + later))&token=$token" || true
}

# Until it is taken, with the same id, as Kannel does.
hand_over() {
    eventually 60 200 post "$@"
}

# Messages, fen charged, and replies of a subscriber.
effects() {
    sql -c "SELECT (SELECT count(*) FROM hall.message WHERE msisdn = $who) || ' ' ||
                   (SELECT coalesce(sum(fen), 0) FROM hall.ledger WHERE msisdn = $who AND kind = 'test') || ' ' ||
                   (SELECT count(*) FROM hall.reply WHERE msisdn = $who)"
}

# What the phone got, a blank between.
inbox() {
    curl -q -fsS -m 10 "$WORLD_SMSC_URL/phone/inbox?msisdn=$who&after=0" | grep -o '"text":"[^"]*"' | cut -d '"' -f 4 | paste -s -d ' '
}

states() {
    sql -c "SELECT string_agg(state::text, ' ' ORDER BY number, part) FROM hall.reply WHERE msisdn = $who"
}

all_unsent() {
    sql -c "SELECT count(*) FROM hall.reply WHERE state = 'unsent'"
}

# The store's clock: `later` seconds ahead of the world's, or at a given moment
set_clock() {
    sql -q -c "CREATE OR REPLACE FUNCTION hall.now() RETURNS timestamptz LANGUAGE sql STABLE RETURN ${1:-statement_timestamp() + interval '$later s'}"
}

time_passes() {
    later=$((later + $1))
    set_clock
}

hall_pid() {
    cut -d ' ' -f 1 "$world/pid/hall"
}

hall_is_gone() {
    [ -e "/proc/$1" ] && ! grep -q '^State:[[:space:]]*Z' "/proc/$1/status" || echo gone
}

hall_comes_again() {
    eventually 10 gone hall_is_gone "$1" >/dev/null
    world start-hall >/dev/null
}

# Holds the subscriber's conversation in a session of its own until let_go; there must be one.
hold_conversation() {
    mkfifo "$world/holder"
    "$WORLD_PG_BIN/psql" -X -q -d "$WORLD_OWNER_DATABASE" <"$world/holder" >"$world/held" 2>&1 &
    holder=$!
    exec 7>"$world/holder"
    rm "$world/holder"
    echo "BEGIN; SELECT 'held' FROM hall.conversation WHERE msisdn = $who FOR UPDATE;" >&7
    eventually 10 '*held*' cat "$world/held" >/dev/null
}

let_go() {
    exec 7>&-
    wait "$holder" || true
}

calls_that_wait() {
    superuser_sql -c "SELECT count(*) FROM pg_stat_activity WHERE usename = 'smshall_hall' AND wait_event_type = 'Lock'"
}

start_all() {
    local store_port kannel_port
    mkdir "$world/commands"
    cp commands/*.yaml tests/fault/commands/*.yaml "$world/commands/"
    export SMSHALL_COMMANDS=$world/commands
    src/dev/world.sh start "$world" >/dev/null
    # shellcheck disable=SC1091 # made by world.sh
    . "$world/env"
    token=$(cat "$WORLD_TOKEN_FILE")
    sql -q -f tests/fault/commands/commands.sql
    sql -q -c "INSERT INTO hall.service (code, name, fee_fen, period, confirm_window) VALUES ('ZAO', '早知道', 200, 'month', '30 minutes')"
    src/dev/world.sh stop-hall "$world"
    store_port=$((WORLD_PG_PORT + 1000)) kannel_port=$((WORLD_SENDSMS_PORT + 1000))
    start_proxy store $store_port "$WORLD_PG_PORT"
    start_proxy kannel $kannel_port "$WORLD_SENDSMS_PORT"
    lead_hall_through $store_port $kannel_port
    world start-hall >/dev/null
}

# --- one message and a crash -----------------------------------------------------------------------------------------------

crash_before_commit() {
    local pid
    new_subscriber
    pid=$(hall_pid)
    tell store kill up 0 crash-1 "$pid" >/dev/null
    is "crash before commit: no answer" 000 "$(post crash-1 TEST1)"
    tell store fired >/dev/null
    is "… nothing is in the store" "0 0 0" "$(effects)"
    hall_comes_again "$pid"
    is "… the same id is taken" 200 "$(hand_over crash-1 TEST1)"
    is "… acts once, with one reply" "1 -1 1" "$(effects)"
    is "… which arrives" 1 "$(eventually 30 1 inbox)"
}

crash_after_commit() {
    local pid
    new_subscriber
    pid=$(hall_pid)
    tell store kill down 0 crash-2 "$pid" >/dev/null
    is "crash after commit, before the answer: no answer" 000 "$(post crash-2 TEST2)"
    tell store fired >/dev/null
    is "… it is in the store" "1 -1 1" "$(effects)"
    hall_comes_again "$pid"
    is "… the same id is answered" 200 "$(hand_over crash-2 TEST2)"
    is "… and did not act again" "1 -1 1" "$(effects)"
    time_passes 70 # the lease of the hall that died
    is "… its reply goes out, once" "2 sent" "$(eventually 30 "2 sent" one_line inbox "states | sed s/delivered/sent/")"
}

# The words of several commands on one line.
one_line() {
    local command words=''
    for command in "$@"; do
        words="$words $(eval "$command")"
    done
    echo "${words# }"
}

# The reply is with Kannel, and nobody has noted it. leave_unnoted DELIVERY ID
leave_unnoted() {
    local pid
    new_subscriber "$1"
    pid=$(hall_pid)
    tell kannel kill down 0 "$who" "$pid" >/dev/null
    is "crash after sendsms, before the note: it was answered" 200 "$(post "$2" TEST3)"
    tell kannel fired >/dev/null
    is "… the phone has the reply" 3 "$(eventually 30 3 inbox)"
    is "… the store does not know" unsent "$(states)"
    hall_comes_again "$pid"
}

crash_after_sendsms() {
    leave_unnoted ok crash-3
    is "… until the report tells" delivered "$(eventually 30 delivered states)" # smsbox asks again every 3 s
    time_passes 70
    sleep 3
    is "… it acted once, and nothing comes twice" "1 -1 1 3" "$(one_line effects inbox)"
    leave_unnoted none crash-4
    time_passes 70
    is "… no report: it comes twice, the window in which replies double" "3 3 sent" "$(eventually 30 "3 3 sent" one_line inbox states)"
    is "… it acted once" "1 -1 1" "$(effects)"
}

# --- sendsms and reports ---------------------------------------------------------------------------------------------------

words() {
    sql -c "SELECT state || ' ' || coalesce(text, '-') FROM hall.reply WHERE msisdn = $who"
}

report_before_the_note() {
    new_subscriber
    tell kannel hold down 0 "$who" >/dev/null
    hand_over early-1 TEST4 >/dev/null
    tell kannel fired >/dev/null
    is "report before the note: it counts" "delivered -" "$(eventually 30 "delivered -" words)"
    tell kannel go >/dev/null
    is "… then the note adds the words" "delivered 4" "$(eventually 30 "delivered 4" words)"
}

# Kannel's answer does not come for longer than the hall waits. Nobody knows: the store waits for a report, and only then sends it again.
sendsms_times_out() {
    local silent
    new_subscriber none
    silent=$who
    tell kannel hold down 0 "$silent" >/dev/null
    hand_over out-1 TEST5 >/dev/null
    new_subscriber
    tell kannel hold down 0 "$who" >/dev/null
    hand_over out-2 TEST6 >/dev/null
    tell kannel fired >/dev/null
    is "sendsms times out: the reply waits, and the store knows why" "sendsms: *" \
        "$(eventually 30 'sendsms: *' sql -c "SELECT reason FROM hall.reply WHERE msisdn = $silent AND state = 'unsent'")"
    is "… of the other one a report tells, and its words are known" "delivered 6" "$(eventually 30 "delivered 6" words)"
    tell kannel go >/dev/null
    time_passes 100
    is "… without a report it goes out again" "5 5 sent" "$(who=$silent && eventually 60 "5 5 sent" one_line inbox states)"
    is "… with one it does not" "6 delivered" "$(one_line inbox states)"
}

failed_report() {
    new_subscriber fail
    is "202, then a failed report: it was taken" 200 "$(post failed-1 TEST6)"
    is "… the reply is known as failed" failed "$(eventually 30 failed states)"
    time_passes 3600
    sleep 3 # longer than the hall's next look into the outbox
    is "… is not sent again, and what it told of stays" "failed 1 -1 1" "$(one_line states effects)"
}

# --- the store -------------------------------------------------------------------------------------------------------------

same_id_at_once() {
    local n posts=()
    new_subscriber
    for n in $(seq 10); do
        post twin-1 TEST7 >"$world/twin$n" &
        posts+=($!)
    done
    wait "${posts[@]}"
    is "the same id ten times at the same moment: all are answered" "200" "$(cat "$world"/twin* | sed 's/200/200\n/g' | sort -u | tr -d '\n')"
    is "… it acts once" "1 -1 1" "$(effects)"
    is "… and is answered once" "7 delivered" "$(eventually 30 "7 delivered" one_line inbox states)"
}

restart_mid_batch() {
    local n posts=() from
    from=$((who + 1))
    for n in 1 2 3 4 5 6; do
        new_subscriber
    done
    hand_over batch-0 YE >/dev/null
    hold_conversation
    for n in 0 1 2 3 4 5; do
        hand_over "batch-$((from + n))" TEST8 $((from + n)) >"$world/batch$n" 7>&- &
        posts+=($!)
    done
    eventually 10 '[1-9]*' calls_that_wait >/dev/null
    world kill-postgres 7>&-
    world start-postgres >/dev/null 7>&-
    let_go
    wait "${posts[@]}"
    is "PostgreSQL restarts mid-batch: all are taken in the end" 200200200200200200 "$(cat "$world"/batch[0-5] | tr -d '\n')"
    is "… and act once each" "6 -6" "$(sql -c "SELECT count(DISTINCT msisdn) || ' ' || sum(fen) FROM hall.ledger
        WHERE msisdn BETWEEN $from AND $who AND kind = 'test'")"
}

# The hall has given the connection up and asked again on another; then what it had sent first arrives.
late_commit() {
    new_subscriber
    tell store hold up 0 late-1 >/dev/null
    is "a commit that comes late: the message was taken on another connection" 200 "$(hand_over late-1 TEST9)"
    tell store go >/dev/null
    sleep 0.5
    is "… and acts once" "1 -1 1" "$(effects)"
}

read_only() {
    new_subscriber
    superuser_sql -c "ALTER SYSTEM SET default_transaction_read_only = on" -c "SELECT pg_reload_conf()" >/dev/null
    eventually 10 503 post ro-0 YE 13800138000 >/dev/null
    is "a store that is read only: later" 503 "$(post ro-1 TEST10)"
    is "… the message left nothing" "0 0 0" "$(effects)"
    superuser_sql -c "SET default_transaction_read_only = off" -c "ALTER SYSTEM RESET default_transaction_read_only" -c "SELECT pg_reload_conf()" >/dev/null
    is "… writable again: taken" 200 "$(hand_over ro-1 TEST10)"
    is "… once, and answered" "1 -1 1 10" "$(eventually 30 "1 -1 1 10" one_line effects inbox)"
}

# --- time ------------------------------------------------------------------------------------------------------------------

kannel_is_down_for_an_hour() {
    new_subscriber
    world stop-kannel >/dev/null
    is "Kannel is down: messages are taken" "200 200" "$(one_line "post hour-1 KTZAO" "post hour-2 YE")"
    sleep 1
    is "… their replies wait" "unsent unsent" "$(states)"
    time_passes 3600
    world start-kannel >/dev/null
    time_passes 100 # the proxy takes a call before it finds nobody behind it: the hall cannot know, and waits for a report
    is "… an hour later the prompt that ran out does not go out (A7), the other reply does" "expired delivered" \
        "$(eventually 60 "expired delivered" states)"
    is "… and no other" "*100.00元*" "$(inbox)"
    post hour-3 是 >/dev/null
    is "… 是 orders nothing" 0 "$(sql -c "SELECT count(*) FROM hall.subscription WHERE msisdn = $who")"
}

opened() {
    sql -c "SELECT (SELECT count(*) FROM hall.subscription WHERE msisdn = $who) || ' ' ||
                   (SELECT coalesce(sum(fen), 0) FROM hall.ledger WHERE msisdn = $who AND kind = 'service_fee')"
}

ask() {
    new_subscriber
    hand_over "ask-$who" "$1" >/dev/null
    eventually 30 delivered states >/dev/null
}

# answer_at OFFSET ID: 是 when the store's clock stands so far from the deadline
answer_at() {
    local at
    at=$(sql -c "SELECT until + interval '$1 s' FROM hall.dialogue WHERE msisdn = $who ORDER BY number DESC LIMIT 1")
    set_clock "timestamptz '$at'"
    later=$(($(date -d "$at" +%s) - $(date +%s)))
    post "$2" 是 >/dev/null
}

# The clock goes back to where it was before, which no test of others would like.
clock_steps_at_a_deadline() {
    local before=$later
    ask KTZAO
    answer_at -1 "deadline-1-$who"
    is "a second before the deadline: ordered" "1 -200" "$(opened)"
    later=$before && set_clock
    ask KTZAO
    answer_at 0 "deadline-2-$who"
    is "at the deadline: ordered" "1 -200" "$(opened)"
    later=$before && set_clock
    ask KTZAO
    answer_at 1 "deadline-3-$who"
    is "a second after it: not" "0 0" "$(opened)"
    answer_at -1 "deadline-4-$who"
    is "… nor when the clock steps back" "0 0" "$(opened)"
    later=$before && set_clock
}

two_answers_at_once() {
    local n posts=()
    ask KTZAO
    for n in 1 2 3 4; do
        post "answer-$n" 是 >"$world/answer$n" &
        posts+=($!)
    done
    wait "${posts[@]}"
    is "four answers at the same moment: one order, one charge (A5)" "1 -200" "$(opened)"
    is "… all are answered" 200200200200 "$(cat "$world"/answer[1-4])"
}

# smsbox is away, and all that phones text waits in bearerbox.
backlog_at_once() {
    local load taken
    sql -q -c "SELECT hall.put_subscriber(13700000000 + n, '全球通', 'active', p_opening_fen => 10000) FROM generate_series(0, 99) n" >/dev/null
    world kill-smsbox
    "$(dirname "$SMSHALL")/fault/phones_load" "$WORLD_SMSC_URL" 13700000000 100 200 >"$world/sent" &
    load=$!
    others+=("$load")
    sleep "${FAULT_BACKLOG:-3}"
    kill "$load"
    wait "$load"
    taken=$(grep -c ' taken$' "$world/sent")
    time_passes 3600
    world start-smsbox >/dev/null
    is "an hour's backlog at once ($taken texts): all are taken" "$taken" "$(eventually 120 "$taken" sql -c \
        "SELECT count(*) FROM hall.message WHERE msisdn BETWEEN 13700000000 AND 13700000099")"
    is "… act once each" "-$taken" "$(sql -c "SELECT sum(fen) FROM hall.ledger WHERE msisdn BETWEEN 13700000000 AND 13700000099 AND kind = 'test'")"
    is "… and every reply goes out" 0 "$(eventually 120 0 all_unsent)"
}

# --- the end ---------------------------------------------------------------------------------------------------------------

shutdown_with_requests_waiting() {
    local posted pid
    new_subscriber
    hand_over stop-0 YE >/dev/null
    hold_conversation
    post stop-1 TEST11 >"$world/stop" 7>&- &
    posted=$!
    eventually 10 '[1-9]*' calls_that_wait >/dev/null
    pid=$(hall_pid)
    kill -TERM "$pid"
    sleep 1
    is "shutdown: the hall waits for the request that waits for the store" "" "$(hall_is_gone "$pid")"
    let_go
    wait $posted
    is "… which is answered" 200 "$(cat "$world/stop")"
    is "… before it ends" gone "$(eventually 20 gone hall_is_gone "$pid")"
    hall_comes_again "$pid"
    is "… once, and its reply arrives" "2 -1 2 *11" "$(eventually 30 "2 -1 2 *11" one_line effects inbox)"
}

start_all
for fault in ${FAULTS:-same_id_at_once crash_before_commit crash_after_commit crash_after_sendsms failed_report late_commit read_only \
    restart_mid_batch two_answers_at_once clock_steps_at_a_deadline kannel_is_down_for_an_hour report_before_the_note \
    sendsms_times_out backlog_at_once shutdown_with_requests_waiting}; do
    $fault
done
tap_end
