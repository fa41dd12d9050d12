# shellcheck shell=bash
# Sourced by tests that kill halls: a world without Kannel whose grammar and store have one more command, which charges one fen for each
# message, and a load that plays Kannel's part (kill_load.c).
export SMSHALL=${SMSHALL:-build/smshall}
world=$(mktemp -d /tmp/smshall-charge.XXXXXX)
load_pid='' other_pid=''

clean_up() {
    local pid
    for pid in $load_pid $other_pid; do
        kill "$pid" 2>/dev/null || true
    done
    src/dev/world.sh stop "$world"
    rm -rf "$world"
}
trap clean_up EXIT

sql() {
    src/dev/world.sh psql "$world" -At -v ON_ERROR_STOP=1 "$@"
}

# start_charging_world SUBSCRIBERS [OPTIONS of the world]: they are 13700000000 and on
start_charging_world() {
    mkdir "$world/commands"
    cp commands/*.yaml tests/fault/commands/*.yaml "$world/commands/"
    export SMSHALL_COMMANDS=$world/commands
    src/dev/world.sh start "$world" --no-kannel "${@:2}"
    # shellcheck disable=SC1091 # made by world.sh
    . "$world/env"
    sql -q -f tests/fault/commands/commands.sql
    sql -q -c "SELECT hall.put_subscriber(13700000000 + n, '全球通', 'active') FROM generate_series(0, $1 - 1) n" >/dev/null
}

# start_load HALL_URLS SUBSCRIBERS EACH
start_load() {
    "$(dirname "$SMSHALL")/fault/kill_load" "$1" "$WORLD_TOKEN_FILE" "127.0.0.1:$WORLD_SENDSMS_PORT" 13700000000 "$2" "$3" >"$world/counts" &
    load_pid=$!
}

load_runs() {
    kill -0 "$load_pid" 2>/dev/null
}

wait_for_load() {
    local status=0
    wait "$load_pid" || status=$?
    load_pid=
    cat "$world/counts"
    if [ $status -ne 0 ]; then
        tail -n 20 "$world/log/hall.log"
        exit 1
    fi
}

check() {
    local found
    found=$(sql -c "$3")
    [ "$found" = "$2" ] || { echo "$1: wanted $2, found $found"; wrong=1; }
}

# The store's own account: one message, one fen and one reply for each text, every reply settled. check_charges SUBSCRIBERS EACH
check_charges() {
    local all=$(($1 * $2)) ours="msisdn >= 13700000000 AND msisdn < 13700000000 + $1" wrong=0
    src/dev/world.sh stop-hall "$world"
    check "messages" "$all" "SELECT count(*) FROM hall.message WHERE $ours"
    check "fen charged" "-$all" "SELECT sum(fen) FROM hall.ledger WHERE kind = 'test'"
    check "balances that are not their ledger's sum" 0 \
        "SELECT count(*) FROM hall.subscriber s WHERE balance_fen <> coalesce((SELECT sum(fen) FROM hall.ledger l WHERE l.msisdn = s.msisdn), 0)"
    check "replies" "$all" "SELECT count(*) FROM hall.reply WHERE $ours"
    check "replies not settled" 0 "SELECT count(*) FROM hall.reply WHERE state = 'unsent' AND $ours"
    exit $wrong
}
