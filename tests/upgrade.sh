#!/usr/bin/env bash
# Stores that earlier versions made become stores of today: tests/upgrade/*.sql.gz are what pg_dump said of a store of each, with the demo
# data and conversations. Nothing of it is lost, it works as a new one does, and it has the same schema. TAP on stdout.
set -u
cd "$(dirname "$0")/.." || exit 2
. tests/tap/tap.sh
. tests/tap/store.sh
old= # the store that is brought up to date
new=${prefix}_new
[ -x "$smshall" ] || { echo "skipped: there is no $smshall" && exit 0; }

# Everything in the tables of the earlier version, by its columns, as it was: what differs after the upgrade is lost or invented.
contents() {
    local table columns
    while IFS='|' read -r table columns; do
        echo "== $table"
        sql "$1" -F '|' -c "SELECT $columns FROM hall.$table AS t ORDER BY t::text"
    done <"$dir/tables"
}

# The earlier version's tables with their columns; parts of one are one.
list_tables() {
    sql "$1" -F '|' -c "SELECT c.relname, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
        FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'hall'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0
        GROUP BY c.relname
        ORDER BY c.relname"
}

# The schema, one object a line, in an order that does not depend on when a column was added. Without the parts for single months, which
# depend on when the store was made.
schema() {
    sql "$1" -F '|' <<'END' | grep -vE '^[a-z]+\|[^|]*(message|reply)_[0-9]{4}'
SELECT 'relation', c.oid::regclass, c.relkind, c.reloptions, pg_get_partkeydef(c.oid), pg_get_expr(c.relpartbound, c.oid), c.relacl
FROM pg_class AS c WHERE c.relnamespace::regnamespace::text ~ '^hall' AND c.relkind <> 'S' ORDER BY c.oid::regclass::text;
SELECT 'column', a.attrelid::regclass, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
    a.attcollation::regcollation, pg_get_expr(d.adbin, d.adrelid)
FROM pg_attribute AS a
JOIN pg_class AS c ON c.oid = a.attrelid
LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE c.relnamespace::regnamespace::text ~ '^hall' AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid::regclass::text, a.attname;
SELECT 'constraint', o.conrelid::regclass, o.conname, pg_get_constraintdef(o.oid)
FROM pg_constraint AS o WHERE o.connamespace::regnamespace::text ~ '^hall' ORDER BY o.conrelid::regclass::text, o.conname, 4;
SELECT 'index', pg_get_indexdef(i.indexrelid)
FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid WHERE c.relnamespace::regnamespace::text ~ '^hall' ORDER BY 2;
SELECT 'trigger', t.tgrelid::regclass, pg_get_triggerdef(t.oid) FROM pg_trigger AS t WHERE NOT t.tgisinternal ORDER BY t.tgrelid::regclass::text, t.tgname;
SELECT 'type', t.oid::regtype, string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder)
FROM pg_type AS t JOIN pg_enum AS e ON e.enumtypid = t.oid GROUP BY t.oid ORDER BY t.oid::regtype::text;
SELECT 'function', p.oid::regprocedure, pg_get_functiondef(p.oid), ARRAY(SELECT unnest(p.proacl)::text ORDER BY 1)
FROM pg_proc AS p WHERE p.pronamespace::regnamespace::text ~ '^hall' AND p.prokind IN ('f', 'p') ORDER BY p.oid::regprocedure::text;
SELECT 'extension', e.extname, e.extnamespace::regnamespace FROM pg_extension AS e ORDER BY 2;
SELECT 'schema', n.nspname, n.nspacl FROM pg_namespace AS n WHERE n.nspname ~ '^hall' ORDER BY 2;
SELECT 'setting', s.name, s.value, s.note FROM hall.setting AS s ORDER BY 2;
SELECT 'migration', m.name, m.checksum FROM hall.migration AS m ORDER BY 2;
END
}

# upgrade: brings the old store up to date as its owner, who is no superuser; without the demo data, which is there
upgrade() {
    "$smshall" migrate --quiet --sql sql --database "$base dbname=$old options='-c role=$owner'" >"$dir/log" 2>&1
    echo $?
}

differences() {
    diff "$1" "$2" | head -n 20
}

# as the daemon calls it: receive ID TEXT CALL ARGS EFFECT CONFIRM ANSWER; says command and outcome
receive() {
    sql "$old" -q -c "SELECT (r #>> '{replies,0,command}') || ' ' || (r #>> '{replies,0,outcome}') FROM CAST(hall.receive(
        13800138000, '$1', '10086', 'hall', '$2', hashtextextended('$2', 0), NULL, $3, $3, '$5', '$6', '$4', $7, 'sendsms') AS jsonb) AS r" 2>&1
}

# upgrade_from VERSION MIGRATIONS: all of it, for one earlier version
upgrade_from() {
    old=${prefix}_$1
    store_create "$old"
    (echo "SET ROLE $owner;" && zcat "tests/upgrade/$1.sql.gz") | sql "$old" -q >"$dir/out" 2>"$dir/log" || give_up "the $1 version's store"
    is "$1: it is that version's" "$2" "$(sql "$old" -c "SELECT string_agg(left(name, 4), ' ' ORDER BY name) FROM hall.migration")"
    is "$1: with conversations" "t t" \
        "$(sql "$old" -F ' ' -c "SELECT (SELECT count(*) > 50 FROM hall.message), (SELECT count(*) > 50 FROM hall.reply)")"
    keeps_what_was_there "$1"
    has_the_schema_of_a_new_one "$1"
    works "$1"
}

keeps_what_was_there() {
    local names
    list_tables "$old" >"$dir/tables"
    contents "$old" >"$dir/before"
    is "$1: it is brought up to date by its owner" 0 "$(upgrade)"
    contents "$old" >"$dir/after"
    is "$1: all that was there is there" "" "$(diff "$dir/before" "$dir/after" | grep '^<')"
    names=$(sql "$old" -c "SELECT name FROM hall.setting UNION SELECT name FROM hall.migration" | paste -sd '|')
    is "$1: and nothing more but settings and migrations" "" "$(diff "$dir/before" "$dir/after" | grep '^>' | grep -vE "^> ($names)\|")"
    is "$1: every balance is the sum of its ledger" 0 "$(sql "$old" -c "SELECT count(*) FROM hall.check_ledger()")"
    is "$1: every service is found by its name" 0 \
        "$(sql "$old" -c "SELECT count(*) FROM hall.service AS s WHERE (hall_private.find_service(s.name)).code IS DISTINCT FROM s.code")"
}

has_the_schema_of_a_new_one() {
    schema "$old" >"$dir/old"
    is "$1: it has the schema of a new store" "" "$(differences "$dir/new" "$dir/old")"
    is "$1: which is not empty" "[1-9]*" "$(grep -c '^function|' "$dir/old")"
    contents "$old" >"$dir/before"
    is "$1: it is brought up to date again" 0 "$(upgrade)"
    contents "$old" >"$dir/after"
    schema "$old" >"$dir/again"
    is "$1: which changes nothing" "" "$(differences "$dir/before" "$dir/after")$(differences "$dir/old" "$dir/again")"
}

works() {
    local balance
    balance=$(sql "$old" -c "SELECT hall.top_up(13800138000, 10000, 'upgrade')")
    is "$1: a message is received" "balance ok" "$(receive u1 YE "'balance'" '{}' reads never NULL)"
    is "$1: a paid order asks" "open ask" "$(receive u2 KTLDTX "'open'" '{"service": "LDTX"}' changes when_charged NULL)"
    is "$1: and is confirmed" "open ok" "$(receive u3 是 NULL '{}' reads never "'yes'")"
    is "$1: it cost what was said" "$((balance - 300))" \
        "$(sql "$old" -c "SELECT balance_fen FROM hall.subscriber WHERE msisdn = 13800138000")"
    is "$1: what was opened before can be left" "leave_list list*" "$(receive u4 0000 "'leave_list'" '{}' leaves never NULL)"
    is "$1: by its number" "leave_list left" "$(receive u5 1 NULL '{}' reads never "'yes,serials:1'")"
    is "$1: what is due is run" "*steps*" "$(sql "$old" -c "SELECT hall.run_due()")"
    is "$1: every balance is right still" 0 "$(sql "$old" -c "SELECT count(*) FROM hall.check_ledger()")"
    is "$1: and all of it is evidence" "the evidence holds" "$("$smshall" evidence --verify --database "$base dbname=$old" 2>&1)"
}

store_start
store_create "$new"
migrate "$new" || give_up "a new store"
schema "$new" >"$dir/new"
upgrade_from first "0001 0002 0003 0004"
upgrade_from second "0001 0002 0003 0004 0005"
upgrade_from third "0001 0002 0003 0004 0005 0006 0007"
tap_end
