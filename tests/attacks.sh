#!/usr/bin/env bash
# What somebody may try who can text, who reaches Kannel's port of the hall, who makes operators read what he wrote, or who writes command
# files: the table of the README. What has tests elsewhere (tokens and senders in e2e.sh, orders' tokens and redirects in webhook.sh, the
# store's rights in sql/42_attacks.sql) is not tried again here. Prints TAP.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=tests/tap/tap.sh
. tests/tap/tap.sh
export SMSHALL=${SMSHALL:-build/smshall}
world=$(mktemp -d /tmp/smshall-attack.XXXXXX)

clean_up() {
    src/dev/world.sh stop "$world"
    rm -rf "$world"
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP

sql() {
    src/dev/world.sh psql "$world" -At -v ON_ERROR_STOP=1 "$@"
}

# mo QUERY TEXT [CURL-OPTION…]: the status, and the reply
mo() {
    curl -q -s -m 10 -w ' %{http_code}' -H 'Content-Type: text/plain; charset=UTF-8' --data-binary "$2" "${@:3}" \
        "$WORLD_HALL_URL/kannel/mo?coding=0&charset=UTF-8&token=$token&$1"
}

dlr() {
    curl -q -s -o /dev/null -m 10 -w '%{http_code}' "$WORLD_HALL_URL/kannel/dlr?$1"
}

# get PATH: as it is, with its dots
get() {
    curl -q -s -m 10 -o "$world/page" -w '%{http_code}' --path-as-is "$WORLD_HALL_URL$1"
}

# raw BYTES: what is answered to them, first line; the connection is theirs
raw() {
    exec 5<>"/dev/tcp/127.0.0.1/$WORLD_HALL_PORT"
    printf '%b' "$1" >&5
    timeout 5 head -n 1 <&5 | tr -d '\r' || true
    exec 5>&- 5<&-
}

# repeat COUNT TEXT
repeat() {
    printf "%.0s$2" $(seq "$1")
}

count_of() {
    sql -c "SELECT count(*) FROM $1"
}

# --- fields, as a gateway that is not ours might fill them -----------------------------------------------------------------

# Lines of the log but for those that the hall writes unasked, late on a slow machine.
lines_told() {
    grep -vcE '^[^ ]* info (start|run_due) ' "$log" || true
}

# Whatever stands in a field, the log has one line for an event, each with its time in front.
test_log() {
    local lines told hidden='%0D%0A2026-11-22T00:00:00.000Z%20info%20mo%20id=forged'
    lines=$(wc -l <"$log") told=$(lines_told)
    is "a line of the log hidden in id" "*id=%I* 400" "$(mo "id=a$hidden&from=13800138001&to=10086" YE)"
    is "… in from" "* 200" "$(mo "id=l2&from=x$hidden&to=10086" YE)"
    is "… in to" "*to=%P* 400" "$(mo "id=l3&from=13800138001&to=10086$hidden" YE)"
    is "… in the text" "* 200" "$(mo "id=l4&from=13800138001&to=10086" $'YE\r\n2026-11-22T00:00:00.000Z info mo id=forged')"
    is "… in a report's reason" 200 "$(dlr "token=$token&mt=2611-1&msisdn=13800138001&status=1&reason=x$hidden")"
    is "… in a report's number" 200 "$(dlr "token=$token&mt=2611-1&msisdn=1$hidden&status=1")"
    is "escape sequences of a terminal in from" "* 200" "$(mo "id=l5&from=%1B%5B2J%1B%5D0;x%07&to=10086" YE)"
    is "each is one line of the log" 7 "$(($(lines_told) - told))"
    is "… with its time in front" 0 "$(tail -n +$((lines + 1)) "$log" | grep -cvE '^20[0-9-]+T[0-9:.]+Z (info|warn|error) [a-z_]+ ' || true)"
    is "… and no line says what was forged" 0 "$(grep -c '^[^ ]* info mo id=forged' "$log" || true)"
    is "… nor holds a control character" 0 "$(LC_ALL=C grep -cP '[\x00-\x08\x0b-\x1f\x7f]' "$log" || true)"
}

test_fields() {
    local long
    long=$(head -c 65 /dev/zero | tr '\0' a)
    is "an id of 65" "*id=%I* 400" "$(mo "id=$long&from=13800138001&to=10086" YE)"
    is "an id of 64" "* 200" "$(mo "id=${long%a}&from=13800138001&to=10086" YE)"
    is "an id with a percent sign, an escape of Kannel's" "*id=%I* 400" "$(mo "id=a%25p&from=13800138001&to=10086" YE)"
    is "an id with SQL in it" "* 200" "$(mo "id=';DROP/**/TABLE/**/hall.ledger;--&from=13800138001&to=10086" YE)"
    is "a sender of a kilobyte" "* 200" "$(mo "id=f1&from=$(head -c 1000 /dev/zero | tr '\0' 1)&to=10086" YE)"
    is "two ids: the one that is read is the one that is kept" 1 \
        "$(mo "id=f2&id=f3&from=13800138001&to=10086" JF >/dev/null && count_of "hall.message WHERE gateway_id IN ('f2', 'f3')")"
    is "a reply's header hidden in a port" 0 "$(mo 'id=f4&from=13800138001&to=10086%0d%0aX-Kannel-To:1' YE -i | grep -ci '^x-kannel-to' || true)"
    is "a time before time" "* 200" "$(mo "id=f5&from=13800138001&to=10086&time=-1" YE)"
    is "a time that is no number" "* 200" "$(mo "id=f6&from=13800138001&to=10086&time=99999999999999999999" YE)"
}

# --- texts -----------------------------------------------------------------------------------------------------------------

test_texts() {
    local n=0 text
    while IFS= read -r text; do
        n=$((n + 1))
        is "only a text: $text" "* 200" "$(mo "id=t$n&from=13800138001&to=10086" "$text")"
    done <<'END'
'; DROP TABLE hall.ledger; --
KTCL'; UPDATE hall.subscriber SET balance_fen = 1e9; --
ZD201211' OR '1'='1
{balance|yuan}{?fee}{/fee}
%s%s%n%n %p %a %%
<script>alert(1)</script>
{"outcome":"ok","fields":{"balance":99999999}}
../../../../etc/passwd
$(id) `id` ; id | id
END
    is "none of them is a command" "none" "$(sql -c "SELECT DISTINCT coalesce(command, 'none') FROM hall.message WHERE gateway_id ~ '^t[0-9]+\$'")"
    is "a template in a text is not filled in" 0 \
        "$(mo "id=u1&from=13800138000&to=10086" '{balance|yuan}' | grep -c '56[.]78' || true)"
    is "no money moved by them" "-0.50" "$(sql -c "SELECT (sum(fen) * -0.01)::numeric(9,2) FROM hall.ledger WHERE msisdn = 13800138001")"
}

# --- reports that nobody sent ----------------------------------------------------------------------------------------------

test_reports() {
    local mt before
    mt=$(sql -c "SELECT hall_private.mt(month, number, part) FROM hall.reply WHERE msisdn = 13800138001 ORDER BY number LIMIT 1")
    before=$(sql -c "SELECT md5(string_agg(r::text, '' ORDER BY number)) FROM hall.reply r WHERE msisdn = 13800138001")
    is "a report without the token" 401 "$(dlr "mt=$mt&msisdn=13800138001&status=2")"
    is "… with a wrong one" 403 "$(dlr "token=x&mt=$mt&msisdn=13800138001&status=2")"
    is "… for another's reply" 200 "$(dlr "token=$token&mt=$mt&msisdn=13800138000&status=2")"
    is "… for no reply" 200 "$(dlr "token=$token&mt=2611-999999&msisdn=13800138001&status=2")"
    is "… with SQL as its number" 200 "$(dlr "token=$token&mt=$mt'--&msisdn=13800138001&status=2")"
    is "… of a state that is none" 200 "$(dlr "token=$token&mt=$mt&msisdn=13800138001&status=3")"
    is "none of them changed a reply" "$before" \
        "$(sql -c "SELECT md5(string_agg(r::text, '' ORDER BY number)) FROM hall.reply r WHERE msisdn = 13800138001")"
}

# Whoever dies between Kannel's yes and his note takes the words of a question with him; a report alone does not settle it (rules A8).
test_early_report() {
    local mt reply='FROM hall.reply WHERE msisdn = 13800138000 AND outcome = '"'ask'"
    sql -o "$world/out" -c "SELECT hall.receive(13800138000, 'w1', '10086', 'hall', 'KTCL', NULL, NULL, 'open', 'open', 'changes', 'when_charged',
        '{\"service\": \"CL\"}', NULL, 'sendsms')"
    mt=$(sql -c "SELECT hall_private.mt(month, number, part) $reply")
    is "a question that nobody noted is reported on" 200 "$(dlr "token=$token&mt=$mt&msisdn=13800138000&status=1")"
    is "… it has arrived, and its words are noted all the same" "delivered 您好！您将订购由中国移动提供的彩铃业务，5.00元/月*" \
        "$(eventually 15 "delivered*" sql -c "SELECT concat_ws(' ', state, text) $reply")"
    is "… as what they are: rendered afterwards" "afterwards" \
        "$(sql -c "SELECT content ->> 'rendered' FROM hall.evidence WHERE msisdn = 13800138000 AND kind = 'said'")"
    is "… and the evidence holds" "" "$(sql -c "SELECT fault FROM hall.verify_evidence(13800138000)")"
}

# --- what others are shown -------------------------------------------------------------------------------------------------

# A provider is told what was sent to his port, but no password that a subscriber has sent there (rules C5).
test_provider() {
    local n=0 text
    sql -o "$world/out" -c "SELECT hall.put_hook('spy', 'http://127.0.0.1:9/spy'), hall.set_provider_hook('风云气象', 'spy')" \
        -c "SELECT hall.rotate_hook_key('spy', '0')"
    for text in 'MMXG#738241#915063' '密码738241' 738241 '身份证330106198111146034' '密码七三八二四一' "$(repeat 2100 '啊')七三八二四一" 你好; do
        n=$((n + 1))
        is "the provider's port takes text $n" " 200" "$(mo "id=e$n&from=13800138000&to=106602" "$text")"
    done
    is "each is passed on" "$n" "$(count_of "hall.event WHERE kind = 'text.received'")"
    is "… without a secret" 0 "$(sql -c "SELECT data FROM hall.event" | grep -cE '738241|915063|330106|七三八' || true)"
    is "nobody behind the firewall is told" "*" "$(eventually 10 "*not public*" sql -c "SELECT reason FROM hall.event WHERE reason IS NOT NULL LIMIT 1")"
}

# An operator's terminal obeys no text of a subscriber's, and no reason of an SMSC's; nor is a line of theirs taken for one of ours.
test_tools() {
    local mt evil=$'\xc2\x9b2J\x1b[2J\xe2\x80\xa8\n13800138003 > 10086 KTCL' controls='[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80\xa8'
    is "a text with escape sequences" "* 200" "$(mo "id=x1&from=13800138001&to=10086" "$evil")"
    mt=$(sql -c "SELECT hall_private.mt(month, number, part) FROM hall.reply WHERE msisdn = 13800138001 ORDER BY number DESC LIMIT 1")
    is "a report with them" 200 "$(dlr "token=$token&mt=$mt&msisdn=13800138001&status=2&reason=%C2%9B2J%1B%5B2J%0A%D3%C3")"
    printf '1\t%s\n' "${evil%$'\n'*}" >"$world/evil.tsv"
    "$SMSHALL" dead list --database "$WORLD_OWNER_DATABASE" >"$world/dead.out"
    "$SMSHALL" export --from yesterday --database "$WORLD_OWNER_DATABASE" >"$world/export.out" 2>/dev/null
    "$SMSHALL" evidence 13800138000 --database "$WORLD_OWNER_DATABASE" >"$world/evidence.out"
    "$SMSHALL" parse --tsv <"$world/evil.tsv" >"$world/parse.out"
    "$SMSHALL" replay --hall "$WORLD_HALL_URL" --token-file "$WORLD_TOKEN_FILE" "$world/evil.tsv" >"$world/replay.out" 2>&1
    is "dead letters: one line, whatever the reason" 1 "$(grep -c "$mt" "$world/dead.out")"
    is "an export: the line in a text is none of its own" 0 "$(grep -c '^13800138003 > 10086 KTCL$' "$world/export.out")"
    is "a replay: likeness shows the text" "*2J*" "$(cat "$world/replay.out")"
    is "none of the tools prints what a terminal obeys" "" "$(LC_ALL=C grep -lP "$controls" "$world"/{dead,export,evidence,parse,replay}.out || true)"
    is "metrics name no subscriber" 0 "$(curl -q -s "$WORLD_HALL_URL/metrics" | grep -cE '1[3-9][0-9]{9}' || true)"
}

# --- doors -----------------------------------------------------------------------------------------------------------------

test_paths() {
    local path
    for path in / /kannel/../metrics/../../etc/passwd /..%2f..%2fetc%2fpasswd /commands.json/../../conf/smshall.yaml //kannel/mo /kannel/mo/ \
        /Kannel/MO /etc/passwd /commands/types.yaml /%2e%2e/secret/token /console /debug; do
        is "no door: $path" 404 "$(get "$path")"
    done
    is "… and no page says anything" "there is no such door" "$(cat "$world/page")"
    for path in /kannel/%6do /kannel/mo%00 /kannel/mo%00.json; do
        is "a door by another spelling is watched like itself: $path" 401 "$(get "$path?id=p1&from=13800138001&to=10086&text=YE")"
    done
}

test_requests() {
    local mo="/kannel/mo?id=q1&from=13800138001&to=10086&token=$token" method before
    before=$(count_of hall.message)
    for method in PUT TRACE CONNECT OPTIONS PATCH; do
        is "$method is not taken" "HTTP/1.1 4*" "$(raw "$method $mo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nYE")"
    done
    is "a length that is none" "HTTP/1.1 4*" "$(raw "POST $mo HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\nYE")"
    is "a length without end" "HTTP/1.1 4*" "$(raw "POST $mo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\nYE")"
    is "a chunk without end" "HTTP/1.1 4*" "$(raw "POST $mo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\nYE")"
    is "a header of a megabyte" 0 "$(raw "GET $mo HTTP/1.1\r\nHost: x\r\nX: $(head -c 1000000 /dev/zero | tr '\0' x)\r\n\r\n" 2>/dev/null | grep -c ' 200 ' || true)"
    is "no HTTP at all" "*" "$(raw '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03')"
    is "none of them was taken for a message" "$before" "$(count_of hall.message)"
    is "and the hall answers" "*0.50元* 200" "$(mo "id=q9&from=13800138001&to=10086" YE)"
}

# --- texts and patterns that take long -------------------------------------------------------------------------------------

# Texts that look like a command for as long as one may, a hundred of each kind.
hostile_texts() {
    local head tail n=0 _
    for _ in $(seq 10); do
        for head in MMXG 修改密码 MMHF PUK KT 开通 QX 取消 HMD CXHMD JCHMD HZ ZD HF ZD2012 SDKT LTSZ HY 0000 1 TS GS KTYETX 13800138000; do
            for tail in "$(repeat 500 '密码')" "$(repeat 300 '1,')" "$(repeat 120 '旧的')x" "$(repeat 60 ' #')246810" "$(repeat 100 '1')" \
                "$(repeat 40 '修改密码')" "$(repeat 30 'KT')" "$(repeat 50 '[-(')" "$(repeat 60 '24681 ')" "$(repeat 16 '号码是')1"; do
                n=$((n + 1))
                printf '%d\t%s%s\n' $n "$head" "$tail"
            done
        done
    done
}

# Patterns that would run for hours on some texts: the limit of regex.c ends each (rules D3).
hostile_commands() {
    mkdir "$world/hostile"
    cp commands/{types,reading,answers,reserved,names,hall}.yaml "$world/hostile"
    cat >>"$world/hostile/types.yaml" <<'END'

evil_one:
  patterns: ["(?:(?:A+)+)+"]
  normal: text
  samples: [A]

evil_two:
  patterns: ["(?:[A-Z]*)*(?:[A-Z]*)*[0-9]"]
  normal: text
  samples: [AB1]

evil_three:
  patterns: ["(?:.*A){12}"]
  normal: text
  samples: [AAAAAAAAAAAA]
END
    cat >"$world/hostile/evil.yaml" <<'END'
command: evil
title: 坏
at: hall
forms:
  - EVIL{x:evil_one}B
  - EVOL{x:evil_two}
  - EVUL{x:evil_three}B
call: points
effect: reads
confirm: never
replies:
  ok: {zh: 好, en: ok}
END
}

# checked: what `check` says of the hostile folder, when it ends within seconds and in half a gigabyte (watched programs take terabytes)
checked() {
    ([ "${PATIENCE:-1}" -gt 1 ] || ulimit -v 500000; timeout $((5 * ${PATIENCE:-1})) "$SMSHALL" check --commands "$world/hostile" 2>/dev/null | head -n 1 || echo "no end")
}

# evil_form FORM
evil_form() {
    sed -i "s/^  - .*/  - \"$1\"/" "$world/hostile/evil.yaml"
}

# Command files that would take the memory or the time of whoever reads them.
test_bombs() {
    local file=$world/hostile/bomb.yaml n
    { echo 'a: &a [x, x, x, x, x, x, x, x, x]' && for n in {b..j}; do echo "$n: &$n [*a, *a, *a, *a, *a, *a, *a, *a, *a]"; done; } >"$file"
    is "aliases of aliases are not taken" "*/bomb.yaml:1: anchors and aliases are not taken" "$(checked)"
    head -c 200000 /dev/zero | tr '\0' '[' >"$file"
    is "nor is what is nested without end" "*/bomb.yaml:1: nested too deeply" "$(checked)"
    head -c 100000000 /dev/zero >"$file"
    is "nor a file without end" "*/bomb.yaml:1: cannot be read: File too large" "$(checked)"
    rm "$file"
    sed -i '/^  - EV[OU]L/d' "$world/hostile/evil.yaml"
    evil_form "X$(printf '[A%d]' $(seq 30))"
    is "a form that reads a thousand million texts is none" "*/evil.yaml:5: the form * has more than 5*" "$(checked)"
    evil_form "X$(repeat 2000 '[A')$(repeat 2000 ']')"
    is "nor is one with brackets in brackets" "*/evil.yaml:5: the form *" "$(checked)"
    printf '\nevil_four:\n  patterns: ["(?:(?:A{1000}){1000}){20}"]\n  normal: text\n  samples: [A]\n' >>"$world/hostile/types.yaml"
    evil_form 'X{x:evil_four}'
    is "nor a pattern that is twenty million characters" "*too large in the pattern*" "$(checked)"
}

texts_for_them() {
    local head size n=0
    for head in {EVIL,EVOL,EVUL}{,,,,}; do
        for size in 20 30 60 100 120; do
            n=$((n + 1))
            printf '%d\t%s%sBC\n' $n $head "$(repeat "$size" A)"
            printf '%d\t%s%sBC\n' $n $head "$(repeat $((size / 2)) AB)"
        done
    done
}

# read_within MS FOLDER FILE: the time that each text of the file takes, all in all
read_within() {
    local start lines
    start=$(date +%s%3N)
    lines=$(timeout 60 "$SMSHALL" parse --commands "$2" --tsv <"$3" | wc -l)
    [ "$lines" -eq "$(wc -l <"$3")" ] || { echo "read $lines of them in a minute" && return; }
    local us=$((($(date +%s%3N) - start) * 1000 / lines))
    echo "# $lines texts, $us us each" >&3
    [ $us -lt $(($1 * 1000 * ${PATIENCE:-1})) ] && echo "in time" || echo "$us us each"
}

test_patterns() {
    exec 3>&1
    hostile_texts >"$world/hostile.tsv"
    is "texts that look like commands for long are read in time (5 ms)" "in time" "$(read_within 5 commands "$world/hostile.tsv")"
    hostile_commands
    texts_for_them >"$world/evil.tsv"
    is "patterns with nested quantifiers are stopped in time (3 ms)" "in time" "$(read_within 3 "$world/hostile" "$world/evil.tsv")"
    is "… and a text that they do read is read" '*"command":"evil"*' "$("$SMSHALL" parse --commands "$world/hostile" EVILAAAB)"
    exec 3>&-
}

src/dev/world.sh start "$world" --no-kannel --inline >/dev/null
# shellcheck disable=SC1091 # made by world.sh
. "$world/env"
token=$(cat "$WORLD_TOKEN_FILE") log=$world/log/hall.log
test_log
test_fields
test_texts
test_reports
test_early_report
test_provider
test_tools
test_paths
test_requests
test_patterns
test_bombs
tap_end
