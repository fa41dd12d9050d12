#!/usr/bin/env bash
# No ordinary text acts (DESIGN 8): every text of the corpora goes to a real hall, each from a subscriber of its own who has a question
# open: at 10086 whether he wants 彩铃, then at 106601 whether he wants 新闻早报. What changes anything must be an answer as rules A4
# have it, or at the provider's port a word as B5 has it; these are listed. TEXTS=1000 takes so many texts only.
set -eu -o pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tests/tap/tap.sh
. tests/tap/tap.sh
export SMSHALL=${SMSHALL:-build/smshall}
corpora=../shared/corpora
first=15000000000

if [ ! -d $corpora ]; then
    echo "skipped: the corpora are not at $corpora"
    exit 0
fi
world=$(mktemp -d /tmp/smshall-corpora.XXXXXX)
trap 'src/dev/world.sh stop "$world"; rm -rf "$world"' EXIT

# Every field is a text; labels and names of sources among them do no harm.
tail -q -n +1 $corpora/*.tsv | tr '\t' '\n' | LC_ALL=C sort -u | head -n "${TEXTS:-1000000}" | awk 'NF { printf "%d\t%s\n", NR, $0 }' >"$world/texts.tsv"
texts=$(wc -l <"$world/texts.tsv")

src/dev/world.sh start "$world" --no-kannel --inline | sed 's/^/# /'
# shellcheck disable=SC1091 # made by world.sh
. "$world/env"

sql() {
    src/dev/world.sh psql "$world" -X -q -At -v ON_ERROR_STOP=1 "$@"
}

# One real question, then a copy of it for each text; all have 来电显示, and 天气预报 as what could be lost.
put_questions() {
    sql -v port="$1" -v service="$2" -v first=$first -v texts="$texts" <<'SQL' >/dev/null
TRUNCATE hall.dialogue, hall.subscription, hall.ledger, hall.conversation, hall.message, hall.reply, hall.evidence, hall.evidence_end,
    hall.work_order;
SELECT hall.put_subscriber(13100000000, '全球通', p_opening_fen => 100000);
SELECT hall.receive(13100000000, 'q' || :'port', :'port', 'hall', 'KT', 1, NULL, 'open', 'open', 'changes', 'when_charged',
    jsonb_build_object('service', :'service'), NULL, 'inline');
INSERT INTO hall.subscriber (msisdn, brand, balance_fen) SELECT :first + n, 'x', 100000 FROM generate_series(0, :texts) AS n ON CONFLICT DO NOTHING;
INSERT INTO hall.subscription (msisdn, service, since)
SELECT :first + n, s, hall.now() - interval '1 year' FROM generate_series(0, :texts) AS n, unnest('{LDXS,TQYB}'::text[]) AS s;
INSERT INTO hall.conversation SELECT (jsonb_populate_record(c, jsonb_build_object('msisdn', :first + n))).*
FROM hall.conversation AS c, generate_series(0, :texts) AS n WHERE c.msisdn = 13100000000;
INSERT INTO hall.dialogue SELECT (jsonb_populate_record(d, jsonb_build_object('msisdn', :first + n))).*
FROM hall.dialogue AS d, generate_series(0, :texts) AS n WHERE d.msisdn = 13100000000;
INSERT INTO hall.reply SELECT (jsonb_populate_record(r, jsonb_build_object('msisdn', :first + n))).*
FROM hall.reply AS r, generate_series(0, :texts) AS n WHERE r.msisdn = 13100000000;
DELETE FROM hall.dialogue WHERE msisdn = 13100000000;
DELETE FROM hall.message WHERE msisdn = 13100000000;
ANALYZE hall.reply, hall.dialogue, hall.subscription, hall.conversation, hall.subscriber;
SQL
}

play() {
    "$SMSHALL" replay --hall "$WORLD_HALL_URL" --token-file "$WORLD_TOKEN_FILE" --to "$1" --from $first --subscribers "$texts" \
        --concurrency 64 "$world/texts.tsv" >"$world/replay.log" 2>&1 || { cat "$world/replay.log"; false; }
}

# The subscribers whose question was no longer open, or one of whose subscriptions was another, though none of their texts is one of $1.
acted() {
    sql -v words="$1" <<'SQL'
WITH acted AS (
    SELECT d.msisdn, d.ended AS how FROM hall.dialogue AS d WHERE d.ended IS NOT NULL
    UNION
    SELECT o.msisdn, 'closed' FROM hall.subscription AS o WHERE o.until IS NOT NULL
    UNION
    SELECT o.msisdn, 'opened' FROM hall.subscription AS o WHERE o.service NOT IN ('LDXS', 'TQYB')
)
SELECT a.how || ': ' || string_agg(m.text, ' | ' ORDER BY m.number)
FROM acted AS a
JOIN hall.message AS m ON m.msisdn = a.msisdn
GROUP BY a.msisdn, a.how
HAVING NOT bool_or(upper(normalize(m.text, NFKC)) ~ ('^\s*(' || :'words' || ')[。.！!～~，,\s]*$'))
ORDER BY 1;
SQL
}

check() {
    local port=$1 service=$2 name=$3 words=$4
    put_questions "$port" "$service"
    play "$port"
    is "$port: every text came" "$texts" "$(sql -c "SELECT count(*) FROM hall.message")"
    is "$port: nothing acts but $name" "" "$(acted "$words")"
    is "$port: what was ordered is what was answered" t \
        "$(sql -c "SELECT (SELECT count(*) FROM hall.subscription WHERE service = '$service') = count(*) FROM hall.dialogue WHERE ended = 'yes'")"
    sql -c "SELECT '# $port: ' || d.ended || ' by: ' || string_agg(m.text, ' | ' ORDER BY m.text)
        FROM hall.dialogue AS d JOIN hall.message AS m ON m.msisdn = d.msisdn AND m.number = d.ended_by WHERE d.ended IS NOT NULL GROUP BY d.ended"
    sql -c "SELECT '# $port: read as ' || coalesce(command, 'nothing') || ': ' || count(*) FROM hall.message GROUP BY command ORDER BY 1"
}

answers='是|Y|YES|1|确认|確認|否|N|NO|2|不'
leaving='0000|00000|TD|T|R|QX|退订|退訂|取消|STOP|STOPALL|UNSUBSCRIBE|CANCEL|END|QUIT'
check 10086 CL "answers (A4)" "$answers"
check 106601 XWZB "answers (A4) and words for leaving (B5)" "$answers|$leaving"
tap_end
