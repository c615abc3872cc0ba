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

# A recipe is used where the user says nothing, is told and saved; an optimiser
# that is given leaves out its rate, too.
recipe='recipe of lenet5_1998: adam, rate 0.001'
tried() { # RUN OPTION...
  run=$1
  shift
  "$SVERTKA" train lenet5_1998 few --epochs 1 --threads 1 --out "$run" --json "$@" \
    >json 2>err || fail "a recipe: $(cat err)"
}
saved() { # RUN KEY TEXT
  LC_ALL=C tr -c '[:print:]' '\n' <"$1/model.onnx" |
    grep -A2 "^svertka.train.$2" | grep -q "^$3" ||
    fail "$1 was not trained with $2 $3"
}
tried plain
grep -q "$recipe\$" err && grep -q '"rate": 0.001' json ||
  fail "the recipe is not told: $(cat err json)"
saved plain optimiser adam
saved plain rate 0.001
tried rate --rate 0.002
grep -q "$recipe; not overridden: adam" err || fail "rate: $(cat err)"
saved rate optimiser adam
saved rate rate 0.002
tried other --optimiser rmsprop
grep -q "$recipe; overridden by options" err || fail "other: $(cat err)"
saved other optimiser rmsprop
"$SVERTKA" train lenet5 few --epochs 1 --threads 1 --out usual --json >json 2>err ||
  fail "train: $(cat err)"
grep -q '"recipe": null' json || fail "lenet5 has a recipe: $(cat json)"
grep -q recipe err && fail "lenet5 has a recipe: $(cat err)"
"$SVERTKA" zoo lenet5_1998 | grep -q '^Recipe.*: adam, rate 0.001$' ||
  fail "zoo tells no recipe"
"$SVERTKA" zoo nin --json | grep -q '"optimiser": "adam"' ||
  fail "zoo --json tells no recipe"

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
