#!/bin/sh
# --tune: kernels are timed once and kept, in a cache that is safe to delete and
# in the checkpoint of a training; --exact leaves out what rounds otherwise.
. "$SOURCE_DIR/tests/common.sh"
cd "$work"
export XDG_CACHE_HOME="$work/cache"
net='input 3x16x16; conv 16 3x3; batch_norm; relu; flatten; linear 4'

kept() { cat "$XDG_CACHE_HOME"/svertka/kernels-*.txt; }

"$SVERTKA" bench "$net" --infer --steps 1 --tune >out 2>err || fail "$(cat err)"
kept >first || fail "nothing is kept"
grep -q '^svertka choices 1, ' first || fail "heading: $(head -1 first)"
"$SVERTKA" bench "$net" --infer --steps 1 --tune >out 2>err || fail "$(cat err)"
kept | cmp -s first - || fail "kernels are timed again"

# A damaged cache is reported and replaced; one that cannot be written, too.
for file in "$XDG_CACHE_HOME"/svertka/kernels-*.txt; do
  { head -1 first; echo nonsense; } >"$file"
done
if [ "$(wc -l <first)" -gt 1 ]; then
  "$SVERTKA" bench "$net" --infer --steps 1 --tune >out 2>err ||
    fail "$(cat err)"
  grep -q "line 2 of the kernel choices.*timed again" err ||
    fail "a damaged cache: $(cat err)"
  kept | grep -q nonsense && fail "the damaged cache stays"
  rm -r "$XDG_CACHE_HOME" && : >"$XDG_CACHE_HOME"
  "$SVERTKA" bench "$net" --infer --steps 1 --tune >out 2>err ||
    fail "$(cat err)"
  rm "$XDG_CACHE_HOME"
fi

# --exact is seen in the plan.
"$SVERTKA" bench "$net" --infer --explain-plan >plain
"$SVERTKA" bench "$net" --infer --explain-plan --exact >exact
grep -q ' fold ' plain || fail "batch_norm is not folded: $(cat plain)"
grep -q ' fold ' exact && fail "--exact folds"
grep -q '^ *[0-9]* *batch_norm1 ' exact || fail "no batch_norm: $(cat exact)"

# A training keeps its kernels: resumed twice, it ends with the same bits.
mkdir few
fashion train 9000 few
"$SVERTKA" train lenet5 few --epochs 40 --threads 1 --out run --tune >out 2>err &
pid=$!
for i in $(seq 400); do
  [ -e run/last.onnx ] && break
  sleep 0.05
done
kill -TERM $pid
wait $pid || true
grep -aq 'svertka.train.choices' run/last.onnx || fail "no choices: $(cat err)"
cp -r run again
for run in run again; do
  "$SVERTKA" train --resume $run >out 2>err || fail "--resume $run: $(cat err)"
done
cmp run/model.onnx again/model.onnx || fail "the kernels are not those kept"
