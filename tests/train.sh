#!/bin/sh
# svertka train, eval, gradcheck, bench through the command line, on the first
# images of Fashion-MNIST.
. "$SOURCE_DIR/tests/common.sh"

mkdir "$work/few" "$work/train-only" "$work/other"
fashion train 1000 "$work/few"
fashion t10k 200 "$work/few"
fashion train 900 "$work/other"
cp "$work/few"/train-* "$work/train-only"
cd "$work"

train() { "$SVERTKA" train --threads 1 --epochs 5 --batch 32 "$@"; }

# ---- A run, twice, and without test images --------------------------------
train lenet5 few --out whole >out 2>err || fail "train: $(cat err)"
grep -q 'whole/model.onnx' out || fail "train does not say where the model is"
[ "$(wc -l <whole/log.csv)" = 6 ] || fail "log.csv has not a row an epoch"
train lenet5 few --out again --json >json 2>err || fail "train --json"
grep -q '"held_out": 100,' json || fail "train --json: held_out"
grep -q '"top1": 0\.' json || fail "train --json gives no top1"
cmp whole/model.onnx again/model.onnx || fail "two runs differ"
mv few few.away && mv train-only few
train lenet5 few --out blind 2>err >out || fail "training needs test images"
cmp whole/model.onnx blind/model.onnx || fail "test images change the training"
rm -r few && mv few.away few

# ---- A single value per channel has no variance ----------------------------
alone='input 1x28x28; conv 2 3x3; global_avg_pool; n = batch_norm; flatten
linear 10; classifier'
status 2 '^svertka train: the last batch, of 1: n: training needs two values' \
  "$SVERTKA" train --threads 1 --batch 299 "$alone" few --samples 300 --out one
status 2 '^svertka train: n: training needs two values or more per channel' \
  "$SVERTKA" train --threads 1 --batch 1 "$alone" few --samples 20 --out one
! [ -e one ] || fail "a training that cannot be leaves a folder"

# ---- What a file cannot say is told before the first step ------------------
untold='input 1x28x28; batch_norm spatial=false; flatten; linear 10; classifier'
status 1 '^svertka train: it cannot be saved: batch_norm1: spatial cannot be' \
  "$SVERTKA" train --threads 1 "$untold" few --samples 300 --out untold
! [ -e untold ] || fail "a training that cannot be saved leaves a folder"

# ---- Stopped by a signal, and gone on with --------------------------------
for signal in INT TERM; do
  # No function here: the signal must reach the program, not a shell.
  "$SVERTKA" train --threads 1 --epochs 5 --batch 32 lenet5 few --out broken \
    >out 2>err &
  process=$!
  tries=0
  while ! [ -s broken/last.onnx ]; do
    tries=$((tries + 1))
    [ $tries -lt 6000 ] || fail "no epoch ends: $(cat err)"
    kill -0 $process 2>/dev/null || break
    sleep 0.01
  done
  kill -$signal $process 2>/dev/null || :
  got=0
  wait $process || got=$?
  # Whoever was faster: the training may have ended before the signal.
  if [ $got = 0 ]; then
    echo "note: SIG$signal came too late"
  else
    [ $got = 1 ] || fail "SIG$signal: exit status $got: $(cat err)"
    grep -q 'svertka train --resume broken' err ||
      fail "SIG$signal: how to resume is not said: $(cat err)"
    status 2 'another network' "$SVERTKA" train mlp few --resume broken
    status 2 'rate 0.05' "$SVERTKA" train --resume broken --rate 0.1
    status 2 'epochs 5' "$SVERTKA" train --resume broken --epochs 9
    status 2 'not the data' "$SVERTKA" train lenet5 other --resume broken
    status 2 'it excludes --out' "$SVERTKA" train --resume broken --out elsewhere
    "$SVERTKA" train lenet5 few --resume broken >out 2>err ||
      fail "train --resume: $(cat err)"
  fi
  cmp whole/model.onnx broken/model.onnx || fail "SIG$signal changed the model"
  cmp whole/last.onnx broken/last.onnx || fail "SIG$signal changed last.onnx"
  rm -r broken
done

# ---- Killed inside an epoch; a full disk ----------------------------------
for steps in 1 10; do
  "$SVERTKA" train --threads 1 --epochs 5 --batch 32 lenet5 few --out killed \
    --checkpoint-every $steps >out 2>err &
  if kill_once_saved killed $!; then
    "$SVERTKA" train --resume killed >out 2>err || fail "resume: $(cat err)"
  fi
  cmp whole/model.onnx killed/model.onnx || fail "SIGKILL changed the model"
  cmp whole/last.onnx killed/last.onnx || fail "SIGKILL changed last.onnx"
  cut -d, -f1-7 whole/log.csv >rows
  cut -d, -f1-7 killed/log.csv | cmp rows - || fail "SIGKILL changed log.csv"
  [ "$(ls killed)" = "$(printf '%s\n' last.onnx log.csv model.onnx \
    previous.onnx)" ] || fail "in the run folder lie: $(ls killed)"
  rm -r killed
done

# 600 KB hold one checkpoint and not the next; the mount goes with its
# namespace. Where none can be made test_kill alone has full disks.
cat >full.sh <<'END'
mkdir full && mount -t tmpfs -o size=600k none full || exit 77
got=0
"$SVERTKA" train --threads 1 --epochs 5 --batch 32 lenet5 few --out full/run \
  --checkpoint-every 3 >out 2>err || got=$?
[ $got = 1 ] || exit 1
grep -q '^svertka train: full/run/last.onnx: cannot write: No space' err || exit 2
grep -q 'to resume: svertka train --resume full/run' err || exit 3
[ "$(ls full/run)" = "$(printf 'last.onnx\nprevious.onnx')" ] || exit 4
mount -o remount,size=9m full
"$SVERTKA" train --resume full/run >out 2>err || exit 5
cmp whole/model.onnx full/run/model.onnx || exit 6
cmp whole/last.onnx full/run/last.onnx || exit 7
END
got=77
! unshare -m true 2>/dev/null || { got=0 && unshare -m sh full.sh || got=$?; }
case $got in
  0) rmdir full ;;
  77) echo "note: no small file system can be mounted" ;;
  *) fail "a full disk ($got): $(cat err)" ;;
esac

# ---- Refused --------------------------------------------------------------
cksum whole/* >before
status 2 '--force replaces' train lenet5 few --out whole
status 2 'finished: 5 of 5.*new run' "$SVERTKA" train --resume whole
status 2 'checkpoint-every' train lenet5 few --out x --checkpoint-every often
status 2 'MODEL and DATA' "$SVERTKA" train lenet5
status 2 'unknown schedule' train lenet5 few --out x --schedule slow
status 2 'a warm-up of 6 epochs in a training of 5' train lenet5 few --out x \
  --epochs 5 --warm-up 6
ln -s few same
for folder in few ./few/ same; do
  status 2 "^svertka train: --out $folder is the folder of DATA; choose another" \
    train lenet5 few --out $folder
done
status 2 'is the folder of DATA' train lenet5 same --out few --repeat 2
[ "$(ls few | wc -l)" = 4 ] || fail "a run is among the data: $(ls few)"
status 2 '--epochs' "$SVERTKA" train lenet5 few --epochs none
status 2 'lenet' "$SVERTKA" train lenet55 few --out x
status 1 'few-not' "$SVERTKA" train lenet5 few-not --out x
status 1 'epoch 1' train lenet5 few --out x --rate 1e6 --weight-decay 1e6
status 1 'epoch 1' train lenet5 few --out whole --force --rate 1e6
status 2 'excludes --json' train lenet5 few --explain-plan --json
status 2 'ends in maps of 4x26x26' train 'input 1x28x28; conv 4 3x3; relu' few
cksum whole/* >after
cmp before after || fail "what was refused changed the run"
! [ -e x ] || fail "a training that failed left a folder"
mkdir held
if command -v flock >/dev/null; then
  status 1 '^svertka train: held: another training is writing to it$' \
    flock held "$SVERTKA" train --threads 1 lenet5 few --out held
else
  echo "note: there is no flock, by which another program holds a run"
fi
train lenet5 few --epochs 1 --val 0 --out held >out 2>err || fail "--val 0"
grep -q 'training loss' err || fail "--val 0: not said to be training"
! grep -q 'validation' out err || fail "--val 0: a validation is told"

# ---- Judged: nothing but the file -----------------------------------------
mkdir alone && cp whole/model.onnx alone
(cd alone && "$SVERTKA" eval model.onnx ../few --json --csv told.csv \
  >../json 2>../err) || fail "eval: $(cat err)"
for key in loss top1 top5 samples per_class confusion brier \
  calibration_error macro weighted calibration; do
  grep -q "\"$key\"" json || fail "eval --json has no $key"
done
grep -q '"samples": 200' json || fail "eval has not 200 samples"
[ "$(wc -l <alone/told.csv)" = 201 ] || fail "eval --csv has not 200 rows"
"$SVERTKA" eval whole/model.onnx few >out 2>err || fail "eval: $(cat err)"
grep -q '^200 images: top-1' out || fail "eval prints no top-1"
"$SVERTKA" eval whole/model.onnx few --picture told.png --matrix m.png \
  >out 2>err || fail "eval --picture: $(cat err)"
[ -s told.png ] && [ -s m.png ] || fail "eval --picture wrote nothing"
"$SVERTKA" eval whole/model.onnx few --top 3 --mistakes 7 --json >json 2>err ||
  fail "eval --mistakes: $(cat err)"
grep -q '"top3": 0\.' json || fail "eval --top 3 gives no top3"
[ "$(grep -c '"label_probability"' json)" = 7 ] || fail "not 7 mistakes"
"$SVERTKA" eval whole/model.onnx few --calibration c.png --mistakes 3 \
  --mistakes-picture wrong.png >out 2>err || fail "eval --calibration"
[ -s c.png ] && [ -s wrong.png ] || fail "eval --calibration wrote nothing"
grep -q 'calibration error 0\.' out || fail "eval prints no calibration error"
status 2 'it would be overwritten' "$SVERTKA" eval whole/model.onnx few \
  --calibration x.png --matrix x.png
status 2 'give --mean, --deviation (the metadata lacks svertka.image.mean' \
  "$SVERTKA" eval lenet5 few --random-weights
head -c 3000 whole/model.onnx >cut.onnx
status 1 'cut.onnx' "$SVERTKA" eval cut.onnx few

# ---- From a file, from text -----------------------------------------------
train whole/model.onnx few --out tuned >out 2>err || fail "tuning: $(cat err)"
"$SVERTKA" eval tuned/model.onnx few --json >json 2>err || fail "eval tuned"
train 'input 1x28x28; conv 4 5x5 stride=2; relu; flatten; linear 10' few \
  >out 2>err || fail "a network as text: $(cat err)"
[ -s runs/network-few/model.onnx ] || fail "no run folder of its own name"
train lenet5 few --explain-plan >out 2>err || fail "--explain-plan: $(cat err)"
grep -q 'arena' out || fail "--explain-plan prints no arena"

# ---- Optimisers, initialisers ---------------------------------------------
tune() { train "$@" --epochs 1; }
tune lenet5 few --out rules --optimiser 'adamw 0.9 0.99' --decay-all \
  --clip-value 1 --clip-norm 0.5 --ema 0.9 --init 'orthogonal 1.4' \
  >out 2>err || fail "adamw: $(cat err)"
"$SVERTKA" eval rules/model.onnx few --json >json 2>err || fail "eval adamw"
tune whole/model.onnx few --out anew --init he >out 2>err ||
  fail "--init of a file: $(cat err)"
tune lenet5 few --out taken --init 'file whole/model.onnx' >out 2>err ||
  fail "--init from a file: $(cat err)"
tune whole/model.onnx few --out given >out 2>err || fail "tuning: $(cat err)"
cmp given/log.csv taken/log.csv >/dev/null ||
  cut -d, -f1-7 given/log.csv >rows && cut -d, -f1-7 taken/log.csv | cmp rows - ||
  fail "weights from a file are not those of the file"
status 2 'adam has no momentum, but 0.9' tune lenet5 few --out x --optimiser adam \
  --momentum 0.9
status 2 'rmsprop_centred, adam, adamw, lars' tune lenet5 few --out x \
  --optimiser adagrad
status 2 'coupled decay it is adam' tune lenet5 few --out x --optimiser adamw \
  --decay coupled
status 2 'ema is 1, expected\|not in 0 < decay < 1' tune lenet5 few --out x \
  --ema 1
status 2 "train: --init: unknown initialiser 'hee'" tune lenet5 few --out x --init hee
status 2 'conv1.weight: whole/model.onnx: ' tune \
  'input 1x28x28; conv 7 3x3; flatten; linear 10' few --out x \
  --init 'file whole/model.onnx'
! [ -e x ] || fail "a training that was refused left a folder"

# ---- Gradients, speed -----------------------------------------------------
"$SVERTKA" gradcheck lenet5 --samples 4 --threads 1 --json >json 2>err ||
  fail "gradcheck: $(cat err)"
grep -q '"pass": true' json || fail "gradcheck --json"
status 1 'is off by' "$SVERTKA" gradcheck lenet5 --samples 2 --tolerance 0 --threads 1
grep -q FAIL out || fail "gradcheck shows no failure"
"$SVERTKA" bench lenet5 --steps 3 --batch 8 --threads 1 --json >json 2>err ||
  fail "bench: $(cat err)"
for key in images_per_second milliseconds inference training; do
  grep -q "\"$key\"" json || fail "bench --json has no $key"
done
