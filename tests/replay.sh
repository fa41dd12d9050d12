#!/usr/bin/env bash
# smshall replay and export: what can be played, the golden run over the corpora, a hall on a network that does everything networks do (rules
# D6, D8, E1), runs that are stored and compared, and recorded conversations that are played again. Prints TAP.
#
#   REPLAY_TEXTS=all       every text of the corpora through the hall, and not each fortieth alone: two minutes more
#   REPLAY_UPDATE=1        writes tests/golden anew and does not compare: after the command files have changed, and were looked at
#   REPLAY_SEED=7          another network; MESSAGES=10000 sent on it
set -eu -o pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tests/tap/tap.sh
. tests/tap/tap.sh
# shellcheck source=tests/fault/charging_world.sh
. tests/fault/charging_world.sh
corpora=../shared/corpora
golden=tests/golden
messages=${MESSAGES:-600} people=30

# result COMMAND…: the exit code; what it says is in $world/said
result() {
    local code=0
    "$@" >"$world/said" 2>&1 || code=$?
    echo $code
}

said() {
    cat "$world/said"
}

replay() {
    "$SMSHALL" replay --hall "$WORLD_HALL_URL" --token-file "$WORLD_TOKEN_FILE" --timeout 15s "$@"
}

# --- what can be played, and how it is called ----------------------------------------------------------------------------------

printf 'a\tYE\nb\t你好\nc\t您好\n' >"$world/a.tsv"
printf 'id,text\na,YE\nb,你好\nc,您好\n' >"$world/a.csv"
printf '{"id":"a","text":"YE"}\n{"id":"b","text":"你好"}\n{"id":"c","text":"您好"}\n' >"$world/a.jsonl"
printf '13800138000 > 10086 YE\n13800138000 > 10086 你好\n13800138000 > 10086 您好\n' >"$world/a.talk"
for form in tsv csv jsonl talk; do
    is "$form: read, and not sent" 0 "$(result "$SMSHALL" replay --offline --store "$world/$form.run" --counts "$world/a.$form")"
    is "$form: as the others" "$(cat "$world/tsv.run")" "$(cat "$world/$form.run")"
done
is "a run as it is stored" $'messages\t3\nread\t(nothing)\t2\nread\tbalance\t1' "$(cat "$world/tsv.run")"
is "several files are one corpus" 0 "$(result "$SMSHALL" replay --offline "$world"/a.*)"
is "what was read as what" "*8  (nothing)*4  balance*nothing, by likeness*" "$(said)"
is "--help" "*--repeat-same-id PERCENT*--drop-reports PERCENT*--store FILE*" "$("$SMSHALL" replay --help)"
is "export --help" "usage: smshall export --from TIME*" "$("$SMSHALL" export --help)"
while IFS='|' read -r words options; do
    # shellcheck disable=SC2086 # several options
    is "called wrongly: $options" "2 *$words*" "$(result "$SMSHALL" replay $options) $(said)"
done <<END
will not do|--cut 101 $world/a.tsv
--sendsms-listen|--hall http://127.0.0.1:9 --drop-reports 5 $world/a.tsv
does not go with --smsc|--smsc http://127.0.0.1:9 --cut 5 $world/a.tsv
no way to a hall|--offline --hall http://127.0.0.1:9 $world/a.tsv
neither a number|--subscribers nobody $world/a.tsv
neither .talk|$world/said
no FILE|--offline
END
is "a hall that is not there loses it" "1 *3 of 3 are lost*" \
    "$(result "$SMSHALL" replay --hall http://127.0.0.1:9 --token-file "" --retries 0 "$world/a.tsv") $(said)"
is "export wants a period" 2 "$(result "$SMSHALL" export)"

# --- the golden run ------------------------------------------------------------------------------------------------------------

# golden NAME REPLAY-OPTION…: counts as in tests/golden/NAME.tsv
golden() {
    local file=$golden/$1.tsv
    shift
    if [ -n "${REPLAY_UPDATE-}" ]; then
        "$@" --store "$file" --counts >"$world/said"
        sed -i '1i # counts of a run over the corpora: tests/replay.sh, REPLAY_UPDATE=1' "$file"
    else
        is "golden: $file" 0 "$(result "$@" --tap --compare "$file")"
        sed -n '/^not ok/,/^ok/{/^#/p}' "$world/said" | head -n 20
    fi
}

# Every field is a text; labels and names of sources among them do no harm.
if [ -d $corpora ]; then
    tail -q -n +1 $corpora/*.tsv | tr '\t' '\n' | LC_ALL=C sort -u | awk 'NF { printf "%d\t%s\n", NR, $0 }' >"$world/all.tsv"
    golden read_hall "$SMSHALL" replay --offline --to 10086 "$world/all.tsv"
    golden read_provider "$SMSHALL" replay --offline --to 106601 "$world/all.tsv"
    sed 's/^read\tbalance\t/&1/' $golden/read_hall.tsv >"$world/planted.tsv"
    is "a planted difference shows" "1 *1 differences*read as balance: was 13, is 3*" \
        "$(result "$SMSHALL" replay --offline --compare "$world/planted.tsv" "$world/all.tsv") $(said)"
else
    echo "skipped: the corpora are not at $corpora"
fi

# --- a network that does everything --------------------------------------------------------------------------------------------

start_charging_world $people 2>&1 | sed 's/^/# /'
# shellcheck disable=SC1091 # made by world.sh
. "$world/env"
export SMSHALL_COMMANDS=$world/commands
seq 1 "$messages" | awk '{ printf "%d\tTEST%d\n", $1, $1 }' >"$world/charges.tsv"
is "everything at once: nothing is lost, repeats are answered as the message was" 0 "$(result replay \
    --sendsms-listen "127.0.0.1:$WORLD_SENDSMS_PORT" --subscribers 13700000000-$((13700000000 + people - 1)) --retry-pause 50ms \
    --repeat-same-id 20 --repeat-new-id 10 --reorder 20 --delay 10 --delay-time 100ms --cut 20 --drop-reports 20 --early-reports 30 \
    --double-reports 30 --backward-reports 30 --seed "${REPLAY_SEED:-1}" --junit "$world/junit.xml" "$world/charges.tsv")"
sed 's/^/# /' "$world/said" | grep -vE '^# +[0-9]+  ' || true

# struck KIND: how often, as replay says
struck() {
    sed -n "s/^$1 *\([0-9]*\)$/\1/p" "$world/said"
}

once_more=$(struck repeat-new-id)
for kind in repeat-same-id repeat-new-id reorder delay cut drop-reports early-reports double-reports backward-reports; do
    is "$kind struck" "[1-9]*" "$(struck $kind)"
done
is "JUnit" "*tests=\"1\" failures=\"0\"*charges.tsv*" "$(cat "$world/junit.xml")"
src/dev/world.sh stop-hall "$world"
is "every message is there, and each new id" $((messages + once_more)) "$(sql -c "SELECT count(*) FROM hall.message")"
is "each acted once (D6)" "-$messages $messages" "$(sql -F ' ' -c "SELECT sum(fen), count(*) FROM hall.ledger WHERE kind = 'test'")"
is "no text twice" $messages "$(sql -c "SELECT count(DISTINCT (r.msisdn, r.fields)) FROM hall.reply AS r WHERE r.command = 'test_charge'")"
is "a reply each" "$((messages + once_more)) 0" \
    "$(sql -F ' ' -c "SELECT count(*), count(*) FILTER (WHERE state = 'unsent') FROM hall.reply")"
is "… which came once" "replies     $((messages + once_more)) (messages without one: 0)" "$(grep '^replies  ' "$world/said")"
is "reports move a reply forward only: only the dropped ones are missing (D8)" "delivered $((messages + once_more - $(struck drop-reports))),sent $(struck drop-reports)" \
    "$(sql -c "SELECT string_agg(s, ',' ORDER BY s) FROM (SELECT state || ' ' || count(*) FROM hall.reply GROUP BY state) AS x (s)")"
is "balances are their ledgers" 0 "$(sql -c "SELECT count(*) FROM hall.check_ledger()")"
src/dev/world.sh stop "$world"

# --- a run that is kept, and recorded conversations ----------------------------------------------------------------------------

unset SMSHALL_COMMANDS
talks=()
for name in balance bill folding odd consent_answers open_paid leave_hall leave_always numbers help unknown; do
    talks+=("tests/talk/$name.talk")
done

start_demo_world() {
    src/dev/world.sh start "$world" --no-kannel --inline 2>&1 | sed 's/^/# /'
    # shellcheck disable=SC1091 # made by world.sh
    . "$world/env"
    sql -q -o /dev/null -f tests/talk/subscribers.sql \
        -c "INSERT INTO hall.subscriber (msisdn, brand) SELECT 13600000000 + n, '全球通' FROM generate_series(0, 99999) AS n"
}

# What does not fit into an answer comes to the stand-in.
replay_all() {
    replay --sendsms-listen "127.0.0.1:$WORLD_SENDSMS_PORT" --quiet-ms 150 --subscribers 13600000000-13600099999 --concurrency 32 "$@"
}

start_demo_world
if [ -d $corpora ]; then
    if [ "${REPLAY_TEXTS-}" = all ]; then
        golden hall_all replay_all "$world/all.tsv"
    else
        awk 'NR % 40 == 1' "$world/all.tsv" >"$world/some.tsv"
        golden hall replay_all "$world/some.tsv"
    fi
fi
sql -q -c "SELECT now()" >"$world/since"
printf '{"id":1,"text":"YE"}\n{"id":2,"text":"0000","from":"13800138000"}\n{"id":3,"text":"0000","to":"106602","from":"+8613800138000"}\n' >"$world/few.jsonl"
is "a run is stored" 0 "$(result replay_all --store "$world/few.run" "$world/few.jsonl")"
is "… with who and where" "*message	2	leave_list	leave_list/list	您好！*message	3	provider_list	provider_list/list	*" "$(cat "$world/few.run")"
is "the same again has no difference" "0 *TAP*ok 2 - as in *" "$(result replay_all --tap --compare "$world/few.run" "$world/few.jsonl") $(said)"
sql -q -o /dev/null -c "SELECT hall.top_up(13600000000, 1, 'replay')"
is "a difference of the store shows in the words" "1 *wanted: no difference*1 differences*words to 1: was *0.00元*, is *0.01元*" \
    "$(result replay_all --compare "$world/few.run" "$world/few.jsonl") $(said)"
sed -i 's/\tbalance\/ok/\tbalance\/planted/' "$world/few.run"
is "a planted one by its template" "1 *reply to 1: was balance/planted, is balance/ok*" "$(result replay_all --compare "$world/few.run" "$world/few.jsonl") $(said)"
src/dev/world.sh stop "$world"

start_demo_world
is "conversations, on a network that repeats and cuts" 0 "$(result replay_all --repeat-same-id 30 --cut 20 --retry-pause 20ms --delay 5 \
    --delay-time 50ms "${talks[@]}")"
said | grep -A 3 '^FAILED' | sed 's/^/# /' || true
printf '13800138003 > 10086 MMXG 135792 864209\n13800138003 < 10086 *\n13800138003 > 10086 "  YE\\n*"\n13800138003 < 10086 *\n' >"$world/secret.talk"
is "a conversation with a secret" 0 "$(result replay_all "$world/secret.talk")"
is "is exported" "[1-9]* messages, [1-9]* replies" \
    "$("$SMSHALL" export --from yesterday --database "$WORLD_OWNER_DATABASE" 2>&1 >"$world/recorded.talk" || echo failed)"
is "… without it" "" "$(grep -E '135792|864209' "$world/recorded.talk")"
is "… with every message" "$(sql -c "SELECT count(*) FROM hall.message")" "$(grep -c '^1[0-9]* > ' "$world/recorded.talk")"
is "of one subscriber" "13800138003" "$("$SMSHALL" export --from yesterday --to tomorrow --msisdn +8613800138003 --database "$WORLD_OWNER_DATABASE" \
    2>/dev/null | grep -oE '^1[0-9]{10}' | sort -u)"
is "of a time when there was none" "0 0 messages, 0 replies" \
    "$(result "$SMSHALL" export --from yesterday --to yesterday --database "$WORLD_OWNER_DATABASE") $(said)"
is "an operator may export" t "$(sql -c "SELECT has_function_privilege('smshall_operator', 'hall.export_messages(timestamptz, timestamptz, bigint)', 'EXECUTE')
    AND NOT has_function_privilege('smshall_hall', 'hall.export_messages(timestamptz, timestamptz, bigint)', 'EXECUTE')")"
src/dev/world.sh stop "$world"

start_demo_world
sed 's/56\.78/56.79/' "$world/recorded.talk" >"$world/planted.talk"
is "a record played to a fresh store is as it was" 0 "$(result replay_all "$world/recorded.talk")"
said | grep -A 3 '^FAILED' | sed 's/^/# /' || true
is "… and a planted difference shows" "1 *wanted: from 10086: *56.79元*came: *56.78元*" "$(result replay_all "$world/planted.talk") $(said)"
tap_end
