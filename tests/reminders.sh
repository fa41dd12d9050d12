#!/usr/bin/env bash
# The seven reminders as subscribers read them (rules F1), and the bill alarm: each tests/reminders/NAME.talk is played, and when all that
# the subscriber says in it has been said, NAME.sql feeds the store as a billing or mail system would, more than once where that must make
# no difference. Prints TAP.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=tests/tap/tap.sh
. tests/tap/tap.sh
export SMSHALL=${SMSHALL:-build/smshall}
world=$(mktemp -d /tmp/smshall-reminders.XXXXXX)

clean_up() {
    src/dev/world.sh stop "$world"
    rm -rf "$world"
}
trap clean_up EXIT

sql() {
    src/dev/world.sh psql "$world" -q -At -v ON_ERROR_STOP=1 "$@"
}

messages_of() {
    sql -c "SELECT count(*) FROM hall.message WHERE msisdn = $1"
}

# What does not fit into an answer comes to the tool's stand-in for sendsms.
play() {
    "$SMSHALL" replay --hall "$WORLD_HALL_URL" --token-file "$WORLD_TOKEN_FILE" --sendsms-listen "127.0.0.1:$WORLD_SENDSMS_PORT" \
        --quiet-ms 300 --timeout 15s "$1" >"$world/played" 2>&1
}

# play_and_feed NAME: prints `as wanted`, or what was not
play_and_feed() {
    local talk=tests/reminders/$1.talk player said msisdn
    msisdn=$(awk '$2 == ">" {print $1; exit}' "$talk")
    said=$(grep -c '^1[0-9]* >' "$talk")
    play "$talk" &
    player=$!
    eventually 10 "$said" messages_of "$msisdn" >/dev/null
    sql -o /dev/null -f "tests/reminders/$1.sql" -c "SELECT hall.run_due()"
    if wait $player; then
        echo "as wanted"
    else
        cat "$world/played"
    fi
}

src/dev/world.sh start "$world" --no-kannel --inline 2>&1 | sed 's/^/# /'
# shellcheck disable=SC1091 # made by world.sh
. "$world/env"
# it is always day; one service needs another system, which is away
sql -o /dev/null -c "UPDATE hall.setting SET value = 0 WHERE name LIKE 'quiet%'" \
    -c "SELECT hall.put_subscriber(13700137300 + n, '全球通', p_opening_fen => 2000) FROM generate_series(1, 9) AS n" \
    -c "SELECT hall.put_hook('element', 'http://127.0.0.1:9/'), hall.rotate_hook_key('element')" \
    -c "UPDATE hall.service SET element = 'element' WHERE code = 'LDXS'"
for path in tests/reminders/*.talk; do
    name=$(basename "$path" .talk)
    is "$name" "as wanted" "$(play_and_feed "$name")"
done
is "nothing waits" 0 "$(sql -c "SELECT count(*) FROM hall.reminder WHERE due_at <= hall.now()")"
is "each was sent once" t "$(sql -c "SELECT count(*) = count(DISTINCT (msisdn, outcome, fields)) AND count(*) > 8 FROM hall.reply
    WHERE command = 'reminder'")"

logged() {
    grep -h 'run_due.* reminders=[1-9]' "$world/log/hall.log" | tail -n 1
}
sql -o /dev/null -c "SELECT hall.top_up(13700137301, 100, 'by itself')"
is "the hall asks by itself what is due" 0 "$(eventually 10 0 sql -c "SELECT count(*) FROM hall.reminder WHERE due_at IS NOT NULL")"
is "and says so in its log" "*reminders=1 *" "$(eventually 5 '*reminders=1 *' logged)"
tap_end
