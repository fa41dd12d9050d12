#!/usr/bin/env bash
# The network's stand-in and the phone against a real Kannel, without a hall: a small responder answers each text with an echo. In
# Chinese and long both ways, with delivery reports as they are ordered. Prints TAP.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=tests/tap/tap.sh
. tests/tap/tap.sh
smshall=$(realpath "${SMSHALL:-build/smshall}")
export PATH="$PATH:/usr/sbin:/sbin" LC_ALL=C.UTF-8
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
dir=$(mktemp -d /tmp/smshall-smsc.XXXXXX)
pids=() bearerbox='' smsbox=''

# --- helpers ---------------------------------------------------------------------------------------------------------------

# Bearerbox goes first and tells smsbox to end; a smsbox that was started again has another pid (kannel.md §6).
clean_up() {
    local pid
    trap - EXIT
    end_process "$bearerbox" 30
    end_process "$smsbox" 10
    for pid in $(pgrep -f "^smsbox .*$dir/kannel.conf" || true) "${pids[@]}"; do
        end_process "$pid" 10
    done
    [ $failures -eq 0 ] || tail -n 5 "$dir"/*.log >&2
    rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP

# end_process PID SECONDS
end_process() {
    local end=$((SECONDS + $2))
    [ -n "$1" ] && kill "$1" 2>/dev/null || return 0
    while kill -0 "$1" 2>/dev/null; do
        [ $SECONDS -lt $end ] || kill -KILL "$1" 2>/dev/null || true
        sleep 0.1
    done
}

port_is_taken() {
    grep -qE "^ *[0-9]+: [0-9A-F]+:$(printf '%04X' "$1") [0-9A-F]+:0000 0A " /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

# free_port FROM
free_port() {
    local port=$1
    while port_is_taken "$port"; do
        port=$((port + 1))
    done
    echo "$port"
}

# repeat TEXT TIMES
repeat() {
    local i
    for ((i = 0; i < $2; i++)); do
        printf '%s' "$1"
    done
}

get() {
    curl -q -s -m 15 "$smsc/$1"
}

order() {
    curl -q -s -m 15 -X POST "$smsc/phone/delivery?msisdn=$1&mode=$2"
}

phone() {
    "$smshall" phone --smsc "$smsc" "$@"
}

# What the responder heard of delivery reports for a phone, in the order of their numbers.
reports() {
    grep "^$1 " "$dir/reports" 2>/dev/null | cut -d ' ' -f 2 | sort -n | paste -s -d ' '
}

# --- a responder, Kannel, the network --------------------------------------------------------------------------------------

base=$(free_port $((24000 + $$ % 4000)))
responder_port=$base admin_port=$(free_port $((base + 1)))
box_port=$(free_port $((admin_port + 1)))
sendsms_port=$(free_port $((box_port + 1)))
smsc_port=$(free_port $((sendsms_port + 1)))
smsc=http://127.0.0.1:$(free_port $((smsc_port + 1)))

# Echoes each text behind 收到 and asks for reports, which it writes down. perl-base is part of every Debian.
cat >"$dir/responder.pl" <<'END'
use strict;
use IO::Socket::INET;
my ($port, $reports) = @ARGV;
my $door = IO::Socket::INET->new(LocalAddr => "127.0.0.1:$port", Listen => 50, ReuseAddr => 1) or die "$!";
while (my $caller = $door->accept) {
    my ($line, $length, $body) = (scalar <$caller>, 0, "");
    while (my $head = <$caller>) {
        $length = $1 if $head =~ /^content-length: *(\d+)/i;
        last if $head =~ /^\r?\n$/;
    }
    read $caller, $body, $length if $length;
    my $answer = $line =~ /^POST/ ? "\xe6\x94\xb6\xe5\x88\xb0$body" : "";
    if ($line =~ m{/dlr\?p=(\d+)&d=(\d+)}) {
        open my $file, ">>", $reports or die "$!";
        print $file "$1 $2\n";
        close $file;
    }
    print $caller "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=UTF-8\r\nX-Kannel-Coding: 2\r\nX-Kannel-DLR-Mask: 31\r\n",
        "X-Kannel-DLR-Url: http://127.0.0.1:$port/dlr?p=%p&d=%d\r\nConnection: close\r\nContent-Length: ", length $answer, "\r\n\r\n$answer";
    close $caller;
}
END

cat >"$dir/kannel.conf" <<END
group = core
admin-port = $admin_port
admin-interface = 127.0.0.1
admin-password = admin
status-password = status
smsbox-port = $box_port
smsbox-interface = 127.0.0.1
unified-prefix = "-,+86,0086,86"
dlr-storage = internal
log-level = 2

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = $sendsms_port
sendsms-interface = 127.0.0.1
mo-recode = true
reply-couldnotfetch = ""
log-level = 2

group = sendsms-user
username = hall
password = hall
default-sender = 10086
max-messages = 10
concatenation = true

group = sms-service
keyword = default
max-messages = 10
concatenation = true
omit-empty = true
accept-x-kannel-headers = true
send-sender = true
post-url = "http://127.0.0.1:$responder_port/mo?from=%p"

group = smsc
smsc = http
system-type = kannel
smsc-id = SIM
port = $smsc_port
smsc-username = sim
smsc-password = sim
send-url = "$smsc/mt"
dlr-url = "http://127.0.0.1:$smsc_port/dlr"
connect-allow-ip = 127.0.0.1
max-pending-submits = 1
reconnect-delay = 1
END

status() {
    curl -q -s -m 5 "http://127.0.0.1:$admin_port/status.txt?password=status" | tr '\n' ' '
}

# --- the network alone -----------------------------------------------------------------------------------------------------

is "smsc --help" "Stands in for the network*" "$("$smshall" smsc --help)"
is "phone --help" "A phone in the terminal*" "$("$smshall" phone --help)"
is "a wrong option" "*2" "$("$smshall" smsc --delivery maybe 2>/dev/null || echo $?)"
is "a phone without a number" "2" "$("$smshall" phone 2>/dev/null || echo $?)"
is "a phone without a network" "1" "$(phone 13800138000 --once YE 2>/dev/null || echo $?)"

"$smshall" smsc --listen "${smsc#http://}" --kannel "http://127.0.0.1:$smsc_port/" 2>"$dir/smsc.log" &
network=$!
pids+=("$network")
is "the network is up" "ok" "$(eventually 10 ok get healthz)"
is "Kannel is not there: the phone says so" "*Kannel at *does not answer*1" "$(phone 13800138000 --once YE 2>&1 || echo $?)"
is "an unknown door" "404" "$(curl -q -s -o /dev/null -w '%{http_code}' "$smsc/nowhere")"
is "a wrong method" "405" "$(curl -q -s -o /dev/null -w '%{http_code}' "$smsc/phone/send?from=1&to=2")"
is "a stranger is not Kannel" "Authorization failed" "$(get 'mt?username=x&password=y&to=13800138000&text=x')"
is "parts with 16 bits of reference, in any order" "Sent.Sent.Sent." "$(
    get 'mt?username=sim&password=sim&to=%2B8613900000001&from=10086&coding=2&charset=UTF-16BE&text=%00C&udh=%06%08%04%01%02%03%03'
    get 'mt?username=sim&password=sim&to=8613900000001&from=10086&coding=2&charset=UTF-16BE&text=%00A%D8&udh=%06%08%04%01%02%03%01'
    get 'mt?username=sim&password=sim&to=13900000001&from=10086&coding=2&charset=UTF-16BE&text=%3D%DE%00&udh=%06%08%04%01%02%03%02'
)"
is "… are one text, also a pair that was cut in two" '*"n":1,"from":"10086","text":"A😀C","parts":3,*' "$(get 'phone/inbox?msisdn=13900000001')"

# --- through Kannel --------------------------------------------------------------------------------------------------------

perl "$dir/responder.pl" "$responder_port" "$dir/reports" 2>"$dir/responder.log" &
pids+=($!)
(cd "$dir" && exec bearerbox -v 4 "$dir/kannel.conf" >bearerbox.log 2>&1) &
bearerbox=$!
is "Kannel's SMSC is online" '*SIM*online*' "$(eventually 10 '*SIM*online*' status)"
(cd "$dir" && exec smsbox -v 4 "$dir/kannel.conf" >smsbox.log 2>&1) &
smsbox=$!
is "smsbox is on-line" '*smsbox*on-line*' "$(eventually 10 '*smsbox*on-line*' status)"

is "ASCII, there and back" "*> 10086 YE*< 10086 (1 part) 收到YE" "$(phone 13800138000 --once YE)"
is "Chinese" "*< 10086 (1 part) 收到查询余额" "$(phone 13800138000 --once 查询余额)"
is "to a port of a provider" "*< 106601 (1 part) 收到订阅" "$(phone 13800138000 --to 106601 --once 订阅)"
is "all sorts of characters of GSM 7 bit" '*收到@$ _{}\[\]~|^\\€é' "$(phone 13800138000 --once '@$ _{}[]~|^\€é')"
long=$(repeat 营业厅短信查询 28)$(repeat 😀 8)$(repeat 余额 10)
is "a long text, emoji at the ends of parts" "*< 10086 (4 parts) 收到$long" "$(phone 13800138000 --once "$long")"
long=$(repeat 'Hello 10086 {1} ' 25)end
is "a long text of 7 bit" "*收到$long" "$(phone 13800138000 --once "$long")"
is "blanks around it stay" "*收到 x " "$(phone 13800138000 --once ' x ')"
is "an empty text" "*< 10086 (1 part) 收到" "$(phone 13800138000 --once '')"
is "lines on standard input, and to another port" "*< 10086 *收到一*< 106602 *收到二*" \
    "$(printf '一\n/to 106602\n二\n' | phone 13800138005 --wait 3 | sort -k 2)"
phones=()
for n in 1 2 3 4; do
    phone 1380013801$n --once "第$n部" >"$dir/phone$n" &
    phones+=($!)
done
wait "${phones[@]}"
is "four phones at once" "*收到第1部*收到第2部*收到第3部*收到第4部" "$(cat "$dir"/phone[1-4])"

# --- delivery reports ------------------------------------------------------------------------------------------------------

is "delivered" "1 8" "$(eventually 10 '1 8' reports 13800138011)"
is "a long text has one report of delivery" "1" "$(phone 13800138020 --once "$(repeat 长 200)" >/dev/null && eventually 10 '1 8' reports 13800138020 | tr ' ' '\n' | grep -c '^1$')"
is "ordered: fail" "ok" "$(order 13800138021 fail)"
is "… the phone gets nothing" "*no reply within 1 s*1" "$(phone 13800138021 --wait 1 --once YE 2>&1 || echo $?)"
is "… and the report says so" "2 8" "$(eventually 10 '2 8' reports 13800138021)"
is "ordered: refuse" "ok" "$(order +8613800138022 refuse)"
is "… the phone gets nothing" "1" "$(phone 13800138022 --wait 1 --once YE >/dev/null 2>&1 || echo $?)"
is "… and the report says so" "16" "$(eventually 10 16 reports 13800138022)"
is "ordered: none" "ok" "$(order 13800138023 none)"
is "… the phone gets it" "*收到YE" "$(phone 13800138023 --once YE)"
is "… and no report but the network's" "8" "$(sleep 1 && reports 13800138023)"
is "ordered: ok again" "ok*< 10086*收到YE*" "$(order 13800138022 ok && phone 13800138022 --once YE)"
is "an order that nobody knows" "*are wanted" "$(order 13800138022 maybe)"

# --- inboxes ---------------------------------------------------------------------------------------------------------------

is "an inbox after a number" '{"last":2,"messages":?{"n":2,*"收到二"*' "$(get 'phone/inbox?msisdn=%2B8613800138005&after=1')"
is "an inbox that nothing comes into, after a second" '{"last":2,"messages":??}' "$(get 'phone/inbox?msisdn=13800138005&after=2&wait=1')"
(sleep 0.5 && phone 13800138005 --once 三 >/dev/null) &
pids+=($!)
is "an inbox that is waited for" '{"last":3,"messages":?{"n":3,*"收到三"*' "$(get 'phone/inbox?msisdn=13800138005&after=2&wait=10')"
is "the counts" '{"phones":*,"mt_refused":1,*"reports_lost":0,*}' "$(get stats)"

get 'phone/inbox?msisdn=13800138005&after=3&wait=30' >"$dir/last" &
pids+=($!)
sleep 0.5
kill -TERM $network
code=0
wait $network || code=$?
is "the network ends cleanly" "0" "$code"

tap_end
