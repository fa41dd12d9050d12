-- For tests/bench/steady.c: of the :count subscribers from :first on that tests/bench/money.sql made, four of five have a bill, allowances, and
-- two services that cost nothing; the others order of the fifty services, of which half are a provider's. All of them wrote to us last year.
INSERT INTO hall.service (code, name, fee_fen, provider, port)
SELECT 'SOAK' || i, '业务' || i, 100, CASE WHEN i % 2 = 0 THEN '风云气象' END, CASE WHEN i % 2 = 0 THEN '106602' END
FROM generate_series(0, 49) AS i;
INSERT INTO hall.bill (msisdn, month, total_fen, items)
SELECT :first + i, '2012-11-01', 5800, '[{"name": "套餐及固定费", "fen": 5800}]'
FROM generate_series(0, :count / 5 * 4 - 1) AS i;
INSERT INTO hall.allowance (msisdn, kind, rest, total)
SELECT :first + i, k.kind, 80, 100
FROM generate_series(0, :count / 5 * 4 - 1) AS i, (VALUES ('voice'), ('sms'), ('data')) AS k (kind);
INSERT INTO hall.subscription (msisdn, service, since)
SELECT :first + i, s.code, now() - interval '1 year'
FROM generate_series(0, :count / 5 * 4 - 1) AS i, (VALUES ('LDXS'), ('GPRS')) AS s (code);
INSERT INTO hall.conversation (msisdn, at, number, message_number, look_number)
SELECT :first + i, now() - interval '1 year', 2, 2, 20
FROM generate_series(0, :count - 1) AS i;
