-- Speed codes (1008638, 100865 …): texts that were numbers to call, and ports. What each leads to is data (hall.speed_code, hall.speed_item):
-- with one item that command is run at once, with several the subscriber is given a list and answers it by number.

-- What runs in the place of the code when this item is meant.
CREATE OR REPLACE FUNCTION hall_private.run_of(p_item hall.speed_item) RETURNS jsonb
LANGUAGE sql IMMUTABLE
RETURN pg_catalog.jsonb_build_object('run', pg_catalog.jsonb_build_object(
    'command', p_item.command, 'call', p_item.call, 'effect', p_item.effect, 'confirm', p_item.confirm, 'args', p_item.args));

-- The code args.code, or the number that answers its list. outcome NULL: fields.run is what happens.
-- menu {title, items: [{serial, label}], window} | wrong {wrong, last} | no_code {code}
CREATE OR REPLACE FUNCTION hall_command.speed(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_code    hall.speed_code;
    v_options jsonb;
    v_answer  record;
BEGIN
    IF args ? 'dialogue' THEN
        v_answer := hall_private.chosen_line(args -> 'dialogue');
        outcome := CASE WHEN v_answer.chosen IS NULL THEN 'wrong' END;
        fields := coalesce(v_answer.fields, jsonb_build_object('run', v_answer.chosen -> 'run'));
        RETURN;
    END IF;
    SELECT * INTO v_code FROM hall.speed_code AS c WHERE c.code = args ->> 'code';
    SELECT jsonb_agg(hall_private.run_of(i) || jsonb_build_object('name', i.label, 'how', i.code) ORDER BY i.serial) INTO v_options
    FROM hall.speed_item AS i
    WHERE i.code = v_code.code;

    IF v_options IS NULL THEN
        outcome := 'no_code';
        fields := jsonb_build_object('code', args -> 'code');
    ELSIF jsonb_array_length(v_options) = 1 THEN
        fields := jsonb_build_object('run', v_options #> '{0,run}');
    ELSE
        v_answer := hall_private.choose(v_options, jsonb_build_object('title', v_code.title));
        outcome := 'menu';
        fields := v_answer.fields;
    END IF;
END
$$;

-- A command of words alone, which an item may lead to. ok {}
CREATE OR REPLACE FUNCTION hall_command.how(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb)
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    outcome := 'ok';
    fields := '{}';
END
$$;
