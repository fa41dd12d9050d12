#!/usr/bin/env bash
# Many halls send reminders at once, beside messages and money of the same subscribers (rules F1, E1): each is sent once, none is lost,
# nobody waits for another, and nothing locks up. Against a throw-away PostgreSQL, or the one in SMSHALL_TEST_DATABASE. SUBSCRIBERS (400),
# each with three reminders; half of them never wrote to us. Prints TAP.
set -u
cd "$(dirname "$0")/.." || exit 2
# shellcheck source=tests/tap/tap.sh
. tests/tap/tap.sh
# shellcheck source=tests/tap/store.sh
. tests/tap/store.sh
subscribers=${SUBSCRIBERS:-400}
store_start
name=${prefix}_reminders
store_create "$name"
migrate "$name" || give_up "migrate"

# Sessions have the clock of the test, by day: at LOCAL_TIME PSQL-ARGUMENT…
at() {
    PGOPTIONS="-c test.now=$1+08" sql "$name" -q "${@:2}"
}

at 2026-11-22T10:00 -o "$dir/out" -f tests/sql/00_helpers.sql -f - -v subscribers="$subscribers" <<'SQL'
-- one commit a call, as the hall does it; goes on a while after there was nothing, for another session may have it in hand
CREATE PROCEDURE test.run_due()
LANGUAGE plpgsql AS $$
DECLARE
    v_reminders int := 0;
    v_quiet     int := 0;
    v_done      int;
BEGIN
    WHILE v_quiet < 20 LOOP
        v_done := hall.run_due() ->> 'reminders';
        COMMIT;
        v_reminders := v_reminders + v_done;
        v_quiet := CASE WHEN v_done > 0 THEN 0 ELSE v_quiet + 1 END;
        PERFORM pg_sleep(CASE WHEN v_quiet > 0 THEN 0.05 ELSE 0 END);
    END LOOP;
    RAISE NOTICE 'reminders %', v_reminders;
END
$$;
-- messages from the last subscriber to the first, several in one commit, as a lane has them
CREATE PROCEDURE test.write(p_subscribers int)
LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN REVERSE p_subscribers .. 1 LOOP
        PERFORM test.send(13900000000 + i, 'w', 'YE', 'balance');
        IF i % 5 = 0 THEN
            COMMIT;
        END IF;
    END LOOP;
END
$$;
CREATE PROCEDURE test.move_money(p_subscribers int)
LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1 .. p_subscribers LOOP
        PERFORM hall.post_charge(13900000000 + i, -800, 'fee', '通话费', 'meanwhile');
        PERFORM hall.mail_arrived(13900000000 + i, 'mail', 'a', 'b'), hall.mail_arrived(13900000000 + i, 'mail', 'a', 'b');
        COMMIT;
    END LOOP;
END
$$;
SELECT hall.put_subscriber(13900000000 + i, '全球通', p_opening_fen => 1500) FROM generate_series(1, :subscribers) AS i;
SELECT hall.put_subscription(13900000000 + i, 'YETX', hall.now()) FROM generate_series(1, :subscribers) AS i;
UPDATE hall.subscriber SET remind_below_fen = 1000 WHERE msisdn > 13900000000;
SELECT test.send(13900000000 + i, 'first', 'YE', 'balance') FROM generate_series(1, :subscribers, 2) AS i;
SQL

# --- one beside another, step by step ------------------------------------------------------------------------------------------

# Holds what STATEMENT locks for a second.
hold() {
    at 2026-11-22T10:00 -o "$dir/held" -c BEGIN -c "$1" -c "SELECT pg_sleep(1)" -c COMMIT 2>>"$dir/log" &
    holder=$!
    for _ in $(seq 100); do
        [ "$(sql "$name" -c "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = '$name'")" = 0 ] || return 0
        sleep 0.02
    done
}

# Reminders that are done now, whether there is more, and whether all that was while the other one still held its locks.
reminders_meanwhile() {
    at "${1:-2026-11-22T10:00}" -F ' ' -c "SELECT r ->> 'reminders', left(r ->> 'more', 1), (SELECT count(*) > 0 FROM pg_stat_activity
        WHERE wait_event = 'PgSleep' AND datname = '$name') FROM hall.run_due() AS r"
}

sent() {
    sql "$name" -c "SELECT count(*) FROM hall.reply WHERE command = 'reminder' AND msisdn = $1"
}

mail() {
    at 2026-11-22T10:00 -o "$dir/out" -c "SELECT hall.mail_arrived($1, '$2', 'x', 'y')"
}

# subscriber 1 wrote to us before, 2 never did
mail 13900000001 m1
hold "SELECT test.send(13900000001, 'held', 'YE', 'balance')"
is "a message under way: passed by, without waiting" "0 f t 0" "$(reminders_meanwhile) $(sent 13900000001)"
wait $holder
is "and told the next time" "1 f f 1" "$(reminders_meanwhile) $(sent 13900000001)"
mail 13900000001 m2
hold "SELECT hall.run_due()"
is "another hall has it: passed by, without waiting" "0 f t" "$(reminders_meanwhile)"
is "a message meanwhile: waits, and is answered" "new balance ok" \
    "$(at 2026-11-22T10:00 -c "SELECT test.outcome(test.send(13900000001, 'beside', 'YE', 'balance'))")"
wait $holder
is "and it is told once" "0 f f 2" "$(reminders_meanwhile) $(sent 13900000001)"
mail 13900000002 m1
mail 13900000001 m3
hold "SELECT test.send(13900000002, 'held', 'YE', 'balance')"
is "somebody's very first message under way: not for long, and the others go on" "1 f t" "$(reminders_meanwhile)"
wait $holder
is "and he is told a minute later" "1 f f 1" "$(reminders_meanwhile 2026-11-22T10:01) $(sent 13900000002)"
mail 13900000003 m1
at 2026-11-22T10:00 -o "$dir/out" -c BEGIN -c "SELECT hall.run_due()" -c ROLLBACK
is "a hall that dies before its commit: not sent" 0 "$(sent 13900000003)"
is "and not lost" "1 f f 1" "$(reminders_meanwhile) $(sent 13900000003)"
hold "SELECT hall.top_up(13900000003, 100, 'held')"
mail 13900000003 m2
is "money under way: a mail is told all the same" "1 f t 2" "$(reminders_meanwhile) $(sent 13900000003)"
wait $holder
at 2026-11-22T10:02 -o "$dir/out" -c "SELECT hall.run_due()"
is "and the money when it is there" 3 "$(sent 13900000003)"
before=$(sql "$name" -c "SELECT count(*) FROM hall.reply WHERE command = 'reminder'")

# --- all at once -----------------------------------------------------------------------------------------------------------------

at 2026-11-22T11:00 -o "$dir/out" -c "SELECT hall.top_up(13900000000 + i, 100, 'before') FROM generate_series(1, $subscribers) AS i"
sessions=()
for what in "test.run_due()" "test.run_due()" "test.run_due()" "test.write($subscribers)" "test.move_money($subscribers)"; do
    at 2026-11-22T11:00 -c "CALL $what" 2>>"$dir/log" &
    sessions+=($!)
done
failed=0
for session in "${sessions[@]}"; do
    wait "$session" || failed=$((failed + 1))
done
at 2026-11-22T11:02 -o "$dir/out" -c "CALL test.run_due()" 2>>"$dir/log" # what was put off for a minute
sed -n 's/^.*NOTICE: */# /p' "$dir/log"
is "no session fails" 0 $failed
is "nothing is put off for a fault, and no lock is a circle" " 0" "$(grep -E 'WARNING|ERROR' "$dir/log" | head -n 3) $(sql "$name" -c \
    "SELECT deadlocks FROM pg_stat_database WHERE datname = '$name'")"
is "all is done" 0 "$(sql "$name" -c "SELECT count(*) FROM hall.reminder WHERE due_at IS NOT NULL")"
is "each is sent" $((before + 3 * subscribers)) "$(sql "$name" -c "SELECT count(*) FROM hall.reply WHERE command = 'reminder'")"
is "each once" "3 3" "$(sql "$name" -F ' ' -c "SELECT min(n), max(n) FROM (SELECT count(*) AS n FROM hall.reply
    WHERE command = 'reminder' AND at > '2026-11-22 10:30+08' GROUP BY msisdn) AS s")"
is "one for each row that says so" t "$(sql "$name" -c "SELECT (SELECT count(*) FROM hall.reminder WHERE state = 'sent')
    = (SELECT count(*) FROM hall.reply WHERE command = 'reminder')")"
is "every message is answered" "$subscribers" "$(sql "$name" -c "SELECT count(*) FROM hall.message AS m JOIN hall.reply AS r
    ON r.msisdn = m.msisdn AND r.number = m.number WHERE m.gateway_id = 'w' AND r.command = 'balance'")"
is "no number is given twice" 0 "$(sql "$name" -c "SELECT count(*) FROM (SELECT FROM hall.reply GROUP BY msisdn, number HAVING count(*) > 1) AS s")"
is "every balance is its ledger" 0 "$(sql "$name" -c "SELECT count(*) FROM hall.check_ledger()")"
tap_end
