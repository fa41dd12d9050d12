-- Events for hooks: their order, claims, pauses and ends, keys, and what operators do (B7).
SELECT test.at('2026-11-22 10:00+08');

-- hooks and keys
SELECT test.is(hall.put_hook('新华短讯', 'https://xinhua.example/hall')::text, 'true', 'put_hook: a new one'),
    test.is(hall.put_hook('新华短讯', 'https://xinhua.example/hook')::text, 'false', 'put_hook: another address'),
    test.is(hall.set_provider_hook('新华短讯', '新华短讯')::text, 'true', 'set_provider_hook'),
    test.is(hall.set_provider_hook('nobody', '新华短讯')::text, 'false', 'set_provider_hook: no such provider');
SELECT test.refused(format('SELECT hall.put_hook(%L, %L)', 'x', url), '23514', 'put_hook: refused ' || url)
FROM (VALUES ('ftp://x.example/'), ('https://user:secret@x.example/'), ('https://'), ('x.example'), ('https://x.example/a b')) AS v (url);
SELECT test.refused($$SELECT hall.set_provider_hook('新华短讯', 'none')$$, '23503', 'set_provider_hook: no such hook'),
    test.refused($$SELECT hall.rotate_hook_key('none')$$, 'P0002', 'rotate_hook_key: no such hook'),
    test.refused($$SELECT hall.rotate_hook_key('新华短讯', '-1 hour')$$, '22023', 'rotate_hook_key: no overlap backwards');
CREATE TABLE test.key (n int, key text);
INSERT INTO test.key SELECT 1, hall.rotate_hook_key('新华短讯');
SELECT test.ok(key ~ '^whsec_[A-Za-z0-9+/]{43}=$', 'rotate_hook_key: the first key, 32 bytes') FROM test.key;
CREATE FUNCTION test.keys() RETURNS text
LANGUAGE sql RETURN (SELECT string_agg(coalesce('key ' || t.n, 'unknown'), ' ' ORDER BY k.place)
    FROM jsonb_array_elements_text(hall_private.valid_keys('新华短讯')) WITH ORDINALITY AS k (key, place)
    LEFT JOIN test.key AS t ON t.key = 'whsec_' || k.key);
INSERT INTO test.key SELECT 2, hall.rotate_hook_key('新华短讯');
SELECT test.is(test.keys(), 'key 2 key 1', 'rotate_hook_key: both sign, newest first');
SELECT test.wait(3600);
INSERT INTO test.key SELECT 3, hall.rotate_hook_key('新华短讯', '2 hours');
SELECT test.is(test.keys(), 'key 3 key 2 key 1', 'rotate_hook_key: three');
SELECT test.wait(7199);
SELECT test.is(test.keys(), 'key 3 key 2 key 1', 'keys: a second before the end');
SELECT test.wait(1);
SELECT test.is(test.keys(), 'key 3', 'keys: at the end');
INSERT INTO test.key SELECT 4, hall.rotate_hook_key('新华短讯', '0');
SELECT test.is(test.keys(), 'key 4', 'rotate_hook_key: one that leaked goes at once');
SELECT test.is(count(DISTINCT key)::text, '4', 'rotate_hook_key: never the same') FROM test.key;

-- a claim
CREATE FUNCTION test.add(p_msisdn bigint, p_stream text, p_n int, p_hook text DEFAULT '新华短讯') RETURNS boolean
LANGUAGE sql RETURN hall_private.add_event(p_msisdn, p_hook, p_stream, 'service.ordered', jsonb_build_object('n', p_n));
CREATE TABLE test.claimed (number int GENERATED ALWAYS AS IDENTITY, n int, claim jsonb);
-- The n of each event that is claimed; test.settle settles that claim, or an earlier one.
CREATE FUNCTION test.claim(p_most int DEFAULT 100) RETURNS text
LANGUAGE sql
BEGIN ATOMIC
    WITH taken AS (
        INSERT INTO test.claimed (n, claim)
        SELECT ((c ->> 'body')::jsonb #>> '{data,n}')::int, c FROM jsonb_array_elements(hall.claim_events(p_most, 60)) AS c
        RETURNING n, claim
    )
    SELECT string_agg(n::text, ' ' ORDER BY n) FROM taken;
END;
CREATE FUNCTION test.settle(p_n int, p_status int, p_claim int DEFAULT 0) RETURNS text
LANGUAGE sql RETURN (
    SELECT hall.settle_event((claim ->> 'msisdn')::bigint, (claim ->> 'id')::bigint, (claim ->> 'claims')::int, p_status, 'why')
    FROM (SELECT claim FROM test.claimed WHERE n = p_n ORDER BY number DESC OFFSET p_claim LIMIT 1) AS c);
CREATE FUNCTION test.event(p_n int) RETURNS hall.event
LANGUAGE sql RETURN (SELECT e FROM hall.event AS e WHERE e.data ->> 'n' = p_n::text);
SELECT test.is(test.claim(), NULL, 'claim: nothing to do');
SELECT test.is(hall_private.add_event(13800138000, '新华短讯', 'XWZB', 'service.ordered', '{"n": 1, "name": "新闻早报"}')::text, 'true',
    'add_event'),
    test.is(hall_private.add_event(13800138000, NULL, 'XWZB', 'service.ordered', '{}')::text, 'false', 'add_event: nobody is to be told');
SELECT test.is(test.claim(), '1', 'claim: one');
SELECT test.is((claim - '{uuid,keys,body}'::text[])::text,
    '{"id": "1", "url": "https://xinhua.example/hook", "hook": "新华短讯", "kind": "service.ordered", "claims": 1, "msisdn": "13800138000"}',
    'claim: as the sender needs it'),
    test.is(claim ->> 'body',
    '{"type" : "service.ordered", "timestamp" : "2026-11-22T13:00:00+08:00", "data" : {"n": 1, "name": "新闻早报", "msisdn": "13800138000"}}',
    'claim: the body'),
    test.is('whsec_' || (claim #>> '{keys,0}'), (SELECT key FROM test.key WHERE n = 4), 'claim: the keys'),
    test.is(claim ->> 'uuid', (test.event(1)).uuid::text, 'claim: its name outside')
FROM test.claimed;
SELECT test.is(test.claim(), NULL, 'claim: it is with somebody');
SELECT test.wait(61);
SELECT test.is(test.claim(), '1', 'claim: a lease that ran out is anybody''s');
SELECT test.is(count(DISTINCT claim ->> 'body') || ' ' || count(DISTINCT claim ->> 'uuid'), '1 1',
    'claim: the same bytes under the same name at every try')
FROM test.claimed;
SELECT test.is(test.settle(1, 500, 1), 'waiting', 'settle: a failure by who had it before'),
    test.is((test.event(1)).claim_after::text, (hall.now() + interval '60 seconds')::text, 'settle: changes nothing'),
    test.is(test.settle(1, 410, 1), 'waiting', 'settle: nor does a 410 by him'),
    test.is(test.settle(1, 200, 1), 'delivered', 'settle: a success by him counts'),
    test.is(test.settle(1, 500), 'delivered', 'settle: it stays delivered'),
    test.is(hall.settle_event(13800138000, 99, 1, 200, NULL), 'unknown', 'settle: no such event');

-- pauses
SELECT test.add(13800138000, 'XWZB', 2), test.add(13800138000, 'XWZB', 3), test.add(13800138000, 'TQYB', 4),
    test.add(13800138001, 'XWZB', 5);
SELECT test.is(test.claim(), '2 4 5', 'order: the first of each stream');
SELECT test.is(test.settle(2, 503), 'waiting', 'pause: a failure'), test.is(test.settle(4, 200), 'delivered', 'another stream'),
    test.is(test.settle(5, 204), 'delivered', 'settle: any 2xx');
SELECT test.is(concat_ws(' ', status, tries, reason, is_taken), '503 1 why f', 'pause: noted') FROM test.event(2);
SELECT test.ok((test.event(2)).claim_after - hall.now() BETWEEN '5 seconds' AND '5.5 seconds', 'pause: 5 seconds, and a little'),
    test.is((test.event(3)).claim_after::text, (test.event(2)).claim_after::text, 'pause: what is behind it waits too');
SELECT test.add(13800138000, 'XWZB', 6);
SELECT test.is((test.event(6)).claim_after::text, (test.event(2)).claim_after::text, 'pause: also what comes behind it now'),
    test.is(test.claim(), NULL, 'pause: nothing is due');
SELECT test.wait(6);
SELECT test.is(test.claim(), '2', 'pause: over');
SELECT test.add(13800138000, 'XWZB', 7);
SELECT test.is((test.event(7)).claim_after::text, hall.now()::text, 'a lease is no pause'),
    test.is(test.settle(2, 200), 'delivered', 'delivered at the second try'), test.is(test.claim(), '3', 'order: the next'),
    test.is(test.settle(3, 301), 'waiting', 'a redirect is a failure'), test.is(test.claim(), NULL, 'order: all wait for it'),
    test.is(test.settle(3, 200), 'delivered', 'a success that is noted late'),
    test.is(test.claim(), '6', 'order: nobody waits for its pause any more'),
    test.is(test.settle(6, 200), 'delivered', 'the next'), test.is(test.claim(), '7', 'and the next'),
    test.is(test.settle(7, 200), 'delivered', 'all of it');

-- until it is dead
SELECT test.add(13800138000, 'XWZB', 10), test.add(13800138000, 'XWZB', 11);
CREATE FUNCTION test.try(p_n int, p_status int) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    v_before timestamptz;
    v_claim  text;
    v_end    text;
BEGIN
    v_claim := test.claim();
    v_before := hall.now();
    v_end := test.settle(p_n, p_status);
    PERFORM test.at((test.event(p_n)).claim_after);
    RETURN v_claim || ' ' || v_end || ' ' || coalesce(
        CASE WHEN hall.now() - v_before BETWEEN p.pause AND p.pause * 1.1 THEN p.pause::text ELSE 'not ' || p.pause END, '')
    FROM (SELECT max(pause) AS pause FROM hall.event_pause WHERE try = (test.event(p_n)).tries) AS p;
END
$$;
SELECT test.is(test.try(10, status), wanted, 'try ' || n || ': ' || wanted)
FROM (VALUES (1, 0, '10 waiting 00:00:05'), (2, 500, '10 waiting 00:00:30'), (3, 404, '10 waiting 00:05:00'), (4, 302,
    '10 waiting 00:30:00'),
    (5, 0, '10 waiting 02:00:00'), (6, 429, '10 waiting 05:00:00'), (7, 503, '10 waiting 10:00:00'), (8, 199, '10 waiting 14:00:00'),
    (9, 300, '10 waiting 20:00:00'), (10, 400, '10 waiting 24:00:00'), (11, 500, '10 dead ')) AS v (n, status, wanted);
SELECT test.at('2026-11-27 10:00+08');
SELECT test.is(concat_ws(' ', state, status, tries, reason, claim_after), 'dead 500 11 why', 'dead: kept aside') FROM test.event(10);
SELECT test.is(test.claim(), '11', 'dead: the next one goes on'), test.is(test.settle(11, 0), 'waiting', 'with a pause of its own');
SELECT test.is(string_agg(concat_ws(' ', msisdn, hook, state, kind, stream, tries, status, reason, data), ', '),
    '13800138000 新华短讯 dead service.ordered XWZB 11 500 why {"n": 10}', 'dead_events') FROM hall.dead_events('新华短讯');
SELECT test.is((SELECT count(*) FROM hall.dead_events('nobody')) || ' ' || (SELECT count(*) FROM hall.dead_events(NULL, hall.now())) || ' '
    || (SELECT count(*) FROM hall.dead_events(NULL, '2026-11-22', 0)) || ' ' || (SELECT count(*)
FROM hall.dead_events()), '0 0 0 1', 'dead_events: of a hook, since, at most');

-- sent again
SELECT test.is(hall.resend_event(13800138000, (test.event(1)).id)::text, 'false', 'resend: not what was delivered'),
    test.is(hall.resend_event(13800138000, (test.event(10)).id)::text, 'true', 'resend: what is dead'),
    test.is(hall.resend_event(13800138000, (test.event(10)).id)::text, 'false', 'resend: it is not dead any more');
SELECT test.wait(10);
SELECT test.is(test.claim(), '10', 'resend: before what waits in its stream, with its own time'),
    test.is(test.settle(10, 500), 'waiting', 'resend: all its tries again'), test.is((test.event(10)).tries::text, '1', 'from the first');
SELECT test.wait(10);
SELECT test.is(test.claim(), '10', 'resend: still the first'), test.is(test.settle(10, 200), 'delivered', 'resend: delivered'),
    test.is(test.claim(), '11', 'resend: then the next');
UPDATE hall.event SET state = 'dead', claim_after = NULL WHERE data ->> 'n' IN ('2', '3');
SELECT test.is(hall.resend_events('新华短讯')::text, '2', 'resend: all of a hook'),
    test.is(test.claim(), NULL, 'resend: not beside one that is under way'),
    test.is(test.settle(11, 200), 'delivered', 'that one'), test.is(test.claim(), '2', 'resend: in their order'),
    test.is(test.settle(2, 200), 'delivered', 'the first'), test.is(test.claim(), '3', 'the second'),
    test.is(test.settle(3, 200), 'delivered', 'both');

-- a hook that hangs
SELECT hall.put_hook('风云气象', 'https://fengyun.example/hook'), hall.rotate_hook_key('风云气象') IS NULL;
SELECT test.add(13900139000 + i, 'TQYB', 100 + i, '风云气象'), test.wait(0.001) FROM generate_series(1, 50) AS i;
SELECT test.add(13900139000 + i, 'XWZB', 200 + i), test.wait(0.001) FROM generate_series(1, 6) AS i;
SELECT test.is(test.claim(), '101 102 103 104 201 202 203 204', 'hanging: four of each hook at a time'),
    test.is(test.claim(), NULL, 'hanging: and no more'),
    test.is(test.settle(201, 200), 'delivered', 'the other one answers'), test.is(test.claim(), '205', 'hanging: the others go on'),
    test.is(test.settle(101, 500), 'waiting', 'the hanging one fails'), test.is(test.claim(), '105', 'hanging: has room for one more');
SELECT test.wait(61);
SELECT test.is(test.claim(3), '106 107 108', 'claim: as many as wanted, what is due longest first');
SELECT test.wait(61);
UPDATE hall.event SET state = 'delivered', claim_after = NULL, is_taken = false, settled_at = hall.now() WHERE claim_after IS NOT NULL AND hook = '新华短讯';

-- 410
SELECT test.at('2026-11-28 10:00+08');
SELECT test.ok(test.claim() IS NOT NULL, 'gone: claimed');
SELECT test.is(test.settle((SELECT max(n) FROM test.claimed WHERE n < 200), 410), 'gone', 'gone: a 410');
SELECT test.is(string_agg(state || ' ' || events, ', ' ORDER BY state), 'gone 50', 'gone: all that waited')
FROM (SELECT state, count(*) AS events FROM hall.event WHERE hook = '风云气象' GROUP BY state) AS s;
SELECT test.is(gone_at::text, hall.now()::text, 'gone: the hook') FROM hall.hook WHERE name = '风云气象';
SELECT test.is(test.add(13900139000, 'TQYB', 300, '风云气象')::text, 'false', 'gone: nothing more is noted'),
    test.is(test.claim(), NULL, 'gone: nor sent');
SELECT test.refused($$SELECT hall.resend_events('风云气象')$$, '55000', 'gone: not sent again to nowhere');
INSERT INTO hall.event (msisdn, at, claim_after, hook, stream, kind, data)
SELECT 13900139000 + i, hall.now(), hall.now(), '风云气象', 'TQYB', 'service.ended', '{}' FROM generate_series(1, 30) AS i;
SELECT test.is(hall_private.forget_events(20)::text, '20', 'gone: what waits still goes in batches'),
    test.is(hall_private.forget_events(20)::text, '10', 'gone: and the rest'),
    test.is(hall_private.forget_events(20)::text, '0', 'gone: all');
SELECT test.is(hall.put_hook('风云气象', 'https://new.example/')::text, 'false', 'gone: another address');
SELECT test.is(hall.resend_events('风云气象', '2026-11-28')::text, '30', 'gone: sent again, since then'),
    test.is(jsonb_array_length(hall.claim_events(100, 60))::text, '4', 'gone: it is there again');

-- nothing goes out unsigned
SELECT hall.put_hook('keyless', 'https://keyless.example'), test.add(13800138000, 'K', 400, 'keyless');
SELECT test.is(test.claim(), NULL, 'no key: it waits');
SELECT hall.rotate_hook_key('keyless') IS NULL;
SELECT test.is(test.claim(), '400', 'no key: until there is one');
SELECT test.is(string_agg(concat_ws(' ', hook, url, gone_at, keys, waiting, dead), ', '),
    'keyless https://keyless.example 1 1 0, 新华短讯 https://xinhua.example/hook 1 0 0, 风云气象 https://new.example/ 1 30 50', 'list_hooks')
FROM hall.list_hooks();

-- forgotten in the end
UPDATE hall.event SET claim_after = NULL, is_taken = false, state = 'dead' WHERE claim_after IS NOT NULL;
CREATE TABLE test.before AS SELECT state, count(*) AS events FROM hall.event GROUP BY state;
SELECT test.at('2027-02-21 10:00+08');
SELECT test.is(hall_private.forget_events(2)::text, '2', 'forget: at most'),
    test.is(hall_private.forget_events(1000)::text, '3', 'forget: what is older than 90 days');
SELECT test.is((SELECT count(*)
FROM hall.event WHERE state IN ('delivered', 'gone') AND settled_at < hall.now() - interval '90 days')::text, '0', 'forget: all of it'),
    test.ok((SELECT count(*) FROM hall.event WHERE state = 'gone') > 0, 'forget: nothing younger'),
    test.is((SELECT count(*)
FROM hall.event WHERE state = 'dead')::text, (SELECT events FROM test.before WHERE state = 'dead')::text, 'forget: nothing dead');
UPDATE hall.setting SET value = 1 WHERE name = 'events_kept_days';
SELECT test.ok(hall_private.forget_events(1000) > 0, 'forget: as the setting says');
SELECT test.is(string_agg(DISTINCT state::text, ' '), 'dead', 'forget: the dead stay') FROM hall.event;

-- whose it is
SELECT test.refused(sql, '42501', role || ' may not: ' || sql, role)
FROM (VALUES
    ('smshall_hall', 'SELECT hall.list_hooks()'),
    ('smshall_hall', $$SELECT hall.rotate_hook_key('keyless')$$), ('smshall_hall', 'SELECT secret FROM hall.hook_key'),
    ('smshall_hall', 'SELECT hall.resend_event(1, 1)'), ('smshall_operator', 'SELECT hall.claim_events(1, 1)'), ('smshall_operator',
    'SELECT hall.settle_event(1, 1, 1, 200, NULL)'),
    ('smshall_operator', 'SELECT secret FROM hall.hook_key'), ('smshall_feed', 'SELECT hall.claim_events(1, 1)'),
    ('smshall_feed', $$SELECT hall.put_hook('x', 'https://x.example')$$))
    AS v (role, sql);
SELECT test.refused('SELECT hall.claim_events(1, 1), hall.settle_event(1, 1, 1, 200, NULL)', 'done', 'smshall_hall claims and settles',
    'smshall_hall'),
    test.refused($$SELECT hall.put_hook('x', 'https://x.example'), hall.rotate_hook_key('x'), hall.set_provider_hook('新华短讯', 'x'), hall.list_hooks(), hall.dead_events(),
        hall.resend_event(1, 1), hall.resend_events('x'), hall.orders(1)$$, 'done', 'smshall_operator does the rest', 'smshall_operator');

-- a million old ones: what is due is found by indexes
INSERT INTO hall.event (msisdn, at, settled_at, hook, stream, kind, data, state)
SELECT 13900139000 + i % 1000, hall.now(), hall.now(), 'keyless', 'S' || i % 3, 'text.received',
    '{}', CASE WHEN i % 100 = 0 THEN 'dead' ELSE 'delivered' END::hall.event_state
FROM generate_series(1, 20000) AS i;
ANALYZE hall.event;
CREATE FUNCTION test.read_rows(p_sql text) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_before bigint;
BEGIN
    SELECT seq_tup_read INTO v_before FROM pg_stat_xact_all_tables WHERE relid = 'hall.event'::regclass;
    EXECUTE p_sql;
    RETURN (SELECT seq_tup_read FROM pg_stat_xact_all_tables WHERE relid = 'hall.event'::regclass) - v_before;
END
$$;
SELECT test.add(13800138000, 'S1', 500, 'keyless'), test.add(13800138000, 'S1', 501, 'keyless');
SELECT test.is(test.read_rows(sql)::text, '0', 'many old ones: no scan of all in ' || sql)
FROM (VALUES ('SELECT test.claim()'), ('SELECT test.settle(500, 500)'), ($$SELECT test.add(13800138000, 'S1', 502, 'keyless')$$),
    ('SELECT hall_private.forget_events(100)'), ('SELECT hall.list_hooks()')) AS v (sql);
