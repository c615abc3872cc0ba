#!/bin/sh
# Data sets with damaged files: what data check reports, how training stops or
# skips; and data sets that have other classes than the model.
. "$SOURCE_DIR/tests/common.sh"
cd "$work"
images=$SOURCE_DIR/tests/fixtures/images

# noise SEED FROM TO: 192 bytes between these values, as octal escapes
noise() {
  awk -v seed="$1" -v from="$2" -v to="$3" 'BEGIN {
    srand(seed)
    for (i = 0; i < 192; i++) printf "\\%03o", from + int(rand() * (to - from))
  }'
}
# image FILE SEED FROM TO: a BMP of 8x8 pixels
image() {
  mkdir -p "$(dirname "$1")"
  {
    printf 'BM\366\0\0\0\0\0\0\0\066\0\0\0\050\0\0\0\010\0\0\0\010\0\0\0'
    printf '\001\0\030\0\0\0\0\0\300\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0'
    printf "$(noise "$2" "$3" "$4")"
  } >"$1"
}
photos() { # FOLDER: three classes, dark to bright
  for i in 1 2 3 4 5 6 7 8 9; do
    image "$1/ant/$i.bmp" $((100 + i)) 0 80
    image "$1/bee/$i.bmp" $((200 + i)) 80 170
    image "$1/cat/$i.bmp" $((300 + i)) 170 255
  done
}
net='input 3x8x8; conv 4 3x3; relu; flatten; linear 3'

# ---- data check ----

photos good
"$SVERTKA" data check good >out || fail "good data: exit status $?"
grep -q '^27 images in 3 classes: 21 train 6 test$' out || fail "$(cat out)"
grep -q '^0 unreadable; 0 duplicates' out || fail "$(cat out)"
"$SVERTKA" data check good --json >json
tr -d ' \n' <json | grep -q '"samples":{"train":21,"val":0,"test":6}' ||
  fail "$(cat json)"

# Damaged files by name and reason; a wrong ending is no damage.
cp -r good bad
jpeg=$(ls "$images"/*.jpg | head -1) png=$(ls "$images"/*.png | head -1)
head -c 300 "$jpeg" >bad/ant/short.jpg
head -c 60 "$png" >bad/ant/short.png
: >bad/bee/empty.png
echo 'no image' >bad/bee/text.jpg
cp good/cat/1.bmp bad/cat/copy.jpg
ln -s /nowhere/at/all bad/cat/dangling.png
broken() { "$SVERTKA" data check "$@" >out 2>err && fail "exit status 0: $*"; :; }
broken bad
for file in ant/short.jpg ant/short.png bee/empty.png bee/text.jpg \
  cat/dangling.png; do
  grep -q "^    bad/$file: .*(t[rainest]*)\$" out || fail "$file: $(cat out)"
done
grep -q '^5 unreadable; 1 duplicates in 1 groups' out || fail "$(cat out)"
broken bad --json
tr -d ' \n' <out | grep -q '"file":"bad/bee/empty.png"' || fail "$(cat out)"

# The same image in two parts, with another label; an image that is nearly one.
mkdir split
cp -r good split/train
mkdir -p split/val/ant split/test/bee
cp good/ant/1.bmp split/val/ant/again.bmp
cp good/cat/2.bmp split/test/bee/wrong.bmp
cp "$jpeg" split/train/ant/photo.jpg
"$SVERTKA" data check split >out
grep -q '^the same image with different labels:' out || fail "$(cat out)"
grep -A2 'different labels' out | grep -q 'split/test/bee/wrong.bmp (test, bee)' ||
  fail "$(cat out)"
grep -A2 'in several parts:' out | grep -q 'split/val/ant/again.bmp (val, ant)' ||
  fail "$(cat out)"
grep -q '2 are in several parts and 1 have different labels' out ||
  fail "$(cat out)"

# What cannot be a data set is one line.
mkdir -p empty/a empty/b single
status 1 'not a recognised data set' "$SVERTKA" data check empty
photos hollow && mkdir hollow/dog
status 1 'hollow/dog: a class folder without images' \
  "$SVERTKA" data check hollow
photos single/a && mv single/a/ant/*.bmp single/a/ && rm -r single/a/*/
status 1 "one class folder, 'a'" "$SVERTKA" data check single
mkdir -p one/a one/b
cp good/ant/1.bmp one/a/
status 1 'one/b: a class folder without images' "$SVERTKA" data check one
cp good/bee/1.bmp one/b/
"$SVERTKA" data check one >out || fail "two images: $(cat out)"
grep -q '^no test set: one: no images for testing' out || fail "$(cat out)"
status 2 'expected' "$SVERTKA" data check

# ---- Training with damaged files ----

train() { "$SVERTKA" train "$net" "$@" --epochs 3 --batch 4 --threads 1 --force; }
status 1 'bad/[a-z]*/[a-z]*\.' train bad --out run
status 1 'bad/[a-z]*/[a-z]*\.' train bad --out run --samples 20 --mean 0,0,0 \
  --deviation 1,1,1
train bad --out skipped --skip-bad --json >out 2>err || fail "$(cat err)"
grep -q 'skipped: bad/ant/short.jpg: ' err || fail "$(cat err)"
lost=$(sed -n 's/.*"skipped": \([0-9]*\).*/\1/p' out)
[ "$lost" -ge 3 ] || fail "skipped: $(cat out)"
[ "$(wc -l <skipped/unreadable.csv)" = $((lost + 1)) ] ||
  fail "$(cat skipped/unreadable.csv)"
head -1 skipped/unreadable.csv | grep -qx 'file,reason' ||
  fail "$(cat skipped/unreadable.csv)"

# Without damaged files --skip-bad changes nothing.
train good --out plain >/dev/null 2>&1 || fail "good data"
train good --out asked --skip-bad --json >out 2>/dev/null || fail "good data"
grep -q '"skipped": 0' out || fail "$(cat out)"
[ ! -e asked/unreadable.csv ] || fail "an empty list"
rows() { cut -d, -f1-10 "$1/log.csv"; }
rows plain >one.csv && rows asked | cmp - one.csv || fail "other figures"

# A run that is killed goes on to the same bits, and knows what it skipped.
"$SVERTKA" train "$net" bad --epochs 3 --batch 4 --threads 1 --out killed \
  --skip-bad >/dev/null 2>err &
kill_once_saved killed $! || :
if [ -e killed/last.onnx ]; then
  "$SVERTKA" train --resume killed --threads 1 >/dev/null 2>err ||
    grep -q 'finished' err || fail "$(cat err)"
  rows skipped >one.csv && rows killed | cmp - one.csv ||
    fail "a resumed run differs"
fi

status 1 'has no readable training images' sh -c "
  cp -r good lost; for f in lost/bee/*; do echo >\$f; done
  '$SVERTKA' train '$net' lost --out lostrun --skip-bad"

# ---- eval ----

"$SVERTKA" train "$net" good --out run --epochs 20 --val 0 --batch 4 \
  --threads 1 --force >/dev/null 2>&1 || fail "training on good data"
status 1 'bad/' "$SVERTKA" eval run bad --split train
"$SVERTKA" eval run bad --split train --skip-bad --skipped list.csv --json \
  >out 2>err || fail "$(cat err)"
grep -q "\"skipped\": $lost" out || fail "$(cat out)"
cmp list.csv skipped/unreadable.csv || fail "$(cat list.csv)"
status 2 'needs --skip-bad' "$SVERTKA" eval run bad --skipped list.csv

# Classes are matched by their names, whatever their numbers.
"$SVERTKA" eval run good --split train --json >out 2>/dev/null
tr -d ' \n' <out | grep -q '"top1":1.0,' || fail "not learned: $(cat out)"
mkdir fewer
cp -r good/bee good/cat fewer
"$SVERTKA" eval run fewer --split train --json >out 2>err || fail "$(cat err)"
tr -d ' \n' <out >flat
grep -q '"top1":1.0,' flat || fail "fewer classes: $(cat out)"
grep -q '"confusion":\[\[0,0,0\],\[0,7,0\],\[0,0,7\]\]' flat || fail "$(cat out)"
cp -r fewer other
mv other/bee other/wasp
status 2 "its class 'wasp' is none of the model's 3 classes" \
  "$SVERTKA" eval run other
