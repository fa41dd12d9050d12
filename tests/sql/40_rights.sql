-- The hall may call its functions and nothing else (DESIGN 2).
SELECT test.refused(format('SELECT * FROM %s', c.oid::regclass), '42501', 'smshall_hall may not read ' || c.relname, 'smshall_hall')
FROM pg_class AS c
WHERE c.relnamespace = 'hall'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND c.relname !~ '_[0-9]{4}$'
ORDER BY c.relname;
SELECT test.is(string_agg(c.relname, ' ' ORDER BY c.relname) FILTER (WHERE has_table_privilege(r.rolname, c.oid,
    'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')),
    CASE r.rolname WHEN 'smshall_operator' THEN 'brand port prefix provider reminder_kind service speed_code speed_item' END, r.rolname || ' has no right on any table but the catalogue''s')
FROM pg_class AS c, pg_roles AS r
WHERE c.relnamespace IN (SELECT oid
    FROM pg_namespace WHERE nspname ~ '^hall') AND c.relkind IN ('r', 'p', 'v') AND r.rolname ~ '^smshall_(hall|feed|operator)$'
GROUP BY r.rolname ORDER BY r.rolname;
-- What an extension brings is anybody's by itself, but nobody gets into its schema.
CREATE FUNCTION test.may(p_role text) RETURNS text
LANGUAGE sql RETURN (
    SELECT string_agg(p.proname, ' ' ORDER BY p.proname)
    FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE n.nspname ~ '^hall' AND p.proname NOT LIKE 'test\_%' AND has_function_privilege(p_role, p.oid, 'EXECUTE')
      AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = p.oid AND d.deptype = 'e'));
SELECT test.is(test.may('smshall_hall'),
    'claim_events claim_unsent delivery_report receive receive_many report_order run_due settle settle_event', 'smshall_hall may call these');
SELECT test.is(test.may('smshall_feed'),
    'announce_suspension load_allowances load_bills load_brands load_charges load_credentials load_languages load_offers load_points '
    'load_ports load_prefixes load_providers load_services load_services load_subscribers load_subscriptions load_top_ups mail_arrived '
    'post_charge put_allowance put_bill put_identity put_language put_offer put_password put_points put_port put_provider put_puk '
    'put_service put_subscriber put_subscription top_up', 'smshall_feed may call these');
SELECT test.is(test.may('smshall_operator'),
    'announce_suspension answer_complaint check_ledger check_outbox complaints consents dead_events dead_letters drop_messages_before evidence '
    'evidence_ranges export_messages junk_senders list_hooks load_allowances load_bills load_brands load_charges load_languages load_offers load_points '
    'load_ports load_prefixes load_providers load_services load_services load_subscribers load_subscriptions load_top_ups mail_arrived orders '
    'post_charge put_allowance put_bill put_hook put_language put_offer put_points put_port put_provider put_service put_subscriber '
    'put_subscription resend resend_event resend_events rotate_hook_key set_provider_hook top_up verify_evidence verify_money',
    'smshall_operator may call these');
CREATE ROLE smshall_test_nobody;
SELECT test.is(test.may('smshall_test_nobody'), NULL, 'anybody else may call none');
DROP ROLE smshall_test_nobody;
SELECT test.refused($$SELECT hall_private.post_ledger(13800138000, 100000, 'fee', 'mine')$$, '42501', 'smshall_hall may not move money',
    'smshall_hall');
SELECT test.refused($$SELECT hall.resend(13800138000, '2611-1')$$, '42501', 'smshall_hall may not resend', 'smshall_hall');
SELECT test.refused($$SELECT hall_command.balance(NULL, NULL)$$, '42501', 'smshall_hall may not run a command past receive',
    'smshall_hall');
SELECT test.refused($$CREATE TABLE hall.mine (x int)$$, '42501', 'smshall_hall may not create', 'smshall_hall');
SELECT test.refused($$SELECT hall.receive(13800138000, 'r1', '10086', 'hall', 'YE', 1, NULL, 'balance', 'balance', 'reads', 'never', '{}', NULL, 'inline')$$,
    'done', 'smshall_hall may receive', 'smshall_hall');
SELECT test.refused($$SELECT hall.claim_unsent(1, 1), hall.settle(1, '2611-1', 'sent', NULL, 1, NULL, NULL, NULL),
    hall.delivery_report(1, '2611-1', 1, NULL, NULL), hall.run_due()$$, 'done', 'smshall_hall may do the rest', 'smshall_hall');
SELECT test.is(string_agg(DISTINCT p.prosecdef || ' ' || (p.proconfig @> ARRAY['search_path=pg_catalog, pg_temp']), ','), 'true true',
    'the API is SECURITY DEFINER with a fixed search_path')
FROM pg_proc AS p WHERE p.pronamespace = 'hall'::regnamespace AND p.proname <> 'now';
SELECT test.is((SELECT string_agg(p.proname, ' ')
    FROM pg_proc AS p WHERE p.pronamespace IN ('hall_private'::regnamespace, 'hall_command'::regnamespace) AND p.prosecdef),
    'write_service_words', 'what it calls is not, but for the trigger behind the catalogue');
