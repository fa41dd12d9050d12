#!/usr/bin/env bash
# kill -9 of the hall under load, twenty times (E1; DESIGN 8): no acknowledged message without its effect and its reply, none acted on
# twice, replies in their order. The load hands each message over again with the same id until it is answered 200, as Kannel does, and
# stands in for sendsms. KILLS (20), SUBSCRIBERS (40), EACH (200 messages a subscriber) make it larger, SEED the same again.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=tests/fault/charging_world.sh
. tests/fault/charging_world.sh
kills=${KILLS:-20} subscribers=${SUBSCRIBERS:-40} each=${EACH:-200}
RANDOM=${SEED:-$$}

start_charging_world "$subscribers"
start_load "$WORLD_HALL_URL" "$subscribers" "$each"
killed=0
while [ $killed -lt "$kills" ] && load_runs; do
    sleep "0.$((RANDOM % 9 + 1))"
    src/dev/world.sh kill-hall "$world"
    src/dev/world.sh start-hall "$world" >/dev/null
    killed=$((killed + 1))
done
echo "kills $killed"
wait_for_load
[ $killed -eq "$kills" ] || { echo "the load was over after $killed kills: raise EACH"; exit 1; }
check_charges "$subscribers" "$each"
