#!/bin/sh
# What the versions of ONNX changed, and parameters that nodes move or compute,
# against ONNX Runtime's numbers (scripts/make_fixtures_onnx.py,
# make_fixtures_learned.py): all of it is supported.
. "$SOURCE_DIR/tests/common.sh"
for how in '' --exact '--backend ref'; do
  "$SVERTKA" onnx-test $how "$SOURCE_DIR/tests/fixtures/onnx" \
    "$SOURCE_DIR/tests/fixtures/learned" >"$work/out" ||
    fail "$(cat "$work/out")"
  grep '^unsupported' "$work/out" && fail "refused"
  tail -n 1 "$work/out"
done
passed=$(sed -n '$s/ pass,.*//p' "$work/out")
[ "$passed" -ge 139 ] || fail "only $passed tests"
