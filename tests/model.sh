#!/usr/bin/env bash
# Random conversations against a model of the dialogue that was written from the rules and not from the SQL (tests/model/dialogue.h). TAP on
# stdout. A difference is printed with its seed and the shortest conversation that still shows it.
#
#   MODEL_SEED=7 MODEL_STEPS=1000000 bash tests/model.sh
#
# The same seed and number of steps give the same conversations. Two sessions, each with a store of its own; and in the end faults are
# planted (tests/model/faults.tsv), each of which must be found by what finds nothing without it.
set -u
cd "$(dirname "$0")/.." || exit 2
. tests/tap/tap.sh
. tests/tap/store.sh
seed=${MODEL_SEED:-1}
steps=${MODEL_STEPS:-10000}
play=$(dirname "$smshall")/model/play
sessions=2
base_name=${prefix}_model

# As the daemon's sessions are, but for the disk: what is lost in a crash is no matter here.
export PGOPTIONS="-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c jit=off -c synchronous_commit=off"

copy_store() {
    sql postgres -q -c "CREATE DATABASE $1 TEMPLATE $base_name" 2>"$dir/log" || give_up "a store"
}

test_conversations() {
    local session pids=()
    for session in $(seq $sessions); do
        copy_store "${base_name}_$session"
        "$play" "$base dbname=${base_name}_$session" $((seed * 100 + session)) $((steps / sessions)) >"$dir/said$session" 2>&1 &
        pids+=($!)
    done
    wait "${pids[@]}"
    for session in $(seq $sessions); do
        is "session $session of seed $seed: the hall does as the model says" "# * a second" "$(cat "$dir/said$session")"
    done
}

# plant NUMBER STATEMENT: what is found in a store with this fault
plant() {
    copy_store "${base_name}_fault$1"
    if sql "${base_name}_fault$1" -q -o "$dir/out$1" -c "$2" 2>&1; then
        "$play" "$base dbname=${base_name}_fault$1" $((seed * 100 + 1)) 4000
    fi >"$dir/found$1" 2>&1
    sql postgres -q -c "DROP DATABASE ${base_name}_fault$1"
}

test_faults() {
    local number=0 name statement wanted pids=()
    while IFS=$'\t' read -r name statement wanted; do
        number=$((number + 1))
        plant $number "$statement" &
        pids+=($!)
        [ ${#pids[@]} -lt $sessions ] || { wait "${pids[@]}"; pids=(); }
    done <tests/model/faults.tsv
    [ ${#pids[@]} -eq 0 ] || wait "${pids[@]}" # without a pid it would wait for the server
    number=0
    while IFS=$'\t' read -r name statement wanted; do
        number=$((number + 1))
        is "planted: $name" "*$wanted*" "$(tail -n 4 "$dir/found$number")"
    done <tests/model/faults.tsv
}

[ -x "$play" ] || { echo "Bail out! $play is not built (make tests-built)"; exit 1; }
store_start
store_create "$base_name"
migrate "$base_name" || give_up "migrate"
for file in tests/sql/00_helpers.sql tests/model/store.sql; do
    sql "$base_name" -q -o "$dir/out" -f $file 2>"$dir/log" || give_up "$file"
done
test_conversations
test_faults
tap_end
