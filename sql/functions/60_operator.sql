-- What operators see and do.

-- Replies that never arrived: dead (refused for good, or given up), expired, failed (reported so), since p_since, of one subscriber or
-- of all (NULL), latest last.
CREATE OR REPLACE FUNCTION hall.dead_letters(p_since timestamptz DEFAULT NULL, p_msisdn bigint DEFAULT NULL, p_most int DEFAULT 1000)
RETURNS TABLE (msisdn bigint, mt text, at timestamptz, state text, reason text, port text, command text, outcome text, pieces int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT l.msisdn, hall_private.mt(l.month, l.number, l.part), l.at, l.state::text, l.reason, l.port, l.command, l.outcome, l.pieces
    FROM (
        SELECT *
        FROM hall.reply AS r
        WHERE r.state IN ('dead', 'expired', 'failed')
          AND (p_msisdn IS NULL OR r.msisdn = p_msisdn)
          AND (p_since IS NULL OR (r.at >= p_since AND r.month >= hall_private.month_of(p_since)))
        ORDER BY r.at DESC, r.msisdn, r.number, r.part
        LIMIT p_most
    ) AS l
    ORDER BY l.at, l.msisdn, l.number, l.part;
END;

-- Sends a dead letter again, at once and valid anew, but no question that has ended or run out (rules A7), and none whose secret is gone
-- (rules C4); the one way a reply's state goes back. Answers whether there was such a one.
CREATE OR REPLACE FUNCTION hall.resend(p_msisdn bigint, p_mt text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_key record := hall_private.read_mt(p_mt);
BEGIN
    UPDATE hall.reply AS r
    SET state = 'unsent',
        claim_after = hall.now(),
        claims = hall_private.next_claim(r.claims),
        resent_at = hall.now(),
        valid_until = least(
            (SELECT d.until FROM hall.dialogue AS d WHERE d.msisdn = r.msisdn AND d.number = r.dialogue),
            hall.now() + make_interval(secs => hall_private.setting('reply_validity_s'))),
        -- refused by Kannel after so many pieces: the rest is sent. Sent whole and then reported failed: all of it
        pieces = CASE r.state WHEN 'failed' THEN 0 ELSE r.pieces END,
        report_status = NULL,
        report_at = NULL,
        reason = NULL
    WHERE r.msisdn = p_msisdn AND r.month = v_key.month AND r.number = v_key.number AND r.part = v_key.part
      AND r.state IN ('dead', 'expired', 'failed')
      AND NOT r.fields ? 'had_secret'
      AND (r.dialogue IS NULL OR EXISTS (
          SELECT FROM hall.dialogue AS d
          WHERE d.msisdn = r.msisdn AND d.number = r.dialogue AND d.ended IS NULL AND d.until > hall.now()));
    RETURN FOUND;
END
$$;
