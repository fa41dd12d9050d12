-- Whoever has stolen the hall's password, or makes the hall say what he wants to the store, can call its functions and do nothing else
-- (DESIGN 2). Tried as that role itself, and not by SET ROLE, from which a superuser always comes back.
SELECT test.is(string_agg(c.oid::regclass::text, ' ' ORDER BY c.oid), NULL, 'no right on any relation of the hall, partitions too')
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname ~ '^hall' AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND (has_table_privilege('smshall_hall', c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
    OR has_any_column_privilege('smshall_hall', c.oid, 'SELECT, INSERT, UPDATE, REFERENCES'));
SELECT test.is(string_agg(c.oid::regclass::text, ' '), NULL, 'none on a sequence')
FROM pg_class AS c
WHERE CASE WHEN c.relkind = 'S' AND c.relnamespace <> 'test'::regnamespace
    THEN has_sequence_privilege('smshall_hall', c.oid, 'USAGE, SELECT, UPDATE') END;
SELECT test.is(string_agg(nspname, ' '), NULL, 'it can put nothing into any schema')
FROM pg_namespace WHERE has_schema_privilege('smshall_hall', oid, 'CREATE');
SELECT test.is(string_agg(nspname, ' '), 'hall', 'it sees one schema of the hall''s')
FROM pg_namespace WHERE nspname ~ '^hall' AND has_schema_privilege('smshall_hall', oid, 'USAGE');
SELECT test.ok(NOT (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls), 'its role may nothing by itself')
FROM pg_roles WHERE rolname = 'smshall_hall';
SELECT test.is(string_agg(roleid::regrole::text, ' '), NULL, 'it is in nobody''s role')
FROM pg_auth_members WHERE member = 'smshall_hall'::regrole;
SELECT test.is(string_agg(p.oid::regprocedure::text, ' '), NULL, 'no function that acts as the owner goes by the caller''s search_path')
FROM pg_proc AS p
WHERE p.prosecdef AND NOT coalesce(p.proconfig @> ARRAY['search_path=pg_catalog, pg_temp'], false);
SELECT test.is(string_agg(p.oid::regprocedure::text, ' '), NULL, '… and none is anybody''s')
FROM pg_proc AS p
WHERE p.prosecdef AND p.proacl IS NULL AND p.pronamespace::regnamespace::text ~ '^hall';
ANALYZE hall.subscriber;

-- A database's own rights are not copied with it: finish.sql's are tried in tests/sql.sh, on the one that was migrated.
DO $$
BEGIN
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
END
$$;
GRANT USAGE ON SCHEMA test TO smshall_hall;
GRANT USAGE ON SEQUENCE test.number TO smshall_hall;
SET SESSION AUTHORIZATION smshall_hall;

SELECT test.refused(sql, '42501', 'refused: ' || sql)
FROM (VALUES
    ('SELECT * FROM hall.subscriber'),
    ('SELECT FROM hall.ledger FOR UPDATE'),
    ('INSERT INTO hall.ledger DEFAULT VALUES'),
    ('UPDATE hall.subscriber SET balance_fen = 1'),
    ('DELETE FROM hall.dialogue'),
    ('TRUNCATE hall.message'),
    ('LOCK TABLE hall.subscriber'),
    ('DROP TABLE hall.ledger'),
    ('ALTER TABLE hall.subscriber DISABLE TRIGGER ALL'),
    ('CREATE TRIGGER mine BEFORE UPDATE ON hall.subscriber FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()'),
    ('COMMENT ON TABLE hall.subscriber IS ''mine'''),
    ('CREATE TYPE hall.mine AS (x int)'),
    ('CREATE DOMAIN public.mine AS int'),
    ('CREATE TABLE public.mine (x int)'),
    ('CREATE TABLE information_schema.mine (x int)'),
    ('CREATE TEMP TABLE mine (x int)'),
    ('CREATE TEMP SEQUENCE mine'),
    ('CREATE VIEW public.mine AS SELECT 1'),
    ('CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql RETURN 1'),
    ('CREATE FUNCTION pg_temp.mine() RETURNS int LANGUAGE sql RETURN 1'),
    ('CREATE SCHEMA mine'),
    ('CREATE EXTENSION dblink'),
    ('CREATE OR REPLACE FUNCTION hall.now() RETURNS timestamptz LANGUAGE sql STABLE RETURN ''2000-01-01''::timestamptz'),
    ('ALTER FUNCTION hall.run_due() SECURITY INVOKER'),
    ('ALTER FUNCTION hall.run_due() RESET search_path'),
    ('GRANT EXECUTE ON FUNCTION hall.check_ledger() TO smshall_hall'),
    ('SELECT hall.check_ledger()'),
    ('SELECT hall_private.post_ledger(13800138000, 100000, ''fee'', ''mine'')'),
    ('SELECT hall_command.balance(NULL, NULL)'),
    ('SELECT hall.top_up(13800138000, 100, ''x'', ''y'')'),
    ('SET ROLE smshall_operator'),
    ('SET ROLE smshall_feed'),
    ('SET ROLE postgres'),
    ('ALTER ROLE smshall_hall SUPERUSER'),
    ('ALTER ROLE smshall_hall CREATEROLE'),
    ('CREATE ROLE mine'),
    ('GRANT smshall_operator TO smshall_hall'),
    ('SET session_replication_role = replica'),
    ('SET log_statement = ''all'''),
    ('SELECT pg_reload_conf()'),
    ('COPY hall.subscriber TO ''/tmp/smshall-mine'''),
    ('COPY (SELECT 1) TO PROGRAM ''id'''),
    ('SELECT pg_read_file(''/etc/passwd'')'),
    ('SELECT pg_ls_dir(''.'')'),
    ('SELECT lo_import(''/etc/passwd'')'),
    ('SELECT lo_export(1, ''/tmp/smshall-mine'')'),
    ('SELECT passwd FROM pg_shadow'),
    ('SELECT rolpassword FROM pg_authid'),
    ('SELECT stavalues1 FROM pg_statistic'),
    ('CREATE PUBLICATION mine'),
    ('CREATE EVENT TRIGGER mine ON ddl_command_start EXECUTE FUNCTION suppress_redundant_updates_trigger()'),
    ('LOAD ''/tmp/mine.so''')
) AS row (sql);
SELECT test.is((SELECT count(*)::text FROM pg_stats WHERE schemaname ~ '^hall'), '0', 'statistics show it no subscriber');

-- What it may call takes no order in disguise: names are looked up, never pasted.
RESET SESSION AUTHORIZATION;
CREATE TABLE test.before AS SELECT count(*) AS ledger FROM hall.ledger;
SET SESSION AUTHORIZATION smshall_hall;
SELECT test.refused(format('SELECT hall.receive(13800138000, %L, %L, ''hall'', %L, 1, NULL, %L, %L, ''reads'', ''never'', %L, %L, ''inline'')',
    'a' || n, port, words, command, call, args, answer), wanted, 'received as data: ' || concat_ws(' ', command, call, args, answer, words, port))
FROM (VALUES
    (1, '10086', $a$'; DROP TABLE hall.ledger; --$a$, 'balance', 'balance', '{}', NULL, 'done'),
    (2, '10086', 'x', $a$balance'; DROP TABLE hall.ledger; --$a$, 'balance', '{}', NULL, 'done'),
    (3, '10086', 'x', 'x', $a$balance(NULL, NULL); DROP TABLE hall.ledger; --$a$, '{}', NULL, 'done'),
    (4, '10086', 'x', 'x', 'hall_private.post_ledger', '{}', NULL, 'done'),
    (5, '10086', 'x', 'x', '../post_ledger', '{}', NULL, 'done'),
    (6, '10086', 'x', 'bill', 'bill', $a${"month": "201211'; DROP TABLE hall.ledger; --"}$a$, NULL, 'done'),
    (7, '10086', 'x', 'bill', 'bill', '[1]', NULL, 'done'),
    (8, '10086', 'x', 'open', 'open', $a${"service": "CL' OR fee_fen > 0 --"}$a$, NULL, 'done'),
    (9, $a$10086'; --$a$, 'x', 'balance', 'balance', '{}', NULL, 'done'),
    (10, '10086', 'x', NULL, NULL, '{}', $a$yes'; --$a$, 'done')
) AS row (n, port, words, command, call, args, answer, wanted);
RESET SESSION AUTHORIZATION;
SELECT test.is(string_agg(outcome, ' '), 'unavailable unavailable unavailable', 'a call that is no command''s is none')
FROM hall.reply WHERE command = 'x';
SELECT test.is((SELECT count(*) FROM hall.ledger)::text, ledger::text, 'no money moved by all that')
FROM test.before;

-- Were it given tables of its own after all: nothing of the caller's is taken for ours.
DO $$
BEGIN
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO smshall_hall', current_database());
END
$$;
SET SESSION AUTHORIZATION smshall_hall;
CREATE TEMP TABLE subscriber (msisdn bigint);
CREATE TEMP TABLE message (msisdn bigint);
CREATE FUNCTION pg_temp.trap(a bigint, b bigint) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
CREATE OPERATOR pg_temp.= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = pg_temp.trap);
CREATE FUNCTION pg_temp.trap(a text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
CREATE FUNCTION pg_temp.lower(a text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
SET search_path = pg_temp, pg_catalog;
SELECT test.refused($$SELECT 1::bigint OPERATOR(pg_temp.=) 1::bigint$$, 'P0001', 'the trap works');
SELECT test.refused($$SELECT hall.receive(13800138000, 't1', '10086', 'hall', 'YE', 1, NULL, 'balance', 'balance', 'reads', 'never', '{}', NULL, 'inline')$$,
    'done', 'nothing temporary stands before ours: receive');
SELECT test.refused($$SELECT hall.claim_unsent(1, 1), hall.settle(1, '2611-1', 'sent', NULL, 1, NULL, NULL, NULL),
    hall.delivery_report(1, '2611-1', 1, NULL, NULL), hall.run_due(), hall.claim_events(1, 1)$$, 'done', '… and all the others');
RESET search_path;
RESET SESSION AUTHORIZATION;
