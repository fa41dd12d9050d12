#!/usr/bin/env bash
# Webhooks from the store to a receiver and back (rules B7): what is sent is signed as Standard Webhooks says, judged by its public npm
# package `standardwebhooks`; in order, at least once with the same id, to public addresses alone; and no hook waits for one that hangs.
# Then the door at which network elements report on work orders, and jobs, for which no message waits. Prints TAP.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=tests/tap/tap.sh
. tests/tap/tap.sh
export SMSHALL=${SMSHALL:-build/smshall}
world=$(mktemp -d /tmp/smshall-webhook.XXXXXX)
receiver_pid=''

clean_up() {
    [ -z "$receiver_pid" ] || kill "$receiver_pid" 2>/dev/null || true
    src/dev/world.sh stop "$world"
    rm -rf "$world"
}
trap clean_up EXIT

sql() {
    src/dev/world.sh psql "$world" -At -v ON_ERROR_STOP=1 "$@"
}

port_is_taken() {
    grep -qE "^ *[0-9]+: [0-9A-F]+:$(printf '%04X' "$1") [0-9A-F]+:0000 0A " /proc/net/tcp
}

free_port() {
    local port=$1
    while port_is_taken "$port"; do
        port=$((port + 1))
    done
    echo "$port"
}

# Sets package: the folder of the npm package, or nothing.
install_verifier() {
    package=$world/npm
    if ! npm install --no-audit --no-fund --prefix "$package" standardwebhooks@1 >"$world/npm.log" 2>&1; then
        package=
        echo "skipped: the npm package standardwebhooks cannot be had here; openssl judges the signatures instead"
    fi
}

start_receiver() {
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 \
        -keyout "$world/tls.key" -out "$world/tls.crt" 2>"$world/openssl.log"
    : >"$world/requests"
    plain=$(free_port 24100) tls=$(free_port 24200)
    node tests/webhook/receiver.mjs "$world" "$package" "$plain" "$tls" 2>"$world/receiver.log" &
    receiver_pid=$!
    [ "$(eventually 20 yes test_is "$world/ready")" = yes ] || { cat "$world/receiver.log"; exit 1; }
}

test_is() {
    [ ! -e "$1" ] || echo yes
}

new_key() {
    head -c "$1" /dev/urandom | base64 -w 0
}

# hook NAME URL: a hook with one key
hook() {
    local key
    key=$(new_key 32)
    echo "$key" >"$world/keys.$1"
    sql -q -c "INSERT INTO hall.hook (name, url) VALUES ('$1', '$2')" \
        -c "INSERT INTO hall.hook_key (hook, number, secret, since) VALUES ('$1', 1, decode('$key', 'base64'), hall.now())"
}

# tell HOOK STREAM N…: one event each, their data is {"n": N}
tell() {
    local hook=$1 stream=$2 IFS=,
    shift 2
    sql -q -c "INSERT INTO hall.event (msisdn, at, claim_after, hook, stream, kind, data)
        SELECT 13800138000, hall.now(), hall.now(), '$hook', '$hook $stream', 'text.received', jsonb_build_object('n', n)
        FROM unnest('{$*}'::int[]) WITH ORDINALITY AS u (n, i) ORDER BY i"
}

# told NAME [FIELD]: that field of the requests that came, n by default
told() {
    node -e '
        const [file, name, field] = process.argv.slice(1);
        const lines = require("fs").readFileSync(file, "utf8").split("\n").filter(Boolean).map(JSON.parse);
        console.log(lines.filter((l) => l.name === name).map((l) => [l[field]].flat().join("+")).join(" "));
    ' "$world/requests" "$1" "${2-n}"
}

different() {
    told "$@" | tr ' ' '\n' | sort -u | grep -c .
}

states() {
    sql -c "SELECT string_agg(state::text, ' ' ORDER BY id) FROM hall.event WHERE hook = '$1'"
}

tries() {
    sql -c "SELECT string_agg(concat(tries, ':', state, ':', status, ':', reason), ' ' ORDER BY id) FROM hall.event WHERE hook = '$1'"
}

report() {
    curl -q -s -m 10 -w ' %{http_code}' "$@" | tr -d '\n'
}

install_verifier
start_receiver
at=http://127.0.0.1:$plain
# One lane: a message that had to wait for a job could not take another.
export SMSHALL_WEBHOOK_ALLOW=127.0.0.1 SMSHALL_LANES=1
src/dev/world.sh start "$world" --no-kannel --inline
# shellcheck disable=SC1091 # made by world.sh
. "$world/env"
# Short pauses: a fourth failure is the last.
sql -q -c "DELETE FROM hall.event_pause WHERE try > 3" -c "UPDATE hall.event_pause SET pause = '300 ms'"

# --- signatures ------------------------------------------------------------------------------------------------------------

hook plain "$at/plain/200"
tell plain a 1
is "an event is delivered" delivered "$(eventually 10 delivered states plain)"
is "its signature is right" 1 "$(told plain valid)"
is "it is JSON of its kind" "application/json text.received" "$(told plain content) $(told plain type)"
is "its id is the event's" "$(sql -c "SELECT uuid FROM hall.event WHERE hook = 'plain'")" "$(told plain id)"

# A key of 64 bytes takes the place of the first, which signs for an hour more; a third has been replaced for good, a fourth is to come.
hook rotated "$at/rotated/200"
for bytes in 64 24 48; do
    new_key $bytes >>"$world/keys.rotated"
    echo >>"$world/keys.rotated"
done
mapfile -t keys <"$world/keys.rotated"
sql -q -c "UPDATE hall.hook_key SET until = hall.now() + '1 hour' WHERE hook = 'rotated'" \
    -c "INSERT INTO hall.hook_key (hook, number, secret, since, until) VALUES
        ('rotated', 2, decode('${keys[1]}', 'base64'), hall.now(), NULL),
        ('rotated', 3, decode('${keys[2]}', 'base64'), hall.now() - interval '2 hours', hall.now() - interval '1 second')"
tell rotated a 1
is "while a key is replaced both sign, and no other (B7)" "1+2 2" \
    "$(eventually 10 1 told rotated >/dev/null; echo "$(told rotated valid) $(told rotated signatures)")"

# --- tries -----------------------------------------------------------------------------------------------------------------

hook order "$at/order/500,200"
tell order a 1 2 3
is "a stream keeps its order over a failed try (B7)" "1 1 2 3" "$(eventually 10 "1 1 2 3" told order)"
is "a try again has the id it had" 3 "$(different order id)"
is "each try is signed" "1 1 1 1" "$(told order valid)"
is "500, then 200: delivered" "2:delivered:200: 1:delivered:200: 1:delivered:200:" \
    "$(eventually 5 "2:delivered:200: 1:delivered:200: 1:delivered:200:" tries order)"

hook redirect "$at/redirect/302,301,200"
: >"$world/keys.elsewhere"
tell redirect a 1
is "a redirect is a failure (B7)" "3:delivered:200:" "$(eventually 10 "3:delivered:200:" tries redirect)"
is "and is not followed" "1 1 1/" "$(told redirect)/$(told elsewhere)"

hook dead "$at/dead/503"
tell dead a 1 2
is "after the last try it is dead, and the next one's turn comes (B7)" "4:dead:503:answered 503 4:dead:503:answered 503" \
    "$(eventually 20 "4:dead:503:* 4:dead:503:*" tries dead)"
is "each of them was tried four times, one after the other" "1 1 1 1 2 2 2 2" "$(told dead)"

hook gone "$at/gone/410"
tell gone a 1 2
is "410 ends the hook, and what waits for it (B7)" "gone gone" "$(eventually 10 "gone gone" states gone)"
is "nothing more is sent there" "1 t" "$(told gone) $(sql -c "SELECT gone_at IS NOT NULL FROM hall.hook WHERE name = 'gone'")"

# --- addresses -------------------------------------------------------------------------------------------------------------

# The receiver hears at 127.0.0.2 too, and localhost is 127.0.0.1; only that one is allowed, and by this name.
hook closed "http://127.0.0.2:$plain/closed/200"
hook named "http://localhost:$plain/named/200"
tell closed a 1
tell named a 1
is "an address that is not public is refused (B7)" "?:*:0:address not public" "$(eventually 10 "?:*:0:address not public" tries closed)"
is "so is a name that stands for one" "?:*:0:address not public" "$(eventually 10 "?:*:0:address not public" tries named)"
is "nothing came there" "/" "$(told closed)/$(told named)"

hook tls "https://127.0.0.1:$tls/tls/200"
tell tls a 1
is "a certificate that nobody vouches for is refused" "?:*:0:*certificate*" "$(eventually 10 "?:*:0:*certificate*" tries tls)"
is "nothing came there" "" "$(told tls)"

# --- hooks that hang -------------------------------------------------------------------------------------------------------

hook hang "$at/hang/hang"
for stream in a b c d e f g h; do
    tell hang $stream 1
done
is "four requests to one hook are under way, no more" "1 1 1 1" "$(eventually 10 "1 1 1 1" told hang)"
before=$SECONDS
for n in 1 2 3 4 5; do
    tell plain b $n
    tell order b $n
done
is "others do not wait for a hook that hangs" "1 1 2 3 4 5/1 1 2 3 1 2 3 4 5" \
    "$(eventually 8 "1 1 2 3 4 5" told plain)/$(eventually 8 "1 1 2 3 1 2 3 4 5" told order)"
is "nor is any of them as late as its timeout" yes "$([ $((SECONDS - before)) -lt 8 ] && echo yes)"
is "it is still four" "1 1 1 1" "$(told hang)"
is "no answer in time is a failure" "[1-3]:waiting:0:*" "$(eventually 20 "[1-3]:waiting:0:*" tries hang)"
is "and no more than four at once, ever" "1 2 3 4" "$(told hang open | tr ' ' '\n' | sort -un | paste -sd ' ')"
sql -q -c "UPDATE hall.hook SET url = '$at/hang/200' WHERE name = 'hang'"

# --- kill -9 ---------------------------------------------------------------------------------------------------------------

hook killed "$at/killed/hang,200"
tell killed a 1 2
is "a request is under way" 1 "$(eventually 10 1 told killed)"
src/dev/world.sh kill-hall "$world"
src/dev/world.sh start-hall "$world" >/dev/null
is "while its lease runs nobody else takes it" 1 "$(told killed)"
sql -q -c "UPDATE hall.event SET claim_after = hall.now() WHERE hook = 'killed' AND claim_after > hall.now()"
is "then it is told again, before what comes after it (at least once)" "1 1 2" "$(eventually 10 "1 1 2" told killed)"
is "with the same id" 2 "$(different killed id)"
is "both are delivered" "delivered delivered" "$(eventually 5 "delivered delivered" states killed)"

hook noted "$at/noted/slow,200"
tell noted a 1 2
is "a request is under way" 1 "$(eventually 10 1 told noted)"
src/dev/world.sh kill-postgres "$world"
sleep 3
src/dev/world.sh start-postgres "$world" >/dev/null
is "an answer that the store could not note is noted when it is back, and not asked for again (E1)" "1 2" \
    "$(eventually 20 "delivered delivered" states noted >/dev/null; told noted)"
is "the hall is ready again" ready "$(eventually 20 ready curl -q -s "$WORLD_HALL_URL/readyz")"

# --- what the log keeps ----------------------------------------------------------------------------------------------------

log=$world/log/hall.log
is "the log has each try, with the host" "yes" "$(grep -q 'event id=.* host=127.0.0.1 .*status=200' "$log" && echo yes)"
is "no path of an address, no number in full (C5)" "" "$(grep -E '/(plain|order|dead|killed)/|13800138000' "$log" | head -n 1)"
is "no key" "" "$(grep -hF -f <(cat "$world"/keys.* | grep .) "$log" | head -n 1)"
is "counted" "yes" "$(curl -q -s "$WORLD_HALL_URL/metrics" | grep -q '^smshall_events_total{result="delivered"} [1-9]' && echo yes)"

# --- reports on work orders ------------------------------------------------------------------------------------------------

url=$WORLD_HALL_URL/orders/report
sql -q -c "INSERT INTO hall.work_order (msisdn, number, at, action, service, port, token)
    SELECT 13800138000, n, hall.now(), 'close', 'GPRS', '10086', 'token-' || n FROM generate_series(901, 903) n"
order_states() {
    sql -c "SELECT string_agg(state::text, ' ' ORDER BY number) FROM hall.work_order WHERE msisdn = 13800138000 AND number > 900"
}
json() {
    report "$url" -H 'Content-Type: application/json' --data-binary "$1"
}

is "an order is in work" '{"state":"in_work"} 200' "$(report "$url?msisdn=13800138000&order=901&token=token-901&state=in_work")"
is "then done, by POST and JSON" '{"state":"done"} 200' \
    "$(json '{"msisdn": "+8613800138000", "order": 901, "token": "token-901", "state": "done"}')"
is "again changes nothing" '{"state":"unchanged"} 200' \
    "$(json '{"msisdn": "13800138000", "order": "901", "token": "token-901", "state": "done"}')"
is "one fails, with a reason" '{"state":"failed"} 200' \
    "$(json '{"msisdn": "13800138000", "order": 902, "token": "token-902", "state": "failed", "reason": "端口不足"}')"
unknown='{"error":"there is no such order"} 404'
is "a wrong token and an unknown order sound the same" "$unknown/$unknown" \
    "$(report "$url?msisdn=13800138000&order=903&token=token-901&state=done")/$(report "$url?msisdn=13800138000&order=999&token=token-901&state=done")"
is "no token" '{"error":"token is missing"} 400' "$(report "$url?msisdn=13800138000&order=903&state=done")"
is "no such state" '{"error":"state must be *"} 400' "$(report "$url?msisdn=13800138000&order=903&token=token-903&state=lost")"
is "no number" '{"error":"order must be *"} 400' "$(report "$url?msisdn=13800138000&order=x&token=token-903&state=done")"
is "no mobile number" '{"error":"msisdn must be *"} 400' "$(report "$url?msisdn=10086&order=903&token=token-903&state=done")"
is "no JSON" '{"error":"the body: not JSON*"} 400' "$(json '{"msisdn"')"
is "no object" '{"error":"the body: it must be an object"} 400' "$(json '[]')"
is "the orders are as reported" "done failed accepted" "$(order_states)"
is "no token in the log" "" "$(grep -F token-90 "$log" | head -n 1)"

# A service that a network element opens: ordered, worked on, reported, and the subscriber is told.
mo() {
    curl -q -s -m 10 -G "$WORLD_HALL_URL/kannel/mo" -d "id=$RANDOM$RANDOM&from=13800138000&to=10086&charset=UTF-8&coding=2&token=$token" \
        --data-urlencode "text=$1"
}
token=$(cat "$WORLD_TOKEN_FILE")
hook element "$at/element/200"
sql -q -c "INSERT INTO hall.service (code, name, fee_fen, period, element) VALUES ('CSWY', '测试网元业务', 0, 'month', 'element')"
is "an order is accepted" "*测试网元业务*" "$(mo KTCSWY)"
is "the element is told to open it" order.open "$(eventually 10 order.open told element type)"
is "it is not open yet" 0 "$(sql -c "SELECT count(*) FROM hall.subscription WHERE msisdn = 13800138000 AND service = 'CSWY'")"
order="\"msisdn\": \"13800138000\", \"order\": \"$(told element order)\", \"token\": \"$(told element token)\""
is "and reports that it did" '{"state":"done"} 200' "$(json "{$order, \"state\": \"done\"}")"
is "it is open" 1 "$(sql -c "SELECT count(*) FROM hall.subscription WHERE msisdn = 13800138000 AND service = 'CSWY' AND until IS NULL")"
is "the subscriber is told" "done" "$(sql -c "SELECT outcome FROM hall.reply WHERE msisdn = 13800138000 AND command = 'open'
    ORDER BY at DESC, number DESC LIMIT 1")"

# --- jobs ------------------------------------------------------------------------------------------------------------------

# A run_due that takes two seconds each, and holds a lock to be seen by, with more to do two times of three.
sql -q -c "CREATE TABLE hall.test_due (at timestamptz)" -c "
    CREATE OR REPLACE FUNCTION hall.run_due() RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER AS \$\$
    BEGIN
        INSERT INTO hall.test_due VALUES (clock_timestamp());
        PERFORM pg_advisory_xact_lock(4711), pg_sleep(2);
        RETURN jsonb_build_object('steps', 1, 'more', (SELECT count(*) % 3 > 0 FROM hall.test_due));
    END \$\$"
due() {
    sql -c "SELECT count(*) FROM hall.test_due"
}
running() {
    sql -c "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711"
}
is "a job runs" 1 "$(eventually 10 1 running)"
before=$(date +%s%N)
answer=$(mo YE)
is "no message waits for a job (E2)" "*56.78元* yes" "$answer $([ $(($(date +%s%N) - before)) -lt 1000000000 ] && echo yes)"
is "a job with more to do goes on, with a rest; else it comes again in five seconds" "6s 6s 7s" "$(eventually 30 4 due >/dev/null
    sql -c "SELECT string_agg(concat(round(extract(epoch FROM gap)), 's'), ' ')
        FROM (SELECT at - lag(at) OVER (ORDER BY at) AS gap FROM hall.test_due ORDER BY at LIMIT 4) AS g WHERE gap IS NOT NULL")"

# --- the end ---------------------------------------------------------------------------------------------------------------

hook last "$at/last/hang"
tell last a 1
is "a request is under way" 1 "$(eventually 10 1 told last)"
before=$SECONDS
src/dev/world.sh stop-hall "$world"
is "a stop does not wait for a hook that hangs" yes "$([ $((SECONDS - before)) -lt 9 ] && echo yes)"
is "to be cut is no failure of the hook: it is told again" "0:waiting:*" "$(tries last)"
is "the hall stops in order" "*stop*" "$(tail -n 3 "$log" | tr '\n' ' ')"
tap_end
