#!/bin/sh
# ONNX's backend tests (Debian's libonnx-testdata): what we have is right on every
# backend, what we have not is refused by name, and is on the list of this
# version of ONNX, onnx_unsupported/<version>.txt: first the number of all tests,
# by which the version is known, then a line for each, its name and the reason.
#   onnx.sh --write 1.12  writes that list (with SVERTKA, SOURCE_DIR, BUILD_DIR)
. "$SOURCE_DIR/tests/common.sh"
data=${ONNX_TESTDATA:-/usr/share/libonnx-testdata/data}
[ -d "$data/node" ] ||
  fail "$data/node: no such folder; the package libonnx-testdata has it"
lists=$SOURCE_DIR/tests/onnx_unsupported
counts=$BUILD_DIR/onnx_counts.txt # `make test` ends with it
export LC_ALL=C

# "node/test_acos: node 'y' (Acos): operator is not supported at opset 7"
refused() {
  sed -n "s,$data/[^:]*/\([^:/]*: \),\1,2; s,^unsupported  $data/,,p" "$1"
}

for backend in default ref; do
  for part in node simple pytorch-converted pytorch-operator; do
    "$SVERTKA" onnx-test $([ $backend = default ] || echo --backend $backend) \
      "$data/$part" >"$work/out" ||
      fail "$part: $(grep '^FAIL' "$work/out" || true)"
    refused "$work/out" >>"$work/$backend"
    echo "ONNX's tests, $part, $backend kernels: $(tail -n 1 "$work/out")" |
      tee -a "$work/counts"
  done
  sort -o "$work/$backend" "$work/$backend"
done
cmp -s "$work/default" "$work/ref" ||
  fail "the backends differ: $(diff "$work/default" "$work/ref")"
# "749 pass, 0 fail, 539 unsupported"
all=$(sed -n 's/.*default kernels: //p' "$work/counts" |
  awk '{ n += $1 + $3 + $5 } END { print n }')
if [ "${1-}" = --write ]; then
  {
    echo "$all tests of ONNX ${2:?the version}"
    cat "$work/default"
  } >"$lists/$2.txt"
  exit
fi

# Only these are reasons: operators, attributes, types, shapes we have not.
known='operator is not supported at opset|domain .* is not supported|is not a tensor|is empty$|data type [a-z0-9]* is not supported|is not supported$|expected a constant|expected f32|depends on values known only at run time|expected N C H W or N C W|outputs are random$|f32 cannot represent$'
grep -vE "$known" "$work/default" >"$work/odd" &&
  fail "refused for a strange reason: $(cat "$work/odd")"

# The list must not grow; names alone are compared, reasons may be put better. Of
# another version of ONNX there is none: then the reasons are all there is.
names() {
  sed '/^[0-9]* tests of /d; s/: .*//' "$1" | sort
}
list=$(grep -l "^$all tests of " "$lists"/*.txt || true)
if [ -n "$list" ]; then
  names "$list" >"$work/listed"
  names "$work/default" | comm -23 - "$work/listed" >"$work/new"
  [ -s "$work/new" ] && fail "refused, and not on the list of unsupported tests:
$(grep -F -f "$work/new" "$work/default")"
  names "$work/default" | comm -13 - "$work/listed" >"$work/old"
  [ -s "$work/old" ] && echo "$(wc -l <"$work/old") tests of $list pass now:" \
    "tests/onnx.sh --write $(basename "$list" .txt)" | tee -a "$work/counts"
else
  echo "no list in tests/onnx_unsupported is of these $all tests" |
    tee -a "$work/counts"
fi
cp "$work/counts" "$counts"

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
