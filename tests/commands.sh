#!/usr/bin/env bash
# Every text that the hall must understand (tests/commands.tsv) is sent in a transcript, and answered there: tests/talk.sh plays them. A row
# without one fails. Speed codes are texts and ports, and need both. TAP on stdout.
set -u
cd "$(dirname "$0")/.." || exit 2
. tests/tap/tap.sh
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
table=tests/commands.tsv

# What stands for {…} in a row's text, as it is typed in a transcript; awk's regular expressions.
pattern() {
    local text=$1
    text=${text//'(our code)'/CXYEC}
    text=${text//'(forwarded text)'/.+}
    text=${text//'{yyyymm}'/[0-9][0-9][0-9][0-9][0-9][0-9]}
    text=${text//'{old}'/[0-9]+}
    text=${text//'{new}'/[0-9]+}
    text=${text//'{password}'/[0-9]+}
    text=${text//'{id}'/[0-9]+X?}
    text=${text//'{yuan}'/[0-9.]+}
    text=${text//'{text}'/.+}
    echo "$text"
}

# sent PORT TEXT: where a transcript sends it (patterns, without case), and the same subscriber's next line is an answer that understood.
sent() {
    awk -v port="^$1\$" -v text="^$2\$" '
        FNR == 1 { waits = "" }
        waits != "" && $1 == waits {
            if ($2 ~ /^</ && $0 !~ /无法识别|系统忙|暂时无法办理/) { print where; exit }
            waits = ""
        }
        $2 == ">" && $3 ~ port {
            said = $0
            sub(/^[^>]*> *[^ ]+ */, "", said)
            if (toupper(said) ~ toupper(text)) { waits = $1; where = FILENAME ":" FNR }
        }' tests/talk/*.talk
}

rows=0
while IFS=$'\t' read -r port text meaning kind _; do
    [ "$port" != port ] || continue
    rows=$((rows + 1))
    [ "$port" != "SP port" ] || port='10660[0-9]+'
    is "$port $text: $meaning" "tests/talk/*" "$(sent "$port" "$(pattern "$text")")"
    case $kind in
    speed*) is "port $text: $meaning" "tests/talk/*" "$(sent "$text" '.*')" ;;
    esac
done <$table
is "the table has its rows" "[1-9][0-9]" "$rows"

if [ -e ../shared/commands.tsv ]; then
    is "it is the table that was agreed on" "" "$(diff ../shared/commands.tsv $table)"
fi
tap_end
