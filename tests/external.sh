#!/bin/sh
# A model whose tensors lie in a second file, as PyTorch's exporter writes it:
# every verb refuses it, names --external-data, and with it does what it does with
# the model in one file.
. "$SOURCE_DIR/tests/common.sh"

mkdir "$work/data" "$work/sub"
fashion train 100 "$work/data"
fashion t10k 30 "$work/data"
cd "$work"

net='input 1x28x28; c1 = conv 4 5x5 stride=3; tanh; flatten; fc = linear 10
classifier'
"$SVERTKA" train "$net" data --threads 1 --batch 20 --epochs 1 --out run \
  >out 2>err || fail "train: $(cat err)"
cp run/model.onnx whole.onnx
"$BUILD_DIR/tests/fill" whole.onnx sub/pair.onnx apart || fail "no pair"
[ "$(wc -c <sub/pair.onnx.data)" -gt 10000 ] || fail "there is nothing apart"
"$SVERTKA" eval whole.onnx data --picture shown.png >out 2>err ||
  fail "eval: $(cat err)"

# call FILE ARGUMENTS...: svertka with FILE in the place of MODEL.
call() {
  model=$1
  shift
  for word; do
    shift
    [ "$word" != MODEL ] || word=$model
    set -- "$@" "$word"
  done
  "$SVERTKA" "$@"
}
same() {
  call whole.onnx "$@" >whole.out 2>whole.err || fail "$*: $(cat whole.err)"
  status 1 "pair.onnx: tensor '.*': its data are in another file, which is \
read only if external data are allowed; --external-data reads it$" \
    call sub/pair.onnx "$@"
  call sub/pair.onnx "$@" --external-data >pair.out 2>pair.err ||
    fail "$* --external-data: $(cat pair.err)"
  call whole.onnx "$@" --external-data >again.out 2>again.err ||
    fail "$* --external-data of one file: $(cat again.err)"
  cmp whole.out pair.out || fail "$* of the pair is another"
  cmp whole.out again.out || fail "$* --external-data of one file is another"
}
same summary MODEL
same eval MODEL data --threads 1
same predict MODEL shown.png
same heatmap MODEL shown.png --threads 1
same units MODEL data --threads 1
same gradcheck MODEL --samples 2 --tolerance 1
same convert MODEL -
same train MODEL data --threads 1 --explain-plan
same train MODEL data --threads 1 --batch 10 --lr-find --lr-steps 20 --json

pair() { "$SVERTKA" "$@" --external-data >out 2>err || fail "$*: $(cat err)"; }
pair bench sub/pair.onnx --threads 1 --steps 1 --batch 1
pair convert sub/pair.onnx one.onnx
cmp one.onnx whole.onnx || fail "convert: the pair is another file"
pair convert sub/pair.onnx folded.onnx --fold

# ---- Trained -------------------------------------------------------------
train() { "$SVERTKA" train "$@" --threads 1 --batch 20 >out 2>err; }
train whole.onnx data --out a --epochs 2 || fail "train: $(cat err)"
status 1 'external-data reads it$' "$SVERTKA" train sub/pair.onnx data --out b
! [ -e b ] || fail "what was refused left a folder"
train sub/pair.onnx data --out b --epochs 2 --external-data ||
  fail "train --external-data: $(cat err)"
# The name of the file is among the metadata.
tensors() {
  "$SVERTKA" convert "input 1x28x28; c1 = conv 4 5x5 stride=3 init=\"file $1\"
    tanh; flatten; fc = linear 10 init=\"file $1\"" "$2" >out 2>err ||
    fail "convert: $(cat err)"
}
tensors a/model.onnx a.onnx
tensors b/model.onnx b.onnx
cmp a.onnx b.onnx || fail "the pair is trained otherwise"

# The run's own files are whole; MODEL, named again, is looked at.
"$SVERTKA" train sub/pair.onnx data --out c --epochs 100 --threads 1 --batch 20 \
  --checkpoint-every 1 --external-data >out 2>err &
if kill_once_saved c $!; then
  status 1 'external-data reads it$' "$SVERTKA" train sub/pair.onnx data \
    --resume c
  train sub/pair.onnx data --resume c --external-data ||
    fail "--resume --external-data: $(cat err)"
fi
"$SVERTKA" eval b/model.onnx data >out 2>err || fail "eval: $(cat err)"
train sub/pair.onnx data --out series --epochs 1 --repeat 2 --external-data ||
  fail "--repeat: $(cat err)"
for seed in 1 2; do
  [ -s series/seed-$seed/model.onnx ] || fail "--repeat: no model of $seed"
done

# ---- Refused -------------------------------------------------------------
status 2 "^svertka summary: --external-data: 'lenet5' is not an .onnx file$" \
  "$SVERTKA" summary lenet5 --external-data
mv sub/pair.onnx.data elsewhere
ln -s ../elsewhere sub/pair.onnx.data
status 1 'pair.onnx.data: is a symbolic link' "$SVERTKA" eval sub/pair.onnx \
  data --external-data
rm sub/pair.onnx.data
status 1 'pair.onnx.data: cannot open' "$SVERTKA" eval sub/pair.onnx data \
  --external-data
