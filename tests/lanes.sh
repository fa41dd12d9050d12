#!/usr/bin/env bash
# Runs the lanes' tests (tests/fault/lanes.c) against a store of their own.
set -eu
cd "$(dirname "$0")/.."
export SMSHALL=${SMSHALL:-build/smshall}
world=$(mktemp -d /tmp/smshall-lanes.XXXXXX)

clean_up() {
    src/dev/world.sh stop "$world"
    rm -rf "$world"
}
trap clean_up EXIT

src/dev/world.sh start "$world" --no-hall
# shellcheck disable=SC1091 # made by world.sh
. "$world/env"
# The owner of the store may not cut the hall's connections; a function of the superuser's may.
"$WORLD_PG_BIN/psql" -X -q -v ON_ERROR_STOP=1 -d "${WORLD_SUPERUSER_DATABASE/dbname=postgres/dbname=smshall}" <<'END'
CREATE SCHEMA hall_test;
GRANT USAGE ON SCHEMA hall_test TO smshall_owner;
CREATE FUNCTION hall_test.cut_connections() RETURNS bigint LANGUAGE sql SECURITY DEFINER
RETURN (SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'smshall_hall');
END
SMSHALL_DATABASE=$WORLD_DATABASE SMSHALL_OWNER_DATABASE=$WORLD_OWNER_DATABASE "$(dirname "$SMSHALL")/fault/lanes"
