-- From a command's call to its function. A call by name would be planned anew each time, so build_dispatch, which migrate runs last
-- (sql/finish.sql), writes hall_private.dispatch: one branch for each function that hall_command has. A function that was created
-- since then is found by name until the next migrate. Only names that the schema has are ever called.

-- The function of this name takes a subscriber and args and gives outcome and fields, by these names and types. `smshall check` says
-- what is wrong with one that does not.
CREATE OR REPLACE FUNCTION hall_private.has_command(p_call text) RETURNS boolean
LANGUAGE sql STABLE
RETURN EXISTS (
    SELECT FROM pg_catalog.pg_proc AS p
    WHERE p.pronamespace = 'hall_command'::pg_catalog.regnamespace
      AND p.proname = p_call
      AND NOT p.proretset
      AND p.proargmodes = '{i,i,o,o}'
      AND p.proallargtypes = '{hall.subscriber,pg_catalog.jsonb,pg_catalog.text,pg_catalog.jsonb}'::pg_catalog.regtype[]::oid[]
      AND p.proargnames[3:4] = '{outcome,fields}');

CREATE OR REPLACE FUNCTION hall_private.dispatch_by_name(
    p_call text, p_subscriber hall.subscriber, p_args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
BEGIN
    IF NOT hall_private.has_command(p_call) THEN
        outcome := 'unavailable';
        fields := '{}';
        RETURN;
    END IF;
    EXECUTE format('SELECT c.outcome, c.fields FROM hall_command.%I($1, $2) AS c', p_call)
        INTO outcome, fields
        USING p_subscriber, p_args;
END
$$;

CREATE OR REPLACE FUNCTION hall_private.build_dispatch() RETURNS void
LANGUAGE plpgsql AS $build$
DECLARE
    v_branches text;
BEGIN
    SELECT string_agg(format($branch$
    WHEN %L THEN
        v_answer := hall_command.%I(p_subscriber, p_args);$branch$, p.proname, p.proname), '' ORDER BY p.proname)
    INTO v_branches
    FROM pg_catalog.pg_proc AS p
    WHERE p.pronamespace = 'hall_command'::regnamespace
      AND hall_private.has_command(p.proname);

    EXECUTE format($function$
CREATE OR REPLACE FUNCTION hall_private.dispatch(
    p_call text, p_subscriber hall.subscriber, p_args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    v_answer record;
BEGIN
    CASE p_call%s
    ELSE
        v_answer := hall_private.dispatch_by_name(p_call, p_subscriber, p_args);
    END CASE;
    outcome := v_answer.outcome;
    fields := v_answer.fields;
END
$$$function$, v_branches);
END
$build$;
