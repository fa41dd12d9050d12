-- Opening, closing and consent (rules A).
SELECT test.at('2026-11-22 10:00+08');
SELECT hall_private.build_dispatch();
SELECT hall.put_subscriber(13900139100, '全球通', p_opening_fen => 2000);
SELECT hall.put_subscriber(13900139101, '全球通', p_opening_fen => 2000);

-- free ones open at once, charged ones ask
SELECT test.is(test.outcome(r), 'new open ok', 'free: opens at once'), test.is(test.field(r, 'off'), 'QXHJDD', 'A11: names the off-code')
FROM test.says(13900139100, 'KTHJDD') AS r;
SELECT test.is(test.outcome(r), 'new open already', 'A10: already open'),
    test.is(test.field(r, 'since'), '2026-11-22T10:00:00+08:00', 'A10: since when')
FROM test.says(13900139100, 'KT呼叫等待') AS r;
SELECT test.is(test.outcome(r), 'new open ask', 'A1: what costs is asked'),
    test.is(test.field(r, 'price'), '{"fen": 500, "period": "month"}', 'A2: the price'),
    test.is(test.field(r, 'window'), '86400', 'A2: the window'), test.is(test.field(r, 'provider'), '中国移动', 'A2: the provider'),
    test.is(test.field(r, 'ask'), NULL, 'the question itself stays in the store'),
    test.is(r #>> '{replies,0,valid_s}', '86400', 'E1: not sent when it has run out')
FROM test.says(13900139100, 'KTCL') AS r;
SELECT test.is(test.open_services(13900139100), 'HJDD', 'A1: nothing is open before the answer'),
    test.is(test.balance(13900139100), '2000', 'A1: nothing is charged before the answer');
SELECT test.wait(1);
SELECT test.is(test.outcome(r), 'new open ok', 'A4: 是'), test.is(test.field(r, 'charged'), '500', 'A11: receipt, amount'),
    test.is(test.field(r, 'balance'), '1500', 'A11: receipt, balance')
FROM test.says(13900139100, '是') AS r;
SELECT test.is(test.open_services(13900139100), 'CL HJDD', 'open after the answer'),
    test.is(count(*)::text, '1', 'one charge, with its consent')
FROM hall.ledger AS l
JOIN hall.dialogue AS d ON d.msisdn = l.msisdn AND d.number = l.consent
WHERE l.msisdn = 13900139100 AND l.kind = 'service_fee' AND l.service = 'CL' AND l.period = '2026-11-01' AND l.fen = -500
  AND d.ended = 'yes' AND d.ended_at <= l.at;
SELECT test.is(test.outcome(test.says(13900139100, '是')), 'again open ok', 'A5, D6: at once again: the reply once more');
SELECT test.wait(100);
SELECT test.is(test.outcome(test.says(13900139100, '是')), 'new hall answered', 'A5: a second 是 is explained'),
    test.is(test.balance(13900139100), '1500', 'A5: and orders nothing');
SELECT test.is(test.outcome(r), 'new open excluded', 'A10: group conflict'), test.is(test.field(r, 'other'), '彩铃', 'A10: with what')
FROM test.says(13900139100, 'KTCL8') AS r;
SELECT test.is(test.outcome(r), 'new open no_service', 'A10: unknown'),
    test.is(test.field(r, 'near'), '["彩铃", "彩铃8元"]', 'and what is near')
FROM test.says(13900139100, 'KTCLL') AS r;
SELECT test.is(test.outcome(test.says(13800138001, 'KTLDTX')), 'new open no_balance', 'A10: not enough balance'),
    test.is(test.outcome(test.says(13800138002, 'KTLDTX')), 'new hall suspended', 'A10: suspended'),
    test.is(test.outcome(test.says(13800138003, 'KTLDTX')), 'new open blacklisted', 'A10: on the black list'),
    test.is(test.outcome(test.says(13800138003, 'KTHJDD')), 'new open ok', 'A10: what is free is his too');

-- closing, and the month (rules A12)
SELECT test.is(test.outcome(r), 'new close ok', 'closed at once'), test.is(test.field(r, 'on'), 'KTCL', 'and how to open it')
FROM test.says(13900139100, 'QX彩铃') AS r;
SELECT test.is(test.outcome(test.says(13900139100, 'QXCL')), 'new close not_open', 'closed already');
SELECT test.wait(100);
SELECT test.is(test.outcome(test.says(13900139100, 'KTCL')), 'new open ask', 'once more');
SELECT test.is(test.outcome(r), 'new open ok', 'A12: open again'), test.is(test.field(r, 'charged'), NULL, 'A12: not charged twice in a month')
FROM test.says(13900139100, 'Y') AS r;
SELECT test.is(test.balance(13900139100), '1500', 'A12: the balance is as it was');
UPDATE hall.service SET ends = 'month_end' WHERE code = 'CL';
SELECT test.is(test.outcome(r), 'new close month_end', 'A12: with the month'),
    test.is(test.field(r, 'until'), '2026-12-01T00:00:00+08:00', 'A12: until when')
FROM test.says(13900139100, 'QXCL') AS r;
SELECT test.is(test.outcome(r), 'new query_service open', 'still open'),
    test.is(test.field(r, 'until'), '2026-12-01T00:00:00+08:00', 'and until when')
FROM test.says(13900139100, 'CXCL') AS r;
SELECT test.is(test.outcome(test.says(13900139100, 'KTCL')), 'new open ask', 'who wants it back is asked');
SELECT test.is(test.outcome(test.says(13900139100, '1')), 'new open resumed', 'and keeps it');
SELECT test.is(step || ' ' || coalesce(end_reason, '-'), 'notice -', 'it will be renewed')
FROM hall.subscription WHERE msisdn = 13900139100 AND service = 'CL' AND until IS NULL;
UPDATE hall.service SET ends = 'at_once' WHERE code = 'CL';

-- one question a port, replaced by the next (rules A6)
SELECT test.at('2026-11-23 10:00+08');
SELECT test.is(test.outcome(test.says(13900139101, 'KTCL')), 'new open ask', 'A6: one question');
SELECT test.is(test.field(test.says(13900139101, 'KTLDTX'), 'replaced'), '彩铃', 'A6: the next one replaces it and says so');
SELECT test.is(test.field(test.says(13900139101, 'KTLDTX', '10086977'), 'replaced'), NULL, 'D5, A6: another port, another question');
SELECT test.is(test.outcome(test.says(13900139101, 'CXLDTX')), 'new query_service closed', 'A4: a command runs');
SELECT test.is(test.outcome(test.says(13900139101, '你好')), 'new hall unknown', 'A4: any other text is none'),
    test.is(test.outcome(test.says(13900139101, '7')), 'new hall unknown', 'A4: nor a number'),
    test.is(count(*)::text, '2', 'A4: the questions stay open') FROM hall.dialogue WHERE msisdn = 13900139101 AND ended IS NULL;
SELECT test.is(test.outcome(r), 'new open declined', 'A4: N'), test.is(test.field(r, 'service'), '来电提醒', 'A4: names it')
FROM test.says(13900139101, 'N') AS r;
SELECT test.is(test.outcome(test.says(13900139101, '是')), 'new hall answered', 'A5: 是 after N orders nothing');
SELECT test.is(test.outcome(test.says(13900139101, '是', '10086977')), 'new open ok', 'A6: the other port''s question was open'),
    test.is(test.open_services(13900139101), 'LDTX', 'A6: and it alone');
SELECT test.refused($$INSERT INTO hall.dialogue (msisdn, number, at, until, kind, port, command, call, outcome, fields, args, options, takes_yes)
    SELECT 13900139101, 1000 + i, hall.now(), hall.now() + '1 hour', 'list', '10086', 'x', 'x', 'x', '{}', '{}', '[]', false
    FROM generate_series(1, 2) AS i$$, '23505', 'A6: never two at a port');

-- the window (rules A3, A7), to the second
CREATE FUNCTION test.answer_after(p_msisdn bigint, p_wait interval) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    v_start timestamptz := hall.now();
    v_got   text;
BEGIN
    PERFORM test.says(p_msisdn, 'KTCL');
    PERFORM test.at(v_start + p_wait);
    v_got := test.outcome(test.says(p_msisdn, '是'));
    PERFORM test.says(p_msisdn, 'QXCL');
    RETURN v_got;
END
$$;
SELECT hall.put_subscriber(13900139102, '全球通', p_opening_fen => 20000);
UPDATE hall.service SET confirm_window = '1 hour' WHERE code = 'CL';
SELECT test.at('2026-11-24 10:00+08');
SELECT test.is(test.answer_after(13900139102, '59 minutes 59 seconds'), 'new open ok', 'A3: a second before the deadline');
SELECT test.wait(100);
SELECT test.is(test.answer_after(13900139102, '1 hour'), 'new open ok', 'A3: at the deadline');
SELECT test.wait(100);
SELECT test.is(test.answer_after(13900139102, '1 hour 1 second'), 'new open expired', 'A3: a second after it'),
    test.is(test.open_services(13900139102), NULL, 'A3: orders nothing');
SELECT test.wait(100);
SELECT test.is(test.outcome(r), 'new open expired', 'A5: a late 是 is explained again'), test.is(test.field(r, 'how'), 'KTCL', 'A3: and how to ask anew')
FROM test.says(13900139102, 'Y') AS r;
SELECT test.refused($$UPDATE hall.dialogue SET ended = 'yes', ended_at = until + '1 second' WHERE msisdn = 13900139102$$, '23514',
    'A3: no consent after the deadline, whoever writes it');
SELECT test.at('2026-12-24 10:00+08');
SELECT test.is(test.outcome(test.says(13900139102, '是')), 'new hall no_question', 'A5: weeks later there is nothing to explain');

-- an answer that was on its way before the question (rules A6)
SELECT test.at('2026-12-25 10:00:00.7+08');
SELECT test.is(test.outcome(test.says(13900139102, 'KTCL')), 'new open ask', 'A6: asked');
SELECT test.wait(2);
SELECT test.is(test.outcome(r), 'new open again', 'A6: an earlier 是 is no answer'), test.is(test.field(r, 'service'), '彩铃', 'A6: the question again'),
    test.is(r #>> '{replies,0,valid_s}', '3598', 'A3: with the same deadline')
FROM test.says(13900139102, '是', p_gateway_time => extract(epoch FROM '2026-12-25 09:59:59+08'::timestamptz)::bigint) AS r;
SELECT test.is(test.open_services(13900139102), NULL, 'A6: nothing is ordered');
SELECT test.wait(1);
SELECT test.is(test.outcome(test.says(13900139102, 'Y',
    p_gateway_time => extract(epoch FROM '2026-12-25 10:00:00+08'::timestamptz)::bigint)), 'new open ok', 'A6: in the same second it is one');

-- the price that was shown holds; what changed meanwhile is looked at again
SELECT hall.put_subscriber(13900139103, '全球通', p_opening_fen => 1000);
SELECT test.is(test.outcome(test.says(13900139103, 'KTLDTX')), 'new open ask', 'asked at 3.00');
UPDATE hall.service SET fee_fen = 900 WHERE code = 'LDTX';
SELECT test.is(test.field(test.says(13900139103, '是'), 'charged'), '300', 'A1: charged as it was shown');
SELECT test.is(test.outcome(test.says(13900139103, 'KTCL')), 'new open ask', 'asked with enough balance');
SELECT hall.post_charge(13900139103, -600, 'fee', '通话费', 'x1');
SELECT test.wait(100);
SELECT test.is(test.outcome(test.says(13900139103, '是')), 'new open no_balance', 'A10: not enough any more'),
    test.is(test.balance(13900139103), '100', 'nothing charged'), test.is(test.open_services(13900139103), 'LDTX', 'nothing opened');
UPDATE hall.service SET fee_fen = 300 WHERE code = 'LDTX';

-- what must be open before, and what is not offered
SELECT test.at('2026-12-26 10:00+08');
UPDATE hall.service SET requires = '{LDXS}' WHERE code = 'HJBC';
UPDATE hall.service SET is_offered = false WHERE code = 'SFTH';
SELECT test.is(test.outcome(r), 'new open requires', 'A10: prerequisites'), test.is(test.field(r, 'needs'), '["来电显示"]', 'A10: which')
FROM test.says(13900139103, 'KTHJBC') AS r;
SELECT test.is(test.outcome(test.says(13900139103, 'KTSFTH')), 'new open not_offered', 'A10: no longer offered');

-- a new service works at once (issue 3, point 1)
INSERT INTO hall.service (code, name, aliases, fee_fen) VALUES ('XQYW', '星期一问候', '{问候}', 100);
SELECT test.is(test.outcome(test.send(13900139100, 'new1', '开通星期一问候', NULL,
    '{"folded": "开通星期一问候", "maybe": {"command": "open", "call": "open", "effect": "changes", "confirm": "when_charged",
      "args": {"service": "星期一问候"}}}')), 'new open ask', 'a name that the reader cannot know');
SELECT test.is(test.outcome(test.send(13900139100, 'new2', '开通资格', NULL,
    '{"near": [], "maybe": {"command": "open", "call": "open", "effect": "changes", "confirm": "when_charged",
      "args": {"service": "资格"}}}')), 'new hall unknown', 'a text that only looks like one');
SELECT test.refused($$INSERT INTO hall.service (code, name, aliases) VALUES ('YYY', '另一个', '{问候}')$$, '23505',
    'a word means one service');
SELECT test.refused($$INSERT INTO hall.service (code, name, aliases) VALUES ('ZZZ', '第三个', '{""}')$$, '23514', 'A9: a word is never empty');
SELECT test.refused($$INSERT INTO hall.ledger (msisdn, number, at, fen, balance_fen, kind, service, period)
    VALUES (13900139100, 999, hall.now(), -100, 0, 'service_fee', 'CL', '2026-12-01')$$, '23514', 'A1: no fee without a consent');

-- a yes that was too early keeps no later one from counting (rules A6, D6)
SELECT test.at('2026-12-27 10:00:00+08');
SELECT hall.put_subscriber(13900139104, '全球通', p_opening_fen => 2000);
SELECT test.is(test.outcome(test.says(13900139104, 'KTCL')), 'new open ask', 'A6: asked');
SELECT test.wait(1);
SELECT test.is(test.outcome(test.says(13900139104, '是', p_gateway_time => extract(epoch FROM hall.now())::bigint - 5)), 'new open again',
    'A6: too early');
SELECT test.wait(5);
SELECT test.is(test.outcome(test.says(13900139104, '是', p_gateway_time => extract(epoch FROM hall.now())::bigint)), 'new open ok',
    'A6: the same word in time, seconds later');

-- a question that never went out cannot be answered (rules A1, A2)
SELECT test.is(test.outcome(test.says(13900139104, 'KTLDTX', p_is_away => true)), 'new open ask', 'A2: asked, not sent yet');
SELECT test.is(test.outcome(r), 'new open ok', 'A2: in somebody''s hands it may have been sent')
FROM test.says(13900139104, 'Y', p_is_away => true) AS r;
SELECT test.is(test.outcome(test.says(13900139104, 'QXLDTX')), 'new close ok', 'A2: closed');
SELECT test.wait(100);
SELECT test.is(test.outcome(test.says(13900139104, 'KTTQYB', p_is_away => true)), 'new open ask', 'A2: asked');
UPDATE hall.reply SET state = 'dead', claim_after = NULL WHERE msisdn = 13900139104 AND claim_after IS NOT NULL;
SELECT test.is(test.outcome(test.says(13900139104, '是')), 'new open again', 'A2: it was never sent: the question once more'),
    test.is(test.open_services(13900139104), 'CL', 'A1: nothing is ordered');
SELECT test.wait(3);
SELECT test.is(test.outcome(test.says(13900139104, '是')), 'new open ok', 'A2: now it is an answer');

-- what is bought once (issue 3, point 1)
SELECT test.wait(100);
INSERT INTO hall.service (code, name, fee_fen, period) VALUES ('DBYY', '点播一首', 200, 'once');
SELECT test.is(test.outcome(test.says(13900139104, 'KTDBYY')), 'new open ask', 'once: asked');
SELECT test.is(test.field(test.says(13900139104, '是'), 'charged'), '200', 'once: charged'),
    test.is(test.open_services(13900139104), 'CL TQYB', 'once: nothing stays open');
SELECT test.wait(100);
SELECT test.is(test.outcome(test.says(13900139104, 'KTDBYY')), 'new open ask', 'once: asked again');
SELECT test.is(test.field(test.says(13900139104, '是'), 'charged'), '200', 'once: charged for each consent');
SELECT test.is(count(*)::text, '2', 'once: two consents, two charges')
FROM hall.ledger WHERE msisdn = 13900139104 AND service = 'DBYY' AND period IS NULL;
SELECT test.refused($$INSERT INTO hall.ledger (msisdn, number, at, fen, balance_fen, kind, service, consent)
    SELECT msisdn, 999, at, fen, balance_fen, kind, service, consent FROM hall.ledger WHERE msisdn = 13900139104 AND service = 'DBYY' LIMIT 1$$,
    '23505', 'once: a consent buys once');

-- the price at the moment, when it is another (rules A2)
INSERT INTO hall.service (code, name, fee_fen, first_month) VALUES ('HALF', '按天计费', 310, 'share');
SELECT test.at('2026-12-22 10:00+08');
SELECT test.is(test.field(test.says(13900139102, 'KTHALF'), 'now'), '100', 'A2: ten days of thirty-one');
SELECT test.is(test.field(test.says(13900139102, '是'), 'charged'), '100', 'A2: and that is charged');

SELECT hall.put_subscriber(13900139105, '全球通', p_opening_fen => 20000);
SELECT test.at('2026-12-31 20:00+08');
SELECT test.is(test.field(test.says(13900139105, 'KTHALF', p_is_away => true), 'now'), '10', 'A2: the last day, in a text that fails');
UPDATE hall.reply SET state = 'dead', claim_after = NULL WHERE claim_after IS NOT NULL;
SELECT test.at('2027-01-01 09:00+08');
SELECT test.is(test.outcome(said) || coalesce(test.field(said, 'now'), ''), 'new open again', 'A6: put again in another month, it names that one''s price')
FROM test.says(13900139105, '是') AS said;
SELECT test.is(test.outcome(said) || ' ' || test.field(said, 'charged'), 'new open ok 310', 'A2: which is charged then')
FROM test.says(13900139105, '是') AS said;

-- a number that changes hands, and the network that closes
SELECT test.wait(100);
SELECT test.is(test.outcome(test.says(13900139104, 'KTLDTX')), 'new open ask', 'asked');
SELECT hall.put_subscriber(13900139104, '全球通', 'closed'), hall.put_subscriber(13900139104, '全球通');
SELECT test.is(test.outcome(test.says(13900139104, '是')), 'new hall no_question', 'A1: the next owner of the number is asked nothing'),
    test.is(test.open_services(13900139104), NULL, 'and has nothing open');
SELECT test.is(hall.put_subscription(13900139102, 'HALF', NULL, hall.now())::text, 'true', 'the network closes what the hall charges for');
SELECT test.is(end_reason || coalesce(step, ' -'), 'feed -', 'and it is charged no more')
FROM hall.subscription WHERE msisdn = 13900139102 AND service = 'HALF';
SELECT test.is(kind, 'ended', 'A8: as the evidence says') FROM hall.evidence WHERE msisdn = 13900139102 ORDER BY number DESC LIMIT 1;
SELECT test.is(string_agg(msisdn::text, ' '), NULL, 'every balance is the sum of its ledger') FROM hall.check_ledger();
SELECT test.is(count(*)::text, '0', 'A1: no fee before its consent')
FROM hall.ledger AS l
LEFT JOIN hall.dialogue AS d ON d.msisdn = l.msisdn AND d.number = l.consent AND d.ended = 'yes' AND d.ended_at <= l.at
WHERE l.kind = 'service_fee' AND d.number IS NULL;
