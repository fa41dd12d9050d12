#!/usr/bin/env bash
# The release is hard to misuse: how the binary is built, the sandbox that conf/smshall.service puts it into, and what it gives up at the start.
# Prints TAP. What a machine lacks for it (systemd-analyze, strace, root, a new kernel) is said in a line that begins with "skipped".
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=tests/tap/tap.sh
. tests/tap/tap.sh
SMSHALL=$(realpath "${SMSHALL:-build/smshall}")
export SMSHALL
unit=conf/smshall.service
world=$(mktemp -d /tmp/smshall-hard.XXXXXX)
hall_pid=''

clean_up() {
    [ -z "$hall_pid" ] || kill "$hall_pid" 2>/dev/null || true
    src/dev/world.sh stop "$world"
    rm -rf "$world"
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP

# --- the binary ------------------------------------------------------------------------------------------------------------

# Built with a sanitizer, or a script that runs it in valgrind.
is_watched() {
    ! elf -h >/dev/null || nm "$SMSHALL" | grep -qE '__(asan|tsan|ubsan)_'
}

elf() {
    readelf -W "$@" "$SMSHALL" 2>/dev/null
}

test_binary() {
    is "position independent (PIE)" "*DYN (Position-Independent*" "$(elf -h | grep Type:)"
    is "what the linker relocates is read only (RELRO)" "*GNU_RELRO*" "$(elf -l | grep RELRO)"
    is "… all of it, before the start (BIND_NOW)" "*NOW*" "$(elf -d | grep FLAGS_1)"
    is "no stack that can be run" "*GNU_STACK* RW *" "$(elf -l | grep GNU_STACK)"
    is "no segment that can be written and run" "" "$(elf -l | grep ' RWE ' || true)"
    is "no writable code (TEXTREL), no path of its own (RPATH)" "" "$(elf -d | grep -E 'TEXTREL|RPATH|RUNPATH' || true)"
    is "the stack is guarded" "*__stack_chk_fail*" "$(elf --dyn-syms | grep stack_chk)"
    is "copies are checked against the room (_FORTIFY_SOURCE)" "*__memcpy_chk*" "$(elf --dyn-syms | grep _chk | tr '\n' ' ')"
    [ "$(uname -m)" != x86_64 ] || is "calls land where they may (CF protection)" "*endbr64*" \
        "$(objdump -d --no-show-raw-insn --disassemble=serve_main "$SMSHALL" | grep -m 1 -A 1 '<serve_main>:' | tail -n 1)"
}

# --- the unit file ---------------------------------------------------------------------------------------------------------

# What must be there, whatever else is changed.
test_unit() {
    local line
    while IFS= read -r line; do
        is "the unit has $line" 1 "$(grep -cxF "$line" $unit)"
    done <<END
User=smshall
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ProtectHome=yes
ProtectProc=invisible
PrivateTmp=yes
PrivateDevices=yes
MemoryDenyWriteExecute=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
SystemCallFilter=@system-service
SystemCallArchitectures=native
LimitCORE=0
UMask=0077
END
}

# The program must be where the unit says, for systemd-analyze. It knows every directive and its values, or says so.
test_unit_by_systemd() {
    local copy=$world/unit/smshall.service
    command -v systemd-analyze >/dev/null || { echo "skipped: the unit file, there is no systemd-analyze" && return; }
    mkdir -p "$world/unit"
    sed "s|/usr/local/bin/smshall|$SMSHALL|" $unit >"$copy"
    is "systemd knows every directive of it" "" "$(systemd-analyze verify --man=no --recursive-errors=no "$copy" 2>&1)"
    is "… and would say so" "*Unknown key*" \
        "$(sed -i s/^LockPersonality/LockPersonalty/ "$copy" && systemd-analyze verify --man=no --recursive-errors=no "$copy" 2>&1)"
    sed -i s/^LockPersonalty/LockPersonality/ "$copy"
    is "its exposure is under 2 of 10" under "$(systemd-analyze security --offline=true --threshold=20 "$copy" >/dev/null 2>&1 && echo under)"
}

# Names of a set of system calls, the sets in it taken apart.
calls_of() {
    local call
    systemd-analyze syscall-filter --no-pager "$1" | sed -n 's/^    \([@a-z_0-9-]*\)$/\1/p' | while read -r call; do
        case $call in
        @*) calls_of "$call" ;;
        *) echo "$call" ;;
        esac
    done
}

# Those that the unit's SystemCallFilter lines leave, in the order in which they stand there.
calls_allowed() {
    local line word
    : >"$world/allowed"
    sed -n 's/^SystemCallFilter=//p' $unit | while read -r line; do
        for word in ${line#\~}; do
            case $word in
            @*) calls_of "$word" ;;
            *) echo "$word" ;;
            esac
        done | sort -u >"$world/line"
        case $line in
        \~*) comm -23 "$world/allowed" "$world/line" >"$world/next" ;;
        *) sort -u "$world/allowed" "$world/line" >"$world/next" ;;
        esac
        mv "$world/next" "$world/allowed"
    done
    cat "$world/allowed"
}

# --- what it gives up ------------------------------------------------------------------------------------------------------

# start_hall [COMMAND-PREFIX…]: beside the world's own settings; sets hall_pid, that of the prefix if there is one.
start_hall() {
    SMSHALL_LISTEN=127.0.0.1:$WORLD_HALL_PORT SMSHALL_DATABASE=${database:-$WORLD_DATABASE} SMSHALL_TOKEN_FILE=$WORLD_TOKEN_FILE \
        SMSHALL_PEPPER_FILE=$WORLD_PEPPER_FILE SMSHALL_REPLY=inline SMSHALL_COMMANDS=${commands:-commands} SMSHALL_USER=${user-} \
        "$@" "$SMSHALL" serve 2>"$world/log/own.log" &
    hall_pid=$!
    is "${what:-a hall} is ready" ready "$(eventually 30 ready curl -q -s "$WORLD_HALL_URL/readyz")"
}

stop_hall() {
    kill "${1:-$hall_pid}"
    wait "$hall_pid" || true
    hall_pid=''
}

post() {
    curl -q -s -o /dev/null -w '%{http_code}' --data-binary "$2" -H 'Content-Type: text/plain; charset=UTF-8' \
        "$WORLD_HALL_URL/kannel/mo?id=$1&from=13800138000&to=10086&coding=0&charset=UTF-8&token=$(cat "$WORLD_TOKEN_FILE")"
}

status_of() {
    sed -n "s/^$1:[[:space:]]*//p" "/proc/$hall_pid/status" | tr '\t' ' '
}

# Whoever is nobody can read what he must: the commands, and a passfile of his own.
prepare_for_nobody() {
    chmod 711 "$world"
    mkdir -m 755 "$world/open"
    cp -R commands "$world/open/commands"
    chmod -R a+rX "$world/open/commands"
    cp "$world/secret/hall.pgpass" "$world/open/pgpass"
    chown nobody "$world/open/pgpass"
    chmod 600 "$world/open/pgpass"
}

test_rights() {
    local uid gid
    [ "$(id -u)" -eq 0 ] || { echo "skipped: a hall that becomes another user, which takes root" && return; }
    uid=$(id -u nobody) gid=$(id -g nobody)
    start_hall
    is "as root it says so" 1 "$(grep -c ' warn rights .*runs as root' "$world/log/own.log")"
    is "… starts with a umask" 0077 "$(status_of Umask)"
    is "… and no program that it runs gets more" 1 "$(status_of NoNewPrivs)"
    stop_hall
    prepare_for_nobody
    what="a hall with a user" user=nobody commands=$world/open/commands database=${WORLD_DATABASE/$world\/secret\/hall.pgpass/$world/open/pgpass} start_hall
    is "it is that user" "$uid $uid $uid $uid" "$(status_of Uid)"
    is "… and that group" "$gid $gid $gid $gid" "$(status_of Gid)"
    is "… in no group of root's" "$gid" "$(status_of Groups | sed 's/ *$//')"
    is "… without a capability" "0000000000000000 0000000000000000 0000000000000000" "$(status_of CapEff) $(status_of CapPrm) $(status_of CapAmb)"
    is "… says nothing of root" 0 "$(grep -c ' warn rights ' "$world/log/own.log" || true)"
    is "… leaves no core" 0 "$(awk '/^Max core file size/ {print $5}' "/proc/$hall_pid/limits")"
    is "… is closed to others of that user" root "$(stat -c %U "/proc/$hall_pid/environ")"
    is "… read root's secrets before" 200 "$(post r1 YE)"
    kill -HUP "$hall_pid"
    is "… and can reload the commands" "*in force*" "$(eventually 5 "*in force*" grep reload "$world/log/own.log")"
    stop_hall
    is "a user that is not there stops the start" $'smshall serve: there is no user not-there\n1' \
        "$(SMSHALL_USER=not-there "$SMSHALL" serve 2>&1 || echo $?)"
}

# --- the sandbox -----------------------------------------------------------------------------------------------------------

# Without memory that can be written and run PCRE2 has no JIT: every text must be read as before.
test_no_jit() {
    local no_jit code=0
    no_jit=$(dirname "$SMSHALL")/fault/no_jit
    "$no_jit" "$SMSHALL" parse YE >/dev/null || code=$?
    [ $code -ne 77 ] || { echo "skipped: memory that cannot be written and run, this kernel has no way to ask for it" && return; }
    for at in hall provider; do
        cut -f 1,2 tests/commands_parse.tsv | grep -v '^#' >"$world/texts"
        "$SMSHALL" parse --tsv --at $at <"$world/texts" >"$world/with"
        "$no_jit" "$SMSHALL" parse --tsv --at $at <"$world/texts" >"$world/without"
        is "$(wc -l <"$world/with") texts at the $at are read the same without JIT" "" "$(cmp "$world/with" "$world/without" 2>&1)"
    done
}

# What the hall asks of the kernel, from its start over a question, a password and a reload to its end, is what the unit lets it.
test_calls() {
    command -v strace >/dev/null && command -v systemd-analyze >/dev/null || { echo "skipped: the hall's system calls, there is no strace" && return; }
    what="a hall that is watched" start_hall strace -f -qq -o "$world/trace"
    local pid
    pid=$(pgrep -P "$hall_pid")
    is "it answers" "200 200" "$(post c1 YE) $(post c2 'MMXG 246810 975312')"
    kill -HUP "$pid"
    eventually 5 "*in force*" grep reload "$world/log/own.log" >/dev/null
    stop_hall "$pid"
    sed -nE 's/^[0-9]+ +([a-z_0-9]+)\(.*/\1/p' "$world/trace" | sort -u >"$world/used"
    calls_allowed >"$world/may"
    is "it makes system calls" "[1-9][0-9]" "$(wc -l <"$world/used")"
    is "… and none that the unit forbids" "" "$(comm -23 "$world/used" "$world/may" | tr '\n' ' ')"
    is "… which forbids what it must" "" "$(grep -xE 'mount|ptrace|chroot|setuid|keyctl|bpf|reboot|kexec_load' "$world/may" | tr '\n' ' ')"
}

if is_watched; then
    echo "skipped: the binary's hardening and its system calls, it is built with a sanitizer or runs in valgrind"
else
    test_binary
    test_no_jit
fi
test_unit
test_unit_by_systemd
src/dev/world.sh start "$world" --no-kannel >/dev/null
# shellcheck disable=SC1091 # made by world.sh
. "$world/env"
src/dev/world.sh stop-hall "$world"
test_rights
is_watched || test_calls
tap_end
