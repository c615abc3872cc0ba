#!/bin/sh
# fuzz/run.sh [SECONDS] [libFuzzer's options]: builds the fuzzer of ONNX files
# into build/fuzz and runs it, from the models of ONNX's own tests and
# fuzz/corpus. New ways through the program stay in build/fuzz/corpus; a finding
# is a file there, too, named crash-*, oom-* or timeout-*, and the exit status.
# A finding that is mended belongs into fuzz/corpus, which `make test` replays.
set -eu
cd "$(dirname "$0")/.."
folder=${BUILD_DIR:-build}/fuzz
seconds=${1:-1800}
[ $# -gt 0 ] && shift
data=${ONNX_TESTDATA:-/usr/share/libonnx-testdata/data}

cmake --preset fuzz -B "$folder" >/dev/null
cmake --build "$folder" --target fuzz_onnx

mkdir -p "$folder/corpus" "$folder/seeds" "$folder/findings"
find "$data" -name model.onnx -size -8k | while read -r model; do
  cp -f "$model" "$folder/seeds/$(basename "$(dirname "$model")").onnx"
done
exec "$folder/fuzz/fuzz_onnx" -max_total_time="$seconds" -max_len=16384 \
  -timeout=10 -rss_limit_mb=2048 -artifact_prefix="$folder/findings/" \
  -print_final_stats=1 "$@" "$folder/corpus" "$folder/seeds" fuzz/corpus
