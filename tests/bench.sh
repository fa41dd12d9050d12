#!/usr/bin/env bash
# make bench: one table, everything in the same run on this machine (DESIGN 8). SECONDS_EACH (10) is how long each row is measured,
# BENCH_RENEWALS (1000000) how many subscriptions are renewed, which takes the most of the time,
# BENCH_REMINDERS (1000000) how many accounts are told of their charges, BENCH_SUBSCRIBERS (1000000) how many are loaded from a file;
# BENCHES ("a d e f g h i j k") picks rows.
set -eu
cd "$(dirname "$0")/.."
export SMSHALL=${SMSHALL:-build/smshall}
bin=$(dirname "$SMSHALL")/bench
seconds=${SECONDS_EACH:-10} subscribers=${SUBSCRIBERS:-100000} first=13900000000
text=余额 constant_text='尊敬的客户，您好！您的账户余额为56.78元。中国移动'
world=$(mktemp -d /tmp/smshall-bench.XXXXXX)
benches=${BENCHES:-a d e f g h i j k} renewals=${BENCH_RENEWALS:-1000000} reminders=${BENCH_REMINDERS:-1000000} loaded=${BENCH_SUBSCRIBERS:-1000000}
constant_pid='' guessing_pid=''

clean_up() {
    stop_constant
    [ -z "$guessing_pid" ] || kill "$guessing_pid" 2>/dev/null || true
    src/dev/world.sh stop "$world" >/dev/null
    rm -rf "$world"
}
trap clean_up EXIT

sql() {
    src/dev/world.sh psql "$world" -At -v ON_ERROR_STOP=1 "$@"
}

# row NAME PER_SECOND MEMORY_KB NOTE
row() {
    printf -v line '%-52s %10s/s %8s  %s' "$1" "$2" "${3:+$(($3 / 1024)) MB}" "${4-}"
    printf '%s\n' "$line"
}

memory_of() {
    awk '/^VmHWM/ {print $2}' "/proc/$1/status"
}

ratio() {
    awk -v a="$1" -v b="$2" 'BEGIN {printf "%.2f", b ? a / b : 0}'
}

# --- the world -------------------------------------------------------------------------------------------------------------

start_world() {
    src/dev/world.sh start "$world" "$@" >/dev/null
    # shellcheck disable=SC1091 # made by world.sh
    . "$world/env"
    sql -q -c "SELECT count(hall.put_subscriber($first + n, '全球通', 'active')) FROM generate_series(0, $subscribers - 1) n" >/dev/null
    settle_store
}

settle_store() {
    sql -q -c "VACUUM (ANALYZE)" -c CHECKPOINT 2>/dev/null || sql -q -c "VACUUM (ANALYZE)" 2>/dev/null
}

stop_world() {
    src/dev/world.sh stop "$world" >/dev/null
    rm -rf "$world"
    mkdir "$world"
}

start_constant() {
    "$bin/constant" "$@" &
    constant_pid=$!
    sleep 0.5
}

stop_constant() {
    [ -z "$constant_pid" ] || { kill "$constant_pid" && wait "$constant_pid"; } 2>/dev/null || true
    constant_pid=
}

# --- (a) pgbench: hall.receive once per transaction, 8 clients ---------------------------------------------------------------

measure_pgbench() {
    cat >"$world/receive.sql" <<END
\set n random(0, $subscribers - 1)
\set i random(1, 9000000000000000)
SELECT hall.receive($first + :n, 'pgbench-' || :i, '10086', 'hall', '$text', :i, extract(epoch FROM now())::bigint, 'balance', 'balance', 'reads', 'never', '{}', NULL, 'inline');
END
    local out
    out=$("$WORLD_PG_BIN/pgbench" -n -M prepared -c 8 -j 2 -T "$seconds" -f "$world/receive.sql" "$WORLD_DATABASE")
    pgbench_rate=$(awk '/^tps/ {printf "%.0f", $3}' <<<"$out")
    row "a  pgbench, hall.receive, 8 clients" "$pgbench_rate"
}

# --- (b), (c) the hall over HTTP ---------------------------------------------------------------------------------------------

# load_http [FIRST]: prints wrk's result line
load_http() {
    MO_TEXT=$text MO_FIRST=${1:-$first} MO_SUBSCRIBERS=$subscribers MO_TOKEN=$(cat "$WORLD_TOKEN_FILE") \
        wrk -t 1 -c "${CONNECTIONS:-256}" -d "${seconds}s" --latency -s tests/bench/mo.lua "$WORLD_HALL_URL" | grep '^result'
}

measure_http() {
    local name=$1 requests errors us p50 p99
    read -r _ _ requests _ errors _ us _ p50 _ p99 < <(load_http)
    http_rate=$(awk -v n="$requests" -v us="$us" 'BEGIN {printf "%.0f", n * 1e6 / us}')
    [ "$errors" = 0 ] || echo "   $errors of $requests answered otherwise than 200"
    row "$name" "$http_rate" "$(memory_of "$WORLD_PID_HALL")" "$(ratio "$http_rate" "$pgbench_rate") x a; p50 $((p50 / 1000)) ms, p99 $((p99 / 1000)) ms"
}

# --- (d) through the real Kannel ---------------------------------------------------------------------------------------------

# Through Kannel's fake SMSC, the quickest way in (kannel.md §2): `--fake` puts it in the place of the network's stand-in.
measure_kannel() {
    local name=$1 pid=$2 out
    out=$("$bin/fake_load" "$WORLD_SMSC_PORT" $((seconds * 1500)) "$first" "$subscribers" "$text") || echo "   not all were answered: $out"
    kannel_rate=$(awk '{print $NF}' <<<"$out")
    row "$name" "$kannel_rate" "$(memory_of "$pid")" "${3:+$(ratio "$kannel_rate" "$3") of the constant}"
}

sendsms_of_constant() {
    echo "$WORLD_SENDSMS_URL?username=hall&password=$(cat "$WORLD_SENDSMS_PASSWORD_FILE")&from=10086"
}

# The constant responder listens where the hall would, and asks for the same reports.
start_constant_in_place_of_hall() {
    src/dev/world.sh stop-hall "$world" >/dev/null
    [ -z "$WORLD_DLR_URL" ] || export DLR_URL=$WORLD_HALL_URL/dlr
    if [ "$WORLD_REPLY" = inline ]; then
        start_constant "127.0.0.1:$WORLD_HALL_PORT" 200 "$constant_text"
    else
        start_constant "127.0.0.1:$WORLD_HALL_PORT" 200 "$constant_text" "$(sendsms_of_constant)"
    fi
    unset DLR_URL
}

# measure_kannel_beside_constant NAME OPTIONS…: each in a world of its own, because a Kannel grows slower with what went through it.
measure_kannel_beside_constant() {
    local name=$1 constant_rate
    shift
    start_world --fake "$@"
    start_constant_in_place_of_hall
    measure_kannel "d  Kannel, constant responder, $name" "$constant_pid"
    constant_rate=$kannel_rate
    stop_constant
    stop_world
    start_world --fake "$@"
    measure_kannel "d  Kannel, the hall, $name" "$WORLD_PID_HALL" "$constant_rate"
    stop_world
}

# --- (f), (g) two messages that belong together ---------------------------------------------------------------------------------

# Each subscriber of a pool sends TEXT and then 是, once. pair NAME TEXT COMMAND EFFECT CONFIRM ARGS CONNECTIONS BLOCK COUNTED: COUNTED is
# the query that says how often all of it was done, which is what counts. Pools: one for pgbench, one for the hall.
pool=50000 pool_pgbench=13910000000 pool_hall=13920000000

pair_script() {
    cat <<END
\set i :i + 1
\set n $pool_pgbench + :i * 8 + :client_id
SELECT hall.receive(:n, 'first', '10086', 'hall', '$1', 1, extract(epoch FROM now())::bigint, '$2', '$2', '$3', '$4', '$5', NULL, 'inline');
SELECT hall.receive(:n, 'then', '10086', 'hall', '是', 2, extract(epoch FROM now())::bigint, NULL, NULL, 'reads', 'never', '{"folded": "是", "near": []}', 'yes', 'inline');
END
}

measure_pair() {
    local name=$1 text=$2 connections=$7 block=$8 counted=$9 before out pgbench_done hall_done requests errors us p50 p99
    pair_script "$text" "$3" "$4" "$5" "$6" >"$world/pair.sql"
    before=$(sql -c "$counted")
    out=$("$WORLD_PG_BIN/pgbench" -n -r -M prepared -c 8 -j 2 -D i=0 -T "$seconds" -f "$world/pair.sql" "$WORLD_DATABASE")
    pgbench_done=$((($(sql -c "$counted") - before) / seconds))
    row "$name: pgbench, 8 clients" "$pgbench_done" "" "$(awk '/SELECT hall.receive/ {printf "%s%.0f ms", n++ ? " and " : "", $1}' <<<"$out")"

    before=$(sql -c "$counted")
    read -r _ _ requests _ errors _ us _ p50 _ p99 < <(CONNECTIONS=$connections MO_ANSWER=是 MO_BLOCK=$block load_http $pool_hall)
    [ "$errors" = 0 ] || echo "   $errors of $requests answered otherwise than 200"
    hall_done=$((($(sql -c "$counted") - before) * 1000000 / us))
    row "$name: the hall" "$hall_done" "$(memory_of "$WORLD_PID_HALL")" \
        "$(ratio "$hall_done" "$pgbench_done") x pgbench; $((requests * 1000000 / us)) calls/s, p50 $((p50 / 1000)) ms, p99 $((p99 / 1000)) ms"
}

# What does not fit into the answer to a message goes to a stand-in for sendsms.
start_world_for_pairs() {
    local file start
    start_world --no-kannel --inline --no-reports
    start_constant "127.0.0.1:$WORLD_SENDSMS_PORT" 202 "0: Accepted for delivery"
    for start in $pool_pgbench $pool_hall; do
        for file in "$@"; do
            sql -q -v first=$start -v count=$pool -f "tests/bench/$file.sql"
        done
    done
    settle_store
}

measure_orders() {
    start_world_for_pairs money
    measure_pair "f  an order with its confirmation" KTCL open changes when_charged '{"service": "CL"}' 256 512 \
        "SELECT count(*) FROM hall.ledger WHERE kind = 'service_fee'"
    stop_constant
    stop_world
}

measure_leaving() {
    local pool=3000
    start_world_for_pairs money leaving
    measure_pair "g  leaving 50 services" 00000 leave_all leaves never '{}' 64 64 \
        "SELECT count(*) / 50 FROM hall.subscription WHERE end_reason = 'leave'"
    stop_constant
    stop_world
}

# --- (h) renewals, and the hall answers meanwhile --------------------------------------------------------------------------------

private_memory_of() {
    awk '/^RssAnon/ {print $2}' "/proc/$1/status" 2>/dev/null || true
}

largest_backend() {
    local pid largest=0 kb
    for pid in $(sql -c "SELECT pid FROM pg_stat_activity WHERE usename = 'smshall_hall'"); do
        kb=$(private_memory_of "$pid")
        [ "${kb:-0}" -le "$largest" ] || largest=$kb
    done
    echo "$largest"
}

# A few hundred YE a second from those who are renewed.
load_modestly() {
    CONNECTIONS=32 MO_DELAY_MS=100 subscribers=$((renewals < 100000 ? renewals : 100000)) load_http $pool_hall
}

# Writes `done, KB of the hall, KB of the largest backend` once a second, until all is done or nothing has moved for two minutes.
watch_renewals() {
    local before=$1 last=0 done=0 still=0
    while [ "$done" -lt "$renewals" ] && [ $still -lt 120 ]; do
        sleep 1
        done=$(($(renewed) - before))
        still=$((done > last ? 0 : still + 1)) last=$done
        echo "$SECONDS $done $(private_memory_of "$WORLD_PID_HALL") $(largest_backend)"
    done
}

renewed() {
    sql -c "SELECT n_tup_ins FROM pg_stat_user_tables WHERE schemaname = 'hall' AND relname = 'ledger'"
}

# tenth COLUMN first|last: the most in the first or in the last tenth of the work
tenth() {
    awk -v column="$1" -v which="$2" -v all="$renewals" '
        which == "first" ? $2 <= all / 10 : $2 >= all * 0.9 {most = $column > most ? $column : most}
        END {printf "%.1f", most / 1024}' "$world/renewals"
}

# The p99 of each of the loads that ran meanwhile, in ms, in their order of size.
p99_meanwhile() {
    awk '{printf "%.1f\n", $NF / 1000}' "$world/meanwhile" | sort -n
}

measure_renewals() {
    local alone middle worst before load
    start_world --no-kannel --sendsms --no-reports
    start_constant "127.0.0.1:$WORLD_SENDSMS_PORT" 202 "0: Accepted for delivery"
    sql -q -c "REVOKE EXECUTE ON FUNCTION hall.run_due() FROM smshall_hall" # nothing is renewed before we look
    sql -q -v first=$pool_hall -v count="$renewals" -f tests/bench/money.sql -f tests/bench/renewals.sql
    settle_store
    load_modestly >/dev/null
    alone=$(load_modestly | awk '{printf "%.1f", $NF / 1000}')
    before=$(renewed)

    sql -q -c "GRANT EXECUTE ON FUNCTION hall.run_due() TO smshall_hall"
    touch "$world/renewing"
    while [ -e "$world/renewing" ]; do load_modestly; done >"$world/meanwhile" &
    load=$!
    watch_renewals "$before" >"$world/renewals"
    rm "$world/renewing"
    wait $load

    middle=$(p99_meanwhile | awk '{value[NR] = $1} END {print value[int((NR + 1) / 2)]}')
    worst=$(p99_meanwhile | tail -n 1)
    row "h  renewals, $renewals" "$(awk '$2 > 0 {n++; if (n == 1) {at = $1; from = $2} to = $2; end = $1}
        END {printf "%.0f", (end > at ? (to - from) / (end - at) : to)}' "$world/renewals")" "" "$(tail -n 1 "$world/renewals" | awk '{print $2}') done"
    echo "   memory, first and last tenth: hall $(tenth 3 first) and $(tenth 3 last) MB, largest backend $(tenth 4 first) and $(tenth 4 last) MB"
    echo "   p99 of YE: $alone ms without, $middle ms meanwhile ($(ratio "$middle" "$alone") x), $worst ms in the worst $seconds s ($(ratio "$worst" "$alone") x)"
    stop_constant
    stop_world
}

# --- (i) passwords, and the hall answers meanwhile -------------------------------------------------------------------------------

# post AT_A_TIME <LINES: FROM TAB TEXT; prints `NUMBER STATUS US BODY` of each
post() {
    "$(dirname "$bin")/fault/post" "$WORLD_HALL_URL" "$WORLD_TOKEN_FILE" "$1" 10000
}

# Three lots of as many subscribers: with a password and with it, with one and with another, and without any.
pool_passwords=200
give_passwords() {
    local n id hash
    for ((n = 0; n < 2 * pool_passwords; n++)); do
        read -r id hash < <("$(dirname "$bin")/fault/pepper" "$WORLD_PEPPER_FILE" password $((first + n)) 482913)
        echo "SELECT hall.put_password($((first + n)), $id, '\\x$hash');"
    done | sql -q -o /dev/null
}

# One after the other, the three lots in turn. Prints `median spread` of each, in ms; the spread is that of the middle half.
time_passwords() {
    local n
    for ((n = 0; n < pool_passwords; n++)); do
        printf '%d\tCXYEH482913\n%d\tCXYEH604937\n%d\tCXYEH604937\n' $((first + n)) $((first + pool_passwords + n)) $((first + 2 * pool_passwords + n))
    done | post 1 | awk '{print $1 % 3, $3}' | sort -k1,1n -k2,2n | awk -v count=$pool_passwords '
        {us[$1, n[$1]++] = $2}
        END {for (i = 0; i < 3; i++) printf "%.2f %.2f ", us[i, int(count / 2)] / 1000, (us[i, int(count * 3 / 4)] - us[i, int(count / 4)]) / 1000
            print ""}'
}

# More than the workers take, 32 at a time; from the half of the subscribers who do not ask for their balance meanwhile.
start_guessing() {
    exec 5< <(for ((n = 0; ; n++)); do printf '%d\tCXYEH604937\n' $((first + subscribers / 2 + n % (subscribers / 2))); done 2>/dev/null)
    "$(dirname "$bin")/fault/post" "$WORLD_HALL_URL" "$WORLD_TOKEN_FILE" 32 10000 <&5 >/dev/null &
    guessing_pid=$!
    exec 5<&-
    sleep 1
}

stop_guessing() {
    [ -z "$guessing_pid" ] || { kill "$guessing_pid" && wait "$guessing_pid"; } 2>/dev/null || true
    guessing_pid=
    until [ "$(metric smshall_proofs_waiting)" = 0 ]; do sleep 0.2; done
}

# A few hundred YE a second. Prints p50 and p99, in us.
ask_for_balance() {
    CONNECTIONS=32 MO_DELAY_MS=100 subscribers=$((subscribers / 2)) load_http | awk '{print $(NF - 2), $NF}'
}

metric() {
    curl -q -s "$WORLD_HALL_URL/metrics" | awk -v name="$1" '$1 == name {n = $2} END {print n + 0}'
}

# Like for like: stretches without and with, in turn; the middle one of each counts.
measure_passwords() {
    local right right_spread wrong wrong_spread unset unset_spread before=0 after=0 alone busy
    WORLD_PEPPER_COST="64 2" start_world --no-kannel --inline
    give_passwords
    read -r right right_spread wrong wrong_spread unset unset_spread < <(time_passwords)
    row "i  a password: right" "$(ratio 1000 "$right")" "" "p50 $right ms, spread $right_spread ms"
    row "i  a password: wrong" "$(ratio 1000 "$wrong")" "" "p50 $wrong ms, spread $wrong_spread ms"
    row "i  a password: never set" "$(ratio 1000 "$unset")" "" "p50 $unset ms, spread $unset_spread ms"

    ask_for_balance >/dev/null
    for _ in 1 2 3; do
        ask_for_balance >>"$world/alone"
        start_guessing
        before=$((before + $(metric smshall_proof_seconds_count)))
        ask_for_balance >>"$world/busy"
        after=$((after + $(metric smshall_proof_seconds_count)))
        stop_guessing
    done
    read -r -a alone < <(sort -k2,2n "$world/alone" | awk '{printf "%.1f %.1f ", $1 / 1000, $2 / 1000} END {print ""}')
    read -r -a busy < <(sort -k2,2n "$world/busy" | awk '{printf "%.1f %.1f ", $1 / 1000, $2 / 1000} END {print ""}')
    row "i  passwords checked, at the workers' limit" "$(((after - before) / (3 * seconds)))" "$(memory_of "$WORLD_PID_HALL")"
    echo "   YE without: p50 ${alone[2]} ms, p99 ${alone[3]} ms (${alone[1]} to ${alone[5]}); meanwhile: p50 ${busy[2]} ms," \
        "p99 ${busy[3]} ms (${busy[1]} to ${busy[5]}): $(ratio "${busy[3]}" "${alone[3]}") x"
    stop_world
}

# --- (j) a billing system's file -------------------------------------------------------------------------------------------------

write_subscribers() {
    awk -v first=$first -v n="$loaded" 'BEGIN {
        print "msisdn,brand,state,opening_fen,is_blacklisted"
        for (i = 0; i < n; i++) printf "%.0f,%s,active,%d,%s\n", first + (i * 7) % n, i % 3 ? "全球通" : "神州行", i % 20000, i % 50 ? "no" : "yes"
    }' >"$world/subscribers.csv"
}

# per_second SINCE_US: how many of $loaded a second
per_second() {
    echo $((loaded * 1000000 / ($(date +%s%N) / 1000 - $1)))
}

# load_subscribers: prints the summary's `N new, N changed`, and KB of the loader behind it
load_subscribers() {
    local pid kb=0 most=0
    SMSHALL_OWNER_DATABASE=$WORLD_OWNER_DATABASE "$SMSHALL" load subscribers "$world/subscribers.csv" >"$world/loaded" &
    pid=$!
    while kb=$(memory_of $pid 2>/dev/null) && [ -n "$kb" ]; do
        most=$kb
        sleep 0.1
    done
    wait $pid
    sed -n 's/.*(\(.*\)).*/\1/p' "$world/loaded"
    echo "$most"
}

measure_loading() {
    local since plain put summary kb name
    src/dev/world.sh start "$world" --no-kannel --no-hall >/dev/null
    # shellcheck disable=SC1091 # made by world.sh
    . "$world/env"
    write_subscribers
    sql -q -c "CREATE TABLE public.plain (msisdn bigint PRIMARY KEY, brand text, state text, opening_fen bigint, is_blacklisted boolean)" -c CHECKPOINT
    since=$(($(date +%s%N) / 1000))
    sql -q -c "\\copy public.plain FROM '$world/subscribers.csv' CSV HEADER"
    plain=$(per_second "$since")
    row "j  \\copy of $loaded subscribers into a plain table" "$plain"
    sql -q -c "DROP TABLE public.plain" -c CHECKPOINT
    for name in "loaded" "loaded again"; do
        since=$(($(date +%s%N) / 1000))
        { read -r summary && read -r kb; } < <(load_subscribers)
        put=$(per_second "$since")
        row "j  smshall load: the same file, $name" "$put" "$kb" "$(ratio "$put" "$plain") x \\copy; $summary"
    done
    [ "$(sql -c "SELECT count(*) FROM hall.check_ledger()")" = 0 ] || echo "   the ledger is wrong"
    stop_world
}

# --- (k) reminders, and the hall answers meanwhile -------------------------------------------------------------------------------

# Reminders that were decided upon: each is written once more then.
reminded() {
    sql -c "SELECT n_tup_upd FROM pg_stat_user_tables WHERE schemaname = 'hall' AND relname = 'reminder'"
}

unsent_reminders() {
    sql -c "SELECT count(*) FROM (SELECT FROM hall.reply WHERE claim_after IS NOT NULL AND command = 'reminder' LIMIT 1) AS r"
}

# Writes `second, decided upon` once a second, until all of them are sent or nothing has moved for two minutes.
watch_reminders() {
    local last=-1 done=0 still=0
    while { [ "$done" -lt "$reminders" ] || [ "$(unsent_reminders)" != 0 ]; } && [ $still -lt 120 ]; do
        sleep 1
        done=$(reminded)
        still=$((done > last ? 0 : still + 1)) last=$done
        echo "$SECONDS $done"
    done
}

# What the same replies cost by themselves, with their indexes: one plain INSERT. Prints how many a second.
measure_plain_insert() {
    local begin
    sql -q -c "CREATE TABLE bench_reply (LIKE hall.reply INCLUDING ALL)" -c CHECKPOINT 2>/dev/null
    begin=$(date +%s%N)
    sql -q -c "INSERT INTO bench_reply
        (msisdn, at, month, number, part, port, command, outcome, fields, language, valid_until, state, claim_after)
        SELECT r.msisdn, r.at, r.month, r.number, r.part, r.port, r.command, r.outcome, r.fields, r.language, r.valid_until, 'unsent', r.at
        FROM hall.reply AS r WHERE r.command = 'reminder'"
    awk -v n="$reminders" -v ns=$(($(date +%s%N) - begin)) 'BEGIN {printf "%.0f", n * 1e9 / ns}'
}

# The store's work alone: what one session decides and writes without a rest, in pieces as run_due has them. Prints how many a second.
measure_deciding() {
    local most=$((reminders < 20000 ? reminders : 20000)) begin
    sql -q -c "REVOKE EXECUTE ON FUNCTION hall.run_due() FROM smshall_hall"
    sql -q -c "UPDATE hall.reminder AS r SET state = 'waiting', due_at = r.at FROM (SELECT msisdn FROM hall.reminder LIMIT $most) AS s
        WHERE r.msisdn = s.msisdn" -c "VACUUM (ANALYZE) hall.reminder" 2>/dev/null
    begin=$(date +%s%N)
    sql -q -c "SET enable_seqscan = off; SET jit = off; SET plan_cache_mode = force_generic_plan" -c "DO \$\$ BEGIN
        WHILE (hall.run_due() ->> 'reminders')::int > 0 LOOP COMMIT; END LOOP; END \$\$"
    awk -v n="$most" -v ns=$(($(date +%s%N) - begin)) 'BEGIN {printf "%.0f", n * 1e9 / ns}'
}

measure_reminders() {
    local alone middle worst load begin plain
    start_world --no-kannel --sendsms --no-reports
    start_constant "127.0.0.1:$WORLD_SENDSMS_PORT" 202 "0: Accepted for delivery"
    sql -q -c "REVOKE EXECUTE ON FUNCTION hall.run_due() FROM smshall_hall" # nothing is told before we look
    sql -q -v first=$pool_hall -v count="$reminders" -f tests/bench/money.sql -f tests/bench/reminders.sql
    settle_store
    renewals=$reminders load_modestly >/dev/null
    alone=$(renewals=$reminders load_modestly | awk '{printf "%.1f", $NF / 1000}')

    sql -q -c "GRANT EXECUTE ON FUNCTION hall.run_due() TO smshall_hall"
    touch "$world/reminding"
    while [ -e "$world/reminding" ]; do renewals=$reminders load_modestly; done >"$world/meanwhile" &
    load=$!
    begin=$SECONDS
    watch_reminders >"$world/reminders"
    rm "$world/reminding"
    wait $load

    middle=$(p99_meanwhile | awk '{value[NR] = $1} END {print value[int((NR + 1) / 2)]}')
    worst=$(p99_meanwhile | tail -n 1)
    plain=$(measure_plain_insert)
    row "k  reminders, $reminders: decided, written, sent" \
        "$(awk -v begin="$begin" '{n = $2; end = $1} END {printf "%.0f", n / (end > begin ? end - begin : 1)}' "$world/reminders")" \
        "$(memory_of "$WORLD_PID_HALL")" "$(tail -n 1 "$world/reminders" | awk '{print $2}') done"
    row "k  decided and written by one session, without a rest" "$(measure_deciding)"
    row "k  the same replies by one plain INSERT ... SELECT" "$plain"
    echo "   p99 of YE: $alone ms without, $middle ms meanwhile ($(ratio "$middle" "$alone") x), $worst ms in the worst $seconds s ($(ratio "$worst" "$alone") x)"
    stop_constant
    stop_world
}

# --- all of it -------------------------------------------------------------------------------------------------------------------

measure_messages() {
    start_world --no-kannel --inline
    measure_pgbench
    measure_http "b  hall over HTTP, inline, commit before answer"
    stop_world

    start_world --no-kannel --sendsms --no-reports
    start_constant "127.0.0.1:$WORLD_SENDSMS_PORT" 202 "0: Accepted for delivery"
    measure_http "c  hall over HTTP, sendsms to a stand-in"
    stop_constant
    stop_world
}

measure_both_ways() {
    measure_kannel_beside_constant inline --inline --no-reports
    measure_kannel_beside_constant sendsms --sendsms --no-reports
    measure_kannel_beside_constant "inline, with reports" --inline
}

measure_reading() {
    "$bin/read" | while IFS= read -r line; do
        echo "e  $line"
    done
}

echo "measuring: some minutes, and half an hour for a million renewals"
for bench in $benches; do
    case $bench in
    a) measure_messages ;;
    d) measure_both_ways ;;
    e) measure_reading ;;
    f) measure_orders ;;
    g) measure_leaving ;;
    h) measure_renewals ;;
    j) measure_loading ;;
    k) measure_reminders ;;
    i) measure_passwords ;;
    *) echo "bench.sh: there is no bench $bench" >&2 && exit 2 ;;
    esac
done
