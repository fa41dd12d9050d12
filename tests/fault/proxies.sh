# shellcheck shell=bash
# Sourced by tests that put proxies (tests/fault/proxy.c) between the hall and others. The test sets $world, the folder of its world, and
# calls end_proxies when it cleans up.
# shellcheck disable=SC2154
proxy_pids=()
declare -A proxy_in proxy_out

# start_proxy NAME PORT TARGET_PORT
start_proxy() {
    local in out ready
    mkfifo "$world/$1.in" "$world/$1.out"
    "$(dirname "$SMSHALL")/fault/proxy" "$2" "$3" <"$world/$1.in" >"$world/$1.out" &
    proxy_pids+=($!)
    exec {in}>"$world/$1.in" {out}<"$world/$1.out"
    proxy_in[$1]=$in proxy_out[$1]=$out
    read -r -t 10 ready <&"$out" && [ "$ready" = ready ]
}

# tell NAME ORDER: prints the proxy's answer; fails when there is none within a minute
tell() {
    local answer
    echo "${*:2}" >&"${proxy_in[$1]}"
    read -r -t 60 answer <&"${proxy_out[$1]}" && echo "$answer"
}

# From now on the hall reaches the store, and sendsms, at these ports; "" leaves it as it is. To be followed by a start of the hall.
lead_hall_through() {
    [ -z "$1" ] || printf 'WORLD_DATABASE=%q\n' "${WORLD_DATABASE/port=$WORLD_PG_PORT/port=$1}" >>"$world/env"
    [ -z "$2" ] || printf 'WORLD_SENDSMS_URL=%q\n' "${WORLD_SENDSMS_URL/:$WORLD_SENDSMS_PORT/:$2}" >>"$world/env"
}

end_proxies() {
    local pid
    for pid in "${proxy_pids[@]}"; do
        kill "$pid" 2>/dev/null || true
    done
}
