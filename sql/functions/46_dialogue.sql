-- Open questions to a subscriber, and what counts as an answer to one (rules A).
--
--                    ┌── 是 ──▶ yes          only up to the deadline, once (A3, A5)
--      asked ──▶ open├── 否 ──▶ no
--                    ├── a new question at that port ──▶ replaced   (A6)
--                    ├── leaving ──▶ left                           (B9)
--                    └── the deadline ──▶ expired                   noted when something is said to it; it ends nothing else (A7)
--
-- A list takes numbers as often as they come until its deadline, and stays open; a consent takes one answer. Whatever is not an answer
-- leaves the question as it is (A4). The sender's conversation is locked before any of this, so two answers never meet.

-- Opens the question that p_ask describes, in the place of the one that is open at this port. Answers what the new one has to say of
-- that: {"replaced": name} of a service that was asked about and could have been ordered still, {"replaced_list": true} of a list that a
-- consent replaces, or NULL.
CREATE OR REPLACE FUNCTION hall_private.open_dialogue(
    p_message hall.message, p_command text, p_call text, p_args jsonb, p_outcome text, p_fields jsonb, p_ask jsonb)
RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    v_now      timestamptz := hall.now();
    v_until    timestamptz := v_now + make_interval(secs => (p_ask ->> 'window_s')::int);
    v_before   hall.dialogue;
BEGIN
    UPDATE hall.dialogue AS d
    SET ended = CASE WHEN d.until >= v_now THEN 'replaced' ELSE 'expired' END, ended_at = v_now, ended_by = p_message.number
    WHERE d.msisdn = p_message.msisdn AND d.port = p_message.port AND d.ended IS NULL
    RETURNING d.* INTO v_before;
    INSERT INTO hall.dialogue
        (msisdn, number, at, until, kind, port, command, call, outcome, fields, args, options, takes_yes)
    VALUES
        (p_message.msisdn, p_message.number, v_now, v_until, p_ask ->> 'kind', p_message.port, p_command, p_call, p_outcome, p_fields,
         p_args, p_ask -> 'options', (p_ask ->> 'takes_yes')::boolean);
    IF v_before.ended = 'replaced' THEN
        PERFORM hall_private.add_evidence(p_message.msisdn, v_before.number, v_before.options #>> '{0,service}', 'replaced',
            jsonb_build_object('by', p_message.number));
    END IF;
    PERFORM hall_private.add_evidence(
        p_message.msisdn, p_message.number, CASE WHEN p_ask ->> 'kind' = 'consent' THEN p_ask #>> '{options,0,service}' END, 'asked',
        hall_private.message_json(p_message) || jsonb_build_object(
            'kind', p_ask -> 'kind', 'options', p_ask -> 'options', 'until', hall_private.iso(v_until)));
    RETURN CASE
        WHEN v_before.ended IS DISTINCT FROM 'replaced' THEN NULL
        WHEN v_before.kind = 'consent' THEN jsonb_build_object('replaced', v_before.options #> '{0,name}')
        WHEN p_ask ->> 'kind' = 'consent' THEN '{"replaced_list": true}'
    END;
END
$$;

-- A message as evidence has it: exactly what was sent, and when it came to whom.
CREATE OR REPLACE FUNCTION hall_private.message_json(p_message hall.message) RETURNS jsonb
LANGUAGE sql STABLE
RETURN pg_catalog.jsonb_build_object(
    'message', p_message.number,
    'gateway_id', p_message.gateway_id,
    'port', p_message.port,
    'text', p_message.text,
    'at', hall_private.iso(p_message.at),
    'gateway_at', hall_private.iso(p_message.gateway_at));

CREATE OR REPLACE FUNCTION hall_private.end_dialogue(p_dialogue hall.dialogue, p_ended text, p_message hall.message) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE hall.dialogue AS d
    SET ended = p_ended, ended_at = greatest(hall.now(), d.at), ended_by = p_message.number
    WHERE d.msisdn = p_dialogue.msisdn AND d.number = p_dialogue.number;
END
$$;

-- Ends the open questions about these services, NULL: about any, unanswered: who leaves does not order. Answers the names of those that
-- could have been answered still.
CREATE OR REPLACE FUNCTION hall_private.withdraw_questions(
    p_msisdn bigint, p_number int, p_codes text[], p_kinds text[] DEFAULT '{consent}')
RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    v_names jsonb := '[]';
    v_left  hall.dialogue;
BEGIN
    FOR v_left IN
        UPDATE hall.dialogue AS d
        SET ended = 'left', ended_at = greatest(hall.now(), d.at), ended_by = p_number
        WHERE d.msisdn = p_msisdn AND d.ended IS NULL AND d.kind = ANY (p_kinds)
          AND (p_codes IS NULL OR d.options #>> '{0,service}' = ANY (p_codes))
        RETURNING d.*
    LOOP
        PERFORM hall_private.add_evidence(p_msisdn, v_left.number, v_left.options #>> '{0,service}', 'left',
            jsonb_build_object('by', p_number));
        IF v_left.until >= hall.now() THEN
            v_names := v_names || jsonb_build_array(v_left.options #> '{0,name}');
        END IF;
    END LOOP;
    RETURN v_names;
END
$$;

-- What an answer means to a dialogue, of all that its text may mean ("yes,serials:1"): yes | no | serials; NULL: nothing.
-- To a list a number is a line, to a consent it is the answer it stands for.
CREATE OR REPLACE FUNCTION hall_private.meaning(p_dialogue hall.dialogue, p_answer text) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN CASE
        WHEN p_dialogue.kind = 'list' AND p_answer LIKE '%serials:%' THEN 'serials'
        WHEN p_answer LIKE 'yes%' THEN 'yes'
        WHEN p_answer LIKE 'no%' THEN 'no'
    END;
END
$$;

-- How to ask anew, when it is too late: the code that led to it.
CREATE OR REPLACE FUNCTION hall_private.how_to_ask(p_dialogue hall.dialogue) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE
    WHEN p_dialogue.options #>> '{0,how}' IS NOT NULL THEN p_dialogue.options #>> '{0,how}'
    WHEN p_dialogue.kind = 'consent' THEN 'KT' || (p_dialogue.options #>> '{0,service}')
    WHEN p_dialogue.takes_yes THEN '00000'
    ELSE '0000'
END;

-- The question went out, or may have: one of the replies that put it was sent, or reported on before its words were noted, or is in
-- somebody's hands who has not said how it went. Not when all of them failed, ran out, or wait for their turn.
CREATE OR REPLACE FUNCTION hall_private.was_put(p_dialogue hall.dialogue, p_number int) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM hall.reply AS r
        WHERE r.msisdn = p_dialogue.msisdn
          AND r.number BETWEEN p_dialogue.number AND p_number
          AND r.month >= hall_private.month_of(p_dialogue.at)
          AND r.dialogue = p_dialogue.number
          AND (r.state IN ('answered', 'sent', 'accepted', 'delivered')
               OR (r.state = 'unsent' AND r.reason IS NULL AND (r.claim_after > hall.now() OR r.report_status IN (1, 4, 8)))));
END
$$;

-- This consent took the place of a list whose time is not over: a number may be meant for that one.
CREATE OR REPLACE FUNCTION hall_private.replaced_a_list(p_dialogue hall.dialogue) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN p_dialogue.kind = 'consent' AND EXISTS (
        SELECT FROM hall.dialogue AS d
        WHERE d.msisdn = p_dialogue.msisdn AND d.port = p_dialogue.port AND d.kind = 'list' AND d.ended = 'replaced'
          AND d.ended_by = p_dialogue.number AND d.until >= hall.now());
END
$$;

-- An answer to this question is explained still: for days at the hall; at a provider's port, where it may be meant for the provider (rules
-- B8), once after the deadline and for a moment after an answer.
CREATE OR REPLACE FUNCTION hall_private.is_remembered(p_dialogue hall.dialogue, p_at text) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF p_at = 'provider' AND p_dialogue.ended IS NOT NULL THEN
        RETURN p_dialogue.ended_at >= hall.now() - make_interval(secs => hall_private.setting('repeat_window_s'));
    END IF;
    RETURN p_dialogue.until >= hall.now() - make_interval(secs => hall_private.setting('explain_window_s'));
END
$$;

-- What an answer leads to at this port. outcome NULL: there is no question that it could belong to.
-- dialogue: the question that is put once more. Outcomes of the command that asked: its own after a yes or numbers, declined, expired
-- {service, how}, again; of the hall: answered, use_serials, use_words {service}, suspended, no_question.
CREATE OR REPLACE FUNCTION hall_private.answer(
    p_subscriber hall.subscriber, p_message hall.message, p_at text, p_answer text,
    OUT command text, OUT outcome text, OUT fields jsonb, OUT dialogue int)
LANGUAGE plpgsql AS $$
DECLARE
    v_now     timestamptz := hall.now();
    v_asked   hall.dialogue;
    v_meaning text;
BEGIN
    SELECT * INTO v_asked
    FROM hall.dialogue AS d
    WHERE d.msisdn = p_message.msisdn AND d.port = p_message.port
    ORDER BY d.number DESC
    LIMIT 1;
    IF NOT FOUND OR NOT hall_private.is_remembered(v_asked, p_at) THEN
        outcome := CASE p_at WHEN 'hall' THEN 'no_question' END;
        command := 'hall';
        fields := '{}';
        RETURN;
    END IF;
    v_meaning := hall_private.meaning(v_asked, p_answer);
    command := v_asked.command;
    fields := jsonb_build_object('service', v_asked.options #> '{0,name}', 'how', hall_private.how_to_ask(v_asked));

    IF v_meaning IS NULL THEN
        outcome := NULL;
    ELSIF v_asked.ended IS NULL AND v_asked.until < v_now THEN
        outcome := 'expired';
        PERFORM hall_private.end_dialogue(v_asked, 'expired', p_message);
        PERFORM hall_private.note_answer(v_asked, p_message, 'late', NULL);
    ELSIF v_asked.ended = 'expired' THEN
        outcome := 'expired';
    ELSIF v_asked.ended IS NOT NULL THEN
        command := 'hall';
        outcome := CASE v_asked.ended WHEN 'left' THEN 'no_question' ELSE 'answered' END;
    ELSIF p_message.gateway_at < date_trunc('second', v_asked.at) OR NOT hall_private.was_put(v_asked, p_message.number) THEN
        -- it was on its way before the question was put, or that has never gone out (rules A6, B4)
        outcome := CASE jsonb_typeof(v_asked.fields) WHEN 'array' THEN v_asked.outcome ELSE 'again' END;
        fields := hall_private.as_of_now(v_asked);
        dialogue := v_asked.number;
        PERFORM hall_private.note_answer(v_asked, p_message, 'early', NULL);
    ELSIF v_meaning = 'yes' AND NOT v_asked.takes_yes THEN
        command := 'hall';
        outcome := 'use_serials';
    ELSIF v_meaning <> 'serials' AND p_answer LIKE '%serials:%' AND hall_private.replaced_a_list(v_asked) THEN
        command := 'hall';
        outcome := 'use_words';
    ELSIF v_meaning = 'no' THEN
        outcome := 'declined';
        PERFORM hall_private.end_dialogue(v_asked, 'no', p_message);
        PERFORM hall_private.note_answer(v_asked, p_message, 'no', NULL);
    ELSIF v_asked.kind = 'consent' AND p_subscriber.state = 'suspended' AND NOT v_asked.options -> 0 ? 'also_suspended' THEN
        command := 'hall';
        outcome := 'suspended';
        fields := hall_private.suspended_fields(p_subscriber);
    ELSE
        SELECT a.outcome, a.fields INTO outcome, fields
        FROM hall_private.accept(p_subscriber, p_message, v_asked, v_meaning, p_answer) AS a;
        IF hall_private.wants_run(outcome, fields) THEN
            SELECT r.* INTO command, outcome, fields, dialogue
            FROM hall_private.run_in_place(p_subscriber, p_message, p_at, fields -> 'run') AS r;
            IF jsonb_typeof(fields) = 'object' THEN
                fields := fields - 'replaced_list';       -- it was chosen from
            END IF;
        END IF;
    END IF;
END
$$;

-- The words of a question that is put again: the time that is left of it, and what an order costs this month, which may be another one by
-- now. again: it is not the first time (hall_private.is_again).
CREATE OR REPLACE FUNCTION hall_private.as_of_now(p_dialogue hall.dialogue) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_left    jsonb := to_jsonb(greatest(60, hall_private.seconds_until(p_dialogue.until) / 60 * 60));
    v_service hall.service;
BEGIN
    IF jsonb_typeof(p_dialogue.fields) = 'array' THEN
        RETURN jsonb_set(jsonb_set(p_dialogue.fields, '{-1,window}', v_left), '{0,again}', 'true');
    END IF;
    SELECT * INTO v_service FROM hall.service AS s WHERE s.code = p_dialogue.options #>> '{0,service}';
    RETURN p_dialogue.fields - '{now,now_free}'::text[] || jsonb_build_object('window', v_left, 'again', true) || CASE
        WHEN v_service.code IS NULL THEN '{}'
        ELSE hall_private.now_fields(p_dialogue.msisdn, hall_private.as_consented(p_dialogue.msisdn, v_service, p_dialogue.number))
    END;
END
$$;

-- Runs the command that asked, with what was chosen.
CREATE OR REPLACE FUNCTION hall_private.accept(
    p_subscriber hall.subscriber, p_message hall.message, p_asked hall.dialogue, p_meaning text, p_answer text,
    OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    v_chosen jsonb := CASE p_meaning
        WHEN 'serials' THEN to_jsonb(string_to_array(split_part(p_answer, 'serials:', 2), ',')::int[])
        ELSE '[]'
    END;
    v_answer record;
BEGIN
    IF p_meaning = 'yes' THEN
        PERFORM hall_private.end_dialogue(p_asked, 'yes', p_message);
    END IF;
    PERFORM hall_private.note_answer(p_asked, p_message, p_meaning, v_chosen);
    v_answer := hall_private.dispatch(p_asked.call, p_subscriber, p_asked.args || jsonb_build_object(
        'message', hall_private.message_args(p_message, p_asked.args #>> '{message,at}', p_asked.args #>> '{message,confirm}'),
        'dialogue', jsonb_build_object(
            'number', p_asked.number, 'kind', p_asked.kind, 'is', p_meaning, 'chosen', v_chosen, 'options', p_asked.options)));
    outcome := v_answer.outcome;
    fields := v_answer.fields;
END
$$;

CREATE OR REPLACE FUNCTION hall_private.note_answer(p_asked hall.dialogue, p_message hall.message, p_is text, p_chosen jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hall_private.add_evidence(p_asked.msisdn, p_asked.number,
        CASE p_asked.kind WHEN 'consent' THEN p_asked.options #>> '{0,service}' END, 'answered',
        hall_private.message_json(p_message) || jsonb_build_object('is', p_is, 'chosen', p_chosen));
END
$$;

-- What a command that acts is told of the message it came with.
CREATE OR REPLACE FUNCTION hall_private.message_args(p_message hall.message, p_at text, p_confirm text) RETURNS jsonb
LANGUAGE sql IMMUTABLE
RETURN pg_catalog.jsonb_build_object('port', p_message.port, 'at', p_at, 'number', p_message.number, 'confirm', p_confirm);
