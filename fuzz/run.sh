#!/bin/sh
# fuzz/run.sh [onnx|text|image|readers] [SECONDS] [libFuzzer's options]: builds
# the fuzzer of ONNX files, of networks as text, of image files, or of the files
# of data sets and weights, into build/fuzz and runs it, from the models of ONNX's
# backend tests and fuzz/corpus, from fuzz/texts and the examples, from
# tests/fixtures/images, or from fuzz/readers. New ways through the program stay in build/fuzz/corpus-*; a finding
# is a file in build/fuzz/findings, named crash-*, oom-* or timeout-*, and the
# exit status. A finding that is mended belongs into fuzz/corpus, fuzz/texts,
# tests/fixtures/images or fuzz/readers, which `make test` replays.
set -eu
cd "$(dirname "$0")/.."
folder=${BUILD_DIR:-build}/fuzz
what=onnx
case ${1:-} in onnx | text | image | readers) what=$1 && shift ;; esac
seconds=${1:-1800}
[ $# -gt 0 ] && shift
data=${ONNX_TESTDATA:-/usr/share/libonnx-testdata/data}

cmake --preset fuzz -B "$folder" >/dev/null
cmake --build "$folder" --target "fuzz_$what"

mkdir -p "$folder/corpus-$what" "$folder/seeds" "$folder/findings"
if [ $what = onnx ]; then
  find "$data" -name model.onnx -size -8k | while read -r model; do
    cp -f "$model" "$folder/seeds/$(basename "$(dirname "$model")").onnx"
  done
  set -- -max_len=16384 "$@" "$folder/corpus-$what" "$folder/seeds" fuzz/corpus
elif [ $what = image ]; then
  set -- -max_len=8192 "$@" "$folder/corpus-$what" tests/fixtures/images
elif [ $what = readers ]; then
  set -- -max_len=8192 "$@" "$folder/corpus-$what" fuzz/readers
else
  set -- -max_len=2048 "$@" "$folder/corpus-$what" fuzz/texts examples/networks
fi
exec "$folder/fuzz/fuzz_$what" -max_total_time="$seconds" -timeout=10 \
  -rss_limit_mb=2048 -artifact_prefix="$folder/findings/" \
  -print_final_stats=1 "$@"
