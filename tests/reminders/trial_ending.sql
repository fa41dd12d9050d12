UPDATE hall.subscription SET step_at = hall.now() WHERE msisdn = 13700137307 AND step = 'notice';
