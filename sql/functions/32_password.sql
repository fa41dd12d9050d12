-- Service passwords and identity (rules C). The hall never sends digits here: a secret comes as what a worker of the daemon made of it,
-- under each key that it knows, the current one first (include/base/pepper.h):
--      password   {"proofs": [{"pepper": 2, "hash": …}, …], "pieces": [{"pepper": 2, "digest": …}, …], "weak": why, or absent}
--      ID card    {"proofs": [{"pepper": 2, "hash": …}, …]}
-- What is right is decided here, under the lock of hall.guess, so that however many ask at once, no more than five guesses of a day count.

-- --- the feed ----------------------------------------------------------------------------------------------------------------

-- A password that the subscriber chose, or was given, elsewhere. Answers whether there is such a subscriber.
CREATE OR REPLACE FUNCTION hall.put_password(p_msisdn bigint, p_pepper int, p_hash bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO hall.password AS w (msisdn, set_at, pepper, hash)
    SELECT s.msisdn, hall.now(), p_pepper, p_hash
    FROM hall.subscriber AS s
    WHERE s.msisdn = p_msisdn
    ON CONFLICT ON CONSTRAINT password_pkey DO UPDATE
    SET set_at = excluded.set_at, until = NULL, pepper = excluded.pepper, hash = excluded.hash;
    RETURN FOUND;
END
$$;

-- The ID card that the number is registered with, and each row of six digits in it. Answers likewise.
CREATE OR REPLACE FUNCTION hall.put_identity(p_msisdn bigint, p_pepper int, p_digest bytea, p_pieces bytea[]) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO hall.identity (msisdn, pepper, digest, pieces)
    SELECT s.msisdn, p_pepper, p_digest, p_pieces
    FROM hall.subscriber AS s
    WHERE s.msisdn = p_msisdn
    ON CONFLICT ON CONSTRAINT identity_pkey DO UPDATE
    SET pepper = excluded.pepper, digest = excluded.digest, pieces = excluded.pieces;
    RETURN FOUND;
END
$$;

-- The PUK of the SIM, sealed. Answers likewise.
CREATE OR REPLACE FUNCTION hall.put_puk(p_msisdn bigint, p_sealed text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO hall.sim (msisdn, puk)
    SELECT s.msisdn, p_sealed
    FROM hall.subscriber AS s
    WHERE s.msisdn = p_msisdn
    ON CONFLICT ON CONSTRAINT sim_pkey DO UPDATE
    SET puk = excluded.puk;
    RETURN FOUND;
END
$$;

-- --- checking ----------------------------------------------------------------------------------------------------------------

-- What was made of a secret with this key; NULL: the hall does not have that key.
CREATE OR REPLACE FUNCTION hall_private.made_with(p_made jsonb, p_pepper int, p_key text) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN (SELECT decode(m ->> p_key, 'base64') FROM jsonb_array_elements(p_made) AS m WHERE (m ->> 'pepper')::int = p_pepper);
END
$$;

-- How many failures this number has today. Locks its row, and with it everybody who guesses.
CREATE OR REPLACE FUNCTION hall_private.failures_today(p_msisdn bigint) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
    v_today    date := hall_private.local_time(hall.now());
    v_failures int;
BEGIN
    INSERT INTO hall.guess AS g (msisdn, day, failures)
    VALUES (p_msisdn, v_today, 0)
    ON CONFLICT ON CONSTRAINT guess_pkey DO UPDATE
    SET day = greatest(g.day, v_today), failures = CASE WHEN g.day < v_today THEN 0 ELSE g.failures END
    RETURNING g.failures INTO v_failures;
    RETURN v_failures;
END
$$;

-- How many more failures this number may have today.
CREATE OR REPLACE FUNCTION hall_private.guesses_left(p_msisdn bigint) RETURNS int
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_today date := hall_private.local_time(hall.now());
BEGIN
    RETURN greatest(0, hall_private.setting('guesses_a_day') - coalesce(
        (SELECT g.failures FROM hall.guess AS g WHERE g.msisdn = p_msisdn AND g.day >= v_today), 0));
END
$$;

-- What is stored under an earlier key goes over to the current one.
CREATE OR REPLACE FUNCTION hall_private.renew_pepper(p_password hall.password, p_given jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_newest jsonb := p_given #> '{proofs,0}';
BEGIN
    IF p_password.pepper <> (v_newest ->> 'pepper')::int THEN
        UPDATE hall.password AS w
        SET pepper = (v_newest ->> 'pepper')::int, hash = decode(v_newest ->> 'hash', 'base64')
        WHERE w.msisdn = p_password.msisdn AND w.hash = p_password.hash; -- not when the feed has put another meanwhile
    END IF;
END
$$;

-- right | temporary: right, but it was sent out and is there to be changed | wrong | unset: there is none | unavailable: none that this hall
-- has the key of. Locks nothing but what it moves to the newest key, so that whoever closes the account waits for nobody who guesses.
CREATE OR REPLACE FUNCTION hall_private.compare_password(p_owner bigint, p_given jsonb) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    v_stored hall.password;
    v_hash   bytea;
BEGIN
    SELECT * INTO v_stored FROM hall.password AS w WHERE w.msisdn = p_owner;
    v_hash := hall_private.made_with(p_given -> 'proofs', v_stored.pepper, 'hash');
    IF v_stored.msisdn IS NULL OR v_stored.until < hall.now() THEN
        RETURN 'unset';
    ELSIF v_hash IS NULL THEN
        RAISE WARNING 'the hall does not have the key % of the password of %****%',
            v_stored.pepper, left(p_owner::text, 3), right(p_owner::text, 4);
        RETURN 'unavailable';
    ELSIF v_hash <> v_stored.hash THEN
        RETURN 'wrong';
    ELSIF v_stored.until IS NOT NULL THEN
        RETURN 'temporary';
    END IF;
    PERFORM hall_private.renew_pepper(v_stored, p_given);
    RETURN 'right';
END
$$;

-- right | wrong | unset | unavailable. An ID card's digest stays under its key: to move it, the feed says it anew.
CREATE OR REPLACE FUNCTION hall_private.compare_identity(p_owner bigint, p_given jsonb) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    v_stored hall.identity;
    v_digest bytea;
BEGIN
    SELECT * INTO v_stored FROM hall.identity AS i WHERE i.msisdn = p_owner;
    v_digest := hall_private.made_with(p_given -> 'proofs', v_stored.pepper, 'hash');
    IF v_stored.msisdn IS NULL THEN
        RETURN 'unset';
    ELSIF v_digest IS NULL THEN
        RAISE WARNING 'the hall does not have the key % of the ID card of %****%',
            v_stored.pepper, left(p_owner::text, 3), right(p_owner::text, 4);
        RETURN 'unavailable';
    END IF;
    RETURN CASE WHEN v_digest = v_stored.digest THEN 'right' ELSE 'wrong' END;
END
$$;

-- Is the secret of p_kind (password | id_card) p_owner's? right | temporary | wrong | unset | unavailable, as above, or locked: five failures
-- of that number today, whatever it is now (rules C2). wrong and unset count. Whoever asks for another's number (p_sender) has his own five
-- failures, over all the numbers that he tries; locked means these, for how many the other has had is not his to know: that is wrong to him,
-- and counts for him alone.
-- Locks hall.guess, in the order of the numbers, and hall.password when it goes over to another key. Subscribers come after these.
CREATE OR REPLACE FUNCTION hall_private.check_secret(p_owner bigint, p_kind text, p_given jsonb, p_sender bigint DEFAULT NULL) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    v_who    bigint[] := ARRAY(SELECT DISTINCT w FROM unnest(ARRAY[p_owner, p_sender]) AS w WHERE w IS NOT NULL ORDER BY w);
    v_most   int := hall_private.setting('guesses_a_day');
    v_locked bigint[] := '{}';
    v_one    bigint;
    v_is     text;
BEGIN
    IF coalesce(p_given -> 'proofs', '[]') = '[]' THEN
        RETURN 'unavailable';
    ELSIF hall_private.guesses_left(p_sender) = 0 THEN
        RETURN 'locked'; -- and nothing is written for a number that he names
    END IF;
    FOREACH v_one IN ARRAY v_who LOOP
        IF hall_private.failures_today(v_one) >= v_most THEN
            v_locked := v_locked || v_one;
        END IF;
    END LOOP;
    v_is := CASE
        WHEN coalesce(p_sender, p_owner) = ANY (v_locked) THEN 'locked'
        WHEN p_owner = ANY (v_locked) THEN 'wrong'
        WHEN p_kind = 'password' THEN hall_private.compare_password(p_owner, p_given)
        ELSE hall_private.compare_identity(p_owner, p_given)
    END;
    IF v_is IN ('wrong', 'unset') THEN
        UPDATE hall.guess AS g SET failures = g.failures + 1 WHERE g.msisdn = ANY (v_who) AND g.msisdn <> ALL (v_locked);
    END IF;
    RETURN v_is;
END
$$;

-- --- the commands ------------------------------------------------------------------------------------------------------------

-- The words for a secret that was not right: wrong {left}, and the others without more.
CREATE OR REPLACE FUNCTION hall_private.not_right(p_msisdn bigint, p_is text, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    outcome := p_is;
    fields := CASE WHEN p_is = 'wrong' THEN jsonb_build_object('left', hall_private.guesses_left(p_msisdn)) ELSE '{}' END;
END
$$;

-- Why a new password cannot be one, as far as that tells nothing of the old one: weak_equal, weak_run, weak_number, differ: given twice, and
-- not the same; NULL: it can.
CREATE OR REPLACE FUNCTION hall_private.new_fault(p_new jsonb, p_again jsonb) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE
    WHEN p_again #>> '{proofs,0,hash}' <> p_new #>> '{proofs,0,hash}' THEN 'differ'
    WHEN p_new ->> 'weak' = 'equal' THEN 'weak_equal'
    WHEN p_new ->> 'weak' IN ('ascending', 'descending') THEN 'weak_run'
    WHEN p_new ->> 'weak' IS NOT NULL THEN 'weak_number'
END;

-- It stands in the ID card's number (rules C1).
CREATE OR REPLACE FUNCTION hall_private.is_piece_of_id(p_msisdn bigint, p_new jsonb) RETURNS boolean
LANGUAGE sql STABLE
RETURN EXISTS (
    SELECT FROM hall.identity AS i
    WHERE i.msisdn = p_msisdn AND hall_private.made_with(p_new -> 'pieces', i.pepper, 'digest') = ANY (i.pieces));

-- Another service password: args.old, args.new, and once more in args.again when it was typed twice. Not from a number that is reported
-- lost: whoever has found the phone may have read a temporary one on it, and with another in its place could resume the number. Nor is he
-- told whether the old one is right.
-- ok | wrong {left} | locked | unset | unavailable | weak_equal, weak_run, weak_number, weak_id | same: as the old one | differ | suspended
CREATE OR REPLACE FUNCTION hall_command.change_password(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    v_is     text;
    v_answer record;
BEGIN
    fields := '{}';
    outcome := CASE WHEN hall_private.is_lost(subscriber.msisdn) THEN 'suspended' ELSE hall_private.new_fault(args -> 'new', args -> 'again') END;
    IF outcome IS NOT NULL THEN
        RETURN;
    END IF;
    v_is := hall_private.check_secret(subscriber.msisdn, 'password', args -> 'old');
    IF v_is NOT IN ('right', 'temporary') THEN
        v_answer := hall_private.not_right(subscriber.msisdn, v_is);
        outcome := v_answer.outcome;
        fields := v_answer.fields;
    ELSIF args #>> '{old,proofs,0,hash}' = args #>> '{new,proofs,0,hash}' THEN
        outcome := 'same';
    ELSIF hall_private.is_piece_of_id(subscriber.msisdn, args -> 'new') THEN
        outcome := 'weak_id';
    ELSE
        UPDATE hall.password AS w
        SET set_at = hall.now(),
            until = NULL,
            pepper = (args #>> '{new,proofs,0,pepper}')::int,
            hash = decode(args #>> '{new,proofs,0,hash}', 'base64')
        WHERE w.msisdn = subscriber.msisdn;
        PERFORM hall_private.add_evidence(subscriber.msisdn, NULL, NULL, 'changed', '{"what": "password"}');
        outcome := 'ok';
    END IF;
END
$$;

-- A password made by the hall goes to the number itself, as a text of its own; it is there to be changed, and stops paid orders for a while
-- (rules C4). Whether the ID card in args.id was right is not told. A number that is reported lost gets none: whoever has found the phone would
-- read it, and with it resume the number; nor is that told. ok | locked | unavailable; the text: sent {secret: password, hours}
CREATE OR REPLACE FUNCTION hall_command.reset_password(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    v_now      timestamptz := hall.now();
    v_is       text := hall_private.check_secret(subscriber.msisdn, 'id_card', args -> 'id');
    v_lasts    interval := make_interval(secs => hall_private.setting('temporary_password_s'));
    v_password hall.password;
BEGIN
    fields := '{}';
    outcome := CASE WHEN v_is IN ('locked', 'unavailable') THEN v_is ELSE 'ok' END;
    IF v_is <> 'right' THEN
        RETURN;
    ELSIF hall_private.is_lost(subscriber.msisdn) THEN
        PERFORM hall_private.add_evidence(subscriber.msisdn, NULL, NULL, 'refused', '{"what": "password reset", "reason": "lost"}');
        RETURN;
    END IF;
    v_password := ROW(
        subscriber.msisdn, v_now, v_now + v_lasts, v_now + make_interval(secs => hall_private.setting('cool_down_s')),
        (args #>> '{fresh,proofs,0,pepper}')::smallint, decode(args #>> '{fresh,proofs,0,hash}', 'base64'));
    INSERT INTO hall.password
    SELECT v_password.*
    ON CONFLICT ON CONSTRAINT password_pkey DO UPDATE
    SET set_at = excluded.set_at, until = excluded.until, cool_until = excluded.cool_until, pepper = excluded.pepper, hash = excluded.hash;
    PERFORM hall_private.add_evidence(subscriber.msisdn, NULL, NULL, 'changed', '{"what": "password reset"}');
    PERFORM hall_private.tell(
        subscriber.msisdn, args #>> '{message,port}', 'reset_password', 'sent',
        jsonb_build_object('secret', jsonb_build_object('password', args #> '{fresh,sealed}'), 'hours', extract(epoch FROM v_lasts)::int / 3600),
        v_lasts);
END
$$;

-- ok {balance} | wrong {left} | locked | unset | temporary: a password that was sent out is there to be changed | unavailable
CREATE OR REPLACE FUNCTION hall_command.balance_by_password(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    v_is     text := hall_private.check_secret(subscriber.msisdn, 'password', args -> 'password');
    v_answer record;
BEGIN
    IF v_is = 'right' THEN
        outcome := 'ok';
        fields := jsonb_build_object('balance', subscriber.balance_fen);
        RETURN;
    END IF;
    v_answer := hall_private.not_right(subscriber.msisdn, v_is);
    outcome := v_answer.outcome;
    fields := v_answer.fields;
END
$$;

-- How to write what was not understood: args.what says of which command. ok {}
CREATE OR REPLACE FUNCTION hall_command.password_format(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    outcome := 'ok';
    fields := '{}';
END
$$;

-- Until when a password that was sent out stops paid orders (rules C4); NULL: it does not.
CREATE OR REPLACE FUNCTION hall_private.cools_until(p_msisdn bigint) RETURNS timestamptz
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT w.cool_until FROM hall.password AS w WHERE w.msisdn = p_msisdn AND w.cool_until > hall.now());
END
$$;

-- --- the language ------------------------------------------------------------------------------------------------------------

-- Replies come in args.language from now on, this one too. ok {} | how {}: none was named
CREATE OR REPLACE FUNCTION hall_command.language(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
BEGIN
    fields := '{}';
    outcome := CASE WHEN args ->> 'language' IS NULL THEN 'how' ELSE 'ok' END;
    IF outcome = 'ok' THEN
        PERFORM hall.put_language(subscriber.msisdn, args ->> 'language');
    END IF;
END
$$;

-- The language of the replies to a number: zh, en … Locks the conversation.
CREATE OR REPLACE FUNCTION hall.put_language(p_msisdn bigint, p_language text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM hall_private.begin_conversation(p_msisdn);
    UPDATE hall.conversation AS c SET language = nullif(p_language, 'zh') WHERE c.msisdn = p_msisdn;
END
$$;
