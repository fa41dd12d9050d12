-- Reminders (rules F1): what happened, or is going to, told once for each occasion, free of charge, and not by night.
--
--      a ledger row ───┐                          ┌──▶ sent
--      the calendar ───┼──▶ waiting ── its time ──┼──▶ off     not wanted, its service is not open, or nobody is there any more
--      a feed function ┘      ▲                   ├──▶ late    worthless by now, or not so any more
--                             └── quiet hours ────┘
--
-- Whoever learns of an occasion puts a row (hall_private.remind), whose key makes it one however often it is told; that locks nothing,
-- so it may be done anywhere. What is due is sent by hall_private.run_reminders, which any number of halls may do at once. Whether it
-- is wanted is asked when it is sent, and so is what changes meanwhile: a balance that is low no longer is not told as low in the morning.
-- One that was sent by day and is in the outbox still when the quiet hours begin (Kannel is away) waits again.
--
-- Two of the seven have no row here: that an order is done is told at once by what completed it (58_order.sql), and the end of a
-- trial by the notice that must come before it (57_due.sql).

-- Operators may change these, and the words are in commands/reminder.yaml. A kind is the subscriber's to switch when it has a word, or a
-- service that he opens and closes.
INSERT INTO hall.reminder_kind (kind, is_quiet, is_default, word, service, valid, title) VALUES
    ('balance_low',      true,  true, NULL,     'YETX', '1 day',  '{"zh": "余额提醒",     "en": "low balance"}'),
    ('suspension_ahead', true,  true, NULL,     NULL,   '1 day',  '{"zh": "停机提醒",     "en": "suspension ahead"}'),
    ('mail_arrived',     true,  true, 'mail',   NULL,   '1 day',  '{"zh": "邮件到达提醒", "en": "new mail"}'),
    ('top_up_arrived',   false, true, 'top_up', NULL,   '1 day',  '{"zh": "充值到账提醒", "en": "top-up received"}'),
    ('offer_ending',     true,  true, 'offer',  NULL,   '3 days', '{"zh": "优惠到期提醒", "en": "offer ending"}'),
    ('bill_alarm',       true,  true, NULL,     'HFNZ', '3 days', '{"zh": "话费闹钟",     "en": "bill alarm"}')
ON CONFLICT DO NOTHING;

-- --- quiet hours -------------------------------------------------------------------------------------------------------------

-- The quiet hours that p_at lies in, by the operator's calendar; both NULL: it lies in none.
CREATE OR REPLACE FUNCTION hall_private.quiet_hours(p_at timestamptz, OUT begins timestamptz, OUT ends timestamptz)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_from  int := hall_private.setting('quiet_from_hour') % 24;
    v_until int := hall_private.setting('quiet_until_hour') % 24;
    v_local timestamp := hall_private.local_time(p_at);
    v_begin timestamp := date_trunc('day', v_local) + make_interval(hours => v_from);
    v_end   timestamp;
BEGIN
    IF v_begin > v_local THEN
        v_begin := v_begin - interval '1 day';
    END IF;
    v_end := v_begin + make_interval(hours => (v_until - v_from + 24) % 24);
    IF v_local < v_end THEN
        begins := v_begin AT TIME ZONE 'Asia/Shanghai';
        ends := v_end AT TIME ZONE 'Asia/Shanghai';
    END IF;
END
$$;

-- p_at, or the end of the quiet hours that it lies in.
CREATE OR REPLACE FUNCTION hall_private.after_quiet(p_at timestamptz) RETURNS timestamptz
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN coalesce((hall_private.quiet_hours(p_at)).ends, p_at);
END
$$;

-- --- occasions ---------------------------------------------------------------------------------------------------------------

-- Something to be told of. p_occasion is its name among those of its kind: the same one again changes nothing. p_until: worthless after it,
-- sooner than others of its kind. Answers whether it is new. Locks nothing that is there.
CREATE OR REPLACE FUNCTION hall_private.remind(
    p_msisdn bigint, p_kind text, p_occasion text, p_fields jsonb, p_until timestamptz DEFAULT NULL)
RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := hall.now();
BEGIN
    INSERT INTO hall.reminder (msisdn, kind, occasion, at, due_at, until, fields)
    SELECT p_msisdn, k.kind, p_occasion, v_now, d.due_at, least(p_until, d.due_at + k.valid), p_fields
    FROM hall.reminder_kind AS k
    CROSS JOIN LATERAL (
        SELECT CASE WHEN k.is_quiet THEN hall_private.after_quiet(v_now) ELSE v_now END AS due_at
    ) AS d
    WHERE k.kind = p_kind
    ON CONFLICT DO NOTHING;
    RETURN FOUND;
END
$$;

-- Money moved: it came in, or it fell below what the subscriber wants to know of, or below what keeps his phone on.
CREATE OR REPLACE FUNCTION hall_private.remind_of_money() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    v_limits record;
BEGIN
    IF NEW.kind = 'top_up' THEN
        PERFORM hall_private.remind(NEW.msisdn, 'top_up_arrived', NEW.number::text,
            jsonb_build_object('fen', NEW.fen, 'balance', NEW.balance_fen));
        RETURN NULL;
    END IF;
    FOR v_limits IN
        SELECT k.kind, k.below_fen
        FROM hall.subscriber AS s
        CROSS JOIN LATERAL (VALUES
            ('balance_low', s.remind_below_fen),
            ('suspension_ahead', hall_private.setting('suspension_below_fen'))
        ) AS k (kind, below_fen)
        WHERE s.msisdn = NEW.msisdn
          AND NEW.balance_fen < k.below_fen
          AND NEW.balance_fen - NEW.fen >= k.below_fen
    LOOP
        PERFORM hall_private.remind(NEW.msisdn, v_limits.kind, NEW.number::text, jsonb_build_object('below', v_limits.below_fen));
    END LOOP;
    RETURN NULL;
END
$$;
-- A subscriber who comes with a debt has not fallen below anything.
CREATE OR REPLACE TRIGGER remind_of_money AFTER INSERT ON hall.ledger
    FOR EACH ROW WHEN (NEW.kind = 'top_up' OR (NEW.fen < 0 AND NEW.kind <> 'opening'))
    EXECUTE FUNCTION hall_private.remind_of_money();

-- What others say, as it may stand in a text: one line of p_most characters; NULL when nothing is left.
CREATE OR REPLACE FUNCTION hall_private.one_line(p_text text, p_most int) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN nullif(left(btrim(regexp_replace(p_text, '[[:cntrl:][:space:]]+', ' ', 'g')), p_most), '');

CREATE OR REPLACE FUNCTION hall_private.has_subscriber(p_msisdn bigint) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM hall.subscriber AS s WHERE s.msisdn = p_msisdn AND s.state <> 'closed');
END
$$;

-- A mail came into the subscriber's box; p_reference is the mail system's number of it. Answers whether it is new; NULL: no such
-- subscriber.
CREATE OR REPLACE FUNCTION hall.mail_arrived(p_msisdn bigint, p_reference text, p_from text, p_subject text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF p_reference IS NULL THEN
        RAISE EXCEPTION 'a mail has a reference' USING ERRCODE = 'invalid_parameter_value';
    ELSIF NOT hall_private.has_subscriber(p_msisdn) THEN
        RETURN NULL;
    END IF;
    RETURN hall_private.remind(p_msisdn, 'mail_arrived', p_reference, jsonb_strip_nulls(jsonb_build_object(
        'from', hall_private.one_line(p_from, 40), 'subject', hall_private.one_line(p_subject, 30))));
END
$$;

-- The billing system is going to suspend the subscriber at p_at, unless p_fen come in before (NULL: it does not say how much). Answers as
-- mail_arrived. One who has paid that, or is suspended already, is not told.
CREATE OR REPLACE FUNCTION hall.announce_suspension(p_msisdn bigint, p_reference text, p_at timestamptz, p_fen bigint DEFAULT NULL)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_balance bigint := (SELECT s.balance_fen FROM hall.subscriber AS s WHERE s.msisdn = p_msisdn);
BEGIN
    IF p_reference IS NULL OR p_at IS NULL OR p_fen <= 0 THEN
        RAISE EXCEPTION 'a suspension has a reference and a time, and what must be paid is above 0'
            USING ERRCODE = 'invalid_parameter_value';
    ELSIF NOT hall_private.has_subscriber(p_msisdn) THEN
        RETURN NULL;
    END IF;
    -- a ledger row's number is a reminder's name too
    RETURN hall_private.remind(p_msisdn, 'suspension_ahead', 'feed ' || p_reference, jsonb_strip_nulls(jsonb_build_object(
        'at', hall_private.iso(p_at), 'fen', p_fen, 'below', v_balance + p_fen)), p_at);
END
$$;

-- An offer that the subscriber has, new or changed; he is told setting offer_notice_s before it ends, or at once when that is past already.
-- One that is put off is told again; one that has ended is not told at all.
CREATE OR REPLACE FUNCTION hall.put_offer(p_msisdn bigint, p_reference text, p_name text, p_ends_at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_remind_at timestamptz := CASE WHEN p_ends_at > hall.now()
        THEN p_ends_at - make_interval(secs => hall_private.setting('offer_notice_s')) END;
BEGIN
    INSERT INTO hall.offer AS o (msisdn, reference, name, ends_at, remind_at)
    VALUES (p_msisdn, p_reference, p_name, p_ends_at, v_remind_at)
    ON CONFLICT ON CONSTRAINT offer_pkey DO UPDATE
    SET name = excluded.name,
        ends_at = excluded.ends_at,
        remind_at = CASE WHEN o.ends_at = excluded.ends_at THEN o.remind_at ELSE excluded.remind_at END;
END
$$;

-- --- the calendar ------------------------------------------------------------------------------------------------------------

-- Up to p_most offers whose end is near. Answers how many. Waits for nobody.
CREATE OR REPLACE FUNCTION hall_private.remind_of_offers(p_most int) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
    v_told int;
BEGIN
    WITH due AS (
        SELECT o.msisdn, o.reference
        FROM hall.offer AS o
        WHERE o.remind_at <= hall.now()
        ORDER BY o.remind_at
        LIMIT p_most
        FOR NO KEY UPDATE SKIP LOCKED
    ), told AS (
        UPDATE hall.offer AS o
        SET remind_at = NULL
        FROM due AS d
        WHERE o.msisdn = d.msisdn AND o.reference = d.reference
        RETURNING o.msisdn, o.reference, o.name, o.ends_at
    )
    SELECT count(hall_private.remind(t.msisdn, 'offer_ending', t.reference || ' ' || hall_private.local_time(t.ends_at)::date,
        jsonb_build_object('offer', hall_private.one_line(t.name, 30), 'at', hall_private.iso(t.ends_at)), t.ends_at))
    INTO v_told
    FROM told AS t;
    RETURN v_told;
END
$$;

-- When the bill alarm of a month comes; its last day when it has none with that number.
CREATE OR REPLACE FUNCTION hall_private.alarm_time(p_month date) RETURNS timestamptz
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_day timestamp := least(
        p_month + greatest(1, hall_private.setting('alarm_day')::int) - 1, hall_private.next_month(p_month) - 1);
BEGIN
    RETURN (v_day + make_interval(hours => hall_private.setting('alarm_hour')::int)) AT TIME ZONE 'Asia/Shanghai';
END
$$;

-- The bill alarm: walks through the subscribers once a month, from its time on, p_most of them in a call, so that a million do not come in
-- one commit. One that could not begin while it was of use is left out; so is the one that was past when the store was made. Answers
-- whether there is more. Only one session at a time.
CREATE OR REPLACE FUNCTION hall_private.walk_alarm(p_most int) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    c_through CONSTANT bigint := 9223372036854775807;
    v_now     timestamptz := hall.now();
    v_month   date := hall_private.month_of(v_now);
    v_alarm   hall.alarm;
    v_until   timestamptz;
    v_last    bigint;
BEGIN
    IF v_now < hall_private.alarm_time(v_month) THEN
        v_month := v_month - interval '1 month';
    END IF;
    SELECT * INTO v_alarm FROM hall.alarm;
    IF v_alarm.month > v_month OR (v_alarm.month = v_month AND v_alarm.after = c_through) THEN
        RETURN false;
    END IF;
    SELECT hall_private.alarm_time(v_month) + k.valid INTO v_until FROM hall.reminder_kind AS k WHERE k.kind = 'bill_alarm';
    IF v_alarm.month < v_month THEN
        v_alarm.after := 0;
    END IF;
    IF v_alarm.month IS NOT NULL AND v_until > v_now THEN
        SELECT max(n.msisdn) INTO v_last
        FROM (SELECT s.msisdn FROM hall.subscriber AS s WHERE s.msisdn > v_alarm.after ORDER BY s.msisdn LIMIT p_most) AS n;
        PERFORM hall_private.remind(o.msisdn, k.kind, to_char(v_month, 'YYYY-MM'),
            jsonb_build_object('month', to_char(v_month, 'YYYYMM')), v_until)
        FROM hall.reminder_kind AS k
        JOIN hall.subscription AS o ON o.service = k.service
        WHERE k.kind = 'bill_alarm' AND o.until IS NULL AND o.msisdn > v_alarm.after AND o.msisdn <= v_last;
    END IF;
    UPDATE hall.alarm SET month = v_month, after = coalesce(v_last, c_through);
    RETURN v_last IS NOT NULL;
END
$$;

-- --- sending -----------------------------------------------------------------------------------------------------------------

-- The subscriber wants to be told of it.
CREATE OR REPLACE FUNCTION hall_private.is_wanted(p_msisdn bigint, p_kind hall.reminder_kind) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF p_kind.word IS NOT NULL AND NOT coalesce(
        (SELECT c.is_on FROM hall.reminder_choice AS c WHERE c.msisdn = p_msisdn AND c.kind = p_kind.kind), p_kind.is_default)
    THEN
        RETURN false;
    END IF;
    RETURN p_kind.service IS NULL OR EXISTS (
        SELECT FROM hall.subscription AS o WHERE o.msisdn = p_msisdn AND o.service = p_kind.service AND o.until IS NULL);
END
$$;

-- Below what the balance is too low, as the subscriber wants it now.
CREATE OR REPLACE FUNCTION hall_private.current_limit(p_reminder hall.reminder, p_subscriber hall.subscriber) RETURNS bigint
LANGUAGE sql IMMUTABLE
RETURN CASE p_reminder.kind
    WHEN 'balance_low' THEN p_subscriber.remind_below_fen
    ELSE (p_reminder.fields ->> 'below')::bigint
END;

-- It is so still: the money has not come in, the phone is on, and nothing newer says the same.
CREATE OR REPLACE FUNCTION hall_private.is_true_still(p_reminder hall.reminder, p_subscriber hall.subscriber) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF p_reminder.kind NOT IN ('balance_low', 'suspension_ahead') THEN
        RETURN true;
    END IF;
    RETURN (p_subscriber.balance_fen >= hall_private.current_limit(p_reminder, p_subscriber)) IS NOT TRUE
        AND (p_subscriber.state = 'active' OR p_reminder.kind <> 'suspension_ahead')
        AND NOT EXISTS (
            SELECT FROM hall.reminder AS n
            WHERE n.msisdn = p_reminder.msisdn AND n.kind = p_reminder.kind AND n.due_at IS NOT NULL
              AND (n.at, n.occasion) > (p_reminder.at, p_reminder.occasion));
END
$$;

-- What is to become of a reminder now: sent | off | late | waiting: it is quiet.
CREATE OR REPLACE FUNCTION hall_private.next_state(p_reminder hall.reminder, p_kind hall.reminder_kind, p_subscriber hall.subscriber)
RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN CASE
        WHEN p_subscriber.state IS NULL OR p_subscriber.state = 'closed' OR NOT hall_private.is_wanted(p_reminder.msisdn, p_kind) THEN 'off'
        WHEN p_reminder.until <= hall.now() OR NOT hall_private.is_true_still(p_reminder, p_subscriber) THEN 'late'
        WHEN p_kind.is_quiet AND hall_private.after_quiet(hall.now()) > hall.now() THEN 'waiting'
        ELSE 'sent'
    END;
END
$$;

-- What was charged in a month, in fen.
CREATE OR REPLACE FUNCTION hall_private.charged_in(p_msisdn bigint, p_month date) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT coalesce(-sum(l.fen), 0)::bigint
        FROM hall.ledger AS l
        WHERE l.msisdn = p_msisdn AND l.fen < 0 AND l.kind <> 'opening'
          AND l.at >= p_month::timestamp AT TIME ZONE 'Asia/Shanghai'
          AND l.at < hall_private.next_month(p_month)::timestamp AT TIME ZONE 'Asia/Shanghai');
END
$$;

-- What its words need, as it stands now; a receipt keeps the balance it had.
CREATE OR REPLACE FUNCTION hall_private.current_fields(p_reminder hall.reminder, p_subscriber hall.subscriber) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN CASE p_reminder.kind
        WHEN 'balance_low' THEN jsonb_build_object(
            'balance', p_subscriber.balance_fen, 'below', hall_private.current_limit(p_reminder, p_subscriber))
        WHEN 'suspension_ahead' THEN p_reminder.fields - 'below' || jsonb_build_object('balance', p_subscriber.balance_fen)
        WHEN 'bill_alarm' THEN p_reminder.fields || jsonb_build_object(
            'balance', p_subscriber.balance_fen,
            'fen', hall_private.charged_in(p_reminder.msisdn, to_date(p_reminder.fields ->> 'month', 'YYYYMM')))
        ELSE p_reminder.fields
    END;
END
$$;

-- One that is due: sends it, or notes why not. Answers whether it was done: not when somebody else has it or its subscriber in hand.
-- Locks the conversation, and waits for nobody.
CREATE OR REPLACE FUNCTION hall_private.run_reminder(p_msisdn bigint, p_kind text, p_occasion text) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    v_now        timestamptz := hall.now();
    v_reminder   hall.reminder;
    v_kind       hall.reminder_kind;
    v_subscriber hall.subscriber;
    v_state      text;
BEGIN
    IF NOT hall_private.take_conversation(p_msisdn) THEN
        RETURN false;
    END IF;
    -- whoever sends it holds the conversation, so it is as it is now
    SELECT * INTO v_reminder
    FROM hall.reminder AS r
    WHERE r.msisdn = p_msisdn AND r.kind = p_kind AND r.occasion = p_occasion AND r.due_at <= v_now;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    SELECT * INTO v_kind FROM hall.reminder_kind AS k WHERE k.kind = p_kind;
    SELECT * INTO v_subscriber FROM hall.subscriber AS s WHERE s.msisdn = p_msisdn;

    v_state := hall_private.next_state(v_reminder, v_kind, v_subscriber);
    IF v_state = 'sent' THEN
        PERFORM hall_private.tell(p_msisdn, hall_private.setting('hall_port')::text, 'reminder', p_kind,
            hall_private.current_fields(v_reminder, v_subscriber) || jsonb_build_object('occasion', p_occasion), v_reminder.until - v_now);
    END IF;
    UPDATE hall.reminder AS r
    SET state = v_state,
        due_at = CASE v_state WHEN 'waiting' THEN hall_private.after_quiet(v_now) END
    WHERE r.msisdn = p_msisdn AND r.kind = p_kind AND r.occasion = p_occasion;
    RETURN true;
END
$$;

-- A reply from the outbox (p_reply, as hall.claim_unsent answers it) that came there in time, could not be sent, and is not to go by night: a
-- reminder, or the notice before a charge or the end of a trial (57_due.sql). It is put again in the morning, when it is asked anew whether
-- it is wanted, true and of use; and so it is as if it had never been put, for what waits in the outbox keeps back all that comes after it.
-- Answers whether it was such a one. Locks the reminder or the subscription.
CREATE OR REPLACE FUNCTION hall_private.waits_for_morning(p_reply jsonb, p_morning timestamptz) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    v_msisdn bigint := p_reply ->> 'msisdn';
    v_key    record := hall_private.read_mt(p_reply ->> 'mt');
    v_open   hall.subscription;
BEGIN
    IF p_reply ? 'is_reported' OR (p_reply ->> 'pieces')::int > 0 THEN
        RETURN false; -- it went out, or some of it did
    ELSIF p_reply ->> 'command' = 'reminder' THEN
        UPDATE hall.reminder AS r
        SET state = 'waiting', due_at = p_morning
        FROM hall.reminder_kind AS k
        WHERE r.msisdn = v_msisdn AND r.kind = p_reply ->> 'outcome' AND r.occasion = p_reply #>> '{fields,occasion}' AND r.state = 'sent'
          AND k.kind = r.kind AND k.is_quiet;
        IF NOT FOUND THEN
            RETURN false;
        END IF;
    ELSIF p_reply ->> 'outcome' IN ('trial_notice', 'renewal_notice') THEN
        SELECT * INTO v_open
        FROM hall.subscription AS o
        WHERE o.msisdn = v_msisdn AND o.until IS NULL AND o.notice_number = v_key.number
        FOR NO KEY UPDATE;
        IF NOT FOUND THEN
            RETURN false;
        END IF;
        PERFORM hall_private.set_step(v_open, 'notice', p_morning);
    ELSE
        RETURN false;
    END IF;
    DELETE FROM hall.reply AS r
    WHERE r.msisdn = v_msisdn AND r.month = v_key.month AND r.number = v_key.number AND r.part = v_key.part;
    RETURN true;
END
$$;

-- Of what hall.claim_unsent took (a list), that which may go now.
CREATE OR REPLACE FUNCTION hall_private.keep_quiet(p_taken jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    v_morning timestamptz := (hall_private.quiet_hours(hall.now())).ends;
    v_goes    jsonb[] := '{}';
    v_reply   jsonb;
BEGIN
    IF v_morning IS NULL THEN
        RETURN p_taken;
    END IF;
    FOR v_reply IN SELECT * FROM jsonb_array_elements(p_taken) LOOP
        IF NOT hall_private.waits_for_morning(v_reply, v_morning) THEN
            v_goes := v_goes || v_reply;
        END IF;
    END LOOP;
    RETURN to_jsonb(v_goes);
END
$$;

-- One that cannot be done now does not stand in the way of the others. Waits for nobody.
CREATE OR REPLACE FUNCTION hall_private.put_off_reminder(p_msisdn bigint, p_kind text, p_occasion text, p_for interval) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM hall.reminder AS r
    WHERE r.msisdn = p_msisdn AND r.kind = p_kind AND r.occasion = p_occasion AND r.due_at IS NOT NULL
    FOR NO KEY UPDATE SKIP LOCKED;
    IF FOUND THEN
        UPDATE hall.reminder AS r
        SET due_at = hall.now() + p_for
        WHERE r.msisdn = p_msisdn AND r.kind = p_kind AND r.occasion = p_occasion;
    END IF;
END
$$;

-- Does up to p_most reminders, those that are due longest, and stops after c_long. Answers how many were done. As run_steps
-- (57_due.sql): any number of halls at once, none waits for another or for a message; what is passed by comes the next time. One costs a
-- quarter of a millisecond, half of it the reply. Each is a subtransaction: a session with more than 64 costs all others a look into
-- pg_subtrans.
CREATE OR REPLACE FUNCTION hall_private.run_reminders(p_most int) RETURNS int
LANGUAGE plpgsql SET lock_timeout = '200ms' AS $$
DECLARE
    c_long  CONSTANT interval := '500 milliseconds';
    v_began timestamptz := clock_timestamp();
    v_done  int := 0;
    v_due   record;
BEGIN
    FOR v_due IN
        SELECT r.msisdn, r.kind, r.occasion
        FROM hall.reminder AS r
        WHERE r.due_at <= hall.now()
        ORDER BY r.due_at
        LIMIT 4 * p_most
    LOOP
        BEGIN
            v_done := v_done + hall_private.run_reminder(v_due.msisdn, v_due.kind, v_due.occasion)::int;
        EXCEPTION
            WHEN lock_not_available OR deadlock_detected THEN
                PERFORM hall_private.put_off_reminder(v_due.msisdn, v_due.kind, v_due.occasion, '1 minute');
            WHEN OTHERS THEN
                RAISE WARNING '% of %****% is put off for an hour: %: %',
                    v_due.kind, left(v_due.msisdn::text, 3), right(v_due.msisdn::text, 4), SQLSTATE, SQLERRM;
                PERFORM hall_private.put_off_reminder(v_due.msisdn, v_due.kind, v_due.occasion, '1 hour');
        END;
        EXIT WHEN v_done >= p_most OR clock_timestamp() > v_began + c_long;
    END LOOP;
    RETURN v_done;
END
$$;

-- --- what is over ------------------------------------------------------------------------------------------------------------

-- Reminders that were done with, and offers that ended, setting reminders_kept_days ago. Answers how many went, p_most of each at most.
CREATE OR REPLACE FUNCTION hall_private.forget_reminders(p_most int) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
    v_since     timestamptz := hall.now() - make_interval(days => hall_private.setting('reminders_kept_days')::int);
    v_reminders int;
    v_offers    int;
BEGIN
    WITH old AS (
        SELECT r.msisdn, r.kind, r.occasion
        FROM hall.reminder AS r
        WHERE r.due_at IS NULL AND r.at < v_since
        ORDER BY r.at
        LIMIT p_most
        FOR UPDATE SKIP LOCKED
    )
    DELETE FROM hall.reminder AS r
    USING old AS o
    WHERE r.msisdn = o.msisdn AND r.kind = o.kind AND r.occasion = o.occasion;
    GET DIAGNOSTICS v_reminders = ROW_COUNT;
    WITH old AS (
        SELECT f.msisdn, f.reference
        FROM hall.offer AS f
        WHERE f.remind_at IS NULL AND f.ends_at < v_since
        ORDER BY f.ends_at
        LIMIT p_most
        FOR UPDATE SKIP LOCKED
    )
    DELETE FROM hall.offer AS f
    USING old AS o
    WHERE f.msisdn = o.msisdn AND f.reference = o.reference;
    GET DIAGNOSTICS v_offers = ROW_COUNT;
    RETURN v_reminders + v_offers;
END
$$;

-- The number may be another's tomorrow: what was to be told, and what was chosen, goes. The caller holds the conversation.
CREATE OR REPLACE FUNCTION hall_private.end_reminders(p_msisdn bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE hall.reminder AS r SET state = 'off', due_at = NULL WHERE r.msisdn = p_msisdn AND r.due_at IS NOT NULL;
    UPDATE hall.offer AS o SET remind_at = NULL WHERE o.msisdn = p_msisdn AND o.remind_at IS NOT NULL;
    DELETE FROM hall.reminder_choice AS c WHERE c.msisdn = p_msisdn;
END
$$;

-- --- the subscriber's choice -------------------------------------------------------------------------------------------------

-- The kinds that are his to switch, those that are on first: [{kind, is_on, name, how}], as hall.dialogue.options has it.
CREATE OR REPLACE FUNCTION hall_private.reminder_options(p_msisdn bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT coalesce(
            jsonb_agg(jsonb_build_object('kind', o.kind, 'is_on', o.is_on, 'name', o.title, 'how', 'TX') ORDER BY o.is_on DESC, o.kind), '[]')
        FROM (
            SELECT k.kind, k.title, hall_private.is_wanted(p_msisdn, k) AS is_on
            FROM hall.reminder_kind AS k
            WHERE k.word IS NOT NULL OR EXISTS (SELECT FROM hall.service AS s WHERE s.code = k.service)
        ) AS o);
END
$$;

-- Opens the service that a reminder comes with. Answers whether that is done: what costs something is asked about first, and is opened by its
-- own code.
CREATE OR REPLACE FUNCTION hall_private.open_for_reminder(p_subscriber hall.subscriber, p_code text, p_message jsonb) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    v_service hall.service;
    v_opened  record;
BEGIN
    SELECT * INTO v_service FROM hall.service AS s WHERE s.code = p_code;
    IF NOT FOUND OR hall_private.is_charged(v_service) THEN
        RETURN false;
    ELSIF p_code = 'YETX' THEN
        v_opened := hall_command.open_reminder(p_subscriber, jsonb_strip_nulls(
            jsonb_build_object('amount', p_subscriber.remind_below_fen / 100.0, 'message', p_message)));
    ELSE
        v_opened := hall_command.open(p_subscriber, jsonb_build_object('service', p_code, 'message', p_message));
    END IF;
    RETURN v_opened.outcome IN ('ok', 'changed', 'resumed', 'accepted', 'already', 'in_work');
END
$$;

-- Switches a kind on or off. Answers whether that is done.
CREATE OR REPLACE FUNCTION hall_private.switch_reminder(
    p_subscriber hall.subscriber, p_kind hall.reminder_kind, p_is_on boolean, p_message jsonb)
RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    IF p_kind.word IS NOT NULL THEN
        INSERT INTO hall.reminder_choice AS c (msisdn, kind, is_on)
        VALUES (p_subscriber.msisdn, p_kind.kind, p_is_on)
        ON CONFLICT ON CONSTRAINT reminder_choice_pkey DO UPDATE
        SET is_on = excluded.is_on;
    END IF;
    IF p_kind.service IS NULL THEN
        RETURN p_kind.word IS NOT NULL;
    ELSIF p_is_on THEN
        RETURN hall_private.open_for_reminder(p_subscriber, p_kind.service, p_message);
    END IF;
    PERFORM hall_private.end_subscription(p_subscriber.msisdn, p_kind.service, 'close', false);
    PERFORM hall_private.cancel_order(p_subscriber.msisdn, p_kind.service);
    RETURN true;
END
$$;

-- Switches the lines p_chosen of a list to what they are not now. switched {on: names, off: names, failed: codes that open it, wrong: numbers}
CREATE OR REPLACE FUNCTION hall_private.switch_lines(
    p_subscriber hall.subscriber, p_options jsonb, p_chosen jsonb, p_message jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    v_line  int;
    v_kind  hall.reminder_kind;
    v_is_on boolean;
BEGIN
    outcome := 'switched';
    fields := '{"on": [], "off": [], "failed": [], "wrong": []}';
    FOR v_line IN
        SELECT c.line::int FROM jsonb_array_elements_text(p_chosen) WITH ORDINALITY AS c (line, place) GROUP BY c.line ORDER BY min(c.place)
    LOOP
        SELECT * INTO v_kind FROM hall.reminder_kind AS k WHERE v_line > 0 AND k.kind = p_options -> (v_line - 1) ->> 'kind';
        IF NOT FOUND THEN
            fields := jsonb_insert(fields, '{wrong,-1}', to_jsonb(v_line::text), true);
            CONTINUE;
        END IF;
        v_is_on := NOT hall_private.is_wanted(p_subscriber.msisdn, v_kind);
        IF hall_private.switch_reminder(p_subscriber, v_kind, v_is_on, p_message) THEN
            fields := jsonb_insert(fields, CASE WHEN v_is_on THEN '{on,-1}' ELSE '{off,-1}' END::text[], v_kind.title, true);
        ELSE
            fields := jsonb_insert(fields, '{failed,-1}', to_jsonb('KT' || v_kind.service), true);
        END IF;
    END LOOP;
END
$$;

-- TX: which reminders are on and which are off, numbered; a number switches.
-- list {on: [{serial, label}], off, window} | switched {on, off, failed, wrong} | none {}
CREATE OR REPLACE FUNCTION hall_command.reminders(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    v_window  int := greatest(60, hall_private.setting('list_window_s'));
    v_options jsonb := hall_private.reminder_options(subscriber.msisdn);
    v_answer  record;
    v_page    jsonb;
BEGIN
    IF args ? 'dialogue' THEN
        v_answer := hall_private.switch_lines(
            subscriber, args #> '{dialogue,options}', args #> '{dialogue,chosen}', args -> 'message');
        outcome := v_answer.outcome;
        fields := v_answer.fields;
        RETURN;
    ELSIF v_options = '[]' THEN
        outcome := 'none';
        fields := '{}';
        RETURN;
    END IF;
    SELECT jsonb_build_object(
        'window', v_window,
        'on', coalesce(jsonb_agg(o.line ORDER BY o.serial) FILTER (WHERE o.is_on), '[]'),
        'off', coalesce(jsonb_agg(o.line ORDER BY o.serial) FILTER (WHERE NOT o.is_on), '[]'))
    INTO v_page
    FROM (
        SELECT l.serial, (l.option ->> 'is_on')::boolean AS is_on,
            jsonb_build_object('serial', l.serial, 'label', l.option -> 'name') AS line
        FROM jsonb_array_elements(v_options) WITH ORDINALITY AS l (option, serial)
    ) AS o;
    outcome := 'list';
    fields := hall_private.ask_list(jsonb_build_array(v_page), v_options, v_window, false);
END
$$;

-- Switches the kind whose word is args.reminder, for the two below. ok {reminder} | already {reminder} | fixed {}: not his to switch
CREATE OR REPLACE FUNCTION hall_private.switch_by_word(
    p_subscriber hall.subscriber, p_args jsonb, p_is_on boolean, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    v_kind hall.reminder_kind;
BEGIN
    SELECT * INTO v_kind FROM hall.reminder_kind AS k WHERE k.word = p_args ->> 'reminder';
    IF NOT FOUND THEN
        outcome := 'fixed';
        fields := '{}';
        RETURN;
    END IF;
    fields := jsonb_build_object('reminder', v_kind.title);
    outcome := CASE
        WHEN hall_private.is_wanted(p_subscriber.msisdn, v_kind) = p_is_on THEN 'already'
        WHEN hall_private.switch_reminder(p_subscriber, v_kind, p_is_on, p_args -> 'message') THEN 'ok'
        ELSE 'fixed'
    END;
END
$$;

CREATE OR REPLACE FUNCTION hall_command.reminder_on(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    v_answer record := hall_private.switch_by_word(subscriber, args, true);
BEGIN
    outcome := v_answer.outcome;
    fields := v_answer.fields;
END
$$;

CREATE OR REPLACE FUNCTION hall_command.reminder_off(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    v_answer record := hall_private.switch_by_word(subscriber, args, false);
BEGIN
    outcome := v_answer.outcome;
    fields := v_answer.fields;
END
$$;
