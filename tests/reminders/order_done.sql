SELECT hall.report_order(o.msisdn, o.number, o.token, 'done', NULL) FROM hall.work_order AS o WHERE o.msisdn = 13700137303;
