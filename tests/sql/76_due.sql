-- Money over time: notices, renewals, trials, failed charges, and a hall that was away (rules A7, A8, A11, A12, A13, E1).

-- Times are Beijing's. Runs what is due then, to the end; answers how many steps were done.
CREATE FUNCTION test.due(p_local timestamp) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
    v_steps int := 0;
    v_done  jsonb;
BEGIN
    PERFORM test.at(p_local AT TIME ZONE 'Asia/Shanghai');
    LOOP
        v_done := hall.run_due();
        v_steps := v_steps + (v_done ->> 'steps')::int;
        PERFORM test.deliver_replies();
        EXIT WHEN NOT (v_done ->> 'more')::boolean;
    END LOOP;
    RETURN v_steps;
END
$$;

CREATE FUNCTION test.local(p_at timestamptz) RETURNS text
LANGUAGE sql RETURN to_char(p_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI:SS');

CREATE FUNCTION test.new(p_msisdn bigint, p_fen bigint) RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    SELECT hall.put_subscriber(p_msisdn, '全球通', p_opening_fen => p_fen);
END;

-- Orders a service by two messages, and says how that ended.
CREATE FUNCTION test.order(p_msisdn bigint, p_code text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    v_answer jsonb := test.says(p_msisdn, 'KT' || p_code);
BEGIN
    IF test.outcome(v_answer) = 'new open ask' THEN
        v_answer := test.says(p_msisdn, '是');
    END IF;
    RETURN v_answer #>> '{replies,0,outcome}';
END
$$;
CREATE FUNCTION test.cancel(p_msisdn bigint, p_code text) RETURNS text
LANGUAGE sql RETURN test.says(p_msisdn, 'QX' || p_code) #>> '{replies,0,outcome}';

-- What the hall said of services of its own accord since it was last asked.
CREATE TABLE test.heard (msisdn bigint PRIMARY KEY, number int);
CREATE FUNCTION test.heard(p_msisdn bigint) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    v_after int := (SELECT h.number FROM test.heard AS h WHERE h.msisdn = p_msisdn);
    v_heard text;
    v_last  int;
BEGIN
    SELECT string_agg(concat_ws(' ', r.outcome, left(r.fields ->> 'at', 16), r.fields ->> 'fen', r.fields ->> 'balance'), ', ' ORDER BY r.number),
        max(r.number)
    INTO v_heard, v_last
    FROM hall.reply AS r
    WHERE r.msisdn = p_msisdn AND r.asked_hash IS NULL AND r.command <> 'reminder' AND r.number > coalesce(v_after, 0);
    INSERT INTO test.heard AS h VALUES (p_msisdn, coalesce(v_last, 0))
    ON CONFLICT (msisdn) DO UPDATE SET number = greatest(h.number, excluded.number);
    RETURN v_heard;
END
$$;
CREATE FUNCTION test.step(p_msisdn bigint, p_code text) RETURNS text
LANGUAGE sql RETURN (
    SELECT concat_ws(' ', coalesce(o.step, '-'), left(test.local(o.step_at), 16), coalesce(o.end_reason, 'open'))
    FROM hall.subscription AS o WHERE o.msisdn = p_msisdn AND o.service = p_code ORDER BY o.since DESC LIMIT 1);
CREATE FUNCTION test.months(p_msisdn bigint, p_code text) RETURNS text
LANGUAGE sql RETURN (
    SELECT string_agg(to_char(l.period, 'YYMM') || ' ' || -l.fen, ', ' ORDER BY l.number)
    FROM hall.ledger AS l WHERE l.msisdn = p_msisdn AND l.service = p_code AND l.kind = 'service_fee');

-- the first step, with the server's calendar elsewhere, where a day may have 23 hours
SET timezone = 'America/New_York';
CREATE FUNCTION test.service(p_service jsonb) RETURNS hall.service
LANGUAGE sql RETURN jsonb_populate_record(NULL::hall.service,
    '{"code": "T", "fee_fen": 300, "period": "month", "trial_days": 0, "first_month": "full", "notice": "24:00"}'::jsonb || p_service);
SELECT test.is(concat_ws(' ', coalesce(f.step, '-'), left(test.local(f.step_at), 16), to_char(f.charged_until, 'YYMM')), wanted, 'first_step: ' || name)
FROM (VALUES
    ('{}', '2026-11-22 10:00', 'notice 2026-11-30 10:00 2612', 'a day before the first'),
    ('{}', '2026-12-31 09:00', 'notice 2026-12-31 10:00 2701', 'December'),
    ('{}', '2026-12-31 15:00', 'notice 2026-12-31 15:00 2701', 'opened on the last day: at once'),
    ('{}', '2027-01-01 00:00', 'notice 2027-01-31 10:00 2702', 'opened on the first'),
    ('{}', '2026-12-31 23:59', 'notice 2026-12-31 23:59 2701', 'opened in the last minute'),
    ('{}', '2027-02-10 10:00', 'notice 2027-02-28 10:00 2703', 'February'),
    ('{}', '2028-02-10 10:00', 'notice 2028-02-29 10:00 2803', 'a leap year'),
    ('{"notice": "3 days"}', '2026-11-22 10:00', 'notice 2026-11-28 10:00 2612', 'three days before'),
    ('{"notice": "0"}', '2026-11-22 10:00', 'charge 2026-12-01 10:00 2612', 'no notice'),
    ('{"first_month": "free"}', '2026-11-22 10:00', 'notice 2026-11-30 10:00 2612', 'a free first month'),
    ('{"trial_days": 7}', '2026-11-22 10:30', 'notice 2026-11-28 10:30 2611', 'a trial: charged when it ends'),
    ('{"trial_days": 7, "notice": "1 day"}', '2027-03-08 10:30', 'notice 2027-03-14 10:30 2703', 'a trial: days are the operator''s'),
    ('{"trial_days": 7}', '2026-12-28 10:30', 'notice 2027-01-03 10:30 2701', 'a trial: into the next year'),
    ('{"trial_days": 7, "first_month": "free"}', '2026-11-22 10:30', 'notice 2026-11-30 10:00 2612', 'a trial: the rest of its month is free'),
    ('{"trial_days": 1, "notice": "2 days"}', '2026-11-22 10:30', 'notice 2026-11-22 10:30 2611', 'a trial: shorter than its notice'),
    ('{"trial_days": 7, "fee_fen": 0}', '2026-11-22 10:30', 'notice 2026-11-28 10:30', 'a trial of what is free'),
    ('{"trial_days": 7, "fee_fen": 0, "notice": "0"}', '2026-11-22 10:30', 'end 2026-11-29 10:30', 'a trial of what is free, without notice'),
    ('{"fee_fen": 0}', '2026-11-22 10:00', '-', 'free'),
    ('{"period": "once", "trial_days": 7}', '2026-11-22 10:00', '-', 'paid once'),
    ('{"period": "message"}', '2026-11-22 10:00', '-', 'paid by message')) AS v (service, opened, wanted, name),
    hall_private.first_step(test.service(service::jsonb), opened::timestamp AT TIME ZONE 'Asia/Shanghai') AS f;
SELECT test.is(hall_private.first_fee(test.service(service::jsonb), at::timestamp AT TIME ZONE 'Asia/Shanghai')::text, wanted, 'first_fee: ' || name)
FROM (VALUES
    ('{}', '2026-11-22 10:00', '300', 'full'),
    ('{"first_month": "free"}', '2026-11-22 10:00', '0', 'free'),
    ('{"first_month": "share"}', '2026-11-01 00:00', '300', 'share: the first day'),
    ('{"first_month": "share"}', '2026-11-22 10:00', '90', 'share: today counts'),
    ('{"first_month": "share"}', '2026-12-31 23:59', '9', 'share: the last day, rounded down'),
    ('{"first_month": "share"}', '2028-02-29 12:00', '10', 'share: a leap day'),
    ('{"first_month": "share", "period": "once"}', '2026-12-31 23:59', '300', 'paid once: no share')) AS v (service, at, wanted, name);
RESET timezone;

-- a year and a half of one subscription
SELECT test.at('2026-11-22 10:00+08');
SELECT test.is(test.order(13800138000, 'CL'), 'ok', 'a service is ordered'), test.is(test.balance(13800138000), '5178', 'and charged'),
    test.is(test.step(13800138000, 'CL'), 'notice 2026-11-30 10:00 open', 'its notice comes first'),
    test.is(test.heard(13800138000), NULL, 'and nothing else is said');
SELECT test.is(test.due('2026-11-30 09:59:59')::text, '0', 'notice: not a second before'),
    test.is(test.due('2026-11-30 10:00:00')::text, '1', 'notice: at its time'),
    test.is(test.due('2026-11-30 10:00:00')::text, '0', 'notice: twice run is once'),
    test.is(test.heard(13800138000), 'renewal_notice 2026-12-01T10:00', 'notice: one (A12)'),
    test.is(test.balance(13800138000), '5178', 'notice: costs nothing');
SELECT test.is(concat_ws(' ', port, fields ->> 'service', fields -> 'price' ->> 'fen', fields -> 'price' ->> 'period', fields ->> 'off',
    fields ->> 'off_port', state, test.local(valid_until)), '10086 彩铃 500 month QXCL 10086 sent 2026-12-01 10:00:00',
    'notice: what, how much, how to cancel, and no use after the charge')
FROM hall.reply WHERE msisdn = 13800138000 AND outcome = 'renewal_notice';
SELECT test.is(test.due('2026-12-01 09:59:59')::text, '0', 'charge: not a second before'), test.is(test.balance(13800138000), '5178', 'charge: no'),
    test.is(test.due('2026-12-01 10:00:00')::text, '1', 'charge: at its time'), test.is(test.balance(13800138000), '4678', 'charge: yes'),
    test.is(test.due('2026-12-01 10:00:00')::text, '0', 'charge: twice run is once (E1)'),
    test.is(test.heard(13800138000), 'renewed 500 4678', 'charge: a receipt with amount and balance (A11)'),
    test.is(test.step(13800138000, 'CL'), 'notice 2026-12-31 10:00 open', 'charge: then the next notice');
SELECT test.is(string_agg(concat_ws(' ', l.fen, l.service, l.period, d.command, d.ended), ', '), '-500 CL 2026-12-01 open yes',
    'charge: has its month and its consent (A1)')
FROM hall.ledger AS l JOIN hall.dialogue AS d ON d.msisdn = l.msisdn AND d.number = l.consent
WHERE l.msisdn = 13800138000 AND l.at > '2026-11-30';
SELECT test.is(string_agg(e.kind, ' ' ORDER BY e.number), 'asked answered opened noticed charged', 'evidence: of every step (A8)')
FROM hall.evidence AS e WHERE e.msisdn = 13800138000;
SELECT hall.top_up(13800138000, 10000, 'long-1') IS NULL;
SELECT test.due(day) > 0
FROM generate_series('2026-12-31 10:00'::timestamp, '2028-03-31 10:00', '1 day') AS day WHERE extract(day FROM day + interval '1 day') <= 2;
SELECT test.is(count(*)::text, '17', 'every month once, through leap day and year''s end'),
    test.is(string_agg(to_char(period, 'YYMM'), ' ' ORDER BY number),
        '2611 2612 2701 2702 2703 2704 2705 2706 2707 2708 2709 2710 2711 2712 2801 2802 2803', 'each its own')
FROM hall.ledger WHERE msisdn = 13800138000 AND service = 'CL';
SELECT test.is(count(*) FILTER (WHERE outcome = 'renewal_notice') || ' ' || count(*) FILTER (WHERE outcome = 'renewed'), '17 16',
    'a notice and a receipt for each')
FROM hall.reply WHERE msisdn = 13800138000;
SELECT test.refused($$INSERT INTO hall.ledger (msisdn, number, at, fen, balance_fen, kind, service, period, consent)
    SELECT msisdn, 999, at, fen, balance_fen, kind, service, period, consent FROM hall.ledger
    WHERE msisdn = 13800138000 AND service = 'CL' LIMIT 1$$, '23505', 'no month is charged twice');

-- cancelled between notice and charge; a month charged before
SELECT test.at('2026-11-22 10:00+08');
SELECT test.new(13900000001, 1000), test.new(13900000002, 1000), test.new(13900000003, 1000), test.new(13900000004, 1000);
SELECT test.order(13900000001, 'CL'), test.order(13900000002, 'CL'), test.order(13900000003, 'CL'), test.order(13900000004, 'CL');
SELECT test.is(test.due('2026-11-30 10:00:00')::text, '4', 'four notices');
SELECT test.heard(13900000001), test.heard(13900000002), test.heard(13900000003), test.heard(13900000004);
SELECT test.is(test.cancel(13900000001, 'CL'), 'ok', 'cancelled after the notice');
-- planted: what a fault, or somebody by hand, charged already
INSERT INTO hall.ledger (msisdn, number, at, fen, balance_fen, kind, service, period, consent)
SELECT msisdn, number + 1, hall.now(), -1, balance_fen - 1, kind, service, '2026-12-01', consent
FROM hall.ledger WHERE msisdn = 13900000002 AND service = 'CL';
UPDATE hall.subscriber SET balance_fen = balance_fen - 1, ledger_number = ledger_number + 1 WHERE msisdn = 13900000002;
-- a new price, and no longer offered
UPDATE hall.service SET fee_fen = 900, is_offered = false WHERE code = 'CL';
SELECT test.is(test.due('2026-12-01 10:00:00')::text, '3', 'those that are not cancelled');
SELECT test.is(concat_ws('|', test.heard(13900000001), test.balance(13900000001), test.step(13900000001, 'CL')), '500|- close',
    'cancelled: no charge, no text'),
    test.is(concat_ws('|', test.heard(13900000002), test.months(13900000002, 'CL'), test.step(13900000002, 'CL')),
        '2611 500, 2612 1|notice 2026-12-31 10:00 open', 'charged before: not again, no receipt'),
    test.is(test.heard(13900000003), 'renewed 500 0', 'the price that was consented to holds; who has it keeps it');
UPDATE hall.service SET fee_fen = 500, is_offered = true WHERE code = 'CL';

-- late: the notice moves the charge; a charge that is late in its month is made
SELECT test.at('2026-11-22 10:00+08');
SELECT test.new(13900000010, 5000), test.new(13900000011, 5000), test.new(13900000012, 5000), test.new(13900000013, 5000);
SELECT test.order(13900000010, 'CL'), test.order(13900000011, 'CL');
SELECT test.due('2026-11-30 18:00:07');
SELECT test.is(test.heard(13900000010), 'renewal_notice 2026-12-01T18:00', 'late notice: says when the charge will be');
SELECT test.due('2026-12-01 18:00:06');
SELECT test.is(test.balance(13900000010), '4500', 'late notice: its time is kept'),
    test.is(test.due('2026-12-05 03:00:00')::text, '2', 'late charge: the hall is back by night'),
    test.is(concat_ws('|', test.months(13900000010, 'CL'), test.step(13900000010, 'CL')), '2611 500|charge 2026-12-05 08:00 open',
        'late charge: waits for the end of quiet hours with its receipt (F1)'),
    test.is(test.due('2026-12-05 08:00:00')::text, '2', 'late charge: made then'),
    test.is(test.months(13900000010, 'CL'), '2611 500, 2612 500', 'late charge: of that month'),
    test.is(test.step(13900000010, 'CL'), 'notice 2026-12-31 10:00 open', 'late charge: the next is in time');
-- away for months: before the notice, and after it
SELECT test.at('2026-12-06 10:00+08');
SELECT test.order(13900000012, 'CL'), test.heard(13900000011), test.heard(13900000012);
SELECT test.due('2026-12-31 10:00:00');
SELECT test.heard(13900000011), test.heard(13900000012);
SELECT test.at('2026-12-31 12:00+08');
SELECT test.order(13900000013, 'CL');
SELECT test.due('2027-03-05 12:00:00');
SELECT test.is(test.heard(13900000012), 'renewal_notice 2027-03-06T12:00', 'away after the notice: a new one'),
    test.is(test.heard(13900000013), 'renewal_notice 2027-03-06T12:00', 'away before the notice: it comes now'),
    test.is(test.months(13900000012, 'CL') || ', ' || test.months(13900000013, 'CL'), '2612 500, 2612 500', 'away: nothing is charged yet');
SELECT test.due('2027-03-06 11:59:59');
SELECT test.is(test.months(13900000012, 'CL'), '2612 500', 'away: not before the time that was said');
SELECT test.due('2027-03-06 12:00:00');
SELECT test.is(test.months(13900000012, 'CL') || ', ' || test.months(13900000013, 'CL'), '2612 500, 2703 500, 2612 500, 2703 500',
    'away: months that passed are not charged'),
    test.is(test.heard(13900000012), 'renewed 500 4000', 'away: one receipt'),
    test.is(test.step(13900000012, 'CL'), 'notice 2027-03-31 10:00 open', 'away: then as ever');
SELECT test.is(count(*)::text, '0', 'away: no text of the months that passed')
FROM hall.reply WHERE msisdn IN (13900000012, 13900000013) AND at > '2027-01-01' AND outcome NOT IN ('renewal_notice', 'renewed');
-- away over the end of the month that the new notice was for
SELECT test.due('2027-03-31 20:00:00'), test.due('2027-05-02 00:00:00');
SELECT test.is(test.months(13900000012, 'CL'), '2612 500, 2703 500', 'away again: April is not charged in May'),
    test.is(test.step(13900000012, 'CL'), 'notice 2027-05-02 08:00 open', 'away again: May has its own notice, not by night (F1)');
SELECT test.due('2027-05-02 08:00:00');
SELECT test.is(test.step(13900000012, 'CL'), 'charge 2027-05-03 08:00 open', 'away again: which leaves all of its time (A12)');

-- trials
INSERT INTO hall.service (code, name, fee_fen, trial_days, first_month, ends, notice) VALUES
    ('TRIAL', '试用', 300, 7, 'full', 'at_once', '24 hours'),
    ('SHARE', '分摊', 300, 7, 'share', 'at_once', '24 hours'),
    ('LEND',  '赠月', 300, 7, 'free', 'at_once', '24 hours'),
    ('ABRUPT', '无提示', 300, 0, 'share', 'at_once', '0'),
    ('LAST',  '月底', 300, 0, 'full', 'month_end', '24 hours');
SELECT test.at('2026-11-22 10:30+08');
SELECT test.new(13900000020 + i, 1000) FROM generate_series(0, 9) AS i;
SELECT test.is(test.order(13900000020, 'TRIAL'), 'ok', 'trial: opened'), test.is(test.order(13900000021, 'TRIAL'), 'ok', 'trial: opened'),
    test.is(test.order(13900000022, 'SHARE'), 'ok', 'trial: opened'), test.is(test.order(13900000023, 'LEND'), 'ok', 'trial: opened'),
    test.is(test.order(13900000024, 'WLAN'), 'ok', 'trial: opened'), test.is(test.order(13900000025, 'ABRUPT'), 'ok', 'no trial: opened');
SELECT test.is(string_agg(balance_fen::text, ' ' ORDER BY msisdn), '1000 1000 1000 1000 1000 910', 'trial: costs nothing')
FROM hall.subscriber WHERE msisdn BETWEEN 13900000020 AND 13900000025;
UPDATE hall.service SET fee_fen = 900 WHERE code = 'WLAN';
SELECT test.is(test.due('2026-11-28 10:29:59')::text, '0', 'trial: a notice not before its time'),
    test.is(test.due('2026-11-28 10:30:00')::text, '4', 'trial: and then');
SELECT test.is(test.heard(m), 'trial_notice 2026-11-29T10:30', 'trial: notice to ' || m) FROM unnest('{13900000020,13900000021,13900000022,13900000024}'::bigint[]) AS m;
SELECT test.is(string_agg(fields #>> '{price,fen}', ' '), '0', 'A1: trial: of what was free: its notice names no price that came since')
FROM hall.reply WHERE msisdn = 13900000024 AND outcome = 'trial_notice';
UPDATE hall.service SET fee_fen = 0 WHERE code = 'WLAN';
SELECT test.is(test.cancel(13900000021, 'TRIAL'), 'ok', 'trial: cancelled in it');
SELECT test.is(test.due('2026-11-29 10:29:59')::text, '0', 'trial: not a second too short'),
    test.is(test.due('2026-11-29 10:30:00')::text, '3', 'trial: over');
SELECT test.is(test.heard(13900000020), 'renewed 300 700', 'trial: the month it ends in, in full'),
    test.is(test.heard(13900000021), NULL, 'trial: cancelled in it, silence'), test.is(test.balance(13900000021), '1000', 'trial: cancelled in it costs nothing (A12)'),
    test.is(test.heard(13900000022), 'renewed 20 980', 'trial: the month it ends in, its share'),
    test.is(test.heard(13900000023), NULL, 'trial: the month it ends in, free'),
    test.is(test.heard(13900000024), 'trial_ended', 'trial: of what is free: ended'),
    test.is(test.step(13900000024, 'WLAN'), '- trial', 'trial: and why');
SELECT test.due('2026-11-30 10:00:00');
SELECT test.is(test.heard(13900000020), 'renewal_notice 2026-12-01T10:00', 'trial: then every month'),
    test.is(test.heard(13900000023), 'trial_notice 2026-12-01T10:00', 'trial: the notice of one whose month was free'),
    test.is(test.heard(13900000025), NULL, 'no notice: none');
SELECT test.due('2026-12-01 10:00:00');
SELECT test.is(test.months(13900000020, 'TRIAL'), '2611 300, 2612 300', 'trial: the month after it'),
    test.is(test.months(13900000022, 'SHARE'), '2611 20, 2612 300', 'trial: the month after it, in full'),
    test.is(test.months(13900000023, 'LEND'), '2612 300', 'trial: the first month that is not free'),
    test.is(test.months(13900000025, 'ABRUPT'), '2611 90, 2612 300', 'a share, then months'),
    test.is(test.step(13900000025, 'ABRUPT'), 'charge 2027-01-01 10:00 open', 'no notice: charge follows charge'),
    test.is(test.order(13900000024, 'WLAN') || ' ' || test.order(13900000021, 'TRIAL'), 'ok ok', 'trial: ordered again'),
    test.is(test.months(13900000021, 'TRIAL'), '2612 300', 'trial: what costs is tried once');

-- cancelled for the month's end
SELECT test.is(test.order(13900000026, 'LAST'), 'ok', 'month''s end: opened'), test.is(test.cancel(13900000026, 'LAST'), 'month_end', 'month''s end: cancelled'),
    test.is(test.step(13900000026, 'LAST'), 'end 2027-01-01 00:00 close', 'month''s end: then');
SELECT test.due('2026-12-31 23:59:59');
SELECT test.is(test.step(13900000026, 'LAST'), 'end 2027-01-01 00:00 close', 'month''s end: not a second before');
SELECT test.due('2027-01-01 00:00:00'), test.due('2027-01-05 00:00:00');
SELECT test.is(concat_ws('|', test.step(13900000026, 'LAST'), test.months(13900000026, 'LAST'), test.heard(13900000026)), '- close|2612 300',
    'month''s end: it ends, costs nothing more, and nothing more is said (B6)');

-- no balance
SELECT test.at('2026-11-22 10:00+08');
SELECT test.new(13900000030 + i, 500) FROM generate_series(0, 4) AS i;
SELECT test.order(13900000030 + i, 'CL') FROM generate_series(0, 4) AS i;
SELECT hall.top_up(13900000032, 5000, 'a'), hall.top_up(13900000033, 5000, 'a');
SELECT test.due('2026-11-30 10:00:00');
SELECT hall.put_subscriber(13900000032, '全球通', 'suspended', 'lost'), hall.put_subscriber(13900000033, '全球通', 'closed');
SELECT test.heard(13900000030 + i) FROM generate_series(0, 4) AS i;
SELECT test.due('2026-12-01 10:00:00');
SELECT test.is(test.heard(13900000030), 'charge_failed 0', 'no balance: told'),
    test.is(test.step(13900000030, 'CL'), 'charge 2026-12-02 10:00 open', 'no balance: tried again a day later'),
    test.is(test.heard(13900000032), 'charge_failed 5000', 'suspended: the same'),
    test.is(coalesce(test.heard(13900000033), '-') || test.step(13900000033, 'CL'), '-- closed', 'gone: it ends, and nothing is said'),
    test.is(test.balance(13900000033), '5000', 'gone: and nothing is charged');
SELECT test.due('2026-12-04 10:00:00'), hall.top_up(13900000031, 700, 'a'), test.heard(13900000031);
SELECT test.due('2026-12-05 09:59:59'), test.is(test.balance(13900000031), '700', 'topped up: not before the next try');
SELECT test.due('2026-12-05 10:00:00');
SELECT test.is(test.heard(13900000031), 'renewed 500 200', 'topped up: charged by the next try'),
    test.is(test.step(13900000031, 'CL'), 'notice 2026-12-31 10:00 open', 'topped up: as ever'),
    test.is(failed_months::text, '0', 'topped up: all is forgotten') FROM hall.subscription WHERE msisdn = 13900000031;
SELECT test.is(sum(test.due(day))::text, '75', 'no balance: a try each day')
FROM generate_series('2026-12-06 10:00'::timestamp, '2026-12-30 10:00', '1 day') AS day;
SELECT test.is(coalesce(test.heard(13900000030), '-'), '-', 'no balance: and silent (A7)'),
    test.is(test.step(13900000030, 'CL'), 'notice 2026-12-31 10:00 open', 'no balance: the last day is the next month''s notice');
SELECT test.due('2026-12-31 10:00:00');
SELECT test.is(test.heard(13900000030), 'renewal_notice 2027-01-01T10:00', 'no balance: which comes');
SELECT hall.put_subscriber(13900000032, '全球通', p_state_reason => 'resumed');
SELECT test.due('2027-01-01 10:00:00');
SELECT test.is(concat_ws('|', test.heard(13900000030), test.step(13900000030, 'CL')), 'closed_arrears|- arrears', 'no balance twice: closed, and told (A13)'),
    test.is(test.heard(13900000032), 'renewal_notice 2027-01-01T10:00, renewed 500 4500', 'suspended no longer: charged'),
    test.is(test.months(13900000032, 'CL'), '2611 500, 2701 500', 'suspended no longer: this month and not the last'),
    test.is(test.heard(13900000031), 'renewal_notice 2027-01-01T10:00, charge_failed 200', 'one more that fails once'),
    test.is(failed_months::text, '1', 'which counts from one') FROM hall.subscription WHERE msisdn = 13900000031;

-- what the catalogue and operators may change meanwhile; a notice of two hours; a trial that cannot be paid
INSERT INTO hall.service (code, name, fee_fen, trial_days, notice) VALUES ('QUICK', '快提示', 300, 0, '2 hours'), ('LONG', '长提示', 300, 0, '3 days'),
    ('POOR', '欠费试用', 300, 7, '24 hours');
SELECT test.at('2026-11-22 10:30+08');
SELECT test.new(13900000035, 1000), test.new(13900000036, 300), test.new(13900000037, 0), test.new(13900000038, 1000);
SELECT test.order(13900000035, 'QUICK'), test.order(13900000036, 'LONG'), test.order(13900000037, 'POOR'), test.order(13900000038, 'CL');
SELECT test.due('2026-11-28 10:30:00'), test.due('2026-11-29 10:30:00');
SELECT test.is(test.heard(13900000036), 'renewal_notice 2026-12-01T10:30', 'a notice of three days'),
    test.is(test.heard(13900000037), 'trial_notice 2026-11-29T10:30, charge_failed 0', 'a trial that cannot be paid'),
    test.is(test.step(13900000037, 'POOR'), 'notice 2026-11-30 10:00 open', 'goes on to the next month');
UPDATE hall.subscription SET charged_until = '2027-01-01' WHERE msisdn = 13900000038;
SELECT test.due('2026-12-01 08:00:00');
SELECT test.is(test.heard(13900000035), 'renewal_notice 2026-12-01T10:00', 'a notice of two hours'),
    test.is(test.heard(13900000037), 'renewal_notice 2026-12-02T08:00', 'a trial is tried once'),
    test.is(test.local((SELECT valid_until FROM hall.reply WHERE msisdn = 13900000035 AND outcome = 'renewal_notice')), '2026-12-01 10:00:00',
        'is worthless after them'),
    test.is(test.heard(13900000038), 'renewal_notice 2027-01-01T10:00', 'a month given away: the notice is of the next one');
SELECT test.due('2026-12-02 10:30:00');
SELECT test.is(test.heard(13900000036), 'charge_failed 0', 'no balance: told');
SELECT test.is(test.heard(13900000037), 'closed_arrears', 'a trial and a month that cannot be paid');
UPDATE hall.service SET notice = '1 day' WHERE code = 'LONG';
UPDATE hall.subscription SET step = 'notice', step_at = '2026-12-29 10:00+08' WHERE msisdn = 13900000036;
SELECT test.due('2026-12-29 10:00:00');
SELECT test.is(test.heard(13900000036), 'renewal_notice 2027-01-01T10:00', 'a notice that has become shorter: the charge does not come sooner');
UPDATE hall.subscription SET charged_until = '2027-02-01' WHERE msisdn = 13900000038;
SELECT test.due('2027-01-01 10:00:00');
SELECT test.is(concat_ws('|', test.heard(13900000038), test.months(13900000038, 'CL'), test.step(13900000038, 'CL')),
    '2611 500|notice 2027-01-31 10:00 open', 'a month given away after its notice: not charged');

-- one that fails harms no other, and nothing of it is done
SELECT test.at('2027-01-10 10:00+08');
SELECT test.new(13900000040, 5000), test.new(13900000041, 5000);
SELECT test.order(13900000040, 'CL'), test.order(13900000041, 'CL');
SELECT test.due('2027-01-31 10:00:00');
SELECT test.heard(13900000040), test.heard(13900000041);
UPDATE hall.dialogue SET options = '[{"fen": "much", "period": "month", "trial_days": 0}]' WHERE msisdn = 13900000040;
SET client_min_messages = error;
SELECT test.due('2027-02-01 10:00:00');
SELECT test.is(test.heard(13900000041), 'renewed 500 4000', 'a fault: the others go on'),
    test.is(concat_ws('|', test.heard(13900000040), test.balance(13900000040), test.step(13900000040, 'CL')), '4500|charge 2027-02-01 11:00 open',
        'a fault: put off for an hour');
RESET client_min_messages;
UPDATE hall.dialogue SET options = '[{"fen": 500, "period": "month", "trial_days": 0}]' WHERE msisdn = 13900000040;
SELECT test.due('2027-02-01 11:00:00');
SELECT test.is(test.heard(13900000040), 'renewed 500 4000', 'a fault: mended');

-- many at once: a call does a part and says that there is more
SELECT test.at('2027-02-10 10:00+08');
SELECT count(test.new(13900001000 + i, 1000)) FROM generate_series(1, 100) AS i;
SELECT count(test.order(13900001000 + i, 'CL')) FROM generate_series(1, 100) AS i;
SELECT test.due('2027-02-27 10:00:00');
SELECT test.at('2027-02-28 10:00+08');
SELECT test.is(r ->> 'more', 'true', 'run_due: more') FROM hall.run_due() AS r;
SELECT test.is((test.due('2027-02-28 10:00:00') > 40)::text, 'true', 'run_due: the rest'),
    test.is(hall.run_due()::text, '{"more": false, "steps": 0, "expired": 0, "reminders": 0, "partitions": 0}', 'run_due: nothing more');
SELECT test.is(count(*)::text, '100', 'each had its notice') FROM hall.reply WHERE msisdn BETWEEN 13900001001 AND 13900001100 AND outcome = 'renewal_notice';

SELECT test.is(count(*)::text, '0', 'in the end every balance is its ledger') FROM hall.check_ledger();
SELECT test.is(count(*)::text, '0', 'no charge without a consent before it (A1)')
FROM hall.ledger AS l
LEFT JOIN hall.dialogue AS d ON d.msisdn = l.msisdn AND d.number = l.consent AND d.ended = 'yes' AND d.ended_at <= l.at
WHERE l.kind = 'service_fee' AND d.number IS NULL;
SELECT test.is(count(*)::text, '0', 'no renewal without a notice a day before it (A12)')
FROM hall.ledger AS l
JOIN hall.service AS s ON s.code = l.service
WHERE l.kind = 'service_fee' AND s.notice > '0' AND l.fen <> -1
  AND EXISTS (SELECT FROM hall.ledger AS b WHERE b.msisdn = l.msisdn AND b.service = l.service AND b.number < l.number)
  AND NOT EXISTS (
      SELECT FROM hall.reply AS r
      WHERE r.msisdn = l.msisdn AND r.outcome IN ('renewal_notice', 'trial_notice') AND r.at BETWEEN l.at - interval '35 days' AND l.at - interval '24 hours');
