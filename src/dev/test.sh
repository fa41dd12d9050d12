#!/usr/bin/env bash
# Every test: test.sh UNIT-BINARY…, then tests/*.sh, or only those that SUITES names (SUITES="sql e2e"), JOBS (2) of them at a time. One
# line a suite; a failing one shows all it said. The last line is "N passed, M failed", and the exit code is 1 when M is not 0.
#
# A suite finds the program in SMSHALL. It fails when it exits with another code than 0, takes longer than ten minutes, or when a
# sanitizer or valgrind found something in any program that it started. What it cannot try here it says in a line that begins with "skipped".
# PATIENCE (1) is how many times longer everything may take: a watched program is slow.
set -u

cd "$(dirname "$0")/../.." || exit 2
export SMSHALL=${SMSHALL:-build/smshall}
logs=$PWD/var/test
results=$logs/results
jobs=${JOBS:-2}
limit=$((600 * ${PATIENCE:-1}))
started=0

# Sanitizers, and valgrind (src/dev/valgrind.sh), write into files, so that a fault in a server behind a test is seen too:
# watched NAME COMMAND…
watched() {
    local reports=$logs/sanitizer.$1
    shift
    ASAN_OPTIONS=log_path=$reports:detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1:${ASAN_OPTIONS-} \
        UBSAN_OPTIONS=log_path=$reports:print_stacktrace=1:halt_on_error=1:${UBSAN_OPTIONS-} \
        TSAN_OPTIONS=log_path=$reports:${TSAN_OPTIONS-} VALGRIND_LOG=$reports "$@"
}

# Runs a suite and says how it went, all of it at once: another one runs beside it.
run_suite() {
    local name=$1 log=$logs/$1.log start=$SECONDS code=0 said
    shift
    rm -f "$logs/sanitizer.$name".*
    watched "$name" timeout --foreground -k 60 "$limit" "$@" >"$log" 2>&1 </dev/null || code=$?
    cat "$logs/sanitizer.$name".* 2>/dev/null | grep '' >>"$log" && code="a sanitizer's report" # valgrind's file is there in any case
    if [ "$code" = 0 ]; then
        said=$(printf '%-34sok      %4d s\n' "$name" $((SECONDS - start)) && grep '^skipped' "$log")
    else
        said=$(printf '%-34sFAILED  %4d s (%s)\n' "$name" $((SECONDS - start)) "$code" && sed 's/^/    /' "$log")
    fi
    printf '%s\n' "$said"
    echo "$code" >>"$results"
}

# Most suites wait for others most of the time, so two run at once.
start_suite() {
    while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do
        sleep 0.1
    done
    started=$((started + 1))
    run_suite "$@" &
}

# What is quick and near the ground comes first.
first="arrows grammar sql lanes smsc talk e2e"

# Measured, or for an hour: run by name.
by_hand="bench soak"

scripts() {
    local path name
    for name in $first; do
        [ ! -e "tests/$name.sh" ] || echo "$name"
    done
    for path in tests/*.sh; do
        name=$(basename "$path" .sh)
        case " $first $by_hand " in
        *" $name "*) ;;
        *) echo "$name" ;;
        esac
    done
}

mkdir -p "$logs"
: >"$results"
trap 'kill $(jobs -rp) 2>/dev/null; wait; exit 130' INT TERM
for unit in "$@"; do
    start_suite "unit-$(basename "$unit")" "$unit"
done
for name in ${SUITES-$(scripts)}; do
    start_suite "$name" bash "tests/$name.sh"
done
wait
failed=$(grep -cvx 0 "$results")
echo "$(grep -cx 0 "$results") passed, $failed failed"
[ "$failed" = 0 ] && [ "$(wc -l <"$results")" = "$started" ]
