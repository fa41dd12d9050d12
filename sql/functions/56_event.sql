-- Events: what hooks are told, at least once and in order (rules B7). Each is one POST, signed by whoever sends it.
--
--      waiting ──▶ delivered (2xx)
--        │  ▲ │
--        │  │ └──▶ gone (410: the hook wants nothing any more)
--        ▼  │ resend
--       dead     (tried as often as hall.event_pause has pauses)
--
-- The order is that of a stream, which is one thing of one subscriber: only its first waiting event can be claimed. Those behind it wait for
-- its pauses too, so that what is due (by hook, oldest first) is what can be claimed, however many wait for a hook that does not answer.
-- An event that is sent again after it was dead goes before all that still wait in its stream; what went out meanwhile was earlier, and the
-- receiver sees that by their timestamps.
--
-- A hook that hangs holds its own events only: four of each hook are under way at a time, by all senders together.

-- --- telling -----------------------------------------------------------------------------------------------------------------

-- Adds an event behind those of its stream. Answers whether there is somebody to tell: nothing is added when p_hook is NULL, or gone.
CREATE OR REPLACE FUNCTION hall_private.add_event(p_msisdn bigint, p_hook text, p_stream text, p_kind text, p_data jsonb) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := hall.now();
BEGIN
    IF p_hook IS NULL THEN
        RETURN false;
    END IF;
    INSERT INTO hall.event (msisdn, at, claim_after, hook, stream, kind, data)
    SELECT p_msisdn, v_now, greatest(v_now, hall_private.pause_of(p_msisdn, p_stream)), h.name, p_stream, p_kind, p_data
    FROM hall.hook AS h
    WHERE h.name = p_hook AND h.gone_at IS NULL;
    RETURN FOUND;
END
$$;

-- Until when a stream pauses; NULL: it does not.
CREATE OR REPLACE FUNCTION hall_private.pause_of(p_msisdn bigint, p_stream text) RETURNS timestamptz
LANGUAGE sql STABLE
RETURN (
    SELECT max(e.claim_after)
    FROM hall.event AS e
    WHERE e.msisdn = p_msisdn AND e.stream = p_stream AND e.claim_after IS NOT NULL AND NOT e.is_taken);

-- What is posted: the same bytes at every try.
CREATE OR REPLACE FUNCTION hall_private.event_body(p_event hall.event) RETURNS text
LANGUAGE sql STABLE
RETURN pg_catalog.json_build_object(
    'type', p_event.kind,
    'timestamp', hall_private.iso(p_event.at),
    'data', p_event.data || pg_catalog.jsonb_build_object('msisdn', p_event.msisdn::text))::text;

-- Takes up to p_most events whose time has come, for p_lease_s seconds:
-- [{"msisdn", "id", "claims", "uuid", "hook", "url", "kind", "body", "keys": [base64, newest first]}, …]
-- Hooks in the order of what has waited longest. Locks the hooks, so that two at once keep to the four; passes by what others hold.
CREATE OR REPLACE FUNCTION hall.claim_events(p_most int, p_lease_s int) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_now   timestamptz := hall.now();
    v_hook  text;
    v_taken jsonb := '[]';
BEGIN
    FOR v_hook IN
        SELECT h.name
        FROM hall.hook AS h
        CROSS JOIN LATERAL (
            SELECT e.claim_after
            FROM hall.event AS e
            WHERE e.hook = h.name AND e.claim_after <= v_now
            ORDER BY e.claim_after
            LIMIT 1
        ) AS first
        WHERE h.gone_at IS NULL
        ORDER BY first.claim_after, h.name
    LOOP
        EXIT WHEN jsonb_array_length(v_taken) >= p_most;
        v_taken := v_taken || hall_private.claim_of_hook(v_hook, p_most - jsonb_array_length(v_taken), p_lease_s);
    END LOOP;
    RETURN v_taken;
END
$$;

-- The same for one hook. None when it has no key: nothing goes out unsigned.
CREATE OR REPLACE FUNCTION hall_private.claim_of_hook(p_hook text, p_most int, p_lease_s int) RETURNS jsonb
LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    c_at_once CONSTANT int := 4;
    v_now     timestamptz := hall.now();
    v_hook    hall.hook;
    v_keys    jsonb := hall_private.valid_keys(p_hook);
    v_taken   jsonb;
BEGIN
    SELECT * INTO v_hook FROM hall.hook AS h WHERE h.name = p_hook AND h.gone_at IS NULL FOR NO KEY UPDATE SKIP LOCKED;
    IF NOT FOUND OR v_keys IS NULL THEN
        RETURN '[]';
    END IF;
    WITH room AS MATERIALIZED (
        SELECT greatest(0, least(p_most, c_at_once - count(*))) AS events
        FROM hall.event AS e
        WHERE e.hook = p_hook AND e.is_taken AND e.claim_after > v_now
    ), first AS MATERIALIZED (
        SELECT e.msisdn, e.id, e.claim_after AS was_due
        FROM hall.event AS e
        WHERE e.hook = p_hook
          AND e.claim_after <= v_now
          AND NOT EXISTS (
              SELECT FROM hall.event AS o
              WHERE o.msisdn = e.msisdn AND o.stream = e.stream AND o.claim_after IS NOT NULL
                AND (o.id < e.id OR (o.is_taken AND o.claim_after > v_now)))
        ORDER BY e.claim_after, e.msisdn, e.id
        LIMIT (SELECT r.events FROM room AS r)
        FOR UPDATE SKIP LOCKED
    ), taken AS (
        UPDATE hall.event AS e
        SET claim_after = v_now + make_interval(secs => p_lease_s),
            claims = hall_private.next_claim(e.claims),
            is_taken = true
        FROM first AS f
        WHERE e.msisdn = f.msisdn AND e.id = f.id
        RETURNING f.was_due, e.msisdn, e.id, e.claims, e.uuid, e.kind, hall_private.event_body(e) AS body
    )
    SELECT jsonb_agg(
        jsonb_build_object(
            'msisdn', t.msisdn::text, 'id', t.id::text, 'claims', t.claims, 'uuid', t.uuid, 'hook', v_hook.name, 'url', v_hook.url,
            'kind', t.kind, 'body', t.body, 'keys', v_keys)
        ORDER BY t.was_due, t.msisdn, t.id)
    INTO v_taken
    FROM taken AS t;
    RETURN coalesce(v_taken, '[]');
END
$$;

-- The keys that sign now, newest first, in base64; NULL when there are none.
CREATE OR REPLACE FUNCTION hall_private.valid_keys(p_hook text) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT jsonb_agg(replace(encode(k.secret, 'base64'), E'\n', '') ORDER BY k.number DESC)
        FROM hall.hook_key AS k
        WHERE k.hook = p_hook AND k.since <= hall.now() AND (k.until > hall.now()) IS NOT FALSE);
END
$$;

-- --- how it ended ------------------------------------------------------------------------------------------------------------

-- The pause after a try that failed; NULL: it was the last. Up to a tenth longer than hall.event_pause says, by a hash, so that what failed
-- together does not come again together.
CREATE OR REPLACE FUNCTION hall_private.pause_after(p_event hall.event, p_try int) RETURNS interval
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT p.pause * (1 + 0.1 * (hashint8(p_event.msisdn + p_event.id * 1000 + p_try) & 1023) / 1024)
        FROM hall.event_pause AS p
        WHERE p.try = p_try);
END
$$;

-- Notes how a try ended: p_status is HTTP's, 0 when no answer came. 2xx: delivered. 410: the hook is gone, and with it what waits for it
-- (when that is very much, the rest goes with forget_events). Anything else: once more after a pause, or dead after the last one. When the
-- event is not as claimed with p_claims any more, only a success changes anything. Answers the state it has now, `unknown` when there is
-- no such event.
-- What becomes of a work order's event is the order's next state (58_order.sql).
-- Locks the event; before it the conversation for a work order's, and the hook for a 410.
CREATE OR REPLACE FUNCTION hall.settle_event(p_msisdn bigint, p_id bigint, p_claims int, p_status int, p_reason text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_event hall.event;
    v_state hall.event_state;
BEGIN
    SELECT * INTO v_event FROM hall.event AS e WHERE e.msisdn = p_msisdn AND e.id = p_id;
    IF NOT FOUND THEN
        RETURN 'unknown';
    END IF;
    IF v_event.kind LIKE 'order.%' THEN
        PERFORM hall_private.hold_conversation(p_msisdn);
    END IF;
    IF p_status = 410 THEN
        PERFORM FROM hall.hook AS h WHERE h.name = v_event.hook FOR NO KEY UPDATE;
    END IF;
    SELECT * INTO v_event FROM hall.event AS e WHERE e.msisdn = p_msisdn AND e.id = p_id FOR NO KEY UPDATE;
    IF v_event.state = 'delivered' OR (p_status BETWEEN 200 AND 299) IS NOT TRUE AND NOT (v_event.is_taken AND v_event.claims = p_claims) THEN
        RETURN v_event.state;
    END IF;

    v_state := hall_private.end_try(v_event, p_status, left(p_reason, 500));
    IF v_state = 'gone' THEN
        UPDATE hall.hook AS h SET gone_at = hall.now() WHERE h.name = v_event.hook AND h.gone_at IS NULL;
        PERFORM hall_private.give_up_events(v_event.hook, 500);
    END IF;
    PERFORM hall_private.follow_order(v_event, v_state);
    RETURN v_state;
END
$$;

-- Writes the end of a try, and lets those behind the event wait for its pause, or no longer for it. Answers the event's new state.
CREATE OR REPLACE FUNCTION hall_private.end_try(p_event hall.event, p_status int, p_reason text) RETURNS hall.event_state
LANGUAGE plpgsql AS $$
DECLARE
    v_now   timestamptz := hall.now();
    v_pause interval := hall_private.pause_after(p_event, p_event.tries + 1);
    v_state hall.event_state := CASE
        WHEN p_status BETWEEN 200 AND 299 THEN 'delivered'
        WHEN p_status = 410 THEN 'gone'
        WHEN v_pause IS NULL THEN 'dead'
        ELSE 'waiting'
    END;
BEGIN
    UPDATE hall.event AS e
    SET state = v_state,
        is_taken = false,
        claim_after = CASE v_state WHEN 'waiting' THEN v_now + v_pause END,
        settled_at = v_now,
        tries = e.tries + 1,
        status = p_status,
        reason = CASE WHEN v_state <> 'delivered' THEN p_reason END
    WHERE e.msisdn = p_event.msisdn AND e.id = p_event.id;
    UPDATE hall.event AS e
    SET claim_after = CASE v_state WHEN 'waiting' THEN v_now + v_pause ELSE v_now END
    WHERE e.msisdn = p_event.msisdn AND e.stream = p_event.stream AND e.id > p_event.id
      AND e.claim_after IS NOT NULL AND e.tries = 0 AND NOT e.is_taken
      AND (v_state = 'waiting' OR e.claim_after > v_now);
    RETURN v_state;
END
$$;

-- What waits for a hook that is gone is gone too, up to p_most of it. Answers how many. Passes by what others hold, so that it may be
-- called whatever is locked.
CREATE OR REPLACE FUNCTION hall_private.give_up_events(p_hook text, p_most int) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
    v_event hall.event;
    v_done  int := 0;
BEGIN
    FOR v_event IN
        SELECT *
        FROM hall.event AS e
        WHERE e.hook = p_hook AND e.claim_after IS NOT NULL
        ORDER BY e.claim_after, e.msisdn, e.id
        LIMIT p_most
        FOR NO KEY UPDATE SKIP LOCKED
    LOOP
        CONTINUE WHEN v_event.kind LIKE 'order.%' AND NOT hall_private.take_conversation(v_event.msisdn);
        UPDATE hall.event AS e
        SET state = 'gone', is_taken = false, claim_after = NULL, settled_at = hall.now(), reason = 'the hook is gone'
        WHERE e.msisdn = v_event.msisdn AND e.id = v_event.id;
        PERFORM hall_private.follow_order(v_event, 'gone');
        v_done := v_done + 1;
    END LOOP;
    RETURN v_done;
END
$$;

-- Lets go of up to p_most events: those that wait for a hook that is gone are gone, and those that were delivered, or gone, longer ago
-- than the setting events_kept_days are deleted. Answers how many.
CREATE OR REPLACE FUNCTION hall_private.forget_events(p_most int) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
    v_since   timestamptz := hall.now() - make_interval(days => hall_private.setting('events_kept_days')::int);
    v_hook    text;
    v_gone    int := 0;
    v_deleted int;
BEGIN
    FOR v_hook IN SELECT h.name FROM hall.hook AS h WHERE h.gone_at IS NOT NULL LOOP
        v_gone := v_gone + hall_private.give_up_events(v_hook, p_most - v_gone);
    END LOOP;
    WITH old AS (
        SELECT e.msisdn, e.id
        FROM hall.event AS e
        WHERE e.state IN ('delivered', 'gone') AND e.settled_at < v_since
        ORDER BY e.settled_at
        LIMIT p_most - v_gone
        FOR UPDATE SKIP LOCKED
    )
    DELETE FROM hall.event AS e
    USING old AS o
    WHERE e.msisdn = o.msisdn AND e.id = o.id;
    GET DIAGNOSTICS v_deleted = ROW_COUNT;
    RETURN v_gone + v_deleted;
END
$$;

-- --- operators ---------------------------------------------------------------------------------------------------------------

-- An address that is told. A gone one that gets an address is there again. Answers whether it was new; it is told nothing before it has a
-- key (hall.rotate_hook_key).
CREATE OR REPLACE FUNCTION hall.put_hook(p_name text, p_url text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_is_new boolean;
BEGIN
    INSERT INTO hall.hook AS h (name, url)
    VALUES (p_name, p_url)
    ON CONFLICT ON CONSTRAINT hook_pkey DO UPDATE
    SET url = excluded.url,
        gone_at = NULL
    RETURNING h.xmax = 0 INTO v_is_new;
    RETURN v_is_new;
END
$$;

-- Who is told of a provider's services; NULL: nobody. Answers whether there is such a provider.
CREATE OR REPLACE FUNCTION hall.set_provider_hook(p_provider text, p_hook text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE hall.provider AS p SET hook = p_hook WHERE p.name = p_provider;
    RETURN FOUND;
END
$$;

-- A new key for a hook, also its first; those before it sign for p_overlap longer, beside it. Answers the key as Standard Webhooks writes
-- it, whsec_<base64>; nobody is told it again. Locks the hook.
--
-- It is SHA-256 over four random UUIDs: of each, 122 bits come from the operating system's source of randomness.
CREATE OR REPLACE FUNCTION hall.rotate_hook_key(p_hook text, p_overlap interval DEFAULT '24 hours') RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_now    timestamptz := hall.now();
    v_secret bytea := sha256(
        uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
BEGIN
    IF p_overlap < '0' THEN
        RAISE EXCEPTION 'a key cannot overlap for %', p_overlap USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM FROM hall.hook AS h WHERE h.name = p_hook FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no hook "%"', p_hook USING ERRCODE = 'no_data_found';
    END IF;
    UPDATE hall.hook_key AS k
    SET until = v_now + p_overlap
    WHERE k.hook = p_hook AND (k.until <= v_now + p_overlap) IS NOT TRUE;
    INSERT INTO hall.hook_key (hook, number, secret, since)
    SELECT p_hook, coalesce(max(k.number), 0) + 1, v_secret, v_now
    FROM hall.hook_key AS k
    WHERE k.hook = p_hook;
    RETURN 'whsec_' || encode(v_secret, 'base64');
END
$$;

-- All hooks: how many keys sign now, how many events wait and since when, and how many are aside (dead or gone).
CREATE OR REPLACE FUNCTION hall.list_hooks()
RETURNS TABLE (hook text, url text, gone_at timestamptz, keys int, waiting bigint, waiting_since timestamptz, dead bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT h.name, h.url, h.gone_at,
        coalesce(jsonb_array_length(hall_private.valid_keys(h.name)), 0),
        w.events, w.since,
        (SELECT count(*) FROM hall.event AS e WHERE e.hook = h.name AND e.state IN ('dead', 'gone'))
    FROM hall.hook AS h
    CROSS JOIN LATERAL (
        SELECT count(*) AS events, min(e.at) AS since
        FROM hall.event AS e
        WHERE e.hook = h.name AND e.claim_after IS NOT NULL
    ) AS w
    ORDER BY h.name;
END;

-- The events that a hook (NULL: any) was never told, since p_since, latest last.
CREATE OR REPLACE FUNCTION hall.dead_events(p_hook text DEFAULT NULL, p_since timestamptz DEFAULT NULL, p_most int DEFAULT 1000)
RETURNS TABLE (
    msisdn bigint, id bigint, uuid uuid, hook text, at timestamptz, state text, kind text, stream text, tries int, status int, reason text,
    data jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT l.msisdn, l.id, l.uuid, l.hook, l.at, l.state::text, l.kind, l.stream, l.tries, l.status, l.reason, l.data - 'token'
    FROM (
        SELECT e.*
        FROM hall.hook AS h
        JOIN hall.event AS e ON e.hook = h.name
        WHERE e.state IN ('dead', 'gone')
          AND (p_hook IS NULL OR h.name = p_hook)
          AND (p_since IS NULL OR e.at >= p_since)
        ORDER BY e.at DESC, e.id DESC
        LIMIT p_most
    ) AS l
    ORDER BY l.at, l.id;
END;

-- Sends a dead or gone event again, with all its tries before it, ahead of what waits in its stream. Answers whether there was such a one.
-- A work order's is not sent again when it would mislead: its opening, which has failed with it, or what is not the last word on the service.
-- Locks the event.
CREATE OR REPLACE FUNCTION hall.resend_event(p_msisdn bigint, p_id bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_now   timestamptz := hall.now();
    v_event hall.event;
BEGIN
    SELECT * INTO v_event
    FROM hall.event AS e
    WHERE e.msisdn = p_msisdn AND e.id = p_id AND e.state IN ('dead', 'gone')
    FOR NO KEY UPDATE;
    IF NOT FOUND OR v_event.kind = 'order.open' OR v_event.kind = 'order.close' AND EXISTS (
        SELECT FROM hall.event AS e WHERE e.msisdn = p_msisdn AND e.stream = v_event.stream AND e.id > p_id)
    THEN
        RETURN false;
    END IF;
    IF EXISTS (SELECT FROM hall.hook AS h WHERE h.name = v_event.hook AND h.gone_at IS NOT NULL) THEN
        RAISE EXCEPTION 'the hook "%" is gone: it needs an address first', v_event.hook USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    UPDATE hall.event AS e
    SET state = 'waiting',
        claim_after = v_now,
        claims = hall_private.next_claim(e.claims),
        tries = 0,
        settled_at = NULL,
        status = NULL,
        reason = NULL
    WHERE e.msisdn = p_msisdn AND e.id = p_id;
    RETURN true;
END
$$;

-- All that hall.dead_events lists of a hook, as far as they may be sent again. Answers how many are.
CREATE OR REPLACE FUNCTION hall.resend_events(p_hook text, p_since timestamptz DEFAULT NULL) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT count(*) FILTER (WHERE hall.resend_event(d.msisdn, d.id))
    FROM hall.dead_events(p_hook, p_since, NULL) AS d;
END;
