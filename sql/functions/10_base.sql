-- The store's only clock; tests replace it (tests/sql/). Everything that asks for the time asks here.
CREATE OR REPLACE FUNCTION hall.now() RETURNS timestamptz
LANGUAGE sql STABLE
RETURN pg_catalog.statement_timestamp();

-- The operator's calendar: bills, months and days are China's, wherever the server stands.
CREATE OR REPLACE FUNCTION hall_private.local_time(p_at timestamptz) RETURNS timestamp
LANGUAGE sql STABLE
RETURN p_at AT TIME ZONE 'Asia/Shanghai';

-- First day of the month.
CREATE OR REPLACE FUNCTION hall_private.month_of(p_at timestamptz) RETURNS date
LANGUAGE sql STABLE
RETURN pg_catalog.date_trunc('month', p_at AT TIME ZONE 'Asia/Shanghai')::date;

-- As the filters of the replies read it: 2026-11-22T10:00:00+08:00.
CREATE OR REPLACE FUNCTION hall_private.iso(p_at timestamptz) RETURNS text
LANGUAGE sql STABLE
RETURN pg_catalog.to_char(hall_private.local_time(p_at), 'YYYY-MM-DD"T"HH24:MI:SS"+08:00"');

-- A figure of hall.setting. Not on the road that every message goes: there the table is read where it is needed.
CREATE OR REPLACE FUNCTION hall_private.setting(p_name text) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT s.value FROM hall.setting AS s WHERE s.name = p_name);
END
$$;

-- Our id of a reply: month and number, and which of several; no % in it, which Kannel would read as an escape.
CREATE OR REPLACE FUNCTION hall_private.mt(p_month date, p_number int, p_part int) RETURNS text
LANGUAGE sql STABLE
RETURN pg_catalog.to_char(p_month, 'YYMM-') || p_number || CASE WHEN p_part = 1 THEN '' ELSE '.' || p_part END;

-- The key behind such an id; all NULL when it is none of ours.
CREATE OR REPLACE FUNCTION hall_private.read_mt(p_mt text, OUT month date, OUT number int, OUT part smallint)
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF p_mt ~ '^[0-9]{2}(0[1-9]|1[0-2])-[0-9]{1,9}(\.[0-9]{1,4})?$' THEN
        month := make_date(2000 + substr(p_mt, 1, 2)::int, substr(p_mt, 3, 2)::int, 1);
        number := split_part(substr(p_mt, 6), '.', 1)::int;
        part := coalesce(nullif(split_part(p_mt, '.', 2), ''), '1')::smallint;
    END IF;
END
$$;
