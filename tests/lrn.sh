#!/bin/sh
# Local response normalisations as PyTorch's exporters write them are LRN here,
# with right gradients, and train: tests/fixtures/lrn, scripts/make_fixtures_lrn.py.
. "$SOURCE_DIR/tests/common.sh"

mkdir "$work/few"
fashion train 400 "$work/few"
fashion t10k 100 "$work/few"
cd "$work"
for exporter in torchscript dynamo; do
  model=$SOURCE_DIR/tests/fixtures/lrn/$exporter.onnx
  "$SVERTKA" convert "$model" - >text || fail "$exporter: cannot be read"
  [ "$(grep -c ' = lrn ' text)" = 2 ] || fail "$exporter: $(cat text)"
  grep -q 'avg_pool\|pow' text && fail "$exporter: pieces are left: $(cat text)"
  "$SVERTKA" gradcheck "$model" >out || fail "$exporter: $(cat out)"
  "$SVERTKA" train "$model" few --epochs 4 --val 50 --batch 20 --mean 0.3 \
    --deviation 0.3 --optimiser adam --rate 0.01 --threads 1 --out $exporter >out 2>err ||
    fail "$exporter: $(cat err)"
  awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "train_loss") at = i }
    NR == 2 { first = $at } { last = $at }
    END { exit !(at && first > 0 && last < 0.7 * first) }' $exporter/log.csv ||
    fail "$exporter: the loss does not fall: $(cat $exporter/log.csv)"
  "$SVERTKA" gradcheck $exporter/model.onnx >out || fail "trained: $(cat out)"
done
