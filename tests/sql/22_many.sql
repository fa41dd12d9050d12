-- hall.receive_many does what hall.receive does, one message after the other (rules D6, E1): of each pair of twins one sends alone, the
-- other together with all others of his kind; what they are answered, and what is in the store afterwards, is the same.
SET track_functions = 'all';
SELECT test.at('2026-11-22 10:00+08');

CREATE TABLE test.kind (
    n        int GENERATED ALWAYS AS IDENTITY,
    text     text,
    command  text,
    args     jsonb DEFAULT '{}',
    effect   text DEFAULT 'reads',
    confirm  text DEFAULT 'never',
    port     text DEFAULT '10086',
    at       text DEFAULT 'hall',
    answer   text,
    way      text DEFAULT 'inline',
    state    text DEFAULT 'active', -- NULL: no subscriber
    is_usual boolean DEFAULT false  -- goes with others in one statement
);
INSERT INTO test.kind (text, command, args, is_usual, way, state) VALUES
    ('YE', 'balance', '{}', true, 'inline', 'active'),
    ('YE', 'balance', '{}', true, 'sendsms', 'active'),
    ('YE', 'balance', '{}', true, 'inline', 'suspended'),
    ('YE', 'balance', '{}', false, 'inline', 'closed'),
    ('YE', 'balance', '{}', false, 'inline', NULL),
    (NULL, 'balance', '{}', true, 'inline', 'active'),
    ('zd201211', 'bill', '{"month": "201211"}', true, 'inline', 'active'),
    ('jf', 'points', NULL, true, 'sendsms', 'active'),
    ('GN', 'functions', '{}', true, 'inline', 'active'),
    ('0000', 'leave_list', '{}', true, 'inline', 'active'),
    ('0000', 'leave_list', '{}', true, 'sendsms', 'active'),
    ('HELP', 'help', '{}', true, 'inline', 'active'),
    ('CXCL', 'query_service', '{"service": "CL"}', true, 'inline', 'active'),
    ('1008634', 'speed', '{"code": "1008634"}', true, 'inline', 'active'),
    ('100864', 'speed', '{"code": "100864"}', true, 'inline', 'active'),
    ('XX', 'no_such_function', '{}', true, 'inline', 'active');
INSERT INTO test.kind (text, command, args, effect, confirm, port, at, answer) VALUES
    ('KTCL', 'open', '{"service": "CL"}', 'changes', 'when_charged', '10086', 'hall', NULL),
    ('QXCL', 'close', '{"service": "CL"}', 'leaves', 'never', '10086', 'hall', NULL),
    ('是', NULL, '{"folded": "是", "near": []}', 'reads', 'never', '10086', 'hall', 'yes'),
    ('何如', NULL, '{"folded": "何如", "near": ["YE"]}', 'reads', 'never', '10086', 'hall', NULL),
    ('LANG EN', 'language', '{"language": "en"}', 'manages', 'never', '10086', 'hall', NULL),
    ('YE', 'balance', '{}', 'reads', 'never', '1008634', 'hall', NULL),
    ('0000', 'provider_list', '{}', 'reads', 'never', '106601', 'provider', NULL),
    ('YE', 'balance', '{}', 'reads', 'never', '109999', 'provider', NULL);

CREATE FUNCTION test.alone(p_n int) RETURNS bigint LANGUAGE sql RETURN 13911000000 + p_n;
CREATE FUNCTION test.together(p_n int) RETURNS bigint LANGUAGE sql RETURN 13912000000 + p_n;

SELECT test.ok(count(hall.put_subscriber(twin, '全球通', k.state, p_opening_fen => 5000)) = 2 * count(DISTINCT k.n), 'twins')
FROM test.kind AS k, LATERAL (VALUES (test.alone(k.n)), (test.together(k.n))) AS t (twin)
WHERE k.state IS NOT NULL;
SELECT hall.put_bill(twin, '2012-11-01', '[]')
FROM test.kind AS k, LATERAL (VALUES (test.alone(k.n)), (test.together(k.n))) AS t (twin)
WHERE k.command = 'bill';

-- Each twin's answer to the same message; p_round is in its id. hands: how many hall.receive_many gave to hall.receive.
CREATE FUNCTION test.play(p_round text, OUT alone jsonb, OUT together jsonb, OUT hands bigint)
LANGUAGE plpgsql AS $$
DECLARE
    v_before bigint;
BEGIN
    SELECT jsonb_object_agg(k.n, hall.receive(test.alone(k.n), p_round || k.n, k.port, k.at, k.text, hashtextextended(upper(k.text), 0), 1,
        k.command, k.command, k.effect, k.confirm, k.args, k.answer, k.way)::jsonb)
    INTO alone
    FROM test.kind AS k;
    SELECT coalesce(sum(calls), 0) INTO v_before FROM pg_stat_xact_user_functions WHERE funcname = 'receive';
    SELECT jsonb_object_agg(m.msisdn - test.together(0), m.answer::jsonb)
    INTO together
    FROM (
        SELECT array_agg(test.together(k.n)) AS msisdn, array_agg(p_round || k.n) AS id, array_agg(k.port) AS port, array_agg(k.at) AS at,
            array_agg(k.text) AS text, array_agg(hashtextextended(upper(k.text), 0)) AS fingerprint, array_agg(1::bigint) AS time,
            array_agg(k.command) AS command, array_agg(k.effect) AS effect, array_agg(k.confirm) AS confirm, array_agg(k.args) AS args,
            array_agg(k.answer) AS answer, array_agg(k.way) AS way
        FROM test.kind AS k) AS a,
        LATERAL hall.receive_many(a.msisdn, a.id, a.port, a.at, a.text, a.fingerprint, a.time, a.command, a.command, a.effect, a.confirm, a.args,
            a.answer, a.way) AS m;
    SELECT coalesce(sum(calls), 0) - v_before INTO hands FROM pg_stat_xact_user_functions WHERE funcname = 'receive';
END
$$;

-- What the store has of those numbers, but for who they are.
CREATE FUNCTION test.picture(p_first bigint) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    v_table   text;
    v_part    text;
    v_picture text := '';
BEGIN
    FOREACH v_table IN ARRAY '{message,conversation,reply,dialogue,subscription,ledger,subscriber}'::text[] LOOP
        EXECUTE format('SELECT string_agg(replace(to_jsonb(t)::text, $1, ''twin''), E''\n'' ORDER BY t.msisdn, to_jsonb(t)::text COLLATE "C")
            FROM hall.%I AS t WHERE t.msisdn BETWEEN $2 + 1 AND $2 + 999', v_table)
            INTO v_part
            USING left(p_first::text, 8), p_first;
        v_picture := v_picture || v_table || E':\n' || regexp_replace(coalesce(v_part, 'nothing'), '"id": [0-9]+', '"id": 0', 'g') || E'\n';
    END LOOP;
    RETURN v_picture;
END
$$;

-- The first difference, or none.
CREATE FUNCTION test.unlike(p_alone text, p_together text) RETURNS text
LANGUAGE sql
RETURN (SELECT a.line || ' / ' || coalesce(t.line, 'nothing')
    FROM unnest(string_to_array(p_alone, E'\n')) WITH ORDINALITY AS a (line, i)
    FULL JOIN unnest(string_to_array(p_together, E'\n')) WITH ORDINALITY AS t (line, i) USING (i)
    WHERE a.line IS DISTINCT FROM t.line ORDER BY i LIMIT 1);

CREATE FUNCTION test.twins(p_round text, p_hands bigint, p_name text) RETURNS SETOF text
LANGUAGE plpgsql AS $$
DECLARE
    v_played record := test.play(p_round);
BEGIN
    RETURN NEXT test.is(v_played.hands::text, p_hands::text, p_name || ': so many go one by one');
    RETURN NEXT test.is(replace(v_played.together::text, '13912', '13911'), v_played.alone::text, p_name || ': the same answers');
    RETURN NEXT test.is(test.unlike(test.picture(test.alone(0)), test.picture(test.together(0))), NULL, p_name || ': the same in the store');
END
$$;

SELECT test.twins('first', (SELECT count(*) FROM test.kind WHERE NOT is_usual), 'the first of each sender');
SELECT test.wait(100);
SELECT test.twins('second', (SELECT count(*) FROM test.kind WHERE NOT is_usual), 'others');
SELECT test.wait(1);
SELECT test.twins('third', (SELECT count(*) FROM test.kind WHERE NOT is_usual), 'the same text at once');
SELECT test.twins('second', (SELECT count(*) FROM test.kind), 'repeats');
SELECT test.wait(100);
SELECT test.deliver_replies();
SELECT test.twins('fourth', (SELECT count(*) FROM test.kind WHERE NOT is_usual), 'with nothing in the outbox');
SELECT test.wait(100);
UPDATE hall.conversation SET look_number = number + 1 WHERE msisdn BETWEEN test.alone(1) AND test.together(999);
SELECT test.twins('fifth', (SELECT count(*) FROM test.kind), 'when a machine may be on the other side (E4)');

-- the month ends
SELECT test.at('2026-12-01 00:00:10+08');
SELECT test.twins('fifth', (SELECT count(*) FROM test.kind), 'repeats of the month before');
SELECT test.twins('sixth', (SELECT count(*) FROM test.kind WHERE NOT is_usual), 'the first of a month');
SELECT test.at('2026-11-30 23:59:50+08');
SELECT test.twins('sixth', (SELECT count(*) FROM test.kind), 'repeats for a clock that is late');

-- one whose function fails takes the batch with him, and nothing has happened (the lanes run it one by one)
CREATE FUNCTION hall_command.test_poison(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'poison' USING ERRCODE = '22012'; END $$;
SELECT hall_private.build_dispatch();
SELECT test.refused($$SELECT * FROM hall.receive_many('{13911000001,13911000002}', '{p1,p2}', '{10086,10086}', '{hall,hall}', '{YE,X}', '{1,2}', '{1,1}',
    '{balance,test_poison}', '{balance,test_poison}', '{reads,reads}', '{never,never}', '{"{}","{}"}', '{NULL,NULL}', '{inline,inline}')$$,
    '22012', 'poison');
SELECT test.is((SELECT count(*)::text FROM hall.message WHERE gateway_id IN ('p1', 'p2')), '0', 'poison: nothing happened');
