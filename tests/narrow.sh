#!/bin/sh
# Texts and tables fit 80 columns, in pipes too, and say what they leave out.
. "$SOURCE_DIR/tests/common.sh"

mkdir "$work/few"
fashion train 60 "$work/few"
fashion t10k 20 "$work/few"
cd "$work"

# narrow COLUMNS COMMAND...: no line of stdout or stderr is wider.
narrow() {
  columns=$1
  shift
  COLUMNS=$columns "$@" >out 2>err || fail "$*: $(cat err)"
  LC_ALL=C awk -v most="$columns" '{ gsub(/[\200-\277]/, "") }
    length > most { print "FAIL, " length " columns: " $0; bad = 1 }
    END { exit bad }' out err || fail "$* in $columns columns"
}
unset COLUMNS # a pipe has 80
pipe() {
  "$@" 2>&1 | LC_ALL=C awk '{ gsub(/[\200-\277]/, "") }
    length > 80 { print; bad = 1 } END { exit bad }' || fail "$* in a pipe"
}

pipe "$SVERTKA" --help
pipe "$SVERTKA" zoo
pipe "$SVERTKA" ops
pipe "$SVERTKA" summary resnet50
for verb in $("$SVERTKA" --help | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p'); do
  pipe "$SVERTKA" "$verb" --help
done
narrow 60 "$SVERTKA" zoo
narrow 60 "$SVERTKA" ops
for name in vgg resnet densenet_small unet fcn_small; do
  narrow 80 "$SVERTKA" zoo $name
done
for name in $("$SVERTKA" ops --json | sed -n 's/^    "name": "\(.*\)",$/\1/p'); do
  narrow 80 "$SVERTKA" ops "$name"
done

# Every verb that prints a table.
network='input 1x28x28; conv 4 5x5; flatten; linear 10'
"$SVERTKA" train "$network" few --epochs 1 --val 20 --threads 1 --out tables \
  >out 2>err || fail "tables: $(cat err)"
for columns in 60 80; do
  narrow $columns "$SVERTKA" bench tables --steps 3 --batch 4 --threads 1
  narrow $columns "$SVERTKA" bench tables --batch 4 --train --explain-plan
  narrow $columns "$SVERTKA" train "$network" few --val 20 --explain-plan
  narrow $columns "$SVERTKA" eval tables few
  narrow $columns "$SVERTKA" units tables few
  narrow $columns "$SVERTKA" gradcheck tables
  for name in lenet5 vgg resnet50 googlenet unet; do
    narrow $columns "$SVERTKA" summary $name
  done
done
pipe "$SVERTKA" bench tables --steps 3 --batch 4 --threads 1
pipe "$SVERTKA" bench tables --batch 4 --train --explain-plan
pipe "$SVERTKA" eval tables few
pipe "$SVERTKA" units tables few
COLUMNS=60 "$SVERTKA" bench tables --steps 3 --batch 4 --threads 1 >out
grep -q '60 columns are too narrow for: Batch' out || fail "bench: $(cat out)"

# Nothing is cut: the words of a wide terminal are all there.
for what in zoo 'zoo resnet' 'ops conv' 'ops pad'; do
  COLUMNS=1000 "$SVERTKA" $what | tr -s ' ,\n-' '\n' | sort -u >wide
  COLUMNS=80 "$SVERTKA" $what | tr -s ' ,\n-' '\n' | sort -u >thin
  comm -23 wide thin | grep . && fail "svertka $what loses words"
done

# Columns that a table leaves out are named.
COLUMNS=80 "$SVERTKA" ops >out
grep -q '80 columns are too narrow for: ONNX' out || fail "ops: $(tail -2 out)"
COLUMNS=80 "$SVERTKA" summary vgg | tr '\n' ' ' >out
grep -q 'columns are too narrow for: .*Memory' out || fail "summary: $(tail out)"
COLUMNS=80 "$SVERTKA" summary vgg --wide >out
grep -q 'too narrow' out && fail "--wide leaves something out"

# A training's lines, and what it says of itself.
network='input 1x28x28; flatten; linear 10'
narrow 80 "$SVERTKA" train "$network" few --epochs 12 --val 20 --threads 1 \
  --out run
grep -q '^epoch 12/12  loss .*  val .* top-1' err || fail "epochs: $(cat err)"
COLUMNS=60 "$SVERTKA" train "$network" few --epochs 12 --val 20 --threads 1 \
  --out run --force >out 2>err
awk 'length > 60 { bad = 1 } END { exit bad }' err || fail "60: $(cat err)"
"$SVERTKA" train "$network" few --epochs 2 --val 20 --threads 1 --rate 300 \
  --schedule constant --out wild >out 2>err || fail "diverged: $(cat err)"
grep -q 'the training diverged: .* --rate' err || fail "diverged: $(cat err)"
grep -q 'diverged' run/log.csv && fail "a training that learns diverged"
"$SVERTKA" train "$network" few --epochs 1 --val 20 --threads 1 --out one \
  >out 2>err
"$SVERTKA" plot one --out one.png >out 2>err || fail "plot: $(cat err)"
exit 0
