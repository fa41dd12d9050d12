#!/usr/bin/env bash
# An hour at half of what the hall can carry (issue 5): memory flat, no descriptor lost, nothing refused, the outbox drained, tables bounded,
# and as quick in the last ten minutes as in the first. `make soak`; prints TAP, and a line a minute into SOAK_TSV (var/soak.tsv).
#
# SOAK_SECONDS (3600): everything scales with it, so that 300 is a rehearsal in which a minute takes five seconds; SOAK_RATE (half of what
# is measured first, as row b of bench.sh but with the mix of commands in tests/bench/mix.h); SOAK_SUBSCRIBERS (100000). The hall is inline,
# fsync is on, everything else of PostgreSQL is as it comes. An hour at 3,500 a second takes some 12 GB of disk.
#
# What may make the last minutes slower than the first, and must: nothing. What would be no fault of the hall's: checkpoints (told for both),
# others on the machine, and a run so short that the caches are still cold (a tenth of the time goes by before it counts).
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=tests/tap/tap.sh
. tests/tap/tap.sh
export SMSHALL=${SMSHALL:-build/smshall}
bin=$(dirname "$SMSHALL")/bench
world=$(mktemp -d /tmp/smshall-soak.XXXXXX)
seconds=${SOAK_SECONDS:-3600} subscribers=${SOAK_SUBSCRIBERS:-100000} tsv=${SOAK_TSV:-var/soak.tsv} first=13900000000
period=$((seconds >= 300 ? seconds / 60 : 5))
periods=$((seconds / period))
seconds=$((periods * period))
warm=$((seconds / 10 > 60 ? seconds / 10 : 60))
# Late replies go out within so many seconds.
late=5
# Rows, indexes, log and what is left of the WAL, generously.
bytes_a_message=1300
# Tables that grow with orders, top-ups and lists, because they are evidence or money (rules A8), or what was told once and not twice, and never
# with questions. Those of the months are message and reply; all others have a row or so for each subscriber.
grow="dialogue evidence ledger subscription reminder"
constant_pid='' steady_pid='' feed_pid=''

clean_up() {
    local pid
    rm -f "$world/feeding"
    for pid in $steady_pid $constant_pid $feed_pid; do
        kill "$pid" 2>/dev/null || true
    done
    src/dev/world.sh stop "$world" >/dev/null
    rm -rf "$world"
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP

sql() {
    src/dev/world.sh psql "$world" -At -v ON_ERROR_STOP=1 "$@"
}

# For people on a terminal.
progress() {
    [ ! -t 2 ] || printf '\r%s\033[K' "$*" >&2
}

# --- the world, and what happens in it ------------------------------------------------------------------------------------------

start_all() {
    src/dev/world.sh start "$world" --no-kannel --inline >/dev/null
    # shellcheck disable=SC1091 # made by world.sh
    . "$world/env"
    # As the README tells operators: a checkpoint takes its time, and comes by the clock.
    "$WORLD_PG_BIN/psql" -X -q -v ON_ERROR_STOP=1 -d "$WORLD_SUPERUSER_DATABASE" -c "ALTER SYSTEM SET max_wal_size = '16GB'" \
        -c "ALTER SYSTEM SET checkpoint_timeout = '10min'" -c "ALTER SYSTEM SET wal_compression = lz4" -c "SELECT pg_reload_conf()" >"$world/settings"
    sql -q -v first=$first -v count="$subscribers" -f tests/bench/money.sql -f tests/bench/soak.sql
    sql -q -c "VACUUM (ANALYZE)" -c CHECKPOINT 2>/dev/null
    "$bin/constant" "127.0.0.1:$WORLD_SENDSMS_PORT" 202 "0: Accepted for delivery" &
    constant_pid=$!
}

# A billing system's top-ups, twenty a second: their receipts go through the outbox.
start_feed() {
    local n=0 orderers=$((subscribers / 5))
    touch "$world/feeding"
    while [ -e "$world/feeding" ]; do
        echo "SELECT count(hall.top_up($((first + orderers * 4)) + k * 7 % $orderers, 100, 'soak-' || k)) FROM generate_series($n, $n + 19) AS k;"
        n=$((n + 20))
        sleep 1
    done | sql -q -o "$world/fed" &
    feed_pid=$!
}

# steady FIELD: the latest value in a line of the load's
steady() {
    awk -F '\t' -v name="$1" '$1 == name {value = $2} END {print value}' "$world/steady"
}

has_begun() {
    grep -c '^begin' "$world/steady"
}

give_up() {
    echo "not ok - $1"
    exit 1
}

enough_disk() {
    local free need
    free=$(df --output=avail -k "$world" | tail -n 1)
    need=$(($(steady rate) * (seconds + warm) * bytes_a_message / 1024))
    echo "# $(steady capacity) a second at most, $(steady rate) for $seconds s; $((need / 1024)) MB of disk, $((free / 1024)) MB free"
    [ "$need" -lt "$free" ]
}

start_load() {
    progress "what can it carry?"
    "$bin/steady" "$WORLD_HALL_PORT" "$WORLD_TOKEN_FILE" $first "$subscribers" $((seconds < 600 ? 10 : 20)) $warm $seconds $period \
        "${SOAK_RATE:-0}" >"$world/steady" &
    steady_pid=$!
    eventually 120 '[1-9]*' steady rate >"$world/rate"
    enough_disk || { echo "skipped: too little disk" && exit 0; }
    progress "warming up for $warm s"
    [ "$(eventually $((warm + 30)) 1 has_begun)" = 1 ] || give_up "the load does not begin"
}

# --- a line a minute ------------------------------------------------------------------------------------------------------------

memory_of() {
    awk -v name="$2:" '$1 == name {print $2}' "/proc/$1/status" 2>/dev/null || true
}

# Descriptors of the hall. Momentary ones (calls to sendsms) are seen in some samples and not in others.
descriptors() {
    local open=("/proc/$WORLD_PID_HALL/fd/"*)
    echo ${#open[@]}
}

# How many backends the hall has, and KB of the largest without the memory that they share.
backends() {
    local pid kb largest=0 count=0
    for pid in $(sql -c "SELECT pid FROM pg_stat_activity WHERE usename = 'smshall_hall'"); do
        kb=$(memory_of "$pid" RssAnon)
        count=$((count + 1))
        [ "${kb:-0}" -le "$largest" ] || largest=$kb
    done
    printf '%d\t%d\n' $count "$largest"
}

# `FAMILY BYTES DEAD ROWS` of each table, the months and what belongs to no month as one.
sizes() {
    sql -F ' ' -c "SELECT regexp_replace(c.relname, '_([0-9]{4}|other)$', ''), sum(pg_total_relation_size(c.oid)), sum(s.n_dead_tup), sum(s.n_live_tup)
        FROM pg_class AS c JOIN pg_stat_user_tables AS s ON s.relid = c.oid
        WHERE s.schemaname = 'hall' AND c.relkind = 'r' GROUP BY 1 ORDER BY 1"
}

# The outbox: replies unsent, those older than $late seconds, and KB of the indexes by which they are found; checkpoints; MB of WAL in all.
store_figures() {
    sql -F $'\t' -c "SELECT count(*), count(*) FILTER (WHERE at < now() - interval '$late s'),
            (SELECT sum(pg_relation_size(i.indexrelid)) / 1024 FROM pg_index AS i
             WHERE i.indrelid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'hall.reply'::regclass) AND i.indpred IS NOT NULL)::bigint,
            (SELECT checkpoints_timed + checkpoints_req FROM pg_stat_bgwriter),
            (pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') / 1048576)::bigint
        FROM hall.reply WHERE claim_after IS NOT NULL"
}

# MB and dead rows of the families that are worth a column, and of all the rest.
columns_of_sizes() {
    awk -v named="message reply $grow conversation" '
        BEGIN {count = split(named, name, " "); for (i = 1; i <= count; i++) column[name[i]] = i}
        {i = ($1 in column) ? column[$1] : count + 1; bytes[i] += $2; dead[i] += $3}
        END {for (i = 1; i <= count + 1; i++) printf("%s%.1f\t%d", (i > 1) ? "\t" : "", bytes[i] / 1048576, dead[i]); print ""}'
}

header() {
    local name line=$'minute\tmessages\trefused\tlost\tp50_us\tp99_us\tmax_us\thall_kb\tdescriptors\tbackends\tbackend_kb'
    line+=$'\tunsent\tlate\toutbox_index_kb\tcheckpoints\twal_mb'
    for name in message reply $grow conversation others; do
        line+=$'\t'${name}_mb$'\t'${name}_dead
    done
    echo "$line"
}

period_told() {
    grep -P "^period\t$1\t" "$world/steady" | cut -f 2-
}

sample() {
    local n=$1 load
    load=$(eventually 60 '[0-9]*' period_told "$n")
    [ -n "$load" ] || give_up "the load has ended"
    sizes >"$world/sizes.$n"
    printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$load" "$(memory_of "$WORLD_PID_HALL" VmRSS)" "$(descriptors)" "$(backends)" "$(store_figures)" \
        "$(columns_of_sizes <"$world/sizes.$n")" >>"$tsv"
    progress "$(tail -n 1 "$tsv" | awk -F '\t' -v all=$periods '{printf "%d of %d: %d messages, p50 %.1f ms, p99 %.1f ms, hall %.1f MB, %d descriptors, %d refused or lost",
        $1 + 1, all, $2, $5 / 1000, $6 / 1000, $8 / 1024, $9, $3 + $4}')"
}

watch_load() {
    local n begin=$SECONDS
    mkdir -p "$(dirname "$tsv")"
    header >"$tsv"
    for ((n = 0; n < periods; n++)); do
        while [ $((SECONDS - begin)) -lt $(((n + 1) * period)) ]; do
            sleep 0.2
        done
        sample $n
    done
    kill $steady_pid
    wait $steady_pid
    steady_pid=
    progress
}

# --- what came of it ------------------------------------------------------------------------------------------------------------

# column NAME FROM TO median|least|most|sum: over the periods from the one until before the other
column() {
    awk -F '\t' -v name="$1" -v from="$2" -v to="$3" 'NR == 1 {for (i = 1; i <= NF; i++) if ($i == name) c = i; next}
        $1 >= from && $1 < to {print $c}' "$tsv" | sort -n | awk -v which="$4" '
        {value[NR] = $1; sum += $1}
        END {print which == "median" ? value[int((NR + 1) / 2)] : which == "least" ? value[1] : which == "most" ? value[NR] : sum + 0}'
}

# p99 of all messages of these periods, in us
p99() {
    awk -v from="$1" -v to="$2" '$1 == "slot" && $2 >= from && $2 < to {print $3, $4}' "$world/steady" | sort -n | awk '
        {us[NR] = $1; count[NR] = $2; all += $2}
        END {for (i = 1; i <= NR; i++) if ((below += count[i]) >= all * 0.99) {print us[i]; exit}}'
}

# at_most MOST FOUND: yes, or what was found
at_most() {
    awk -v most="$1" -v found="$2" 'BEGIN {print found <= most ? "yes" : found " is more than " most}'
}

# flat NAME COLUMN WHICH KB: the last tenth against the second, within 5 % and so much
flat() {
    local tenth=$((periods >= 20 ? periods / 10 : 1)) before after
    before=$(column "$2" $tenth $((2 * tenth)) "$3")
    after=$(column "$2" $((periods - tenth)) $periods "$3")
    echo "# $1: $before in the second tenth, $after in the last"
    is "$1 stays" yes "$(at_most "$(awk -v b="$before" -v kb="$4" 'BEGIN {print b * 1.05 + kb}')" "$after")"
}

answered() {
    awk -F '\t' -v names=" $* " '$1 == "kind" && index(names, " " $2 " ") {n += $3} END {print n + 0}' "$world/steady"
}

count_of() {
    sql -c "SELECT count(*) FROM hall.$1"
}

nothing_is_refused() {
    is "messages go at their moments, $(steady rate) a second" yes "$(at_most "$(column messages 0 $periods sum)" $(($(steady rate) * seconds - periods)))"
    is "… none is refused" 0 "$(column refused 0 $periods sum)"
    is "… none is lost" 0 "$(column lost 0 $periods sum)"
    is "… none met an error" "" "$(sql -F ' ' -c "SELECT command, outcome, count(*) FROM hall.reply WHERE outcome = 'fault' GROUP BY 1, 2")"
    is "… each is in the log, once" "$(answered balance bill allowance unknown list open close password order yes ordered_list leave)" \
        "$(count_of message)"
}

# A sixth of an hour is ten minutes.
as_quick_at_the_end() {
    local sixth=$((periods / 6)) n first_p99 last_p99
    first_p99=$(p99 0 $sixth)
    last_p99=$(p99 $((periods - sixth)) $periods)
    printf '# p99 of each sixth, in ms:'
    for ((n = 0; n < 6; n++)); do
        printf ' %s' "$(p99 $((n * sixth)) $(((n + 1) * sixth)) | awk '{printf "%.1f", $1 / 1000}')"
    done
    printf '; checkpoints in the first %s, in the last %s\n' "$(checkpoints 0 $((sixth - 1)))" "$(checkpoints $((periods - sixth)) $((periods - 1)))"
    is "p99 of the last sixth is at most 1.2 times that of the first" yes "$(at_most "$(awk -v us="$first_p99" 'BEGIN {print us * 1.2}')" "$last_p99")"
}

checkpoints() {
    echo $(($(column checkpoints "$2" $(($2 + 1)) most) - $(column checkpoints "$1" $(($1 + 1)) most)))
}

outbox_is_drained() {
    echo "# unsent at most $(column unsent 0 $periods most), indexes of the outbox $(column outbox_index_kb 0 1 most) KB at first, $(column outbox_index_kb 0 $periods most) KB at most"
    is "no reply waits longer than $late s" 0 "$(column late 0 $periods most)"
    is "… and none is left" 0 "$(eventually 20 0 sql -c "SELECT count(*) FROM hall.reply WHERE claim_after IS NOT NULL")"
    is "… the outbox is right" 0 "$(sql -c "SELECT count(*) FROM hall.check_outbox()")"
}

# Tables neither of a month nor of those above that after the second tenth got more rows than there are subscribers, or need more for each row
# by a tenth, and 1 MB.
grown() {
    local tenth=$((periods >= 20 ? periods / 10 : 1))
    awk -v free=" message reply $grow " -v most="$subscribers" '
        NR == FNR {bytes[$1] = $2; rows[$1] = $4; next}
        index(free, " " $1 " ") {next}
        $4 > rows[$1] && $4 > most * 1.05 {print $1 ": " rows[$1] " rows, then " $4}
        $2 > bytes[$1] * 1.1 * (rows[$1] && $4 > rows[$1] ? $4 / rows[$1] : 1) + 1048576 {
            print $1 ": " bytes[$1] " bytes in " rows[$1] " rows, then " $2 " in " $4}' \
        "$world/sizes.$((2 * tenth - 1))" "$world/sizes.$((periods - 1))"
}

# Rows by what they are about.
tables_are_bounded() {
    local fed orders lists dialogues
    fed=$(sql -c "SELECT count(*) FROM hall.ledger WHERE reference LIKE 'soak-%'")
    orders=$(answered order)
    lists=$(answered list ordered_list)
    dialogues=$(count_of dialogue)
    is "tables that are not of a month, nor evidence, money or reminders, do not grow" "" "$(grown)"
    is "… a conversation for each subscriber at the most" yes "$(at_most "$subscribers" "$(count_of conversation)")"
    is "… a dialogue for each order and list at the most" yes "$(at_most $((orders + lists)) "$dialogues")"
    is "… a row of the ledger for each yes and top-up" "$((subscribers + fed + $(answered yes)))" \
        "$(sql -c "SELECT count(*) FROM hall.ledger WHERE msisdn BETWEEN $first AND $((first + subscribers - 1))")"
    is "… a reminder for each top-up and yes at the most" yes "$(at_most $((fed + $(answered yes))) "$(count_of reminder)")"
    is "… and the ledger is right" 0 "$(sql -c "SELECT count(*) FROM hall.check_ledger()")"
    echo "# $orders orders, $lists lists, $fed top-ups: $dialogues dialogues, $(count_of evidence) rows of evidence, $(count_of ledger) of the ledger;" \
        "dead rows: $(awk '$3 > 0 {printf "%s %d, ", $1, $3}' "$world/sizes.$((periods - 1))")"
    echo "# $(sql -F ' ' -c "SELECT string_agg(o.said, ', ') FROM (
        SELECT r.command || ' ' || r.outcome || ' ' || count(*) AS said FROM hall.reply AS r GROUP BY r.command, r.outcome ORDER BY count(*) DESC) AS o")"
}

size_of_months() {
    sizes | awk '$1 == "message" || $1 == "reply" {bytes += $2} END {printf "%d", bytes / 1048576}'
}

# Three years later nothing of this month is evidence any more but what lies elsewhere.
months_are_dropped() {
    local before dialogues
    src/dev/world.sh stop-hall "$world" >/dev/null
    before=$(size_of_months)
    dialogues=$(count_of dialogue)
    echo "# messages and replies: $before MB, $((before * 1048576 / $(count_of message))) bytes a message"
    sql -q -c "CREATE OR REPLACE FUNCTION hall.now() RETURNS timestamptz LANGUAGE sql STABLE RETURN statement_timestamp() + interval '3 years'"
    is "months of messages and replies are dropped" "[1-9]*" "$(sql -c "SELECT hall.drop_messages_before((date_trunc('month', now()) + interval '3 months')::date)")"
    is "… and their disk is free" 0 "$(size_of_months)"
    is "… and what was consented to stays" "$dialogues" "$(count_of dialogue)"
}

start_all
start_feed
start_load
watch_load
rm "$world/feeding"
wait $feed_pid
feed_pid=
nothing_is_refused
as_quick_at_the_end
flat "memory of the hall (KB)" hall_kb median 2048
flat "memory of the largest backend (KB)" backend_kb median 2048
flat "the number of backends" backends most 0
is "as many descriptors as after the first minute" yes "$(at_most "$(column descriptors 0 3 most)" "$(column descriptors $((periods - 3)) $periods least)")"
outbox_is_drained
tables_are_bounded
months_are_dropped
tap_end
