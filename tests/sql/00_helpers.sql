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

-- What the statement is refused with, in words; `done` when it is not.
CREATE FUNCTION test.words_of_refusal(p_sql text) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE p_sql;
    RETURN 'done';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLERRM;
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
    p_port text DEFAULT '10086', p_at text DEFAULT 'hall', p_answer text DEFAULT NULL, p_way text DEFAULT 'sendsms',
    p_confirm text DEFAULT 'never', p_gateway_time bigint DEFAULT NULL)
RETURNS jsonb
LANGUAGE sql
RETURN hall.receive(p_msisdn, p_id, p_port, p_at, p_text, hashtextextended(upper(p_text), 0), p_gateway_time, p_call, p_call,
    CASE WHEN p_call IS NOT NULL THEN p_effect ELSE 'reads' END, p_confirm, p_args, p_answer, p_way)::jsonb;

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

-- The first of a message's replies: one of its fields.
CREATE FUNCTION test.field(p_answer jsonb, p_path text) RETURNS text
LANGUAGE sql
RETURN p_answer #>> ('{replies,0,fields,' || p_path || '}')::text[];

-- All that waits in the outbox has gone out.
CREATE FUNCTION test.deliver_replies() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE hall.reply SET state = 'sent', claim_after = NULL, text = outcome, sent_at = hall.now() WHERE claim_after IS NOT NULL;
END
$$;

-- What a subscriber types about services, as the daemon hands it over; and he gets the reply, unless p_is_away.
CREATE SEQUENCE test.gateway;
CREATE FUNCTION test.says(p_msisdn bigint, p_text text, p_port text DEFAULT '10086', p_gateway_time bigint DEFAULT NULL,
    p_is_away boolean DEFAULT false)
RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    v_said    jsonb;
    v_at      text := CASE WHEN p_port LIKE '10086%' THEN 'hall' ELSE 'provider' END;
    v_command text := CASE
        WHEN v_at = 'provider' THEN CASE p_text WHEN '0000' THEN 'provider_list' WHEN '00000' THEN 'provider_leave' WHEN 'TD' THEN 'provider_leave' END
        WHEN p_text = '0000' THEN 'leave_list'
        WHEN p_text = '00000' THEN 'leave_all'
        WHEN p_text LIKE 'KT%' THEN 'open'
        WHEN p_text LIKE 'QX%' THEN 'close'
        WHEN p_text LIKE 'CX%' THEN 'query_service'
    END;
    v_effect  text := CASE WHEN v_command = 'open' THEN 'changes' WHEN v_command <> 'query_service' THEN 'leaves' ELSE 'reads' END;
    v_args    jsonb := CASE WHEN v_command IN ('open', 'close', 'query_service') THEN jsonb_build_object('service', substr(p_text, 3))
                            ELSE jsonb_build_object('folded', upper(p_text)) END;
    v_answer  text := CASE
        WHEN v_command IS NOT NULL THEN NULL
        WHEN p_text IN ('是', 'Y') THEN 'yes'
        WHEN p_text = '1' THEN 'yes,serials:1'
        WHEN p_text = '2' THEN 'no,serials:2'
        WHEN p_text = 'N' THEN 'no'
        WHEN p_text ~ '^[0-9]{1,3}(,[0-9]{1,3})*$' THEN 'serials:' || p_text
    END;
BEGIN
    v_said := test.send(p_msisdn, 'says' || nextval('test.gateway'), p_text, v_command, v_args, v_effect, p_port, v_at, v_answer,
        p_confirm => CASE WHEN v_command = 'open' THEN 'when_charged' ELSE 'never' END, p_gateway_time => p_gateway_time);
    IF NOT p_is_away THEN
        PERFORM test.deliver_replies();
    END IF;
    RETURN v_said;
END
$$;

CREATE FUNCTION test.open_services(p_msisdn bigint) RETURNS text
LANGUAGE sql
RETURN (SELECT string_agg(o.service, ' ' ORDER BY o.service) FROM hall.subscription AS o WHERE o.msisdn = p_msisdn AND o.until IS NULL);

CREATE FUNCTION test.balance(p_msisdn bigint) RETURNS text
LANGUAGE sql
RETURN (SELECT s.balance_fen::text FROM hall.subscriber AS s WHERE s.msisdn = p_msisdn);

-- A command of the tests that changes something: a fen each time.
CREATE FUNCTION hall_command.test_charge(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
BEGIN
    outcome := 'ok';
    fields := jsonb_build_object('balance', hall_private.post_ledger(subscriber.msisdn, -1, 'fee', 'test'));
END
$$;

-- Replaces a piece of one of the store's functions: how faults are planted.
CREATE FUNCTION test.patch(p_function text, p_from text, p_to text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_before text := pg_get_functiondef(p_function::regproc);
    v_after  text := replace(v_before, p_from, p_to);
BEGIN
    IF v_after = v_before THEN
        RAISE EXCEPTION '% has no "%"', p_function, p_from;
    END IF;
    EXECUTE v_after;
END
$$;
