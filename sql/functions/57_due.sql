-- What falls due by itself: renewals and the end of trials, reminders (52_reminder.sql), and the store's own housekeeping.
--
-- A subscription that the hall renews has a step that comes next, and its time (hall.subscription.step, step_at):
--
--      opened ──┬──▶ notice ──▶ charge ──┬─ paid: a receipt ──────────────────────▶ notice … of the next month
--               │      ▲          ▲      └─ not paid ─┬─ once more a day later ──▶ charge
--               │      │          └───────────────────┤
--               │      └─ the next month's ◀──────────┼─ for the rest of the month
--               │                                     └─ so many months: ended (rules A13)
--               ├──▶ notice ──▶ end: a trial of what costs nothing
--               └─ cancelled for the month's end ──▶ end
--
-- No charge without a notice at least service.notice before it (rules A12), also when the hall was away meanwhile: what is late is put
-- off, and months that passed are not charged afterwards. A month is one of China's calendar; it is charged on its first day at the
-- setting renewal_hour, or in it when a trial ends. What is charged is what was consented to (hall_private.as_consented): a new price
-- in the catalogue needs a new consent, and a service that is no longer offered goes on for those who have it.
--
-- Quiet hours (rules F1) and the notice before a charge (A12): a notice that would fall into quiet hours is planned for the hour before they
-- begin, so the charge stays where it was. One that comes up in them all the same, because it is late or was ordered by night, waits for
-- their end; it then leaves all of its time before the charge, which is put off where it must be. Receipts, and the words that a charge
-- failed or a trial has ended, come with what they tell of (A11). What was to happen by day and is late waits for the end of quiet hours
-- with its text, unless another month has begun by then.

-- --- when, and how much ------------------------------------------------------------------------------------------------------

-- p_interval later by the operator's calendar, wherever the server stands.
CREATE OR REPLACE FUNCTION hall_private.later(p_at timestamptz, p_interval interval) RETURNS timestamptz
LANGUAGE sql STABLE
RETURN (p_at AT TIME ZONE 'Asia/Shanghai' + p_interval) AT TIME ZONE 'Asia/Shanghai';

CREATE OR REPLACE FUNCTION hall_private.next_month(p_month date) RETURNS date
LANGUAGE sql IMMUTABLE
RETURN (p_month + interval '1 month')::date;

-- When a month is charged.
CREATE OR REPLACE FUNCTION hall_private.charge_time(p_month date) RETURNS timestamptz
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (p_month + make_interval(hours => hall_private.setting('renewal_hour')::int)) AT TIME ZONE 'Asia/Shanghai';
END
$$;

-- NULL: there is no trial. Only what is had by the month can be tried.
CREATE OR REPLACE FUNCTION hall_private.trial_end(p_service hall.service, p_opened timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE
RETURN CASE WHEN p_service.period = 'month' AND p_service.trial_days > 0
    THEN hall_private.later(p_opened, pg_catalog.make_interval(days => p_service.trial_days)) END;

-- When the notice of what happens at p_at is given: p_notice before it, or earlier, in the hour before quiet hours begin.
CREATE OR REPLACE FUNCTION hall_private.notice_time(p_at timestamptz, p_notice interval) RETURNS timestamptz
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_at timestamptz := hall_private.later(p_at, -p_notice);
BEGIN
    IF p_notice > '0' THEN
        RETURN coalesce((hall_private.quiet_hours(v_at)).begins - interval '1 hour', v_at);
    END IF;
    RETURN v_at;
END
$$;

-- When a service is charged for the first time after its opening: when the trial ends; or for the month after the opening, or after
-- the trial if the rest of that month is free.
CREATE OR REPLACE FUNCTION hall_private.first_charge(p_service hall.service, p_opened timestamptz) RETURNS timestamptz
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_trial_end timestamptz := hall_private.trial_end(p_service, p_opened);
BEGIN
    IF v_trial_end IS NOT NULL AND p_service.first_month <> 'free' THEN
        RETURN v_trial_end;
    END IF;
    RETURN hall_private.charge_time(hall_private.next_month(hall_private.month_of(coalesce(v_trial_end, p_opened))));
END
$$;

-- What the month costs in which paid use begins at p_at, in fen: all of it, the share of the days left with today, or nothing.
CREATE OR REPLACE FUNCTION hall_private.first_fee(p_service hall.service, p_at timestamptz) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_today date := hall_private.local_time(p_at);
    v_month date := hall_private.month_of(p_at);
    v_next  date := hall_private.next_month(v_month);
BEGIN
    RETURN CASE
        WHEN p_service.period <> 'month' OR p_service.first_month = 'full' THEN p_service.fee_fen
        WHEN p_service.first_month = 'share' THEN p_service.fee_fen * (v_next - v_today) / (v_next - v_month)
        ELSE 0
    END;
END
$$;

-- What comes first to a service opened at p_opened. All NULL: nothing ever does. charged_until NULL: it is never charged.
CREATE OR REPLACE FUNCTION hall_private.first_step(
    p_service hall.service, p_opened timestamptz, OUT step text, OUT step_at timestamptz, OUT charged_until date)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_trial_end timestamptz := hall_private.trial_end(p_service, p_opened);
    v_is_free   boolean := p_service.fee_fen = 0;
BEGIN
    IF p_service.period <> 'month' OR (v_is_free AND v_trial_end IS NULL) THEN
        RETURN;
    END IF;
    step := CASE WHEN v_is_free THEN 'end' ELSE 'charge' END;
    step_at := CASE WHEN v_is_free THEN v_trial_end ELSE hall_private.first_charge(p_service, p_opened) END;
    charged_until := CASE WHEN NOT v_is_free THEN hall_private.month_of(step_at) END;
    IF p_service.notice > '0' THEN
        step := 'notice';
        step_at := greatest(p_opened, hall_private.notice_time(step_at, p_service.notice));
    END IF;
END
$$;

-- --- the steps ---------------------------------------------------------------------------------------------------------------

-- The service as this subscription has it: with the price and the trial that were consented to.
CREATE OR REPLACE FUNCTION hall_private.service_of(p_open hall.subscription) RETURNS hall.service
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_service hall.service;
BEGIN
    SELECT * INTO v_service FROM hall.service AS s WHERE s.code = p_open.service;
    IF p_open.consent IS NOT NULL THEN
        v_service := hall_private.as_consented(p_open.msisdn, v_service, p_open.consent);
    END IF;
    RETURN v_service;
END
$$;

-- Writes the next step, and what the row says of months charged and failed.
CREATE OR REPLACE FUNCTION hall_private.set_step(p_open hall.subscription, p_step text, p_at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE hall.subscription AS o
    SET step = p_step,
        step_at = p_at,
        notice_number = p_open.notice_number,
        charged_until = p_open.charged_until,
        failed_month = p_open.failed_month,
        failed_months = p_open.failed_months
    WHERE o.msisdn = p_open.msisdn AND o.service = p_open.service AND o.since = p_open.since;
END
$$;

-- The first step towards p_month.
CREATE OR REPLACE FUNCTION hall_private.go_on_to(p_open hall.subscription, p_service hall.service, p_month date) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hall_private.set_step(p_open, CASE WHEN p_service.notice > '0' THEN 'notice' ELSE 'charge' END,
        hall_private.notice_time(hall_private.charge_time(p_month), p_service.notice));
END
$$;

-- A text about it of the hall's own accord. Answers its number.
CREATE OR REPLACE FUNCTION hall_private.tell_of(
    p_open hall.subscription, p_service hall.service, p_outcome text, p_fields jsonb DEFAULT '{}', p_valid interval DEFAULT NULL)
RETURNS int
LANGUAGE plpgsql AS $$
BEGIN
    RETURN hall_private.tell(p_open.msisdn, hall_private.setting('hall_port')::text, 'open', p_outcome,
        hall_private.service_fields(p_service) || p_fields, p_valid);
END
$$;

-- It has never come to a charge yet, whether it will or not.
CREATE OR REPLACE FUNCTION hall_private.is_trial(p_open hall.subscription, p_service hall.service) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN p_open.charged_until IS NULL
        OR (hall_private.trial_end(p_service, p_open.since) IS NOT NULL
            AND p_open.failed_month IS NULL
            AND p_open.charged_until <= hall_private.month_of(hall_private.first_charge(p_service, p_open.since)));
END
$$;

-- Says what comes and when: no sooner than its notice after now, which is not in quiet hours. The text is of no use any more when it has
-- come.
CREATE OR REPLACE FUNCTION hall_private.give_notice(p_open hall.subscription, p_service hall.service) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_now      timestamptz := hall.now();
    v_is_free  boolean := p_open.charged_until IS NULL;
    v_is_trial boolean := hall_private.is_trial(p_open, p_service);
    v_planned  timestamptz := CASE
        WHEN v_is_free THEN hall_private.trial_end(p_service, p_open.since)
        WHEN v_is_trial THEN hall_private.first_charge(p_service, p_open.since)
        ELSE hall_private.charge_time(greatest(p_open.charged_until, hall_private.next_month(p_open.failed_month)))
    END;
    v_at       timestamptz := greatest(v_planned, hall_private.later(v_now, p_service.notice));
    v_morning  timestamptz := hall_private.after_quiet(v_now);
BEGIN
    IF v_is_free THEN
        p_service.fee_fen := 0;                   -- it ends, whatever it would cost by now
    END IF;
    IF v_at > v_now AND v_morning > v_now THEN
        PERFORM hall_private.set_step(p_open, 'notice', v_morning);
        RETURN;
    ELSIF v_at > v_now THEN
        p_open.notice_number := hall_private.tell_of(
            p_open, p_service, CASE WHEN v_is_trial THEN 'trial_notice' ELSE 'renewal_notice' END,
            jsonb_build_object('at', hall_private.iso(v_at)), v_at - v_now);
        PERFORM hall_private.add_evidence(p_open.msisdn, p_open.consent, p_open.service, 'noticed',
            hall_private.price(p_service) || jsonb_build_object('at', hall_private.iso(v_at)));
    END IF;
    PERFORM hall_private.set_step(p_open, CASE WHEN v_is_free THEN 'end' ELSE 'charge' END, v_at);
END
$$;

-- The notice of the coming charge went out, whether or not it arrived.
CREATE OR REPLACE FUNCTION hall_private.was_noticed(p_open hall.subscription) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN NOT EXISTS (
        SELECT FROM hall.reply AS r
        WHERE r.msisdn = p_open.msisdn AND r.number = p_open.notice_number AND r.state IN ('unsent', 'expired', 'dead'));
END
$$;

-- p_month could not be charged. The first time in a month it counts, and is told; then it is tried again once a day, until the next
-- month's first step. So many months in a row end it (rules A13).
CREATE OR REPLACE FUNCTION hall_private.note_failed_charge(
    p_open hall.subscription, p_service hall.service, p_month date, p_balance bigint)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_next  date := hall_private.next_month(p_month);
    v_retry timestamptz := hall_private.later(hall.now(), '1 day');
BEGIN
    IF p_open.failed_month IS DISTINCT FROM p_month THEN
        p_open.failed_month := p_month;
        p_open.failed_months := p_open.failed_months + 1;
        IF p_open.failed_months >= hall_private.setting('failed_months') THEN
            PERFORM hall_private.end_subscription(p_open.msisdn, p_open.service, 'arrears', true);
            PERFORM hall_private.tell_of(p_open, p_service, 'closed_arrears');
            RETURN;
        END IF;
        PERFORM hall_private.tell_of(p_open, p_service, 'charge_failed', jsonb_build_object('balance', p_balance));
    END IF;
    IF v_retry < hall_private.notice_time(hall_private.charge_time(v_next), p_service.notice) THEN
        PERFORM hall_private.set_step(p_open, 'charge', v_retry);
    ELSE
        PERFORM hall_private.go_on_to(p_open, p_service, v_next);
    END IF;
END
$$;

-- Charges this month, with a receipt (rules A11), unless it was charged before; a suspended subscriber's cannot be. When the month that
-- its notice was for is over, that one stays free, and this one has a notice of its own first.
-- Locks the subscriber.
CREATE OR REPLACE FUNCTION hall_private.charge_month(
    p_open hall.subscription, p_service hall.service, p_subscriber hall.subscriber)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_month     date := hall_private.month_of(hall.now());
    v_trial_end timestamptz := hall_private.trial_end(p_service, p_open.since);
    v_fen       bigint := CASE WHEN hall_private.month_of(v_trial_end) = v_month THEN hall_private.first_fee(p_service, v_trial_end)
                               ELSE p_service.fee_fen END;
    v_balance   bigint;
BEGIN
    IF p_service.notice > '0' AND (hall_private.month_of(p_open.step_at) < v_month OR NOT hall_private.was_noticed(p_open)) THEN
        PERFORM hall_private.give_notice(p_open, p_service);
        RETURN;
    END IF;
    IF v_fen > 0 AND p_open.charged_until <= v_month AND NOT hall_private.was_charged(p_open.msisdn, p_open.service, v_month) THEN
        IF p_subscriber.state = 'active' THEN
            v_balance := hall_private.charge_service(p_open.msisdn, p_service, v_month, v_fen, p_open.consent);
        END IF;
        IF v_balance IS NULL THEN
            PERFORM hall_private.note_failed_charge(p_open, p_service, v_month, p_subscriber.balance_fen);
            RETURN;
        END IF;
        PERFORM hall_private.tell_of(p_open, p_service, 'renewed', jsonb_build_object('fen', v_fen, 'balance', v_balance));
        PERFORM hall_private.add_evidence(p_open.msisdn, p_open.consent, p_open.service, 'charged',
            jsonb_build_object('month', to_char(v_month, 'YYYY-MM'), 'fen', v_fen, 'balance', v_balance));
    END IF;
    p_open.charged_until := greatest(p_open.charged_until, hall_private.next_month(v_month));
    p_open.failed_months := 0;
    PERFORM hall_private.go_on_to(p_open, p_service, p_open.charged_until);
END
$$;

-- A trial is over, and the subscriber is told; or a cancellation takes effect, of which nothing more is said (rules B6).
CREATE OR REPLACE FUNCTION hall_private.end_by_step(p_open hall.subscription, p_service hall.service) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hall_private.end_subscription(p_open.msisdn, p_open.service, coalesce(p_open.end_reason, 'trial'), true);
    IF p_open.end_reason IS NULL THEN
        PERFORM hall_private.tell_of(p_open, p_service, 'trial_ended');
    END IF;
END
$$;

-- Locks the conversation until the commit. Answers false when somebody else has it, and does not wait.
CREATE OR REPLACE FUNCTION hall_private.take_conversation(p_msisdn bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM hall.conversation AS c WHERE c.msisdn = p_msisdn FOR NO KEY UPDATE SKIP LOCKED;
    IF FOUND THEN
        RETURN true;
    ELSIF EXISTS (SELECT FROM hall.conversation AS c WHERE c.msisdn = p_msisdn) THEN
        RETURN false;
    END IF;
    PERFORM hall_private.begin_conversation(p_msisdn);
    RETURN true;
END
$$;

-- A charge or an end that is late, was to come by day and has something to say: when it is to be done instead of now, by night. NULL: now.
CREATE OR REPLACE FUNCTION hall_private.morning_for(p_open hall.subscription) RETURNS timestamptz
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_now     timestamptz := hall.now();
    v_morning timestamptz := hall_private.after_quiet(v_now);
BEGIN
    IF v_morning = v_now
        OR p_open.step = 'notice'
        OR p_open.end_reason IS NOT NULL
        OR hall_private.after_quiet(p_open.step_at) > p_open.step_at
        OR hall_private.month_of(v_morning) > hall_private.month_of(p_open.step_at)
    THEN
        RETURN NULL;
    END IF;
    RETURN v_morning;
END
$$;

-- The step of one subscription. Answers whether it was done: not when somebody else has it or its subscriber in hand, and not when it is
-- not due any more. A subscriber who is gone owes nothing more and hears nothing more: the number may be another's by now.
-- Locks conversation, subscription and subscriber; waits for the last one only.
CREATE OR REPLACE FUNCTION hall_private.run_step(p_msisdn bigint, p_service text, p_since timestamptz) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    v_open       hall.subscription;
    v_service    hall.service;
    v_subscriber hall.subscriber;
    v_morning    timestamptz;
BEGIN
    IF NOT hall_private.take_conversation(p_msisdn) THEN
        RETURN false;
    END IF;
    SELECT * INTO v_open
    FROM hall.subscription AS o
    WHERE o.msisdn = p_msisdn AND o.service = p_service AND o.since = p_since AND o.step_at <= hall.now()
    FOR NO KEY UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    v_service := hall_private.service_of(v_open);
    SELECT * INTO v_subscriber FROM hall.subscriber AS s WHERE s.msisdn = p_msisdn;
    v_morning := hall_private.morning_for(v_open);

    IF v_subscriber.state = 'closed' THEN
        PERFORM hall_private.end_subscription(p_msisdn, p_service, 'close', true);
    ELSIF v_morning IS NOT NULL THEN
        PERFORM hall_private.set_step(v_open, v_open.step, v_morning);
    ELSIF v_open.step = 'notice' THEN
        PERFORM hall_private.give_notice(v_open, v_service);
    ELSIF v_open.step = 'charge' THEN
        PERFORM hall_private.charge_month(v_open, v_service, v_subscriber);
    ELSE
        PERFORM hall_private.end_by_step(v_open, v_service);
    END IF;
    RETURN true;
END
$$;

-- A step that cannot be done now does not stand in the way of the others. Waits for nobody.
CREATE OR REPLACE FUNCTION hall_private.put_off(p_msisdn bigint, p_service text, p_since timestamptz, p_for interval) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM hall.subscription AS o
    WHERE o.msisdn = p_msisdn AND o.service = p_service AND o.since = p_since AND o.step IS NOT NULL
    FOR NO KEY UPDATE SKIP LOCKED;
    IF FOUND THEN
        UPDATE hall.subscription AS o
        SET step_at = hall.now() + p_for
        WHERE o.msisdn = p_msisdn AND o.service = p_service AND o.since = p_since;
    END IF;
END
$$;

-- Runs up to p_most steps, those that are due longest, and stops after c_long: who writes to us meanwhile may have to wait for the
-- commit. Answers how many were done.
--
-- Any number of halls may do so at once. None waits for another, nor for a message: what somebody else has in hand is passed by, and for
-- that more are looked at than are to be done. It waits for money that a billing system moves at this moment, but not for long. A step
-- that fails is put off, and harms no other.
--
-- Rows are not locked here and then written in a subtransaction, but both there: a version that ends by two of them carries a MultiXact,
-- index scans never take it for dead (HeapTupleIsSurelyDead), and each look for what is due would read all that was done since the
-- last vacuum.
CREATE OR REPLACE FUNCTION hall_private.run_steps(p_most int) RETURNS int
LANGUAGE plpgsql SET lock_timeout = '200ms' AS $$
DECLARE
    c_long  CONSTANT interval := '500 milliseconds';
    v_began timestamptz := clock_timestamp();
    v_done  int := 0;
    v_due   record;
BEGIN
    FOR v_due IN
        SELECT o.msisdn, o.service, o.since
        FROM hall.subscription AS o
        WHERE o.step_at <= hall.now()
        ORDER BY o.step_at
        LIMIT 4 * p_most
    LOOP
        BEGIN
            v_done := v_done + hall_private.run_step(v_due.msisdn, v_due.service, v_due.since)::int;
        EXCEPTION
            WHEN lock_not_available OR deadlock_detected THEN
                PERFORM hall_private.put_off(v_due.msisdn, v_due.service, v_due.since, '1 minute');
            WHEN OTHERS THEN
                RAISE WARNING '% of %****% is put off for an hour: %: %',
                    v_due.service, left(v_due.msisdn::text, 3), right(v_due.msisdn::text, 4), SQLSTATE, SQLERRM;
                PERFORM hall_private.put_off(v_due.msisdn, v_due.service, v_due.since, '1 hour');
        END;
        EXIT WHEN v_done >= p_most OR clock_timestamp() > v_began + c_long;
    END LOOP;
    RETURN v_done;
END
$$;

-- --- all that is due ---------------------------------------------------------------------------------------------------------

-- What is due in the store itself: months ahead, renewals, reminders, and when those are through, replies past their validity, brands that
-- change with the month, old events and old reminders.
-- Answers how much was done, and in `more` whether to come again at once. Of several daemons at once one does the housekeeping, and all
-- do renewals and send reminders.
CREATE OR REPLACE FUNCTION hall.run_due() RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    c_steps      CONSTANT int := 20;    -- a message from one of these subscribers waits for all of them
    c_reminders  CONSTANT int := 40;    -- likewise; each is a subtransaction, and so is a step: together not above 64
    c_occasions  CONSTANT int := 1000;  -- and subscribers that the bill alarm walks past
    c_expired    CONSTANT int := 50000; -- well below a second
    c_brands     CONSTANT int := 500;
    c_forgotten  CONSTANT int := 1000;
    v_keeps      boolean := pg_try_advisory_xact_lock(hashtext('smshall run_due'));
    v_partitions int := 0;
    v_expired    int := 0;
    v_forgotten  int := 0;
    v_brands     int := 0;
    v_steps      int;
    v_reminders  int;
    v_more       boolean := false;
BEGIN
    -- before any row is locked, for a new month locks whole tables
    IF v_keeps THEN
        v_partitions := hall_private.partitions_ahead();
        v_more := hall_private.walk_alarm(c_occasions);
        v_more := hall_private.remind_of_offers(c_occasions) = c_occasions OR v_more;
    END IF;
    v_steps := hall_private.run_steps(c_steps);
    v_reminders := hall_private.run_reminders(c_reminders);
    v_more := v_more
        OR (v_steps > 0 AND EXISTS (SELECT FROM hall.subscription AS o WHERE o.step_at <= hall.now()))
        OR (v_reminders > 0 AND EXISTS (SELECT FROM hall.reminder AS r WHERE r.due_at <= hall.now()));
    -- not each time in a row: it looks at all that is unsent, and what is above may have left very much of it
    IF v_keeps AND NOT v_more THEN
        v_expired := hall_private.expire_unsent(NULL, c_expired);
        v_brands := hall_private.change_brands(c_brands);
        v_forgotten := greatest(hall_private.forget_events(c_forgotten), hall_private.forget_reminders(c_forgotten));
    END IF;
    RETURN jsonb_build_object(
        'partitions', v_partitions,
        'expired', v_expired,
        'steps', v_steps,
        'reminders', v_reminders,
        'more', v_more OR v_expired = c_expired OR v_brands = c_brands OR v_forgotten >= c_forgotten);
END
$$;
