-- Both ends of a run, held against each other: what the phones sent and got, what the hall said 200 to, and what the store has of it. psql
-- variables: first, last (MSISDNs), plant (a statement that spoils the copies below, or nothing); in the folder it runs in: the files
-- sent (MSISDN N taken|unsure), got (MSISDN PLACE N) and answered (a gateway's id a line). Prints `NAME COUNT` lines.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
BEGIN;
CREATE TEMP TABLE sent (msisdn bigint, n int, how text) ON COMMIT DROP;
CREATE TEMP TABLE got (msisdn bigint, place int, n int) ON COMMIT DROP;
CREATE TEMP TABLE answered (id text) ON COMMIT DROP;
\copy sent FROM sent WITH (DELIMITER ' ')
\copy got FROM got WITH (DELIMITER ' ')
\copy answered FROM answered
CREATE TEMP TABLE kept ON COMMIT DROP AS
SELECT m.msisdn, m.number, substr(m.text, 5)::int AS n, r.state::text, r.sent_at
FROM hall.message AS m
LEFT JOIN hall.reply AS r USING (msisdn, month, number)
WHERE m.msisdn BETWEEN :first AND :last AND m.text LIKE 'TEST%';
CREATE TEMP TABLE charge ON COMMIT DROP AS
SELECT l.msisdn, l.number FROM hall.ledger AS l WHERE l.msisdn BETWEEN :first AND :last AND l.kind = 'test';
:plant;

WITH text AS (SELECT DISTINCT k.msisdn, k.n FROM kept AS k),
     arrived AS (SELECT g.msisdn, g.n, count(*) AS times, min(g.place) AS place FROM got AS g GROUP BY g.msisdn, g.n),
     effects AS (
         SELECT s.msisdn, coalesce(t.count, 0) AS texts, coalesce(c.count, 0) AS charges
         FROM generate_series(:first, :last) AS s (msisdn)
         LEFT JOIN (SELECT msisdn, count(*) FROM text GROUP BY msisdn) AS t USING (msisdn)
         LEFT JOIN (SELECT msisdn, count(*) FROM charge GROUP BY msisdn) AS c USING (msisdn)),
     given AS (SELECT k.*, lag(k.sent_at) OVER (PARTITION BY k.msisdn ORDER BY k.number) AS before FROM kept AS k),
     seen AS (SELECT k.number, a.place, lag(a.place) OVER (PARTITION BY k.msisdn ORDER BY k.number) AS before
              FROM kept AS k JOIN arrived AS a USING (msisdn, n))
SELECT name || ' ' || count
FROM (VALUES
    (1, 'sent', (SELECT count(*) FROM sent)),
    (2, 'taken_by_kannel', (SELECT count(*) FROM sent WHERE how = 'taken')),
    (3, 'stored', (SELECT count(*) FROM text)),
    (4, 'answered_200', (SELECT count(*) FROM answered)),
    -- the hall's own promise: none of these may be
    (10, 'lost_after_200', (SELECT count(*) FROM (SELECT a.id FROM answered AS a EXCEPT SELECT m.gateway_id FROM hall.message AS m) AS lost)),
    (11, 'never_sent', (SELECT count(*) FROM text AS t WHERE NOT EXISTS (
        SELECT FROM sent AS s WHERE s.msisdn = t.msisdn AND s.n = t.n))),
    (12, 'effects_lost', (SELECT coalesce(sum(greatest(0, texts - charges)), 0) FROM effects)),
    (13, 'effects_doubled', (SELECT coalesce(sum(greatest(0, charges - texts)), 0) FROM effects)),
    (14, 'replies_that_did_not_reach_kannel', (
        SELECT count(*) FROM kept WHERE state IS NULL OR state NOT IN ('sent', 'accepted', 'delivered', 'failed'))),
    (15, 'replies_given_out_of_order', (SELECT count(*) FROM given WHERE sent_at < before)),
    (16, 'replies_nobody_asked_for', (SELECT count(*) FROM arrived AS a WHERE NOT EXISTS (
        SELECT FROM text AS t WHERE t.msisdn = a.msisdn AND t.n = a.n))),
    -- what Kannel does when it is killed, and the window between its yes and our note: counted
    (20, 'lost_after_kannel_took_it', (SELECT count(*) FROM sent AS s WHERE s.how = 'taken' AND NOT EXISTS (
        SELECT FROM text AS t WHERE t.msisdn = s.msisdn AND t.n = s.n))),
    (21, 'texts_twice_with_another_id', (SELECT count(*) FROM kept) - (SELECT count(*) FROM text)),
    (22, 'replies_lost_after_kannel_took_them', (SELECT count(*) FROM text AS t WHERE NOT EXISTS (
        SELECT FROM arrived AS a WHERE a.msisdn = t.msisdn AND a.n = t.n))),
    (23, 'replies_doubled', (SELECT coalesce(sum(times - 1), 0) FROM arrived)),
    (24, 'replies_overtaken_on_the_way', (SELECT count(*) FROM seen WHERE place < before))
) AS line (place, name, count)
ORDER BY line.place;
COMMIT;
