#!/bin/sh
# Transforms through the command line: listed, trained with, resumed, refused.
. "$SOURCE_DIR/tests/common.sh"
cd "$work"
mkdir few
fashion train 600 few
fashion t10k 50 few
data="$SVERTKA data transforms"

# near A B: equal but for the rounding of floats.
near() { awk -v a="$1" -v b="$2" 'BEGIN { d = a - b; exit !(d * d < 1e-10) }'; }

# ---- The list, from the table; every name is documented --------------------
$data >list || fail "data transforms"
names=$(sed -n 's/^SV_TRANSFORM(\(.*\))$/\1/p' \
  "$SOURCE_DIR/src/data/transforms.def")
[ "$(echo "$names" | wc -l)" -ge 20 ] || fail "few transforms: $names"
"$SVERTKA" train --help >help
for name in $names; do
  grep -q "[: ]$name[,.]" help || fail "$name is not in train --help"
  grep -q "^$name  " list || fail "$name is not listed"
  grep -q "^|.*\`$name[\` ]" "$SOURCE_DIR/docs/data.md" ||
    fail "$name is not in docs/data.md"
  $data "$name" >one || fail "data transforms $name"
  grep -q "^$name: ." one || fail "data transforms $name: $(cat one)"
  grep -q '^Setting  *Default  *Takes' one || fail "$name has no settings"
done
$data --json >json || fail "data transforms --json"
grep -q '"name": "ratio_min"' json || fail "data transforms --json: settings"
status 2 "unknown transform 'flipp'; did you mean 'flip'?" $data flipp

# ---- A training; interrupted and resumed; the metadata ---------------------
list='random_resized_crop 0.5; flip; color_jitter 0.4 0.4; rand_augment; erase
  0.25; mixup 0.2 0.5; cutmix'
train() {
  "$SVERTKA" train --threads 1 --batch 32 "$@"
}
net='input 1x28x28; max_pool 2; flatten; linear 10'
train "$net" few --epochs 3 --augment "$list" --out whole --json \
  >json 2>err || fail "train: $(cat err)"
grep -q 'data augmentation: random_resized_crop' err || fail "not said"
grep -q '"augment": "random_resized_crop 0.5' json || fail "train --json"
grep -q '"waited_seconds": [0-9]' json || fail "train --json: waiting"
"$SVERTKA" summary whole/model.onnx --json >/dev/null || fail "summary"
grep -aq 'svertka.train.augment' whole/model.onnx || fail "not in the metadata"
train "$net" few --epochs 3 --augment "$list" --out again >out 2>err
cmp whole/model.onnx again/model.onnx || fail "a training is not repeatable"
train "$net" few --epochs 3 --out plain >out 2>err
cmp -s whole/model.onnx plain/model.onnx && fail "nothing was augmented"
# No function here: the signal must reach the program, not a shell.
"$SVERTKA" train --threads 1 --batch 32 "$net" few --epochs 3 \
  --augment "$list" --out broken --checkpoint-every 1 >out 2>err &
if kill_once_saved broken $!; then
  train --resume broken >out 2>err || fail "resume: $(cat err)"
  grep -q 'data augmentation: random_resized_crop' err || fail "not resumed"
  cmp whole/model.onnx broken/model.onnx || fail "a resumed training differs"
fi
"$SVERTKA" train --threads 1 --batch 32 "$net" few --epochs 9 \
  --augment flip --out other --checkpoint-every 1 >out 2>err &
if kill_once_saved other $!; then
  status 2 'the run was started with augment flip, not grey' \
    train --resume other --augment grey
fi

# ---- Balanced epochs: another order, the same again ------------------------
for out in balanced twice; do
  train "$net" few --epochs 2 --balance --augment 'random_crop 3' --out $out \
    >out 2>err || fail "--balance: $(cat err)"
done
cmp balanced/model.onnx twice/model.onnx || fail "--balance is not repeatable"
train "$net" few --epochs 2 --augment 'random_crop 3' --out plainly >out 2>err
cmp -s balanced/model.onnx plainly/model.onnx && fail "--balance does nothing"

# ---- The options are rows of the table -------------------------------------
train "$net" few --epochs 1 --flip --shift 2 --erase 0.3 --out options \
  >out 2>err || fail "options: $(cat err)"
train "$net" few --epochs 1 --out listed >out 2>err \
  --augment 'flip; random_crop 2; erase 0.3 max=0.4' || fail "listed"
tail -1 options/log.csv | cut -d, -f1-5 >a
tail -1 listed/log.csv | cut -d, -f1-5 >b
cmp a b || fail "the options and the list differ"

# ---- Errors: one line, nothing written -------------------------------------
refuse() { status 2 "$1" train "$net" few --out none --augment "$2"; }
refuse "unknown transform 'fip'; did you mean 'flip'?" 'grey; fip'
refuse "unknown attribute 'sigma'; it has kernel, sigma_min" 'blur sigma=2'
refuse 'p is 7, expected 0 to 1' 'flip p=7'
refuse "'flip' follows 'erase'" 'erase; flip'
refuse 'an empty transform' ''
status 2 'augment excludes flip, shift and erase' \
  train "$net" few --out none --augment grey --erase 0.1
status 2 'mixed labels need a cross-entropy loss' \
  train 'input 1x28x28; label; flatten(image); s = linear 10; output
  e = reduce_mean(s); loss' few --out none --augment mixup
! [ -e none ] || fail "a refused training leaves a folder"

# ---- Crops at evaluation ---------------------------------------------------
judge() { "$SVERTKA" eval --threads 1 "$@"; }
value() { sed -n "s/^ *\"$1\": \([^,]*\),*$/\1/p" json | head -1; }
judge plain few --resize 'crop 0.875' --crops 10 --json >json || fail "--crops"
[ "$(value samples)" = 50 ] && [ "$(value crops)" = 10 ] ||
  fail "eval --crops: $(cat json)"
loss=$(value loss)
for batch in 1 7 100; do
  judge plain few --resize 'crop 0.875' --crops 10 --json --batch $batch >json
  near "$(value loss)" "$loss" || fail "--batch $batch changes --crops"
done
judge plain few --resize 'crop 0.875' --crops 5 >out || fail "eval --crops 5"
grep -q '^50 images, 5 crops each: top-1 ' out || fail "eval says: $(cat out)"
# Crops that are all the same image.
judge plain few --resize crop --crops 5 --json >json
loss=$(value loss)
judge plain few --json >json
near "$(value loss)" "$loss" || fail "five times the same image differs"
status 2 'crops is 3, expected 1, 5 or 10' judge plain few --crops 3
status 2 "5 crops need resize crop, such as 'crop 0.875'" \
  judge plain few --crops 5

# ---- The loader's speed ----------------------------------------------------
speed="$SVERTKA data speed few --size 32"
$speed --augment 'random_resized_crop; cutmix' --epochs 2 --loaders 2 >out
grep -q '^1,200 images of 1x32x32 in ' out || fail "data speed: $(cat out)"
$speed --json --loaders 0 >json || fail "data speed --json"
for key in images seconds processor_seconds images_per_second_per_core; do
  grep -q "\"$key\": " json || fail "data speed --json has no $key"
done
status 2 "unknown transform 'fip'" $speed --augment fip

# ---- A contact sheet -------------------------------------------------------
show="$SVERTKA data show few"
is_png() { [ "$(head -c 4 "$1" | tail -c 3)" = PNG ] || fail "$1 is no PNG"; }
$show --out plain.png >out || fail "data show"
grep -q 'plain.png  12 images' out || fail "data show says: $(cat out)"
is_png plain.png
for seed in 1 1 2; do
  $show --out "sheet$seed.png" --augment 'flip; rotation 20; erase; mixup' \
    --size 32 --count 3 --draws 2 --seed $seed >out || fail "data show --augment"
  is_png "sheet$seed.png"
  [ -e first.png ] || mv sheet1.png first.png
done
cmp first.png sheet1.png || fail "the same seed draws another sheet"
cmp -s first.png sheet2.png && fail "the seed changes nothing"
$show --out more.png --count 1000 >/dev/null 2>err && fail "1000 images"
$show --out test.png --split test --count 256 >out || fail "data show --split"
grep -q 'test.png  50 images' out || fail "more images than there are"
status 2 "unknown transform 'fip'" $show --out x.png --augment fip
status 2 'give the file to write' $show
status 2 "svertka.image.resize" $show --out x.png --resize sideways
cp few/train-labels-idx1-ubyte kept
status 2 'would be overwritten' $show --out few/train-labels-idx1-ubyte
cmp kept few/train-labels-idx1-ubyte || fail "data show overwrote its data"
! [ -e x.png ] || fail "a refused sheet is written"
