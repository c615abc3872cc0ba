#!/bin/sh
# What exporters and tools write around the layers, against the numbers of ONNX
# Runtime (scripts/make_fixtures_graphs.py), as loaded and as saved again; and what
# is refused, with the words that say why.
. "$SOURCE_DIR/tests/common.sh"
graphs=$SOURCE_DIR/tests/fixtures/graphs

check() {
  "$SVERTKA" onnx-test "$@" >"$work/out" || fail "$(cat "$work/out")"
  grep '^unsupported' "$work/out" && fail "refused"
  tail -n 1 "$work/out"
}
check "$graphs"
check --backend ref "$graphs"

for model in "$graphs"/*/model.onnx; do
  folder=$(dirname "$model")
  name=$(basename "$folder")
  mkdir "$work/$name"
  cp -r "$folder"/test_data_set_0 "$work/$name"
  "$SVERTKA" convert "$model" "$work/$name/model.onnx" >/dev/null ||
    fail "$name: is not saved"
done
check "$work"

# A window of an odd size that is as wide to both sides is an LRN, which trains;
# one of an even size, or to one side, is none.
operators() {
  "$SVERTKA" summary --json --image 6x4x3 "$graphs/$1/model.onnx" |
    sed -n 's/^ *"operator": "\(.*\)",$/\1/p' | tr '\n' ' '
}
for name in lrn_5_reshape lrn_3_unsqueeze lrn_5_pool_pads lrn_5_free; do
  [ "$(operators $name)" = 'lrn ' ] || fail "$name: $(operators $name)"
done
for name in lrn_4_reshape lrn_4_forward lrn_5_aside; do
  operators $name | grep -q avg_pool || fail "$name: $(operators $name)"
done

while read -r name words; do
  "$SVERTKA" summary "$graphs/refused/$name.onnx" 2>"$work/error" >/dev/null &&
    status=0 || status=$?
  [ $status = 1 ] || fail "$name: status $status: $(cat "$work/error")"
  grep -qF -- "$words" "$work/error" ||
    fail "$name: expected '$words': $(cat "$work/error")"
done <"$graphs/refused/words.txt"
