#!/bin/sh
# Every example that --help shows runs as it is shown: on files of those names,
# a little faster.
. "$SOURCE_DIR/tests/common.sh"

cd "$work"
mkdir -p data/fashion-mnist data/mnist photos runs
fashion train 80 data/fashion-mnist
fashion t10k 20 data/fashion-mnist
cp data/fashion-mnist/* data/mnist
export SVERTKA_DATA="$work/data"

make() {
  "$SVERTKA" "$@" --threads 1 >out 2>err || fail "svertka $*: $(cat err)"
}
"$SVERTKA" data scenes scenes --count 4 --size 28 >out 2>err ||
  fail "scenes: $(cat err)"
for class in cat dog owl yak; do
  mkdir photos/$class
  for i in 1 2 3 4 5 6 7 8; do
    cp "$(ls scenes/images/*.png | head -1)" photos/$class/$i.png
  done
done
"$SVERTKA" data scenes wide --count 1 --size 64 >out 2>err ||
  fail "scenes: $(cat err)"
picture=$(ls scenes/images/*.png | head -1)
for name in shirt.png boot.jpg cat.jpg scene.png photos/a.png; do
  cp "$picture" $name
done
cp "$(ls wide/images/*.png | head -1)" street.png
printf 'cat\ndog\nowl\nyak\n' >names.txt
echo '1 2 3 4; 5 6 7 8; 9 1 2 3; 4 5 6 7' >map.txt
make train 'input 1x28x28; conv 4 5x5; relu; max_pool 2 2; flatten; linear 10' \
  fashion-mnist --epochs 1 --out runs/first
for run in demo xavier poor; do cp -r runs/first runs/$run; done
cp runs/first/model.onnx model.onnx
cp model.onnx kept.onnx
make train lenet5 photos --epochs 1 --out runs/cats
make train fcn_small:width=0.1 scenes --epochs 1 --out runs/scenes
cp runs/scenes/model.onnx fcn.onnx
make train resnet:depth=18,width=0.1,size=32,channels=3 photos --epochs 1 \
  --out runs/resnet
cp runs/resnet/model.onnx resnet18.onnx
cp model.onnx in-parts.onnx
for words in "export squeezenet1_1 weights.safetensors" \
  "export resnet18:classes=4,size=32 mine.safetensors" \
  "import resnet18:classes=4,size=32 mine.safetensors -o old.onnx"; do
  "$SVERTKA" zoo $words >out 2>err || fail "zoo $words: $(cat err)"
done
ln -s /usr/share/libonnx-testdata/data/node/test_conv_with_strides_padding .

# What makes an example fast, after its own words: the last one counts.
faster() {
  case $1 in
  'svertka train'*) echo '--epochs 1 --val 10 --threads 1 --force' ;;
  'svertka data scenes'*) echo '--count 14 --size 28' ;;
  'svertka bench'*) echo '--seconds 0.1' ;;
  'svertka convert'* | 'svertka zoo '*port*) echo '--force' ;;
  'svertka gradcheck'*) echo '--samples 1' ;;
  esac
}

svertka() {
  "$SVERTKA" "$@"
}

count=0
verbs=$("$SVERTKA" --help | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p')
for verb in $verbs 'data scenes' 'zoo import' 'zoo export'; do
  "$SVERTKA" $verb --help | sed '1,/^Examples:/d; s/^  //' >examples
  while IFS= read -r line; do # with \ at the end two lines are one
    while [ "$line" != "${line%\\}" ]; do
      IFS= read -r more || fail "$verb --help ends in a \\"
      line="${line%\\}$more"
    done
    case $line in
    *"onnx-test /usr/"*)
      [ -d "${line##* }" ] || echo "note: no ${line##* }"
      continue ;;
    *--resume*)
      rm -rf runs/lenet5-fashion-mnist
      "$SVERTKA" train lenet5 fashion-mnist --epochs 30 --threads 1 \
        >out 2>err &
      kill_once_saved runs/lenet5-fashion-mnist $! || continue
      more= ;;
    *--lr-find*) more='--threads 1 --force --lr-steps 20' ;;
    *) more=$(faster "$line") ;;
    esac
    case $line in 'svertka data scenes scenes'*) rm -rf scenes ;; esac
    eval "$line $more" >out 2>err </dev/null ||
      fail "svertka $verb --help shows: $line
$(cat err)"
    cp "$work/kept.onnx" model.onnx # convert writes another one
    count=$((count + 1))
  done <examples
done
[ $count -gt 40 ] || fail "only $count examples were found"
echo "$count examples"
