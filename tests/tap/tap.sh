# shellcheck shell=bash
# Sourced by tests that print TAP: is, eventually, tap_end.
tests=0 failures=0

# is NAME WANTED FOUND: WANTED is a pattern of the shell's
is() {
    tests=$((tests + 1))
    # shellcheck disable=SC2053 # a pattern
    if [[ $3 == $2 ]]; then
        echo "ok $tests - $1"
    else
        echo "not ok $tests - $1"
        echo "# wanted: $2"
        echo "# found:  $3"
        failures=$((failures + 1))
    fi
}

# eventually SECONDS WANTED COMMAND…: prints what the command says once it is WANTED, or what it says last (PATIENCE: src/dev/test.sh)
eventually() {
    local end=$((SECONDS + $1 * ${PATIENCE:-1})) wanted=$2 found
    shift 2
    while found=$("$@") || true; do
        # shellcheck disable=SC2053 # a pattern
        [[ $found == $wanted ]] && break
        [ $SECONDS -lt $end ] || break
        sleep 0.1
    done
    echo "$found"
}

# The plan; fails when a test did.
tap_end() {
    echo "1..$tests"
    [ $failures -eq 0 ]
}
