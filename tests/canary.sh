#!/usr/bin/env bash
# No secret stays anywhere (rules C4, C5): passwords and ID numbers that occur nowhere else are sent in right, wrong and malformed messages, by
# POST and GET, and through the real Kannel as conf/kannel.conf sets it, with PostgreSQL logging every statement and its values. Then
# every log, every table, the files of the store, Kannel's own and the metrics are searched. What a phone was sent is a secret too.
# (The memory of the hall itself is searched by tests/password.sh.) Prints TAP.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=tests/tap/tap.sh
. tests/tap/tap.sh
export SMSHALL=${SMSHALL:-build/smshall}
world=$(mktemp -d /tmp/smshall-canary.XXXXXX)

clean_up() {
    src/dev/world.sh stop "$world"
    rm -rf "$world"
}
trap clean_up EXIT

sql() {
    src/dev/world.sh psql "$world" -At -v ON_ERROR_STOP=1 "$@"
}

# What no file may have. Rows of digits that no time, number or hash of this test is likely to have in text; in binary files the ID numbers
# alone are searched for, since any six digits may stand there by chance.
passwords='(^|[^0-9])(738241|915063|648207|830619|572946|409372)([^0-9]|$)'
ids='33010619811114'

sent=0
# texts FILE: one a line; each goes by POST, by GET, and in full width by POST
send_all() {
    local text wide
    while IFS= read -r text; do
        wide=$(tr '0123456789#' '\001\002\003\004\005\006\007\010\011\012\013' <<<"$text" |
            sed 's/\x01/０/g;s/\x02/１/g;s/\x03/２/g;s/\x04/３/g;s/\x05/４/g;s/\x06/５/g;s/\x07/６/g;s/\x08/７/g;s/\x09/８/g;s/\x0b/＃/g')
        sent=$((sent + 3))
        post "id=p$sent&from=13800138000&to=10086&coding=0" "$text"
        curl -q -s -o /dev/null -G "$WORLD_HALL_URL/kannel/mo" -d "id=g$sent&from=13800138003&to=10086&charset=UTF-8&token=$token" \
            --data-urlencode "text=$text"
        post "id=w$sent&from=13800138001&to=10086&coding=0" "$wide"
    done
}

post() {
    curl -q -s -o /dev/null -H 'Content-Type: text/plain; charset="UTF-8"' --data-binary "$2" "$WORLD_HALL_URL/kannel/mo?$1&token=$token"
}

phone() {
    "$SMSHALL" phone "$1" --smsc "$WORLD_SMSC_URL" --once "$2" 2>&1 || true
}

# found PATTERN FILE…: the names of those that have it, in text or between other bytes
found() {
    local pattern=$1
    shift
    grep -alE -- "$pattern" "$@" 2>/dev/null || true
}

src/dev/world.sh start "$world"
# shellcheck disable=SC1091 # made by world.sh
. "$world/env"
token=$(cat "$WORLD_TOKEN_FILE")
psql -X -q -o /dev/null -d "$WORLD_SUPERUSER_DATABASE" <<'END'
ALTER SYSTEM SET log_statement = 'all';
ALTER SYSTEM SET log_min_duration_statement = 0;
ALTER SYSTEM SET log_parameter_max_length = -1;
ALTER SYSTEM SET log_parameter_max_length_on_error = -1;
ALTER SYSTEM SET log_error_verbosity = verbose;
SELECT pg_reload_conf();
END

# the feed: digits come in a file and leave it hashed
printf 'msisdn,password,id_card,puk\n13800138000,738241,330106198111146034,40937283\n13800138003,572946,330106198111146026,83061957\n' |
    SMSHALL_OWNER_DATABASE=$WORLD_OWNER_DATABASE SMSHALL_PEPPER_FILE=$WORLD_STORE/key/pepper "$SMSHALL" load credentials - >"$world/log/load.log" 2>&1
is "the feed takes the secrets" "2" "$(sql -c "SELECT count(*) FROM hall.password WHERE msisdn IN (13800138000, 13800138003)")"

# at the hall's own door: right, wrong, malformed
send_all <<'END'
MMXG#915063#648207
MMXG#738241#915063
mmxg 915063 648207
MMXG915063648207
MMXG#738241
MMXG#738241#9150632
mmxg#73824a#915063
旧密码738241新密码915063
我的密码是738241
密 码 738241
M M X G # 7 3 8 2 4 1 # 9 1 5 0 6 3
MMHF#330106198111146039
MMHF#330106198111146034
MMHF 33010619811114603
mmhf#３３０１０６198111146037
身份证330106198111146034
330106198111146034
CXYEH738241
CXYEH 572946
CXYEH
挂失#13800138000#830619
JCHMD#572946
JCHMD#330106198111146026
PUK#13800138000#648207
复机#738241
END
is "they came to the hall" "$((sent))" "$(sql -c "SELECT count(*) FROM hall.message WHERE gateway_id ~ '^[pgw][0-9]'")"

# through the real Kannel, there and back
for text in 'MMXG#738241#915063' 'MMXG 572946 830619' 'CXYEH572946' 'MMHF#330106198111146026' 'mmhf330106198111146034' '密码738241915063' 'PUK'; do
    phone 13800138003 "$text" >>"$world/phone"
    phone 13800138000 "$text" >>"$world/phone"
done
sql -c "UPDATE hall.guess SET failures = 0" -c "UPDATE hall.subscriber SET state = 'active', state_reason = NULL" >/dev/null
phone 13800138003 'MMHF#330106198111146026' >>"$world/phone"

# What the phone was sent, which the hall itself made up.
texts_of() {
    curl -q -s "$WORLD_SMSC_URL/phone/inbox?msisdn=13800138003"
}
eventually 20 '*临时密码为*' texts_of >"$world/inbox"
made=$(grep -oE '临时密码为[0-9]{6}' "$world/inbox" | grep -oE '[0-9]{6}$' | tail -n 1 || true)
is "a password was sent to the phone" "[0-9][0-9][0-9][0-9][0-9][0-9]" "$made"
if [ -n "$made" ]; then
    passwords="($passwords)|(^|[^0-9])$made([^0-9]|\$)"
fi
is "it works" "*" "$(phone 13800138003 "MMXG#$made#915063")"
is "… as the store knows" "t" "$(eventually 10 t sql -c "SELECT until IS NULL FROM hall.password WHERE msisdn = 13800138003")"
is "nothing waits to be sent" "0" "$(eventually 20 0 sql -c "SELECT count(*) FROM hall.reply WHERE claim_after IS NOT NULL")"
is "what was sent to a phone is masked" "*\*\*\**" "$(sql -c "SELECT text FROM hall.reply WHERE outcome = 'sent' ORDER BY at DESC LIMIT 1")"
is "… and its sealed form is gone" "0" "$(sql -c "SELECT count(*) FROM hall.reply WHERE fields ? 'secret'")"

curl -q -s "$WORLD_HALL_URL/metrics" >"$world/metrics"
curl -q -s "$WORLD_HALL_URL/commands.json" >>"$world/metrics"
"$WORLD_PG_BIN/pg_dump" --data-only "$WORLD_OWNER_DATABASE" >"$world/dump"
sql -o /dev/null -c CHECKPOINT

# --- the search itself finds what is there ---------------------------------------------------------------------------------

echo "id=1 text=MMXG#738241#1" >"$world/planted"
is "the search finds a password" "$world/planted" "$(found "$passwords" "$world/planted" "$world/metrics")"
printf 'a\0b330106198111146034\0c' >"$world/planted"
is "and an ID card between other bytes" "$world/planted" "$(found "$ids" "$world/planted" "$world/metrics")"
is "PostgreSQL did log each call with its values" "t" "$([ "$(grep -c 'hall.receive' "$world/log/postgres.log")" -gt 50 ] && echo t)"
is "Kannel's logs are there" "*bearerbox*" "$(ls "$world"/log)"

# --- and nothing else does -------------------------------------------------------------------------------------------------

is "C5: no log has a password" "" "$(found "$passwords" "$world"/log/*)"
is "C5: no log has an ID card" "" "$(found "$ids" "$world"/log/*)"
is "C4: no table has either" "" "$(found "$passwords|$ids" "$world/dump")"
is "C5: nor have the metrics, or the command list" "" "$(found "$passwords|$ids" "$world/metrics")"
is "C5: nor has anything that Kannel keeps" "" "$(find "$world" -path "$WORLD_STORE" -prune -o -type f -print0 |
    xargs -0 grep -alE -- "$passwords|$ids" | grep -vE "^$world/(phone|inbox|planted)$" || true)"
data=$(readlink -f "$WORLD_STORE/data")
is "C4: no file of the store, its log of changes neither, has an ID card" "" "$(find "$data" -type f -print0 | xargs -0 grep -alE -- "$ids" || true)"
tap_end
