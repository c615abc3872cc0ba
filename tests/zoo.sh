#!/bin/sh
# The zoo through the command line: sizes that follow the data, networks with
# an auxiliary classifier trained to the end.
. "$SOURCE_DIR/tests/common.sh"

mkdir "$work/few"
fashion train 200 "$work/few"
cd "$work"

# A size that is too small names the layer; one that is given resizes.
status 2 'vgg: pool5: kernel 2x2 does not fit the 1x1 input.*size=32 or more' \
  "$SVERTKA" train vgg few
"$SVERTKA" train nin:form=small,size=20,width=0.1 few --epochs 1 --threads 1 \
  --out sized >out 2>err || fail "resized: $(cat err)"

# The best weights are not the last: they come from model.onnx, which has no
# auxiliary classifier.
cat >aux.txt <<'EOF'
image = input 1x28x28
label = label
conv 4 5x5 stride=2; body = relu
flatten(body); aux = linear 10
cross_entropy(aux, label)
loss auxiliary weight=0.3
flatten(body); scores = linear 10
softmax
output probabilities
cross_entropy(scores, label)
loss
EOF
"$SVERTKA" train aux.txt few --epochs 12 --threads 1 --rate 0.02 --momentum 0.9 \
  --schedule constant --batch 20 --out aux --json >json 2>err ||
  fail "an auxiliary classifier: $(cat err)"
grep -q '"best_epoch": 12' json && fail "the last epoch is the best: $(cat json)"
"$SVERTKA" convert aux/model.onnx - | grep -q aux && fail "aux is in model.onnx"
exit 0
