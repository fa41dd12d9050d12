-- The catalogue as data: services by INSERT, by hall.put_service and from CSV; the words they are called by; the demo's.
SELECT test.at('2026-11-22 10:00+08');
CREATE FUNCTION test.words(p_code text) RETURNS text
LANGUAGE sql RETURN (
    SELECT string_agg(concat_ws(':', nullif(w.port, ''), w.word), ' ' ORDER BY w.port, w.word COLLATE "C")
    FROM hall.service_word AS w WHERE w.service = p_code);

-- the demo
SELECT test.is(string_agg(code || ' ' || order_codes::text, ', ' ORDER BY code),
    'TQYB {TQYB,TQ}, XHTT {XHTT,XH}, XWZB {XWZB,ZB}', 'demo: order codes of the provider services (B8)')
FROM hall.service WHERE order_codes <> '{}';
SELECT test.is((hall_private.find_service(word, port)).code, wanted, 'demo: "' || word || '" at "' || port || '" is ' || coalesce(wanted,
    'nothing'))
FROM (VALUES
    ('GPRS', '', 'GPRS'), ('手机上网', '', 'GPRS'), ('上网', '', 'GPRS'), ('gprs', '', 'GPRS'), ('彩铃', '', 'CL'), ('炫铃', '', 'CL'),
    ('彩铃8元', '', 'CL8'), ('wlan', '', 'WLAN'), ('无线上网', '', 'WLAN'), ('来电显示', '', 'LDXS'), ('ZB', '', NULL), ('ZB', '106601', 'XWZB'),
    ('zb', '106601', 'XWZB'), ('TQ', '106602', 'TQYB'), ('XH', '106602', 'XHTT'), ('ZB', '106602', NULL), ('GPRS', '106601', NULL),
    ('', '', NULL), ('', '106601', NULL)) AS v (word, port, wanted);
SELECT test.is(string_agg(code, ' '), NULL, 'demo: each has a note for help') FROM hall.service WHERE note IS NULL;

-- words
SELECT test.is(test.words('CL'), 'CL 彩铃 彩铃5元 炫铃', 'words: code, name and aliases'),
    test.is(test.words('XWZB'), 'XWZB 新闻早报 早报 106601:XWZB 106601:ZB', 'words: order codes at the port');
UPDATE hall.service SET aliases = '{彩铃,cl,音乐}' WHERE code = 'CL';
SELECT test.is(test.words('CL'), 'CL 彩铃 音乐', 'words: follow an UPDATE, each once');
SELECT test.is(test.words_of_refusal($$UPDATE hall.service SET code = 'CL5' WHERE code = 'CL'$$),
    'service CL keeps its code: consents and lists that were sent name it', 'words: a code is for ever');
SELECT test.is(test.words_of_refusal(sql), 'service NEW cannot be called "' || word || '": nobody can type that; 2 to 12 letters, digits or Han',
    'words: "' || word || '" cannot be typed')
FROM (VALUES
    ($$INSERT INTO hall.service (code, name, aliases) VALUES ('NEW', '新业务', '{ＡＢＣ}')$$, 'ＡＢＣ'),
    ($$INSERT INTO hall.service (code, name, aliases) VALUES ('NEW', '新业务', '{"早 报"}')$$, '早 报'),
    ($$INSERT INTO hall.service (code, name, provider, port, order_codes) VALUES ('NEW', '新业务', '新华短讯', '106601', '{1}')$$, '1'))
    AS v (sql, word);
INSERT INTO hall.service (code, name) VALUES ('YX139', '139邮箱（VIP版）');
SELECT test.is(test.words('YX139'), 'YX139', 'words: a name that cannot be typed is only read');
DELETE FROM hall.service WHERE code = 'YX139';
UPDATE hall.port SET prefix = '106609' WHERE prefix = '106601';
SELECT test.is(test.words('XWZB'), 'XWZB 新闻早报 早报 106609:XWZB 106609:ZB', 'words: follow a port');
SELECT test.is(test.words_of_refusal(sql), wanted, 'refused: ' || wanted)
FROM (VALUES
    ($$UPDATE hall.service SET aliases = '{手机上网}' WHERE code = 'LDXS'$$, 'service LDXS cannot be called "手机上网": that is service GPRS already'),
    ($$INSERT INTO hall.service (code, name) VALUES ('来显', '来显示')$$, 'service 来显 cannot be called "来显": that is service LDXS already'),
    ($$UPDATE hall.service SET order_codes = '{TQ}' WHERE code = 'XHTT'$$, 'service XHTT cannot be called "TQ" at 106602: that is service TQYB already'),
    ($$UPDATE hall.service SET requires = '{LDXS,NONE}' WHERE code = 'LDTX'$$, 'service LDTX cannot require "NONE": there is no other service with that code'),
    ($$UPDATE hall.service SET requires = '{LDTX}' WHERE code = 'LDTX'$$, 'service LDTX cannot require "LDTX": there is no other service with that code'))
    AS v (sql, wanted);
SELECT test.refused(sql, '23514', 'refused: ' || name)
FROM (VALUES
    ($$UPDATE hall.service SET order_codes = '{""}' WHERE code = 'XHTT'$$, 'an order code that is empty (B8)'),
    ($$UPDATE hall.service SET order_codes = '{X}' WHERE code = 'GPRS'$$, 'an order code without a port'),
    ($$INSERT INTO hall.service (code, name) VALUES ('x', 'Y')$$, 'a code in small letters'),
    ($$UPDATE hall.service SET confirm_window = '0' WHERE code = 'CL8'$$, 'a question that cannot be answered'),
    ($$UPDATE hall.service SET fee_fen = -1 WHERE code = 'CL8'$$, 'a fee below nothing')) AS v (sql, name);

-- put_service
SELECT test.is(hall.put_service('SJB', '手机报', '{早晚报}', 300, p_provider => '新华短讯', p_port => '106609', p_order_codes => '{SJB}',
    p_requires => '{GPRS}', p_confirm_window => '30 minutes', p_trial_days => 3, p_ends => 'month_end', p_first_month => 'share',
    p_notice => '3 days', p_note => '一天两次')::text, 'true', 'put_service: a new one');
SELECT test.is(s::text, '(SJB,手机报,{早晚报},300,month,新华短讯,106609,,00:30:00,3,month_end,t,{SJB},{GPRS},share,"3 days",一天两次,)',
    'put_service: all of it is there') FROM hall.service AS s WHERE code = 'SJB';
SELECT test.is(hall.put_service('SJB', '手机报', p_is_offered => false)::text, 'false', 'put_service: again');
SELECT test.is(s::text, '(SJB,手机报,{},0,month,,,,24:00:00,0,at_once,f,{},{},full,24:00:00,,)',
    'put_service: what is put replaces what was there')
FROM hall.service AS s WHERE code = 'SJB';
SELECT test.is((hall_private.find_service('早晚报')).code, NULL, 'put_service: also its words');
INSERT INTO hall.service (code, name) VALUES ('DEF', '缺省');
SELECT hall.put_service('DEF2', '缺省二');
SELECT test.is(jsonb_pretty(to_jsonb(b) - '{code,name}'::text[]), jsonb_pretty(to_jsonb(a) - '{code,name}'::text[]),
    'put_service: its defaults are the table''s')
FROM hall.service AS a, hall.service AS b WHERE a.code = 'DEF' AND b.code = 'DEF2';

-- rights: one INSERT of an operator, who writes no words
SELECT test.refused($$INSERT INTO hall.service (code, name, fee_fen) VALUES ('OP', '操作员', 100)$$, 'done', 'an operator adds a service by one INSERT',
    'smshall_operator');
SELECT test.is((hall_private.find_service('操作员')).code, 'OP', 'and it is found at once');
SELECT test.refused(sql, '42501', role || ' may not: ' || sql, role)
FROM (VALUES
    ('smshall_operator', 'DELETE FROM hall.service'), ('smshall_operator', 'SELECT * FROM hall.service_word'),
    ('smshall_feed', 'SELECT * FROM hall.service'), ('smshall_hall', 'SELECT hall.load_services(NULL)')) AS v (role, sql);
SELECT test.refused($$SELECT hall.put_service('FD', '计费'), hall.load_services('code,name')$$, 'done', 'a billing system puts and loads services', 'smshall_feed');

-- CSV
CREATE FUNCTION test.load(p_csv text) RETURNS text
LANGUAGE sql RETURN (SELECT string_agg(concat_ws(' ', line, coalesce(code, '-'), problem), ', ' ORDER BY line)
FROM hall.load_services(p_csv));
SELECT test.is(string_agg(line || fields::text || coalesce(fault, ''), ' '), wanted, 'CSV: ' || name)
FROM (VALUES
    (1, 'lines', E'a,b\nc,d\n', '1{a,b} 2{c,d}'),
    (2, 'the last line needs no end', E'a,b\r\nc,d', '1{a,b} 2{c,d}'),
    (3, 'empty fields', E',\n,b,', '1{"",""} 2{"",b,""}'),
    (4, 'blank lines', E'\n\na\n \nb', '3{a} 5{b}'),
    (5, 'quotes', E'"a,""b""","c\nd"\ne,f', E'1{"a,\\"b\\"","c\nd"} 3{e,f}'),
    (6, 'blanks around', E' a , b \n"  c"', '1{a,b} 2{"  c"}'),
    (7, 'a mark of its order of bytes, and other ends of line', E'\uFEFFa\rb', '1{a} 2{b}'),
    (8, 'a quote in the middle', E'a,b"c\nd,e', '1{a,"b\"c"}a quote stands alone 2{d,e}'),
    (9, 'a quote that is never closed', E'a,"b\nc,d', '1{a,"\"b"}a quote stands alone 2{c,d}'),
    (10, 'something behind a quote', E'"a"b,c', '1{"\"a\"b",c}a quote stands alone'),
    (11, 'nothing', '', NULL)) AS v (n, name, csv, wanted)
LEFT JOIN LATERAL hall_private.read_csv(v.csv) AS c ON true
GROUP BY n, name, wanted ORDER BY n;
SELECT test.is(test.load(E'Code,name,fee_fen,period,aliases,provider,port,order_codes,note,requires,confirm_window,is_offered\n'
    'QXT,全曲通,600,month,全曲 歌曲,新华短讯,106609,QXT|QQ,"全曲, ""好听""",SJB|GPRS,2 hours,yes\n'
    'KONG,空,,,,,,,,,,\n'), NULL, 'load_services: good lines');
SELECT test.is(s::text,
    '(QXT,全曲通,"{全曲,歌曲}",600,month,新华短讯,106609,,02:00:00,0,at_once,t,"{QXT,QQ}","{SJB,GPRS}",full,24:00:00,"全曲, ""好听""",)',
    'load_services: all of a line is there') FROM hall.service AS s WHERE code = 'QXT';
SELECT test.is((hall_private.find_service('歌曲')).code || ' ' || (hall_private.find_service('QQ', '106609')).code, 'QXT QXT',
    'load_services: and works at once');
SELECT test.is(test.load(E'code,name,fee_fen,aliases,provider,port,requires\n'
    'B1,好的一,100,,,,B2\n'
    'B2,好的二,,,,,\n'
    'B3,坏的三,3.00,,,,\n'
    'B4,坏的四,,手机上网,,,\n'
    'B5,"坏的\n五",,,没有,106609,\n'
    'B6,坏的六\n'
    'b7,坏的七,,,,,\n'
    ',坏的八,,,,,\n'
    'B2,坏的九,,,,,\n'
    'B10,坏的十,-5,,,,\n'
    'B11,"坏的,,,,,\n'),
    '4 B3 invalid input syntax for type bigint: "3.00", 5 B4 service B4 cannot be called "手机上网": that is service GPRS already, '
    '6 B5 Key (provider)=(没有) is not present in table "provider"., 8 B6 it has 2 fields, and the first line 7, '
    '9 b7 new row for relation "service" violates check constraint "a_code_is_folded", '
    '10 - null value in column "code" of relation "service" violates not-null constraint, 11 B2 line 3 has this code too, '
    '12 B10 new row for relation "service" violates check constraint "a_fee_is_not_negative", 13 B11 a quote stands alone',
    'load_services: bad lines are named and set aside');
SELECT test.is(string_agg(code || ' ' || name || ' ' || requires::text, ', ' ORDER BY code), 'B1 好的一 {B2}, B2 好的二 {}',
    'load_services: the others are loaded, also one that needs a later one') FROM hall.service WHERE name LIKE '好的%' OR name LIKE '坏的%';
SELECT test.is(test.load(csv), wanted, 'load_services: ' || wanted)
FROM (VALUES
    ('', '1 - it is empty'), (E'\ncode,price\nX,1', '2 - the first line must name the columns, code and name among them'),
    ('code,name,price', '1 - there is no column "price"'), ('code,name,NAME', '1 - the column "name" is there twice'),
    ('code,"name', '1 - a quote stands alone')) AS v (csv, wanted);
