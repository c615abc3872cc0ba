#!/bin/sh
# Every operator: against numbers made elsewhere, finite differences, and the
# backends against the reference. And opcheck itself: what must fail, fails.
. "$SOURCE_DIR/tests/common.sh"
cd "$SOURCE_DIR"
opcheck=$BUILD_DIR/tests/opcheck

"$opcheck"

# A gradient that is off by one per cent is seen, whichever it is.
"$opcheck" --self-test

# An operator without a fixture is a failure that names it.
mkdir "$work/none"
"$opcheck" --op conv --fixtures "$work/none" >"$work/out" 2>&1 &&
  fail "opcheck passes without fixtures"
grep -q '^FAIL conv.*no fixture' "$work/out" ||
  fail "the operator is not named: $(cat "$work/out")"

# So is a backend that leaves more to the reference than it may.
mkdir "$work/cases"
echo 'draw dnnl=101' >"$work/cases/tanh.txt"
if "$opcheck" --op tanh --random 1 --backend dnnl >"$work/out" 2>&1; then
  "$opcheck" --op tanh --random 4 --cases "$work/cases" >"$work/out" &&
    fail "opcheck passes although a fast kernel fell back"
  grep -q '^FAIL tanh.*took 4 of 4' "$work/out" ||
    fail "the share is not told: $(cat "$work/out")"
fi

# A number that is off is seen.
mkdir "$work/wrong"
sed '/^out y/ { n; s/ [^ ]*/ 9/; }' tests/fixtures/ops/relu.txt \
  >"$work/wrong/relu.txt"
"$opcheck" --op relu --fixtures "$work/wrong" >"$work/out" &&
  fail "opcheck passes with wrong numbers"
grep -q '^FAIL relu.*is off by' "$work/out"

# Broken files and wrong usage each give one line.
echo 'case relu
in x 2x3
 1 2 3' >"$work/wrong/relu.txt"
"$opcheck" --op relu --fixtures "$work/wrong" 2>"$work/out" &&
  fail "opcheck passes with a broken fixture"
grep -q 'relu.txt:3: numbers are missing' "$work/out" || fail "$(cat "$work/out")"
"$opcheck" --op nothing 2>"$work/out" && fail "opcheck knows 'nothing'"
grep -q "unknown operator 'nothing'" "$work/out"
"$opcheck" --backend none 2>"$work/out" && fail "opcheck has a backend 'none'"
grep -q "no backend 'none'" "$work/out"
echo 'draw echo=10:lanes' >"$work/cases/relu.txt"
"$opcheck" --op relu --random 1 --cases "$work/cases" 2>"$work/out" &&
  fail "a draw of unknown words is read"
grep -q 'relu.txt:1: .*echo=10:lanes' "$work/out" || fail "$(cat "$work/out")"
