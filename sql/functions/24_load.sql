-- How a billing system feeds much at once: one function for each kind of rows, called with arrays of text, one array a column, by `smshall
-- load` for each chunk of a file, or by anybody with the rights of the feed. A chunk is a few statements, and one commit. Rows are as if
-- the one-row function (20_account) had been called for each in their order, so the last of two for the same key counts. An empty field is
-- NULL; a column that is left out as a whole leaves what is there as it is. Times without a zone are China's.
--
-- All answer {"new": n, "changed": n, "rejected": {"3": why, …}}: rows are counted from 1, what was not rejected is put, and what is put
-- again as it is changes nothing.
--
-- Tables may be empty when a session begins to load a million rows: so that its plans stay right, they go by keys from the first call on,
-- which is what the settings of these functions are for. (plan_cache_mode would do that too, but it reaches the checks of foreign keys,
-- which were planned anew for each row then.)

-- --- reading fields: NULL when it is none -----------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION hall_private.read_msisdn(p_field text) RETURNS bigint
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN p_field ~ '^1[3-9][0-9]{9}$' THEN p_field::bigint END;

CREATE OR REPLACE FUNCTION hall_private.read_number(p_field text) RETURNS bigint
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN p_field ~ '^-?[0-9]{1,15}$' THEN p_field::bigint END;

CREATE OR REPLACE FUNCTION hall_private.read_flag(p_field text) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN CASE
    WHEN lower(p_field) IN ('1', 't', 'true', 'y', 'yes', '是') THEN true
    WHEN lower(p_field) IN ('0', 'f', 'false', 'n', 'no', '否') THEN false
END;

-- 2012-11, 201211 or a day of it: its first day.
CREATE OR REPLACE FUNCTION hall_private.read_month(p_field text) RETURNS date
LANGUAGE sql IMMUTABLE
RETURN CASE
    WHEN p_field ~ '^[12][0-9]{3}-?(0[1-9]|1[0-2])(-?(0[1-9]|[12][0-9]|3[01]))?$' THEN
        make_date(left(p_field, 4)::int, substr(translate(p_field, '-', ''), 5, 2)::int, 1)
END;

-- 2012-11-30, with a time, with a zone: +08, +08:00 or Z.
CREATE OR REPLACE FUNCTION hall_private.read_time(p_field text) RETURNS timestamptz
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF p_field ~ '^[12][0-9]{3}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?)?$' THEN
        RETURN p_field::timestamp AT TIME ZONE 'Asia/Shanghai';
    ELSIF p_field ~ '^[12][0-9]{3}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)? ?(Z|[+-][0-9]{2}(:?[0-9]{2})?)$' THEN
        RETURN p_field::timestamptz;
    END IF;
    RETURN NULL;
EXCEPTION WHEN data_exception THEN
    RETURN NULL; -- 2012-02-30
END
$$;

-- The items of a bill: name:fen|name:fen, in their order.
CREATE OR REPLACE FUNCTION hall_private.read_items(p_field text) RETURNS jsonb
LANGUAGE sql IMMUTABLE
RETURN CASE
    WHEN p_field ~ '^[^|:]+:-?[0-9]{1,15}(\|[^|:]+:-?[0-9]{1,15})*$' THEN (
        SELECT jsonb_agg(
            jsonb_build_object('name', btrim(split_part(i.item, ':', 1)), 'fen', split_part(i.item, ':', 2)::bigint) ORDER BY i.place)
        FROM string_to_table(p_field, '|') WITH ORDINALITY AS i (item, place))
END;

-- Hashes and digests: 32 bytes in base64.
CREATE OR REPLACE FUNCTION hall_private.read_hash(p_field text) RETURNS bytea
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN p_field ~ '^[A-Za-z0-9+/]{43}=$' THEN decode(p_field, 'base64') END;

-- The number of a key that secrets are made with.
CREATE OR REPLACE FUNCTION hall_private.read_pepper(p_field text) RETURNS smallint
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN p_field ~ '^[0-9]{1,5}$' THEN CASE WHEN p_field::int <= 32767 THEN p_field::smallint END END;

-- Why a field cannot be what it has to be.
CREATE OR REPLACE FUNCTION hall_private.no_field(p_column text, p_field text, p_wanted text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN p_field IS NULL THEN p_column || ' is missing' ELSE format('%s "%s" is no %s', p_column, p_field, p_wanted) END;

CREATE OR REPLACE FUNCTION hall_private.no_subscriber(p_msisdn bigint) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN 'there is no subscriber ' || p_msisdn;

-- Locks the subscribers in the order of their numbers, which keeps two of these from waiting for each other.
CREATE OR REPLACE FUNCTION hall_private.hold_subscribers(p_msisdn text[]) RETURNS void
LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    PERFORM
    FROM hall.subscriber AS s
    WHERE s.msisdn = ANY (ARRAY(SELECT hall_private.read_msisdn(m) FROM unnest(p_msisdn) AS m))
    ORDER BY s.msisdn
    FOR NO KEY UPDATE;
END
$$;

-- --- subscribers -------------------------------------------------------------------------------------------------------------

-- Their rows as they are read, with the reason why one cannot be put. state NULL: nothing is said of it, nor of its reason then. has_closed: a
-- row of this subscriber closes the account.
CREATE OR REPLACE FUNCTION hall_private.read_subscribers(
    p_msisdn text[], p_brand text[], p_state text[], p_state_reason text[], p_opening_fen text[], p_is_blacklisted text[])
RETURNS TABLE (place bigint, msisdn bigint, brand text, state text, state_reason text, opening_fen bigint, is_blacklisted boolean,
    has_closed boolean, reason text)
LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
    SELECT r.place, r.msisdn, r.brand, r.state, r.state_reason, r.opening_fen, r.is_blacklisted,
        coalesce(bool_or(r.state = 'closed' AND r.reason IS NULL) OVER (PARTITION BY r.msisdn), false), r.reason
    FROM (
        SELECT g.place, hall_private.read_msisdn(g.msisdn) AS msisdn, g.brand, g.state,
            CASE WHEN g.state IS NOT NULL THEN g.state_reason END AS state_reason,
            coalesce(hall_private.read_number(g.opening_fen), 0) AS opening_fen,
            coalesce(hall_private.read_flag(g.is_blacklisted), false) AS is_blacklisted,
            CASE
                WHEN hall_private.read_msisdn(g.msisdn) IS NULL THEN hall_private.no_field('msisdn', g.msisdn, 'mobile number')
                WHEN g.brand IS NULL THEN 'brand is missing'
                WHEN g.state NOT IN ('active', 'suspended', 'closed') THEN
                    hall_private.no_field('state', g.state, 'state: active, suspended or closed')
                WHEN g.opening_fen IS NOT NULL AND hall_private.read_number(g.opening_fen) IS NULL THEN
                    hall_private.no_field('opening_fen', g.opening_fen, 'amount in whole fen')
                WHEN g.is_blacklisted IS NOT NULL AND hall_private.read_flag(g.is_blacklisted) IS NULL THEN
                    hall_private.no_field('is_blacklisted', g.is_blacklisted, 'yes or no')
            END AS reason
        FROM unnest(p_msisdn, p_brand, p_state, p_state_reason, p_opening_fen, p_is_blacklisted)
            WITH ORDINALITY AS g (msisdn, brand, state, state_reason, opening_fen, is_blacklisted, place)
    ) AS r;
END;

-- Closing an account ends what hangs on it, so whoever is here and is closed goes the slow road, row by row. Answers how many changed.
CREATE OR REPLACE FUNCTION hall_private.load_closed(
    p_msisdn text[], p_brand text[], p_state text[], p_state_reason text[], p_is_blacklisted text[])
RETURNS int
LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    v_row     record;
    v_before  hall.subscriber;
    v_changed int := 0;
BEGIN
    FOR v_row IN
        SELECT r.*
        FROM hall_private.read_subscribers(p_msisdn, p_brand, p_state, p_state_reason, NULL, p_is_blacklisted) AS r
        JOIN hall.subscriber AS s ON s.msisdn = r.msisdn
        WHERE r.has_closed AND r.reason IS NULL
        ORDER BY r.msisdn, r.place
    LOOP
        SELECT * INTO v_before FROM hall.subscriber AS s WHERE s.msisdn = v_row.msisdn;
        PERFORM hall.put_subscriber(
            v_row.msisdn, v_row.brand, coalesce(v_row.state, v_before.state),
            CASE WHEN v_row.state IS NULL THEN v_before.state_reason ELSE v_row.state_reason END,
            p_is_blacklisted => CASE WHEN p_is_blacklisted IS NULL THEN v_before.is_blacklisted ELSE v_row.is_blacklisted END);
        v_changed := v_changed + coalesce(v_before.state <> v_row.state, false)::int;
    END LOOP;
    RETURN v_changed;
END
$$;

-- As hall.put_subscriber, but where nothing is said of the state, it stays as it is; who is new is active. Of several rows of a subscriber the
-- last that names a state says it. The opening balance is the first one that a file names, and counts only for a new subscriber.
-- Locks the subscribers in their order, and first the conversations of those who are closed.
CREATE OR REPLACE FUNCTION hall.load_subscribers(
    p_msisdn text[], p_brand text[], p_state text[] DEFAULT NULL, p_state_reason text[] DEFAULT NULL, p_opening_fen text[] DEFAULT NULL,
    p_is_blacklisted text[] DEFAULT NULL)
RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    v_now    timestamptz := hall.now();
    v_closed int := 0;
    v_answer jsonb;
BEGIN
    IF 'closed' = ANY (p_state) THEN
        v_closed := hall_private.load_closed(p_msisdn, p_brand, p_state, p_state_reason, p_is_blacklisted);
    END IF;
    PERFORM hall_private.hold_subscribers(p_msisdn);
    WITH given AS MATERIALIZED (
        SELECT r.*
        FROM hall_private.read_subscribers(p_msisdn, p_brand, p_state, p_state_reason, p_opening_fen, p_is_blacklisted) AS r
    ), said AS MATERIALIZED (
        SELECT DISTINCT ON (g.msisdn) g.msisdn, g.brand, g.is_blacklisted, g.has_closed,
            first_value(g.opening_fen) OVER (PARTITION BY g.msisdn ORDER BY g.place) AS first_fen,
            first_value(g.state) OVER of_state AS state, first_value(g.state_reason) OVER of_state AS state_reason
        FROM given AS g
        WHERE g.reason IS NULL
        WINDOW of_state AS (PARTITION BY g.msisdn ORDER BY g.state IS NULL, g.place DESC)
        ORDER BY g.msisdn, g.place DESC
    ), last AS MATERIALIZED (
        SELECT d.msisdn, d.brand, d.is_blacklisted, d.first_fen,
            CASE WHEN b.stays THEN s.state ELSE coalesce(d.state, 'active') END AS state,
            CASE WHEN b.stays THEN s.state_reason ELSE hall_private.kept_reason(d.state, d.state_reason) END AS state_reason
        FROM said AS d
        LEFT JOIN hall.subscriber AS s ON s.msisdn = d.msisdn
        CROSS JOIN LATERAL (
            SELECT s.msisdn IS NOT NULL
                AND (d.state IS NULL OR hall_private.outlasts(s.state, s.state_reason, d.state, d.state_reason)) AS stays
        ) AS b
        WHERE s.msisdn IS NULL OR NOT d.has_closed
    ), put AS (
        INSERT INTO hall.subscriber AS s
            (msisdn, brand, state, state_reason, is_blacklisted, since, balance_fen, ledger_number)
        SELECT l.msisdn, l.brand, l.state, l.state_reason, l.is_blacklisted, v_now, l.first_fen, (l.first_fen <> 0)::int
        FROM last AS l
        ORDER BY l.msisdn
        ON CONFLICT ON CONSTRAINT subscriber_pkey DO UPDATE
        SET brand = excluded.brand,
            state = excluded.state,
            state_reason = excluded.state_reason,
            is_blacklisted = CASE WHEN p_is_blacklisted IS NULL THEN s.is_blacklisted ELSE excluded.is_blacklisted END,
            since = CASE WHEN s.state = 'closed' AND excluded.state <> 'closed' THEN excluded.since ELSE s.since END
        WHERE s.brand <> excluded.brand
           OR s.state <> excluded.state
           OR s.state_reason IS DISTINCT FROM excluded.state_reason
           OR (p_is_blacklisted IS NOT NULL AND s.is_blacklisted <> excluded.is_blacklisted)
        RETURNING s.msisdn, s.balance_fen, s.xmax = 0 AS is_new
    ), opened AS (
        INSERT INTO hall.ledger (msisdn, number, at, fen, balance_fen, kind, note, reference)
        SELECT p.msisdn, 1, v_now, p.balance_fen, p.balance_fen, 'opening', '期初余额', 'opening'
        FROM put AS p
        WHERE p.is_new AND p.balance_fen <> 0
    )
    SELECT jsonb_build_object(
        'new', (SELECT count(*) FROM put AS p WHERE p.is_new),
        'changed', v_closed + (SELECT count(*) FROM put AS p WHERE NOT p.is_new),
        'rejected', coalesce(jsonb_object_agg(g.place, g.reason) FILTER (WHERE g.reason IS NOT NULL), '{}'))
    INTO v_answer
    FROM given AS g;
    RETURN v_answer;
END
$$;

-- --- money -------------------------------------------------------------------------------------------------------------------

-- Rows of the ledger; p_kind NULL: top-ups. The reference of each counts once for its subscriber: the same again is as it was, another
-- amount or kind under it is rejected, whether it stands in the ledger or in an earlier row. Locks the subscribers in their order, and then
-- looks at the ledger, which nobody else moves meanwhile.
CREATE OR REPLACE FUNCTION hall_private.load_ledger(p_msisdn text[], p_amount_fen text[], p_kind text[], p_note text[], p_reference text[])
RETURNS jsonb
LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    v_now    timestamptz := hall.now();
    v_is_top boolean := p_kind IS NULL;
    v_answer jsonb;
BEGIN
    PERFORM hall_private.hold_subscribers(p_msisdn);
    WITH read AS MATERIALIZED (
        SELECT r.*, s.balance_fen, s.ledger_number,
            CASE
                WHEN r.msisdn IS NULL THEN hall_private.no_field('msisdn', r.written, 'mobile number')
                WHEN r.fen IS NULL THEN hall_private.no_field('amount_fen', r.fen_written, 'amount in whole fen')
                WHEN v_is_top AND r.fen <= 0 THEN format('a top-up is above 0, and not %s fen', r.fen)
                WHEN r.kind NOT IN ('top_up', 'fee', 'refund', 'correction') OR (r.kind = 'top_up' AND NOT v_is_top) OR r.kind IS NULL THEN
                    hall_private.no_field('kind', r.kind, 'kind: fee, refund or correction')
                WHEN NOT CASE r.kind WHEN 'fee' THEN r.fen < 0 WHEN 'refund' THEN r.fen > 0 ELSE r.fen <> 0 END THEN
                    format('a %s of %s fen cannot be: a fee is below 0, a refund above 0, a correction not 0', r.kind, r.fen)
                WHEN r.reference IS NULL THEN 'reference is missing'
                WHEN s.msisdn IS NULL THEN hall_private.no_subscriber(r.msisdn)
            END AS fault
        FROM (
            SELECT g.place, g.msisdn AS written, g.fen AS fen_written, hall_private.read_msisdn(g.msisdn) AS msisdn,
                hall_private.read_number(g.fen) AS fen, CASE WHEN v_is_top THEN 'top_up' ELSE g.kind END AS kind,
                coalesce(g.note, CASE WHEN v_is_top THEN '充值' END) AS note, g.reference
            FROM unnest(p_msisdn, p_amount_fen, p_kind, p_note, p_reference)
                WITH ORDINALITY AS g (msisdn, fen, kind, note, reference, place)
        ) AS r
        LEFT JOIN hall.subscriber AS s ON s.msisdn = r.msisdn
    ), said AS (
        SELECT r.*, count(*) FILTER (WHERE r.fault IS NULL) OVER so_far AS times,
            coalesce(l.fen, first_value(r.fen) OVER one_reference) AS said_fen,
            coalesce(l.kind, first_value(r.kind) OVER one_reference) AS said_kind, l.number IS NOT NULL AS is_there
        FROM read AS r
        LEFT JOIN hall.ledger AS l ON l.msisdn = r.msisdn AND l.reference = r.reference
        WINDOW one_reference AS (PARTITION BY r.msisdn, r.reference ORDER BY r.fault IS NOT NULL, r.place),
            so_far AS (PARTITION BY r.msisdn, r.reference ORDER BY r.place)
    ), given AS MATERIALIZED (
        SELECT r.*, NOT r.is_there AND r.times = 1 AS is_first,
            coalesce(r.fault, CASE
                WHEN (r.fen, r.kind) <> (r.said_fen, r.said_kind) THEN
                    format('reference "%s" is a %s of %s fen already and cannot be a %s of %s fen',
                        r.reference, r.said_kind, r.said_fen, r.kind, r.fen)
            END) AS reason
        FROM said AS r
    ), due AS MATERIALIZED (
        SELECT g.msisdn, g.fen, g.kind, g.note, g.reference, g.balance_fen + sum(g.fen) OVER in_order AS balance_fen,
            g.ledger_number + row_number() OVER in_order AS number
        FROM given AS g
        WHERE g.reason IS NULL AND g.is_first
        WINDOW in_order AS (PARTITION BY g.msisdn ORDER BY g.place)
    ), moved AS (
        UPDATE hall.subscriber AS s
        SET balance_fen = s.balance_fen + d.fen,
            ledger_number = s.ledger_number + d.count
        FROM (SELECT u.msisdn, sum(u.fen) AS fen, count(*) AS count FROM due AS u GROUP BY u.msisdn) AS d
        WHERE s.msisdn = d.msisdn
    ), put AS (
        INSERT INTO hall.ledger (msisdn, number, at, fen, balance_fen, kind, note, reference)
        SELECT d.msisdn, d.number, v_now, d.fen, d.balance_fen, d.kind, d.note, d.reference
        FROM due AS d
        ORDER BY d.msisdn, d.number
        RETURNING 1
    )
    SELECT jsonb_build_object(
        'new', (SELECT count(*) FROM put),
        'changed', 0,
        'rejected', coalesce(jsonb_object_agg(g.place, g.reason) FILTER (WHERE g.reason IS NOT NULL), '{}'))
    INTO v_answer
    FROM given AS g;
    RETURN v_answer;
END
$$;

-- As hall.top_up.
CREATE OR REPLACE FUNCTION hall.load_top_ups(p_msisdn text[], p_amount_fen text[], p_reference text[], p_note text[] DEFAULT NULL)
RETURNS jsonb
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN hall_private.load_ledger(p_msisdn, p_amount_fen, NULL, p_note, p_reference);

-- As hall.post_charge: a fee is below 0.
CREATE OR REPLACE FUNCTION hall.load_charges(
    p_msisdn text[], p_amount_fen text[], p_kind text[], p_reference text[], p_note text[] DEFAULT NULL)
RETURNS jsonb
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN hall_private.load_ledger(p_msisdn, p_amount_fen, coalesce(p_kind, '{}'), p_note, p_reference);

-- As hall.put_bill: a bill a row, its items as name:fen|name:fen.
CREATE OR REPLACE FUNCTION hall.load_bills(p_msisdn text[], p_month text[], p_items_fen text[]) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    v_answer jsonb;
BEGIN
    WITH given AS MATERIALIZED (
        SELECT r.place, r.msisdn, r.month, r.items,
            CASE
                WHEN r.msisdn IS NULL THEN hall_private.no_field('msisdn', r.written, 'mobile number')
                WHEN r.month IS NULL THEN hall_private.no_field('month', r.month_written, 'month: 2012-11')
                WHEN r.items IS NULL THEN hall_private.no_field('items_fen', r.items_written, 'list of items: name:fen|name:fen')
                WHEN s.msisdn IS NULL THEN hall_private.no_subscriber(r.msisdn)
            END AS reason
        FROM (
            SELECT g.place, g.msisdn AS written, g.month AS month_written, g.items AS items_written,
                hall_private.read_msisdn(g.msisdn) AS msisdn, hall_private.read_month(g.month) AS month,
                hall_private.read_items(g.items) AS items
            FROM unnest(p_msisdn, p_month, p_items_fen) WITH ORDINALITY AS g (msisdn, month, items, place)
        ) AS r
        LEFT JOIN hall.subscriber AS s ON s.msisdn = r.msisdn
    ), put AS (
        INSERT INTO hall.bill AS b (msisdn, month, total_fen, items)
        SELECT DISTINCT ON (g.msisdn, g.month) g.msisdn, g.month, hall_private.bill_total(g.items), g.items
        FROM given AS g
        WHERE g.reason IS NULL
        ORDER BY g.msisdn, g.month, g.place DESC
        ON CONFLICT ON CONSTRAINT bill_pkey DO UPDATE
        SET total_fen = excluded.total_fen,
            items = excluded.items
        WHERE b.items <> excluded.items
        RETURNING b.xmax = 0 AS is_new
    )
    SELECT jsonb_build_object(
        'new', (SELECT count(*) FROM put AS p WHERE p.is_new),
        'changed', (SELECT count(*) FROM put AS p WHERE NOT p.is_new),
        'rejected', coalesce(jsonb_object_agg(g.place, g.reason) FILTER (WHERE g.reason IS NOT NULL), '{}'))
    INTO v_answer
    FROM given AS g;
    RETURN v_answer;
END
$$;

-- --- what is left, and what is open -------------------------------------------------------------------------------------------

-- As hall.put_allowance.
CREATE OR REPLACE FUNCTION hall.load_allowances(p_msisdn text[], p_kind text[], p_rest text[], p_total text[]) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    v_answer jsonb;
BEGIN
    WITH given AS MATERIALIZED (
        SELECT r.*,
            CASE
                WHEN r.msisdn IS NULL THEN hall_private.no_field('msisdn', r.written, 'mobile number')
                WHEN r.kind IS NULL OR r.kind NOT IN ('voice', 'sms', 'mms', 'data') THEN
                    hall_private.no_field('kind', r.kind, 'kind: voice, sms, mms or data')
                WHEN r.rest IS NULL THEN hall_private.no_field('rest', r.rest_written, 'whole number')
                WHEN r.total IS NULL THEN hall_private.no_field('total', r.total_written, 'whole number')
                WHEN r.rest NOT BETWEEN 0 AND r.total THEN format('the rest, %s, is no part of the total, %s', r.rest, r.total)
                WHEN s.msisdn IS NULL THEN hall_private.no_subscriber(r.msisdn)
            END AS reason
        FROM (
            SELECT g.place, g.msisdn AS written, g.kind, g.rest AS rest_written, g.total AS total_written,
                hall_private.read_msisdn(g.msisdn) AS msisdn, hall_private.read_number(g.rest) AS rest,
                hall_private.read_number(g.total) AS total
            FROM unnest(p_msisdn, p_kind, p_rest, p_total) WITH ORDINALITY AS g (msisdn, kind, rest, total, place)
        ) AS r
        LEFT JOIN hall.subscriber AS s ON s.msisdn = r.msisdn
    ), put AS (
        INSERT INTO hall.allowance AS a (msisdn, kind, rest, total)
        SELECT DISTINCT ON (g.msisdn, g.kind) g.msisdn, g.kind, g.rest, g.total
        FROM given AS g
        WHERE g.reason IS NULL
        ORDER BY g.msisdn, g.kind, g.place DESC
        ON CONFLICT ON CONSTRAINT allowance_pkey DO UPDATE
        SET rest = excluded.rest,
            total = excluded.total
        WHERE (a.rest, a.total) <> (excluded.rest, excluded.total)
        RETURNING a.xmax = 0 AS is_new
    )
    SELECT jsonb_build_object(
        'new', (SELECT count(*) FROM put AS p WHERE p.is_new),
        'changed', (SELECT count(*) FROM put AS p WHERE NOT p.is_new),
        'rejected', coalesce(jsonb_object_agg(g.place, g.reason) FILTER (WHERE g.reason IS NOT NULL), '{}'))
    INTO v_answer
    FROM given AS g;
    RETURN v_answer;
END
$$;

-- As hall.put_points.
CREATE OR REPLACE FUNCTION hall.load_points(p_msisdn text[], p_points text[]) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    v_answer jsonb;
BEGIN
    PERFORM hall_private.hold_subscribers(p_msisdn);
    WITH given AS MATERIALIZED (
        SELECT r.place, r.msisdn, r.points,
            CASE
                WHEN r.msisdn IS NULL THEN hall_private.no_field('msisdn', r.written, 'mobile number')
                WHEN r.points IS NULL OR r.points < 0 THEN hall_private.no_field('points', r.points_written, 'number from 0')
                WHEN s.msisdn IS NULL THEN hall_private.no_subscriber(r.msisdn)
            END AS reason
        FROM (
            SELECT g.place, g.msisdn AS written, hall_private.read_msisdn(g.msisdn) AS msisdn, g.points AS points_written,
                hall_private.read_number(g.points) AS points
            FROM unnest(p_msisdn, p_points) WITH ORDINALITY AS g (msisdn, points, place)
        ) AS r
        LEFT JOIN hall.subscriber AS s ON s.msisdn = r.msisdn
    ), put AS (
        UPDATE hall.subscriber AS s
        SET points = l.points
        FROM (SELECT DISTINCT ON (g.msisdn) g.* FROM given AS g WHERE g.reason IS NULL ORDER BY g.msisdn, g.place DESC) AS l
        WHERE s.msisdn = l.msisdn AND s.points <> l.points
        RETURNING s.msisdn
    )
    SELECT jsonb_build_object(
        'new', 0,
        'changed', (SELECT count(*) FROM put),
        'rejected', coalesce(jsonb_object_agg(g.place, g.reason) FILTER (WHERE g.reason IS NOT NULL), '{}'))
    INTO v_answer
    FROM given AS g;
    RETURN v_answer;
END
$$;

-- Their rows as they are read. is_slow: one of this subscriber and service ends it, which providers are told of.
CREATE OR REPLACE FUNCTION hall_private.read_subscriptions(p_msisdn text[], p_service text[], p_since text[], p_until text[])
RETURNS TABLE (place bigint, msisdn bigint, service text, since timestamptz, until timestamptz, is_slow boolean, reason text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT r.place, r.msisdn, r.service, r.since, r.until,
        bool_or(r.until IS NOT NULL AND r.reason IS NULL) OVER (PARTITION BY r.msisdn, r.service), r.reason
    FROM (
        SELECT t.place, t.msisdn, t.service, t.since, t.until,
            CASE
                WHEN t.msisdn IS NULL THEN hall_private.no_field('msisdn', t.written, 'mobile number')
                WHEN t.service IS NULL THEN 'service is missing'
                WHEN c.code IS NULL THEN format('there is no service "%s"', t.service)
                WHEN t.since_written IS NULL AND t.until_written IS NULL THEN 'since is missing'
                WHEN t.since IS NULL AND t.since_written IS NOT NULL THEN hall_private.no_field('since', t.since_written, 'time')
                WHEN t.until IS NULL AND t.until_written IS NOT NULL THEN hall_private.no_field('until', t.until_written, 'time')
                WHEN t.until < t.since THEN 'until is before since'
                WHEN s.msisdn IS NULL THEN hall_private.no_subscriber(t.msisdn)
            END AS reason
        FROM (
            SELECT g.place, g.msisdn AS written, g.since AS since_written, g.until AS until_written,
                hall_private.read_msisdn(g.msisdn) AS msisdn, upper(g.service) AS service, hall_private.read_time(g.since) AS since,
                hall_private.read_time(g.until) AS until
            FROM unnest(p_msisdn, p_service, p_since, p_until) WITH ORDINALITY AS g (msisdn, service, since, until, place)
        ) AS t
        LEFT JOIN hall.service AS c ON c.code = t.service
        LEFT JOIN hall.subscriber AS s ON s.msisdn = t.msisdn
    ) AS r;
END;

-- As hall.put_subscription, which is called for those that end. Locks their conversations and subscriptions in the order of the numbers.
CREATE OR REPLACE FUNCTION hall.load_subscriptions(
    p_msisdn text[], p_service text[], p_since text[] DEFAULT NULL, p_until text[] DEFAULT NULL)
RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    v_row    record;
    v_ended  int := 0;
    v_answer jsonb;
BEGIN
    FOR v_row IN
        SELECT r.*
        FROM hall_private.read_subscriptions(p_msisdn, p_service, p_since, p_until) AS r
        WHERE r.is_slow AND r.reason IS NULL
        ORDER BY r.msisdn, r.place
    LOOP
        v_ended := v_ended + hall.put_subscription(v_row.msisdn, v_row.service, v_row.since, v_row.until)::int;
    END LOOP;
    WITH given AS MATERIALIZED (
        SELECT r.* FROM hall_private.read_subscriptions(p_msisdn, p_service, p_since, p_until) AS r
    ), put AS (
        -- not when it is known to have been open then, and closed since
        INSERT INTO hall.subscription AS o (msisdn, service, since)
        SELECT g.msisdn, g.service, g.since
        FROM given AS g
        WHERE g.reason IS NULL AND NOT g.is_slow
          AND NOT EXISTS (
              SELECT FROM hall.subscription AS c
              WHERE c.msisdn = g.msisdn AND c.service = g.service AND c.since <= g.since AND c.until > g.since)
        ORDER BY g.msisdn, g.service, g.place
        ON CONFLICT DO NOTHING
        RETURNING 1
    )
    SELECT jsonb_build_object(
        'new', (SELECT count(*) FROM put),
        'changed', v_ended,
        'rejected', coalesce(jsonb_object_agg(g.place, g.reason) FILTER (WHERE g.reason IS NOT NULL), '{}'))
    INTO v_answer
    FROM given AS g;
    RETURN v_answer;
END
$$;

-- As hall.put_offer.
CREATE OR REPLACE FUNCTION hall.load_offers(p_msisdn text[], p_reference text[], p_name text[], p_ends_at text[]) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    v_now    timestamptz := hall.now();
    v_notice interval := make_interval(secs => hall_private.setting('offer_notice_s'));
    v_answer jsonb;
BEGIN
    WITH given AS MATERIALIZED (
        SELECT r.*,
            CASE
                WHEN r.msisdn IS NULL THEN hall_private.no_field('msisdn', r.written, 'mobile number')
                WHEN r.reference IS NULL THEN 'reference is missing'
                WHEN r.name IS NULL THEN 'name is missing'
                WHEN r.ends_at IS NULL THEN hall_private.no_field('ends_at', r.end_written, 'time')
                WHEN s.msisdn IS NULL THEN hall_private.no_subscriber(r.msisdn)
            END AS reason
        FROM (
            SELECT g.place, g.msisdn AS written, hall_private.read_msisdn(g.msisdn) AS msisdn, g.reference, g.name,
                g.ends_at AS end_written, hall_private.read_time(g.ends_at) AS ends_at
            FROM unnest(p_msisdn, p_reference, p_name, p_ends_at) WITH ORDINALITY AS g (msisdn, reference, name, ends_at, place)
        ) AS r
        LEFT JOIN hall.subscriber AS s ON s.msisdn = r.msisdn
    ), put AS (
        INSERT INTO hall.offer AS o (msisdn, reference, name, ends_at, remind_at)
        SELECT DISTINCT ON (g.msisdn, g.reference) g.msisdn, g.reference, g.name, g.ends_at,
            CASE WHEN g.ends_at > v_now THEN g.ends_at - v_notice END
        FROM given AS g
        WHERE g.reason IS NULL
        ORDER BY g.msisdn, g.reference, g.place DESC
        ON CONFLICT ON CONSTRAINT offer_pkey DO UPDATE
        SET name = excluded.name,
            ends_at = excluded.ends_at,
            remind_at = CASE WHEN o.ends_at = excluded.ends_at THEN o.remind_at ELSE excluded.remind_at END
        WHERE (o.name, o.ends_at) <> (excluded.name, excluded.ends_at)
        RETURNING o.xmax = 0 AS is_new
    )
    SELECT jsonb_build_object(
        'new', (SELECT count(*) FROM put AS p WHERE p.is_new),
        'changed', (SELECT count(*) FROM put AS p WHERE NOT p.is_new),
        'rejected', coalesce(jsonb_object_agg(g.place, g.reason) FILTER (WHERE g.reason IS NOT NULL), '{}'))
    INTO v_answer
    FROM given AS g;
    RETURN v_answer;
END
$$;

-- As hall.put_language, but for subscribers only. Who has written nothing yet and is to be answered in Chinese needs nothing. Locks their
-- conversations.
CREATE OR REPLACE FUNCTION hall.load_languages(p_msisdn text[], p_language text[]) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    v_answer jsonb;
BEGIN
    WITH given AS MATERIALIZED (
        SELECT r.place, r.msisdn, r.language, c.msisdn IS NOT NULL OR r.language IS NOT NULL AS is_needed,
            CASE
                WHEN r.msisdn IS NULL THEN hall_private.no_field('msisdn', r.written, 'mobile number')
                WHEN NOT r.is_language THEN hall_private.no_field('language', r.language_written, 'language: zh, en')
                WHEN s.msisdn IS NULL THEN hall_private.no_subscriber(r.msisdn)
            END AS reason
        FROM (
            SELECT g.place, g.msisdn AS written, hall_private.read_msisdn(g.msisdn) AS msisdn, g.language AS language_written,
                nullif(lower(g.language), 'zh') AS language, coalesce(lower(g.language) ~ '^[a-z]{2}$', false) AS is_language
            FROM unnest(p_msisdn, p_language) WITH ORDINALITY AS g (msisdn, language, place)
        ) AS r
        LEFT JOIN hall.subscriber AS s ON s.msisdn = r.msisdn
        LEFT JOIN hall.conversation AS c ON c.msisdn = r.msisdn
    ), put AS (
        INSERT INTO hall.conversation AS c (msisdn, at, look_number, language)
        SELECT l.msisdn, hall.now(), hall_private.setting('loop_messages') + 1, l.language
        FROM (SELECT DISTINCT ON (g.msisdn) g.* FROM given AS g WHERE g.reason IS NULL ORDER BY g.msisdn, g.place DESC) AS l
        WHERE l.is_needed
        ON CONFLICT ON CONSTRAINT conversation_pkey DO UPDATE
        SET language = excluded.language
        WHERE c.language IS DISTINCT FROM excluded.language
        RETURNING 1
    )
    SELECT jsonb_build_object(
        'new', 0,
        'changed', (SELECT count(*) FROM put),
        'rejected', coalesce(jsonb_object_agg(g.place, g.reason) FILTER (WHERE g.reason IS NOT NULL), '{}'))
    INTO v_answer
    FROM given AS g;
    RETURN v_answer;
END
$$;

-- --- secrets -----------------------------------------------------------------------------------------------------------------

-- As hall.put_password, put_identity and put_puk: what was made of a password (hash), an ID card (digest, and pieces with a comma between)
-- and a PUK (sealed) with the key p_pepper, in base64; each may be NULL, but not all.
CREATE OR REPLACE FUNCTION hall.load_credentials(
    p_msisdn text[], p_pepper text[], p_hash text[], p_digest text[], p_pieces text[], p_puk text[])
RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    v_now    timestamptz := hall.now();
    v_answer jsonb;
BEGIN
    WITH given AS MATERIALIZED (
        SELECT r.*,
            CASE
                WHEN r.msisdn IS NULL THEN hall_private.no_field('msisdn', r.written, 'mobile number')
                WHEN r.is_odd THEN 'what was made of a secret is none of this hall''s'
                WHEN coalesce(r.hash, r.digest) IS NULL AND r.puk IS NULL THEN 'there is no secret in it'
                WHEN s.msisdn IS NULL THEN hall_private.no_subscriber(r.msisdn)
            END AS reason
        FROM (
            SELECT g.place, g.msisdn AS written, hall_private.read_msisdn(g.msisdn) AS msisdn,
                hall_private.read_pepper(g.pepper) AS pepper, hall_private.read_hash(g.hash) AS hash,
                hall_private.read_hash(g.digest) AS digest,
                ARRAY(SELECT hall_private.read_hash(w) FROM string_to_table(g.pieces, ',') AS w) AS pieces, g.puk,
                hall_private.read_pepper(g.pepper) IS NULL
                    OR (g.hash IS NOT NULL AND hall_private.read_hash(g.hash) IS NULL)
                    OR (g.digest IS NOT NULL AND (hall_private.read_hash(g.digest) IS NULL OR g.pieces IS NULL))
                    OR g.puk !~ '^[0-9]+:[A-Za-z0-9+/=]{40,}$' AS is_odd
            FROM unnest(p_msisdn, p_pepper, p_hash, p_digest, p_pieces, p_puk)
                WITH ORDINALITY AS g (msisdn, pepper, hash, digest, pieces, puk, place)
        ) AS r
        LEFT JOIN hall.subscriber AS s ON s.msisdn = r.msisdn
    ), password AS (
        INSERT INTO hall.password AS w (msisdn, set_at, pepper, hash)
        SELECT DISTINCT ON (g.msisdn) g.msisdn, v_now, g.pepper, g.hash
        FROM given AS g
        WHERE g.reason IS NULL AND g.hash IS NOT NULL
        ORDER BY g.msisdn, g.place DESC
        ON CONFLICT ON CONSTRAINT password_pkey DO UPDATE
        SET set_at = excluded.set_at, until = NULL, pepper = excluded.pepper, hash = excluded.hash
        WHERE (w.pepper, w.hash) <> (excluded.pepper, excluded.hash) OR w.until IS NOT NULL
        RETURNING w.msisdn, w.xmax = 0 AS is_new
    ), identity AS (
        INSERT INTO hall.identity AS i (msisdn, pepper, digest, pieces)
        SELECT DISTINCT ON (g.msisdn) g.msisdn, g.pepper, g.digest, g.pieces
        FROM given AS g
        WHERE g.reason IS NULL AND g.digest IS NOT NULL
        ORDER BY g.msisdn, g.place DESC
        ON CONFLICT ON CONSTRAINT identity_pkey DO UPDATE
        SET pepper = excluded.pepper, digest = excluded.digest, pieces = excluded.pieces
        WHERE (i.pepper, i.digest, i.pieces) <> (excluded.pepper, excluded.digest, excluded.pieces)
        RETURNING i.msisdn, i.xmax = 0 AS is_new
    ), sim AS (
        INSERT INTO hall.sim AS m (msisdn, puk)
        SELECT DISTINCT ON (g.msisdn) g.msisdn, g.puk
        FROM given AS g
        WHERE g.reason IS NULL AND g.puk IS NOT NULL
        ORDER BY g.msisdn, g.place DESC
        ON CONFLICT ON CONSTRAINT sim_pkey DO UPDATE
        SET puk = excluded.puk
        RETURNING m.msisdn, m.xmax = 0 AS is_new
    ), put AS (
        SELECT w.msisdn, bool_and(w.is_new) AS is_new
        FROM (
            SELECT * FROM password
            UNION ALL
            SELECT * FROM identity
            UNION ALL
            SELECT * FROM sim AS m WHERE m.is_new -- a sealed text is another one each time: whether it changed nobody can tell
        ) AS w
        GROUP BY w.msisdn
    )
    SELECT jsonb_build_object(
        'new', (SELECT count(*) FROM put AS p WHERE p.is_new),
        'changed', (SELECT count(*) FROM put AS p WHERE NOT p.is_new),
        'rejected', coalesce(jsonb_object_agg(g.place, g.reason) FILTER (WHERE g.reason IS NOT NULL), '{}'))
    INTO v_answer
    FROM given AS g;
    RETURN v_answer;
END
$$;

-- --- reference data ----------------------------------------------------------------------------------------------------------

-- Where numbers belong (hall.prefix).
CREATE OR REPLACE FUNCTION hall.load_prefixes(p_prefix text[], p_province text[], p_city text[], p_operator text[]) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    v_answer jsonb;
BEGIN
    WITH given AS MATERIALIZED (
        SELECT g.*,
            CASE
                WHEN (g.prefix ~ '^1[0-9]{2,9}$') IS NOT TRUE THEN
                    hall_private.no_field('prefix', g.prefix, 'beginning of a number: 3 to 10 digits')
                WHEN g.province IS NULL THEN 'province is missing'
                WHEN g.city IS NULL THEN 'city is missing'
                WHEN g.operator IS NULL THEN 'operator is missing'
            END AS reason
        FROM unnest(p_prefix, p_province, p_city, p_operator) WITH ORDINALITY AS g (prefix, province, city, operator, place)
    ), put AS (
        INSERT INTO hall.prefix AS x (prefix, province, city, operator)
        SELECT DISTINCT ON (g.prefix) g.prefix, g.province, g.city, g.operator
        FROM given AS g
        WHERE g.reason IS NULL
        ORDER BY g.prefix, g.place DESC
        ON CONFLICT ON CONSTRAINT prefix_pkey DO UPDATE
        SET province = excluded.province,
            city = excluded.city,
            operator = excluded.operator
        WHERE (x.province, x.city, x.operator) <> (excluded.province, excluded.city, excluded.operator)
        RETURNING x.xmax = 0 AS is_new
    )
    SELECT jsonb_build_object(
        'new', (SELECT count(*) FROM put AS p WHERE p.is_new),
        'changed', (SELECT count(*) FROM put AS p WHERE NOT p.is_new),
        'rejected', coalesce(jsonb_object_agg(g.place, g.reason) FILTER (WHERE g.reason IS NOT NULL), '{}'))
    INTO v_answer
    FROM given AS g;
    RETURN v_answer;
END
$$;

-- Brands that subscribers may change to (hall.brand); without a place they stand in the order of the rows.
CREATE OR REPLACE FUNCTION hall.load_brands(
    p_name text[], p_place text[] DEFAULT NULL, p_is_offered text[] DEFAULT NULL, p_takes_effect text[] DEFAULT NULL,
    p_note text[] DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    v_answer jsonb;
BEGIN
    WITH given AS MATERIALIZED (
        SELECT g.place, g.name, coalesce(hall_private.read_number(g.written), g.place)::int AS position,
            coalesce(hall_private.read_flag(g.is_offered), true) AS is_offered,
            coalesce(g.takes_effect, 'next_month') AS takes_effect, g.note,
            CASE
                WHEN g.name IS NULL THEN 'name is missing'
                WHEN g.written !~ '^[0-9]{1,6}$' THEN hall_private.no_field('place', g.written, 'number')
                WHEN g.is_offered IS NOT NULL AND hall_private.read_flag(g.is_offered) IS NULL THEN
                    hall_private.no_field('is_offered', g.is_offered, 'yes or no')
                WHEN g.takes_effect NOT IN ('at_once', 'next_month') THEN
                    hall_private.no_field('takes_effect', g.takes_effect, 'moment: at_once or next_month')
            END AS reason
        FROM unnest(p_name, p_place, p_is_offered, p_takes_effect, p_note)
            WITH ORDINALITY AS g (name, written, is_offered, takes_effect, note, place)
    ), put AS (
        INSERT INTO hall.brand AS b (name, place, is_offered, takes_effect, note)
        SELECT DISTINCT ON (g.name) g.name, g.position, g.is_offered, g.takes_effect, g.note
        FROM given AS g
        WHERE g.reason IS NULL
        ORDER BY g.name, g.place DESC
        ON CONFLICT ON CONSTRAINT brand_pkey DO UPDATE
        SET place = CASE WHEN p_place IS NULL THEN b.place ELSE excluded.place END,
            is_offered = CASE WHEN p_is_offered IS NULL THEN b.is_offered ELSE excluded.is_offered END,
            takes_effect = CASE WHEN p_takes_effect IS NULL THEN b.takes_effect ELSE excluded.takes_effect END,
            note = CASE WHEN p_note IS NULL THEN b.note ELSE excluded.note END
        WHERE (p_place IS NOT NULL AND b.place <> excluded.place)
           OR (p_is_offered IS NOT NULL AND b.is_offered <> excluded.is_offered)
           OR (p_takes_effect IS NOT NULL AND b.takes_effect <> excluded.takes_effect)
           OR (p_note IS NOT NULL AND b.note IS DISTINCT FROM excluded.note)
        RETURNING b.xmax = 0 AS is_new
    )
    SELECT jsonb_build_object(
        'new', (SELECT count(*) FROM put AS p WHERE p.is_new),
        'changed', (SELECT count(*) FROM put AS p WHERE NOT p.is_new),
        'rejected', coalesce(jsonb_object_agg(g.place, g.reason) FILTER (WHERE g.reason IS NOT NULL), '{}'))
    INTO v_answer
    FROM given AS g;
    RETURN v_answer;
END
$$;

-- As hall.put_provider.
CREATE OR REPLACE FUNCTION hall.load_providers(p_name text[], p_telephone text[], p_homepage text[] DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    v_answer jsonb;
BEGIN
    WITH given AS MATERIALIZED (
        SELECT g.*,
            CASE
                WHEN g.name IS NULL THEN 'name is missing'
                WHEN g.telephone IS NULL THEN 'telephone is missing'
            END AS reason
        FROM unnest(p_name, p_telephone, p_homepage) WITH ORDINALITY AS g (name, telephone, homepage, place)
    ), put AS (
        INSERT INTO hall.provider AS v (name, telephone, homepage)
        SELECT DISTINCT ON (g.name) g.name, g.telephone, g.homepage
        FROM given AS g
        WHERE g.reason IS NULL
        ORDER BY g.name, g.place DESC
        ON CONFLICT ON CONSTRAINT provider_pkey DO UPDATE
        SET telephone = excluded.telephone,
            homepage = CASE WHEN p_homepage IS NULL THEN v.homepage ELSE excluded.homepage END
        WHERE v.telephone <> excluded.telephone OR (p_homepage IS NOT NULL AND v.homepage IS DISTINCT FROM excluded.homepage)
        RETURNING v.xmax = 0 AS is_new
    )
    SELECT jsonb_build_object(
        'new', (SELECT count(*) FROM put AS p WHERE p.is_new),
        'changed', (SELECT count(*) FROM put AS p WHERE NOT p.is_new),
        'rejected', coalesce(jsonb_object_agg(g.place, g.reason) FILTER (WHERE g.reason IS NOT NULL), '{}'))
    INTO v_answer
    FROM given AS g;
    RETURN v_answer;
END
$$;

-- As hall.put_port.
CREATE OR REPLACE FUNCTION hall.load_ports(p_prefix text[], p_provider text[]) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    v_answer jsonb;
BEGIN
    WITH given AS MATERIALIZED (
        SELECT g.*,
            CASE
                WHEN (g.prefix ~ '^[0-9]{3,21}$') IS NOT TRUE THEN hall_private.no_field('prefix', g.prefix, 'port: 3 to 21 digits')
                WHEN starts_with(g.prefix, hall_private.setting('hall_port')::text) THEN format('port %s is the hall''s own', g.prefix)
                WHEN g.provider IS NULL THEN 'provider is missing'
                WHEN v.name IS NULL THEN format('there is no provider "%s"', g.provider)
            END AS reason
        FROM unnest(p_prefix, p_provider) WITH ORDINALITY AS g (prefix, provider, place)
        LEFT JOIN hall.provider AS v ON v.name = g.provider
    ), put AS (
        INSERT INTO hall.port AS o (prefix, provider)
        SELECT DISTINCT ON (g.prefix) g.prefix, g.provider
        FROM given AS g
        WHERE g.reason IS NULL
        ORDER BY g.prefix, g.place DESC
        ON CONFLICT ON CONSTRAINT port_pkey DO UPDATE
        SET provider = excluded.provider
        WHERE o.provider <> excluded.provider
        RETURNING o.xmax = 0 AS is_new
    )
    SELECT jsonb_build_object(
        'new', (SELECT count(*) FROM put AS p WHERE p.is_new),
        'changed', (SELECT count(*) FROM put AS p WHERE NOT p.is_new),
        'rejected', coalesce(jsonb_object_agg(g.place, g.reason) FILTER (WHERE g.reason IS NOT NULL), '{}'))
    INTO v_answer
    FROM given AS g;
    RETURN v_answer;
END
$$;

-- As hall.put_service, row by row, because a service may need others: what failed is tried again for as long as that helps. What is left
-- out is as in a new row.
CREATE OR REPLACE FUNCTION hall.load_services(
    p_code text[], p_name text[], p_aliases text[] DEFAULT NULL, p_fee_fen text[] DEFAULT NULL, p_period text[] DEFAULT NULL,
    p_provider text[] DEFAULT NULL, p_port text[] DEFAULT NULL, p_order_codes text[] DEFAULT NULL, p_excludes text[] DEFAULT NULL,
    p_requires text[] DEFAULT NULL, p_confirm_window text[] DEFAULT NULL, p_trial_days text[] DEFAULT NULL, p_ends text[] DEFAULT NULL,
    p_is_offered text[] DEFAULT NULL, p_first_month text[] DEFAULT NULL, p_notice text[] DEFAULT NULL, p_note text[] DEFAULT NULL,
    p_element text[] DEFAULT NULL)
RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_before   hall.service[] := ARRAY(SELECT s FROM hall.service AS s);
    v_left     jsonb[] := ARRAY(
        SELECT jsonb_strip_nulls(to_jsonb(g))
        FROM unnest(
                p_code, p_name, p_aliases, p_fee_fen, p_period, p_provider, p_port, p_order_codes, p_excludes, p_requires, p_confirm_window,
                p_trial_days, p_ends, p_is_offered, p_first_month, p_notice, p_note, p_element)
            WITH ORDINALITY AS g (
                code, name, aliases, fee_fen, period, provider, port, order_codes, excludes, requires, confirm_window, trial_days, ends,
                is_offered, first_month, notice, note, element, place)
        ORDER BY g.place);
    v_aside    jsonb[];
    v_rejected jsonb;
    v_row      jsonb;
    v_problem  text;
BEGIN
    LOOP
        v_aside := '{}';
        v_rejected := '{}';
        FOREACH v_row IN ARRAY v_left LOOP
            v_problem := hall_private.load_service(v_row);
            IF v_problem IS NOT NULL THEN
                v_aside := v_aside || v_row;
                v_rejected := v_rejected || jsonb_build_object(v_row ->> 'place', v_problem);
            END IF;
        END LOOP;
        EXIT WHEN cardinality(v_aside) = cardinality(v_left);
        v_left := v_aside;
    END LOOP;
    RETURN (
        SELECT jsonb_build_object(
            'new', count(*) FILTER (WHERE b.code IS NULL),
            'changed', count(*) FILTER (WHERE b.code IS NOT NULL AND s IS DISTINCT FROM b),
            'rejected', v_rejected)
        FROM hall.service AS s
        LEFT JOIN unnest(v_before) AS b ON b.code = s.code);
END
$$;
