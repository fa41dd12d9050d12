-- What the transcripts need beside the demo data (DESIGN 5), so that none of them disturbs another: tests/talk.sh puts it into its worlds.

-- services of every kind that the demo catalogue does not have; none is named in commands/names.yaml
SELECT hall.put_provider('测试提供者', '4008106609');
SELECT hall.put_port('106609', '测试提供者');
SELECT hall.put_hook('talk', 'http://127.0.0.1:9/'), hall.rotate_hook_key('talk') IS NULL;
UPDATE hall.provider SET hook = 'talk' WHERE name = '测试提供者';
SELECT hall.put_service('SJYD', '手机阅读', '{看书}', 300, p_ends => 'month_end');
SELECT hall.put_service('SJDS', '手机电视', '{}', 1000, p_requires => '{GPRS}', p_confirm_window => '30 minutes');
SELECT hall.put_service('TBYW', '停办彩信包', '{}', 100, p_is_offered => false);
SELECT hall.put_service('YYB', '音乐包', '{}', 600, p_trial_days => 3, p_confirm_window => '7 days');
SELECT hall.put_service('DBYW', '点播', '{}', 200, 'once', '测试提供者', '106609', '{DB}');

-- one or two for each transcript, with 200.00 yuan but where it says otherwise
SELECT hall.put_subscriber(13700137000 + n, '全球通', p_opening_fen => 20000) FROM generate_series(1, 20) AS n;
SELECT hall.put_subscriber(13700137101, '神州行', p_opening_fen => 200);
SELECT hall.put_subscriber(13700137102, '全球通', p_state => 'suspended', p_state_reason => 'arrears', p_opening_fen => -100);
SELECT hall.put_subscriber(13700137103, '全球通', p_opening_fen => 20000, p_is_blacklisted => true);
SELECT hall.put_subscriber(13700137201, '全球通', p_opening_fen => 20000);
SELECT hall.put_subscriber(13700137202, '全球通', p_state => 'suspended', p_state_reason => 'arrears', p_opening_fen => -100);

-- stop.talk, lost.talk and the other talks about the account; what is secret of them is in credentials.csv
SELECT hall.put_subscriber(13700137300 + n, '全球通', p_opening_fen => 20000) FROM generate_series(1, 22) AS n;
SELECT hall.put_subscriber(13700137323, '全球通', p_state => 'suspended', p_state_reason => 'arrears', p_opening_fen => -100);
SELECT hall.put_subscriber(13700137305, '全球通', p_is_blacklisted => true);

-- password.talk, password_reset.talk, language.talk
SELECT hall.put_subscriber(13700137330 + n, '全球通', p_opening_fen => 20000) FROM generate_series(1, 4) AS n;

-- leave_hall.talk and its like: some of everything
SELECT hall.put_subscription(13700137000 + n, code, '2012-01-05 09:00+08'::timestamptz + i * interval '1 day')
FROM generate_series(10, 12) AS n, unnest('{LDXS,GPRS,XWZB,TQYB,XHTT}'::text[]) WITH ORDINALITY AS s (code, i);
SELECT hall.put_subscription(13700137013, code, '2012-01-05 09:00+08'::timestamptz + i * interval '1 day')
FROM unnest('{LDXS,GPRS,HJDD,HJBC,SFTH,HFNZ,DXHZ,LDTX,CL,XWZB,TQYB,XHTT}'::text[]) WITH ORDINALITY AS s (code, i);
SELECT hall.put_subscription(13700137102, code, '2012-01-05 09:00+08') FROM unnest('{LDXS,XWZB,TQYB}'::text[]) AS code;
SELECT hall.put_subscription(13700137000 + n, code, '2012-01-05 09:00+08'::timestamptz + i * interval '1 day')
FROM generate_series(14, 16) AS n, unnest('{XWZB,TQYB,XHTT}'::text[]) WITH ORDINALITY AS s (code, i);
