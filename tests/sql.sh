#!/usr/bin/env bash
# The store's own tests: every function's outcomes in plain SQL (tests/sql/*.sql, each in a fresh database with the demo data), against
# a throw-away PostgreSQL, or the one in SMSHALL_TEST_DATABASE (keywords and values of a superuser's conninfo). TAP on stdout.
set -u
cd "$(dirname "$0")/.." || exit 2
. tests/tap/store.sh
ran=0
failed=0

# Takes the TAP lines of one file and prints them with numbers that run on.
count() {
    local line
    while IFS= read -r line; do
        case $line in
        'ok '*) ran=$((ran + 1)) && echo "ok $ran - $1: ${line#* - }" ;;
        'not ok '*) ran=$((ran + 1)) && failed=$((failed + 1)) && echo "not ok $ran - $1: ${line#* - }" ;;
        '#'*) echo "$line" ;;
        esac
    done
}

result() {
    count "$2" <<<"$([ "$1" = 0 ] || printf 'not ')ok - $3"
    [ "$1" = 0 ] || cat "$dir/log"
}

is() {
    [ "$1" = "$2" ]
    result $? "$3" "$4"
    [ "$1" = "$2" ] || printf '#      got: %s\n#   wanted: %s\n' "$1" "$2"
}

fresh_database() {
    sql postgres -q -c "CREATE DATABASE ${prefix}_$1 TEMPLATE ${prefix}_base" || give_up "a database for $1"
    sql "${prefix}_$1" -q -f tests/sql/00_helpers.sql >"$dir/out" 2>&1 || { cat "$dir/out"; give_up "tests/sql/00_helpers.sql"; }
}

run_file() {
    local name
    name=$(basename "$1" .sql)
    name=${name#*_}
    fresh_database "$name"
    sql "${prefix}_$name" -q -f "$1" >"$dir/out" 2>"$dir/log"
    local code=$?
    count "$name" <"$dir/out"
    [ $code = 0 ] || result 1 "$name" "runs to its end"
}

# What a dump says but for what differs by nature.
picture() {
    "$pg_bin/pg_dump" -d "$base dbname=${prefix}_base" | grep -v '^\\\(un\)\?restrict'
}

test_migrate() {
    store_create "${prefix}_base"
    migrate "${prefix}_base"
    result $? migrate "a new store"
    [ $failed = 0 ] || exit 1
    picture >"$dir/first"
    migrate "${prefix}_base"
    result $? migrate "again"
    picture >"$dir/second"
    diff "$dir/first" "$dir/second" >"$dir/log"
    result $? migrate "again changes nothing"
    is "$(sql "${prefix}_base" -c "SELECT string_agg(nspname, ' ' ORDER BY nspname) FROM pg_namespace WHERE nspname !~ '^pg_'")" \
        "hall hall_command hall_private information_schema public" migrate "nothing outside its schemas"
    is "$(sql "${prefix}_base" -c "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")" 0 \
        migrate "nothing in public"
    is "$(sql "${prefix}_base" -c "SELECT has_database_privilege('smshall_hall', current_database(), 'CREATE, TEMPORARY')")" f \
        migrate "the hall's role has no tables of its own, for a session neither"
    [ -x "$smshall" ] || { echo "skipped: migrate's own faults, there is no $smshall" && return; }

    cp -r sql "$dir/sql"
    echo "-- changed" >>"$dir/sql/migrations/0002_catalogue.sql"
    is "$(fault_of)" "$dir/sql/migrations/0002_catalogue.sql: was applied with another content; a change needs a new migration" \
        migrate "a changed migration is named"
    cp sql/migrations/0002_catalogue.sql "$dir/sql/migrations/"
    printf 'SELECT 1;\n\n-- why; not\nDO $$ BEGIN PERFORM 1; END $$;\nSELECT 1 / 0;\n' >"$dir/sql/functions/99_fault.sql"
    is "$(fault_of)" "$dir/sql/functions/99_fault.sql:5: 22012: division by zero" migrate "a fault at run time has its line"
    printf "SELECT '话费',\n   nothing;\n" >"$dir/sql/functions/99_fault.sql"
    is "$(fault_of)" "$dir/sql/functions/99_fault.sql:2: 42703: column \"nothing\" does not exist" \
        migrate "a fault at reading has its line"
    local newest
    newest=$(basename "$(printf '%s\n' "$dir"/sql/migrations/* | tail -n 1)")
    rm "$dir/sql/functions/99_fault.sql" "$dir/sql/migrations/$newest"
    is "$(fault_of)" "the store has a migration that is not here: $dir/sql/migrations/$newest" migrate "a newer store is left alone"
    picture >"$dir/second"
    diff "$dir/first" "$dir/second" >"$dir/log"
    result $? migrate "after a fault the store is as it was"
}

fault_of() {
    "$smshall" migrate --sql "$dir/sql" --database "$base dbname=${prefix}_base" 2>&1 >/dev/null | sed -n 's/^smshall migrate: //p'
}

# Two that bring the same store up to date at once wait for each other.
test_migrate_twice_at_once() {
    [ -x "$smshall" ] || return 0
    store_create "${prefix}_twice"
    migrate "${prefix}_twice" &
    local other=$!
    migrate "${prefix}_twice"
    local code=$?
    wait $other
    result $((code + $?)) migrate "two at once"
}

# The same id in two sessions at the same moment (rules E1): the second waits for the first and gets its reply.
test_same_id_at_once() {
    local name=${prefix}_twins first=$dir/twin1 second=$dir/twin2 send
    fresh_database twins
    send="test.send(13800138000, 'twin', 'X', 'test_charge', p_effect => 'changes')"
    sql "$name" -q -c BEGIN -c "SELECT $send" -c "SELECT pg_sleep(1)" -c COMMIT >"$first" 2>&1 &
    local other=$!
    until_held "$name"
    sql "$name" -c "SELECT $send" >"$second" 2>&1
    wait $other
    is "$(grep -c '"was": "repeat"' "$second")" 1 concurrency "the same id at once is a repeat"
    is "$(grep -o '"mt": "[^"]*"' "$second")" "$(grep -o '"mt": "[^"]*"' "$first")" concurrency "it gets the reply of the first"
    is "$(sql "$name" -c "SELECT balance_fen FROM hall.subscriber WHERE msisdn = 13800138000")" 5677 concurrency "it acted once"

    # two messages of one subscriber at once: numbers are right whoever came first
    sql "$name" -q -c BEGIN -c "SELECT test.send(13800138000, 'n1', 'A')" -c "SELECT pg_sleep(1)" -c COMMIT >"$first" 2>&1 &
    other=$!
    until_held "$name"
    sql "$name" -c "SELECT test.send(13800138000, 'n2', 'B')" >"$second" 2>&1
    wait $other
    is "$(sql "$name" -c "SELECT count(*) = count(DISTINCT number) FROM hall.message WHERE msisdn = 13800138000")" t \
        concurrency "two messages at once get two numbers"
    is "$(sql "$name" -c "SELECT count(*) FROM hall.message JOIN hall.reply USING (msisdn, number) WHERE gateway_id IN ('n1', 'n2')")" \
        2 concurrency "and each its reply"
    sql "$name" -q -c BEGIN -c "SELECT test.send(13700137000, 'n1', 'A')" -c "SELECT pg_sleep(1)" -c COMMIT >"$first" 2>&1 &
    other=$!
    until_held "$name"
    sql "$name" -c "SELECT test.send(13700137000, 'n2', 'B')" >"$second" 2>&1
    wait $other
    is "$(sql "$name" -c "SELECT string_agg(number::text, ' ' ORDER BY number) FROM hall.message WHERE msisdn = 13700137000")" "1 2" \
        concurrency "also when they are the sender's first"
}

# The same id in two sessions on both sides of a month's end, where their keys do not collide.
test_same_id_at_month_end() {
    local name=${prefix}_month send first_at second_at n=0
    fresh_database month
    while read -r first_at second_at; do
        n=$((n + 1))
        send="test.send(1380013800$((n % 2)), 'end$n', 'X', 'test_charge', p_effect => 'changes')"
        sql "$name" -q -o "$dir/out" -c "SELECT test.at('$first_at+08')" -c BEGIN -c "SELECT $send" -c "SELECT pg_sleep(0.5)" -c COMMIT \
            2>"$dir/log" &
        local other=$!
        until_held "$name"
        sql "$name" -q -c "SELECT test.at('$second_at+08')" -c "SELECT $send" >"$dir/second" 2>&1
        wait $other
        is "$(grep -c '"was": "repeat"' "$dir/second")" 1 concurrency "the same id at once, $first_at and $second_at, is a repeat"
    done <<END
2026-11-30T23:59:59.99 2026-12-01T00:00:00
2026-12-01T00:00:00 2026-11-30T23:59:59.99
2027-02-28T23:59:59 2027-03-02T00:00:00
2028-02-29T12:00:00 2028-03-01T00:00:00
END
    is "$(sql "$name" -c "SELECT count(*) FROM hall.ledger WHERE kind = 'fee'")" 4 concurrency "each acted once"
}

# A backup holds every table for long: run_due leaves the months for the next time, and nobody waits behind it for long.
test_run_due_beside_backup() {
    local name=${prefix}_backup
    fresh_database backup
    sql "$name" -q -o "$dir/out" -c BEGIN -c "SELECT FROM hall.message_other, hall.reply_other" -c "SELECT pg_sleep(2)" 2>"$dir/log" &
    local other=$!
    until_held "$name"
    is "$(sql "$name" -q -c "SELECT test.at('2027-03-01T12:00+08') IS NULL" -c "SELECT hall.run_due() ->> 'partitions'" | tail -n 1)" 0 \
        concurrency "run_due waits for no backup"
    is "$(sql "$name" -c "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = '$name'")" 1 \
        concurrency "which is still at work then"
    wait $other
    is "$(sql "$name" -q -c "SELECT test.at('2027-03-01T12:00+08') IS NULL" -c "SELECT hall.run_due() ->> 'partitions'" | tail -n 1)" 6 \
        concurrency "and makes the months when it is over"
}

# What operators do by hand.
test_dead() {
    [ -x "$smshall" ] || { echo "skipped: dead, there is no $smshall" && return; }
    local name=${prefix}_dead
    fresh_database dead
    dead() { "$smshall" dead "$@" --database "$base dbname=$name" 2>&1; }
    sql "$name" -q -o "$dir/out" -c "SELECT test.send(13800138000 + i % 2, 'd' || i, 'T' || i) FROM generate_series(1, 6) AS i" \
        -c "UPDATE hall.reply SET state = 'dead', claim_after = NULL"
    for number in 13800138000 8613800138000 +8613800138000; do
        is "$(dead list --msisdn $number | wc -l)" 3 dead "list --msisdn $number"
    done
    is "$(dead list --msisdn 10086; echo $?)" 'smshall dead: --msisdn "10086" is no mobile number
2' dead "no mobile number"
    local yymm
    yymm=$(date -d '8 hours' -u +%y%m)
    is "$(dead resend "$yymm-1" --msisdn +8613800138000; echo $?)" 0 dead "resend by another form of the number"
    is "$(dead resend "$yymm-1" --msisdn 13800138000; echo $?)" "smshall dead: $yymm-1: this subscriber has no such dead letter
1" dead "resend what is no dead letter"

    # the second of them moves when the first is sent again, as a late report would have it
    sql "$name" -q -c "CREATE FUNCTION test.deliver() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN
        IF pg_trigger_depth() = 1 THEN
            UPDATE hall.reply SET state = 'delivered' WHERE msisdn = 13800138001 AND number = 2;
        END IF;
        RETURN NULL; END \$\$" \
        -c "CREATE TRIGGER deliver AFTER UPDATE ON hall.reply FOR EACH ROW WHEN (NEW.state = 'unsent') EXECUTE FUNCTION test.deliver()"
    is "$(dead resend --all; echo $?)" "4 will be sent again
1 moved on meanwhile and stay as they are
0" dead "resend --all goes on past one that moved"
}

# A command's function that does not answer as it must is named by check.
test_check() {
    [ -x "$smshall" ] || return 0
    local name=${prefix}_check
    fresh_database check
    sql "$name" -q -c "DROP FUNCTION hall_command.points" -c "DROP FUNCTION hall_command.menu" \
        -c "CREATE FUNCTION hall_command.points(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT words jsonb)
            LANGUAGE sql RETURN ('ok', '{}'::jsonb)" 2>"$dir/log"
    is "$("$smshall" check --database "$base dbname=$name" 2>/dev/null | sed 's/^[^:]*:[0-9]*: //' | sort)" \
        "the function hall_command.menu(hall.subscriber, jsonb) is not in the database
the function hall_command.points must have the parameters OUT outcome text, OUT fields jsonb: it is (subscriber hall.subscriber, args jsonb, \
OUT outcome text, OUT words jsonb) RETURNS record" check "functions that are not there, or answer otherwise"
}

# Until the other session sleeps with its locks.
until_held() {
    for _ in $(seq 100); do
        [ "$(sql "$1" -c "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = '$1'")" = 0 ] || return
        sleep 0.02
    done
}

# Two claimers at once never get the same reply, nor two replies of one subscriber.
test_claims_at_once() {
    local name=${prefix}_claims
    fresh_database claims
    sql "$name" -q -o "$dir/out" -c "SELECT test.send(13800138000 + i % 4, 'c' || i, 'T' || i) FROM generate_series(1, 12) AS i" \
        -c "UPDATE hall.reply SET claim_after = hall.now()"
    sql "$name" -q -c BEGIN -c "SELECT hall.claim_unsent(2, 60)" -c "SELECT pg_sleep(1)" -c COMMIT >"$dir/first" 2>&1 &
    local other=$!
    until_held "$name"
    sql "$name" -c "SELECT hall.claim_unsent(100, 60)" >"$dir/second" 2>&1
    wait $other
    numbers() { grep -o '"msisdn": "[0-9]*"' "$1" | sort -u; }
    is "$(numbers "$dir/first" | wc -l) $(numbers "$dir/second" | wc -l)" "2 2" concurrency "two claimers share the subscribers"
    is "$( (numbers "$dir/first"; numbers "$dir/second") | sort -u | wc -l)" 4 concurrency "and none is with both"
}

# The pipeline's own tests need a server too.
test_pipeline() {
    local unit=${smshall%/*}/unit/store_pg
    [ -x "$unit" ] || { echo "skipped: the pipeline, there is no $unit" && return; }
    SMSHALL_TEST_DATABASE="$base dbname=${prefix}_base" "$unit" >"$dir/log" 2>&1
    result $? pipeline "$(grep -c '\[       OK' "$dir/log") tests"
}

store_start
test_migrate
test_migrate_twice_at_once
for file in tests/sql/[1-9]*.sql; do
    run_file "$file"
done
test_same_id_at_once
test_same_id_at_month_end
test_claims_at_once
test_run_due_beside_backup
test_dead
test_check
test_pipeline
echo "1..$ran"
echo "# $((ran - failed)) passed, $failed failed"
[ $failed = 0 ]
