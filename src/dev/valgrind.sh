#!/usr/bin/env bash
# The tests under valgrind (memcheck): valgrind.sh UNIT-BINARY… is test.sh with these, the program and the lanes' test each behind a small
# script of its name in build/valgrind, which runs it in valgrind; what valgrind finds goes where test.sh looks for reports.
#
# It is the release that is watched, some twenty times slower than by itself: so one suite runs at a time. What the program itself waits for,
# a store or a webhook, stays as it is: on a machine that has other work some tests come too late.
set -eu

cd "$(dirname "$0")/../.."
build=$PWD/$(dirname "${SMSHALL:-build/smshall}")
watched=$build/valgrind

# Another program of the tests runs as it is.
make_script() { # PROGRAM, below $build
    mkdir -p "$(dirname "$watched/$1")"
    rm -f "$watched/$1"
    cat >"$watched/$1" <<END
#!/bin/sh
exec valgrind --quiet --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite --error-exitcode=99 --fair-sched=try --num-callers=24 \\
    --suppressions="$PWD/tests/valgrind.supp" \${VALGRIND_LOG:+"--log-file=\$VALGRIND_LOG.%p"} "$build/$1" "\$@"
END
    chmod 755 "$watched/$1"
}

mkdir -p "$watched/fault"
ln -sf "$build"/fault/* "$watched/fault"
units=()
for unit in "$@"; do
    make_script "unit/$(basename "$unit")"
    units+=("$watched/unit/$(basename "$unit")")
done
make_script fault/lanes
make_script smshall
export SMSHALL=$watched/smshall JOBS=${JOBS:-1} PATIENCE=${PATIENCE:-10}
exec src/dev/test.sh "${units[@]}"
