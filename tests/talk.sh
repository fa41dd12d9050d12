#!/usr/bin/env bash
# shellcheck disable=SC2317 # what is called by the name of a way is reached
# Every transcript in tests/talk, three ways: the reply in the HTTP answer (inline), by sendsms to the tool's own stand-in (sendsms), and
# through the real Kannel both ways (kannel). Each way has a world of its own, so that none sees the repeats and loops of another; in it
# the files play one after the other, so whoever changes something in one is a subscriber of tests/talk/subscribers.sql. Prints TAP, a
# subtest a way. `tests/talk.sh inline` plays that way alone, TALKS="tests/talk/odd.talk" those files alone.
set -eu -o pipefail
cd "$(dirname "$0")/.."
export SMSHALL=${SMSHALL:-build/smshall}
world=$(mktemp -d /tmp/smshall-talk.XXXXXX)
tests=0 failures=0

clean_up() {
    src/dev/world.sh stop "$world"
    rm -rf "$world"
}
trap clean_up EXIT

# start OPTIONS…: a fresh world; its words are comments here
start() {
    src/dev/world.sh start "$world" "$@" 2>&1 | sed 's/^/    # /' || return
    # shellcheck disable=SC1091 # made by world.sh
    . "$world/env"
    src/dev/world.sh psql "$world" -q -v ON_ERROR_STOP=1 -o /dev/null -f tests/talk/subscribers.sql || return
    SMSHALL_PEPPER_FILE=$WORLD_PEPPER_FILE "$SMSHALL" load credentials tests/talk/credentials.csv \
        --database "$WORLD_OWNER_DATABASE" 2>&1 | sed 's/^/    # /'
}

replay() {
    # shellcheck disable=SC2086 # several files
    "$SMSHALL" replay --tap "$@" ${TALKS:-tests/talk/*.talk} | sed 's/^/    /'
}

# Without Kannel nobody listens where the hall sends its replies to. Inline too some go there: an answer has room for one, a list is
# several.
play_inline() {
    start --no-kannel --inline || return
    replay --hall "$WORLD_HALL_URL" --token-file "$WORLD_TOKEN_FILE" --sendsms-listen "127.0.0.1:$WORLD_SENDSMS_PORT"
}

play_sendsms() {
    start --no-kannel || return
    replay --hall "$WORLD_HALL_URL" --token-file "$WORLD_TOKEN_FILE" --sendsms-listen "127.0.0.1:$WORLD_SENDSMS_PORT"
}

play_kannel() {
    start || return
    replay --smsc "$WORLD_SMSC_URL"
}

[ $# -gt 0 ] || set -- inline sendsms kannel
echo "TAP version 13"
echo "1..$#"
for way in "$@"; do
    tests=$((tests + 1))
    if "play_$way"; then
        echo "ok $tests - $way"
    else
        echo "not ok $tests - $way"
        failures=$((failures + 1))
    fi
    src/dev/world.sh stop "$world"
done
exit $((failures > 0))
