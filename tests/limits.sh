#!/bin/sh
# What the system limits: with little memory every verb ends by itself, well or
# with one line, whatever it was doing and whichever library asked.
. "$SOURCE_DIR/tests/common.sh"

cd "$work"
mkdir few
fashion train 100 few
fashion t10k 100 few
cat >net.txt <<END
input 1x28x28; conv 16 3x3; batch_norm; relu; conv 64 3x3; relu; max_pool 2
conv 32 1x1; relu; flatten; linear 10
END
train() {
  "$SVERTKA" train net.txt few --val 20 --epochs 1 --out run --force --threads 2
}
train >out 2>err || fail "$(cat err)"
mv run whole

# A sanitizer's program has no place below a limit.
(ulimit -v 400000 && "$SVERTKA" --version) >out 2>&1 || exit 0

# within COMMAND...: ends well, or with one line that says why.
within() {
  got=0
  (ulimit -v "$limit" && "$@") >out 2>err || got=$?
  case $got in
    0) ;;
    127) ;; # not even the libraries were loaded
    1)
      short=$((short + 1))
      [ "$(grep -vc '^epoch' err)" = 1 ] || fail "$limit: $* $(cat err)"
      ;;
    *) fail "status $got under $limit KB: $* $(cat err)" ;;
  esac
}

short=0
for limit in 90000 130000 150000 160000 170000 180000 200000 260000; do
  within train
  within "$SVERTKA" eval whole/model.onnx few --threads 2
done
[ $short -gt 3 ] || fail "no limit was met"
for limit in 60000 75000 90000 120000; do
  within "$SVERTKA" summary whole/model.onnx
  within "$SVERTKA" convert whole/model.onnx folded.onnx --fold --force
done
