-- Subscribers with money: :count of them from :first on.
INSERT INTO hall.subscriber (msisdn, balance_fen, ledger_number, brand, since)
SELECT :first + i, 100000, 1, '全球通', now()
FROM generate_series(0, :count - 1) AS i;
INSERT INTO hall.ledger (msisdn, number, at, fen, balance_fen, kind, note, reference)
SELECT :first + i, 1, now(), 100000, 100000, 'opening', '期初余额', 'opening'
FROM generate_series(0, :count - 1) AS i;
