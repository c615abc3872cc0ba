#!/bin/sh
# The program is a host program: src/cli includes public headers and its own.
# cli_headers.txt lists the library's own headers that it still needs. The list
# may only shrink: a header that is not in it, and a line that is no longer
# needed, are failures.
. "$SOURCE_DIR/tests/common.sh"

used() { # FOLDER
  sed -n 's/^ *# *include *"\([^"]*\)".*/\1/p' "$1"/*.[ch] | grep -v '^cli/' |
    sort -u
}

compare() { # FOLDER
  used "$1" >"$work/used"
  grep -v '^#' "$SOURCE_DIR/tests/cli_headers.txt" | sort >"$work/listed"
  comm -23 "$work/used" "$work/listed" | sed 's/$/: not a public header/'
  comm -13 "$work/used" "$work/listed" |
    sed 's/$/: no longer needed: delete its line in cli_headers.txt/'
}

# Planted: a new header, and one that is no longer included.
cp -r "$SOURCE_DIR/src/cli" "$work/cli"
echo '#include "plan/plan.h"' >>"$work/cli/main.c"
compare "$work/cli" | grep -q '^plan/plan.h: not a public header$' ||
  fail "a planted include was not found"
sed -i '/include "train\/digest.h"/d' "$work"/cli/*.[ch]
compare "$work/cli" | grep -q '^train/digest.h: no longer needed' ||
  fail "a line that is not needed was not found"

compare "$SOURCE_DIR/src/cli" >"$work/found"
if [ -s "$work/found" ]; then
  cat "$work/found"
  fail "src/cli includes other headers than cli_headers.txt lists"
fi
echo "$(wc -l <"$work/listed") headers"
