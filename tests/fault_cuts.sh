#!/usr/bin/env bash
# The connection between the hall and PostgreSQL is cut at every byte of a commit, up and down (E1: commit sent and connection lost): no
# message is lost, acted on twice or left without its reply. Inline, so that a round trip is one call of hall.receive: what goes up, its
# commit, and the reply that comes down; the hall asks again on another connection, and says 503 when there is none. The load repeats a message until it is answered, as Kannel does. Prints TAP.
#
# EACH: messages, more than a round trip has bytes (800).
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=tests/tap/tap.sh
. tests/tap/tap.sh
# shellcheck source=tests/fault/charging_world.sh
. tests/fault/charging_world.sh
# shellcheck source=tests/fault/proxies.sh
. tests/fault/proxies.sh
trap 'end_proxies; clean_up' EXIT
each=${EACH:-800}

start_charging_world 1 --inline
src/dev/world.sh stop-hall "$world"
start_proxy store $((WORLD_PG_PORT + 1000)) "$WORLD_PG_PORT"
lead_hall_through $((WORLD_PG_PORT + 1000)) ''
src/dev/world.sh start-hall "$world" >/dev/null
tell store walk kill- >/dev/null
start_load "$WORLD_HALL_URL" 1 "$each"
wait_for_load
walked=$(tell store walked)
is "cut at every byte of a commit, up and down: ${walked% *} cuts" "[1-9]* over" "$walked"
is "every reply comes once" "*acknowledged $each * missing 0 doubled 0 disordered 0" "$(cat "$world/counts")"
tap_end
check_charges 1 "$each"
