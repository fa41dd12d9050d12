-- Makes the months' partitions of messages and replies: this month and the next two. Cheap when they are there.
-- A month whose rows are in the default partition already stays there.
CREATE OR REPLACE FUNCTION hall_private.partitions_ahead() RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
    v_month date;
    v_table text;
    v_name  text;
    v_taken boolean;
    v_made  int := 0;
BEGIN
    FOR v_month IN
        SELECT (hall_private.month_of(hall.now()) + make_interval(months => ahead))::date FROM generate_series(0, 2) AS ahead
    LOOP
        FOREACH v_table IN ARRAY ARRAY['message', 'reply'] LOOP
            v_name := v_table || to_char(v_month, '_YYMM');
            CONTINUE WHEN to_regclass('hall.' || v_name) IS NOT NULL;
            EXECUTE format('SELECT EXISTS (SELECT FROM hall.%I WHERE month = $1)', v_table || '_other') INTO v_taken USING v_month;
            CONTINUE WHEN v_taken;
            EXECUTE format('CREATE TABLE hall.%I PARTITION OF hall.%I FOR VALUES IN (%L)', v_name, v_table, v_month);
            v_made := v_made + 1;
        END LOOP;
    END LOOP;
    RETURN v_made;
END
$$;

-- Drops the months of messages and replies that end before p_day; answers how many tables went. Refuses what is evidence still:
-- younger than the setting months_kept, and never younger than five months (rules A8).
CREATE OR REPLACE FUNCTION hall.drop_messages_before(p_day date) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_keep    int := greatest(5, hall_private.setting('months_kept'));
    v_first   date := hall_private.month_of(hall.now()) - make_interval(months => v_keep);
    v_name    text;
    v_dropped int := 0;
BEGIN
    IF p_day > v_first THEN
        RAISE EXCEPTION 'messages from % on are evidence and stay', v_first USING ERRCODE = 'check_violation';
    END IF;
    FOR v_name IN
        SELECT c.relname
        FROM pg_inherits AS i
        JOIN pg_class AS c ON c.oid = i.inhrelid
        WHERE i.inhparent IN ('hall.message'::regclass, 'hall.reply'::regclass)
          AND c.relname ~ '_[0-9]{4}$'
          AND to_date(right(c.relname, 4), 'YYMM') + interval '1 month' <= p_day
    LOOP
        EXECUTE format('DROP TABLE hall.%I', v_name);
        v_dropped := v_dropped + 1;
    END LOOP;
    DELETE FROM hall.message_other WHERE month + interval '1 month' <= p_day;
    DELETE FROM hall.reply_other WHERE month + interval '1 month' <= p_day;
    RETURN v_dropped;
END
$$;
