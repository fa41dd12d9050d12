SELECT hall.post_charge(13700137302, -2050, 'fee', '语音通信费', 'ahead');
SELECT hall.run_due() IS NULL;
SELECT hall.announce_suspension(13700137302, 'notice', hall.now() + interval '2 days', 3000),
    hall.announce_suspension(13700137302, 'notice', hall.now() + interval '2 days', 3000);
