#!/usr/bin/env bash
# `smshall evidence`: what a person reads of a consent, and that tampering is found and said (rules A8). The chain can be computed again
# without the store, and holds when two sessions write it at once. TAP on stdout.
set -u
cd "$(dirname "$0")/.." || exit 2
. tests/tap/tap.sh
. tests/tap/store.sh
name=${prefix}_evidence
[ -x "$smshall" ] || { echo "skipped: there is no $smshall" && exit 0; }

# evidence ARGUMENT…: what it says and its exit code, as a role that may do nothing else
evidence() {
    "$smshall" evidence "$@" --database "$base dbname=$name options='-c role=smshall_operator'" 2>&1
    echo "exit $?"
}

query() {
    sql "$name" -q "${@/#/-c}" >"$dir/out" 2>"$dir/log" || give_up "$*"
}

# What it says once the store was tampered with; then all is as before.
tampered() {
    query "$1"
    evidence 13800138000 --verify
    sql postgres -q -c "DROP DATABASE $name WITH (FORCE)" -c "CREATE DATABASE $name TEMPLATE ${name}_kept"
}

store_start
store_create "$name"
migrate "$name" || give_up "migrate"
sql "$name" -q -f tests/sql/00_helpers.sql >"$dir/log" 2>&1 || give_up "tests/sql/00_helpers.sql"
query "SELECT test.at('2026-11-22 10:00+08')" \
    "SELECT test.send(13800138000, 'k1', 'kt彩铃', 'open', '{\"service\": \"CL\"}', 'changes', p_confirm => 'when_charged',
        p_gateway_time => 1795312799)" \
    "SELECT hall.settle(13800138000, '2611-1', 'sent', '您将订购彩铃业务，5.00元/月，请回复是', 1, NULL, NULL, 0)" \
    "SELECT test.wait(3), hall.delivery_report(13800138000, '2611-1', 1, NULL, 1795312803)" \
    "SELECT test.wait(60), test.send(13800138000, 'k2', E'是\\x1b[2J。', p_answer => 'yes', p_gateway_time => 1795312862)" \
    "SELECT test.send(13800138000, 'k3', 'ktldtx', 'open', '{\"service\": \"LDTX\"}', 'changes', p_confirm => 'when_charged')" \
    "SELECT test.send(13800138000, 'k4', '0000', 'leave_list', '{}', 'leaves')"
sql postgres -q -c "CREATE DATABASE ${name}_kept TEMPLATE $name"

hash='[0-9a-f]*'
is "a consent to one service, found by its name" "13800138000 was asked for 彩铃 (CL, 中国移动), 5.00 a month
  requested  2026-11-22T10:00:00+08:00 \"kt彩铃\" to 10086, number 1; the gateway had it at 2026-11-22T09:59:59+08:00, id k1
  asked      2026-11-22T10:00:00+08:00 at 10086, may be answered until 2026-11-23T10:00:00+08:00
  reply      2611-1: \"您将订购彩铃业务，5.00元/月，请回复是\"
             sent at 2026-11-22T10:00:00+08:00, delivered at 2026-11-22T10:00:03+08:00
  ended      2026-11-22T10:01:03+08:00 yes
  answer     2026-11-22T10:01:03+08:00 \"是\\\\u001B\\[2J。\" to 10086, number 2; the gateway had it at 2026-11-22T10:01:02+08:00, id k2
  opened     2026-11-22T10:01:03+08:00, open
  charged    2026-11-22T10:01:03+08:00 5.00 for 2026-11, balance 51.78 after it
  evidence   1 2026-11-22T10:00:00+08:00 asked $hash
  evidence   2 2026-11-22T10:00:00+08:00 said $hash
  evidence   3 2026-11-22T10:00:03+08:00 reported $hash
  evidence   4 2026-11-22T10:01:03+08:00 answered $hash
  evidence   5 2026-11-22T10:01:03+08:00 opened $hash

the evidence holds
exit 0" "$(evidence +8613800138000 彩铃)"
is "all consents, and what else is kept" "13800138000 was asked for 彩铃*13800138000 was asked for 来电提醒 (LDTX, 中国移动), 3.00 a month*
  ended      * replaced
  by         * \"0000\" to 10086, number 4*
other evidence
 * asked {*\"kind\":\"list\"*}*
the evidence holds
exit 0" "$(evidence 13800138000)"
is "as JSON" '{"holds":true,"faults":\[\],"msisdn":"13800138000","consents":\[{"name":"彩铃",*}\],"evidence":\[{*}\]}
exit 0' "$(evidence 13800138000 CL --json)"
is "verified alone, as JSON" '{"holds":true,"faults":\[\],"msisdn":"13800138000"}
exit 0' "$(evidence 13800138000 --json --verify)"
is "who was asked nothing" "13800138003 was asked for no consent
the evidence holds
exit 0" "$(evidence 13800138003)"
is "a service that there is not" 'smshall evidence: 22023: there is no service "彩玲"
exit 1' "$(evidence 13800138000 彩玲)"
is "no mobile number" 'smshall evidence: "10086" is no mobile number
exit 2' "$(evidence 10086)"
for wrong in "" "13800138000 CL CL8" "13800138000 CL --verify" "--all"; do
    # shellcheck disable=SC2086 # words
    is "called wrongly: evidence $wrong" "*usage: *exit 2" "$(evidence $wrong)"
done
is "a store that is away" "smshall evidence: *exit 1" \
    "$("$smshall" evidence --verify --database "host=$dir port=1" 2>&1; echo "exit $?")"

# each hash from outside: SHA-256 of the row's text as the manual says it
rows=0 before=
while IFS=$'\t' read -r number at dialogue service kind content found; do
    wanted=$(printf '["%s", 13800138000, %s, %s, %s, %s, "%s", %s]' "$before" "$number" "$at" "$dialogue" "$service" "$kind" "$content" |
        sha256sum)
    [ "${wanted%% *}" = "$found" ] || break
    before=$found rows=$((rows + 1))
done < <(sql "$name" -F $'\t' -c "SELECT number, (extract(epoch FROM at) * 1000000)::bigint, coalesce(dialogue::text, 'null'),
    coalesce(to_jsonb(service)::text, 'null'), kind, content, encode(hash, 'hex') FROM hall.evidence ORDER BY number")
is "the hashes can be computed again outside" \
    "$(sql "$name" -c "SELECT number FROM hall.evidence_end")" "$rows"

is "a changed row" "BROKEN: 13800138000, evidence 3: changed: *
the evidence does not hold
exit 1" "$(tampered "UPDATE hall.evidence SET content = content || '{\"status\": 2}' WHERE number = 3")"
is "a removed row" "BROKEN: 13800138000, evidence 2: missing: up to number 2
the evidence does not hold
exit 1" "$(tampered "DELETE FROM hall.evidence WHERE number = 2")"
is "the last rows, cut off" "BROKEN: 13800138000, evidence 5: missing: up to number 8
BROKEN: 13800138000, question 3: *" "$(tampered "DELETE FROM hall.evidence WHERE number > 4")"
is "the end, removed" "BROKEN: 13800138000, evidence 8: the end of the chain is missing*exit 1" "$(tampered "DELETE FROM hall.evidence_end")"
is "another price in the question" "BROKEN: 13800138000, question 1: the question is not the one in the evidence*exit 1" \
    "$(tampered "UPDATE hall.dialogue SET options = jsonb_set(options, '{0,fen}', '100') WHERE number = 1")"
is "a charge that is dearer than the question said" "BROKEN: 13800138000, ledger row 2: the consent is to 500 fen*exit 1" \
    "$(tampered "UPDATE hall.ledger SET fen = -800 WHERE number = 2 AND msisdn = 13800138000")"

# two sessions write one chain, and others beside it
pids=()
for session in 1 2; do
    for i in $(seq 100); do
        echo "SELECT hall_private.add_evidence(13800138000 + $i % 3, NULL, NULL, 'test', '{\"session\": $session, \"i\": $i}');"
    done | sql "$name" -q >"$dir/session$session" 2>&1 &
    pids+=($!)
done
wait "${pids[@]}"
is "two sessions at once" "the evidence holds
exit 0" "$(evidence --verify)"
is "and nothing of either is lost" 200 "$(sql "$name" -c "SELECT count(*) FROM hall.evidence WHERE kind = 'test'")"
query "UPDATE hall.evidence SET kind = 'said' WHERE msisdn = 13800138001 AND number = 7"
is "a fault among all of them" "BROKEN: 13800138001, evidence 7: changed: *
the evidence does not hold
exit 1" "$(evidence --verify)"
is "whose own is the others' no matter" "the evidence holds
exit 0" "$(evidence 13800138000 --verify)"
tap_end
