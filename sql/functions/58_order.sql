-- Work orders: what a network element, or another system, must do before a service is open, and when it has ended.
--
--      accepted ──▶ in_work ──▶ done      open: now the subscription begins, is charged, and the subscriber told
--         │            ├──────▶ failed    open: the subscriber is told why; what may have been done is undone by a closing order
--         └────────────┴──────▶ cancelled (by the subscriber, before it was done): undone likewise
--
-- The element hears of an order by an event (56_event.sql); that this was delivered is what makes it in_work. It answers with the order's
-- token by hall.report_order. An order whose event could not be delivered has failed.
--
-- Who changes an order holds the subscriber's conversation, as every message does.

-- The subscriber's lock, which puts in order what is done for him by messages and by others. Locks the conversation until the commit.
CREATE OR REPLACE FUNCTION hall_private.hold_conversation(p_msisdn bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    LOOP
        PERFORM FROM hall.conversation AS c WHERE c.msisdn = p_msisdn FOR UPDATE;
        EXIT WHEN FOUND;
        PERFORM hall_private.begin_conversation(p_msisdn);
    END LOOP;
END
$$;

-- An order to open this service is running.
CREATE OR REPLACE FUNCTION hall_private.has_order(p_msisdn bigint, p_code text) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM hall.work_order AS o
        WHERE o.msisdn = p_msisdn AND o.service = p_code AND o.action = 'open' AND o.ended_at IS NULL);
END
$$;

-- Moves an order to another state and keeps it as evidence; what ended stays.
CREATE OR REPLACE FUNCTION hall_private.move_order(p_order hall.work_order, p_state hall.order_state, p_reason text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE hall.work_order AS o
    SET state = p_state,
        ended_at = CASE WHEN p_state IN ('done', 'failed', 'cancelled') THEN hall.now() END,
        reason = p_reason
    WHERE o.msisdn = p_order.msisdn AND o.number = p_order.number AND o.ended_at IS NULL;
    PERFORM hall_private.note_order(p_order, p_state, p_reason);
END
$$;

CREATE OR REPLACE FUNCTION hall_private.note_order(p_order hall.work_order, p_state hall.order_state, p_reason text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hall_private.add_evidence(p_order.msisdn, p_order.consent, p_order.service, 'order',
        jsonb_build_object('order', p_order.number, 'action', p_order.action, 'state', p_state, 'reason', p_reason));
END
$$;

-- Accepts an order, open or close, and tells the service's element: {order, token, action, service, msisdn}; p_undoes: the order that this
-- closing one undoes, {…, undoes}. When there is no element to tell, it fails at once.
CREATE OR REPLACE FUNCTION hall_private.begin_order(
    p_msisdn bigint, p_service hall.service, p_action text, p_consent int, p_port text, p_undoes int DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_order   hall.work_order;
    v_is_told boolean;
BEGIN
    INSERT INTO hall.work_order AS o (msisdn, number, at, consent, action, service, port, token)
    SELECT p_msisdn, coalesce(max(b.number), 0) + 1, hall.now(), p_consent, p_action, p_service.code, p_port,
        replace(gen_random_uuid()::text, '-', '')
    FROM hall.work_order AS b
    WHERE b.msisdn = p_msisdn
    RETURNING o.* INTO v_order;
    v_is_told := hall_private.add_event(p_msisdn, p_service.element, 'order:' || p_service.code, 'order.' || p_action,
        jsonb_strip_nulls(jsonb_build_object(
            'order', v_order.number, 'token', v_order.token, 'action', p_action, 'service', p_service.code, 'undoes', p_undoes)));
    PERFORM hall_private.note_order(v_order, 'accepted', NULL);
    IF NOT v_is_told THEN
        PERFORM hall_private.fail_order(v_order, 'nobody to tell', NULL, false);
    END IF;
END
$$;

-- Tells the element that what it was ordered to open is to be closed.
CREATE OR REPLACE FUNCTION hall_private.undo_order(p_order hall.work_order) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_service hall.service;
BEGIN
    SELECT * INTO v_service FROM hall.service AS s WHERE s.code = p_order.service;
    PERFORM hall_private.begin_order(p_order.msisdn, v_service, 'close', p_order.consent, p_order.port, p_order.number);
END
$$;

-- An order has failed. One to open: the subscriber is told, with p_said as the reason, if there is one that he can understand; and with
-- p_is_undone the element undoes what it may have done.
CREATE OR REPLACE FUNCTION hall_private.fail_order(p_order hall.work_order, p_reason text, p_said text, p_is_undone boolean) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hall_private.move_order(p_order, 'failed', p_reason);
    IF p_order.action <> 'open' THEN
        RETURN;
    END IF;
    -- the number of one who is gone may be another's by now
    IF EXISTS (SELECT FROM hall.subscriber AS s WHERE s.msisdn = p_order.msisdn AND s.state <> 'closed') THEN
        PERFORM hall_private.tell(p_order.msisdn, p_order.port, 'open', 'failed', jsonb_strip_nulls(jsonb_build_object(
            'service', (SELECT s.name FROM hall.service AS s WHERE s.code = p_order.service),
            'reason', p_said)));
    END IF;
    IF p_is_undone THEN
        PERFORM hall_private.undo_order(p_order);
    END IF;
END
$$;

-- Why a service cannot be opened any more though its element is done; NULL: it can. said: the same for the subscriber.
CREATE OR REPLACE FUNCTION hall_private.late_fault(p_order hall.work_order, p_service hall.service, OUT reason text, OUT said text)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_subscriber hall.subscriber;
BEGIN
    SELECT * INTO v_subscriber FROM hall.subscriber AS s WHERE s.msisdn = p_order.msisdn;
    IF v_subscriber.state = 'closed' THEN
        reason := 'closed';
    ELSIF v_subscriber.state = 'suspended' THEN
        reason := 'suspended';
        said := '号码已停机';
    ELSIF v_subscriber.is_blacklisted AND hall_private.is_charged(p_service) THEN
        reason := 'blacklisted';
        said := '业务受限';
    ELSIF EXISTS (
        SELECT FROM unnest(p_service.requires) AS r
        WHERE (hall_private.open_one(p_order.msisdn, r)).service IS NULL)
    THEN
        reason := 'requires';
        said := '所需业务未开通';
    ELSIF EXISTS (
        SELECT FROM hall.subscription AS o
        JOIN hall.service AS s ON s.code = o.service
        WHERE o.msisdn = p_order.msisdn AND o.until IS NULL AND s.excludes = p_service.excludes AND s.code <> p_service.code)
    THEN
        reason := 'excluded';
        said := '与已开通的业务冲突';
    END IF;
END
$$;

-- An order to open is done: the service is open and charged. When something stands against it by now, or the balance does not suffice any
-- more, the order fails. Locks subscription and subscriber. Answers the order's state.
CREATE OR REPLACE FUNCTION hall_private.complete_order(p_order hall.work_order) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    v_service hall.service;
    v_fault   record;
    v_opened  record;
BEGIN
    SELECT * INTO v_service FROM hall.service AS s WHERE s.code = p_order.service;
    v_fault := hall_private.late_fault(p_order, v_service);
    IF v_fault.reason IS NULL THEN
        v_opened := hall_private.open_subscription(p_order.msisdn, v_service, p_order.consent);
        IF v_opened.outcome = 'no_balance' THEN
            SELECT 'no_balance' AS reason, '余额不足' AS said INTO v_fault;
        END IF;
    END IF;
    IF v_fault.reason IS NOT NULL THEN
        PERFORM hall_private.fail_order(p_order, v_fault.reason, v_fault.said, true);
        RETURN 'failed';
    END IF;
    PERFORM hall_private.move_order(p_order, 'done', NULL);
    PERFORM hall_private.tell(
        p_order.msisdn, p_order.port, 'open', CASE v_opened.outcome WHEN 'ok' THEN 'done' ELSE v_opened.outcome END, v_opened.fields);
    RETURN 'done';
END
$$;

-- The subscriber does not want it any more. Answers whether an order to open the service was running. The caller holds the conversation.
CREATE OR REPLACE FUNCTION hall_private.cancel_order(p_msisdn bigint, p_code text) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    v_order hall.work_order;
BEGIN
    SELECT * INTO v_order
    FROM hall.work_order AS o
    WHERE o.msisdn = p_msisdn AND o.service = p_code AND o.action = 'open' AND o.ended_at IS NULL;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM hall_private.move_order(v_order, 'cancelled', NULL);
    PERFORM hall_private.undo_order(v_order);
    RETURN true;
END
$$;

-- The element says how its work goes: p_state in_work | done | failed, and why; of that the subscriber reads 20 characters when an opening
-- failed. Answers the state that the order has then (done may end in failed, see complete_order); unchanged: it was there or had ended;
-- unknown: no such order, or not its token.
-- Locks the conversation, and what the opening of a service locks.
CREATE OR REPLACE FUNCTION hall.report_order(p_msisdn bigint, p_number int, p_token text, p_state text, p_reason text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_order hall.work_order;
BEGIN
    IF p_state IS NULL OR p_state NOT IN ('in_work', 'done', 'failed') THEN
        RAISE EXCEPTION 'an order is not reported as "%"', p_state USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- who does not know the token locks nobody
    IF NOT EXISTS (SELECT FROM hall.work_order AS o WHERE o.msisdn = p_msisdn AND o.number = p_number AND o.token = p_token) THEN
        RETURN 'unknown';
    END IF;
    PERFORM hall_private.hold_conversation(p_msisdn);
    SELECT * INTO v_order FROM hall.work_order AS o WHERE o.msisdn = p_msisdn AND o.number = p_number;
    IF v_order.ended_at IS NOT NULL OR v_order.state::text = p_state THEN
        RETURN 'unchanged';
    END IF;
    IF p_state = 'done' AND v_order.action = 'open' THEN
        RETURN hall_private.complete_order(v_order);
    ELSIF p_state = 'failed' THEN
        PERFORM hall_private.fail_order(v_order, coalesce(left(p_reason, 200), 'failed'), left(regexp_replace(p_reason, '[[:cntrl:]�]', '', 'g'), 20), false);
    ELSE
        PERFORM hall_private.move_order(v_order, p_state::hall.order_state, left(p_reason, 200));
    END IF;
    RETURN p_state;
END
$$;

-- What an event's new state means to the order it carries: delivered, it is in work; dead or gone, it has failed. The caller holds the
-- conversation.
CREATE OR REPLACE FUNCTION hall_private.follow_order(p_event hall.event, p_state hall.event_state) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_order hall.work_order;
BEGIN
    IF p_event.kind NOT LIKE 'order.%' OR p_state = 'waiting' THEN
        RETURN;
    END IF;
    SELECT * INTO v_order
    FROM hall.work_order AS o
    WHERE o.msisdn = p_event.msisdn AND o.number = (p_event.data ->> 'order')::int AND o.ended_at IS NULL;
    IF p_state = 'delivered' AND v_order.state = 'accepted' THEN
        PERFORM hall_private.move_order(v_order, 'in_work', NULL);
    ELSIF p_state IN ('dead', 'gone') AND FOUND THEN
        PERFORM hall_private.fail_order(v_order, 'no answer', NULL, true);
    END IF;
END
$$;

-- A subscriber's orders, latest last.
CREATE OR REPLACE FUNCTION hall.orders(p_msisdn bigint)
RETURNS TABLE (
    number int, at timestamptz, ended_at timestamptz, state text, action text, service text, name text, port text, consent int, reason text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT o.number, o.at, o.ended_at, o.state::text, o.action, o.service, s.name, o.port, o.consent, o.reason
    FROM hall.work_order AS o
    JOIN hall.service AS s ON s.code = o.service
    WHERE o.msisdn = p_msisdn
    ORDER BY o.number;
END;
