#!/usr/bin/env bash
# `smshall provider` as an operator uses it (B7): with the role smshall_operator and nothing more, on a store with the demo data.
set -u
cd "$(dirname "$0")/.." || exit 2
# shellcheck source=tests/tap/store.sh
. tests/tap/store.sh
# shellcheck source=tests/tap/tap.sh
. tests/tap/tap.sh
[ -x "$smshall" ] || { echo "skipped: there is no $smshall" && exit 0; }

store_start
db=${prefix}_provider
store_create "$db"
migrate "$db" || give_up "migrate"
key='whsec_???????????????????????????????????????????='

# provider WORDS…: what it prints, key and errors too, with the exit code behind it
provider() {
    "$smshall" provider "$@" --database "$base dbname=$db options='-c role=smshall_operator'" 2>&1
    echo "$?"
}
lines() {
    provider "$@" | sed '$d'
}
store() {
    sql "$db" -c "$1"
}
# An event for a hook: event HOOK MSISDN NAME
event() {
    store "SELECT hall_private.add_event($2, '$1', '$3', 'service.ordered', '{}')" >/dev/null
}

# --- providers, elements, keys ---
is "list: the demo's" $'新华短讯\tprovider\t4008106601\t106601\t-\tkeys 0\twaiting 0\tdead 0\n风云气象\tprovider\t4008106602\t106602\t-\tkeys 0\twaiting 0\tdead 0' \
    "$(lines list)"
is "add" $'the key of "彩信世界", which is not shown again:\n'"$key"$'\n0' \
    "$(provider add 彩信世界 --telephone 4008106603 --port 106603 --port 1066030 --hook https://mms.example:8443/hook?a=b)"
is "add: listed" $'彩信世界\tprovider\t4008106603\t106603,1066030\tmms.example:8443\tkeys 1\twaiting 0\tdead 0' "$(lines list | grep 彩信)"
is "add: it is its hook" 彩信世界 "$(store "SELECT hook FROM hall.provider WHERE name = '彩信世界'")"
is "add: again" $'smshall provider: there is a provider "彩信世界" already\n1' "$(provider add 彩信世界 --telephone 1 --port 106604)"
is "add: somebody's port" $'smshall provider: port 106601 is provider "新华短讯"\'s\n1' "$(provider add 抢占 --telephone 1 --port 106605 --port 106601)"
is "add: or nothing at all" 0 "$(store "SELECT count(*) FROM hall.provider WHERE name = '抢占'")"
is "add: no address" $'smshall provider: *an_address_is_http*\n1' "$(provider add 坏 --telephone 1 --port 106605 --hook ftp://x.example)"
is "add: without a hook" 0 "$(provider add 无钩 --telephone 4008106606 --port 106606)"
is "rotate: without a hook" $'smshall provider: provider "无钩" has no hook: `smshall provider hook` gives it one\n1' "$(provider rotate 无钩)"
is "hook: the first one comes with a key" $'the key of "无钩", *\n'"$key"$'\n0' "$(provider hook 无钩 http://new.example/)"
is "hook: another address, the same keys" 0 "$(provider hook 无钩 https://newer.example/)"
is "hook: listed" $'无钩\t*\tnewer.example\tkeys 1\t*' "$(lines list | grep 无钩)"
is "element" $'the key of "hlr", *\n'"$key"$'\n0' "$(provider element hlr --hook https://hlr.example/orders)"
is "element: again" $'smshall provider: there is a hook "hlr" already*\n1' "$(provider element hlr --hook https://hlr.example/other)"
is "element: a provider's name" $'smshall provider: "新华短讯" is a provider\n1' "$(provider element 新华短讯 --hook https://x.example)"
is "element: listed behind the providers" $'hlr\telement\t-\t-\thlr.example\tkeys 1\twaiting 0\tdead 0' "$(lines list | tail -n 1)"
is "element: another address" 0 "$(provider hook hlr https://hlr2.example/orders)"
is "element: a service names it" 'UPDATE 1' "$(store "UPDATE hall.service SET element = 'hlr' WHERE code = 'LDXS'")"
is "hook: nobody" $'smshall provider: there is no provider or element "nobody"\n1' "$(provider hook nobody https://x.example)"
is "rotate" $'the key of "hlr", *\n'"$key"$'\n0' "$(provider rotate hlr)"
is "rotate: both sign" '*keys 2*' "$(lines list | grep hlr)"
is "rotate: with an overlap" $'*\n0' "$(provider rotate hlr --overlap 0)"
is "rotate: at once" '*keys 1*' "$(lines list | grep hlr)"
is "rotate: no time" $'smshall provider: 22007: *\n1' "$(provider rotate hlr --overlap often)"
is "a key is nowhere to be read" 0 "$(lines list --json | grep -c -e whsec -e secret)"

# --- what was never told ---
for n in 1 2 3; do event hlr 1380013800$n "S$n"; done
event 彩信世界 13800138000 S4
is "list: waiting" '*waiting 3*dead 0' "$(lines list | grep hlr)"
is "dead: none" 0 "$(provider dead)"
store "UPDATE hall.event SET state = 'dead', claim_after = NULL, tries = 11, status = 503, reason = 'http 503'" >/dev/null
is "list: dead" '*waiting 0*dead 3' "$(lines list | grep hlr)"
is "dead: all" 4 "$(lines dead | wc -l)"
is "dead: of one" $'20??-??-?? ??:??:???*\thlr\t138****8001\t1\tservice.ordered\tdead\t11\t503\thttp 503' "$(lines dead hlr | head -n 1)"
is "dead: in full" '*13800138001*' "$(lines dead hlr --full | head -n 1)"
is "dead: since" 0 "$(provider dead --since tomorrow)"
is "dead: as JSON" '138****8001 service.ordered 503' "$(lines dead hlr --json | head -n 1 | jq -r '"\(.msisdn) \(.kind) \(.status)"')"
is "list: as JSON" 'element hlr2.example 1 3' "$(lines list --json | tail -n 1 | jq -r '"\(.kind) \(.host) \(.keys) \(.dead)"')"
is "dead: nobody" $'*there is no provider or element "nobody"\n1' "$(provider dead nobody)"
is "resend: one" 0 "$(provider resend hlr 2)"
is "resend: it waits" '*waiting 1*dead 2' "$(lines list | grep hlr)"
is "resend: what is not dead, and nothing else then" $'smshall provider: 2: no dead event of "hlr"\n1' "$(provider resend hlr 1 2)"
is "resend: so" '*waiting 1*dead 2' "$(lines list | grep hlr)"
is "resend: another's" $'smshall provider: 4: no dead event of "hlr"\n1' "$(provider resend hlr 4)"
is "resend: since" $'0 will be sent again\n0' "$(provider resend hlr --all --since tomorrow)"
is "resend: all" $'2 will be sent again\n0' "$(provider resend hlr --all)"
store "UPDATE hall.event SET state = 'dead', claim_after = NULL, kind = 'order.open' WHERE hook = 'hlr'" >/dev/null
is "resend: an order that is over" $'smshall provider: 1: is not sent again: its order is over\n1' "$(provider resend hlr 1)"
is "resend: all, and what stays" $'0 will be sent again\n3 stay as they are: their orders are over\n0' "$(provider resend hlr --all)"
store "UPDATE hall.hook SET gone_at = '2026-11-22 10:00+00' WHERE name = '彩信世界'" >/dev/null
is "list: gone" '*mms.example:8443 (gone since 2026-11-22 *)*' "$(lines list | grep 彩信)"
is "resend: to one that is gone" $'smshall provider: 55000: the hook "彩信世界" is gone: it needs an address first\n1' "$(provider resend 彩信世界 --all)"
is "hook: it is there again" $'0\n1 will be sent again\n0' "$(provider hook 彩信世界 https://mms.example/ && provider resend 彩信世界 --all)"

# --- several halls at once: four of each hook under way, by all of them together ---
store "UPDATE hall.event SET state = 'delivered', claim_after = NULL, settled_at = hall.now()" >/dev/null
for n in $(seq 10 19); do event hlr 138001380$n S; done
event 彩信世界 13800138000 S5
claimed() {
    grep -o '"hook": "[^"]*"' "$1" | sort | uniq -c | tr -s ' \n' ' '
}
sql "$db" -c BEGIN -c "SELECT hall.claim_events(3, 60)" -c "SELECT pg_sleep(1)" -c COMMIT >"$dir/first" 2>&1 &
first=$!
is "one sender has the hook" 1 "$(eventually 5 1 store "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = '$db'")"
store "SELECT hall.claim_events(100, 60)" >"$dir/second"
is "the first sender" ' 3 "hook": "hlr" ' "$(claimed "$dir/first")"
is "the second passes by, and waits for nobody" ' 1 "hook": "彩信世界" ' "$(claimed "$dir/second")"
wait $first
store "SELECT hall.claim_events(100, 60)" >"$dir/second"
is "the second takes what the first left room for" ' 1 "hook": "hlr" ' "$(claimed "$dir/second")"

# --- called wrongly ---
while read -r words; do
    # shellcheck disable=SC2086 # words
    is "wrong: $words" 2 "$(provider $words | tail -n 1)"
done <<'END'

nothing
list hlr
list --all
add
add x
add x --telephone 1
add x --port 1
add x y --telephone 1 --port 1
element x
element x y --hook https://x.example
hook x
hook x --hook https://x.example
rotate
rotate x --json
dead a b
dead --all
resend
resend x
resend x 1 --all
resend x 1 --since today
resend --all
list --nothing
END
ports=()
for n in $(seq -w 17); do ports+=(--port "9$n"); done
is "wrong: too many ports" 2 "$(provider add x --telephone 1 "${ports[@]}" | tail -n 1)"
is "help" 'usage: smshall provider list*' "$(provider --help)"
is "no server" $'smshall provider: *\n1' "$("$smshall" provider list --database "host=$dir/none" 2>&1; echo $?)"
tap_end
