#!/usr/bin/env bash
# The hall from end to end: through the real Kannel both ways in Chinese with delivery reports, and at its own doors what Kannel would
# do there (kannel.md §1, §3), right and wrong. Prints TAP.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=tests/tap/tap.sh
. tests/tap/tap.sh
export SMSHALL=${SMSHALL:-build/smshall}
world=$(mktemp -d /tmp/smshall-e2e.XXXXXX)

clean_up() {
    src/dev/world.sh stop "$world"
    rm -rf "$world"
}
trap clean_up EXIT

sql() {
    src/dev/world.sh psql "$world" -At -v ON_ERROR_STOP=1 "$@"
}

# mo QUERY CURL-OPTIONS…: prints the status, then the body
mo() {
    local query=$1 answer
    shift
    answer=$(curl -q -s -m 10 -w '\n%{http_code}' "$@" "$WORLD_HALL_URL/kannel/mo?$query&token=$token")
    echo "${answer##*$'\n'} ${answer%$'\n'*}" | sed 's/ $//'
}

post() {
    mo "$1" -H "Content-Type: ${3-text/plain; charset=\"UTF-8\"}" --data-binary "$2"
}

refused() {
    curl -q -s "$WORLD_HALL_URL/metrics" | awk -v name="smshall_refused_total{reason=\"$1\"}" '$1 == name {print $2}'
}

phone() {
    "$SMSHALL" phone "$1" --smsc "$WORLD_SMSC_URL" --once "$2" || true
}

reply_states() {
    sql -c "SELECT string_agg(state::text, ' ' ORDER BY number) FROM hall.reply WHERE msisdn = $1"
}

# A grammar with two more commands: one that moves money, and one that always fails.
mkdir "$world/commands"
cp commands/*.yaml tests/fault/commands/*.yaml "$world/commands/"
export SMSHALL_COMMANDS=$world/commands
src/dev/world.sh start "$world"
# shellcheck disable=SC1091 # made by world.sh
. "$world/env"
token=$(cat "$WORLD_TOKEN_FILE")
sql -q -f tests/fault/commands/commands.sql

# --- through the real Kannel -----------------------------------------------------------------------------------------------

is "YE through Kannel, there and back" "*56.78元*" "$(phone 13800138000 YE)"
is "the same in Chinese (UCS-2 both ways)" "*56.78元*" "$(phone 13800138000 查询余额)"
is "a delivery report moves the reply on (D8)" "delivered delivered" "$(eventually 10 'delivered delivered' reply_states 13800138000)"
curl -q -s -o /dev/null -X POST "$WORLD_SMSC_URL/phone/delivery?msisdn=13800138003&mode=fail"
is "a reply that the network cannot deliver does not come" "*no reply*" "$(phone 13800138003 YE 2>&1)"
is "… is known as failed" "failed" "$(eventually 10 failed reply_states 13800138003)"

long=$(phone 13800138000 LONG)
is "a reply longer than max-messages comes as two messages, all of it (D1)" "*(1/2)*(2/2)*完*" "$long"
is "… no emoji was cut at a part's end" "100" "$(grep -o 😀 <<<"$long" | wc -l)"
is "… delivered when the last is" "delivered 2" "$(eventually 10 'delivered 2' sql -c "SELECT state || ' ' || pieces FROM hall.reply WHERE command = 'test_long'")"

# --- the door itself -------------------------------------------------------------------------------------------------------

who='from=%2B8613800138001&to=10086&coding=0&charset=UTF-8'
is "POST as post-url sends it" "200" "$(post "id=e1&$who&time=$(date +%s)&smsc=SIM&udh=" YE)"
is "GET as get-url sends it" "200" "$(mo "id=e2&$who&text=%D3%E0" -G)"
is "UTF-16BE by Content-Type (mo-recode off)" "200" "$(printf '\x4f\x59\x98\x9d' | post 'id=e3&from=13800138001&to=10086&coding=2' @- 'text/plain; charset="UTF-16BE"')"
is "… is read as 余额" "余额|balance" "$(sql -c "SELECT text || '|' || command FROM hall.message WHERE gateway_id = 'e3'")"
is "a lone surrogate is kept as U+FFFD" "200" "$(printf '\xd8\x3d\x00\x41' | post 'id=e4&from=13800138001&to=10086&coding=2' @- 'text/plain; charset="UTF-16BE"')"
is "an empty message" "200" "$(mo "id=e5&$who" -X POST -H 'Content-Type: text/plain; charset="UTF-8"' -H 'Content-Length: 0')"
is "a NUL inside" "200" "$(mo "id=e6&$who&text=Y%00E" -G)"
is "… is folded away (D2)" "balance" "$(sql -c "SELECT command FROM hall.message WHERE gateway_id = 'e6'")"
is "binary is refused for good: 200, or it comes again" "200" "$(printf '\x01\x02' | post 'id=e7&from=13800138001&to=10086&coding=1' @- application/octet-stream)"
is "… and counted" "1" "$(refused binary)"
is "… and not taken" "0" "$(sql -c "SELECT count(*) FROM hall.message WHERE gateway_id = 'e7'")"
is "a port that is no number" "400*" "$(post 'id=e18&from=13800138001&to=10086%0d%0aX' YE)"
is "a landline gets 200 and no answer (D4)" "200" "$(post 'id=e8&from=075512345678&to=10086' YE)"
is "a sender in letters, too" "200" "$(post 'id=e9&from=BANK&to=10086' YE)"
is "a short code, too: loops (E4)" "200" "$(post 'id=e10&from=10086&to=10086' YE)"
is "no id: the gateway is wired wrongly" "400 *id=%I*" "$(post 'from=13800138001&to=10086' YE)"
is "no sender" "400 *" "$(post 'id=e11&to=10086' YE)"
is "65 kB of text" "413*" "$(head -c 66000 /dev/zero | tr '\0' x | post "id=e12&$who" @-)"
is "60 kB of request line" "200" "$(mo "id=e13&$who&text=$(head -c 60000 /dev/zero | tr '\0' x)" -G)"
is "an unknown method" "405*" "$(mo "id=e14&$who" -X DELETE)"
token_kept=$token token=wrong
is "a wrong token" "403*" "$(post "id=e15&$who" YE)"
token=
is "no token" "401*" "$(post "id=e16&$who" YE)"
token=$token_kept
is "refusals harm nothing: YE still answers" "200" "$(post "id=e17&$who" YE)"

# --- repeats, poison -------------------------------------------------------------------------------------------------------

is "the same id again (D6)" "200" "$(post "id=e1&$who" YE)"
is "… has one reply" "1" "$(sql -c "SELECT count(*) FROM hall.reply r JOIN hall.message m USING (msisdn, month, number) WHERE m.gateway_id = 'e1'")"
is "a command of the tests that charges" "200" "$(post 'id=c1&from=13800138003&to=10086' TEST1)"
is "the same id with other text is still the repeat (E1)" "200" "$(post 'id=c1&from=13800138003&to=10086' TEST2)"
is "an impatient thumb: new id, same text (D6)" "200" "$(post 'id=c2&from=13800138003&to=10086' TEST1)"
is "… charged once" "9999" "$(sql -c "SELECT balance_fen FROM hall.subscriber WHERE msisdn = 13800138003")"
posts=()
for n in $(seq 20); do
    post "id=p$n&from=1380013800$((n % 2 * 3))&to=10086" "$([ "$n" = 10 ] && echo POISON || echo JF)" >"$world/answer$n" &
    posts+=($!)
done
wait "${posts[@]}"
is "a poisoned message harms only itself: all are answered" "20" "$(cat "$world"/answer* | grep -c 200)"
is "… and is noted as a fault" "fault" "$(sql -c "SELECT r.outcome FROM hall.reply r JOIN hall.message m USING (msisdn, month, number) WHERE m.gateway_id = 'p10'")"

# --- the store goes away and comes back ------------------------------------------------------------------------------------

src/dev/world.sh stop-postgres "$world"
is "no store: later" "503" "$(eventually 5 503 post "id=s1&$who" YE)"
is "… and /readyz says so" "503" "$(curl -q -s -o /dev/null -w '%{http_code}' "$WORLD_HALL_URL/readyz")"
is "… while /healthz is well" "200" "$(curl -q -s -o /dev/null -w '%{http_code}' "$WORLD_HALL_URL/healthz")"
src/dev/world.sh start-postgres "$world" >/dev/null
is "the store is back: the same id is taken" "200" "$(eventually 20 200 post "id=s1&$who" YE)"

# --- Kannel goes away: nothing is lost ---------------------------------------------------------------------------------------

src/dev/world.sh stop-kannel "$world" >/dev/null
is "Kannel is away: messages still take effect" "200" "$(post 'id=k1&from=13800138002&to=10086' YE)"
is "… and a second one" "200" "$(post 'id=k2&from=13800138002&to=10086' JF)"
sleep 1
is "… their replies wait in the outbox" "unsent unsent" "$(reply_states 13800138002)"
src/dev/world.sh start-kannel "$world" >/dev/null
is "… and go out when it is back" "delivered delivered" "$(eventually 60 'delivered delivered' reply_states 13800138002)"
is "… in their order" "*-12.30元*分*" "$(curl -q -s "$WORLD_SMSC_URL/phone/inbox?msisdn=13800138002&after=0&wait=0")"

# --- what others may see -----------------------------------------------------------------------------------------------------

is "/commands.json, packed, at most 8 KiB (F5)" "yes" "$(size=$(curl -q -s -H 'Accept-Encoding: gzip' "$WORLD_HALL_URL/commands.json" | wc -c); [ "$size" -gt 100 ] && [ "$size" -le 8192 ] && echo yes || echo "$size")"
tag=$(curl -q -s -D - -o /dev/null "$WORLD_HALL_URL/commands.json" | tr -d '\r' | sed -n 's/^[Ee][Tt]ag: //p')
is "… and not again when its ETag is known" "304" "$(curl -q -s -o /dev/null -w '%{http_code}' -H "If-None-Match: $tag" "$WORLD_HALL_URL/commands.json")"
is "/metrics counts by command" "1" "$(curl -q -s "$WORLD_HALL_URL/metrics" | grep -c '^smshall_messages_total{command="points",outcome="ok"}' || true)"
is "a message is one log line with its id first, the number shortened" "1" "$(grep -c ' mo id=e1 msisdn=138\*\*\*\*8001 .*was=new' "$world/log/hall.log" || true)"
is "… and no number in full, no text" "0" "$(grep -cE '1380013800[0-9]|余额' "$world/log/hall.log" || true)"

# --- reload ------------------------------------------------------------------------------------------------------------------

# Until the hall has told how it went, for the N-th time: reload N
reload() {
    kill -HUP "$WORLD_PID_HALL"
    eventually 30 "$1" grep -c ' reload ' "$world/log/hall.log" >"$world/reloads"
}

sed -i 's/^forms:$/forms:\n  - QIANBAO/' "$world/commands/balance.yaml"
reload 1
is "SIGHUP: a new form is heard" "200" "$(post 'id=r1&from=13800138001&to=10086' qianbao)"
is "… as the command" "balance" "$(sql -c "SELECT command FROM hall.message WHERE gateway_id = 'r1'")"
echo "nonsense: [" >"$world/commands/balance.yaml"
reload 2
is "SIGHUP with a faulty file: the old table stays" "200" "$(post 'id=r2&from=13800138001&to=10086' YE)"
is "… in force" "balance" "$(sql -c "SELECT command FROM hall.message WHERE gateway_id = 'r2'")"
is "… and the fault is named by file and line" "1" "$(grep -c 'balance.yaml:[0-9]*: ' "$world/log/hall.log" || true)"

# --- stop --------------------------------------------------------------------------------------------------------------------

src/dev/world.sh stop-hall "$world"
is "SIGTERM ends it in order" "1" "$(grep -c ' stop signal=' "$world/log/hall.log" || true)"
tap_end
