-- Fifty services, and the :count subscribers from :first on have all of them open: half are the operator's own.
INSERT INTO hall.service (code, name, fee_fen, provider, port)
SELECT 'T' || i, '业务' || i, 100 * i, CASE WHEN i % 2 = 0 THEN '风云气象' END, CASE WHEN i % 2 = 0 THEN '106602' END
FROM generate_series(1, 50) AS i
ON CONFLICT DO NOTHING;
INSERT INTO hall.subscription (msisdn, service, since)
SELECT :first + n, 'T' || i, now() - interval '1 year'
FROM generate_series(0, :count - 1) AS n, generate_series(1, 50) AS i;
