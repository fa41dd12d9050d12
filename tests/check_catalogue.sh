#!/usr/bin/env bash
# smshall check --database: what the services of a real store are called is heard by the reader (rules A11, B5, B8), and what is not is
# named. TAP on stdout. PostgreSQL as in tests/tap/store.sh.
set -u
cd "$(dirname "$0")/.." || exit 2
# shellcheck source=tests/tap/store.sh
. tests/tap/store.sh
number=0
failed=0

is() {
    number=$((number + 1))
    if [ "$1" = "$2" ]; then
        echo "ok $number - $3"
    else
        printf 'not ok %s - %s\n#      got: %s\n#   wanted: %s\n' "$number" "$3" "$1" "$2"
        failed=1
    fi
}

# What check says of the services, and its exit code.
check() {
    "$smshall" check --commands commands --database "$base dbname=$store ${1-}" 2>"$dir/log"
    echo $?
}

# services NAME LINE…: code, name, aliases, port, order codes of each, `;` between; the faults of a store with them, and the exit code, are
# on stdin. They come past the triggers, which refuse some of these words. They are gone afterwards.
services() {
    local name=$1 line code title aliases port orders
    shift
    for line in "$@"; do
        IFS=';' read -r code title aliases port orders <<<"$line"
        sql "$store" -q -c "SET session_replication_role = replica" -c "INSERT INTO hall.service (code, name, aliases, provider, port, order_codes)
            VALUES ('$code', '$title', '{$aliases}', nullif('${port:+风云气象}', ''), nullif('$port', ''), '{$orders}')" 2>"$dir/log" || give_up "$name"
    done
    is "$(check)" "$(cat)" "$name"
    sql "$store" -q -c "DELETE FROM hall.service AS s WHERE s.note IS NULL" 2>"$dir/log" || give_up "$name"
}

store_start
store=${prefix}_catalogue
store_create "$store"
migrate "$store" || give_up "migrate"

is "$(check)" 0 "the services of the demo are heard"

services "new services, and names that nobody can type" 'YX;139邮箱（VIP版）;139邮箱,邮箱' 'WL5;WLAN 5元/月!;无线5元' 'ZB2;财经早报;财经;106602;ZB2,早报2,zb3' <<'END'
0
END

services "a code of one letter" 'A;甲业务' <<'END'
hall.service A: code "A" is never heard: nothing reads "QXA"
1
END

services "words that cannot be typed" 'YX;139邮箱;139邮箱（VIP版）,YX-1,ＹＸ２,哪?' <<'END'
hall.service YX: alias "139邮箱（VIP版）" is never heard: close reads "QX139邮箱（VIP版）" as "139邮箱VIP版"
hall.service YX: alias "YX-1" is never heard: nothing reads "QXYX-1"
hall.service YX: alias "哪?" is never heard: nothing reads "QX哪?"
hall.service YX: alias "ＹＸ２" is never heard: close reads "QXＹＸ２" as "YX2"
1
END

services "forms that take the word for their own" 'TX10;十元提醒;YETX10' 'JF;积分换礼;换礼' <<'END'
hall.service TX10: alias "YETX10" is never heard: open_reminder reads "KTYETX10"
1
END

services "a word that is another service with a tail" 'TQYW;天气通;天气业务' <<'END'
hall.service TQYW: alias "天气业务" is never heard: close reads "QX天气业务" as "天气"
1
END

services "order codes that mean something else at a provider's port" 'TQ2;天气二;;106602;TD,td.,0000,是,1,"1,3",HELP,106602,TQ。,DY' <<'END'
hall.service TQ2: order code "0000" is never heard: provider_list reads it
hall.service TQ2: order code "1" is never heard: it is an answer to the hall's questions
hall.service TQ2: order code "1,3" is never heard: it is an answer to the hall's questions
hall.service TQ2: order code "106602" is never heard: it is the number of the port, which asks for help
hall.service TQ2: order code "HELP" is never heard: provider_help reads it
hall.service TQ2: order code "TD" is never heard: provider_leave reads it
hall.service TQ2: order code "TQ。" is never heard: it is read as "TQ"
hall.service TQ2: order code "td." is never heard: provider_leave reads it
hall.service TQ2: order code "是" is never heard: it is an answer to the hall's questions
1
END

is "$(check "options='-c role=smshall_operator'")" 0 "operators may ask too"
is "$(check "options='-c role=smshall_hall'" && grep -o 'the catalogue .*' "$dir/log")" \
    "0
the catalogue was not looked at: this role may not read hall.service" "the hall's own role may not read it, and says so"
sql "$store" -q -c "DROP TABLE hall.service CASCADE" 2>"$dir/log"
is "$(check)" 0 "a store without a catalogue has no fault in it"

echo "1..$number"
exit $failed
