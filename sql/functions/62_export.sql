-- What was said in a period and what was replied, for testers who play it again (smshall export). Messages that came since p_from and
-- before p_to (NULL: all since), of one subscriber or of all (NULL), in the order in which they came, and behind each its replies.
-- is_said: a message; its words are as they are kept, secrets masked. A reply has the words that went out, or NULL and what they are made
-- of, but for secrets; is_asked is false where the hall spoke by itself.
CREATE OR REPLACE FUNCTION hall.export_messages(p_from timestamptz, p_to timestamptz, p_msisdn bigint)
RETURNS TABLE (at timestamptz, msisdn bigint, port text, is_said boolean, is_asked boolean, words text, state text, command text, outcome text,
    language text, fields jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT e.at, e.msisdn, e.port, e.is_said, e.is_asked, e.words, e.state, e.command, e.outcome, e.language, e.fields
    FROM (
        SELECT m.at, m.msisdn, m.number, 0 AS part, m.port, true AS is_said, false AS is_asked, m.text AS words,
            NULL::text AS state, NULL::text AS command, NULL::text AS outcome, NULL::text AS language, NULL::jsonb AS fields
        FROM hall.message AS m
        WHERE m.at >= p_from
          AND m.at < coalesce(p_to, 'infinity')
          AND m.month >= hall_private.month_of(p_from)
          AND (p_msisdn IS NULL OR m.msisdn = p_msisdn)
        UNION ALL
        SELECT r.at, r.msisdn, r.number, r.part, r.port, false, m.number IS NOT NULL, r.text,
            r.state::text, r.command, r.outcome, r.language, r.fields - 'secret'
        FROM hall.reply AS r
        LEFT JOIN hall.message AS m ON m.msisdn = r.msisdn AND m.number = r.number AND m.month = r.month
        WHERE r.at >= p_from
          AND r.at < coalesce(p_to, 'infinity')
          AND r.month >= hall_private.month_of(p_from)
          AND (p_msisdn IS NULL OR r.msisdn = p_msisdn)
    ) AS e
    ORDER BY e.at, e.msisdn, e.number, e.part;
END;
