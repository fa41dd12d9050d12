-- What subscribers decide about their number: stopping and resuming it, reporting it lost, the black list, the PUK, where a number belongs,
-- and the brand.
--
--      active ── TJ, 是 ──▶ own_wish ── FJ ─────────────────────▶ active
--      active ── 挂失, 是 ─▶ lost ────── FJ with the password ────▶ active, or arrears while the balance is below 0
--      active ── billing ─▶ arrears ─── FJ, once it is paid ─────▶ active
--                           any of these ── 挂失 ──▶ lost
--
-- A number that is stopped for anything else (fraud …) stays so, whatever its subscriber says: that is not his to end, and so 挂失 does not
-- take its place, for FJ with the password would end it then.
--
-- Each change is told to the hook `network`, when there is one, and is evidence of kind `changed`.

-- --- what they share ---------------------------------------------------------------------------------------------------------

-- Locks the subscriber, and answers the row as it is then. All NULL: there is none. A command that asks does not, for the question is opened
-- after it, and dialogues come before subscribers in the order of locks; and so do guesses (check_secret): whoever has to be right is not
-- waited for with a number's row in hand.
CREATE OR REPLACE FUNCTION hall_private.hold_subscriber(p_msisdn bigint) RETURNS hall.subscriber
LANGUAGE plpgsql AS $$
DECLARE
    v_subscriber hall.subscriber;
BEGIN
    SELECT * INTO v_subscriber FROM hall.subscriber AS s WHERE s.msisdn = p_msisdn FOR NO KEY UPDATE;
    RETURN v_subscriber;
END
$$;

CREATE OR REPLACE FUNCTION hall_private.is_lost(p_msisdn bigint) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM hall.subscriber AS s WHERE s.msisdn = p_msisdn AND s.state = 'suspended' AND s.state_reason = 'lost');
END
$$;

-- What a number is stopped for, as the words of a command tell it: {lost}, {arrears} or {other}: true.
CREATE OR REPLACE FUNCTION hall_private.stopped_for(p_subscriber hall.subscriber) RETURNS jsonb
LANGUAGE sql IMMUTABLE
RETURN pg_catalog.jsonb_build_object(
    CASE WHEN p_subscriber.state_reason IN ('lost', 'arrears') THEN p_subscriber.state_reason ELSE 'other' END, true);

-- Tells the network of a change, and keeps it as evidence. p_consent: the dialogue that led to it.
CREATE OR REPLACE FUNCTION hall_private.note_change(p_msisdn bigint, p_what text, p_data jsonb DEFAULT '{}', p_consent int DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hall_private.add_event(p_msisdn, 'network', 'account', p_what, p_data);
    PERFORM hall_private.add_evidence(p_msisdn, p_consent, NULL, 'changed', jsonb_build_object('what', p_what) || p_data);
END
$$;

-- Writes the state of a subscriber whose row is locked.
CREATE OR REPLACE FUNCTION hall_private.set_state(
    p_msisdn bigint, p_state text, p_reason text, p_what text, p_data jsonb DEFAULT '{}', p_consent int DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE hall.subscriber AS s SET state = p_state, state_reason = p_reason WHERE s.msisdn = p_msisdn;
    PERFORM hall_private.note_change(p_msisdn, p_what, p_data || jsonb_build_object('reason', p_reason), p_consent);
END
$$;

-- A question before a change that is about no service. p_option: {name, how} and what the answer is to bring back; how: what asks it anew;
-- also_suspended: the answer is heard while the number is stopped, too.
CREATE OR REPLACE FUNCTION hall_private.ask_change(
    p_option jsonb, p_fields jsonb DEFAULT '{}', OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_window int := greatest(60, hall_private.setting('change_window_s'));
BEGIN
    outcome := 'ask';
    fields := p_fields || jsonb_build_object('window', v_window, 'ask', jsonb_build_object(
        'kind', 'consent', 'window_s', v_window, 'takes_yes', true, 'options', jsonb_build_array(p_option)));
END
$$;

-- Is this secret the owner's? outcome NULL: it is. Else wrong {left}, unset, locked, temporary, unavailable. Of another's number nothing is
-- told by a wrong one: neither whether there is such a subscriber, nor whether he has a password, nor how many failures he has had.
CREATE OR REPLACE FUNCTION hall_private.secret_fault(
    p_sender bigint, p_owner bigint, p_kind text, p_given jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    v_is text := hall_private.check_secret(p_owner, p_kind, p_given, nullif(p_sender, p_owner));
BEGIN
    IF p_owner <> p_sender AND v_is = 'unset' THEN
        v_is := 'wrong';
    END IF;
    outcome := nullif(v_is, 'right');
    fields := CASE WHEN v_is = 'wrong' AND p_owner = p_sender THEN jsonb_build_object('left', hall_private.guesses_left(p_owner)) ELSE '{}' END;
END
$$;

-- --- stop, resume, lost ------------------------------------------------------------------------------------------------------

-- Stops the number on the subscriber's own wish, after a question. ask {window} | ok {} | already {lost, arrears or other: which it is}
-- Locks the subscriber, when it stops.
CREATE OR REPLACE FUNCTION hall_command.stop(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    v_consent int := (args #>> '{dialogue,number}')::int;
    v_held    hall.subscriber := CASE WHEN v_consent IS NULL THEN subscriber ELSE hall_private.hold_subscriber(subscriber.msisdn) END;
BEGIN
    fields := '{}';
    IF v_held.state = 'suspended' THEN
        outcome := 'already';
        fields := hall_private.stopped_for(v_held);
    ELSIF v_consent IS NULL THEN
        SELECT a.outcome, a.fields INTO outcome, fields FROM hall_private.ask_change('{"name": "停机", "how": "TJ"}') AS a;
    ELSE
        PERFORM hall_private.set_state(subscriber.msisdn, 'suspended', 'own_wish', 'account.stopped', '{}', v_consent);
        outcome := 'ok';
    END IF;
END
$$;

-- Resumes the number; one that was reported lost only with the password.
-- ok {} | not_stopped {} | arrears {balance}: to be paid first | needs_password {} | wrong {left}, unset, locked, temporary, unavailable |
-- refused {}: it was stopped for what the hall does not know
-- Locks what check_secret locks, and then the subscriber.
CREATE OR REPLACE FUNCTION hall_command.resume(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    v_proves boolean := args ? 'password' AND hall_private.is_lost(subscriber.msisdn);
    v_held   hall.subscriber;
BEGIN
    fields := '{}';
    IF v_proves THEN
        SELECT f.outcome, f.fields INTO outcome, fields
        FROM hall_private.secret_fault(subscriber.msisdn, subscriber.msisdn, 'password', args -> 'password') AS f;
        IF outcome IS NOT NULL THEN
            RETURN;
        END IF;
    END IF;

    v_held := hall_private.hold_subscriber(subscriber.msisdn);
    IF v_held.state <> 'suspended' THEN
        outcome := 'not_stopped';
    ELSIF v_held.state_reason = 'lost' AND NOT v_proves THEN
        outcome := 'needs_password'; -- also when it was reported this very moment
    ELSIF v_held.state_reason = 'lost' AND v_held.balance_fen < 0 THEN
        PERFORM hall_private.set_state(subscriber.msisdn, 'suspended', 'arrears', 'account.found');
    END IF;
    IF outcome IS NOT NULL THEN
        RETURN;
    END IF;

    IF v_held.balance_fen < 0 AND v_held.state_reason IS DISTINCT FROM 'own_wish' THEN
        outcome := 'arrears';
        fields := jsonb_build_object('balance', v_held.balance_fen);
    ELSIF v_held.state_reason IN ('own_wish', 'lost', 'arrears') THEN
        PERFORM hall_private.set_state(subscriber.msisdn, 'active', NULL, 'account.resumed');
        outcome := 'ok';
    ELSE
        outcome := 'refused';
    END IF;
END
$$;

-- Reports a number lost: it is stopped until its owner comes with the password. With args.password at once, also another's number
-- (args.owner); without it after a question, also of a number that is stopped already: for that would come back with FJ alone, and this does
-- not. Whoever has found the phone may answer the question, which is only to the owner's good. A stop that is not the subscriber's to end
-- stays as it is.
-- ask {window} | ok {number} | already {number, lost or other: what it is stopped for} | wrong {left}, unset, locked, temporary, unavailable
-- Locks what check_secret locks, and then that number's subscriber, when it does not ask.
CREATE OR REPLACE FUNCTION hall_command.lost(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    v_owner   bigint := coalesce((args ->> 'owner')::bigint, subscriber.msisdn);
    v_consent int := (args #>> '{dialogue,number}')::int;
    v_asks    boolean := v_consent IS NULL AND NOT args ? 'password';
    v_held    hall.subscriber := subscriber;
BEGIN
    IF args ? 'password' THEN
        SELECT f.outcome, f.fields INTO outcome, fields
        FROM hall_private.secret_fault(subscriber.msisdn, v_owner, 'password', args -> 'password') AS f;
        IF outcome IS NOT NULL THEN
            RETURN;
        END IF;
    END IF;
    IF NOT v_asks THEN
        v_held := hall_private.hold_subscriber(v_owner);
    END IF;

    fields := jsonb_build_object('number', v_owner::text);
    IF NOT hall_private.may_be_lost(v_held) THEN
        outcome := 'already';
        fields := fields || hall_private.stopped_for(v_held);
    ELSIF v_asks THEN
        SELECT a.outcome, a.fields INTO outcome, fields
        FROM hall_private.ask_change('{"name": "挂失停机", "how": "挂失", "also_suspended": true}') AS a;
    ELSE
        PERFORM hall_private.set_state(v_owner, 'suspended', 'lost', 'account.lost',
            jsonb_build_object('from', subscriber.msisdn::text), v_consent);
        outcome := 'ok';
    END IF;
END
$$;

-- It is not stopped, or for what its subscriber may end himself; and it is not lost already.
CREATE OR REPLACE FUNCTION hall_private.may_be_lost(p_subscriber hall.subscriber) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN p_subscriber.state = 'active'
    OR coalesce(p_subscriber.state = 'suspended' AND p_subscriber.state_reason IN ('own_wish', 'arrears'), false);

-- --- the black list ----------------------------------------------------------------------------------------------------------

-- Whether the number is kept from topping up by card, told to whoever has the ID card's number.
-- how {} | listed {} | clear {} | wrong {left}, unset, locked, unavailable
CREATE OR REPLACE FUNCTION hall_command.blacklist(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
BEGIN
    fields := '{}';
    outcome := 'how';
    IF args ? 'id' THEN
        SELECT f.outcome, f.fields INTO outcome, fields
        FROM hall_private.secret_fault(subscriber.msisdn, subscriber.msisdn, 'id_card', args -> 'id') AS f;
        outcome := coalesce(outcome, CASE WHEN subscriber.is_blacklisted THEN 'listed' ELSE 'clear' END);
    END IF;
END
$$;

-- Takes the number off the list, after identity by args.password or args.id.
-- how {} | ok {} | not_listed {} | wrong {left}, unset, locked, temporary, unavailable
-- Locks what check_secret locks, and then the subscriber.
CREATE OR REPLACE FUNCTION hall_command.unblacklist(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    v_kind text := CASE WHEN args ? 'password' THEN 'password' WHEN args ? 'id' THEN 'id_card' END;
BEGIN
    fields := '{}';
    IF v_kind IS NULL THEN
        outcome := 'how';
        RETURN;
    END IF;
    SELECT f.outcome, f.fields INTO outcome, fields
    FROM hall_private.secret_fault(subscriber.msisdn, subscriber.msisdn, v_kind, coalesce(args -> 'password', args -> 'id')) AS f;
    IF outcome IS NULL AND NOT (hall_private.hold_subscriber(subscriber.msisdn)).is_blacklisted THEN
        outcome := 'not_listed';
    ELSIF outcome IS NULL THEN
        UPDATE hall.subscriber AS s SET is_blacklisted = false WHERE s.msisdn = subscriber.msisdn;
        PERFORM hall_private.note_change(subscriber.msisdn, 'account.unblacklisted', jsonb_build_object('identity', v_kind));
        outcome := 'ok';
    END IF;
END
$$;

-- --- what a number says of itself --------------------------------------------------------------------------------------------

-- The PUK of the sender's SIM, or of the number in args.owner with its password.
-- ok {number, secret: {puk: sealed}} | none {} | needs_password {}: it is reported lost | wrong {left}, unset, locked, temporary, unavailable
CREATE OR REPLACE FUNCTION hall_command.puk(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    v_owner bigint := coalesce((args ->> 'owner')::bigint, subscriber.msisdn);
    v_puk   text;
BEGIN
    fields := '{}';
    IF args ? 'password' THEN
        SELECT f.outcome, f.fields INTO outcome, fields
        FROM hall_private.secret_fault(subscriber.msisdn, v_owner, 'password', args -> 'password') AS f;
    ELSIF subscriber.state = 'suspended' AND subscriber.state_reason = 'lost' THEN
        outcome := 'needs_password';
    END IF;
    IF outcome IS NOT NULL THEN
        RETURN;
    END IF;
    SELECT s.puk INTO v_puk FROM hall.sim AS s WHERE s.msisdn = v_owner;
    outcome := CASE WHEN FOUND THEN 'ok' ELSE 'none' END;
    IF outcome = 'ok' THEN
        fields := jsonb_build_object('number', v_owner::text, 'secret', jsonb_build_object('puk', v_puk));
    END IF;
END
$$;

-- Where args.number belongs, or the sender's own: ok {number, province, city, operator} | unknown {number}
CREATE OR REPLACE FUNCTION hall_command.belongs(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_number text := coalesce(args ->> 'number', subscriber.msisdn::text);
    v_prefix hall.prefix;
BEGIN
    SELECT * INTO v_prefix
    FROM hall.prefix AS p
    WHERE p.prefix IN (SELECT left(v_number, n) FROM generate_series(3, 10) AS n)
    ORDER BY length(p.prefix) DESC
    LIMIT 1;
    outcome := CASE WHEN FOUND THEN 'ok' ELSE 'unknown' END;
    fields := jsonb_build_object('number', v_number);
    IF outcome = 'ok' THEN
        fields := fields || jsonb_build_object('province', v_prefix.province, 'city', v_prefix.city, 'operator', v_prefix.operator);
    END IF;
END
$$;

-- --- the brand ---------------------------------------------------------------------------------------------------------------

-- The brands that may be changed to, as lines of a list; [] when there are none.
CREATE OR REPLACE FUNCTION hall_private.offered_brands(p_own text) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN coalesce((
        SELECT jsonb_agg(jsonb_build_object('name', b.name, 'how', 'PPZH') ORDER BY b.place, b.name)
        FROM hall.brand AS b
        WHERE b.is_offered AND b.name <> p_own), '[]');
END
$$;

-- A list of which one line is chosen by its number: p_options are [{name, how}, …]. list [{…, items, window}]: an array, as of every list, so
-- that it is put again as it was | none {…}: it is empty
CREATE OR REPLACE FUNCTION hall_private.choose(p_options jsonb, p_fields jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_window int := greatest(60, hall_private.setting('list_window_s'));
BEGIN
    IF p_options = '[]' THEN
        outcome := 'none';
        fields := p_fields;
        RETURN;
    END IF;
    outcome := 'list';
    SELECT jsonb_build_array(p_fields || jsonb_build_object(
        'window', v_window,
        'items', jsonb_agg(jsonb_build_object('serial', o.serial, 'label', o.option -> 'name') ORDER BY o.serial),
        'ask', jsonb_build_object('kind', 'list', 'window_s', v_window, 'takes_yes', false, 'options', p_options)))
    INTO fields
    FROM jsonb_array_elements(p_options) WITH ORDINALITY AS o (option, serial);
END
$$;

-- The one line that an answer to such a list means. chosen NULL: none, and then wrong {wrong: the numbers, last: of the list}.
CREATE OR REPLACE FUNCTION hall_private.chosen_line(p_dialogue jsonb, OUT chosen jsonb, OUT fields jsonb)
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    v_last int := jsonb_array_length(p_dialogue -> 'options');
BEGIN
    IF jsonb_array_length(p_dialogue -> 'chosen') = 1 AND (p_dialogue #>> '{chosen,0}')::int BETWEEN 1 AND v_last THEN
        chosen := p_dialogue #> ARRAY['options', ((p_dialogue #>> '{chosen,0}')::int - 1)::text];
    ELSE
        fields := jsonb_build_object('last', v_last, 'wrong', (
            SELECT jsonb_agg(n ORDER BY place) FROM jsonb_array_elements_text(p_dialogue -> 'chosen') WITH ORDINALITY AS c (n, place)));
    END IF;
END
$$;

-- Why this subscriber cannot change to the brand of this name: already {brand}, pending {brand, at}, no_brand {word}, not_offered {brand};
-- outcome NULL: he can, and `brand` is it.
CREATE OR REPLACE FUNCTION hall_private.find_brand(
    p_subscriber hall.subscriber, p_word text, OUT brand hall.brand, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    SELECT * INTO brand FROM hall.brand AS b WHERE upper(b.name) = upper(p_word);
    fields := jsonb_build_object('brand', coalesce(brand.name, p_subscriber.brand));
    IF p_subscriber.next_brand IS NOT NULL THEN
        outcome := 'pending';
        fields := jsonb_build_object('brand', p_subscriber.next_brand, 'at', to_char(p_subscriber.next_brand_on, 'YYYY-MM-DD'));
    ELSIF upper(p_word) = upper(p_subscriber.brand) THEN
        outcome := 'already';
    ELSIF brand.name IS NULL THEN
        outcome := 'no_brand';
        fields := jsonb_build_object('word', p_word);
    ELSIF NOT brand.is_offered THEN
        outcome := 'not_offered';
    END IF;
END
$$;

-- Makes the change that is planned for a locked subscriber.
CREATE OR REPLACE FUNCTION hall_private.set_brand(p_subscriber hall.subscriber, p_brand text, p_consent int DEFAULT NULL) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE hall.subscriber AS s
    SET brand = p_brand, next_brand = NULL, next_brand_on = NULL
    WHERE s.msisdn = p_subscriber.msisdn;
    PERFORM hall_private.note_change(p_subscriber.msisdn, 'account.brand_changed',
        jsonb_build_object('brand', p_brand, 'before', p_subscriber.brand), p_consent);
END
$$;

-- Changes the brand to args.brand, after a question; without it lists those that are offered, and a number of that list asks likewise.
-- list {brand, items, window} | wrong {wrong, last} | none {brand}: none is offered | ask {brand, note, at, window} | ok {brand, at: when it
-- is not at once} | already {brand} | pending {brand, at} | no_brand {word} | not_offered {brand}
-- Locks the subscriber, when it changes.
CREATE OR REPLACE FUNCTION hall_command.brand(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    v_consent int := CASE args #>> '{dialogue,kind}' WHEN 'consent' THEN (args #>> '{dialogue,number}')::int END;
    v_held    hall.subscriber := CASE WHEN v_consent IS NULL THEN subscriber ELSE hall_private.hold_subscriber(subscriber.msisdn) END;
    v_chosen  record;
BEGIN
    IF args ? 'dialogue' AND v_consent IS NULL THEN
        v_chosen := hall_private.chosen_line(args -> 'dialogue');
        outcome := CASE WHEN v_chosen.chosen IS NULL THEN 'wrong' END;
        fields := coalesce(v_chosen.fields, jsonb_build_object('run', jsonb_build_object(
            'command', 'brand', 'call', 'brand', 'effect', 'changes', 'confirm', 'always',
            'args', jsonb_build_object('brand', v_chosen.chosen -> 'name'))));
    ELSIF args ? 'brand' OR v_held.next_brand IS NOT NULL THEN
        SELECT c.outcome, c.fields INTO outcome, fields FROM hall_private.change_brand(v_held, args ->> 'brand', v_consent) AS c;
    ELSE
        SELECT c.outcome, c.fields INTO outcome, fields
        FROM hall_private.choose(hall_private.offered_brands(v_held.brand), jsonb_build_object('brand', v_held.brand)) AS c;
    END IF;
END
$$;

-- The question, or what its answer leads to: ask, ok, and what find_brand has.
CREATE OR REPLACE FUNCTION hall_private.change_brand(
    p_subscriber hall.subscriber, p_word text, p_consent int, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    v_found record := hall_private.find_brand(p_subscriber, p_word);
    v_brand hall.brand := v_found.brand;
    v_day   date := hall_private.next_month(hall_private.month_of(hall.now()));
BEGIN
    outcome := v_found.outcome;
    fields := v_found.fields;
    IF outcome IS NOT NULL THEN
        RETURN;
    ELSIF v_brand.takes_effect <> 'at_once' THEN
        fields := fields || jsonb_build_object('at', to_char(v_day, 'YYYY-MM-DD'));
    END IF;
    IF p_consent IS NULL THEN
        SELECT a.outcome, a.fields INTO outcome, fields
        FROM hall_private.ask_change(
            jsonb_build_object('name', '品牌转换', 'how', 'PPZH' || v_brand.name, 'brand', v_brand.name, 'note', v_brand.note),
            fields || jsonb_build_object('note', v_brand.note)) AS a;
        RETURN;
    END IF;
    outcome := 'ok';
    IF v_brand.takes_effect = 'at_once' THEN
        PERFORM hall_private.set_brand(p_subscriber, v_brand.name, p_consent);
    ELSE
        UPDATE hall.subscriber AS s SET next_brand = v_brand.name, next_brand_on = v_day WHERE s.msisdn = p_subscriber.msisdn;
        PERFORM hall_private.note_change(p_subscriber.msisdn, 'account.brand_planned', fields, p_consent);
    END IF;
END
$$;

-- Takes a change that is still to come back. ok {brand: that stays, dropped} | not_pending {brand}
-- Locks the subscriber.
CREATE OR REPLACE FUNCTION hall_command.keep_brand(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    v_held hall.subscriber := hall_private.hold_subscriber(subscriber.msisdn);
BEGIN
    fields := jsonb_build_object('brand', v_held.brand);
    outcome := CASE WHEN v_held.next_brand IS NULL THEN 'not_pending' ELSE 'ok' END;
    IF outcome = 'ok' THEN
        fields := fields || jsonb_build_object('dropped', v_held.next_brand);
        UPDATE hall.subscriber AS s SET next_brand = NULL, next_brand_on = NULL WHERE s.msisdn = subscriber.msisdn;
        PERFORM hall_private.note_change(subscriber.msisdn, 'account.brand_kept', fields);
    END IF;
END
$$;

-- Makes up to p_most changes of brand whose day has come. Answers how many. The subscriber was told the day when he asked for it. What
-- others hold is passed by, and for that more are looked at than are to be done.
-- Locks conversation and subscriber of each; waits for nobody.
CREATE OR REPLACE FUNCTION hall_private.change_brands(p_most int) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
    v_today date := hall_private.local_time(hall.now());
    v_done  int := 0;
    v_due   bigint;
    v_held  hall.subscriber;
BEGIN
    FOR v_due IN
        SELECT s.msisdn
        FROM hall.subscriber AS s
        WHERE s.next_brand_on <= v_today
        ORDER BY s.next_brand_on
        LIMIT 4 * p_most
    LOOP
        EXIT WHEN v_done >= p_most;
        CONTINUE WHEN NOT hall_private.take_conversation(v_due);
        SELECT * INTO v_held
        FROM hall.subscriber AS s
        WHERE s.msisdn = v_due AND s.next_brand_on <= v_today
        FOR NO KEY UPDATE SKIP LOCKED;
        CONTINUE WHEN NOT FOUND;
        PERFORM hall_private.set_brand(v_held, v_held.next_brand);
        v_done := v_done + 1;
    END LOOP;
    RETURN v_done;
END
$$;

-- --- whoever had the number before -------------------------------------------------------------------------------------------

-- What belonged to the person and not to the number: the next one who has it finds none of it. Bills, allowances and points are the billing
-- system's, which has them still. The ledger, evidence and messages stay, and so do complaints, for whoever has to answer them; they are not
-- shown to anybody who came later (hall.subscriber.since). The caller holds the conversation, and then the subscriber.
CREATE OR REPLACE FUNCTION hall_private.clear_account(p_msisdn bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE hall.subscriber AS s
    SET next_brand = NULL, next_brand_on = NULL, remind_below_fen = NULL, points = 0
    WHERE s.msisdn = p_msisdn;
    DELETE FROM hall.bill AS b WHERE b.msisdn = p_msisdn;
    DELETE FROM hall.allowance AS a WHERE a.msisdn = p_msisdn;
    PERFORM hall_private.end_forwarding(p_msisdn, NULL);
    DELETE FROM hall.password AS w WHERE w.msisdn = p_msisdn;
    DELETE FROM hall.identity AS i WHERE i.msisdn = p_msisdn;
    DELETE FROM hall.sim AS m WHERE m.msisdn = p_msisdn;
    UPDATE hall.conversation AS c SET language = NULL WHERE c.msisdn = p_msisdn AND c.language IS NOT NULL;
END
$$;
