-- The feed in chunks: what is put and rejected, twice the same, and that money and closing go the road of the one-row functions.
SELECT test.at('2026-11-22 10:00+08');
CREATE FUNCTION test.counts(p_answer jsonb) RETURNS text
LANGUAGE sql RETURN format('%s new, %s changed', p_answer ->> 'new', p_answer ->> 'changed');

-- --- subscribers ---
SELECT test.is(hall.load_subscribers('{13900000001,13900000002,13900000003}', '{全球通,神州行,神州行}', '{NULL,suspended,closed}',
        '{NULL,arrears,NULL}', '{1234,-50,0}', '{是,no,NULL}')::text,
    '{"new": 3, "changed": 0, "rejected": {}}', 'subscribers: new ones');
SELECT test.is(string_agg(concat_ws(' ', s.brand, s.state, s.state_reason, s.balance_fen, s.is_blacklisted), ', ' ORDER BY s.msisdn),
    '全球通 active 1234 t, 神州行 suspended arrears -50 f, 神州行 closed 0 f', 'subscribers: as said')
FROM hall.subscriber AS s WHERE s.msisdn BETWEEN 13900000001 AND 13900000003;
SELECT test.is(string_agg(concat_ws(' ', l.number, l.fen, l.balance_fen, l.kind, l.note, l.reference), ', ' ORDER BY l.msisdn),
    '1 1234 1234 opening 期初余额 opening, 1 -50 -50 opening 期初余额 opening', 'subscribers: an opening balance is a ledger row; 0 is none')
FROM hall.ledger AS l WHERE l.msisdn BETWEEN 13900000001 AND 13900000003;
SELECT test.is(test.counts(hall.load_subscribers('{13900000001,13900000002,13900000003}', '{全球通,神州行,神州行}',
        '{NULL,suspended,closed}', '{NULL,arrears,NULL}', '{9999,-50,0}', '{是,no,NULL}')),
    '0 new, 0 changed', 'subscribers: again changes nothing, nor does another opening balance');
SELECT test.is(test.counts(hall.load_subscribers('{13900000001,13900000002}', '{动感地带,神州行}')), '0 new, 1 changed',
    'subscribers: columns that are not there');
SELECT test.is(string_agg(concat_ws(' ', s.brand, s.state, s.state_reason, s.is_blacklisted), ', ' ORDER BY s.msisdn),
    '动感地带 active t, 神州行 suspended arrears f', 'subscribers: leave what is there')
FROM hall.subscriber AS s WHERE s.msisdn IN (13900000001, 13900000002);
SELECT test.is(test.counts(hall.load_subscribers('{13900000002}', '{神州行}', '{active}')), '0 new, 1 changed', 'subscribers: resumed');
SELECT test.is(s.state || coalesce(s.state_reason, '-'), 'active-', 'subscribers: a reason goes with its state')
FROM hall.subscriber AS s WHERE s.msisdn = 13900000002;
-- what is not said of a state stays, and what the subscriber decided is not ended by the way
SELECT test.is(test.counts(hall.load_subscribers('{13900000031,13900000032,13900000033,13900000034,13900000035}', '{a,a,a,a,a}',
        '{suspended,suspended,suspended,suspended,NULL}', '{arrears,lost,own_wish,lost,NULL}')), '5 new, 0 changed', 'states: new ones');
SELECT test.is(test.counts(hall.load_subscribers('{13900000031,13900000032,13900000033,13900000034,13900000035,13900000003}', '{b,b,b,b,b,b}',
        '{NULL,NULL,NULL,NULL,NULL,NULL}', '{fraud,NULL,NULL,NULL,NULL,NULL}')), '0 new, 6 changed', 'states: empty cells');
CREATE FUNCTION test.states() RETURNS text
LANGUAGE sql RETURN (
    SELECT string_agg(concat_ws(' ', s.brand, s.state, s.state_reason), ', ' ORDER BY s.msisdn)
    FROM hall.subscriber AS s WHERE s.msisdn BETWEEN 13900000031 AND 13900000035);
SELECT test.is(test.states(), 'b suspended arrears, b suspended lost, b suspended own_wish, b suspended lost, b active', 'states: leave what is there'),
    test.is((SELECT s.state FROM hall.subscriber AS s WHERE s.msisdn = 13900000003), 'closed', 'states: a closed one stays so');
SELECT test.is(test.counts(hall.load_subscribers('{13900000031,13900000032,13900000033,13900000034}', '{b,b,b,b}', '{active,active,active,active}',
        '{NULL,NULL,NULL,resumed}')), '0 new, 2 changed', 'states: active');
SELECT test.is(test.states(), 'b active, b suspended lost, b suspended own_wish, b active, b active', 'states: active ends a loss only when it is resumed');
SELECT test.is(test.counts(hall.load_subscribers('{13900000032,13900000033,13900000035,13900000035}', '{b,b,c,d}', '{suspended,suspended,suspended,NULL}',
        '{arrears,arrears,arrears,NULL}')), '0 new, 2 changed', 'states: a debt');
SELECT test.is(test.states(), 'b active, b suspended lost, b suspended arrears, b active, d suspended arrears', 'states: the last that is named');
SELECT test.is(test.counts(hall.load_subscribers('{13900000003}', '{b}', '{active}')), '0 new, 1 changed', 'states: a closed one is given away');
SELECT test.is((s.since = hall.now())::text, 'true', 'states: since then') FROM hall.subscriber AS s WHERE s.msisdn = 13900000003;
SELECT hall.put_subscriber(13900000003, '神州行', 'closed');

SELECT test.is(test.counts(hall.load_subscribers('{13900000004,13900000004}', '{全球通,神州行}', p_opening_fen => '{100,900}')),
    '1 new, 0 changed', 'subscribers: twice in a chunk');
SELECT test.is(s.brand || s.balance_fen, '神州行100', 'subscribers: the later row counts, but for the opening balance')
FROM hall.subscriber AS s WHERE s.msisdn = 13900000004;
SELECT test.is((hall.load_subscribers('{NULL,10086,13900000009,13900000009,13900000009,13900000009,13900000008}',
        '{a,a,NULL,a,a,a,a}', '{NULL,NULL,NULL,odd,NULL,NULL,NULL}', NULL, '{NULL,NULL,NULL,NULL,1.5,NULL,NULL}',
        '{NULL,NULL,NULL,NULL,NULL,maybe,NULL}') -> 'rejected')::text,
    '{"1": "msisdn is missing", "2": "msisdn \"10086\" is no mobile number", "3": "brand is missing", '
    '"4": "state \"odd\" is no state: active, suspended or closed", "5": "opening_fen \"1.5\" is no amount in whole fen", '
    '"6": "is_blacklisted \"maybe\" is no yes or no"}', 'subscribers: what cannot be put');
SELECT test.is(string_agg(s.msisdn::text, ','), '13900000008', 'subscribers: and the rest is')
FROM hall.subscriber AS s WHERE s.msisdn IN (13900000008, 13900000009);
SELECT test.is(hall.load_subscribers('{}', '{}')::text, '{"new": 0, "changed": 0, "rejected": {}}', 'subscribers: nothing');

-- closing ends what hangs on the account, also when somebody else has the number further down
SELECT test.is(test.open_services(13800138000), 'GPRS LDXS TQYB XHTT XWZB', 'closed: before');
SELECT test.is(test.counts(hall.load_subscribers('{13800138000,13800138000,13800138001}', '{全球通,神州行,神州行}', '{closed,active,active}')),
    '0 new, 2 changed', 'closed: and given to another');
SELECT test.is(test.open_services(13800138000), NULL, 'closed: nothing is open any more');
SELECT test.is(s.state || ' ' || s.brand, 'active 神州行', 'closed: the later row counts') FROM hall.subscriber AS s WHERE s.msisdn = 13800138000;

-- --- money ---
SELECT test.is(hall.load_top_ups('{13900000001,13900000001,13900000002,13900000001}', '{500,300,100,500}', '{r1,r2,r1,r1}',
        '{NULL,NULL,空中充值,NULL}')::text, '{"new": 3, "changed": 0, "rejected": {}}', 'top-ups: one of them twice');
SELECT test.is(string_agg(concat_ws(' ', l.number, l.fen, l.balance_fen, l.kind, l.note, l.reference), ', ' ORDER BY l.msisdn, l.number),
    '2 500 1734 top_up 充值 r1, 3 300 2034 top_up 充值 r2, 2 100 50 top_up 空中充值 r1', 'top-ups: in their order')
FROM hall.ledger AS l WHERE l.msisdn IN (13900000001, 13900000002) AND l.number > 1;
SELECT test.is(hall.load_top_ups('{13900000001,13900000001,13900000002}', '{500,300,100}', '{r1,r2,r1}')::text,
    '{"new": 0, "changed": 0, "rejected": {}}', 'top-ups: again changes nothing');
SELECT test.is(hall.top_up(13900000001, 500, 'r1')::text, '2034', 'top-ups: nor by the one-row function');
SELECT test.is((hall.load_top_ups('{13900000001,13900000001,13900000001,13900000001,13900000077,13900000001,13900000001,13900000001}',
        '{400,0,-5,1.5,100,7,7,8}', '{r1,r3,r4,r5,r6,NULL,r8,r8}') -> 'rejected')::text,
    '{"1": "reference \"r1\" is a top_up of 500 fen already and cannot be a top_up of 400 fen", '
    '"2": "a top-up is above 0, and not 0 fen", "3": "a top-up is above 0, and not -5 fen", '
    '"4": "amount_fen \"1.5\" is no amount in whole fen", "5": "there is no subscriber 13900000077", "6": "reference is missing", '
    '"8": "reference \"r8\" is a top_up of 7 fen already and cannot be a top_up of 8 fen"}', 'top-ups: what cannot be put');
SELECT test.is(test.balance(13900000001), '2041', 'top-ups: and the rest is');
SELECT test.is(hall.load_top_ups('{13900000001,13900000001}', '{-1,9}', '{r9,r9}')::text,
    '{"new": 1, "changed": 0, "rejected": {"1": "a top-up is above 0, and not -1 fen"}}', 'top-ups: a rejected row takes no reference');
SELECT test.is((hall.load_charges('{13900000001,13900000001,13900000001,13900000001,13900000001,13900000001}', '{-100,40,-5,5,-3,1}',
        '{fee,refund,correction,fee,top_up,NULL}', '{c1,c2,c3,c4,c5,c6}', '{短信费,NULL,NULL,NULL,NULL,NULL}') -> 'rejected')::text,
    '{"4": "a fee of 5 fen cannot be: a fee is below 0, a refund above 0, a correction not 0", '
    '"5": "kind \"top_up\" is no kind: fee, refund or correction", "6": "kind is missing"}', 'charges: what cannot be put');
SELECT test.is(test.balance(13900000001), (2041 + 9 - 100 + 40 - 5)::text, 'charges: and the rest is');
SELECT test.is(test.counts(hall.load_charges('{13900000001}', '{-100}', '{fee}', '{c1}')), '0 new, 0 changed', 'charges: again');
SELECT test.is(hall.load_charges('{13900000001}', '{-5}', '{fee}', '{c3}') #>> '{rejected,1}',
    'reference "c3" is a correction of -5 fen already and cannot be a fee of -5 fen', 'charges: another kind');

-- --- bills, allowances, points ---
SELECT test.is((hall.load_bills('{13900000001,13900000002,13900000002,13900000002,13900000077}',
        '{2012-11,201212,201213,2012-10,2012-10}', '{套餐:5800|语音 费:2060,a:1,a:1,a:1.5,a:1}'))::text,
    '{"new": 2, "changed": 0, "rejected": {"3": "month \"201213\" is no month: 2012-11", '
    '"4": "items_fen \"a:1.5\" is no list of items: name:fen|name:fen", "5": "there is no subscriber 13900000077"}}', 'bills');
SELECT test.is(b.total_fen || b.items::text, '7860[{"fen": 5800, "name": "套餐"}, {"fen": 2060, "name": "语音 费"}]', 'bills: as said')
FROM hall.bill AS b WHERE b.msisdn = 13900000001;
SELECT test.is(test.counts(hall.load_bills('{13900000001,13900000002}', '{20121101,2012-12}', '{套餐:5800|语音 费:2060,a:2}')),
    '0 new, 1 changed', 'bills: one again, one corrected');
SELECT test.is((hall.load_allowances('{13900000001,13900000001,13900000001,13900000001}', '{sms,sms,fax,data}', '{5,4,1,7}', '{10,10,1,6}'))::text,
    '{"new": 1, "changed": 0, "rejected": {"3": "kind \"fax\" is no kind: voice, sms, mms or data", '
    '"4": "the rest, 7, is no part of the total, 6"}}', 'allowances');
SELECT test.is(a.rest::text, '4', 'allowances: the later row counts') FROM hall.allowance AS a WHERE a.msisdn = 13900000001;
SELECT test.is(test.counts(hall.load_allowances('{13900000001}', '{sms}', '{4}', '{10}')), '0 new, 0 changed', 'allowances: again');
SELECT test.is((hall.load_points('{13900000001,13900000002,13900000077}', '{88,-1,3}'))::text,
    '{"new": 0, "changed": 1, "rejected": {"2": "points \"-1\" is no number from 0", "3": "there is no subscriber 13900000077"}}', 'points');
SELECT test.is(test.counts(hall.load_points('{13900000001}', '{88}')), '0 new, 0 changed', 'points: again');

-- --- subscriptions, offers, languages ---
SELECT test.is((hall.load_subscriptions('{13900000001,13900000001,13900000001,13900000001,13900000077,13900000001}',
        '{ldxs,GPRS,NICHTS,CL,CL,CL}', '{2012-01-05 09:00,2012-01-05T09:00:00Z,2012-01-05,2012-02-30,2012-01-01,NULL}'))::text,
    '{"new": 2, "changed": 0, "rejected": {"3": "there is no service \"NICHTS\"", "4": "since \"2012-02-30\" is no time", '
    '"5": "there is no subscriber 13900000077", "6": "since is missing"}}', 'subscriptions: opened');
SELECT test.is(string_agg(o.service || ' ' || hall_private.iso(o.since), ', ' ORDER BY o.service),
    'GPRS 2012-01-05T17:00:00+08:00, LDXS 2012-01-05T09:00:00+08:00', 'subscriptions: since then')
FROM hall.subscription AS o WHERE o.msisdn = 13900000001;
SELECT test.is(test.counts(hall.load_subscriptions('{13900000001,13900000001}', '{LDXS,GPRS}', '{2012-01-05 09:00,2012-01-05 17:00}')),
    '0 new, 0 changed', 'subscriptions: again');
SELECT test.is(hall.load_subscriptions('{13900000001,13900000001,13900000002}', '{LDXS,XWZB,XWZB}', '{NULL,2012-02-01,2012-02-01}',
        '{2012-03-01,NULL,2012-01-01}')::text,
    '{"new": 1, "changed": 1, "rejected": {"3": "until is before since"}}', 'subscriptions: one ended');
SELECT test.is(test.open_services(13900000001), 'GPRS XWZB', 'subscriptions: these are open');
SELECT test.is(test.counts(hall.load_subscriptions('{13900000001}', '{LDXS}', '{NULL}', '{2012-03-01}')), '0 new, 0 changed',
    'subscriptions: ended again');
SELECT test.is(test.counts(hall.load_subscriptions('{13900000001}', '{LDXS}', '{2012-01-05 09:00}')), '0 new, 0 changed',
    'subscriptions: not opened by old news');
SELECT test.is(test.counts(hall.load_subscriptions('{13900000001,13900000001}', '{CL,CL}', '{2012-01-05,2012-01-05}', '{NULL,2012-06-01}')),
    '0 new, 2 changed', 'subscriptions: opened and ended, in their order');
SELECT test.is(test.open_services(13900000001), 'GPRS XWZB', 'subscriptions: it is not open');
SELECT test.is((hall.load_offers('{13900000001,13900000001,13900000001}', '{o1,o2,o3}', '{套餐,旧,坏}', '{2026-12-31 24:00,2020-01-01,soon}'))::text,
    '{"new": 2, "changed": 0, "rejected": {"3": "ends_at \"soon\" is no time"}}', 'offers');
SELECT test.is(string_agg(o.reference || ' ' || coalesce(hall_private.iso(o.remind_at), '-'), ', ' ORDER BY o.reference),
    'o1 2026-12-29T00:00:00+08:00, o2 -', 'offers: told before, and not afterwards') FROM hall.offer AS o WHERE o.msisdn = 13900000001;
UPDATE hall.offer SET remind_at = NULL;
SELECT test.is(test.counts(hall.load_offers('{13900000001}', '{o1}', '{套餐}', '{2027-01-01}')), '0 new, 0 changed', 'offers: again');
SELECT test.is(hall.load_languages('{13900000001,13900000002,13900000002,13900000077}', '{en,English,zh,en}')::text,
    '{"new": 0, "changed": 1, "rejected": {"2": "language \"English\" is no language: zh, en", '
    '"4": "there is no subscriber 13900000077"}}', 'languages');
SELECT test.is(count(*)::text, '0', 'languages: Chinese is nothing to note') FROM hall.conversation AS c WHERE c.msisdn = 13900000002;
SELECT test.is(test.counts(hall.load_languages('{13900000001,13900000002}', '{EN,en}')), '0 new, 1 changed', 'languages: one changed');
SELECT test.is(string_agg(coalesce(c.language, 'zh'), ' ' ORDER BY c.msisdn), 'en en', 'languages: so it is')
FROM hall.conversation AS c WHERE c.msisdn IN (13900000001, 13900000002);

-- --- secrets ---
SELECT test.is(hall.load_credentials(
        '{13900000001,13900000002,13900000077,13900000004,13900000008}', '{2,2,2,2,2}',
        ARRAY[encode(sha256('a'), 'base64'), NULL, encode(sha256('a'), 'base64'), '246810', NULL],
        ARRAY[encode(sha256('i'), 'base64'), NULL, NULL, NULL, NULL],
        ARRAY[encode(sha256('1'), 'base64') || ',' || encode(sha256('2'), 'base64'), NULL, NULL, NULL, NULL],
        ARRAY[NULL, '2:' || repeat('x', 60), NULL, NULL, NULL])::text,
    '{"new": 2, "changed": 0, "rejected": {"3": "there is no subscriber 13900000077", '
    '"4": "what was made of a secret is none of this hall''s", "5": "there is no secret in it"}}', 'credentials');
SELECT test.is((SELECT w.pepper || ' ' || (w.hash = sha256('a')) FROM hall.password AS w WHERE w.msisdn = 13900000001)
        || (SELECT ' ' || (i.digest = sha256('i')) || ' ' || cardinality(i.pieces) FROM hall.identity AS i WHERE i.msisdn = 13900000001)
        || (SELECT ' ' || left(m.puk, 4) FROM hall.sim AS m WHERE m.msisdn = 13900000002), '2 true true 2 2:xx', 'credentials: as made');
SELECT test.is(test.counts(hall.load_credentials('{13900000001,13900000002}', '{2,2}', ARRAY[encode(sha256('a'), 'base64'), NULL], '{NULL,NULL}',
        '{NULL,NULL}', ARRAY[NULL, '2:' || repeat('y', 60)])), '0 new, 0 changed', 'credentials: again');
SELECT test.is(test.counts(hall.load_credentials('{13900000001}', '{2}', ARRAY[encode(sha256('b'), 'base64')], '{NULL}', '{NULL}', '{NULL}')),
    '0 new, 1 changed', 'credentials: another password');

SELECT test.is(hall.load_credentials('{13900000001,13900000001,13900000001}', '{32767,32768,99999}', array_fill(encode(sha256('c'), 'base64'), '{3}'),
        '{NULL,NULL,NULL}', '{NULL,NULL,NULL}', '{NULL,NULL,NULL}')::text,
    '{"new": 0, "changed": 1, "rejected": {"2": "what was made of a secret is none of this hall''s", '
    '"3": "what was made of a secret is none of this hall''s"}}', 'C3: any key that a pepper file can have');
SELECT test.is(w.pepper::text, '32767', 'C3: which is noted') FROM hall.password AS w WHERE w.msisdn = 13900000001;

-- --- reference data ---
SELECT test.is(hall.load_prefixes('{1390000,13,1390000}', '{北京,北京,上海}', '{北京,北京,上海}', '{中国移动,x,中国移动}')::text,
    '{"new": 1, "changed": 0, "rejected": {"2": "prefix \"13\" is no beginning of a number: 3 to 10 digits"}}', 'prefixes');
SELECT test.is(test.counts(hall.load_prefixes('{1390000}', '{上海}', '{上海}', '{中国移动}')), '0 new, 0 changed', 'prefixes: again');
SELECT test.is(hall.load_brands('{试验一,试验二,试验三}', p_takes_effect => '{NULL,at_once,someday}', p_note => '{月租5元,NULL,NULL}')::text,
    '{"new": 2, "changed": 0, "rejected": {"3": "takes_effect \"someday\" is no moment: at_once or next_month"}}', 'brands');
SELECT test.is(test.counts(hall.load_brands('{试验一}', p_is_offered => '{no}')), '0 new, 1 changed', 'brands: one column');
SELECT test.is(concat_ws(' ', b.place, b.is_offered, b.takes_effect, b.note), '1 f next_month 月租5元', 'brands: the others stay')
FROM hall.brand AS b WHERE b.name = '试验一';
SELECT test.is(hall.load_providers('{彩信世界,新华短讯}', '{4008106603,4008106601}')::text, '{"new": 1, "changed": 0, "rejected": {}}', 'providers');
SELECT test.is(hall.load_ports('{106603,100869,106604}', '{彩信世界,彩信世界,无}')::text,
    '{"new": 1, "changed": 0, "rejected": {"2": "port 100869 is the hall''s own", "3": "there is no provider \"无\""}}', 'ports');
SELECT test.is(hall.load_services('{TQ2,TQ1,CL,T4}', '{天气二,天气一,彩铃,天气四}', p_fee_fen => '{100,200,500,x}', p_requires => '{TQ1,NULL,NULL,NULL}',
        p_aliases => '{NULL,天一|天壹,彩铃5元 炫铃,NULL}', p_excludes => '{NULL,NULL,CL,NULL}',
        p_note => '{NULL,NULL,主叫听到的回铃音换成您选的音乐,NULL}')::text,
    '{"new": 2, "changed": 0, "rejected": {"4": "invalid input syntax for type bigint: \"x\""}}', 'services: one needs a later one');
SELECT test.is(array_to_string(s.aliases, ' ') || s.fee_fen, '天一 天壹200', 'services: as said') FROM hall.service AS s WHERE s.code = 'TQ1';

SELECT test.is(count(*)::text, '0', 'ledger: is right') FROM hall.check_ledger();
SELECT test.is(count(*)::text, '0', 'money: is right') FROM hall.verify_money();
