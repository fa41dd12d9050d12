-- The account in the subscriber's hand: stopping, resuming, losing it, the black list, PUK, where it belongs, brand, forwarding, speed codes.
SELECT test.at('2026-11-22 10:00+08');
SELECT hall_private.build_dispatch();
SELECT hall.put_hook('network', 'http://127.0.0.1:9/') IS NOT NULL AS hook \gset
SELECT hall.put_subscriber(m, '全球通', p_opening_fen => 2000) FROM generate_series(13900139700, 13900139729) AS m;

-- What a secret becomes is a hash that is as good as any other.
CREATE FUNCTION test.bytes_of(p_digits text) RETURNS bytea
LANGUAGE sql
RETURN sha256(convert_to(p_digits, 'UTF8'));
CREATE FUNCTION test.made(p_digits text) RETURNS jsonb
LANGUAGE sql
RETURN jsonb_build_object('proofs', jsonb_build_array(jsonb_build_object('pepper', 1, 'hash', encode(test.bytes_of(p_digits), 'base64'))));

-- A command as the daemon hands it over; and its replies arrive. What manages an account, or changes it, and asks, is named here.
CREATE FUNCTION test.does(p_msisdn bigint, p_text text, p_call text, p_args jsonb DEFAULT '{}', p_port text DEFAULT '10086') RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    v_effect text := CASE
        WHEN p_call IN ('stop', 'resume', 'lost', 'blacklist', 'unblacklist', 'keep_brand', 'forward_off') THEN 'manages'
        WHEN p_call IN ('brand', 'forward') THEN 'changes'
        ELSE 'reads'
    END;
    v_said jsonb := test.send(p_msisdn, 'does' || nextval('test.gateway'), p_text, p_call, p_args, v_effect, p_port,
        p_confirm => CASE WHEN p_call IN ('stop', 'brand') THEN 'always' ELSE 'never' END);
BEGIN
    PERFORM test.deliver_replies();
    RETURN v_said;
END
$$;

CREATE FUNCTION test.state(p_msisdn bigint) RETURNS text
LANGUAGE sql
RETURN (SELECT concat_ws(' ', s.state, s.state_reason) FROM hall.subscriber AS s WHERE s.msisdn = p_msisdn);

-- What the network was told of a subscriber, and what is kept of it: the same.
CREATE FUNCTION test.changes(p_msisdn bigint) RETURNS text
LANGUAGE sql
RETURN (SELECT string_agg(substr(e.kind, 9), ' ' ORDER BY e.id) FROM hall.event AS e WHERE e.msisdn = p_msisdn AND e.hook = 'network');
CREATE FUNCTION test.kept_changes(p_msisdn bigint) RETURNS text
LANGUAGE sql
RETURN (
    SELECT string_agg(substr(e.content ->> 'what', 9), ' ' ORDER BY e.number)
    FROM hall.evidence AS e
    WHERE e.msisdn = p_msisdn AND e.kind = 'changed');

SELECT hall.put_password(m, 1, test.bytes_of('246810')), hall.put_identity(m, 1, test.bytes_of('11010519491231002X'), '{}')
FROM unnest('{13900139700, 13900139701, 13900139703, 13900139705, 13900139706, 13900139707}'::bigint[]) AS m;

-- --- TJ and FJ

SELECT test.is(test.outcome(r), 'new stop ask', 'TJ asks first'), test.is(test.field(r, 'window'), '7200', 'and says how long'),
    test.is(test.state(13900139700), 'active', 'TJ stops nothing yet')
FROM test.does(13900139700, 'TJ', 'stop') AS r;
SELECT test.is(test.outcome(test.does(13900139700, 'TJ', 'stop')), 'again stop ask', 'D6: an impatient thumb is asked once');
SELECT test.is(test.outcome(test.says(13900139700, 'N')), 'new stop declined', 'TJ, N'), test.is(test.state(13900139700), 'active', 'goes on');
SELECT test.wait(61);
SELECT test.is(test.outcome(test.does(13900139700, 'TJ', 'stop')), 'new stop ask', 'TJ'),
    test.is(test.outcome(test.says(13900139700, '是')), 'new stop ok', 'TJ, 是');
SELECT test.is(test.state(13900139700), 'suspended own_wish', 'TJ, 是: stopped'), test.is(test.changes(13900139700), 'stopped', 'the network is told'),
    test.is(test.kept_changes(13900139700), 'stopped', 'and it is kept');
SELECT test.ok(dialogue IS NOT NULL AND service IS NULL, 'with the question that led to it')
FROM hall.evidence WHERE msisdn = 13900139700 AND kind = 'changed';
SELECT test.is(test.outcome(test.says(13900139700, '是')), 'again stop ok', 'D6: 是 twice'),
    test.is(test.outcome(test.does(13900139700, 'TJ', 'stop')), 'new stop already', 'TJ of a stopped one'),
    test.is(test.outcome(test.says(13900139700, 'KTHJDD')), 'new hall suspended', 'who opens nothing'),
    test.is(test.outcome(test.does(13900139700, 'FJ', 'resume')), 'new resume ok', 'FJ'),
    test.is(test.outcome(test.does(13900139700, 'FJ', 'resume')), 'again resume ok', 'D6: FJ twice');
SELECT test.wait(61);
SELECT test.is(test.state(13900139700), 'active', 'FJ: it goes again'),
    test.is(test.outcome(test.does(13900139700, 'FJ', 'resume')), 'new resume not_stopped', 'FJ of one that was not stopped'),
    test.is(test.changes(13900139700), 'stopped resumed', 'the network is told once'),
    test.is(test.kept_changes(13900139700), 'stopped resumed', 'and it is kept once');
SELECT test.does(13900139700, 'TJ', 'stop') IS NOT NULL AS asked \gset
SELECT test.wait(7201);
SELECT test.is(test.outcome(r), 'new stop expired', 'TJ: too late'), test.is(test.field(r, 'how'), 'TJ', 'and how to ask anew'),
    test.is(test.state(13900139700), 'active', 'nothing is stopped')
FROM test.says(13900139700, '是') AS r;
SELECT test.is(test.outcome(test.does(13900139700, 'TJ', 'stop')), 'new stop ask', 'TJ'),
    test.is(test.field(test.says(13900139700, 'KTCL'), 'replaced'), '停机', 'A6: an order that comes after it takes its place'),
    test.is(test.outcome(test.says(13900139700, 'N')), 'new open declined', 'and the answer'),
    test.is(test.outcome(test.does(13900139700, 'TJ', 'stop')), 'new stop ask', 'TJ'),
    test.is(test.outcome(test.does(13900139700, '00000', 'leave_all')), 'new leave_all none', 'B9: leaving'),
    test.is(test.outcome(test.says(13900139700, '是')), 'new hall no_question', 'withdraws that question too'),
    test.is(test.state(13900139700), 'active', 'nothing is stopped');

-- arrears: to be paid first; stopped for what the hall does not know: not to be resumed here
SELECT hall.put_subscriber(13900139702, '全球通', 'suspended', 'arrears'), hall.post_charge(13900139702, -2500, 'fee', 'x', 'f1');
SELECT test.is(test.outcome(r), 'new resume arrears', 'FJ in debt'), test.is(test.field(r, 'balance'), '-500', 'how much'),
    test.is(test.field(test.does(13900139702, 'TJ', 'stop'), 'arrears'), 'true', 'TJ says why')
FROM test.does(13900139702, 'FJ', 'resume') AS r;
SELECT hall.top_up(13900139702, 500, 't1');
SELECT test.wait(61);
SELECT test.is(test.outcome(test.does(13900139702, 'FJ', 'resume')), 'new resume ok', 'FJ when it is paid'),
    test.is(test.state(13900139702), 'active', 'it goes again');
SELECT hall.put_subscriber(13900139702, '全球通', 'suspended', 'fraud');
SELECT hall.put_password(13900139702, 1, test.bytes_of('246810'));
SELECT test.is(test.outcome(test.does(13900139702, '复机', 'resume')), 'new resume refused', 'FJ for what the hall does not know'),
    test.is(test.state(13900139702), 'suspended fraud', 'stays stopped'),
    test.is(test.outcome(r), 'new lost already', '挂失 does not take the place of a stop that is not his'),
    test.is(test.fields(r), '{"other": true, "number": "13900139702"}', 'and says that it is another'),
    test.is(test.outcome(test.does(13900139702, '挂失#1', 'lost', jsonb_build_object('password', test.made('246810')))), 'new lost already',
        'nor with the password'),
    test.is(test.outcome(test.does(13900139710, '挂失#3', 'lost', jsonb_build_object('owner', '13900139702', 'password', test.made('246810')))),
        'new lost already', 'nor from another phone'),
    test.is(test.outcome(test.does(13900139702, 'FJ#1', 'resume', jsonb_build_object('password', test.made('246810')))), 'new resume refused',
        'so it does not come back with the password'),
    test.is(test.state(13900139702), 'suspended fraud', 'the reason stays'),
    test.is(test.changes(13900139702), 'resumed', 'and the network is told of nothing')
FROM test.does(13900139702, '挂失', 'lost') AS r;
SELECT hall.put_subscriber(13900139702, '全球通');
SELECT test.is(test.outcome(test.does(13900139702, '挂 失', 'lost')), 'new lost ask', '挂失, and meanwhile'),
    test.ok(hall.put_subscriber(13900139702, '全球通', 'suspended', 'fraud') IS NOT NULL, 'it is stopped for fraud'),
    test.is(test.outcome(test.says(13900139702, '是')), 'new lost already', '是 does not take its place either'),
    test.is(test.state(13900139702), 'suspended fraud', 'the reason stays');

-- --- 挂失

SELECT test.is(test.outcome(test.does(13900139704, '挂失', 'lost')), 'new lost ask', '挂失 without a password asks'),
    test.is(test.state(13900139704), 'active', 'and stops nothing yet'),
    test.is(test.outcome(test.says(13900139704, '是')), 'new lost ok', '是'),
    test.is(test.state(13900139704), 'suspended lost', 'lost'),
    test.is(test.outcome(test.does(13900139704, 'TJ', 'stop')), 'new stop already', 'TJ of a lost one'),
    test.is(test.outcome(test.does(13900139704, '挂失', 'lost')), 'new lost already', '挂失 twice'),
    test.is(test.outcome(test.does(13900139704, 'FJ', 'resume')), 'new resume needs_password', 'who holds the phone cannot resume it'),
    test.is(test.outcome(test.does(13900139704, 'FJ#1', 'resume', jsonb_build_object('password', test.made('246810')))), 'new resume unset',
        'nor with a password when there is none'),
    test.is(test.changes(13900139704), 'lost', 'the network is told');
SELECT test.is(test.outcome(test.does(13900139703, '挂失#1', 'lost', jsonb_build_object('password', test.made('246810')))), 'new lost ok',
        '挂失 with the password: at once'),
    test.is(test.state(13900139703), 'suspended lost', 'lost');
SELECT test.is(test.outcome(r), 'new resume wrong', 'FJ with a wrong one'), test.is(test.field(r, 'left'), '4', 'C2: counts'),
    test.is(test.outcome(test.does(13900139703, 'FJ#3', 'resume', jsonb_build_object('password', test.made('246810')))), 'new resume ok',
        'FJ with the right one'),
    test.is(test.state(13900139703), 'active', 'it goes again'),
    test.is(test.changes(13900139703), 'lost resumed', 'the network is told')
FROM test.does(13900139703, 'FJ#2', 'resume', jsonb_build_object('password', test.made('000000'))) AS r;

-- stopped already, for what he may end himself: asked all the same; a debt comes back with the number
SELECT hall.put_subscriber(13900139701, '全球通', 'suspended', 'arrears'), hall.post_charge(13900139701, -2500, 'fee', 'x', 'f1');
SELECT test.is(test.outcome(test.does(13900139701, '挂失', 'lost')), 'new lost ask', '挂失 of a stopped one asks'),
    test.is(test.outcome(test.says(13900139701, 'N')), 'new lost declined', 'N'),
    test.is(test.state(13900139701), 'suspended arrears', 'stays as it was'),
    test.is(test.outcome(test.does(13900139701, '挂 失', 'lost')), 'new lost ask', '挂失 again'),
    test.is(test.outcome(test.says(13900139701, '是')), 'new lost ok', '是 is heard of a stopped one'),
    test.is(test.state(13900139701), 'suspended lost', 'lost'),
    test.is(test.fields(test.says(13900139701, 'KTHJDD')), '{"lost": true}', 'lost and in debt: the way out begins with the password'),
    test.is(test.outcome(test.does(13900139701, 'FJ#1', 'resume', jsonb_build_object('password', test.made('246810')))), 'new resume arrears',
        'FJ with the password and a debt'),
    test.is(test.state(13900139701), 'suspended arrears', 'found, and stopped for the debt'),
    test.is(test.changes(13900139701), 'lost found', 'the network is told');

SELECT hall.put_subscriber(13900139716, '全球通', 'suspended', 'own_wish'), hall.put_password(13900139716, 1, test.bytes_of('246810'));
SELECT test.is(test.outcome(test.does(13900139716, '挂失', 'lost')), 'new lost ask', '挂失 of one that he stopped himself asks'),
    test.is(test.outcome(test.does(13900139716, '挂失#1', 'lost', jsonb_build_object('password', test.made('246810')))), 'new lost ok',
        'and is at once with the password');
SELECT test.is(test.outcome(test.says(13900139717, 'KTCL')), 'new open ask', 'another question');
SELECT hall.put_subscriber(13900139717, '全球通', 'suspended', 'own_wish');
SELECT test.is(test.outcome(r), 'new hall suspended', 'whose 是 is not heard'), test.is(test.fields(r), '{"stopped": true}', 'FJ comes first')
FROM test.says(13900139717, '是') AS r;

-- another's number, with his password; of whom nothing is told by a wrong one
SELECT test.is(test.outcome(r), 'new lost ok', 'from another phone'), test.is(test.field(r, 'number'), '13900139705', 'that number'),
    test.is(test.state(13900139705), 'suspended lost', 'is lost'), test.is(test.state(13900139710), 'active', 'and not the sender''s'),
    test.is(data ->> 'from', '13900139710', 'it is kept who said so')
FROM test.does(13900139710, '挂失#2#1', 'lost', jsonb_build_object('owner', '13900139705', 'password', test.made('246810'))) AS r,
    LATERAL (SELECT e.data FROM hall.event AS e WHERE e.msisdn = 13900139705) AS e;
SELECT test.is(test.outcome(test.does(13900139710, '挂失#2#2', 'lost',
    jsonb_build_object('owner', '13900139705', 'password', test.made('246810')))), 'new lost already', 'and again');
-- a row's xmax is whoever locked it last
SELECT s.xmax AS held FROM hall.subscriber AS s WHERE s.msisdn = 13900139706 \gset
SELECT test.is(test.outcome(r), 'new lost wrong', 'C4: ' || who), test.is(test.fields(r), '{}', 'C4: ' || who || ': nothing more is told')
FROM (VALUES (13900139706, 'a wrong password'), (13900139709, 'one who has none'), (13600000001, 'no subscriber')) AS o (owner, who)
CROSS JOIN LATERAL test.does(13900139711, '挂失#' || owner, 'lost', jsonb_build_object('owner', owner::text, 'password', test.made('000000'))) AS r;
SELECT test.is(s.xmax::text, :'held', 'E1: nobody without the password holds another''s row') FROM hall.subscriber AS s WHERE s.msisdn = 13900139706;
SELECT test.is(string_agg(concat_ws(' ', msisdn, failures), ', ' ORDER BY msisdn),
    '13600000001 1, 13900139706 1, 13900139709 1, 13900139711 3', 'C2: counted by the number, and by who guesses')
FROM hall.guess WHERE msisdn IN (13600000001, 13900139706, 13900139709, 13900139711);
SELECT test.is(string_agg(test.outcome(test.does(13900139712, '挂失#' || n, 'lost',
        jsonb_build_object('owner', '13600000002', 'password', test.made('000000')))), ', ' ORDER BY n),
    'new lost wrong, new lost wrong, new lost wrong, new lost wrong, new lost wrong, new lost locked', 'C2: five a day, also of nobody''s')
FROM generate_series(1, 6) AS n;
UPDATE hall.guess SET failures = 5 WHERE msisdn = 13900139706;
SELECT test.is(test.outcome(r), 'new lost wrong', 'C4: nor how many failures he had: one that is locked'),
    test.is(test.fields(r), '{}', 'C4: one that is locked: nothing more is told'), test.is(test.state(13900139706), 'active', 'C2: nothing is done')
FROM test.does(13900139711, '挂失#9', 'lost', jsonb_build_object('owner', '13900139706', 'password', test.made('246810'))) AS r;
SELECT test.is(string_agg(g.failures::text, ' ' ORDER BY g.msisdn), '5 4', 'C2: it counts for who guesses')
FROM hall.guess AS g WHERE g.msisdn IN (13900139706, 13900139711);
UPDATE hall.guess SET failures = 1 WHERE msisdn = 13900139706;
SELECT test.is(test.outcome(test.does(13900139712, '挂失', 'lost')), 'new lost ask', 'who is locked may report his own');

-- a password that was sent out does nothing but be changed
UPDATE hall.password SET until = hall.now() + interval '1 day' WHERE msisdn = 13900139706;
SELECT test.is(test.outcome(test.does(13900139706, '挂失#1', 'lost', jsonb_build_object('password', test.made('246810')))), 'new lost temporary',
    'C4: a temporary password'), test.is(test.state(13900139706), 'active', 'C4: stops nothing');
SELECT test.is(test.outcome(test.does(13900139707, '挂失#1', 'lost', '{"password": {"proofs": []}}')), 'new lost unavailable', 'a hall without keys');

-- --- the black list

SELECT hall.put_subscriber(13900139707, '全球通', p_is_blacklisted => true);
SELECT test.is(test.outcome(test.does(13900139707, '黑名单', 'blacklist')), 'new blacklist how', 'how to ask'),
    test.is(test.outcome(test.does(13900139707, '解除', 'unblacklist')), 'new unblacklist how', 'how to be taken off'),
    test.is(test.outcome(test.does(13900139707, 'CXHMD#1', 'blacklist', jsonb_build_object('id', test.made('11010519491231002X')))),
        'new blacklist listed', 'listed'),
    test.is(test.outcome(r), 'new blacklist wrong', 'not the owner''s card'), test.is(test.field(r, 'left'), '4', 'C2: counts'),
    test.is(test.outcome(test.does(13900139713, 'CXHMD#1', 'blacklist', jsonb_build_object('id', test.made('11010519491231002X')))),
        'new blacklist unset', 'no card is registered'),
    test.is(test.outcome(test.does(13900139700, 'CXHMD#1', 'blacklist', jsonb_build_object('id', test.made('11010519491231002X')))),
        'new blacklist clear', 'not listed')
FROM test.does(13900139707, 'CXHMD#2', 'blacklist', jsonb_build_object('id', test.made('440524188001010014'))) AS r;
SELECT test.is(test.outcome(test.does(13900139707, 'JCHMD#1', 'unblacklist', jsonb_build_object('password', test.made('000000')))),
        'new unblacklist wrong', 'off it: a wrong password'),
    test.is(test.outcome(test.does(13900139707, 'JCHMD#2', 'unblacklist', jsonb_build_object('password', test.made('246810')))),
        'new unblacklist ok', 'the right one'),
    test.is(test.outcome(test.does(13900139707, 'JCHMD#3', 'unblacklist', jsonb_build_object('id', test.made('11010519491231002X')))),
        'new unblacklist not_listed', 'the right card'),
    test.is(test.changes(13900139707), 'unblacklisted', 'the network is told'), test.is(test.kept_changes(13900139707), 'unblacklisted', 'and it is kept');
SELECT test.is(string_agg(is_blacklisted::text, ' '), 'false', 'off it') FROM hall.subscriber WHERE msisdn = 13900139707;
SELECT test.is(string_agg(test.outcome(test.does(13900139707, 'JCHMD#4' || n, 'unblacklist', jsonb_build_object('id', test.made('0')))), ', '
    ORDER BY n), 'new unblacklist wrong, new unblacklist wrong, new unblacklist wrong, new unblacklist locked', 'C2: five a day over all of them')
FROM generate_series(1, 4) AS n;

-- --- PUK, and where a number belongs

SELECT hall.put_puk(m, '1:' || repeat('A', 60)) FROM unnest('{13900139700, 13900139704}'::bigint[]) AS m;
SELECT test.is(test.outcome(r), 'new puk ok', 'PUK'), test.is(r #>> '{replies,0,fields,secret,puk}', '1:' || repeat('A', 60), 'sealed'),
    test.is(r #>> '{replies,0,state}', 'unsent', 'never inline')
FROM test.send(13900139700, 'puk1', 'PUK', 'puk', p_way => 'inline') AS r;
SELECT test.is(test.outcome(test.does(13900139713, 'PUK', 'puk')), 'new puk none', 'none is known'),
    test.is(test.outcome(test.does(13900139704, 'PUK', 'puk')), 'new puk needs_password', 'not for who has found the phone'),
    test.is(test.outcome(test.does(13900139713, 'PUK#1', 'puk', jsonb_build_object('owner', '13900139700', 'password', test.made('246810')))),
        'new puk ok', 'another''s with his password'),
    test.is(test.outcome(r), 'new puk wrong', 'C4: not with a wrong one'), test.is(test.fields(r), '{}', 'C4: of which nothing more is told')
FROM test.does(13900139713, 'PUK#2', 'puk', jsonb_build_object('owner', '13900139700', 'password', test.made('000000'))) AS r;

INSERT INTO hall.prefix VALUES ('139', '', '全国', '中国移动'), ('1390013', '吉林', '长春', '中国移动');
SELECT test.is(test.fields(test.does(13900139700, 'GSD', 'belongs')),
        '{"city": "长春", "number": "13900139700", "operator": "中国移动", "province": "吉林"}', 'GSD: one''s own, by the longest prefix'),
    test.is(test.field(test.does(13900139700, 'GSD1', 'belongs', '{"number": "13977777777"}'), 'city'), '全国', 'GSD: another by a shorter one'),
    test.is(test.outcome(test.does(13900139700, 'GSD2', 'belongs', '{"number": "19900000000"}')), 'new belongs unknown', 'GSD: unknown');

-- --- the brand

CREATE FUNCTION test.brand(p_msisdn bigint) RETURNS text
LANGUAGE sql
RETURN (SELECT concat_ws(' ', s.brand, s.next_brand, s.next_brand_on) FROM hall.subscriber AS s WHERE s.msisdn = p_msisdn);

INSERT INTO hall.brand (name, place, is_offered, takes_effect, note) VALUES
    ('停办卡', 4, false, 'at_once', NULL), ('即时卡', 5, true, 'at_once', NULL);
SELECT test.is(test.outcome(r), 'new brand list', 'PPZH lists'), test.is(test.field(r, 'brand'), '全球通', 'what he has'),
    test.is(test.field(r, 'items'), '[{"label": "神州行", "serial": 1}, {"label": "动感地带", "serial": 2}, {"label": "即时卡", "serial": 3}]',
        'and what he can have')
FROM test.does(13900139720, 'PPZH', 'brand') AS r;
SELECT test.is(test.outcome(test.says(13900139720, '是')), 'new hall use_serials', '是 is no number'),
    test.is(test.outcome(r), 'new brand wrong', 'out of range'), test.is(test.fields(r), '{"last": 3, "wrong": ["4"]}', 'which is named'),
    test.is(test.field(test.says(13900139720, '1,2'), 'wrong'), '["1", "2"]', 'and so are several'),
    test.is(test.brand(13900139720), '全球通', 'nothing has changed')
FROM test.says(13900139720, '4') AS r;
SELECT test.is(test.outcome(r), 'new brand ask', 'a number asks'), test.is(test.field(r, 'brand'), '动感地带', 'about that brand'),
    test.is(test.field(r, 'at'), '2026-12-01', 'from the next month'), test.is(test.field(r, 'note'), '月租20元，含短信200条', 'A2: with what it costs'),
    test.is(test.brand(13900139720), '全球通', 'nothing has changed')
FROM test.says(13900139720, '2') AS r;
SELECT test.is(test.outcome(r), 'new brand ok', '是'), test.is(test.fields(r), '{"at": "2026-12-01", "brand": "动感地带"}', 'planned'),
    test.is(test.brand(13900139720), '全球通 动感地带 2026-12-01', 'for the first'), test.is(test.changes(13900139720), 'brand_planned', 'it is told')
FROM test.says(13900139720, '是') AS r;
SELECT test.is(test.outcome(test.does(13900139720, 'PPZH', 'brand')), 'new brand pending', 'one is to come'),
    test.is(test.outcome(test.does(13900139720, 'PPZH神州行', 'brand', '{"brand": "神州行"}')), 'new brand pending', 'and no other');
SELECT test.is(test.outcome(r), 'new keep_brand ok', 'QXPPZH'), test.is(test.fields(r), '{"brand": "全球通", "dropped": "动感地带"}', 'stays'),
    test.is(test.brand(13900139720), '全球通', 'stays'),
    test.is(test.outcome(test.does(13900139720, 'QXPPZH', 'keep_brand')), 'again keep_brand ok', 'D6: twice'),
    test.is(test.changes(13900139720), 'brand_planned brand_kept', 'it is told')
FROM test.does(13900139720, 'QXPPZH', 'keep_brand') AS r;
SELECT test.wait(61);
SELECT test.is(test.outcome(test.does(13900139720, 'QXPPZH', 'keep_brand')), 'new keep_brand not_pending', 'QXPPZH: nothing is to come'),
    test.is(test.outcome(test.does(13900139720, 'PPZH全球通', 'brand', '{"brand": "全球通"}')), 'new brand already', 'the one he has'),
    test.is(test.outcome(test.does(13900139720, 'PPZH停办卡', 'brand', '{"brand": "停办卡"}')), 'new brand not_offered', 'not offered'),
    test.is(test.outcome(r), 'new brand no_brand', 'no brand'), test.is(test.field(r, 'word'), '金卡', 'as it was typed')
FROM test.does(13900139720, 'PPZH金卡', 'brand', '{"brand": "金卡"}') AS r;
SELECT test.is(test.outcome(r), 'new brand ask', 'by its name'), test.is(test.field(r, 'at'), NULL, 'at once')
FROM test.does(13900139721, 'PPZH即时卡', 'brand', '{"brand": "即时卡"}') AS r;
SELECT test.is(test.outcome(r), 'new brand ok', '是'), test.is(test.brand(13900139721), '即时卡', 'at once'),
    test.is(test.changes(13900139721), 'brand_changed', 'it is told'), test.is(test.kept_changes(13900139721), 'brand_changed', 'and kept')
FROM test.says(13900139721, '是') AS r;
UPDATE hall.brand SET is_offered = false WHERE name IN ('神州行', '动感地带', '即时卡', '全球通');
SELECT test.is(test.outcome(test.does(13900139722, 'PPZH', 'brand')), 'new brand none', 'no brand to change to');
UPDATE hall.brand SET is_offered = true WHERE name IN ('神州行', '动感地带', '全球通');

-- their day
SELECT test.does(m, 'PPZH神州行', 'brand', '{"brand": "神州行"}'), test.says(m, '是') FROM generate_series(13900139723, 13900139726) AS m;
SELECT hall.put_subscriber(13900139724, '全球通', 'suspended', 'arrears'), hall.put_subscriber(13900139725, '全球通', 'closed');
UPDATE hall.brand SET is_offered = false WHERE name = '神州行';
SELECT test.at('2026-11-30 23:59:59+08');
SELECT test.is(hall_private.change_brands(10)::text, '0', 'not before its day');
SELECT test.at('2026-12-01 00:00+08');
SELECT test.is(hall_private.change_brands(2)::text, '2', 'so many at a time'), test.is(hall_private.change_brands(10)::text, '1', 'and the rest'),
    test.is(hall_private.change_brands(10)::text, '0', 'once');
SELECT test.is(string_agg(test.brand(m), ', ' ORDER BY m), '神州行, 神州行, 全球通, 神州行', 'on its day, whatever is offered then; not of one that is closed')
FROM generate_series(13900139723, 13900139726) AS m;
SELECT test.is(string_agg(data ->> 'before', ' '), '全球通', 'it is told what it was')
FROM hall.event WHERE msisdn = 13900139723 AND kind = 'account.brand_changed';

-- --- forwarding

CREATE FUNCTION test.forwarded(p_msisdn bigint) RETURNS text
LANGUAGE sql
RETURN (SELECT string_agg(f.condition || ' ' || f.target, ', ' ORDER BY f.condition) FROM hall.forwarding AS f WHERE f.msisdn = p_msisdn);

SELECT test.is(test.outcome(r), 'new forward ok', 'HZ'), test.is(test.field(r, 'condition,zh'), '无条件呼转', 'on any call'),
    test.is(test.outcome(test.does(13900139727, 'HZ1', 'forward', '{"number": "13912345678"}')), 'again forward ok', 'D6: twice'),
    test.is(test.outcome(test.does(13900139727, 'YMHZ1', 'forward', '{"condition": "busy", "number": "13912345678"}')), 'new forward ok', 'when busy'),
    test.is(test.outcome(test.does(13900139727, 'YMHZ2', 'forward', '{"condition": "busy", "number": "13912345679"}')), 'new forward ok', 'to another'),
    test.is(test.outcome(test.does(13900139727, 'YMHZ 2', 'forward', '{"condition": "busy", "number": "13912345679"}')), 'new forward already', 'as it is'),
    test.is(test.outcome(test.does(13900139727, 'HZ2', 'forward', '{"number": "13900139727"}')), 'new forward self', 'not to himself'),
    test.is(test.forwarded(13900139727), 'always 13912345678, busy 13912345679', 'one for each condition'),
    test.is(test.changes(13900139727), 'forwarding_set forwarding_set forwarding_set', 'the network is told')
FROM test.does(13900139727, 'HZ1', 'forward', '{"number": "13912345678"}') AS r;
SELECT test.is(test.field(test.does(13900139727, 'CXHZ', 'forward_query'), 'items'),
    '[{"en": "all calls to 13912345678", "zh": "无条件呼转13912345678"}, {"en": "calls while busy to 13912345679", "zh": "遇忙呼转13912345679"}]', 'CXHZ');
SELECT test.is(test.outcome(test.does(13900139727, 'QXWYDHZ', 'forward_off', '{"condition": "no_answer"}')), 'new forward_off not_set', 'off: not set'),
    test.is(test.outcome(test.does(13900139727, 'QXYMHZ', 'forward_off', '{"condition": "busy"}')), 'new forward_off ok', 'off: one'),
    test.is(test.forwarded(13900139727), 'always 13912345678', 'that one'),
    test.is(test.outcome(test.does(13900139727, 'QXHZ', 'forward_off')), 'new forward_off ok', 'off: all'),
    test.is(test.forwarded(13900139727), NULL, 'all of it'),
    test.is(test.outcome(test.does(13900139727, 'CXHZ', 'forward_query')), 'new forward_query none', 'CXHZ: none');
SELECT test.wait(61);
SELECT test.is(test.outcome(test.does(13900139727, 'QXHZ', 'forward_off')), 'new forward_off not_set', 'off: nothing is set'),
    test.is(test.changes(13900139727), 'forwarding_set forwarding_set forwarding_set forwarding_ended forwarding_ended', 'the network is told');
SELECT s.xmax AS held FROM hall.subscriber AS s WHERE s.msisdn = 13900139728 \gset
SELECT test.is(test.outcome(test.does(13900139727, 'HZ3', 'forward', '{"number": "13900139728"}')), 'new forward ok', 'A to B'),
    test.is((SELECT s.xmax::text FROM hall.subscriber AS s WHERE s.msisdn = 13900139728), :'held', 'E1: B''s row is not held for it'),
    test.is(test.outcome(test.does(13900139728, 'HZ4', 'forward', '{"number": "13900139729"}')), 'new forward ok', 'B to C');
SELECT test.is(test.outcome(r), 'new forward loops', 'C to A would come back'), test.is(test.field(r, 'number'), '13900139727', 'which is named'),
    test.is(test.outcome(test.does(13900139728, 'YMHZ5', 'forward', '{"condition": "busy", "number": "13900139727"}')), 'new forward loops', 'B to A too')
FROM test.does(13900139729, 'YMHZ3', 'forward', '{"condition": "busy", "number": "13900139727"}') AS r;
SELECT test.refused($$INSERT INTO hall.forwarding VALUES (13900139729, 'always', 13900139729, now())$$, '23514', 'the table takes no forwarding to oneself');
SELECT hall.put_subscriber(13900139728, '全球通', 'suspended', 'arrears');
SELECT test.is(test.outcome(test.does(13900139728, 'HZ6', 'forward', '{"number": "13912345678"}')), 'new hall suspended', 'not while stopped'),
    test.is(test.outcome(test.does(13900139728, 'QXHZ', 'forward_off')), 'new forward_off ok', 'but off always');

-- --- speed codes

SELECT test.is(count(*)::text, '14', 'every speed code of the table') FROM hall.speed_code
WHERE code ~ '^(10086(34|35|37|38|39|40|44|71|75|76|77|79)|100864|100865)$';
SELECT test.is(count(*)::text, '0', 'each leads somewhere') FROM hall.speed_code AS c
WHERE NOT EXISTS (SELECT FROM hall.speed_item AS i WHERE i.code = c.code);
SELECT test.is(string_agg(DISTINCT call, ' '), NULL, 'where a function is') FROM hall.speed_item WHERE NOT hall_private.has_command(call);
SELECT test.is(string_agg(DISTINCT service, ' '), NULL, 'and a service') FROM hall.speed_item AS i
CROSS JOIN LATERAL (SELECT i.args ->> 'service' AS service) AS s
WHERE service IS NOT NULL AND (hall_private.find_service(service)).code IS DISTINCT FROM service;
SELECT test.is(test.outcome(r), 'new speed menu', '1008634: a menu'), test.is(test.field(r, 'title'), '{"en": "Ring-back tones", "zh": "彩铃"}', 'its title'),
    test.is(test.field(r, 'items,2'), '{"label": {"en": "open (8 yuan)", "zh": "开通彩铃（8元）"}, "serial": 3}', 'its lines')
FROM test.does(13900139713, '1008634', 'speed', '{"code": "1008634"}') AS r;
SELECT test.is(test.field(test.says(13900139713, '5'), 'wrong'), '["5"]', 'a number it does not have'),
    test.is(test.outcome(test.says(13900139713, '1,2')), 'new speed wrong', 'one at a time');
SELECT test.is(test.outcome(r), 'new open ask', '3 orders, after a question'), test.is(test.field(r, 'service'), '彩铃8元', 'that service'),
    test.is(test.open_services(13900139713), NULL, 'A1: nothing is open yet'),
    test.is(test.outcome(test.says(13900139713, '是')), 'new open ok', '是'), test.is(test.open_services(13900139713), 'CL8', 'open')
FROM test.says(13900139713, '3') AS r;
SELECT test.is(test.outcome(test.does(13900139714, '1008635', 'speed', '{"code": "1008635"}')), 'new speed menu', '1008635'),
    test.is(test.outcome(test.says(13900139714, '1')), 'new open ok', 'what is free opens at once'),
    test.is(test.outcome(test.says(13900139714, '2')), 'new close ok', 'and the list goes on'),
    test.is(test.outcome(test.says(13900139714, 'N')), 'new speed declined', 'until N');
SELECT test.is(test.outcome(test.does(13900139714, '1008637', 'speed', '{"code": "1008637"}')), 'new speed menu', '1008637');
SELECT test.is(test.outcome(test.says(13900139714, '3')), 'new query_service closed', 'a question among them');
SELECT test.wait(7201);
SELECT test.is(test.outcome(r), 'new speed expired', 'too late'), test.is(test.field(r, 'how'), '1008637', 'and how to ask anew')
FROM test.says(13900139714, '1') AS r;
SELECT test.is(test.outcome(test.does(13900139714, '1008638', 'speed', '{"code": "1008638"}')), 'new speed menu', '1008638'),
    test.is(test.outcome(test.says(13900139714, '1')), 'new stop ask', 'stops after a question'),
    test.is(test.outcome(test.says(13900139714, '是')), 'new stop ok', '是'),
    test.is(test.outcome(test.does(13900139714, '1008638 ', 'speed', '{"code": "1008638"}')), 'new speed menu', 'also of a stopped one'),
    test.is(test.outcome(test.says(13900139714, '2')), 'new resume ok', 'and resumes');
SELECT test.is(test.outcome(test.does(13900139714, code, 'speed', jsonb_build_object('code', code))), 'new ' || wanted, code || ': one thing, at once')
FROM (VALUES ('1008644', 'forward_how ok'), ('100865', 'brand list'), ('1008675', 'belongs ok'), ('1008676', 'puk none'),
    ('1008677', 'blacklist how'), ('1008679', 'allowance_data none')) AS v (code, wanted);
SELECT test.is(test.outcome(r), 'new speed no_code', 'no such code'), test.is(test.field(r, 'code'), '1008699', 'is named')
FROM test.does(13900139714, '1008699', 'speed', '{"code": "1008699"}') AS r;
-- at ports of theirs
SELECT test.is(test.outcome(test.says(13900139715, '你好', '1008639')), 'new speed menu', 'its port'),
    test.is(test.outcome(test.says(13900139715, '1', '1008639')), 'new open ok', 'answered there'),
    test.is(test.outcome(test.says(13900139715, '1')), 'new hall no_question', 'and not elsewhere'),
    test.is(test.outcome(test.says(13900139715, 'x', '1008644')), 'new forward_how ok', 'one thing, at once');

-- --- what the feed may end

SELECT hall.put_subscriber(13900139718, '全球通', before_state, before) IS NOT NULL AND hall.put_subscriber(13900139718, brand, state, reason) IS NOT NULL
        AND test.is(test.state(13900139718) || ' ' || (SELECT s.brand FROM hall.subscriber AS s WHERE s.msisdn = 13900139718), wanted, 'feed: ' || name)
            IS NULL AND hall.put_subscriber(13900139718, '全球通', 'active', 'resumed') IS NULL AS fed
FROM (VALUES
    (1, 'suspended', 'lost', '神州行', 'active', NULL, 'suspended lost 神州行', 'active does not end what was reported lost'),
    (2, 'suspended', 'own_wish', '神州行', 'active', NULL, 'suspended own_wish 神州行', 'nor what he stopped himself'),
    (3, 'suspended', 'lost', '全球通', 'active', 'resumed', 'active 全球通', 'but active, resumed does'),
    (4, 'suspended', 'own_wish', '全球通', 'active', 'resumed', 'active 全球通', 'both of them'),
    (5, 'suspended', 'arrears', '全球通', 'active', NULL, 'active 全球通', 'a debt ends with active'),
    (6, 'suspended', 'fraud', '全球通', 'active', NULL, 'active 全球通', 'and so does what the hall does not know'),
    (7, 'suspended', 'lost', '全球通', 'suspended', 'arrears', 'suspended lost 全球通', 'a debt does not end what was reported lost'),
    (8, 'suspended', 'own_wish', '全球通', 'suspended', 'arrears', 'suspended arrears 全球通', 'but takes the place of his own wish'),
    (9, 'suspended', 'lost', '全球通', 'suspended', 'fraud', 'suspended fraud 全球通', 'fraud takes the place of a loss'),
    (10, 'suspended', 'lost', '全球通', 'suspended', NULL, 'suspended lost 全球通', 'suspended without a reason keeps it'),
    (11, 'suspended', 'lost', '全球通', 'closed', NULL, 'closed 全球通', 'closed ends all'))
    AS v (place, before_state, before, brand, state, reason, wanted, name)
ORDER BY place;

-- --- the next one who has the number

SELECT test.does(13900139710, 'HZ9', 'forward', '{"number": "13912345678"}'), test.does(13900139710, 'PPZH9', 'brand', '{"brand": "动感地带"}'),
    test.says(13900139710, '是');
SELECT hall.put_puk(13900139710, '1:' || repeat('A', 60)), hall.put_password(13900139710, 1, test.bytes_of('246810')),
    hall.put_identity(13900139710, 1, test.bytes_of('11010519491231002X'), '{}'), hall.put_language(13900139710, 'en');
SELECT hall.put_bill(13900139710, '2026-11-01', '[{"name": "x", "fen": 1}]'), hall.put_allowance(13900139710, 'sms', 1, 2), hall.put_points(13900139710, 5);
UPDATE hall.subscriber SET remind_below_fen = 1000 WHERE msisdn = 13900139710;
SELECT hall.put_subscriber(13900139710, '全球通', 'closed');
SELECT test.wait(60);
SELECT hall.put_subscriber(13900139710, '全球通', 'suspended', 'arrears');
SELECT test.is((s.since = hall.now())::text, 'true', 'has it since then'), test.is(concat_ws(' ', s.remind_below_fen, s.points), '0', 'no limit, no points')
FROM hall.subscriber AS s WHERE s.msisdn = 13900139710;
SELECT test.wait(60);
SELECT hall.put_subscriber(13900139710, '全球通');
SELECT test.is((s.since = hall.now() - interval '1 minute')::text, 'true', 'and stays the same one, stopped or not')
FROM hall.subscriber AS s WHERE s.msisdn = 13900139710;
SELECT test.is(concat_ws(' ',
    (SELECT count(*) FROM hall.bill WHERE msisdn = 13900139710), (SELECT count(*) FROM hall.allowance WHERE msisdn = 13900139710)), '0 0',
    'finds no bills and no allowances');
SELECT test.is(concat_ws(' ',
        (SELECT count(*) FROM hall.password WHERE msisdn = 13900139710), (SELECT count(*) FROM hall.identity WHERE msisdn = 13900139710),
        (SELECT count(*) FROM hall.sim WHERE msisdn = 13900139710)), '0 0 0', 'finds no password, no identity and no PUK'),
    test.is(test.forwarded(13900139710), NULL, 'nothing forwarded'), test.is(test.brand(13900139710), '全球通', 'no brand to come'),
    test.is(language, NULL, 'and Chinese')
FROM hall.conversation WHERE msisdn = 13900139710;

-- all of it is evidence that holds
SELECT test.is(string_agg(concat_ws(' ', msisdn, number, fault), ', '), NULL, 'A8: the chains hold') FROM hall.verify_evidence(13900139700, 13900139799);
