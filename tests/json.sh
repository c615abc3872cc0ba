#!/bin/sh
# --json of names that are not UTF-8: nothing is dropped, each byte that is none is
# \xHH in the text, and what is printed is UTF-8.
. "$SOURCE_DIR/tests/common.sh"
export LC_ALL=C
odd=$(printf 'caf\351') # Latin-1

mkdir "$work/few"
fashion train 40 "$work/few"
fashion t10k 20 "$work/few"
cd "$work"

has() {
  words=$1
  shift
  "$SVERTKA" "$@" >out 2>err || [ "$words" = "$lost" ] || fail "$*: $(cat err)"
  grep -qF -- "$words" out || fail "'$words' is not in: $* $(cat out err)"
  grep -q "$(printf '\351')" out && fail "a byte of Latin-1 is in: $* $(cat out)"
  return 0
}
lost='"error": "lost-caf\\xe9.png'

has '"run": "run-caf\\xE9"' train 'input 1x28x28; flatten; linear 10' few \
  --epochs 1 --batch 20 --threads 1 --out "run-$odd" --json
has '"run": "more-caf\\xE9' train 'input 1x28x28; flatten; linear 10' few \
  --epochs 1 --batch 20 --threads 1 --out "more-$odd" --repeat 2 --json
model=run-$odd/model.onnx
"$SVERTKA" eval "$model" few --picture "told-$odd.png" >out 2>err ||
  fail "eval: $(cat err)"
printf 'a\nb\nc\nd\ne\nf\ng\nh\ni\n%s\n' "$odd" >labels
has '"file": "told-caf\\xE9.png"' predict "$model" "told-$odd.png" --json
has '"label": "caf\\xE9"' predict "$model" "told-$odd.png" --json --labels labels \
  --top 10
has "$lost" predict "$model" "lost-$odd.png" "told-$odd.png" --json
[ "$(grep -c '"file"' out)" = 2 ] || fail "predict drops a file: $(cat out)"

has '"name": "caf\\xE9"' eval "$model" few --json --labels labels
[ "$(grep -c '"support"' out)" = 10 ] || fail "eval drops a class: $(cat out)"

# Layers whose names are Latin-1: "conv" became "c\351nv" in the file.
"$SVERTKA" convert 'input 1x28x28; caf_ = conv 4 5x5; relu; flatten; linear 10' \
  plain.onnx >out 2>err || fail "convert: $(cat err)"
LC_ALL=C sed "s/caf_/$odd/g; s/svertka\.checksum/another.checksum/" plain.onnx >"$odd.onnx"
has '"name": "caf\\xE9"' summary "$odd.onnx" --json
[ "$(grep -c '"operator"' out)" = 4 ] || fail "summary drops a layer: $(cat out)"
has 'caf\\xE9' units "$odd.onnx" few --mean 0 --deviation 1 --json \
  --random-weights
has 'caf\\xE9' gradcheck "$odd.onnx" --json
