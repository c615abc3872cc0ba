#!/bin/sh
# Signals and kills: what is said at once, what stays ignored, what a run that
# ended too early is mended with.
. "$SOURCE_DIR/tests/common.sh"

cd "$work"
mkdir few
fashion train 400 few

# ---- A signal while a step runs --------------------------------------------
# A shell's job in the background ignores SIGINT, and so do we then.
"$SVERTKA" train mlp few --threads 1 --epochs 400 --out slow >out 2>err &
process=$!
tries=0
while ! [ -s slow/last.onnx ]; do
  tries=$((tries + 1))
  [ $tries -lt 6000 ] || fail "no epoch ends: $(cat err)"
  sleep 0.01
done
kill -INT $process
sleep 0.2
! grep -q stopping err || fail "SIGINT was ignored, and is not any more"
kill -TERM $process
got=0
wait $process || got=$?
[ $got = 1 ] || fail "stopped: exit status $got: $(cat err)"
grep -q '^svertka: stopping after this step' err || fail "$(cat err)"
grep -q 'saved; to resume' err || fail "$(cat err)"

# ---- Rows of the log that are gone -----------------------------------------
run() { "$SVERTKA" train "$@" >out 2>err; }
run mlp:hidden=16 few --threads 1 --epochs 4 --val 0.2 --out whole \
  --log-gradients || fail "$(cat err)"
cp -r slow damaged
rows=$(($(wc -l <damaged/log.csv) - 1))
sed -i '2s/,.*//' damaged/log.csv
{ timeout -k 5 20 "$SVERTKA" train --resume damaged || :; } >out 2>err &
process=$!
wait $process || :
grep -q "damaged/log.csv: the rows of 1 of $rows epochs are missing" err ||
  fail "$(cat err)"
awk -F, 'NF != 12 { exit 1 }' damaged/log.csv || fail "$(cat damaged/log.csv)"

# ---- A finished run without its picture ------------------------------------
mv whole/gradients.png before.png
: >whole/gradients.png.999999-1.tmp
status 2 'the run is finished: 4 of 4 epochs' "$SVERTKA" train --resume whole
grep -q 'whole/gradients.png: drawn now' err || fail "$(cat err)"
! [ -e whole/gradients.png.999999-1.tmp ] || fail 'a temporary file stays'
cmp whole/gradients.png before.png || fail "it is another picture"
status 2 'the run is finished' "$SVERTKA" train --resume whole
! grep -q drawn err || fail "it is drawn twice"

# ---- Bits that flipped ------------------------------------------------------
cp whole/model.onnx flipped.onnx
middle=$(($(wc -c <flipped.onnx) / 2))
old=$(od -An -tu1 -j $middle -N 1 flipped.onnx)
printf "\\$(printf '%03o' $((old ^ 1)))" |
  dd of=flipped.onnx bs=1 seek=$middle conv=notrunc 2>/dev/null
status 1 'flipped.onnx: damaged: its contents have changed' "$SVERTKA" summary flipped.onnx
