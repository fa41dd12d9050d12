-- Evidence of consent (rules A8): what is kept, that each change of it shows, and what auditors are told.
CREATE FUNCTION test.kinds(p_msisdn bigint) RETURNS text
LANGUAGE sql RETURN (SELECT string_agg(e.kind, ' ' ORDER BY e.number) FROM hall.evidence AS e WHERE e.msisdn = p_msisdn);
CREATE FUNCTION test.faults(p_msisdn bigint DEFAULT NULL) RETURNS text
LANGUAGE sql RETURN (
    SELECT string_agg(concat_ws(' ', v.msisdn % 10, v.number, 'q' || v.dialogue, v.fault), '; ') FROM hall.verify_evidence(p_msisdn) AS v);
CREATE FUNCTION test.money() RETURNS text
LANGUAGE sql RETURN (SELECT string_agg(concat_ws(' ', v.number, v.service, v.fault), '; ') FROM hall.verify_money() AS v);
-- A paid order from its request to the report on its receipt.
CREATE FUNCTION test.order(p_msisdn bigint, p_id text, p_service text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    v_mt text;
BEGIN
    v_mt := test.mt(test.send(p_msisdn, p_id || 'a', 'kt' || p_service, 'open', jsonb_build_object('service', p_service), 'changes',
        p_confirm => 'when_charged', p_gateway_time => extract(epoch FROM hall.now())::bigint));
    PERFORM test.wait(2);
    PERFORM hall.settle(p_msisdn, v_mt, 'sent', '您将订购' || p_service || '，请回复“是”', 1, NULL, NULL, 0);
    PERFORM test.wait(5);
    PERFORM hall.delivery_report(p_msisdn, v_mt, 8, NULL, NULL);
    PERFORM hall.delivery_report(p_msisdn, v_mt, 1, NULL, extract(epoch FROM hall.now())::bigint);
    PERFORM test.wait(60);
    RETURN test.outcome(test.send(p_msisdn, p_id || 'b', ' 是。', p_answer => 'yes',
        p_gateway_time => extract(epoch FROM hall.now())::bigint));
END
$$;
SELECT test.at('2026-11-22 10:00:00+08');

SELECT test.is(test.faults(), NULL, 'nothing is kept yet, and that holds');
SELECT test.is(test.order(13800138000, 'o', 'CL'), 'new open ok', 'an order');
SELECT test.is(test.kinds(13800138000), 'asked said reported reported answered opened', 'each step is kept');
SELECT test.is(content::text, '{"at": "2026-11-22T10:00:02+08:00", "mt": "2611-1", "port": "10086", "text": "您将订购CL，请回复“是”"}',
    'said: the words exactly as they were sent')
FROM hall.evidence WHERE msisdn = 13800138000 AND number = 2;
SELECT test.is(content::text, '{"at": "2026-11-22T10:00:07+08:00", "mt": "2611-1", "state": "delivered", "reason": null, "status": 1}',
    'reported: what came back')
FROM hall.evidence WHERE msisdn = 13800138000 AND number = 4;
SELECT test.is(content ->> 'text', ' 是。', 'answered: the words exactly as they came')
FROM hall.evidence WHERE msisdn = 13800138000 AND number = 5;
SELECT test.is(content ->> 'text' || ' ' || (content #>> '{options,0,fen}') || ' ' || (content ->> 'until'),
    'ktCL 500 2026-11-23T10:00:00+08:00', 'asked: the request, the price and the deadline')
FROM hall.evidence WHERE msisdn = 13800138000 AND number = 1;
SELECT test.is(test.faults(), NULL, 'it holds');
SELECT test.is(test.money(), NULL, 'and the charge rests on it');

-- replies: what puts a question is kept, once for each time that it is said
SELECT test.is(hall.settle(13800138000, '2611-1', 'sent', '您将订购CL，请回复“是”', 1, NULL, NULL, 0), 'delivered', 'settled a second time');
SELECT test.is(hall.delivery_report(13800138000, '2611-1', 1, NULL, NULL), 'unchanged', 'reported a second time');
SELECT test.is(hall.settle(13800138000, '2611-2', 'sent', '已为您开通彩铃', 1, NULL, NULL, 0), 'sent', 'an ordinary reply is settled');
SELECT test.is(hall.delivery_report(13800138000, '2611-2', 1, NULL, NULL), 'delivered', 'and reported on');
SELECT test.is(test.kinds(13800138000), 'asked said reported reported answered opened', 'said: none of these says anything new');
SELECT test.is(test.outcome(test.send(13800138001, 'p1', '0000', 'leave_list', '{}', 'leaves')), 'new leave_list none', 'nothing to leave');
SELECT test.is(test.kinds(13800138001), NULL, 'asked: what asks nothing is no evidence');
UPDATE hall.setting SET value = 3 WHERE name = 'list_lines';
SELECT test.is(test.outcome(test.send(13800138000, 'p2', '0000', 'leave_list', '{}', 'leaves', p_way => 'inline')),
    'new leave_list list', 'a list, inline');
SELECT test.is(hall.settle(13800138000, '2611-3', 'answered', '您已开通：1.来电显示', 1, NULL, NULL, 0), 'answered', 'its words are noted late');
SELECT test.is(hall.settle(13800138000, '2611-3', 'answered', '您已开通：1.来电显示', 1, NULL, NULL, 0), 'answered', 'and twice');
SELECT test.is(hall.settle(13800138000, '2611-3.2', 'unsent', '您已开通：4.新闻早报', 0, 'busy', 30, 0), 'unsent', 'its second part waits');
SELECT test.is(hall.settle(13800138000, '2611-3.2', 'dead', '您已开通：4.新闻早报', 0, 'refused', NULL, 0), 'dead', 'and is never sent');
SELECT test.is(test.kinds(13800138000), 'asked said reported reported answered opened asked said', 'said: once, and only what was said');
SELECT test.is(hall.resend(13800138000, '2611-3.2')::text, 'true', 'it is sent again by hand');
SELECT test.is(hall.settle(13800138000, '2611-3.2', 'sent', '您已开通：4.新闻早报', 1, NULL, NULL, 1), 'sent', 'with success');
SELECT test.is(hall.delivery_report(13800138000, '2611-3.2', 2, 'absent', NULL), 'failed', 'but does not arrive');
SELECT test.is(hall.resend(13800138000, '2611-3.2')::text, 'true', 'and once more');
SELECT test.is(hall.settle(13800138000, '2611-3.2', 'sent', '您已开通：4.新闻早报', 1, NULL, NULL, 2), 'sent', 'with success');
SELECT test.is(test.kinds(13800138000), 'asked said reported reported answered opened asked said said reported said',
    'said: each time that it was');
SELECT test.is(hall.settle(13800138000, '2611-9', 'sent', 'x', 1, NULL, NULL, 0), 'unknown', 'an unknown reply is nobody''s evidence');
SELECT test.is(test.faults(), NULL, 'it holds after all this');

-- a second one who consents, and one who does not
SELECT test.is(test.outcome(test.send(13800138001, 'q', 'ktldtx', 'open', '{"service": "LDTX"}', 'changes', p_confirm => 'when_charged')),
    'new open no_balance', 'an order that cannot be paid is refused before it asks');
SELECT test.is(test.kinds(13800138001), NULL, 'and is no evidence');
SELECT test.is(hall.top_up(13800138001, 5000, 'test')::text, '5050', 'a top-up');
SELECT test.wait(61);
SELECT test.is(test.order(13800138001, 'r', 'LDTX'), 'new open ok', 'an order');
SELECT test.is(test.outcome(test.send(13800138001, 's1', 'ktcl', 'open', '{"service": "CL"}', 'changes', p_confirm => 'when_charged')),
    'new open ask', 'another question');
SELECT test.is(test.outcome(test.send(13800138001, 's2', '否', p_answer => 'no')), 'new open declined', 'is declined');
SELECT test.is(test.outcome(test.send(13800138001, 's3', 'ktcl', 'open', '{"service": "CL"}', 'changes', p_confirm => 'when_charged')),
    'new open ask', 'is put again');
SELECT test.is(test.outcome(test.send(13800138001, 's4', 'ktcl8', 'open', '{"service": "CL8"}', 'changes', p_confirm => 'when_charged')),
    'new open ask', 'and replaced');
SELECT test.is(test.faults(), NULL, 'all of it holds');
SELECT test.is(string_agg(d.ended, ' ' ORDER BY d.number), 'yes no replaced', 'each ended in its way')
FROM hall.dialogue AS d WHERE d.msisdn = 13800138001;

-- what a session is set to does not change a hash
SET timezone = 'America/New_York';
SET datestyle = 'German';
SET extra_float_digits = -5;
SET intervalstyle = 'iso_8601';
SET bytea_output = 'escape';
SELECT test.is(test.faults(), NULL, 'it holds whatever the session is set to');
RESET ALL;
SELECT test.at('2026-11-22 11:00:00+08');

-- each way to tamper is found
CREATE FUNCTION test.tamper(p_sql text, p_found text, p_name text, p_look text DEFAULT 'SELECT test.faults()') RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    v_found text;
BEGIN
    BEGIN
        EXECUTE p_sql;
        EXECUTE p_look INTO v_found;
        RAISE EXCEPTION 'back' USING ERRCODE = 'P0002';
    EXCEPTION WHEN no_data_found THEN
        RETURN test.is(v_found, p_found, 'tampered: ' || p_name);
    END;
END
$$;
SELECT test.tamper($$UPDATE hall.evidence SET content = content || '{"text": "已开通"}' WHERE msisdn = 13800138000 AND number = 3$$,
    '0 3 changed: its hash is not that of its content and the row before it', 'a row''s content');
SELECT test.tamper($$UPDATE hall.evidence SET at = at + interval '1 microsecond' WHERE msisdn = 13800138000 AND number = 3$$,
    '0 3 changed: its hash is not that of its content and the row before it', 'a row''s time');
SELECT test.tamper($$UPDATE hall.evidence SET kind = 'said' WHERE msisdn = 13800138000 AND number = 6$$,
    '0 6 changed: its hash is not that of its content and the row before it', 'a row''s kind');
SELECT test.tamper($$UPDATE hall.evidence SET service = 'CL8' WHERE msisdn = 13800138000 AND number = 6$$,
    '0 6 changed: its hash is not that of its content and the row before it', 'a row''s service');
SELECT test.tamper($$UPDATE hall.evidence SET dialogue = NULL WHERE msisdn = 13800138000 AND number = 6$$,
    '0 6 changed: its hash is not that of its content and the row before it', 'which question a row is about');
SELECT test.tamper($$UPDATE hall.evidence AS e
        SET content = '{}', hash = hall_private.evidence_hash(
            (SELECT b.hash FROM hall.evidence AS b WHERE b.msisdn = e.msisdn AND b.number = e.number - 1),
            e.msisdn, e.number, e.at, e.dialogue, e.service, e.kind, '{}')
        WHERE msisdn = 13800138000 AND number = 3$$,
    '0 4 changed: its hash is not that of its content and the row before it', 'a row with a new hash of its own');
SELECT test.tamper('DELETE FROM hall.evidence WHERE msisdn = 13800138000 AND number = 3', '0 3 missing: up to number 3',
    'a row in between');
SELECT test.tamper('DELETE FROM hall.evidence WHERE msisdn = 13800138000 AND number BETWEEN 3 AND 4', '0 3 missing: up to number 4',
    'two rows in between');
SELECT test.tamper('DELETE FROM hall.evidence WHERE msisdn = 13800138000 AND number IN (2, 4)',
    '0 2 missing: up to number 2; 0 4 missing: up to number 4', 'two that are not neighbours');
SELECT test.tamper('DELETE FROM hall.evidence WHERE msisdn = 13800138000 AND number = 1',
    '0 1 missing: up to number 1; 0 q1 the question is not in the evidence', 'the first row');
SELECT test.tamper('DELETE FROM hall.evidence WHERE msisdn = 13800138000 AND number = 11', '0 11 missing: up to number 11', 'the last row');
SELECT test.tamper('DELETE FROM hall.evidence_end WHERE msisdn = 13800138000', '0 11 the end of the chain is missing', 'the end');
SELECT test.tamper($$DELETE FROM hall.evidence WHERE msisdn = 13800138000 AND number = 11;
        DELETE FROM hall.evidence_end WHERE msisdn = 13800138000$$, '0 10 the end of the chain is missing', 'the last row and the end');
SELECT test.tamper($$UPDATE hall.evidence_end SET number = 10 WHERE msisdn = 13800138000$$, '0 11 the end of the chain is number 10',
    'the end''s number');
SELECT test.tamper($$UPDATE hall.evidence_end SET hash = sha256(hash) WHERE msisdn = 13800138000$$,
    '0 11 the end of the chain has another hash', 'the end''s hash');
SELECT test.tamper($$UPDATE hall.evidence SET number = -number WHERE msisdn = 13800138000 AND number IN (3, 4);
        UPDATE hall.evidence SET number = 7 + number WHERE msisdn = 13800138000 AND number < 0$$,
    '0 3 changed: its hash is not that of its content and the row before it; '
    '0 4 changed: its hash is not that of its content and the row before it; '
    '0 5 changed: its hash is not that of its content and the row before it', 'two rows that changed places');
SELECT test.tamper($$DELETE FROM hall.evidence WHERE msisdn = 13800138001 AND number = 2;
        INSERT INTO hall.evidence (msisdn, number, at, dialogue, service, kind, content, hash)
        SELECT 13800138001, number, at, dialogue, service, kind, content, hash
        FROM hall.evidence WHERE msisdn = 13800138000 AND number = 2$$,
    '1 2 changed: its hash is not that of its content and the row before it; '
    '1 3 changed: its hash is not that of its content and the row before it', 'a row of somebody else''s');
SELECT test.tamper($$DELETE FROM hall.evidence WHERE msisdn = 13800138000; DELETE FROM hall.evidence_end WHERE msisdn = 13800138000$$,
    '0 q1 the question is not in the evidence; 0 q1 how it ended is not in the evidence: yes; 0 q3 the question is not in the evidence',
    'all of a subscriber''s evidence');
SELECT test.tamper($$UPDATE hall.dialogue SET options = jsonb_set(options, '{0,fen}', '300') WHERE msisdn = 13800138000 AND number = 1$$,
    '0 q1 the question is not the one in the evidence; 0 q1 the price in the question is not the one that was consented to',
    'the price that was asked for');
SELECT test.tamper($$UPDATE hall.dialogue SET fields = jsonb_set(fields, '{price,fen}', '300') WHERE msisdn = 13800138000 AND number = 1$$,
    '0 q1 the price in the question is not the one that was consented to', 'the price that was shown');
SELECT test.tamper($$UPDATE hall.dialogue SET until = until + interval '1 day' WHERE msisdn = 13800138000 AND number = 1$$,
    '0 q1 the question is not the one in the evidence', 'the deadline');
SELECT test.tamper($$UPDATE hall.dialogue SET ended = 'yes' WHERE msisdn = 13800138001 AND ended = 'no'$$,
    '1 q5 how it ended is not in the evidence: yes; 1 q5 it ended otherwise than the evidence says: no', 'a no that became a yes');
SELECT test.tamper($$UPDATE hall.dialogue SET ended = 'expired' WHERE msisdn = 13800138000 AND number = 1$$,
    '0 q1 it ended otherwise than the evidence says: yes', 'an answer that was undone');
SELECT test.tamper($$DELETE FROM hall.dialogue WHERE msisdn = 13800138000 AND number = 3$$, '0 q3 the question is gone', 'a question');
SELECT test.tamper($$UPDATE hall.message SET text = '好' WHERE msisdn = 13800138000 AND gateway_id = 'ob'$$,
    '0 5 q1 message 2 has other words than this', 'the answer''s words');
SELECT test.tamper($$UPDATE hall.message SET gateway_at = gateway_at - interval '1 hour' WHERE msisdn = 13800138000 AND gateway_id = 'ob'$$,
    '0 5 q1 message 2 has other words than this', 'when the answer came');
SELECT test.tamper($$UPDATE hall.reply SET text = '您将免费订购' WHERE msisdn = 13800138000 AND number = 1$$,
    '0 2 q1 reply 2611-1 has other words than this', 'the question''s words');

-- so is a charge that rests on nothing (rules A1); most cannot even be written
CREATE FUNCTION test.tamper_money(p_sql text, p_found text, p_name text) RETURNS text
LANGUAGE sql
RETURN test.tamper(p_sql, p_found, 'money: ' || p_name, 'SELECT test.money()');
SELECT test.refused($$INSERT INTO hall.ledger (msisdn, number, at, fen, balance_fen, kind, service, period)
    VALUES (13800138000, 3, now(), -500, 0, 'service_fee', 'CL8', '2026-11-01')$$, '23514', 'money: no charge without a consent');
SELECT test.refused($$INSERT INTO hall.ledger (msisdn, number, at, fen, balance_fen, kind, service, period, consent)
    VALUES (13800138000, 3, now(), -500, 0, 'service_fee', 'CL8', '2026-11-01', 99)$$, '23503', 'money: nor with one that is not there');
SELECT test.refused($$INSERT INTO hall.ledger (msisdn, number, at, fen, balance_fen, kind, service, period, consent)
    VALUES (13800138000, 3, now(), -500, 0, 'service_fee', 'CL', '2026-11-01', 1)$$, '23505', 'money: nor twice for a month');
SELECT test.tamper_money($$UPDATE hall.ledger SET consent = 3 WHERE msisdn = 13800138000 AND number = 2$$,
    '2 CL the question was not answered with yes', 'a list is no consent');
SELECT test.tamper_money($$UPDATE hall.dialogue SET ended = 'no' WHERE msisdn = 13800138000 AND number = 1$$,
    '2 CL the question was not answered with yes', 'nor is a no');
SELECT test.tamper_money($$UPDATE hall.dialogue SET ended_by = NULL WHERE msisdn = 13800138000 AND number = 1$$, '2 CL there is no answer',
    'nor is silence');
SELECT test.tamper_money($$UPDATE hall.ledger SET service = 'CL8' WHERE msisdn = 13800138000 AND number = 2$$, '2 CL8 the consent is to CL',
    'a consent is to one service');
SELECT test.tamper_money($$UPDATE hall.ledger SET at = at - interval '1 second' WHERE msisdn = 13800138000 AND number = 2$$,
    '2 CL the charge is older than the consent', 'no charge is older than its consent');
SELECT test.tamper_money($$UPDATE hall.dialogue SET at = ended_at + interval '1 second' WHERE msisdn = 13800138000 AND number = 1$$,
    '2 CL the answer did not come in the window', 'no answer is older than its question');
SELECT test.tamper_money($$UPDATE hall.ledger SET fen = -501 WHERE msisdn = 13800138000 AND number = 2$$, '2 CL the consent is to 500 fen',
    'a consent is to one price');
SELECT test.tamper_money($$UPDATE hall.ledger SET fen = -499 WHERE msisdn = 13800138000 AND number = 2$$,
    '2 CL the charge is not in the evidence', 'a charge is evidence');
SELECT test.tamper_money($$DELETE FROM hall.evidence WHERE msisdn = 13800138000 AND number = 1$$,
    '2 CL the question is not in the evidence', 'so is its question');
SELECT test.tamper_money($$DELETE FROM hall.evidence WHERE msisdn = 13800138000 AND number = 5$$, '2 CL the answer is not in the evidence',
    'and its answer');

-- a consent as one document
SELECT test.is(string_agg(concat_ws(' ', c ->> 'number', c ->> 'service', c #>> '{price,fen}', c ->> 'ended'), ', '
    ORDER BY c ->> 'number'),
    '3 LDTX 300 yes, 5 CL 500 no, 7 CL 500 replaced, 8 CL8 800', 'consents: all of a subscriber''s')
FROM hall.consents(13800138001) AS c;
SELECT test.is(string_agg(c ->> 'number', ' '), '5 7', 'consents: to one service, by its name') FROM hall.consents(13800138001, '彩铃') AS c;
SELECT test.is(string_agg(e.number::text, ' '), '7 8 9 10', 'evidence: of one service, by its alias')
FROM hall.evidence(13800138001, '彩铃5元') AS e;
SELECT test.refused($$SELECT hall.consents(13800138001, '彩玲')$$, '22023', 'consents: to a service that there is not');
SELECT test.is(concat_ws(' | ', c ->> 'provider', c #>> '{request,text}', c #>> '{request,gateway_at}', c #>> '{question,until}',
    c #>> '{question,window_s}', c #>> '{question,replies,0,text}', c #>> '{question,replies,0,state}',
    c #>> '{question,replies,0,report_at}',
    c #>> '{answer,text}', c #>> '{answer,at}', c #>> '{answer,gateway_id}', c #>> '{charges,0,charged_fen}', c #>> '{charges,0,month}',
    c #>> '{subscriptions,0,service}', jsonb_array_length(c -> 'evidence')),
    '中国移动 | ktCL | 2026-11-22T10:00:00+08:00 | 2026-11-23T10:00:00+08:00 | 86400 | 您将订购CL，请回复“是” | delivered | '
    '2026-11-22T10:00:07+08:00 |  是。 | 2026-11-22T10:01:07+08:00 | ob | 500 | 2026-11 | CL | 6', 'consents: all that a dispute turns on')
FROM hall.consents(13800138000) AS c;
SELECT test.is(string_agg(c::text, '; '), NULL, 'consents: of somebody who was asked nothing') FROM hall.consents(13800138003) AS c;

-- all subscribers, in pieces that leave nothing out
SELECT test.is(count(*) || ' ' || string_agg(concat_ws(' ', r.first, r.last, r.subscribers), ', ' ORDER BY r.first),
    '2 1 13800138000 1, 13800138001 9223372036854775807 1', 'ranges: one each') FROM hall.evidence_ranges(1) AS r;
SELECT test.is(string_agg(concat_ws(' ', r.first, r.last, r.subscribers), ', '), '1 9223372036854775807 2', 'ranges: two in one')
FROM hall.evidence_ranges(100) AS r;
SELECT test.is(count(v.*)::text, '0', 'ranges: each holds')
FROM hall.evidence_ranges(1) AS r CROSS JOIN LATERAL hall.verify_evidence(r.first, r.last) AS v;
DELETE FROM hall.evidence_end;
SELECT test.is(string_agg(concat_ws(' ', r.first, r.last, r.subscribers), ', '), '1 9223372036854775807 0', 'ranges: also without ends')
FROM hall.evidence_ranges(100) AS r;
SELECT test.is(count(*)::text, '2', 'ranges: which are found missing') FROM hall.verify_evidence(1, 9223372036854775807);

-- a report that comes before the words were noted: the question waits for them, and whoever claims it renders them and sends nothing
CREATE FUNCTION test.ask_wordless(p_id text, p_way text DEFAULT 'sendsms') RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
    RETURN test.mt(test.send(13900139001, p_id, 'kt' || p_id, 'open', '{"service": "CL"}', 'changes', p_confirm => 'when_charged', p_way => p_way));
END
$$;
CREATE FUNCTION test.wordless(p_mt text) RETURNS text
LANGUAGE sql RETURN (
    SELECT concat_ws(' ', r.state, r.report_status, r.text, r.reason) FROM hall.reply AS r
    WHERE r.msisdn = 13900139001 AND hall_private.mt(r.month, r.number, r.part) = p_mt);
SELECT hall.put_subscriber(13900139001, '全球通', 'active', NULL, 5000, false) IS NULL;
SELECT test.is(hall.delivery_report(13900139001, test.ask_wordless('w1'), 8, NULL, NULL), 'accepted', 'wordless: Kannel took it'),
    test.is(test.wordless('2611-1'), 'unsent 8', 'wordless: it waits for its words');
SELECT test.is(hall.delivery_report(13900139001, '2611-1', 4, NULL, NULL), 'unchanged', 'wordless: reports move forward only (D8)'),
    test.is(hall.delivery_report(13900139001, '2611-1', 1, NULL, NULL), 'delivered', 'wordless: it arrived');
SELECT test.is(hall.settle(13900139001, '2611-1', 'sent', '您将订购彩铃', 1, NULL, NULL, 0), 'delivered', 'wordless: its sender lives'),
    test.is(test.wordless('2611-1'), 'delivered 1 您将订购彩铃', 'wordless: and has noted them');
SELECT test.is(test.kinds(13900139001), 'asked reported reported said', 'wordless: which is evidence');
SELECT test.is(content ->> 'rendered', NULL, 'wordless: as exact as any') FROM hall.evidence WHERE msisdn = 13900139001 AND kind = 'said';

SELECT test.wait(61);
SELECT test.is(hall.delivery_report(13900139001, test.ask_wordless('w2'), 1, NULL, NULL), 'delivered', 'wordless: its sender is gone');
SELECT test.wait(4);
SELECT test.is((SELECT count(*) FROM jsonb_array_elements(hall.claim_unsent(100, 60)) AS c WHERE c ->> 'msisdn' = '13900139001')::text, '0',
    'wordless: the sender has a moment');
SELECT test.wait(86400 * 2);
SELECT test.is(test.outcome(test.send(13900139001, 'w2y', '是', p_answer => 'yes')), 'new open expired', 'wordless: late as ever');
SELECT test.is(concat_ws(' ', c ->> 'mt', c ->> 'is_reported', c ->> 'command', c ->> 'outcome'), '2611-2 true open ask',
    'wordless: it does not run out, and is claimed for its words')
FROM jsonb_array_elements(hall.claim_unsent(100, 60)) AS c WHERE c ->> 'msisdn' = '13900139001' AND c ->> 'mt' = '2611-2';
SELECT test.is(hall.settle(13900139001, '2611-2', 'sent', '您将订购彩铃', 0, 'rendered afterwards', NULL, 1), 'delivered', 'wordless: rendered'),
    test.is(test.wordless('2611-2'), 'delivered 1 您将订购彩铃', 'wordless: its words are there'),
    test.is((SELECT sent_at IS NULL FROM hall.reply WHERE msisdn = 13900139001 AND number = 2)::text, 'true', 'wordless: nobody knows when');
SELECT test.is(content ->> 'text' || ' ' || (content ->> 'rendered'), '您将订购彩铃 afterwards', 'wordless: and that they were rendered afterwards')
FROM hall.evidence WHERE msisdn = 13900139001 AND kind = 'said' AND content ->> 'mt' = '2611-2';
SELECT test.is(hall.settle(13900139001, '2611-2', 'sent', '您将订购彩铃', 0, 'rendered afterwards', NULL, 1), 'delivered', 'wordless: twice'),
    test.is(count(*)::text, '1', 'wordless: is once') FROM hall.evidence WHERE msisdn = 13900139001 AND kind = 'said' AND content ->> 'mt' = '2611-2';

SELECT test.wait(61);
SELECT test.is(hall.delivery_report(13900139001, test.ask_wordless('w3'), 8, NULL, NULL), 'accepted', 'wordless: another one');
SELECT test.wait(30);
SELECT test.is(test.outcome(test.send(13900139001, 'w3n', '否', p_answer => 'no')), 'new open declined', 'wordless: it was put, and may be answered');
SELECT test.wait(61);
SELECT test.is(hall.delivery_report(13900139001, test.ask_wordless('w4'), 2, 'absent', NULL), 'failed', 'wordless: one that did not arrive'),
    test.is(hall.settle(13900139001, '2611-6', 'dead', NULL, 0, 'no template', NULL, NULL), 'failed', 'wordless: nobody finds its words');
SELECT test.wait(61);
SELECT test.is(hall.delivery_report(13900139001, test.ask_wordless('w5', 'inline'), 8, NULL, NULL), 'accepted', 'wordless: said inline'),
    test.is(hall.settle(13900139001, '2611-7', 'answered', '您将订购彩铃', 0, NULL, NULL, NULL), 'accepted', 'wordless: noted late');
SELECT test.is(hall.settle(13900139001, test.ask_wordless('w6'), 'unsent', '您将订购彩铃', 0, 'no answer', 90, 0), 'unsent', 'unsure: whether it went'),
    test.is(hall.delivery_report(13900139001, '2611-8', 1, NULL, NULL), 'delivered', 'unsure: it did');
SELECT test.is((SELECT count(*)::text FROM hall.evidence WHERE msisdn = 13900139001 AND kind = 'said' AND content ->> 'mt' = '2611-8'), '1',
    'unsure: and its words are evidence');
SELECT test.is(string_agg(o::text, ' '), NULL, 'wordless: the outbox is whole') FROM hall.check_outbox() AS o;
SELECT test.is(test.faults(13900139001), NULL, 'wordless: and so is the evidence');
