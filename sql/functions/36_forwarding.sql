-- Call forwarding: one target for each condition (always, busy, no_answer, unreachable). The network is told of each change at the hook
-- `network` and does what it says; what is here is what was asked for.

-- The condition in words.
CREATE OR REPLACE FUNCTION hall_private.condition_words(p_condition text) RETURNS jsonb
LANGUAGE sql IMMUTABLE
RETURN CASE p_condition
    WHEN 'always' THEN '{"zh": "无条件呼转", "en": "all calls"}'
    WHEN 'busy' THEN '{"zh": "遇忙呼转", "en": "calls while busy"}'
    WHEN 'no_answer' THEN '{"zh": "无应答呼转", "en": "calls not answered"}'
    WHEN 'unreachable' THEN '{"zh": "不可及呼转", "en": "calls while unreachable"}'
END::jsonb;

-- Calls to p_target are forwarded, in up to p_hops steps and whatever the condition, to p_msisdn. Only what our own subscribers have set can
-- be seen; what goes around beyond that is the network's to cut.
CREATE OR REPLACE FUNCTION hall_private.leads_to(p_target bigint, p_msisdn bigint, p_hops int) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (
        WITH RECURSIVE chain (msisdn, hops) AS (
            SELECT p_target, 0
            UNION
            SELECT f.target, c.hops + 1
            FROM chain AS c
            JOIN hall.forwarding AS f ON f.msisdn = c.msisdn
            WHERE c.hops < p_hops
        )
        SELECT FROM chain AS c WHERE c.msisdn = p_msisdn);
END
$$;

-- Ends the forwarding on this condition, NULL: on any. Answers whether there was one.
CREATE OR REPLACE FUNCTION hall_private.end_forwarding(p_msisdn bigint, p_condition text) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    v_ended hall.forwarding;
    v_any   boolean := false;
BEGIN
    FOR v_ended IN
        DELETE FROM hall.forwarding AS f
        WHERE f.msisdn = p_msisdn AND (p_condition IS NULL OR f.condition = p_condition)
        RETURNING f.*
    LOOP
        PERFORM hall_private.note_change(p_msisdn, 'account.forwarding_ended',
            jsonb_build_object('condition', v_ended.condition, 'target', v_ended.target::text));
        v_any := true;
    END LOOP;
    RETURN v_any;
END
$$;

-- Forwards calls to args.number on args.condition, or always.
-- ok {condition, number} | already {condition, number} | self {} | loops {number}: calls would come back
-- Locks the subscriber, and not the target, whose row is his own messages' to lock: two who forward to each other at the very same moment do
-- not see each other, and make a loop of two. That is harmless enough: the network cuts it, and either may end it.
CREATE OR REPLACE FUNCTION hall_command.forward(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    c_hops      CONSTANT int := 8; -- more than networks go
    v_condition text := coalesce(args ->> 'condition', 'always');
    v_target    bigint := (args ->> 'number')::bigint;
BEGIN
    fields := jsonb_build_object('condition', hall_private.condition_words(v_condition), 'number', v_target::text);
    PERFORM hall_private.hold_subscriber(subscriber.msisdn);
    IF v_target = subscriber.msisdn THEN
        outcome := 'self';
    ELSIF EXISTS (
        SELECT FROM hall.forwarding AS f
        WHERE f.msisdn = subscriber.msisdn AND f.condition = v_condition AND f.target = v_target)
    THEN
        outcome := 'already';
    ELSIF hall_private.leads_to(v_target, subscriber.msisdn, c_hops) THEN
        outcome := 'loops';
    ELSE
        INSERT INTO hall.forwarding AS f (msisdn, condition, target, since)
        VALUES (subscriber.msisdn, v_condition, v_target, hall.now())
        ON CONFLICT ON CONSTRAINT forwarding_pkey DO UPDATE
        SET target = excluded.target,
            since = excluded.since;
        PERFORM hall_private.note_change(subscriber.msisdn, 'account.forwarding_set',
            jsonb_build_object('condition', v_condition, 'target', v_target::text));
        outcome := 'ok';
    END IF;
END
$$;

-- Ends the forwarding on args.condition, or all of it. ok, not_set {condition: the one that was named}
-- Locks the subscriber.
CREATE OR REPLACE FUNCTION hall_command.forward_off(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hall_private.hold_subscriber(subscriber.msisdn);
    outcome := CASE WHEN hall_private.end_forwarding(subscriber.msisdn, args ->> 'condition') THEN 'ok' ELSE 'not_set' END;
    fields := CASE WHEN args ? 'condition' THEN jsonb_build_object('condition', hall_private.condition_words(args ->> 'condition')) ELSE '{}' END;
END
$$;

-- What is set: list {items: a line each} | none {}
CREATE OR REPLACE FUNCTION hall_command.forward_query(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_items jsonb;
BEGIN
    SELECT jsonb_agg(
        jsonb_build_object('zh', (w.words ->> 'zh') || f.target, 'en', (w.words ->> 'en') || ' to ' || f.target)
        ORDER BY array_position('{always,busy,no_answer,unreachable}'::text[], f.condition))
    INTO v_items
    FROM hall.forwarding AS f
    CROSS JOIN LATERAL hall_private.condition_words(f.condition) AS w (words)
    WHERE f.msisdn = subscriber.msisdn;
    outcome := CASE WHEN v_items IS NULL THEN 'none' ELSE 'list' END;
    fields := CASE WHEN v_items IS NULL THEN '{}' ELSE jsonb_build_object('items', v_items) END;
END
$$;
