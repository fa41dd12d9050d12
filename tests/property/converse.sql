-- Random conversations, and what must hold after each message, whatever was said (tests/property.sh).
--
-- The test keeps a model of its own, from nothing but the words of the replies: which question stands open at each port, what was consented
-- to, what was left. Each new row of the ledger must follow from it. Money and evidence as a whole are looked at now and then, with the
-- store's own checks for auditors, and once at the end.
--
-- Everything is drawn from one seed, also the time that passes, so a failure happens again with the seed and the step that it names.

-- A slow machine does the same as a quick one.
SELECT test.patch('hall_private.run_steps', $$interval := '500 milliseconds'$$, $$interval := '1 hour'$$);

-- --- what is on offer --------------------------------------------------------------------------------------------------------

SELECT hall.put_hook('element', 'https://element.example/orders');
UPDATE hall.service SET confirm_window = '2 minutes' WHERE code = 'CL';
UPDATE hall.service SET confirm_window = '10 minutes' WHERE code = 'LDTX';
UPDATE hall.service SET confirm_window = '2 hours' WHERE code IN ('XWZB', 'CL8');
INSERT INTO hall.service
    (code, name, fee_fen, period, provider, port, order_codes, confirm_window, trial_days, first_month, ends, requires, element)
VALUES
    ('YDZZ', '阅读杂志', 600, 'month', NULL, NULL, '{}', '24 hours', 7, 'share', 'month_end', '{}', NULL),
    ('SYYL', '手机音乐', 350, 'month', '风云气象', '106602', '{YY}', '1 hour', 0, 'share', 'month_end', '{}', NULL),
    ('DCGM', '单次购买', 1000, 'once', '新华短讯', '106601', '{GM}', '30 minutes', 0, 'full', 'at_once', '{}', NULL),
    ('WLSZ', '网络设置', 400, 'month', NULL, NULL, '{}', '1 hour', 0, 'full', 'at_once', '{}', 'element'),
    ('XYLD', '需要来显', 200, 'month', NULL, NULL, '{}', '1 hour', 0, 'free', 'at_once', '{LDXS}', NULL);

-- --- what subscribers say ----------------------------------------------------------------------------------------------------

CREATE TABLE test.phrase (
    port    text NOT NULL,
    kind    text NOT NULL,                        -- order, close, leave, answer, other
    text    text NOT NULL,
    command text,                                 -- and call
    effect  text NOT NULL DEFAULT 'reads',
    confirm text NOT NULL DEFAULT 'never',
    args    jsonb NOT NULL,
    answer  text,
    number  int                                   -- among those of its port and kind
);

INSERT INTO test.phrase (port, kind, text, command, effect, confirm, args)
SELECT p.port, v.kind, v.head || w.word, v.command, v.effect, v.confirm, jsonb_build_object('service', w.word)
FROM (VALUES ('10086'), ('10086977')) AS p (port)
CROSS JOIN (
    VALUES ('order', 'KT', 'open', 'changes', 'when_charged'), ('close', 'QX', 'close', 'changes', 'never'),
        ('other', 'CX', 'query_service', 'reads', 'never')) AS v (kind, head, command, effect, confirm)
CROSS JOIN (SELECT code AS word FROM hall.service UNION SELECT name FROM hall.service) AS w;

INSERT INTO test.phrase (port, kind, text, args)
SELECT s.port, 'order', o.code, jsonb_build_object('near', '[]'::jsonb, 'folded', o.code)
FROM hall.service AS s
CROSS JOIN unnest(s.order_codes) AS o (code);

INSERT INTO test.phrase (port, kind, text, command, effect, args)
SELECT p.port, v.kind, v.text, v.command, v.effect, '{}'
FROM (VALUES ('10086', 'hall'), ('10086977', 'hall'), ('106601', 'provider'), ('106602', 'provider')) AS p (port, at)
JOIN (
    VALUES ('hall', 'leave', '0000', 'leave_list', 'leaves'), ('hall', 'leave', '00000', 'leave_all', 'leaves'),
        ('hall', 'other', 'YE', 'balance', 'reads'), ('hall', 'other', 'GN', 'services', 'reads'),
        ('provider', 'leave', '0000', 'provider_list', 'leaves'), ('provider', 'leave', '00000', 'provider_leave', 'leaves'),
        ('provider', 'leave', 'TD', 'provider_leave', 'leaves'), ('provider', 'leave', '退订', 'provider_leave', 'leaves'),
        ('provider', 'other', 'HELP', 'provider_help', 'reads'), ('provider', 'other', 'CMCCTEST', 'port_test', 'reads')
) AS v (at, kind, text, command, effect) ON v.at = p.at;

INSERT INTO test.phrase (port, kind, text, answer, args)
SELECT p.port, CASE WHEN v.answer IS NULL THEN 'other' ELSE 'answer' END, v.text, v.answer,
    jsonb_build_object('near', '[]'::jsonb, 'folded', v.text)
FROM (VALUES ('10086'), ('10086977'), ('106601'), ('106602')) AS p (port)
CROSS JOIN (
    VALUES ('是', 'yes'), ('是', 'yes'), ('Y', 'yes'), ('确认', 'yes'), ('1', 'yes,serials:1'), ('N', 'no'), ('2', 'no,serials:2'),
        ('1,3', 'serials:1,3'), ('9', 'serials:9'), ('2 2 1', 'serials:2,2,1'), ('你好', NULL), ('106601', NULL)) AS v (text, answer);

UPDATE test.phrase AS p
SET number = n.number
FROM (SELECT ctid, row_number() OVER (PARTITION BY port, kind ORDER BY text, command) AS number FROM test.phrase) AS n
WHERE n.ctid = p.ctid;
CREATE UNIQUE INDEX ON test.phrase (port, kind, number);

-- --- the model ---------------------------------------------------------------------------------------------------------------

CREATE UNLOGGED TABLE test.person (
    msisdn        bigint PRIMARY KEY,
    generation    int NOT NULL,
    ledger_number int NOT NULL DEFAULT 0,         -- up to here its ledger was looked at
    balance_fen   bigint NOT NULL DEFAULT 0,
    last_at       timestamptz,
    last_id       text,
    last_phrase   test.phrase
) WITH (fillfactor = 50);

-- The latest question at each port.
CREATE UNLOGGED TABLE test.asked (
    msisdn  bigint NOT NULL,
    port    text NOT NULL,
    at      timestamptz NOT NULL,
    until   timestamptz NOT NULL,
    service text,                                 -- of a consent; NULL: a list
    fen     bigint,
    is_open boolean NOT NULL DEFAULT true,        -- neither answered nor withdrawn
    is_sure boolean NOT NULL DEFAULT true,        -- false: it may have been withdrawn
    PRIMARY KEY (msisdn, port)
) WITH (fillfactor = 50);

CREATE UNLOGGED TABLE test.consent (
    msisdn  bigint NOT NULL,
    service text NOT NULL,
    at      timestamptz NOT NULL,                 -- when it was asked
    fen     bigint NOT NULL,
    PRIMARY KEY (msisdn, service)
);

CREATE UNLOGGED TABLE test.departure (
    msisdn  bigint NOT NULL,
    service text NOT NULL,
    at      timestamptz NOT NULL,
    PRIMARY KEY (msisdn, service)
);

-- One row, when something does not hold.
CREATE TABLE test.failure (msisdn bigint, step int, fault text NOT NULL);

CREATE FUNCTION test.among(p_from int, p_to int) RETURNS int
LANGUAGE sql VOLATILE RETURN p_from + floor(random() * (p_to - p_from + 1))::int;

CREATE FUNCTION test.pick(p_port text, p_kind text) RETURNS test.phrase
LANGUAGE plpgsql AS $$
DECLARE
    v_most   int := (SELECT max(p.number) FROM test.phrase AS p WHERE p.port = p_port AND p.kind = p_kind);
    v_number int := test.among(1, v_most);
    v_phrase test.phrase;
BEGIN
    SELECT * INTO v_phrase FROM test.phrase AS p WHERE p.port = p_port AND p.kind = p_kind AND p.number = v_number;
    RETURN v_phrase;
END
$$;

-- What does not hold of the ledger rows that came since the last look; NULL: all is well. p_how: message, due, report, or none, when
-- nothing may have been charged. p_yes: the question that this message answered with yes, all NULL when none.
CREATE FUNCTION test.look_at_money(p_msisdn bigint, p_how text, p_yes test.asked) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    v_person     test.person;
    v_subscriber hall.subscriber;
    v_consent    test.consent;
    v_row        hall.ledger;
BEGIN
    SELECT * INTO v_subscriber FROM hall.subscriber AS s WHERE s.msisdn = p_msisdn;
    SELECT * INTO v_person FROM test.person AS p WHERE p.msisdn = p_msisdn;
    IF (v_subscriber.ledger_number, v_subscriber.balance_fen) = (v_person.ledger_number, v_person.balance_fen) THEN
        RETURN NULL;
    END IF;
    FOR v_row IN
        SELECT * FROM hall.ledger AS l WHERE l.msisdn = p_msisdn AND l.number > v_person.ledger_number ORDER BY l.number
    LOOP
        v_person.balance_fen := v_person.balance_fen + v_row.fen;
        v_person.ledger_number := v_person.ledger_number + 1;
        IF (v_row.number, v_row.balance_fen) <> (v_person.ledger_number, v_person.balance_fen) THEN
            RETURN format('ledger row %s: its balance is not that before it and its amount', v_row.number);
        END IF;
        CONTINUE WHEN v_row.kind <> 'service_fee';
        SELECT * INTO v_consent FROM test.consent AS c WHERE c.msisdn = p_msisdn AND c.service = v_row.service;
        CASE
            WHEN p_how = 'none' THEN
                RETURN format('ledger row %s: what changes nothing was charged', v_row.number);
            WHEN p_how = 'message' AND p_yes.service IS DISTINCT FROM v_row.service THEN
                RETURN format('ledger row %s: charged without a yes to the question about %s', v_row.number, v_row.service);
            WHEN -v_row.fen > v_consent.fen OR v_consent.fen IS NULL THEN
                RETURN format('ledger row %s: %s fen for %s, consented were %s', v_row.number, -v_row.fen, v_row.service, v_consent.fen);
            WHEN v_row.period <> hall_private.month_of(hall.now()) THEN
                RETURN format('ledger row %s: charged for another month', v_row.number);
            WHEN EXISTS (
                SELECT FROM test.departure AS d WHERE d.msisdn = p_msisdn AND d.service = v_row.service AND d.at > v_consent.at) THEN
                RETURN format('ledger row %s: %s was left', v_row.number, v_row.service);
            ELSE
                NULL;
        END CASE;
    END LOOP;
    IF (v_subscriber.ledger_number, v_subscriber.balance_fen) <> (v_person.ledger_number, v_person.balance_fen) THEN
        RETURN 'the balance is not the sum of the ledger';
    END IF;
    UPDATE test.person AS p
    SET ledger_number = v_person.ledger_number, balance_fen = v_person.balance_fen
    WHERE p.msisdn = p_msisdn;
    RETURN NULL;
END
$$;

-- The same of everybody, after what concerns many.
CREATE FUNCTION test.look_at_all_money(p_how text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    v_msisdn bigint;
    v_fault  text;
BEGIN
    FOR v_msisdn IN
        SELECT p.msisdn
        FROM test.person AS p
        JOIN hall.subscriber AS s ON s.msisdn = p.msisdn
        WHERE s.ledger_number <> p.ledger_number OR s.balance_fen <> p.balance_fen
        ORDER BY p.msisdn
    LOOP
        v_fault := test.look_at_money(v_msisdn, p_how, NULL);
        EXIT WHEN v_fault IS NOT NULL;
    END LOOP;
    RETURN v_msisdn || ': ' || v_fault;
END
$$;

-- The questions that the replies put.
CREATE FUNCTION test.note_questions(p_msisdn bigint, p_port text, p_replies jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_reply  jsonb;
    v_fields jsonb;
BEGIN
    FOR v_reply IN SELECT value FROM jsonb_array_elements(p_replies) LOOP
        v_fields := v_reply -> 'fields';
        CONTINUE WHEN v_reply ->> 'outcome' NOT IN ('ask', 'list');
        INSERT INTO test.asked AS a (msisdn, port, at, until, service, fen)
        VALUES (p_msisdn, p_port, hall.now(), hall.now() + make_interval(secs => (v_fields ->> 'window')::int),
            CASE v_reply ->> 'outcome' WHEN 'ask' THEN v_fields ->> 'code' END, (v_fields #>> '{price,fen}')::bigint)
        ON CONFLICT (msisdn, port) DO UPDATE
        SET at = excluded.at, until = excluded.until, service = excluded.service, fen = excluded.fen, is_open = true, is_sure = true;
    END LOOP;
END
$$;

-- What was left by it, and which questions were withdrawn with it (rules B9).
CREATE FUNCTION test.note_departures(p_msisdn bigint, p_port text, p_command text, p_reply jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_fields jsonb := p_reply -> 'fields';
    v_left   text[];
BEGIN
    IF p_command = 'close' AND p_reply ->> 'outcome' IN ('ok', 'month_end', 'cancelled_order', 'not_open', 'declined') THEN
        v_left := ARRAY[v_fields ->> 'code'];
    ELSIF p_reply ->> 'outcome' = 'left' THEN
        v_left := ARRAY(
            SELECT s.code
            FROM hall.service AS s
            WHERE v_fields -> 'items' ? s.name OR v_fields -> 'gone' ? s.name
               OR v_fields -> 'later' @> jsonb_build_array(jsonb_build_object('service', s.name)));
    END IF;
    IF p_reply ->> 'outcome' = 'none' AND p_command IN ('leave_list', 'leave_all', 'provider_list') THEN
        UPDATE test.asked AS a
        SET is_open = false
        WHERE a.msisdn = p_msisdn AND a.service IS NOT NULL
          AND (p_command <> 'provider_list' OR a.service IN (SELECT s.code FROM hall.service AS s WHERE starts_with(p_port, s.port)));
        RETURN;
    ELSIF v_left IS NULL AND p_command IS DISTINCT FROM 'provider_leave' THEN
        RETURN;
    END IF;
    INSERT INTO test.departure (msisdn, service, at)
    SELECT p_msisdn, code, hall.now() FROM unnest(v_left) AS code
    ON CONFLICT (msisdn, service) DO UPDATE SET at = excluded.at;
    UPDATE test.asked AS a
    SET is_open = a.is_open AND NOT (a.service = ANY (coalesce(v_left, '{}')) OR (p_command = 'provider_leave' AND a.port = p_port)),
        is_sure = false
    WHERE a.msisdn = p_msisdn AND a.service IS NOT NULL;
END
$$;

-- Replies are sent, most of them, and reported on, some of them.
CREATE FUNCTION test.settle(p_msisdn bigint, p_replies jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_reply jsonb;
BEGIN
    FOR v_reply IN SELECT value FROM jsonb_array_elements(p_replies) LOOP
        EXIT WHEN random() < 0.05;
        PERFORM hall.settle(p_msisdn, v_reply ->> 'mt', CASE v_reply ->> 'state' WHEN 'unsent' THEN 'sent' ELSE 'answered' END,
            concat_ws(' ', v_reply ->> 'command', v_reply ->> 'outcome', v_reply #>> '{fields,service}'), 1, NULL, NULL, 0);
        IF random() < 0.3 THEN
            PERFORM hall.delivery_report(p_msisdn, v_reply ->> 'mt', 1, NULL, NULL);
        END IF;
    END LOOP;
END
$$;

-- hall.receive, as the daemon calls it. An error is an answer too: {"was": "error"}.
CREATE FUNCTION test.receive(p_msisdn bigint, p_id text, p_phrase test.phrase, p_gateway_time bigint) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
    RETURN hall.receive(
        p_msisdn, p_id, p_phrase.port, CASE WHEN p_phrase.port LIKE '10086%' THEN 'hall' ELSE 'provider' END, p_phrase.text,
        hashtextextended(upper(p_phrase.text), 0), p_gateway_time, p_phrase.command, p_phrase.command, p_phrase.effect,
        p_phrase.confirm, p_phrase.args, p_phrase.answer, CASE WHEN random() < 0.5 THEN 'inline' ELSE 'sendsms' END);
EXCEPTION WHEN OTHERS THEN
    RETURN jsonb_build_object('was', 'error', 'fault', SQLSTATE || ' ' || SQLERRM);
END
$$;

-- The question that stands at this port went out, or may be going out at this moment.
CREATE FUNCTION test.was_sent(p_msisdn bigint, p_port text) RETURNS boolean
LANGUAGE sql RETURN EXISTS (
    SELECT FROM hall.reply AS r
    WHERE r.msisdn = p_msisdn
      AND r.dialogue = (SELECT d.number FROM hall.dialogue AS d WHERE d.msisdn = p_msisdn AND d.port = p_port ORDER BY d.number DESC LIMIT 1)
      AND (r.state NOT IN ('unsent', 'dead', 'expired', 'failed') OR r.claim_after > hall.now()));

-- One message, and what must hold after it. p_wanted: what the store must say it was. Answers command and outcome of the first reply, and
-- the fault, NULL when there is none.
CREATE FUNCTION test.say(
    p_msisdn bigint, p_id text, p_phrase test.phrase, p_gateway_time bigint, p_wanted text, OUT reply jsonb, OUT fault text)
LANGUAGE plpgsql AS $$
DECLARE
    v_asked  test.asked;
    v_yes    test.asked;
    v_answer jsonb;
    v_was    text;
BEGIN
    SELECT * INTO v_asked
    FROM test.asked AS a
    WHERE a.msisdn = p_msisdn AND a.port = p_phrase.port AND a.is_open AND a.service IS NOT NULL AND p_phrase.answer IS NOT NULL
      AND hall.now() <= a.until
      AND (p_gateway_time IS NULL OR to_timestamp(p_gateway_time) >= date_trunc('second', a.at))
      AND test.was_sent(p_msisdn, p_phrase.port);

    v_answer := test.receive(p_msisdn, p_id, p_phrase, p_gateway_time);
    v_was := v_answer ->> 'was';
    reply := v_answer #> '{replies,0}';
    IF v_was = 'error' OR v_was <> p_wanted THEN
        fault := format('it was "%s" and should have been "%s": %s', v_was, p_wanted, v_answer ->> 'fault');
        RETURN;
    END IF;
    UPDATE test.person AS p
    SET last_at = hall.now(), last_id = p_id, last_phrase = p_phrase
    WHERE p.msisdn = p_msisdn AND v_was <> 'repeat';
    IF v_was <> 'new' THEN
        fault := test.look_at_money(p_msisdn, 'none', NULL);
        PERFORM test.settle(p_msisdn, v_answer -> 'replies');
        RETURN;
    END IF;

    IF v_asked.service IS NOT NULL AND p_phrase.answer LIKE 'yes%'
        AND reply ->> 'outcome' NOT IN ('suspended', 'use_words')
    THEN
        IF v_asked.is_sure AND reply ->> 'outcome' IN ('again', 'answered', 'expired', 'no_question', 'unknown', 'passed', 'declined') THEN
            fault := format('a yes in time to the question about %s led to "%s"', v_asked.service, reply ->> 'outcome');
        END IF;
        v_yes := v_asked;
        INSERT INTO test.consent (msisdn, service, at, fen)
        VALUES (p_msisdn, v_asked.service, v_asked.at, v_asked.fen)
        ON CONFLICT (msisdn, service) DO UPDATE SET at = excluded.at, fen = excluded.fen;
    END IF;
    IF v_asked.service IS NOT NULL AND (v_yes.service IS NOT NULL OR p_phrase.answer LIKE 'no%') AND reply ->> 'outcome' <> 'use_words' THEN
        UPDATE test.asked AS a SET is_open = false WHERE a.msisdn = p_msisdn AND a.port = p_phrase.port;
    END IF;
    PERFORM test.note_questions(p_msisdn, p_phrase.port, v_answer -> 'replies');
    PERFORM test.note_departures(p_msisdn, p_phrase.port, p_phrase.command, reply);
    fault := coalesce(fault, test.look_at_money(p_msisdn, 'message', v_yes));
    PERFORM test.settle(p_msisdn, v_answer -> 'replies');
END
$$;

-- --- what happens ------------------------------------------------------------------------------------------------------------

-- Some time goes by: mostly seconds, sometimes days, and now and then exactly until a deadline, or a second before or after it.
CREATE FUNCTION test.pass_time(p_msisdn bigint, p_port text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_rest double precision := extract(epoch FROM
        (SELECT a.until FROM test.asked AS a WHERE a.msisdn = p_msisdn AND a.port = p_port AND a.is_open) - hall.now());
    v_dice double precision := random();
BEGIN
    PERFORM test.wait(CASE
        WHEN v_rest > 1 AND v_dice < CASE WHEN v_rest < 10000 THEN 0.12 ELSE 0.004 END THEN floor(v_rest) + test.among(-1, 1)
        WHEN v_dice < 0.80 THEN test.among(1, 50)
        WHEN v_dice < 0.95 THEN test.among(60, 1800)
        WHEN v_dice < 0.9985 THEN test.among(3600, 18000)
        ELSE test.among(86400, 259200)
    END);
END
$$;

-- The hall's timer: until nothing is due, as the daemon does.
CREATE FUNCTION test.run_due() RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    v_more boolean := true;
BEGIN
    WHILE v_more LOOP
        v_more := (hall.run_due() ->> 'more')::boolean;
    END LOOP;
    RETURN test.look_at_all_money('due');
END
$$;

-- A network element reports on one of the open orders.
CREATE FUNCTION test.report() RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    v_order hall.work_order;
BEGIN
    SELECT * INTO v_order FROM hall.work_order AS o WHERE o.ended_at IS NULL ORDER BY o.at, o.msisdn, o.number LIMIT 1;
    IF FOUND THEN
        PERFORM hall.report_order(v_order.msisdn, v_order.number, v_order.token,
            (ARRAY['in_work', 'done', 'done', 'done', 'failed'])[test.among(1, 5)], NULL);
    END IF;
    RETURN test.look_at_all_money('report');
END
$$;

-- Something that is no message: money comes in, the network suspends somebody or takes him back, what is due is done, an order is done.
CREATE FUNCTION test.happen(p_msisdn bigint, p_step int) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    v_dice double precision := random();
BEGIN
    IF v_dice < 0.02 THEN
        PERFORM hall.top_up(p_msisdn, test.among(1, 30) * 100, 'step ' || p_step);
        RETURN test.look_at_money(p_msisdn, 'none', NULL);
    ELSIF v_dice < 0.025 THEN
        PERFORM hall.put_subscriber(p_msisdn, '全球通', CASE WHEN random() < 0.3 THEN 'suspended' ELSE 'active' END, 'test');
    ELSIF v_dice < 0.07 THEN
        RETURN test.run_due();
    ELSIF v_dice < 0.10 THEN
        RETURN test.report();
    END IF;
    RETURN NULL;
END
$$;

-- What is still open, of all or of a provider's port, once everything was left; NULL: nothing. What ends with the month has its end.
CREATE FUNCTION test.still_open(p_msisdn bigint, p_port text) RETURNS text
LANGUAGE sql RETURN (
    SELECT 'left, and still open: ' || string_agg(o.service, ' ')
    FROM (
        SELECT b.service
        FROM hall.subscription AS b
        WHERE b.msisdn = p_msisdn AND b.until IS NULL AND NOT (b.step IS NOT DISTINCT FROM 'end' AND b.end_reason IS NOT NULL)
        UNION ALL
        SELECT w.service FROM hall.work_order AS w WHERE w.msisdn = p_msisdn AND w.action = 'open' AND w.ended_at IS NULL
    ) AS o
    JOIN hall.service AS s ON s.code = o.service
    WHERE p_port LIKE '10086%' OR s.port = p_port);

-- Somebody asks to leave all at this port, and says which, or 是, to the list that comes. outcome: what the first text led to.
CREATE FUNCTION test.leave_once(p_msisdn bigint, p_port text, p_code text, p_id text, OUT outcome text, OUT fault text)
LANGUAGE plpgsql AS $$
DECLARE
    v_phrase test.phrase;
    v_said   record;
    v_lines  int;
BEGIN
    PERFORM test.wait(61);
    SELECT * INTO v_phrase FROM test.phrase AS p WHERE p.port = p_port AND p.text = p_code;
    v_said := test.say(p_msisdn, p_id, v_phrase, NULL, 'new');
    fault := v_said.fault;
    outcome := v_said.reply ->> 'outcome';
    IF fault IS NOT NULL OR v_phrase.command = 'provider_leave' OR outcome = 'none' THEN
        RETURN;
    ELSIF outcome NOT LIKE 'list%' THEN
        fault := format('%s led to "%s"', p_code, outcome);
        RETURN;
    END IF;

    PERFORM test.wait(61);
    SELECT jsonb_array_length(d.options) INTO v_lines
    FROM hall.dialogue AS d
    WHERE d.msisdn = p_msisdn AND d.port = p_port
    ORDER BY d.number DESC
    LIMIT 1;
    v_phrase.text := CASE v_phrase.command
        WHEN 'leave_all' THEN '是'
        WHEN 'provider_list' THEN '1'
        ELSE (SELECT string_agg(n::text, ',') FROM generate_series(1, v_lines) AS n)
    END;
    v_phrase.answer := CASE v_phrase.command WHEN 'leave_all' THEN 'yes' ELSE 'serials:' || v_phrase.text END;
    v_phrase.command := NULL;
    v_phrase.effect := 'reads';
    FOR v_try IN 1..10 LOOP
        v_said := test.say(p_msisdn, p_id || ' answered ' || v_try, v_phrase, NULL, 'new');
        fault := v_said.fault;
        EXIT WHEN fault IS NOT NULL OR v_said.reply ->> 'outcome' <> 'list'; -- it had not gone out, and comes once more (rules B4)
        PERFORM test.wait(61);
    END LOOP;
END
$$;

-- Somebody leaves all that he has, at the hall or at a provider's port, and may (rules B5): by 00000, or by 0000 and numbers. 00000 at the
-- hall means the list that is open there, if one is (rules B3): what was opened since then is left by the next.
CREATE FUNCTION test.leave(p_msisdn bigint, p_port text, p_step int) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    v_code  text := CASE WHEN random() < 0.5 THEN '0000' ELSE '00000' END;
    v_first record;
BEGIN
    v_first := test.leave_once(p_msisdn, p_port, v_code, 'leave ' || p_step);
    IF v_first.fault IS NULL AND v_first.outcome LIKE 'list%' AND v_code = '00000' THEN
        v_first := test.leave_once(p_msisdn, p_port, v_code, 'leave again ' || p_step);
    END IF;
    RETURN coalesce(v_first.fault, test.still_open(p_msisdn, p_port));
END
$$;

-- One message of this person's at this port, what seems fit.
CREATE FUNCTION test.talk(p_msisdn bigint, p_port text, p_step int) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    v_person   test.person;
    v_asked    test.asked;
    v_phrase   test.phrase;
    v_id       text := 'step ' || p_step;
    v_time     bigint := CASE WHEN random() < 0.7 THEN extract(epoch FROM hall.now())::bigint END;
    v_wanted   text := 'new';
    v_dice     double precision := random();
    v_said     record;
BEGIN
    SELECT * INTO v_person FROM test.person AS p WHERE p.msisdn = p_msisdn;
    SELECT * INTO v_asked FROM test.asked AS a WHERE a.msisdn = p_msisdn AND a.port = p_port AND a.is_open;
    v_phrase := test.pick(p_port, CASE
        WHEN v_dice < CASE WHEN v_asked.port IS NULL THEN 0.15 ELSE 0.6 END THEN 'answer'
        WHEN v_dice < 0.82 THEN 'order'
        WHEN v_dice < 0.88 AND p_port LIKE '10086%' THEN 'close'
        WHEN v_dice < 0.93 THEN 'leave'
        ELSE 'other'
    END);
    IF v_phrase.kind = 'answer' AND v_asked.port IS NOT NULL AND random() < 0.1 THEN
        v_time := extract(epoch FROM v_asked.at)::bigint - test.among(0, 2); -- on its way when the question was put
    END IF;
    IF v_person.last_at > hall.now() - interval '1 day' AND random() < 0.05 THEN
        v_id := v_person.last_id;                 -- once more by the gateway, with the same text or another
        v_wanted := 'repeat';
        IF random() < 0.5 THEN
            v_phrase := v_person.last_phrase;
        END IF;
    ELSIF v_person.last_id IS NOT NULL AND random() < 0.05 THEN
        v_phrase := v_person.last_phrase;         -- an impatient thumb
    END IF;
    IF v_wanted = 'new' AND v_phrase.text = (v_person.last_phrase).text AND v_phrase.port = (v_person.last_phrase).port THEN
        v_wanted := NULL;                         -- may be taken for the same once more
    END IF;
    v_said := test.say(p_msisdn, v_id, v_phrase, v_time, v_wanted);
    RETURN v_said.fault;
END
$$;

-- --- what holds of all -------------------------------------------------------------------------------------------------------

-- NULL: all is well with the people of this generation (NULL: of any).
CREATE FUNCTION test.look_at_all(p_generation int) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    v_first bigint;
    v_last  bigint;
    v_fault text;
BEGIN
    SELECT min(p.msisdn), max(p.msisdn) INTO v_first, v_last
    FROM test.person AS p
    WHERE p.generation = p_generation OR p_generation IS NULL;
    SELECT format('%s: evidence %s, question %s: %s', v.msisdn, v.number, v.dialogue, v.fault) INTO v_fault
    FROM hall.verify_evidence(v_first, v_last) AS v LIMIT 1;
    IF v_fault IS NULL THEN
        SELECT format('%s: ledger row %s: %s', v.msisdn, v.number, v.fault) INTO v_fault
        FROM hall.verify_money(v_first, v_last) AS v LIMIT 1;
    END IF;
    IF v_fault IS NULL THEN
        SELECT format('%s: the balance is not the sum of the ledger', c.msisdn) INTO v_fault FROM hall.check_ledger() AS c LIMIT 1;
    END IF;
    IF v_fault IS NULL THEN
        SELECT format('%s: two questions are open at %s', d.msisdn, d.port) INTO v_fault
        FROM hall.dialogue AS d
        WHERE d.msisdn BETWEEN v_first AND v_last AND d.ended IS NULL
        GROUP BY d.msisdn, d.port
        HAVING count(*) > 1 LIMIT 1;
    END IF;
    IF v_fault IS NULL THEN
        SELECT format('%s: %s is open without consent', o.msisdn, o.service) INTO v_fault
        FROM hall.subscription AS o
        JOIN hall.service AS s ON s.code = o.service
        WHERE o.msisdn BETWEEN v_first AND v_last AND o.consent IS NULL AND s.fee_fen > 0 AND s.period <> 'message' LIMIT 1;
    END IF;
    IF v_fault IS NULL THEN
        SELECT format('%s: %s was charged twice for %s', l.msisdn, l.service, l.period) INTO v_fault
        FROM hall.ledger AS l
        WHERE l.period IS NOT NULL AND l.msisdn BETWEEN v_first AND v_last AND l.kind = 'service_fee'
        GROUP BY l.msisdn, l.service, l.period
        HAVING count(*) > 1 LIMIT 1;
    END IF;
    RETURN v_fault;
END
$$;

-- New people; those before them leave for good.
CREATE FUNCTION test.bring_people(p_generation int, p_people int) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hall.put_subscriber(p.msisdn, '全球通', 'closed') FROM test.person AS p WHERE p.generation = p_generation - 1;
    INSERT INTO test.person (msisdn, generation)
    SELECT 13700000000 + p_generation * 1000 + i, p_generation FROM generate_series(1, p_people) AS i;
    PERFORM hall.put_subscriber(p.msisdn, '全球通', p_opening_fen => test.among(0, 100) * 100)
    FROM test.person AS p
    WHERE p.generation = p_generation;
    PERFORM test.look_at_all_money('none');
END
$$;

CREATE PROCEDURE test.fail(p_msisdn bigint, p_step int, p_fault text)
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO test.failure (msisdn, step, fault)
    VALUES (coalesce(substring(p_fault FROM '^(1[0-9]{10}): ')::bigint, p_msisdn), p_step, p_fault);
    COMMIT;
    RAISE EXCEPTION 'step %: %', p_step, p_fault;
END
$$;

-- p_messages messages of p_people at a time, drawn from p_seed; new people after each p_generation messages. Stops at the first fault.
CREATE PROCEDURE test.converse(p_seed int, p_messages int, p_people int, p_generation int)
LANGUAGE plpgsql AS $$
DECLARE
    c_ports  CONSTANT text[] := '{10086, 10086, 10086, 10086977, 106601, 106602, 106602}';
    v_msisdn bigint;
    v_port   text;
    v_number int;
    v_fault  text;
BEGIN
    PERFORM setseed(p_seed::double precision / 2147483648);
    PERFORM test.at('2026-01-05 09:00+08');
    FOR v_step IN 1 .. p_messages LOOP
        v_number := (v_step - 1) / p_generation;
        IF (v_step - 1) % p_generation = 0 THEN
            PERFORM test.bring_people(v_number, p_people);
            v_msisdn := NULL;
        END IF;
        IF v_msisdn IS NULL OR random() < 0.2 THEN
            v_msisdn := 13700000000 + v_number * 1000 + test.among(1, p_people);
            v_port := c_ports[test.among(1, 7)];
        ELSIF random() < 0.1 THEN
            v_port := c_ports[test.among(1, 7)];
        END IF;
        PERFORM test.pass_time(v_msisdn, v_port);
        v_fault := test.happen(v_msisdn, v_step);
        v_fault := coalesce(v_fault, CASE WHEN random() < 0.02 THEN test.leave(v_msisdn, v_port, v_step)
                                          ELSE test.talk(v_msisdn, v_port, v_step) END);
        IF v_step % 20 = 0 THEN
            COMMIT;                               -- as a lane does: several messages in one
        END IF;
        IF v_fault IS NULL AND (v_step % 1000 = 0 OR v_step % p_generation = 0) THEN
            v_fault := test.look_at_all(v_number);
        END IF;
        IF v_fault IS NOT NULL THEN
            CALL test.fail(v_msisdn, v_step, v_fault);
        END IF;
    END LOOP;
    v_fault := test.look_at_all(NULL);
    IF v_fault IS NOT NULL THEN
        CALL test.fail(NULL, p_messages, v_fault);
    END IF;
END
$$;

-- What somebody and the hall said, as far as the last p_most messages go: for whoever looks for the fault.
CREATE FUNCTION test.conversation(p_msisdn bigint, p_most int) RETURNS SETOF text
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT t.line
    FROM (
        SELECT m.number, 0 AS part, concat_ws(' ', hall_private.iso(m.at), '>', m.port, m.text,
            CASE WHEN m.gateway_at <> date_trunc('second', m.at) THEN '(gateway ' || hall_private.iso(m.gateway_at) || ')' END) AS line
        FROM hall.message AS m
        WHERE m.msisdn = p_msisdn
        UNION ALL
        SELECT r.number, r.part, concat_ws(' ', hall_private.iso(r.at), '<', r.port, r.command, r.outcome, left(r.fields::text, 200))
        FROM hall.reply AS r
        WHERE r.msisdn = p_msisdn
    ) AS t
    WHERE t.number > (SELECT c.number - p_most FROM hall.conversation AS c WHERE c.msisdn = p_msisdn)
    ORDER BY t.number, t.part;
END;

-- --- several sessions at once ------------------------------------------------------------------------------------------------

-- The clock of all sessions, which stands while any of them has a message under way.
CREATE UNLOGGED TABLE test.clock (now timestamptz NOT NULL);
INSERT INTO test.clock VALUES ('2026-01-05 09:00+08');

-- p_messages of one session of several that have the same people: what is said is drawn from the seed, who comes first is not. Each thing
-- is a commit, and none may be refused.
CREATE PROCEDURE test.converse_among_others(p_seed int, p_messages int, p_people int)
LANGUAGE plpgsql AS $$
DECLARE
    c_ports  CONSTANT text[] := '{10086, 10086977, 106601, 106602}';
    v_msisdn bigint;
    v_port   text;
    v_dice   double precision;
    v_answer jsonb;
BEGIN
    PERFORM setseed(p_seed::double precision / 2147483648);
    FOR v_step IN 1 .. p_messages LOOP
        IF random() < 0.05 THEN
            PERFORM pg_advisory_xact_lock(hashtext('test.clock'));
            UPDATE test.clock
            SET now = now + make_interval(secs => CASE WHEN random() < 0.9 THEN test.among(1, 600) ELSE test.among(1, 300000) END);
            COMMIT;
        END IF;
        v_dice := random();
        IF v_dice < 0.1 THEN
            PERFORM pg_advisory_xact_lock_shared(hashtext('test.clock'));
            PERFORM test.at((SELECT c.now FROM test.clock AS c));
            IF v_dice < 0.05 THEN
                PERFORM hall.run_due();
            ELSE
                PERFORM hall.top_up(13700000000 + test.among(1, p_people), 500, p_seed || ' ' || v_step);
            END IF;
            COMMIT;
        END IF;

        PERFORM pg_advisory_xact_lock_shared(hashtext('test.clock'));
        PERFORM test.at((SELECT c.now FROM test.clock AS c));
        v_msisdn := 13700000000 + test.among(1, p_people);
        v_port := c_ports[test.among(1, 4)];
        v_answer := test.receive(
            v_msisdn, p_seed || ' ' || v_step,
            test.pick(v_port, CASE WHEN v_dice < 0.5 THEN 'answer' WHEN v_dice < 0.9 THEN 'order' ELSE 'leave' END), NULL);
        COMMIT;
        IF v_answer ->> 'was' = 'error' THEN
            CALL test.fail(v_msisdn, v_step, v_answer ->> 'fault');
        END IF;
        PERFORM test.settle(v_msisdn, v_answer -> 'replies');
        COMMIT;
    END LOOP;
END
$$;
