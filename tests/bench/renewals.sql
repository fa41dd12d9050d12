-- The :count subscribers from :first on have a service that was consented to last year, and whose charge for this month is due.
INSERT INTO hall.service (code, name, fee_fen, notice) VALUES ('RENEWED', '续订业务', 300, '0');
INSERT INTO hall.conversation (msisdn, at, number, message_number, look_number)
SELECT :first + i, now() - interval '1 year', 2, 2, 20
FROM generate_series(0, :count - 1) AS i;
INSERT INTO hall.dialogue
    (msisdn, number, at, until, ended_at, ended_by, kind, ended, port, command, call, outcome, fields, args, options, takes_yes)
SELECT :first + i, 1, d.at, d.at + interval '1 day', d.at, 2, 'consent', 'yes', '10086', 'open', 'open', 'ask', '{}', '{"service": "RENEWED"}',
    '[{"service": "RENEWED", "name": "续订业务", "fen": 300, "period": "month", "trial_days": 0}]', true
FROM generate_series(0, :count - 1) AS i, (SELECT now() - interval '1 year' AS at) AS d;
INSERT INTO hall.subscription (msisdn, service, since, consent, step, step_at, charged_until)
SELECT :first + i, 'RENEWED', now() - interval '1 year', 1, 'charge', now() - interval '1 minute', hall_private.month_of(now())
FROM generate_series(0, :count - 1) AS i;
