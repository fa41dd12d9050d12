-- Evidence (rules A8): what a dispute turns on, step by step, one row a step. Rows are only ever added. A subscriber's rows are a chain:
-- each hash covers the row and the hash before it, and hall.evidence_end holds the last one, so that a row which was changed, removed,
-- moved or cut off shows (hall.verify_evidence).
--
--      number  1 ──────▶ 2 ──────▶ 3        each arrow: the hash before it is part of the next one's
--      hash    h1        h2        h3 ═ hall.evidence_end.hash

-- A row's hash: SHA-256 over a JSON array, which frames its parts, in UTF-8. What jsonb prints does not depend on a session's settings,
-- and times are whole microseconds since 1970, so that anybody can compute it again, outside too (tests/evidence.sh does):
-- ["<hash before, hex>", msisdn, number, at, dialogue, service, kind, content]
CREATE OR REPLACE FUNCTION hall_private.evidence_hash(
    p_before bytea, p_msisdn bigint, p_number int, p_at timestamptz, p_dialogue int, p_service text, p_kind text, p_content jsonb)
RETURNS bytea
LANGUAGE sql STABLE
RETURN pg_catalog.sha256(pg_catalog.convert_to(
    pg_catalog.jsonb_build_array(
        pg_catalog.encode(p_before, 'hex'), p_msisdn, p_number, (extract(epoch FROM p_at) * 1000000)::bigint,
        p_dialogue, p_service, p_kind, p_content)::text,
    'UTF8'));

-- Adds a row to a subscriber's chain. p_dialogue NULL: it concerns none.
-- Locks hall.evidence_end's row until the commit: the last lock that anything takes.
CREATE OR REPLACE FUNCTION hall_private.add_evidence(p_msisdn bigint, p_dialogue int, p_service text, p_kind text, p_content jsonb)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := hall.now();
BEGIN
    LOOP
        WITH moved AS (
            UPDATE hall.evidence_end AS e
            SET number = e.number + 1,
                hash = hall_private.evidence_hash(
                    e.hash, e.msisdn, e.number + 1, v_now, p_dialogue, p_service, p_kind, p_content)
            WHERE e.msisdn = p_msisdn
            RETURNING e.number, e.hash
        )
        INSERT INTO hall.evidence (msisdn, number, at, dialogue, service, kind, content, hash)
        SELECT p_msisdn, m.number, v_now, p_dialogue, p_service, p_kind, p_content, m.hash
        FROM moved AS m;
        EXIT WHEN FOUND;
        INSERT INTO hall.evidence_end (msisdn, number, hash)
        VALUES (p_msisdn, 0, '')
        ON CONFLICT DO NOTHING;
    END LOOP;
END
$$;

-- A reply that puts a question went out, with the words it has now. p_again: it may be noted already, and is not noted twice then.
CREATE OR REPLACE FUNCTION hall_private.note_said(p_msisdn bigint, p_month date, p_number int, p_part smallint, p_again boolean)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_mt    text := hall_private.mt(p_month, p_number, p_part);
    v_reply hall.reply;
BEGIN
    SELECT * INTO STRICT v_reply
    FROM hall.reply AS r
    WHERE r.msisdn = p_msisdn AND r.month = p_month AND r.number = p_number AND r.part = p_part;
    IF p_again AND EXISTS (
        SELECT FROM hall.evidence AS e
        WHERE e.msisdn = p_msisdn AND e.kind = 'said' AND e.content ->> 'mt' = v_mt
          AND e.content ->> 'text' IS NOT DISTINCT FROM v_reply.text)
    THEN
        RETURN;
    END IF;
    PERFORM hall_private.add_evidence(p_msisdn, v_reply.dialogue, NULL, 'said', jsonb_build_object(
        'mt', v_mt,
        'port', v_reply.port,
        'text', v_reply.text,
        'at', hall_private.iso(coalesce(v_reply.sent_at, hall.now()))));
END
$$;
