#!/bin/sh
# svertka train on a trained file: another head, a part frozen, stopped and gone
# on with, refused. On the first images of Fashion-MNIST: ten classes, then the
# first four of them as another data set.
. "$SOURCE_DIR/tests/common.sh"

mkdir "$work/ten" "$work/four"
fashion train 500 "$work/ten"
cd "$work"

# Of the images those of classes 0 to 3, as raw IDX files.
labels() { tail -c +9 "$1/train-labels-idx1-ubyte" | od -An -v -tu1 -w1; }
labels ten | awk '$1 < 4 { print NR - 1, $1 }' | head -200 >chosen
count=$(wc -l <chosen)
[ "$count" -gt 150 ] || fail "there are $count images of four classes"
high=$(printf '%03o' $((count / 256))) low=$(printf '%03o' $((count % 256)))
{
  printf "\\0\\0\\010\\003\\0\\0\\$high\\$low\\0\\0\\0\\034\\0\\0\\0\\034"
  while read -r image label; do
    tail -c +$((17 + 784 * image)) ten/train-images-idx3-ubyte | head -c 784
  done <chosen
} >four/train-images-idx3-ubyte
{
  printf "\\0\\0\\010\\001\\0\\0\\$high\\$low"
  while read -r image label; do printf "\\$(printf '%03o' "$label")"; done <chosen
} >four/train-labels-idx1-ubyte

train() { "$SVERTKA" train --threads 1 --batch 20 "$@"; }

net='input 1x28x28; c1 = conv 6 5x5 stride=2; n1 = batch_norm; r1 = relu
c2 = conv 12 3x3 stride=2; n2 = batch_norm; r2 = relu; flatten
fc = linear 10; classifier'
train "$net" ten --epochs 3 --out ten.run >out 2>err || fail "train: $(cat err)"
model=ten.run/model.onnx

# ---- A new head, all before it frozen -------------------------------------
status 2 'has 10 classes, but four has 4' train $model four --out x
tune() { train $model four --epochs 4 --classes 4 --freeze-until r2 "$@"; }
tune --out tuned >out 2>err || fail "fine-tuning: $(cat err)"
grep -q '^svertka train: new head: fc, for 4 classes$' err || fail "$(cat err)"
grep -q '^svertka train: frozen up to r2: 1,204 of 2,056 parameters are trained$' \
  err || fail "$(cat err)"
top1=$(sed -n 's/^validation \([0-9]*\)\..*/\1/p' out)
[ "$top1" -gt 50 ] || fail "fine-tuned, four classes: $(cat out)"
"$SVERTKA" eval tuned/model.onnx four --split train --json >json 2>err ||
  fail "eval: $(cat err)"
[ "$(grep -c '"support"' json)" = 4 ] || fail "not four classes are told"

# Taken from both files, what is frozen is the same bytes; the head is not.
part() {
  "$SVERTKA" convert "input 1x28x28; c1 = conv 6 5x5 stride=2 init=\"file $1\"
    n1 = batch_norm init=\"file $1\"; c2 = conv 12 3x3 stride=2 init=\"file $1\"
    n2 = batch_norm init=\"file $1\"" "$2" --force >out 2>err ||
    fail "convert: $(cat err)"
}
part $model before.onnx
part tuned/model.onnx after.onnx
cmp before.onnx after.onnx || fail "what is frozen was trained"

# Without --classes the head follows the data, since a part is frozen.
train $model four --epochs 4 --freeze-until r2 --out follows >out 2>err ||
  fail "--freeze-until alone: $(cat err)"
cmp tuned/log.csv follows/log.csv >/dev/null ||
  { cut -d, -f1-7 tuned/log.csv >rows && cut -d, -f1-7 follows/log.csv |
    cmp rows -; } || fail "--freeze-until alone is another training"

# The same number of classes: the head stays.
train $model ten --epochs 1 --freeze-until c1 --out stays >out 2>err ||
  fail "--freeze-until, ten classes: $(cat err)"
! grep -q 'a new head' err || fail "a head that fits is replaced"

# Networks from the zoo and from texts.
train lenet5:classes=7 four --epochs 1 --classes 4 --freeze-until tanh1 \
  --out zoo >out 2>err || fail "lenet5: $(cat err)"
train "$net" four --epochs 1 --classes 4 --out text >out 2>err ||
  fail "a text: $(cat err)"

# ---- Stopped, and gone on with --------------------------------------------
"$SVERTKA" train $model four --threads 1 --batch 20 --epochs 30 --classes 4 \
  --freeze-until r2 --ema 0.9 --out unbroken >out 2>err || fail "$(cat err)"
"$SVERTKA" train $model four --threads 1 --batch 20 --epochs 30 --classes 4 \
  --freeze-until r2 --ema 0.9 --out broken --checkpoint-every 1 >out 2>err &
if kill_once_saved broken $!; then
  go_on() { "$SVERTKA" train --resume broken "$@"; }
  status 2 'started with freeze-until r2, not c1' \
    go_on --freeze-until c1
  status 2 "resume prepares images as the run does: it excludes --mean" \
    go_on --mean 0.5
  status 2 '^svertka train: --classes 10, but four has 4 classes$' \
    go_on --classes 10
  status 2 'started with another network' "$SVERTKA" train lenet5 four \
    --resume broken
  go_on $model four --classes 4 >out 2>err || fail "--resume: $(cat err)"
fi
cmp unbroken/model.onnx broken/model.onnx || fail "SIGKILL changed the model"
cmp unbroken/last.onnx broken/last.onnx || fail "SIGKILL changed last.onnx"

# ---- Files of others ------------------------------------------------------
"$SVERTKA" convert 'input 1x28x28; conv 4 3x3 stride=2; relu; conv 4 3x3; relu
  flatten; linear 10' other.onnx >out 2>err || fail "convert: $(cat err)"
train other.onnx four --epochs 1 --classes 4 --mean 0.5 --deviation 0.25 \
  --out others >out 2>err || fail "a file of others: $(cat err)"
grep -q 'no batch norms (they may have been folded' err || fail "$(cat err)"
! grep -q 'folded' tuned.err 2>/dev/null || fail "our own file is folded"

# ---- Refused --------------------------------------------------------------
status 2 "freeze-until: network '.*' has no layer 'r3'; its layers: r1, r2" \
  train $model four --classes 4 --freeze-until r3 --out x
status 2 'leaves nothing to train' \
  train $model four --classes 4 --freeze-until fc --out x
status 2 '^svertka train: --classes 5, but four has 4 classes$' \
  train $model four --classes 5 --out x
status 2 "unknown initialiser 'hee'" train $model four --classes 4 --init hee \
  --out x
status 2 "ends in 'c' (concat)" train 'input 1x28x28; flatten; a = linear 2
  b = linear 3; c = concat(a, b) axis=1' four --classes 4 --out x
! [ -e x ] || fail "what was refused left a folder"
