#!/bin/bash
# Holds the #include lines of the house to DESIGN 6: arrows go down the order of rooms and never up, src/ and include/ are twins, each
# outside library has its one door, and no header includes everything. Prints a `file:line: fault` each and exits 1.
#
#   tests/arrows.sh          checks this tree, and itself on trees with planted faults
#   tests/arrows.sh FOLDER   checks the tree in FOLDER
set -u
export LC_ALL=C

# From the bottom up. Files at the top (main.c, serve.c, serve.h) may use all, and are used by nobody below.
rooms="base sms grammar store web gateway console tools"

# header=where it may be included; a folder allows all in it.
doors="
libpq-fe.h=src/store/pg.c
microhttpd.h=src/web/server.c
curl/curl.h=src/web/client.c
pcre2.h=src/grammar/
yaml.h=src/base/yaml.c
sodium.h=src/base/
jansson.h=include/base/json.h
zlib.h=one
csv.h=src/tools/load_csv.c
"

# Reads `file:line:header` lines (the header with its quotes or brackets) and prints the faults; the number of includes at the end.
check_includes() {
    awk -F: -v rooms="$rooms" -v doors="$doors" '
        function fault(text) { print $1 ":" $2 ": " text; faults = 1 }
        function room_of(path,    part) {
            sub(/^(src|include)\//, "", path)
            return split(path, part, "/") > 1 ? part[1] : ""
        }
        BEGIN {
            count = split(rooms, list, " ")
            for (i = 1; i <= count; i++) floor[list[i]] = i
            count = split(doors, list, /[ \n]+/)
            for (i = 1; i <= count; i++) if (split(list[i], pair, "=") == 2) door[pair[1]] = pair[2]
        }
        { all++; is_own = $3 ~ /^"/; header = $3; gsub(/["<>]/, "", header); from = room_of($1); to = room_of(header) }
        from != "" && !(from in floor) { fault("no such room: " from); next }
        header in door {
            if (door[header] == "one" && !(header in opened)) opened[header] = $1
            else if (door[header] == "one" && opened[header] != $1) fault(header " is included in " opened[header] " already")
            else if (door[header] != "one" && index($1, door[header]) != 1) fault(header " belongs to " door[header] " alone")
            next
        }
        !is_own { next }
        to == "" && from == "" { next }
        !(to in floor) { fault(header " is in no room below"); next }
        from != "" && floor[to] > floor[from] { fault(from " may not use " to ": " header) }
        $1 ~ /^include\// && !(($1, to) in used) {
            used[$1, to] = 1
            if (++rooms_of[$1] > 5) fault("a header that includes everything: " rooms_of[$1] " rooms")
        }
        END { if (!faults) print all + 0 }'
}

# src/x/y.c has include/x/y.h; the tools may share one header.
check_twins() {
    find src -mindepth 2 -name '*.c' | sort | while read -r path; do
        twin=include/${path#src/}
        twin=${twin%.c}.h
        case $path in src/tools/*) [ -f "$twin" ] || twin=include/tools/tools.h ;; esac
        [ -f "$twin" ] || echo "$path:1: has no twin $twin"
    done
}

check_tree() (
    cd "$1" || exit 2
    twins=$(check_twins)
    includes=$(grep -rnE '^[ \t]*#[ \t]*include[ \t]*["<]' --include='*.[ch]' src include | sort -t: -k1,1 -k2,2n |
        sed -E 's/^([^:]*:[0-9]+:)[ \t]*#[ \t]*include[ \t]*(["<][^">]*[">]).*/\1\2/' | check_includes)
    if [ -n "$twins" ] || ! [[ $includes =~ ^[0-9]+$ ]]; then
        printf '%s\n' "$twins" "$includes" | grep -v -e '^$' -e '^[0-9]*$'
        exit 1
    fi
    echo "arrows: $includes includes hold"
)

# --- the check of the check ---

scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT

plant() { # tree file line…
    mkdir -p "$(dirname "$scratch/$1/$2")"
    printf '%s\n' "${@:3}" >"$scratch/$1/$2"
}

house() { # tree: a small house in which all is well
    local room
    for room in base store grammar web gateway; do
        plant "$1" "include/$room/$room.h" '#include <stddef.h>'
        plant "$1" "src/$room/$room.c" "#include \"$room/$room.h\""
    done
    plant "$1" src/main.c '#include "gateway/gateway.h"' '#include "serve.h"'
    plant "$1" include/serve.h '#include "base/base.h"'
    plant "$1" src/store/pg.c '  #  include <libpq-fe.h> // its door'
    plant "$1" include/store/pg.h '#include "base/base.h"'
    plant "$1" src/web/gzip.c '#include <zlib.h>'
    plant "$1" include/web/gzip.h ''
}

must_fail() { # wanted file line…: this fault in an otherwise good house is found
    local wanted=$1 got
    shift
    rm -rf "$scratch/bad"
    house bad
    plant bad "$@"
    if got=$(check_tree "$scratch/bad") || [[ $got != *"$wanted"* ]]; then
        echo "tests/arrows.sh:1: a planted fault got \"$got\", wanted \"$wanted\""
        return 1
    fi
}

check_itself() {
    local got everything
    everything=$(printf '#include "%s"\n' base/a.h sms/a.h grammar/a.h store/a.h web/a.h gateway/a.h)
    house good
    if ! got=$(check_tree "$scratch/good") || [ "$got" != "arrows: 16 includes hold" ]; then
        echo "tests/arrows.sh:1: a house in which all is well got \"$got\""
        return 1
    fi
    must_fail 'src/base/base.c:2: base may not use store' src/base/base.c '' '#include "store/store.h"' &&
        must_fail 'include/store/store.h:1: store may not use gateway' include/store/store.h '#include "gateway/gateway.h"' &&
        must_fail 'src/store/store.c:1: store may not use web' src/store/store.c ' #  include "web/web.h"' &&
        must_fail 'src/web/web.c:1: serve.h is in no room below' src/web/web.c '#include "serve.h"' &&
        must_fail 'src/cellar/wine.c:1: no such room: cellar' src/cellar/wine.c '#include <stdio.h>' &&
        must_fail 'src/base/lost.c:1: has no twin include/base/lost.h' src/base/lost.c '' &&
        must_fail 'src/web/web.c:1: libpq-fe.h belongs to src/store/pg.c alone' src/web/web.c '#include <libpq-fe.h>' &&
        must_fail 'src/base/base.c:1: jansson.h belongs to include/base/json.h alone' src/base/base.c '#include "jansson.h"' &&
        must_fail 'src/web/web.c:1: zlib.h is included in src/web/gzip.c already' src/web/web.c '#include <zlib.h>' &&
        must_fail 'include/tools/tools.h:6: a header that includes everything' include/tools/tools.h "$everything"
}

if [ $# -gt 0 ]; then
    check_tree "$1"
else
    check_itself && check_tree "$(dirname "$0")/.."
fi
