#!/bin/sh
# svertka train --repeat and --test: several seeds, stopped, gone on with, and
# what is refused. On the first images of Fashion-MNIST.
. "$SOURCE_DIR/tests/common.sh"

mkdir "$work/few" "$work/train-only" "$work/other"
fashion train 400 "$work/few"
fashion t10k 100 "$work/few"
fashion train 300 "$work/other"
cp "$work/few"/train-* "$work/train-only"
cd "$work"

train() { "$SVERTKA" train --threads 1 --epochs 2 --batch 20 "$@"; }

# ---- Three seeds are three trainings --------------------------------------
train mlp:hidden=16 few --out series --seed 7 --repeat 3 --test >out 2>err ||
  fail "--repeat: $(cat err)"
for word in '^7 ' '^9 ' '^mean ' '^deviation ' 'Validation' 'Test'; do
  grep -q "$word" out || fail "--repeat tells no '$word': $(cat out)"
done
train mlp:hidden=16 few --out single --seed 8 --test --json >single.json 2>err ||
  fail "--test --json: $(cat err)"
cmp single/model.onnx series/seed-8/model.onnx ||
  fail "seed 8 is another training alone"
cksum series/*/* >before

# Given again it trains nothing, and tells the same.
train mlp:hidden=16 few --out series --seed 7 --repeat 3 --test --json \
  >json 2>err || fail "--repeat, again: $(cat err)"
! [ -s err ] || fail "what is finished is trained again: $(cat err)"
cksum series/*/* | cmp before - || fail "--repeat, again, changed a run"
grep -q '"seed": 9' json || fail "--repeat --json has no seed 9"
for name in test_loss test_top1; do
  line=$(grep -o "\"$name\": [0-9.e-]*" single.json)
  grep -q "$line" json || fail "$name of seed 8 is not $line"
done
for name in top1 test_top1; do
  values=$(sed -n "s/^ *\"$name\": \([0-9.e-]*\),*$/\1/p" json)
  mean=$(sed -n "s/^ *\"${name}_mean\": \([0-9.e-]*\),*$/\1/p" json)
  deviation=$(sed -n "s/^ *\"${name}_deviation\": \([0-9.e-]*\),*$/\1/p" json)
  echo "$values" | awk -v mean="$mean" -v deviation="$deviation" '
    function off(a, b) { return a - b > 1e-8 || b - a > 1e-8 }
    { v[NR] = $1; sum += $1 }
    END {
      for (i = 1; i <= NR; i++) squares += (v[i] - sum / NR) ^ 2
      exit NR != 3 || mean == "" || deviation == "" || off(mean, sum / NR) ||
        off(deviation, sqrt(squares / (NR - 1)))
    }' || fail "$name: mean $mean or deviation $deviation of" $values
done

# ---- Stopped, damaged, gone on with ---------------------------------------
cp -r series broken
rm -r broken/seed-9 broken/seed-8/model.onnx
train mlp:hidden=16 few --out broken --seed 7 --repeat 3 >out 2>err ||
  fail "--repeat does not go on: $(cat err)"
for seed in 7 8 9; do
  cmp series/seed-$seed/model.onnx broken/seed-$seed/model.onnx ||
    fail "seed $seed, gone on with, is another model"
done

# Many times, since where in a step the signal falls is chance.
for round in 1 2 3 4 5 6 7 8 9 10 11 12; do
  rm -rf slow
  "$SVERTKA" train mlp few --threads 1 --epochs 400 --out slow --repeat 2 \
    >out 2>err &
  process=$!
  tries=0
  while ! [ -s slow/seed-1/last.onnx ]; do
    tries=$((tries + 1))
    [ $tries -lt 6000 ] || fail "no epoch ends: $(cat err)"
    kill -0 $process 2>/dev/null || break
    sleep 0.01
  done
  kill -TERM $process 2>/dev/null || :
  got=0
  wait $process || got=$?
  [ $got = 1 ] || fail "stopped: exit status $got: $(cat err)"
  grep -q 'the same command resumes' err || fail "how to resume is not said"
  ! [ -e slow/seed-2 ] || fail "stopped, it began the next seed"
done

# ---- Refused --------------------------------------------------------------
again() { train "$@" --seed 7 --repeat 3; }
status 2 'started with another network' again lenet5 few --out series
status 2 'not the data of the run' again mlp:hidden=16 other --out series
status 2 'started with rate 0.05' again mlp:hidden=16 few --out series --rate 0.1
status 2 'contains a single run' again mlp:hidden=16 few --out single
status 2 'it excludes --resume' train --resume single --repeat 2
status 2 'it excludes --lr-find' "$SVERTKA" train mlp few --lr-find --repeat 2
status 2 'it excludes --explain-plan' train mlp few --explain-plan --repeat 2
status 2 'is too large for 2 seeds' train mlp few --seed 18446744073709551615 --repeat 2
status 2 'excludes --test' train mlp few --explain-plan --test
status 2 '--lr-find excludes --test' "$SVERTKA" train mlp few --lr-find --test
status 1 't10k' train mlp train-only --out x --test
status 1 't10k' train mlp train-only --out x --test --repeat 2
! [ -e x ] || fail "without test images it was trained"
cksum series/*/* | cmp before - || fail "what was refused changed a run"
