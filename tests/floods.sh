#!/usr/bin/env bash
# Floods: more than the hall can carry, from those who mean harm and from those who do not (rules E2, E3). Honest requests are answered all
# the while. Prints TAP. FLOOD_SECONDS (5) is how long each flood lasts, FLOODS which of the functions below.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=tests/tap/tap.sh
. tests/tap/tap.sh
export SMSHALL=${SMSHALL:-build/smshall}
world=$(mktemp -d /tmp/smshall-floods.XXXXXX)
programs=$(dirname "$SMSHALL")/fault
seconds=${FLOOD_SECONDS:-5}
others=()
first=13700000000 subscribers=500

clean_up() {
    local pid
    for pid in "${others[@]}"; do
        kill -KILL "$pid" 2>/dev/null || true
    done
    src/dev/world.sh stop "$world"
    rm -rf "$world"
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP

# --- helpers ---------------------------------------------------------------------------------------------------------------

sql() {
    src/dev/world.sh psql "$world" -At -v ON_ERROR_STOP=1 "$@"
}

# What the hall counts, summed over labels that hold PATTERN. counted NAME [PATTERN]
counted() {
    curl -q -fsS -m 10 "$WORLD_HALL_URL/metrics" | awk -v name="$1" -v pattern="${2-}" \
        'index($1, name) == 1 && index($1, pattern) { sum += $2 } END { print sum + 0 }'
}

# A figure of the hall's memory in kB: VmRSS, or VmHWM for the most that it was. memory NAME
memory() {
    awk -v name="$1:" '$1 == name { print $2 }' "/proc/$WORLD_PID_HALL/status"
}

# As Kannel would; prints the status, and how long it took in ms. Each asker has subscribers of its own. ask ID MSISDN TEXT
ask() {
    curl -q -s -m 15 -o /dev/null -w '%{http_code} %{time_total}\n' -H 'Content-Type: text/plain; charset="UTF-8"' --data-binary "$3" \
        "$WORLD_HALL_URL/kannel/mo?id=$1&from=$2&to=10086&coding=0&charset=UTF-8&time=$(date +%s)&token=$token" |
        awk '{ printf "%s %d\n", $1, $2 * 1000 }' || true
}

# One question after the other while the flood lasts, four a second, each by another subscriber. Leaves `STATUS MS` lines in the file NAME.
ask_meanwhile() {
    local n=0 end=$((SECONDS + seconds))
    while [ $SECONDS -lt $end ]; do
        ask "$1-$n" $((13600000000 + n % 100)) YE
        n=$((n + 1))
        sleep 0.25
    done >"$world/$1"
}

# How many of them were answered 200 within so many ms, and how many not: "N 0" is good. within MS NAME
within() {
    awk -v most="$1" '$1 == 200 && $2 <= most { good++; next } { bad++ } END { print good + 0, bad + 0 }' "$world/$2"
}

slowest() {
    sort -k 2 -n "$world/$1" | tail -n 1 | cut -d ' ' -f 2
}

# Others' traffic with replies told apart, in inline mode: its exit code is 1 when one is lost or out of order.
start_others() {
    "$programs/kill_load" "$WORLD_HALL_URL" "$WORLD_TOKEN_FILE" "127.0.0.1:$WORLD_PHONES_PORT" 13500000000 20 $((seconds * 20)) >"$world/counts" &
    load=$!
    others+=("$load")
}

others_are_well() {
    local status=0
    wait "$load" || status=$?
    echo "# others: $(cat "$world/counts")"
    is "$1: others' messages are all answered, each once and in order" 0 $status
}

charged() {
    sql -c "SELECT coalesce(-sum(fen), 0) FROM hall.ledger WHERE kind = 'test' AND msisdn BETWEEN $1 AND $2"
}

# A listener who lets callers in and never says a word: a stopped process. Sets silent_port.
start_silence() {
    silent_port=$((WORLD_PHONES_PORT + 500))
    sleep 600 | "$programs/proxy" "$silent_port" 1 >"$world/silence" &
    silence=$!
    others+=("$silence" "$(pgrep -n -x -P $$ sleep)")
    eventually 10 ready cat "$world/silence" >/dev/null
    kill -STOP "$silence"
}

start_all() {
    mkdir "$world/commands"
    cp commands/*.yaml tests/fault/commands/*.yaml "$world/commands/"
    export SMSHALL_COMMANDS=$world/commands SMSHALL_WEBHOOK_ALLOW=127.0.0.1
    src/dev/world.sh start "$world" --no-kannel --inline
    # shellcheck disable=SC1091 # made by world.sh
    . "$world/env"
    token=$(cat "$WORLD_TOKEN_FILE")
    sql -q -f tests/fault/commands/commands.sql
    sql -q -c "SELECT hall.put_subscriber(start + n, '全球通', 'active', p_opening_fen => 10000)
               FROM (VALUES (13600000000, 99), (13500000000, 19), ($first, $subscribers - 1), (13400000000, 0)) AS v (start, count),
                    generate_series(0, count) AS n" >/dev/null
}

# --- floods ----------------------------------------------------------------------------------------------------------------

# 2,000 that send a header line a second, and come back when they are cut off.
slow_connections() {
    local slow
    "$programs/slow" "$WORLD_HALL_PORT" 2000 >"$world/slow" &
    slow=$!
    others+=("$slow")
    eventually 20 'ready*' cat "$world/slow" >/dev/null
    start_others
    ask_meanwhile slow-asked
    others_are_well "2,000 slow connections"
    echo "# slowest: $(slowest slow-asked) ms"
    is "… and who asks meanwhile is answered within a second" "[1-9]* 0" "$(within 1000 slow-asked)"
    is "… who had to go is counted" "[1-9]*" "$(counted smshall_refused_total too_many_connections)"
    kill "$slow"
    ask slow-after 13600000000 YE >"$world/slow-after"
    is "… and at once when they are gone" "1 0" "$(within 1000 slow-after)"
    wait "$slow" || true
    echo "# slow: $(tail -n 1 "$world/slow"); counted: $(counted smshall_refused_total too_many_connections)"
}

# A thousand a second of one subscriber, half of them the same question.
one_subscriber() {
    local wanted=$((seconds * 1000)) n tenth
    for ((tenth = 0; tenth < seconds * 10; tenth++)); do
        for ((n = tenth * 100; n < tenth * 100 + 100; n += 2)); do
            printf '13400000000\tYE\n13400000000\tTEST%d\n' $((n % 1000))
        done
        sleep 0.1
    done | "$programs/post" "$WORLD_HALL_URL" "$WORLD_TOKEN_FILE" 400 1000 >"$world/one" &
    others+=($!)
    start_others
    ask_meanwhile one-asked
    others_are_well "one subscriber sends 1,000 a second"
    echo "# slowest: $(slowest one-asked) ms"
    is "… who asks meanwhile is answered within two seconds" "[1-9]* 0" "$(within 2000 one-asked)"
    is "… and the flood itself is taken to the last" "$wanted" "$(eventually $((seconds * 4 + 10)) "$wanted" grep -c '' "$world/one")"
    is "… all with 200" "" "$(cut -d ' ' -f 2 "$world/one" | grep -v '^200$' | sort -u)"
}

# Every webhook hangs, and every sendsms: queries do not pass there in inline mode.
hanging_others() {
    start_silence
    src/dev/world.sh stop-hall "$world"
    printf 'WORLD_SENDSMS_URL=%q\n' "http://127.0.0.1:$silent_port/cgi-bin/sendsms" >>"$world/env"
    src/dev/world.sh start-hall "$world" >/dev/null
    # shellcheck disable=SC1091 # made by world.sh
    . "$world/env"
    sql -q -c "INSERT INTO hall.hook (name, url) VALUES ('silent', 'http://127.0.0.1:$silent_port/')" \
        -c "INSERT INTO hall.hook_key (hook, number, secret, since) VALUES ('silent', 1, decode(repeat('00', 32), 'hex'), hall.now())" \
        -c "INSERT INTO hall.event (msisdn, at, claim_after, hook, stream, kind, data)
            SELECT $first, hall.now(), hall.now(), 'silent', 'silent ' || n, 'text.received', '{}' FROM generate_series(1, 500) AS n" \
        -c "SELECT hall.top_up($first + n, 100, 'flood-' || n) FROM generate_series(0, $subscribers - 1) AS n" >/dev/null
    is "a webhook that hangs has calls under way" "[1-9]*" "$(eventually 20 '[1-9]*' calls_to_silence)"
    start_others
    ask_meanwhile hang-asked
    others_are_well "webhooks and sendsms hang"
    echo "# slowest: $(slowest hang-asked) ms; calls that hang: $(calls_to_silence); unsent: $(sql -c "SELECT count(*) FROM hall.reply WHERE state = 'unsent'")"
    is "… replies wait for sendsms" "[1-9]*" "$(sql -c "SELECT count(*) FROM hall.reply WHERE state = 'unsent'")"
    is "… who asks is answered within a second" "[1-9]* 0" "$(within 1000 hang-asked)"
    kill -KILL "$silence"
    wait "$silence" 2>/dev/null || true
}

# Connections to the listener that says nothing, as the kernel has them.
calls_to_silence() {
    grep -cE "^ *[0-9]+: [0-9A-F]+:[0-9A-F]+ [0-9A-F]+:$(printf '%04X' "$silent_port") 01 " /proc/net/tcp || true
}

# Three times as many at a time as there are seats, each again with the same id 50 ms after its 503, or after it was cut
# off because it had not asked within a moment, until all are taken.
overload() {
    local all before start ms tries busy cut most
    before=$(memory VmRSS)
    busy=$(counted smshall_refused_total too_many_requests)
    cut=$(counted smshall_refused_total too_many_connections)
    start=$(date +%s%N)
    overload_texts | tee "$world/texts" | "$programs/post" "$WORLD_HALL_URL" "$WORLD_TOKEN_FILE" 1536 100000 >"$world/overload"
    ms=$((($(date +%s%N) - start) / 1000000))
    ask overload-after 13600000001 YE >"$world/overload-after"
    all=$(grep -c '' "$world/texts")
    busy=$(($(counted smshall_refused_total too_many_requests) - busy))
    cut=$(($(counted smshall_refused_total too_many_connections) - cut))
    tries=$((all + busy + cut))
    most=$(($(cut -d ' ' -f 3 "$world/overload" | sort -n | tail -n 1) / 1000))
    echo "# $all messages in $ms ms, $((all * 1000 / ms)) a second; tries $tries: 503 $busy, no answer $cut; slowest that was taken: $most ms"
    is "overload: two tries and more for each that is taken" yes "$([ $tries -ge $((2 * all)) ] && echo yes || echo "$tries")"
    is "… those that are not taken are told 503, if they ask in time" "[1-9]*" "$busy"
    is "… all are taken in the end, with the same id" "$all" "$(cut -d ' ' -f 2 "$world/overload" | grep -c '^200$')"
    is "… each once" "$all" "$(charged $first $((first + subscribers - 1)))"
    is "… who is taken waits no longer than the queue is" yes "$([ $most -lt 10000 ] && echo yes || echo "$most ms")"
    is "… it recovers at once" "1 0" "$(within 1000 overload-after)"
    memory_is_bound "$before"
}

# conf/smshall.yaml: a connection may hold 80 kB; half as much for its request. 64 more may be told 503 at a time.
memory_is_bound() {
    local most bound=$(($1 + (512 + 64) * 120))
    most=$(memory VmHWM)
    echo "# memory: $1 kB before, at most $most kB"
    is "… with memory that its connections bound" yes "$([ "$most" -lt $bound ] && echo yes || echo "$most kB of $bound")"
}

# Texts for so many seconds, for each of the subscribers in turn one that he has not sent yet.
overload_texts() {
    local n end=$((SECONDS + seconds)) text=0
    while [ $SECONDS -lt $end ] && [ $text -lt 999 ]; do
        text=$((text + 1))
        for ((n = 0; n < subscribers; n++)); do
            printf '%d\tTEST%d\n' $((first + n)) $text
        done
    done
}

start_all
for flood in ${FLOODS:-slow_connections one_subscriber hanging_others overload}; do
    $flood
done
tap_end
