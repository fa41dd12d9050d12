SELECT hall.mail_arrived(13700137309, 'mail-1', 'Wang <wang@example.com>', 'Friday');
SELECT hall.run_due() IS NULL;
SELECT hall.top_up(13700137309, 5000, 'card-1');
