#!/bin/sh
# How pictures are prepared: said by the model file, by options where it says
# nothing, and told where neither does or the file says it wrongly.
. "$SOURCE_DIR/tests/common.sh"

mkdir "$work/few"
fashion train 300 "$work/few"
fashion t10k 100 "$work/few"
cd "$work"

"$SVERTKA" train 'input 1x28x28; conv 4 5x5 stride=2; relu; flatten; linear 10' \
  few --threads 1 --epochs 2 --out run >out 2>err || fail "train: $(cat err)"
"$SVERTKA" eval run/model.onnx few --picture told.png --csv told.csv >out 2>err ||
  fail "eval: $(cat err)"

# A picture to show: the PNG that eval drew will do.
said() { "$SVERTKA" predict run/model.onnx told.png "$@"; }

# The file's own texts: KEY's, by its name up to the dot.
text() {
  LC_ALL=C tr -c '[:print:]' '\n' <run/model.onnx | grep -A2 "^svertka.image.$1" |
    tail -1 | sed 's/r.\?$//' # the next field: that byte, its length
}
mean=$(text mean) deviation=$(text deviation)
[ "$mean" ] && [ "$deviation" ] || fail "the file says no mean"
[ "$(text size)" = 1x28x28 ] || fail "the file says size '$(text size)'"
[ "$(text resize)" = stretch ] || fail "the file says resize '$(text resize)'"

# ---- Options go before the file -------------------------------------------
said >plain 2>err || fail "predict: $(cat err)"
said --mean "$mean" --deviation "$deviation" --size 1x28x28 --resize stretch \
  >same 2>err || fail "predict with options: $(cat err)"
cmp plain same || fail "the file's own texts as options change the result"
for option in '--mean=0.9' '--deviation=2' '--resize=crop' '--pad=9,9,9,9' \
  '--resize=crop 0.5'; do
  said --json "$option" >other 2>err || fail "predict $option: $(cat err)"
  said --json | cmp -s - other && fail "$option changes nothing"
done
printf 'T-shirt\nTrouser\nPullover\nDress\nCoat\nSandal\nShirt\r\nSneaker\nBag\nBoot\n' \
  >names
said --labels names --top 10 >out 2>err || fail "--labels: $(cat err)"
grep -q 'Pullover' out && grep -q ' Shirt$' out || fail "--labels: $(cat out)"

# ---- A file that says nothing ---------------------------------------------
"$SVERTKA" convert 'input 1x28x28; conv 4 5x5; relu; flatten; linear 10' \
  fixed.onnx >out 2>err || fail "convert: $(cat err)"
"$SVERTKA" convert 'input 1,?,?; conv 4 5x5; relu; global_avg_pool; flatten
  linear 10' free.onnx >out 2>err || fail "convert: $(cat err)"
# What random weights say is no finding: refused, unless it is asked for.
random='its weights are random'
status 2 "$random (.conv1.weight. was never trained): train it" \
  "$SVERTKA" predict fixed.onnx told.png --mean 0.5 --deviation 0.25
status 2 "$random" "$SVERTKA" eval lenet5 few
status 2 "$random" "$SVERTKA" heatmap fixed.onnx told.png
status 2 "$random" "$SVERTKA" units 'input 1x28x28; flatten; linear 10' few
status 2 "$random" "$SVERTKA" predict lenet5 told.png
"$SVERTKA" convert fixed.onnx folded.onnx --fold >out 2>err || fail "$(cat err)"
"$SVERTKA" convert fixed.onnx slid.onnx --fully-convolutional || fail "convert"
for file in folded slid; do
  status 2 "$random" "$SVERTKA" predict $file.onnx told.png
done
# Weights that are given, or none, are not.
none='input 1x28x28; avg_pool 7 7; flatten; softmax' given='input 1x28x28; flatten
linear 10 init=ones'
file='input 1x28x28; conv 4 5x5 stride=2 init="file run/model.onnx"; relu
flatten; linear 10 init="file run/model.onnx"'
for network in "$none" "$given" "$file"; do
  "$SVERTKA" predict "$network" told.png --mean 0.5 --deviation 0.5 >out 2>err ||
    fail "predict $network: $(cat err)"
done

free='--random-weights' needs='does not say how to prepare images: give'
status 2 "fixed.onnx $needs --mean, --deviation (the metadata lacks svertka.image.mean, \
svertka.image.deviation)" "$SVERTKA" predict $free fixed.onnx told.png
status 2 "free.onnx $needs --size CxHxW, --mean, --deviation" \
  "$SVERTKA" predict $free free.onnx told.png
status 2 "$needs --deviation (the metadata lacks svertka.image.deviation)" \
  "$SVERTKA" eval $free fixed.onnx few --mean 0.5
status 2 "$needs --mean, --deviation" "$SVERTKA" heatmap $free fixed.onnx told.png
status 2 "$needs --mean, --deviation" "$SVERTKA" units $free fixed.onnx few
"$SVERTKA" predict $free fixed.onnx told.png --mean 0.5 --deviation 0.25 >out 2>err ||
  fail "predict: $(cat err)"
"$SVERTKA" eval $free free.onnx few --size 1x28x28 --mean 0.5 --deviation 0.25 >out \
  2>err || fail "eval: $(cat err)"
"$SVERTKA" heatmap $free free.onnx told.png --size 1x28x28 --mean 0.5 --deviation 0.25 \
  >out 2>err || fail "heatmap: $(cat err)"
"$SVERTKA" units $free fixed.onnx few --mean 0.5 --deviation 0.25 >out 2>err ||
  fail "units: $(cat err)"
# train takes what is given, finds the rest from the data, and saves both.
"$SVERTKA" train fixed.onnx few --threads 1 --epochs 1 --mean 0.5 --resize crop \
  --out kept >out 2>err || fail "train: $(cat err)"
cp kept/model.onnx run/model.onnx
[ "$(text mean)" = 0.5 ] && [ "$(text resize)" = crop ] ||
  fail "train forgot --mean or --resize: $(text mean) $(text resize)"
"$SVERTKA" predict kept/model.onnx told.png >out 2>err || fail "$(cat err)"

# ---- Wrong options --------------------------------------------------------
option() {
  status 2 "--$1: svertka.image.$1: \"$2\", expected" "$SVERTKA" predict $free \
    fixed.onnx told.png "--$1=$2"
}
option size 28x28
option pad 1,2
option resize shrink
option resize 'crop 2'
option order grb
option mean 0.5,x
option deviation nan
status 2 'deviation: 2 numbers, expected 1' "$SVERTKA" predict $free fixed.onnx \
  told.png --mean 0.5 --deviation 1,2
printf 'one\ntwo\n' >two
status 2 '10 classes, but svertka.labels has 2' "$SVERTKA" predict $free fixed.onnx told.png \
  --mean 0.5 --deviation 1 --labels two
status 2 'svertka.labels has 2 names, but the network has 10' "$SVERTKA" eval $free \
  fixed.onnx few --mean 0.5 --deviation 1 --labels two
: >empty
status 1 'empty: an empty file' "$SVERTKA" predict $free fixed.onnx \
  told.png --mean 0.5 --deviation 1 --labels empty

# ---- A file that says it wrongly ------------------------------------------
# The letter behind KEY, two bytes of the format between, becomes an x; without
# its checksum the file would only be damaged.
LC_ALL=C sed -z 's/svertka\.checksum/another.checksum/' kept/model.onnx >open.onnx
spoil() {
  LC_ALL=C sed -z "s/\(svertka\.image\.$1..\)./\1x/" open.onnx >bad.onnx
  ! cmp -s open.onnx bad.onnx || fail "$1 is not spoilt"
}
for key in size pad resize mean deviation; do
  spoil $key
  wrong="svertka.image.$key: \"x"
  status 1 "$wrong" "$SVERTKA" predict bad.onnx told.png
  status 1 "$wrong" "$SVERTKA" eval bad.onnx few
  status 1 "$wrong" "$SVERTKA" heatmap bad.onnx told.png
  status 1 "$wrong" "$SVERTKA" units bad.onnx few
  status 1 "$wrong" "$SVERTKA" train bad.onnx few --epochs 1 --out x
done
! [ -e x ] || fail "what was refused left a folder"
LC_ALL=C sed -z 's/svertka\.image\.pad/svertka.image.dip/' open.onnx >bad.onnx
status 1 'svertka.image.dip: unknown' "$SVERTKA" predict bad.onnx told.png
# A byte of a key, or of the text of a node, that a disk has changed.
for what in svertka.image.pad svertka.labels ai.onnx Conv; do
  bad=$(printf %s "$what" | sed 's/.$/~/')
  LC_ALL=C sed -z "s/$what/$bad/" kept/model.onnx >bad.onnx
  cmp -s kept/model.onnx bad.onnx && continue
  status 1 'bad.onnx: damaged: its contents have changed' "$SVERTKA" predict \
    bad.onnx told.png
  changed=1
done
[ "$changed" ] || fail "nothing was changed"
