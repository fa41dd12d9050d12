SELECT hall.post_charge(13700137301, -1100, 'fee', '语音通信费', 'low-1');
SELECT hall.run_due() IS NULL;
SELECT hall.post_charge(13700137301, -100, 'fee', '语音通信费', 'low-2');
