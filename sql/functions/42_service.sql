-- Services: found by what people call them, opened, charged and closed.
--
--            KT ─▶ asked ─ 是 ─▶ ordered ──────────▶ open ─▶ (renewals: 57_due.sql) ─▶ ended
--            │ free              │   ▲                  │                                 ▲
--            └──────────────────▶┤   │ done             └─ QX, 0000: at once, or ─────────┤
--                                ▼   │                     at the month's end             │
--                               work order (58_order.sql) ─ failed, cancelled: never open ┘
--
-- What the hall charges for has a consent, and costs what was said when it was asked: the price of a service may change meanwhile. So the
-- functions below that charge are given a service as it was consented to (hall_private.as_consented).

-- --- what a service is -------------------------------------------------------------------------------------------------------

-- By code, name or alias at the hall (p_port ''), with or without 业务 behind it; by order code, exactly, at a provider's port (rules B8).
-- All NULL when there is none.
CREATE OR REPLACE FUNCTION hall_private.find_service(p_word text, p_port text DEFAULT '') RETURNS hall.service
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_service hall.service;
BEGIN
    SELECT s.* INTO v_service
    FROM hall.service_word AS w
    JOIN hall.service AS s ON s.code = w.service
    WHERE w.port = p_port AND w.word = upper(p_word);
    IF NOT FOUND AND p_port = '' AND p_word ~ '.(业务|業務|功能)$' THEN
        RETURN hall_private.find_service(left(p_word, -2));
    END IF;
    RETURN v_service;
END
$$;

-- Names of up to three services that may have been meant: one contains the other, or few letters are different.
CREATE OR REPLACE FUNCTION hall_private.near_services(p_word text) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_word text := upper(left(p_word, 40));
    v_most int := length(v_word) / 2;
    v_near jsonb;
BEGIN
    IF v_word IS NULL THEN
        RETURN '[]';
    END IF;
    SELECT jsonb_agg(n.name ORDER BY n.distance, n.code) INTO v_near
    FROM (
        SELECT s.code, CASE WHEN (hall_private.find_service(s.name)).code = s.code THEN s.name ELSE s.code END AS name, c.distance
        FROM (
            SELECT w.service,
                min(CASE WHEN strpos(w.word, v_word) > 0 OR strpos(v_word, w.word) > 0 THEN 0
                         ELSE hall_private.levenshtein_less_equal(w.word, v_word, v_most) END) AS distance
            FROM hall.service_word AS w
            WHERE w.port = ''
              AND (abs(length(w.word) - length(v_word)) <= v_most OR strpos(w.word, v_word) > 0 OR strpos(v_word, w.word) > 0)
            GROUP BY w.service
        ) AS c
        JOIN hall.service AS s ON s.code = c.service
        WHERE c.distance <= v_most AND s.is_offered
        ORDER BY c.distance, s.code
        LIMIT 3
    ) AS n;
    RETURN coalesce(v_near, '[]');
END
$$;

CREATE OR REPLACE FUNCTION hall_private.no_service(p_word text, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    outcome := 'no_service';
    fields := jsonb_build_object('word', p_word, 'near', hall_private.near_services(p_word));
END
$$;

CREATE OR REPLACE FUNCTION hall_private.price(p_service hall.service) RETURNS jsonb
LANGUAGE sql IMMUTABLE
RETURN pg_catalog.jsonb_build_object('fen', p_service.fee_fen, 'period', p_service.period);

-- Who offers it: what has no provider is the operator's own.
CREATE OR REPLACE FUNCTION hall_private.provider_name(p_service hall.service) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN coalesce(p_service.provider, '中国移动');

-- How to be rid of it (rules A11).
CREATE OR REPLACE FUNCTION hall_private.off_fields(p_service hall.service) RETURNS jsonb
LANGUAGE sql STABLE
RETURN pg_catalog.jsonb_build_object('off', 'QX' || p_service.code, 'off_port', hall_private.setting('hall_port')::text);

-- What every text about a service may say of it.
CREATE OR REPLACE FUNCTION hall_private.service_fields(p_service hall.service) RETURNS jsonb
LANGUAGE sql STABLE
RETURN hall_private.off_fields(p_service) || pg_catalog.jsonb_build_object(
    'service', p_service.name,
    'code', p_service.code,
    'provider', hall_private.provider_name(p_service),
    'collected', p_service.provider IS NOT NULL,
    'price', hall_private.price(p_service),
    'on', 'KT' || p_service.code);

-- Opening it, or having it open, costs money: it is asked before (rules A1). What is paid by message is charged by whoever counts them.
CREATE OR REPLACE FUNCTION hall_private.is_charged(p_service hall.service) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN p_service.fee_fen > 0 AND p_service.period <> 'message';

-- The service for this subscriber: a trial of what costs is given once, and only of what is paid by the month.
CREATE OR REPLACE FUNCTION hall_private.as_offered(p_msisdn bigint, p_service hall.service) RETURNS hall.service
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF p_service.period <> 'month' THEN
        p_service.trial_days := 0;
    ELSIF p_service.trial_days > 0 AND hall_private.is_charged(p_service)
        AND EXISTS (SELECT FROM hall.subscription AS o WHERE o.msisdn = p_msisdn AND o.service = p_service.code)
    THEN
        p_service.trial_days := 0;
    END IF;
    RETURN p_service;
END
$$;

-- The service with the price and the trial that were shown when it was asked for; as it is offered now when nothing was asked.
CREATE OR REPLACE FUNCTION hall_private.as_consented(p_msisdn bigint, p_service hall.service, p_consent int) RETURNS hall.service
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_shown jsonb := (SELECT d.options -> 0 FROM hall.dialogue AS d WHERE d.msisdn = p_msisdn AND d.number = p_consent);
BEGIN
    IF v_shown IS NULL THEN
        RETURN hall_private.as_offered(p_msisdn, p_service);
    END IF;
    p_service.fee_fen := (v_shown ->> 'fen')::bigint;
    p_service.period := v_shown ->> 'period';
    p_service.trial_days := (v_shown ->> 'trial_days')::int;
    RETURN p_service;
END
$$;

-- What is charged at the moment of opening, in fen.
CREATE OR REPLACE FUNCTION hall_private.opening_fee(p_service hall.service) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF p_service.trial_days > 0 OR NOT hall_private.is_charged(p_service) THEN
        RETURN 0;
    END IF;
    RETURN hall_private.first_fee(p_service, hall.now());
END
$$;

-- A service as one line of a list or as the thing consented to (hall.dialogue.options): what was shown is kept.
CREATE OR REPLACE FUNCTION hall_private.option_of(p_service hall.service, p_since timestamptz) RETURNS jsonb
LANGUAGE sql STABLE
RETURN pg_catalog.jsonb_build_object(
    'service', p_service.code,
    'name', p_service.name,
    'provider', hall_private.provider_name(p_service),
    'fen', p_service.fee_fen,
    'period', p_service.period,
    'trial_days', p_service.trial_days,
    'since', hall_private.iso(p_since));

-- --- money -------------------------------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION hall_private.was_charged(p_msisdn bigint, p_code text, p_month date) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM hall.ledger AS l
        WHERE l.msisdn = p_msisdn AND l.service = p_code AND l.period = p_month AND l.kind = 'service_fee');
END
$$;

-- Charges p_fen for a month. Answers the balance after it; NULL when the balance does not suffice; a month that was charged before is not
-- charged again and answers the balance there is. Locks the subscriber.
CREATE OR REPLACE FUNCTION hall_private.charge_service(
    p_msisdn bigint, p_service hall.service, p_month date, p_fen bigint, p_consent int)
RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_subscriber hall.subscriber;
BEGIN
    SELECT * INTO v_subscriber FROM hall.subscriber AS s WHERE s.msisdn = p_msisdn FOR NO KEY UPDATE;
    IF p_fen = 0 OR hall_private.was_charged(p_msisdn, p_service.code, p_month) THEN
        RETURN v_subscriber.balance_fen;
    ELSIF v_subscriber.balance_fen < p_fen THEN
        RETURN NULL;
    END IF;
    WITH moved AS (
        UPDATE hall.subscriber AS s
        SET balance_fen = s.balance_fen - p_fen,
            ledger_number = s.ledger_number + 1
        WHERE s.msisdn = p_msisdn
        RETURNING s.balance_fen, s.ledger_number
    )
    INSERT INTO hall.ledger AS l (msisdn, number, at, fen, balance_fen, kind, note, service, period, consent)
    SELECT p_msisdn, m.ledger_number, hall.now(), -p_fen, m.balance_fen, 'service_fee', p_service.name, p_service.code, p_month, p_consent
    FROM moved AS m
    RETURNING l.balance_fen INTO v_subscriber.balance_fen;
    RETURN v_subscriber.balance_fen;
END
$$;

-- --- open --------------------------------------------------------------------------------------------------------------------

-- The open subscription, or all NULL. It is leaving when its end stands fixed by a cancellation.
CREATE OR REPLACE FUNCTION hall_private.open_one(p_msisdn bigint, p_code text) RETURNS hall.subscription
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_open hall.subscription;
BEGIN
    SELECT * INTO v_open FROM hall.subscription AS o WHERE o.msisdn = p_msisdn AND o.service = p_code AND o.until IS NULL;
    RETURN v_open;
END
$$;

CREATE OR REPLACE FUNCTION hall_private.is_leaving(p_open hall.subscription) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN coalesce(p_open.step = 'end' AND p_open.end_reason IN ('close', 'leave'), false);

-- Why this subscriber may not open it (rules A10), each with an outcome of its own; outcome NULL: he may.
CREATE OR REPLACE FUNCTION hall_private.open_fault(
    p_subscriber hall.subscriber, p_service hall.service, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_open  hall.subscription := hall_private.open_one(p_subscriber.msisdn, p_service.code);
    v_other hall.service;
    v_needs jsonb;
BEGIN
    fields := jsonb_build_object('service', p_service.name);
    SELECT s.* INTO v_other
    FROM hall.service AS s
    WHERE s.excludes = p_service.excludes AND s.code <> p_service.code
      AND (hall_private.has_order(p_subscriber.msisdn, s.code)
           OR (hall_private.open_one(p_subscriber.msisdn, s.code)).service IS NOT NULL)
    LIMIT 1;
    SELECT jsonb_agg(s.name) INTO v_needs
    FROM unnest(p_service.requires) AS r
    JOIN hall.service AS s ON s.code = r
    WHERE NOT EXISTS (SELECT FROM hall.subscription AS o WHERE o.msisdn = p_subscriber.msisdn AND o.service = r AND o.until IS NULL);

    IF v_open.service IS NOT NULL AND NOT hall_private.is_leaving(v_open) THEN
        outcome := 'already';
        fields := fields || jsonb_build_object('since', hall_private.iso(v_open.since));
    ELSIF hall_private.has_order(p_subscriber.msisdn, p_service.code) THEN
        outcome := 'in_work';
    ELSIF NOT p_service.is_offered THEN
        outcome := 'not_offered';
    ELSIF v_other.code IS NOT NULL THEN
        outcome := 'excluded';
        fields := fields || jsonb_build_object('other', v_other.name, 'other_off', 'QX' || v_other.code);
    ELSIF v_needs IS NOT NULL THEN
        outcome := 'requires';
        fields := fields || jsonb_build_object('needs', v_needs);
    ELSIF p_subscriber.is_blacklisted AND hall_private.is_charged(p_service) THEN
        outcome := 'blacklisted';
    ELSIF hall_private.is_charged(p_service) AND hall_private.cools_until(p_subscriber.msisdn) IS NOT NULL THEN
        outcome := 'cool_down';
        fields := fields || jsonb_build_object('until', hall_private.iso(hall_private.cools_until(p_subscriber.msisdn)));
    ELSIF p_subscriber.balance_fen < hall_private.opening_fee(p_service)
        AND NOT hall_private.was_charged(p_subscriber.msisdn, p_service.code, hall_private.month_of(hall.now()))
    THEN
        outcome := 'no_balance';
        fields := fields || jsonb_build_object('price', hall_private.price(p_service), 'balance', p_subscriber.balance_fen);
    END IF;
END
$$;

-- The row that makes it open, or goes on with one that was leaving: resumed. Two openings in one moment are two all the same. What is
-- bought once has ended when it begins.
CREATE OR REPLACE FUNCTION hall_private.put_open(p_msisdn bigint, p_service hall.service, p_consent int) RETURNS hall.subscription
LANGUAGE plpgsql AS $$
DECLARE
    v_open  hall.subscription := hall_private.open_one(p_msisdn, p_service.code);
    v_first record;
BEGIN
    IF p_consent IS NULL THEN
        p_service.fee_fen := 0;
    END IF;
    v_first := hall_private.first_step(p_service, hall.now());
    IF v_open.service IS NOT NULL THEN
        UPDATE hall.subscription AS o
        SET consent = p_consent, step = v_first.step, step_at = v_first.step_at, charged_until = v_first.charged_until, end_reason = NULL
        WHERE o.msisdn = p_msisdn AND o.service = p_service.code AND o.until IS NULL
        RETURNING o.* INTO v_open;
        RETURN v_open;
    END IF;
    INSERT INTO hall.subscription AS o (msisdn, service, since, until, consent, step, step_at, charged_until, end_reason)
    SELECT p_msisdn, p_service.code, b.since, CASE p_service.period WHEN 'once' THEN b.since END, p_consent,
        v_first.step, v_first.step_at, v_first.charged_until, CASE p_service.period WHEN 'once' THEN 'once' END
    FROM (
        SELECT greatest(hall.now(), max(l.since) + interval '1 microsecond') AS since
        FROM hall.subscription AS l
        WHERE l.msisdn = p_msisdn AND l.service = p_service.code
    ) AS b
    RETURNING o.* INTO v_open;
    RETURN v_open;
END
$$;

-- Opens a service, charges what is due now, and tells its provider. Without a consent nothing is charged, now or later (rules A1). What is
-- bought once is charged with each consent, and nothing stays open.
-- ok {…, charged, balance: when something was, trial_until} | bought: likewise | resumed: it was to end with the month | already {since} | no_balance
-- Locks subscription and subscriber.
CREATE OR REPLACE FUNCTION hall_private.open_subscription(
    p_msisdn bigint, p_service hall.service, p_consent int, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    v_service hall.service := hall_private.as_consented(p_msisdn, p_service, p_consent);
    v_month   date := CASE WHEN v_service.period <> 'once' THEN hall_private.month_of(hall.now()) END;
    v_fee     bigint := CASE WHEN p_consent IS NOT NULL THEN hall_private.opening_fee(v_service) ELSE 0 END;
    v_before  hall.subscription;
    v_open    hall.subscription;
    v_balance bigint;
BEGIN
    SELECT * INTO v_before
    FROM hall.subscription AS o
    WHERE o.msisdn = p_msisdn AND o.service = p_service.code AND o.until IS NULL
    FOR NO KEY UPDATE;
    fields := hall_private.service_fields(v_service);
    IF v_before.service IS NOT NULL AND NOT hall_private.is_leaving(v_before) THEN
        outcome := 'already';
        fields := fields || jsonb_build_object('since', hall_private.iso(v_before.since));
        RETURN;
    END IF;
    IF hall_private.was_charged(p_msisdn, v_service.code, v_month) THEN
        v_fee := 0;                               -- not twice in a month (rules A12)
    END IF;
    IF v_fee > 0 THEN
        v_balance := hall_private.charge_service(p_msisdn, v_service, v_month, v_fee, p_consent);
        IF v_balance IS NULL THEN
            outcome := 'no_balance';
            fields := fields || jsonb_build_object(
                'balance', (SELECT s.balance_fen FROM hall.subscriber AS s WHERE s.msisdn = p_msisdn));
            RETURN;
        END IF;
        fields := fields || jsonb_build_object('charged', v_fee, 'balance', v_balance);
    END IF;

    outcome := CASE WHEN v_service.period = 'once' THEN 'bought' WHEN v_before.service IS NULL THEN 'ok' ELSE 'resumed' END;
    v_open := hall_private.put_open(p_msisdn, v_service, p_consent);
    IF v_service.trial_days > 0 THEN
        fields := fields || jsonb_build_object(
            'trial_until', hall_private.iso(v_open.since + make_interval(days => v_service.trial_days)));
    END IF;
    PERFORM hall_private.note_opened(v_open, v_service, v_fee);
END
$$;

-- What is kept of it, and who learns of it.
CREATE OR REPLACE FUNCTION hall_private.note_opened(p_open hall.subscription, p_service hall.service, p_charged bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_content jsonb := hall_private.option_of(p_service, p_open.since) || jsonb_build_object('charged', p_charged);
BEGIN
    PERFORM hall_private.add_event(p_open.msisdn, hall_private.hook_of(p_service), p_service.code, 'service.ordered',
        v_content || jsonb_build_object('port', p_service.port, 'consent', p_open.consent));
    PERFORM hall_private.add_evidence(p_open.msisdn, p_open.consent, p_service.code, 'opened', v_content);
END
$$;

-- Where its provider wants to be told; NULL: nowhere.
CREATE OR REPLACE FUNCTION hall_private.hook_of(p_service hall.service) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT p.hook FROM hall.provider AS p WHERE p.name = p_service.provider);
END
$$;

-- --- close -------------------------------------------------------------------------------------------------------------------

-- When a cancellation of now takes effect: with the month that is paid for, if the service has it so (rules A12). NULL: at once.
CREATE OR REPLACE FUNCTION hall_private.end_of(p_open hall.subscription, p_service hall.service) RETURNS timestamptz
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_next timestamp := hall_private.month_of(hall.now()) + interval '1 month';
BEGIN
    IF p_service.ends = 'month_end' AND hall_private.was_charged(p_open.msisdn, p_open.service, hall_private.month_of(hall.now())) THEN
        RETURN v_next AT TIME ZONE 'Asia/Shanghai';
    END IF;
    RETURN NULL;
END
$$;

-- Ends a subscription: p_how close | leave | trial | arrears … Answers ended | month_end: it will | not_open.
-- Locks the subscription.
CREATE OR REPLACE FUNCTION hall_private.end_subscription(p_msisdn bigint, p_code text, p_how text, p_at_once boolean) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    v_open    hall.subscription;
    v_service hall.service;
    v_later   timestamptz;
BEGIN
    SELECT * INTO v_open
    FROM hall.subscription AS o
    WHERE o.msisdn = p_msisdn AND o.service = p_code AND o.until IS NULL
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN 'not_open';
    ELSIF hall_private.is_leaving(v_open) AND NOT p_at_once THEN
        RETURN 'month_end';
    END IF;
    SELECT * INTO v_service FROM hall.service AS s WHERE s.code = p_code;
    v_later := CASE WHEN NOT p_at_once THEN hall_private.end_of(v_open, v_service) END;
    UPDATE hall.subscription AS o
    SET until = CASE WHEN v_later IS NULL THEN greatest(hall.now(), o.since) END,
        step = CASE WHEN v_later IS NOT NULL THEN 'end' END,
        step_at = v_later,
        end_reason = CASE WHEN hall_private.is_leaving(v_open) THEN v_open.end_reason ELSE p_how END
    WHERE o.msisdn = p_msisdn AND o.service = p_code AND o.until IS NULL
    RETURNING o.* INTO v_open;
    PERFORM hall_private.note_ended(v_open, v_service, p_how);
    RETURN CASE WHEN v_later IS NULL THEN 'ended' ELSE 'month_end' END;
END
$$;

-- What is kept of it, and who learns of it: its provider when it is cancelled (rules B7), its element when it takes effect. p_how: why now;
-- p_open.end_reason: why at all.
CREATE OR REPLACE FUNCTION hall_private.note_ended(p_open hall.subscription, p_service hall.service, p_how text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_content jsonb := jsonb_build_object(
        'service', p_open.service, 'name', p_service.name, 'reason', p_open.end_reason,
        'until', hall_private.iso(coalesce(p_open.until, p_open.step_at)));
BEGIN
    IF p_open.until IS NOT NULL AND p_service.element IS NOT NULL THEN
        PERFORM hall_private.begin_order(p_open.msisdn, p_service, 'close', NULL, hall_private.setting('hall_port')::text);
    END IF;
    IF p_how = p_open.end_reason THEN
        PERFORM hall_private.add_event(p_open.msisdn, hall_private.hook_of(p_service), p_open.service, 'service.ended',
            v_content || jsonb_build_object('port', p_service.port, 'since', hall_private.iso(p_open.since)));
    END IF;
    PERFORM hall_private.add_evidence(p_open.msisdn, p_open.consent, p_open.service, 'ended', v_content);
END
$$;
