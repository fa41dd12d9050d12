-- A message takes effect once (rules D6, E1), a machine is not answered for ever (E4).
SELECT test.at('2026-11-22 10:00+08');
SELECT hall_private.build_dispatch();

-- by id
SELECT test.is(test.mt(test.send(13800138000, 'id1', 'X', 'test_charge', p_effect => 'changes')), '2611-1', 'mt: month and number');
SELECT test.is(r ->> 'was', 'repeat', 'repeat: by id'), test.is(test.mt(r), '2611-1', 'repeat: the reply it had'),
    test.is(test.fields(r), '{"balance": 5677}', 'repeat: its fields')
FROM test.send(13800138000, 'id1', 'X', 'test_charge', p_effect => 'changes') AS r;
SELECT test.is(r ->> 'was', 'repeat', 'repeat: the same id with another text'),
    test.is(test.mt(r), '2611-1', 'repeat: with the first text''s reply')
FROM test.send(13800138000, 'id1', 'YE', 'balance') AS r;
SELECT test.is(balance_fen::text, '5677', 'repeat: acted once') FROM hall.subscriber WHERE msisdn = 13800138000;
SELECT test.is(text, 'X', 'repeat: the first text is kept') FROM hall.message WHERE gateway_id = 'id1';
SELECT test.is(test.outcome(test.send(13800138001, 'id1', 'YE', 'balance')), 'new balance ok',
    'repeat: another subscriber''s id is another id');
SELECT hall.settle(13800138000, '2611-1', 'sent', '好', 1, NULL, NULL, NULL);
SELECT test.is((r #>> '{replies,0,text}') || ' ' || (r #>> '{replies,0,state}'), '好 sent', 'repeat: text and state as they are now')
FROM test.send(13800138000, 'id1', 'X', 'test_charge', p_effect => 'changes') AS r;

-- across midnight and the month's end
SELECT test.at('2026-11-22 23:59:59.9+08');
SELECT test.mt(test.send(13800138000, 'id2', 'YE', 'balance')) IS NULL;
SELECT test.wait(0.2);
SELECT test.is(test.send(13800138000, 'id2', 'YE', 'balance') ->> 'was', 'repeat', 'repeat: across midnight');
SELECT test.at('2026-11-30 23:59:59+08');
SELECT test.is(test.outcome(test.send(13800138000, 'id3', 'YE', 'balance')), 'new balance ok', 'the month''s last message');
SELECT test.wait(2);
SELECT test.is(r ->> 'was', 'repeat', 'repeat: across the month''s end'),
    test.ok(test.mt(r) LIKE '2611-%', 'repeat: the reply of last month')
FROM test.send(13800138000, 'id3', 'YE', 'balance') AS r;
SELECT test.ok(test.mt(test.send(13800138000, 'id4', 'JF', 'points')) LIKE '2612-%', 'a new month has new ids');
SELECT test.at('2026-12-03 23:59:59+08');
SELECT test.is(test.send(13800138000, 'id3', 'YE', 'balance') ->> 'was', 'repeat', 'repeat: still on the third');
SELECT test.is(count(*)::text, '1', 'repeat: noted once') FROM hall.message WHERE gateway_id = 'id3';
SELECT test.at('2026-12-01 00:00:01+08');
SELECT test.is(test.outcome(test.send(13900139005, 'id5', 'YE', 'balance')), 'new hall not_subscriber', 'a stranger on the first');
SELECT test.is(number::text, '1', 'has the number 1') FROM hall.conversation WHERE msisdn = 13900139005;
SELECT test.at('2026-11-30 23:59:59+08');
SELECT test.is(test.send(13900139005, 'id5', 'YE', 'balance') ->> 'was', 'repeat', 'repeat: the clock stepped back over the month''s end');
SELECT test.is(test.outcome(test.send(13900139005, 'id6', 'YE', 'balance')), 'new hall not_subscriber', 'and on the last day one is new');
SELECT test.at('2027-02-28 12:00+08');
SELECT test.is(test.outcome(test.send(13900139005, 'id7', 'YE', 'balance')), 'new hall not_subscriber', 'on the last of a short month');
SELECT test.at('2028-02-28 12:00+08');
SELECT test.is(test.outcome(test.send(13900139005, 'id8', 'YE', 'balance')), 'new hall not_subscriber', 'on a day that is not the last');

-- by text
SELECT test.at('2026-12-10 10:00+08');
SELECT test.is(test.outcome(test.send(13800138000, 't1', 'X', 'test_charge', p_effect => 'changes')), 'new test_charge ok', 'again: first');
SELECT test.wait(5);
SELECT test.is(test.outcome(a), 'again test_charge ok', 'again: the same text five seconds later'),
    test.is(test.fields(a), '{"balance": 5676}', 'again: the stored reply'),
    test.ok(test.mt(a) <> test.mt(b), 'again: as a new reply'),
    test.is(test.outcome(b) || test.fields(b), 'again test_charge ok{"balance": 5676}', 'again: and once more')
FROM test.send(13800138000, 't2', 'x', 'test_charge', p_effect => 'changes') AS a, test.send(13800138000, 't3', 'X',
    'test_charge', p_effect => 'changes') AS b;
SELECT test.is(test.send(13800138000, 't3', 'X', 'test_charge', p_effect => 'changes') ->> 'was', 'repeat', 'again: has an id of its own');
SELECT test.is(balance_fen::text, '5676', 'again: acted once') FROM hall.subscriber WHERE msisdn = 13800138000;
SELECT test.is(count(*)::text, '3', 'again: every message is noted') FROM hall.message WHERE gateway_id IN ('t1', 't2', 't3');
SELECT test.wait(60);
SELECT test.is(test.outcome(test.send(13800138000, 't4', 'X', 'test_charge', p_effect => 'changes')), 'again test_charge ok',
    'again: 60 s later');
SELECT test.wait(60.001);
SELECT test.is(test.outcome(test.send(13800138000, 't5', 'X', 'test_charge', p_effect => 'changes')), 'new test_charge ok',
    'again: not after more than 60 s');
SELECT test.is(test.outcome(test.send(13800138000, 't6', 'X', 'test_charge', p_effect => 'changes', p_port => '10086977')),
    'new test_charge ok', 'again: not to another port');
SELECT test.is(test.outcome(test.send(13800138000, 't7', 'YE', 'balance', p_port => '10086977')), 'new balance ok', 'a question between');
SELECT test.is(test.outcome(test.send(13800138000, 't8', 'X', 'test_charge', p_effect => 'changes', p_port => '10086977')),
    'new test_charge ok', 'again: only the next message');
SELECT test.is(test.outcome(test.send(13800138000, 't9', 'JF', 'points')), 'new points ok', 'a question');
SELECT test.is(test.outcome(test.send(13800138000, 't10', 'JF', 'points')), 'new points ok', 'again: a question is simply answered again');
SELECT test.is(test.outcome(test.send(13800138000, 't11', 'Y', p_answer => 'yes')), 'new hall no_question', 'an answer to nothing');
SELECT test.is(test.outcome(test.send(13800138000, 't12', 'Y', p_answer => 'yes')), 'new hall no_question', 'is explained each time');
SELECT test.is(hall.receive(13800138000, i, '10086', 'hall', '***', NULL, NULL, 'test_charge', 'test_charge', 'changes', 'never', '{}', NULL,
    'sendsms')::jsonb ->> 'was', 'new',
    'again: never for a text with a secret, ' || i) FROM unnest(ARRAY['t13', 't14']) AS i;
SELECT hall.put_subscriber(13900139010, '全球通', p_opening_fen => 20000);
SELECT test.is(string_agg(test.outcome(test.says(13900139010, 'TQ', '106602')), ', ' ORDER BY i),
    'new open ask, again open ask, again open ask', 'again: what no command read, as often as it comes') FROM generate_series(1, 3) AS i;
SELECT test.at('2026-12-31 23:59:50+08');
SELECT test.is(test.outcome(test.send(13800138001, 't15', 'X', 'test_charge', p_effect => 'changes')), 'new test_charge ok',
    'the year''s last order');
SELECT test.wait(20);
SELECT test.is(test.outcome(test.send(13800138001, 't16', 'X', 'test_charge', p_effect => 'changes')), 'again test_charge ok',
    'again: across the month''s end');

-- loops
SELECT test.at('2026-12-11 10:00+08');
SELECT test.is(string_agg(test.send(13900139000, 'l' || i, '回复机', NULL, NULL) ->> 'was', ' ' ORDER BY i),
    repeat('new ', 20) || 'looped looped', 'looped: the 21st same text in five minutes') FROM generate_series(1, 22) AS i;
SELECT test.is(test.send(13900139000, 'l22', '回复机', NULL, NULL)::text, '{"was": "repeat", "replies": []}',
    'looped: noted, without a reply');
SELECT test.is(string_agg(test.says(13900139010, '00000', '106601') ->> 'was', ' ' ORDER BY i),
    'new ' || repeat('again ', 19) || 'looped looped', 'looped: a leaving text that is resent, too') FROM generate_series(1, 22) AS i;
SELECT test.wait(299);
SELECT test.is(test.send(13900139000, 'l23', '回复机', NULL, NULL) ->> 'was', 'looped', 'looped: in the window');
SELECT test.wait(2);
SELECT test.is(test.send(13900139000, 'l24', '回复机', NULL, NULL) ->> 'was', 'new', 'looped: the window is over');
SELECT test.is(string_agg(test.send(13900139000, 'm' || i, '回复机', NULL, NULL) ->> 'was', ' ' ORDER BY i),
    repeat('new ', 19) || 'looped', 'looped: and counts anew') FROM generate_series(1, 20) AS i;
SELECT test.is(test.send(13900139000, 'm30', '你好', NULL, NULL) ->> 'was', 'new', 'looped: another text is answered');
SELECT test.is(string_agg(was, ' '), repeat('new ', 40) || 'looped looped new', 'looped: also when two texts take turns')
FROM (SELECT test.send(13900139003, 'r' || i, (ARRAY['甲', '乙'])[1 + i % 2], NULL, NULL) ->> 'was' AS was
      FROM generate_series(1, 42) AS i
      UNION ALL
      SELECT test.send(13900139003, 'r43', '丙', NULL, NULL) ->> 'was') AS sent;
SELECT test.is(string_agg(DISTINCT test.send(13900139004, 's' || i, '第' || i || '条', NULL, NULL) ->> 'was', ' '), 'new',
    'looped: never for texts that differ') FROM generate_series(1, 100) AS i;
SELECT test.is(string_agg(test.send(13900139004, 'u' || i, '回复机', NULL, NULL) ->> 'was', ' ' ORDER BY i),
    repeat('new ', 20) || 'looped', 'looped: the 21st after them') FROM generate_series(1, 21) AS i;
SELECT test.is(string_agg(DISTINCT hall.receive(13900139006, 'v' || i, '10086', 'hall', '***', NULL, NULL, NULL, NULL, 'reads', 'never', '{}', NULL,
    'sendsms')::jsonb ->> 'was', ' '), 'new', 'looped: never for texts with a secret') FROM generate_series(1, 30) AS i;
SELECT test.is(string_agg(test.send(13900139007, 'w' || i, '回复机', NULL, NULL, p_at => 'hall', p_way => 'inline') ->> 'was', ' '
    ORDER BY i), rtrim(repeat('new ', 10)), 'looped: ten') FROM generate_series(1, 10) AS i;
SELECT test.wait(299);
SELECT test.is(string_agg(test.send(13900139007, 'x' || i, '回复机', NULL, NULL) ->> 'was', ' ' ORDER BY i),
    repeat('new ', 10) || 'looped', 'looped: and ten more in the window') FROM generate_series(1, 11) AS i;
SELECT test.wait(2);
SELECT test.is(string_agg(test.send(13900139007, 'y' || i, '回复机', NULL, NULL) ->> 'was', ' ' ORDER BY i),
    repeat('new ', 10) || 'looped', 'looped: the window moves on with the time') FROM generate_series(1, 11) AS i;
SELECT test.is(string_agg(DISTINCT hall.receive(13900139008, 'z' || i, '10086', 'hall', 'YE' || repeat('。', i % 3), 1, NULL, NULL, NULL,
    'reads', 'never', '{}', NULL, 'sendsms')::jsonb ->> 'was', ' '), 'new', 'looped: not by texts that only read the same') FROM generate_series(1, 60) AS i;
UPDATE hall.setting SET value = 2 WHERE name = 'loop_messages';
SELECT test.is(string_agg(test.send(13900139002, 'n' || i, 'A', NULL, NULL) ->> 'was', ' '
    ORDER BY i), 'new new looped', 'looped: its figures are settings') FROM generate_series(1, 3) AS i;

SELECT test.is(string_agg(m.number::text, ',' ORDER BY m.number), string_agg(i::text, ',' ORDER BY i), 'numbers: without a gap')
FROM (SELECT number, row_number() OVER (ORDER BY number) AS i FROM hall.message WHERE msisdn = 13800138000) AS m;
SELECT test.is(count(*)::text, '0', 'ledger: is right') FROM hall.check_ledger();
