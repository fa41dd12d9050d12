-- Both ends of a run, held against each other: what the phones sent and got, what the hall said 200 to, and what the store has of it. psql
-- variables: first, last (MSISDNs), plant (a statement that spoils the copies below, or nothing); in the folder it runs in: the files
-- sent (MSISDN N taken|unsure), got (MSISDN PLACE N) and answered (a gateway's id a line); of Kannel's access log received (ID MSISDN
-- SECONDS) and handed (MSISDN MT ID SECONDS: what the SMSC took, the id is that of one sendsms); of the hall's log noted (the last digits of
-- the MSISDN|MT|STATE|TIME|REASON); faults (kill|stop|died PART SINCE UNTIL). Prints `NAME COUNT` lines. The times of Kannel's access log
-- are when bearerbox took a message, not when it passed it on; a part was killed some time between SINCE and UNTIL, when it ran again.
--
-- A reply may come twice for two reasons of ours, and each that did is held against the faults:
--   want of a note      Kannel has said yes, the hall died before the store had noted it: a kill of the hall right then, or while the store
--                       was away
--   want of an answer   Kannel took it, and its yes never reached the hall: a kill or stop of one of its boxes at that moment
-- Kannel itself sends again what bearerbox did not see acknowledged before it died, with the same id of its own (kannel.md §3).
\set ON_ERROR_STOP on
SET client_min_messages = warning;
BEGIN;
CREATE TEMP TABLE sent (msisdn bigint, n int, how text) ON COMMIT DROP;
CREATE TEMP TABLE got (msisdn bigint, place int, n int) ON COMMIT DROP;
CREATE TEMP TABLE answered (id text) ON COMMIT DROP;
\copy sent FROM sent WITH (DELIMITER ' ')
\copy got FROM got WITH (DELIMITER ' ')
\copy answered FROM answered
CREATE TEMP TABLE received (id text, msisdn bigint, at float8) ON COMMIT DROP;
CREATE TEMP TABLE handed (msisdn bigint, mt text, id text, at float8) ON COMMIT DROP;
CREATE TEMP TABLE noted (place serial, digits int, mt text, state text, time timestamptz, reason text) ON COMMIT DROP;
CREATE TEMP TABLE fault (how text, part text, since float8, until float8) ON COMMIT DROP;
\copy received FROM received WITH (DELIMITER ' ')
\copy handed FROM handed WITH (DELIMITER ' ')
\copy noted (digits, mt, state, time, reason) FROM noted WITH (DELIMITER '|')
\copy fault FROM faults WITH (DELIMITER ' ')
CREATE TEMP TABLE kept ON COMMIT DROP AS
SELECT m.msisdn, m.number, substr(m.text, 5)::int AS n, r.state::text, hall_private.mt(r.month, r.number, r.part) AS mt
FROM hall.message AS m
LEFT JOIN hall.reply AS r USING (msisdn, month, number)
WHERE m.msisdn BETWEEN :first AND :last AND m.text LIKE 'TEST%';
CREATE TEMP TABLE charge ON COMMIT DROP AS
SELECT l.msisdn, l.number FROM hall.ledger AS l WHERE l.msisdn BETWEEN :first AND :last AND l.kind = 'test';
:plant;
CREATE TEMP TABLE stored ON COMMIT DROP AS SELECT DISTINCT k.msisdn, k.n FROM kept AS k;
CREATE TEMP TABLE arrived ON COMMIT DROP AS
SELECT g.msisdn, g.n, count(*) AS times, min(g.place) AS place FROM got AS g GROUP BY g.msisdn, g.n;
ANALYZE sent, answered, received, handed, noted, fault, kept, charge, stored, arrived;

WITH effects AS (
         SELECT s.msisdn, coalesce(t.count, 0) AS texts, coalesce(c.count, 0) AS charges
         FROM generate_series(:first, :last) AS s (msisdn)
         LEFT JOIN (SELECT msisdn, count(*) FROM stored GROUP BY msisdn) AS t USING (msisdn)
         LEFT JOIN (SELECT msisdn, count(*) FROM charge GROUP BY msisdn) AS c USING (msisdn)),
     lost AS (
         SELECT r.id, coalesce((SELECT f.part FROM fault AS f
                                WHERE f.how <> 'stop' AND f.part IN ('smsbox', 'bearerbox') AND f.until >= r.at
                                ORDER BY f.since
                                LIMIT 1), 'neither') AS part
         FROM (SELECT DISTINCT id, msisdn, at FROM received) AS r
         WHERE r.msisdn BETWEEN :first AND :last
           AND NOT EXISTS (SELECT FROM hall.message AS m WHERE m.msisdn = r.msisdn AND m.gateway_id = r.id)),
     -- each time that the hall gave a reply to Kannel after the first: when it was given before, and again
     handed_again AS (
         SELECT * FROM (
             SELECT h.msisdn, h.mt, min(h.at) AS again, lag(min(h.at)) OVER (PARTITION BY h.msisdn, h.mt ORDER BY min(h.at)) AS first
             FROM handed AS h
             WHERE h.msisdn BETWEEN :first AND :last
             GROUP BY h.msisdn, h.mt, h.id) AS h
         WHERE first IS NOT NULL),
     unsure AS (
         SELECT h.msisdn, h.mt, n.time
         FROM handed_again AS h
         JOIN noted AS n ON n.mt = h.mt AND n.digits = h.msisdn % 10000
         WHERE n.state = 'unsent' AND n.reason LIKE 'sendsms: %'),
     cause AS (
         SELECT h.*,
                EXISTS (SELECT FROM unsure AS u
                        JOIN fault AS f ON f.part IN ('smsbox', 'bearerbox')
                                       AND extract(epoch FROM u.time) BETWEEN f.since - 1 AND f.until + 20
                        WHERE u.msisdn = h.msisdn AND u.mt = h.mt) AS no_answer,
                EXISTS (SELECT FROM fault AS f
                        WHERE f.how = 'kill' AND f.part = 'hall' AND f.since < h.again + 1
                          AND (h.first BETWEEN f.since - 2 AND f.until
                               OR EXISTS (SELECT FROM fault AS g
                                          WHERE g.part IN ('postgres', 'backend') AND g.since <= f.since AND g.until >= h.first - 1
                                            AND h.first <= f.since))) AS no_note
         FROM handed_again AS h),
     by_kannel AS (
         SELECT greatest(0, a.times - greatest(1, count(DISTINCT h.id))) AS times,
                EXISTS (SELECT FROM fault AS f
                        WHERE f.part = 'bearerbox' AND f.since BETWEEN min(h.at) - 3 AND max(h.at) + 300) AS no_acknowledgement
         FROM arrived AS a
         LEFT JOIN kept AS k USING (msisdn, n)
         LEFT JOIN handed AS h USING (msisdn, mt)
         GROUP BY a.msisdn, a.n, a.times),
     -- by the hall's log; the store's sent_at is that of the note, which may have had to be written again
     given AS (
         SELECT min(n.place) AS place, lag(min(n.place)) OVER (PARTITION BY k.msisdn ORDER BY k.number) AS before
         FROM kept AS k
         JOIN noted AS n ON n.mt = k.mt AND n.digits = k.msisdn % 10000
         WHERE n.state = 'sent'
         GROUP BY k.msisdn, k.number),
     seen AS (SELECT k.number, a.place, lag(a.place) OVER (PARTITION BY k.msisdn ORDER BY k.number) AS before
              FROM kept AS k JOIN arrived AS a USING (msisdn, n))
SELECT name || ' ' || count
FROM (VALUES
    (1, 'sent', (SELECT count(*) FROM sent)),
    (2, 'taken_by_kannel', (SELECT count(*) FROM sent WHERE how = 'taken')),
    (3, 'stored', (SELECT count(*) FROM stored)),
    (4, 'answered_200', (SELECT count(*) FROM answered)),
    -- the hall's own promise: none of these may be
    (10, 'lost_after_200', (SELECT count(*) FROM (SELECT a.id FROM answered AS a EXCEPT SELECT m.gateway_id FROM hall.message AS m) AS lost)),
    (11, 'never_sent', (SELECT count(*) FROM stored AS t WHERE NOT EXISTS (
        SELECT FROM sent AS s WHERE s.msisdn = t.msisdn AND s.n = t.n))),
    (12, 'effects_lost', (SELECT coalesce(sum(greatest(0, texts - charges)), 0) FROM effects)),
    (13, 'effects_doubled', (SELECT coalesce(sum(greatest(0, charges - texts)), 0) FROM effects)),
    (14, 'replies_that_did_not_reach_kannel', (
        SELECT count(*) FROM kept WHERE state IS NULL OR state NOT IN ('sent', 'accepted', 'delivered', 'failed'))),
    (15, 'replies_given_out_of_order', (SELECT count(*) FROM given WHERE place < before)),
    (16, 'replies_nobody_asked_for', (SELECT count(*) FROM arrived AS a WHERE NOT EXISTS (
        SELECT FROM stored AS t WHERE t.msisdn = a.msisdn AND t.n = a.n))),
    (17, 'replies_doubled_outside_the_windows',
        (SELECT count(*) FROM cause WHERE NOT no_answer AND NOT no_note)
        + (SELECT coalesce(sum(times), 0) FROM by_kannel WHERE NOT no_acknowledgement)),
    -- what Kannel does when it is killed, and the window between its yes and our note: counted
    (20, 'lost_after_kannel_took_it', (SELECT count(*) FROM sent AS s WHERE s.how = 'taken' AND NOT EXISTS (
        SELECT FROM stored AS t WHERE t.msisdn = s.msisdn AND t.n = s.n))),
    (21, 'texts_twice_with_another_id', (SELECT count(*) FROM kept) - (SELECT count(*) FROM stored)),
    (22, 'replies_lost_after_kannel_took_them', (SELECT count(*) FROM stored AS t WHERE NOT EXISTS (
        SELECT FROM arrived AS a WHERE a.msisdn = t.msisdn AND a.n = t.n))),
    (23, 'replies_doubled', (SELECT coalesce(sum(times - 1), 0) FROM arrived)),
    (24, 'replies_doubled_for_want_of_a_note', (SELECT count(*) FROM cause WHERE no_note AND NOT no_answer)),
    (25, 'replies_doubled_for_want_of_an_answer', (SELECT count(*) FROM cause WHERE no_answer)),
    (26, 'replies_doubled_by_kannel', (SELECT coalesce(sum(times), 0) FROM by_kannel WHERE no_acknowledgement)),
    (30, 'lost_with_smsbox', (SELECT count(*) FROM lost WHERE part = 'smsbox')),
    (31, 'lost_with_bearerbox', (SELECT count(*) FROM lost WHERE part = 'bearerbox')),
    (32, 'lost_with_neither', (SELECT count(*) FROM lost WHERE part = 'neither')),
    (40, 'replies_overtaken_on_the_way', (SELECT count(*) FROM seen WHERE place < before))
) AS line (place, name, count)
ORDER BY line.place;
COMMIT;
