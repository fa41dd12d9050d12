-- Reminders: once for each occasion, not by night, not who does not want them, not too late (rules F1, A12, E1).

-- Times are Beijing's. Runs what is due then, to the end; answers how many reminders were done.
CREATE FUNCTION test.due(p_local timestamp) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
    v_reminders int := 0;
    v_done      jsonb;
BEGIN
    PERFORM test.at(p_local AT TIME ZONE 'Asia/Shanghai');
    LOOP
        v_done := hall.run_due();
        v_reminders := v_reminders + (v_done ->> 'reminders')::int;
        PERFORM test.deliver_replies();
        EXIT WHEN NOT (v_done ->> 'more')::boolean;
    END LOOP;
    RETURN v_reminders;
END
$$;
CREATE FUNCTION test.local(p_at timestamptz) RETURNS text
LANGUAGE sql RETURN to_char(p_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI');

-- What the subscriber heard of the hall's own accord since he was last asked, with its fields.
CREATE TABLE test.heard (msisdn bigint PRIMARY KEY, number int);
CREATE FUNCTION test.heard(p_msisdn bigint) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    v_after int := (SELECT h.number FROM test.heard AS h WHERE h.msisdn = p_msisdn);
    v_heard text;
    v_last  int;
BEGIN
    SELECT string_agg(concat_ws(' ', CASE WHEN r.command <> 'reminder' THEN r.command END, r.outcome, r.fields ->> 'fen', r.fields ->> 'below',
            r.fields ->> 'balance', r.fields ->> 'from', r.fields ->> 'subject', r.fields ->> 'offer', r.fields ->> 'month',
            left(r.fields ->> 'at', 16)), ', ' ORDER BY r.number),
        max(r.number)
    INTO v_heard, v_last
    FROM hall.reply AS r
    WHERE r.msisdn = p_msisdn AND r.asked_hash IS NULL AND r.number > coalesce(v_after, 0);
    INSERT INTO test.heard AS h VALUES (p_msisdn, coalesce(v_last, 0))
    ON CONFLICT (msisdn) DO UPDATE SET number = greatest(h.number, excluded.number);
    RETURN coalesce(v_heard, '-');
END
$$;
-- The reminders there are: their states, and when those that wait are due.
CREATE FUNCTION test.reminders(p_msisdn bigint) RETURNS text
LANGUAGE sql RETURN (
    SELECT string_agg(concat_ws(' ', r.kind, r.state, test.local(r.due_at)), ', ' ORDER BY r.at, r.kind, r.occasion)
    FROM hall.reminder AS r WHERE r.msisdn = p_msisdn);
CREATE FUNCTION test.new(p_msisdn bigint, p_fen bigint, p_below bigint DEFAULT NULL) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hall.put_subscriber(p_msisdn, '全球通', p_opening_fen => p_fen);
    IF p_below IS NOT NULL THEN
        PERFORM hall.put_subscription(p_msisdn, 'YETX', hall.now());
        UPDATE hall.subscriber SET remind_below_fen = p_below WHERE msisdn = p_msisdn;
    END IF;
END
$$;
CREATE SEQUENCE test.reference;
CREATE FUNCTION test.charge(p_msisdn bigint, p_fen bigint) RETURNS bigint
LANGUAGE sql RETURN hall.post_charge(p_msisdn, -p_fen, 'fee', '通话费', nextval('test.reference')::text);
CREATE FUNCTION test.quiet(p_from int, p_until int) RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    UPDATE hall.setting SET value = CASE name WHEN 'quiet_from_hour' THEN p_from ELSE p_until END WHERE name LIKE 'quiet%';
END;

-- quiet hours, with the server's calendar elsewhere
SET timezone = 'America/New_York';
CREATE FUNCTION test.quiet_hours(p_from int, p_until int, p_local timestamp) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    v_quiet record;
BEGIN
    PERFORM test.quiet(p_from, p_until);
    v_quiet := hall_private.quiet_hours(p_local AT TIME ZONE 'Asia/Shanghai');
    RETURN coalesce(test.local(v_quiet.begins) || ' - ' || test.local(v_quiet.ends), '-');
END
$$;
SELECT test.is(test.quiet_hours(q_from, q_until, at::timestamp), wanted, format('quiet from %s to %s: %s', q_from, q_until, at))
FROM (VALUES
    (21, 8, '2026-11-22 20:59:59', '-'),
    (21, 8, '2026-11-22 21:00:00', '2026-11-22 21:00 - 2026-11-23 08:00'),
    (21, 8, '2026-11-22 23:59:59', '2026-11-22 21:00 - 2026-11-23 08:00'),
    (21, 8, '2026-11-23 00:00:00', '2026-11-22 21:00 - 2026-11-23 08:00'),
    (21, 8, '2026-11-23 07:59:59', '2026-11-22 21:00 - 2026-11-23 08:00'),
    (21, 8, '2026-11-23 08:00:00', '-'),
    (21, 8, '2027-01-01 03:00:00', '2026-12-31 21:00 - 2027-01-01 08:00'),
    (1, 6, '2026-11-22 00:59:59', '-'),
    (1, 6, '2026-11-22 03:00:00', '2026-11-22 01:00 - 2026-11-22 06:00'),
    (1, 6, '2026-11-22 23:00:00', '-'),
    (22, 24, '2026-11-22 23:00:00', '2026-11-22 22:00 - 2026-11-23 00:00'),
    (22, 24, '2026-11-23 00:00:00', '-'),
    (0, 24, '2026-11-22 12:00:00', '-'),
    (9, 9, '2026-11-22 09:00:00', '-')) AS v (q_from, q_until, at, wanted);
RESET timezone;
SELECT test.quiet(21, 8);

-- fed by the ledger: the balance crosses a limit downwards
SELECT test.at('2026-11-22 10:00+08');
CREATE FUNCTION test.fall(p_below bigint, p_before bigint, p_fen bigint, p_kind text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    v_msisdn bigint := 13910000000 + nextval('test.reference');
BEGIN
    PERFORM test.new(v_msisdn, p_before, p_below);
    IF p_kind = 'top_up' THEN
        PERFORM hall.top_up(v_msisdn, p_fen, 'fall');
    ELSIF p_fen <> 0 THEN
        PERFORM hall.post_charge(v_msisdn, p_fen, p_kind, 'x', 'fall');
    END IF;
    RETURN coalesce((SELECT string_agg(r.kind, ' ' ORDER BY r.kind) FROM hall.reminder AS r WHERE r.msisdn = v_msisdn), '-');
END
$$;
SELECT test.is(test.fall(below, before, fen, kind), wanted, 'ledger: ' || name)
FROM (VALUES
    (1000, 2000, -1000, 'fee', '-', 'down to the limit: not below it'),
    (1000, 2000, -1001, 'fee', 'balance_low', 'below it'),
    (1000, 1000, -1, 'fee', 'balance_low', 'from the limit on it'),
    (1000, 999, -1, 'fee', '-', 'further down: told before'),
    (1000, 500, 400, 'top_up', 'top_up_arrived', 'up, and low still'),
    (1000, 500, 2000, 'top_up', 'top_up_arrived', 'up'),
    (1000, 500, 2000, 'refund', '-', 'a refund'),
    (1000, 2000, -1500, 'correction', 'balance_low', 'a correction'),
    (NULL, 2000, -2000, 'fee', '-', 'no limit set'),
    (NULL, 100, -101, 'fee', 'suspension_ahead', 'below nothing'),
    (NULL, -100, -101, 'fee', '-', 'in debt already'),
    (1000, 2000, -2001, 'fee', 'balance_low suspension_ahead', 'below both'),
    (1000, -500, 0, NULL, '-', 'who comes with a debt fell below nothing')) AS v (below, before, fen, kind, wanted, name);
SELECT test.new(13900000001, 2000, 1000);
SELECT test.charge(13900000001, 1500);
SELECT test.is(test.reminders(13900000001), 'balance_low waiting 2026-11-22 10:00', 'by day: due at once'),
    test.is((test.due('2026-11-22 10:00:00') > 0)::text, 'true', 'by day: sent'),
    test.is(test.heard(13900000001), 'balance_low 1000 500', 'by day: with limit and balance'),
    test.is(test.reminders(13900000001), 'balance_low sent', 'by day: done with'),
    test.is(test.due('2026-11-22 10:00:00')::text || test.due('2026-11-22 10:00:01'), '00', 'run again: nothing'),
    test.is(test.heard(13900000001), '-', 'run again: each is sent once');
SELECT test.is(concat_ws(' ', port, command, part, state, test.local(valid_until)), '10086 reminder 1 sent 2026-11-23 10:00', 'as a reply of the hall''s')
FROM hall.reply WHERE msisdn = 13900000001;
SELECT hall.top_up(13900000001, 1000, 'up');
SELECT test.charge(13900000001, 700);
SELECT test.due('2026-11-22 11:00:00');
SELECT test.is(test.heard(13900000001), 'top_up_arrived 1000 1500, balance_low 1000 800', 'up and down again: another occasion'),
    test.is(hall.top_up(13900000001, 1000, 'up')::text, '800', 'a top-up said twice'),
    test.is(test.due('2026-11-22 11:00:00')::text, '0', 'a top-up said twice: told once');
SELECT hall.top_up(m, 5000, 'gone') FROM unnest('{13900000001}'::bigint[]) AS m;
SELECT test.is(count(*)::text, '0', 'no row of the ledger''s locks a conversation') FROM pg_locks AS l
WHERE l.relation = 'hall.conversation'::regclass AND l.pid = pg_backend_pid();

-- by night
SELECT test.at('2026-11-22 22:00+08');
SELECT test.new(13900000002, 2000, 1000), test.new(13900000003, 2000, 1000), test.new(13900000004, 2000, 1000);
SELECT test.charge(13900000002, 1500), test.charge(13900000003, 1500), test.charge(13900000004, 1500);
SELECT hall.top_up(13900000004, 100, 'night'), hall.mail_arrived(13900000002, 'night', 'a@b', '夜');
SELECT test.due('2026-11-22 22:00:00'), test.due('2026-11-23 07:59:59');
SELECT test.is(test.heard(13900000002), '-', 'by night: nothing (F1)'),
    test.is(test.reminders(13900000002), 'balance_low waiting 2026-11-23 08:00, mail_arrived waiting 2026-11-23 08:00', 'by night: it waits'),
    test.is(test.heard(13900000004), 'top_up_arrived 100 600', 'by night: a top-up at once (F1)');
SELECT hall.top_up(13900000003, 1000, 'night');
SELECT test.charge(13900000004, 50);
SELECT test.due('2026-11-23 08:00:00');
SELECT test.is(test.heard(13900000002), 'balance_low 1000 500, mail_arrived a@b 夜', 'in the morning: told'),
    test.is(test.heard(13900000003), 'top_up_arrived 1000 1500', 'in the morning: not what is so no longer'),
    test.is(test.reminders(13900000003), 'balance_low late, top_up_arrived sent', 'in the morning: noted'),
    test.is(test.heard(13900000004), 'balance_low 1000 550', 'in the morning: the balance of then');
SELECT test.at('2026-11-23 22:00+08'), test.new(13900000005, 2000, 1000);
SELECT test.charge(13900000005, 1500);
SELECT test.at('2026-11-23 23:00+08'), hall.top_up(13900000005, 1000, 'night');
SELECT test.at('2026-11-23 23:30+08'), test.charge(13900000005, 700);
SELECT test.due('2026-11-24 08:00:00');
SELECT test.is(test.heard(13900000005), 'top_up_arrived 1000 1500, balance_low 1000 800', 'twice below in a night: told once');
-- the limit is the one that he wants when it is told
SELECT test.new(m, 2000, 1000), test.charge(m, 1400) FROM unnest('{13900000006,13900000007,13900000008}'::bigint[]) AS m;
UPDATE hall.subscriber SET remind_below_fen = CASE msisdn WHEN 13900000006 THEN 500 WHEN 13900000007 THEN 700 END
WHERE msisdn IN (13900000006, 13900000007);
SELECT test.is((test.due(hall_private.local_time(hall_private.after_quiet(hall.now()))) > 0)::text, 'true', 'another limit: sent');
SELECT test.is(test.heard(13900000006), '-', 'F1: a lower one: it is not low any more'),
    test.ok(test.reminders(13900000006) LIKE '%balance_low late%', 'F1: a lower one: noted'),
    test.is(test.heard(13900000007), 'balance_low 700 600', 'F1: another one is the one that is named'),
    test.is(test.heard(13900000008), 'balance_low 1000 600', 'F1: the same one');

-- they end before the night, but the hall is late: it waits for the next morning
SELECT test.at('2026-11-24 20:59+08'), hall.mail_arrived(13900000005, 'evening', NULL, NULL);
SELECT test.due('2026-11-24 21:00:00');
SELECT test.ok(test.reminders(13900000005) LIKE '%mail_arrived waiting 2026-11-25 08:00', 'a late hall: not by night either');
SELECT test.due('2026-11-25 08:00:00');
SELECT test.is(test.heard(13900000005), 'mail_arrived', 'a late hall: in the morning');

-- sent by day, but Kannel is away until the night: what is in the outbox waits for the morning, and keeps back no answer meanwhile
CREATE FUNCTION test.goes(p_local timestamp) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    v_goes text;
BEGIN
    PERFORM test.at(p_local AT TIME ZONE 'Asia/Shanghai');
    SELECT string_agg(concat_ws(' ', right(c ->> 'msisdn', 2), c ->> 'outcome'), ', ' ORDER BY c ->> 'msisdn', c ->> 'mt') INTO v_goes
    FROM jsonb_array_elements(hall.claim_unsent(1000, 60)) AS c;
    RETURN v_goes;
END
$$;
SELECT test.new(13900000040, 2000), test.new(13900000041, 2000), test.new(13900000042, 2000, 1000), test.new(13900000043, 2000);
SELECT test.at('2026-11-25 20:58+08'), hall.mail_arrived(13900000040, 'away', NULL, '夜'), hall.top_up(13900000041, 100, 'away'),
    test.charge(13900000042, 1500), hall.announce_suspension(13900000043, 'away', '2026-11-26 02:00+08', 5000);
SELECT hall.run_due() IS NULL;
SELECT test.is(test.reminders(13900000040), 'mail_arrived sent', 'away: it is in the outbox by day'),
    test.is(test.send(13900000040, 'away', 'YE', 'balance') #>> '{replies,0,after}', '2611-1', 'away: and what he asks comes after it');
SELECT test.is(test.goes('2026-11-25 21:05'), '40 ok, 41 top_up_arrived', 'away: by night only what may go then (F1)'),
    test.is(test.reminders(13900000040), 'mail_arrived waiting 2026-11-26 08:00', 'away: the others wait for the morning'),
    test.is(test.goes('2026-11-26 07:58'), '40 ok, 41 top_up_arrived', 'away: the whole night');
SELECT hall.top_up(13900000042, 5000, 'night') IS NULL, test.deliver_replies();
SELECT hall.run_due() IS NULL;
SELECT test.deliver_replies(), test.at('2026-11-26 08:00+08'), hall.run_due() IS NULL;
SELECT test.is(test.goes('2026-11-26 08:01'), '40 mail_arrived', 'away: in the morning what is true and of use still'),
    test.ok(test.reminders(13900000042) LIKE '%balance_low late%', 'away: not a balance that is low no longer'),
    test.is(test.reminders(13900000043), 'suspension_ahead late', 'away: nor what has come meanwhile');
SELECT test.is(count(*)::text, '0', 'away: nothing is left to be resent') FROM hall.dead_letters(p_msisdn => 13900000040);
SELECT test.deliver_replies(), test.at('2026-11-25 20:50+08'), test.new(13900000044, 2000);
SELECT test.send(13900000044, 'w', 'KTWLAN', 'open', '{"service": "WLAN"}', 'changes') IS NULL;
SELECT test.deliver_replies(), test.at('2026-12-01 20:58+08'), hall.run_due() IS NULL;
SELECT test.is(concat_ws(' ', step, notice_number), 'end 2', 'away: the end of a trial, noticed in the evening')
FROM hall.subscription WHERE msisdn = 13900000044;
SELECT test.is(test.goes('2026-12-01 21:05'), NULL, 'away: is no message by night');
SELECT test.is((SELECT concat_ws(' ', step, test.local(step_at)) FROM hall.subscription WHERE msisdn = 13900000044), 'notice 2026-12-02 08:00',
    'away: but one in the morning');
SELECT test.at('2026-12-02 08:00+08'), hall.run_due() IS NULL;
SELECT test.is(test.goes('2026-12-02 08:01'), '44 trial_notice', 'away: a day before the end, as ever (A12)'),
    test.is((SELECT concat_ws(' ', step, test.local(step_at)) FROM hall.subscription WHERE msisdn = 13900000044), 'end 2026-12-03 08:00',
        'away: which waits for it');
SELECT test.at('2026-11-26 08:30+08');
SELECT test.deliver_replies(), test.heard(13900000005);

SELECT test.quiet(9, 9), test.at('2026-11-26 09:00+08'), hall.mail_arrived(13900000005, 'late', NULL, '晚');
SELECT test.due('2026-11-26 09:00:00');
SELECT test.is(test.heard(13900000005), 'mail_arrived 晚', 'no quiet hours: at once'), test.quiet(21, 8);

-- feed functions
SELECT test.at('2026-11-26 10:00+08');
SELECT test.new(13900000010, 2000);
SELECT test.is(hall.mail_arrived(13900000010, 'm1', E' 王\n小明 <wang@example.com>', repeat('长', 50))::text, 'true', 'mail: new'),
    test.is(hall.mail_arrived(13900000010, 'm1', 'x', 'y')::text, 'false', 'mail: the same again'),
    test.is(hall.mail_arrived(13900000010, 'm2', '', E'\t')::text, 'true', 'mail: another'),
    test.is(hall.mail_arrived(13999999999, 'm1', 'x', 'y')::text, NULL, 'mail: no such subscriber'),
    test.refused($$SELECT hall.mail_arrived(13900000010, NULL, 'x', 'y')$$, '22023', 'mail: without a reference'),
    test.refused($$SELECT hall.announce_suspension(13900000010, NULL, hall.now(), 1)$$, '22023', 'suspension: without a reference'),
    test.refused($$SELECT hall.announce_suspension(13900000010, 's', NULL, 1)$$, '22023', 'suspension: without a time'),
    test.refused($$SELECT hall.announce_suspension(13900000010, 's', hall.now(), 0)$$, '22023', 'suspension: for nothing'),
    test.refused($$SELECT hall.put_offer(13999999999, 'o', 'x', hall.now())$$, '23503', 'offer: no such subscriber'),
    test.is(hall.announce_suspension(13999999999, 's', hall.now() + interval '1 day', 1)::text, NULL, 'suspension: no such subscriber');
SELECT test.due('2026-11-26 10:00:00');
SELECT test.is(test.heard(13900000010), 'mail_arrived 王 小明 <wang@example.com> ' || repeat('长', 30) || ', mail_arrived', 'mail: each once, in one line');
SELECT test.is(hall.announce_suspension(13900000010, 's1', '2026-11-28 00:00+08', 3000)::text, 'true', 'suspension: announced'),
    test.is(hall.announce_suspension(13900000010, 's1', '2026-11-29 00:00+08', 3000)::text, 'false', 'suspension: again');
SELECT test.due('2026-11-26 10:01:00');
SELECT test.is(test.heard(13900000010), 'suspension_ahead 3000 2000 2026-11-28T00:00', 'suspension: told once');
SELECT hall.announce_suspension(13900000010, 's2', '2026-11-28 00:00+08', 3000), hall.top_up(13900000010, 3000, 's');
SELECT hall.announce_suspension(13900000010, 's3', '2026-11-26 10:00+08', 3000);
SELECT test.due('2026-11-26 10:02:00');
SELECT test.is(test.heard(13900000010), 'top_up_arrived 3000 5000', 'suspension: not who paid, and not when it was');
SELECT hall.announce_suspension(13900000010, 's4', '2026-11-28 00:00+08'), hall.put_subscriber(13900000010, '全球通', 'suspended', 'arrears');
SELECT test.due('2026-11-26 10:03:00');
SELECT test.is(test.heard(13900000010), '-', 'suspension: not who is suspended already');
SELECT hall.mail_arrived(13900000010, 'm3', 'x', 'y'), test.due('2026-11-26 10:04:00');
SELECT test.is(test.heard(13900000010), 'mail_arrived x y', 'suspended: but other things are');

-- offers
SELECT test.at('2026-11-26 10:00+08'), test.new(13900000011, 2000), test.new(13900000012, 2000);
SELECT hall.put_offer(13900000011, 'o1', '长途优惠包', '2026-12-01 00:00+08'), hall.put_offer(13900000011, 'o2', '昨日优惠', '2026-11-25 00:00+08');
SELECT test.due('2026-11-27 23:59:00');
SELECT test.is(test.heard(13900000011), '-', 'offer: not before its notice');
SELECT test.due('2026-11-28 00:00:00');
SELECT test.is(test.reminders(13900000011), 'offer_ending waiting 2026-11-28 08:00', 'offer: three days before, but not by night');
SELECT hall.put_offer(13900000011, 'o1', '长途优惠包', '2026-12-01 00:00+08');
SELECT test.due('2026-11-28 08:00:00'), test.due('2026-11-28 09:00:00');
SELECT test.is(test.heard(13900000011), 'offer_ending 长途优惠包 2026-12-01T00:00', 'offer: once, also when it is put again');
SELECT hall.put_offer(13900000011, 'o1', '长途优惠包', '2026-12-11 00:00+08'), hall.put_offer(13900000012, 'o1', '夜间优惠', '2026-11-28 12:00+08');
SELECT test.due('2026-11-28 09:00:00');
SELECT test.is(test.heard(13900000012), 'offer_ending 夜间优惠 2026-11-28T12:00', 'offer: learned of late, told at once'),
    test.is(test.heard(13900000011), '-', 'offer: put off');
SELECT test.due('2026-12-08 08:00:00');
SELECT test.is(test.heard(13900000011), 'offer_ending 长途优惠包 2026-12-11T00:00', 'offer: put off, told again');
SELECT hall.put_offer(13900000012, 'o2', '短优惠', '2026-12-09 06:00+08'), test.at('2026-12-08 23:00+08');
SELECT test.is(test.heard(13900000012), '-', 'offer: none'), test.due('2026-12-08 23:00:00') IS NULL, test.due('2026-12-09 08:00:00') IS NULL;
SELECT test.is(test.heard(13900000012), '-', 'offer: over before the morning, not told'),
    test.is(test.reminders(13900000012), 'offer_ending sent, offer_ending late', 'offer: noted');

-- who does not want it, is gone, or would hear it too late
SELECT test.at('2026-12-09 10:00+08');
SELECT test.new(13900000020 + i, 2000, 1000) FROM generate_series(0, 5) AS i;
INSERT INTO hall.reminder_choice VALUES (13900000020, 'mail_arrived', false), (13900000021, 'mail_arrived', true), (13900000020, 'balance_low', false);
UPDATE hall.reminder_kind SET is_default = false WHERE kind = 'mail_arrived';
SELECT hall.mail_arrived(13900000020 + i, 'm', 'x', 'y') FROM generate_series(0, 5) AS i;
SELECT test.charge(13900000020, 1500);
SELECT hall.put_subscription(13900000022, 'YETX', NULL, hall.now()), test.charge(13900000022, 1500);
SELECT test.due('2026-12-09 10:00:00');
UPDATE hall.reminder_kind SET is_default = true WHERE kind = 'mail_arrived';
SELECT test.is(test.heard(13900000020), 'balance_low 1000 500', 'switched off; a kind without a word cannot be'),
    test.is(test.heard(13900000021), 'mail_arrived x y', 'switched on'),
    test.is(test.heard(13900000022), '-', 'off by default, and its service closed'),
    test.is(test.reminders(13900000022), 'balance_low off, mail_arrived off', 'noted as off');
SELECT test.at('2026-12-09 22:00+08');
SELECT hall.mail_arrived(13900000024, 'm2', 'x', 'y'), hall.put_offer(13900000024, 'o', '优惠', '2026-12-20 00:00+08'),
    hall.mail_arrived(13900000025, 'm2', 'x', 'y');
INSERT INTO hall.reminder_choice VALUES (13900000024, 'offer_ending', false);
SELECT hall.put_subscriber(13900000024, '全球通', 'closed'), hall.put_subscriber(13900000024, '全球通');
SELECT test.due('2026-12-10 08:00:00'), test.due('2026-12-19 12:00:00');
SELECT test.is(test.heard(13900000024), '-', 'gone: the next one with the number hears nothing of it'),
    test.is((SELECT count(*)::text FROM hall.reminder_choice WHERE msisdn = 13900000024), '0', 'gone: and chooses anew'),
    test.is(hall.mail_arrived(13900000024, 'm3', 'x', 'y')::text, 'true', 'gone: but of his own mail');
UPDATE hall.subscriber SET state = 'closed' WHERE msisdn = 13900000024;
SELECT test.is(hall.mail_arrived(13900000024, 'm4', 'x', 'y')::text, NULL, 'closed: no such subscriber');
SELECT test.due('2026-12-19 12:00:00');
SELECT test.is(test.heard(13900000024), '-', 'closed: nothing');
SELECT test.is(test.heard(13900000025), 'mail_arrived x y', 'the others are told');
SELECT test.at('2026-12-19 12:00+08'), hall.mail_arrived(13900000025, 'm3', 'x', 'y'), hall.mail_arrived(13900000025, 'm4', 'x', 'z');
UPDATE hall.reminder SET until = '2026-12-21 10:00+08' WHERE msisdn = 13900000025 AND occasion = 'm4';
SELECT test.due('2026-12-21 09:59:59');
SELECT test.is(test.heard(13900000025), 'mail_arrived x z', 'away for two days: what is worthless by then is not sent'),
    test.is(right(test.reminders(13900000025), 36), 'mail_arrived late, mail_arrived sent', 'away: noted as late');
SELECT test.is(test.local(valid_until), '2026-12-21 10:00', 'and the reply is worthless when the reminder is')
FROM hall.reply WHERE msisdn = 13900000025 ORDER BY number DESC LIMIT 1;

-- the bill alarm
SELECT test.is(test.local(hall_private.alarm_time(month::date)), wanted, 'alarm: ' || month)
FROM (VALUES ('2026-11-01', '2026-11-20 10:00'), ('2026-12-01', '2026-12-20 10:00')) AS v (month, wanted);
UPDATE hall.setting SET value = 31 WHERE name = 'alarm_day';
SELECT test.is(test.local(hall_private.alarm_time(month::date)), wanted, 'alarm: the 31st of ' || month)
FROM (VALUES ('2027-01-01', '2027-01-31 10:00'), ('2027-02-01', '2027-02-28 10:00'), ('2028-02-01', '2028-02-29 10:00')) AS v (month, wanted);
UPDATE hall.setting SET value = 20 WHERE name = 'alarm_day';
SELECT test.is(month::text, '2026-12-01', 'alarm: one that was past when the store was made is none') FROM hall.alarm;
SELECT test.is(count(*)::text, '0', 'alarm: and told nobody') FROM hall.reminder WHERE kind = 'bill_alarm';
SELECT test.at('2027-01-05 10:00+08');
SELECT test.new(13900000030 + i, 5000) FROM generate_series(0, 6) AS i;
SELECT hall.put_subscription(13900000030 + i, 'HFNZ', hall.now()) FROM generate_series(0, 6) AS i WHERE i <> 3;
SELECT test.charge(13900000030, 1000), test.charge(13900000030, 250), hall.top_up(13900000030, 100, 'alarm');
SELECT test.due('2027-01-05 10:00:00'), test.heard(13900000030);
SELECT test.due('2027-01-20 09:59:59');
SELECT test.is(test.heard(13900000030), '-', 'alarm: not a second before');
SELECT test.due('2027-01-20 10:00:00');
SELECT test.is(test.heard(13900000030), 'bill_alarm 1250 3850 202701', 'alarm: this month''s charges and the balance'),
    test.is(test.heard(13900000031), 'bill_alarm 0 5000 202701', 'alarm: also who was charged nothing'),
    test.is(test.heard(13900000033), '-', 'alarm: only who has it open');
SELECT test.due('2027-01-20 10:00:01'), test.due('2027-01-31 12:00:00');
SELECT test.is(test.heard(13900000030), '-', 'alarm: once a month');
SELECT hall.put_subscription(13900000031, 'HFNZ', NULL, hall.now());
SELECT test.at('2027-02-20 10:00+08');
CREATE FUNCTION test.walk(p_most int) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    v_steps text := '';
BEGIN
    LOOP
        v_steps := v_steps || (SELECT count(*) FROM hall.reminder WHERE kind = 'bill_alarm' AND due_at IS NOT NULL) || ' ';
        EXIT WHEN NOT hall_private.walk_alarm(p_most);
    END LOOP;
    RETURN v_steps;
END
$$;
SELECT test.is(count(*)::text, '0', 'alarm: none yet') FROM hall.reminder WHERE kind = 'bill_alarm' AND due_at IS NOT NULL;
SELECT test.ok(test.walk(2) ~ '^0 .*5 5 $', 'alarm: in pieces, to the last one');
SELECT test.is(count(*)::text, '5', 'alarm: to each once') FROM hall.reminder WHERE kind = 'bill_alarm' AND occasion = '2027-02';
SELECT test.is(hall_private.walk_alarm(2)::text, 'false', 'alarm: and then no more');
SELECT test.due('2027-02-20 10:00:00');
SELECT test.is(test.heard(13900000030) || test.heard(13900000031), 'bill_alarm 0 3850 202702-', 'alarm: the month''s, and not who closed it');
SELECT test.due('2027-03-25 10:00:00');
SELECT test.is(test.heard(13900000030), '-', 'alarm: away for more than three days, left out');
SELECT test.due('2027-04-22 10:00:00');
SELECT test.is(test.heard(13900000030), 'bill_alarm 0 3850 202704', 'alarm: away for two, told all the same');

-- one that fails harms no other, is put off, and is not lost
SELECT test.at('2027-05-01 10:00+08'), test.heard(13900000031), test.heard(13900000032);
SELECT hall.mail_arrived(13900000030 + i, 'fault', 'x', 'y') FROM generate_series(0, 2) AS i;
ALTER TABLE hall.reply ADD CONSTRAINT test_fault CHECK (msisdn <> 13900000031) NOT VALID;
SET client_min_messages = error;
SELECT test.is(test.due('2027-05-01 10:00:00')::text, '2', 'a fault: the others are sent');
RESET client_min_messages;
ALTER TABLE hall.reply DROP CONSTRAINT test_fault;
SELECT test.is(test.heard(13900000030) || test.heard(13900000031) || test.heard(13900000032), 'mail_arrived x y-mail_arrived x y', 'a fault: to those it concerns'),
    test.ok(test.reminders(13900000031) LIKE '%mail_arrived waiting 2027-05-01 11:00', 'a fault: put off for an hour');
SELECT test.due('2027-05-01 11:00:00');
SELECT test.is(test.heard(13900000031), 'mail_arrived x y', 'a fault: mended');
-- a kind that operators took away harms no money
UPDATE hall.reminder SET kind = 'mail_arrived', occasion = occasion || kind WHERE kind = 'top_up_arrived';
DELETE FROM hall.reminder_kind WHERE kind = 'top_up_arrived';
SELECT test.is(hall.top_up(13900000030, 100, 'no kind')::text, '3950', 'no such kind: money moves'), test.is(test.due('2027-05-01 12:00:00')::text, '0', 'and nothing is told');
INSERT INTO hall.reminder_kind VALUES ('top_up_arrived', false, true, 'top_up', NULL, '1 day', '{"zh": "充值到账提醒", "en": "top-up received"}');

-- many at once: a call does a part and says that there is more
SELECT test.at('2027-05-02 10:00+08');
SELECT count(hall.put_subscriber(13900001000 + i, '全球通')) FROM generate_series(1, 120) AS i;
SELECT count(hall.mail_arrived(13900001000 + i, 'many', 'x', 'y')) FROM generate_series(1, 120) AS i;
SELECT test.is((r ->> 'reminders') || ' ' || (r ->> 'more'), '40 true', 'many: a part') FROM hall.run_due() AS r;
SELECT test.is(test.due('2027-05-02 10:00:00')::text, '80', 'many: the rest');
SELECT test.is(hall.run_due()::text, '{"more": false, "steps": 0, "expired": 0, "reminders": 0, "partitions": 0}', 'many: nothing more');
SELECT test.is(count(*) || ' ' || count(DISTINCT msisdn), '120 120', 'many: each once') FROM hall.reply WHERE msisdn BETWEEN 13900001001 AND 13900001120;

-- what is over is forgotten, in pieces
SELECT test.due('2027-07-30 09:59:59');
SELECT test.is(count(*)::text, '120', 'forgotten: not before its time') FROM hall.reminder WHERE occasion = 'many';
SELECT test.at('2027-07-31 10:00:01+08');
SELECT test.is(hall_private.forget_reminders(100)::text, '100', 'forgotten: so many at once');
SELECT test.due('2027-07-31 10:00:01');
SELECT test.is(count(*)::text, '0', 'forgotten: then all') FROM hall.reminder WHERE occasion = 'many';
SELECT test.is(count(*)::text, '0', 'forgotten: offers too') FROM hall.offer;

-- TX: the subscriber switches. Labels of a reply's lists, and the name of the one reminder.
SELECT test.at('2027-08-01 10:00+08'), test.new(13900000040, 2000);
CREATE FUNCTION test.labels(p_items jsonb) RETURNS text
LANGUAGE sql RETURN (
    SELECT coalesce(string_agg(CASE jsonb_typeof(i) WHEN 'string' THEN i #>> '{}' ELSE concat(i ->> 'serial', i #>> '{label,zh}', i ->> 'zh') END,
        ' ' ORDER BY n), '')
    FROM jsonb_array_elements(p_items) WITH ORDINALITY AS l (i, n));
CREATE FUNCTION test.types(p_text text, p_command text DEFAULT NULL, p_args jsonb DEFAULT '{}') RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    v_reply jsonb;
BEGIN
    v_reply := test.send(13900000040, 'tx' || nextval('test.gateway'), p_text, p_command, p_args, 'manages',
        p_answer => CASE WHEN p_command IS NULL THEN 'serials:' || p_text END) #> '{replies,0}';
    PERFORM test.deliver_replies();
    PERFORM test.wait(120);
    RETURN (
        SELECT concat_ws('|', v_reply ->> 'outcome', v_reply #>> '{fields,reminder,zh}', string_agg(test.labels(f.items), '|' ORDER BY f.place))
        FROM (VALUES (1, v_reply #> '{fields,on}'), (2, v_reply #> '{fields,off}'), (3, v_reply #> '{fields,failed}'), (4, v_reply #> '{fields,wrong}'))
            AS f (place, items)
        WHERE f.items IS NOT NULL);
END
$$;
SELECT test.is(test.types('TX', 'reminders'), 'list|1邮件到达提醒 2优惠到期提醒 3充值到账提醒|4余额提醒 5话费闹钟', 'TX: what is on and what is off'),
    test.is(test.types('1'), 'switched||邮件到达提醒||', 'TX: a number switches off'),
    test.is(test.types('3,4,9,3,5,0'), 'switched|余额提醒 话费闹钟|充值到账提醒||9 0', 'TX: several, also those that are services'),
    test.is(test.open_services(13900000040), 'HFNZ YETX', 'TX: which are open');
SELECT test.is(remind_below_fen::text, '1000', 'TX: with a limit') FROM hall.subscriber WHERE msisdn = 13900000040;
SELECT test.is(test.types('1'), 'switched|邮件到达提醒|||', 'TX: the number again switches back'),
    test.is(test.types('TX', 'reminders'), 'list|1余额提醒 2话费闹钟 3邮件到达提醒 4优惠到期提醒|5充值到账提醒', 'TX: how it is now'),
    test.is(test.types('2'), 'switched||话费闹钟||', 'TX: a service is closed'),
    test.is(test.open_services(13900000040), 'YETX', 'TX: it is');
UPDATE hall.subscriber SET remind_below_fen = 2550 WHERE msisdn = 13900000040;
SELECT test.is(test.types('1'), 'switched||余额提醒||', 'TX: the balance reminder off'), test.is(test.types('1'), 'switched|余额提醒|||', 'TX: and on');
SELECT test.is(remind_below_fen::text, '2550', 'TX: with the limit it had') FROM hall.subscriber WHERE msisdn = 13900000040;
UPDATE hall.service SET fee_fen = 100 WHERE code = 'HFNZ';
SELECT test.is(test.types('2'), 'switched|||KTHFNZ|', 'TX: what costs something is not opened by a number (A1)'),
    test.is(test.open_services(13900000040), 'YETX', 'TX: it is not');
SELECT test.is(test.types('QXYJTX', 'reminder_off', '{"reminder": "mail"}'), 'ok|邮件到达提醒', 'QXYJTX'),
    test.is(test.types('QXYJTX', 'reminder_off', '{"reminder": "mail"}'), 'already|邮件到达提醒', 'QXYJTX: again'),
    test.is(test.types('KTYJTX', 'reminder_on', '{"reminder": "mail"}'), 'ok|邮件到达提醒', 'KTYJTX'),
    test.is(test.types('KTYJTX', 'reminder_on', '{"reminder": "mail"}'), 'already|邮件到达提醒', 'KTYJTX: again');
UPDATE hall.reminder_kind SET word = NULL WHERE kind = 'mail_arrived';
SELECT test.is(test.types('QXYJTX', 'reminder_off', '{"reminder": "mail"}'), 'fixed', 'a kind that operators do not let switch'),
    test.is(test.types('TX', 'reminders'), 'list|1余额提醒 2优惠到期提醒|3话费闹钟 4充值到账提醒', 'TX: has it not'),
    test.is(test.types('QXYHTX', 'reminder_off', '{"reminder": "offer"}'), 'ok|优惠到期提醒', 'QXYHTX');
SELECT hall.put_subscriber(13900000040, '全球通', 'suspended', 'arrears');
SELECT test.is(test.types('KTYHTX', 'reminder_on', '{"reminder": "offer"}'), 'ok|优惠到期提醒', 'suspended: likewise');
UPDATE hall.reminder_kind SET word = NULL, service = NULL;
SELECT test.is(test.types('TX', 'reminders'), 'none', 'TX: nothing to switch');

-- the notice before a charge, and the night (A12): planned for the hour before it
SELECT test.is(test.local(hall_private.notice_time(at::timestamp AT TIME ZONE 'Asia/Shanghai', notice::interval)), wanted, format('notice: %s before %s', notice, at))
FROM (VALUES
    ('2026-12-01 10:00', '24 hours', '2026-11-30 10:00'),
    ('2026-11-30 08:00', '24 hours', '2026-11-29 08:00'),
    ('2026-11-30 07:59', '24 hours', '2026-11-28 20:00'),
    ('2026-11-30 21:00', '24 hours', '2026-11-29 20:00'),
    ('2026-11-30 20:59', '24 hours', '2026-11-29 20:59'),
    ('2026-11-30 02:00', '2 hours', '2026-11-29 20:00'),
    ('2026-11-30 02:00', '0', '2026-11-30 02:00')) AS v (at, notice, wanted);
CREATE FUNCTION test.step(p_msisdn bigint) RETURNS text
LANGUAGE sql RETURN (
    SELECT coalesce(o.step || ' ' || test.local(o.step_at), o.end_reason) FROM hall.subscription AS o WHERE o.msisdn = p_msisdn ORDER BY o.since DESC LIMIT 1);
CREATE FUNCTION test.order(p_msisdn bigint, p_code text, p_at timestamptz) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM test.at(p_at), test.new(p_msisdn, 5000), test.says(p_msisdn, 'KT' || p_code);
    IF p_code <> 'WLAN' THEN
        PERFORM test.says(p_msisdn, '是');
    END IF;
    PERFORM test.heard(p_msisdn);
    RETURN test.step(p_msisdn);
END
$$;
INSERT INTO hall.service (code, name, fee_fen, trial_days, notice) VALUES ('TRIAL', '试用', 300, 7, '24 hours'), ('SHORT', '短试用', 300, 1, '24 hours');
SELECT test.is(test.order(13900000050, 'TRIAL', '2027-09-05 22:00+08'), 'notice 2027-09-11 20:00', 'trial from 22:00: the notice before the night');
SELECT test.due('2027-09-11 20:00:00');
SELECT test.is(test.heard(13900000050), 'open trial_notice 2027-09-12T22:00', 'trial: said'), test.is(test.step(13900000050), 'charge 2027-09-12 22:00', 'trial: charged when it ends');
SELECT test.due('2027-09-12 22:00:00');
SELECT test.is(test.heard(13900000050), 'open renewed 300 4700', 'trial: its end by night is its time, and a charge has its receipt (A11)');
SELECT test.is(test.order(13900000051, 'SHORT', '2027-09-15 22:00+08'), 'notice 2027-09-15 22:00', 'ordered by night, with a notice at once');
SELECT test.due('2027-09-15 22:00:00');
SELECT test.is(test.heard(13900000051), '-', 'by night: none'), test.is(test.step(13900000051), 'notice 2027-09-16 08:00', 'by night: it waits');
SELECT test.due('2027-09-16 08:00:00');
SELECT test.is(test.heard(13900000051), 'open trial_notice 2027-09-17T08:00', 'in the morning: it leaves all of its time (A12)'),
    test.is(test.step(13900000051), 'charge 2027-09-17 08:00', 'and the charge is put off');
SELECT test.is(test.order(13900000052, 'WLAN', '2027-09-18 12:00+08'), 'notice 2027-09-24 12:00', 'a trial of what is free');
SELECT test.due('2027-09-24 12:00:00'), test.due('2027-09-25 23:00:00');
SELECT test.is(test.heard(13900000052), 'open trial_notice 2027-09-25T12:00', 'a late end, by night: nothing'), test.is(test.step(13900000052), 'end 2027-09-26 08:00', 'it waits for the morning');
SELECT test.due('2027-09-26 08:00:00');
SELECT test.is(test.heard(13900000052), 'open trial_ended', 'and ends then');
SELECT test.is(test.order(13900000053, 'LDTX', '2027-09-18 12:00+08'), 'notice 2027-09-30 10:00', 'a month');
SELECT test.due('2027-09-30 22:00:00');
SELECT test.is(test.step(13900000053), 'notice 2027-10-01 08:00', 'a late notice, by night: waits');
SELECT test.due('2027-10-01 08:00:00');
SELECT test.is(test.heard(13900000053), 'open renewal_notice 2027-10-02T08:00', 'and moves the charge');
SELECT test.due('2027-10-02 21:30:00');
SELECT test.is(test.heard(13900000053), '-', 'a late charge, by night: nothing'), test.is(test.balance(13900000053), '4700', 'nor is it made');
SELECT test.due('2027-10-03 08:00:00');
SELECT test.is(test.heard(13900000053), 'open renewed 300 4400', 'in the morning: made, with its receipt');
