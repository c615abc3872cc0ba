#!/bin/sh
# A class for each pixel, and classifiers that slide, through the program.
. "${SOURCE_DIR:?run by ctest}/tests/common.sh"
export OMP_WAIT_POLICY=passive
cd "$work"
mkdir small
fashion train 60 small
fashion t10k 20 small

# refused TEXT COMMAND...: fails with one line that holds the text.
refused() {
  text=$1
  shift
  "$@" >out 2>&1 && fail "$* was not refused"
  [ "$(grep -c . out)" = 1 ] || fail "$*: not one line: $(cat out)"
  grep -qF -- "$text" out || fail "$*: '$text' is not in: $(cat out)"
}

is_png() {
  [ "$(head -c 4 "$1" | tail -c 3)" = PNG ] || fail "$1 is no PNG"
}

# ---- Scenes: a function of the seed ----
"$SVERTKA" data scenes scenes --data small --count 20 --size 40 --seed 3
"$SVERTKA" data scenes again --data small --count 20 --size 40 --seed 3
diff -r scenes again >/dev/null || fail "the same seed makes other scenes"
[ "$(wc -l <scenes/classes.txt)" = 11 ] || fail "classes.txt"
[ "$(wc -l <scenes/test.txt)" = 4 ] || fail "test.txt"
refused "already contains a data set" "$SVERTKA" data scenes scenes --data small
refused "did you mean 'scenes'?" "$SVERTKA" data sceens x
refused "expected one of: check, scenes, " "$SVERTKA" data nothing x

# ---- Training, with classes that move with their pixels ----
train() {
  "$SVERTKA" train fcn_small:width=0.03,hidden=8 scenes --epochs 2 --batch 5 \
    --threads 1 --flip --shift 3 --erase 0.5 --class-weights sqrt \
    --val 5 "$@" >out 2>err || fail "train: $(cat err)"
}
train --out run
grep -q 'mean IoU' out || fail "train says: $(cat out)"
head -1 run/log.csv | grep -q ',val_mean_iou$' || fail "log.csv"
train --out twin
cmp run/model.onnx twin/model.onnx || fail "a training is not repeatable"
refused "'mixup' needs one class per image" "$SVERTKA" train \
  fcn_small:width=0.03,hidden=8 scenes --augment mixup --out mixed
refused "balance needs one class per image" "$SVERTKA" train \
  fcn_small:width=0.03,hidden=8 scenes --balance --out balanced
refused "classifies images, but" "$SVERTKA" train lenet5 scenes
refused "is for semantic segmentation, but" \
  "$SVERTKA" train fcn_small:width=0.03,hidden=8 small

# ---- Judging, and masks as pictures ----
"$SVERTKA" eval run/model.onnx scenes --threads 1 --json --masks told \
  --picture told.png >json
is_png told.png
for key in mean_iou pixel_accuracy '"iou"'; do
  grep -q "$key" json || fail "eval --json has no $key"
done
[ "$(ls told | wc -l)" = 4 ] || fail "eval --masks wrote $(ls told)"
refused "instead of --csv" "$SVERTKA" eval run/model.onnx scenes --csv x.csv
"$SVERTKA" predict run/model.onnx scenes/images/test_000002.png --mask m.png \
  >/dev/null
cmp m.png told/000002.png || fail "predict --mask and eval --masks differ"
"$SVERTKA" heatmap run/model.onnx scenes/images/test_000002.png --out map.png \
  >/dev/null
refused "--mask needs exactly one image" \
  "$SVERTKA" predict run/model.onnx m.png m.png --mask n.png

# ---- Data that are not what they should be ----
broken() { # TEXT: eval of the folder `bad` is refused
  refused "$1" "$SVERTKA" eval run/model.onnx bad --threads 1
  rm -r bad
}
cp -r scenes bad && printf '../x\n' >bad/test.txt
broken "line 1 is not the name of an image"
cp -r scenes bad && printf 'a\n\nb\n' >bad/classes.txt
broken "line 2 is empty"
cp -r scenes bad && rm bad/labels/test_000001.png
broken "test_000001.png"
cp -r scenes bad && head -c 90 scenes/labels/test_000001.png \
  >bad/labels/test_000001.png
broken "damaged PNG"
cp -r scenes bad && cp bad/images/test_000001.png bad/labels/test_000001.png
broken "expected 0 to 10 or 255"
cp -r scenes bad && : >bad/test.txt
broken "test.txt: an empty file"

# ---- Sizes at run time ----
net='input 3x?x?; conv 4 3x3 padding=same; relu; global_avg_pool; flatten; linear 5'
"$SVERTKA" summary "$net" --image 3x348x348 | grep -q '4@348x348' ||
  fail "summary of 348x348"
"$SVERTKA" bench "$net" --image 3x48x40 --steps 3 --batch 2 --threads 1 \
  >/dev/null
"$SVERTKA" bench fcn_small:width=0.03,hidden=8 --steps 3 --batch 2 --threads 1 \
  >/dev/null

# ---- A file has no loss: that of pixels is put there ----
"$SVERTKA" convert unet:depth=2,maps=4,size=16,classes=3,channels=1 unet.onnx
"$SVERTKA" gradcheck unet.onnx --samples 2 --batch 1 --threads 1 >/dev/null
"$SVERTKA" bench unet.onnx --train --steps 3 --batch 2 --threads 1 >/dev/null

# ---- A classifier slides ----
"$SVERTKA" train lenet5:width=0.5 small --epochs 1 --threads 1 --out lenet \
  >/dev/null 2>&1
"$SVERTKA" convert lenet/model.onnx sliding.onnx --fully-convolutional
"$SVERTKA" summary sliding.onnx --image 1x348x348 | grep -q '10@80x80' ||
  fail "a sliding LeNet-5 of 348x348"
"$SVERTKA" heatmap lenet/model.onnx scenes/images/test_000002.png --json \
  --class 8 --out map.png >json
grep -q '"stride"' json || fail "heatmap --json"
"$SVERTKA" heatmap sliding.onnx scenes/images/test_000002.png --json \
  --class 8 >other
cmp json other || fail "a converted classifier says something else"
"$SVERTKA" data scenes tiny --data small --count 2 --size 28 >/dev/null 2>&1
refused "lenet/model.onnx: it predicts one class for the whole image" \
  "$SVERTKA" predict lenet/model.onnx tiny/images/test_000000.png --mask n.png
[ ! -e n.png ] || fail "a refused mask was written"
refused "is neither a class of the model nor" "$SVERTKA" heatmap sliding.onnx map.png \
  --class bag
"$SVERTKA" train "input 1x?x?; conv 4 3x3 padding=same; relu; global_avg_pool; \
flatten; linear 10" small --epochs 1 --threads 1 --out any >/dev/null 2>&1
"$SVERTKA" eval any/model.onnx small --threads 1 --json | grep -q '"top1"' ||
  fail "eval of a network for any size"
"$SVERTKA" predict any/model.onnx map.png --top 1 >/dev/null
