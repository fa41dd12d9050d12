# shellcheck shell=bash
# Sourced by the tests of the store: databases on a throw-away PostgreSQL, or on the one in SMSHALL_TEST_DATABASE (keywords and values of
# a superuser's conninfo). store_start makes $base (the server's conninfo), $dir (a folder for files, $dir/log is what give_up shows),
# $prefix (what databases are named after) and the role $owner, who owns stores and is no superuser; all of it goes at the end.
smshall=${SMSHALL:-build/smshall}
pg_bin=${PG_BIN:-/usr/lib/postgresql/15/bin}
base=${SMSHALL_TEST_DATABASE-}
prefix=smshall_test_$$
owner=${prefix}_owner
dir=
server=

as_postgres=()
[ "$(id -u)" != 0 ] || as_postgres=(setpriv --reuid=postgres --regid=postgres --clear-groups --)

# sql DATABASE PSQL-ARGUMENT…
sql() {
    psql -X -At -F $'\n' -v ON_ERROR_STOP=1 -d "$base dbname=$1" "${@:2}"
}

give_up() {
    echo "not ok - $1"
    cat "$dir/log"
    exit 1
}

store_stop() {
    local name
    if [ -n "$server" ]; then
        kill -INT "$server"
        wait "$server"
    else
        for name in $(sql postgres -c "SELECT datname FROM pg_database WHERE datname LIKE '${prefix}\\_%'"); do
            sql postgres -q -c "DROP DATABASE $name WITH (FORCE)"
        done
        sql postgres -q -c "DROP ROLE IF EXISTS $owner"
    fi 2>/dev/null
    rm -rf "$dir"
}

# A server with a socket of its own and no port of the machine.
start_server() {
    chmod 755 "$dir"
    mkdir "$dir/pg"
    [ ${#as_postgres[@]} -eq 0 ] || chown postgres: "$dir/pg"
    base="host=$dir/pg user=postgres"
    (cd / && "${as_postgres[@]}" "$pg_bin/initdb" -D "$dir/pg/data" -U postgres -A trust -E UTF8 --locale C.UTF-8 --no-instructions) \
        >"$dir/log" 2>&1 || give_up "initdb"
    (cd / && exec "${as_postgres[@]}" "$pg_bin/postgres" -D "$dir/pg/data" -c listen_addresses= -c unix_socket_directories="$dir/pg" \
        -c fsync=off -c lc_messages=C) >"$dir/server.log" 2>&1 &
    server=$!
    for _ in $(seq 200); do
        ! sql postgres -c '' 2>/dev/null || return
        sleep 0.1
    done
    cp "$dir/server.log" "$dir/log"
    give_up "the server does not answer"
}

store_start() {
    dir=$(mktemp -d /tmp/smshall-sql.XXXXXX)
    trap store_stop EXIT
    trap 'exit 130' INT TERM
    [ -n "$base" ] || start_server
    sql postgres -q -c "CREATE ROLE $owner LOGIN CREATEROLE" 2>"$dir/log" || give_up "a role"
}

# An empty database that $owner owns: store_create NAME
store_create() {
    sql postgres -q -c "CREATE DATABASE $1 OWNER $owner" 2>"$dir/log" || give_up "a database"
}

# Without the program, as migrate would: the same files in the same order in one transaction.
migrate_by_psql() {
    {
        echo "BEGIN; CREATE SCHEMA IF NOT EXISTS hall;"
        [ "$(sql "$1" -c "SELECT to_regclass('hall.message') IS NULL")" = f ] || cat sql/migrations/*.sql
        cat sql/functions/*.sql sql/finish.sql sql/demo.sql
        echo "COMMIT;"
    } | sql "$1" -q -o "$dir/out" 2>"$dir/log"
}

# migrate NAME: as the owner, with the demo data. Not a superuser: it may create roles, and owns the database.
migrate() {
    local as_owner="options='-c role=$owner'"
    if [ -x "$smshall" ]; then
        "$smshall" migrate --demo --sql sql --database "$base dbname=$1 $as_owner" >"$dir/log" 2>&1
    else
        migrate_by_psql "$1 $as_owner"
    fi
}
