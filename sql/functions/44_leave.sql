-- Leaving (rules B): lists of what is open, and the answers to them. All of it works in any state of dialogue, for whoever is suspended or
-- has no balance, and depends on nothing of others.
--
-- What was listed is frozen in the dialogue (options), so a number means the line that was sent, whatever changed since (rules B4).

-- What a subscriber may leave, in the order of the list: the operator's own, then what is collected for providers; with p_prefix only
-- what is offered at that port of a provider's. What a work order is still to open is there too.
CREATE OR REPLACE FUNCTION hall_private.leavable(p_msisdn bigint, p_prefix text DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_options jsonb;
BEGIN
    SELECT jsonb_agg(
        hall_private.option_of(s, o.since) || jsonb_build_object(
            'collected', s.provider IS NOT NULL, 'until', hall_private.iso(o.leaves_at), 'in_work', o.in_work)
        ORDER BY s.provider IS NOT NULL, s.port, o.since, s.code)
    INTO v_options
    FROM (
        SELECT b.service, b.since, CASE WHEN hall_private.is_leaving(b) THEN b.step_at END AS leaves_at, false AS in_work
        FROM hall.subscription AS b
        WHERE b.msisdn = p_msisdn AND b.until IS NULL
        UNION ALL
        SELECT w.service, w.at, NULL, true
        FROM hall.work_order AS w
        WHERE w.msisdn = p_msisdn AND w.ended_at IS NULL AND w.action = 'open'
          AND (hall_private.open_one(p_msisdn, w.service)).service IS NULL
    ) AS o
    JOIN hall.service AS s ON s.code = o.service
    WHERE p_prefix IS NULL OR s.port = p_prefix;
    RETURN coalesce(v_options, '[]');
END
$$;

-- The texts of a list: setting list_lines lines in each, one group after the other, numbers running on (rules B2):
-- [{own: lines, collected: lines, first, last, window}, …]. p_options may have a line for all of them, without a service.
CREATE OR REPLACE FUNCTION hall_private.list_pages(p_options jsonb, p_window_s int) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_lines int := greatest(1, hall_private.setting('list_lines'));
    v_last  int := (jsonb_array_length(p_options) - 1) / v_lines;
    v_pages jsonb;
BEGIN
    SELECT jsonb_agg(
        jsonb_build_object(
            'own', p.own, 'collected', p.collected, 'first', p.page = 0, 'last', p.page = v_last, 'window', p_window_s)
        ORDER BY p.page)
    INTO v_pages
    FROM (
        SELECT l.page,
            jsonb_agg(l.line ORDER BY l.serial) FILTER (WHERE NOT l.is_collected) AS own,
            jsonb_agg(l.line ORDER BY l.serial) FILTER (WHERE l.is_collected) AS collected
        FROM (
            SELECT o.serial, (o.serial - 1) / v_lines AS page, (o.option ->> 'collected')::boolean AS is_collected,
                jsonb_build_object(
                    'serial', o.serial, 'provider', o.option -> 'provider',
                    'name', (o.option ->> 'name') || CASE WHEN (o.option ->> 'in_work')::boolean THEN '（办理中）' ELSE '' END,
                    'until', o.option -> 'until',
                    'price', CASE WHEN o.option ? 'fen' THEN jsonb_build_object('fen', o.option -> 'fen', 'period', o.option -> 'period') END
                ) AS line
            FROM jsonb_array_elements(p_options) WITH ORDINALITY AS o (option, serial)
        ) AS l
        GROUP BY l.page
    ) AS p;
    RETURN v_pages;
END
$$;

-- Adds to the last page what opens the dialogue.
CREATE OR REPLACE FUNCTION hall_private.ask_list(p_pages jsonb, p_options jsonb, p_window_s int, p_takes_yes boolean) RETURNS jsonb
LANGUAGE sql IMMUTABLE
RETURN pg_catalog.jsonb_set(p_pages, '{-1}', p_pages -> -1 || pg_catalog.jsonb_build_object(
    'ask', pg_catalog.jsonb_build_object(
        'kind', 'list', 'window_s', p_window_s, 'takes_yes', p_takes_yes, 'options', p_options)));

-- What is said of questions that were taken away: all that they were about (rules A6).
CREATE OR REPLACE FUNCTION hall_private.replaced_fields(p_names jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN jsonb_strip_nulls(jsonb_build_object('replaced', (
        SELECT string_agg(DISTINCT n.name, '、' ORDER BY n.name) FROM jsonb_array_elements_text(p_names) AS n (name))));
END
$$;

-- Leaves the lines p_chosen of p_options, NULL: all of them, at a provider's port (p_prefix) or at the hall. Each is ended even when
-- another one is gone or never was there. p_number: of the message.
-- left {items: names, gone: names, wrong: numbers, repeated: numbers, later: [{service, until}]}
CREATE OR REPLACE FUNCTION hall_private.leave_lines(
    p_msisdn bigint, p_number int, p_options jsonb, p_chosen int[], p_prefix text, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    v_lines int := jsonb_array_length(p_options);
    v_done  int[] := '{}';
    v_codes text[] := '{}';
    v_line  int;
    v_how   text;
    v_code  text;
    v_name  jsonb;
    v_until timestamptz;
    v_asked jsonb;
BEGIN
    outcome := 'left';
    fields := '{"items": [], "gone": [], "wrong": [], "repeated": [], "later": []}';
    FOREACH v_line IN ARRAY coalesce(p_chosen, ARRAY(SELECT generate_series(1, v_lines))) LOOP
        CONTINUE WHEN fields -> 'repeated' ? v_line::text; -- named already
        IF v_line = ANY (v_done) OR v_line NOT BETWEEN 1 AND v_lines THEN
            fields := jsonb_insert(fields,
                CASE WHEN v_line = ANY (v_done) THEN '{repeated,-1}' ELSE '{wrong,-1}' END::text[], to_jsonb(v_line::text), true);
            v_done := v_done || v_line;
            CONTINUE;
        END IF;
        v_done := v_done || v_line;
        v_code := p_options -> (v_line - 1) ->> 'service';
        v_name := p_options -> (v_line - 1) -> 'name';
        CONTINUE WHEN v_code IS NULL; -- the line that stands for all
        v_codes := v_codes || v_code;
        v_how := hall_private.end_subscription(p_msisdn, v_code, 'leave', false);
        IF hall_private.cancel_order(p_msisdn, v_code) AND v_how = 'not_open' THEN
            v_how := 'ended';
        END IF;
        IF v_how = 'month_end' THEN
            v_until := (hall_private.open_one(p_msisdn, v_code)).step_at;
            fields := jsonb_insert(fields, '{later,-1}',
                jsonb_build_object('service', v_name, 'until', hall_private.iso(v_until)), true);
        ELSE
            fields := jsonb_insert(fields, CASE v_how WHEN 'ended' THEN '{items,-1}' ELSE '{gone,-1}' END::text[], v_name, true);
        END IF;
    END LOOP;
    -- leaving and ordering that arrive together: leaving wins (rules B9)
    v_asked := hall_private.withdraw_questions(p_msisdn, p_number,
        CASE WHEN p_chosen IS NOT NULL THEN v_codes ELSE hall_private.codes_at(p_prefix) END);
    fields := fields || hall_private.replaced_fields(v_asked);
END
$$;

-- The services of a provider's port; NULL for NULL: all there are.
CREATE OR REPLACE FUNCTION hall_private.codes_at(p_prefix text) RETURNS text[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN CASE WHEN p_prefix IS NOT NULL THEN ARRAY(SELECT s.code FROM hall.service AS s WHERE s.port = p_prefix) END;
END
$$;

-- The lines that an answer to a list means: NULL for all of them, which 是 and the line for all mean.
CREATE OR REPLACE FUNCTION hall_private.lines_meant(p_dialogue jsonb) RETURNS int[]
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    v_chosen int[] := ARRAY(SELECT value::int FROM jsonb_array_elements_text(p_dialogue -> 'chosen'));
BEGIN
    IF p_dialogue ->> 'is' = 'yes' OR (1 = ANY (v_chosen) AND NOT p_dialogue #> '{options,0}' ? 'service') THEN
        RETURN NULL;
    END IF;
    RETURN v_chosen;
END
$$;

-- The numbers that are no line, where the line for all was meant beside them (rules B4).
CREATE OR REPLACE FUNCTION hall_private.wrong_lines(p_dialogue jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN (
        SELECT coalesce(jsonb_agg(w.line ORDER BY w.place), '[]')
        FROM (
            SELECT c.line, min(c.place) AS place
            FROM jsonb_array_elements_text(p_dialogue -> 'chosen') WITH ORDINALITY AS c (line, place)
            WHERE c.line::int NOT BETWEEN 1 AND jsonb_array_length(p_dialogue -> 'options')
            GROUP BY c.line
        ) AS w);
END
$$;

-- Lists p_options, or carries out the answer to a list. p_takes_yes: 是 leaves all of it. p_prefix: a provider's port. Nothing to leave
-- takes away what is asked all the same, or the 是 that was to leave would order (rules B9).
CREATE OR REPLACE FUNCTION hall_private.list_or_leave(
    p_subscriber hall.subscriber, p_args jsonb, p_options jsonb, p_takes_yes boolean, p_prefix text, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    v_window int := greatest(60, hall_private.setting('list_window_s'));
    v_number int := (p_args #>> '{message,number}')::int;
    v_lines  int[];
    v_answer record;
    v_asked  jsonb;
BEGIN
    IF p_args ? 'dialogue' THEN
        v_lines := hall_private.lines_meant(p_args -> 'dialogue');
        v_answer := hall_private.leave_lines(p_subscriber.msisdn, v_number, p_args #> '{dialogue,options}', v_lines, p_prefix);
        outcome := v_answer.outcome;
        fields := v_answer.fields;
        IF v_lines IS NULL THEN
            fields := fields || jsonb_build_object('wrong', hall_private.wrong_lines(p_args -> 'dialogue'));
        END IF;
    ELSIF p_options = '[]' THEN
        v_asked := hall_private.withdraw_questions(p_subscriber.msisdn, v_number, hall_private.codes_at(p_prefix));
        outcome := 'none';
        fields := hall_private.replaced_fields(v_asked);
    ELSE
        outcome := 'list';
        fields := hall_private.ask_list(hall_private.list_pages(p_options, v_window), p_options, v_window, p_takes_yes);
    END IF;
END
$$;

-- 0000 at the hall. list {own, collected, window, first, last} | left {…} | none {}
CREATE OR REPLACE FUNCTION hall_command.leave_list(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    v_answer record := hall_private.list_or_leave(subscriber, args, hall_private.leavable(subscriber.msisdn), false, NULL);
BEGIN
    outcome := v_answer.outcome;
    fields := v_answer.fields;
END
$$;

-- 00000 at the hall: never at one blow (rules B3). What is left of the list that is open there, or else all there is, is sent; 是 leaves
-- that. As leave_list.
CREATE OR REPLACE FUNCTION hall_command.leave_all(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    v_options jsonb := hall_private.leavable(subscriber.msisdn);
    v_listed  jsonb := hall_private.open_list(subscriber.msisdn, args #>> '{message,port}');
    v_rest    jsonb;
    v_answer  record;
BEGIN
    SELECT jsonb_agg(o.option ORDER BY o.serial) INTO v_rest
    FROM jsonb_array_elements(v_options) WITH ORDINALITY AS o (option, serial)
    WHERE v_listed @> jsonb_build_array(jsonb_build_object('service', o.option -> 'service'));
    v_answer := hall_private.list_or_leave(subscriber, args, coalesce(v_rest, v_options), true, NULL);
    outcome := v_answer.outcome;
    fields := v_answer.fields;
END
$$;

-- The lines of the list that is open at this port; NULL: none is.
CREATE OR REPLACE FUNCTION hall_private.open_list(p_msisdn bigint, p_port text) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT d.options
        FROM hall.dialogue AS d
        WHERE d.msisdn = p_msisdn AND d.port = p_port AND d.ended IS NULL AND d.kind = 'list' AND d.until >= hall.now());
END
$$;

-- 0000 at a provider's port: its services there, the first line being all of them (rules B3). list {provider, collected, …} | left | none
CREATE OR REPLACE FUNCTION hall_command.provider_list(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    v_prefix  text := hall_private.port_prefix(args #>> '{message,port}');
    v_options jsonb := hall_private.leavable(subscriber.msisdn, v_prefix);
    v_answer  record;
BEGIN
    IF v_options <> '[]' THEN
        v_options := jsonb_build_array(jsonb_build_object('name', '全部', 'collected', true)) || v_options;
    END IF;
    v_answer := hall_private.list_or_leave(subscriber, args, v_options, false, v_prefix);
    outcome := v_answer.outcome;
    fields := v_answer.fields;
    IF jsonb_typeof(fields) = 'array' THEN
        SELECT jsonb_agg(page || jsonb_build_object('provider', args -> 'provider')) INTO fields
        FROM jsonb_array_elements(fields) AS page;
    ELSE
        fields := fields || jsonb_build_object('provider', args -> 'provider');
    END IF;
END
$$;

-- 00000 at a provider's port, and the words for leaving: all of that port's services at once. left {…} | none {provider}
CREATE OR REPLACE FUNCTION hall_command.provider_leave(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    v_prefix text := hall_private.port_prefix(args #>> '{message,port}');
    v_number int := (args #>> '{message,number}')::int;
    v_answer record := hall_private.leave_lines(subscriber.msisdn, v_number,
        hall_private.leavable(subscriber.msisdn, v_prefix), NULL, v_prefix);
BEGIN
    outcome := CASE WHEN v_answer.fields -> 'items' = '[]' AND v_answer.fields -> 'later' = '[]' THEN 'none' ELSE v_answer.outcome END;
    fields := v_answer.fields || jsonb_build_object('provider', args -> 'provider');
END
$$;

-- How to leave, for whoever sends a provider's word for it to the hall. ok {}
CREATE OR REPLACE FUNCTION hall_command.leave_hint(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    outcome := 'ok';
    fields := '{}';
END
$$;

-- ok {provider, phone}
CREATE OR REPLACE FUNCTION hall_command.provider_help(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    outcome := 'ok';
    fields := jsonb_build_object('provider', args -> 'provider', 'phone', args -> 'phone');
END
$$;

-- The port is alive. ok {provider}
CREATE OR REPLACE FUNCTION hall_command.port_test(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    outcome := 'ok';
    fields := jsonb_build_object('provider', args -> 'provider');
END
$$;
