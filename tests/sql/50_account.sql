-- Money, the feed of a billing system, and the months of the logs.
SELECT test.at('2026-11-22 10:00+08');
SELECT test.is(string_agg(concat_ws(' ', msisdn, brand, state, balance_fen, points, is_blacklisted), ', ' ORDER BY msisdn),
    '13800138000 全球通 active 5678 1234 f, 13800138001 神州行 active 50 0 f, 13800138002 动感地带 suspended -1230 0 f, 13800138003 全球通 active 10000 0 t', 'demo: the four subscribers')
FROM hall.subscriber;
SELECT test.is(string_agg(code || ' ' || name || ' ' || fee_fen || ' ' || period || ' ' || coalesce(provider || ' ' || port,
    '-') || ' ' || trial_days, ', ' ORDER BY code),
    'CL 彩铃 500 month - 0, CL8 彩铃8元 800 month - 0, DXHZ 短信回执 10 message - 0, GNMY 国内漫游 0 month - 0, GPRS 手机上网 0 month - 0, HFNZ 话费闹钟 0 month - 0, HJBC 呼叫保持 0 month - 0, '
    'HJDD 呼叫等待 0 month - 0, LDTX 来电提醒 300 month - 0, LDXS 来电显示 0 month - 0, SFTH 三方通话 0 month - 0, TQYB 天气预报 200 month 风云气象 106602 0, '
    'WLAN WLAN 0 month - 7, XHTT 笑话天天 500 month 风云气象 106602 0, XWZB 新闻早报 300 month 新华短讯 106601 0, YETX 余额提醒 0 month - 0',
        'demo: the catalogue') FROM hall.service;

SELECT test.is(hall.put_subscriber(13700137000, '神州行', p_opening_fen => 1000)::text, 'true', 'put_subscriber: a new one');
SELECT test.is(hall.put_subscriber(13700137000, '全球通', 'suspended', 'arrears', 9999)::text, 'false', 'put_subscriber: changed');
SELECT test.is(concat_ws(' ', brand, state, state_reason, balance_fen), '全球通 suspended arrears 1000',
    'put_subscriber: money comes by the ledger only') FROM hall.subscriber WHERE msisdn = 13700137000;
SELECT test.refused($$SELECT hall.put_subscriber(1370013700, 'x')$$, '23514', 'put_subscriber: no mobile number');
SELECT test.refused($$SELECT hall.put_subscriber(13700137000, 'x', 'gone')$$, '23514', 'put_subscriber: no state of ours');
SELECT test.is(hall.top_up(13700137000, 500, 'card-1')::text, '1500', 'top_up'),
    test.is(hall.top_up(13700137000, 500, 'card-1')::text, '1500', 'top_up: the same reference counts once');
SELECT test.is(hall.top_up(13700137001, 500, 'card-1')::text, NULL, 'top_up: no subscriber');
SELECT test.refused($$SELECT hall.top_up(13700137000, -1, 'card-2')$$, '22023', 'top_up: takes nothing'),
    test.refused($$SELECT hall.top_up(13700137000, 1, NULL)$$, '22023', 'top_up: needs a reference');
SELECT test.is(hall.post_charge(13700137000, -300, 'fee', '来电提醒月租', 'fee-1')::text, '1200', 'post_charge'),
    test.refused($$SELECT hall.post_charge(13700137000, -300, 'theft', 'x', 'y')$$, '22023', 'post_charge: a known kind');
SELECT test.is(hall.post_charge(13700137000, p_fen, p_kind, 'x', p_kind || '-2')::text, p_balance, 'post_charge: a ' || p_kind || ' of ' || p_fen)
FROM (VALUES ('refund', 300, '1500'), ('correction', -300, '1200')) AS v (p_kind, p_fen, p_balance);
SELECT test.refused(format('SELECT hall.post_charge(13700137000, %s, %L, %L, %L)', coalesce(p_fen, 'NULL'), p_kind, 'x', 'y'), '22023',
    'post_charge: never a ' || p_kind || ' of ' || coalesce(p_fen, 'NULL'))
FROM (VALUES ('fee', '300'), ('fee', '0'), ('fee', NULL), ('refund', '-300'), ('refund', '0'), ('correction', '0')) AS v (p_kind, p_fen);
SELECT test.is(test.words_of_refusal($$SELECT hall.top_up(13700137000, 600, 'card-1')$$),
    'reference "card-1" is a top_up of 500 fen already and cannot be a top_up of 600 fen', 'top_up: the reference with another amount'),
    test.is(test.words_of_refusal($$SELECT hall.post_charge(13700137000, 500, 'refund', 'x', 'card-1')$$),
    'reference "card-1" is a top_up of 500 fen already and cannot be a refund of 500 fen', 'post_charge: the reference with another kind'),
    test.is(balance_fen::text, '1200', 'and no money moved') FROM hall.subscriber WHERE msisdn = 13700137000;
SELECT test.refused(format('INSERT INTO hall.ledger VALUES (13700137000, 99, now(), %s, 0, %L)', fen, kind), '23514',
    'the ledger takes no ' || kind || ' of ' || fen)
FROM (VALUES ('fee', 1), ('top_up', -1), ('refund', -1), ('correction', 0), ('test', 0)) AS v (kind, fen);
SELECT test.is(string_agg(concat_ws(' ', number, fen, balance_fen, kind), ', '
    ORDER BY number), '1 1000 1000 opening, 2 500 1500 top_up, 3 -300 1200 fee, 4 300 1500 refund, 5 -300 1200 correction', 'the ledger') FROM hall.ledger WHERE msisdn = 13700137000;
SELECT test.is(count(*)::text, '0', 'check_ledger: all is right') FROM hall.check_ledger();
UPDATE hall.subscriber SET balance_fen = balance_fen + 1 WHERE msisdn = 13800138001;
DELETE FROM hall.ledger WHERE msisdn = 13700137000 AND number = 2;
SELECT test.is(string_agg(concat_ws(' ', msisdn, balance_fen, ledger_fen, rows_expected, rows_found), ', '
    ORDER BY msisdn), '13700137000 1200 700 5 4, 13800138001 51 50 1 1', 'check_ledger: what is wrong') FROM hall.check_ledger();

SELECT hall.put_bill(13800138001, '2026-10-15', '[{"name": "月租", "fen": 100}]'), hall.put_bill(13800138001, '2026-10-01',
    '[{"name": "月租", "fen": 200}, {"name": "短信", "fen": 30}]');
SELECT test.is(concat_ws(' ', month, total_fen), '2026-10-01 230', 'put_bill: again replaces') FROM hall.bill WHERE msisdn = 13800138001;
SELECT test.refused($$UPDATE hall.bill SET total_fen = 1$$, '23514', 'a bill''s total is the sum of its items');
SELECT hall.put_allowance(13800138001, 'voice', 10, 20), hall.put_allowance(13800138001, 'voice', 5, 20);
SELECT test.is(concat_ws('/', rest, total), '5/20', 'put_allowance: again replaces') FROM hall.allowance WHERE msisdn = 13800138001;
SELECT test.refused($$SELECT hall.put_allowance(13800138001, 'voice', 21, 20)$$, '23514', 'an allowance: no more left than there was');
SELECT test.is(hall.put_points(13800138001, 7)::text, 'true', 'put_points'),
    test.is(hall.put_points(13700137009, 7)::text, 'false', 'put_points: no subscriber');
SELECT test.is(hall.put_subscription(13800138001, 'LDXS', '2026-11-01 00:00+08')::text, 'true', 'put_subscription: open'),
    test.is(hall.put_subscription(13800138001, 'LDXS', '2026-11-02 00:00+08')::text, 'false', 'put_subscription: is open'),
    test.is(hall.put_subscription(13800138001, 'LDXS', NULL, '2026-11-03 00:00+08')::text, 'true', 'put_subscription: closed'),
    test.is(hall.put_subscription(13800138001, 'LDXS', NULL, '2026-11-03 00:00+08')::text, 'false', 'put_subscription: is closed'),
    test.is(hall.put_subscription(13800138001, 'LDXS', '2026-11-04 00:00+08')::text, 'true', 'put_subscription: open anew');
SELECT test.is(hall.put_subscription(13800138001, 'LDXS', s::timestamptz, u::timestamptz)::text, w, 'put_subscription: ' || what)
FROM (VALUES
    (NULL, '2026-11-03 00:00+08', 'false', 'the close again, after it is open anew'),
    ('2026-11-01 00:00+08', NULL, 'false', 'the open again'),
    ('2026-11-02 00:00+08', NULL, 'false', 'the open again that had changed nothing'),
    ('2026-11-01 00:00+08', '2026-11-03 00:00+08', 'false', 'the whole of it again'),
    ('2026-10-01 00:00+08', '2026-10-05 00:00+08', 'true', 'one that nobody knew, and is closed'),
    ('2026-10-01 00:00+08', '2026-10-05 00:00+08', 'false', 'that again'),
    ('2026-10-01 00:00+08', '2026-10-06 00:00+08', 'true', 'its end put right'),
    ('2026-11-04 00:00+08', '2026-11-05 00:00+08', 'true', 'what is open, closed as a whole'),
    ('2026-11-05 00:00+08', NULL, 'true', 'open anew at the moment of the end'),
    (NULL, '2026-11-05 00:00+08', 'false', 'and not closed by what closed the one before'),
    (NULL, '2026-11-06 00:00+08', 'true', 'closed')) AS v (s, u, w, what);
SELECT test.is(string_agg(to_char(since AT TIME ZONE 'Asia/Shanghai', 'MM-DD') || '/'
    || coalesce(to_char(until AT TIME ZONE 'Asia/Shanghai', 'MM-DD'), ''), ' ' ORDER BY since),
    '10-01/10-06 11-01/11-03 11-04/11-05 11-05/11-06', 'put_subscription: what is known in the end')
FROM hall.subscription WHERE msisdn = 13800138001;
SELECT test.refused($$SELECT hall.put_subscription(13800138001, 'NONE', now())$$, '23503', 'put_subscription: no such service');
SELECT hall.put_provider('新华短讯', '4001', NULL);
SELECT test.is(telephone, '4001', 'put_provider: again replaces') FROM hall.provider WHERE name = '新华短讯';
SELECT test.refused($$SELECT hall.put_port('1066', 'nobody')$$, '23503', 'put_port: no such provider'),
    test.refused($$SELECT hall.put_port('10x', '新华短讯')$$, '23514', 'put_port: digits');

-- months
CREATE FUNCTION test.months(p_table text) RETURNS text
LANGUAGE sql RETURN (SELECT string_agg(c.relname, ' ' ORDER BY c.relname)
    FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
    WHERE i.inhparent = p_table::regclass AND c.relname ~ '_[0-9]{4}$' AND c.relname > replace(p_table, 'hall.', '') || '_2701');
SELECT test.at('2027-03-31 23:59:59+08');
SELECT test.is((hall.run_due() ->> 'partitions'), '6', 'run_due: makes three months of both'),
    test.is(test.months('hall.message'), 'message_2703 message_2704 message_2705', 'the months of messages'),
    test.is(test.months('hall.reply'), 'reply_2703 reply_2704 reply_2705', 'the months of replies'),
        test.is((hall.run_due() ->> 'partitions'), '0', 'run_due: again makes none');
SELECT test.mt(test.send(13800138000, 'p1', 'YE', 'balance')) IS NULL;
SELECT test.is(tableoid::regclass::text, 'hall.message_2703', 'a message is in its month') FROM hall.message WHERE gateway_id = 'p1';
SELECT test.at('2027-08-10 10:00+08');
SELECT test.is(test.mt(test.send(13800138000, 'p2', 'YE', 'balance')), '2708-2', 'a month that nobody made');
SELECT test.is(tableoid::regclass::text, 'hall.message_other', 'is in the default partition') FROM hall.message WHERE gateway_id = 'p2';
SELECT test.is(test.send(13800138000, 'p2', 'YE', 'balance') ->> 'was', 'repeat', 'where a repeat is a repeat');
SELECT test.is((hall.run_due() ->> 'partitions'), '6', 'run_due: makes that month too');
SELECT test.is(tableoid::regclass::text, 'hall.message_2708', 'and its message moves there') FROM hall.message WHERE gateway_id = 'p2';
SELECT test.is(tableoid::regclass::text, 'hall.reply_2708', 'and its reply') FROM hall.reply WHERE month = '2027-08-01';
SELECT test.is(test.send(13800138000, 'p2', 'YE', 'balance') ->> 'was', 'repeat', 'where a repeat is one again');
INSERT INTO hall.message_other (msisdn, at, number, month, gateway_id, port, text)
SELECT 13800138000, hall.now(), 100 + i, '2027-11-01', 'q' || i, '10086', '' FROM generate_series(1, 10001) AS i;
SELECT test.at('2027-09-01 00:00+08');
SET client_min_messages = error;
SELECT test.is((hall.run_due() ->> 'partitions'), '1', 'run_due: leaves a month where it is when it is too much'),
    test.is(test.months('hall.message'), 'message_2703 message_2704 message_2705 message_2708 message_2709 message_2710', 'of messages'),
    test.is(test.months('hall.reply'), 'reply_2703 reply_2704 reply_2705 reply_2708 reply_2709 reply_2710 reply_2711', 'and not of replies'),
    test.is((hall.run_due() ->> 'partitions'), '0', 'run_due: also the next time');
RESET client_min_messages;
DELETE FROM hall.message_other;
SELECT test.at('2027-08-10 10:00+08');
SELECT test.refused($$SELECT hall.drop_messages_before('2026-01-01')$$, '23514', 'drop: what is evidence stays');
UPDATE hall.setting SET value = 1 WHERE name = 'months_kept';
SELECT test.refused($$SELECT hall.drop_messages_before('2027-04-01')$$, '23514', 'drop: never what is younger than five months');
SELECT test.is(count(*)::text, '2', 'drop: nothing went') FROM hall.message WHERE msisdn = 13800138000;
SELECT test.at('2027-09-01 00:00+08');
SET enable_nestloop = off; -- as it plans once it knows its own tables: all names are read before it is known whose they are
SELECT test.is(hall.drop_messages_before('2027-04-01')::text, '8', 'drop: whole months'),
    test.is(test.months('hall.message'), 'message_2704 message_2705 message_2708 message_2709 message_2710', 'drop: and no other');
RESET enable_nestloop;
SELECT test.at('2028-03-01 00:00+08');
SELECT test.is((hall.drop_messages_before('2027-09-01') > 0)::text, 'true', 'drop: later');
SELECT test.is(count(*)::text, '0', 'drop: from the default partition too') FROM hall.message WHERE msisdn = 13800138000;
