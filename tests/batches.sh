#!/bin/sh
# A network of a fixed batch, as PyTorch's exporters write it, answers as the same
# network of a free one: batches are made to fit, and what fills them up does not
# count (scripts/make_fixtures_graphs.py).
. "$SOURCE_DIR/tests/common.sh"
fixed=$SOURCE_DIR/tests/fixtures/graphs/fixed

mkdir "$work/few"
fashion train 60 "$work/few"
fashion t10k 45 "$work/few" # 4 and 7 do not divide it
cd "$work"
how='--mean 0.3 --deviation 0.4 --threads 1'

svertka() {
  "$SVERTKA" "$@" 2>err || fail "$*: $(cat err)"
}

# Numbers to 4 digits after the point: kernels for other batches round otherwise.
same() {
  awk -v other="$2" '
    function number(s) { return match(s, /-?[0-9]+(\.[0-9]+)?(e-?[0-9]+)?/) }
    { if ((getline line <other) <= 0) exit 1
      while (number($0) && number(line)) {
        number($0); a = substr($0, RSTART, RLENGTH) + 0
        before = substr($0, 1, RSTART - 1); $0 = substr($0, RSTART + RLENGTH)
        number(line); b = substr(line, RSTART, RLENGTH) + 0
        if (before != substr(line, 1, RSTART - 1)) exit 1
        line = substr(line, RSTART + RLENGTH)
        if (a - b > 1e-4 || b - a > 1e-4) exit 1
      }
      if ($0 != line) exit 1 }
    END { if ((getline line <other) > 0) exit 1 }' "$1"
}

svertka eval "$fixed/free.onnx" few $how --picture told.png >/dev/null
# The network of bytes has mean and deviation inside: none are given.
for batch in free 1 4 7 bytes; do
  model=$fixed/$batch.onnx
  [ $batch != bytes ] || how='--threads 1'
  svertka eval "$model" few $how --json >"eval.$batch"
  svertka eval "$model" few $how --batch 3 --csv "each.$batch" >/dev/null
  cut -d, -f1-3 "each.$batch" >"classes.$batch"
  svertka units "$model" few $how --samples 10 --shift 1 --json >"units.$batch"
  svertka predict "$model" told.png $how --top 10 --json >"told.$batch"
  svertka bench "$model" --infer --seconds 0.1 --threads 1 --json >"bench.$batch"
  [ $batch != bytes ] || cp units.free units.bytes # it has more layers
  for what in eval classes units told; do
    same $what.free $what.$batch || fail "batch of $batch, $what: \
$(diff $what.free $what.$batch)"
  done
  svertka train "$model" few --epochs 1 --batch 8 --threads 1 \
    --out "run.$batch" >/dev/null
done
status 2 'is u8 and takes pixels from 0 to 255 unchanged: expected mean 0' \
  "$SVERTKA" predict "$fixed/bytes.onnx" told.png --mean 0.5 --deviation 0.5
grep -q '"batch": 7' bench.7 || fail "bench of 7: $(cat bench.7)"
status 2 "the network's batch is fixed at 7, --batch 3 given" \
  "$SVERTKA" bench "$fixed/7.onnx" --batch 3
grep -q '"samples": 45' eval.7 || fail "eval of 7: $(cat eval.7)"
