#!/bin/sh
# svertka train through the command line: the range test, early stopping,
# smoothing and class weights, on the first images of Fashion-MNIST.
. "$SOURCE_DIR/tests/common.sh"

mkdir "$work/few"
fashion train 400 "$work/few"
cd "$work"

train() { "$SVERTKA" train mlp:hidden=16 few --threads 1 --batch 20 "$@"; }

# ---- The range test -------------------------------------------------------
train --lr-find --plot rates.png --csv rates.csv >out 2>err ||
  fail "--lr-find: $(cat err)"
grep -q '^suggested rate 0\.[0-9]*: a tenth of' out || fail "$(cat out)"
grep -q 'falls most steeply at' out || fail "$(cat out)"
[ "$(head -c 4 rates.png | tail -c 3)" = PNG ] || fail "--plot drew no PNG"
head -1 rates.csv | grep -q '^step,rate,loss,smoothed$' || fail "$(cat rates.csv)"
[ "$(wc -l <rates.csv)" -gt 50 ] || fail "--csv has few rows"
! [ -e runs ] || fail "--lr-find left a run folder"
cksum rates.png rates.csv >before
status 2 'rates.png: the file exists' train --lr-find --plot rates.png
status 2 'rates.csv: the file exists' train --lr-find --csv rates.csv
cksum rates.png rates.csv >after
cmp before after || fail "--lr-find wrote over a file"
train --lr-find --csv rates.csv --force --json >json 2>err ||
  fail "--lr-find --json: $(cat err)"
for key in suggested lowest steepest diverged steps points; do
  grep -q "\"$key\"" json || fail "--lr-find --json has no $key"
done
status 1 'reduces the loss in 20 steps' \
  train --lr-find --lr-from 1e-9 --lr-to 1e-8 --lr-steps 20
status 2 '--lr-find excludes --epochs' train --lr-find --epochs 3
status 2 '--lr-find excludes --out' train --lr-find --out x
status 2 '--plot needs --lr-find' train --plot x.png
status 2 'from 1 to 0.1, expected' train --lr-find --lr-from 1 --lr-to 0.1
status 2 'it would be overwritten' train --lr-find --plot x --csv x

# ---- Early stopping -------------------------------------------------------
train --epochs 40 --patience 2 --rate 0.2 --schedule constant --out short \
  --json >json 2>err || fail "--patience: $(cat err)"
grep -q '"stopped_early": true' json || fail "--patience stopped nothing"
grep -q 'stopped early: 2 epochs in a row were no better than' err ||
  fail "--patience does not say so: $(cat err)"
rows=$(($(wc -l <short/log.csv) - 1))
[ "$rows" -lt 40 ] || fail "--patience: $rows epochs"
status 2 "finished: it stopped early after epoch $rows of 40" \
  "$SVERTKA" train --resume short
status 2 'there is no validation set' train --val 0 --patience 2 --out x

# ---- Wider, narrower, with dropout -----------------------------------------
"$SVERTKA" summary lenet5:width=0.5,dropout=0.3 --json >json || fail "width"
grep -q '"parameters": 15738,' json || fail "lenet5:width=0.5 has not 15,738"
[ "$(grep -c '"dropout"' json)" = 2 ] || fail "lenet5:dropout=0.3 has not two"
status 2 'width is 0, expected' "$SVERTKA" summary lenet5:width=0
status 2 'dropout is 1, expected' "$SVERTKA" summary mlp:dropout=1
"$SVERTKA" train mlp:hidden=16x8,dropout=0.2 few --threads 1 --epochs 1 --out d \
  >out 2>err || fail "mlp:dropout: $(cat err)"
"$SVERTKA" eval d/model.onnx few --split train >out 2>err ||
  fail "eval of a network with dropout: $(cat err)"

# ---- Smoothing, class weights ---------------------------------------------
train --epochs 2 --label-smoothing 0.1 --class-weights inverse --warm-up 1 \
  --schedule 'plateau 0.5 0' --out soft >out 2>err || fail "soft: $(cat err)"
status 2 "class weights 'no', expected off" \
  train --class-weights no --out x
status 2 'label-smoothing' train --label-smoothing 1.5 --out x
status 2 'has its own warm-up' train --schedule onecycle --warm-up 1 --out x
! [ -e x ] || fail "a training that failed left a folder"
