-- A command of the tests that moves money: one fen for each message, so that a message acted on twice shows in the ledger.
CREATE OR REPLACE FUNCTION hall_command.test_charge(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hall_private.post_ledger(subscriber.msisdn, -1, 'test', NULL);
    outcome := 'ok';
    fields := pg_catalog.jsonb_build_object('n', args ->> 'n');
END
$$;

-- One that always fails: a poisoned message.
CREATE OR REPLACE FUNCTION hall_command.test_poison(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'poison';
END
$$;

-- A reply longer than Kannel's max-messages: it goes as several messages (D1).
CREATE OR REPLACE FUNCTION hall_command.test_long(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
BEGIN
    outcome := 'ok';
    fields := pg_catalog.jsonb_build_object('words', pg_catalog.repeat('尊敬的客户您好😀', 100) || '完');
END
$$;
