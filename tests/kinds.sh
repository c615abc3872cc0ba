#!/bin/sh
# Files that are something else, byte order marks, and the folder of a run, as
# MODEL, IMAGE, DATA and labels.
. "$SOURCE_DIR/tests/common.sh"

mkdir "$work/few" "$work/empty" "$work/saved"
fashion train 60 "$work/few"
fashion t10k 20 "$work/few"
cd "$work"
network='input 1x28x28; max_pool 4 4; flatten; linear 10'
"$SVERTKA" train "$network" few --epochs 1 --val 10 --threads 1 --out run \
  >out 2>err || fail "train: $(cat err)"
"$SVERTKA" data scenes scenes --count 2 --size 28 >out 2>err ||
  fail "data: $(cat err)"
image=$(ls scenes/images/*.png | head -1)

# A run is a model, whose model.onnx is not overwritten.
"$SVERTKA" predict run/model.onnx "$image" >want
"$SVERTKA" predict run "$image" >got || fail "predict run"
cmp want got || fail "predict run is not predict run/model.onnx"
"$SVERTKA" eval run/ few --threads 1 >/dev/null || fail "eval run/"
"$SVERTKA" summary run >/dev/null || fail "summary run"
"$SVERTKA" convert run - >/dev/null || fail "convert run"
"$SVERTKA" train run few --epochs 1 --val 10 --threads 1 --out next \
  >out 2>err || fail "train run: $(cat err)"
status 2 'it would be overwritten' "$SVERTKA" eval run few --csv run/model.onnx
status 1 'empty: a folder without model.onnx' "$SVERTKA" summary empty
status 1 'run: not a recognised data set (the folder of a run)' \
  "$SVERTKA" eval run run

# By content, whatever the name.
cp run/model.onnx model.bin
"$SVERTKA" summary model.bin >/dev/null || fail "an ONNX file of another name"
printf 'PK\3\4\0\0\10\10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\16\0\22\0a/data.pkl' \
  >torch.pt
cp torch.pt torch.onnx
printf '\10\1\22\7\12\4' >saved/saved_model.pb
printf 'version https://git-lfs.github.com/spec/v1\noid sha256:0\n' >lfs.onnx
printf '<!DOCTYPE html>\n<html></html>\n' >page.png
: >void
for name in torch.pt torch.onnx; do
  status 1 "$name: a PyTorch file.*torch.onnx.export" "$SVERTKA" summary $name
done
status 1 'saved: a TensorFlow SavedModel.*tf2onnx' "$SVERTKA" summary saved
status 1 'lfs.onnx: a Git LFS pointer.*git lfs pull' "$SVERTKA" summary lfs.onnx
status 1 'void: an empty file' "$SVERTKA" summary void
status 1 'png: a PNG image, expected a model' "$SVERTKA" predict "$image" run
status 1 'run/model.onnx: an ONNX file, expected PNG, JPEG' \
  "$SVERTKA" predict run run/model.onnx
status 1 'page.png: an HTML page, expected PNG, JPEG' \
  "$SVERTKA" predict run page.png
status 1 'not a recognised data set (a PNG image)' "$SVERTKA" eval run "$image"

# Text is UTF-8.
printf '\357\273\277%s' "$network" >bom.txt
"$SVERTKA" summary bom.txt >/dev/null || fail "a byte order mark in a network"
printf '\357\273\277zero\r\n1\n2\n3\n4\n5\n6\n7\n8\n9\n' >labels
"$SVERTKA" predict run "$image" --labels labels --top 10 >out || fail "labels"
grep -q '%  zero$' out || fail "a byte order mark is part of a name: $(cat out)"
printf '\377\376z\0\n\0' >wide
status 1 'wide: text in UTF-16.*save it as UTF-8' \
  "$SVERTKA" predict run "$image" --labels wide
status 1 'wide: text in UTF-16.*save it as UTF-8' "$SVERTKA" summary wide
status 1 'png: a PNG image, expected a text file' \
  "$SVERTKA" predict run "$image" --labels "$image"

# Nothing that a terminal would obey.
printf 'input 1x8x8; \033[2J' >escape
status 2 "unexpected '.x1b', expected an operator" "$SVERTKA" summary escape
status 2 "unexpected '.x9b', expected an operator" \
  "$SVERTKA" summary "$(printf 'input 1x8x8; \233J')"
status 2 "unexpected 'é', expected an operator" "$SVERTKA" summary 'input 1x8x8; é'
exit 0
