#!/usr/bin/env bash
# Fuzzing (libFuzzer, tests/fuzz/*.c): each target replays the inputs that are kept in tests/fuzz/corpus, and then tries new ones. In `make
# test` for a second, always from the same seed; by `make fuzz` for FUZZ_SECONDS (a minute), going on from where the last run ended.
# FUZZ_TARGETS="fold match" are these alone; FUZZ_RUNS=10000000 tries so many, however long that takes.
#
# What reaches something new is left in var/fuzz/TARGET, what was found in var/fuzz/found: once it is mended, its input is kept as
# tests/fuzz/corpus/TARGET/found_WHAT. `tests/fuzz.sh minimise` takes away kept inputs that reach nothing which others do not (found_* stay).
set -u

cd "$(dirname "$0")/.." || exit 2
. tests/tap/tap.sh
found=var/fuzz/found
mkdir -p $found

targets() {
    local path
    for path in tests/fuzz/*.c; do
        basename "$path" .c
    done
}

# run TARGET OPTION… FOLDER…: its words are left in $log
run() {
    local target=$1
    shift
    log=var/fuzz/$target.log
    build/fuzz/"$target" -artifact_prefix="$found/$target-" -timeout=30 -max_len=6000 -print_final_stats=1 -verbosity=1 "$@" >"$log" 2>&1
}

# run_ends NAME TARGET OPTION…: nothing is found
run_ends() {
    local name=$1 code=0
    shift
    run "$@" || code=$?
    is "$name$(sed -n 's/^stat::number_of_executed_units: */, tried: /p' "$log")" 0 "$code"
    [ "$code" = 0 ] || grep -aE -A3 'does not hold|runtime error|^==.*ERROR|^SUMMARY|Test unit written' "$log" | sed 's/^/# /'
}

fuzz() {
    local target=$1 corpus=tests/fuzz/corpus/$1 new=var/fuzz/$1
    local limits=(-max_total_time="${FUZZ_SECONDS:-1}")
    [ -z "${FUZZ_RUNS-}" ] || limits=(-runs="$FUZZ_RUNS")
    run_ends "$target: kept inputs: $(find "$corpus" -type f | wc -l)" "$target" -runs=0 "$corpus"
    if [ -z "${FUZZ_SECONDS-}${FUZZ_RUNS-}" ]; then
        new=var/fuzz/test # what other runs found is no business of this one
        rm -rf $new
        limits+=(-seed=1)
    fi
    mkdir -p "$new"
    run_ends "$target: new inputs" "$target" "${limits[@]}" "$new" "$corpus"
}

minimise() {
    local corpus=tests/fuzz/corpus/$1 less=var/fuzz/less
    rm -rf $less
    mkdir -p $less
    run "$1" -merge=1 $less "$corpus" || return 1
    for path in "$corpus"/*; do
        case $path in */found_*) continue ;; esac
        [ -e "$less/$(sha1sum "$path" | cut -d ' ' -f 1)" ] || rm "$path"
    done
}

for target in ${FUZZ_TARGETS-$(targets)}; do
    if [ "${1-}" = minimise ]; then
        minimise "$target"
    else
        fuzz "$target"
    fi
done
[ "${1-}" = minimise ] || tap_end
