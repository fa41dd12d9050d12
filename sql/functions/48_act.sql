-- What a message leads to: whose port it is, which command it is, and what that answers.

-- The provider's short code that this port begins with: the longest prefix (rules D5). NULL: nobody's.
CREATE OR REPLACE FUNCTION hall_private.port_prefix(p_port text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT p.prefix
        FROM hall.port AS p
        WHERE p.prefix IN (SELECT left(p_port, n) FROM generate_series(1, length(p_port)) AS n)
        ORDER BY length(p.prefix) DESC
        LIMIT 1);
END
$$;

-- Whose port it is. All NULL when nobody's.
CREATE OR REPLACE FUNCTION hall_private.provider_of(p_port text) RETURNS hall.provider
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_provider hall.provider;
BEGIN
    SELECT v.* INTO v_provider
    FROM hall.port AS p
    JOIN hall.provider AS v ON v.name = p.provider
    WHERE p.prefix = hall_private.port_prefix(p_port);
    RETURN v_provider;
END
$$;

-- A command may want another run in its place: outcome NULL, fields {"run": {"command", "call", "effect", "confirm", "args"}}.
CREATE OR REPLACE FUNCTION hall_private.wants_run(p_outcome text, p_fields jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN p_outcome IS NULL AND coalesce(p_fields ? 'run', false);

-- What a command answered is all there is to do: it asks nothing and leads to no other.
CREATE OR REPLACE FUNCTION hall_private.is_final(p_outcome text, p_fields jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN p_outcome IS NOT NULL AND jsonb_typeof(p_fields) = 'object' AND NOT p_fields ? 'ask';

CREATE OR REPLACE FUNCTION hall_private.run_in_place(
    p_subscriber hall.subscriber, p_message hall.message, p_at text, p_run jsonb,
    OUT command text, OUT outcome text, OUT fields jsonb, OUT dialogue int)
LANGUAGE plpgsql AS $$
BEGIN
    SELECT r.* INTO command, outcome, fields, dialogue
    FROM hall_private.run_command(
        p_subscriber, p_message, p_at, p_run ->> 'command', p_run ->> 'call', p_run ->> 'effect', p_run ->> 'confirm', p_run -> 'args') AS r;
END
$$;

-- How somebody who is suspended comes out of it: with FJ and the password who reported the number lost, whatever he owes besides, lost: true;
-- with FJ who stopped it himself, stopped: true; else by paying.
CREATE OR REPLACE FUNCTION hall_private.suspended_fields(p_subscriber hall.subscriber) RETURNS jsonb
LANGUAGE sql IMMUTABLE
RETURN CASE
    WHEN p_subscriber.state_reason = 'lost' THEN '{"lost": true}'::jsonb
    WHEN p_subscriber.state_reason = 'own_wish' AND p_subscriber.balance_fen >= 0 THEN '{"stopped": true}'
    ELSE '{"unpaid": true}'
END;

-- Runs a command, and opens the question that it may lead to. dialogue: the question that its replies put. p_effect: reads | changes |
-- manages: changes, also while the subscriber is suspended | leaves
CREATE OR REPLACE FUNCTION hall_private.run_command(
    p_subscriber hall.subscriber, p_message hall.message, p_at text, p_command text, p_call text, p_effect text, p_confirm text, p_args jsonb,
    OUT command text, OUT outcome text, OUT fields jsonb, OUT dialogue int)
LANGUAGE plpgsql AS $$
DECLARE
    v_args     jsonb := coalesce(p_args, '{}');
    v_ask      jsonb;
    v_replaced jsonb;
    v_answer   record;
BEGIN
    IF p_effect = 'changes' AND p_subscriber.state = 'suspended' THEN
        command := 'hall';
        outcome := 'suspended';
        fields := hall_private.suspended_fields(p_subscriber);
        RETURN;
    END IF;
    command := p_command;
    IF p_effect <> 'reads' THEN
        v_args := v_args || jsonb_build_object('message', hall_private.message_args(p_message, p_at, p_confirm));
    END IF;
    v_answer := hall_private.dispatch(p_call, p_subscriber, v_args);
    outcome := v_answer.outcome;
    fields := v_answer.fields;
    IF hall_private.is_final(outcome, fields) THEN
        RETURN;
    ELSIF hall_private.wants_run(outcome, fields) THEN
        SELECT r.* INTO command, outcome, fields, dialogue
        FROM hall_private.run_in_place(p_subscriber, p_message, p_at, fields -> 'run') AS r;
        RETURN;
    END IF;
    v_ask := CASE jsonb_typeof(fields) WHEN 'array' THEN fields #> '{-1,ask}' ELSE fields -> 'ask' END;
    IF v_ask IS NOT NULL THEN
        dialogue := p_message.number;
        fields := CASE jsonb_typeof(fields) WHEN 'array' THEN fields #- '{-1,ask}' ELSE fields - 'ask' END;
        v_replaced := hall_private.open_dialogue(p_message, command, p_call, v_args, outcome, fields, v_ask);
    END IF;
    IF v_replaced IS NOT NULL THEN
        fields := CASE jsonb_typeof(fields) WHEN 'array' THEN jsonb_set(fields, '{0}', fields -> 0 || v_replaced) ELSE fields || v_replaced END;
    END IF;
END
$$;

-- A text at a provider's port that is none of our commands (rules B8): the port's number, an order code, an answer, or the provider's to
-- read. Answers to an open question come before order codes, or a code could keep a 1 from meaning yes.
-- outcome NULL: it was passed on, and the provider answers it.
CREATE OR REPLACE FUNCTION hall_private.act_at_provider(
    p_subscriber hall.subscriber, p_message hall.message, p_provider hall.provider, p_args jsonb, p_answer text,
    OUT command text, OUT outcome text, OUT fields jsonb, OUT dialogue int)
LANGUAGE plpgsql AS $$
DECLARE
    v_prefix text := hall_private.port_prefix(p_message.port);
    v_folded text := p_args ->> 'folded';
    v_code   text := (hall_private.find_service(v_folded, v_prefix)).code;
BEGIN
    IF v_folded IN (p_message.port, v_prefix) THEN
        SELECT r.* INTO command, outcome, fields, dialogue
        FROM hall_private.run_command(
            p_subscriber, p_message, 'provider', 'provider_help', 'provider_help', 'reads', 'never',
            hall_private.provider_args(p_provider)) AS r;
    ELSIF p_answer IS NOT NULL AND (v_code IS NULL OR EXISTS (
        SELECT FROM hall.dialogue AS d
        WHERE d.msisdn = p_message.msisdn AND d.port = p_message.port AND d.ended IS NULL AND d.until >= hall.now()))
    THEN
        SELECT r.* INTO command, outcome, fields, dialogue
        FROM hall_private.answer(p_subscriber, p_message, 'provider', p_answer) AS r;
    ELSIF v_code IS NOT NULL THEN
        SELECT r.* INTO command, outcome, fields, dialogue
        FROM hall_private.run_command(
            p_subscriber, p_message, 'provider', 'open', 'open', 'changes', 'when_charged', jsonb_build_object('service', v_code)) AS r;
    END IF;
    IF outcome IS NULL THEN
        SELECT r.* INTO command, outcome, fields FROM hall_private.pass_text(p_message, p_provider) AS r;
    END IF;
END
$$;

-- What a command at a provider's port is told of the provider.
CREATE OR REPLACE FUNCTION hall_private.provider_args(p_provider hall.provider) RETURNS jsonb
LANGUAGE sql IMMUTABLE
RETURN pg_catalog.jsonb_build_object('provider', p_provider.name, 'phone', p_provider.telephone);

-- Hands a text to the provider, who answers it: fields [] then, no words of ours. One who cannot be reached that way is named to the
-- subscriber: provider_text {provider, phone}.
CREATE OR REPLACE FUNCTION hall_private.pass_text(
    p_message hall.message, p_provider hall.provider, OUT command text, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
BEGIN
    command := 'hall';
    IF hall_private.valid_keys(p_provider.hook) IS NOT NULL
        AND EXISTS (SELECT FROM hall.hook AS h WHERE h.name = p_provider.hook AND h.gone_at IS NULL)
    THEN
        outcome := 'passed';
        fields := '[]';
        PERFORM hall_private.add_event(p_message.msisdn, p_provider.hook, 'text:' || p_message.port, 'text.received',
            hall_private.message_json(p_message));
    ELSE
        outcome := 'provider_text';
        fields := hall_private.provider_args(p_provider);
    END IF;
END
$$;

-- The command that a port of the hall is for, whatever is sent there: a speed code's, or the one that takes junk messages (rules F4). The port
-- is its argument `code`. All NULL: none.
CREATE OR REPLACE FUNCTION hall_private.command_of_port(p_port text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN CASE
        WHEN p_port = hall_private.setting('junk_port')::text THEN 'junk'
        WHEN EXISTS (SELECT FROM hall.speed_code AS c WHERE c.code = p_port) THEN 'speed'
    END;
END
$$;

-- The last question at such a port takes an answer: it is open, or it was one about a service or the account, and an answer to that is
-- explained still. A list that is over is simply put anew.
CREATE OR REPLACE FUNCTION hall_private.is_asked(p_msisdn bigint, p_port text) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_last hall.dialogue;
BEGIN
    SELECT * INTO v_last
    FROM hall.dialogue AS d
    WHERE d.msisdn = p_msisdn AND d.port = p_port
    ORDER BY d.number DESC
    LIMIT 1;
    RETURN coalesce(v_last.ended IS NULL AND v_last.until >= hall.now() OR v_last.kind = 'consent' AND hall_private.is_remembered(v_last, 'hall'),
        false);
END
$$;

-- A text at such a port: at one for junk whatever does not lead out (rules B5), for a message that is passed on may read like a code; at a
-- speed code what is no command. A number or a yes answers the question that is open there, or is told that it came too late (rules A3, A5).
-- outcome NULL: it is no such port, or an answer.
CREATE OR REPLACE FUNCTION hall_private.act_at_port(
    p_subscriber hall.subscriber, p_message hall.message, p_answer text,
    OUT command text, OUT outcome text, OUT fields jsonb, OUT dialogue int)
LANGUAGE plpgsql AS $$
DECLARE
    v_command text := hall_private.command_of_port(p_message.port);
BEGIN
    IF v_command IS NULL OR (v_command = 'speed' AND p_message.command IS NOT NULL)
        OR (p_answer IS NOT NULL AND hall_private.is_asked(p_message.msisdn, p_message.port))
    THEN
        RETURN;
    END IF;
    SELECT r.* INTO command, outcome, fields, dialogue
    FROM hall_private.run_command(
        p_subscriber, p_message, 'hall', v_command, v_command, CASE v_command WHEN 'junk' THEN 'manages' ELSE 'reads' END, 'never',
        jsonb_build_object('code', p_message.port, 'text', p_message.text)) AS r;
END
$$;

-- A text at a speed code about a service that the reader did not know but the catalogue does: a command there too.
CREATE OR REPLACE FUNCTION hall_private.is_about_service(p_port text, p_args jsonb) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN p_args ? 'maybe'
        AND hall_private.command_of_port(p_port) = 'speed'
        AND (hall_private.find_service(p_args #>> '{maybe,args,service}')).code IS NOT NULL;
END
$$;

-- A text at the hall that is no command: a service's name that the reader did not know but the catalogue does (`maybe`), or nearly so,
-- which its command tells; an answer; a service's name alone, which help tells of; or nothing.
CREATE OR REPLACE FUNCTION hall_private.act_on_text(
    p_subscriber hall.subscriber, p_message hall.message, p_args jsonb, p_answer text,
    OUT command text, OUT outcome text, OUT fields jsonb, OUT dialogue int)
LANGUAGE plpgsql AS $$
DECLARE
    v_maybe jsonb := p_args -> 'maybe';
    v_word  text := v_maybe #>> '{args,service}';
BEGIN
    IF (hall_private.find_service(v_word)).code IS NOT NULL
        OR (p_args -> 'near' = '[]' AND hall_private.near_services(v_word) <> '[]')
    THEN
        SELECT r.* INTO command, outcome, fields, dialogue
        FROM hall_private.run_command(
            p_subscriber, p_message, 'hall', v_maybe ->> 'command', v_maybe ->> 'call', v_maybe ->> 'effect', v_maybe ->> 'confirm',
            v_maybe -> 'args') AS r;
    ELSIF p_answer IS NOT NULL THEN
        SELECT r.* INTO command, outcome, fields, dialogue
        FROM hall_private.answer(p_subscriber, p_message, 'hall', p_answer) AS r;
    ELSIF (hall_private.find_service(p_args ->> 'folded')).code IS NOT NULL THEN
        SELECT r.* INTO command, outcome, fields
        FROM hall_private.run_command(
            p_subscriber, p_message, 'hall', 'help', 'help', 'reads', 'never', jsonb_build_object('topic', p_args -> 'folded')) AS r;
    END IF;
    IF outcome IS NULL THEN
        command := 'hall';
        outcome := 'unknown';
        fields := jsonb_build_object('near', coalesce(p_args -> 'near', '[]'));
    END IF;
END
$$;

-- What the message leads to: who answers (`hall`, or the command itself), with which outcome and fields, putting which question.
-- p_subscriber: NULL when its sender is none.
CREATE OR REPLACE FUNCTION hall_private.act(
    p_subscriber hall.subscriber, p_message hall.message, p_at text, p_call text, p_effect text, p_confirm text, p_args jsonb, p_answer text,
    OUT command text, OUT outcome text, OUT fields jsonb, OUT dialogue int)
LANGUAGE plpgsql AS $$
DECLARE
    v_provider hall.provider;
    v_result   record; -- assigned, not selected into: every question goes this way, and that is cheaper
BEGIN
    command := 'hall';
    fields := '{}';
    IF p_at = 'provider' THEN
        v_provider := hall_private.provider_of(p_message.port);
        IF v_provider.name IS NULL THEN
            outcome := 'unknown_port';
            fields := jsonb_build_object('port', p_message.port);
            RETURN;
        END IF;
    END IF;

    IF p_subscriber.msisdn IS NULL OR p_subscriber.state = 'closed' THEN
        outcome := 'not_subscriber';
        RETURN;
    END IF;
    -- an extension of the hall's port: they are longer than it
    IF length(p_message.port) > 5 AND p_at = 'hall' AND p_effect <> 'leaves' AND NOT hall_private.is_about_service(p_message.port, p_args) THEN
        SELECT r.* INTO command, outcome, fields, dialogue
        FROM hall_private.act_at_port(p_subscriber, p_message, p_answer) AS r;
        IF outcome IS NOT NULL THEN
            RETURN;
        END IF;
        command := 'hall';
        fields := '{}';
    END IF;

    IF p_message.command IS NULL AND p_at = 'provider' THEN
        SELECT r.* INTO command, outcome, fields, dialogue
        FROM hall_private.act_at_provider(p_subscriber, p_message, v_provider, p_args, p_answer) AS r;
    ELSIF p_message.command IS NULL THEN
        SELECT r.* INTO command, outcome, fields, dialogue
        FROM hall_private.act_on_text(p_subscriber, p_message, p_args, p_answer) AS r;
    ELSIF p_call IS NULL THEN
        -- a command of words only, or the daemon itself: {"outcome": "fault"} notes a message that the store cannot take
        command := p_message.command;
        outcome := coalesce(p_args ->> 'outcome', 'ok');
        fields := coalesce(p_args, '{}') - 'outcome';
    ELSE
        v_result := hall_private.run_command(
            p_subscriber, p_message, p_at, p_message.command, p_call, p_effect, p_confirm,
            CASE p_at WHEN 'provider' THEN coalesce(p_args, '{}') || hall_private.provider_args(v_provider) ELSE p_args END);
        command := v_result.command;
        outcome := v_result.outcome;
        fields := v_result.fields;
        dialogue := v_result.dialogue;
    END IF;
END
$$;
