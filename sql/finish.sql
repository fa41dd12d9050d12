-- What every migrate ends with, when all functions are there: the road from commands to functions, months ahead, and rights.
SELECT hall_private.build_dispatch();
SELECT hall_private.partitions_ahead();

-- Who may do what. smshall_hall is the daemon: it may call these functions, and nothing else. smshall_feed is the billing
-- system's, smshall_operator the operators'. Nobody but the owner has rights on tables, but for the catalogue's. Roles belong to the
-- whole cluster, so they may be there already.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'smshall_hall') THEN
        CREATE ROLE smshall_hall LOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'smshall_feed') THEN
        CREATE ROLE smshall_feed NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'smshall_operator') THEN
        CREATE ROLE smshall_operator NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL; -- another database of this cluster is migrated at this moment and made it
END
$$;

-- The daemon's plans are kept for a session and are to be right when tables that were empty have grown: they go by keys, and do not
-- depend on the values they were first made with. As settings of the role they cost nothing at a call; as SET clauses of the functions
-- they took a tenth of hall.receive's time.
--
-- A row that somebody holds for long refuses the one call that wants it, which comes again, and does not silence a lane, which would
-- give up its connection; and a daemon that is gone leaves nobody behind who works for it.
DO $$
DECLARE
    v_setting text;
BEGIN
    FOREACH v_setting IN ARRAY '{
        enable_seqscan = off, jit = off, plan_cache_mode = force_generic_plan,
        lock_timeout = ''1500ms'', statement_timeout = ''4s'', client_connection_check_interval = ''1s''}'::text[]
    LOOP
        EXECUTE format('ALTER ROLE smshall_hall IN DATABASE %I SET %s', current_database(), v_setting);
    END LOOP;
END
$$;

-- PostgreSQL gives everybody tables of his own for the time of a session; nobody here needs them.
DO $$
BEGIN
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
END
$$;

REVOKE ALL ON SCHEMA hall, hall_private, hall_command FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA hall FROM PUBLIC, smshall_hall, smshall_feed, smshall_operator;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA hall, hall_private, hall_command FROM PUBLIC, smshall_hall, smshall_feed, smshall_operator;
GRANT USAGE ON SCHEMA hall TO smshall_hall, smshall_feed, smshall_operator;

GRANT EXECUTE ON FUNCTION
    hall.receive(bigint, text, text, text, text, bigint, bigint, text, text, text, text, jsonb, text, text),
    hall.receive_many(bigint[], text[], text[], text[], text[], bigint[], bigint[], text[], text[], text[], text[], jsonb[], text[], text[]),
    hall.settle(bigint, text, text, text, int, text, int, int),
    hall.delivery_report(bigint, text, int, text, bigint),
    hall.claim_unsent(int, int),
    hall.claim_events(int, int),
    hall.settle_event(bigint, bigint, int, int, text),
    hall.report_order(bigint, int, text, text, text),
    hall.run_due()
TO smshall_hall;

GRANT EXECUTE ON FUNCTION
    hall.put_subscriber(bigint, text, text, text, bigint, boolean),
    hall.top_up(bigint, bigint, text, text),
    hall.post_charge(bigint, bigint, text, text, text),
    hall.put_bill(bigint, date, jsonb),
    hall.put_allowance(bigint, text, bigint, bigint),
    hall.put_points(bigint, bigint),
    hall.put_subscription(bigint, text, timestamptz, timestamptz),
    hall.put_provider(text, text, text),
    hall.put_port(text, text),
    hall.put_service(text, text, text[], bigint, text, text, text, text[], text, text[], interval, int, text, boolean, text, interval, text,
        text),
    hall.load_services(text),
    hall.load_subscribers(text[], text[], text[], text[], text[], text[]),
    hall.load_top_ups(text[], text[], text[], text[]),
    hall.load_charges(text[], text[], text[], text[], text[]),
    hall.load_bills(text[], text[], text[]),
    hall.load_allowances(text[], text[], text[], text[]),
    hall.load_points(text[], text[]),
    hall.load_subscriptions(text[], text[], text[], text[]),
    hall.load_offers(text[], text[], text[], text[]),
    hall.load_languages(text[], text[]),
    hall.load_services(text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[],
        text[], text[], text[]),
    hall.load_providers(text[], text[], text[]),
    hall.load_ports(text[], text[]),
    hall.load_prefixes(text[], text[], text[], text[]),
    hall.load_brands(text[], text[], text[], text[], text[]),
    hall.put_language(bigint, text),
    hall.mail_arrived(bigint, text, text, text),
    hall.announce_suspension(bigint, text, timestamptz, bigint),
    hall.put_offer(bigint, text, text, timestamptz)
TO smshall_feed, smshall_operator;

GRANT EXECUTE ON FUNCTION
    hall.dead_letters(timestamptz, bigint, int),
    hall.resend(bigint, text),
    hall.check_ledger(),
    hall.check_outbox(),
    hall.evidence(bigint, text),
    hall.consents(bigint, text),
    hall.verify_evidence(bigint, bigint),
    hall.evidence_ranges(int),
    hall.verify_money(bigint, bigint),
    hall.drop_messages_before(date),
    hall.put_hook(text, text),
    hall.set_provider_hook(text, text),
    hall.rotate_hook_key(text, interval),
    hall.list_hooks(),
    hall.dead_events(text, timestamptz, int),
    hall.resend_event(bigint, bigint),
    hall.resend_events(text, timestamptz),
    hall.orders(bigint),
    hall.complaints(boolean),
    hall.answer_complaint(bigint, text),
    hall.junk_senders(timestamptz),
    hall.export_messages(timestamptz, timestamptz, bigint)
TO smshall_operator;

-- Secrets are the feed's alone.
GRANT EXECUTE ON FUNCTION
    hall.put_password(bigint, int, bytea),
    hall.put_identity(bigint, int, bytea, bytea[]),
    hall.put_puk(bigint, text),
    hall.load_credentials(text[], text[], text[], text[], text[], text[])
TO smshall_feed;

-- The catalogue is theirs: adding a service is one INSERT.
GRANT SELECT, INSERT, UPDATE ON hall.service, hall.provider, hall.port TO smshall_operator;

-- Brands, prefixes and speed codes are theirs too; what they take away does not come back.
GRANT SELECT, INSERT, UPDATE, DELETE ON hall.brand, hall.prefix, hall.speed_code, hall.speed_item TO smshall_operator;
-- So is what may be switched off, and what is quiet.
GRANT SELECT, UPDATE ON hall.reminder_kind TO smshall_operator;
