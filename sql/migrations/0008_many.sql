-- Messages that come together are taken together (hall.receive_many). New parameters are new functions; the old ones go.
DROP FUNCTION IF EXISTS
    hall_private.act(hall.message, text, text, text, text, jsonb, text),
    hall_private.answer_neighbour(bigint, text, timestamp),
    hall_private.with_window(jsonb, timestamptz);
