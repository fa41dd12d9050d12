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
