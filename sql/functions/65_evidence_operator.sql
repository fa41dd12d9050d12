-- What operators and auditors read of the evidence: the rows, whole consents, and whether all of it holds.

-- The code of the service that somebody means by a code, a name or an alias; NULL for NULL, which is any service.
CREATE OR REPLACE FUNCTION hall_private.service_code(p_word text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_code text := (hall_private.find_service(p_word)).code;
BEGIN
    IF v_code IS NULL AND p_word IS NOT NULL THEN
        RAISE EXCEPTION 'there is no service "%"', p_word USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN v_code;
END
$$;

-- The consents that a subscriber was asked for.
CREATE OR REPLACE FUNCTION hall_private.find_consents(p_msisdn bigint, p_service text) RETURNS SETOF hall.dialogue
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_service text := hall_private.service_code(p_service);
BEGIN
    RETURN QUERY
    SELECT d.*
    FROM hall.dialogue AS d
    WHERE d.msisdn = p_msisdn AND d.kind = 'consent'
      AND (v_service IS NULL OR d.options #>> '{0,service}' = v_service)
    ORDER BY d.number;
END
$$;

-- A subscriber's evidence in its order; of one service: what was asked, said and answered about it, and what it led to.
CREATE OR REPLACE FUNCTION hall.evidence(p_msisdn bigint, p_service text DEFAULT NULL)
RETURNS TABLE (number int, at timestamptz, dialogue int, service text, kind text, content jsonb, hash text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_service text := hall_private.service_code(p_service);
BEGIN
    RETURN QUERY
    SELECT e.number, e.at, e.dialogue, e.service, e.kind, e.content, encode(e.hash, 'hex')
    FROM hall.evidence AS e
    WHERE e.msisdn = p_msisdn
      AND (v_service IS NULL OR e.service = v_service
           OR e.dialogue IN (SELECT d.number FROM hall_private.find_consents(p_msisdn, v_service) AS d))
    ORDER BY e.number;
END
$$;

-- A message of a subscriber's as evidence has it; NULL when its month is no longer kept. p_at is the time of what it led to: near a month's
-- end they may be in different months.
CREATE OR REPLACE FUNCTION hall_private.find_message(p_msisdn bigint, p_number int, p_at timestamptz) RETURNS jsonb
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT hall_private.message_json(m)
    FROM hall.message AS m
    WHERE m.msisdn = p_msisdn AND m.number = p_number
      AND m.month BETWEEN hall_private.month_of(p_at - interval '1 day') AND hall_private.month_of(p_at + interval '1 day');
END;

-- The replies that put a question, and what became of them.
CREATE OR REPLACE FUNCTION hall_private.prompts_json(p_dialogue hall.dialogue) RETURNS jsonb
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT coalesce(jsonb_agg(
        jsonb_build_object(
            'mt', hall_private.mt(r.month, r.number, r.part),
            'at', hall_private.iso(r.at),
            'sent_at', hall_private.iso(r.sent_at),
            'report_at', hall_private.iso(r.report_at),
            'state', r.state,
            'reason', r.reason,
            'port', r.port,
            'text', r.text)
        ORDER BY r.number, r.part), '[]')
    FROM hall.reply AS r
    WHERE r.msisdn = p_dialogue.msisdn AND r.dialogue = p_dialogue.number
      AND r.month BETWEEN hall_private.month_of(p_dialogue.at - interval '1 day')
          AND hall_private.month_of(p_dialogue.until + interval '1 day');
END;

-- What was charged under a consent.
CREATE OR REPLACE FUNCTION hall_private.charges_json(p_dialogue hall.dialogue) RETURNS jsonb
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT coalesce(jsonb_agg(
        jsonb_build_object(
            'number', l.number,
            'at', hall_private.iso(l.at),
            'service', l.service,
            'month', to_char(l.period, 'YYYY-MM'),
            'charged_fen', -l.fen,
            'balance_fen', l.balance_fen)
        ORDER BY l.number), '[]')
    FROM hall.ledger AS l
    WHERE l.msisdn = p_dialogue.msisdn AND l.consent = p_dialogue.number;
END;

CREATE OR REPLACE FUNCTION hall_private.subscriptions_json(p_dialogue hall.dialogue) RETURNS jsonb
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT coalesce(jsonb_agg(
        jsonb_build_object(
            'service', s.service,
            'since', hall_private.iso(s.since),
            'until', hall_private.iso(s.until),
            'end_reason', s.end_reason)
        ORDER BY s.since), '[]')
    FROM hall.subscription AS s
    WHERE s.msisdn = p_dialogue.msisdn AND s.consent = p_dialogue.number;
END;

CREATE OR REPLACE FUNCTION hall_private.evidence_json(p_dialogue hall.dialogue) RETURNS jsonb
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT coalesce(jsonb_agg(
        jsonb_build_object(
            'number', e.number,
            'at', hall_private.iso(e.at),
            'kind', e.kind,
            'content', e.content,
            'hash', encode(e.hash, 'hex'))
        ORDER BY e.number), '[]')
    FROM hall.evidence AS e
    WHERE e.msisdn = p_dialogue.msisdn AND e.dialogue = p_dialogue.number;
END;

-- Each consent that a subscriber was asked for, oldest first, as one document: the request, the question and how it was delivered, the
-- answer, what was opened and charged under it, and the evidence rows.
CREATE OR REPLACE FUNCTION hall.consents(p_msisdn bigint, p_service text DEFAULT NULL) RETURNS SETOF jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN QUERY
    SELECT jsonb_build_object(
        'msisdn', d.msisdn::text,
        'number', d.number,
        'service', d.options #> '{0,service}',
        'name', d.options #> '{0,name}',
        'provider', d.options #> '{0,provider}',
        'price', jsonb_build_object('fen', d.options #> '{0,fen}', 'period', d.options #> '{0,period}'),
        'trial_days', d.options #> '{0,trial_days}',
        'request', hall_private.find_message(d.msisdn, d.number, d.at),
        'question', jsonb_build_object(
            'at', hall_private.iso(d.at),
            'until', hall_private.iso(d.until),
            'window_s', extract(epoch FROM d.until - d.at)::int,
            'port', d.port,
            'command', d.command,
            'outcome', d.outcome,
            'fields', d.fields,
            'replies', hall_private.prompts_json(d)),
        'ended', d.ended,
        'ended_at', hall_private.iso(d.ended_at),
        'answer', hall_private.find_message(d.msisdn, d.ended_by, d.ended_at),
        'charges', hall_private.charges_json(d),
        'subscriptions', hall_private.subscriptions_json(d),
        'evidence', hall_private.evidence_json(d))
    FROM hall_private.find_consents(p_msisdn, p_service) AS d;
END
$$;

-- --- whether it holds --------------------------------------------------------------------------------------------------------

-- Where the chains of these subscribers are broken.
CREATE OR REPLACE FUNCTION hall_private.broken_chains(p_first bigint, p_last bigint)
RETURNS TABLE (msisdn bigint, number int, fault text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH linked AS (
        SELECT e.*,
            coalesce(lag(e.number) OVER w, 0) AS before_number,
            coalesce(lag(e.hash) OVER w, '') AS before_hash,
            lead(e.number) OVER w IS NULL AS is_last
        FROM hall.evidence AS e
        WHERE e.msisdn BETWEEN p_first AND p_last
        WINDOW w AS (PARTITION BY e.msisdn ORDER BY e.number)
    )
    SELECT l.msisdn, l.before_number + 1, 'missing: up to number ' || l.number - 1
    FROM linked AS l
    WHERE l.number <> l.before_number + 1
    UNION ALL
    SELECT l.msisdn, l.number, 'changed: its hash is not that of its content and the row before it'
    FROM linked AS l
    WHERE l.number = l.before_number + 1
      AND l.hash <> hall_private.evidence_hash(l.before_hash, l.msisdn, l.number, l.at, l.dialogue, l.service, l.kind, l.content)
    UNION ALL
    SELECT coalesce(l.msisdn, n.msisdn), coalesce(l.number, 0) + coalesce(n.number > coalesce(l.number, 0), false)::int,
        CASE
            WHEN n.number IS NULL THEN 'the end of the chain is missing'
            WHEN n.number > coalesce(l.number, 0) THEN 'missing: up to number ' || n.number
            WHEN n.number < l.number THEN 'the end of the chain is number ' || n.number
            ELSE 'the end of the chain has another hash'
        END
    FROM (SELECT * FROM linked AS k WHERE k.is_last) AS l
    FULL JOIN (SELECT * FROM hall.evidence_end AS e WHERE e.msisdn BETWEEN p_first AND p_last) AS n ON n.msisdn = l.msisdn
    WHERE (n.number, n.hash) IS DISTINCT FROM (l.number, l.hash);
END;

-- Where the questions of these subscribers are not what the evidence says of them.
CREATE OR REPLACE FUNCTION hall_private.broken_dialogues(p_first bigint, p_last bigint)
RETURNS TABLE (msisdn bigint, dialogue int, fault text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH question AS (
        SELECT d.*, CASE WHEN d.ended IN ('yes', 'no') THEN 'answered' ELSE d.ended END AS end_kind
        FROM hall.dialogue AS d
        WHERE d.msisdn BETWEEN p_first AND p_last
    ), noted AS (
        SELECT e.*,
            CASE e.kind WHEN 'answered' THEN e.content ->> 'is' ELSE e.kind END AS ended,
            coalesce(e.content ->> 'message', e.content ->> 'by') AS ended_by
        FROM hall.evidence AS e
        WHERE e.msisdn BETWEEN p_first AND p_last AND e.dialogue IS NOT NULL
    )
    SELECT coalesce(q.msisdn, n.msisdn), coalesce(q.number, n.dialogue),
        CASE
            WHEN n.msisdn IS NULL THEN 'the question is not in the evidence'
            WHEN q.msisdn IS NULL THEN 'the question is gone'
            ELSE 'the question is not the one in the evidence'
        END
    FROM question AS q
    FULL JOIN (SELECT * FROM noted AS a WHERE a.kind = 'asked') AS n ON n.msisdn = q.msisdn AND n.dialogue = q.number
    WHERE (q.kind, q.port, q.options, hall_private.iso(q.at), hall_private.iso(q.until)) IS DISTINCT FROM
        (n.content ->> 'kind', n.content ->> 'port', n.content -> 'options', n.content ->> 'at', n.content ->> 'until')
    UNION ALL
    SELECT q.msisdn, q.number, 'the price in the question is not the one that was consented to'
    FROM question AS q
    WHERE q.kind = 'consent' AND q.fields #> '{price,fen}' IS DISTINCT FROM q.options #> '{0,fen}'
    UNION ALL
    SELECT q.msisdn, q.number, 'how it ended is not in the evidence: ' || q.ended
    FROM question AS q
    WHERE q.ended <> 'expired'
      AND NOT EXISTS (
          SELECT FROM noted AS n
          WHERE n.msisdn = q.msisdn AND n.dialogue = q.number
            AND (n.kind, n.ended, n.ended_by) IS NOT DISTINCT FROM (q.end_kind, q.ended, q.ended_by::text))
    UNION ALL
    SELECT q.msisdn, q.number, 'it ended otherwise than the evidence says: ' || n.ended
    FROM question AS q
    JOIN noted AS n ON n.msisdn = q.msisdn AND n.dialogue = q.number
    WHERE n.ended IN ('yes', 'no', 'replaced', 'left') AND n.ended IS DISTINCT FROM q.ended;
END;

-- Where the messages and replies of these subscribers, as far as they are kept, have other words than the evidence.
CREATE OR REPLACE FUNCTION hall_private.broken_words(p_first bigint, p_last bigint)
RETURNS TABLE (msisdn bigint, number int, dialogue int, fault text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT e.msisdn, e.number, e.dialogue, 'message ' || m.number || ' has other words than this'
    FROM hall.evidence AS e
    JOIN hall.message AS m ON m.msisdn = e.msisdn AND m.gateway_id = e.content ->> 'gateway_id' AND m.number::text = e.content ->> 'message'
    WHERE e.msisdn BETWEEN p_first AND p_last
      AND e.kind IN ('asked', 'answered')
      AND hall_private.message_json(m) <> e.content - '{kind,options,until,is,chosen}'::text[]
    UNION ALL
    SELECT s.msisdn, s.number, s.dialogue, 'reply ' || (s.content ->> 'mt') || ' has other words than this'
    FROM (
        SELECT DISTINCT ON (e.msisdn, e.content ->> 'mt') e.*
        FROM hall.evidence AS e
        WHERE e.msisdn BETWEEN p_first AND p_last AND e.kind = 'said'
        ORDER BY e.msisdn, e.content ->> 'mt', e.number DESC
    ) AS s
    CROSS JOIN hall_private.read_mt(s.content ->> 'mt') AS k
    JOIN hall.reply AS r ON r.msisdn = s.msisdn AND r.month = k.month AND r.number = k.number AND r.part = k.part
    WHERE hall_private.reply_rank(r.state) >= hall_private.reply_rank('answered')
      AND (r.text, r.port, r.dialogue) IS DISTINCT FROM (s.content ->> 'text', s.content ->> 'port', s.dialogue);
END;

-- What of the evidence does not hold: of one subscriber, of those from p_msisdn to p_last, or of all (NULL). No row: it holds.
-- number is a row of hall.evidence, dialogue the question concerned.
CREATE OR REPLACE FUNCTION hall.verify_evidence(p_msisdn bigint DEFAULT NULL, p_last bigint DEFAULT NULL)
RETURNS TABLE (msisdn bigint, number int, dialogue int, fault text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_first bigint := coalesce(p_msisdn, 0);
    v_last  bigint := coalesce(p_last, p_msisdn, 9223372036854775807);
BEGIN
    RETURN QUERY
    SELECT f.*
    FROM (
        SELECT c.msisdn, c.number, NULL::int AS dialogue, c.fault FROM hall_private.broken_chains(v_first, v_last) AS c
        UNION ALL
        SELECT d.msisdn, NULL, d.dialogue, d.fault FROM hall_private.broken_dialogues(v_first, v_last) AS d
        UNION ALL
        SELECT * FROM hall_private.broken_words(v_first, v_last)
    ) AS f
    ORDER BY f.msisdn, f.number, f.dialogue;
END
$$;

-- All numbers, cut into ranges of at most p_most subscribers who have evidence: for verifying piece by piece.
CREATE OR REPLACE FUNCTION hall.evidence_ranges(p_most int)
RETURNS TABLE (first bigint, last bigint, subscribers bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT lag(r.last, 1, 0::bigint) OVER (ORDER BY r.last) + 1,
        CASE WHEN lead(r.last) OVER (ORDER BY r.last) IS NULL THEN 9223372036854775807 ELSE r.last END,
        r.subscribers
    FROM (
        SELECT max(n.msisdn) AS last, count(n.msisdn) AS subscribers
        FROM (
            SELECT e.msisdn, (row_number() OVER (ORDER BY e.msisdn) - 1) / p_most AS piece
            FROM hall.evidence_end AS e
        ) AS n
        GROUP BY n.piece
        UNION ALL
        SELECT 0, 0
        WHERE NOT EXISTS (SELECT FROM hall.evidence_end)
    ) AS r;
END;

-- Charges for a service that are not as they were consented to (rules A1), of one subscriber, of those from p_msisdn to p_last, or of all
-- (NULL): none, or something is broken.
CREATE OR REPLACE FUNCTION hall.verify_money(p_msisdn bigint DEFAULT NULL, p_last bigint DEFAULT NULL)
RETURNS TABLE (msisdn bigint, number int, at timestamptz, fen bigint, service text, period date, fault text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT f.msisdn, f.number, f.at, f.fen, f.service, f.period, f.fault
    FROM (
        SELECT l.*,
            CASE
                WHEN d.number IS NULL THEN 'there is no consent'
                WHEN d.kind <> 'consent' OR d.ended IS DISTINCT FROM 'yes' THEN 'the question was not answered with yes'
                WHEN d.options #>> '{0,service}' <> l.service THEN 'the consent is to ' || (d.options #>> '{0,service}')
                WHEN d.ended_at > l.at THEN 'the charge is older than the consent'
                WHEN d.ended_at NOT BETWEEN d.at AND d.until THEN 'the answer did not come in the window'
                WHEN d.ended_by IS NULL OR d.ended_by <= d.number THEN 'there is no answer'
                WHEN to_jsonb(-l.fen) > d.options #> '{0,fen}' THEN 'the consent is to ' || (d.options #>> '{0,fen}') || ' fen'
                WHEN NOT EXISTS (
                    SELECT FROM hall.evidence AS e
                    WHERE e.msisdn = l.msisdn AND e.dialogue = l.consent AND e.kind = 'asked') THEN 'the question is not in the evidence'
                WHEN NOT EXISTS (
                    SELECT FROM hall.evidence AS e
                    WHERE e.msisdn = l.msisdn AND e.dialogue = l.consent AND e.kind = 'answered' AND e.content ->> 'is' = 'yes'
                      AND e.content ->> 'message' = d.ended_by::text) THEN 'the answer is not in the evidence'
                WHEN NOT EXISTS (
                    SELECT FROM hall.evidence AS e
                    WHERE e.msisdn = l.msisdn AND e.dialogue = l.consent AND e.service = l.service
                      AND ((e.kind = 'opened' AND e.content -> 'charged' = to_jsonb(-l.fen))
                           OR (e.kind = 'charged' AND e.content -> 'fen' = to_jsonb(-l.fen)
                               AND e.content ->> 'month' = to_char(l.period, 'YYYY-MM')))) THEN 'the charge is not in the evidence'
            END AS fault
        FROM hall.ledger AS l
        LEFT JOIN hall.dialogue AS d ON d.msisdn = l.msisdn AND d.number = l.consent
        WHERE l.kind = 'service_fee'
          AND l.msisdn BETWEEN coalesce(p_msisdn, 0) AND coalesce(p_last, p_msisdn, 9223372036854775807)
    ) AS f
    WHERE f.fault IS NOT NULL
    ORDER BY f.msisdn, f.number;
END;
