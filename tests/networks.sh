#!/bin/sh
# Networks from one form into another, and drawn.
. "$SOURCE_DIR/tests/common.sh"

export LC_ALL=C
cd "$work"

# works ARGUMENT...: exit status 0, into out and err.
works() {
  "$SVERTKA" "$@" >out 2>err </dev/null || fail "svertka $*: $(cat err)"
}

# refuse STATUS PATTERN ARGUMENT...: one matching line on stderr.
refuse() {
  want=$1 pattern=$2 status=0
  shift 2
  "$SVERTKA" "$@" >out 2>err </dev/null || status=$?
  [ $status -eq "$want" ] || fail "svertka $*: status $status: $(cat err)"
  [ "$(wc -l <err)" -eq 1 ] || fail "svertka $*: not one line: $(cat err)"
  grep -q -e "$pattern" err || fail "svertka $*: no '$pattern' in: $(cat err)"
}

# ---- convert ----

cat >net.txt <<'END'
define residual(x) channels {
  conv $channels 3x3 padding=same; relu
  conv $channels 3x3 padding=same
  add(., x); relu
}
input 1x12x12; conv 4 3x3
stage = repeat 2 { residual 4 }
flatten; linear 3; classifier
END
works convert net.txt -
cp out written.txt
grep -q '^stage.1.residual1.add1 = add(., stage.0.residual1.relu2)$' out ||
  fail "convert: $(cat out)"
works convert written.txt again.txt
cmp written.txt again.txt || fail "a written text is written otherwise"

# Every architecture reads back; its summary is the same.
for name in $("$SVERTKA" zoo --json | sed -n 's/^    "name": "\(.*\)",$/\1/p'); do
  works convert "$name" zoo.txt --force
  works convert zoo.txt -
  cmp out zoo.txt || fail "$name is written otherwise the second time"
  works summary "$name" --json
  sed 1,2d out >expected
  works summary zoo.txt --json
  sed 1,2d out | cmp - expected || fail "$name as text is another network"
done

# Model files: initialised by the seed, numbers kept.
works convert net.txt a.onnx --seed 7
works convert net.txt b.onnx --seed 7
works convert net.txt c.onnx --seed 8
works convert a.onnx d.onnx
cmp a.onnx b.onnx || fail "the same seed gives other numbers"
cmp -s a.onnx c.onnx && fail "another seed gives the same numbers"
cmp a.onnx d.onnx || fail "numbers change on the way through"
works convert a.onnx -
grep -q '^"\{0,1\}stage.1.residual1.conv2"\{0,1\} = conv 4 3x3 padding=same$' \
  out || fail "a.onnx as text: $(cat out)"

# Nothing is lost.
refuse 2 'a.onnx is there already; --force' convert lenet5 a.onnx
cmp a.onnx b.onnx || fail "a.onnx was replaced"
works convert lenet5 a.onnx --force
cmp -s a.onnx b.onnx && fail "--force does not replace a.onnx"
refuse 2 'is also IN' convert b.onnx ./b.onnx --force
refuse 2 'is also IN' convert net.txt net.txt --force
refuse 2 "'a.c' where NAME.onnx, NAME.txt or -" convert lenet5 a.c
refuse 2 'lenet6' convert lenet6 e.txt
[ ! -e e.txt ] || fail "e.txt is written for a name that is none"
refuse 1 'nowhere' convert lenet5 nowhere/e.txt
printf 'define f(x) {\n  relu(y)\n}\ninput 3; f\n' >bad.txt
refuse 2 "bad.txt:2:8: there is no value 'y' in f (in f at 4:10)" \
  convert bad.txt -
