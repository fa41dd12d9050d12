-- What the tests of the store share. Loaded into each test's own database, never into a real one.
CREATE SCHEMA test;
CREATE SEQUENCE test.number;

-- One line of TAP.
CREATE FUNCTION test.ok(p_holds boolean, p_name text) RETURNS text
LANGUAGE sql
RETURN CASE WHEN p_holds THEN 'ok ' ELSE 'not ok ' END || nextval('test.number') || ' - ' || p_name;

CREATE FUNCTION test.is(p_got text, p_wanted text, p_name text) RETURNS text
LANGUAGE sql
RETURN test.ok(p_got IS NOT DISTINCT FROM p_wanted, p_name)
    || CASE WHEN p_got IS NOT DISTINCT FROM p_wanted THEN ''
            ELSE E'\n#      got: ' || coalesce(p_got, 'NULL') || E'\n#   wanted: ' || coalesce(p_wanted, 'NULL') END;

-- The statement is refused with this SQLSTATE, when p_role runs it (NULL: whoever runs the test).
CREATE FUNCTION test.refused(p_sql text, p_sqlstate text, p_name text, p_role text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    v_got text := 'done';
BEGIN
    BEGIN
        IF p_role IS NOT NULL THEN
            EXECUTE format('SET LOCAL ROLE %I', p_role);
        END IF;
        EXECUTE p_sql;
    EXCEPTION WHEN OTHERS THEN
        v_got := SQLSTATE;
    END;
    RESET ROLE;
    RETURN test.is(v_got, p_sqlstate, p_name);
END
$$;

-- The store's clock stands where the test puts it.
CREATE OR REPLACE FUNCTION hall.now() RETURNS timestamptz
LANGUAGE sql STABLE
RETURN coalesce(nullif(current_setting('test.now', true), '')::timestamptz, statement_timestamp());

CREATE FUNCTION test.at(p_now timestamptz) RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    SELECT set_config('test.now', p_now::text, false);
END;

CREATE FUNCTION test.wait(p_seconds double precision) RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    SELECT test.at(hall.now() + make_interval(secs => p_seconds));
END;

-- A message as the daemon hands it over; the fingerprint follows the text.
CREATE FUNCTION test.send(
    p_msisdn bigint, p_id text, p_text text, p_call text DEFAULT NULL, p_args jsonb DEFAULT '{}', p_effect text DEFAULT 'reads',
    p_port text DEFAULT '10086', p_at text DEFAULT 'hall', p_answer text DEFAULT NULL, p_way text DEFAULT 'sendsms')
RETURNS jsonb
LANGUAGE sql
RETURN hall.receive(p_msisdn, p_id, p_port, p_at, p_text, hashtextextended(upper(p_text), 0), NULL, p_call, p_call,
    CASE WHEN p_call IS NOT NULL THEN p_effect END, p_args, p_answer, p_way);

CREATE FUNCTION test.outcome(p_answer jsonb) RETURNS text
LANGUAGE sql
RETURN (p_answer ->> 'was') || ' ' || coalesce((p_answer #>> '{replies,0,command}') || ' ' || (p_answer #>> '{replies,0,outcome}'),
    'silent');

CREATE FUNCTION test.fields(p_answer jsonb) RETURNS text
LANGUAGE sql
RETURN p_answer #>> '{replies,0,fields}';

CREATE FUNCTION test.mt(p_answer jsonb) RETURNS text
LANGUAGE sql
RETURN p_answer #>> '{replies,0,mt}';

-- A command of the tests that changes something: a fen each time.
CREATE FUNCTION hall_command.test_charge(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
BEGIN
    outcome := 'ok';
    fields := jsonb_build_object('balance', hall_private.post_ledger(subscriber.msisdn, -1, 'fee', 'test'));
END
$$;
