-- KT, QX, CX and the balance reminder: the commands about services, on what 42_service.sql does.

-- Starts what has been decided: at once, or by a work order where another system must act first. ok, resumed, no_balance, accepted {service}
CREATE OR REPLACE FUNCTION hall_private.carry_out(
    p_subscriber hall.subscriber, p_service hall.service, p_consent int, p_port text, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    v_answer record;
BEGIN
    IF p_service.element IS NOT NULL AND (hall_private.open_one(p_subscriber.msisdn, p_service.code)).service IS NULL THEN
        PERFORM hall_private.begin_order(p_subscriber.msisdn, p_service, 'open', p_consent, p_port);
        outcome := 'accepted';
        fields := jsonb_build_object('service', p_service.name);
        RETURN;
    END IF;
    v_answer := hall_private.open_subscription(p_subscriber.msisdn, p_service, p_consent);
    outcome := v_answer.outcome;
    fields := v_answer.fields;
END
$$;

-- Opens args.service: at once when it costs nothing, else asks first and opens when the answer to that comes.
-- ask {…} | ok, bought, resumed {…, charged, balance, trial_until} | accepted, in_work {service} | already {since} | excluded {other, other_off} |
-- requires {needs} | no_balance {price, balance} | blacklisted, not_offered {service} | cool_down {until}: a password was sent out |
-- no_service {word, near}
CREATE OR REPLACE FUNCTION hall_command.open(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    v_consent int := (args #>> '{dialogue,number}')::int;
    v_service hall.service;
    v_answer  record;
BEGIN
    IF v_consent IS NULL THEN
        v_service := hall_private.find_service(args ->> 'service');
    ELSE
        SELECT * INTO v_service FROM hall.service AS s WHERE s.code = args #>> '{dialogue,options,0,service}';
    END IF;
    IF v_service.code IS NULL THEN
        v_answer := hall_private.no_service(args ->> 'service');
    ELSE
        v_service := hall_private.as_consented(subscriber.msisdn, v_service, v_consent);
        v_answer := hall_private.open_fault(subscriber, v_service);
        IF v_answer.outcome IS NULL AND v_consent IS NULL
            AND (hall_private.is_charged(v_service) OR args #>> '{message,confirm}' = 'always')
        THEN
            v_answer := hall_private.ask_consent(subscriber.msisdn, v_service);
        ELSIF v_answer.outcome IS NULL THEN
            v_answer := hall_private.carry_out(subscriber, v_service, v_consent, args #>> '{message,port}');
        END IF;
    END IF;
    outcome := v_answer.outcome;
    fields := v_answer.fields;
END
$$;

-- What is charged for this month, when that is not the price: {now} or {now_free}; of a trial nothing is said.
CREATE OR REPLACE FUNCTION hall_private.now_fields(p_msisdn bigint, p_service hall.service) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_now bigint := CASE
        WHEN p_service.period = 'month' AND hall_private.was_charged(p_msisdn, p_service.code, hall_private.month_of(hall.now())) THEN 0
        ELSE hall_private.opening_fee(p_service)
    END;
BEGIN
    IF p_service.trial_days > 0 OR v_now = p_service.fee_fen THEN
        RETURN '{}';
    END IF;
    RETURN CASE v_now WHEN 0 THEN '{"now_free": true}' ELSE jsonb_build_object('now', v_now) END;
END
$$;

-- The question before money is spent (rules A2).
CREATE OR REPLACE FUNCTION hall_private.ask_consent(p_msisdn bigint, p_service hall.service, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_window int := extract(epoch FROM p_service.confirm_window);
BEGIN
    outcome := 'ask';
    fields := hall_private.service_fields(p_service) || hall_private.now_fields(p_msisdn, p_service) || jsonb_build_object(
        'trial_days', p_service.trial_days,
        'window', v_window,
        'ask', jsonb_build_object(
            'kind', 'consent',
            'window_s', v_window,
            'takes_yes', true,
            'options', jsonb_build_array(hall_private.option_of(p_service, NULL))));
    IF p_service.period = 'once' THEN
        fields := fields - 'off';                 -- it has ended when it begins
    END IF;
END
$$;

-- Closes args.service.
-- ok {service, code, on} | month_end {service, until} | cancelled_order {service}: its work order was running | declined {service}: it was
-- only asked about | not_open {service} | no_service {word, near}
CREATE OR REPLACE FUNCTION hall_command.close(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    v_service hall.service := hall_private.find_service(args ->> 'service');
    v_asked   jsonb;
    v_answer  record;
    v_is_ordered boolean;
BEGIN
    IF v_service.code IS NULL THEN
        v_answer := hall_private.no_service(args ->> 'service');
        outcome := v_answer.outcome;
        fields := v_answer.fields;
        RETURN;
    END IF;
    v_asked := hall_private.withdraw_questions(subscriber.msisdn, (args #>> '{message,number}')::int, ARRAY[v_service.code]);
    fields := hall_private.service_fields(v_service);
    outcome := hall_private.end_subscription(subscriber.msisdn, v_service.code, 'close', false);
    v_is_ordered := hall_private.cancel_order(subscriber.msisdn, v_service.code);
    IF outcome = 'ended' THEN
        outcome := 'ok';
    ELSIF outcome = 'month_end' THEN
        fields := fields || jsonb_build_object(
            'until', hall_private.iso((hall_private.open_one(subscriber.msisdn, v_service.code)).step_at));
    ELSIF v_is_ordered THEN
        outcome := 'cancelled_order';
    ELSIF v_asked <> '[]' THEN
        outcome := 'declined';
    END IF;
END
$$;

-- How args.service stands. open {service, price, since, until: when leaving} | closed {service, price, on} | in_work {service} |
-- no_service {word, near}
CREATE OR REPLACE FUNCTION hall_command.query_service(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_service hall.service := hall_private.find_service(args ->> 'service');
    v_open    hall.subscription := hall_private.open_one(subscriber.msisdn, v_service.code);
    v_answer  record;
BEGIN
    IF v_service.code IS NULL THEN
        v_answer := hall_private.no_service(args ->> 'service');
        outcome := v_answer.outcome;
        fields := v_answer.fields;
        RETURN;
    END IF;
    IF v_open.service IS NOT NULL THEN
        v_service := hall_private.service_of(v_open);
    END IF;
    fields := hall_private.service_fields(v_service);
    IF v_open.service IS NOT NULL THEN
        outcome := 'open';
        fields := fields || jsonb_build_object('since', hall_private.iso(v_open.since));
        IF hall_private.is_leaving(v_open) THEN
            fields := fields || jsonb_build_object('until', hall_private.iso(v_open.step_at));
        END IF;
    ELSE
        outcome := CASE WHEN hall_private.has_order(subscriber.msisdn, v_service.code) THEN 'in_work' ELSE 'closed' END;
    END IF;
END
$$;

-- An amount for the balance reminder that cannot be, parts of a fen too: out_of_bounds {least, most}; outcome NULL: it can.
CREATE OR REPLACE FUNCTION hall_private.remind_fault(p_fen numeric, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_least bigint := hall_private.setting('remind_least_fen');
    v_most  bigint := hall_private.setting('remind_most_fen');
BEGIN
    IF p_fen NOT BETWEEN v_least AND v_most OR p_fen <> trunc(p_fen) THEN
        outcome := 'out_of_bounds';
        fields := jsonb_build_object('least', v_least, 'most', v_most);
    END IF;
END
$$;

-- The balance reminder at args.amount yuan, or at ten.
-- ok {amount} | changed {amount}: it was open | out_of_bounds {least, most} | not_offered {service}
CREATE OR REPLACE FUNCTION hall_command.open_reminder(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    v_amount  numeric := coalesce((args ->> 'amount')::numeric, 10) * 100;
    v_fault   record := hall_private.remind_fault(v_amount);
    v_service hall.service := hall_private.find_service('YETX');
    v_is_open boolean := (hall_private.open_one(subscriber.msisdn, v_service.code)).service IS NOT NULL;
BEGIN
    IF v_fault.outcome IS NOT NULL THEN
        outcome := v_fault.outcome;
        fields := v_fault.fields;
        RETURN;
    END IF;
    fields := hall_private.service_fields(v_service) || jsonb_build_object('amount', v_amount::bigint);
    IF NOT v_is_open AND v_service.is_offered IS NOT TRUE THEN
        outcome := 'not_offered';
        fields := '{"service": "余额提醒"}';
        RETURN;
    END IF;
    UPDATE hall.subscriber AS s SET remind_below_fen = v_amount WHERE s.msisdn = subscriber.msisdn;
    IF v_is_open THEN
        outcome := 'changed';
    ELSE
        PERFORM hall_private.open_subscription(subscriber.msisdn, v_service, NULL);
        outcome := 'ok';
    END IF;
END
$$;

-- ok {amount} | not_open {} | out_of_bounds {least, most}
CREATE OR REPLACE FUNCTION hall_command.change_reminder(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    v_amount numeric := (args ->> 'amount')::numeric * 100;
    v_fault  record := hall_private.remind_fault(v_amount);
BEGIN
    fields := hall_private.service_fields(hall_private.find_service('YETX')) || jsonb_build_object('amount', v_amount::bigint);
    outcome := CASE WHEN (hall_private.open_one(subscriber.msisdn, 'YETX')).service IS NULL THEN 'not_open' ELSE 'ok' END;
    IF outcome = 'ok' AND v_fault.outcome IS NOT NULL THEN
        outcome := v_fault.outcome;
        fields := v_fault.fields;
    ELSIF outcome = 'ok' THEN
        UPDATE hall.subscriber AS s SET remind_below_fen = v_amount WHERE s.msisdn = subscriber.msisdn;
    END IF;
END
$$;
