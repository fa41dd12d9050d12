#!/usr/bin/env bash
# A full disk under load (E1): while it is full messages are put off (503), then they are taken; none is lost or acted on twice, and none is
# taken for poisoned. Two kinds of full:
#   the store's whole disk, a small tmpfs with a ballast in it; only where mounting is allowed
#   its log: a limit on the size of files, which stops the next write into it; PostgreSQL panics as it does when pg_wal's disk is full
# SUBSCRIBERS (20) and EACH (400 messages a subscriber).
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=tests/tap/tap.sh
. tests/tap/tap.sh
# shellcheck source=tests/fault/charging_world.sh
. tests/fault/charging_world.sh
subscribers=${SUBSCRIBERS:-20} each=${EACH:-400}
disk=$world/disk

end_all() {
    src/dev/world.sh stop "$world"
    ! mountpoint -q "$disk" || umount "$disk"
    clean_up
}
trap end_all EXIT
trap 'exit 1' INT TERM HUP

# Messages that were put off since the hall started.
put_off() {
    curl -q -s -m 5 "$WORLD_HALL_URL/metrics" | awk '$1 == "smshall_refused_total{reason=\"store_away\"}" {print $2}'
}

# More of them than so far
are_put_off() {
    [ "$(put_off)" -gt "${1:-0}" ] && echo yes
}


crashes() {
    grep -c 'not properly shut down' "$world/log/postgres.log" || true
}

fill_disk() {
    local free
    free=$(df --output=avail -B 1 "$disk" | tail -n 1)
    # twice: what PostgreSQL gave back meanwhile goes too
    fallocate -l "$free" "$disk/ballast" 2>/dev/null || true
    cat /dev/zero >"$disk/ballast.rest" 2>/dev/null || true
}

# limit_files BYTES: of the server and its children, as the user that they run as
limit_files() {
    local pid postmaster as_postgres=()
    [ "$(id -u)" -ne 0 ] || as_postgres=(setpriv --reuid=postgres --regid=postgres --clear-groups --)
    read -r postmaster _ <"$world/pid/postgres"
    for pid in $postmaster $(pgrep -P "$postmaster"); do
        "${as_postgres[@]}" prlimit --pid "$pid" --fsize="$1:" 2>/dev/null || true # one may just have ended
    done
}

# When it has panicked it cannot come up again before there is room; somebody starts it then.
bring_postgres_back() {
    local end=$((SECONDS + 60))
    until src/dev/world.sh psql "$world" -At -c "SELECT 1" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || return 1
        [ -z "$(src/dev/world.sh dead "$world" | grep postgres)" ] || src/dev/world.sh start-postgres "$world" >/dev/null || true
        sleep 0.5
    done
}

# is_full WHAT
is_full() {
    load_runs || echo "# the load was over: raise EACH"
    is "$1: messages are put off" yes "$(eventually 60 yes are_put_off "$before")"
    sleep 2 # full for a while
}

mkdir "$disk"
store=()
if mount -t tmpfs -o size=300m tmpfs "$disk" 2>/dev/null; then
    store=(--store "$disk/store")
else
    echo "skipped: a full tmpfs needs the right to mount"
fi
start_charging_world "$subscribers" "${store[@]}"
start_load "$WORLD_HALL_URL" "$subscribers" "$each"
sleep 1
if [ ${#store[@]} -gt 0 ]; then
    before=$(put_off)
    fill_disk
    is_full "the disk is full"
    rm "$disk"/ballast*
    bring_postgres_back
    sleep 1
fi
before=$(put_off) crashes=$(crashes)
limit_files 100000 # its own messages do not get into its log either
is_full "the log cannot grow"
limit_files unlimited
bring_postgres_back
is "… PostgreSQL panicked, and recovered" yes "$([ "$(crashes)" -gt "$crashes" ] && echo yes)"
wait_for_load
is "afterwards every message is taken, every reply comes once, in order" "*missing 0 doubled 0 disordered 0" "$(cat "$world/counts")"
is "none was taken for poisoned" 0 "$(sql -c "SELECT count(*) FROM hall.reply WHERE outcome = 'fault'")"
tap_end
check_charges "$subscribers" "$each"
