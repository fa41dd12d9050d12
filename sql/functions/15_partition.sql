-- Makes one month's partition of hall.message or hall.reply. Rows of that month that came into the default partition before, by a clock
-- that was wrong or because nobody made the month in time, move with it; when they are too many to be moved while everybody waits, the
-- month stays where it is, and a warning says so.
CREATE OR REPLACE FUNCTION hall_private.make_partition(p_table text, p_name text, p_month date) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    c_most  CONSTANT int := 10000; -- well below a second
    v_other text := p_table || '_other';
    v_found int;
BEGIN
    EXECUTE format('SELECT count(*) FROM (SELECT FROM hall.%I WHERE month = $1 LIMIT $2) AS o', v_other)
        INTO v_found
        USING p_month, c_most + 1;
    IF v_found > c_most THEN
        RAISE WARNING 'hall.% keeps the % of %: they are too many to be moved to a partition of their own', v_other, p_table, p_month;
        RETURN false;
    END IF;
    EXECUTE format('LOCK TABLE ONLY hall.%I, ONLY hall.%I IN ACCESS EXCLUSIVE MODE', p_table, v_other);
    EXECUTE format('CREATE TABLE hall.%I (LIKE hall.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', p_name, p_table);
    EXECUTE format('WITH moved AS (DELETE FROM hall.%I WHERE month = $1 RETURNING *) INSERT INTO hall.%I SELECT * FROM moved',
            v_other, p_name)
        USING p_month;
    EXECUTE format('ALTER TABLE hall.%I ATTACH PARTITION hall.%I FOR VALUES IN (%L)', p_table, p_name, p_month);
    RETURN true;
END
$$;

-- Makes the months' partitions of messages and replies: this month and the next two. Cheap when they are there. Everybody else waits
-- for as long as it waits for its locks, so it leaves the rest for the next time when somebody (a backup) has the table for longer.
CREATE OR REPLACE FUNCTION hall_private.partitions_ahead() RETURNS int
LANGUAGE plpgsql SET lock_timeout = '500ms' AS $$
DECLARE
    v_month date;
    v_table text;
    v_name  text;
    v_made  int := 0;
BEGIN
    FOR v_month IN
        SELECT (hall_private.month_of(hall.now()) + make_interval(months => ahead))::date FROM generate_series(0, 2) AS ahead
    LOOP
        FOREACH v_table IN ARRAY ARRAY['message', 'reply'] LOOP
            v_name := v_table || to_char(v_month, '_YYMM');
            CONTINUE WHEN to_regclass('hall.' || v_name) IS NOT NULL;
            BEGIN
                v_made := v_made + hall_private.make_partition(v_table, v_name, v_month)::int;
            EXCEPTION WHEN lock_not_available THEN
                RETURN v_made;
            END;
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
          AND right(c.relname, 4) < to_char(date_trunc('month', p_day), 'YYMM') -- as text: any table's name may come by here (pg_toast_1255)
    LOOP
        EXECUTE format('DROP TABLE hall.%I', v_name);
        v_dropped := v_dropped + 1;
    END LOOP;
    DELETE FROM hall.message_other WHERE month + interval '1 month' <= p_day;
    DELETE FROM hall.reply_other WHERE month + interval '1 month' <= p_day;
    RETURN v_dropped;
END
$$;
