-- How the model's player meets the store (tests/model/play.c): one call for each thing that happens, which answers what was said and how
-- everything stands then. A conversation is one transaction that is rolled back, so each begins with the same store.

-- A slow machine does the same as a quick one.
SELECT test.patch('hall_private.run_steps', $$interval := '500 milliseconds'$$, $$interval := '1 hour'$$);

-- Of what is due at one moment the order is the store's own; here it is by age, or a balance that is not enough for all would end anyhow.
SELECT test.patch('hall_private.run_steps', 'ORDER BY o.step_at', 'ORDER BY o.step_at, o.since, o.service');

CREATE FUNCTION test.epoch(p_at timestamptz) RETURNS bigint
LANGUAGE sql STABLE -- and so inlined
RETURN round(extract(epoch FROM p_at) * 1000)::bigint;

-- The model's milliseconds, to the microsecond.
CREATE FUNCTION test.from_epoch(p_ms bigint) RETURNS timestamptz
LANGUAGE sql STABLE -- and so inlined
RETURN timestamptz 'epoch' + p_ms / 1000 * interval '1 second' + p_ms % 1000 * interval '1 millisecond';

CREATE FUNCTION test.at_ms(p_ms bigint) RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    SELECT test.at(test.from_epoch(p_ms));
END;

-- What the model must agree with: state, balance (and its ledger's sum, if that is another), charges for services, what is open since when,
-- what is asked at which port until when.
CREATE FUNCTION test.look(p_msisdn bigint) RETURNS text
LANGUAGE sql STABLE
RETURN concat_ws('; ',
    (SELECT concat_ws(' ', s.state, s.state_reason, s.balance_fen) FROM hall.subscriber AS s WHERE s.msisdn = p_msisdn),
    (SELECT 'but the ledger ' || sum(l.fen) FROM hall.ledger AS l WHERE l.msisdn = p_msisdn
     HAVING sum(l.fen) <> (SELECT s.balance_fen FROM hall.subscriber AS s WHERE s.msisdn = p_msisdn)),
    'charged ' || (SELECT count(*) FROM hall.ledger AS l WHERE l.msisdn = p_msisdn AND l.kind = 'service_fee'),
    'open ' || (
        SELECT coalesce(string_agg(o.service || '@' || test.epoch(o.since), ' ' ORDER BY o.service COLLATE "C"), '-')
        FROM hall.subscription AS o
        WHERE o.msisdn = p_msisdn AND o.until IS NULL),
    'asked ' || (
        SELECT coalesce(
            string_agg(concat_ws(' ', d.port, d.command, d.options #>> '{0,service}', test.epoch(d.until)), ', ' ORDER BY d.port COLLATE "C"), '-')
        FROM hall.dialogue AS d
        WHERE d.msisdn = p_msisdn AND d.ended IS NULL AND d.until >= hall.now()));

-- When the store has something to do next, of its own accord.
CREATE FUNCTION test.due(p_msisdn bigint) RETURNS bigint
LANGUAGE sql STABLE
RETURN (SELECT test.epoch(min(o.step_at)) FROM hall.subscription AS o WHERE o.msisdn = p_msisdn AND o.until IS NULL);

-- A message, whose replies end as p_state says.
CREATE FUNCTION test.hears(
    p_msisdn bigint, p_at bigint, p_state text, p_id text, p_port text, p_kind text, p_text text, p_fingerprint bigint,
    p_gateway_time bigint, p_command text, p_effect text, p_confirm text, p_args jsonb, p_answer text, p_call text)
RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    v_answer jsonb;
BEGIN
    PERFORM test.at_ms(p_at);
    v_answer := hall.receive(p_msisdn, p_id, p_port, p_kind, p_text, p_fingerprint, p_gateway_time, p_command, p_call, p_effect, p_confirm,
        p_args, p_answer, 'sendsms');
    PERFORM hall.settle(p_msisdn, r ->> 'mt', p_state, r ->> 'outcome', 1, NULL, NULL, NULL)
    FROM jsonb_array_elements(v_answer -> 'replies') AS r
    WHERE r ->> 'state' = 'unsent';
    RETURN v_answer || jsonb_build_object('look', test.look(p_msisdn), 'due', test.due(p_msisdn));
END
$$;

-- What is due is done; what the hall says then of its own accord, but for the reminders, which the model does not know.
CREATE FUNCTION test.lives(p_msisdn bigint, p_at bigint) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    v_replies jsonb;
BEGIN
    PERFORM test.at_ms(p_at);
    WHILE (hall.run_due() ->> 'more')::boolean LOOP
    END LOOP;
    SELECT jsonb_agg(jsonb_build_object('command', r.command, 'outcome', r.outcome, 'fields', r.fields, 'port', r.port)
        ORDER BY r.number, r.part) FILTER (WHERE r.command <> 'reminder')
    INTO v_replies
    FROM hall.reply AS r
    WHERE r.msisdn = p_msisdn AND r.claim_after IS NOT NULL;
    PERFORM hall.settle(p_msisdn, hall_private.mt(r.month, r.number, r.part), 'sent', r.outcome, 1, NULL, NULL, NULL)
    FROM hall.reply AS r
    WHERE r.msisdn = p_msisdn AND r.claim_after IS NOT NULL;
    RETURN jsonb_build_object('replies', coalesce(v_replies, '[]'), 'look', test.look(p_msisdn), 'due', test.due(p_msisdn));
END
$$;

-- A subscriber of a conversation.
CREATE FUNCTION test.brings(p_msisdn bigint, p_state text, p_reason text, p_fen bigint, p_is_blacklisted boolean, p_at bigint) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM test.at_ms(p_at);
    RETURN to_jsonb(hall.put_subscriber(p_msisdn, '全球通', p_state, p_reason, p_fen, p_is_blacklisted));
END
$$;

-- He had a service before.
CREATE FUNCTION test.had(p_msisdn bigint, p_code text, p_since bigint) RETURNS jsonb
LANGUAGE sql
RETURN to_jsonb(hall.put_subscription(p_msisdn, p_code, test.from_epoch(p_since)));

-- A service of the model's catalogue; NULL or one of what the store has lists of.
CREATE FUNCTION test.offers(
    p_code text, p_name text, p_alias text, p_fen bigint, p_period text, p_provider text, p_port text, p_order_code text, p_group text,
    p_needs text, p_window_s int, p_trial_days int, p_ends text, p_is_offered boolean, p_first_month text)
RETURNS jsonb
LANGUAGE sql
RETURN to_jsonb(hall.put_service(p_code, p_name, array_remove(ARRAY[p_alias], NULL), p_fen, p_period, p_provider, p_port,
    array_remove(ARRAY[p_order_code], NULL), p_group, array_remove(ARRAY[p_needs], NULL), make_interval(secs => p_window_s), p_trial_days,
    p_ends, p_is_offered, p_first_month));

-- Messages and replies in one table each, whatever their month: partitions are tested elsewhere, and made in a conversation they would go
-- with it.
SELECT test.patch('hall_private.partitions_ahead', 'generate_series(0, 2)', 'generate_series(0, -1)');
DO $$
DECLARE
    v_month regclass;
BEGIN
    FOR v_month IN
        SELECT i.inhrelid::regclass
        FROM pg_inherits AS i
        WHERE i.inhparent IN ('hall.message'::regclass, 'hall.reply'::regclass) AND i.inhrelid::regclass::text NOT LIKE '%other'
    LOOP
        EXECUTE format('DROP TABLE %s', v_month);
    END LOOP;
END
$$;
