-- What becomes of a reply. The courier settles it, the gateway reports on it, and either may come first, twice, or never (rules D8),
-- so a state has a rank and only moves to a higher one:
--
--      unsent ──▶ expired ─┐
--        │  └───▶ dead ────┤ (it went out after all: another daemon had it)
--        │                 ▼
--        └──────────────▶ sent ──▶ accepted ──▶ failed ──▶ delivered
--      answered (inline) ──┘        (Kannel 4, 8)  (2, 16)    (1)
--
-- Two ways lead back: an operator's hall.resend, and from answered while it has no text, for then it was not said.
--
-- A question that is reported on before its words were noted is unsent until they are, for they are evidence (rules A8), and a hall that
-- died may have taken them with it. Until then report_status says what it moves to; who claims it renders it and does not send it.
CREATE OR REPLACE FUNCTION hall_private.reply_rank(p_state hall.reply_state) RETURNS int
LANGUAGE sql IMMUTABLE
RETURN CASE p_state
    WHEN 'unsent' THEN 0
    WHEN 'expired' THEN 1
    WHEN 'dead' THEN 1
    WHEN 'answered' THEN 2
    WHEN 'sent' THEN 2
    WHEN 'accepted' THEN 3
    WHEN 'failed' THEN 4
    WHEN 'delivered' THEN 5
END;

-- The state that a delivery report of Kannel's is about (%d); NULL: it is about none.
CREATE OR REPLACE FUNCTION hall_private.reported_state(p_status int) RETURNS hall.reply_state
LANGUAGE sql IMMUTABLE
RETURN CASE p_status
    WHEN 1 THEN 'delivered'
    WHEN 2 THEN 'failed'
    WHEN 4 THEN 'accepted'
    WHEN 8 THEN 'accepted'
    WHEN 16 THEN 'failed'
END::hall.reply_state;

-- A question whose words nobody has noted: whoever sends it, or has said it inline, does that next, if he lives.
CREATE OR REPLACE FUNCTION hall_private.lacks_words(p_state hall.reply_state, p_dialogue int, p_text text) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN p_state IN ('unsent', 'answered') AND p_dialogue IS NOT NULL AND p_text IS NULL;

-- The fields of a reply that needs its sealed secret no more; had_secret: it cannot be said again.
CREATE OR REPLACE FUNCTION hall_private.without_secret(p_fields jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN p_fields ? 'secret' THEN p_fields - 'secret' || '{"had_secret": true}' ELSE p_fields END;

-- Notes how sending ended: sent | answered (inline: with these words) | dead | expired, or unsent: not before p_wait_s seconds. p_text
-- NULL keeps the text that is there. p_claims is the figure that the reply came with, NULL when it is not said: when somebody else has
-- claimed the reply since, an unsent is about a lease that ran out, and the state stays. A sent with a p_reason was not sent by who says it:
-- it was reported on, and the words are rendered afterwards.
-- Answers the state the reply has now, which is another one when it had moved on already; `unknown` when there is no such reply.
-- What was said to put a question is evidence (rules A8); a sealed secret is kept no longer than until it was said (rules C4).
-- Locks the reply's row.
CREATE OR REPLACE FUNCTION hall.settle(
    p_msisdn bigint, p_mt text, p_state text, p_text text, p_pieces int, p_reason text, p_wait_s int, p_claims int)
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_now      timestamptz := hall.now();
    v_key      record := hall_private.read_mt(p_mt);
    v_is_said  boolean := p_state IN ('sent', 'answered');
    v_state    hall.reply_state;
    v_dialogue int;
BEGIN
    IF p_state IS NULL OR p_state NOT IN ('sent', 'answered', 'unsent', 'dead', 'expired') THEN
        RAISE EXCEPTION 'a reply is not settled as "%"', p_state USING ERRCODE = 'invalid_parameter_value';
    END IF;
    v_state := p_state;
    UPDATE hall.reply AS r
    SET state = v_state,
        claim_after = CASE p_state WHEN 'unsent' THEN v_now + make_interval(secs => coalesce(p_wait_s, 0)) END,
        sent_at = CASE WHEN p_state IN ('sent', 'answered') THEN v_now END,
        text = coalesce(p_text, r.text),
        fields = CASE WHEN v_is_said THEN hall_private.without_secret(r.fields) ELSE r.fields END,
        pieces = greatest(r.pieces, p_pieces),
        reason = hall_private.one_line(p_reason, 300)
    WHERE r.msisdn = p_msisdn AND r.month = v_key.month AND r.number = v_key.number AND r.part = v_key.part
      AND (r.state = 'unsent'
           OR hall_private.reply_rank(r.state) < hall_private.reply_rank(v_state)
           OR (r.state = 'answered' AND r.text IS NULL AND p_state IN ('unsent', 'dead')))
      AND (r.state <> 'unsent' OR r.report_status IS NULL)
      AND (p_state <> 'unsent' OR p_claims IS NULL OR p_claims = r.claims)
      AND NOT (v_is_said AND p_reason IS NOT NULL)
    RETURNING r.state, r.dialogue INTO v_state, v_dialogue;
    IF FOUND THEN
        IF v_dialogue IS NOT NULL AND v_is_said THEN
            PERFORM hall_private.note_said(p_msisdn, v_key.month, v_key.number, v_key.part, false);
        END IF;
        RETURN v_state;
    END IF;
    RETURN hall_private.settle_late(p_msisdn, p_mt, p_state, p_text, p_pieces, v_is_said AND p_reason IS NOT NULL);
END
$$;

-- The reply moved on before this note came: the report was quicker, somebody else has it, or this is the second time. What was sent is noted
-- all the same, also by who does not know whether it was (a timeout) when the report knows. A question that waits for its words has them
-- now, or will never have any, and is what the report says of it. p_is_rendered: nobody knows when it was sent, and whether in these words:
-- they are what its template makes of it now. Answers likewise.
CREATE OR REPLACE FUNCTION hall_private.settle_late(
    p_msisdn bigint, p_mt text, p_state text, p_text text, p_pieces int, p_is_rendered boolean)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    v_key     record := hall_private.read_mt(p_mt);
    v_is_said boolean := p_state IN ('sent', 'answered');
    v_reply   hall.reply;
    v_waited  boolean;
BEGIN
    SELECT * INTO v_reply
    FROM hall.reply AS r
    WHERE r.msisdn = p_msisdn AND r.month = v_key.month AND r.number = v_key.number AND r.part = v_key.part
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN 'unknown';
    END IF;
    v_reply.text := CASE WHEN v_is_said AND NOT p_is_rendered THEN coalesce(p_text, v_reply.text) ELSE coalesce(v_reply.text, p_text) END;
    v_waited := v_reply.state = 'unsent' AND v_reply.report_status IS NOT NULL AND (p_state <> 'unsent' OR v_reply.text IS NOT NULL);
    IF v_waited THEN
        v_reply.state := hall_private.reported_state(v_reply.report_status);
        v_reply.claim_after := NULL;
    END IF;
    UPDATE hall.reply AS r
    SET state = v_reply.state,
        claim_after = v_reply.claim_after,
        text = v_reply.text,
        fields = CASE WHEN v_is_said OR v_waited THEN hall_private.without_secret(r.fields) ELSE r.fields END,
        sent_at = CASE WHEN p_state = 'sent' AND NOT p_is_rendered THEN coalesce(r.sent_at, hall.now()) ELSE r.sent_at END,
        pieces = greatest(r.pieces, p_pieces)
    WHERE r.msisdn = p_msisdn AND r.month = v_key.month AND r.number = v_key.number AND r.part = v_key.part;
    IF v_reply.dialogue IS NULL OR hall_private.reply_rank(v_reply.state) < hall_private.reply_rank('sent') THEN
        NULL; -- no evidence
    ELSIF p_is_rendered AND v_waited THEN
        PERFORM hall_private.add_evidence(p_msisdn, v_reply.dialogue, NULL, 'said', jsonb_build_object(
            'mt', p_mt,
            'port', v_reply.port,
            'text', v_reply.text,
            'rendered', 'afterwards',
            'at', hall_private.iso(v_reply.report_at)));
    ELSIF v_reply.text IS NOT NULL THEN
        PERFORM hall_private.note_said(p_msisdn, v_key.month, v_key.number, v_key.part, true);
    END IF;
    RETURN v_reply.state;
END
$$;

-- A delivery report of Kannel's: 1 delivered, 2 failed, 4 and 8 accepted on the way, 16 refused by the SMSC. Answers the state the
-- reply moved to, or will when its words are noted; `unchanged` when it was there or further already, `unknown` when there is no such reply
-- or no such status. What is to be sent again is not kept from it by a report on the time before, unless it was delivered then. A report on
-- a question is evidence, and so are the words that it went out with: when nobody has noted them yet, whoever did that may be gone, and
-- after c_patience they are anybody's to render.
-- Locks the reply's row.
CREATE OR REPLACE FUNCTION hall.delivery_report(p_msisdn bigint, p_mt text, p_status int, p_reason text, p_time bigint)
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    c_patience CONSTANT interval := '5 seconds';
    v_key      record := hall_private.read_mt(p_mt);
    v_at       timestamptz := coalesce(to_timestamp(p_time), hall.now());
    v_reason   text := hall_private.one_line(p_reason, 300);
    v_state    hall.reply_state := hall_private.reported_state(p_status);
    v_dialogue int;
    v_is_noted boolean;
BEGIN
    UPDATE hall.reply AS r
    SET state = CASE WHEN hall_private.lacks_words(r.state, r.dialogue, r.text) THEN 'unsent' ELSE v_state END,
        claim_after = CASE WHEN hall_private.lacks_words(r.state, r.dialogue, r.text) THEN least(r.claim_after, hall.now() + c_patience) END,
        fields = hall_private.without_secret(r.fields),
        report_status = p_status,
        report_at = v_at,
        reason = CASE v_state WHEN 'failed' THEN v_reason END
    WHERE r.msisdn = p_msisdn AND r.month = v_key.month AND r.number = v_key.number AND r.part = v_key.part
      AND hall_private.reply_rank(coalesce(CASE r.state WHEN 'unsent' THEN hall_private.reported_state(r.report_status) END, r.state))
          < hall_private.reply_rank(v_state)
      AND (v_state = 'delivered' OR r.state <> 'unsent' OR r.resent_at IS NULL)
    RETURNING r.dialogue, r.text IS NOT NULL INTO v_dialogue, v_is_noted;
    IF FOUND THEN
        IF v_dialogue IS NOT NULL AND v_is_noted THEN -- by who did not know whether it went, when it is not evidence already
            PERFORM hall_private.note_said(p_msisdn, v_key.month, v_key.number, v_key.part, true);
        END IF;
        IF v_dialogue IS NOT NULL THEN
            PERFORM hall_private.add_evidence(p_msisdn, v_dialogue, NULL, 'reported', jsonb_build_object(
                'mt', hall_private.mt(v_key.month, v_key.number, v_key.part),
                'status', p_status,
                'state', v_state,
                'reason', v_reason,
                'at', hall_private.iso(v_at)));
        END IF;
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

-- Replies that somebody would send though they are settled, or that nobody ever would: none, or something is broken. Looks at all there are.
CREATE OR REPLACE FUNCTION hall.check_outbox() RETURNS TABLE (msisdn bigint, mt text, state text, claim_after timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT r.msisdn, hall_private.mt(r.month, r.number, r.part), r.state::text, r.claim_after
    FROM hall.reply AS r
    WHERE (r.state = 'unsent') <> (r.claim_after IS NOT NULL);
END;

-- Replies that went past their validity unsent are not sent any more: nobody wants the news of yesterday. Looks at the p_look ones that
-- are due longest (NULL: at all), and lets p_most of them expire.
CREATE OR REPLACE FUNCTION hall_private.expire_unsent(p_look int, p_most int) RETURNS int
LANGUAGE plpgsql AS $$
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
          AND r.report_status IS NULL -- it went out
        LIMIT p_most
        FOR UPDATE OF r SKIP LOCKED
    )
    UPDATE hall.reply AS r
    SET state = 'expired', claim_after = NULL, reason = 'validity', fields = hall_private.without_secret(r.fields)
    FROM late AS l
    WHERE r.msisdn = l.msisdn AND r.number = l.number AND r.part = l.part AND r.month = l.month;
    GET DIAGNOSTICS v_expired = ROW_COUNT;
    RETURN v_expired;
END
$$;

-- The figure of the next hand that a reply comes into; goes round before smallint ends.
CREATE OR REPLACE FUNCTION hall_private.next_claim(p_claims smallint) RETURNS smallint
LANGUAGE sql IMMUTABLE
RETURN (p_claims % 32767 + 1)::smallint;

-- Takes up to p_most unsent replies whose time has come, oldest first, for p_lease_s seconds: what a crash left, or what could not be
-- sent then. Answers them as hall.receive does, with their msisdn. Those past their validity expire instead. is_reported: it went out, and
-- only its words are wanting.
--
-- By night no reminder is answered that should have gone by day: it waits for the morning elsewhere.
--
-- A subscriber's replies stay in order: one is taken only when all unsent ones before it are taken with it. `first` are the
-- subscribers' first unsent replies; `next` are those behind them, as far as nothing that is not due, or that another session holds,
-- stands between. Others pass by what is locked here, and what is behind it is not theirs to take.
CREATE OR REPLACE FUNCTION hall.claim_unsent(p_most int, p_lease_s int) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET enable_hashjoin = off SET enable_mergejoin = off AS $$
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
          AND (r.valid_until > v_now OR r.report_status IS NOT NULL)
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
          AND (r.valid_until > v_now OR r.report_status IS NOT NULL)
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
        RETURNING h.claim_after AS was_due, r.msisdn, r.number, r.part, r.report_status IS NOT NULL AS is_reported,
            hall_private.reply_json(r) AS reply
    ), lined_up AS (
        SELECT t.*, min(t.was_due) OVER (PARTITION BY t.msisdn) AS first_due
        FROM taken AS t
    )
    SELECT jsonb_agg(
        l.reply || jsonb_build_object('msisdn', l.msisdn::text) || CASE WHEN l.is_reported THEN '{"is_reported": true}' ELSE '{}' END::jsonb
        ORDER BY l.first_due, l.msisdn, l.number, l.part)
    INTO v_taken
    FROM lined_up AS l;
    RETURN CASE WHEN v_taken IS NULL THEN '[]' ELSE hall_private.keep_quiet(v_taken) END;
END
$$;
