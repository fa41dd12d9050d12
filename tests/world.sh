#!/usr/bin/env bash
# The private world and `make run`: comes up and goes down, twice, beside another PostgreSQL and Kannel; leaves nothing behind; comes up
# again after kill -9; from a clone that the user postgres cannot enter, from one with blanks in its path, and as an ordinary user.
# Prints TAP.
set -eu
cd "$(dirname "$0")/.."
umask 022
SMSHALL=$(realpath "${SMSHALL:-build/smshall}")
export SMSHALL
tmp=$(mktemp -d /tmp/smshall-world.XXXXXX)
tests=0 failures=0

clean_up() {
    local folder
    for folder in "$tmp"/*/var/run "$tmp/one" "$tmp/two"; do
        [ ! -d "$folder" ] || src/dev/world.sh stop "$folder" >/dev/null || true
    done
    # The store of a clone that postgres cannot enter lies outside of it.
    for folder in "$tmp"/*/var/store/data; do
        [ ! -L "$folder" ] || rm -rf "$(dirname "$(readlink "$folder")")"
    done
    rm -rf "$tmp"
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP

# ok NAME COMMAND…
ok() {
    local name=$1
    shift
    tests=$((tests + 1))
    if "$@"; then
        echo "ok $tests - $name"
    else
        echo "not ok $tests - $name"
        failures=$((failures + 1))
    fi
}

# value NAME ENV: one variable of a world
value() (
    # shellcheck disable=SC1090
    . "$2"
    printf '%s' "${!1-}"
)

ports_of() (
    # shellcheck disable=SC1090
    . "$1"
    echo "$WORLD_PG_PORT $WORLD_HALL_PORT $WORLD_ADMIN_PORT $WORLD_SMSBOX_PORT $WORLD_SENDSMS_PORT $WORLD_SMSC_PORT $WORLD_PHONES_PORT"
)

pids_of() (
    # shellcheck disable=SC1090
    . "$1"
    echo "$WORLD_PID_POSTGRES $WORLD_PID_SMSC $WORLD_PID_HALL $WORLD_PID_BEARERBOX $WORLD_PID_SMSBOX"
)

is_listening() {
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

all_listen() {
    local port
    for port in $1; do
        is_listening "$port" || { echo "# nobody listens at $port" && return 1; }
    done
}

none_listens() {
    local port
    for port in $1; do
        ! is_listening "$port" || { echo "# somebody listens at $port" && return 1; }
    done
}

# Between a stop and a look at its ports no other world, of another test perhaps, may take them: world.sh's lock.
hold_ports() {
    exec 7</tmp/smshall-ports.lock
    flock 7
}

release_ports() {
    exec 7<&-
}

# A zombie has ended; only its parent has not looked yet.
none_runs() {
    local pid
    for pid in $1; do
        ! grep -q '^State:[[:space:]]*[^Z[:space:]]' "/proc/$pid/status" 2>/dev/null || { echo "# $pid still runs" && return 1; }
    done
}

balance_arrives() {
    "$SMSHALL" phone 13800138000 --smsc "$(value WORLD_SMSC_URL "$1")" --wait 30 --once YE | grep -q '56.78元'
}

# Files that another user could read, in a folder that others may pass through.
nothing_is_readable() {
    [ -z "$(find "$1" -type f -perm /077)" ]
}

start() {
    src/dev/world.sh start "$@" 2>&1 | sed 's/^/# /'
}

up_and_down() {
    local ports pids
    ok "a world starts" start "$tmp/one"
    ports=$(ports_of "$tmp/one/env") pids=$(pids_of "$tmp/one/env")
    ok "all its ports listen" all_listen "$ports"
    ok "a text goes through it and back" balance_arrives "$tmp/one/env"
    ok "its secrets are for nobody else" nothing_is_readable "$tmp/one"
    ok "no part is dead" test -z "$(src/dev/world.sh dead "$tmp/one")"
    hold_ports
    ok "it stops" src/dev/world.sh stop "$tmp/one"
    ok "its processes are gone" none_runs "$pids"
    ok "its ports are free" none_listens "$ports"
    release_ports
    ok "its store is gone" test ! -e "$tmp/one/store"
}

# The second world is the other PostgreSQL and the other Kannel of the first, and the other way round.
beside_another() {
    local ports
    ok "two worlds start at the same time" start_two
    ports=$(ports_of "$tmp/two/env")
    ok "they share no port" share_no_port "$tmp/one/env" "$tmp/two/env"
    ok "one stops" src/dev/world.sh stop "$tmp/one"
    ok "the other still listens" all_listen "$ports"
    ok "… and answers" balance_arrives "$tmp/two/env"
    hold_ports
    ok "the other stops" src/dev/world.sh stop "$tmp/two"
    ok "its ports are free too" none_listens "$ports"
    release_ports
}

share_no_port() {
    [ -z "$({ ports_of "$1" && ports_of "$2"; } | tr ' ' '\n' | sort | uniq -d)" ]
}

start_two() {
    start "$tmp/one" &
    start "$tmp/two" && wait $!
}

# What a clone needs to run; the program is the one under test.
make_clone() {
    mkdir -p "$1/src" "$1/build"
    cp -R commands conf sql "$1"
    cp -R src/dev "$1/src"
    cp "$SMSHALL" "$1/build/smshall"
}

# run_in CLONE [COMMAND-PREFIX…]: starts `make run`'s script and waits for it to be up. Sets runner.
run_in() {
    local clone=$1 end=$((SECONDS + 120))
    shift
    : >"$clone/out"
    SMSHALL=build/smshall setsid "$@" env --default-signal=INT "$clone/src/dev/run.sh" >"$clone/out" 2>&1 </dev/null &
    runner=$!
    until grep -q '^Ctrl-C' "$clone/out"; do
        if [ ! -e "/proc/$runner" ] || [ $SECONDS -ge $end ]; then
            sed 's/^/# /' "$clone/out"
            return 1
        fi
        sleep 0.2
    done
}

interrupt() {
    kill -INT "$runner"
    wait "$runner"
}

# run_and_interrupt WHAT CLONE [COMMAND-PREFIX…]
run_and_interrupt() {
    local what=$1 clone=$2 ports pids
    shift 2
    ok "run $what" run_in "$clone" "$@"
    ports=$(ports_of "$clone/var/run/env") pids=$(pids_of "$clone/var/run/env")
    ok "… prints what the phone receives" grep -q '56.78元' "$clone/out"
    hold_ports
    ok "… ends well with Ctrl-C" interrupt
    ok "… leaves no process" none_runs "$pids"
    ok "… and no port" none_listens "$ports"
    release_ports
}

after_kill_9() {
    local clone=$1 pids
    ok "run, to be killed" run_in "$clone"
    pids=$(pids_of "$clone/var/run/env")
    ok "a part that dies is started again" hall_comes_again "$clone"
    kill -KILL "$runner"
    wait "$runner" 2>/dev/null || true
    # What kill -9 left runs on, and PostgreSQL dies as hard.
    kill -KILL "$(value WORLD_PID_POSTGRES "$clone/var/run/env")"
    run_and_interrupt "after kill -9 of the last one" "$clone"
    ok "what kill -9 left is gone" none_runs "$pids"
}

hall_comes_again() {
    local url end=$((SECONDS + 30))
    url=$(value WORLD_HALL_URL "$1/var/run/env")
    src/dev/world.sh kill-hall "$1/var/run"
    until curl -q -fsS --noproxy '*' -o /dev/null "$url/readyz" 2>/dev/null; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.2
    done
}

second_one_is_refused() {
    ! (cd "$1" && src/dev/run.sh) >"$1/second" 2>&1 && grep -q 'runs already' "$1/second"
}

store_is_outside() {
    [ -L "$1/var/store/data" ] && [ -d "$(readlink "$1/var/store/data")" ]
}

up_and_down
up_and_down
beside_another

# $tmp itself is for nobody else: postgres cannot enter it, as it cannot enter /root.
make_clone "$tmp/clone of a clone"
run_and_interrupt "from a path with blanks" "$tmp/clone of a clone"
run_and_interrupt "a second time" "$tmp/clone of a clone"
after_kill_9 "$tmp/clone of a clone"
ok "run, for a second one beside it" run_in "$tmp/clone of a clone"
ok "a second run of one clone is refused" second_one_is_refused "$tmp/clone of a clone"
ok "the first one ends" interrupt

if [ "$(id -u)" -eq 0 ]; then
    ok "below a folder that postgres cannot enter the store lies outside" store_is_outside "$tmp/clone of a clone"
    chmod 755 "$tmp"
    make_clone "$tmp/open"
    run_and_interrupt "where postgres can enter" "$tmp/open"
    ok "its store lies inside" test ! -L "$tmp/open/var/store/data"
    make_clone "$tmp/user"
    chown -R nobody "$tmp/user"
    run_and_interrupt "as an ordinary user" "$tmp/user" setpriv --reuid=nobody --regid=nogroup --clear-groups --
else
    echo "skipped: a clone that postgres cannot enter, and another user, need root"
fi

echo "1..$tests"
[ $failures -eq 0 ]
