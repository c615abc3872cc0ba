#!/bin/sh
# Networks from one form into another, and drawn.
. "$SOURCE_DIR/tests/common.sh"

export LC_ALL=C
cd "$work"

# works ARGUMENT...: exit status 0, into out and err.
works() {
  "$SVERTKA" "$@" >out 2>err </dev/null || fail "svertka $*: $(cat err)"
}

# refuse STATUS PATTERN ARGUMENT...: one matching line on stderr.
refuse() {
  want=$1 pattern=$2 status=0
  shift 2
  "$SVERTKA" "$@" >out 2>err </dev/null || status=$?
  [ $status -eq "$want" ] || fail "svertka $*: status $status: $(cat err)"
  [ "$(wc -l <err)" -eq 1 ] || fail "svertka $*: not one line: $(cat err)"
  grep -q -e "$pattern" err || fail "svertka $*: no '$pattern' in: $(cat err)"
}

# ---- convert ----

cat >net.txt <<'END'
define residual(x) channels {
  conv $channels 3x3 padding=same; relu
  conv $channels 3x3 padding=same
  add(., x); relu
}
input 1x12x12; conv 4 3x3
stage = repeat 2 { residual 4 }
flatten; linear 3; classifier
END
works convert net.txt -
cp out written.txt
grep -q '^stage.1.residual1.add1 = add(., stage.0.residual1.relu2)$' out ||
  fail "convert: $(cat out)"
works convert written.txt again.txt
cmp written.txt again.txt || fail "a written text is written otherwise"

# What layers make by themselves is not written.
works convert resnet:depth=18 -
grep -q '^bn1 = batch_norm$' out || fail "resnet as text: $(cat out)"
grep -q parameter out && fail "resnet as text: $(cat out)"

works convert lenet5 - --fully-convolutional
grep -q '^linear1 = conv 84 1x1$' out || fail "a slid lenet5: $(cat out)"

# Every architecture is written, read, shown and drawn.
for name in $("$SVERTKA" zoo --json | sed -n 's/^    "name": "\(.*\)",$/\1/p'); do
  works convert "$name" zoo.txt --force
  works convert zoo.txt -
  cmp out zoo.txt || fail "$name is written otherwise the second time"
  works summary "$name" --compare-fc --training
  works summary "$name" --svg zoo.dot
  COLUMNS=80 works summary "$name" --compare-fc
  awk 'length > 80 { exit 1 }' out || fail "$name is wider than 80: $(cat out)"
done

COLUMNS=120 works summary resnet152
grep -q '^  layer3.2 ... 35  *34 x layer3.1 ' out ||
  fail "a fold of ResNet: $(cat out)"
# What repeats with other numbers is not folded.
works summary densenet
grep -q '^  denselayer2  *128@56x56  *49,600 ' out ||
  fail "a layer of DenseNet: $(cat out)"
works summary vgg16 --compare-fc
a=layer_with_quite_a_long_name
COLUMNS=80 works summary "input 1x8x8; $a = conv 1 3x3"
grep -q "^$a  " out || fail "a name is cut though there is room: $(cat out)"

# Model files: initialised by the seed, numbers kept.
works convert net.txt a.onnx --seed 7
works convert net.txt b.onnx --seed 7
works convert net.txt c.onnx --seed 8
works convert a.onnx d.onnx
cmp a.onnx b.onnx || fail "the same seed gives other numbers"
cmp -s a.onnx c.onnx && fail "another seed gives the same numbers"
cmp a.onnx d.onnx || fail "numbers change on the way through"
works convert a.onnx -
grep -q '^"\{0,1\}stage.1.residual1.conv2"\{0,1\} = conv 4 3x3 padding=1$' \
  out || fail "a.onnx as text: $(cat out)"

# Folded: fewer nodes, told in one line, and a model like any other.
works convert 'input 1x8x8; conv 4 3x3 bias=false; batch_norm; relu; dropout
  max_pool 2 2; batch_norm; flatten; linear 3; classifier' norm.onnx
works convert norm.onnx folded.onnx --fold
grep -q 'folded: 1 of 2 batch normalisations, 1 dropouts and identities, 0 const' \
  err || fail "--fold: $(cat err)"
works convert folded.onnx -
[ "$(grep -c 'batch_norm' out)" = 1 ] || fail "folded.onnx as text: $(cat out)"
grep -q dropout out && fail "folded.onnx as text: $(cat out)"
works convert norm.onnx - --fold
[ "$(grep -c 'batch_norm' out)" = 1 ] || fail "folded as text: $(cat out)"

# Nothing is lost.
refuse 2 'a.onnx exists; --force' convert lenet5 a.onnx
cmp a.onnx b.onnx || fail "a.onnx was replaced"
works convert lenet5 a.onnx --force
cmp -s a.onnx b.onnx && fail "--force does not replace a.onnx"
refuse 2 'is also IN' convert b.onnx ./b.onnx --force
refuse 2 'is also IN' convert net.txt net.txt --force
# What is wrong in a file is no wrong use, and names the file.
"$SVERTKA" convert 'input 3x4x4; softmax 1; global_avg_pool' axis.onnx
LC_ALL=C sed 's/axis\x18\x01/axis\x18\x07/' axis.onnx >seven.onnx
for verb in summary gradcheck bench 'convert --fully-convolutional'; do
  refuse 1 'seven.onnx: softmax1: axis is 7, expected -4 to 3' \
    $verb seven.onnx $([ "${verb#convert}" = "$verb" ] || echo -)
done
LC_ALL=C sed 's/axis\x18\x01/axis\x18\x09/' axis.onnx >nine.onnx
refuse 1 "nine.onnx: node 'softmax1' (Softmax): softmax: axis is 9" \
  summary nine.onnx
refuse 2 "cannot write 'a.c': expected NAME.onnx, NAME.txt or -" convert lenet5 a.c
refuse 2 'lenet6' convert lenet6 e.txt
[ ! -e e.txt ] || fail "e.txt is written for a name that is none"
refuse 1 'nowhere' convert lenet5 nowhere/e.txt
printf 'define f(x) {\n  relu(y)\n}\ninput 3; f\n' >bad.txt
refuse 2 "bad.txt:2:8: unknown value 'y' in f (in f at 4:10)" \
  convert bad.txt -

# ---- summary: groups, folds, branches ----

# row PATTERN of the last result
row() {
  grep -q -e "$1" out || fail "no '$1' in: $(cat out)"
}

cat >inception.txt <<'END'
define unit channels kernel=1 {
  conv $channels $kernel padding=same; relu
}
define inception(x) one r3 three r5 five pool {
  one = unit(x) $one
  unit(x) $r3; three = unit $three 3
  unit(x) $r5; five = unit $five 5
  max_pool(x) 3 padding=1; pool = unit $pool
  concat(one, three, five, pool)
}
input 192x28x28
i3a = inception 64 96 128 16 32 32
i3b = inception 128 128 192 32 96 64
i3c = inception 128 128 192 32 96 64
END
works summary inception.txt
row '^i3a  *256@28x28  *163,696  *128,049,152 '
row '^  / one.conv1  *conv  *192  *64@28x28  *1x1 .* image$'
row '^  | one.relu1  *relu '
row '^  . concat1 .* one.relu1, three.relu1, five.relu1, pool.relu1$'
row '^i3c  *480@28x28 '
COLUMNS=80 works summary inception.txt
awk 'length > 80 { exit 1 }' out || fail "wider than 80: $(cat out)"
COLUMNS=80 works summary inception.txt --wide
row 'Memory'
works summary inception.txt --all
row '^  / one.conv1 .*480'
works summary inception.txt --json
row '"inputs": \['
LC_ALL=C.UTF-8 works summary inception.txt
row '^  ┴ concat1 '

# What is folded begins and ends where the layers that belong together do, and
# groups and dilation are told where there are any.
works summary inception_v3
row '^  branch7x7dbl_4.conv ... branch7x7dbl_5.relu1  *as branch7x7dbl_2.conv '
works summary resnext --wide
row '^    | conv2 .* 3x3 *1 *1 *32 *4,608 '
works summary fcn_resnet --wide
row '^    | conv2 .* 512@65x65 *3x3 *1 *4 *4 *2,359,296 '
works summary resnext --json
row '"stride": "1"'
works summary resnext --svg resnext.dot
grep -q '<3x3 conv, 256, /2, 32 groups<' resnext.dot || fail "$(cat resnext.dot)"
works summary fcn_small --svg fcn.dot
grep -q '<16x16 conv_transpose, 11, x8<' fcn.dot || fail "$(cat fcn.dot)"

# DenseNet's layers join ever more of those before: none is as another.
cat >dense.txt <<'END'
n = input 4x8x8
d.l1.join = concat(n);        d.l1.a = relu; d.l1.b = tanh; d.l1.y = conv 2 1x1
d.l2.join = concat(n, d.l1.y); d.l2.a = relu; d.l2.b = tanh; d.l2.y = conv 2 1x1
d.l3.join = concat(n, d.l1.y, d.l2.y)
d.l3.a = relu; d.l3.b = tanh; d.l3.y = conv 2 1x1
concat(n, d.l1.y, d.l2.y, d.l3.y)
END
works summary dense.txt
row '^  l3  *2@8x8  *18 '
works summary dense.txt --svg dense.dot
[ "$(grep -c -e '->' dense.dot)" -eq 14 ] || fail "$(cat dense.dot)"

# What is folded counts: 4 blocks of 9 * 16 * 16 + 16 and three more layers.
works summary 'input 16x9x9
  repeat 4 { conv 16 3x3 padding=same; relu }'
row '^conv2 ... relu4  *3 x conv1 ... relu1  *16@9x9  *6,960 '
row '^9,280 parameters in 4 weight layers'

# ---- summary: published figures ----

# VGG D: 16 weight layers, 138,357,544 parameters, 15.470 GMAC; pool1 to pool5
# see 6, 16, 44, 100, 212 pixels (Simonyan, Zisserman 2014; Araujo et al. 2019).
cat >vgg.txt <<'END'
define block times channels {
  repeat $times { conv $channels 3x3 padding=1; relu }
  max_pool 2x2 stride=2
}
input 3x224x224
pool1 = block 2 64; pool2 = block 2 128
pool3 = block 3 256; pool4 = block 3 512; pool5 = block 3 512
flatten; linear 4096; relu; linear 4096; relu; linear 1000; classifier
END
works summary vgg.txt --all
row '^138,357,544 parameters in 16 weight layers, 15,470,264,320 MAC$'
sees='6 16 44 100 212'
[ "$(sed -n 's/.* max_pool .* \([0-9]*\)x[0-9]*  *[0-9]*  *[0-9.]*$/\1/p' out |
  tr '\n' ' ')" = "$sees " ] || fail "VGG's poolings do not see $sees: $(cat out)"

# AlexNet, one tower: 61,100,840 parameters, 0.714 GMAC.
cat >alexnet.txt <<'END'
input 3x224x224
conv 64 11 stride=4 padding=2; relu; max_pool 3 stride=2
conv 192 5 padding=2; relu; max_pool 3 stride=2
conv 384 3 padding=1; relu; conv 256 3 padding=1; relu
conv 256 3 padding=1; relu; max_pool 3 stride=2
flatten; linear 4096; relu; linear 4096; relu; linear 1000
END
works summary alexnet.txt
row '^61,100,840 parameters in 8 weight layers, 714,188,480 MAC$'
for layer in conv1,11 max_pool1,19 conv2,51 conv3,99 conv4,131 conv5,163 \
  max_pool3,195; do
  row "^${layer%,*} .* ${layer#*,}x${layer#*,} "
done

# ResNet-50 without its norms: 25,557,032 - 53,120 parameters, 4.089 GMAC, and
# 427 pixels seen (He et al. 2015, with the stride on the 3x3).
cat >resnet.txt <<'END'
define bottleneck(x) c {
  conv $c 1x1 bias=false; relu
  conv $c 3x3 padding=1 bias=false; relu
  conv $(4*c) 1x1 bias=false
  add(., x); relu
}
define first(x) c stride=2 {
  conv $c 1x1 bias=false; relu
  conv $c 3x3 padding=1 stride=$stride bias=false; relu
  residual = conv $(4*c) 1x1 bias=false
  conv(x) $(4*c) 1x1 stride=$stride bias=false
  add(residual, .); relu
}
input 3x224x224
conv 64 7x7 stride=2 padding=3 bias=false; relu; max_pool 3x3 2 padding=1
first 64 stride=1; repeat 2 { bottleneck 64 }
first 128; repeat 3 { bottleneck 128 }
first 256; repeat 5 { bottleneck 256 }
first 512; repeat 2 { bottleneck 512 }
global_avg_pool; flatten; linear 1000
END
works summary resnet.txt
row '^25,503,912 parameters in 54 weight layers, 4,089,184,256 MAC$'
row '^bottleneck7 ... 10  *4 x bottleneck6 '
row '^bottleneck12  *as bottleneck11 .* 427x427 '

# ---- summary --svg ----

works summary resnet.txt --svg net.svg
grep -q '&#215; 5\|× 5' net.svg || fail 'no fold in net.svg'
works summary inception.txt --svg net.svg
[ ! -s out ] || fail "--svg prints: $(cat out)"
grep -q '<svg' net.svg || fail 'no <svg in net.svg'
for word in i3a '>3x3 conv, 128<' '192@28x28<'; do
  grep -q -e "$word" net.svg || fail "no '$word' in net.svg"
done
works summary inception.txt --svg net.png
[ "$(head -c 4 net.png | tail -c 3)" = PNG ] || fail 'net.png is no PNG'
works summary inception.txt --svg net.dot --all
[ "$(grep -c 'subgraph cluster' net.dot)" -eq 3 ] || fail "$(cat net.dot)"
# Names stay names.
works summary 'input 3x8x8; "</svg><b>&\"x" = relu' --svg odd.svg
[ "$(grep -c '</svg' odd.svg)" -eq 1 ] || fail "a name closes the picture"
refuse 2 "cannot write 'net.pdf': expected a name ending" summary lenet5 --svg net.pdf
refuse 2 'is also MODEL' summary inception.txt --svg ./inception.txt
refuse 1 'nowhere' summary lenet5 --svg nowhere/net.dot
status=0
PATH=/nowhere "$SVERTKA" summary lenet5 --svg none.svg 2>err || status=$?
[ $status -eq 1 ] && grep -q 'comes with the package graphviz' err && [ ! -e none.svg ] ||
  fail "without dot: status $status: $(cat err)"
