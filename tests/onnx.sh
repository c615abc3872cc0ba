#!/bin/sh
# ONNX's own tests (Debian's libonnx-testdata): what we have is right on every
# backend, what we have not is refused by name.
. "$SOURCE_DIR/tests/common.sh"
data=${ONNX_TESTDATA:-/usr/share/libonnx-testdata/data}
[ -d "$data/node" ] ||
  fail "$data/node: no such folder; the package libonnx-testdata has it"

# Only these may be refused: operators, attributes, types, shapes we have not.
known='operator is not supported at opset|domain .* is not supported|is no tensor|is empty$|data type [a-z0-9]* is not supported|computed is f32|is not supported$|is computed, a constant is needed|expected f32|antialias is not supported|depends on numbers of the run|expected N C H W or N C W|outputs are random numbers$'

for backend in '' ref; do
  for part in node simple pytorch-converted pytorch-operator; do
    "$SVERTKA" onnx-test ${backend:+--backend $backend} "$data/$part" \
      >"$work/out" || fail "$part: $(grep '^FAIL' "$work/out" || true)"
    grep '^unsupported' "$work/out" | grep -vE "$known" >"$work/odd" &&
      fail "$part: refused for a strange reason: $(cat "$work/odd")"
    echo "$part${backend:+, $backend}: $(tail -n 1 "$work/out")"
  done
done

# 488 when this was written: fewer means that something is refused by mistake.
passed=$("$SVERTKA" onnx-test --json "$data/node" |
  sed -n 's/^  "pass": \([0-9]*\),$/\1/p')
[ "$passed" -ge 488 ] || fail "only $passed node tests pass"

# A wrong number is seen, and the exit status tells.
cp -r "$data/node/test_relu" "$work/test_relu"
chmod -R u+w "$work/test_relu"
printf '\000\000\200\077' | dd of="$work/test_relu/test_data_set_0/output_0.pb" \
  bs=1 seek=40 conv=notrunc 2>"$work/log"
"$SVERTKA" onnx-test "$work/test_relu" >"$work/out" &&
  fail "a wrong number passes"
grep -q "^FAIL.*'y' differs by" "$work/out" || fail "$(cat "$work/out")"
"$SVERTKA" onnx-test --json "$work/test_relu" >"$work/out" &&
  fail "a wrong number passes with --json"
grep -q '"fail": 1' "$work/out" || fail "$(cat "$work/out")"

# Wrong usage.
status=0
"$SVERTKA" onnx-test 2>"$work/out" || status=$?
[ $status = 2 ] || fail "no folder: exit status $status"
status=0
"$SVERTKA" onnx-test "$work/nothing" 2>"$work/out" || status=$?
[ $status = 1 ] || fail "a folder that is not there: exit status $status"
[ "$(wc -l <"$work/out")" = 1 ] || fail "$(cat "$work/out")"
