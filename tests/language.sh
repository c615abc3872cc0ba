#!/bin/sh
# Help, errors and documents are in the field's plain English: the expressions of
# tests/language.txt are in no string of the sources, no help text and no document.
. "$SOURCE_DIR/tests/common.sh"
cd "$SOURCE_DIR"
grep -v '^#' tests/language.txt >"$work/words"

# The string literals of C, one a line, pieces that follow each other joined.
strings() {
  awk '
    FNR == 1 { flush() }
    /^ *#/ && !/define/ { next }
    {
      line = $0
      gsub(/\\"/, "\001", line)
      sub(/^[ \t]*\/?\*.*/, "", line)
      count = split(line, part, "\"")
      if (count < 2) { flush(); next }
      for (i = 1; i <= count; i++) {
        if (i % 2 == 0) text = text part[i]
        else if (part[i] ~ /[^ \t\\]/) flush()
        at = FILENAME ":" FNR
      }
    }
    function flush() { if (text != "") print at ": " text; text = "" }
    END { flush() }' "$@"
}
found() { grep -nE -f "$work/words" "$1" >"$work/found"; }

strings src/*/*.[ch] >"$work/strings"
[ "$(wc -l <"$work/strings")" -gt 2000 ] || fail "few strings were found"
found "$work/strings" && fail "$(head -20 "$work/found")"
for document in README.md CONTRIBUTING.md CHANGELOG.md docs/*.md; do
  found "$document" && fail "$document: $(head -20 "$work/found")"
done
for verb in $("$SVERTKA" --help | sed -n 's/^  \([a-z-]*\)  .*/\1/p'); do
  "$SVERTKA" "$verb" --help >"$work/help"
  found "$work/help" && fail "$verb --help: $(head -20 "$work/found")"
done

# An expression that came back would be seen.
echo 'x.c:1: what was told' >"$work/strings"
found "$work/strings" || fail "a planted expression was not found"
