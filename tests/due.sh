#!/usr/bin/env bash
# Renewals in several sessions at once, with subscribers who cancel and a billing system that moves money meanwhile (rules E1): each month
# is charged once, nothing after a cancellation, nobody waits for long, and nothing locks up. Against a throw-away PostgreSQL, or the one in
# SMSHALL_TEST_DATABASE. SUBSCRIBERS (200) with two services each. Prints TAP.
set -u
cd "$(dirname "$0")/.." || exit 2
# shellcheck source=tests/tap/tap.sh
. tests/tap/tap.sh
# shellcheck source=tests/tap/store.sh
. tests/tap/store.sh
subscribers=${SUBSCRIBERS:-200}
store_start
name=${prefix}_due
store_create "$name"
migrate "$name" || give_up "migrate"

# Sessions have the clock of the test: at LOCAL_TIME PSQL-ARGUMENT…
at() {
    PGOPTIONS="-c test.now=$1+08" sql "$name" -q "${@:2}"
}

at 2026-11-22T10:00 -o "$dir/out" -f tests/sql/00_helpers.sql -f - -v subscribers="$subscribers" <<'SQL'
CREATE FUNCTION test.order(p_msisdn bigint, p_code text) RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    SELECT test.says(p_msisdn, 'KT' || p_code);
    SELECT test.says(p_msisdn, '是');
END;
CREATE FUNCTION test.cancel(p_msisdn bigint, p_code text) RETURNS text
LANGUAGE sql RETURN test.says(p_msisdn, 'QX' || p_code) #>> '{replies,0,outcome}';

-- one commit a call, as the hall does it; goes on a while after there was nothing, for another session may have it in hand
CREATE PROCEDURE test.run_due()
LANGUAGE plpgsql AS $$
DECLARE
    v_steps int := 0;
    v_quiet int := 0;
    v_done  jsonb;
BEGIN
    WHILE v_quiet < 20 LOOP
        v_done := hall.run_due();
        COMMIT;
        v_steps := v_steps + (v_done ->> 'steps')::int;
        v_quiet := CASE WHEN (v_done ->> 'steps')::int > 0 THEN 0 ELSE v_quiet + 1 END;
        PERFORM pg_sleep(CASE WHEN v_quiet > 0 THEN 0.05 ELSE 0 END);
    END LOOP;
    RAISE NOTICE 'steps %', v_steps;
END
$$;
CREATE PROCEDURE test.cancel_some(p_subscribers int)
LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN REVERSE p_subscribers .. 1 LOOP
        CONTINUE WHEN i % 3 > 0;
        PERFORM test.cancel(13900000000 + i, 'CL');
        COMMIT;
    END LOOP;
END
$$;
CREATE PROCEDURE test.top_up(p_subscribers int)
LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1 .. p_subscribers LOOP
        PERFORM hall.top_up(13900000000 + i, 100, 'meanwhile');
        COMMIT;
        PERFORM test.send(13900000000 + i, 'b', 'YE', 'balance');
        COMMIT;
    END LOOP;
END
$$;
SELECT hall.put_subscriber(13900000000 + i, '全球通', p_opening_fen => 5000) FROM generate_series(1, :subscribers) AS i;
SELECT test.order(13900000000 + i, 'CL'), test.order(13900000000 + i, 'XWZB') FROM generate_series(1, :subscribers) AS i;
SQL
at 2026-11-30T10:00 -c "CALL test.run_due()" 2>"$dir/log"
is "notices for all" $((subscribers * 2)) \
    "$(sql "$name" -c "SELECT count(*) FROM hall.reply WHERE outcome = 'renewal_notice'")"

# --- one beside another, step by step ------------------------------------------------------------------------------------------

# Holds what STATEMENT locks for a second.
hold() {
    at 2026-12-01T10:00 -o "$dir/held" -c BEGIN -c "$1" -c "SELECT pg_sleep(1)" -c COMMIT 2>>"$dir/log" &
    holder=$!
    for _ in $(seq 100); do
        [ "$(sql "$name" -c "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = '$name'")" = 0 ] || return 0
        sleep 0.02
    done
}

# Steps that are done now, whether there is more, and whether all that was while the other one still held its locks.
steps_meanwhile() {
    at "${1:-2026-12-01T10:00}" -F ' ' -c "SELECT r ->> 'steps', left(r ->> 'more', 1), (SELECT count(*) > 0 FROM pg_stat_activity
        WHERE wait_event = 'PgSleep' AND datname = '$name') FROM hall.run_due() AS r"
}

charged() {
    sql "$name" -c "SELECT count(*) FROM hall.ledger WHERE period = '2026-12-01' AND msisdn = $1 AND service = '$2'"
}

# all but two of them wait
sql "$name" -q -c "UPDATE hall.subscription SET step_at = step_at + interval '1 hour' WHERE msisdn > 13900000001"
hold "SELECT test.cancel(13900000001, 'CL')"
is "a message under way: passed by, without waiting" "0 f t" "$(steps_meanwhile)"
wait $holder
is "a cancellation that came first: no charge" 0 "$(charged 13900000001 CL)"
is "and the other service is charged the next time" "1 f f 1" "$(steps_meanwhile) $(charged 13900000001 XWZB)"

sql "$name" -q -c "UPDATE hall.subscription SET step_at = step_at - interval '1 hour' WHERE msisdn = 13900000002"
hold "SELECT hall.run_due()"
is "another session's renewals: passed by, without waiting" "0 f t" "$(steps_meanwhile)"
is "a cancellation that came second: waits" "ok" "$(at 2026-12-01T10:00 -c "SELECT test.cancel(13900000002, 'CL')")"
wait $holder
is "and ends what was charged, once" "1 1" "$(charged 13900000002 CL) $(charged 13900000002 XWZB)"

sql "$name" -q -c "UPDATE hall.subscription SET step_at = step_at - interval '1 hour' WHERE msisdn IN (13900000004, 13900000005)"
hold "SELECT hall.top_up(13900000004, 100, 'held')"
is "money under way: not for long, and the others go on" "2 f t" "$(steps_meanwhile)"
wait $holder
is "and a minute later" "2 f f" "$(steps_meanwhile 2026-12-01T10:01)"

# --- all at once -----------------------------------------------------------------------------------------------------------------

sql "$name" -q -c "UPDATE hall.subscription SET step_at = step_at - interval '1 hour' WHERE step_at = '2026-12-01 11:00+08'"
sessions=()
for _ in 1 2 3; do
    at 2026-12-01T10:00 -c "CALL test.run_due()" 2>>"$dir/log" &
    sessions+=($!)
done
at 2026-12-01T10:00 -c "CALL test.cancel_some($subscribers)" 2>>"$dir/log" &
sessions+=($!)
at 2026-12-01T10:00 -c "CALL test.top_up($subscribers)" 2>>"$dir/log" &
sessions+=($!)
failed=0
for session in "${sessions[@]}"; do
    wait "$session" || failed=$((failed + 1))
done
sed -n 's/^.*NOTICE: */# /p' "$dir/log"
is "no session fails" 0 $failed
is "nothing is put off, and no lock is a circle" " 0" "$(grep -E 'WARNING|ERROR' "$dir/log" | head -n 3) $(sql "$name" -c \
    "SELECT deadlocks FROM pg_stat_database WHERE datname = '$name'")"
is "all is done" 0 "$(sql "$name" -c "SELECT count(*) FROM hall.subscription WHERE step_at <= '2026-12-01 10:00+08'")"
is "what is open is charged once" "t" "$(sql "$name" -c "SELECT bool_and(1 = (
    SELECT count(*) FROM hall.ledger AS l WHERE l.msisdn = o.msisdn AND l.service = o.service AND l.period = '2026-12-01'))
    FROM hall.subscription AS o WHERE o.consent IS NOT NULL AND o.until IS NULL")"
is "a third is cancelled" $((subscribers / 3 + 2)) "$(sql "$name" -c "SELECT count(*) FROM hall.subscription WHERE end_reason = 'close'")"
is "a receipt for each charge" "t" "$(sql "$name" -c "SELECT (SELECT count(*) FROM hall.ledger WHERE period = '2026-12-01')
    = (SELECT count(*) FROM hall.reply WHERE outcome = 'renewed')")"
is "no charge after a cancellation" 0 "$(sql "$name" -c "SELECT count(*)
    FROM hall.reply AS c JOIN hall.reply AS r ON r.msisdn = c.msisdn AND r.fields ->> 'code' = c.fields ->> 'code' AND r.number > c.number
    WHERE c.command = 'close' AND c.outcome = 'ok' AND r.outcome IN ('renewed', 'charge_failed')")"
is "every balance is its ledger" 0 "$(sql "$name" -c "SELECT count(*) FROM hall.check_ledger()")"
is "and every charge has its consent" 0 "$(sql "$name" -c "SELECT count(*) FROM hall.verify_money()")"
is "evidence is whole" 0 "$(sql "$name" -c "SELECT count(*) FROM hall.verify_evidence()")"
tap_end
