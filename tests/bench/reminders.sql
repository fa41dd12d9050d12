-- The :count subscribers from :first on have the bill alarm open, wrote to us last year, and are to hear of their charges today.
INSERT INTO hall.conversation (msisdn, at, number, message_number, look_number)
SELECT :first + i, now() - interval '1 year', 2, 2, 20
FROM generate_series(0, :count - 1) AS i;
INSERT INTO hall.subscription (msisdn, service, since)
SELECT :first + i, 'HFNZ', now() - interval '1 year'
FROM generate_series(0, :count - 1) AS i;
UPDATE hall.setting
SET value = CASE name WHEN 'alarm_day' THEN extract(day FROM hall_private.local_time(hall.now())) ELSE 0 END
WHERE name IN ('alarm_day', 'alarm_hour', 'quiet_from_hour', 'quiet_until_hour');
UPDATE hall.alarm SET month = hall_private.month_of(hall.now()) - interval '1 month', after = 9223372036854775807;
