-- Complaints (rules F3) and junk messages (rules F4).
SELECT test.at('2026-11-22 10:00+08');
SELECT hall_private.build_dispatch();
SELECT hall.put_subscriber(m, '全球通') FROM generate_series(13900139800, 13900139805) AS m;

CREATE FUNCTION test.complains(p_msisdn bigint, p_text text) RETURNS jsonb
LANGUAGE sql
RETURN test.send(p_msisdn, 'ts' || nextval('test.gateway'), '投诉#' || coalesce(p_text, ''), 'complain',
    jsonb_strip_nulls(jsonb_build_object('text', p_text)), 'manages');
CREATE FUNCTION test.mine(p_msisdn bigint) RETURNS text
LANGUAGE sql
RETURN test.send(p_msisdn, 'cxts' || nextval('test.gateway'), 'CXTS', 'complaints') #>> '{replies,0,fields,items}';

-- taken and numbered
SELECT test.is(test.outcome(test.complains(13900139800, NULL)), 'new complain empty', 'nothing was said'),
    test.is(test.mine(13900139800), NULL, 'there is none');
SELECT test.is(test.outcome(r), 'new complain ok', 'F3: taken'), test.is(test.fields(r), '{"hours": 48, "number": "1"}', 'F3: numbered, 48 hours'),
    test.is(test.outcome(test.complains(13900139800, '信号不好')), 'again complain ok', 'D6: twice'),
    test.is(test.field(test.complains(13900139801, '信号不好'), 'number'), '2', 'F3: each has its own number')
FROM test.complains(13900139800, '信号不好') AS r;
SELECT test.is(count(*)::text, '2', 'D6: two of them') FROM hall.complaint;
SELECT hall.put_subscriber(13900139802, '全球通', 'suspended', 'arrears');
SELECT test.is(test.outcome(test.complains(13900139802, '为什么停机')), 'new complain ok', 'F3: of a stopped one too');
SELECT test.is(content ->> 'text', '信号不好', 'it is kept'), test.is(content ->> 'complaint', '1', 'by its number')
FROM hall.evidence WHERE msisdn = 13900139800 AND kind = 'complained';

-- overdue
SELECT test.is(string_agg(id || ' ' || msisdn || ' ' || is_overdue || ' ' || text, ', '),
    '1 13900139800 false 信号不好, 2 13900139801 false 信号不好, 3 13900139802 false 为什么停机', 'F3: those that wait') FROM hall.complaints();
SELECT test.is(count(*)::text, '0', 'F3: none is overdue') FROM hall.complaints(true);
SELECT test.at('2026-11-24 10:00+08');
SELECT test.is(count(*)::text, '0', 'F3: nor at the deadline') FROM hall.complaints(true);
SELECT test.at('2026-11-24 10:00:01+08');
SELECT test.is(string_agg(id::text, ' '), '1 2 3', 'F3: a second later they are') FROM hall.complaints(true);

-- answered
SELECT test.is(hall.answer_complaint(2, '已派人检修基站')::text, 'true', 'F3: answered'),
    test.is(hall.answer_complaint(2, '已派人检修基站')::text, 'false', 'once'),
    test.is(hall.answer_complaint(99, 'x')::text, 'false', 'there is no such complaint'),
    test.refused($$SELECT hall.answer_complaint(1, ' ')$$, '22023', 'an answer says something'),
    test.refused($$SELECT hall.answer_complaint(1, repeat('x', 301))$$, '22023', 'and can be sent');
SELECT test.is(concat_ws(' ', command, outcome, state, port), 'complain answered unsent 10086', 'F3: the subscriber is told'),
    test.is(fields::text, '{"answer": "已派人检修基站", "number": "2"}', 'the words')
FROM hall.reply WHERE msisdn = 13900139801 AND outcome = 'answered';
SELECT test.is(count(*)::text, '1', 'once') FROM hall.reply WHERE msisdn = 13900139801 AND outcome = 'answered';
SELECT test.is(string_agg(id::text, ' '), '1 3', 'F3: it waits no more') FROM hall.complaints(true);
SELECT test.is(test.mine(13900139801),
        '[{"en": "No. 2 (2026-11-22): answered: 已派人检修基站", "zh": "2号（2026-11-22）已答复：已派人检修基站"}]', 'CXTS'),
    test.is(test.mine(13900139800), '[{"en": "No. 1 (2026-11-22): in work", "zh": "1号（2026-11-22）处理中"}]', 'CXTS: in work');
SELECT test.is(string_agg(fault, ', '), NULL, 'A8: the chains hold') FROM hall.verify_evidence(13900139800, 13900139805);

-- the number is another's by now
SELECT hall.put_subscriber(13900139801, '全球通', 'closed'), hall.put_subscriber(13900139800, '全球通', 'closed');
SELECT test.wait(60);
SELECT hall.put_subscriber(13900139801, '全球通'), hall.put_subscriber(13900139800, '全球通');
SELECT test.is(test.mine(13900139801), NULL, 'C5: the next one who has the number reads no complaints of before him'),
    test.is(hall.answer_complaint(1, '已处理')::text, 'true', 'F3: one is answered still'),
    test.is((SELECT count(*)::text FROM hall.reply AS r WHERE r.msisdn = 13900139800 AND r.outcome = 'answered'), '0', 'C5: but not to him');
SELECT test.is(test.outcome(test.complains(13900139801, '收费不明')), 'new complain ok', 'F3: he complains himself');
SELECT test.ok(test.mine(13900139801) LIKE '%处理中%', 'CXTS: which he reads');
SELECT test.is(string_agg(fault, ', '), NULL, 'A8: the chains hold') FROM hall.verify_evidence(13900139800, 13900139805);

-- --- whose junk it is

CREATE FUNCTION test.sender(p_text text) RETURNS text
LANGUAGE sql
RETURN hall_private.junk_sender(p_text, 13900139803);
SELECT test.is(test.sender(text), wanted, 'F4: ' || text)
FROM (VALUES
    ('106588888 恭喜您中奖了', '106588888'),
    ('１０６５８８８８８，恭喜您中奖了', '106588888'),
    ('13912345678：低价出售', '13912345678'),
    ('+8613912345678 低价出售', '13912345678'),
    ('008613912345678低价出售', '13912345678'),
    ('【95588】您的积分即将到期', '95588'),
    ('恭喜您中奖了 106588888', '106588888'),
    (E'恭喜您中奖了\n106588888', '106588888'),
    ('恭喜您中奖了（106588888）', '106588888'),
    ('恭喜您中奖了，106588888。', '106588888'),
    ('发件人：106588888 恭喜您中奖了，详询13800000000', '106588888'),
    ('恭喜您中奖了，详询13800000000 来自106588888', '106588888'),
    ('恭喜您中奖了。号码是 106588888', '106588888'),
    ('From: +8613912345678 congratulations', '13912345678'),
    ('發件人:106588888，恭喜', '106588888'),
    ('95588', '95588'),
    ('恭喜您中奖了', NULL),
    ('恭喜您中奖了，详询13800000000，先到先得', NULL),
    ('恭喜您获得50000元大奖', NULL),
    ('50000元大奖等您来拿', NULL),
    ('1234 您的验证码', NULL),
    ('1234567890123456789012 恭喜', NULL),
    ('13900139803 恭喜您中奖了', NULL),
    ('+8613900139803 恭喜您中奖了', NULL),
    ('10086999 恭喜您中奖了', NULL),
    ('10086 恭喜您中奖了 106588888', '106588888')) AS v (text, wanted);

CREATE FUNCTION test.reports(p_msisdn bigint, p_text text) RETURNS jsonb
LANGUAGE sql
RETURN test.send(p_msisdn, 'junk' || nextval('test.gateway'), p_text, p_args => jsonb_build_object('folded', upper(p_text)), p_port => '10086999');

SELECT test.is(test.outcome(r), 'new junk ok', 'F4: taken'), test.is(test.fields(r), '{"number": "1", "sender": "106588888"}', 'F4: numbered')
FROM test.reports(13900139803, '106588888 恭喜您中奖了') AS r;
SELECT test.is(test.outcome(test.reports(13900139803, '106588888 恭喜您中奖了')), 'again junk ok', 'D6: twice');
SELECT test.is(test.outcome(r), 'new junk whose', 'F4: the sender is asked for'), test.is(test.fields(r), '{"number": "2"}', 'F4: numbered')
FROM test.reports(13900139803, '低价出售发票') AS r;
SELECT test.is(test.outcome(r), 'new junk ok', 'F4: a number alone'), test.is(test.fields(r), '{"number": "2", "sender": "13912345678"}', 'F4: is its sender')
FROM test.reports(13900139803, ' +8613912345678') AS r;
SELECT test.is(test.fields(test.reports(13900139803, '95588')), '{"number": "3", "sender": "95588"}', 'F4: when none is waited for, it is a report');
SELECT test.is(test.outcome(test.reports(13900139804, '低价出售')), 'new junk whose', 'F4: another reporter');
SELECT test.wait(86401);
SELECT test.is(test.field(test.reports(13900139804, '106588888'), 'number'), '5', 'F4: a day later it is a report of its own');
SELECT hall.put_subscriber(13900139805, '全球通', 'suspended', 'own_wish');
SELECT test.is(test.outcome(test.reports(13900139805, '106588888 恭喜')), 'new junk ok', 'F4: of a stopped one too');
SELECT test.is(string_agg(concat_ws(' ', sender, reports, reporters), ', '),
    '106588888 3 3, 13912345678 1 1, 95588 1 1', 'F4: counted by the sender complained of') FROM hall.junk_senders();
SELECT test.is(string_agg(concat_ws(' ', sender, reports, reporters), ', '), '106588888 2 2', 'F4: since then')
FROM hall.junk_senders(hall.now() - interval '1 hour');

-- who may
SELECT test.refused('SELECT hall.complaints()', '42501', 'the hall reads no complaints', 'smshall_hall'),
    test.refused($$SELECT hall.answer_complaint(1, 'x')$$, '42501', 'nor answers any', 'smshall_hall'),
    test.refused('SELECT hall.junk_senders()', '42501', 'nor does the feed', 'smshall_feed'),
    test.refused('SELECT hall.complaints(true)', 'done', 'operators do', 'smshall_operator');
