#!/usr/bin/env bash
# `smshall load` as a billing system uses it: with the role smshall_feed and nothing more, on a store with the demo data.
# LOAD_ROWS (100000) is how many subscribers the long file has.
set -u
cd "$(dirname "$0")/.." || exit 2
# shellcheck source=tests/tap/store.sh
. tests/tap/store.sh
# shellcheck source=tests/tap/tap.sh
. tests/tap/tap.sh
[ -x "$smshall" ] || { echo "skipped: there is no $smshall" && exit 0; }
rows=${LOAD_ROWS:-100000}

store_start
db=${prefix}_load
store_create "$db"
migrate "$db" || give_up "migrate"
feed="$base dbname=$db options='-c role=smshall_feed'"

# load WORDS…: what it prints on both, without folder and speed, and the exit code behind it
load() {
    "$smshall" load "$@" --database "$feed" 2>&1 | sed "s|$dir/||g; s/, [0-9]* rows.s$//"
    echo "${PIPESTATUS[0]}"
}
# file NAME LINE…
file() {
    printf '%s\n' "${@:2}" >"$dir/$1"
    echo "$dir/$1"
}
store() {
    sql "$db" -c "$1"
}
ledger_is_right() {
    is "$1: the ledger is right" 0 "$(store "SELECT count(*) FROM hall.check_ledger()")"
}

# --- each kind, and each twice: the second time nothing changes ---
while IFS='|' read -r kind summary first rest; do
    IFS='~' read -r -a lines <<<"$rest"
    path=$(file "$kind.csv" "$first" "${lines[@]}")
    is "$kind" "$kind.csv: ${#lines[@]} rows, ${#lines[@]} loaded ($summary), 0 set aside"$'\n0' "$(load "$kind" "$path")"
    is "$kind: again" "$kind.csv: ${#lines[@]} rows, ${#lines[@]} loaded (0 new, 0 changed), 0 set aside"$'\n0' "$(load "$kind" "$path")"
done <<'END'
subscribers|3 new, 0 changed|brand,msisdn,opening_yuan,state|全球通,+8613900000001,12.34,~"神州行",0086139-0000-0002,-5,suspended~神州行,13900000003,,
top-ups|2 new, 0 changed|msisdn,amount_yuan,reference|13900000001,50,t1~13900000001,0.5,t2
charges|2 new, 0 changed|msisdn,amount_fen,kind,reference,note|13900000001,-100,fee,c1,短信费~13900000001,40,refund,c2,
bills|1 new, 0 changed|msisdn,month,items_yuan|13900000001,2012-11,套餐及固定费:58|语音通信费:20.60
allowances|2 new, 0 changed|msisdn,kind,rest,total|13900000001,sms,80,100~13900000001,data,350,500
points|0 new, 1 changed|msisdn,points|13900000001,1234
subscriptions|2 new, 0 changed|msisdn,service,since|13900000001,LDXS,2012-01-05 09:00~13900000001,GPRS,2012-01-05
offers|1 new, 0 changed|msisdn,reference,name,ends_at|13900000001,o1,优惠包,2099-12-31
languages|0 new, 1 changed|msisdn,language|13900000001,en
providers|1 new, 0 changed|name,telephone|彩信世界,4008106603
ports|1 new, 0 changed|prefix,provider|106603,彩信世界
services|2 new, 0 changed|code,name,fee_yuan,provider,port,requires|CXSJ,彩信时间,1.50,彩信世界,106603,CXTD~CXTD,彩信天地,2,彩信世界,106603,
prefixes|1 new, 0 changed|prefix,province,city,operator|1390000,北京,北京,中国移动
brands|1 new, 0 changed|name,note|试验卡,"月租5元,送10条短信"
END
is "subscribers: a state that is not said" "subscribers.csv: 3 rows, 3 loaded (0 new, 3 changed), 0 set aside"$'\n0' "$(load subscribers \
    "$(file subscribers.csv msisdn,brand,state,state_reason 13900000001,全球通,suspended,lost 13900000002,全球通,, 13900000003,全球通,suspended,own_wish)")"
is "subscribers: nor ended by the way" "subscribers.csv: 3 rows, 3 loaded (0 new, 1 changed), 0 set aside"$'\n0' "$(load subscribers \
    "$(file subscribers.csv msisdn,brand,state,state_reason 13900000001,全球通,active, 13900000002,全球通,, 13900000003,全球通,active,resumed)")"
is "they stay as they are" "suspended lost, suspended, active" "$(store "SELECT string_agg(concat_ws(' ', state, state_reason), ', ' ORDER BY msisdn)
    FROM hall.subscriber WHERE msisdn BETWEEN 13900000001 AND 13900000003")"
is "a bill's items" '?{"fen": 5800, "name": "套餐及固定费"}, {"fen": 2060, "name": "语音通信费"}?' \
    "$(store "SELECT items FROM hall.bill WHERE msisdn = 13900000001")"
is "a balance" "$((1234 + 5000 + 50 - 100 + 40))" "$(store "SELECT balance_fen FROM hall.subscriber WHERE msisdn = 13900000001")"
ledger_is_right "each kind"
is "--help has each kind" 15 "$("$smshall" load --help | grep -c '^  [a-z-]*: ')"

# --- rows that cannot be put ---
printf '\xEF\xBB\xBFmsisdn,brand,opening_yuan\r\n13900000010,全球通,1\r\n10086,全球通,1\r\n13900000011,\xC8\xAB\xC7\xF2,1\r\n13900000012,全球通\r\n' >"$dir/faults.csv"
printf '13900000013,全球通,1,2\r\n13900000014,全球通,1.234\r\n13900000015,全"球通,1\r\n13900000016,"两\r\n行",1\r\n13900000017,,1\r\n' >>"$dir/faults.csv"
printf '\r\n13900000018,"全球通,1\r\n13900000019,全球通,1' >>"$dir/faults.csv"
is "faults are named by line, the rest is loaded" 'faults.csv:3: msisdn "10086" is no mobile number
faults.csv:4: field 2 is not UTF-8
faults.csv:5: it has 2 fields, and the first line 3
faults.csv:6: it has 4 fields, and the first line 3
faults.csv:7: opening_yuan "1.234" is no amount in yuan: 56.78
faults.csv:8: its quotes do not pair
faults.csv:11: brand is missing
faults.csv:13: its quotes do not pair
faults.csv: 11 rows, 3 loaded (3 new, 0 changed), 8 set aside
1' "$(load subscribers "$dir/faults.csv")"
is "the rest" "13900000010 13900000016 13900000019" \
    "$(store "SELECT string_agg(msisdn::text, ' ' ORDER BY msisdn) FROM hall.subscriber WHERE msisdn BETWEEN 13900000010 AND 13900000019")"
is "a line end in a field" $'两\r\n行' "$(store "SELECT brand FROM hall.subscriber WHERE msisdn = 13900000016")"
is "what was set aside" $'msisdn,brand,opening_yuan,reason
10086,全球通,1,"line 3: msisdn ""10086"" is no mobile number"
13900000011,\xC8\xAB\xC7\xF2,1,line 4: field 2 is not UTF-8
13900000012,全球通,,"line 5: it has 2 fields, and the first line 3"
13900000013,全球通,1,2,"line 6: it has 4 fields, and the first line 3"
13900000014,全球通,1.234,"line 7: opening_yuan ""1.234"" is no amount in yuan: 56.78"
"13900000015,全""球通,1",,,line 8: its quotes do not pair
13900000017,,1,line 11: brand is missing
"13900000018,""全球通,1",,,line 13: its quotes do not pair' "$(cat "$dir/faults.csv.rejected")"
is "for its owner alone" 600 "$(stat -c %a "$dir/faults.csv.rejected")"
sed -i '/^msisdn\|^13900000014/!d; s/1\.234/1.23/' "$dir/faults.csv.rejected"
is "mended, it is loaded as it stands" $'faults.csv.rejected: 1 rows, 1 loaded (1 new, 0 changed), 0 set aside\n0' \
    "$(load subscribers "$dir/faults.csv.rejected")"
printf 'msisdn,brand\n13900000010,全球通\n' >"$dir/faults.csv"
load subscribers "$dir/faults.csv" >/dev/null
is "when nothing is set aside, what was before is gone" no "$([ -e "$dir/faults.csv.rejected" ] && echo yes || echo no)"
path=$(file unknown.csv msisdn,points 13900000001,5 13911111111,5)
is "an unknown subscriber, set aside elsewhere" $'unknown.csv:3: there is no subscriber 13911111111\nunknown.csv: 2 rows, 1 loaded (0 new, 1 changed), 1 set aside\n1' \
    "$(load points "$path" --rejected "$dir/elsewhere")"
is "elsewhere" '13911111111,5,line 3: there is no subscriber 13911111111' "$(tail -n 1 "$dir/elsewhere")"
path=$(file again.csv msisdn,amount_fen,reference 13900000001,5,a1 13900000001,5,a1 13900000001,6,a1)
is "the same reference: once, and not as something else" 'again.csv:4: reference "a1" is a top_up of 5 fen already and cannot be a top_up of 6 fen
again.csv: 3 rows, 2 loaded (1 new, 0 changed), 1 set aside
1' "$(load top-ups "$path")"
path=$(file twice.csv msisdn,points 13900000001,5 13900000001,6 8613900000001,7)
load points "$path" --rows 1 >/dev/null
is "of two rows for the same the later one counts" 7 "$(store "SELECT points FROM hall.subscriber WHERE msisdn = 13900000001")"
path=$(file many.csv msisdn,points $(seq -f '%.0f,1' 13922222201 13922222225))
is "of many faults twenty are named" 'many.csv:21: *
many.csv: 5 more are set aside
many.csv: 25 rows, 0 loaded (0 new, 0 changed), 25 set aside
1' "$(load points "$path" | tail -n 4)"
is "and all are set aside" 26 "$(wc -l <"$path.rejected")"

# A row that breaks the whole of its call in a way that nobody foresaw is found by halves.
sql "$db" -q -c "CREATE FUNCTION public.trip() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN RAISE 'not this one'; END \$\$" \
    -c "CREATE TRIGGER trip BEFORE INSERT ON hall.allowance FOR EACH ROW WHEN (NEW.rest IN (17, 555)) EXECUTE FUNCTION public.trip()"
# shellcheck disable=SC2046 # a line each
path=$(file halves.csv msisdn,kind,rest,total $(seq 1000 | sed 's/.*/1390000000'$'1,mms,&,1000/'))
sed -i '2,1001s/^13900000001,mms,\(17\|555\),/13900000002,voice,\1,/' "$path"
is "a row that breaks its call is found" 'halves.csv:18: P0001: not this one
halves.csv:556: P0001: not this one
halves.csv: 1000 rows, 998 loaded (*), 2 set aside
1' "$(load allowances "$path")"
is "and the rest is as the last row has it" 1000 "$(store "SELECT rest FROM hall.allowance WHERE msisdn = 13900000001 AND kind = 'mms'")"

# --- nothing can be done ---
path=$(file wrong.csv msisdn,colour 1,2)
is "an unknown column" $'smshall load: wrong.csv: 1: points have no column "colour"; `smshall load --help` has them all\n2' "$(load points "$path")"
is "a missing one" $'smshall load: wrong.csv: 1: points need a column "points"\n2' "$(load points "$(file wrong.csv msisdn 1)")"
is "two amounts" $'smshall load: wrong.csv: 1: the column "amount" is there twice; one of _fen and _yuan\n2' \
    "$(load top-ups "$(file wrong.csv msisdn,amount_fen,amount_yuan,reference)")"
is "an empty file" $'smshall load: wrong.csv: it is empty: its first line names the columns\n2' "$(load points "$(file wrong.csv '')")"
is "a missing file, and one that is there" $'smshall load: nothing.csv: No such file or directory\ntwice.csv: 3 rows, 3 loaded*\n2' \
    "$(load points "$dir/nothing.csv" "$dir/twice.csv")"
is "a folder" $'smshall load: *Is a directory\n2' "$(load points "$dir")"
is "into itself" $'smshall load: twice.csv: rows cannot be set aside into the file that they are read from\n2' \
    "$(load points "$dir/twice.csv" --rejected "$dir/twice.csv")"
is "which is still there" 4 "$(wc -l <"$dir/twice.csv")"
is "no server" $'smshall load: *twice.csv: store: *\n2' "$("$smshall" load points "$dir/twice.csv" --database "host=$dir/none" 2>&1; echo $?)"
is "no rights" $'smshall load: *twice.csv: 42501: permission denied*\n2' \
    "$("$smshall" load points "$dir/twice.csv" --database "$base dbname=$db options='-c role=smshall_hall'" 2>&1; echo $?)"
for words in "" points "nothing $dir/twice.csv" "points a b --rejected c" "points a --lanes 0" "points a --rows x" "points a --colour"; do
    # shellcheck disable=SC2086 # words
    is "wrong: $words" 2 "$(load $words | tail -n 1)"
done

# --- standard input, and a terminal ---
is "standard input" $'stdin:3: there is no subscriber 13911111111\nstdin: 2 rows, 1 loaded (0 new, 1 changed), 1 set aside\n1' \
    "$(program=$(realpath "$smshall") && cd "$dir" && printf 'msisdn,points\n13900000001,8\n13911111111,1\n' | smshall=$program load points -)"
is "sets aside into load.rejected" 2 "$(wc -l <"$dir/load.rejected")"
# shellcheck disable=SC2046 # a line each
path=$(file long.csv msisdn,points $(seq 3000 | sed 's/.*/13900000001,&/') 13911111111,1)
script -qec "'$smshall' load points '$path' --rows 100 --database \"$feed\"" /dev/null >"$dir/terminal" </dev/null
is "a terminal sees how far it is" '*\[####*\] *long.csv: * rows, * a second, * set aside*' "$(tr '\r' '\n' <"$dir/terminal" | grep -a '####' | tail -n 1)"
is "and what is wrong on a line of its own" 1 "$(tr '\r' '\n' <"$dir/terminal" | grep -ac 'long.csv:3002: there is no subscriber 13911111111$')"

# --- a long file, killed in the middle, and begun anew ---
awk -v n="$rows" 'BEGIN {
    print "msisdn,brand,opening_fen"
    for (i = 0; i < n; i++) printf "%.0f,%s,%d\n", 13930000000 + (i * 7) % n, i % 2 ? "全球通" : "神州行", i % 100}' >"$dir/big.csv"
sed 's/^msisdn.*/msisdn,x,amount_fen,reference/; s/,0$/,1/' "$dir/big.csv" | awk -F, 'NR == 1 {print "msisdn,amount_fen,reference"} NR > 1 {print $1 "," $3 ",b" NR}' \
    >"$dir/money.csv"
# killed KIND FILE COUNT: kill -9 when some of it is there, which COUNT counts, and then all of it
killed() {
    local kind=$1 path=$2 count=$3 before some
    before=$(store "$count")
    "$smshall" load "$kind" "$path" --rows 500 --database "$feed" >/dev/null 2>&1 &
    local pid=$!
    for _ in $(seq 600); do
        [ "$(store "$count")" -lt $((before + rows / 20)) ] || break
        sleep 0.05
    done
    kill -9 $pid
    wait $pid 2>/dev/null
    some=$(($(store "$count") - before))
    is "$kind: killed in the middle" yes "$([ $some -gt 0 ] && [ $some -lt "$rows" ] && echo yes || echo "$some")"
    ledger_is_right "$kind killed"
    is "$kind: begun anew" "* $rows rows, $rows loaded (*), 0 set aside"$'\n0' "$(load "$kind" "$path")"
    is "$kind: all of it, once" "$rows" $(($(store "$count") - before))
    ledger_is_right "$kind"
}
killed subscribers "$dir/big.csv" "SELECT count(*) FROM hall.subscriber"
killed top-ups "$dir/money.csv" "SELECT count(*) FROM hall.ledger WHERE kind = 'top_up'"
is "subscribers: again" "big.csv: $rows rows, $rows loaded (0 new, 0 changed), 0 set aside"$'\n0' "$(load subscribers "$dir/big.csv")"
is "top-ups: again" "money.csv: $rows rows, $rows loaded (0 new, 0 changed), 0 set aside"$'\n0' "$(load top-ups "$dir/money.csv")"
is "their sum" "$(awk -F, 'NR > 1 {sum += $3} END {print sum}' "$dir/big.csv") $(awk -F, 'NR > 1 {sum += $2} END {print sum}' "$dir/money.csv")" \
    "$(store "SELECT sum(fen) FILTER (WHERE kind = 'opening') || ' ' || sum(fen) FILTER (WHERE kind = 'top_up')
              FROM hall.ledger WHERE msisdn BETWEEN 13930000000 AND 13939999999")"

# --- the store goes away, for a moment and for good ---
sed 's/^\([0-9]*\),.*/\1,动感地带/; 1s/.*/msisdn,brand/' "$dir/big.csv" >"$dir/other.csv"
away() {
    sql postgres -q -c "ALTER DATABASE $db ALLOW_CONNECTIONS $1"
}
break_off() {
    until [ "$(sql postgres -c "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '$db' AND query LIKE 'SELECT hall.load%'")" != 0 ]; do
        sleep 0.02
    done
}
load subscribers "$dir/other.csv" --rows 500 >"$dir/moment" &
sleep 0.3
break_off
wait $!
is "connections that break are made anew" "other.csv: $rows rows, $rows loaded (0 new, * changed), 0 set aside"$'\n0' "$(cat "$dir/moment")"
is "and all is put" "$rows" "$(store "SELECT count(*) FROM hall.subscriber WHERE brand = '动感地带' AND msisdn BETWEEN 13930000000 AND 13939999999")"
load subscribers "$dir/big.csv" --rows 500 --retry 1 >"$dir/good" &
until [ "$(store "SELECT count(*) FROM hall.subscriber WHERE brand <> '动感地带' AND msisdn BETWEEN 13930000000 AND 13939999999")" -gt 0 ]; do
    sleep 0.02
done
away false
break_off
wait $!
away true
is "a store that stays away ends it, and it says where" \
    $'smshall load: big.csv: up to line *1 all is loaded, and then: store: *\nbig.csv: * rows, * loaded*\n2' "$(cat "$dir/good")"
line=$(sed -n 's/.*up to line \([0-9]*\) all.*/\1/p' "$dir/good")
sed -n "2,${line}p" "$dir/big.csv" | cut -d, -f1,2 | sort >"$dir/said"
store "SELECT msisdn || ',' || brand FROM hall.subscriber WHERE brand <> '动感地带' AND msisdn BETWEEN 13930000000 AND 13939999999" | sort >"$dir/found"
is "which is true" 0 "$(comm -23 "$dir/said" "$dir/found" | wc -l)"
ledger_is_right "the end"

# --- secrets: not in the store, not in its log, not in what is printed or set aside (C3, C5) ---
is "no key, no secrets" $'smshall load: secrets are hashed with the key in pepper_file, and none is configured\n2' \
    "$(load credentials "$(file secret.csv msisdn,password 13900000001,975318)")"
is "migrate --demo says so" "sql/demo_credentials.csv: left out; passwords need pepper_file, and none is configured" \
    "$("$smshall" migrate --demo --sql sql --database "$base dbname=$db options='-c role=$owner'" | grep credentials)"
(umask 077 && echo "3 1 1 $(head -c 32 /dev/urandom | base64)" >"$dir/pepper")
export SMSHALL_PEPPER_FILE=$dir/pepper
sql postgres -q -c "ALTER DATABASE $db SET log_statement = 'all'"
path=$(file secret.csv msisdn,password,id_card,puk 13900000001,975318,11010519491231002x,86420975 13900000002,97531,, \
    13900000003,,110105194912310021, 975318,13900000002,, 13900000002,,,864209 13911111111,975318,, '13900000002,"975318,,' 13900000003,975318)
is "credentials" 'secret.csv:3: password is not six digits
secret.csv:4: id_card is not 18 characters with a right check digit
secret.csv:5: msisdn is no mobile number
secret.csv:6: puk is not eight digits
secret.csv:7: there is no subscriber 13911111111
secret.csv:8: its quotes do not pair
secret.csv:9: it has 2 fields, and the first line 4
secret.csv: 8 rows, 1 loaded (1 new, 0 changed), 7 set aside
1' "$(load credentials "$path")"
is "what was set aside of them" 'msisdn,password,id_card,puk,reason
13900000002,***,,,line 3: password is not six digits
13900000003,,***,,line 4: id_card is not 18 characters with a right check digit
***,***,,,line 5: msisdn is no mobile number
13900000002,,,***,line 6: puk is not eight digits
13911111111,***,,,line 7: there is no subscriber 13911111111
***,,,,line 8: its quotes do not pair
13900000003,***,,,"line 9: it has 2 fields, and the first line 4"' "$(cat "$path.rejected")"
is "one of each" "1 1 1" "$(store "SELECT (SELECT count(*) FROM hall.password), (SELECT count(*) FROM hall.identity), (SELECT count(*) FROM hall.sim)" | tr '\n' ' ' | sed 's/ $//')"
is "with the key's number, and all pieces that are digits" "3 3 12" \
    "$(store "SELECT w.pepper || ' ' || i.pepper || ' ' || cardinality(i.pieces) FROM hall.password AS w JOIN hall.identity AS i USING (msisdn)")"
is "again" "secret.csv: 8 rows, 1 loaded (0 new, 0 changed), 7 set aside" "$(load credentials "$path" 2>&1 | sed -n '/rows,/p')"
is "no first line: it is not repeated" $'smshall load: bare.csv: 1: column 1 is none that credentials have; `smshall load --help` has them all\n2' \
    "$(load credentials "$(file bare.csv 975318,13900000001)")"
"$pg_bin/pg_dump" -d "$base dbname=$db" >"$dir/dump"
is "they are nowhere" "" "$(grep -l -a -e 975318 -e 11010519491231002 -e 86420975 "$dir/dump" "$dir/server.log" "$path.rejected" 2>/dev/null)"
is "the log had the statements" yes "$([ -z "$server" ] || grep -q load_credentials "$dir/server.log" && echo yes)"
is "migrate --demo loads the demo's" "sql/demo_credentials.csv: loaded" \
    "$("$smshall" migrate --demo --sql sql --database "$base dbname=$db options='-c role=$owner'" | grep credentials)"
is "which are there" "13800138000 13800138003" "$(store "SELECT string_agg(msisdn::text, ' ' ORDER BY msisdn) FROM hall.password WHERE msisdn < 13900000000")"
tap_end
