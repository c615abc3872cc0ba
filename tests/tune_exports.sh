#!/bin/sh
# svertka train EXPORT --classes N --freeze-until LAYER on what both of PyTorch's
# exporters write: real steps, a new head, what is frozen to the bit as it was, and
# a word where batch norms are folded.
. "$SOURCE_DIR/tests/common.sh"

mkdir "$work/data"
fashion train 40 "$work/data"
cd "$work"
{ # four classes
  printf '\0\0\010\001\0\0\0\050'
  for i in 0 1 2 3 4 5 6 7 8 9; do printf '\0\001\002\003'; done
} >data/train-labels-idx1-ubyte

tensors() { "$BUILD_DIR/tests/tensors" "$1" | sort >"$2" || fail "no tensors"; }

# tune EXPORT LAYER HEAD: new lists the tensors that are others than before.
tune() {
  name=$1 layer=$2 head=$3
  "$BUILD_DIR/tests/fill" "$SOURCE_DIR/tests/fixtures/exports/$name.onnx" \
    $name.onnx apart || fail "$name: not filled"
  "$SVERTKA" convert $name.onnx whole.onnx --external-data --force >out 2>err ||
    fail "$name: convert: $(cat err)"
  "$SVERTKA" train $name.onnx data --external-data --classes 4 \
    --freeze-until $layer --size 3x64x64 --epochs 2 --batch 10 --rate 0.001 \
    --val 8 --threads 1 --out $name >out 2>err || fail "$name: $(cat err)"
  grep -q "^svertka train: new head: $head, for 4 classes$" err ||
    fail "$name: no new head: $(cat err)"
  tensors whole.onnx before
  tensors $name/model.onnx after
  comm -13 before after | grep -v '\.shape ' >new

  # What is told to be trained is all that is new, statistics aside.
  told=$(sed -n "s/.*frozen up to $layer: \([0-9,]*\) of.*/\1/p" err | tr -d ,)
  found=$(awk '!/running_/ { n += $2 } END { print n }' new)
  [ "$told" = "$found" ] ||
    fail "$name: $found numbers are others than before, not $told: $(cat new)"
}
# only WORDS: each tensor that was trained has a name with one of these.
only() {
  ! grep -Ev "$1" new || fail "$name: more is trained than $1"
}
folded() {
  grep -q 'svertka train: it has no batch norms (they may have been folded' err
}

# TorchScript names folded weights anew: onnx::Conv_238.
tune resnet18_torchscript layer3 /fc/Gemm
folded || fail "$name: nothing is said of folded batch norms"
only '^(fc|onnx::Conv_2[345])'
grep -q '^fc.weight 256 ' new || fail "$name: no head for 4 classes"

tune resnet18_dynamo layer3 node_linear
folded || fail "$name: nothing is said of folded batch norms"
only '^(fc|layer4)\.'
grep -q '^fc.weight 256 ' new || fail "$name: no head for 4 classes"

# With its batch norms: those that are frozen keep their statistics.
tune resnet18_unoptimised layer3 node_linear
! folded || fail "$name: its batch norms are there: $(cat err)"
only '^(fc|layer4)\.'
[ "$(grep -c 'layer4.*running_' new)" = 10 ] ||
  fail "$name: the statistics behind layer3 did not follow: $(cat new)"

# A convolution tells the classes.
tune squeezenet1_0_torchscript features.9 /classifier/classifier.1/Conv
only '^(classifier|features\.1[0-2])\.'
grep -q '^classifier.1.weight 256 ' new || fail "$name: no head for 4 classes"

# The file says a batch of 2.
tune mobilenet_v2_dynamo features.10 node_Gemm_964
only '^(classifier|features\.1[1-8])\.'
grep -q '^classifier.1.weight 5120 ' new || fail "$name: no head for 4 classes"

# ---- A class for each pixel, and data with one for each picture ------------
"$BUILD_DIR/tests/fill" "$SOURCE_DIR/tests/fixtures/exports/fcn_resnet50_dynamo.onnx" \
  fcn.onnx || fail "fcn: not filled"
cp data/train-images-idx3-ubyte data/t10k-images-idx3-ubyte
cp data/train-labels-idx1-ubyte data/t10k-labels-idx1-ubyte
tells='is for semantic segmentation, but data has one class per image$'
status 2 "^svertka train: network 'main_graph' $tells" \
  "$SVERTKA" train fcn.onnx data --threads 1 --out fcn
status 2 "$tells" "$SVERTKA" train fcn.onnx data --classes 4 --threads 1 --out fcn
status 2 "$tells" "$SVERTKA" eval fcn.onnx data --threads 1 --size 3x40x40 \
  --mean 0.5,0.5,0.5 --deviation 0.2,0.2,0.2
! [ -e fcn ] || fail "what was refused left a folder"
