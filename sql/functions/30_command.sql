-- The commands: hall_command.<call>(subscriber, args) answers (outcome, fields). The words for each outcome are in commands/*.yaml.
-- A business "no" is an outcome, never an error: an error means that the message is poisoned.
--
-- They are plpgsql and not SQL because plpgsql keeps the plans of its statements for the session.
-- A new command is one function here (or in a file of its own) and one file in commands/; see the README.

-- ok {balance, brand, as_of}
CREATE OR REPLACE FUNCTION hall_command.balance(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    outcome := 'ok';
    fields := jsonb_build_object(
        'balance', subscriber.balance_fen,
        'brand', subscriber.brand,
        'as_of', hall_private.iso(hall.now()));
END
$$;

-- The bill of args.month (201211), or else the last one there is.
-- ok {month, total, items} | not_ready {month}: it will come | no_bill {month}: there is none
CREATE OR REPLACE FUNCTION hall_command.bill(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_asked date := to_date(args ->> 'month', 'YYYYMM');
    v_today date := hall_private.local_time(hall.now());
    v_last  date := date_trunc('month', v_today) - interval '1 month';
    v_month date := coalesce(v_asked, v_last);
    v_bill  hall.bill;
BEGIN
    SELECT * INTO v_bill
    FROM hall.bill AS b
    WHERE b.msisdn = subscriber.msisdn
      AND (v_asked IS NULL OR b.month = v_asked)
    ORDER BY b.month DESC
    LIMIT 1;

    IF FOUND THEN
        outcome := 'ok';
        fields := jsonb_build_object('month', to_char(v_bill.month, 'YYYYMM'), 'total', v_bill.total_fen, 'items', v_bill.items);
        RETURN;
    END IF;
    -- last month's bill is made by the third
    outcome := CASE
        WHEN v_month > v_last THEN 'not_ready'
        WHEN v_month = v_last AND extract(day FROM v_today) < 3 THEN 'not_ready'
        ELSE 'no_bill'
    END;
    fields := jsonb_build_object('month', to_char(v_month, 'YYYYMM'));
END
$$;

-- ok {points}
CREATE OR REPLACE FUNCTION hall_command.points(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    outcome := 'ok';
    fields := jsonb_build_object('points', subscriber.points);
END
$$;

-- What is open: the operator's own first, then the providers'. ok {items: [{name, provider, price, since, until}], count} | none {}
CREATE OR REPLACE FUNCTION hall_command.services(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_items jsonb;
BEGIN
    SELECT jsonb_agg(
        jsonb_build_object(
            'name', s.name, 'provider', hall_private.provider_name(s), 'price', hall_private.price(s), 'since', hall_private.iso(o.since),
            'until', CASE WHEN hall_private.is_leaving(o) THEN hall_private.iso(o.step_at) END)
        ORDER BY s.provider NULLS FIRST, s.port, o.since, s.code)
    INTO v_items
    FROM hall.subscription AS o
    CROSS JOIN LATERAL hall_private.service_of(o) AS s
    WHERE o.msisdn = subscriber.msisdn
      AND o.until IS NULL;

    outcome := CASE WHEN v_items IS NULL THEN 'none' ELSE 'ok' END;
    fields := CASE WHEN v_items IS NULL THEN '{}' ELSE jsonb_build_object('items', v_items, 'count', jsonb_array_length(v_items)) END;
END
$$;

-- What is left of an allowance, for the four below. ok {kind, left, total, unit} | none {kind}
CREATE OR REPLACE FUNCTION hall_private.allowance(
    p_msisdn bigint, p_kind text, p_title text, p_unit text, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_allowance hall.allowance;
BEGIN
    SELECT * INTO v_allowance FROM hall.allowance AS a WHERE a.msisdn = p_msisdn AND a.kind = p_kind;
    outcome := CASE WHEN FOUND THEN 'ok' ELSE 'none' END;
    fields := jsonb_build_object('kind', p_title);
    IF FOUND THEN
        fields := fields || jsonb_build_object('left', v_allowance.rest, 'total', v_allowance.total, 'unit', p_unit);
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION hall_command.allowance_voice(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    SELECT a.* INTO outcome, fields FROM hall_private.allowance(subscriber.msisdn, 'voice', '语音', '分钟') AS a;
END
$$;

CREATE OR REPLACE FUNCTION hall_command.allowance_sms(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    SELECT a.* INTO outcome, fields FROM hall_private.allowance(subscriber.msisdn, 'sms', '短信', '条') AS a;
END
$$;

CREATE OR REPLACE FUNCTION hall_command.allowance_mms(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    SELECT a.* INTO outcome, fields FROM hall_private.allowance(subscriber.msisdn, 'mms', '彩信', '条') AS a;
END
$$;

CREATE OR REPLACE FUNCTION hall_command.allowance_data(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    SELECT a.* INTO outcome, fields FROM hall_private.allowance(subscriber.msisdn, 'data', '数据流量', 'MB') AS a;
END
$$;

-- ok {}
CREATE OR REPLACE FUNCTION hall_command.menu(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    outcome := 'ok';
    fields := '{}';
END
$$;

-- ok {} | topic {title, codes}: the hall knows the command asked for | service {service, note, price, provider, phone, on, off}: a
-- service of that name | no_topic {topic}: neither
CREATE OR REPLACE FUNCTION hall_command.help(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_service hall.service;
BEGIN
    fields := '{}';
    IF args ? 'title' THEN
        outcome := 'topic';
        fields := jsonb_build_object('title', args -> 'title', 'codes', args -> 'codes');
    ELSIF NOT args ? 'topic' THEN
        outcome := 'ok';
    ELSE
        v_service := hall_private.find_service(args ->> 'topic');
        outcome := CASE WHEN v_service.code IS NULL THEN 'no_topic' ELSE 'service' END;
        fields := CASE outcome
            WHEN 'no_topic' THEN jsonb_build_object('topic', args -> 'topic')
            ELSE hall_private.service_fields(v_service) || jsonb_build_object(
                'note', v_service.note,
                'phone', (SELECT p.telephone FROM hall.provider AS p WHERE p.name = v_service.provider))
        END;
    END IF;
END
$$;
