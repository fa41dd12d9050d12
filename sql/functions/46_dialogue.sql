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

-- Opens the question that p_ask describes, in the place of the one that is open at this port. Answers what that one was about, if it
-- was a consent and still could be given.
CREATE OR REPLACE FUNCTION hall_private.open_dialogue(
    p_message hall.message, p_command text, p_call text, p_args jsonb, p_outcome text, p_fields jsonb, p_ask jsonb)
RETURNS text
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
    IF v_before.ended = 'replaced' AND v_before.kind = 'consent' THEN
        RETURN v_before.options #>> '{0,name}';
    END IF;
    RETURN NULL;
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
    SET ended = p_ended, ended_at = hall.now(), ended_by = p_message.number
    WHERE d.msisdn = p_dialogue.msisdn AND d.number = p_dialogue.number;
END
$$;

-- Ends the open questions about these services, NULL: about any, unanswered: who leaves does not order.
CREATE OR REPLACE FUNCTION hall_private.withdraw_questions(p_msisdn bigint, p_number int, p_codes text[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_left hall.dialogue;
BEGIN
    FOR v_left IN
        UPDATE hall.dialogue AS d
        SET ended = 'left', ended_at = hall.now(), ended_by = p_number
        WHERE d.msisdn = p_msisdn AND d.ended IS NULL AND d.kind = 'consent'
          AND (p_codes IS NULL OR d.options #>> '{0,service}' = ANY (p_codes))
        RETURNING d.*
    LOOP
        PERFORM hall_private.add_evidence(p_msisdn, v_left.number, v_left.options #>> '{0,service}', 'left',
            jsonb_build_object('by', p_number));
    END LOOP;
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
RETURN CASE p_dialogue.kind WHEN 'consent' THEN 'KT' || (p_dialogue.options #>> '{0,service}') ELSE '0000' END;

-- What an answer leads to at this port. outcome NULL: there is no question that it could belong to.
-- dialogue: the question that is put once more. Outcomes of the command that asked: its own after a yes or numbers, declined, expired
-- {service, how}, again; of the hall: answered, use_serials, suspended, no_question.
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
    IF NOT FOUND OR v_asked.until < v_now - make_interval(secs => hall_private.setting('explain_window_s')) THEN
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
        outcome := 'answered';
    ELSIF p_message.gateway_at < date_trunc('second', v_asked.at) THEN
        -- it was on its way before the question was put (rules A6)
        outcome := CASE jsonb_typeof(v_asked.fields) WHEN 'array' THEN v_asked.outcome ELSE 'again' END;
        fields := v_asked.fields;
        dialogue := v_asked.number;
        PERFORM hall_private.note_answer(v_asked, p_message, 'early', NULL);
    ELSIF v_meaning = 'yes' AND NOT v_asked.takes_yes THEN
        command := 'hall';
        outcome := 'use_serials';
    ELSIF v_meaning = 'no' THEN
        outcome := 'declined';
        PERFORM hall_private.end_dialogue(v_asked, 'no', p_message);
        PERFORM hall_private.note_answer(v_asked, p_message, 'no', NULL);
    ELSIF v_asked.kind = 'consent' AND p_subscriber.state = 'suspended' THEN
        command := 'hall';
        outcome := 'suspended';
    ELSE
        SELECT a.outcome, a.fields INTO outcome, fields
        FROM hall_private.accept(p_subscriber, p_message, v_asked, v_meaning, p_answer) AS a;
    END IF;
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
