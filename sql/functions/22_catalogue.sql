-- The catalogue: what can be opened. A service is one row of hall.service, and works from the commit on: by INSERT, by hall.put_service,
-- or as a line of a CSV (hall.load_services).

-- Keeps hall.service_word: what a service is called. A word that another service has is refused by its name, and so is one that no text can
-- be once it is folded, and a prerequisite that is not there. A name that cannot be typed is one to be read only. SECURITY DEFINER, because operators write hall.service and nobody writes hall.service_word.
CREATE OR REPLACE FUNCTION hall_private.write_service_words() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    c_readable CONSTANT text := '^[A-Z0-9一-鿿]{2,12}$'; -- commands/types.yaml
    v_words    text[] := ARRAY(
        SELECT DISTINCT upper(w) FROM unnest(NEW.aliases || ARRAY[NEW.code, NEW.name]) AS w WHERE w <> NEW.name OR upper(w) ~ c_readable);
    v_codes    text[] := ARRAY(SELECT DISTINCT upper(w) FROM unnest(NEW.order_codes) AS w);
    v_odd      text;
    v_clash    hall.service_word;
    v_need     text;
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.code <> OLD.code THEN
        RAISE EXCEPTION 'service % keeps its code: consents and lists that were sent name it', OLD.code USING ERRCODE = 'check_violation';
    END IF;
    SELECT w INTO v_odd
    FROM unnest(v_words || v_codes) AS w
    WHERE (w ~ c_readable OR (w = NEW.code AND w ~ '^[A-Z][A-Z0-9]{1,15}$')) IS NOT TRUE
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'service % cannot be called "%": nobody can type that; 2 to 12 letters, digits or Han', NEW.code, v_odd
            USING ERRCODE = 'check_violation';
    END IF;
    DELETE FROM hall.service_word AS w WHERE w.service = NEW.code OR (TG_OP = 'UPDATE' AND w.service = OLD.code);

    SELECT * INTO v_clash
    FROM hall.service_word AS w
    WHERE (w.port = '' AND w.word = ANY (v_words)) OR (w.port = NEW.port AND w.word = ANY (v_codes))
    ORDER BY w.port, w.word
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'service % cannot be called "%"%: that is service % already',
            NEW.code, v_clash.word, CASE WHEN v_clash.port <> '' THEN ' at ' || v_clash.port ELSE '' END, v_clash.service
            USING ERRCODE = 'unique_violation';
    END IF;
    SELECT r INTO v_need
    FROM unnest(NEW.requires) AS r
    WHERE r = NEW.code OR NOT EXISTS (SELECT FROM hall.service AS s WHERE s.code = r)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'service % cannot require "%": there is no other service with that code', NEW.code, v_need
            USING ERRCODE = 'foreign_key_violation';
    END IF;

    INSERT INTO hall.service_word (port, word, service)
    SELECT '', w, NEW.code FROM unnest(v_words) AS w
    UNION ALL
    SELECT NEW.port, w, NEW.code FROM unnest(v_codes) AS w;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER write_service_words AFTER INSERT OR UPDATE ON hall.service
    FOR EACH ROW EXECUTE FUNCTION hall_private.write_service_words();

-- A service is new or has changed: one parameter for each column of hall.service. What is left out, or NULL, is as in a new row: it does
-- not stay as it was. Answers whether it was new.
CREATE OR REPLACE FUNCTION hall.put_service(
    p_code text, p_name text, p_aliases text[] DEFAULT NULL, p_fee_fen bigint DEFAULT NULL, p_period text DEFAULT NULL,
    p_provider text DEFAULT NULL, p_port text DEFAULT NULL, p_order_codes text[] DEFAULT NULL, p_excludes text DEFAULT NULL,
    p_requires text[] DEFAULT NULL, p_confirm_window interval DEFAULT NULL, p_trial_days int DEFAULT NULL, p_ends text DEFAULT NULL,
    p_is_offered boolean DEFAULT NULL, p_first_month text DEFAULT NULL, p_notice interval DEFAULT NULL, p_note text DEFAULT NULL,
    p_element text DEFAULT NULL)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_is_new boolean;
BEGIN
    INSERT INTO hall.service AS s
        (code, name, aliases, fee_fen, period, provider, port, order_codes, excludes, requires,
         confirm_window, trial_days, ends, is_offered, first_month, notice, note, element)
    VALUES
        (p_code, p_name, coalesce(p_aliases, '{}'), coalesce(p_fee_fen, 0), coalesce(p_period, 'month'), p_provider, p_port,
         coalesce(p_order_codes, '{}'), p_excludes, coalesce(p_requires, '{}'), coalesce(p_confirm_window, '24 hours'),
         coalesce(p_trial_days, 0), coalesce(p_ends, 'at_once'), coalesce(p_is_offered, true), coalesce(p_first_month, 'full'),
         coalesce(p_notice, '24 hours'), p_note, p_element)
    ON CONFLICT ON CONSTRAINT service_pkey DO UPDATE
    SET name = excluded.name,
        aliases = excluded.aliases,
        fee_fen = excluded.fee_fen,
        period = excluded.period,
        provider = excluded.provider,
        port = excluded.port,
        order_codes = excluded.order_codes,
        excludes = excluded.excludes,
        requires = excluded.requires,
        confirm_window = excluded.confirm_window,
        trial_days = excluded.trial_days,
        ends = excluded.ends,
        is_offered = excluded.is_offered,
        first_month = excluded.first_month,
        notice = excluded.notice,
        note = excluded.note,
        element = excluded.element
    RETURNING s.xmax = 0 INTO v_is_new;
    RETURN v_is_new;
END
$$;

-- --- CSV ---------------------------------------------------------------------------------------------------------------------

-- The lines of a CSV as RFC 4180 has it: fields between commas, in quotes when they hold commas, quotes (written twice) or line ends.
-- Blank lines are passed by. `line` is where a line begins; `fault` says that its quotes do not pair.
CREATE OR REPLACE FUNCTION hall_private.read_csv(p_csv text) RETURNS TABLE (line int, fields text[], fault text)
LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
    WITH piece AS (
        SELECT p.number, p.match[1] AS field, p.match[2] AS stop
        FROM regexp_matches(
                replace(replace(ltrim(p_csv, chr(65279)), E'\r\n', E'\n'), E'\r', E'\n'), -- U+FEFF may stand first
                '("(?:[^"]|"")*"[^,\n]*|[^,\n]*)(,|\n|$)', 'g') WITH ORDINALITY AS p (match, number)
    ), placed AS (
        SELECT p.number, p.field,
            count(*) FILTER (WHERE p.stop <> ',') OVER before AS place,
            1 + coalesce(sum(regexp_count(p.field || p.stop, '\n')) OVER before, 0)::int AS line,
            p.field ~ '^("([^"]|"")*"|[^"]*)$' AS is_whole
        FROM piece AS p
        WINDOW before AS (ORDER BY p.number ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    )
    SELECT min(p.line),
        array_agg(
            CASE WHEN p.field LIKE '"%"' THEN replace(substr(p.field, 2, length(p.field) - 2), '""', '"') ELSE btrim(p.field) END
            ORDER BY p.number),
        CASE WHEN NOT bool_and(p.is_whole) THEN 'a quote stands alone' END
    FROM placed AS p
    GROUP BY p.place
    HAVING NOT (count(*) = 1 AND bool_and(btrim(p.field) = ''))
    ORDER BY p.place;
END;

-- A field of the CSV that is a list: its members stand between blanks or `|`.
CREATE OR REPLACE FUNCTION hall_private.read_list(p_field text) RETURNS text[]
LANGUAGE sql IMMUTABLE
RETURN ARRAY(SELECT w FROM pg_catalog.regexp_split_to_table(p_field, '[|[:space:]]+') AS w WHERE w <> '');

-- One line of it, its fields by the names of their columns; an empty field is as one left out. Answers why it cannot be put; NULL: it was.
CREATE OR REPLACE FUNCTION hall_private.load_service(p_fields jsonb) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    v_detail text;
BEGIN
    PERFORM hall.put_service(
        p_code => p_fields ->> 'code',
        p_name => p_fields ->> 'name',
        p_aliases => hall_private.read_list(p_fields ->> 'aliases'),
        p_fee_fen => (p_fields ->> 'fee_fen')::bigint,
        p_period => p_fields ->> 'period',
        p_provider => p_fields ->> 'provider',
        p_port => p_fields ->> 'port',
        p_order_codes => hall_private.read_list(p_fields ->> 'order_codes'),
        p_excludes => p_fields ->> 'excludes',
        p_requires => hall_private.read_list(p_fields ->> 'requires'),
        p_confirm_window => (p_fields ->> 'confirm_window')::interval,
        p_trial_days => (p_fields ->> 'trial_days')::int,
        p_ends => p_fields ->> 'ends',
        p_is_offered => (p_fields ->> 'is_offered')::boolean,
        p_first_month => p_fields ->> 'first_month',
        p_notice => (p_fields ->> 'notice')::interval,
        p_note => p_fields ->> 'note',
        p_element => p_fields ->> 'element');
    RETURN NULL;
EXCEPTION
    WHEN foreign_key_violation THEN
        GET STACKED DIAGNOSTICS v_detail = PG_EXCEPTION_DETAIL;
        RETURN coalesce(nullif(v_detail, ''), SQLERRM);
    WHEN integrity_constraint_violation OR data_exception THEN
        RETURN SQLERRM;
END
$$;

-- What is wrong with the first line of the CSV; NULL: nothing.
CREATE OR REPLACE FUNCTION hall_private.header_fault(p_header text[]) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE
    WHEN NOT p_header @> '{code,name}' THEN 'the first line must name the columns, code and name among them'
    ELSE (
        SELECT CASE WHEN count(*) > 1 THEN 'the column "' || h || '" is there twice' ELSE 'there is no column "' || h || '"' END
        FROM unnest(p_header) AS h
        GROUP BY h
        HAVING count(*) > 1
            OR h <> ALL ('{code,name,aliases,fee_fen,period,provider,port,order_codes,excludes,requires,confirm_window,trial_days,
                           ends,is_offered,first_month,notice,note,element}'::text[])
        LIMIT 1)
END;

-- The services of a CSV: their fields by the names of the columns, or the problem of the line. Only the first line, when that is wrong.
CREATE OR REPLACE FUNCTION hall_private.read_services(p_csv text) RETURNS TABLE (line int, code text, fields jsonb, problem text)
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    v_first  record;
    v_header text[];
BEGIN
    SELECT * INTO v_first FROM hall_private.read_csv(p_csv) LIMIT 1;
    v_header := lower(v_first.fields::text)::text[];
    problem := coalesce(v_first.fault, hall_private.header_fault(v_header), CASE WHEN v_first IS NULL THEN 'it is empty' END);
    IF problem IS NOT NULL THEN
        line := coalesce(v_first.line, 1);
        RETURN NEXT;
        RETURN;
    END IF;
    RETURN QUERY
        SELECT r.line, r.code, CASE WHEN r.problem IS NULL THEN r.fields END, r.problem
        FROM (
            SELECT c.line, f.fields ->> 'code' AS code, f.fields,
                CASE
                    WHEN c.fault IS NOT NULL THEN c.fault
                    WHEN cardinality(c.fields) <> cardinality(v_header) THEN
                        format('it has %s fields, and the first line %s', cardinality(c.fields), cardinality(v_header))
                    WHEN min(c.line) OVER same_code < c.line THEN format('line %s has this code too', min(c.line) OVER same_code)
                END AS problem
            FROM hall_private.read_csv(p_csv) AS c
            CROSS JOIN LATERAL (
                SELECT coalesce(jsonb_object_agg(u.name, u.field), '{}') AS fields
                FROM unnest(v_header, c.fields) AS u (name, field)
                WHERE u.name IS NOT NULL AND u.field <> ''
            ) AS f
            WHERE c.line > v_first.line
            WINDOW same_code AS (PARTITION BY coalesce(f.fields ->> 'code', c.line::text))
        ) AS r;
END
$$;

-- Loads services from a CSV. Its first line names the columns, in any order: code, name, and any other column of hall.service. Each further
-- line is put as by hall.put_service. Answers the lines that were set aside, with their reasons; all others are loaded. A line may need
-- one that stands below it: what failed is tried again for as long as that helps.
CREATE OR REPLACE FUNCTION hall.load_services(p_csv text) RETURNS TABLE (line int, code text, problem text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_left    jsonb := (SELECT coalesce(jsonb_agg(to_jsonb(r) ORDER BY r.line), '[]') FROM hall_private.read_services(p_csv) AS r);
    v_before  int;
    v_aside   jsonb;
    v_line    jsonb;
    v_problem text;
BEGIN
    LOOP
        v_before := jsonb_array_length(v_left);
        v_aside := '[]';
        FOR v_line IN SELECT * FROM jsonb_array_elements(v_left) LOOP
            v_problem := v_line ->> 'problem';
            IF v_line ->> 'fields' IS NOT NULL THEN
                v_problem := hall_private.load_service(v_line -> 'fields');
            END IF;
            IF v_problem IS NOT NULL THEN
                v_aside := v_aside || (v_line || jsonb_build_object('problem', v_problem));
            END IF;
        END LOOP;
        v_left := v_aside;
        EXIT WHEN jsonb_array_length(v_left) = v_before;
    END LOOP;
    RETURN QUERY
        SELECT (l ->> 'line')::int, l ->> 'code', l ->> 'problem'
        FROM jsonb_array_elements(v_left) AS l;
END
$$;
