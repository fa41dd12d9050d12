#!/usr/bin/env bash
# The subcommands check and parse, as a shell sees them: output, exit codes, faulty folders, odd input; and the corpora, of which nothing may
# be read as a command that changes anything.
set -u

cd "$(dirname "$0")/.." || exit 2
SMSHALL=$(realpath "${SMSHALL:-build/smshall}")
corpora=../shared/corpora
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

fail() {
    printf 'not ok: %s\n' "$1"
    failed=1
}

# expect NAME CODE COMMAND…: runs it with the input at hand; its output is left in $work/out and $work/err.
expect() {
    local name=$1 wanted=$2 code=0
    shift 2
    "$@" >"$work/out" 2>"$work/err" || code=$?
    [ "$code" = "$wanted" ] || fail "$name: exit code $code, not $wanted: $(head -c 500 "$work/err")"
}

# same NAME FILE: standard input is what is wanted in FILE.
same() {
    diff -u - "$2" || fail "$1"
}

says() {
    grep -qF -- "$2" "$work/$3" || fail "$1: no \"$2\" in: $(head -c 500 "$work/$3")"
}

# shellcheck disable=SC2317 # called through expect
into_full() {
    "$@" >/dev/full
}

# --- check ---

expect "the commands have no fault" 0 "$SMSHALL" check --commands commands
same "and nothing is printed" "$work/out" </dev/null
says "but a summary" "no fault" err

mkdir "$work/commands"
cp commands/{types,reading,answers,reserved,names,hall}.yaml tests/grammar/faulty/*.yaml "$work/commands"
touch "$work/commands/beta.yaml~" "$work/commands/.hidden"
pushd "$work" >/dev/null || exit 2
expect "a faulty folder" 1 "$SMSHALL" check --commands commands
popd >/dev/null || exit 2
same "names every fault, in order" "$work/out" <tests/grammar/faulty/expected
says "and their number" "15 faults" err
says "and that of missing translations" "1 reply lacks a translation, 3 fields are in one language only" err

mkdir "$work/chinese"
cp commands/{types,reading,answers,reserved,names,hall}.yaml "$work/chinese"
printf 'command: a\nreplies:\n  ok: 好\n  no: {zh: 不, en: "No"}\n  of: {zh: "{x}{z}", en: "{y} {y}", one_language: [z]}\n' >"$work/chinese/a.yaml"
pushd "$work" >/dev/null || exit 2
expect "a reply without English, or with less" 1 "$SMSHALL" check --commands chinese
popd >/dev/null || exit 2
same "is named" "$work/out" <<'END'
chinese/a.yaml:3: reply "ok" has no English
chinese/a.yaml:5: reply "of" has no {x} in English
chinese/a.yaml:5: reply "of" has no {y} in Chinese
END
expect "but no reason not to read" 0 "$SMSHALL" parse --commands "$work/chinese" 是
says "with a warning" "1 reply lacks a translation, 2 fields are in one language only: see smshall check" err

expect "a missing folder" 1 "$SMSHALL" check --commands "$work/none"
says "is named" "$work/none:1: cannot read the folder" out
expect "a store that is not there" 1 "$SMSHALL" check --commands commands --database "host=127.0.0.1 port=1 connect_timeout=2"
says "is named too" "the database:" err
expect "help" 0 "$SMSHALL" check --help
says "tells the options" "--database" out
expect "an unknown option" 2 "$SMSHALL" check --nonsense
expect "a word too many" 2 "$SMSHALL" check commands

# --- parse ---

expect "texts as arguments" 0 "$SMSHALL" parse --commands commands ye '“JF”' ZD２０１２１１ 1，3 你好
same "give a line each" "$work/out" <<'END'
{"text":"ye","folded":"YE","command":"balance","effect":"reads","args":{},"answer":null}
{"text":"“JF”","folded":"“JF”","command":"points","effect":"reads","args":{},"answer":null}
{"text":"ZD２０１２１１","folded":"ZD201211","command":"bill","effect":"reads","args":{"month":"201211"},"answer":null}
{"text":"1，3","folded":"1,3","command":null,"effect":null,"args":{},"answer":"serials:1,3"}
{"text":"你好","folded":"你好","command":null,"effect":null,"args":{},"answer":null}
END

expect "lines" 0 "$SMSHALL" parse --commands commands < <(printf 'ye\n\n\377\376YE\r\n"是\\"')
same "are read to the last, odd ones too" "$work/out" <<'END'
{"text":"ye","folded":"YE","command":"balance","effect":"reads","args":{},"answer":null}
{"text":"","folded":"","command":null,"effect":null,"args":{},"answer":null}
{"text":"��YE\r","folded":"��YE","command":null,"effect":null,"args":{},"answer":null}
{"text":"\"是\\\"","folded":"\"是\\\"","command":null,"effect":null,"args":{},"answer":null}
END

expect "a table with a line that has no tab" 1 "$SMSHALL" parse --commands commands --tsv < <(printf 'a\tYE\nYE\nb\tJF\t1\n')
same "goes on behind it" "$work/out" <<'END'
{"id":"a","text":"YE","folded":"YE","command":"balance","effect":"reads","args":{},"answer":null}
{"id":"b","text":"JF\t1","folded":"JF 1","command":null,"effect":null,"args":{},"answer":null}
END
says "and names it" "line 2 has no tab" err

expect "a secret" 0 "$SMSHALL" parse --commands commands "MMXG 246810 135790" "ＭＭＸＧ＃２４６８１０＃１３５７９０" 密码246810135790 \
    旧密码246810新密码135790 mmxg#246810 密码246810 "MMHF#110105194912310021" 246810 "２４６ ８１０" 1,2,3,4,5,6
same "is masked, read or not" "$work/out" <<'END'
{"text":"MMXG *** ***","folded":"MMXG *** ***","command":"change_password","effect":"changes","args":{"old":"***","new":"***"},"answer":null}
{"text":"ＭＭＸＧ＃***＃***","folded":"MMXG#***#***","command":"change_password","effect":"changes","args":{"old":"***","new":"***"},"answer":null}
{"text":"密码***","folded":"密码***","command":"change_password","effect":"changes","args":{"old":"***","new":"***"},"answer":null}
{"text":"旧密码***新密码***","folded":"旧密码***新密码***","command":"change_password","effect":"changes","args":{"old":"***","new":"***"},"answer":null}
{"text":"mmxg#***","folded":"MMXG#***","command":"password_format","effect":"reads","args":{"rest":"***"},"answer":null}
{"text":"密码***","folded":"密码***","command":null,"effect":null,"args":{},"answer":null}
{"text":"MMHF#***","folded":"MMHF#***","command":"reset_format","effect":"reads","args":{"rest":"***"},"answer":null}
{"text":"***","folded":"***","command":null,"effect":null,"args":{},"answer":null}
{"text":"*** ***","folded":"*** ***","command":null,"effect":null,"args":{},"answer":null}
{"text":"1,2,3,4,5,6","folded":"1,2,3,4,5,6","command":null,"effect":null,"args":{},"answer":"serials:1,2,3,4,5,6"}
END

expect "answers" 0 "$SMSHALL" parse --commands commands 1 2 是？ 10086？
same "have their first meaning" "$work/out" <<'END'
{"text":"1","folded":"1","command":null,"effect":null,"args":{},"answer":"yes"}
{"text":"2","folded":"2","command":null,"effect":null,"args":{},"answer":"no"}
{"text":"是？","folded":"是","command":null,"effect":null,"args":{},"answer":null}
{"text":"10086？","folded":"10086","command":"menu","effect":"reads","args":{},"answer":null}
END

expect "services" 0 "$SMSHALL" parse --commands commands KTgprs 开通彩铃 開通彩鈴 开通火星 取消彩铃？
same "are sure, for the store to look up, or no order at all" "$work/out" <<'END'
{"text":"KTgprs","folded":"KTGPRS","command":"open","effect":"changes","args":{"service":"GPRS"},"answer":null}
{"text":"开通彩铃","folded":"开通彩铃","command":"open","effect":"changes","args":{"service":"彩铃"},"answer":null}
{"text":"開通彩鈴","folded":"開通彩鈴","command":"open","effect":"changes","args":{"service":"彩铃"},"answer":null}
{"text":"开通火星","folded":"开通火星","command":null,"effect":null,"args":{"service":"火星"},"answer":null,"maybe":"open"}
{"text":"取消彩铃？","folded":"取消彩铃","command":null,"effect":null,"args":{},"answer":null}
END

{
    printf 'YE'
    head -c 5000 /dev/zero | tr '\0' ' '
    printf '不是这个意思\nYE\n'
} >"$work/long"
expect "a text that is too long" 0 "$SMSHALL" parse --commands commands <"$work/long"
[ "$(grep -c '"command":null,"effect":null,"args":{},"answer":null' "$work/out")" = 1 ] || fail "is read as nothing: $(cut -c 5000- "$work/out")"

expect "a provider's port" 0 "$SMSHALL" parse --commands commands --at provider YE
says "has no balance" '"command":null' out
expect "no such port" 2 "$SMSHALL" parse --commands commands --at moon YE
expect "an unknown option" 2 "$SMSHALL" parse --nonsense
expect "help" 0 "$SMSHALL" parse --help
says "tells the options" "--tsv" out
expect "a faulty folder" 1 "$SMSHALL" parse --commands "$work/commands" YE
says "is refused with its faults" "beta.yaml:8: " err
if [ -w /dev/full ]; then
    expect "an output that is full" 1 into_full "$SMSHALL" parse --commands commands YE
fi

# --- corpora ---

# The texts of a corpus as id<TAB>text.
texts() {
    case $1 in
    nus_*) cut -f 1,2 "$corpora/$1" ;;
    uci_sms.tsv) cut -f 1,3 "$corpora/$1" ;;
    telecom_utterances.tsv) cut -f 1 "$corpora/$1" | sed 's/^/t\t/' ;;
    qa.tsv) tr '\t' '\n' <"$corpora/$1" | sed 's/^/qa\t/' ;;
    retrieval_*) cut -f 1,2 "$corpora/$1" ;;
    pairs.tsv) cut -f 2,3 "$corpora/$1" | tr '\t' '\n' | sed 's/^/p\t/' ;;
    *) return 1 ;;
    esac
}

# An opt-out word that is the whole text to a provider's port is meant as one (rules B5): people did send QX. Nothing else may act.
OPT_OUT='"folded":"(TD|T|R|QX|退订|退訂|取消|STOP|STOPALL|UNSUBSCRIBE|CANCEL|END|QUIT|0{4,5})","command":"provider_(list|leave)"'

# acting PORT FILE: the readings in FILE that act and must not.
acting() {
    local allowed='^$'
    [ "$1" = provider ] && allowed=$OPT_OUT
    grep -E '"effect":"(changes|leaves)"' "$2" | grep -vE "$allowed"
}

# read_corpus NAME PORT: its readings are added to $work/readings.
read_corpus() {
    local name=$1 at=$2
    texts "$name" >"$work/texts" || fail "$name: a corpus this test does not know"
    expect "$name" 0 "$SMSHALL" parse --commands commands --at "$at" --tsv <"$work/texts"
    [ "$(wc -l <"$work/texts")" = "$(wc -l <"$work/out")" ] || fail "$name: not one line for each text"
    if acting "$at" "$work/out" >"$work/acts"; then
        fail "$name: ordinary texts that act: $(head -n 5 "$work/acts")"
    fi
    cat "$work/out" >>"$work/readings"
}

# What was read, by kind; a text that names no service of the catalogue is no command, whatever it may be (`maybe`).
count_readings() {
    printf '%s: %s texts\n' "$1" "$(wc -l <"$work/readings")"
    grep -oE '"command":("[a-z_]+"|null),"effect":("[a-z]+"|null)' "$work/readings" | sort | uniq -c | sort -rn
    grep -oE '"answer":("(yes|no|serials)|null)' "$work/readings" | sort | uniq -c | sort -rn
    grep -oE '"maybe":"[a-z_]+"' "$work/readings" | sort | uniq -c | sort -rn
    sed -nE 's/.*"folded":"(.*)","command":"([a-z_]+)".*/\2\t\1/p' "$work/readings" | sort | uniq -c | sort -rn | head -n 40
}

# The check itself: it sees what acts, and lets an opt-out pass where it is one.
expect "codes that act" 0 "$SMSHALL" parse --commands commands KTGPRS 取消来电显示 KTYETX10 00000 0000 QX 开通火星
[ "$(acting hall "$work/out" | wc -l)" = 5 ] || fail "are seen at the hall: $(acting hall "$work/out")"
expect "words that leave" 0 "$SMSHALL" parse --commands commands --at provider QX 退订。 0000 00000
[ "$(grep -c '"effect":"leaves"' "$work/out")" = 4 ] || fail "are read at a provider: $(cat "$work/out")"
acting provider "$work/out" && fail "are meant so at a provider"

if [ -d $corpora ]; then
    for at in hall provider; do
        : >"$work/readings"
        for file in "$corpora"/*.tsv; do
            read_corpus "$(basename "$file")" $at
        done
        count_readings $at
    done
else
    echo "skipped: the corpora ($corpora) are not here"
fi

[ $failed = 0 ] && echo "ok: grammar"
exit $failed
