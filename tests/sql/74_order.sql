-- Work orders: what an element must do before a service is open (issue 3, point 8).
SELECT test.at('2026-11-22 10:00+08');
SELECT hall_private.build_dispatch();
SELECT hall.put_hook('hlr', 'https://hlr.example/orders'), hall.rotate_hook_key('hlr') IS NULL;
UPDATE hall.service SET element = 'hlr' WHERE code IN ('LDTX', 'HJDD', 'SFTH');
SELECT hall.put_subscriber(13900139000 + i, '全球通', p_opening_fen => 1000) FROM generate_series(1, 9) AS i;

-- What the hall tells a subscriber.
CREATE FUNCTION test.told(p_msisdn bigint) RETURNS text
LANGUAGE sql RETURN (SELECT r.command || ' ' || r.outcome || ' ' || r.port || coalesce(' ' || (r.fields ->> 'reason'), '')
    FROM hall.reply AS r WHERE r.msisdn = p_msisdn ORDER BY r.number DESC, r.part DESC LIMIT 1);
CREATE FUNCTION test.orders(p_msisdn bigint) RETURNS text
LANGUAGE sql RETURN (SELECT string_agg(concat_ws(' ', o.number, o.action, o.service, o.state, o.reason), ', ')
FROM hall.orders(p_msisdn) AS o);
CREATE FUNCTION test.events(p_msisdn bigint) RETURNS text
LANGUAGE sql RETURN (SELECT string_agg(concat_ws(' ', e.kind, e.data ->> 'order', e.state), ', ' ORDER BY e.id)
FROM hall.event AS e WHERE e.msisdn = p_msisdn);
-- Claims all that is due, and settles this subscriber's.
CREATE FUNCTION test.deliver(p_msisdn bigint, p_status int) RETURNS text
LANGUAGE sql RETURN (
    SELECT string_agg(hall.settle_event(p_msisdn, (c ->> 'id')::bigint, (c ->> 'claims')::int, p_status, 'http ' || p_status), ' ')
    FROM jsonb_array_elements(hall.claim_events(100, 60)) AS c WHERE c ->> 'msisdn' = p_msisdn::text);
CREATE FUNCTION test.report(p_msisdn bigint, p_number int, p_state text, p_reason text DEFAULT NULL) RETURNS text
LANGUAGE sql RETURN hall.report_order(p_msisdn, p_number,
    (SELECT e.data ->> 'token' FROM hall.event AS e WHERE e.msisdn = p_msisdn AND e.data ->> 'order' = p_number::text), p_state, p_reason);
CREATE FUNCTION test.has(p_msisdn bigint, p_code text) RETURNS text
LANGUAGE sql RETURN (SELECT concat_ws(' ', CASE WHEN hall_private.has_order(p_msisdn, p_code) THEN 'ordered' END,
    CASE WHEN EXISTS (SELECT FROM hall.subscription AS o WHERE o.msisdn = p_msisdn AND o.service = p_code AND o.until IS NULL) THEN 'open' ELSE 'closed' END,
    s.balance_fen) FROM hall.subscriber AS s WHERE s.msisdn = p_msisdn);

-- the good course, of a service that is charged
SELECT test.is(test.outcome(test.says(13900139001, 'KTLDTX')), 'new open ask', 'charged: asks first');
SELECT test.is(test.has(13900139001, 'LDTX'), 'closed 1000', 'charged: nothing is ordered yet');
SELECT test.is(test.outcome(test.says(13900139001, '是')), 'new open accepted', 'accepted');
SELECT test.is(test.orders(13900139001), '1 open LDTX accepted', 'accepted: visible'),
    test.is(test.has(13900139001, 'LDTX'), 'ordered closed 1000', 'accepted: neither open nor charged'),
    test.is(test.outcome(test.says(13900139001, 'KTLDTX')), 'new open in_work', 'accepted: asked again'),
    test.is(test.outcome(test.says(13900139001, 'CXLDTX')), 'new query_service in_work', 'accepted: asked about');
SELECT test.is((e.data - 'token')::text, '{"order": 1, "action": "open", "service": "LDTX"}', 'the event'),
    test.ok(e.data ->> 'token' ~ '^[0-9a-f]{32}$', 'its token'),
    test.is(concat_ws(' ', e.hook, e.stream, e.kind), 'hlr order:LDTX order.open', 'where it goes') FROM hall.event AS e;
SELECT test.is(test.deliver(13900139001, 500), 'waiting', 'not delivered'),
    test.is(test.orders(13900139001), '1 open LDTX accepted', 'not delivered: as before');
SELECT test.wait(10);
SELECT test.is(test.deliver(13900139001, 202), 'delivered', 'delivered'),
    test.is(test.orders(13900139001), '1 open LDTX in_work', 'delivered: in work by itself');
SELECT test.is(hall.report_order(13900139001, 1, 'guess', 'done', NULL), 'unknown', 'report: not the token'),
    test.is(test.report(13900139001, 2, 'done'), 'unknown', 'report: no such order'),
    test.is(hall.report_order(13900139001, 1, NULL, 'done', NULL), 'unknown', 'report: no token'),
    test.is(test.report(13900139001, 1, 'in_work'), 'unchanged', 'report: it is in work'),
    test.refused($$SELECT test.report(13900139001, 1, 'cancelled')$$, '22023', 'report: not a state of the element''s'),
    test.refused($$SELECT test.report(13900139001, 1, NULL)$$, '22023', 'report: no state'),
    test.is(test.has(13900139001, 'LDTX'), 'ordered closed 1000', 'report: nothing of it changed anything');
SELECT test.is(test.report(13900139001, 1, 'done'), 'done', 'done');
SELECT test.is(test.has(13900139001, 'LDTX'), 'open 700', 'done: open and charged'),
    test.is(test.told(13900139001), 'open done 10086', 'done: told'), test.is(test.orders(13900139001), '1 open LDTX done', 'done: ended');
SELECT test.is(r.fields ->> 'charged' || ' ' || (r.fields ->> 'balance') || ' ' || (r.fields ->> 'off'), '300 700 QXLDTX',
    'done: the receipt (A11)')
FROM hall.reply AS r WHERE r.msisdn = 13900139001 AND r.outcome = 'done';
SELECT test.is(l.consent::text, d.number::text, 'done: charged with its consent (A1)')
FROM hall.ledger AS l, hall.dialogue AS d WHERE l.msisdn = 13900139001 AND l.kind = 'service_fee' AND d.msisdn = 13900139001 AND d.ended = 'yes';
SELECT test.is(test.report(13900139001, 1, 'done'), 'unchanged', 'done: again'),
    test.is(test.report(13900139001, 1, 'failed'), 'unchanged', 'done: stays done'),
    test.is(test.has(13900139001, 'LDTX'), 'open 700', 'done: charged once');

-- closing it is an order too
SELECT test.is(test.outcome(test.says(13900139001, 'QXLDTX')), 'new close ok', 'close: at once for the subscriber');
SELECT test.is(test.orders(13900139001), '1 open LDTX done, 2 close LDTX accepted', 'close: an order for the element'),
    test.is(test.events(13900139001), 'order.open 1 delivered, order.close 2 waiting', 'close: its event');
SELECT test.is(test.deliver(13900139001, 200), 'delivered', 'close: delivered'),
    test.is(test.report(13900139001, 2, 'failed', 'x'), 'failed', 'close: failed'),
    test.is(test.orders(13900139001), '1 open LDTX done, 2 close LDTX failed x', 'close: the operator sees it'),
    test.is(test.told(13900139001), 'close ok 10086', 'close: the subscriber hears no more');

-- failed, with a free one
SELECT test.is(test.outcome(test.says(13900139002, 'KTHJDD')), 'new open accepted', 'free: accepted'),
    test.is(test.report(13900139002, 1, 'in_work'), 'in_work', 'report: in work before our own note'),
    test.is(test.deliver(13900139002, 200), 'delivered', 'the note'),
    test.is(test.report(13900139002, 1, 'failed', '用户数据不存在'), 'failed', 'failed');
SELECT test.is(test.has(13900139002, 'HJDD'), 'closed 1000', 'failed: not open'),
    test.is(test.told(13900139002), 'open failed 10086 用户数据不存在', 'failed: told why'),
    test.is(test.orders(13900139002), '1 open HJDD failed 用户数据不存在', 'failed: kept'),
    test.is(test.events(13900139002), 'order.open 1 delivered', 'failed: nothing to undo');
SELECT test.is(test.outcome(test.says(13900139002, 'KTHJDD')), 'new open accepted', 'failed: may be ordered anew') FROM test.wait(61);
SELECT test.is(test.report(13900139002, 2, 'done'), 'done', 'done before it was noted as delivered');
SELECT test.is(test.has(13900139002, 'HJDD'), 'open 1000', 'done: open'),
    test.is(test.deliver(13900139002, 200), 'delivered', 'the note comes later'),
    test.is(test.orders(13900139002), '1 open HJDD failed 用户数据不存在, 2 open HJDD done', 'and changes nothing');

-- cancelled
SELECT test.is(test.outcome(test.says(13900139003, 'KTHJDD')), 'new open accepted', 'cancel: accepted'),
    test.is(test.outcome(test.says(13900139003, 'QXHJDD')), 'new close cancelled_order', 'cancel: by the subscriber');
SELECT test.is(test.orders(13900139003), '1 open HJDD cancelled, 2 close HJDD accepted', 'cancel: ended, and undone'),
    test.is(test.events(13900139003), 'order.open 1 waiting, order.close 2 waiting', 'cancel: in their order'),
    test.is(test.report(13900139003, 1, 'done'), 'unchanged', 'cancel: done is too late'),
    test.is(test.has(13900139003, 'HJDD'), 'closed 1000', 'cancel: not open');
SELECT test.is(e.data ->> 'undoes', '1', 'cancel: the element knows what is undone')
FROM hall.event AS e WHERE e.msisdn = 13900139003 AND e.kind = 'order.close';
SELECT test.is(test.deliver(13900139003, 200), 'delivered', 'cancel: first the opening'),
    test.is(test.deliver(13900139003, 200), 'delivered', 'cancel: then the closing'),
    test.is(test.orders(13900139003), '1 open HJDD cancelled, 2 close HJDD in_work', 'cancel: what ended stays'),
    test.is(test.report(13900139003, 2, 'done'), 'done', 'cancel: undone'),
    test.is(test.outcome(test.says(13900139003, 'QXHJDD')), 'new close not_open', 'cancel: nothing to cancel any more') FROM test.wait(61);

-- no money any more when it is done
SELECT test.is(test.outcome(test.says(13900139004, 'KTLDTX')), 'new open ask', 'no balance: asked'),
    test.is(test.outcome(test.says(13900139004, '是')), 'new open accepted', 'no balance: there was enough');
SELECT hall.post_charge(13900139004, -900, 'fee', '通话', 'f1');
SELECT test.is(test.report(13900139004, 1, 'done'), 'failed', 'no balance: when it is done');
SELECT test.is(test.has(13900139004, 'LDTX'), 'closed 100', 'no balance: neither open nor charged'),
    test.is(test.told(13900139004), 'open failed 10086 余额不足', 'no balance: told'),
    test.is(test.orders(13900139004), '1 open LDTX failed no_balance, 2 close LDTX accepted', 'no balance: undone');

-- opened by the network meanwhile
SELECT test.is(test.outcome(test.says(13900139005, 'KTSFTH')), 'new open accepted', 'meanwhile: accepted'),
    test.is(hall.put_subscription(13900139005, 'SFTH', hall.now())::text, 'true', 'meanwhile: open');
SELECT test.is(test.report(13900139005, 1, 'done'), 'done', 'meanwhile: done'),
    test.is(test.told(13900139005), 'open already 10086', 'meanwhile: told so');

-- what has come to stand against it
SELECT hall.put_subscriber(13900139010 + i, '全球通', p_opening_fen => 1000) FROM generate_series(0, 1) AS i;
UPDATE hall.service SET excludes = 'G' WHERE code IN ('SFTH', 'HJBC');
SELECT test.is(test.outcome(test.says(13900139010, 'KTSFTH')), 'new open accepted', 'late: accepted'),
    test.is(hall.put_subscription(13900139010, 'HJBC', hall.now())::text, 'true', 'late: another of its group is opened');
SELECT test.is(test.report(13900139010, 1, 'done'), 'failed', 'late: both cannot be');
SELECT test.is(test.has(13900139010, 'SFTH'), 'closed 1000', 'late: so it is not opened (A10)'),
    test.is(test.told(13900139010), 'open failed 10086 与已开通的业务冲突', 'late: told'),
    test.is(test.orders(13900139010), '1 open SFTH failed excluded, 2 close SFTH accepted', 'late: undone');
SELECT test.is(test.outcome(test.says(13900139011, 'KTSFTH')), 'new open accepted', 'late: accepted'),
    test.is(hall.put_subscriber(13900139011, '全球通', 'closed')::text, 'false', 'late: the subscriber is gone');
SELECT test.is(test.orders(13900139011), '1 open SFTH cancelled, 2 close SFTH accepted', 'late: his order goes with him'),
    test.is(test.report(13900139011, 1, 'done'), 'unchanged', 'late: not for one who is gone');
SELECT test.is(test.told(13900139011), 'open accepted 10086', 'late: nor told');

-- leaving while the network was quicker than its report (rules B5)
SELECT hall.put_subscriber(13900139020 + n, '全球通', p_opening_fen => 1000) FROM generate_series(0, 3) AS n;
SELECT test.is(test.outcome(test.says(13900139020, 'KTLDTX')), 'new open ask', 'both: asked');
SELECT test.is(test.outcome(test.says(13900139020, '是')), 'new open accepted', 'both: accepted'),
    test.is(hall.put_subscription(13900139020, 'LDTX', hall.now())::text, 'true', 'both: open already, says the feed');
SELECT test.wait(10);
SELECT test.is(test.outcome(test.says(13900139020, 'QXLDTX')), 'new close ok', 'both: left');
SELECT test.is(test.report(13900139020, 1, 'done'), 'unchanged', 'both: the order is gone too'),
    test.is(test.has(13900139020, 'LDTX'), 'closed 1000', 'both: not opened, not charged');

-- what was ordered for nothing costs nothing when it is done
SELECT test.is(test.outcome(test.says(13900139021, 'KTHJDD')), 'new open accepted', 'dearer: accepted as free');
UPDATE hall.service SET fee_fen = 100 WHERE code = 'HJDD';
SELECT test.is(test.report(13900139021, 1, 'done'), 'done', 'dearer: done'), test.is(test.has(13900139021, 'HJDD'), 'open 1000', 'dearer: A1');
UPDATE hall.service SET fee_fen = 0 WHERE code = 'HJDD';
SELECT test.is(test.outcome(test.says(13900139022, 'KTLDTX')), 'new open ask', 'suspended: asked');
SELECT test.is(test.outcome(test.says(13900139022, '是')), 'new open accepted', 'suspended: accepted'),
    test.is(hall.put_subscriber(13900139022, '全球通', 'suspended')::text, 'false', 'suspended: meanwhile');
SELECT test.is(test.report(13900139022, 1, 'done'), 'failed', 'suspended: not opened'), test.is(test.has(13900139022, 'LDTX'), 'closed 1000', 'A10');

-- events that die
SELECT test.is(test.outcome(test.says(13900139006, 'KTHJDD')), 'new open accepted', 'dead: accepted');
UPDATE hall.event SET tries = 10 WHERE msisdn = 13900139006;
UPDATE hall.event SET state = 'delivered', claim_after = NULL, is_taken = false, settled_at = hall.now() WHERE msisdn <> 13900139006 AND claim_after IS NOT NULL;
SELECT test.is(test.deliver(13900139006, 500), 'dead', 'dead: the last try');
SELECT test.is(test.orders(13900139006), '1 open HJDD failed no answer, 2 close HJDD accepted',
    'dead: the order has failed, and is undone'), test.is(test.told(13900139006), 'open failed 10086', 'dead: told');
SELECT test.is(hall.resend_event(msisdn, id)::text, 'false', 'dead: an opening that failed is not sent again') FROM hall.dead_events('hlr');
UPDATE hall.event SET tries = 10, claim_after = hall.now() WHERE msisdn = 13900139006 AND claim_after IS NOT NULL;
SELECT test.is(test.deliver(13900139006, 500), 'dead', 'dead: the undoing too'),
    test.is(test.orders(13900139006), '1 open HJDD failed no answer, 2 close HJDD failed no answer', 'dead: seen by operators');
SELECT test.is(hall.resend_events('hlr')::text, '1', 'dead: a closing is sent again');
SELECT test.is(test.deliver(13900139006, 200), 'delivered', 'and delivered'),
    test.is(count(*) FILTER (WHERE r.outcome = 'failed')::text, '1', 'dead: told once') FROM hall.reply AS r WHERE r.msisdn = 13900139006;
SELECT test.is(test.outcome(test.says(13900139007, 'KTHJDD')), 'new open accepted', 'gone: accepted'),
    test.is(test.outcome(test.says(13900139008, 'KTHJDD')), 'new open accepted', 'gone: another');
SELECT test.is(test.deliver(13900139007, 410), 'gone', 'gone: a 410') FROM test.wait(61);
SELECT test.is(test.orders(m), '1 open HJDD failed no answer, 2 close HJDD failed nobody to tell', 'gone: the order has failed'),
    test.is(test.told(m), 'open failed 10086', 'gone: told') FROM unnest('{13900139007,13900139008}'::bigint[]) AS m;
SELECT test.is(test.outcome(test.says(13900139009, 'KTHJDD')), 'new open accepted', 'gone: a new one');
SELECT test.is(test.orders(13900139009), '1 open HJDD failed nobody to tell', 'gone: fails at once'),
    test.is(test.told(13900139009), 'open failed 10086', 'gone: told behind the answer');

-- evidence, rights
SELECT test.is(string_agg(e.content #>> '{order}' || ' ' || (e.content ->> 'action') || ' ' || (e.content ->> 'state'),
    ', ' ORDER BY e.number),
    '1 open accepted, 1 open in_work, 1 open done, 2 close accepted, 2 close in_work, 2 close failed', 'evidence: each step')
FROM hall.evidence AS e WHERE e.msisdn = 13900139001 AND e.kind = 'order';
SELECT test.is(string_agg(DISTINCT coalesce(e.dialogue::text, '-'), ' '),
    (SELECT d.number::text FROM hall.dialogue AS d WHERE d.msisdn = 13900139001 AND d.ended = 'yes'), 'evidence: of that consent')
FROM hall.evidence AS e WHERE e.msisdn = 13900139001 AND e.kind = 'order' AND e.content ->> 'action' = 'open';
SELECT test.is(concat_ws(' ', o.number, hall_private.iso(o.at), hall_private.iso(o.ended_at), o.name, o.port, o.consent),
    '1 2026-11-22T10:00:00+08:00 2026-11-22T10:00:10+08:00 来电提醒 10086 1', 'orders: all that operators want to know')
FROM hall.orders(13900139001) AS o WHERE o.number = 1;
SELECT test.refused(sql, wanted, role || ': ' || sql, role)
FROM (VALUES ('smshall_hall', $$SELECT hall.report_order(1, 1, 'x', 'done', NULL)$$, 'done'), ('smshall_operator', $$SELECT hall.report_order(1, 1, 'x', 'done', NULL)$$, '42501'),
    ('smshall_operator', 'SELECT token FROM hall.work_order', '42501'), ('smshall_hall', 'SELECT hall.orders(1)',
    '42501')) AS v (role, sql, wanted);
SELECT test.is(count(*)::text, '0', 'check_ledger: all is right') FROM hall.check_ledger();
