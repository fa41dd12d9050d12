-- What a message does in the store, all of it: one call, one commit (DESIGN 2).
--
-- The usual course is four statements, told apart by what they lock: the message (its key finds a repeat), the conversation (its row
-- is the sender's lock and knows the text before), the subscriber (read only), the reply; the command's own come before the reply.
-- Everything else (repeats, loops, the month's end) is looked at only when a value at hand says so. Only hall.receive pays for
-- SECURITY DEFINER and a fixed search_path; what it calls is plain and reaches nothing that is not qualified.

-- Seconds until p_until, never below 0.
CREATE OR REPLACE FUNCTION hall_private.seconds_until(p_until timestamptz) RETURNS int
LANGUAGE sql STABLE
RETURN greatest(0, extract(epoch FROM p_until - hall.now())::int);

-- A reply as the daemon takes it.
CREATE OR REPLACE FUNCTION hall_private.reply_json(p_reply hall.reply) RETURNS jsonb
LANGUAGE sql STABLE
RETURN pg_catalog.jsonb_build_object(
    'mt', hall_private.mt(p_reply.month, p_reply.number, p_reply.part),
    'port', p_reply.port,
    'command', p_reply.command,
    'outcome', p_reply.outcome,
    'fields', p_reply.fields,
    'text', p_reply.text,
    'state', p_reply.state,
    'pieces', p_reply.pieces,
    'claims', p_reply.claims,
    'language', p_reply.language,
    'valid_s', hall_private.seconds_until(p_reply.valid_until));

-- The answer to a repeat by the gateway's id, whatever the text says now (rules D6, E1): the replies that the message had; NULL when
-- p_month had no such message.
CREATE OR REPLACE FUNCTION hall_private.answer_repeat(p_msisdn bigint, p_gateway_id text, p_month date) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_number  int;
    v_replies jsonb;
BEGIN
    SELECT m.number INTO v_number
    FROM hall.message AS m
    WHERE m.msisdn = p_msisdn AND m.gateway_id = p_gateway_id AND m.month = p_month;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    SELECT jsonb_agg(hall_private.reply_json(r) ORDER BY r.part) INTO v_replies
    FROM hall.reply AS r
    WHERE r.msisdn = p_msisdn AND r.month = p_month AND r.number = v_number;
    RETURN jsonb_build_object('was', 'repeat', 'replies', coalesce(v_replies, '[]'));
END
$$;

-- The first message of this sender; of two at once, one makes the row and both go on with it.
CREATE OR REPLACE FUNCTION hall_private.begin_conversation(p_msisdn bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO hall.conversation (msisdn, at, look_number)
    VALUES (p_msisdn, hall.now(), hall_private.setting('loop_messages') + 1)
    ON CONFLICT DO NOTHING;
END
$$;

-- Near a month's end another daemon's clock may be in the other month, where our key does not collide with its: the month before in the first
-- three days, and the next one in the last (a clock stepped back). NULL: not near.
CREATE OR REPLACE FUNCTION hall_private.neighbour_month(p_local timestamp) RETURNS date
LANGUAGE sql IMMUTABLE
RETURN nullif(
    date_trunc('month', p_local + CASE WHEN extract(day FROM p_local) <= 3 THEN interval '-3 days' ELSE interval '1 day' END),
    date_trunc('month', p_local))::date;

-- The repeat of a message of that month, or NULL when it is none. The sender's lock comes first, and then the look.
CREATE OR REPLACE FUNCTION hall_private.answer_neighbour(p_msisdn bigint, p_gateway_id text, p_month date) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
    LOOP
        PERFORM FROM hall.conversation AS c WHERE c.msisdn = p_msisdn FOR UPDATE;
        EXIT WHEN FOUND;
        PERFORM hall_private.begin_conversation(p_msisdn);
    END LOOP;
    RETURN hall_private.answer_repeat(p_msisdn, p_gateway_id, p_month);
END
$$;

-- Moves the sender's conversation on by one message, and locks it until the commit.
CREATE OR REPLACE FUNCTION hall_private.move_on(p_msisdn bigint, p_port text, p_fingerprint bigint) RETURNS hall.conversation
LANGUAGE plpgsql AS $$
DECLARE
    v_now  timestamptz := hall.now();
    v_talk hall.conversation;
BEGIN
    LOOP
        UPDATE hall.conversation AS c
        SET at = v_now,
            before_at = c.at,
            number = c.number + 1,
            message_number = c.number + 1,
            before_number = c.message_number,
            fingerprint = p_fingerprint,
            port = p_port,
            is_same = coalesce(c.fingerprint = p_fingerprint AND c.port = p_port, false)
        WHERE c.msisdn = p_msisdn
        RETURNING c.* INTO v_talk;
        IF FOUND THEN
            RETURN v_talk;
        END IF;
        PERFORM hall_private.begin_conversation(p_msisdn);
    END LOOP;
END
$$;

-- More messages with the same text than loop_messages in loop_window_s, whatever came between: somebody's machine answers ours (rules
-- E4). The same text is one that came so, and not one that reads so: a machine does not vary, who tries out spellings does. Counted are
-- those that were answered, by their replies, which have an order by number; of the latest five hundred, so that a quick machine costs no
-- more than that. Also finds the number before which no text can come too often, so that this is asked once in twenty messages of an
-- ordinary sender. p_hash NULL: a secret, never looped.
CREATE OR REPLACE FUNCTION hall_private.is_looping(p_talk hall.conversation, p_hash int) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    v_limit int := hall_private.setting('loop_messages');
    v_since timestamptz := p_talk.at - make_interval(secs => hall_private.setting('loop_window_s'));
    v_most  int; -- of any text
    v_same  int; -- of this one
BEGIN
    SELECT coalesce(max(t.answered), 0), coalesce(max(t.answered) FILTER (WHERE t.asked_hash = p_hash), 0) + 1
    INTO v_most, v_same
    FROM (
        SELECT r.asked_hash, count(*) AS answered
        FROM hall.reply AS r
        WHERE r.msisdn = p_talk.msisdn
          AND r.number BETWEEN p_talk.number - 500 AND p_talk.number - 1
          AND r.part = 1
          AND r.month >= hall_private.month_of(v_since)
          AND r.at > v_since
          AND r.asked_hash IS NOT NULL
        GROUP BY r.asked_hash
    ) AS t;
    UPDATE hall.conversation AS c
    SET look_number = c.number + greatest(1, v_limit + 1 - greatest(v_most, v_same))
    WHERE c.msisdn = p_talk.msisdn;
    RETURN v_same > v_limit AND p_hash IS NOT NULL;
END
$$;

-- The message before had the same text and port and came a moment ago, and what it led to is not to happen twice (rules D6): it was a
-- command that acts, or no command but something that one answered (a yes, an order code). Not when nothing happened then: it was refused
-- for a reason that may have gone since (hall.refusal). Texts passed to a provider go on passing, a yes counts that comes after a question
-- was only put once more (rules A6), and a reply whose secret is gone could not be given again (rules C4).
CREATE OR REPLACE FUNCTION hall_private.is_again(p_talk hall.conversation, p_effect text) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF p_talk.before_at < hall.now() - make_interval(secs => hall_private.setting('repeat_window_s')) THEN
        RETURN false;
    END IF;
    RETURN EXISTS (
        SELECT FROM hall.reply AS r
        WHERE r.msisdn = p_talk.msisdn
          AND r.month = hall_private.month_of(p_talk.before_at)
          AND r.number = p_talk.before_number
          AND r.part = 1
          AND NOT r.fields ?| '{secret,had_secret}'
          AND NOT EXISTS (SELECT FROM hall.refusal AS f WHERE f.outcome = r.outcome)
          AND (p_effect <> 'reads' OR (r.command <> 'hall' AND NOT r.fields ? 'again')));
END
$$;

-- The latest reply of this subscriber that has not been sent: whoever has not got that one in hand must not let another pass it. NULL
-- when all are sent.
CREATE OR REPLACE FUNCTION hall_private.latest_unsent(p_msisdn bigint) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_mt text;
BEGIN
    SELECT hall_private.mt(r.month, r.number, r.part) INTO v_mt
    FROM hall.reply AS r
    WHERE r.msisdn = p_msisdn AND r.claim_after IS NOT NULL
    ORDER BY r.number DESC, r.part DESC
    LIMIT 1;
    RETURN v_mt;
END
$$;

-- A word of ours as JSON has it.
CREATE OR REPLACE FUNCTION hall_private.quoted(p_word text) RETURNS text
LANGUAGE sql STABLE
RETURN CASE WHEN strpos(p_word, '"') = 0 AND strpos(p_word, E'\\') = 0 THEN '"' || p_word || '"' ELSE pg_catalog.to_json(p_word)::text END;

-- A reply that was just written, as the daemon takes it: JSON as text, which costs a tenth of what jsonb_build_object does, and this is on
-- the road of every message. p_after: the unsent one before it.
CREATE OR REPLACE FUNCTION hall_private.new_reply_json(
    p_month date, p_number int, p_part int, p_port text, p_command text, p_outcome text, p_fields jsonb, p_state hall.reply_state,
    p_after text, p_language text, p_valid interval)
RETURNS text
LANGUAGE sql STABLE
RETURN '{"mt":"' || hall_private.mt(p_month, p_number, p_part)
    || '","port":' || hall_private.quoted(p_port)
    || ',"command":' || hall_private.quoted(p_command)
    || ',"outcome":' || hall_private.quoted(p_outcome)
    || ',"fields":' || p_fields::text
    || ',"text":null,"state":"' || p_state::text
    || '","after":' || coalesce('"' || p_after || '"', 'null')
    || ',"pieces":0,"claims":0,"language":' || coalesce('"' || p_language || '"', 'null')
    || ',"valid_s":' || extract(epoch FROM p_valid)::int::text || '}';

-- Writes a reply and answers it as new_reply_json has it. p_way inline: it goes out with the answer that carries it, if it is the first
-- part: there is room for one. sendsms: it is the caller's to send for as long as the lease, in its order: `after` is the unsent one
-- before it. own: nobody asked for it, anybody sends it; it takes its number from hall.conversation first, and has no p_hash.
-- p_dialogue: the question that it puts. p_until: not to be sent after it, sooner than it would be otherwise. What has a sealed secret in it
-- never goes inline: it is taken out of here once it was sent (hall.settle), and an answer could not be given again.
CREATE OR REPLACE FUNCTION hall_private.add_reply(
    p_msisdn bigint, p_number int, p_part int, p_port text, p_way text, p_hash int, p_command text, p_outcome text, p_fields jsonb,
    p_language text DEFAULT NULL, p_dialogue int DEFAULT NULL, p_until timestamptz DEFAULT NULL)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    v_now   timestamptz := hall.now();
    v_month date := hall_private.month_of(v_now);
    v_state hall.reply_state := 'answered';
    v_lease timestamptz;
    v_until timestamptz;
    v_after text;
BEGIN
    IF p_way <> 'inline' OR p_part > 1 OR p_fields ? 'secret' THEN
        v_after := hall_private.latest_unsent(p_msisdn);
        v_state := 'unsent';
        v_lease := CASE p_way WHEN 'own' THEN v_now ELSE v_now + make_interval(secs => hall_private.setting('reply_lease_s')) END;
    END IF;
    INSERT INTO hall.reply AS r
        (msisdn, at, month, number, part, asked_hash, port, command, outcome, fields, state, claim_after, dialogue, language, valid_until)
    VALUES
        (p_msisdn, v_now, v_month, p_number, p_part, p_hash, p_port, p_command, p_outcome, p_fields, v_state, v_lease, p_dialogue,
         p_language,
         least(p_until, v_now + make_interval(secs => (SELECT s.value FROM hall.setting AS s WHERE s.name = 'reply_validity_s'))))
    RETURNING r.valid_until INTO v_until;
    RETURN hall_private.new_reply_json(
        v_month, p_number, p_part, p_port, p_command, p_outcome, p_fields, v_state, v_after, p_language, v_until - v_now);
END
$$;

-- A reply of the hall's own accord; answers its number. p_valid: worthless after so long. Locks the conversation.
CREATE OR REPLACE FUNCTION hall_private.tell(
    p_msisdn bigint, p_port text, p_command text, p_outcome text, p_fields jsonb, p_valid interval DEFAULT NULL)
RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
    v_number   int;
    v_language text;
BEGIN
    PERFORM hall_private.begin_conversation(p_msisdn);
    UPDATE hall.conversation AS c
    SET number = c.number + 1
    WHERE c.msisdn = p_msisdn
    RETURNING c.number, c.language INTO v_number, v_language;
    PERFORM hall_private.add_reply(
        p_msisdn, v_number, 1, p_port, 'own', NULL, p_command, p_outcome, p_fields, v_language, NULL, hall.now() + p_valid);
    RETURN v_number;
END
$$;

-- All replies of a message, as a list in JSON: p_fields is an object for one, an array for several. Several go one way all together, or they
-- would come out of their order.
CREATE OR REPLACE FUNCTION hall_private.add_replies(
    p_message hall.message, p_way text, p_hash int, p_command text, p_outcome text, p_fields jsonb, p_language text, p_dialogue int)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    v_until   timestamptz;
    v_replies text[];
    v_page    record;
BEGIN
    IF p_dialogue IS NOT NULL THEN
        SELECT d.until INTO v_until FROM hall.dialogue AS d WHERE d.msisdn = p_message.msisdn AND d.number = p_dialogue;
    END IF;
    IF jsonb_typeof(p_fields) = 'object' THEN
        RETURN '[' || hall_private.add_reply(
            p_message.msisdn, p_message.number, 1, p_message.port, p_way, p_hash, p_command, p_outcome, p_fields, p_language, p_dialogue,
            v_until) || ']';
    END IF;
    FOR v_page IN
        SELECT p.fields, p.part::int AS part FROM jsonb_array_elements(p_fields) WITH ORDINALITY AS p (fields, part) ORDER BY p.part
    LOOP
        v_replies := v_replies || hall_private.add_reply(
            p_message.msisdn, p_message.number, v_page.part, p_message.port,
            CASE WHEN jsonb_array_length(p_fields) = 1 THEN p_way ELSE 'sendsms' END, p_hash, p_command, p_outcome, v_page.fields,
            p_language, p_dialogue, v_until);
    END LOOP;
    RETURN '[' || coalesce(array_to_string(v_replies, ','), '') || ']';
END
$$;

-- An impatient thumb: the replies of the message before, once more, and nothing else happens (rules D6).
CREATE OR REPLACE FUNCTION hall_private.answer_again(p_talk hall.conversation, p_hash int, p_way text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    v_replies text[];
    v_before  record;
BEGIN
    FOR v_before IN
        SELECT r.*, count(*) OVER () AS parts
        FROM hall.reply AS r
        WHERE r.msisdn = p_talk.msisdn
          AND r.month = hall_private.month_of(p_talk.before_at)
          AND r.number = p_talk.before_number
        ORDER BY r.part
    LOOP
        v_replies := v_replies || hall_private.add_reply(
            p_talk.msisdn, p_talk.number, v_before.part, v_before.port, CASE v_before.parts WHEN 1 THEN p_way ELSE 'sendsms' END, p_hash,
            v_before.command, v_before.outcome, v_before.fields, p_talk.language, v_before.dialogue, v_before.valid_until);
    END LOOP;
    RETURN '{"was": "again", "replies": [' || coalesce(array_to_string(v_replies, ','), '') || ']}';
END
$$;

-- Takes a message. Parameters as in include/store/api.h. Answers {"was": …, "replies": […]}, in JSON:
--   new     it took effect
--   repeat  the gateway's id was here before: nothing happens, the replies are those it had
--   again   the same text as just before, which would change something twice: the reply is given once more
--   looped  a machine on the other side: noted, not answered; leaving takes effect all the same (rules B5)
-- A new one has no replies when it was passed to a provider, who answers it.
-- Locks the sender's conversation until the commit.
CREATE OR REPLACE FUNCTION hall.receive(
    p_msisdn bigint, p_gateway_id text, p_port text, p_at text, p_text text, p_fingerprint bigint, p_gateway_time bigint,
    p_command text, p_call text, p_effect text, p_confirm text, p_args jsonb, p_answer text, p_way text)
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_now     timestamptz := hall.now();
    v_local   timestamp := hall_private.local_time(v_now);
    v_month   date := date_trunc('month', v_local);
    v_near    date;
    v_hash    int := CASE WHEN p_fingerprint IS NOT NULL THEN hashtext(upper(p_text)) END;
    v_message hall.message;
    v_sender  hall.subscriber;
    v_answer  jsonb;
    v_act     record;
    v_loops   boolean;
    v_talk    hall.conversation;
BEGIN
    v_near := hall_private.neighbour_month(v_local);
    IF v_near IS NOT NULL THEN
        v_answer := hall_private.answer_neighbour(p_msisdn, p_gateway_id, v_near);
        IF v_answer IS NOT NULL THEN
            RETURN v_answer;
        END IF;
    END IF;

    INSERT INTO hall.message AS m
        (msisdn, at, gateway_at, fingerprint, number, month, gateway_id, port, text, command)
    VALUES
        (p_msisdn, v_now, to_timestamp(p_gateway_time), p_fingerprint,
         coalesce((SELECT c.number FROM hall.conversation AS c WHERE c.msisdn = p_msisdn), 0) + 1,
         v_month, p_gateway_id, p_port, coalesce(p_text, ''), p_command)
    ON CONFLICT DO NOTHING
    RETURNING m.* INTO v_message;
    IF NOT FOUND THEN
        RETURN hall_private.answer_repeat(p_msisdn, p_gateway_id, v_month);
    END IF;

    v_talk := hall_private.move_on(p_msisdn, p_port, p_fingerprint);
    IF v_talk.number <> v_message.number THEN
        -- the number was read before the lock was held, and another daemon's message took it
        UPDATE hall.message AS m
        SET number = v_talk.number
        WHERE m.msisdn = p_msisdn AND m.gateway_id = p_gateway_id AND m.month = v_month;
        v_message.number := v_talk.number;
    END IF;

    v_loops := v_talk.number >= v_talk.look_number AND hall_private.is_looping(v_talk, v_hash);
    IF v_loops AND p_effect <> 'leaves' THEN
        RETURN '{"was": "looped", "replies": []}';
    END IF;
    IF v_talk.is_same AND (p_effect <> 'reads' OR p_command IS NULL) AND hall_private.is_again(v_talk, p_effect) THEN
        RETURN CASE WHEN v_loops THEN '{"was": "looped", "replies": []}' ELSE hall_private.answer_again(v_talk, v_hash, p_way) END;
    END IF;

    SELECT * INTO v_sender FROM hall.subscriber AS s WHERE s.msisdn = p_msisdn;
    v_act := hall_private.act(v_sender, v_message, p_at, p_call, p_effect, p_confirm, p_args, p_answer);
    IF v_loops THEN
        RETURN '{"was": "looped", "replies": []}';
    END IF;
    IF p_effect <> 'reads' THEN
        -- it may have been changed by this one
        v_talk.language := (SELECT c.language FROM hall.conversation AS c WHERE c.msisdn = p_msisdn);
    END IF;
    RETURN '{"was": "new", "replies": ' || hall_private.add_replies(
        v_message, p_way, v_hash, v_act.command, v_act.outcome, v_act.fields, v_talk.language, v_act.dialogue) || '}';
END
$$;

-- Takes many messages at once, each of another sender; parameters as hall.receive's, one row a message. Answers each as hall.receive would.
--
-- What most messages are goes the usual way, in one statement for all of them, which costs half: a command that only reads, from a
-- subscriber, when nothing is to be looked at. For all others it calls hall.receive. Usual it was if the conversation stands, now
-- that it is locked, where it stood when the message got its number; else another daemon was quicker (40001), and nothing happened: the
-- caller does as with any batch that fails.
--
-- The plan is a session's first, perhaps of tables that were empty then: so every table is gone to by its key, by LATERAL with a LIMIT, or by
-- ON CONFLICT, which leave the planner no other way. And conditions stand in a coalesce, of which the planner knows nothing and takes half of
-- the rows to pass; else it thinks of one row, and joins a batch with itself in a loop, which at 120 messages costs as much as all the rest.
CREATE OR REPLACE FUNCTION hall.receive_many(
    p_msisdn bigint[], p_gateway_id text[], p_port text[], p_at text[], p_text text[], p_fingerprint bigint[], p_gateway_time bigint[],
    p_command text[], p_call text[], p_effect text[], p_confirm text[], p_args jsonb[], p_answer text[], p_way text[])
RETURNS TABLE (msisdn bigint, answer text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_now       timestamptz := hall.now();
    v_local     timestamp := hall_private.local_time(v_now);
    v_month     date := date_trunc('month', v_local);
    v_neighbour date := hall_private.neighbour_month(v_local);
    v_leased    timestamptz := v_now + make_interval(secs => hall_private.setting('reply_lease_s'));
    v_valid     timestamptz := v_now + make_interval(secs => hall_private.setting('reply_validity_s'));
    v_look      int := hall_private.setting('loop_messages') + 1;
    v_taken     int;
    v_senders   bigint[];
    v_answers   text[];
BEGIN
    WITH asked AS MATERIALIZED (
        SELECT a.*, coalesce(c.number, 0) + 1 AS number, s.sender
        FROM unnest(p_msisdn, p_gateway_id, p_port, p_at, p_text, p_fingerprint, p_gateway_time, p_command, p_call, p_effect, p_confirm,
                p_args, p_way)
            AS a (msisdn, gateway_id, port, at, text, fingerprint, gateway_time, command, call, effect, confirm, args, way)
        LEFT JOIN LATERAL (SELECT * FROM hall.conversation AS c WHERE c.msisdn = a.msisdn LIMIT 1) AS c ON true
        CROSS JOIN LATERAL (SELECT s AS sender, s.state FROM hall.subscriber AS s WHERE s.msisdn = a.msisdn LIMIT 1) AS s
        WHERE coalesce(
            a.effect = 'reads'
            AND a.call IS NOT NULL
            AND a.at = 'hall'
            AND length(a.port) <= 5
            AND s.state <> 'closed'
            AND (c.look_number IS NULL OR c.number + 1 < c.look_number), false)
    ), taken AS (
        INSERT INTO hall.message AS m (msisdn, at, gateway_at, fingerprint, number, month, gateway_id, port, text, command)
        SELECT a.msisdn, v_now, to_timestamp(a.gateway_time), a.fingerprint, a.number, v_month, a.gateway_id, a.port, coalesce(a.text, ''),
            a.command
        FROM asked AS a
        WHERE coalesce(v_neighbour IS NULL OR (
            SELECT true
            FROM hall.message AS n
            WHERE n.msisdn = a.msisdn AND n.gateway_id = a.gateway_id AND n.month = v_neighbour
            LIMIT 1) IS NULL, false)
        ON CONFLICT DO NOTHING
        RETURNING m.msisdn, m.number, m.fingerprint, m.port, m AS message
    ), talk AS (
        INSERT INTO hall.conversation AS c (msisdn, at, before_at, number, message_number, fingerprint, port, look_number)
        SELECT t.msisdn, v_now, v_now, t.number, t.number, t.fingerprint, t.port, v_look
        FROM taken AS t
        ON CONFLICT (msisdn) DO UPDATE
        SET at = v_now,
            before_at = c.at,
            number = excluded.number,
            message_number = excluded.number,
            before_number = c.message_number,
            fingerprint = excluded.fingerprint,
            port = excluded.port,
            is_same = coalesce(c.fingerprint = excluded.fingerprint AND c.port = excluded.port, false)
        WHERE c.number + 1 = excluded.number
        RETURNING c.msisdn, c.language
    ), acted AS MATERIALIZED (
        SELECT k.msisdn, t.message, k.language, a.way, r.*,
            CASE WHEN a.fingerprint IS NOT NULL THEN hashtext(upper(a.text)) END AS hash,
            CASE WHEN a.way <> 'inline' THEN hall_private.latest_unsent(k.msisdn) END AS after,
            jsonb_typeof(r.fields) = 'object' AND NOT r.fields ? 'secret' AND r.dialogue IS NULL AS is_plain
        FROM talk AS k
        JOIN taken AS t ON t.msisdn = k.msisdn
        JOIN asked AS a ON a.msisdn = k.msisdn
        CROSS JOIN LATERAL hall_private.run_command(a.sender, t.message, 'hall', a.command, a.call, 'reads', a.confirm, a.args) AS r
    ), plain AS (
        INSERT INTO hall.reply AS r
            (msisdn, at, month, number, part, asked_hash, port, command, outcome, fields, state, claim_after, language, valid_until)
        SELECT a.msisdn, v_now, v_month, (a.message).number, 1, a.hash, (a.message).port, a.command, a.outcome, a.fields,
            CASE a.way WHEN 'inline' THEN 'answered'::hall.reply_state ELSE 'unsent' END, CASE WHEN a.way <> 'inline' THEN v_leased END,
            a.language, v_valid
        FROM acted AS a
        WHERE coalesce(a.is_plain, false)
        RETURNING r.*
    )
    SELECT (SELECT count(*) FROM taken), array_agg(a.msisdn), array_agg('{"was": "new", "replies": '
        || CASE WHEN a.is_plain THEN
            '[' || hall_private.new_reply_json(
                p.month, p.number, p.part, p.port, p.command, p.outcome, p.fields, p.state, a.after, p.language, p.valid_until - p.at) || ']'
        ELSE
            hall_private.add_replies(a.message, a.way, a.hash, a.command, a.outcome, a.fields, a.language, a.dialogue)
        END || '}')
    INTO v_taken, v_senders, v_answers
    FROM acted AS a
    LEFT JOIN plain AS p ON p.msisdn = a.msisdn;

    IF v_taken <> coalesce(cardinality(v_senders), 0) THEN
        RAISE EXCEPTION 'another daemon has a sender of this batch' USING ERRCODE = 'serialization_failure';
    END IF;
    RETURN QUERY SELECT * FROM unnest(v_senders, v_answers);
    RETURN QUERY
    SELECT a.msisdn, hall.receive(a.msisdn, a.gateway_id, a.port, a.at, a.text, a.fingerprint, a.gateway_time, a.command, a.call, a.effect,
            a.confirm, a.args, a.answer, a.way)
    FROM unnest(p_msisdn, p_gateway_id, p_port, p_at, p_text, p_fingerprint, p_gateway_time, p_command, p_call, p_effect, p_confirm, p_args,
            p_answer, p_way)
        AS a (msisdn, gateway_id, port, at, text, fingerprint, gateway_time, command, call, effect, confirm, args, answer, way)
    WHERE a.msisdn <> ALL (coalesce(v_senders, '{}'));
END
$$;
