#!/usr/bin/env bash
# make bench: one table, everything in the same run on this machine (DESIGN 8). SECONDS_EACH (10) is how long each row is measured.
set -eu
cd "$(dirname "$0")/.."
export SMSHALL=${SMSHALL:-build/smshall}
bin=$(dirname "$SMSHALL")/bench
seconds=${SECONDS_EACH:-10} subscribers=${SUBSCRIBERS:-100000} first=13900000000
text=余额 constant_text='尊敬的客户，您好！您的账户余额为56.78元。中国移动'
world=$(mktemp -d /tmp/smshall-bench.XXXXXX)
constant_pid=

clean_up() {
    stop_constant
    src/dev/world.sh stop "$world" >/dev/null
    rm -rf "$world"
}
trap clean_up EXIT

sql() {
    src/dev/world.sh psql "$world" -At -v ON_ERROR_STOP=1 "$@"
}

# row NAME PER_SECOND MEMORY_KB NOTE
row() {
    printf -v line '%-52s %10s/s %8s  %s' "$1" "$2" "${3:+$(($3 / 1024)) MB}" "${4-}"
    printf '%s\n' "$line"
}

memory_of() {
    awk '/^VmHWM/ {print $2}' "/proc/$1/status"
}

ratio() {
    awk -v a="$1" -v b="$2" 'BEGIN {printf "%.2f", b ? a / b : 0}'
}

# --- the world -------------------------------------------------------------------------------------------------------------

start_world() {
    src/dev/world.sh start "$world" "$@" >/dev/null
    # shellcheck disable=SC1091 # made by world.sh
    . "$world/env"
    sql -q -c "SELECT count(hall.put_subscriber($first + n, '全球通', 'active')) FROM generate_series(0, $subscribers - 1) n" >/dev/null
    sql -q -c "VACUUM (ANALYZE)" -c CHECKPOINT 2>/dev/null || sql -q -c "VACUUM (ANALYZE)" 2>/dev/null
}

stop_world() {
    src/dev/world.sh stop "$world" >/dev/null
    rm -rf "$world"
    mkdir "$world"
}

start_constant() {
    "$bin/constant" "$@" &
    constant_pid=$!
    sleep 0.5
}

stop_constant() {
    [ -z "$constant_pid" ] || { kill "$constant_pid" && wait "$constant_pid"; } 2>/dev/null || true
    constant_pid=
}

# --- (a) pgbench: hall.receive once per transaction, 8 clients ---------------------------------------------------------------

measure_pgbench() {
    cat >"$world/receive.sql" <<END
\set n random(0, $subscribers - 1)
\set i random(1, 9000000000000000)
SELECT hall.receive($first + :n, 'pgbench-' || :i, '10086', 'hall', '$text', :i, extract(epoch FROM now())::bigint, 'balance', 'balance', 'reads', '{}', NULL, 'inline');
END
    local out
    out=$("$WORLD_PG_BIN/pgbench" -n -M prepared -c 8 -j 2 -T "$seconds" -f "$world/receive.sql" "$WORLD_DATABASE")
    pgbench_rate=$(awk '/^tps/ {printf "%.0f", $3}' <<<"$out")
    row "a  pgbench, hall.receive, 8 clients" "$pgbench_rate"
}

# --- (b), (c) the hall over HTTP ---------------------------------------------------------------------------------------------

# load_http: prints wrk's result line
load_http() {
    MO_TEXT=$text MO_FIRST=$first MO_SUBSCRIBERS=$subscribers MO_TOKEN=$(cat "$WORLD_TOKEN_FILE") \
        wrk -t 1 -c "${CONNECTIONS:-256}" -d "${seconds}s" --latency -s tests/bench/mo.lua "$WORLD_HALL_URL" | grep '^result'
}

measure_http() {
    local name=$1 requests errors us p50 p99
    read -r _ _ requests _ errors _ us _ p50 _ p99 < <(load_http)
    http_rate=$(awk -v n="$requests" -v us="$us" 'BEGIN {printf "%.0f", n * 1e6 / us}')
    [ "$errors" = 0 ] || echo "   $errors of $requests answered otherwise than 200"
    row "$name" "$http_rate" "$(memory_of "$WORLD_PID_HALL")" "$(ratio "$http_rate" "$pgbench_rate") x a; p50 $((p50 / 1000)) ms, p99 $((p99 / 1000)) ms"
}

# --- (d) through the real Kannel ---------------------------------------------------------------------------------------------

# Through Kannel's fake SMSC, the quickest way in (kannel.md §2): `--fake` puts it in the place of the network's stand-in.
measure_kannel() {
    local name=$1 pid=$2 out
    out=$("$bin/fake_load" "$WORLD_SMSC_PORT" $((seconds * 1500)) "$first" "$subscribers" "$text") || echo "   not all were answered: $out"
    kannel_rate=$(awk '{print $NF}' <<<"$out")
    row "$name" "$kannel_rate" "$(memory_of "$pid")" "${3:+$(ratio "$kannel_rate" "$3") of the constant}"
}

sendsms_of_constant() {
    echo "$WORLD_SENDSMS_URL?username=hall&password=$(cat "$WORLD_SENDSMS_PASSWORD_FILE")&from=10086"
}

# The constant responder listens where the hall would, and asks for the same reports.
start_constant_in_place_of_hall() {
    src/dev/world.sh stop-hall "$world" >/dev/null
    [ -z "$WORLD_DLR_URL" ] || export DLR_URL=$WORLD_HALL_URL/dlr
    if [ "$WORLD_REPLY" = inline ]; then
        start_constant "127.0.0.1:$WORLD_HALL_PORT" 200 "$constant_text"
    else
        start_constant "127.0.0.1:$WORLD_HALL_PORT" 200 "$constant_text" "$(sendsms_of_constant)"
    fi
    unset DLR_URL
}

# measure_kannel_beside_constant NAME OPTIONS…: each in a world of its own, because a Kannel grows slower with what went through it.
measure_kannel_beside_constant() {
    local name=$1 constant_rate
    shift
    start_world --fake "$@"
    start_constant_in_place_of_hall
    measure_kannel "d  Kannel, constant responder, $name" "$constant_pid"
    constant_rate=$kannel_rate
    stop_constant
    stop_world
    start_world --fake "$@"
    measure_kannel "d  Kannel, the hall, $name" "$WORLD_PID_HALL" "$constant_rate"
    stop_world
}

echo "measuring, about $((seconds * 10 + 120)) seconds"
start_world --no-kannel --inline
measure_pgbench
measure_http "b  hall over HTTP, inline, commit before answer"
stop_world

start_world --no-kannel --sendsms --no-reports
start_constant "127.0.0.1:$WORLD_SENDSMS_PORT" 202 "0: Accepted for delivery"
measure_http "c  hall over HTTP, sendsms to a stand-in"
stop_constant
stop_world

measure_kannel_beside_constant inline --inline --no-reports
measure_kannel_beside_constant sendsms --sendsms --no-reports
measure_kannel_beside_constant "inline, with reports" --inline

"$bin/read" | while IFS= read -r line; do
    echo "e  $line"
done
