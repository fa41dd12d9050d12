SELECT hall.mail_arrived(13700137304, 'mail-1', '王小明 <wang@example.com>', '周五的会议');
SELECT hall.run_due() IS NULL;
SELECT hall.mail_arrived(13700137304, 'mail-1', '王小明 <wang@example.com>', '周五的会议'), hall.mail_arrived(13700137304, 'mail-2', NULL, '');
