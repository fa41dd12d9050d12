SELECT hall.post_charge(13700137308, -1234, 'fee', '语音通信费', 'alarm');
UPDATE hall.setting SET value = CASE name WHEN 'alarm_day' THEN extract(day FROM hall_private.local_time(hall.now())) ELSE 0 END
WHERE name IN ('alarm_day', 'alarm_hour');
UPDATE hall.alarm SET month = month - interval '1 month', after = 0;
