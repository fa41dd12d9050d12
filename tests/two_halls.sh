#!/usr/bin/env bash
# Two daemons on one store (E1): every message goes to both at the same moment, with the same id, and each is killed -9 now and then. All
# take effect once, have one reply each in their order, and none is lost. SUBSCRIBERS (20) and EACH (150 messages a subscriber).
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=tests/fault/charging_world.sh
. tests/fault/charging_world.sh
subscribers=${SUBSCRIBERS:-20} each=${EACH:-150}

start_charging_world "$subscribers"
other=$world/other
mkdir "$other"
cp -r "$world/secret" "$other/secret"

# The second hall: the same settings but for its port.
start_other() {
    (
        export SMSHALL_LISTEN=127.0.0.1:$((WORLD_HALL_PORT + 1000)) SMSHALL_DATABASE=$WORLD_DATABASE SMSHALL_TOKEN_FILE=$WORLD_TOKEN_FILE
        export SMSHALL_SENDSMS_URL=$WORLD_SENDSMS_URL
        exec "$SMSHALL" serve 2>>"$world/log/other.log"
    ) &
    other_pid=$!
}
start_other
start_load "$WORLD_HALL_URL,http://127.0.0.1:$((WORLD_HALL_PORT + 1000))" "$subscribers" "$each"
sleep 1
kill -9 $other_pid
sleep 1
start_other
sleep 1
src/dev/world.sh kill-hall "$world"
src/dev/world.sh start-hall "$world" >/dev/null
wait_for_load
kill $other_pid
wait $other_pid 2>/dev/null || true
check_charges "$subscribers" "$each"
