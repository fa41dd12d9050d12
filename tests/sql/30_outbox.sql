-- How replies end: settle and delivery reports in every order, claims, expiry, dead letters.
SELECT test.at('2026-11-22 10:00+08');

-- One reply for each case: its mt is 2611-<number>. m(n) is the n-th.
SELECT count(test.send(13800138000, 'o' || i, 'T' || i)) FROM generate_series(1, 20) AS i;
CREATE FUNCTION test.settle_of(p_msisdn bigint, n int, p_state text, p_text text) RETURNS text
LANGUAGE sql RETURN hall.settle(p_msisdn, '2611-' || n, p_state, p_text, 0, NULL, 0, NULL);
CREATE FUNCTION test.settle(n int, p_state text, p_text text DEFAULT NULL, p_pieces int DEFAULT 0, p_reason text DEFAULT NULL,
    p_wait_s int DEFAULT 0)
RETURNS text LANGUAGE sql RETURN hall.settle(13800138000, '2611-' || n, p_state, p_text, p_pieces, p_reason, p_wait_s, NULL);
CREATE FUNCTION test.report(n int, p_status int, p_reason text DEFAULT NULL) RETURNS text
LANGUAGE sql RETURN hall.delivery_report(13800138000, '2611-' || n, p_status, p_reason, 1353549600);
CREATE FUNCTION test.reply(n int) RETURNS hall.reply
LANGUAGE sql RETURN (SELECT r FROM hall.reply AS r WHERE msisdn = 13800138000 AND number = n);

SELECT test.is((test.reply(1)).state::text, 'unsent', 'sendsms: unsent'),
    test.is((test.reply(1)).claim_after::text, '2026-11-22 02:01:00+00', 'sendsms: the taker''s for 60 s');
SELECT test.is(test.send(13800138001, 'i1', 'YE', 'balance', p_way => 'inline') #>> '{replies,0,state}', 'answered', 'inline: answered');
SELECT test.is(r #>> '{replies,0,valid_s}', '86400', 'valid_s: a day'),
    test.is(r #>> '{replies,0,pieces}', '0', 'pieces: none yet') FROM test.send(13800138001, 'i2', 'YE', 'balance') AS r;

SELECT test.is(test.settle_of(13800138001, 1, 'answered', '您好'), 'answered', 'inline: its words are noted afterwards');
SELECT test.is((SELECT text FROM hall.reply WHERE msisdn = 13800138001 AND number = 1), '您好', 'inline: … as they were sent');

-- inline: there is room for one reply; what could not be said may die, or be sent
SELECT test.send(13900139000, 'i3', 'YE', 'balance', p_way => 'inline') IS NULL;
SELECT hall_private.add_reply(13900139000, 1, 2, '10086', 'inline', NULL, 'hall', 'unknown', '{}') IS NULL;
SELECT test.is(string_agg(part || ' ' || state || ' ' || coalesce(claim_after::text, '-'), ', ' ORDER BY part),
    '1 answered -, 2 unsent 2026-11-22 02:01:00+00', 'inline: the second part is sent') FROM hall.reply WHERE msisdn = 13900139000;
SELECT test.is(test.settle_of(13900139000, 1, 'unsent', NULL), 'unsent', 'inline: unsaid, to be sent'),
    test.is(test.settle_of(13900139000, 1, 'answered', NULL), 'answered', 'inline: and said after all'),
    test.is(hall.settle(13900139000, '2611-1', 'dead', NULL, 0, 'no words for it', NULL, NULL), 'dead', 'inline: unsaid, and never will be');
SELECT test.is((SELECT reason FROM hall.dead_letters(NULL, 13900139000)), 'no words for it', 'inline: that is a dead letter');
SELECT test.settle_of(13900139000, 1, 'answered', '您好');
SELECT test.is(test.settle_of(13900139000, 1, 'unsent', NULL) || ' ' || test.settle_of(13900139000, 1, 'dead', NULL), 'answered answered',
    'inline: what was said stays said');

-- after: the reply before that is unsent, whoever has it
SELECT test.is(test.send(13800138002, 'b1', 'YE', 'balance') #>> '{replies,0,after}', NULL, 'after: the first comes after none'),
    test.is(test.send(13800138002, 'b2', 'YE', 'balance') #>> '{replies,0,after}', '2611-1', 'after: the second comes after the first'),
    test.is(test.send(13800138002, 'b3', 'YE', 'balance') #>> '{replies,0,after}', '2611-2', 'after: the third after the second');
SELECT test.settle_of(13800138002, 2, 'sent', 'x'), test.settle_of(13800138002, 3, 'sent', 'x');
SELECT test.is(test.send(13800138002, 'b4', 'YE', 'balance') #>> '{replies,0,after}', '2611-1', 'after: only what is unsent');
SELECT test.settle_of(13800138002, 1, 'sent', 'x'), test.settle_of(13800138002, 4, 'sent', 'x');

-- settle
SELECT test.is(test.settle(1, 'sent', '您好', 2), 'sent', 'settle: sent');
SELECT test.is(concat_ws('|', state, text, pieces, claim_after, sent_at), 'sent|您好|2|2026-11-22 02:00:00+00',
    'settle: what was sent is noted') FROM test.reply(1);
SELECT test.is(test.settle(1, 'sent', '您好', 2), 'sent', 'settle: again');
SELECT test.is(test.settle(1, 'unsent', NULL, 0, 'late'), 'sent', 'settle: sent does not become unsent');
SELECT test.is(test.settle(1, 'dead', NULL, 0, 'late'), 'sent', 'settle: sent does not die');
SELECT test.is(concat_ws('|', state, text, pieces, reason), 'sent|您好|2', 'settle: and nothing of it is forgotten') FROM test.reply(1);
SELECT test.is(test.settle(2, 'unsent', NULL, 1, 'http 503', 30), 'unsent', 'settle: unsent, try later');
SELECT test.is(concat_ws('|', state, pieces, reason, claim_after), 'unsent|1|http 503|2026-11-22 02:00:30+00', 'settle: not before 30 s')
    FROM test.reply(2);
SELECT test.is(hall.settle(13800138000, '2611-2', 'unsent', NULL, 0, 'http 503', 40, 0), 'unsent', 'settle: unsent, by whom it is with'),
    test.is((test.reply(2)).claim_after::text, '2026-11-22 02:00:40+00', 'settle: takes effect'),
    test.is(hall.settle(13800138000, '2611-2', 'unsent', NULL, 2, 'late', 90, 1), 'unsent', 'settle: unsent, by somebody else'),
    test.is(concat_ws('|', (test.reply(2)).claim_after, (test.reply(2)).reason, (test.reply(2)).pieces),
        '2026-11-22 02:00:40+00|http 503|2', 'settle: changes nothing but what was sent');
SELECT test.is(test.settle(2, 'dead', NULL, 1, 'http 400'), 'dead', 'settle: dead');
SELECT test.is(test.settle(2, 'unsent'), 'dead', 'settle: the dead are not tried again by themselves');
SELECT test.is(test.settle(2, 'sent', 'x', 2), 'sent', 'settle: it went out after all');
SELECT test.is(test.settle(3, 'expired', NULL, 0, 'validity'), 'expired', 'settle: expired');
SELECT test.is(test.settle(3, 'dead'), 'expired', 'settle: expired stays');
SELECT test.is(hall.settle(13800138000, '2611-999', 'sent', NULL, 1, NULL, NULL, NULL), 'unknown', 'settle: unknown number');
SELECT test.is(hall.settle(13800138000, m, 'sent', NULL, 1, NULL, NULL, NULL), 'unknown', 'settle: no id of ours: ' || coalesce(m, 'NULL'))
FROM unnest(ARRAY['', 'x', '2613-1', '2611-', '2611-1.', '2611-1.99999', '2611-99999999999', NULL]) AS m;
SELECT test.refused($$SELECT hall.settle(13800138000, '2611-1', 'delivered', NULL, 1, NULL, NULL, NULL)$$, '22023',
    'settle: only what a courier may say');
SELECT test.is(hall.settle(13800138001, '2611-1', 'sent', '您好', 1, NULL, NULL, NULL), 'answered', 'settle: inline stays answered');
SELECT test.is(text, '您好', 'settle: inline keeps its text') FROM hall.reply WHERE msisdn = 13800138001 AND number = 1;

-- delivery reports
SELECT test.is(test.report(1, 8), 'accepted', 'report: accepted'), test.is(test.report(1, 4), 'unchanged', 'report: 4 after 8');
SELECT test.is(test.report(1, 1), 'delivered', 'report: delivered'), test.is(test.report(1, 1), 'unchanged', 'report: twice');
SELECT test.is(test.report(1, 8), 'unchanged', 'report: 8 after 1 changes nothing'),
    test.is(test.report(1, 2), 'unchanged', 'report: nor does 2');
SELECT test.is(concat_ws('|', state, report_status, report_at), 'delivered|1|2012-11-22 02:00:00+00', 'report: status and time are noted')
    FROM test.reply(1);
SELECT test.is(test.settle(4, 'sent', 'x', 1), 'sent', 'sent'), test.is(test.report(4, 2, 'absent'), 'failed', 'report: failed');
SELECT test.is((test.reply(4)).reason, 'absent', 'report: the reason is noted'),
    test.is(test.report(4, 8), 'unchanged', 'report: 8 after 2');
SELECT test.is(test.report(4, 1), 'delivered', 'report: delivered after all'),
    test.is((test.reply(4)).reason, NULL, 'report: without a reason then');
SELECT test.is(test.settle(5, 'sent', 'x', 1), 'sent', 'sent'),
    test.is(test.report(5, 16, 'NACK'), 'failed', 'report: 16 is refused by the SMSC');
SELECT test.is(test.report(5, 99), 'unknown', 'report: unknown status'), test.is(test.report(999, 1), 'unknown', 'report: unknown reply'),
    test.is(hall.delivery_report(13800138001, '2611-5', 1, NULL, NULL), 'unknown', 'report: another subscriber''s');
SELECT test.is(test.report(6, 1), 'delivered', 'report: before the note'),
    test.is(test.settle(6, 'sent', '先到', 1), 'delivered', 'report: the note does not set it back');
SELECT test.is(concat_ws('|', state, text, pieces, claim_after), 'delivered|先到|1', 'report: and the note''s text is kept')
    FROM test.reply(6);
SELECT test.is(test.report(7, 8), 'accepted', 'report: 8 before the note'),
    test.is(test.settle(7, 'unsent', NULL, 0, 'timeout', 5), 'accepted', 'report: it is not sent again');
SELECT test.is(hall.delivery_report(13800138001, '2611-1', 1, NULL, NULL), 'delivered', 'report: for an inline reply');

-- Every order of what can happen to a reply ends in the highest of its states.
CREATE FUNCTION test.play(n int, p_steps text[]) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    v_step text;
    v_rank int := 0;
BEGIN
    FOREACH v_step IN ARRAY p_steps LOOP
        IF v_step ~ '^[0-9]+$' THEN
            PERFORM test.report(n, v_step::int);
        ELSE
            PERFORM test.settle(n, v_step);
        END IF;
        IF hall_private.reply_rank((test.reply(n)).state) < v_rank THEN
            RETURN 'went back at ' || v_step;
        END IF;
        v_rank := hall_private.reply_rank((test.reply(n)).state);
    END LOOP;
    RETURN (test.reply(n)).state;
END
$$;
WITH RECURSIVE step AS (
    SELECT unnest(ARRAY['unsent', 'dead', 'sent', '8', '2', '1']) AS s
), orders AS (
    SELECT ARRAY[s] AS steps FROM step
    UNION ALL
    SELECT steps || s FROM orders, step WHERE s <> ALL (steps)
)
SELECT steps, 100 + row_number() OVER () AS n INTO test.orders FROM orders WHERE array_length(steps, 1) = 6;
INSERT INTO hall.reply (msisdn, at, month, number, port, command, outcome, fields, state, claim_after, valid_until)
SELECT 13800138000, hall.now(), '2026-11-01', n, '10086', 'hall', 'unknown', '{}',
    'unsent', hall.now() + interval '1 day', hall.now() + interval '2 days' FROM test.orders;
SELECT test.is(count(*) || ' ' || string_agg(DISTINCT end_state, ','), '720 delivered', 'states only move forward, in all 720 orders')
FROM (SELECT test.play(n::int, steps) AS end_state FROM test.orders) AS played;
DELETE FROM hall.reply WHERE number > 100;

-- claims
UPDATE hall.reply SET state = 'sent', claim_after = NULL WHERE state = 'unsent';
SELECT test.is(hall.claim_unsent(10, 60)::text, '[]', 'claim: nothing to do');
SELECT test.send(13800138000 + i % 2, 'c' || i, 'C' || i) IS NULL FROM generate_series(1, 6) AS i;
CREATE FUNCTION test.claim(p_most int) RETURNS text
LANGUAGE sql RETURN (SELECT string_agg(right(c ->> 'msisdn', 1) || ':' || (c ->> 'mt'), ' ' ORDER BY n)
    FROM jsonb_array_elements(hall.claim_unsent(p_most, 60)) WITH ORDINALITY AS j (c, n));
SELECT test.is(test.claim(10), NULL, 'claim: not while they are the taker''s');
SELECT test.wait(61);
SELECT test.is(test.claim(3), '0:2611-21 0:2611-22 1:2611-3', 'claim: each subscriber''s first, then what follows');
SELECT test.is(test.claim(10), NULL, 'claim: nothing behind what is still with somebody');
SELECT test.is(test.settle(21, 'sent', 'x', 1), 'sent', 'claim: the first one is settled'),
    test.is(test.settle(22, 'unsent', NULL, 0, 'http 503', 3600), 'unsent', 'claim: the next is put off');
SELECT test.is(hall.settle(13800138001, '2611-3', 'sent', 'x', 1, NULL, NULL, NULL), 'sent', 'claim: the other one''s too');
SELECT test.is(test.claim(10), '1:2611-4 1:2611-5', 'claim: nothing overtakes what was put off');
SELECT test.wait(61);
SELECT test.is(test.claim(10), '1:2611-4 1:2611-5', 'claim: a lease that ran out is anybody''s');
SELECT test.wait(3600);
SELECT test.is(test.claim(1), '1:2611-4', 'claim: oldest first'),
    test.is(test.claim(10), '0:2611-22 0:2611-23', 'claim: in order after all');
SELECT test.is(hall.settle(13800138001, '2611-4', 'sent', 'x', 1, NULL, NULL, NULL), 'sent', 'settled'),
    test.is(hall.settle(13800138001, '2611-5', 'sent', 'x', 1, NULL, NULL, NULL), 'sent', 'settled');
SELECT test.wait(61);
SELECT test.is((c - 'valid_s')::text,
    '{"mt": "2611-22", "port": "10086", "text": null, "state": "unsent", "claims": 3, "fields": {"near": []}, "msisdn": "13800138000", '
    '"pieces": 0, '
    '"command": "hall", "outcome": "unknown", "language": null}', 'claim: as receive gives them, with the msisdn')
        FROM jsonb_array_elements(hall.claim_unsent(1, 60)) AS c;

-- expiry
SELECT test.at('2026-11-24 10:00+08');
SELECT test.is(test.claim(10), NULL, 'expiry: nobody wants the news of yesterday');
SELECT test.is(concat_ws('|', state, claim_after, reason), 'expired|validity', 'expiry: noted') FROM test.reply(22);
SELECT test.send(13800138001, 'x1', 'X1') IS NULL;
SELECT test.wait(86401);
SELECT test.is(hall.run_due() ->> 'expired', '1', 'run_due: expires what is left');
SELECT test.send(13800138001, 'x2', 'X2') IS NULL, test.send(13800138001, 'x3', 'X3') IS NULL;
SELECT test.is(test.mt(test.send(13800138001, 'x2', 'X2')), '2611-7', 'numbers go on');

-- an outage: more that is too late than is looked at first
INSERT INTO hall.reply (msisdn, at, month, number, port, command, outcome, fields, state, claim_after, valid_until)
SELECT 13900139001, hall.now(), '2026-11-01', n, '10086', 'hall', 'unknown', '{}', 'unsent', hall.now() + make_interval(secs => n / 1e4),
    hall.now() + make_interval(secs => CASE WHEN n <= 2500 THEN 60 ELSE 6000 END) FROM generate_series(1, 2501) AS n;
SELECT test.wait(70);
SELECT test.is(string_agg(c ->> 'mt', ' '), '2611-2501', 'expiry: all that is too late goes, and what is not is claimed')
FROM jsonb_array_elements(hall.claim_unsent(500, 60)) AS c WHERE c ->> 'msisdn' = '13900139001';
DELETE FROM hall.reply WHERE msisdn = 13900139001;

-- across the month's end
SELECT test.at('2026-11-30 23:59:58+08');
SELECT test.send(13800138003, 'y1', 'A') IS NULL;
SELECT test.wait(5);
SELECT test.send(13800138003, 'y2', 'B') IS NULL;
SELECT test.wait(100);
SELECT test.is(test.claim(100), '3:2611-1 3:2612-2', 'claim: in order across the month''s end');

-- dead letters
SELECT test.at('2026-12-05 10:00+08');
SELECT test.is(string_agg(mt || ' ' || state || ' ' || coalesce(reason, '-'), ', '),
    '2611-3 expired validity, 2611-5 failed NACK, 2611-22 expired validity, 2611-23 expired validity', 'dead letters: of one subscriber')
        FROM hall.dead_letters(NULL, 13800138000);
SELECT test.is(string_agg(mt, ' '), '2611-6 2611-7 2611-8', 'dead letters: since') FROM hall.dead_letters('2026-11-24 00:00+08', NULL);
SELECT test.is(count(*)::text, '2', 'dead letters: at most') FROM hall.dead_letters(NULL, NULL, 2);
SELECT test.is(hall.resend(13800138000, '2611-5')::text, 'true', 'resend: one'),
    test.is(hall.resend(13800138000, '2611-5')::text, 'false', 'resend: it is no dead letter now');
SELECT test.is(hall.resend(13800138000, '2611-1')::text, 'false', 'resend: not what was delivered'),
    test.is(hall.resend(13800138000, 'x')::text, 'false', 'resend: no id');
SELECT test.is(test.claim(100), '0:2611-5', 'resend: it is claimed at once');
SELECT test.is(concat_ws('|', state, text, pieces, report_status, reason), 'unsent|x|0', 'resend: from the beginning') FROM test.reply(5);
SELECT test.is((test.reply(5)).claims::text, '2', 'resend: in another hand, and then in the claimer''s');
SELECT test.is(test.report(5, 16, 'NACK'), 'unchanged', 'resend: a second report on the time before does not keep it from being sent'),
    test.is(test.report(5, 8), 'unchanged', 'resend: nor does one that it is on its way'),
    test.is((test.reply(5)).state::text, 'unsent', 'resend: it is to be sent still');
SELECT test.is(test.settle(5, 'sent', 'x', 1), 'sent', 'resend: sent'),
    test.is(test.report(5, 16, 'NACK'), 'failed', 'resend: may fail again'),
    test.is(hall.resend(13800138000, '2611-5')::text, 'true', 'resend: and be resent again'),
    test.is(test.report(5, 1), 'delivered', 'resend: delivered in the end counts');

-- a figure that goes round
UPDATE hall.reply SET state = 'unsent', claims = 32767, claim_after = hall.now() WHERE msisdn = 13900139000 AND number = 1 AND part = 2;
UPDATE hall.reply SET valid_until = hall.now() + interval '1 hour' WHERE msisdn = 13900139000 AND claim_after IS NOT NULL;
SELECT test.is(string_agg(c ->> 'claims', ' '), '1', 'claims: goes round before it ends')
FROM jsonb_array_elements(hall.claim_unsent(10, 60)) AS c WHERE c ->> 'mt' = '2611-1.2';

SELECT test.is(count(*)::text, '0', 'check_outbox: all is right') FROM hall.check_outbox();
UPDATE hall.reply SET claim_after = NULL WHERE msisdn = 13900139000 AND claim_after IS NOT NULL;
SELECT test.is(string_agg(DISTINCT msisdn || ' ' || state, ' '), '13900139000 unsent', 'check_outbox: what nobody would ever send') FROM hall.check_outbox();
