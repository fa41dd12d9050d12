#!/usr/bin/env bash
# Random conversations with the store, and what must hold after each message (tests/property/converse.sql). TAP on stdout.
#
#   PROPERTY_SEED=7 PROPERTY_MESSAGES=1000000 bash tests/property.sh
#
# The same seed and number of messages give the same conversations. Each session has a store of its own; then several talk to one store at
# once; and in the end faults are planted (tests/property/faults.tsv), each of which must be found.
set -u
cd "$(dirname "$0")/.." || exit 2
. tests/tap/tap.sh
. tests/tap/store.sh
seed=${PROPERTY_SEED:-1}
messages=${PROPERTY_MESSAGES:-100000}
sessions=2
alone=$((messages * 9 / 10 / sessions)) # messages of a session with a store of its own
crowd=$((messages / 10 / 4))            # of each of four sessions on one store
base_name=${prefix}_talk

# As the daemon's sessions are, but for the disk: what is lost in a crash is no matter here.
export PGOPTIONS="-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c jit=off -c synchronous_commit=off"

# call NAME CALL: what the procedure says when it fails
call() {
    sql "$1" -q -c "CALL $2" 2>&1 | sed -n 's/^ERROR:  //p'
}

copy_store() {
    sql postgres -q -c "CREATE DATABASE $1 TEMPLATE $base_name" 2>"$dir/log" || give_up "a store"
}

# What led to the failure, as far as it goes.
show_failure() {
    sql "$1" -c "SELECT '# the last that ' || f.msisdn || ' said, and heard:' FROM test.failure AS f" \
        -c "SELECT '# ' || test.conversation(f.msisdn, 20) FROM test.failure AS f"
}

test_conversations() {
    local session pids=()
    for session in $(seq $sessions); do
        copy_store "${base_name}_$session"
        call "${base_name}_$session" "test.converse($((seed * 100 + session)), $alone, 30, 5000)" >"$dir/said$session" &
        pids+=($!)
    done
    wait "${pids[@]}"
    for session in $(seq $sessions); do
        is "$alone messages, session $session of seed $seed" "" "$(cat "$dir/said$session")"
        show_failure "${base_name}_$session"
    done
}

test_several_at_once() {
    local session pids=() name=${base_name}_crowd
    copy_store "$name"
    sql "$name" -q -o "$dir/out" -c "SELECT test.bring_people(0, 8)"
    for session in 1 2 3 4; do
        call "$name" "test.converse_among_others($((seed * 100 + session)), $crowd, 8)" >"$dir/said$session" &
        pids+=($!)
    done
    wait "${pids[@]}"
    for session in 1 2 3 4; do
        is "$crowd messages among others, session $session of seed $seed" "" "$(cat "$dir/said$session")"
    done
    show_failure "$name"
    is "all holds that four sessions did at once" "" \
        "$(sql "$name" -q -c "SELECT test.at(c.now) IS NULL FROM test.clock AS c" -c "SELECT test.look_at_all(NULL)" | sed 1d)"
}

# plant NUMBER STATEMENT: what is found in a store with this fault
plant() {
    copy_store "${base_name}_fault$1"
    if sql "${base_name}_fault$1" -q -o "$dir/out$1" -c "$2" 2>&1; then
        call "${base_name}_fault$1" "test.converse(1, 4000, 10, 4000)"
    fi >"$dir/found$1"
    sql postgres -q -c "DROP DATABASE ${base_name}_fault$1"
}

test_faults() {
    local number name statement wanted pids=()
    while IFS=$'\t' read -r number statement; do
        plant "$number" "$statement" &
        pids+=($!)
        [ ${#pids[@]} -lt $sessions ] || { wait "${pids[@]}"; pids=(); }
    done < <(cut -f 2 tests/property/faults.tsv | nl -b a -w 1)
    [ ${#pids[@]} -eq 0 ] || wait "${pids[@]}" # without a pid it would wait for the server
    number=0
    while IFS=$'\t' read -r name statement wanted; do
        number=$((number + 1))
        is "planted: $name" "*$wanted*" "$(cat "$dir/found$number")"
    done <tests/property/faults.tsv
}

store_start
store_create "$base_name"
migrate "$base_name" || give_up "migrate"
for file in tests/sql/00_helpers.sql tests/property/converse.sql; do
    sql "$base_name" -q -o "$dir/out" -f $file 2>"$dir/log" || give_up "$file"
done
test_conversations
test_several_at_once
test_faults
tap_end
