-- The first rows of what operators keep as data from then on: speed codes, and brands. They are put once; whoever changes one or takes it away
-- is not overruled by the next migrate.

INSERT INTO hall.setting (name, value, note) VALUES
    ('change_window_s', 7200, 'a question before a change of the account (stopping it, the brand …) may be answered so long');

INSERT INTO hall.brand (name, place, note) VALUES
    ('全球通',   1, NULL),
    ('神州行',   2, NULL),
    ('动感地带', 3, NULL);

INSERT INTO hall.speed_code (code, title) VALUES
    ('1008634', '{"zh": "彩铃", "en": "Ring-back tones"}'),
    ('1008635', '{"zh": "手机上网", "en": "Mobile data"}'),
    ('1008637', '{"zh": "呼叫等待", "en": "Call waiting"}'),
    ('1008638', '{"zh": "开/停机", "en": "Suspend or resume your number"}'),
    ('1008639', '{"zh": "来电显示", "en": "Caller ID"}'),
    ('1008640', '{"zh": "话费信息提醒", "en": "Account reminders"}'),
    ('1008644', '{"zh": "设置呼转号码", "en": "Call forwarding"}'),
    ('1008671', '{"zh": "来电提醒", "en": "Missed call alerts"}'),
    ('1008675', '{"zh": "归属地查询", "en": "Where a number belongs"}'),
    ('1008676', '{"zh": "PUK码查询", "en": "PUK code"}'),
    ('1008677', '{"zh": "黑名单查询", "en": "Top-up blacklist"}'),
    ('1008679', '{"zh": "数据流量查询", "en": "Data allowance"}'),
    ('10086999', '{"zh": "举报垃圾短信", "en": "Reporting junk messages"}'),
    ('100864',  '{"zh": "国内漫游", "en": "Domestic roaming"}'),
    ('100865',  '{"zh": "品牌转换", "en": "Change of brand"}');

INSERT INTO hall.speed_item (code, serial, label, command, call, effect, confirm, args) VALUES
    ('1008634', 1, '{"zh": "开通彩铃（5元）", "en": "open (5 yuan)"}',       'open',  'open',  'changes', 'when_charged', '{"service": "CL"}'),
    ('1008634', 2, '{"zh": "关闭彩铃（5元）", "en": "close (5 yuan)"}',      'close', 'close', 'leaves',  'never',        '{"service": "CL"}'),
    ('1008634', 3, '{"zh": "开通彩铃（8元）", "en": "open (8 yuan)"}',       'open',  'open',  'changes', 'when_charged', '{"service": "CL8"}'),
    ('1008634', 4, '{"zh": "关闭彩铃（8元）", "en": "close (8 yuan)"}',      'close', 'close', 'leaves',  'never',        '{"service": "CL8"}'),
    ('1008635', 1, '{"zh": "开通手机上网", "en": "open mobile data"}',       'open',  'open',  'changes', 'when_charged', '{"service": "GPRS"}'),
    ('1008635', 2, '{"zh": "关闭手机上网", "en": "close mobile data"}',      'close', 'close', 'leaves',  'never',        '{"service": "GPRS"}'),
    ('1008637', 1, '{"zh": "开通呼叫等待", "en": "open call waiting"}',      'open',  'open',  'changes', 'when_charged', '{"service": "HJDD"}'),
    ('1008637', 2, '{"zh": "取消呼叫等待", "en": "close call waiting"}',     'close', 'close', 'leaves',  'never',        '{"service": "HJDD"}'),
    ('1008637', 3, '{"zh": "查询呼叫等待", "en": "is it open?"}',            'query_service', 'query_service', 'reads', 'never', '{"service": "HJDD"}'),
    ('1008638', 1, '{"zh": "停机", "en": "suspend"}',                        'stop',   'stop',   'manages', 'always', '{}'),
    ('1008638', 2, '{"zh": "复机", "en": "resume"}',                         'resume', 'resume', 'manages', 'never',  '{}'),
    ('1008639', 1, '{"zh": "开通来电显示", "en": "open caller ID"}',         'open',  'open',  'changes', 'when_charged', '{"service": "LDXS"}'),
    ('1008639', 2, '{"zh": "取消来电显示", "en": "close caller ID"}',        'close', 'close', 'leaves',  'never',        '{"service": "LDXS"}'),
    ('1008640', 1, '{"zh": "余额提醒", "en": "balance reminder"}',           'reminder_how', 'how', 'reads', 'never', '{}'),
    ('1008640', 2, '{"zh": "开通话费闹钟", "en": "open the bill alarm"}',    'open',  'open',  'changes', 'when_charged', '{"service": "HFNZ"}'),
    ('1008640', 3, '{"zh": "关闭话费闹钟", "en": "close the bill alarm"}',   'close', 'close', 'leaves',  'never',        '{"service": "HFNZ"}'),
    ('1008644', 1, '{"zh": "设置呼转号码", "en": "set call forwarding"}',    'forward_how', 'how', 'reads', 'never', '{}'),
    ('1008671', 1, '{"zh": "开通来电提醒", "en": "open missed call alerts"}',  'open',  'open',  'changes', 'when_charged', '{"service": "LDTX"}'),
    ('1008671', 2, '{"zh": "关闭来电提醒", "en": "close missed call alerts"}', 'close', 'close', 'leaves',  'never',        '{"service": "LDTX"}'),
    ('1008675', 1, '{"zh": "归属地查询", "en": "where your number belongs"}', 'belongs',   'belongs',   'reads', 'never', '{}'),
    ('1008676', 1, '{"zh": "PUK码查询", "en": "PUK of your SIM"}',            'puk',       'puk',       'reads', 'never', '{}'),
    ('1008677', 1, '{"zh": "黑名单查询", "en": "are you on the blacklist?"}', 'blacklist', 'blacklist', 'reads', 'never', '{}'),
    ('1008679', 1, '{"zh": "数据流量查询", "en": "data that is left"}',       'allowance_data', 'allowance_data', 'reads', 'never', '{}'),
    ('10086999', 1, '{"zh": "举报垃圾短信", "en": "report junk messages"}',  'junk_how', 'how', 'reads', 'never', '{}'),
    ('100864',  1, '{"zh": "开通国内漫游", "en": "open roaming"}',           'open',  'open',  'changes', 'when_charged', '{"service": "GNMY"}'),
    ('100864',  2, '{"zh": "关闭国内漫游", "en": "close roaming"}',          'close', 'close', 'leaves',  'never',        '{"service": "GNMY"}'),
    ('100865',  1, '{"zh": "品牌转换", "en": "change of brand"}',            'brand', 'brand', 'changes', 'always', '{}');
