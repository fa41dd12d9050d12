#!/usr/bin/env bash
# Every test in turn: test.sh UNIT-BINARY…, then tests/*.sh, or only those that SUITES names (SUITES="sql e2e"). One line a suite; a
# failing one shows all it said. The last line is "N passed, M failed", and the exit code is 1 when M is not 0.
#
# A suite finds the program in SMSHALL. It fails when it exits with another code than 0, takes longer than ten minutes, or when a
# sanitizer found something in any program that it started. What it cannot try here it says in a line that begins with "skipped".
set -u

cd "$(dirname "$0")/../.." || exit 2
export SMSHALL=${SMSHALL:-build/smshall}
logs=$PWD/var/test
passed=0
failed=0

# Sanitizers write into files, so that a fault in a server behind a test is seen too.
reports=$logs/sanitizer
export ASAN_OPTIONS=log_path=$reports:detect_leaks=1:${ASAN_OPTIONS-}
export UBSAN_OPTIONS=log_path=$reports:print_stacktrace=1:halt_on_error=1:${UBSAN_OPTIONS-}
export TSAN_OPTIONS=log_path=$reports:${TSAN_OPTIONS-}

run_suite() {
    local name=$1 log=$logs/$1.log start=$SECONDS code=0
    shift
    printf '%-34s' "$name"
    rm -f "$reports".*
    timeout --foreground -k 60 600 "$@" >"$log" 2>&1 </dev/null || code=$?
    cat "$reports".* >>"$log" 2>/dev/null && code="a sanitizer's report"
    if [ "$code" = 0 ]; then
        passed=$((passed + 1))
        printf 'ok      %4d s\n' $((SECONDS - start))
        grep '^skipped' "$log"
    else
        failed=$((failed + 1))
        printf 'FAILED  %4d s (%s)\n' $((SECONDS - start)) "$code"
        sed 's/^/    /' "$log"
    fi
}

# What is quick and near the ground comes first.
first="arrows grammar sql lanes smsc talk e2e"

scripts() {
    local path name
    for name in $first; do
        [ ! -e "tests/$name.sh" ] || echo "$name"
    done
    for path in tests/*.sh; do
        name=$(basename "$path" .sh)
        case " $first bench " in
        *" $name "*) ;;
        *) echo "$name" ;;
        esac
    done
}

mkdir -p "$logs"
trap 'exit 130' INT TERM
for unit in "$@"; do
    run_suite "unit-$(basename "$unit")" "$unit"
done
for name in ${SUITES-$(scripts)}; do
    run_suite "$name" bash "tests/$name.sh"
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
