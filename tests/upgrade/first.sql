--
-- PostgreSQL database dump
--


-- Dumped from database version 15.20 (Debian 15.20-0+deb12u1)
-- Dumped by pg_dump version 15.20 (Debian 15.20-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: hall; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA hall;


--
-- Name: hall_command; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA hall_command;


--
-- Name: hall_private; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA hall_private;


--
-- Name: reply_state; Type: TYPE; Schema: hall; Owner: -
--

CREATE TYPE hall.reply_state AS ENUM (
    'unsent',
    'expired',
    'dead',
    'answered',
    'sent',
    'accepted',
    'failed',
    'delivered'
);


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: ledger; Type: TABLE; Schema: hall; Owner: -
--

CREATE TABLE hall.ledger (
    msisdn bigint NOT NULL,
    number integer NOT NULL,
    at timestamp with time zone NOT NULL,
    fen bigint NOT NULL,
    balance_fen bigint NOT NULL,
    kind text NOT NULL,
    note text,
    reference text,
    CONSTRAINT a_kind_is_a_word CHECK ((kind ~ '^[a-z_]+$'::text)),
    CONSTRAINT an_amount_fits_its_kind CHECK (
CASE kind
    WHEN 'opening'::text THEN true
    WHEN 'fee'::text THEN (fen < 0)
    WHEN 'top_up'::text THEN (fen > 0)
    WHEN 'refund'::text THEN (fen > 0)
    ELSE (fen <> 0)
END)
);


--
-- Name: subscriber; Type: TABLE; Schema: hall; Owner: -
--

CREATE TABLE hall.subscriber (
    msisdn bigint NOT NULL,
    balance_fen bigint DEFAULT 0 NOT NULL,
    ledger_number integer DEFAULT 0 NOT NULL,
    points bigint DEFAULT 0 NOT NULL,
    brand text NOT NULL,
    state text DEFAULT 'active'::text NOT NULL,
    state_reason text,
    is_blacklisted boolean DEFAULT false NOT NULL,
    since timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT a_known_state CHECK ((state = ANY (ARRAY['active'::text, 'suspended'::text, 'closed'::text]))),
    CONSTRAINT a_msisdn_is_a_mobile_number CHECK (((msisdn >= '13000000000'::bigint) AND (msisdn <= '19999999999'::bigint))),
    CONSTRAINT points_are_not_negative CHECK ((points >= 0))
)
WITH (fillfactor='80');


--
-- Name: check_ledger(); Type: FUNCTION; Schema: hall; Owner: -
--

CREATE FUNCTION hall.check_ledger() RETURNS TABLE(msisdn bigint, balance_fen bigint, ledger_fen bigint, rows_expected integer, rows_found bigint)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    BEGIN ATOMIC
 SELECT s.msisdn,
     s.balance_fen,
     COALESCE(l.fen, (0)::bigint) AS "coalesce",
     s.ledger_number,
     COALESCE(l.found, (0)::bigint) AS "coalesce"
    FROM (hall.subscriber s
      LEFT JOIN ( SELECT r.msisdn,
             (sum(r.fen))::bigint AS fen,
             count(*) AS found
            FROM hall.ledger r
           GROUP BY r.msisdn) l ON ((l.msisdn = s.msisdn)))
   WHERE ((s.balance_fen <> COALESCE(l.fen, (0)::bigint)) OR (s.ledger_number <> COALESCE(l.found, (0)::bigint)));
END;


--
-- Name: claim_unsent(integer, integer); Type: FUNCTION; Schema: hall; Owner: -
--

CREATE FUNCTION hall.claim_unsent(p_most integer, p_lease_s integer) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    AS $$
DECLARE
    c_most  CONSTANT int := 50000; -- expire in a second
    v_now   timestamptz := hall.now();
    v_taken jsonb;
BEGIN
    -- after an outage longer than the validity there may be very many that are too late, and nothing of theirs goes before they are gone
    IF hall_private.expire_unsent(greatest(p_most, 1000), NULL) >= 1000 AND hall_private.expire_unsent(NULL, c_most) = c_most THEN
        RETURN '[]';
    END IF;

    WITH first AS (
        SELECT r.msisdn, r.number, r.part, r.month, r.claim_after
        FROM hall.reply AS r
        WHERE r.claim_after <= v_now
          AND r.valid_until > v_now
          AND NOT EXISTS (
              SELECT FROM hall.reply AS e
              WHERE e.msisdn = r.msisdn AND e.claim_after IS NOT NULL AND (e.number, e.part) < (r.number, r.part))
        ORDER BY r.claim_after, r.msisdn
        LIMIT p_most
        FOR UPDATE SKIP LOCKED
    ), next AS (
        SELECT r.msisdn, r.number, r.part, r.month, r.claim_after
        FROM first AS f
        JOIN hall.reply AS r ON r.msisdn = f.msisdn AND (r.number, r.part) > (f.number, f.part)
        WHERE r.claim_after <= v_now
          AND r.valid_until > v_now
          AND NOT EXISTS (
              SELECT FROM hall.reply AS e
              WHERE e.msisdn = r.msisdn AND e.claim_after > v_now AND (e.number, e.part) < (r.number, r.part))
        ORDER BY f.claim_after, f.msisdn, r.number, r.part
        LIMIT greatest(0, p_most - (SELECT count(*) FROM first))
        FOR UPDATE OF r SKIP LOCKED
    ), held AS (
        SELECT h.*, row_number() OVER (PARTITION BY h.msisdn ORDER BY h.number, h.part) AS place
        FROM (SELECT * FROM first UNION ALL SELECT * FROM next) AS h
    ), taken AS (
        UPDATE hall.reply AS r
        SET claim_after = v_now + make_interval(secs => p_lease_s),
            claims = hall_private.next_claim(r.claims)
        FROM held AS h
        WHERE r.msisdn = h.msisdn AND r.number = h.number AND r.part = h.part AND r.month = h.month
          AND h.place > (
              SELECT count(*)
              FROM hall.reply AS e
              WHERE e.msisdn = r.msisdn AND e.claim_after IS NOT NULL AND (e.number, e.part) < (r.number, r.part))
        RETURNING h.claim_after AS was_due, r.msisdn, r.number, r.part, hall_private.reply_json(r) AS reply
    ), lined_up AS (
        SELECT t.*, min(t.was_due) OVER (PARTITION BY t.msisdn) AS first_due
        FROM taken AS t
    )
    SELECT jsonb_agg(l.reply || jsonb_build_object('msisdn', l.msisdn::text) ORDER BY l.first_due, l.msisdn, l.number, l.part)
    INTO v_taken
    FROM lined_up AS l;
    RETURN coalesce(v_taken, '[]');
END
$$;


--
-- Name: month_of(timestamp with time zone); Type: FUNCTION; Schema: hall_private; Owner: -
--

CREATE FUNCTION hall_private.month_of(p_at timestamp with time zone) RETURNS date
    LANGUAGE sql STABLE
    RETURN (date_trunc('month'::text, (p_at AT TIME ZONE 'Asia/Shanghai'::text)))::date;


--
-- Name: mt(date, integer, integer); Type: FUNCTION; Schema: hall_private; Owner: -
--

CREATE FUNCTION hall_private.mt(p_month date, p_number integer, p_part integer) RETURNS text
    LANGUAGE sql STABLE
    RETURN ((to_char((p_month)::timestamp with time zone, 'YYMM-'::text) || p_number) || CASE WHEN (p_part = 1) THEN ''::text ELSE ('.'::text || p_part) END);


--
-- Name: reply; Type: TABLE; Schema: hall; Owner: -
--

CREATE TABLE hall.reply (
    msisdn bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    claim_after timestamp with time zone,
    valid_until timestamp with time zone NOT NULL,
    sent_at timestamp with time zone,
    report_at timestamp with time zone,
    resent_at timestamp with time zone,
    number integer NOT NULL,
    asked_hash integer,
    month date NOT NULL,
    part smallint DEFAULT 1 NOT NULL,
    pieces smallint DEFAULT 0 NOT NULL,
    claims smallint DEFAULT 0 NOT NULL,
    report_status smallint,
    state hall.reply_state NOT NULL,
    port text NOT NULL,
    command text NOT NULL,
    outcome text NOT NULL,
    fields jsonb NOT NULL,
    text text,
    reason text,
    CONSTRAINT only_unsent_ones_can_be_claimed CHECK (((state = 'unsent'::hall.reply_state) = (claim_after IS NOT NULL)))
)
PARTITION BY LIST (month);


--
-- Name: dead_letters(timestamp with time zone, bigint, integer); Type: FUNCTION; Schema: hall; Owner: -
--

CREATE FUNCTION hall.dead_letters(p_since timestamp with time zone DEFAULT NULL::timestamp with time zone, p_msisdn bigint DEFAULT NULL::bigint, p_most integer DEFAULT 1000) RETURNS TABLE(msisdn bigint, mt text, at timestamp with time zone, state text, reason text, port text, command text, outcome text, pieces integer)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    BEGIN ATOMIC
 SELECT l.msisdn,
     hall_private.mt(l.month, l.number, (l.part)::integer) AS mt,
     l.at,
     (l.state)::text AS state,
     l.reason,
     l.port,
     l.command,
     l.outcome,
     l.pieces
    FROM ( SELECT r.msisdn,
             r.at,
             r.claim_after,
             r.valid_until,
             r.sent_at,
             r.report_at,
             r.resent_at,
             r.number,
             r.asked_hash,
             r.month,
             r.part,
             r.pieces,
             r.claims,
             r.report_status,
             r.state,
             r.port,
             r.command,
             r.outcome,
             r.fields,
             r.text,
             r.reason
            FROM hall.reply r
           WHERE ((r.state = ANY (ARRAY['dead'::hall.reply_state, 'expired'::hall.reply_state, 'failed'::hall.reply_state])) AND ((dead_letters.p_msisdn IS NULL) OR (r.msisdn = dead_letters.p_msisdn)) AND ((dead_letters.p_since IS NULL) OR ((r.at >= dead_letters.p_since) AND (r.month >= hall_private.month_of(dead_letters.p_since)))))
           ORDER BY r.at DESC, r.msisdn, r.number, r.part
          LIMIT dead_letters.p_most) l
   ORDER BY l.at, l.msisdn, l.number, l.part;
END;


--
-- Name: delivery_report(bigint, text, integer, text, bigint); Type: FUNCTION; Schema: hall; Owner: -
--

CREATE FUNCTION hall.delivery_report(p_msisdn bigint, p_mt text, p_status integer, p_reason text, p_time bigint) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_key   record := hall_private.read_mt(p_mt);
    v_state hall.reply_state := CASE p_status
        WHEN 1 THEN 'delivered'
        WHEN 2 THEN 'failed'
        WHEN 4 THEN 'accepted'
        WHEN 8 THEN 'accepted'
        WHEN 16 THEN 'failed'
    END;
BEGIN
    UPDATE hall.reply AS r
    SET state = v_state,
        claim_after = NULL,
        report_status = p_status,
        report_at = coalesce(to_timestamp(p_time), hall.now()),
        reason = CASE v_state WHEN 'failed' THEN p_reason END
    WHERE r.msisdn = p_msisdn AND r.month = v_key.month AND r.number = v_key.number AND r.part = v_key.part
      AND hall_private.reply_rank(r.state) < hall_private.reply_rank(v_state)
      AND (v_state = 'delivered' OR r.state <> 'unsent' OR r.resent_at IS NULL);
    IF FOUND THEN
        RETURN v_state;
    END IF;
    IF v_state IS NOT NULL AND EXISTS (
        SELECT FROM hall.reply AS r
        WHERE r.msisdn = p_msisdn AND r.month = v_key.month AND r.number = v_key.number AND r.part = v_key.part)
    THEN
        RETURN 'unchanged';
    END IF;
    RETURN 'unknown';
END
$$;


--
-- Name: drop_messages_before(date); Type: FUNCTION; Schema: hall; Owner: -
--

CREATE FUNCTION hall.drop_messages_before(p_day date) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
DECLARE
    v_keep    int := greatest(5, hall_private.setting('months_kept'));
    v_first   date := hall_private.month_of(hall.now()) - make_interval(months => v_keep);
    v_name    text;
    v_dropped int := 0;
BEGIN
    IF p_day > v_first THEN
        RAISE EXCEPTION 'messages from % on are evidence and stay', v_first USING ERRCODE = 'check_violation';
    END IF;
    FOR v_name IN
        SELECT c.relname
        FROM pg_inherits AS i
        JOIN pg_class AS c ON c.oid = i.inhrelid
        WHERE i.inhparent IN ('hall.message'::regclass, 'hall.reply'::regclass)
          AND c.relname ~ '_[0-9]{4}$'
          AND to_date(right(c.relname, 4), 'YYMM') + interval '1 month' <= p_day
    LOOP
        EXECUTE format('DROP TABLE hall.%I', v_name);
        v_dropped := v_dropped + 1;
    END LOOP;
    DELETE FROM hall.message_other WHERE month + interval '1 month' <= p_day;
    DELETE FROM hall.reply_other WHERE month + interval '1 month' <= p_day;
    RETURN v_dropped;
END
$_$;


--
-- Name: now(); Type: FUNCTION; Schema: hall; Owner: -
--

CREATE FUNCTION hall.now() RETURNS timestamp with time zone
    LANGUAGE sql STABLE
    RETURN statement_timestamp();


--
-- Name: post_charge(bigint, bigint, text, text, text); Type: FUNCTION; Schema: hall; Owner: -
--

CREATE FUNCTION hall.post_charge(p_msisdn bigint, p_fen bigint, p_kind text, p_note text, p_reference text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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


--
-- Name: allowance; Type: TABLE; Schema: hall; Owner: -
--

CREATE TABLE hall.allowance (
    msisdn bigint NOT NULL,
    kind text NOT NULL,
    rest bigint NOT NULL,
    total bigint NOT NULL,
    CONSTRAINT a_known_kind CHECK ((kind = ANY (ARRAY['voice'::text, 'sms'::text, 'mms'::text, 'data'::text]))),
    CONSTRAINT the_rest_is_a_part_of_the_total CHECK (((rest >= 0) AND (rest <= total)))
)
WITH (fillfactor='80');


--
-- Name: put_allowance(bigint, text, bigint, bigint); Type: FUNCTION; Schema: hall; Owner: -
--

CREATE FUNCTION hall.put_allowance(p_msisdn bigint, p_kind text, p_rest bigint, p_total bigint) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    BEGIN ATOMIC
 INSERT INTO hall.allowance (msisdn, kind, rest, total)
   VALUES (put_allowance.p_msisdn, put_allowance.p_kind, put_allowance.p_rest, put_allowance.p_total) ON CONFLICT(msisdn, kind) DO UPDATE SET rest = excluded.rest, total = excluded.total;
END;


--
-- Name: bill_total(jsonb); Type: FUNCTION; Schema: hall_private; Owner: -
--

CREATE FUNCTION hall_private.bill_total(items jsonb) RETURNS bigint
    LANGUAGE sql IMMUTABLE STRICT
    RETURN (SELECT (COALESCE(sum(((item.value ->> 'fen'::text))::bigint), (0)::numeric))::bigint AS "coalesce" FROM jsonb_array_elements(bill_total.items) item(value));


--
-- Name: bill; Type: TABLE; Schema: hall; Owner: -
--

CREATE TABLE hall.bill (
    msisdn bigint NOT NULL,
    month date NOT NULL,
    total_fen bigint NOT NULL,
    items jsonb NOT NULL,
    CONSTRAINT a_month_is_its_first_day CHECK ((EXTRACT(day FROM month) = (1)::numeric)),
    CONSTRAINT a_total_is_the_sum_of_its_items CHECK ((total_fen = hall_private.bill_total(items)))
);


--
-- Name: put_bill(bigint, date, jsonb); Type: FUNCTION; Schema: hall; Owner: -
--

CREATE FUNCTION hall.put_bill(p_msisdn bigint, p_month date, p_items jsonb) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    BEGIN ATOMIC
 INSERT INTO hall.bill (msisdn, month, total_fen, items)
   VALUES (put_bill.p_msisdn, (date_trunc('month'::text, (put_bill.p_month)::timestamp with time zone))::date, hall_private.bill_total(put_bill.p_items), put_bill.p_items) ON CONFLICT(msisdn, month) DO UPDATE SET total_fen = excluded.total_fen, items = excluded.items;
END;


--
-- Name: put_points(bigint, bigint); Type: FUNCTION; Schema: hall; Owner: -
--

CREATE FUNCTION hall.put_points(p_msisdn bigint, p_points bigint) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    UPDATE hall.subscriber AS s SET points = p_points WHERE s.msisdn = p_msisdn;
    RETURN FOUND;
END
$$;


--
-- Name: port; Type: TABLE; Schema: hall; Owner: -
--

CREATE TABLE hall.port (
    prefix text NOT NULL,
    provider text NOT NULL,
    CONSTRAINT a_port_is_digits CHECK ((prefix ~ '^[0-9]{3,21}$'::text))
);


--
-- Name: put_port(text, text); Type: FUNCTION; Schema: hall; Owner: -
--

CREATE FUNCTION hall.put_port(p_prefix text, p_provider text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    BEGIN ATOMIC
 INSERT INTO hall.port (prefix, provider)
   VALUES (put_port.p_prefix, put_port.p_provider) ON CONFLICT(prefix) DO UPDATE SET provider = excluded.provider;
END;


--
-- Name: provider; Type: TABLE; Schema: hall; Owner: -
--

CREATE TABLE hall.provider (
    name text NOT NULL,
    telephone text NOT NULL,
    homepage text
);


--
-- Name: put_provider(text, text, text); Type: FUNCTION; Schema: hall; Owner: -
--

CREATE FUNCTION hall.put_provider(p_name text, p_telephone text, p_homepage text DEFAULT NULL::text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    BEGIN ATOMIC
 INSERT INTO hall.provider (name, telephone, homepage)
   VALUES (put_provider.p_name, put_provider.p_telephone, put_provider.p_homepage) ON CONFLICT(name) DO UPDATE SET telephone = excluded.telephone, homepage = excluded.homepage;
END;


--
-- Name: put_subscriber(bigint, text, text, text, bigint, boolean); Type: FUNCTION; Schema: hall; Owner: -
--

CREATE FUNCTION hall.put_subscriber(p_msisdn bigint, p_brand text, p_state text DEFAULT 'active'::text, p_state_reason text DEFAULT NULL::text, p_opening_fen bigint DEFAULT 0, p_is_blacklisted boolean DEFAULT false) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_is_new boolean;
BEGIN
    INSERT INTO hall.subscriber AS s (msisdn, brand, state, state_reason, is_blacklisted, since)
    VALUES (p_msisdn, p_brand, p_state, p_state_reason, p_is_blacklisted, hall.now())
    ON CONFLICT ON CONSTRAINT subscriber_pkey DO UPDATE
    SET brand = excluded.brand,
        state = excluded.state,
        state_reason = excluded.state_reason,
        is_blacklisted = excluded.is_blacklisted
    RETURNING s.xmax = 0 INTO v_is_new;
    IF v_is_new AND p_opening_fen <> 0 THEN
        PERFORM hall_private.post_ledger(p_msisdn, p_opening_fen, 'opening', '期初余额', 'opening');
    END IF;
    RETURN v_is_new;
END
$$;


--
-- Name: put_subscription(bigint, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: hall; Owner: -
--

CREATE FUNCTION hall.put_subscription(p_msisdn bigint, p_service text, p_since timestamp with time zone, p_until timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF p_until IS NULL THEN
        -- not when it is known to have been open then, and closed since
        INSERT INTO hall.subscription (msisdn, service, since)
        SELECT p_msisdn, p_service, p_since
        WHERE NOT EXISTS (
            SELECT FROM hall.subscription AS o
            WHERE o.msisdn = p_msisdn AND o.service = p_service AND o.since <= p_since AND o.until > p_since)
        ON CONFLICT DO NOTHING;
    ELSIF p_since IS NULL THEN
        -- the one that was open at that moment, but not when this was said before and another closed by it
        UPDATE hall.subscription AS o
        SET until = p_until
        WHERE o.msisdn = p_msisdn AND o.service = p_service AND o.until IS NULL AND o.since <= p_until
          AND NOT EXISTS (
              SELECT FROM hall.subscription AS c
              WHERE c.msisdn = p_msisdn AND c.service = p_service AND c.until = p_until);
    ELSE
        INSERT INTO hall.subscription AS o (msisdn, service, since, until)
        VALUES (p_msisdn, p_service, p_since, p_until)
        ON CONFLICT ON CONSTRAINT subscription_pkey DO UPDATE
        SET until = excluded.until
        WHERE o.until IS DISTINCT FROM excluded.until;
    END IF;
    RETURN FOUND;
END
$$;


--
-- Name: receive(bigint, text, text, text, text, bigint, bigint, text, text, text, jsonb, text, text); Type: FUNCTION; Schema: hall; Owner: -
--

CREATE FUNCTION hall.receive(p_msisdn bigint, p_gateway_id text, p_port text, p_at text, p_text text, p_fingerprint bigint, p_gateway_time bigint, p_command text, p_call text, p_effect text, p_args jsonb, p_answer text, p_way text) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_now    timestamptz := hall.now();
    v_local  timestamp := hall_private.local_time(v_now);
    v_month  date := date_trunc('month', v_local);
    v_hash   int := CASE WHEN p_fingerprint IS NOT NULL THEN hashtext(upper(p_text)) END;
    v_number int;
    v_answer jsonb;
    v_act    record;
    v_talk   hall.conversation;
BEGIN
    IF v_local < v_month + 3 OR v_local >= v_month + 27 THEN
        v_answer := hall_private.answer_neighbour(p_msisdn, p_gateway_id, v_local);
        IF v_answer IS NOT NULL THEN
            RETURN v_answer;
        END IF;
    END IF;

    INSERT INTO hall.message AS m
        (msisdn, at, gateway_at, fingerprint, number, month, gateway_id, port, text, command)
    VALUES
        (p_msisdn, v_now, to_timestamp(p_gateway_time), p_fingerprint,
         coalesce((SELECT c.number FROM hall.conversation AS c WHERE c.msisdn = p_msisdn), 0) + 1,
         v_month, p_gateway_id, p_port, coalesce(p_text, ''), p_command)
    ON CONFLICT DO NOTHING
    RETURNING m.number INTO v_number;
    IF NOT FOUND THEN
        RETURN hall_private.answer_repeat(p_msisdn, p_gateway_id, v_month);
    END IF;

    v_talk := hall_private.move_on(p_msisdn, p_port, p_fingerprint);
    IF v_talk.number <> v_number THEN
        -- the number was read before the lock was held, and another daemon's message took it
        UPDATE hall.message AS m
        SET number = v_talk.number
        WHERE m.msisdn = p_msisdn AND m.gateway_id = p_gateway_id AND m.month = v_month;
    END IF;

    IF v_talk.number >= v_talk.look_number AND hall_private.is_looping(v_talk, v_hash) THEN
        RETURN '{"was": "looped", "replies": []}';
    END IF;
    IF v_talk.is_same AND (p_effect <> 'reads' OR p_answer IS NOT NULL) AND hall_private.is_again(v_talk) THEN
        RETURN hall_private.answer_again(v_talk, v_hash, p_way);
    END IF;

    v_act := hall_private.act(p_msisdn, p_port, p_at, p_command, p_call, p_effect, p_args);
    v_answer := hall_private.add_reply(
        p_msisdn, v_talk.number, 1, p_port, p_way, v_hash, v_act.command, v_act.outcome, v_act.fields);
    RETURN jsonb_build_object('was', 'new', 'replies', jsonb_build_array(v_answer));
END
$$;


--
-- Name: resend(bigint, text); Type: FUNCTION; Schema: hall; Owner: -
--

CREATE FUNCTION hall.resend(p_msisdn bigint, p_mt text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_key record := hall_private.read_mt(p_mt);
BEGIN
    UPDATE hall.reply AS r
    SET state = 'unsent',
        claim_after = hall.now(),
        claims = hall_private.next_claim(r.claims),
        resent_at = hall.now(),
        valid_until = hall.now() + make_interval(secs => hall_private.setting('reply_validity_s')),
        -- refused by Kannel after so many pieces: the rest is sent. Sent whole and then reported failed: all of it
        pieces = CASE r.state WHEN 'failed' THEN 0 ELSE r.pieces END,
        report_status = NULL,
        report_at = NULL,
        reason = NULL
    WHERE r.msisdn = p_msisdn AND r.month = v_key.month AND r.number = v_key.number AND r.part = v_key.part
      AND r.state IN ('dead', 'expired', 'failed');
    RETURN FOUND;
END
$$;


--
-- Name: run_due(); Type: FUNCTION; Schema: hall; Owner: -
--

CREATE FUNCTION hall.run_due() RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('smshall run_due')) THEN
        RETURN '{}';
    END IF;
    RETURN jsonb_build_object(
        'partitions', hall_private.partitions_ahead(),
        'expired', hall_private.expire_unsent(NULL, 50000));
END
$$;


--
-- Name: settle(bigint, text, text, text, integer, text, integer, integer); Type: FUNCTION; Schema: hall; Owner: -
--

CREATE FUNCTION hall.settle(p_msisdn bigint, p_mt text, p_state text, p_text text, p_pieces integer, p_reason text, p_wait_s integer, p_claims integer) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_now   timestamptz := hall.now();
    v_key   record := hall_private.read_mt(p_mt);
    v_state hall.reply_state;
BEGIN
    IF p_state IS NULL OR p_state NOT IN ('sent', 'answered', 'unsent', 'dead', 'expired') THEN
        RAISE EXCEPTION 'a reply is not settled as "%"', p_state USING ERRCODE = 'invalid_parameter_value';
    END IF;
    v_state := p_state;
    UPDATE hall.reply AS r
    SET state = v_state,
        claim_after = CASE p_state WHEN 'unsent' THEN v_now + make_interval(secs => coalesce(p_wait_s, 0)) END,
        sent_at = CASE p_state WHEN 'sent' THEN v_now END,
        text = coalesce(p_text, r.text),
        pieces = greatest(r.pieces, p_pieces),
        reason = p_reason
    WHERE r.msisdn = p_msisdn AND r.month = v_key.month AND r.number = v_key.number AND r.part = v_key.part
      AND (r.state = 'unsent'
           OR hall_private.reply_rank(r.state) < hall_private.reply_rank(v_state)
           OR (r.state = 'answered' AND r.text IS NULL AND p_state IN ('unsent', 'dead')))
      AND (p_state <> 'unsent' OR p_claims IS NULL OR p_claims = r.claims)
    RETURNING r.state INTO v_state;
    IF FOUND THEN
        RETURN v_state;
    END IF;

    -- it moved on before this note came: the report was quicker, somebody else has it, or this is the second time. What was sent is
    -- noted all the same
    UPDATE hall.reply AS r
    SET text = CASE WHEN p_state IN ('sent', 'answered') THEN coalesce(p_text, r.text) ELSE r.text END,
        sent_at = CASE p_state WHEN 'sent' THEN coalesce(r.sent_at, v_now) ELSE r.sent_at END,
        pieces = greatest(r.pieces, p_pieces)
    WHERE r.msisdn = p_msisdn AND r.month = v_key.month AND r.number = v_key.number AND r.part = v_key.part
    RETURNING r.state INTO v_state;
    RETURN coalesce(v_state::text, 'unknown');
END
$$;


--
-- Name: top_up(bigint, bigint, text, text); Type: FUNCTION; Schema: hall; Owner: -
--

CREATE FUNCTION hall.top_up(p_msisdn bigint, p_fen bigint, p_reference text, p_note text DEFAULT '充值'::text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF p_fen IS NULL OR p_fen <= 0 OR p_reference IS NULL THEN
        RAISE EXCEPTION 'a top-up has an amount above 0 and a reference' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN hall_private.post_ledger(p_msisdn, p_fen, 'top_up', p_note, p_reference);
END
$$;


--
-- Name: allowance_data(hall.subscriber, jsonb); Type: FUNCTION; Schema: hall_command; Owner: -
--

CREATE FUNCTION hall_command.allowance_data(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb) RETURNS record
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    SELECT a.* INTO outcome, fields FROM hall_private.allowance(subscriber.msisdn, 'data', '数据流量', 'MB') AS a;
END
$$;


--
-- Name: allowance_mms(hall.subscriber, jsonb); Type: FUNCTION; Schema: hall_command; Owner: -
--

CREATE FUNCTION hall_command.allowance_mms(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb) RETURNS record
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    SELECT a.* INTO outcome, fields FROM hall_private.allowance(subscriber.msisdn, 'mms', '彩信', '条') AS a;
END
$$;


--
-- Name: allowance_sms(hall.subscriber, jsonb); Type: FUNCTION; Schema: hall_command; Owner: -
--

CREATE FUNCTION hall_command.allowance_sms(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb) RETURNS record
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    SELECT a.* INTO outcome, fields FROM hall_private.allowance(subscriber.msisdn, 'sms', '短信', '条') AS a;
END
$$;


--
-- Name: allowance_voice(hall.subscriber, jsonb); Type: FUNCTION; Schema: hall_command; Owner: -
--

CREATE FUNCTION hall_command.allowance_voice(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb) RETURNS record
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    SELECT a.* INTO outcome, fields FROM hall_private.allowance(subscriber.msisdn, 'voice', '语音', '分钟') AS a;
END
$$;


--
-- Name: balance(hall.subscriber, jsonb); Type: FUNCTION; Schema: hall_command; Owner: -
--

CREATE FUNCTION hall_command.balance(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb) RETURNS record
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    outcome := 'ok';
    fields := jsonb_build_object(
        'balance', subscriber.balance_fen,
        'brand', subscriber.brand,
        'as_of', to_char(hall_private.local_time(hall.now()), 'YYYY-MM-DD"T"HH24:MI:SS"+08:00"'));
END
$$;


--
-- Name: bill(hall.subscriber, jsonb); Type: FUNCTION; Schema: hall_command; Owner: -
--

CREATE FUNCTION hall_command.bill(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb) RETURNS record
    LANGUAGE plpgsql STABLE
    AS $$
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


--
-- Name: help(hall.subscriber, jsonb); Type: FUNCTION; Schema: hall_command; Owner: -
--

CREATE FUNCTION hall_command.help(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb) RETURNS record
    LANGUAGE plpgsql IMMUTABLE
    AS $$
BEGIN
    outcome := CASE WHEN args ? 'title' THEN 'topic' WHEN args ? 'topic' THEN 'no_topic' ELSE 'ok' END;
    fields := CASE outcome
        WHEN 'topic' THEN jsonb_build_object('title', args -> 'title', 'codes', args -> 'codes')
        WHEN 'no_topic' THEN jsonb_build_object('topic', args -> 'topic')
        ELSE '{}'
    END;
END
$$;


--
-- Name: menu(hall.subscriber, jsonb); Type: FUNCTION; Schema: hall_command; Owner: -
--

CREATE FUNCTION hall_command.menu(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb) RETURNS record
    LANGUAGE plpgsql IMMUTABLE
    AS $$
BEGIN
    outcome := 'ok';
    fields := '{}';
END
$$;


--
-- Name: points(hall.subscriber, jsonb); Type: FUNCTION; Schema: hall_command; Owner: -
--

CREATE FUNCTION hall_command.points(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb) RETURNS record
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    outcome := 'ok';
    fields := jsonb_build_object('points', subscriber.points);
END
$$;


--
-- Name: services(hall.subscriber, jsonb); Type: FUNCTION; Schema: hall_command; Owner: -
--

CREATE FUNCTION hall_command.services(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb) RETURNS record
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    v_names jsonb;
BEGIN
    SELECT jsonb_agg(s.name ORDER BY s.provider NULLS FIRST, s.port, o.since, s.code) INTO v_names
    FROM hall.subscription AS o
    JOIN hall.service AS s ON s.code = o.service
    WHERE o.msisdn = subscriber.msisdn
      AND o.until IS NULL;

    outcome := CASE WHEN v_names IS NULL THEN 'none' ELSE 'ok' END;
    fields := CASE WHEN v_names IS NULL THEN '{}' ELSE jsonb_build_object('items', v_names, 'count', jsonb_array_length(v_names)) END;
END
$$;


--
-- Name: act(bigint, text, text, text, text, text, jsonb); Type: FUNCTION; Schema: hall_private; Owner: -
--

CREATE FUNCTION hall_private.act(p_msisdn bigint, p_port text, p_at text, p_command text, p_call text, p_effect text, p_args jsonb, OUT command text, OUT outcome text, OUT fields jsonb) RETURNS record
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_args       jsonb := p_args;
    v_provider   hall.provider;
    v_subscriber hall.subscriber;
    v_answer     record;
BEGIN
    command := 'hall';
    fields := '{}';
    IF p_at = 'provider' THEN
        v_provider := hall_private.provider_of(p_port);
        IF v_provider.name IS NULL THEN
            outcome := 'unknown_port';
            fields := jsonb_build_object('port', p_port);
            RETURN;
        END IF;
        v_args := coalesce(p_args, '{}') || jsonb_build_object('provider', v_provider.name, 'phone', v_provider.telephone);
    END IF;

    SELECT * INTO v_subscriber FROM hall.subscriber AS s WHERE s.msisdn = p_msisdn;
    IF NOT FOUND OR v_subscriber.state = 'closed' THEN
        outcome := 'not_subscriber';
    ELSIF p_command IS NULL AND p_at = 'provider' THEN
        outcome := 'provider_text';
        fields := jsonb_build_object('provider', v_provider.name, 'phone', v_provider.telephone);
    ELSIF p_command IS NULL THEN
        outcome := 'unknown';
        fields := jsonb_build_object('near', coalesce(p_args -> 'near', '[]'));
    ELSIF p_effect = 'changes' AND v_subscriber.state = 'suspended' THEN
        outcome := 'suspended';
    ELSIF p_call IS NULL THEN
        -- a command of words only, or the daemon itself: {"outcome": "fault"} notes a message that the store cannot take
        command := p_command;
        outcome := coalesce(p_args ->> 'outcome', 'ok');
        fields := coalesce(p_args, '{}') - 'outcome';
    ELSE
        command := p_command;
        v_answer := hall_private.dispatch(p_call, v_subscriber, v_args);
        outcome := v_answer.outcome;
        fields := v_answer.fields;
    END IF;
END
$$;


--
-- Name: add_reply(bigint, integer, integer, text, text, integer, text, text, jsonb); Type: FUNCTION; Schema: hall_private; Owner: -
--

CREATE FUNCTION hall_private.add_reply(p_msisdn bigint, p_number integer, p_part integer, p_port text, p_way text, p_hash integer, p_command text, p_outcome text, p_fields jsonb) RETURNS jsonb
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_now   timestamptz := hall.now();
    v_month date := hall_private.month_of(v_now);
    v_state hall.reply_state := 'answered';
    v_lease timestamptz;
    v_until timestamptz;
    v_after text;
BEGIN
    IF p_way <> 'inline' OR p_part > 1 THEN
        v_after := hall_private.latest_unsent(p_msisdn);
        v_state := 'unsent';
        v_lease := v_now + make_interval(secs => hall_private.setting('reply_lease_s'));
    END IF;
    INSERT INTO hall.reply AS r
        (msisdn, at, month, number, part, asked_hash, port, command, outcome, fields, state, claim_after, valid_until)
    VALUES
        (p_msisdn, v_now, v_month, p_number, p_part, p_hash, p_port, p_command, p_outcome, p_fields, v_state, v_lease,
         v_now + make_interval(secs => (SELECT s.value FROM hall.setting AS s WHERE s.name = 'reply_validity_s')))
    RETURNING r.valid_until INTO v_until;
    RETURN jsonb_build_object(
        'mt', hall_private.mt(v_month, p_number, p_part),
        'port', p_port,
        'command', p_command,
        'outcome', p_outcome,
        'fields', p_fields,
        'text', NULL,
        'state', v_state,
        'after', v_after,
        'pieces', 0,
        'claims', 0,
        'valid_s', extract(epoch FROM v_until - v_now)::int);
END
$$;


--
-- Name: allowance(bigint, text, text, text); Type: FUNCTION; Schema: hall_private; Owner: -
--

CREATE FUNCTION hall_private.allowance(p_msisdn bigint, p_kind text, p_title text, p_unit text, OUT outcome text, OUT fields jsonb) RETURNS record
    LANGUAGE plpgsql STABLE
    AS $$
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


--
-- Name: conversation; Type: TABLE; Schema: hall; Owner: -
--

CREATE TABLE hall.conversation (
    msisdn bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    before_at timestamp with time zone,
    fingerprint bigint,
    number integer DEFAULT 0 NOT NULL,
    message_number integer,
    before_number integer,
    look_number integer NOT NULL,
    is_same boolean DEFAULT false NOT NULL,
    port text
)
WITH (fillfactor='70');


--
-- Name: answer_again(hall.conversation, integer, text); Type: FUNCTION; Schema: hall_private; Owner: -
--

CREATE FUNCTION hall_private.answer_again(p_talk hall.conversation, p_hash integer, p_way text) RETURNS jsonb
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_replies jsonb := '[]';
    v_reply   hall.reply;
BEGIN
    FOR v_reply IN
        SELECT *
        FROM hall.reply AS r
        WHERE r.msisdn = p_talk.msisdn
          AND r.month = hall_private.month_of(p_talk.before_at)
          AND r.number = p_talk.before_number
        ORDER BY r.part
    LOOP
        v_replies := v_replies || hall_private.add_reply(
            p_talk.msisdn, p_talk.number, v_reply.part, v_reply.port, p_way, p_hash, v_reply.command, v_reply.outcome, v_reply.fields);
    END LOOP;
    RETURN jsonb_build_object('was', 'again', 'replies', v_replies);
END
$$;


--
-- Name: answer_neighbour(bigint, text, timestamp without time zone); Type: FUNCTION; Schema: hall_private; Owner: -
--

CREATE FUNCTION hall_private.answer_neighbour(p_msisdn bigint, p_gateway_id text, p_local timestamp without time zone) RETURNS jsonb
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_neighbour date := date_trunc('month', p_local + CASE WHEN extract(day FROM p_local) <= 3 THEN interval '-3 days'
                                                           ELSE interval '1 day' END);
BEGIN
    IF v_neighbour = date_trunc('month', p_local) THEN
        RETURN NULL;
    END IF;
    LOOP
        PERFORM FROM hall.conversation AS c WHERE c.msisdn = p_msisdn FOR UPDATE;
        EXIT WHEN FOUND;
        PERFORM hall_private.begin_conversation(p_msisdn);
    END LOOP;
    RETURN hall_private.answer_repeat(p_msisdn, p_gateway_id, v_neighbour);
END
$$;


--
-- Name: answer_repeat(bigint, text, date); Type: FUNCTION; Schema: hall_private; Owner: -
--

CREATE FUNCTION hall_private.answer_repeat(p_msisdn bigint, p_gateway_id text, p_month date) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    v_number  int;
    v_replies jsonb;
BEGIN
    SELECT m.number INTO v_number
    FROM hall.message AS m
    WHERE m.msisdn = p_msisdn AND m.gateway_id = p_gateway_id AND m.month = p_month;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    SELECT jsonb_agg(hall_private.reply_json(r) ORDER BY r.part) INTO v_replies
    FROM hall.reply AS r
    WHERE r.msisdn = p_msisdn AND r.month = p_month AND r.number = v_number;
    RETURN jsonb_build_object('was', 'repeat', 'replies', coalesce(v_replies, '[]'));
END
$$;


--
-- Name: begin_conversation(bigint); Type: FUNCTION; Schema: hall_private; Owner: -
--

CREATE FUNCTION hall_private.begin_conversation(p_msisdn bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO hall.conversation (msisdn, at, look_number)
    VALUES (p_msisdn, hall.now(), hall_private.setting('loop_messages') + 1)
    ON CONFLICT DO NOTHING;
END
$$;


--
-- Name: build_dispatch(); Type: FUNCTION; Schema: hall_private; Owner: -
--

CREATE FUNCTION hall_private.build_dispatch() RETURNS void
    LANGUAGE plpgsql
    AS $_$
DECLARE
    v_branches text;
BEGIN
    SELECT string_agg(format($branch$
    WHEN %L THEN
        v_answer := hall_command.%I(p_subscriber, p_args);$branch$, p.proname, p.proname), '' ORDER BY p.proname)
    INTO v_branches
    FROM pg_catalog.pg_proc AS p
    WHERE p.pronamespace = 'hall_command'::regnamespace
      AND hall_private.has_command(p.proname);

    EXECUTE format($function$
CREATE OR REPLACE FUNCTION hall_private.dispatch(
    p_call text, p_subscriber hall.subscriber, p_args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    v_answer record;
BEGIN
    CASE p_call%s
    ELSE
        v_answer := hall_private.dispatch_by_name(p_call, p_subscriber, p_args);
    END CASE;
    outcome := v_answer.outcome;
    fields := v_answer.fields;
END
$$$function$, v_branches);
END
$_$;


--
-- Name: dispatch(text, hall.subscriber, jsonb); Type: FUNCTION; Schema: hall_private; Owner: -
--

CREATE FUNCTION hall_private.dispatch(p_call text, p_subscriber hall.subscriber, p_args jsonb, OUT outcome text, OUT fields jsonb) RETURNS record
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_answer record;
BEGIN
    CASE p_call
    WHEN 'allowance_data' THEN
        v_answer := hall_command.allowance_data(p_subscriber, p_args);
    WHEN 'allowance_mms' THEN
        v_answer := hall_command.allowance_mms(p_subscriber, p_args);
    WHEN 'allowance_sms' THEN
        v_answer := hall_command.allowance_sms(p_subscriber, p_args);
    WHEN 'allowance_voice' THEN
        v_answer := hall_command.allowance_voice(p_subscriber, p_args);
    WHEN 'balance' THEN
        v_answer := hall_command.balance(p_subscriber, p_args);
    WHEN 'bill' THEN
        v_answer := hall_command.bill(p_subscriber, p_args);
    WHEN 'help' THEN
        v_answer := hall_command.help(p_subscriber, p_args);
    WHEN 'menu' THEN
        v_answer := hall_command.menu(p_subscriber, p_args);
    WHEN 'points' THEN
        v_answer := hall_command.points(p_subscriber, p_args);
    WHEN 'services' THEN
        v_answer := hall_command.services(p_subscriber, p_args);
    ELSE
        v_answer := hall_private.dispatch_by_name(p_call, p_subscriber, p_args);
    END CASE;
    outcome := v_answer.outcome;
    fields := v_answer.fields;
END
$$;


--
-- Name: dispatch_by_name(text, hall.subscriber, jsonb); Type: FUNCTION; Schema: hall_private; Owner: -
--

CREATE FUNCTION hall_private.dispatch_by_name(p_call text, p_subscriber hall.subscriber, p_args jsonb, OUT outcome text, OUT fields jsonb) RETURNS record
    LANGUAGE plpgsql
    AS $_$
BEGIN
    IF NOT hall_private.has_command(p_call) THEN
        outcome := 'unavailable';
        fields := '{}';
        RETURN;
    END IF;
    EXECUTE format('SELECT c.outcome, c.fields FROM hall_command.%I($1, $2) AS c', p_call)
        INTO outcome, fields
        USING p_subscriber, p_args;
END
$_$;


--
-- Name: expire_unsent(integer, integer); Type: FUNCTION; Schema: hall_private; Owner: -
--

CREATE FUNCTION hall_private.expire_unsent(p_look integer, p_most integer) RETURNS integer
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_now     timestamptz := hall.now();
    v_expired int;
BEGIN
    WITH due AS (
        SELECT r.msisdn, r.number, r.part, r.month, r.valid_until
        FROM hall.reply AS r
        WHERE r.claim_after <= v_now
        ORDER BY r.claim_after
        LIMIT p_look
    ), late AS (
        SELECT r.msisdn, r.number, r.part, r.month
        FROM due AS d
        JOIN hall.reply AS r ON r.msisdn = d.msisdn AND r.number = d.number AND r.part = d.part AND r.month = d.month
        WHERE d.valid_until <= v_now
          AND r.claim_after <= v_now
        LIMIT p_most
        FOR UPDATE OF r SKIP LOCKED
    )
    UPDATE hall.reply AS r
    SET state = 'expired', claim_after = NULL, reason = 'validity'
    FROM late AS l
    WHERE r.msisdn = l.msisdn AND r.number = l.number AND r.part = l.part AND r.month = l.month;
    GET DIAGNOSTICS v_expired = ROW_COUNT;
    RETURN v_expired;
END
$$;


--
-- Name: has_command(text); Type: FUNCTION; Schema: hall_private; Owner: -
--

CREATE FUNCTION hall_private.has_command(p_call text) RETURNS boolean
    LANGUAGE sql STABLE
    RETURN (EXISTS (SELECT FROM pg_proc p WHERE ((p.pronamespace = ('hall_command'::regnamespace)::oid) AND (p.proname = has_command.p_call) AND (NOT p.proretset) AND (p.proargmodes = '{i,i,o,o}'::"char"[]) AND (p.proallargtypes = ('{hall.subscriber,jsonb,text,jsonb}'::regtype[])::oid[]) AND (p.proargnames[3:4] = '{outcome,fields}'::text[]))));


--
-- Name: setting(text); Type: FUNCTION; Schema: hall_private; Owner: -
--

CREATE FUNCTION hall_private.setting(p_name text) RETURNS bigint
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN (SELECT s.value FROM hall.setting AS s WHERE s.name = p_name);
END
$$;


--
-- Name: is_again(hall.conversation); Type: FUNCTION; Schema: hall_private; Owner: -
--

CREATE FUNCTION hall_private.is_again(p_talk hall.conversation) RETURNS boolean
    LANGUAGE sql STABLE
    RETURN ((p_talk).is_same AND ((p_talk).before_at >= (hall.now() - make_interval(secs => (hall_private.setting('repeat_window_s'::text))::double precision))));


--
-- Name: is_looping(hall.conversation, integer); Type: FUNCTION; Schema: hall_private; Owner: -
--

CREATE FUNCTION hall_private.is_looping(p_talk hall.conversation, p_hash integer) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_limit int := hall_private.setting('loop_messages');
    v_since timestamptz := p_talk.at - make_interval(secs => hall_private.setting('loop_window_s'));
    v_most  int; -- of any text
    v_same  int; -- of this one
BEGIN
    SELECT coalesce(max(t.answered), 0), coalesce(max(t.answered) FILTER (WHERE t.asked_hash = p_hash), 0) + 1
    INTO v_most, v_same
    FROM (
        SELECT r.asked_hash, count(*) AS answered
        FROM hall.reply AS r
        WHERE r.msisdn = p_talk.msisdn
          AND r.number BETWEEN p_talk.number - 500 AND p_talk.number - 1
          AND r.part = 1
          AND r.month >= hall_private.month_of(v_since)
          AND r.at > v_since
          AND r.asked_hash IS NOT NULL
        GROUP BY r.asked_hash
    ) AS t;
    UPDATE hall.conversation AS c
    SET look_number = c.number + greatest(1, v_limit + 1 - greatest(v_most, v_same))
    WHERE c.msisdn = p_talk.msisdn;
    RETURN v_same > v_limit AND p_hash IS NOT NULL;
END
$$;


--
-- Name: latest_unsent(bigint); Type: FUNCTION; Schema: hall_private; Owner: -
--

CREATE FUNCTION hall_private.latest_unsent(p_msisdn bigint) RETURNS text
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    v_mt text;
BEGIN
    SELECT hall_private.mt(r.month, r.number, r.part) INTO v_mt
    FROM hall.reply AS r
    WHERE r.msisdn = p_msisdn AND r.claim_after IS NOT NULL
    ORDER BY r.number DESC, r.part DESC
    LIMIT 1;
    RETURN v_mt;
END
$$;


--
-- Name: local_time(timestamp with time zone); Type: FUNCTION; Schema: hall_private; Owner: -
--

CREATE FUNCTION hall_private.local_time(p_at timestamp with time zone) RETURNS timestamp without time zone
    LANGUAGE sql STABLE
    RETURN (p_at AT TIME ZONE 'Asia/Shanghai'::text);


--
-- Name: make_partition(text, text, date); Type: FUNCTION; Schema: hall_private; Owner: -
--

CREATE FUNCTION hall_private.make_partition(p_table text, p_name text, p_month date) RETURNS boolean
    LANGUAGE plpgsql
    AS $_$
DECLARE
    c_most  CONSTANT int := 10000; -- well below a second
    v_other text := p_table || '_other';
    v_found int;
BEGIN
    EXECUTE format('SELECT count(*) FROM (SELECT FROM hall.%I WHERE month = $1 LIMIT $2) AS o', v_other)
        INTO v_found
        USING p_month, c_most + 1;
    IF v_found > c_most THEN
        RAISE WARNING 'hall.% keeps the % of %: they are too many to be moved to a partition of their own', v_other, p_table, p_month;
        RETURN false;
    END IF;
    EXECUTE format('LOCK TABLE ONLY hall.%I, ONLY hall.%I IN ACCESS EXCLUSIVE MODE', p_table, v_other);
    EXECUTE format('CREATE TABLE hall.%I (LIKE hall.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', p_name, p_table);
    EXECUTE format('WITH moved AS (DELETE FROM hall.%I WHERE month = $1 RETURNING *) INSERT INTO hall.%I SELECT * FROM moved',
            v_other, p_name)
        USING p_month;
    EXECUTE format('ALTER TABLE hall.%I ATTACH PARTITION hall.%I FOR VALUES IN (%L)', p_table, p_name, p_month);
    RETURN true;
END
$_$;


--
-- Name: move_on(bigint, text, bigint); Type: FUNCTION; Schema: hall_private; Owner: -
--

CREATE FUNCTION hall_private.move_on(p_msisdn bigint, p_port text, p_fingerprint bigint) RETURNS hall.conversation
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_now  timestamptz := hall.now();
    v_talk hall.conversation;
BEGIN
    LOOP
        UPDATE hall.conversation AS c
        SET at = v_now,
            before_at = c.at,
            number = c.number + 1,
            message_number = c.number + 1,
            before_number = c.message_number,
            fingerprint = p_fingerprint,
            port = p_port,
            is_same = coalesce(c.fingerprint = p_fingerprint AND c.port = p_port, false)
        WHERE c.msisdn = p_msisdn
        RETURNING c.* INTO v_talk;
        IF FOUND THEN
            RETURN v_talk;
        END IF;
        PERFORM hall_private.begin_conversation(p_msisdn);
    END LOOP;
END
$$;


--
-- Name: next_claim(smallint); Type: FUNCTION; Schema: hall_private; Owner: -
--

CREATE FUNCTION hall_private.next_claim(p_claims smallint) RETURNS smallint
    LANGUAGE sql IMMUTABLE
    RETURN ((((p_claims)::integer % 32767) + 1))::smallint;


--
-- Name: partitions_ahead(); Type: FUNCTION; Schema: hall_private; Owner: -
--

CREATE FUNCTION hall_private.partitions_ahead() RETURNS integer
    LANGUAGE plpgsql
    SET lock_timeout TO '500ms'
    AS $$
DECLARE
    v_month date;
    v_table text;
    v_name  text;
    v_made  int := 0;
BEGIN
    FOR v_month IN
        SELECT (hall_private.month_of(hall.now()) + make_interval(months => ahead))::date FROM generate_series(0, 2) AS ahead
    LOOP
        FOREACH v_table IN ARRAY ARRAY['message', 'reply'] LOOP
            v_name := v_table || to_char(v_month, '_YYMM');
            CONTINUE WHEN to_regclass('hall.' || v_name) IS NOT NULL;
            BEGIN
                v_made := v_made + hall_private.make_partition(v_table, v_name, v_month)::int;
            EXCEPTION WHEN lock_not_available THEN
                RETURN v_made;
            END;
        END LOOP;
    END LOOP;
    RETURN v_made;
END
$$;


--
-- Name: post_ledger(bigint, bigint, text, text, text); Type: FUNCTION; Schema: hall_private; Owner: -
--

CREATE FUNCTION hall_private.post_ledger(p_msisdn bigint, p_fen bigint, p_kind text, p_note text, p_reference text DEFAULT NULL::text) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
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


--
-- Name: provider_of(text); Type: FUNCTION; Schema: hall_private; Owner: -
--

CREATE FUNCTION hall_private.provider_of(p_port text) RETURNS hall.provider
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    v_provider hall.provider;
BEGIN
    SELECT v.* INTO v_provider
    FROM hall.port AS p
    JOIN hall.provider AS v ON v.name = p.provider
    WHERE p.prefix IN (SELECT left(p_port, n) FROM generate_series(1, length(p_port)) AS n)
    ORDER BY length(p.prefix) DESC
    LIMIT 1;
    RETURN v_provider;
END
$$;


--
-- Name: read_mt(text); Type: FUNCTION; Schema: hall_private; Owner: -
--

CREATE FUNCTION hall_private.read_mt(p_mt text, OUT month date, OUT number integer, OUT part smallint) RETURNS record
    LANGUAGE plpgsql IMMUTABLE
    AS $_$
BEGIN
    IF p_mt ~ '^[0-9]{2}(0[1-9]|1[0-2])-[0-9]{1,9}(\.[0-9]{1,4})?$' THEN
        month := make_date(2000 + substr(p_mt, 1, 2)::int, substr(p_mt, 3, 2)::int, 1);
        number := split_part(substr(p_mt, 6), '.', 1)::int;
        part := coalesce(nullif(split_part(p_mt, '.', 2), ''), '1')::smallint;
    END IF;
END
$_$;


--
-- Name: seconds_until(timestamp with time zone); Type: FUNCTION; Schema: hall_private; Owner: -
--

CREATE FUNCTION hall_private.seconds_until(p_until timestamp with time zone) RETURNS integer
    LANGUAGE sql STABLE
    RETURN GREATEST(0, (EXTRACT(epoch FROM (p_until - hall.now())))::integer);


--
-- Name: reply_json(hall.reply); Type: FUNCTION; Schema: hall_private; Owner: -
--

CREATE FUNCTION hall_private.reply_json(p_reply hall.reply) RETURNS jsonb
    LANGUAGE sql STABLE
    RETURN jsonb_build_object('mt', hall_private.mt((p_reply).month, (p_reply).number, ((p_reply).part)::integer), 'port', (p_reply).port, 'command', (p_reply).command, 'outcome', (p_reply).outcome, 'fields', (p_reply).fields, 'text', (p_reply).text, 'state', (p_reply).state, 'pieces', (p_reply).pieces, 'claims', (p_reply).claims, 'valid_s', hall_private.seconds_until((p_reply).valid_until));


--
-- Name: reply_rank(hall.reply_state); Type: FUNCTION; Schema: hall_private; Owner: -
--

CREATE FUNCTION hall_private.reply_rank(p_state hall.reply_state) RETURNS integer
    LANGUAGE sql IMMUTABLE
    RETURN CASE p_state WHEN 'unsent'::hall.reply_state THEN 0 WHEN 'expired'::hall.reply_state THEN 1 WHEN 'dead'::hall.reply_state THEN 1 WHEN 'answered'::hall.reply_state THEN 2 WHEN 'sent'::hall.reply_state THEN 2 WHEN 'accepted'::hall.reply_state THEN 3 WHEN 'failed'::hall.reply_state THEN 4 WHEN 'delivered'::hall.reply_state THEN 5 ELSE NULL::integer END;


--
-- Name: message; Type: TABLE; Schema: hall; Owner: -
--

CREATE TABLE hall.message (
    msisdn bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    gateway_at timestamp with time zone,
    fingerprint bigint,
    number integer NOT NULL,
    month date NOT NULL,
    gateway_id text NOT NULL COLLATE pg_catalog."C",
    port text NOT NULL,
    text text NOT NULL,
    command text
)
PARTITION BY LIST (month);


--
-- Name: message_2611; Type: TABLE; Schema: hall; Owner: -
--

CREATE TABLE hall.message_2611 (
    msisdn bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    gateway_at timestamp with time zone,
    fingerprint bigint,
    number integer NOT NULL,
    month date NOT NULL,
    gateway_id text NOT NULL COLLATE pg_catalog."C",
    port text NOT NULL,
    text text NOT NULL,
    command text
);


--
-- Name: message_2612; Type: TABLE; Schema: hall; Owner: -
--

CREATE TABLE hall.message_2612 (
    msisdn bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    gateway_at timestamp with time zone,
    fingerprint bigint,
    number integer NOT NULL,
    month date NOT NULL,
    gateway_id text NOT NULL COLLATE pg_catalog."C",
    port text NOT NULL,
    text text NOT NULL,
    command text
);


--
-- Name: message_2701; Type: TABLE; Schema: hall; Owner: -
--

CREATE TABLE hall.message_2701 (
    msisdn bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    gateway_at timestamp with time zone,
    fingerprint bigint,
    number integer NOT NULL,
    month date NOT NULL,
    gateway_id text NOT NULL COLLATE pg_catalog."C",
    port text NOT NULL,
    text text NOT NULL,
    command text
);


--
-- Name: message_other; Type: TABLE; Schema: hall; Owner: -
--

CREATE TABLE hall.message_other (
    msisdn bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    gateway_at timestamp with time zone,
    fingerprint bigint,
    number integer NOT NULL,
    month date NOT NULL,
    gateway_id text NOT NULL COLLATE pg_catalog."C",
    port text NOT NULL,
    text text NOT NULL,
    command text
);


--
-- Name: migration; Type: TABLE; Schema: hall; Owner: -
--

CREATE TABLE hall.migration (
    name text NOT NULL,
    checksum text NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: reply_2611; Type: TABLE; Schema: hall; Owner: -
--

CREATE TABLE hall.reply_2611 (
    msisdn bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    claim_after timestamp with time zone,
    valid_until timestamp with time zone NOT NULL,
    sent_at timestamp with time zone,
    report_at timestamp with time zone,
    resent_at timestamp with time zone,
    number integer NOT NULL,
    asked_hash integer,
    month date NOT NULL,
    part smallint DEFAULT 1 NOT NULL,
    pieces smallint DEFAULT 0 NOT NULL,
    claims smallint DEFAULT 0 NOT NULL,
    report_status smallint,
    state hall.reply_state NOT NULL,
    port text NOT NULL,
    command text NOT NULL,
    outcome text NOT NULL,
    fields jsonb NOT NULL,
    text text,
    reason text,
    CONSTRAINT only_unsent_ones_can_be_claimed CHECK (((state = 'unsent'::hall.reply_state) = (claim_after IS NOT NULL)))
);


--
-- Name: reply_2612; Type: TABLE; Schema: hall; Owner: -
--

CREATE TABLE hall.reply_2612 (
    msisdn bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    claim_after timestamp with time zone,
    valid_until timestamp with time zone NOT NULL,
    sent_at timestamp with time zone,
    report_at timestamp with time zone,
    resent_at timestamp with time zone,
    number integer NOT NULL,
    asked_hash integer,
    month date NOT NULL,
    part smallint DEFAULT 1 NOT NULL,
    pieces smallint DEFAULT 0 NOT NULL,
    claims smallint DEFAULT 0 NOT NULL,
    report_status smallint,
    state hall.reply_state NOT NULL,
    port text NOT NULL,
    command text NOT NULL,
    outcome text NOT NULL,
    fields jsonb NOT NULL,
    text text,
    reason text,
    CONSTRAINT only_unsent_ones_can_be_claimed CHECK (((state = 'unsent'::hall.reply_state) = (claim_after IS NOT NULL)))
);


--
-- Name: reply_2701; Type: TABLE; Schema: hall; Owner: -
--

CREATE TABLE hall.reply_2701 (
    msisdn bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    claim_after timestamp with time zone,
    valid_until timestamp with time zone NOT NULL,
    sent_at timestamp with time zone,
    report_at timestamp with time zone,
    resent_at timestamp with time zone,
    number integer NOT NULL,
    asked_hash integer,
    month date NOT NULL,
    part smallint DEFAULT 1 NOT NULL,
    pieces smallint DEFAULT 0 NOT NULL,
    claims smallint DEFAULT 0 NOT NULL,
    report_status smallint,
    state hall.reply_state NOT NULL,
    port text NOT NULL,
    command text NOT NULL,
    outcome text NOT NULL,
    fields jsonb NOT NULL,
    text text,
    reason text,
    CONSTRAINT only_unsent_ones_can_be_claimed CHECK (((state = 'unsent'::hall.reply_state) = (claim_after IS NOT NULL)))
);


--
-- Name: reply_other; Type: TABLE; Schema: hall; Owner: -
--

CREATE TABLE hall.reply_other (
    msisdn bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    claim_after timestamp with time zone,
    valid_until timestamp with time zone NOT NULL,
    sent_at timestamp with time zone,
    report_at timestamp with time zone,
    resent_at timestamp with time zone,
    number integer NOT NULL,
    asked_hash integer,
    month date NOT NULL,
    part smallint DEFAULT 1 NOT NULL,
    pieces smallint DEFAULT 0 NOT NULL,
    claims smallint DEFAULT 0 NOT NULL,
    report_status smallint,
    state hall.reply_state NOT NULL,
    port text NOT NULL,
    command text NOT NULL,
    outcome text NOT NULL,
    fields jsonb NOT NULL,
    text text,
    reason text,
    CONSTRAINT only_unsent_ones_can_be_claimed CHECK (((state = 'unsent'::hall.reply_state) = (claim_after IS NOT NULL)))
);


--
-- Name: service; Type: TABLE; Schema: hall; Owner: -
--

CREATE TABLE hall.service (
    code text NOT NULL,
    name text NOT NULL,
    aliases text[] DEFAULT '{}'::text[] NOT NULL,
    fee_fen bigint DEFAULT 0 NOT NULL,
    period text DEFAULT 'month'::text NOT NULL,
    provider text,
    port text,
    excludes text,
    confirm_window interval DEFAULT '24:00:00'::interval NOT NULL,
    trial_days integer DEFAULT 0 NOT NULL,
    ends text DEFAULT 'at_once'::text NOT NULL,
    is_offered boolean DEFAULT true NOT NULL,
    CONSTRAINT a_code_is_folded CHECK (((code = upper(code)) AND (code <> ''::text))),
    CONSTRAINT a_fee_is_not_negative CHECK ((fee_fen >= 0)),
    CONSTRAINT a_known_end CHECK ((ends = ANY (ARRAY['at_once'::text, 'month_end'::text]))),
    CONSTRAINT a_known_period CHECK ((period = ANY (ARRAY['month'::text, 'message'::text, 'once'::text]))),
    CONSTRAINT a_provider_has_a_port CHECK (((provider IS NULL) = (port IS NULL))),
    CONSTRAINT a_trial_is_not_negative CHECK ((trial_days >= 0)),
    CONSTRAINT an_order_can_be_answered CHECK ((confirm_window > '00:00:00'::interval))
);


--
-- Name: setting; Type: TABLE; Schema: hall; Owner: -
--

CREATE TABLE hall.setting (
    name text NOT NULL,
    value bigint NOT NULL,
    note text NOT NULL,
    CONSTRAINT a_setting_is_not_negative CHECK ((value >= 0))
);


--
-- Name: subscription; Type: TABLE; Schema: hall; Owner: -
--

CREATE TABLE hall.subscription (
    msisdn bigint NOT NULL,
    service text NOT NULL,
    since timestamp with time zone NOT NULL,
    until timestamp with time zone,
    CONSTRAINT an_end_comes_after_its_start CHECK ((until >= since))
);


--
-- Name: message_2611; Type: TABLE ATTACH; Schema: hall; Owner: -
--

ALTER TABLE ONLY hall.message ATTACH PARTITION hall.message_2611 FOR VALUES IN ('2026-11-01');


--
-- Name: message_2612; Type: TABLE ATTACH; Schema: hall; Owner: -
--

ALTER TABLE ONLY hall.message ATTACH PARTITION hall.message_2612 FOR VALUES IN ('2026-12-01');


--
-- Name: message_2701; Type: TABLE ATTACH; Schema: hall; Owner: -
--

ALTER TABLE ONLY hall.message ATTACH PARTITION hall.message_2701 FOR VALUES IN ('2027-01-01');


--
-- Name: message_other; Type: TABLE ATTACH; Schema: hall; Owner: -
--

ALTER TABLE ONLY hall.message ATTACH PARTITION hall.message_other DEFAULT;


--
-- Name: reply_2611; Type: TABLE ATTACH; Schema: hall; Owner: -
--

ALTER TABLE ONLY hall.reply ATTACH PARTITION hall.reply_2611 FOR VALUES IN ('2026-11-01');


--
-- Name: reply_2612; Type: TABLE ATTACH; Schema: hall; Owner: -
--

ALTER TABLE ONLY hall.reply ATTACH PARTITION hall.reply_2612 FOR VALUES IN ('2026-12-01');


--
-- Name: reply_2701; Type: TABLE ATTACH; Schema: hall; Owner: -
--

ALTER TABLE ONLY hall.reply ATTACH PARTITION hall.reply_2701 FOR VALUES IN ('2027-01-01');


--
-- Name: reply_other; Type: TABLE ATTACH; Schema: hall; Owner: -
--

ALTER TABLE ONLY hall.reply ATTACH PARTITION hall.reply_other DEFAULT;


--
-- Data for Name: allowance; Type: TABLE DATA; Schema: hall; Owner: -
--

COPY hall.allowance (msisdn, kind, rest, total) FROM stdin;
13800138000	voice	200	500
13800138000	sms	80	100
13800138000	mms	15	20
13800138000	data	350	500
\.


--
-- Data for Name: bill; Type: TABLE DATA; Schema: hall; Owner: -
--

COPY hall.bill (msisdn, month, total_fen, items) FROM stdin;
13800138000	2012-11-01	8860	[{"fen": 5800, "name": "套餐及固定费"}, {"fen": 2060, "name": "语音通信费"}, {"fen": 1000, "name": "短信彩信费"}]
\.


--
-- Data for Name: conversation; Type: TABLE DATA; Schema: hall; Owner: -
--

COPY hall.conversation (msisdn, at, before_at, fingerprint, number, message_number, before_number, look_number, is_same, port) FROM stdin;
13800138003	2026-11-22 11:37:43.076323+00	2026-11-22 11:37:43.076323+00	1945147930667403492	1	1	\N	21	f	10086
13800138000	2026-11-22 11:37:51.408122+00	2026-11-22 11:37:51.320218+00	-3422473007850648708	48	48	47	59	f	10086
13800138002	2026-11-22 11:37:51.496301+00	2026-11-22 11:37:48.288243+00	-2024656576882081732	11	11	10	21	f	10086
13800138001	2026-11-22 11:37:47.584887+00	2026-11-22 11:37:42.933552+00	8561308174107146437	2	2	1	21	f	10086
13900139000	2026-11-22 11:37:49.080083+00	2026-11-22 11:37:48.992307+00	-1166397803181037274	9	9	8	21	f	10086
\.


--
-- Data for Name: ledger; Type: TABLE DATA; Schema: hall; Owner: -
--

COPY hall.ledger (msisdn, number, at, fen, balance_fen, kind, note, reference) FROM stdin;
13800138000	1	2026-11-22 11:36:10.13539+00	5678	5678	opening	期初余额	opening
13800138001	1	2026-11-22 11:36:10.13539+00	50	50	opening	期初余额	opening
13800138002	1	2026-11-22 11:36:10.13539+00	-1230	-1230	opening	期初余额	opening
13800138003	1	2026-11-22 11:36:10.13539+00	10000	10000	opening	期初余额	opening
\.


--
-- Data for Name: message_2611; Type: TABLE DATA; Schema: hall; Owner: -
--

COPY hall.message_2611 (msisdn, at, gateway_at, fingerprint, number, month, gateway_id, port, text, command) FROM stdin;
13800138000	2026-11-22 11:37:42.21368+00	2026-11-22 11:37:42+00	1945147930667403492	1	2026-11-01	5fea0356-b760-4370-843f-f3786e966b08	10086	YE	balance
13800138001	2026-11-22 11:37:42.933552+00	2026-11-22 11:37:42+00	1945147930667403492	1	2026-11-01	f648d974-cf1f-4049-9856-ec5a4f240297	10086	YE	balance
13800138002	2026-11-22 11:37:42.988048+00	2026-11-22 11:37:42+00	1945147930667403492	1	2026-11-01	ade41874-e97e-49cb-ac44-f5797b235d2b	10086	YE	balance
13800138003	2026-11-22 11:37:43.076323+00	2026-11-22 11:37:43+00	1945147930667403492	1	2026-11-01	aee8b34a-7153-4b24-83c2-47ea54e5c5c3	10086	YE	balance
13800138002	2026-11-22 11:37:43.164093+00	2026-11-22 11:37:43+00	1945147930667403492	2	2026-11-01	dbdfb5dd-7d86-4c6b-b3d2-7e118b3be094	10086	YE	balance
13800138000	2026-11-22 11:37:43.252182+00	2026-11-22 11:37:43+00	3540750235333875875	2	2026-11-01	8d75a8ae-201f-4994-be4f-50a0673ffb8f	10086	ZD201211	bill
13800138000	2026-11-22 11:37:44.003994+00	2026-11-22 11:37:44+00	8994488620394816578	3	2026-11-01	5cdfb877-6cc6-4731-b953-bdb74bd74363	10086	ZD	bill
13800138000	2026-11-22 11:37:44.04831+00	2026-11-22 11:37:44+00	8994488620394816578	4	2026-11-01	f0961300-3a38-4e24-8d99-0d9406e090cd	10086	zd	bill
13800138000	2026-11-22 11:37:44.136262+00	2026-11-22 11:37:44+00	6342019236842023081	5	2026-11-01	7f64710c-fd95-490b-918a-98a9f5e1065a	10086	CXZD	bill
13800138000	2026-11-22 11:37:44.22426+00	2026-11-22 11:37:44+00	8100772690401814129	6	2026-11-01	f415ca21-8a14-4aa7-92bd-bd247b98161a	10086	ZDCX	bill
13800138000	2026-11-22 11:37:44.315398+00	2026-11-22 11:37:44+00	1523270977182656871	7	2026-11-01	fbe4465f-a6ff-4575-84a1-213b9e114cea	10086	账单	bill
13800138000	2026-11-22 11:37:44.400254+00	2026-11-22 11:37:44+00	7764653285737303399	8	2026-11-01	7ee1a73d-067f-43db-bbce-c8e532a868ca	10086	查账单	bill
13800138000	2026-11-22 11:37:44.487948+00	2026-11-22 11:37:44+00	-8723042443541511813	9	2026-11-01	fa96fe51-c2fc-4aa2-b66e-57d353686f79	10086	查询账单	bill
13800138000	2026-11-22 11:37:44.576266+00	2026-11-22 11:37:44+00	1522808929228360477	10	2026-11-01	efc9860b-e6c0-4a4a-9c98-935c8d9b3332	10086	账单查询	bill
13800138000	2026-11-22 11:37:44.664412+00	2026-11-22 11:37:44+00	3510511769729697501	11	2026-11-01	52eb001d-b1f7-432c-a37f-03268db26991	10086	帐单	bill
13800138000	2026-11-22 11:37:44.756472+00	2026-11-22 11:37:44+00	4340387960433647306	12	2026-11-01	cc77f106-7278-493e-af77-8eb6b58d1645	10086	帳單	bill
13800138000	2026-11-22 11:37:44.844261+00	2026-11-22 11:37:44+00	-3045217314914980752	13	2026-11-01	cf92e28b-3da5-49e1-b950-e8370672e577	10086	查詢賬單	bill
13800138000	2026-11-22 11:37:44.932236+00	2026-11-22 11:37:44+00	3540750235333875875	14	2026-11-01	33fb6793-1b02-490f-8629-5d323fdf7197	10086	zd２０１２１１	bill
13800138000	2026-11-22 11:37:45.020271+00	2026-11-22 11:37:44+00	2579525956356152002	15	2026-11-01	6bdd82cb-64ba-4373-a8e6-82a736232f5f	10086	ZD 201211	bill
13800138000	2026-11-22 11:37:45.108242+00	2026-11-22 11:37:45+00	5403917496930327586	16	2026-11-01	5352c70d-bea2-4cbb-804c-17cb11c1cb11	10086	ZD#201211	bill
13800138000	2026-11-22 11:37:45.196351+00	2026-11-22 11:37:45+00	-4428425124203740432	17	2026-11-01	dc79d0d4-fe97-400e-9c88-8c3d2d85a8c8	10086	ZD*201211	bill
13800138000	2026-11-22 11:37:45.284276+00	2026-11-22 11:37:45+00	-2780823357182807572	18	2026-11-01	a0fbae97-8f1a-4d78-9ec3-198588674a7c	10086	zd2012-11	bill
13800138000	2026-11-22 11:37:45.372195+00	2026-11-22 11:37:45+00	7337658317873572751	19	2026-11-01	21656ced-6c1f-45fa-bbad-270efb3931b3	10086	ZD201211月	bill
13800138000	2026-11-22 11:37:45.464238+00	2026-11-22 11:37:45+00	880020040433433134	20	2026-11-01	13d72274-c577-41e8-aa2c-caa1a0d71e45	10086	查账单2012年11月	bill
13800138000	2026-11-22 11:37:45.552251+00	2026-11-22 11:37:45+00	-2353108885062616383	21	2026-11-01	02b58488-b341-42a4-89d0-431215a1de4b	10086	账单201211	bill
13800138000	2026-11-22 11:37:45.640308+00	2026-11-22 11:37:45+00	-7598768063158678940	22	2026-11-01	0c566eff-8c16-4736-b0e8-846cf96cbd82	10086	HF 201211	bill
13800138000	2026-11-22 11:37:45.728221+00	2026-11-22 11:37:45+00	3284740729795955228	23	2026-11-01	c518f575-b357-4b5e-8547-817935c72bd9	10086	hf201211	bill
13800138000	2026-11-22 11:37:45.816132+00	2026-11-22 11:37:45+00	-505233202535677611	24	2026-11-01	0f1c8fd1-5078-444a-95ef-a201f42967cc	10086	CXHF201211	bill
13800138000	2026-11-22 11:37:45.904237+00	2026-11-22 11:37:45+00	-5764447312038126724	25	2026-11-01	20a3d535-c11f-4ea2-97aa-5900158db95f	10086	CXZD201211	bill
13800138000	2026-11-22 11:37:45.992103+00	2026-11-22 11:37:45+00	8561308174107146437	26	2026-11-01	727f80b3-e4e1-4827-ae22-98415cdcd2d7	10086	GN	services
13800138000	2026-11-22 11:37:46.745032+00	2026-11-22 11:37:46+00	8561308174107146437	27	2026-11-01	e0105122-16a6-4a92-9a92-0a5730726d8a	10086	gn	services
13800138000	2026-11-22 11:37:46.792121+00	2026-11-22 11:37:46+00	1857943748074885723	28	2026-11-01	87344507-42ee-425d-b537-f79baaa78f9a	10086	CXGN	services
13800138000	2026-11-22 11:37:46.880125+00	2026-11-22 11:37:46+00	-3416101162148723710	29	2026-11-01	dba796dd-c0a4-4a0b-b107-dac46b1ab463	10086	GNCX	services
13800138000	2026-11-22 11:37:46.968241+00	2026-11-22 11:37:46+00	-4384292149218385118	30	2026-11-01	8b1fafcf-4dc3-4c0d-a78d-0566b0b806cb	10086	已开通功能	services
13800138000	2026-11-22 11:37:47.056163+00	2026-11-22 11:37:47+00	8210694142363654582	31	2026-11-01	8299e408-0d18-4b04-8369-663f9d4e228d	10086	已开通的业务	services
13800138000	2026-11-22 11:37:47.144098+00	2026-11-22 11:37:47+00	-1462836438239795205	32	2026-11-01	4ce0d695-eded-4dea-b36b-ebe74e607a73	10086	查功能	services
13800138000	2026-11-22 11:37:47.232044+00	2026-11-22 11:37:47+00	8735769613890554873	33	2026-11-01	c254870c-7796-44b5-b220-998d52d045fa	10086	查询业务	services
13800138000	2026-11-22 11:37:47.320083+00	2026-11-22 11:37:47+00	-2729425647259906257	34	2026-11-01	f20e66b4-a433-42b3-92a1-f6d4245688e5	10086	我的业务	services
13800138000	2026-11-22 11:37:47.408192+00	2026-11-22 11:37:47+00	6540888347238631787	35	2026-11-01	975053b7-4c4e-4aa4-8db9-1c2fa03a94a8	10086	已開通功能	services
13800138000	2026-11-22 11:37:47.496233+00	2026-11-22 11:37:47+00	-8660562744465497014	36	2026-11-01	e2a7aaa8-1198-4d2b-bc65-d06a03cf6a5c	10086	業務查詢	services
13800138001	2026-11-22 11:37:47.584887+00	2026-11-22 11:37:47+00	8561308174107146437	2	2026-11-01	ad58da34-3036-4b84-931e-f765db65537a	10086	GN	services
13800138002	2026-11-22 11:37:47.67218+00	2026-11-22 11:37:47+00	8561308174107146437	3	2026-11-01	ca340939-b0ab-4057-b504-7cee05d035f7	10086	GN	services
13800138002	2026-11-22 11:37:47.760451+00	2026-11-22 11:37:47+00	1945147930667403492	4	2026-11-01	52bb81f7-bb20-4a15-b8d0-9367d515b9b5	10086	YE	balance
13800138002	2026-11-22 11:37:47.848387+00	2026-11-22 11:37:47+00	3540750235333875875	5	2026-11-01	2b199ed7-071c-4cb2-b15b-57f43c9fa764	10086	ZD201211	bill
13800138002	2026-11-22 11:37:47.93632+00	2026-11-22 11:37:47+00	8635417104432049930	6	2026-11-01	19374b47-14ad-41ff-9589-b9b56b49b277	10086	JF	points
13800138002	2026-11-22 11:37:48.024237+00	2026-11-22 11:37:47+00	8561308174107146437	7	2026-11-01	7168c884-3ac0-4cdc-8835-44cae289e1fc	10086	GN	services
13800138002	2026-11-22 11:37:48.112266+00	2026-11-22 11:37:48+00	7984949224350101808	8	2026-11-01	d7c40b95-503c-4e58-9744-1539b13a3bde	10086	CXYEB	allowance_voice
13800138002	2026-11-22 11:37:48.20026+00	2026-11-22 11:37:48+00	-4277875851878866814	9	2026-11-01	ae3c4133-7717-4aed-81c0-89351c82a98c	10086	10086	menu
13800138002	2026-11-22 11:37:48.288243+00	2026-11-22 11:37:48+00	-3271934363980664063	10	2026-11-01	0a47a11f-43f8-4498-ad52-f13b62bfab38	10086	帮助	help
13900139000	2026-11-22 11:37:48.376267+00	2026-11-22 11:37:48+00	1945147930667403492	1	2026-11-01	a83a1c60-1d78-4f64-9eb6-e43b29fa7111	10086	YE	balance
13900139000	2026-11-22 11:37:48.464015+00	2026-11-22 11:37:48+00	3540750235333875875	2	2026-11-01	7e0507e4-6cf9-4a45-b1ed-619bfb6da8be	10086	ZD201211	bill
13900139000	2026-11-22 11:37:48.552196+00	2026-11-22 11:37:48+00	8635417104432049930	3	2026-11-01	6f11dab1-d021-4098-9fde-4edf84388ef6	10086	JF	points
13900139000	2026-11-22 11:37:48.640125+00	2026-11-22 11:37:48+00	8561308174107146437	4	2026-11-01	ef50c0ba-893d-45b3-8987-e77c8115ebe1	10086	GN	services
13900139000	2026-11-22 11:37:48.728366+00	2026-11-22 11:37:48+00	-8422213366018859990	5	2026-11-01	9e9b9104-a2c4-4f80-bc3d-3b9be3a387d4	10086	CXYEG	allowance_data
13900139000	2026-11-22 11:37:48.816078+00	2026-11-22 11:37:48+00	-4277875851878866814	6	2026-11-01	118f1b73-b99e-4070-821d-5071e7c51ef0	10086	10086	menu
13900139000	2026-11-22 11:37:48.904515+00	2026-11-22 11:37:48+00	-3271934363980664063	7	2026-11-01	d28bc6bb-0245-405a-b6b5-302085374c1e	10086	帮助	help
13900139000	2026-11-22 11:37:48.992307+00	2026-11-22 11:37:48+00	-2024656576882081732	8	2026-11-01	b1bfd927-7976-4c6a-bb91-5631b5f12316	10086	你好	\N
13900139000	2026-11-22 11:37:49.080083+00	2026-11-22 11:37:49+00	-1166397803181037274	9	2026-11-01	6c030dae-f03e-4026-a591-bdfb36cb4f40	10086		\N
13800138000	2026-11-22 11:37:49.854124+00	2026-11-22 11:37:49+00	4725369331254354311	37	2026-11-01	5da25427-b6fb-433d-a839-75365665dbdb	10086	今天天气真好	\N
13800138000	2026-11-22 11:37:49.904161+00	2026-11-22 11:37:49+00	4725369331254354311	38	2026-11-01	f6f8de8b-9c0b-40fe-b058-7bddd2af9d5a	10086	今天天气真好	\N
13800138000	2026-11-22 11:37:50.657913+00	2026-11-22 11:37:50+00	-2592202772016203789	39	2026-11-01	694e5c11-7feb-4192-ab12-4c23741fe778	10086	CXYEX	\N
13800138000	2026-11-22 11:37:50.704104+00	2026-11-22 11:37:50+00	3955171088135637408	40	2026-11-01	98a23f2e-5c5e-44df-b5b2-0981c380ef16	10086	JFF	\N
13800138000	2026-11-22 11:37:50.792093+00	2026-11-22 11:37:50+00	8146826728524417105	41	2026-11-01	d35285cc-6b0b-4f54-a653-cf38aafdbd4a	10086	CXY	\N
13800138000	2026-11-22 11:37:50.880207+00	2026-11-22 11:37:50+00	2701426555170771978	42	2026-11-01	80765fae-f6ed-456b-951a-7996ebcd8aba	10086	YE 201211	\N
13800138000	2026-11-22 11:37:50.968207+00	2026-11-22 11:37:50+00	357755327803064397	43	2026-11-01	ef2237ee-0353-4c23-a66d-75d406a9511b	10086	我想查余额可以吗谢谢	\N
13800138000	2026-11-22 11:37:51.056292+00	2026-11-22 11:37:51+00	-6839367699073213106	44	2026-11-01	df722d15-93ee-457d-80e6-519c699e2424	10086	MMXG *** ***	\N
13800138000	2026-11-22 11:37:51.144322+00	2026-11-22 11:37:51+00	-7611930980958339681	45	2026-11-01	ca0850c0-12eb-4d07-b87e-6cf556324251	10086	mmxg#***	\N
13800138000	2026-11-22 11:37:51.231954+00	2026-11-22 11:37:51+00	-1244429262695890483	46	2026-11-01	664658e3-64d1-405e-812e-72c65ad9e802	10086	MMXG#***abc***	\N
13800138000	2026-11-22 11:37:51.320218+00	2026-11-22 11:37:51+00	-2026946327299895895	47	2026-11-01	cffb3940-6106-409d-88a5-51c55f50ee3a	10086	***#***	\N
13800138000	2026-11-22 11:37:51.408122+00	2026-11-22 11:37:51+00	-3422473007850648708	48	2026-11-01	e53eefc9-b4ac-4e3f-a993-33786ae7f2f8	10086	是？	\N
13800138002	2026-11-22 11:37:51.496301+00	2026-11-22 11:37:51+00	-2024656576882081732	11	2026-11-01	43d9e635-39d7-4c90-9396-67254d600bf3	10086	你好	\N
\.


--
-- Data for Name: message_2612; Type: TABLE DATA; Schema: hall; Owner: -
--

COPY hall.message_2612 (msisdn, at, gateway_at, fingerprint, number, month, gateway_id, port, text, command) FROM stdin;
\.


--
-- Data for Name: message_2701; Type: TABLE DATA; Schema: hall; Owner: -
--

COPY hall.message_2701 (msisdn, at, gateway_at, fingerprint, number, month, gateway_id, port, text, command) FROM stdin;
\.


--
-- Data for Name: message_other; Type: TABLE DATA; Schema: hall; Owner: -
--

COPY hall.message_other (msisdn, at, gateway_at, fingerprint, number, month, gateway_id, port, text, command) FROM stdin;
\.


--
-- Data for Name: migration; Type: TABLE DATA; Schema: hall; Owner: -
--

COPY hall.migration (name, checksum, at) FROM stdin;
0001_setting.sql	83d539ee91982ec3e61c6914d8ae210a77a1507881383ae7120f574e87d2249d	2026-11-22 11:36:10.031761+00
0002_catalogue.sql	26fd828ae97d7d6939ecbfa93695698688b6b7e7b3d4a3cc99f106f976498fd8	2026-11-22 11:36:10.031761+00
0003_account.sql	76b4d58047dd25ba66fc81e45204ffbb5c2670e3a2d775e2bede4cb0dff8777c	2026-11-22 11:36:10.031761+00
0004_message.sql	c823b901fc3714b4443ae315cf848fd74db26e62cc61038f6701bbfbe88ff6ed	2026-11-22 11:36:10.031761+00
\.


--
-- Data for Name: port; Type: TABLE DATA; Schema: hall; Owner: -
--

COPY hall.port (prefix, provider) FROM stdin;
106601	新华短讯
106602	风云气象
\.


--
-- Data for Name: provider; Type: TABLE DATA; Schema: hall; Owner: -
--

COPY hall.provider (name, telephone, homepage) FROM stdin;
新华短讯	4008106601	http://www.xinhua-sms.example
风云气象	4008106602	http://www.fengyun-weather.example
\.


--
-- Data for Name: reply_2611; Type: TABLE DATA; Schema: hall; Owner: -
--

COPY hall.reply_2611 (msisdn, at, claim_after, valid_until, sent_at, report_at, resent_at, number, asked_hash, month, part, pieces, claims, report_status, state, port, command, outcome, fields, text, reason) FROM stdin;
13800138000	2026-11-22 11:37:42.21368+00	\N	2026-11-23 11:37:42.21368+00	2026-11-22 11:37:42.226068+00	2026-11-22 11:37:42+00	\N	1	977090008	2026-11-01	1	1	0	1	delivered	10086	balance	ok	{"as_of": "2026-11-22T19:37:42+08:00", "brand": "全球通", "balance": 5678}	尊敬的客户，您好！您的账户余额为56.78元。中国移动	\N
13800138001	2026-11-22 11:37:42.933552+00	\N	2026-11-23 11:37:42.933552+00	2026-11-22 11:37:42.946028+00	2026-11-22 11:37:43+00	\N	1	977090008	2026-11-01	1	1	0	1	delivered	10086	balance	ok	{"as_of": "2026-11-22T19:37:42+08:00", "brand": "神州行", "balance": 50}	尊敬的客户，您好！您的账户余额为0.50元。中国移动	\N
13800138002	2026-11-22 11:37:42.988048+00	\N	2026-11-23 11:37:42.988048+00	2026-11-22 11:37:43.032159+00	2026-11-22 11:37:43+00	\N	1	977090008	2026-11-01	1	1	0	1	delivered	10086	balance	ok	{"as_of": "2026-11-22T19:37:42+08:00", "brand": "动感地带", "balance": -1230}	尊敬的客户，您好！您的账户余额为-12.30元。中国移动	\N
13800138003	2026-11-22 11:37:43.076323+00	\N	2026-11-23 11:37:43.076323+00	2026-11-22 11:37:43.120427+00	2026-11-22 11:37:43+00	\N	1	977090008	2026-11-01	1	1	0	1	delivered	10086	balance	ok	{"as_of": "2026-11-22T19:37:43+08:00", "brand": "全球通", "balance": 10000}	尊敬的客户，您好！您的账户余额为100.00元。中国移动	\N
13800138002	2026-11-22 11:37:43.164093+00	\N	2026-11-23 11:37:43.164093+00	2026-11-22 11:37:43.208615+00	2026-11-22 11:37:43+00	\N	2	977090008	2026-11-01	1	1	0	1	delivered	10086	balance	ok	{"as_of": "2026-11-22T19:37:43+08:00", "brand": "动感地带", "balance": -1230}	尊敬的客户，您好！您的账户余额为-12.30元。中国移动	\N
13800138000	2026-11-22 11:37:43.252182+00	\N	2026-11-23 11:37:43.252182+00	2026-11-22 11:37:43.296527+00	2026-11-22 11:37:43+00	\N	2	1568569270	2026-11-01	1	1	0	1	delivered	10086	bill	ok	{"items": [{"fen": 5800, "name": "套餐及固定费"}, {"fen": 2060, "name": "语音通信费"}, {"fen": 1000, "name": "短信彩信费"}], "month": "201211", "total": 8860}	尊敬的客户，您好！您2012年11月账单合计88.60元：套餐及固定费58.00元、语音通信费20.60元、短信彩信费10.00元。中国移动	\N
13800138000	2026-11-22 11:37:44.003994+00	\N	2026-11-23 11:37:44.003994+00	2026-11-22 11:37:44.005969+00	2026-11-22 11:37:44+00	\N	3	1530046382	2026-11-01	1	1	0	1	delivered	10086	bill	ok	{"items": [{"fen": 5800, "name": "套餐及固定费"}, {"fen": 2060, "name": "语音通信费"}, {"fen": 1000, "name": "短信彩信费"}], "month": "201211", "total": 8860}	尊敬的客户，您好！您2012年11月账单合计88.60元：套餐及固定费58.00元、语音通信费20.60元、短信彩信费10.00元。中国移动	\N
13800138000	2026-11-22 11:37:44.04831+00	\N	2026-11-23 11:37:44.04831+00	2026-11-22 11:37:44.092164+00	2026-11-22 11:37:44+00	\N	4	1530046382	2026-11-01	1	1	0	1	delivered	10086	bill	ok	{"items": [{"fen": 5800, "name": "套餐及固定费"}, {"fen": 2060, "name": "语音通信费"}, {"fen": 1000, "name": "短信彩信费"}], "month": "201211", "total": 8860}	尊敬的客户，您好！您2012年11月账单合计88.60元：套餐及固定费58.00元、语音通信费20.60元、短信彩信费10.00元。中国移动	\N
13800138000	2026-11-22 11:37:44.136262+00	\N	2026-11-23 11:37:44.136262+00	2026-11-22 11:37:44.180883+00	2026-11-22 11:37:44+00	\N	5	-21423776	2026-11-01	1	1	0	1	delivered	10086	bill	ok	{"items": [{"fen": 5800, "name": "套餐及固定费"}, {"fen": 2060, "name": "语音通信费"}, {"fen": 1000, "name": "短信彩信费"}], "month": "201211", "total": 8860}	尊敬的客户，您好！您2012年11月账单合计88.60元：套餐及固定费58.00元、语音通信费20.60元、短信彩信费10.00元。中国移动	\N
13800138000	2026-11-22 11:37:44.22426+00	\N	2026-11-23 11:37:44.22426+00	2026-11-22 11:37:44.268255+00	2026-11-22 11:37:44+00	\N	6	-1688658607	2026-11-01	1	1	0	1	delivered	10086	bill	ok	{"items": [{"fen": 5800, "name": "套餐及固定费"}, {"fen": 2060, "name": "语音通信费"}, {"fen": 1000, "name": "短信彩信费"}], "month": "201211", "total": 8860}	尊敬的客户，您好！您2012年11月账单合计88.60元：套餐及固定费58.00元、语音通信费20.60元、短信彩信费10.00元。中国移动	\N
13800138000	2026-11-22 11:37:44.315398+00	\N	2026-11-23 11:37:44.315398+00	2026-11-22 11:37:44.35656+00	2026-11-22 11:37:44+00	\N	7	-1120093820	2026-11-01	1	1	0	1	delivered	10086	bill	ok	{"items": [{"fen": 5800, "name": "套餐及固定费"}, {"fen": 2060, "name": "语音通信费"}, {"fen": 1000, "name": "短信彩信费"}], "month": "201211", "total": 8860}	尊敬的客户，您好！您2012年11月账单合计88.60元：套餐及固定费58.00元、语音通信费20.60元、短信彩信费10.00元。中国移动	\N
13800138000	2026-11-22 11:37:44.400254+00	\N	2026-11-23 11:37:44.400254+00	2026-11-22 11:37:44.444127+00	2026-11-22 11:37:44+00	\N	8	1923903508	2026-11-01	1	1	0	1	delivered	10086	bill	ok	{"items": [{"fen": 5800, "name": "套餐及固定费"}, {"fen": 2060, "name": "语音通信费"}, {"fen": 1000, "name": "短信彩信费"}], "month": "201211", "total": 8860}	尊敬的客户，您好！您2012年11月账单合计88.60元：套餐及固定费58.00元、语音通信费20.60元、短信彩信费10.00元。中国移动	\N
13800138000	2026-11-22 11:37:44.487948+00	\N	2026-11-23 11:37:44.487948+00	2026-11-22 11:37:44.532267+00	2026-11-22 11:37:44+00	\N	9	776564636	2026-11-01	1	1	0	1	delivered	10086	bill	ok	{"items": [{"fen": 5800, "name": "套餐及固定费"}, {"fen": 2060, "name": "语音通信费"}, {"fen": 1000, "name": "短信彩信费"}], "month": "201211", "total": 8860}	尊敬的客户，您好！您2012年11月账单合计88.60元：套餐及固定费58.00元、语音通信费20.60元、短信彩信费10.00元。中国移动	\N
13800138000	2026-11-22 11:37:44.576266+00	\N	2026-11-23 11:37:44.576266+00	2026-11-22 11:37:44.620245+00	2026-11-22 11:37:44+00	\N	10	-972331784	2026-11-01	1	1	0	1	delivered	10086	bill	ok	{"items": [{"fen": 5800, "name": "套餐及固定费"}, {"fen": 2060, "name": "语音通信费"}, {"fen": 1000, "name": "短信彩信费"}], "month": "201211", "total": 8860}	尊敬的客户，您好！您2012年11月账单合计88.60元：套餐及固定费58.00元、语音通信费20.60元、短信彩信费10.00元。中国移动	\N
13800138000	2026-11-22 11:37:44.664412+00	\N	2026-11-23 11:37:44.664412+00	2026-11-22 11:37:44.708159+00	2026-11-22 11:37:44+00	\N	11	1661377509	2026-11-01	1	1	0	1	delivered	10086	bill	ok	{"items": [{"fen": 5800, "name": "套餐及固定费"}, {"fen": 2060, "name": "语音通信费"}, {"fen": 1000, "name": "短信彩信费"}], "month": "201211", "total": 8860}	尊敬的客户，您好！您2012年11月账单合计88.60元：套餐及固定费58.00元、语音通信费20.60元、短信彩信费10.00元。中国移动	\N
13800138000	2026-11-22 11:37:44.844261+00	\N	2026-11-23 11:37:44.844261+00	2026-11-22 11:37:44.889108+00	2026-11-22 11:37:44+00	\N	13	1284125127	2026-11-01	1	1	0	1	delivered	10086	bill	ok	{"items": [{"fen": 5800, "name": "套餐及固定费"}, {"fen": 2060, "name": "语音通信费"}, {"fen": 1000, "name": "短信彩信费"}], "month": "201211", "total": 8860}	尊敬的客户，您好！您2012年11月账单合计88.60元：套餐及固定费58.00元、语音通信费20.60元、短信彩信费10.00元。中国移动	\N
13800138001	2026-11-22 11:37:47.584887+00	\N	2026-11-23 11:37:47.584887+00	2026-11-22 11:37:47.628131+00	2026-11-22 11:37:47+00	\N	2	1398851601	2026-11-01	1	1	0	1	delivered	10086	services	none	{}	尊敬的客户，您好！您目前没有开通任何功能。中国移动	\N
13800138002	2026-11-22 11:37:47.67218+00	\N	2026-11-23 11:37:47.67218+00	2026-11-22 11:37:47.716734+00	2026-11-22 11:37:47+00	\N	3	1398851601	2026-11-01	1	1	0	1	delivered	10086	services	none	{}	尊敬的客户，您好！您目前没有开通任何功能。中国移动	\N
13800138000	2026-11-22 11:37:51.056292+00	\N	2026-11-23 11:37:51.056292+00	2026-11-22 11:37:51.100165+00	2026-11-22 11:37:51+00	\N	44	-564174805	2026-11-01	1	1	0	1	delivered	10086	hall	unknown	{"near": []}	您发送的内容无法识别。发送10086查看菜单。中国移动	\N
13800138000	2026-11-22 11:37:44.756472+00	\N	2026-11-23 11:37:44.756472+00	2026-11-22 11:37:44.800579+00	2026-11-22 11:37:44+00	\N	12	-932229273	2026-11-01	1	1	0	1	delivered	10086	bill	ok	{"items": [{"fen": 5800, "name": "套餐及固定费"}, {"fen": 2060, "name": "语音通信费"}, {"fen": 1000, "name": "短信彩信费"}], "month": "201211", "total": 8860}	尊敬的客户，您好！您2012年11月账单合计88.60元：套餐及固定费58.00元、语音通信费20.60元、短信彩信费10.00元。中国移动	\N
13800138000	2026-11-22 11:37:44.932236+00	\N	2026-11-23 11:37:44.932236+00	2026-11-22 11:37:44.976906+00	2026-11-22 11:37:45+00	\N	14	613409190	2026-11-01	1	1	0	1	delivered	10086	bill	ok	{"items": [{"fen": 5800, "name": "套餐及固定费"}, {"fen": 2060, "name": "语音通信费"}, {"fen": 1000, "name": "短信彩信费"}], "month": "201211", "total": 8860}	尊敬的客户，您好！您2012年11月账单合计88.60元：套餐及固定费58.00元、语音通信费20.60元、短信彩信费10.00元。中国移动	\N
13800138000	2026-11-22 11:37:45.020271+00	\N	2026-11-23 11:37:45.020271+00	2026-11-22 11:37:45.064401+00	2026-11-22 11:37:45+00	\N	15	-940663184	2026-11-01	1	1	0	1	delivered	10086	bill	ok	{"items": [{"fen": 5800, "name": "套餐及固定费"}, {"fen": 2060, "name": "语音通信费"}, {"fen": 1000, "name": "短信彩信费"}], "month": "201211", "total": 8860}	尊敬的客户，您好！您2012年11月账单合计88.60元：套餐及固定费58.00元、语音通信费20.60元、短信彩信费10.00元。中国移动	\N
13800138000	2026-11-22 11:37:45.108242+00	\N	2026-11-23 11:37:45.108242+00	2026-11-22 11:37:45.152395+00	2026-11-22 11:37:45+00	\N	16	-1953878917	2026-11-01	1	1	0	1	delivered	10086	bill	ok	{"items": [{"fen": 5800, "name": "套餐及固定费"}, {"fen": 2060, "name": "语音通信费"}, {"fen": 1000, "name": "短信彩信费"}], "month": "201211", "total": 8860}	尊敬的客户，您好！您2012年11月账单合计88.60元：套餐及固定费58.00元、语音通信费20.60元、短信彩信费10.00元。中国移动	\N
13800138000	2026-11-22 11:37:45.196351+00	\N	2026-11-23 11:37:45.196351+00	2026-11-22 11:37:45.240323+00	2026-11-22 11:37:45+00	\N	17	1236164526	2026-11-01	1	1	0	1	delivered	10086	bill	ok	{"items": [{"fen": 5800, "name": "套餐及固定费"}, {"fen": 2060, "name": "语音通信费"}, {"fen": 1000, "name": "短信彩信费"}], "month": "201211", "total": 8860}	尊敬的客户，您好！您2012年11月账单合计88.60元：套餐及固定费58.00元、语音通信费20.60元、短信彩信费10.00元。中国移动	\N
13800138000	2026-11-22 11:37:45.284276+00	\N	2026-11-23 11:37:45.284276+00	2026-11-22 11:37:45.32817+00	2026-11-22 11:37:45+00	\N	18	2128337425	2026-11-01	1	1	0	1	delivered	10086	bill	ok	{"items": [{"fen": 5800, "name": "套餐及固定费"}, {"fen": 2060, "name": "语音通信费"}, {"fen": 1000, "name": "短信彩信费"}], "month": "201211", "total": 8860}	尊敬的客户，您好！您2012年11月账单合计88.60元：套餐及固定费58.00元、语音通信费20.60元、短信彩信费10.00元。中国移动	\N
13800138000	2026-11-22 11:37:45.372195+00	\N	2026-11-23 11:37:45.372195+00	2026-11-22 11:37:45.416326+00	2026-11-22 11:37:45+00	\N	19	793529364	2026-11-01	1	1	0	1	delivered	10086	bill	ok	{"items": [{"fen": 5800, "name": "套餐及固定费"}, {"fen": 2060, "name": "语音通信费"}, {"fen": 1000, "name": "短信彩信费"}], "month": "201211", "total": 8860}	尊敬的客户，您好！您2012年11月账单合计88.60元：套餐及固定费58.00元、语音通信费20.60元、短信彩信费10.00元。中国移动	\N
13800138000	2026-11-22 11:37:45.464238+00	\N	2026-11-23 11:37:45.464238+00	2026-11-22 11:37:45.508497+00	2026-11-22 11:37:45+00	\N	20	-1616695187	2026-11-01	1	1	0	1	delivered	10086	bill	ok	{"items": [{"fen": 5800, "name": "套餐及固定费"}, {"fen": 2060, "name": "语音通信费"}, {"fen": 1000, "name": "短信彩信费"}], "month": "201211", "total": 8860}	尊敬的客户，您好！您2012年11月账单合计88.60元：套餐及固定费58.00元、语音通信费20.60元、短信彩信费10.00元。中国移动	\N
13800138000	2026-11-22 11:37:45.552251+00	\N	2026-11-23 11:37:45.552251+00	2026-11-22 11:37:45.596326+00	2026-11-22 11:37:45+00	\N	21	-1585935152	2026-11-01	1	1	0	1	delivered	10086	bill	ok	{"items": [{"fen": 5800, "name": "套餐及固定费"}, {"fen": 2060, "name": "语音通信费"}, {"fen": 1000, "name": "短信彩信费"}], "month": "201211", "total": 8860}	尊敬的客户，您好！您2012年11月账单合计88.60元：套餐及固定费58.00元、语音通信费20.60元、短信彩信费10.00元。中国移动	\N
13800138000	2026-11-22 11:37:45.640308+00	\N	2026-11-23 11:37:45.640308+00	2026-11-22 11:37:45.686006+00	2026-11-22 11:37:45+00	\N	22	679612139	2026-11-01	1	1	0	1	delivered	10086	bill	ok	{"items": [{"fen": 5800, "name": "套餐及固定费"}, {"fen": 2060, "name": "语音通信费"}, {"fen": 1000, "name": "短信彩信费"}], "month": "201211", "total": 8860}	尊敬的客户，您好！您2012年11月账单合计88.60元：套餐及固定费58.00元、语音通信费20.60元、短信彩信费10.00元。中国移动	\N
13800138000	2026-11-22 11:37:45.728221+00	\N	2026-11-23 11:37:45.728221+00	2026-11-22 11:37:45.772236+00	2026-11-22 11:37:45+00	\N	23	297654426	2026-11-01	1	1	0	1	delivered	10086	bill	ok	{"items": [{"fen": 5800, "name": "套餐及固定费"}, {"fen": 2060, "name": "语音通信费"}, {"fen": 1000, "name": "短信彩信费"}], "month": "201211", "total": 8860}	尊敬的客户，您好！您2012年11月账单合计88.60元：套餐及固定费58.00元、语音通信费20.60元、短信彩信费10.00元。中国移动	\N
13800138000	2026-11-22 11:37:45.816132+00	\N	2026-11-23 11:37:45.816132+00	2026-11-22 11:37:45.860225+00	2026-11-22 11:37:45+00	\N	24	-644164621	2026-11-01	1	1	0	1	delivered	10086	bill	ok	{"items": [{"fen": 5800, "name": "套餐及固定费"}, {"fen": 2060, "name": "语音通信费"}, {"fen": 1000, "name": "短信彩信费"}], "month": "201211", "total": 8860}	尊敬的客户，您好！您2012年11月账单合计88.60元：套餐及固定费58.00元、语音通信费20.60元、短信彩信费10.00元。中国移动	\N
13800138000	2026-11-22 11:37:45.904237+00	\N	2026-11-23 11:37:45.904237+00	2026-11-22 11:37:45.948558+00	2026-11-22 11:37:46+00	\N	25	-92465712	2026-11-01	1	1	0	1	delivered	10086	bill	ok	{"items": [{"fen": 5800, "name": "套餐及固定费"}, {"fen": 2060, "name": "语音通信费"}, {"fen": 1000, "name": "短信彩信费"}], "month": "201211", "total": 8860}	尊敬的客户，您好！您2012年11月账单合计88.60元：套餐及固定费58.00元、语音通信费20.60元、短信彩信费10.00元。中国移动	\N
13800138000	2026-11-22 11:37:45.992103+00	\N	2026-11-23 11:37:45.992103+00	2026-11-22 11:37:46.036447+00	2026-11-22 11:37:46+00	\N	26	1398851601	2026-11-01	1	1	0	1	delivered	10086	services	ok	{"count": 5, "items": ["来电显示", "手机上网", "新闻早报", "天气预报", "笑话天天"]}	尊敬的客户，您好！您已开通5项功能：来电显示、手机上网、新闻早报、天气预报、笑话天天。中国移动	\N
13800138000	2026-11-22 11:37:46.745032+00	\N	2026-11-23 11:37:46.745032+00	2026-11-22 11:37:46.748699+00	2026-11-22 11:37:46+00	\N	27	1398851601	2026-11-01	1	1	0	1	delivered	10086	services	ok	{"count": 5, "items": ["来电显示", "手机上网", "新闻早报", "天气预报", "笑话天天"]}	尊敬的客户，您好！您已开通5项功能：来电显示、手机上网、新闻早报、天气预报、笑话天天。中国移动	\N
13800138000	2026-11-22 11:37:51.320218+00	\N	2026-11-23 11:37:51.320218+00	2026-11-22 11:37:51.364193+00	2026-11-22 11:37:51+00	\N	47	1920193162	2026-11-01	1	1	0	1	delivered	10086	hall	unknown	{"near": []}	您发送的内容无法识别。发送10086查看菜单。中国移动	\N
13800138000	2026-11-22 11:37:46.792121+00	\N	2026-11-23 11:37:46.792121+00	2026-11-22 11:37:46.836242+00	2026-11-22 11:37:46+00	\N	28	-1658903239	2026-11-01	1	1	0	1	delivered	10086	services	ok	{"count": 5, "items": ["来电显示", "手机上网", "新闻早报", "天气预报", "笑话天天"]}	尊敬的客户，您好！您已开通5项功能：来电显示、手机上网、新闻早报、天气预报、笑话天天。中国移动	\N
13800138000	2026-11-22 11:37:46.880125+00	\N	2026-11-23 11:37:46.880125+00	2026-11-22 11:37:46.924399+00	2026-11-22 11:37:47+00	\N	29	503187491	2026-11-01	1	1	0	1	delivered	10086	services	ok	{"count": 5, "items": ["来电显示", "手机上网", "新闻早报", "天气预报", "笑话天天"]}	尊敬的客户，您好！您已开通5项功能：来电显示、手机上网、新闻早报、天气预报、笑话天天。中国移动	\N
13800138000	2026-11-22 11:37:46.968241+00	\N	2026-11-23 11:37:46.968241+00	2026-11-22 11:37:47.01232+00	2026-11-22 11:37:47+00	\N	30	-1148466592	2026-11-01	1	1	0	1	delivered	10086	services	ok	{"count": 5, "items": ["来电显示", "手机上网", "新闻早报", "天气预报", "笑话天天"]}	尊敬的客户，您好！您已开通5项功能：来电显示、手机上网、新闻早报、天气预报、笑话天天。中国移动	\N
13800138000	2026-11-22 11:37:47.056163+00	\N	2026-11-23 11:37:47.056163+00	2026-11-22 11:37:47.100362+00	2026-11-22 11:37:47+00	\N	31	106250349	2026-11-01	1	1	0	1	delivered	10086	services	ok	{"count": 5, "items": ["来电显示", "手机上网", "新闻早报", "天气预报", "笑话天天"]}	尊敬的客户，您好！您已开通5项功能：来电显示、手机上网、新闻早报、天气预报、笑话天天。中国移动	\N
13800138000	2026-11-22 11:37:47.144098+00	\N	2026-11-23 11:37:47.144098+00	2026-11-22 11:37:47.188451+00	2026-11-22 11:37:47+00	\N	32	937473327	2026-11-01	1	1	0	1	delivered	10086	services	ok	{"count": 5, "items": ["来电显示", "手机上网", "新闻早报", "天气预报", "笑话天天"]}	尊敬的客户，您好！您已开通5项功能：来电显示、手机上网、新闻早报、天气预报、笑话天天。中国移动	\N
13800138000	2026-11-22 11:37:47.232044+00	\N	2026-11-23 11:37:47.232044+00	2026-11-22 11:37:47.276445+00	2026-11-22 11:37:47+00	\N	33	1370677706	2026-11-01	1	1	0	1	delivered	10086	services	ok	{"count": 5, "items": ["来电显示", "手机上网", "新闻早报", "天气预报", "笑话天天"]}	尊敬的客户，您好！您已开通5项功能：来电显示、手机上网、新闻早报、天气预报、笑话天天。中国移动	\N
13800138000	2026-11-22 11:37:47.320083+00	\N	2026-11-23 11:37:47.320083+00	2026-11-22 11:37:47.364311+00	2026-11-22 11:37:47+00	\N	34	228135843	2026-11-01	1	1	0	1	delivered	10086	services	ok	{"count": 5, "items": ["来电显示", "手机上网", "新闻早报", "天气预报", "笑话天天"]}	尊敬的客户，您好！您已开通5项功能：来电显示、手机上网、新闻早报、天气预报、笑话天天。中国移动	\N
13800138000	2026-11-22 11:37:47.408192+00	\N	2026-11-23 11:37:47.408192+00	2026-11-22 11:37:47.452202+00	2026-11-22 11:37:47+00	\N	35	1758417513	2026-11-01	1	1	0	1	delivered	10086	services	ok	{"count": 5, "items": ["来电显示", "手机上网", "新闻早报", "天气预报", "笑话天天"]}	尊敬的客户，您好！您已开通5项功能：来电显示、手机上网、新闻早报、天气预报、笑话天天。中国移动	\N
13800138000	2026-11-22 11:37:47.496233+00	\N	2026-11-23 11:37:47.496233+00	2026-11-22 11:37:47.540397+00	2026-11-22 11:37:47+00	\N	36	-212775716	2026-11-01	1	1	0	1	delivered	10086	services	ok	{"count": 5, "items": ["来电显示", "手机上网", "新闻早报", "天气预报", "笑话天天"]}	尊敬的客户，您好！您已开通5项功能：来电显示、手机上网、新闻早报、天气预报、笑话天天。中国移动	\N
13900139000	2026-11-22 11:37:48.376267+00	\N	2026-11-23 11:37:48.376267+00	2026-11-22 11:37:48.420166+00	2026-11-22 11:37:48+00	\N	1	977090008	2026-11-01	1	1	0	1	delivered	10086	hall	not_subscriber	{}	您的号码不是本厅的用户，无法办理业务。如有疑问，请拨打10086。中国移动	\N
13900139000	2026-11-22 11:37:48.464015+00	\N	2026-11-23 11:37:48.464015+00	2026-11-22 11:37:48.508593+00	2026-11-22 11:37:48+00	\N	2	1568569270	2026-11-01	1	1	0	1	delivered	10086	hall	not_subscriber	{}	您的号码不是本厅的用户，无法办理业务。如有疑问，请拨打10086。中国移动	\N
13900139000	2026-11-22 11:37:48.552196+00	\N	2026-11-23 11:37:48.552196+00	2026-11-22 11:37:48.596347+00	2026-11-22 11:37:48+00	\N	3	-689482589	2026-11-01	1	1	0	1	delivered	10086	hall	not_subscriber	{}	您的号码不是本厅的用户，无法办理业务。如有疑问，请拨打10086。中国移动	\N
13900139000	2026-11-22 11:37:48.640125+00	\N	2026-11-23 11:37:48.640125+00	2026-11-22 11:37:48.684068+00	2026-11-22 11:37:48+00	\N	4	1398851601	2026-11-01	1	1	0	1	delivered	10086	hall	not_subscriber	{}	您的号码不是本厅的用户，无法办理业务。如有疑问，请拨打10086。中国移动	\N
13900139000	2026-11-22 11:37:48.728366+00	\N	2026-11-23 11:37:48.728366+00	2026-11-22 11:37:48.772331+00	2026-11-22 11:37:48+00	\N	5	-446896828	2026-11-01	1	1	0	1	delivered	10086	hall	not_subscriber	{}	您的号码不是本厅的用户，无法办理业务。如有疑问，请拨打10086。中国移动	\N
13900139000	2026-11-22 11:37:48.816078+00	\N	2026-11-23 11:37:48.816078+00	2026-11-22 11:37:48.860279+00	2026-11-22 11:37:48+00	\N	6	1714214980	2026-11-01	1	1	0	1	delivered	10086	hall	not_subscriber	{}	您的号码不是本厅的用户，无法办理业务。如有疑问，请拨打10086。中国移动	\N
13900139000	2026-11-22 11:37:48.904515+00	\N	2026-11-23 11:37:48.904515+00	2026-11-22 11:37:48.948197+00	2026-11-22 11:37:49+00	\N	7	1591824674	2026-11-01	1	1	0	1	delivered	10086	hall	not_subscriber	{}	您的号码不是本厅的用户，无法办理业务。如有疑问，请拨打10086。中国移动	\N
13900139000	2026-11-22 11:37:48.992307+00	\N	2026-11-23 11:37:48.992307+00	2026-11-22 11:37:49.036379+00	2026-11-22 11:37:49+00	\N	8	1999045608	2026-11-01	1	1	0	1	delivered	10086	hall	not_subscriber	{}	您的号码不是本厅的用户，无法办理业务。如有疑问，请拨打10086。中国移动	\N
13900139000	2026-11-22 11:37:49.080083+00	\N	2026-11-23 11:37:49.080083+00	2026-11-22 11:37:49.124206+00	2026-11-22 11:37:49+00	\N	9	-1477818771	2026-11-01	1	1	0	1	delivered	10086	hall	not_subscriber	{}	您的号码不是本厅的用户，无法办理业务。如有疑问，请拨打10086。中国移动	\N
13800138000	2026-11-22 11:37:49.854124+00	\N	2026-11-23 11:37:49.854124+00	2026-11-22 11:37:49.862126+00	2026-11-22 11:37:49+00	\N	37	-852318315	2026-11-01	1	1	0	1	delivered	10086	hall	unknown	{"near": []}	您发送的内容无法识别。发送10086查看菜单。中国移动	\N
13800138000	2026-11-22 11:37:49.904161+00	\N	2026-11-23 11:37:49.904161+00	2026-11-22 11:37:49.948444+00	2026-11-22 11:37:50+00	\N	38	-852318315	2026-11-01	1	1	0	1	delivered	10086	hall	unknown	{"near": []}	您发送的内容无法识别。发送10086查看菜单。中国移动	\N
13800138000	2026-11-22 11:37:50.657913+00	\N	2026-11-23 11:37:50.657913+00	2026-11-22 11:37:50.661289+00	2026-11-22 11:37:50+00	\N	39	1298126647	2026-11-01	1	1	0	1	delivered	10086	hall	unknown	{"near": ["CXYE", "CXYEG", "CXYEC"]}	您发送的内容无法识别，您是否想发送：CXYE、CXYEG、CXYEC。发送10086查看菜单。中国移动	\N
13800138000	2026-11-22 11:37:50.704104+00	\N	2026-11-23 11:37:50.704104+00	2026-11-22 11:37:50.748104+00	2026-11-22 11:37:50+00	\N	40	-1225590876	2026-11-01	1	1	0	1	delivered	10086	hall	unknown	{"near": ["JF"]}	您发送的内容无法识别，您是否想发送：JF。发送10086查看菜单。中国移动	\N
13800138000	2026-11-22 11:37:50.792093+00	\N	2026-11-23 11:37:50.792093+00	2026-11-22 11:37:50.836347+00	2026-11-22 11:37:50+00	\N	41	-130070175	2026-11-01	1	1	0	1	delivered	10086	hall	unknown	{"near": ["CXYY", "CXYE", "CXYW"]}	您发送的内容无法识别，您是否想发送：CXYY、CXYE、CXYW。发送10086查看菜单。中国移动	\N
13800138000	2026-11-22 11:37:50.880207+00	\N	2026-11-23 11:37:50.880207+00	2026-11-22 11:37:50.924183+00	2026-11-22 11:37:51+00	\N	42	1364622000	2026-11-01	1	1	0	1	delivered	10086	hall	unknown	{"near": []}	您发送的内容无法识别。发送10086查看菜单。中国移动	\N
13800138000	2026-11-22 11:37:50.968207+00	\N	2026-11-23 11:37:50.968207+00	2026-11-22 11:37:51.01224+00	2026-11-22 11:37:51+00	\N	43	596405521	2026-11-01	1	1	0	1	delivered	10086	hall	unknown	{"near": []}	您发送的内容无法识别。发送10086查看菜单。中国移动	\N
13800138000	2026-11-22 11:37:51.144322+00	\N	2026-11-23 11:37:51.144322+00	2026-11-22 11:37:51.188066+00	2026-11-22 11:37:51+00	\N	45	381334608	2026-11-01	1	1	0	1	delivered	10086	hall	unknown	{"near": []}	您发送的内容无法识别。发送10086查看菜单。中国移动	\N
13800138000	2026-11-22 11:37:51.231954+00	\N	2026-11-23 11:37:51.231954+00	2026-11-22 11:37:51.27651+00	2026-11-22 11:37:51+00	\N	46	2913331	2026-11-01	1	1	0	1	delivered	10086	hall	unknown	{"near": []}	您发送的内容无法识别。发送10086查看菜单。中国移动	\N
13800138002	2026-11-22 11:37:47.760451+00	\N	2026-11-23 11:37:47.760451+00	2026-11-22 11:37:47.80441+00	2026-11-22 11:37:47+00	\N	4	977090008	2026-11-01	1	1	0	1	delivered	10086	balance	ok	{"as_of": "2026-11-22T19:37:47+08:00", "brand": "动感地带", "balance": -1230}	尊敬的客户，您好！您的账户余额为-12.30元。中国移动	\N
13800138002	2026-11-22 11:37:47.848387+00	\N	2026-11-23 11:37:47.848387+00	2026-11-22 11:37:47.892379+00	2026-11-22 11:37:47+00	\N	5	1568569270	2026-11-01	1	1	0	1	delivered	10086	bill	no_bill	{"month": "201211"}	您好！没有查到您2012年11月的账单，请发送ZD查询最近一期账单。中国移动	\N
13800138002	2026-11-22 11:37:47.93632+00	\N	2026-11-23 11:37:47.93632+00	2026-11-22 11:37:47.98033+00	2026-11-22 11:37:48+00	\N	6	-689482589	2026-11-01	1	1	0	1	delivered	10086	points	ok	{"points": 0}	尊敬的客户，您好！您当前的可用积分为0分。中国移动	\N
13800138002	2026-11-22 11:37:48.024237+00	\N	2026-11-23 11:37:48.024237+00	2026-11-22 11:37:48.068591+00	2026-11-22 11:37:48+00	\N	7	1398851601	2026-11-01	1	1	0	1	delivered	10086	services	none	{}	尊敬的客户，您好！您目前没有开通任何功能。中国移动	\N
13800138002	2026-11-22 11:37:48.112266+00	\N	2026-11-23 11:37:48.112266+00	2026-11-22 11:37:48.159876+00	2026-11-22 11:37:48+00	\N	8	-276658038	2026-11-01	1	1	0	1	delivered	10086	allowance_voice	none	{"kind": "语音"}	尊敬的客户，您好！您目前没有语音套餐。中国移动	\N
13800138002	2026-11-22 11:37:48.20026+00	\N	2026-11-23 11:37:48.20026+00	2026-11-22 11:37:48.244172+00	2026-11-22 11:37:48+00	\N	9	1714214980	2026-11-01	1	1	0	1	delivered	10086	menu	ok	{}	短信营业厅菜单：YE查余额；ZD查账单，如ZD201211；JF查积分；GN查已开通功能；CXYEB语音、CXYED短信、CXYEG流量、CXYEC彩信余量；帮助或HELP加代码查看说明，如HELP ZD。中国移动	\N
13800138002	2026-11-22 11:37:48.288243+00	\N	2026-11-23 11:37:48.288243+00	2026-11-22 11:37:48.332293+00	2026-11-22 11:37:48+00	\N	10	1591824674	2026-11-01	1	1	0	1	delivered	10086	help	ok	{}	发送代码到10086即可查询和办理业务：发送10086查看菜单；发送HELP加代码查看一项的说明，如HELP ZD。字母不分大小写，查询免费。中国移动	\N
13800138002	2026-11-22 11:37:51.496301+00	\N	2026-11-23 11:37:51.496301+00	2026-11-22 11:37:51.540324+00	2026-11-22 11:37:51+00	\N	11	1999045608	2026-11-01	1	1	0	1	delivered	10086	hall	unknown	{"near": []}	您发送的内容无法识别。发送10086查看菜单。中国移动	\N
13800138000	2026-11-22 11:37:51.408122+00	\N	2026-11-23 11:37:51.408122+00	2026-11-22 11:37:51.452262+00	2026-11-22 11:37:51+00	\N	48	-1994774131	2026-11-01	1	1	0	1	delivered	10086	hall	unknown	{"near": []}	您发送的内容无法识别。发送10086查看菜单。中国移动	\N
\.


--
-- Data for Name: reply_2612; Type: TABLE DATA; Schema: hall; Owner: -
--

COPY hall.reply_2612 (msisdn, at, claim_after, valid_until, sent_at, report_at, resent_at, number, asked_hash, month, part, pieces, claims, report_status, state, port, command, outcome, fields, text, reason) FROM stdin;
\.


--
-- Data for Name: reply_2701; Type: TABLE DATA; Schema: hall; Owner: -
--

COPY hall.reply_2701 (msisdn, at, claim_after, valid_until, sent_at, report_at, resent_at, number, asked_hash, month, part, pieces, claims, report_status, state, port, command, outcome, fields, text, reason) FROM stdin;
\.


--
-- Data for Name: reply_other; Type: TABLE DATA; Schema: hall; Owner: -
--

COPY hall.reply_other (msisdn, at, claim_after, valid_until, sent_at, report_at, resent_at, number, asked_hash, month, part, pieces, claims, report_status, state, port, command, outcome, fields, text, reason) FROM stdin;
\.


--
-- Data for Name: service; Type: TABLE DATA; Schema: hall; Owner: -
--

COPY hall.service (code, name, aliases, fee_fen, period, provider, port, excludes, confirm_window, trial_days, ends, is_offered) FROM stdin;
GPRS	手机上网	{上网,数据}	0	month	\N	\N	\N	24:00:00	0	at_once	t
LDXS	来电显示	{来显}	0	month	\N	\N	\N	24:00:00	0	at_once	t
HJDD	呼叫等待	{}	0	month	\N	\N	\N	24:00:00	0	at_once	t
HJBC	呼叫保持	{}	0	month	\N	\N	\N	24:00:00	0	at_once	t
SFTH	三方通话	{}	0	month	\N	\N	\N	24:00:00	0	at_once	t
CL	彩铃	{彩铃5元}	500	month	\N	\N	CL	24:00:00	0	at_once	t
CL8	彩铃8元	{}	800	month	\N	\N	CL	24:00:00	0	at_once	t
LDTX	来电提醒	{}	300	month	\N	\N	\N	24:00:00	0	at_once	t
YETX	余额提醒	{}	0	month	\N	\N	\N	24:00:00	0	at_once	t
HFNZ	话费闹钟	{}	0	month	\N	\N	\N	24:00:00	0	at_once	t
DXHZ	短信回执	{}	10	message	\N	\N	\N	24:00:00	0	at_once	t
WLAN	WLAN	{无线上网}	0	month	\N	\N	\N	24:00:00	7	at_once	t
XWZB	新闻早报	{}	300	month	新华短讯	106601	\N	24:00:00	0	at_once	t
TQYB	天气预报	{天气}	200	month	风云气象	106602	\N	24:00:00	0	at_once	t
XHTT	笑话天天	{笑话}	500	month	风云气象	106602	\N	24:00:00	0	at_once	t
\.


--
-- Data for Name: setting; Type: TABLE DATA; Schema: hall; Owner: -
--

COPY hall.setting (name, value, note) FROM stdin;
repeat_window_s	60	the same text again within so many seconds changes nothing twice (rules D6)
loop_messages	20	so many messages with the same text are answered … (rules E4)
loop_window_s	300	… in so many seconds
reply_validity_s	86400	a reply older than this is not sent any more
reply_lease_s	60	whoever took the message has so long to send its reply before others may
months_kept	24	messages younger than this are evidence (rules A8); never less than 5
\.


--
-- Data for Name: subscriber; Type: TABLE DATA; Schema: hall; Owner: -
--

COPY hall.subscriber (msisdn, balance_fen, ledger_number, points, brand, state, state_reason, is_blacklisted, since) FROM stdin;
13800138001	50	1	0	神州行	active	\N	f	2026-11-22 11:36:10.13539+00
13800138002	-1230	1	0	动感地带	suspended	arrears	f	2026-11-22 11:36:10.13539+00
13800138003	10000	1	0	全球通	active	\N	t	2026-11-22 11:36:10.13539+00
13800138000	5678	1	1234	全球通	active	\N	f	2026-11-22 11:36:10.13539+00
\.


--
-- Data for Name: subscription; Type: TABLE DATA; Schema: hall; Owner: -
--

COPY hall.subscription (msisdn, service, since, until) FROM stdin;
13800138000	LDXS	2011-03-01 02:00:00+00	\N
13800138000	GPRS	2011-08-12 07:30:00+00	\N
13800138000	XWZB	2012-01-05 01:00:00+00	\N
13800138000	TQYB	2012-02-20 10:45:00+00	\N
13800138000	XHTT	2012-06-01 04:00:00+00	\N
\.


--
-- Name: allowance allowance_pkey; Type: CONSTRAINT; Schema: hall; Owner: -
--

ALTER TABLE ONLY hall.allowance
    ADD CONSTRAINT allowance_pkey PRIMARY KEY (msisdn, kind);


--
-- Name: bill bill_pkey; Type: CONSTRAINT; Schema: hall; Owner: -
--

ALTER TABLE ONLY hall.bill
    ADD CONSTRAINT bill_pkey PRIMARY KEY (msisdn, month);


--
-- Name: conversation conversation_pkey; Type: CONSTRAINT; Schema: hall; Owner: -
--

ALTER TABLE ONLY hall.conversation
    ADD CONSTRAINT conversation_pkey PRIMARY KEY (msisdn);


--
-- Name: ledger ledger_pkey; Type: CONSTRAINT; Schema: hall; Owner: -
--

ALTER TABLE ONLY hall.ledger
    ADD CONSTRAINT ledger_pkey PRIMARY KEY (msisdn, number);


--
-- Name: message message_pkey; Type: CONSTRAINT; Schema: hall; Owner: -
--

ALTER TABLE ONLY hall.message
    ADD CONSTRAINT message_pkey PRIMARY KEY (msisdn, gateway_id, month);


--
-- Name: message_2611 message_2611_pkey; Type: CONSTRAINT; Schema: hall; Owner: -
--

ALTER TABLE ONLY hall.message_2611
    ADD CONSTRAINT message_2611_pkey PRIMARY KEY (msisdn, gateway_id, month);


--
-- Name: message_2612 message_2612_pkey; Type: CONSTRAINT; Schema: hall; Owner: -
--

ALTER TABLE ONLY hall.message_2612
    ADD CONSTRAINT message_2612_pkey PRIMARY KEY (msisdn, gateway_id, month);


--
-- Name: message_2701 message_2701_pkey; Type: CONSTRAINT; Schema: hall; Owner: -
--

ALTER TABLE ONLY hall.message_2701
    ADD CONSTRAINT message_2701_pkey PRIMARY KEY (msisdn, gateway_id, month);


--
-- Name: message_other message_other_pkey; Type: CONSTRAINT; Schema: hall; Owner: -
--

ALTER TABLE ONLY hall.message_other
    ADD CONSTRAINT message_other_pkey PRIMARY KEY (msisdn, gateway_id, month);


--
-- Name: migration migration_pkey; Type: CONSTRAINT; Schema: hall; Owner: -
--

ALTER TABLE ONLY hall.migration
    ADD CONSTRAINT migration_pkey PRIMARY KEY (name);


--
-- Name: port port_pkey; Type: CONSTRAINT; Schema: hall; Owner: -
--

ALTER TABLE ONLY hall.port
    ADD CONSTRAINT port_pkey PRIMARY KEY (prefix);


--
-- Name: provider provider_pkey; Type: CONSTRAINT; Schema: hall; Owner: -
--

ALTER TABLE ONLY hall.provider
    ADD CONSTRAINT provider_pkey PRIMARY KEY (name);


--
-- Name: reply reply_pkey; Type: CONSTRAINT; Schema: hall; Owner: -
--

ALTER TABLE ONLY hall.reply
    ADD CONSTRAINT reply_pkey PRIMARY KEY (msisdn, number, part, month);


--
-- Name: reply_2611 reply_2611_pkey; Type: CONSTRAINT; Schema: hall; Owner: -
--

ALTER TABLE ONLY hall.reply_2611
    ADD CONSTRAINT reply_2611_pkey PRIMARY KEY (msisdn, number, part, month);


--
-- Name: reply_2612 reply_2612_pkey; Type: CONSTRAINT; Schema: hall; Owner: -
--

ALTER TABLE ONLY hall.reply_2612
    ADD CONSTRAINT reply_2612_pkey PRIMARY KEY (msisdn, number, part, month);


--
-- Name: reply_2701 reply_2701_pkey; Type: CONSTRAINT; Schema: hall; Owner: -
--

ALTER TABLE ONLY hall.reply_2701
    ADD CONSTRAINT reply_2701_pkey PRIMARY KEY (msisdn, number, part, month);


--
-- Name: reply_other reply_other_pkey; Type: CONSTRAINT; Schema: hall; Owner: -
--

ALTER TABLE ONLY hall.reply_other
    ADD CONSTRAINT reply_other_pkey PRIMARY KEY (msisdn, number, part, month);


--
-- Name: service service_name_key; Type: CONSTRAINT; Schema: hall; Owner: -
--

ALTER TABLE ONLY hall.service
    ADD CONSTRAINT service_name_key UNIQUE (name);


--
-- Name: service service_pkey; Type: CONSTRAINT; Schema: hall; Owner: -
--

ALTER TABLE ONLY hall.service
    ADD CONSTRAINT service_pkey PRIMARY KEY (code);


--
-- Name: setting setting_pkey; Type: CONSTRAINT; Schema: hall; Owner: -
--

ALTER TABLE ONLY hall.setting
    ADD CONSTRAINT setting_pkey PRIMARY KEY (name);


--
-- Name: subscriber subscriber_pkey; Type: CONSTRAINT; Schema: hall; Owner: -
--

ALTER TABLE ONLY hall.subscriber
    ADD CONSTRAINT subscriber_pkey PRIMARY KEY (msisdn);


--
-- Name: subscription subscription_pkey; Type: CONSTRAINT; Schema: hall; Owner: -
--

ALTER TABLE ONLY hall.subscription
    ADD CONSTRAINT subscription_pkey PRIMARY KEY (msisdn, service, since);


--
-- Name: a_reference_counts_once; Type: INDEX; Schema: hall; Owner: -
--

CREATE UNIQUE INDEX a_reference_counts_once ON hall.ledger USING btree (msisdn, reference) WHERE (reference IS NOT NULL);


--
-- Name: a_service_is_open_once; Type: INDEX; Schema: hall; Owner: -
--

CREATE UNIQUE INDEX a_service_is_open_once ON hall.subscription USING btree (msisdn, service) WHERE (until IS NULL);


--
-- Name: reply_unsent_by_time; Type: INDEX; Schema: hall; Owner: -
--

CREATE INDEX reply_unsent_by_time ON ONLY hall.reply USING btree (claim_after) WHERE (claim_after IS NOT NULL);


--
-- Name: reply_2611_claim_after_idx; Type: INDEX; Schema: hall; Owner: -
--

CREATE INDEX reply_2611_claim_after_idx ON hall.reply_2611 USING btree (claim_after) WHERE (claim_after IS NOT NULL);


--
-- Name: reply_unsent_by_subscriber; Type: INDEX; Schema: hall; Owner: -
--

CREATE INDEX reply_unsent_by_subscriber ON ONLY hall.reply USING btree (msisdn, number, part) WHERE (claim_after IS NOT NULL);


--
-- Name: reply_2611_msisdn_number_part_idx; Type: INDEX; Schema: hall; Owner: -
--

CREATE INDEX reply_2611_msisdn_number_part_idx ON hall.reply_2611 USING btree (msisdn, number, part) WHERE (claim_after IS NOT NULL);


--
-- Name: reply_2612_claim_after_idx; Type: INDEX; Schema: hall; Owner: -
--

CREATE INDEX reply_2612_claim_after_idx ON hall.reply_2612 USING btree (claim_after) WHERE (claim_after IS NOT NULL);


--
-- Name: reply_2612_msisdn_number_part_idx; Type: INDEX; Schema: hall; Owner: -
--

CREATE INDEX reply_2612_msisdn_number_part_idx ON hall.reply_2612 USING btree (msisdn, number, part) WHERE (claim_after IS NOT NULL);


--
-- Name: reply_2701_claim_after_idx; Type: INDEX; Schema: hall; Owner: -
--

CREATE INDEX reply_2701_claim_after_idx ON hall.reply_2701 USING btree (claim_after) WHERE (claim_after IS NOT NULL);


--
-- Name: reply_2701_msisdn_number_part_idx; Type: INDEX; Schema: hall; Owner: -
--

CREATE INDEX reply_2701_msisdn_number_part_idx ON hall.reply_2701 USING btree (msisdn, number, part) WHERE (claim_after IS NOT NULL);


--
-- Name: reply_other_claim_after_idx; Type: INDEX; Schema: hall; Owner: -
--

CREATE INDEX reply_other_claim_after_idx ON hall.reply_other USING btree (claim_after) WHERE (claim_after IS NOT NULL);


--
-- Name: reply_other_msisdn_number_part_idx; Type: INDEX; Schema: hall; Owner: -
--

CREATE INDEX reply_other_msisdn_number_part_idx ON hall.reply_other USING btree (msisdn, number, part) WHERE (claim_after IS NOT NULL);


--
-- Name: message_2611_pkey; Type: INDEX ATTACH; Schema: hall; Owner: -
--

ALTER INDEX hall.message_pkey ATTACH PARTITION hall.message_2611_pkey;


--
-- Name: message_2612_pkey; Type: INDEX ATTACH; Schema: hall; Owner: -
--

ALTER INDEX hall.message_pkey ATTACH PARTITION hall.message_2612_pkey;


--
-- Name: message_2701_pkey; Type: INDEX ATTACH; Schema: hall; Owner: -
--

ALTER INDEX hall.message_pkey ATTACH PARTITION hall.message_2701_pkey;


--
-- Name: message_other_pkey; Type: INDEX ATTACH; Schema: hall; Owner: -
--

ALTER INDEX hall.message_pkey ATTACH PARTITION hall.message_other_pkey;


--
-- Name: reply_2611_claim_after_idx; Type: INDEX ATTACH; Schema: hall; Owner: -
--

ALTER INDEX hall.reply_unsent_by_time ATTACH PARTITION hall.reply_2611_claim_after_idx;


--
-- Name: reply_2611_msisdn_number_part_idx; Type: INDEX ATTACH; Schema: hall; Owner: -
--

ALTER INDEX hall.reply_unsent_by_subscriber ATTACH PARTITION hall.reply_2611_msisdn_number_part_idx;


--
-- Name: reply_2611_pkey; Type: INDEX ATTACH; Schema: hall; Owner: -
--

ALTER INDEX hall.reply_pkey ATTACH PARTITION hall.reply_2611_pkey;


--
-- Name: reply_2612_claim_after_idx; Type: INDEX ATTACH; Schema: hall; Owner: -
--

ALTER INDEX hall.reply_unsent_by_time ATTACH PARTITION hall.reply_2612_claim_after_idx;


--
-- Name: reply_2612_msisdn_number_part_idx; Type: INDEX ATTACH; Schema: hall; Owner: -
--

ALTER INDEX hall.reply_unsent_by_subscriber ATTACH PARTITION hall.reply_2612_msisdn_number_part_idx;


--
-- Name: reply_2612_pkey; Type: INDEX ATTACH; Schema: hall; Owner: -
--

ALTER INDEX hall.reply_pkey ATTACH PARTITION hall.reply_2612_pkey;


--
-- Name: reply_2701_claim_after_idx; Type: INDEX ATTACH; Schema: hall; Owner: -
--

ALTER INDEX hall.reply_unsent_by_time ATTACH PARTITION hall.reply_2701_claim_after_idx;


--
-- Name: reply_2701_msisdn_number_part_idx; Type: INDEX ATTACH; Schema: hall; Owner: -
--

ALTER INDEX hall.reply_unsent_by_subscriber ATTACH PARTITION hall.reply_2701_msisdn_number_part_idx;


--
-- Name: reply_2701_pkey; Type: INDEX ATTACH; Schema: hall; Owner: -
--

ALTER INDEX hall.reply_pkey ATTACH PARTITION hall.reply_2701_pkey;


--
-- Name: reply_other_claim_after_idx; Type: INDEX ATTACH; Schema: hall; Owner: -
--

ALTER INDEX hall.reply_unsent_by_time ATTACH PARTITION hall.reply_other_claim_after_idx;


--
-- Name: reply_other_msisdn_number_part_idx; Type: INDEX ATTACH; Schema: hall; Owner: -
--

ALTER INDEX hall.reply_unsent_by_subscriber ATTACH PARTITION hall.reply_other_msisdn_number_part_idx;


--
-- Name: reply_other_pkey; Type: INDEX ATTACH; Schema: hall; Owner: -
--

ALTER INDEX hall.reply_pkey ATTACH PARTITION hall.reply_other_pkey;


--
-- Name: allowance allowance_msisdn_fkey; Type: FK CONSTRAINT; Schema: hall; Owner: -
--

ALTER TABLE ONLY hall.allowance
    ADD CONSTRAINT allowance_msisdn_fkey FOREIGN KEY (msisdn) REFERENCES hall.subscriber(msisdn);


--
-- Name: bill bill_msisdn_fkey; Type: FK CONSTRAINT; Schema: hall; Owner: -
--

ALTER TABLE ONLY hall.bill
    ADD CONSTRAINT bill_msisdn_fkey FOREIGN KEY (msisdn) REFERENCES hall.subscriber(msisdn);


--
-- Name: ledger ledger_msisdn_fkey; Type: FK CONSTRAINT; Schema: hall; Owner: -
--

ALTER TABLE ONLY hall.ledger
    ADD CONSTRAINT ledger_msisdn_fkey FOREIGN KEY (msisdn) REFERENCES hall.subscriber(msisdn);


--
-- Name: port port_provider_fkey; Type: FK CONSTRAINT; Schema: hall; Owner: -
--

ALTER TABLE ONLY hall.port
    ADD CONSTRAINT port_provider_fkey FOREIGN KEY (provider) REFERENCES hall.provider(name) ON UPDATE CASCADE;


--
-- Name: service service_port_fkey; Type: FK CONSTRAINT; Schema: hall; Owner: -
--

ALTER TABLE ONLY hall.service
    ADD CONSTRAINT service_port_fkey FOREIGN KEY (port) REFERENCES hall.port(prefix) ON UPDATE CASCADE;


--
-- Name: service service_provider_fkey; Type: FK CONSTRAINT; Schema: hall; Owner: -
--

ALTER TABLE ONLY hall.service
    ADD CONSTRAINT service_provider_fkey FOREIGN KEY (provider) REFERENCES hall.provider(name) ON UPDATE CASCADE;


--
-- Name: subscription subscription_msisdn_fkey; Type: FK CONSTRAINT; Schema: hall; Owner: -
--

ALTER TABLE ONLY hall.subscription
    ADD CONSTRAINT subscription_msisdn_fkey FOREIGN KEY (msisdn) REFERENCES hall.subscriber(msisdn);


--
-- Name: subscription subscription_service_fkey; Type: FK CONSTRAINT; Schema: hall; Owner: -
--

ALTER TABLE ONLY hall.subscription
    ADD CONSTRAINT subscription_service_fkey FOREIGN KEY (service) REFERENCES hall.service(code) ON UPDATE CASCADE;


--
-- PostgreSQL database dump complete
--


