#!/bin/sh
# The backends' kernels at each instruction set, and so at each width of a
# vector, that this machine has, whichever of them the machine would choose.
. "$SOURCE_DIR/tests/common.sh"
cd "$SOURCE_DIR"
opcheck=$BUILD_DIR/tests/opcheck

"$opcheck" --isas >"$work/isas"
count=0
while read -r backend variable isa; do
  env "$variable=$isa" "$opcheck" --backend "$backend" --random 48 \
    >"$work/out" 2>&1 || fail "$variable=$isa: $(cat "$work/out")"
  grep -q "^backend $backend .*\<$isa\$" "$work/out" ||
    fail "$variable=$isa has no effect: $(grep ^backend "$work/out")"
  echo "$variable=$isa: $(tail -1 "$work/out")"
  count=$((count + 1))
done <"$work/isas"

# Ours are at least three: vectors of 4, 8 and 16 floats run everywhere.
[ "$count" -ge 3 ] || fail "instruction sets: $(cat "$work/isas")"
grep -q ' base16$' "$work/isas" || fail "no vectors of 16 floats"

# A name that this machine does not have is refused, never replaced.
for verb in 'bench lenet5' 'op relu --x 1'; do
  got=0
  SVERTKA_SIMD=avx1024 "$SVERTKA" $verb >"$work/out" 2>&1 || got=$?
  [ "$got" != 0 ] &&
    grep -q "SVERTKA_SIMD is 'avx1024', expected one of" "$work/out" ||
    fail "svertka $verb: status $got, $(cat "$work/out")"
done
