#!/usr/bin/env bash
# Service passwords (rules C1–C5), over HTTP with the real store and, for what is told by text, the real Kannel: right, wrong and locked;
# what is sealed reaches the phone and nothing else; order; bounded workers; a change of keys; ten thousand guesses through two halls; and
# that nothing of a secret is left in the hall's memory. Prints TAP.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=tests/tap/tap.sh
. tests/tap/tap.sh
export SMSHALL=${SMSHALL:-build/smshall}
bin=$(dirname "$SMSHALL")/fault
world=$(mktemp -d /tmp/smshall-password.XXXXXX)
other_pid='' post_pid=''
id_card=11010519491231002X other_id_card=110105194912310038

clean_up() {
    local pid
    for pid in $other_pid $post_pid; do
        kill "$pid" 2>/dev/null || true
    done
    src/dev/world.sh stop "$world"
    rm -rf "$world"
}
trap clean_up EXIT

sql() {
    src/dev/world.sh psql "$world" -At -v ON_ERROR_STOP=1 "$@"
}

# post AT_A_TIME TRIES: lines of FROM TAB TEXT become messages; prints `NUMBER STATUS US BODY` of each
post() {
    "$bin/post" "${halls:-$WORLD_HALL_URL}" "$WORLD_TOKEN_FILE" "$1" "$2"
}

# Of the latest reply to an MSISDN.
outcome_of() {
    sql -c "SELECT outcome FROM hall.reply WHERE msisdn = $1 ORDER BY at DESC, number DESC, part LIMIT 1"
}

# say MSISDN TEXT: prints the outcome of what it led to
say() {
    printf '%s\t%s\n' "$1" "$2" | post 1 1 >"$world/said"
    outcome_of "${1: -11}"
}

set_password() {
    local id hash
    read -r id hash < <("$bin/pepper" "$WORLD_PEPPER_FILE" password "$1" "$2")
    sql -q -c "SELECT hall.put_password($1, $id, '\\x$hash')" >/dev/null
}

set_identity() {
    local id digest pieces
    read -r id digest pieces < <("$bin/pepper" "$WORLD_PEPPER_FILE" id_card "$1" "$2")
    sql -q -c "SELECT hall.put_identity($1, $id, '\\x$digest', string_to_array('\\x${pieces//,/,\\x}', ',')::bytea[])" >/dev/null
}

failures_of() {
    sql -c "SELECT coalesce((SELECT failures FROM hall.guess WHERE msisdn = $1), 0)"
}

# restart_hall COST KEYS…: with a pepper file of these lines' keys; each is NUMBER:BASE64
restart_hall() {
    local cost=$1 key
    shift
    src/dev/world.sh stop-hall "$world"
    for key in "$@"; do
        echo "${key%%:*} $cost ${key#*:}"
    done >"$WORLD_PEPPER_FILE"
    src/dev/world.sh start-hall "$world" >/dev/null
    # shellcheck disable=SC1091 # made by world.sh
    . "$world/env"
}

metric() {
    curl -q -s "$WORLD_HALL_URL/metrics" | awk -v name="$1" '$1 == name {print $2}'
}

inbox() {
    curl -q -s "$WORLD_SMSC_URL/phone/inbox?msisdn=$1&after=0&wait=0"
}

last_text() {
    inbox "$1" | grep -o '"text":"[^"]*"' | tail -n 1
}

commands_of() {
    sql -c "SELECT string_agg(command, ' ' ORDER BY number) FROM hall.message WHERE msisdn = $1"
}

src/dev/world.sh start "$world" --inline
# shellcheck disable=SC1091 # made by world.sh
. "$world/env"
key1=$(awk '{print $4}' "$WORLD_PEPPER_FILE") key2=$(head -c 32 /dev/urandom | base64)
sql -q -c "SELECT count(hall.put_subscriber(13700000000 + n, '全球通', 'active')) FROM generate_series(0, 3999) n" >/dev/null

# --- right, wrong, locked --------------------------------------------------------------------------------------------------

set_password 13700000001 482913
set_identity 13700000001 $id_card
is "a right password" ok "$(say 13700000001 cxyeh482913)"
is "… as people write it" ok "$(say +8613700000001 'ＣＸＹＥＨ ４８２９１３')"
is "a wrong one (C2)" wrong "$(say 13700000001 cxyeh482914)"
is "… counts" 1 "$(failures_of 13700000001)"
is "a new one that is all the same (C1)" weak_equal "$(say 13700000001 'MMXG#482913#777777')"
is "… that goes up" weak_run "$(say 13700000001 'MMXG#482913#345678')"
is "… that goes up over the 9" weak_run "$(say 13700000001 'MMXG#482913#890123')"
is "… that goes down" weak_run "$(say 13700000001 'MMXG 482913 543210')"
is "… that is part of the number" weak_number "$(say 13700000001 'MMXG*482913*700000')"
is "… that is part of the ID card's" weak_id "$(say 13700000001 'MMXG#482913#194912')"
is "… that is the old one" same "$(say 13700000001 'MMXG#482913#482913')"
is "… typed twice, and not the same" differ "$(say 13700000001 'MMXG#482913#731904#731905')"
is "a fit one, typed twice" ok "$(say 13700000001 'MMXG#482913#731904#731904')"
is "… counts from now on" ok "$(say 13700000001 cxyeh731904)"
is "nobody's" unset "$(say 13700000002 cxyeh482913)"
for digits in 100001 100002 100003; do
    say 13700000001 "cxyeh$digits" >/dev/null
done
is "four wrong ones, and still there is one more guess" ok "$(say 13700000001 cxyeh731904)"
is "the fifth" wrong "$(say 13700000001 cxyeh100005)"
is "the right one is of no use now" locked "$(say 13700000001 cxyeh731904)"
is "… nor is the ID card" locked "$(say 13700000001 "MMHF#$id_card")"
is "another's number, its password from another phone" ok "$(set_password 13700000003 482913; say 13700000004 '挂失#13700000003#482913')"

# --- what is sealed ----------------------------------------------------------------------------------------------------------

set_identity 13700000005 $id_card
is "MMHF with the ID card" ok "$(say 13700000005 "MMHF#$id_card" >/dev/null; awk '{print $4}' "$world/said" >"$world/right"; echo ok)"
temporary=$(eventually 20 '*[0-9][0-9][0-9][0-9][0-9][0-9]*' last_text 13700000005 | grep -oE '[0-9]{6}' | head -n 1)
is "… the password comes to the phone (C4)" "[0-9][0-9][0-9][0-9][0-9][0-9]" "$temporary"
is "… in words noted without it" '*\*\*\**' "$(eventually 10 '*?*' sql -c "SELECT text FROM hall.reply WHERE msisdn = 13700000005 AND outcome = 'sent' AND state <> 'unsent'")"
is "… and is nowhere any more, not even sealed" 0 "$(sql -c "SELECT count(*) FROM hall.reply WHERE fields ? 'secret' OR text LIKE '%$temporary%'")"
is "… it is only there to be changed" temporary "$(say 13700000005 "cxyeh$temporary")"
is "… which works" ok "$(say 13700000005 "MMXG#$temporary#731904")"
is "a wrong ID card gets the same words" "$(cat "$world/right")" "$(say 13700000005 "MMHF#$other_id_card" >/dev/null; awk '{print $4}' "$world/said")"
is "nobody's ID card too" "$(cat "$world/right")" "$(say 13700000006 "MMHF#$id_card" >/dev/null; awk '{print $4}' "$world/said")"
sql -q -c "SELECT hall.put_puk(13700000007, '$("$bin/pepper" "$WORLD_PEPPER_FILE" puk 13700000007 59027146)')" >/dev/null
say 13700000007 PUK >/dev/null
is "a PUK comes to the phone, also where answers go inline" "*59027146*" "$(eventually 20 '*59027146*' last_text 13700000007)"
is "… and its words are noted without it" 0 "$(sql -c "SELECT count(*) FROM hall.reply WHERE text LIKE '%59027146%' OR state = 'answered' AND command = 'puk'")"

# --- nothing is left in memory (C5) ------------------------------------------------------------------------------------------

# In other spellings, as malformed attempts, by GET, refused at the door, and too large.
let_slip() {
    local url="$WORLD_HALL_URL/kannel/mo?from=13700000008&to=10086&coding=0&charset=UTF-8"
    local token
    token=$(cat "$WORLD_TOKEN_FILE")
    printf '13700000008\t%s\n' 'MMXG#604937#951846' 'mmxg 604937 951846' '604937 951846' 'MMXG604937,951846 please' '旧密码604937新密码951846' \
        'MMHF#320311197707060018' 'CXYEH 604937' '我的密码是951846' 'ＭＭＸＧ＃６０４９３７＃９５１８４６' | post 4 1
    curl -q -s -G "$url&token=$token&id=slip1" --data-urlencode 'text=MMXG#604937#951846#951846'
    curl -q -s -G "$url&token=$token" --data-urlencode 'text=MMXG#604937#951846#951846'
    curl -q -s "$url&token=wrong&id=slip2" --data-binary 'MMXG#604937#951846'
    printf '\0M\0M\0X\0G\0#\0006\0000\0004\0009\0003\0007\0#\0009\0005\0001\0008\0004\0006' |
        curl -q -s "${url/coding=0/coding=2}&token=$token&id=slip3" -H 'Content-Type: text/plain; charset="UTF-16BE"' --data-binary @-
    { printf 'MMXG#604937#951846'; head -c 70000 /dev/zero | tr '\0' ' '; } | curl -q -s "$url&token=$token&id=slip4" --data-binary @-
} >/dev/null

# What is not in there before: the digits alone may be some number.
secrets="604937 951846 320311197707060018 59027146 $temporary"
look_for() {
    printf '%s\n' "$@" | "$bin/memory" "$WORLD_PID_HALL" >"$world/found" 2>&1
}

code=0
look_for 604937 951846 320311197707060018 || code=$?
if [ $code = 2 ]; then
    echo "skipped: the hall's memory cannot be read by $(id -un): $(cat "$world/found")"
else
    is "before they came they were not there" 0 $code
    let_slip
    sleep 1 # the last replies are settled
    code=0
    # shellcheck disable=SC2086 # words
    look_for $secrets || code=$?
    is "nothing of a password, an ID card or a PUK is left in the hall's memory (C4, C5)" "0 *" "$code $(cat "$world/found")"
fi
is "… a core file would have none of it" 00000000 "$(cat "/proc/$WORLD_PID_HALL/coredump_filter")"
is "… and is not written" "0 0" "$(awk '/^Max core file size/ {print $5, $6}' "/proc/$WORLD_PID_HALL/limits")"
is "… nor is its memory any other program's" "0" "$(stat -c %u "/proc/$WORLD_PID_HALL/mem" 2>/dev/null || echo 0)"
is "no log has it" "" "$(grep -lE '604937|951846|320311197707060018|59027146|'"$temporary" "$world"/log/{hall,smsbox,bearerbox}.log || true)"
is "no message either" 0 "$(sql -c "SELECT count(*) FROM hall.message WHERE text ~ '604937|951846|３|320311197707060018'")"

# --- workers -----------------------------------------------------------------------------------------------------------------

# A second or so for each password.
restart_hall "64 20" "1:$key1"
for n in 10 11; do
    set_password 137000000$n 604937
done
printf '13700000010\tMMXG#604937#951846\n' | post 1 1 >"$world/first" &
first=$!
sleep 0.3
is "a password is being checked" 1 "$(metric smshall_proofs_waiting)"
if [ $code != 2 ]; then
    kill -STOP "$WORLD_PID_HALL" # it waits for us meanwhile
    look_for 604937 && code=0 || code=$?
    kill -CONT "$WORLD_PID_HALL"
    is "… and then it is in memory: whoever looks there sees it" 1 $code
fi
printf '13700000010\tYE\n' | post 1 1 >"$world/second" &
second=$!
sleep 0.3
printf '13700000010\tMMXG#951846#205713\n' | post 1 1 >"$world/third" &
third=$!
is "meanwhile others are answered" ok "$(say 13700000011 YE)"
is "… while the sender's own wait" "" "$(commands_of 13700000010)"
wait $first $second $third
is "one subscriber's messages take effect in their order" "change_password balance change_password" "$(commands_of 13700000010)"
is "… each with what was before it" "ok ok ok" "$(sql -c "SELECT string_agg(outcome, ' ' ORDER BY number) FROM hall.reply WHERE msisdn = 13700000010")"

# A stop while some wait.
seq 20 24 | sed 's/.*/137000000&\tcxyeh604937/' | post 5 1 >"$world/stopped" &
post_pid=$!
sleep 0.3
src/dev/world.sh stop-hall "$world"
wait $post_pid || true
is "at a stop what waits is put off" 503 "$(awk '$2 == 503 {print $2}' "$world/stopped" | sort -u)"
is "… and nothing is counted of it" "$(awk '$2 == 200' "$world/stopped" | wc -l)" "$(sql -c "SELECT count(*) FROM hall.message WHERE msisdn BETWEEN 13700000020 AND 13700000024")"

# More at once than may wait.
restart_hall "64 2" "1:$key1"
seq 100 219 | sed 's/.*/13700000&\tcxyeh604937/' >"$world/many"
post 120 1 <"$world/many" >"$world/answered"
taken=$(awk '$2 == 200' "$world/answered" | wc -l) refused=$(awk '$2 == 503' "$world/answered" | wc -l)
is "more than may wait: some are put off" yes "$([ "$refused" -gt 0 ] && [ "$taken" -ge 64 ] && echo yes || echo "$taken taken, $refused put off")"
is "… and counted" "$refused" "$(metric 'smshall_refused_total{reason="password_queue"}')"
is "… and none but the others is noted" "$taken" "$(sql -c "SELECT count(*) FROM hall.message WHERE msisdn BETWEEN 13700000100 AND 13700000219")"
is "… or counts" "$taken" "$(sql -c "SELECT sum(failures) FROM hall.guess WHERE msisdn BETWEEN 13700000100 AND 13700000219")"

# --- a change of keys --------------------------------------------------------------------------------------------------------

restart_hall "1 1" "1:$key1"
for n in 30 31; do
    set_password 137000000$n 604937
done
restart_hall "1 1" "2:$key2" "1:$key1"
is "a new key stands first: the old one still verifies (C3)" ok "$(say 13700000030 cxyeh604937)"
is "… and the password moves to the new one" 2 "$(sql -c "SELECT pepper FROM hall.password WHERE msisdn = 13700000030")"
is "a wrong one moves nothing" "wrong 1" "$(say 13700000031 cxyeh604938) $(sql -c "SELECT pepper FROM hall.password WHERE msisdn = 13700000031")"
restart_hall "1 1" "2:$key2"
is "the old key is gone: who has moved does not notice" ok "$(say 13700000030 cxyeh604937)"
is "… who has not is told so, and it is no failure" "unavailable 1" "$(say 13700000031 cxyeh604937) $(failures_of 13700000031)"
restart_hall "1 1" "2:$key2" "1:$key1"
is "… until it is back" ok "$(say 13700000031 cxyeh604937)"
src/dev/world.sh stop-hall "$world"
echo "1 1 1 short" >"$WORLD_PEPPER_FILE"
is "a faulty file stops the start and is named" "*pepper:1: the key must be 32 bytes*" \
    "$(SMSHALL_PEPPER_FILE=$WORLD_PEPPER_FILE SMSHALL_LISTEN=127.0.0.1:0 "$SMSHALL" serve 2>&1 || true)"

# --- guessing ----------------------------------------------------------------------------------------------------------------

restart_hall "1 1" "1:$key1"
other_url=http://127.0.0.1:$((WORLD_HALL_PORT + 1000))
start_other() {
    (
        export SMSHALL_LISTEN=127.0.0.1:$((WORLD_HALL_PORT + 1000)) SMSHALL_DATABASE=$WORLD_DATABASE SMSHALL_TOKEN_FILE=$WORLD_TOKEN_FILE
        export SMSHALL_SENDSMS_URL=$WORLD_SENDSMS_URL SMSHALL_SENDSMS_PASSWORD_FILE=$WORLD_SENDSMS_PASSWORD_FILE
        export SMSHALL_REPLY=inline SMSHALL_PEPPER_FILE=$WORLD_PEPPER_FILE
        exec "$SMSHALL" serve 2>>"$world/log/other.log"
    ) &
    other_pid=$!
}

# 10,000 attempts at one account, from 3,000 numbers and from the number itself in all its spellings; none of them is right.
guesses() {
    awk -v victim=13700003999 -v right=482913 'BEGIN {
        srand(20121122)
        split("" victim " +86" victim " 0086" victim " 86" victim, own, " ")
        for (i = 0; i < 10000; i++) {
            do guess = sprintf("%06d", rand() * 1000000); while (guess == right)
            if (i % 4 < 2) printf "%d\t挂失#%s#%s\n", 13700000500 + int(rand() * 3000), victim, guess
            else if (i % 4 == 2) printf "%s\tCXYEH%s\n", own[1 + int(rand() * 4)], guess
            else printf "%s\tMMXG#%s#205713\n", own[1 + int(rand() * 4)], guess
        }
    }'
}

start_other
set_password 13700003999 482913
is "the second hall is there" 200 "$(eventually 20 200 curl -q -s -o /dev/null -w '%{http_code}' "$other_url/readyz")"
halls=$WORLD_HALL_URL,$other_url
guesses | post 60 2000 >"$world/guessed"
unset halls
is "10,000 guesses through two halls at once are answered" "10000 200" "$(awk '{print $2}' "$world/guessed" | sort | uniq -c | xargs)"
is "… five of them counted (C2)" 5 "$(failures_of 13700003999)"
is "… and no more were looked at" "5" "$(sql -c "
    SELECT count(*) FROM hall.reply
    WHERE outcome = 'wrong' AND (msisdn = 13700003999 OR command = 'lost' AND msisdn BETWEEN 13700000500 AND 13700003499)")"
is "… none had an effect" "active" "$(sql -c "SELECT state FROM hall.subscriber WHERE msisdn = 13700003999")"
is "… by any other outcome than these" "" "$(sql -c "
    SELECT DISTINCT outcome FROM hall.reply
    WHERE (msisdn = 13700003999 OR command = 'lost' AND msisdn BETWEEN 13700000500 AND 13700003499) AND outcome NOT IN ('wrong', 'locked')")"
is "the right one is refused that day, and no other number is told why (C2, C4)" "wrong active" \
    "$(say 13700000009 '挂失#13700003999#482913') $(sql -c "SELECT state FROM hall.subscriber WHERE msisdn = 13700003999")"
kill $other_pid
wait $other_pid 2>/dev/null || true
other_pid=''
tap_end
