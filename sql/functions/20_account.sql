-- How a billing system feeds the store. Each of these may be called again with the same values: what is put replaces what was there, and
-- money carries a reference that counts once. Amounts are whole fen.

-- Moves money: the only place that does. Answers the balance after it, or the one there is when p_reference was here before; NULL when
-- there is no such subscriber. A reference that was here with another amount or kind is a fault of the other system's, and refused.
-- Locks the subscriber.
CREATE OR REPLACE FUNCTION hall_private.post_ledger(
    p_msisdn bigint, p_fen bigint, p_kind text, p_note text, p_reference text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_subscriber hall.subscriber;
    v_before     hall.ledger;
BEGIN
    SELECT * INTO v_subscriber FROM hall.subscriber AS s WHERE s.msisdn = p_msisdn FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    SELECT * INTO v_before FROM hall.ledger AS l WHERE l.msisdn = p_msisdn AND l.reference = p_reference;
    IF (v_before.fen, v_before.kind) = (p_fen, p_kind) THEN
        RETURN v_subscriber.balance_fen;
    ELSIF FOUND THEN
        RAISE EXCEPTION 'reference "%" is a % of % fen already and cannot be a % of % fen',
            p_reference, v_before.kind, v_before.fen, p_kind, p_fen USING ERRCODE = 'unique_violation';
    END IF;

    WITH moved AS (
        UPDATE hall.subscriber AS s
        SET balance_fen = s.balance_fen + p_fen,
            ledger_number = s.ledger_number + 1
        WHERE s.msisdn = p_msisdn
        RETURNING s.balance_fen, s.ledger_number
    )
    INSERT INTO hall.ledger AS l (msisdn, number, at, fen, balance_fen, kind, note, reference)
    SELECT p_msisdn, m.ledger_number, hall.now(), p_fen, m.balance_fen, p_kind, p_note, p_reference
    FROM moved AS m
    RETURNING l.balance_fen INTO v_subscriber.balance_fen;
    RETURN v_subscriber.balance_fen;
END
$$;

-- The subscribers whose balance is not the sum of their ledger, or whose ledger has a gap: none, or something is broken.
CREATE OR REPLACE FUNCTION hall.check_ledger()
RETURNS TABLE (msisdn bigint, balance_fen bigint, ledger_fen bigint, rows_expected int, rows_found bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT s.msisdn, s.balance_fen, coalesce(l.fen, 0), s.ledger_number, coalesce(l.found, 0)
    FROM hall.subscriber AS s
    LEFT JOIN (
        SELECT r.msisdn, sum(r.fen)::bigint AS fen, count(*) AS found
        FROM hall.ledger AS r
        GROUP BY r.msisdn
    ) AS l ON l.msisdn = s.msisdn
    WHERE s.balance_fen <> coalesce(l.fen, 0)
       OR s.ledger_number <> coalesce(l.found, 0);
END;

-- What a subscriber decided about his number is not the feed's to undo: one that he stopped himself, or reported lost, stays so when the feed
-- says `active`, unless it says why: `resumed`. Nor do his debts end a loss, which the feed may not know of; other reasons do (fraud), for
-- they are no less of a stop. `suspended` without a reason names none in the place of the one that there is.
CREATE OR REPLACE FUNCTION hall_private.outlasts(p_state text, p_state_reason text, p_new_state text, p_new_reason text) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN coalesce(p_state = 'suspended' AND CASE p_new_state
    WHEN 'active' THEN p_state_reason IN ('own_wish', 'lost') AND p_new_reason IS DISTINCT FROM 'resumed'
    WHEN 'suspended' THEN p_new_reason IS NULL OR (p_state_reason = 'lost' AND p_new_reason IN ('arrears', 'own_wish'))
END, false);

-- Why he is active is not kept: that says only what it ended.
CREATE OR REPLACE FUNCTION hall_private.kept_reason(p_state text, p_reason text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN p_state = 'active' THEN nullif(p_reason, 'resumed') ELSE p_reason END;

-- A subscriber is new or has changed. p_opening_fen counts only for a new one. Answers whether it was new. `active` ends a stop of the
-- feed's own; one of the subscriber's own (own_wish, lost) only with p_state_reason `resumed`. A number that was closed is another's now.
CREATE OR REPLACE FUNCTION hall.put_subscriber(
    p_msisdn bigint, p_brand text, p_state text DEFAULT 'active', p_state_reason text DEFAULT NULL, p_opening_fen bigint DEFAULT 0,
    p_is_blacklisted boolean DEFAULT false)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_is_new boolean;
BEGIN
    IF p_state = 'closed' THEN
        PERFORM hall_private.hold_conversation(p_msisdn);
    END IF;
    INSERT INTO hall.subscriber AS s (msisdn, brand, state, state_reason, is_blacklisted, since)
    VALUES (p_msisdn, p_brand, p_state, hall_private.kept_reason(p_state, p_state_reason), p_is_blacklisted, hall.now())
    ON CONFLICT ON CONSTRAINT subscriber_pkey DO UPDATE
    SET brand = excluded.brand,
        state = CASE WHEN hall_private.outlasts(s.state, s.state_reason, p_state, p_state_reason) THEN s.state ELSE excluded.state END,
        state_reason = CASE
            WHEN hall_private.outlasts(s.state, s.state_reason, p_state, p_state_reason) THEN s.state_reason
            ELSE excluded.state_reason
        END,
        is_blacklisted = excluded.is_blacklisted,
        since = CASE WHEN s.state = 'closed' AND excluded.state <> 'closed' THEN excluded.since ELSE s.since END
    RETURNING s.xmax = 0 INTO v_is_new;
    IF v_is_new AND p_opening_fen <> 0 THEN
        PERFORM hall_private.post_ledger(p_msisdn, p_opening_fen, 'opening', '期初余额', 'opening');
    ELSIF p_state = 'closed' AND NOT v_is_new THEN
        PERFORM hall_private.close_account(p_msisdn);
    END IF;
    RETURN v_is_new;
END
$$;

-- The number may be another's tomorrow: nothing that was asked, ordered or open goes on.
CREATE OR REPLACE FUNCTION hall_private.close_account(p_msisdn bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hall_private.withdraw_questions(p_msisdn, NULL, NULL, '{consent,list}');
    PERFORM hall_private.end_subscription(p_msisdn, o.service, 'closed', true)
    FROM hall.subscription AS o
    WHERE o.msisdn = p_msisdn AND o.until IS NULL;
    PERFORM hall_private.cancel_order(p_msisdn, w.service)
    FROM hall.work_order AS w
    WHERE w.msisdn = p_msisdn AND w.ended_at IS NULL AND w.action = 'open';
    PERFORM hall_private.end_reminders(p_msisdn);
    PERFORM hall_private.clear_account(p_msisdn);
END
$$;

-- Money came in. Answers the balance after it; the same reference again changes nothing; NULL: no such subscriber.
CREATE OR REPLACE FUNCTION hall.top_up(p_msisdn bigint, p_fen bigint, p_reference text, p_note text DEFAULT '充值')
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF p_fen IS NULL OR p_fen <= 0 OR p_reference IS NULL THEN
        RAISE EXCEPTION 'a top-up has an amount above 0 and a reference' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN hall_private.post_ledger(p_msisdn, p_fen, 'top_up', p_note, p_reference);
END
$$;

-- A fee was charged (p_fen below 0), given back (a refund, above 0), or something was put right (a correction, either). Otherwise as
-- top_up.
CREATE OR REPLACE FUNCTION hall.post_charge(p_msisdn bigint, p_fen bigint, p_kind text, p_note text, p_reference text)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF p_reference IS NULL
        OR (CASE p_kind WHEN 'fee' THEN p_fen < 0 WHEN 'refund' THEN p_fen > 0 WHEN 'correction' THEN p_fen <> 0 END) IS NOT TRUE
    THEN
        RAISE EXCEPTION 'a charge is a fee (below 0), a refund (above 0) or a correction (not 0), and has a reference'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN hall_private.post_ledger(p_msisdn, p_fen, p_kind, p_note, p_reference);
END
$$;

-- A month's bill: items as [{"name": "语音通信费", "fen": 2060}, …] in their order; the total is their sum.
CREATE OR REPLACE FUNCTION hall.put_bill(p_msisdn bigint, p_month date, p_items jsonb) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    INSERT INTO hall.bill (msisdn, month, total_fen, items)
    VALUES (p_msisdn, date_trunc('month', p_month)::date, hall_private.bill_total(p_items), p_items)
    ON CONFLICT (msisdn, month) DO UPDATE
    SET total_fen = excluded.total_fen,
        items = excluded.items;
END;

-- What is left of an allowance: kind voice (minutes), sms, mms (messages), data (MB).
CREATE OR REPLACE FUNCTION hall.put_allowance(p_msisdn bigint, p_kind text, p_rest bigint, p_total bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    INSERT INTO hall.allowance (msisdn, kind, rest, total)
    VALUES (p_msisdn, p_kind, p_rest, p_total)
    ON CONFLICT (msisdn, kind) DO UPDATE
    SET rest = excluded.rest,
        total = excluded.total;
END;

-- Answers whether there is such a subscriber.
CREATE OR REPLACE FUNCTION hall.put_points(p_msisdn bigint, p_points bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE hall.subscriber AS s SET points = p_points WHERE s.msisdn = p_msisdn;
    RETURN FOUND;
END
$$;

-- What the network says of a service: open since p_since (p_until NULL), open from p_since to p_until, or closed at p_until whenever it
-- was opened (p_since NULL): then its provider learns of it, and the hall charges for it no more. Answers whether anything changed; the
-- same said again changes nothing, whatever came after it.
-- Locks the conversation and the subscription.
CREATE OR REPLACE FUNCTION hall.put_subscription(p_msisdn bigint, p_service text, p_since timestamptz, p_until timestamptz DEFAULT NULL)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_closed  hall.subscription;
    v_service hall.service;
BEGIN
    IF p_until IS NULL THEN
        -- not when it is known to have been open then, and closed since
        INSERT INTO hall.subscription (msisdn, service, since)
        SELECT p_msisdn, p_service, p_since
        WHERE NOT EXISTS (
            SELECT FROM hall.subscription AS o
            WHERE o.msisdn = p_msisdn AND o.service = p_service AND o.since <= p_since AND o.until > p_since)
        ON CONFLICT DO NOTHING;
        RETURN FOUND;
    END IF;

    -- the one that was open at that moment, but not when this was said before and another closed by it
    PERFORM hall_private.hold_conversation(p_msisdn);
    UPDATE hall.subscription AS o
    SET until = p_until, step = NULL, step_at = NULL, end_reason = 'feed'
    WHERE o.msisdn = p_msisdn AND o.service = p_service AND o.until IS NULL
      AND (o.since = p_since OR (p_since IS NULL AND o.since <= p_until))
      AND NOT EXISTS (
          SELECT FROM hall.subscription AS c
          WHERE p_since IS NULL AND c.msisdn = p_msisdn AND c.service = p_service AND c.until = p_until)
    RETURNING o.* INTO v_closed;
    IF FOUND THEN
        SELECT * INTO v_service FROM hall.service AS s WHERE s.code = p_service;
        PERFORM hall_private.note_ended(v_closed, v_service, 'feed');
        RETURN true;
    ELSIF p_since IS NULL THEN
        RETURN false;
    END IF;
    INSERT INTO hall.subscription AS o (msisdn, service, since, until)
    VALUES (p_msisdn, p_service, p_since, p_until)
    ON CONFLICT ON CONSTRAINT subscription_pkey DO UPDATE
    SET until = excluded.until
    WHERE o.until IS DISTINCT FROM excluded.until;
    RETURN FOUND;
END
$$;

CREATE OR REPLACE FUNCTION hall.put_provider(p_name text, p_telephone text, p_homepage text DEFAULT NULL) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    INSERT INTO hall.provider (name, telephone, homepage)
    VALUES (p_name, p_telephone, p_homepage)
    ON CONFLICT (name) DO UPDATE
    SET telephone = excluded.telephone,
        homepage = excluded.homepage;
END;

-- A port, or all ports that begin with p_prefix, belong to a provider. Not the hall's, who would never hear of it.
CREATE OR REPLACE FUNCTION hall.put_port(p_prefix text, p_provider text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF starts_with(p_prefix, hall_private.setting('hall_port')::text) THEN
        RAISE EXCEPTION 'port % is the hall''s own', p_prefix USING ERRCODE = 'invalid_parameter_value';
    END IF;
    INSERT INTO hall.port (prefix, provider)
    VALUES (p_prefix, p_provider)
    ON CONFLICT (prefix) DO UPDATE
    SET provider = excluded.provider;
END
$$;
