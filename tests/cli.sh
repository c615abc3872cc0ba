#!/bin/sh
# The program as its users meet it: results on stdout, messages on stderr, exit
# status 0 done, 1 failed, 2 asked for wrongly; and the numbers of the lecture.
. "$SOURCE_DIR/tests/common.sh"

export LC_ALL=C
cd "$work"

# run STATUS ARGUMENT...: into out and err.
run() {
  want=$1
  shift
  status=0
  "$SVERTKA" "$@" >out 2>err </dev/null || status=$?
  [ $status -eq "$want" ] || fail "svertka $*: status $status, not $want:
$(cat out err)"
}

# refuse STATUS PATTERN ARGUMENT...: nothing on stdout, one matching line on
# stderr.
refuse() {
  pattern=$2
  status=$1
  shift 2
  run "$status" "$@"
  [ ! -s out ] || fail "svertka $*: prints a result: $(cat out)"
  [ "$(wc -l <err)" -eq 1 ] || fail "svertka $*: not one line: $(cat err)"
  grep -q -e "$pattern" err || fail "svertka $*: no '$pattern' in: $(cat err)"
}

# has PATTERN ARGUMENT...: done, and a line of the result matches.
has() {
  pattern=$1
  shift
  run 0 "$@"
  grep -q -e "$pattern" out || fail "svertka $*: no '$pattern' in:
$(cat out)"
}

# gives RESULT ARGUMENT...: the whole result, lines divided by ';', single
# blanks.
gives() {
  expected=$1
  shift
  run 0 "$@"
  result=$(sed 's/  */ /g; s/^ //' out | tr '\n' ';')
  [ "$result" = "$expected;" ] || fail "svertka $*:
expected $expected;
found    $result"
}

# ---- Habits ----

has '^svertka [0-9]' --version
has 'Usage' --help
verbs=$(sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p' out)
[ "$(echo "$verbs" | wc -l)" -ge 10 ] || fail "verbs: $verbs"
for verb in $verbs; do
  has "Usage: svertka $verb" "$verb" --help
  [ ! -s err ] || fail "$verb --help: $(cat err)"
  grep -q -e '--help' out || fail "$verb --help does not name itself"
  refuse 2 "svertka $verb: no option --nonsense" "$verb" --nonsense
  refuse 2 'no option -Q' "$verb" -Q
  awk -v verb="$verb" 'length > 80 { print verb ": " $0; bad = 1 }
    END { exit bad }' out
done
refuse 2 "--out '': expected a name" train lenet5 few --out=
refuse 2 "--resume '': expected a name" train --resume ''
refuse 2 "--csv '': expected a name" eval model.onnx few --csv=
refuse 2 "no command given" 
refuse 2 "no verb 'trian'; 'train'?" trian
refuse 2 "no verb 'nonsense'" nonsense
refuse 2 'no option --nonsense' --nonsense
refuse 2 'no option --bacth; --batch?' summary lenet5 --bacth 3
refuse 2 'needs an argument' summary lenet5 --batch
refuse 2 "'0': expected a whole number" summary lenet5 --batch 0
refuse 2 "'1e99'" summary lenet5 --batch 1e99
refuse 2 "'x'" summary lenet5 --batch=x
refuse 2 'takes no argument' summary lenet5 --json=3
refuse 2 'expected svertka summary MODEL' summary
refuse 2 "'more' is one operand too many" summary lenet5 more
if [ -e /dev/full ]; then
  "$SVERTKA" zoo >/dev/full 2>err && fail "a full disk is not noticed"
  grep -q 'cannot write' err || fail "a full disk: $(cat err)"
fi
printf '%b' '\033' >escape
run 0 summary lenet5
if grep -q "$(cat escape)" out; then fail "escapes without a terminal"; fi

# ---- Models ----

refuse 2 "unknown model 'lenet6'; did you mean 'lenet5'?" summary lenet6
refuse 2 "unknown model 'ResNet51'; did you mean 'resnet50'?" summary ResNet51
refuse 2 'size has no value' summary vgg:size=
refuse 2 'dropout is -0.1, expected 0 to 0.99' summary vgg:dropout=-0.1
run 0 summary vgg:dropout=0.99
refuse 2 'is free, a size .*--image CxHxW' summary resnet:size=0
refuse 2 '^svertka summary: --image is 1x64x64, but .* 1x32x32: linear1: ' \
  summary lenet5 --image 1x64x64
for verb in gradcheck bench; do
  refuse 2 'input is 3x?x?: --image CxHxW gives its size' $verb resnet:size=0
  refuse 2 '--image is 1x8x8, but the network.s input is 3x?x?' \
    $verb resnet:size=0 --image 1x8x8
  refuse 2 '--image is 1x16x16, but the network.s input is 1x32x32' \
    $verb lenet5 --image 1x16x16
  refuse 2 '--image is C x H x W' $verb lenet5 --image 32x32
done
refuse 2 'input is ?x5: sizes in numbers are needed' gradcheck 'input ?x5; relu'
has '^linear1.weight' gradcheck --threads 1 --image 1x6x6 --samples 2 \
  'input 1x?x?; conv 2 3x3; tanh; global_avg_pool; flatten; linear 3'
refuse 1 "'vgg': its weights take .* GiB, the machine has" \
  convert vgg:width=64,hidden=65536,size=4096 vast.onnx
refuse 2 'lenet5 has no parameter .clases.; it has classes' \
  summary lenet5:clases=3
refuse 2 'classes is given twice' summary lenet5:classes=3,classes=4
refuse 2 'classes' summary lenet5:classes=0
refuse 2 'pool' summary lenet5:pool=big
refuse 2 'parameter=value is expected' summary lenet5:classes
refuse 1 'none.onnx: cannot open' summary none.onnx
for text in input 'conv 6 3x3'; do
  refuse 2 "'$text': not a file.*begins with 'input CxHxW;'" summary "$text"
done
refuse 2 "'99999999999999999999x8x8': 99999999999999999999 is no size from 1" \
  summary 'input 99999999999999999999x8x8; relu'
refuse 2 "x99999999': expected CxHxW, each from 1 to 16777216" \
  summary mlp --image 1x99999999x99999999
printf 'not an ONNX file' >bad.onnx
refuse 1 'bad.onnx' summary bad.onnx
printf '\000\001' >binary
refuse 1 'binary: not a text file' summary binary
has '^lenet5 ' zoo
has '^activation .*tanh' zoo lenet5
has '"name": "mlp"' zoo --json
refuse 2 "no architecture 'lenez'; 'lenet'?" zoo lenez

# Text, also from a file, with places in the errors.
cat >net.txt <<'END'
# a residual block
input 16x12x12
skip = conv 16 1x1
conv 16 3x3 padding=same; relu
conv 16 3x3 padding=same
add(., skip); relu
END
has 'add1 .*16@12x12' summary net.txt
echo 'conv(nowhere) 3' >>net.txt
refuse 2 "net.txt:7:6: there is no value 'nowhere'" summary net.txt
refuse 2 'network:1:19: conv: .*colour' summary 'input 3x8x8; conv colour'
refuse 2 "network:1:23: conv has no 'strid'" summary \
  'input 3x8x8; conv 6 3 strid=2'
refuse 2 "unknown operator 'convv'.*conv" summary 'input 3x8x8; convv 6'
refuse 2 "network:1:25: unknown initialiser 'hee'" summary \
  'input 3x8x8; conv 6 3x3 init=hee'
refuse 2 "network:1:14: unknown initialiser 'hee'" summary \
  'input 3x8x8; init hee; conv 6 3x3'
refuse 2 "network:1:28: unknown initialiser 'hee'" summary \
  'input 3x8x8; w = parameter init=hee 6x3x3x3; conv(image, w)'
refuse 2 "network:1:26: init.*'he 1 2' has 2 numbers.* (in b at 2:14)" summary \
  'define b c { conv $c 3x3 init.weight="he 1 2" }
input 3x8x8; b 4'
refuse 2 'network:1:25: conv: kernel is given twice' summary \
  'input 3x8x8; conv 6 3x3 kernel=5'
refuse 2 "network:1:37: 'a' is not the value before this; output(a)" summary \
  'input 3x8x8; a = relu; tanh; output a'
refuse 2 "network:1:37: 'b(a)' is no name" summary \
  'input 3x8x8; a = relu; tanh; output b(a)'
has '^output(b) a$' convert 'input 3; a = relu; b = tanh; output(b) a' -
refuse 2 'network:1:13: conv1: kernel 3x3' summary 'input 1x2x2;conv 1 3'
refuse 2 'the network is empty' summary ';'
refuse 2 'double quote is never closed' summary 'input 3x8x8; "a = conv 6'
refuse 2 'is too large' summary \
  'input 3x999999999999x999999999999; flatten; linear 1'

# ---- summary: the lecture's questions ----

# totals PARAMETERS MACS MODEL
totals() {
  has "^$1 parameters in [0-9]* weight layers\{0,1\}, $2 MAC\$" summary "$3"
}
# row NAME PATTERN of the last result
row() {
  grep -q -e "^$1 .*$2" out || fail "no '$1 ... $2' in: $(cat out)"
}

totals 61,706 416,520 lenet5
for cells in '(input) 1@32x32' 'conv1 6@28x28' 'avg_pool1 6@14x14' \
  'conv2 16@10x10' 'avg_pool2 16@5x5' 'conv3 120@1x1' 'linear1 84' \
  'linear2 10'; do
  row "${cells% *}" "${cells#* }"
done
row conv2 '6  *16@10x10  *5x5  *1  *0  *2,416  *1,600  *240,000  *6.2 KiB  *14x14  *2  *6.5$'
row conv3 ' 32x32  *4  *15.5$'
has '"parameters": 61706' summary lenet5 --json
grep -q '"macs": 416520' out || fail 'no macs'
grep -q '"layers": \[' out || fail 'no layers'
has '"macs": 4165200' summary lenet5 --batch 10 --json
totals 61,750 416,520 lenet5:pool=weighted
totals 266,610 266,200 mlp

totals 28 972 'input 3x8x8; conv 1 3x3'
row conv1 '1@6x6'
totals 6,948 6,912 'input 3x8x8; flatten; linear 36'
totals 718 14,472 'input 3x8x8; conv 6 3x3; conv 10 3x3'
row conv2 '6  *10@4x4  *3x3  *1  *0  *550  *160 '
totals 4,640 4,608 'input 16x3x3; conv 32 3x3'
totals 26 19,600 'input 1x32x32; conv 1 5x5'
row conv1 '5x5  *1  *2$'
totals 20 15,156 'input 1x32x32; conv 1 3x3; conv 1 3x3'
row conv2 '5x5  *1  *2$'
totals 16 10,452 \
  'input 1x32x32; conv 1 1x3; conv 1 3x1; conv 1 1x3; conv 1 3x1'
row conv4 '5x5  *1  *2$'
totals 4,640 231,211,008 'input 16x224x224; conv 32 3x3 padding=same'
totals 2,472 122,028,032 \
  'input 16x224x224; conv 8 1x1; conv 32 3x3 padding=same'
has 'max_pool1 .*32@112x112' summary \
  'input 16x224x224; conv 32 3x3 padding=same; max_pool 2x2 stride=2'
totals 20 9,621 \
  'input 1x32x32; conv 1 3x3; max_pool 2x2 stride=2; conv 1 3x3'
row conv2 '8x8  *2  *3.5$'
# What a fully connected layer in the place of each would need.
has ' 6,948$' summary 'input 3x8x8; conv 1 3x3' --compare-fc
row conv1 ' 28 .* 6,948$'
has '"if_connected": 6948' summary 'input 3x8x8; conv 1 3x3' --compare-fc --json
has ' > 9e18$' summary 'input 99999x999x999; conv 999 3x3' --compare-fc
has ' 2,472 ' summary "$(echo 'input 16x224x224
  define fewer { conv 8 1x1; conv 32 3x3 padding=same; relu; tanh }; a = fewer')"
row a '32@224x224  *2,472 '
has '^16 parameters .* MAC' summary \
  'input 1x32x32; repeat 2 { conv 1 1x3; conv 1 3x1 }'
row 'conv4' '5x5  *1  *2$'
# Enlarged maps: what most is seen, and steps below a pixel.
has ' 4x3  *0.3333x1  *0.5x1$' summary 'input 1x9x9; conv 1 3x3
  conv_transpose 1 5x1 stride=3x1'
has '"size": \[$' summary 'input 1x9x9; conv_transpose 1 4 stride=2' --json
tr -d ' \n' <out | grep -q '"size":\[2,2\],"step":\[0.5,0.5\],"centre":' ||
  fail "json: $(cat out)"
# Branches of unlike step see the whole; of like step, the least and greatest.
has 'add1 .*3x5  *1 ' summary \
  'input 1x8x8; a = conv 1 1x5 padding=same; b = conv(image) 1 3x1 padding=same
   add(a, b)'
has 'add1 .*all' summary \
  'input 1x8x8; a = max_pool 2 stride=2; b = conv(image) 1 5; add(a, b)'

# ---- op: one operator on typed numbers ----

map='1 3 -1 0; 2 -2 0 5; 4 1 -1 3; -3 0 1 2'
kernel='1 0; 2 -1'
gives '7 -1 -6;9 1 -5;-2 0 -1' op conv --x "$map" --w "$kernel"
gives '7 -1 -6;9 1 -5;-2 0 -1' op conv --x "$map" --w "$kernel" --backend ref
gives '7 0 0;9 1 0;0 0 0' op relu --x '7 -1 -6; 9 1 -5; -2 0 -1'
# | divides maps wherever an operator has them: PyTorch's numbers.
gives '2.5;|;6.5' op global_avg_pool --x '1 2; 3 4 | 5 6; 7 8'
gives '4;|;8' op global_max_pool --x '1 2; 3 4 | 5 6; 7 8'
gives '2.5' op global_avg_pool --x '1 2; 3 4'
gives '0.5;|;1.5' op batch_norm --x '1 | 3' --scale '1 1' --bias '0 0' \
  --mean '0.5 1.5' --var '1 1' --epsilon 0
gives '1 2;3 4' op depth_to_space --x '1 | 2 | 3 | 4' --block 2
gives '1 2 3 4' op flatten --x '1 2 | 3 4'
gives '0.125;|;0.1176471;|;0.1875' op lrn --x '1 | 2 | 3' --size 3 --alpha 3 \
  --beta 1 --k 3
# NaN passes through.
gives 'nan 0' op relu --x 'nan -1'
gives 'nan 0' op relu --x 'nan -1' --backend ref
gives nan op max_pool --x 'nan 1; 2 3' --kernel 2
gives 'nan 1' op clip --x 'nan 2' --min 0 --max 1
gives 'nan nan' op softmax --x 'nan 1'
gives 'nan nan' op max --x 'nan 1' --x '2 nan'
gives '3 5;4 3' op max_pool --x "$map" --kernel 2x2 --stride 2
# A window larger than the image, as PyTorch's ceil_mode has it.
gives '3' op max_pool --x '0 1; 2 3' --kernel 3 --stride 2 --ceil-mode true
gives '0.375' op avg_pool --x '0 1; 2 3' --kernel 5 --stride 4 --padding 1 \
  --ceil-mode true --count-padding true
refuse 2 'kernel 4x4 does not fit' op avg_pool --x '0 1; 2 3' --kernel 4 \
  --stride 2 --ceil-mode true
gives '3 3 3;1 1 1' op max_pool --kernel 2x2 --stride 2 \
  --x '1 2 1 2 1 2; 3 1 3 1 3 1; 1 1 1 1 1 1; 0 1 0 1 0 1'
# The way of a convolutional layer: kernels, detector, pooling, by files.
run 0 op conv --x "$map" --w "$kernel"
cp out sums
run 0 op relu --x @sums
cp out detected
gives '9 1;9 1' op max_pool --x @detected --kernel 2
# True convolution turns the kernel.
gives '3 -5 6;-5 1 13;-2 -2 9' op conv --x "$map" --w "$kernel" --flip
gives '3 -5 6;-5 1 13;-2 -2 9' op conv --x "$map" --w '-1 2; 0 1'
# Borders.
gives '1 2;3 4' op conv --x '1 2; 3 4' --w 1 --padding same
gives '10 6;7 4' op conv --x '1 2; 3 4' --w '1 1; 1 1' --padding same
gives '1 3 2;4 10 6;3 7 4' op conv --x '1 2; 3 4' --w '1 1; 1 1' --padding full
gives '10' op conv --x '1 2; 3 4' --w '1 1; 1 1' --padding valid
# Several maps, a bias each.
gives '9;|;-1' op conv --x '1 | 2' --w '1 | 2 || -1 | 0' --b '4 0'
# On maps of 1x1 a convolution is a fully connected layer.
gives 'y:;14;|;32;dx:;5;|;7;|;9;dw:;1;|;2;|;3;||;1;|;2;|;3' op conv \
  --x '1 | 2 | 3' --w '1 | 2 | 3 || 4 | 5 | 6' --backward
gives 'y:;14 32;dx:;5 7 9;dw:;1 2 3;1 2 3' op linear \
  --x '1 2 3' --w '1 2 3; 4 5 6' --backward
gives 'y:;7;dx:;1 0;2 -1;dw:;1 3;2 -2' op conv --x '1 3; 2 -2' --w "$kernel" \
  --backward
gives 'y:;7;dx:;2 0;4 -2;dw:;2 6;4 -4' op conv --x '1 3; 2 -2' --w "$kernel" \
  --backward --dy 2
has '^y\[0,1\] = 3\*1 + (-1)\*0 + (-2)\*2 + 0\*(-1) = -1$' op conv \
  --x "$map" --w "$kernel" --steps
has '^y\[1,0\] = max(4, 1, -3, 0) = 4$' op max_pool --x "$map" --kernel 2 \
  --stride 2 --steps
has '^y\[1,1\] = ((-1) + 3 + 1 + 2)/4 = 1.25$' op avg_pool --x "$map" \
  --kernel 2 --stride 2 --steps
# The sums, and then the gradients.
gives 'y[0,0] = 1*3 + 2*4 = 11;dx:;3 4;dw:;1 2' op conv --x '1 2' --w '3 4' \
  --steps --backward
gives '0.5' op sigmoid --x 0
gives 'y:;0.5;dx:;0.25' op sigmoid --x 0 --backward
gives '0.5 0.5' op softmax --x '1000 1000'
gives '0.6931472' op cross_entropy --x '3 3' --label 1
gives '3 5' op add --a '1 2' --b '2 3'
# Numbers that shapes follow from.
gives '1 4 7' op range --start 1 --limit 9 --delta 3
gives '7 7;7 7' op constant_of_shape --shape '2 2' --value 7
refuse 2 'scales has 1 numbers, expected one for each of 2 dimensions' \
  op resize --x '1 2; 3 4' --scales 0.2
refuse 2 'sizes has 2 numbers, expected one for each of 1 axes' \
  op resize --x '1 2; 3 4' --sizes 2x2 --axes 0
refuse 2 'axis 0 is there twice' \
  op resize --x '1 2; 3 4' --sizes 2x2x2 --axes 0,1,0
refuse 2 'axis 0 is there twice' op pad --x '1 2; 3 4' --pads 1,1 --axes 0,0
gives '1 0 0 0;0 0 0 3;4 0 0 0;0 0 0 2' op max_unpool --x '1 2; 3 4' \
  --index '0 15; 7 8' --kernel 2 --stride 2
refuse 2 'index 99, expected 0 to 15' op max_unpool --x '1 2; 3 4' \
  --index '0 15; 7 99' --kernel 2 --stride 2
gives 'y:;5 6;1 2;dx:;1 1;0 0;1 1' op gather --x '1 2; 3 4; 5 6' \
  --index '2 0' --backward
has '"values"' op softmax --x '1 2 3' --json
run 0 op add --a 'inf -inf nan 1' --b '1 1 1 1' --json
tr -d ' \n' <out | grep -q '"values":\["inf","-inf","nan",2.0\]' ||
  fail "op --json: $(cat out)"
has '"nan"' op --help
gives '6' op conv --x 1 --w 1 --b 5 --bias true
gives '1' op conv --x 1 --w 1 --bias false
gives '1 2;3 4;|;5 6;7 8;||;1 2;3 4;|;5 6;7 8' op relu \
  --x '2x2x2x2: 1 2 3 4 5 6 7 8 1 2 3 4 5 6 7 8'

has 'TENSOR' op conv --help
refuse 2 "unknown operator 'konv'" op konv --x 1
refuse 2 'conv needs --w' op conv --x "$map"
refuse 2 'a row has 1 numbers, the first one 2' op relu --x '1 2; 3'
refuse 2 "'one' is not a number" op relu --x 'one two'
refuse 2 'no number' op relu --x ''
refuse 2 '3 numbers for a shape of 2x2' op relu --x '2x2: 1 2 3'
refuse 2 'a map has no rows' op relu --x '1 | | 2'
refuse 1 'none.txt: cannot open' op relu --x @none.txt
refuse 2 'kernel 5x5 does not fit' op max_pool --x "$map" --kernel 5
refuse 2 'op: conv: input is' op conv --x '1x1x1x1x1x1: 3' --w "$kernel"
refuse 2 'stride' op conv --x "$map" --w "$kernel" --stride 0
refuse 2 '--dy belongs to --backward' op relu --x 1 --dy 1
refuse 2 '--dy: 2 numbers' op relu --x 1 --backward --dy '1 2'
refuse 2 "unknown backend 'gpu'" op relu --x 1 --backend gpu
refuse 2 'no option --steps' op relu --x 1 --steps
refuse 2 '--steps is text' op conv --x 1 --w 1 --steps --json
refuse 2 '--bias false, but --b is given' op conv --x 1 --w 1 --b 5 --bias false
refuse 2 '--bias true, but --b is not given' op linear --x 1 --w 1 --bias true
for label in 1.5 nan inf 1e+17; do
  refuse 2 "--label: .*$label.*whole number" op cross_entropy --x '1 2 3' \
    --label $label
done
refuse 2 "--x: '1e400' is beyond" op relu --x '1 1e400'
refuse 2 "--x: '-1e39' is beyond" op relu --x '-1e39 1'
gives '0 inf' op relu --x '-inf inf'

has '^conv .*Conv' ops
for pool in max_pool avg_pool; do has '^stride .*as in ONNX' ops $pool; done
has '^dilation ' ops conv
has '"name": "max_pool"' ops --json
refuse 2 "unknown operator 'reluu'; did you mean relu?" ops reluu

# ---- From images to probabilities ----

# 40 images of 8x8 in two classes, black and white, as IDX.
images() {
  printf '\000\000\010\003\000\000\000\050\000\000\000\010\000\000\000\010'
  for i in 1 2 3 4 5 6 7 8 9 10; do
    head -c 128 /dev/zero
    head -c 128 /dev/zero | tr '\000' '\377'
  done
}
labels() {
  printf '\000\000\010\001\000\000\000\050'
  for i in 1 2 3 4 5 6 7 8 9 10; do printf '\000\000\001\001'; done
}
mkdir tiny
for part in train t10k; do
  images >tiny/$part-images-idx3-ubyte
  labels >tiny/$part-labels-idx1-ubyte
done
network='input 1x8x8; conv 2 3x3; tanh; flatten; linear 2'
run 0 train "$network" tiny --epochs 5 --batch 4 --seed 1 --threads 1 \
  --out one
[ -s one/model.onnx ] || fail 'train: no model'
run 0 train "$network" tiny --epochs 5 --batch 4 --seed 1 --threads 1 \
  --out two
cmp one/model.onnx two/model.onnx || fail 'train: not the same bits'
refuse 2 'one' train "$network" tiny --out one
refuse 1 'nowhere' train "$network" nowhere --out three
has '"top1": 1' eval one/model.onnx tiny --json
for key in loss top5 samples; do
  grep -q "\"$key\": " out || fail "eval --json: no $key"
done
run 0 eval one/model.onnx tiny --picture told.png --matrix matrix.png
for file in told.png matrix.png; do
  head -c 4 $file | grep -q PNG || fail "$file is no PNG"
done
# A picture of another size, in colour, judged by the file alone.
mkdir apart
cp one/model.onnx told.png apart
cd apart
has '^told.png$' predict model.onnx told.png
[ "$(wc -l <out)" -eq 3 ] || fail "predict: $(cat out)"
has '"label"' predict model.onnx told.png --top 1 --json
mkdir photos
cp told.png photos/b.png
cp told.png 'photos/a,1.png'
run 0 predict model.onnx photos --csv scores.csv
[ ! -s out ] || fail 'predict --csv FILE prints'
[ "$(wc -l <scores.csv)" -eq 3 ] || fail "scores: $(cat scores.csv)"
sed -n 2p scores.csv | grep -q '^"photos/a,1.png",' ||
  fail "scores: $(cat scores.csv)"
has '^file,label,probability,' predict model.onnx photos --csv -
# One bad picture is told, the others are still judged.
printf 'no picture' >bad.png
run 1 predict model.onnx bad.png told.png
grep -q '^told.png$' out || fail 'predict: stops at a bad picture'
grep -q 'svertka predict: bad.png: ' err || fail "predict: $(cat err)"
refuse 1 'none.png: cannot open' predict model.onnx none.png
refuse 2 '--csv or --json' predict model.onnx told.png --csv - --json
refuse 1 'cannot write' predict model.onnx told.png --csv nowhere/x.csv
refuse 2 'not say how its pictures are prepared: give --mean, --dev' \
  predict lenet5 told.png
refuse 2 'not say how its pictures are prepared: give --mean, --dev' \
  eval lenet5 ../tiny
has '^conv1 ' summary model.onnx


# ---- What is written destroys nothing that is named beside it ----

ln -s model.onnx other.onnx
ln told.png same.png
cksum model.onnx told.png photos/* >before
for csv in model.onnx ./model.onnx other.onnx; do
  refuse 2 '--csv .* is also MODEL' predict model.onnx told.png --csv $csv
  refuse 2 '--csv .* is also MODEL' eval model.onnx ../tiny --csv $csv
done
for csv in told.png ../apart/told.png same.png; do
  refuse 2 '--csv .* is also IMAGE told.png' predict model.onnx told.png \
    --csv $csv
done
refuse 2 'is also IMAGE photos/b.png' predict model.onnx photos \
  --csv photos/b.png
refuse 2 '--picture x is also --csv x' eval model.onnx ../tiny --csv x \
  --picture x
refuse 2 '--matrix x is also --csv ./x' eval model.onnx ../tiny --csv ./x \
  --matrix x
for option in --csv --picture --matrix; do
  refuse 2 "$option .* is a file of DATA ../tiny" eval model.onnx ../tiny \
    $option ../tiny/t10k-labels-idx1-ubyte
done
refuse 1 'photos: not a regular file' predict model.onnx told.png --csv photos
cksum model.onnx told.png photos/* >after
cmp before after || fail 'an output destroys an input'
[ ! -e x ] || fail 'what is refused writes'
mkfifo pipe
cat pipe >piped &
run 0 predict model.onnx told.png --csv pipe
wait $!
[ -p pipe ] && [ "$(wc -l <piped)" -eq 2 ] || fail 'predict --csv into a pipe'

# ---- Names that could drive a terminal ----

escape=$(cat ../escape)
named="$(printf 'a\033[2J\nb\302\233c')"
cp told.png "$named.png"
has '^a.x1b\[2J.nb.u009bc.png$' predict model.onnx "$named.png"
run 0 train "$network" ../tiny --epochs 1 --out "$named"
grep -q '^a.x1b\[2J.nb.u009bc/model.onnx ' out || fail "train: $(cat out)"
if grep -q "$escape" out err; then fail 'train: escapes'; fi
refuse 2 "no verb 'a.x1b\[2J.nb.u009bc'" "$named"
refuse 2 'no option --a.x1b\[2J.nb.u009bc' "--$named"
refuse 2 'no option --a.x1b\[2J.nb.u009bc' summary lenet5 "--$named"
refuse 2 'no option -.x1b' summary lenet5 "-$escape"
refuse 2 "'a.x1b\[2J.nb.u009bc' is one operand too many" summary lenet5 "$named"
refuse 2 "'a.x1b\[2J.nb.u009bc': expected a whole" summary lenet5 --batch "$named"
refuse 2 'a.x1b\[2J.nb.u009bc holds a run already' train "$network" ../tiny \
  --out "$named"
