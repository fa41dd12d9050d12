-- Service passwords, identity, and the language (rules C1, C2, C4). What the daemon's workers make of digits is a hash here that is as good
-- as any other; that they make the right one is tests/password.sh's to show.
SELECT test.at('2026-11-22 10:00+08');
SELECT hall_private.build_dispatch();
SELECT hall.put_subscriber(m, '全球通', p_opening_fen => 2000) FROM unnest('{13900139600, 13900139601, 13900139602, 13900139603}'::bigint[]) AS m;

-- What a secret becomes under the key p_pepper, and under an older one.
CREATE FUNCTION test.bytes_of(p_pepper int, p_digits text) RETURNS bytea
LANGUAGE sql
RETURN sha256(convert_to(p_pepper || p_digits, 'UTF8'));

CREATE FUNCTION test.made(p_digits text, p_peppers int[] DEFAULT '{1}', p_weak text DEFAULT NULL) RETURNS jsonb
LANGUAGE sql
RETURN (
    SELECT jsonb_strip_nulls(jsonb_build_object(
        'proofs', coalesce(jsonb_agg(jsonb_build_object('pepper', p, 'hash', encode(test.bytes_of(p, p_digits), 'base64'))), '[]'),
        'pieces', jsonb_agg(jsonb_build_object('pepper', p, 'digest', encode(test.bytes_of(p, 'piece' || p_digits), 'base64'))),
        'weak', p_weak))
    FROM unnest(p_peppers) AS p);

CREATE FUNCTION test.mmxg(p_msisdn bigint, p_old jsonb, p_new jsonb, p_again jsonb DEFAULT NULL) RETURNS jsonb
LANGUAGE sql
RETURN test.send(p_msisdn, 'mmxg' || nextval('test.gateway'), 'MMXG#***' || nextval('test.gateway'), 'change_password',
    jsonb_strip_nulls(jsonb_build_object('old', p_old, 'new', p_new, 'again', p_again)), 'manages');

CREATE FUNCTION test.mmhf(p_msisdn bigint, p_id text) RETURNS jsonb
LANGUAGE sql
RETURN test.send(p_msisdn, 'mmhf' || nextval('test.gateway'), 'MMHF#***' || nextval('test.gateway'), 'reset_password',
    jsonb_build_object('id', test.made(p_id), 'fresh', test.made('907351') || '{"sealed": "1:c2VhbGVk"}'), 'manages');

CREATE FUNCTION test.cxyeh(p_msisdn bigint, p_password text, p_peppers int[] DEFAULT '{1}') RETURNS jsonb
LANGUAGE sql
RETURN test.send(p_msisdn, 'cxyeh' || nextval('test.gateway'), 'CXYEH***' || nextval('test.gateway'), 'balance_by_password',
    jsonb_build_object('password', test.made(p_password, p_peppers)));

SELECT test.ok(hall.put_password(13900139600, 1, test.bytes_of(1, '246810')), 'feed: a password'),
    test.ok(hall.put_identity(13900139600, 1, test.bytes_of(1, '11010519491231002X'),
        ARRAY[test.bytes_of(1, 'piece491231'), test.bytes_of(1, 'piece110105')]), 'feed: an ID card'),
    test.ok(NOT hall.put_password(13900139699, 1, test.bytes_of(1, '246810')), 'feed: nobody has none'),
    test.ok(NOT hall.put_puk(13900139699, '1:' || repeat('A', 60)), 'feed: nobody''s PUK');
SELECT test.refused($$SELECT hall.put_puk(13900139600, '12345678')$$, '23514', 'C3: a PUK lies sealed only');
SELECT test.refused($$SELECT hall.put_password(13900139600, 1, '\x3132')$$, '23514', 'C3: only hashes are stored');

-- changing it (C1)
SELECT test.is(test.outcome(test.mmxg(13900139600, test.made('246810'), test.made('777777', p_weak => 'equal'))),
        'new change_password weak_equal', 'C1: all equal'),
    test.is(test.outcome(test.mmxg(13900139600, test.made('246810'), test.made('123456', p_weak => 'ascending'))),
        'new change_password weak_run', 'C1: ascending'),
    test.is(test.outcome(test.mmxg(13900139600, test.made('246810'), test.made('139600', p_weak => 'number'))),
        'new change_password weak_number', 'C1: part of the number'),
    test.is(test.outcome(test.mmxg(13900139600, test.made('246810'), test.made('491231'))), 'new change_password weak_id', 'C1: part of the ID'),
    test.is(test.outcome(test.mmxg(13900139600, test.made('000000'), test.made('491231'))), 'new change_password wrong',
        'C1: of which nobody learns without the password'),
    test.is(test.outcome(test.mmxg(13900139600, test.made('246810'), test.made('246810'))), 'new change_password same', 'C1: as it was'),
    test.is(test.outcome(test.mmxg(13900139600, test.made('246810'), test.made('135799'), test.made('135798'))),
        'new change_password differ', 'C1: given twice, and not the same');
SELECT test.is((SELECT g.failures::text FROM hall.guess AS g WHERE g.msisdn = 13900139600), '1', 'C2: of all these one was a failure');
SELECT test.is(test.outcome(test.mmxg(13900139600, test.made('246810'), test.made('135799'), test.made('135799'))),
    'new change_password ok', 'C1: given twice');
SELECT test.is(test.outcome(test.cxyeh(13900139600, '246810')), 'new balance_by_password wrong', 'the old one is no more'),
    test.is(test.outcome(r), 'new balance_by_password ok', 'the new one is'), test.is(test.field(r, 'balance'), '2000', 'CXYEH: the balance')
FROM test.cxyeh(13900139600, '135799') AS r;

-- five failures a day (C2): two were above
SELECT test.is(test.field(test.cxyeh(13900139600, '111112'), 'left'), '2', 'C2: how many are left');
SELECT test.is(test.outcome(test.mmhf(13900139600, '110105194912310011')), 'new reset_password ok', 'C2: any secret counts');
SELECT test.is(test.field(test.mmxg(13900139600, test.made('111113'), test.made('135790')), 'left'), '0', 'C2: the fifth');
SELECT test.is(test.outcome(test.cxyeh(13900139600, '135799')), 'new balance_by_password locked', 'C2: nothing more that day, right or wrong'),
    test.is(test.outcome(test.mmhf(13900139600, '11010519491231002X')), 'new reset_password locked', 'C2: a reset does not clear it'),
    test.is(test.outcome(test.mmxg(13900139600, test.made('135799'), test.made('135790'))), 'new change_password locked', 'C2: likewise'),
    test.is((SELECT g.failures::text FROM hall.guess AS g WHERE g.msisdn = 13900139600), '5', 'C2: and what is not looked at does not count');
SELECT test.at('2026-11-22 23:59:59+08');
SELECT test.is(test.outcome(test.cxyeh(13900139600, '135799')), 'new balance_by_password locked', 'C2: to the day''s last second');
SELECT test.at('2026-11-23 00:00+08');
SELECT test.is(test.outcome(test.cxyeh(13900139600, '135799')), 'new balance_by_password ok', 'C2: tomorrow, in China');
SELECT test.at('2026-11-22 23:59:59+08');
SELECT test.is(test.outcome(test.cxyeh(13900139600, '111111')), 'new balance_by_password wrong', 'C2: a clock that steps back')
FROM generate_series(1, 5);
SELECT test.is(test.outcome(test.cxyeh(13900139600, '135799')), 'new balance_by_password locked', 'C2: brings no new guesses')
FROM test.at('2026-11-23 10:00+08');

-- none there
SELECT test.is(test.outcome(test.cxyeh(13900139601, '135799')), 'new balance_by_password unset', 'no password'),
    test.is(test.outcome(test.mmxg(13900139601, test.made('135799'), test.made('246810'))), 'new change_password unset', 'none to change'),
    test.is(test.outcome(test.send(13900139601, 'np1', 'CXYEH***', 'balance_by_password', '{"password": {"proofs": []}}')),
        'new balance_by_password unavailable', 'a hall without a pepper');
SELECT test.is((SELECT g.failures::text FROM hall.guess AS g WHERE g.msisdn = 13900139601), '2', 'C2: which is nobody''s failure');

-- a password that is sent out (C4)
SELECT test.at('2026-11-22 10:00+08');
SELECT hall.put_identity(13900139602, 1, test.bytes_of(1, '11010519491231002X'), '{}');
CREATE TABLE test.answer AS SELECT w, (test.mmhf(m, id) #> '{replies,0}') - '{mt,after}'::text[] AS reply
FROM (VALUES ('wrong', 13900139602, '110105194912310011'), ('right', 13900139602, '11010519491231002X'),
             ('unset', 13900139603, '11010519491231002X')) AS v (w, m, id);
SELECT test.is(count(DISTINCT reply)::text, '1', 'C4: the answer is the same for a right and a wrong ID, and where there is none') FROM test.answer;
SELECT test.is(string_agg(r.command || ' ' || r.outcome || ' ' || (r.fields #>> '{secret,password}') || ' ' || (r.fields ->> 'hours'), ','),
    'reset_password sent 1:c2VhbGVk 24', 'C4: the password goes to the number itself, sealed as long as it waits')
FROM hall.reply AS r
WHERE r.msisdn = 13900139602 AND r.outcome = 'sent';
SELECT hall.settle(13900139602, hall_private.mt(r.month, r.number, r.part), 'sent', '您的新密码为***', 1, NULL, NULL, NULL)
FROM hall.reply AS r
WHERE r.msisdn = 13900139602 AND r.outcome = 'sent';
SELECT test.is(r.fields::text || r.text, '{"hours": 24, "had_secret": true}您的新密码为***', 'C4: and is kept nowhere once it was sent')
FROM hall.reply AS r
WHERE r.msisdn = 13900139602 AND r.outcome = 'sent';
SELECT test.deliver_replies();
SELECT test.is(test.outcome(test.cxyeh(13900139602, '907351')), 'new balance_by_password temporary', 'C4: it is there to be changed'),
    test.is(test.outcome(r), 'new open cool_down', 'C4: no paid orders for a day'),
    test.is(test.field(r, 'until'), '2026-11-23T10:00:00+08:00', 'C4: until when')
FROM test.says(13900139602, 'KTCL') AS r;
SELECT test.is(test.outcome(test.says(13900139602, 'KTHJDD')), 'new open ok', 'C4: what is free opens');
SELECT test.is(test.outcome(test.mmxg(13900139602, test.made('907351'), test.made('135799'))), 'new change_password ok', 'C4: it is changed');
SELECT test.is(test.outcome(test.cxyeh(13900139602, '907351')), 'new balance_by_password wrong', 'C4: it works once'),
    test.is(test.outcome(test.cxyeh(13900139602, '135799')), 'new balance_by_password ok', 'C4: the new one stays');
SELECT test.wait(100);
SELECT test.is(test.outcome(test.says(13900139602, 'KTCL')), 'new open cool_down', 'C4: changed or not, the day is waited for');
SELECT test.at('2026-11-23 10:00+08');
SELECT test.is(test.outcome(test.says(13900139602, 'KTCL')), 'new open ask', 'C4: and then he may order');
SELECT test.mmhf(13900139602, '11010519491231002X') IS NOT NULL AS again;
SELECT test.at('2026-11-24 10:00:01+08');
SELECT test.is(test.outcome(test.cxyeh(13900139602, '907351')), 'new balance_by_password unset', 'C4: it counts for a day');

-- a consent of before the reset does not charge either
SELECT test.at('2026-11-25 10:00+08');
SELECT test.is(test.outcome(test.says(13900139602, 'KTCL')), 'new open ask', 'C4: asked before');
SELECT test.mmhf(13900139602, '11010519491231002X') IS NOT NULL AS once_more;
SELECT test.deliver_replies(), test.wait(5);
SELECT test.is(test.outcome(test.says(13900139602, '是')), 'new open cool_down', 'C4: a yes after a reset orders nothing'),
    test.is(test.balance(13900139602), '2000', 'C4: and costs nothing');

-- keys (C3)
SELECT test.is(test.outcome(test.cxyeh(13900139600, '135799', '{2,1}')), 'new balance_by_password ok', 'C3: an old key still counts');
SELECT test.is((SELECT w.pepper::text FROM hall.password AS w WHERE w.msisdn = 13900139600), '2', 'C3: and moves to the new one'),
    test.is(test.outcome(test.cxyeh(13900139600, '135799', '{2}')), 'new balance_by_password ok', 'C3: without which it counts from then on');
SELECT test.is(test.outcome(test.cxyeh(13900139600, '135799', '{3}')), 'new balance_by_password unavailable', 'C3: a key that the hall has not'),
    test.is((SELECT sum(g.failures)::text FROM hall.guess AS g WHERE g.msisdn = 13900139600 AND g.day = '2026-11-25'), '0',
        'C3: is nobody''s failure');

-- another's number: both have their five
CREATE FUNCTION test.check_other(p_owner bigint, p_password text, p_sender bigint) RETURNS text
LANGUAGE sql
RETURN hall_private.check_secret(p_owner, 'password', test.made(p_password, '{2,1}'), p_sender);
SELECT test.at('2026-11-26 10:00+08');
SELECT test.is(string_agg(test.check_other(13900139600, '11111' || n, 13900139700 + n), ','), 'wrong,wrong,wrong,wrong,wrong,wrong,wrong',
    'C2: many senders have five together, which none of them is told of') FROM generate_series(1, 7) AS n;
SELECT test.is(test.check_other(13900139600, '135799', 13900139710), 'wrong', 'C2: and the right one counts no more then'),
    test.is(test.outcome(test.cxyeh(13900139600, '135799', '{2,1}')), 'new balance_by_password locked', 'C2: its owner is told');
SELECT test.is(string_agg(DISTINCT concat_ws(' ', (msisdn = 13900139600)::text, failures), ', '), 'false 1, true 5',
    'C2: to each sender it is a failure like others') FROM hall.guess WHERE msisdn = 13900139600 OR msisdn BETWEEN 13900139701 AND 13900139707;
SELECT test.is(string_agg(test.check_other(13900139800 + n, '135799', 13900139720), ','), 'unset,unset,unset,unset,unset,locked,locked',
    'C2: and one sender has five, over all numbers') FROM generate_series(1, 7) AS n;
SELECT test.is(count(*)::text, '5', 'C2: whoever is locked leaves nothing at the numbers that he names') FROM hall.guess WHERE msisdn BETWEEN 13900139801 AND 13900139807;
SELECT test.is(string_agg(test.check_other(13900139600, '11112' || n, 13900139721), ','), 'wrong,wrong,wrong,wrong,wrong,locked',
    'C2: so at a number that is locked he has no more than five either') FROM generate_series(1, 6) AS n;

-- a number that is reported lost: whoever has found the phone reads what is sent to it
SELECT hall.put_subscriber(13900139607, '全球通', 'suspended', 'lost'), hall.put_identity(13900139607, 1, test.bytes_of(1, '11010519491231002X'), '{}');
SELECT test.is(count(DISTINCT (r #> '{replies,0}') - '{mt,after}'::text[])::text, '1', 'C4: the same words for a right and a wrong ID'),
    test.is(min(test.outcome(r)), 'new reset_password ok', 'C4: as ever')
FROM unnest('{11010519491231002X,110105194912310011}'::text[]) AS i (id)
CROSS JOIN LATERAL test.mmhf(13900139607, i.id) AS r;
SELECT test.is((SELECT count(*)::text FROM hall.password AS w WHERE w.msisdn = 13900139607), '0', 'C4: but a lost number gets no password'),
    test.is((SELECT count(*)::text FROM hall.reply AS r WHERE r.msisdn = 13900139607 AND r.outcome = 'sent'), '0', 'C4: none is sent'),
    test.is((SELECT g.failures::text FROM hall.guess AS g WHERE g.msisdn = 13900139607), '1', 'C2: and wrong IDs count'),
    test.is((SELECT string_agg(e.kind || e.content::text, ',') FROM hall.evidence AS e WHERE e.msisdn = 13900139607),
        'refused{"what": "password reset", "reason": "lost"}', 'A8: it is kept why not');
SELECT hall.put_subscriber(13900139607, '全球通', p_state_reason => 'resumed');
SELECT test.mmhf(13900139607, '11010519491231002X') IS NOT NULL AS found;
SELECT test.is((SELECT count(*)::text FROM hall.password AS w WHERE w.msisdn = 13900139607), '1', 'C4: found, it gets one');

-- a password that was sent out before the number was reported lost is on the phone that somebody has found
SELECT hall.put_subscriber(13900139607, '全球通', 'suspended', 'lost');
SELECT test.is(test.outcome(test.mmxg(13900139607, test.made('907351'), test.made('135799'))), 'new change_password suspended',
    'C4: with it no other is set'),
    test.is(test.outcome(test.mmxg(13900139607, test.made('907352'), test.made('135799'))), 'new change_password suspended',
        'C4: nor is a wrong one told from it'),
    test.is((SELECT until IS NOT NULL FROM hall.password WHERE msisdn = 13900139607)::text, 'true', 'C4: it stays what it was'),
    test.is((SELECT g.failures::text FROM hall.guess AS g WHERE g.msisdn = 13900139607), '1', 'C2: and nobody guesses at it');
SELECT hall.put_subscriber(13900139607, '全球通', p_state_reason => 'resumed');
SELECT test.is(test.outcome(test.mmxg(13900139607, test.made('907351'), test.made('135799'))), 'new change_password ok', 'C4: until the number is resumed');

-- the language
SELECT test.is(test.outcome(r), 'new language ok', 'LANG EN'),
    test.is(r #>> '{replies,0,language}', 'en', 'answers in English at once')
FROM test.send(13900139603, 'l1', 'LANG EN', 'language', '{"language": "en"}', 'manages') AS r;
SELECT test.is(test.send(13900139603, 'l2', 'YE', 'balance') #>> '{replies,0,language}', 'en', 'and from then on'),
    test.is(test.send(13900139603, 'l1', 'LANG EN', 'language') #>> '{replies,0,language}', 'en', 'D6: a repeat too'),
    test.is((SELECT r ->> 'language' FROM jsonb_array_elements(hall.claim_unsent(100, 0)) AS r WHERE r ->> 'msisdn' = '13900139603' LIMIT 1),
        NULL, 'what is in other hands is theirs'),
    test.is(test.send(13900139603, 'l3', 'LANG ZH', 'language', '{"language": "zh"}', 'manages') #>> '{replies,0,language}', NULL, 'and back');
SELECT test.refused($$SELECT hall.put_language(13900139603, 'english')$$, '23514', 'a language has two letters');

-- amounts of the balance reminder
SELECT test.is(test.outcome(r), 'new open_reminder out_of_bounds', 'KTYETX0'), test.is(test.field(r, 'least'), '100', 'from here'),
    test.is(test.field(r, 'most'), '100000', 'to here')
FROM test.send(13900139603, 'y1', 'KTYETX0', 'open_reminder', '{"amount": "0.00"}', 'changes') AS r;
SELECT test.is(test.outcome(test.send(13900139603, 'y2', 'KTYETX99999999999', 'open_reminder', '{"amount": "99999999999"}', 'changes')),
        'new open_reminder out_of_bounds', 'more than anybody has'),
    test.is(test.outcome(test.send(13900139603, 'y3', 'BGYETX0', 'change_reminder', '{"amount": "0"}', 'changes')),
        'new change_reminder not_open', 'none to change'),
    test.is(test.outcome(test.send(13900139603, 'y4', 'KTYETX1', 'open_reminder', '{"amount": "1"}', 'changes')),
        'new open_reminder ok', 'the least'),
    test.is(test.outcome(test.send(13900139603, 'y5', 'BGYETX1000', 'change_reminder', '{"amount": "1000.00"}', 'changes')),
        'new change_reminder ok', 'the most'),
    test.is(test.outcome(test.send(13900139603, 'y6', 'BGYETX1000.01', 'change_reminder', '{"amount": "1000.01"}', 'changes')),
        'new change_reminder out_of_bounds', 'and a fen more'),
    test.is(test.outcome(test.send(13900139603, 'y7', 'BGYETX10.555', 'change_reminder', '{"amount": "10.555"}', 'changes')),
        'new change_reminder out_of_bounds', 'and half a fen');
SELECT test.is(s.remind_below_fen::text, '100000', 'what is out of bounds changes nothing') FROM hall.subscriber AS s WHERE s.msisdn = 13900139603;

-- D6: what was refused for a reason that has gone is not refused again from memory
SELECT hall.put_subscriber(13900139604, '全球通', p_opening_fen => 100) IS NOT NULL AS poor;
SELECT test.is(test.outcome(test.says(13900139604, 'KTCL')), 'new open no_balance', 'D6: not enough');
SELECT hall.top_up(13900139604, 5000, 'd6') IS NOT NULL AS rich;
SELECT test.is(test.outcome(test.says(13900139604, 'KTCL')), 'new open ask', 'D6: the same text after a top-up is asked anew'),
    test.is(test.outcome(test.says(13900139604, 'KTCL')), 'again open ask', 'D6: and then it is a repeat');
-- C4: a reply whose secret is gone is not given again, and not sent again by an operator
SELECT hall.put_puk(13900139604, '1:' || repeat('A', 60)) AS puk;
SELECT test.is(test.outcome(test.send(13900139604, 'pk1', 'x', NULL, '{}', p_port => '1008676')), 'new puk ok', 'PUK at its port');
UPDATE hall.reply AS r SET state = 'sent', claim_after = NULL, fields = hall_private.without_secret(r.fields), text = '***'
WHERE r.msisdn = 13900139604 AND r.fields ? 'secret';
SELECT test.is(test.outcome(test.send(13900139604, 'pk2', 'x', NULL, '{}', p_port => '1008676')), 'new puk ok', 'C4: asked again it is made again');
UPDATE hall.reply AS r SET state = 'failed', claim_after = NULL WHERE r.msisdn = 13900139604 AND r.fields ? 'had_secret';
SELECT test.ok(NOT hall.resend(13900139604, hall_private.mt(r.month, r.number, r.part)), 'C4: no operator sends the stars')
FROM hall.reply AS r WHERE r.msisdn = 13900139604 AND r.fields ? 'had_secret';
-- the port for junk: lists and questions that were put there are answered there, and what reads like a code is junk
SELECT test.is(test.outcome(test.says(13900139602, '0000', '10086999')), 'new leave_list list', 'B5: leaving works at the junk port');
SELECT test.is(test.outcome(test.says(13900139602, '1', '10086999')), 'new leave_list left', 'B4: by its number, there');
SELECT test.is(test.outcome(test.send(13900139602, 'jp1', 'KTCL8', 'open', '{"service": "CL8"}', 'changes', p_port => '10086999', p_confirm => 'when_charged')),
    'new junk whose', 'F4: a forwarded code is no order');
