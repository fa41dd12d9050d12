-- Every outcome of every command, and of the hall itself.
SELECT test.at('2026-11-22 10:00+08');

SELECT test.is(test.outcome(test.send(13800138000, 'a1', 'YE', 'balance')), 'new balance ok', 'balance: ok');
SELECT test.is(test.fields(test.send(13800138000, 'a2', 'YE', 'balance')),
    '{"as_of": "2026-11-22T10:00:00+08:00", "brand": "全球通", "balance": 5678}', 'balance: fields');
SELECT test.is(test.fields(test.send(13800138002, 'a3', 'YE', 'balance')) ::jsonb ->> 'balance', '-1230', 'balance: below zero');

SELECT test.is(test.outcome(r), 'new bill ok', 'bill: of a month'),
    test.is(test.fields(r), '{"items": [{"fen": 5800, "name": "套餐及固定费"}, {"fen": 2060, "name": "语音通信费"}, '
        '{"fen": 1000, "name": "短信彩信费"}], "month": "201211", "total": 8860}', 'bill: fields')
FROM test.send(13800138000, 'b1', 'ZD201211', 'bill', '{"month": "201211"}') AS r;
SELECT test.is(test.fields(test.send(13800138000, 'b2', 'ZD', 'bill'))::jsonb ->> 'month', '201211',
    'bill: without month the last there is');
SELECT test.is(test.outcome(r) || ' ' || test.fields(r), 'new bill no_bill {"month": "202610"}', 'bill: without month and without any')
FROM test.send(13800138001, 'b3', 'ZD', 'bill') AS r;
SELECT test.is(test.outcome(r) || ' ' || test.fields(r), 'new bill no_bill {"month": "201210"}', 'bill: none')
FROM test.send(13800138000, 'b4', 'ZD201210', 'bill', '{"month": "201210"}') AS r;
SELECT test.is(test.outcome(test.send(13800138000, 'b5', 'ZD202611', 'bill', '{"month": "202611"}')), 'new bill not_ready',
    'bill: this month');
SELECT test.is(test.outcome(test.send(13800138000, 'b6', 'ZD202610', 'bill', '{"month": "202610"}')), 'new bill no_bill',
    'bill: last month, after the third');
SELECT test.at('2026-11-02 23:59:59+08');
SELECT test.is(test.outcome(test.send(13800138000, 'b7', 'ZD202610', 'bill', '{"month": "202610"}')), 'new bill not_ready',
    'bill: last month, before the third');
SELECT test.is(test.outcome(r) || ' ' || test.fields(r), 'new bill not_ready {"month": "202610"}',
    'bill: without month and without any, before the third') FROM test.send(13800138001, 'b9', 'ZD', 'bill') AS r;
SELECT test.at('2026-11-03 00:00:00+08');
SELECT test.is(test.outcome(test.send(13800138000, 'b8', 'ZD202610', 'bill', '{"month": "202610"}')), 'new bill no_bill',
    'bill: the third begins in China');
SELECT test.at('2026-11-22 11:00+08');

SELECT test.is(test.outcome(r) || test.fields(r), 'new points ok{"points": 1234}', 'points: ok')
FROM test.send(13800138000, 'c1', 'JF', 'points') AS r;

SELECT test.is(test.outcome(r) || ' ' || (r #>> '{replies,0,fields,count}'), 'new services ok 5', 'services: ok'),
    test.is(r #>> '{replies,0,fields,items,2}', '{"name": "新闻早报", "price": {"fen": 300, "period": "month"}, '
    '"since": "2012-01-05T09:00:00+08:00", "until": null, "provider": "新华短讯"}', 'services: one of them')
FROM test.send(13800138000, 'd1', 'GN', 'services') AS r;
SELECT test.is(test.outcome(r) || test.fields(r), 'new services none{}', 'services: none')
FROM test.send(13800138001, 'd2', 'GN', 'services') AS r;

SELECT test.is(test.outcome(r) || test.fields(r), 'new allowance_' || k || ' ok' || w, 'allowance_' || k || ': ok')
FROM (VALUES
    ('voice', '{"kind": "语音", "left": 200, "unit": "分钟", "total": 500}'),
    ('sms', '{"kind": "短信", "left": 80, "unit": "条", "total": 100}'),
    ('mms', '{"kind": "彩信", "left": 15, "unit": "条", "total": 20}'),
    ('data', '{"kind": "数据流量", "left": 350, "unit": "MB", "total": 500}')) AS v (k, w),
    LATERAL test.send(13800138000, 'e' || k, 'CXYE' || k, 'allowance_' || k) AS r;
SELECT test.is(test.outcome(r) || test.fields(r), 'new allowance_sms none{"kind": "短信"}', 'allowance_sms: none')
FROM test.send(13800138001, 'e5', 'CXYED', 'allowance_sms') AS r;

SELECT test.is(test.outcome(r) || test.fields(r), 'new menu ok{}', 'menu: ok') FROM test.send(13800138000, 'f1', '10086', 'menu') AS r;
SELECT test.is(test.outcome(r) || test.fields(r), 'new help ok{}', 'help: ok') FROM test.send(13800138000, 'f2', 'HELP', 'help') AS r;
SELECT test.is(test.outcome(r) || test.fields(r), 'new help topic{"codes": ["ZD"], "title": "查询本机账单"}', 'help: topic')
FROM test.send(13800138000, 'f3', 'HELP ZD', 'help', '{"topic": "ZD", "title": "查询本机账单", "codes": ["ZD"]}') AS r;
SELECT test.is(test.outcome(r) || test.fields(r), 'new help no_topic{"topic": "天书"}', 'help: no_topic')
FROM test.send(13800138000, 'f4', 'HELP 天书', 'help', '{"topic": "天书"}') AS r;
SELECT test.is(test.outcome(r), 'new help service', 'help: on a service of the catalogue'),
    test.is((r #>> '{replies,0,fields,price,fen}') || ' ' || (r #>> '{replies,0,fields,on}') || ' ' || (r #>> '{replies,0,fields,off}')
        || ' ' || (r #>> '{replies,0,fields,phone}'), '200 KTTQYB QXTQYB 4008106602', 'help: what it costs, and how to open and close it')
FROM test.send(13800138000, 'f5', 'HELP 天气', 'help', '{"topic": "天气"}') AS r;

SELECT test.is(test.outcome(r) || test.fields(r), 'new hall unknown{"near": ["YE", "YECX"]}', 'hall: unknown')
FROM test.send(13800138000, 'g1', 'YEE', NULL, '{"near": ["YE", "YECX"]}') AS r;
SELECT test.is(test.fields(test.send(13800138000, 'g2', '你好', NULL, NULL)), '{"near": []}', 'hall: unknown, and nothing is near');
SELECT test.is(test.outcome(test.send(13900139000, 'g3', 'YE', 'balance')), 'new hall not_subscriber', 'hall: not_subscriber');
SELECT test.is(test.outcome(test.send(13800138002, 'g4', 'X', 'test_charge', p_effect => 'changes')), 'new hall suspended',
    'hall: suspended may not change');
SELECT test.is(test.outcome(test.send(13800138002, 'g5', 'GN', 'services')), 'new services none', 'hall: suspended may ask');
SELECT test.is(test.outcome(test.send(13800138002, 'g6', 'T', 'menu', p_effect => 'leaves')), 'new menu ok', 'hall: suspended may leave');
SELECT test.is(test.outcome(r) || test.fields(r), 'new hall unknown_port{"port": "106999"}', 'hall: unknown_port')
FROM test.send(13800138000, 'g7', 'YE', NULL, p_port => '106999', p_at => 'provider') AS r;
SELECT test.is(test.outcome(test.send(13900139001, 'g8', 'YE', NULL, p_port => '1008', p_at => 'provider')), 'new hall unknown_port',
    'hall: unknown_port comes before not_subscriber');
SELECT test.is(test.outcome(r) || test.fields(r), 'new hall provider_text{"phone": "4008106602", "provider": "风云气象"}',
    'hall: provider_text')
FROM test.send(13800138000, 'g9', '北京', NULL, p_port => '1066021', p_at => 'provider') AS r;
SELECT hall.put_port('1066021', '新华短讯');
SELECT test.is(test.fields(test.send(13800138000, 'g10', '上海', NULL, p_port => '10660217', p_at => 'provider'))::jsonb ->> 'provider',
    '新华短讯', 'hall: the longest prefix decides');
SELECT test.is(test.outcome(test.send(13800138000, 'g11', 'X', 'no_such_call')), 'new no_such_call unavailable', 'hall: unavailable');
SELECT test.is(test.outcome(test.send(13800138000, 'g12', 'X', 'balance(NULL); DROP SCHEMA hall; --')),
    'new balance(NULL); DROP SCHEMA hall; -- unavailable', 'hall: a call is a name and nothing else');
SELECT test.is(test.outcome(r) || test.fields(r), 'new hall fault{}', 'hall: fault, said by the daemon')
FROM CAST(hall.receive(13800138000, 'g13', '10086', 'hall', 'X', NULL, NULL, 'hall', NULL, 'reads', 'never', '{"outcome": "fault"}', NULL,
    'sendsms') AS jsonb) AS r;
SELECT test.is(test.outcome(test.send(13800138000, 'g14', 'X', 'test_charge', p_effect => 'changes')), 'new test_charge ok',
    'a function made after the migrate is found by name');
SELECT hall_private.build_dispatch();
SELECT test.is(test.outcome(test.send(13800138000, 'g15', 'XX', 'test_charge', p_effect => 'changes')), 'new test_charge ok',
    'and by its branch later');
CREATE FUNCTION hall_command.test_names(subscriber hall.subscriber, args jsonb, OUT what text, OUT fields jsonb)
LANGUAGE sql RETURN ('ok', '{}'::jsonb);
CREATE FUNCTION hall_command.test_types(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields json)
LANGUAGE sql RETURN ('ok', '{}'::json);
CREATE FUNCTION hall_command.test_rows(subscriber hall.subscriber, args jsonb) RETURNS TABLE (outcome text, fields jsonb)
LANGUAGE sql RETURN ('ok', '{}'::jsonb);
CREATE FUNCTION hall_command.test_void(subscriber hall.subscriber, args jsonb) RETURNS text LANGUAGE sql RETURN 'ok';
SELECT hall_private.build_dispatch();
SELECT test.is(test.outcome(test.send(13800138000, 'j' || f, 'X', f)), 'new ' || f || ' unavailable',
    'a function that answers otherwise is none of ours: ' || f)
FROM unnest(ARRAY['test_names', 'test_types', 'test_rows', 'test_void']) AS f;
UPDATE hall.subscriber SET state = 'closed' WHERE msisdn = 13800138003;
SELECT test.is(test.outcome(test.send(13800138003, 'g16', 'YE', 'balance')), 'new hall not_subscriber', 'hall: who left is no subscriber');
SELECT test.is(test.outcome(hall.receive(13800138000, 'h1', '10086', 'hall', 'YE', 1, 1353549600, 'balance', 'balance', 'reads', 'never', '{}', NULL,
    'inline')::jsonb),
    'new balance ok', 'message: with the gateway''s time');
SELECT test.is(extract(epoch FROM gateway_at)::bigint::text, '1353549600', 'message: the gateway''s time is kept')
    FROM hall.message WHERE gateway_id = 'h1';
