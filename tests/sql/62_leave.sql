-- Leaving: 0000 and 00000, at the hall and at providers' ports (rules B).
SELECT test.at('2026-11-22 10:00+08');
SELECT hall_private.build_dispatch();

-- The lines of a list, over all its texts: own:1 name,2 name collected:3 name …
CREATE FUNCTION test.lines(p_answer jsonb) RETURNS text
LANGUAGE sql
RETURN (SELECT string_agg(g || ':' || (
        SELECT string_agg((i ->> 'serial') || (i ->> 'name'), ',' ORDER BY n) FROM jsonb_array_elements(r #> ARRAY['fields', g]) WITH ORDINALITY AS t (i, n)),
        ' ' ORDER BY part, g DESC)
    FROM jsonb_array_elements(p_answer -> 'replies') WITH ORDINALITY AS p (r, part), unnest('{own,collected}'::text[]) AS g
    WHERE jsonb_typeof(r #> ARRAY['fields', g]) = 'array');
-- What the seed subscriber has, once more for another number.
CREATE FUNCTION test.subscribe(p_msisdn bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hall.put_subscriber(p_msisdn, '全球通', p_opening_fen => 2000);
    PERFORM hall.put_subscription(p_msisdn, o.service, o.since) FROM hall.subscription AS o WHERE o.msisdn = 13800138000;
END
$$;
SELECT test.subscribe(n) FROM generate_series(13900139200, 13900139220) AS n;

-- the list
SELECT test.is(test.lines(r), 'own:1来电显示,2手机上网 collected:3新闻早报,4天气预报,5笑话天天', 'B2: two groups, numbers run on'),
    test.is(r #>> '{replies,0,fields,own,0,price}', '{"fen": 0, "period": "month"}', 'B2: free items are shown as such'),
    test.is(r #>> '{replies,0,fields,collected,0,provider}', '新华短讯', 'B2: with provider'),
    test.is(r #>> '{replies,0,fields,last}', 'true', 'B2: the last says how to answer'),
    test.is(r #>> '{replies,0,fields,window}', '7200', 'B2: and how long')
FROM test.says(13900139200, '0000') AS r;
SELECT test.is(test.open_services(13900139200), 'GPRS LDXS TQYB XHTT XWZB', 'B3: a list cancels nothing');
SELECT test.is(test.outcome(test.says(13900139200, '是')), 'new hall use_serials', 'B2: 是 is no number');
SELECT test.is(test.outcome(r), 'new leave_list left', 'B4: numbers'), test.is(test.field(r, 'items'), '["新闻早报", "笑话天天"]', 'B4: those that were meant'),
    test.is(test.field(r, 'wrong'), '["9"]', 'B4: out of range is named'), test.is(test.field(r, 'repeated'), '["3"]', 'B4: repeated is named')
FROM test.says(13900139200, '3,5,9,3') AS r;
SELECT test.is(test.open_services(13900139200), 'GPRS LDXS TQYB', 'B4: the valid ones are carried out');
SELECT test.is(test.outcome(r), 'new leave_list left', 'B4: the list stays open'), test.is(test.field(r, 'gone'), '["新闻早报"]', 'B4: gone already'),
    test.is(test.field(r, 'items'), '["天气预报"]', 'B4: and the numbers are those that were sent')
FROM test.says(13900139200, '3,4') AS r;
SELECT test.is(test.outcome(test.says(13900139200, '0')), 'new leave_list left', 'B4: zero is out of range'),
    test.is(test.open_services(13900139200), 'GPRS LDXS', 'B4: and ends nothing');
SELECT test.wait(7201);
SELECT test.is(test.outcome(r), 'new leave_list expired', 'B2: two hours'), test.is(test.field(r, 'how'), '0000', 'and how to ask anew')
FROM test.says(13900139200, '1') AS r;
SELECT test.is(end_reason, 'leave', 'why it ended') FROM hall.subscription WHERE msisdn = 13900139200 AND service = 'TQYB';

-- frozen as sent (rules B4)
SELECT test.lines(test.says(13900139201, '0000'));
SELECT hall.put_subscription(13900139201, 'LDXS', NULL, hall.now());
SELECT hall.put_subscription(13900139201, 'HJDD', hall.now());
SELECT test.is(test.field(r, 'items'), '["新闻早报"]', 'B4: the third line of the list that was sent') FROM test.says(13900139201, '3') AS r;
SELECT test.is(test.lines(test.says(13900139201, '0000')), 'own:1手机上网,2呼叫等待 collected:3天气预报,4笑话天天', 'a new list, new numbers');
SELECT test.is(test.field(r, 'items'), '["天气预报"]', 'B4: which count from now on') FROM test.says(13900139201, '3') AS r;

-- many: numbering across messages (rules B2)
INSERT INTO hall.service (code, name) SELECT 'MANY' || n, '业务' || n FROM generate_series(1, 50) AS n;
SELECT hall.put_subscriber(13900139230, '全球通');
SELECT hall.put_subscription(13900139230, 'MANY' || n, hall.now() - make_interval(mins => 100 - n)) FROM generate_series(1, 50) AS n;
SELECT test.is(jsonb_array_length(r -> 'replies')::text, '7', 'B2: fifty in seven texts'),
    test.is(r #>> '{replies,6,fields,own,1,serial}', '50', 'B2: the last number'),
    test.is(string_agg(p #>> '{fields,first}', ' '), 'true false false false false false false', 'B2: one heading'),
    test.is(string_agg(p #>> '{fields,last}', ' '), 'false false false false false false true', 'B2: the last says how to answer')
FROM test.says(13900139230, '0000') AS r, jsonb_array_elements(r -> 'replies') AS p
GROUP BY r;
SELECT test.is(test.field(test.says(13900139230, '50,1'), 'items'), '["业务50", "业务1"]', 'B4: by number, in any text');

-- 00000 at the hall (rules B3)
SELECT test.is(test.lines(r), 'own:1来电显示,2手机上网 collected:3新闻早报,4天气预报,5笑话天天', 'B3: with no list open it is sent')
FROM test.says(13900139202, '00000') AS r;
SELECT test.is(takes_yes::text, 'true', 'B3: asking for 是') FROM hall.dialogue WHERE msisdn = 13900139202;
SELECT test.is(test.open_services(13900139202), 'GPRS LDXS TQYB XHTT XWZB', 'B3: never at one blow');
SELECT test.is(test.outcome(test.says(13900139202, '是')), 'new leave_all left', 'B3: one 是'),
    test.is(test.open_services(13900139202), NULL, 'B3: leaves all');
SELECT test.is(test.outcome(test.says(13900139202, '00000')), 'new leave_all none', 'B6: nothing to leave'),
    test.is(test.outcome(test.says(13900139202, '0000')), 'new leave_list none', 'B6: says so');
SELECT test.lines(test.says(13900139203, '0000'));
SELECT hall.put_subscription(13900139203, 'HJDD', hall.now());
SELECT test.is(test.lines(test.says(13900139203, '00000')), 'own:1来电显示,2手机上网 collected:3新闻早报,4天气预报,5笑话天天',
    'B3: while a list is open, that list');
SELECT test.is(test.field(test.says(13900139203, '3'), 'items'), '["新闻早报"]', 'B3: or some of it');
SELECT test.is(test.outcome(test.says(13900139203, '是')), 'new leave_all left', 'B3: then all of it'),
    test.is(test.open_services(13900139203), 'HJDD', 'B3: all of that list, not more');
SELECT test.is(test.outcome(test.says(13900139204, '00000')), 'new leave_all list', 'asked');
SELECT test.is(test.outcome(test.says(13900139204, 'N')), 'new leave_all declined', 'B3: N'),
    test.is(test.open_services(13900139204), 'GPRS LDXS TQYB XHTT XWZB', 'B3: leaves nothing');

-- in any state (rules B5)
SELECT hall.put_subscriber(13900139205, '全球通', 'suspended', 'arrears');
SELECT hall.post_charge(13900139205, -5000, 'fee', '通话费', 'debt');
SELECT test.is(test.outcome(test.says(13900139205, '0000')), 'new leave_list list', 'B5: suspended and in debt');
SELECT test.is(test.field(test.says(13900139205, '4'), 'items'), '["天气预报"]', 'B5: leaves');
SELECT test.is(test.outcome(test.says(13900139205, 'QXXHTT')), 'new close ok', 'B5: by its code too');
SELECT test.is(test.outcome(test.says(13900139206, 'KTCL')), 'new open ask', 'with a question open');
SELECT test.is(test.outcome(test.says(13900139206, '0000')), 'new leave_list list', 'B5: the list all the same');
SELECT test.is(test.outcome(test.says(13900139206, '是')), 'new hall use_serials', 'B9: and the 是 orders nothing'),
    test.is(test.open_services(13900139206), 'GPRS LDXS TQYB XHTT XWZB', 'B9: nothing was ordered');

-- at a provider's port (rules B1, B3, B5)
SELECT test.is(test.lines(test.says(13900139207, '0000', '106602')), 'collected:1全部,2天气预报,3笑话天天', 'B3: line 1 is all of them');
SELECT test.is(test.field(test.says(13900139207, '3', '106602'), 'items'), '["笑话天天"]', 'B3: one of them');
SELECT test.is(test.field(test.says(13900139207, '1', '106602'), 'items'), '["天气预报"]', 'B3: all of them'),
    test.is(test.open_services(13900139207), 'GPRS LDXS XWZB', 'B1: of this port alone');
SELECT test.is(test.outcome(test.says(13900139207, '0000', '106602')), 'new provider_list none', 'B6: none left');
SELECT test.is(test.field(test.says(13900139208, '00000', '106602'), 'items'), '["天气预报", "笑话天天"]', 'B3: 00000 there: at once'),
    test.is(test.open_services(13900139208), 'GPRS LDXS XWZB', 'B1: of this port alone');
SELECT test.is(test.field(test.says(13900139208, 'TD', '106601'), 'items'), '["新闻早报"]', 'B5: a word for leaving');
SELECT test.is(test.outcome(test.says(13900139208, 'TD', '106601')), 'again provider_leave left', 'D6: at once again');
SELECT test.wait(100);
SELECT test.is(test.outcome(test.says(13900139208, 'TD', '106601')), 'new provider_leave none', 'B6: nothing left');

-- ordering there (rules B8), and B9
SELECT test.is(test.outcome(r), 'new open ask', 'B8: an order code asks'), test.is(test.field(r, 'code'), 'TQYB', 'B8: for its service'),
    test.is(test.field(r, 'collected'), 'true', 'A2: collected for a provider')
FROM test.says(13900139208, 'tq', '106602') AS r;
SELECT test.is(test.outcome(test.says(13900139208, '00000', '106602')), 'new provider_leave none', 'B9: leaving comes first');
SELECT test.is(test.outcome(test.says(13900139208, '是', '106602')), 'new hall no_question', 'B9: and the 是 orders nothing'),
    test.is(test.open_services(13900139208), 'GPRS LDXS', 'B9: nothing is open');
SELECT test.is(test.outcome(test.says(13900139208, 'KTTQYB')), 'new open ask', 'a question at 10086 …');
SELECT test.is(test.outcome(test.says(13900139208, '00000', '106602')), 'new provider_leave none', '… and leaving at the port');
SELECT test.is(test.outcome(test.says(13900139208, '是')), 'new hall no_question', 'B9: leaving wins across ports');
SELECT test.is(test.outcome(test.says(13900139209, 'KTCL')), 'new open ask', 'a question about something else');
SELECT test.is(test.field(test.says(13900139209, 'TD', '106602'), 'items'), '["天气预报", "笑话天天"]', 'leaving elsewhere');
SELECT test.is(test.outcome(test.says(13900139209, '是')), 'new open ok', 'is another matter');
SELECT test.is(test.outcome(test.says(13900139210, 'KTCL')), 'new open ask', 'asked');
SELECT test.is(test.outcome(test.says(13900139210, 'QXCL')), 'new close declined', 'QX while it is asked');
SELECT test.is(test.outcome(test.says(13900139210, '是')), 'new hall no_question', 'B9: takes the question away');
SELECT test.is(test.outcome(test.says(13900139210, '106602', '106602')), 'new provider_help ok', 'B8: the port''s number'),
    test.is(test.outcome(test.says(13900139210, '今天天气', '106602')), 'new hall provider_text', 'B8: no hook: the provider is named'),
    test.is(test.outcome(test.says(13900139210, '1', '106602')), 'new hall provider_text', 'B8: nothing was asked there: a text like any'),
    test.is(test.outcome(test.says(13900139210, 'TQYB开', '106602')), 'new hall provider_text', 'B8: an order code is never a beginning'),
    test.is(test.outcome(test.says(13900139210, 'TQ', '106601')), 'new hall provider_text', 'B8: nor another port''s');
SELECT test.is(test.outcome(test.says(13900139210, 'TQ', '10660208')), 'new open already', 'D5: an extension is the port''s too');

-- with the month (rules A12)
UPDATE hall.service SET ends = 'month_end', first_month = 'full' WHERE code = 'LDTX';
SELECT test.wait(100);
SELECT test.is(test.outcome(test.says(13900139211, 'KTLDTX')), 'new open ask', 'a service that ends with the month');
SELECT test.is(test.outcome(test.says(13900139211, '是')), 'new open ok', 'ordered');
SELECT test.is(test.outcome(test.says(13900139211, '00000')), 'new leave_all list', 'left');
SELECT test.is(test.field(test.says(13900139211, '是'), 'later'), '[{"until": "2026-12-01T00:00:00+08:00", "service": "来电提醒"}]',
    'A12: what is paid for runs to its end');
SELECT test.is(test.outcome(test.says(13900139211, '0000')), 'new leave_list list', 'it is listed while it runs');

-- nothing to leave takes the question away (rules B9)
SELECT hall.put_subscriber(13900139240 + n, '全球通', p_opening_fen => 2000) FROM generate_series(0, 9) AS n;
SELECT test.is(test.outcome(test.says(13900139240, 'KTCL')), 'new open ask', 'asked');
SELECT test.is(test.outcome(r), 'new leave_all none', 'B6: nothing to leave'), test.is(test.field(r, 'replaced'), '彩铃', 'B9: and no order')
FROM test.says(13900139240, '00000') AS r;
SELECT test.is(test.outcome(test.says(13900139240, '是')), 'new hall no_question', 'B9: the 是 that was to leave orders nothing'),
    test.is(test.open_services(13900139240), NULL, 'B9: nothing is open');
SELECT test.is(test.outcome(test.says(13900139241, 'XH', '106602')), 'new open ask', 'asked at a port');
SELECT test.is(test.outcome(test.says(13900139241, '0000', '106602')), 'new provider_list none', 'B6: nothing to leave there');
SELECT test.is(test.outcome(test.says(13900139241, '是', '106602')), 'new hall no_question', 'B9: nor there');

-- a question in the place of a list: a number is no yes
SELECT hall.put_subscription(13900139242, s, '2026-01-01') FROM unnest('{LDXS,XWZB}'::text[]) AS s;
SELECT test.is(test.outcome(test.says(13900139242, '0000')), 'new leave_list list', 'a list');
SELECT test.is(test.field(test.says(13900139242, 'KTCL'), 'replaced_list'), 'true', 'A6: replaced by a question, which says so');
SELECT test.is(test.outcome(test.says(13900139242, '1')), 'new hall use_words', 'a 1 meant for the list orders nothing'),
    test.is(test.open_services(13900139242), 'LDXS XWZB', 'and nothing is open that was not');
SELECT test.is(test.outcome(test.says(13900139242, 'Y')), 'new open ok', 'a word does');

-- numbers mean the list that was sent (rules B4)
SELECT hall.put_subscription(13900139243, s, '2026-01-01') FROM unnest('{LDXS,GPRS,XWZB,TQYB}'::text[]) AS s;
SELECT test.is(test.outcome(test.says(13900139243, '0000', p_is_away => true)), 'new leave_list list', 'a list …');
UPDATE hall.reply SET claim_after = hall.now() + interval '1 hour', reason = 'Kannel is away' WHERE claim_after IS NOT NULL;
SELECT test.is(test.outcome(test.says(13900139243, '3')), 'new leave_list list', 'B4: … that never went out: it is sent now'),
    test.is(test.open_services(13900139243), 'GPRS LDXS TQYB XWZB', 'B4: nothing is left by it');
SELECT test.is(test.field(test.says(13900139243, '3'), 'items'), '["新闻早报"]', 'B4: and now it counts');

-- 00000 while a list is open of which nothing is left
SELECT test.is(test.field(test.says(13900139243, '1,2,4'), 'items'), '["手机上网", "来电显示", "天气预报"]', 'all of a list');
SELECT hall.put_subscription(13900139243, 'HJDD', hall.now());
SELECT test.is(test.lines(test.says(13900139243, '00000')), 'own:1呼叫等待', 'B3: what there is');

-- leaving is no loop (rules B5, E4)
SELECT hall.put_port('1066' || n, '新华短讯') FROM generate_series(10, 39) AS n;
INSERT INTO hall.service (code, name, provider, port) SELECT 'P' || n, '端口' || n, '新华短讯', '1066' || n FROM generate_series(10, 39) AS n;
SELECT hall.put_subscription(13900139244, 'P' || n, '2026-01-01') FROM generate_series(10, 39) AS n;
SELECT test.is(string_agg(test.says(13900139244, 'TD', '1066' || n) ->> 'was', ' ' ORDER BY n),
    repeat('new ', 20) || rtrim(repeat('looped ', 10)), 'E4: the 21st same text is not answered') FROM generate_series(10, 39) AS n;
SELECT test.is(test.open_services(13900139244), NULL, 'B5: but it leaves');

SELECT test.is(string_agg(msisdn::text, ' '), NULL, 'every balance is the sum of its ledger') FROM hall.check_ledger();
