#!/bin/sh
# The experiments of docs/experiments.md on fewer images: their figures come out
# as the lecture says.
. "$SOURCE_DIR/tests/common.sh"

networks=$SOURCE_DIR/examples/networks
cd "$work"
mkdir few
fashion train 3000 few
fashion t10k 2000 few

# train OUT NETWORK OPTION...
train() {
  out=$1 network=$2
  shift 2
  "$SVERTKA" train "$networks/$network.txt" few --threads 1 --batch 32 \
    --val 200 --out "$out" "$@" >"$out.said" 2>&1 ||
    fail "train $network $*: $(cat "$out.said")"
}
# last COLUMN RUN: of the last row of log.csv.
last() {
  awk -F, -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i }
    END { print $c }' "$2/log.csv"
}
# key NAME FILE: the first such number of a JSON file.
key() {
  sed -n "s/^ *\"$1\": \\([-0-9.e]*\\),*\$/\\1/p" "$2" | head -n 1
}
# layer LAYER NAME FILE: a number of a layer of `svertka units --json`.
layer() {
  awk -v layer="\"$1\"" -v name="\"$2\":" '
    $1 == "\"name\":" { here = $2 == layer "," }
    here && $1 == name { sub(",", "", $2); print $2; exit }' "$3"
}
top1() {
  "$SVERTKA" eval "$1/model.onnx" few --threads 1 --json >json ||
    fail "eval $1"
  key top1 json
}
units() {
  run=$1
  shift
  "$SVERTKA" units "$run/model.onnx" few --threads 1 --json "$@" >json ||
    fail "units $run"
}
# holds WHAT CONDITION: a condition of awk.
holds() {
  awk "BEGIN { exit !($2) }" || fail "$1: not $2"
}

# ---- The gradient on its way through twenty layers ------------------------
for network in sigmoid20 residual20; do
  train $network $network --epochs 2 --samples 1000 --rate 0.01 --log-gradients
  [ -s $network/gradients.png ] || fail "no picture of the gradients"
  [ "$(wc -l <$network/gradients.csv)" = 3 ] || fail "not a row an epoch"
  awk -F, 'NR > 1 { print $2 / $NF }' $network/gradients.csv >$network.ratio
done
while read -r ratio; do
  holds "sigmoid: first over last gradient" "$ratio > 0 && $ratio < 1e-6"
done <sigmoid20.ratio
while read -r ratio; do
  holds "residual: first over last gradient" "$ratio > 0.1 && $ratio < 10"
done <residual20.ratio

"$SVERTKA" train "$networks/mlp.txt" few --threads 1 --samples 500 --epochs 1 \
  --out sigmoid20 --force >out 2>&1 || fail "--force: $(cat out)"
[ "$(echo sigmoid20/gradients*)" = 'sigmoid20/gradients*' ] ||
  fail "an old run's gradients stay"

# ---- A start, batch normalisation, saturated and dead units ---------------
train xavier tanh8 --epochs 4 --rate 0.01 --init xavier
train small tanh8 --epochs 4 --rate 0.01 --init 'normal 0.01'
train large tanh8 --epochs 4 --rate 0.01 --init 'normal 1'
train small-norm tanh8-norm --epochs 4 --rate 0.01 --init 'normal 0.01'
train large-norm tanh8-norm --epochs 4 --rate 0.01 --init 'normal 1'
good=$(last val_top1 xavier)
holds "xavier" "$good > 0.75"
holds "too small a start" "$(last val_top1 small) < 0.2"
holds "too large a start" "$(last val_top1 large) < $good - 0.25"
holds "small, normalised" "$(last val_top1 small-norm) > 0.6"
holds "large, normalised" \
  "$(last val_top1 large-norm) > $(last val_top1 large) + 0.15"
units large
for i in 1 2 3 4 5 6 7; do
  holds "saturated by too large a start" "$(layer tanh$i off json) > 0.8"
done
units xavier
for i in 2 3 4 5 6 7; do
  holds "saturated after xavier" "$(layer tanh$i off json) < 0.2"
done
train calm mlp --epochs 3 --rate 0.01
units calm
[ "$(layer relu1 dead json)" -le 2 ] || fail "dead units at a low rate"
train hasty mlp --epochs 3 --rate 0.5
units hasty
[ "$(layer relu1 dead json)" -ge 15 ] || fail "no dead units at a high rate"
"$SVERTKA" plot xavier small large --out curves.png >out || fail "plot"
[ -s curves.png ] || fail "plot wrote nothing"

# ---- Centred data ---------------------------------------------------------
train centred tanh8 --epochs 3 --rate 0.05 --schedule constant
train shifted tanh8 --epochs 3 --rate 0.05 --schedule constant --normalise scale
holds "centring" \
  "$(last train_loss shifted) > 1.1 * $(last train_loss centred)"

# ---- Permuted pixels: the MLP does not care, the CNN falls ----------------
plain=0 permuted=0
for seed in 1 2 3; do
  train mlp$seed mlp --epochs 4 --seed $seed
  train mlp$seed-permuted mlp --epochs 4 --seed $seed --permute-pixels 1
  plain="$plain + $(top1 mlp$seed) / 3"
  permuted="$permuted + $(top1 mlp$seed-permuted) / 3"
done
holds "the MLP" "$plain - ($permuted) < 0.02 && $permuted - ($plain) < 0.02"
train cnn pooling --epochs 5
train cnn-permuted pooling --epochs 5 --permute-pixels 1
holds "the CNN" "$(top1 cnn) - $(top1 cnn-permuted) > 0.025"

# ---- A shift of one pixel, with pooling and without -----------------------
train strides strides --epochs 5
units cnn --shift 1
before=$(layer relu1 unchanged json) pooled=$(layer max_pool1 unchanged json)
told=$(key same_class json)
holds "pooling" "$pooled > $before + 0.08"
units strides --shift 1
holds "no pooling" "$pooled > $(layer relu1 unchanged json) + 0.05"
holds "keep their predicted class" "$told > $(key same_class json)"

# ---- Refused --------------------------------------------------------------
# refused STATUS WORDS COMMAND...
refused() {
  wanted=$1 words=$2 got=0
  shift 2
  "$SVERTKA" "$@" >out 2>err || got=$?
  [ $got = "$wanted" ] || fail "exit status $got, not $wanted: $* $(cat err)"
  grep -q -e "$words" err || fail "'$words' is not said by: $* $(cat err)"
}
refused 2 'permuted pixels' units cnn-permuted/model.onnx few --shift 1
refused 2 '28 wide' units cnn/model.onnx few --shift 28
refused 2 'svertka.image.mean, svertka.image.dev' units lenet5 few \
  --random-weights
refused 2 "no column 'top1'; it has: epoch, step" plot cnn -y top1
refused 2 'would be overwritten' plot cnn --out cnn/log.csv
refused 2 "'maybe'" train mlp few --normalise maybe
printf 'epoch,a\n1,x\n' >bad.csv
refused 1 "bad.csv: line 2: 'x' is not a number" plot bad.csv -y a
