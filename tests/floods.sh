#!/usr/bin/env bash
# Floods: more than the hall can carry, from those who mean harm and from those who do not (rules E2, E3). Honest requests are answered all
# the while. Prints TAP. FLOOD_SECONDS (3) is how long each flood lasts, 300 for the whole of it by hand; FLOODS which of the functions
# below. Another suite may run beside it: seconds are given where tenths are usual.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=tests/tap/tap.sh
. tests/tap/tap.sh
export SMSHALL=${SMSHALL:-build/smshall}
world=$(mktemp -d /tmp/smshall-floods.XXXXXX)
programs=$(dirname "$SMSHALL")/fault
seconds=${FLOOD_SECONDS:-3}
others=()
first=13700000000 subscribers=500
seats=128 spare=128 callers=640

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
    mkfifo "$world/orders"
    "$programs/proxy" "$silent_port" 1 <>"$world/orders" >"$world/silence" &
    silence=$!
    others+=("$silence")
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
    is "… and who asks meanwhile is answered within three seconds" "[1-9]* 0" "$(within 3000 slow-asked)"
    is "… who had to go is counted" "[1-9]*" "$(counted smshall_refused_total too_many_connections)"
    kill "$slow"
    ask slow-after 13600000000 YE >"$world/slow-after"
    is "… and at once when they are gone" "1 0" "$(within 3000 slow-after)"
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
    done | "$programs/post" "$WORLD_HALL_URL" "$WORLD_TOKEN_FILE" 400 1000 >"$world/one" 2>"$world/tries" &
    others+=($!)
    start_others
    ask_meanwhile one-asked
    others_are_well "one subscriber sends 1,000 a second"
    echo "# slowest: $(slowest one-asked) ms"
    is "… who asks meanwhile is answered within five seconds" "[1-9]* 0" "$(within 5000 one-asked)"
    is "… and the flood itself is taken to the last" "$wanted" "$(eventually $((seconds * 4 + 20)) "$wanted" grep -c '' "$world/one")"
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
    is "… replies wait for sendsms" "[1-9]*" "$(eventually 20 '[1-9]*' unsent)"
    start_others
    ask_meanwhile hang-asked
    others_are_well "webhooks and sendsms hang"
    echo "# slowest: $(slowest hang-asked) ms; calls that hang: $(calls_to_silence); unsent: $(unsent)"
    is "… who asks is answered within three seconds" "[1-9]* 0" "$(within 3000 hang-asked)"
    kill -KILL "$silence"
    wait "$silence" 2>/dev/null || true
}

unsent() {
    sql -c "SELECT count(*) FROM hall.reply WHERE state = 'unsent'"
}

# Connections to the listener that says nothing, as the kernel has them.
calls_to_silence() {
    grep -cE "^ *[0-9]+: [0-9A-F]+:[0-9A-F]+ [0-9A-F]+:$(printf '%04X' "$silent_port") 01 " /proc/net/tcp || true
}

# Five times as many at a time as there are seats, each again with the same id 50 ms after it was refused, until all are taken: what is
# refused must be nowhere, and what was taken is there once (D6, E1). A quarter of the usual seats, so that whoever makes the flood is not what
# has too little of the machine.
overload() {
    local before all ms ended looker
    src/dev/world.sh stop-hall "$world"
    SMSHALL_CONNECTIONS=$seats src/dev/world.sh start-hall "$world" >/dev/null
    # shellcheck disable=SC1091 # made by world.sh
    . "$world/env"
    before=$(memory VmRSS)
    ended=$(date +%s%N)
    look_meanwhile &
    looker=$!
    others+=("$looker")
    overload_texts | tee "$world/texts" | timeout $((seconds * 20 + 120)) \
        "$programs/post" "$WORLD_HALL_URL" "$WORLD_TOKEN_FILE" $callers 100000 >"$world/overload" 2>"$world/tries" || true
    ms=$((($(date +%s%N) - ended) / 1000000))
    ended=$SECONDS
    eventually 10 "1 0" is_served >/dev/null
    kill "$looker" && wait "$looker" 2>/dev/null || true
    all=$(grep -c '' "$world/texts")
    overload_figures "$all" "$ms" $((SECONDS - ended))
    callers_hear_503 "$all"
    is "… all are taken in the end, with the same id" "$all" "$(cut -d ' ' -f 2 "$world/overload" | grep -c '^200$')"
    is "… each is there once: messages, ids, texts" "$all $all $all" "$(taken)"
    is "… and acted on once" "$all" "$(charged $first $((first + subscribers - 1)))"
    is "… it recovers within seconds" yes "$([ $((SECONDS - ended)) -lt 10 ] && echo yes || echo $((SECONDS - ended)) s)"
    is "… and says that it is alive all the while, nine times of ten" yes "$(is_mostly_alive)"
    latency_is_bound "$all" "$ms"
    memory_is_bound "$before"
}

# As `post` says it of its callers.
saw() {
    sed -n "s/.*\\<$1 \\([0-9]*\\).*/\\1/p" "$world/tries"
}

# The time in ms within which so many of a hundred were answered, once they were taken. taken_within PER-CENT
taken_within() {
    cut -d ' ' -f 3 "$world/overload" | sort -n | awk -v part="$1" '{ us[NR] = $1 } END { print int(us[int((NR - 1) * part / 100) + 1] / 1000) }'
}

overload_figures() { # MESSAGES MS SECONDS-TO-RECOVER
    echo "# $1 messages in $2 ms, $(($1 * 1000 / $2)) a second; as callers saw it: $(cat "$world/tries")"
    echo "# taken within $(taken_within 50) ms (half), $(taken_within 99) ms (99 of 100), $(taken_within 100) ms (all); recovered in $3 s"
    echo "# /healthz meanwhile: $(awk '{ n[$1]++; if ($2 > most) most = $2 } END { for (s in n) printf "%s: %d, ", s, n[s]; print "slowest " most " ms" }' "$world/alive")"
}

# As a rule: a cut connection is asked again as well, but does not say that nothing was taken.
callers_hear_503() {
    local refused=$(($(saw tries) - $1)) heard
    heard=$(saw busy)
    is "overload: two tries and more for each that is taken" yes "$([ "$(saw tries)" -ge $((2 * $1)) ] && echo yes || saw tries)"
    is "… 95 of 100 that are refused hear 503" yes "$([ $((heard * 100)) -ge $((refused * 95)) ] && echo yes || echo "$heard of $refused")"
}

taken() {
    sql -F ' ' -c "SELECT count(*), count(DISTINCT gateway_id), count(DISTINCT (msisdn, text)) FROM hall.message
                   WHERE msisdn BETWEEN $first AND $first + $subscribers - 1"
}

is_served() {
    ask "overload-after-$RANDOM" 13600000001 YE >"$world/overload-after"
    within 1000 overload-after
}

# Whoever watches over the hall, and would start it anew.
look_meanwhile() {
    while sleep 0.25; do
        curl -q -s -m 15 -o /dev/null -w '%{http_code} %{time_total}\n' "$WORLD_HALL_URL/healthz" | awk '{ printf "%s %d\n", $1, $2 * 1000 }'
    done >"$world/alive"
}

is_mostly_alive() {
    awk '$1 == 200 { good++ } END { print (good * 10 >= NR * 9 && NR > 0) ? "yes" : good + 0 " of " NR }' "$world/alive"
}

# Who is taken waits no longer than it takes to serve all who are there, by the rate just seen; three times that, because rates vary.
latency_is_bound() {
    local most bound=$((3 * callers * $2 / $1 + 1000))
    most=$(taken_within 99)
    is "… 99 of 100 that are taken wait no longer than to serve all would take" yes "$([ "$most" -lt $bound ] && echo yes || echo "$most ms of $bound")"
}

# conf/smshall.yaml: a connection may hold 80 kB; half as much for its request. Spare ones are for those who are told 503.
memory_is_bound() {
    local most bound=$(($1 + (seats + spare) * 120))
    most=$(memory VmHWM)
    echo "# memory: $1 kB before, at most $most kB"
    [ "${PATIENCE:-1}" = 1 ] || { echo "skipped: the memory's bound, most of it is the watcher's" && return; }
    is "… with memory that its connections bound" yes "$([ "$most" -lt $bound ] && echo yes || echo "$most kB of $bound")"
}

# Texts for so many seconds, for each of the subscribers in turn one that he has not sent yet. Not more than can be taken: a pipe holds many.
overload_texts() {
    local n end=$((SECONDS + seconds)) text=0
    while [ $SECONDS -lt $end ] && [ $text -lt $((seconds * 3)) ]; do
        text=$((text + 1))
        for ((n = 0; n < subscribers; n++)); do
            printf '%d\tTEST%d\n' $((first + n)) $text
        done
    done
}

start_all
for flood in ${FLOODS:-slow_connections one_subscriber hanging_others overload}; do
    $flood
    echo "# $flood over after $SECONDS s"
done
tap_end
