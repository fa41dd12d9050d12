-- The demo data (DESIGN 5), also what the transcripts use. May be loaded again: it puts back what the feed may put, and moves no money
-- twice. Service passwords and ID numbers are not here: they come with the functions that keep them hashed.
SELECT hall.put_provider('新华短讯', '4008106601', 'http://www.xinhua-sms.example');
SELECT hall.put_provider('风云气象', '4008106602', 'http://www.fengyun-weather.example');
SELECT hall.put_port('106601', '新华短讯');
SELECT hall.put_port('106602', '风云气象');

INSERT INTO hall.service AS s
    (code, name, aliases, fee_fen, period, provider, port, order_codes, excludes, trial_days, note)
VALUES
    ('GPRS', '手机上网', '{上网,数据}',       0, 'month',   NULL,       NULL,     '{}',        NULL, 0, '用手机访问互联网，流量按所用套餐计费'),
    ('LDXS', '来电显示', '{来显}',            0, 'month',   NULL,       NULL,     '{}',        NULL, 0, '来电时显示对方号码'),
    ('HJDD', '呼叫等待', '{}',                0, 'month',   NULL,       NULL,     '{}',        NULL, 0, '通话中有新来电时提示，可先后接听'),
    ('HJBC', '呼叫保持', '{}',                0, 'month',   NULL,       NULL,     '{}',        NULL, 0, '暂停当前通话去接听或拨打另一个'),
    ('SFTH', '三方通话', '{}',                0, 'month',   NULL,       NULL,     '{}',        NULL, 0, '三个人同时通话'),
    ('CL',   '彩铃',     '{彩铃5元,炫铃}',  500, 'month',   NULL,       NULL,     '{}',        'CL', 0, '主叫听到的回铃音换成您选的音乐'),
    ('CL8',  '彩铃8元',  '{炫铃8元}',       800, 'month',   NULL,       NULL,     '{}',        'CL', 0, '彩铃，含更多曲目'),
    ('LDTX', '来电提醒', '{}',              300, 'month',   NULL,       NULL,     '{}',        NULL, 0, '关机或无法接通时，用短信告知谁来过电话'),
    ('YETX', '余额提醒', '{}',                0, 'month',   NULL,       NULL,     '{}',        NULL, 0, '余额低于您设定的金额时短信提醒'),
    ('HFNZ', '话费闹钟', '{}',                0, 'month',   NULL,       NULL,     '{}',        NULL, 0, '定期用短信告知话费使用情况'),
    ('DXHZ', '短信回执', '{}',               10, 'message', NULL,       NULL,     '{}',        NULL, 0, '您发出的短信送达后给您回执'),
    ('WLAN', 'WLAN',     '{无线上网}',        0, 'month',   NULL,       NULL,     '{}',        NULL, 7, '在热点覆盖处无线上网'),
    ('GNMY', '国内漫游', '{漫游}',            0, 'month',   NULL,       NULL,     '{}',        NULL, 0, '出省时可在全国拨打和接听电话'),
    ('XWZB', '新闻早报', '{早报}',          300, 'month',   '新华短讯', '106601', '{XWZB,ZB}', NULL, 0, '每天早上一条要闻短信'),
    ('TQYB', '天气预报', '{天气}',          200, 'month',   '风云气象', '106602', '{TQYB,TQ}', NULL, 0, '每天一条当地天气短信'),
    ('XHTT', '笑话天天', '{笑话}',          500, 'month',   '风云气象', '106602', '{XHTT,XH}', NULL, 0, '每天一条笑话短信')
ON CONFLICT (code) DO UPDATE
SET name = excluded.name,
    aliases = excluded.aliases,
    fee_fen = excluded.fee_fen,
    period = excluded.period,
    provider = excluded.provider,
    port = excluded.port,
    order_codes = excluded.order_codes,
    excludes = excluded.excludes,
    trial_days = excluded.trial_days,
    note = excluded.note;

SELECT hall.put_subscriber(13800138000, '全球通', p_opening_fen => 5678);
SELECT hall.put_subscriber(13800138001, '神州行', p_opening_fen => 50);
SELECT hall.put_subscriber(13800138002, '动感地带', p_state => 'suspended', p_state_reason => 'arrears', p_opening_fen => -1230);
SELECT hall.put_subscriber(13800138003, '全球通', p_opening_fen => 10000, p_is_blacklisted => true);

SELECT hall.put_points(13800138000, 1234);
SELECT hall.put_bill(13800138000, '2012-11-01',
    '[{"name": "套餐及固定费", "fen": 5800}, {"name": "语音通信费", "fen": 2060}, {"name": "短信彩信费", "fen": 1000}]');
SELECT hall.put_allowance(13800138000, 'voice', 200, 500);
SELECT hall.put_allowance(13800138000, 'sms', 80, 100);
SELECT hall.put_allowance(13800138000, 'mms', 15, 20);
SELECT hall.put_allowance(13800138000, 'data', 350, 500);
SELECT hall.put_subscription(13800138000, 'LDXS', '2011-03-01 10:00+08');
SELECT hall.put_subscription(13800138000, 'GPRS', '2011-08-12 15:30+08');
SELECT hall.put_subscription(13800138000, 'XWZB', '2012-01-05 09:00+08');
SELECT hall.put_subscription(13800138000, 'TQYB', '2012-02-20 18:45+08');
SELECT hall.put_subscription(13800138000, 'XHTT', '2012-06-01 12:00+08');

-- What a change of brand costs and gives; the brands themselves, and the speed codes, every store has (migrations/0007_first_rows.sql).
UPDATE hall.brand AS b
SET note = n.note
FROM (VALUES
    ('全球通',   '月租50元，通话0.40元/分钟'),
    ('神州行',   '无月租，通话0.60元/分钟'),
    ('动感地带', '月租20元，含短信200条')) AS n (name, note)
WHERE b.name = n.name AND b.note IS NULL;

-- Some prefixes; the longest that a number begins with decides.
INSERT INTO hall.prefix (prefix, province, city, operator)
VALUES
    ('1380010', '北京', '', '中国移动'), ('1380013', '北京', '', '中国移动'), ('1391001', '北京', '', '中国移动'),
    ('1381600', '上海', '', '中国移动'), ('1391234', '江苏', '常州', '中国移动'), ('1370013', '北京', '', '中国移动'),
    ('1371900', '河南', '郑州', '中国移动'), ('1350200', '广东', '广州', '中国移动'), ('1392345', '广东', '深圳', '中国移动'),
    ('1310000', '上海', '', '中国联通'), ('1860100', '北京', '', '中国联通'), ('1330123', '北京', '', '中国电信'),
    ('1890571', '浙江', '杭州', '中国电信'), ('1340', '', '全国', '中国移动'), ('1700', '', '全国', '虚拟运营商')
ON CONFLICT (prefix) DO UPDATE
SET province = excluded.province,
    city = excluded.city,
    operator = excluded.operator;
