-- Complaints (rules F3): numbered, with a first answer within the setting complaint_answer_s. And junk messages that subscribers pass on (rules
-- F4): numbered, and counted by the sender complained of.

-- --- complaints --------------------------------------------------------------------------------------------------------------

-- Takes args.text as a complaint. ok {number, hours} | empty {}: nothing was said
CREATE OR REPLACE FUNCTION hall_command.complain(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    v_seconds int := hall_private.setting('complaint_answer_s');
    v_due     timestamptz := hall.now() + make_interval(secs => v_seconds);
    v_id      bigint;
BEGIN
    fields := '{}';
    IF coalesce(args ->> 'text', '') = '' THEN
        outcome := 'empty';
        RETURN;
    END IF;
    INSERT INTO hall.complaint AS c (msisdn, number, at, due_at, text)
    VALUES (subscriber.msisdn, (args #>> '{message,number}')::int, hall.now(), v_due, args ->> 'text')
    RETURNING c.id INTO v_id;
    PERFORM hall_private.add_evidence(subscriber.msisdn, NULL, NULL, 'complained',
        jsonb_build_object('complaint', v_id, 'text', args -> 'text', 'until', hall_private.iso(v_due)));
    outcome := 'ok';
    fields := jsonb_build_object('number', v_id::text, 'hours', v_seconds / 3600);
END
$$;

-- The subscriber's latest complaints and how they stand; not those of whoever had the number before. list {items: a line each} | none {}
CREATE OR REPLACE FUNCTION hall_command.complaints(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    c_most  CONSTANT int := 3;
    v_items jsonb;
BEGIN
    SELECT jsonb_agg(
        jsonb_build_object(
            'zh', l.id || '号（' || l.day || '）' || coalesce('已答复：' || l.words, '处理中'),
            'en', 'No. ' || l.id || ' (' || l.day || '): ' || coalesce('answered: ' || l.words, 'in work'))
        ORDER BY l.id DESC)
    INTO v_items
    FROM (
        SELECT c.id, to_char(hall_private.local_time(c.at), 'YYYY-MM-DD') AS day, left(c.answer, 60) AS words
        FROM hall.complaint AS c
        WHERE c.msisdn = subscriber.msisdn AND c.at >= subscriber.since
        ORDER BY c.number DESC
        LIMIT c_most
    ) AS l;
    outcome := CASE WHEN v_items IS NULL THEN 'none' ELSE 'list' END;
    fields := CASE WHEN v_items IS NULL THEN '{}' ELSE jsonb_build_object('items', v_items) END;
END
$$;

-- The complaints that have no answer yet, the longest overdue first; only those whose time is over, or all of them.
CREATE OR REPLACE FUNCTION hall.complaints(p_only_overdue boolean DEFAULT false)
RETURNS TABLE (id bigint, msisdn bigint, at timestamptz, due_at timestamptz, is_overdue boolean, text text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN QUERY
    SELECT c.id, c.msisdn, c.at, c.due_at, c.due_at < hall.now(), c.text
    FROM hall.complaint AS c
    WHERE c.answered_at IS NULL AND (NOT p_only_overdue OR c.due_at < hall.now())
    ORDER BY c.due_at, c.id;
END
$$;

-- Answers a complaint, and tells the subscriber, but not when the number is another's by now. Answers whether there was such a one that had no
-- answer yet.
-- Locks the conversation and the complaint.
CREATE OR REPLACE FUNCTION hall.answer_complaint(p_id bigint, p_words text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_msisdn bigint := (SELECT c.msisdn FROM hall.complaint AS c WHERE c.id = p_id);
BEGIN
    IF coalesce(btrim(p_words), '') = '' OR length(p_words) > 300 THEN
        RAISE EXCEPTION 'an answer has 1 to 300 characters' USING ERRCODE = 'invalid_parameter_value';
    ELSIF v_msisdn IS NULL THEN
        RETURN false;
    END IF;
    PERFORM hall_private.hold_conversation(v_msisdn);
    UPDATE hall.complaint AS c
    SET answered_at = hall.now(), answer = p_words
    WHERE c.id = p_id AND c.answered_at IS NULL;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM hall_private.tell(v_msisdn, hall_private.setting('hall_port')::text, 'complain', 'answered',
        jsonb_build_object('number', p_id::text, 'answer', p_words))
    FROM hall.complaint AS c
    JOIN hall.subscriber AS s ON s.msisdn = c.msisdn
    WHERE c.id = p_id AND c.at >= s.since;
    PERFORM hall_private.add_evidence(v_msisdn, NULL, NULL, 'complaint_answered',
        jsonb_build_object('complaint', p_id, 'answer', p_words));
    RETURN true;
END
$$;

-- --- junk messages -----------------------------------------------------------------------------------------------------------

-- A text with the digits of every keyboard as digits, and no blanks around it.
CREATE OR REPLACE FUNCTION hall_private.with_digits(p_text text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN btrim(translate(p_text, '０１２３４５６７８９＋：　', '0123456789+: '), E' \t\r\n');

-- A number as senders are counted: a mobile number without the country in front. NULL when it is the reporter's own, or the hall's.
CREATE OR REPLACE FUNCTION hall_private.junk_number(p_digits text, p_msisdn bigint) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_number text := regexp_replace(p_digits, '^(00)?86(?=1[3-9][0-9]{9}$)', '');
BEGIN
    RETURN CASE WHEN v_number <> p_msisdn::text AND NOT starts_with(v_number, hall_private.setting('hall_port')::text) THEN v_number END;
END
$$;

-- Who sent a junk message, by the text in which it was passed on: the first of what people write that holds. NULL: it is not said.
CREATE OR REPLACE FUNCTION hall_private.junk_sender(p_text text, p_msisdn bigint) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
    c_ways CONSTANT text[] := ARRAY[
        '(?:发件人|发送人|发信人|發件人|發送人|來自|来自|发送号码|號碼|号码|from)\s*(?:是|为|為)?\s*[:=]?\s*[(（<]?\+?([0-9]{5,21})(?![0-9])',
        '^[(（\[【<"“]?\+?([0-9]{5,21})(?![0-9])(?!\s*(?:元|块|万|名|分|位|人|年|月|日|折|积分|%|％))',
        '[\s,，。.;；:/、(（\[【<"“!！]\+?([0-9]{5,21})[)）\]】>"”]?[。.]?$'];
    v_way  text;
    v_from text;
BEGIN
    FOREACH v_way IN ARRAY c_ways LOOP
        v_from := hall_private.junk_number(substring(hall_private.with_digits(p_text) FROM ('(?i)' || v_way)), p_msisdn);
        EXIT WHEN v_from IS NOT NULL;
    END LOOP;
    RETURN v_from;
END
$$;

-- Takes args.text as a junk message that was passed on. A text that is only a number, within a day of a report that wants one, is its sender.
-- ok {number, sender} | whose {number}: the sender is asked for
CREATE OR REPLACE FUNCTION hall_command.junk(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    v_text   text := hall_private.with_digits(args ->> 'text');
    v_sender text := hall_private.junk_sender(v_text, subscriber.msisdn);
    v_id     bigint;
BEGIN
    IF v_sender IS NOT NULL AND v_text ~ '^\+?[0-9]+$' THEN
        UPDATE hall.junk AS j
        SET sender = v_sender
        WHERE j.msisdn = subscriber.msisdn AND j.sender IS NULL AND j.at > hall.now() - interval '1 day'
          AND j.number = (SELECT max(l.number) FROM hall.junk AS l WHERE l.msisdn = subscriber.msisdn)
        RETURNING j.id INTO v_id;
    END IF;
    IF v_id IS NULL THEN
        INSERT INTO hall.junk AS j (msisdn, number, at, sender, text)
        VALUES (subscriber.msisdn, (args #>> '{message,number}')::int, hall.now(), v_sender, args ->> 'text')
        RETURNING j.id INTO v_id;
    END IF;
    outcome := CASE WHEN v_sender IS NULL THEN 'whose' ELSE 'ok' END;
    fields := jsonb_build_object('number', v_id::text);
    IF v_sender IS NOT NULL THEN
        fields := fields || jsonb_build_object('sender', v_sender);
    END IF;
END
$$;

-- Senders complained of since then (NULL: ever), those with the most reports first; reporters: by how many people.
CREATE OR REPLACE FUNCTION hall.junk_senders(p_since timestamptz DEFAULT NULL)
RETURNS TABLE (sender text, reports bigint, reporters bigint, latest timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT j.sender, count(*), count(DISTINCT j.msisdn), max(j.at)
    FROM hall.junk AS j
    WHERE j.sender IS NOT NULL AND (p_since IS NULL OR j.at >= p_since)
    GROUP BY j.sender
    ORDER BY count(*) DESC, j.sender;
END;
