#!/bin/sh
# Dependencies run downward only, and no backend is named outside its folder
# and the registry. First planted offences, which must be found; then the tree.
. "$SOURCE_DIR/tests/common.sh"

order="base tensor ops graph BACKENDS plan onnx zoo data dist train look cli"

# The folders of the tree $1, one "rank name" a line; backends share a rank.
ranks() {
  rank=0
  for name in $order; do
    rank=$((rank + 1))
    if [ $name = BACKENDS ]; then
      for file in "$1"/src/*/backend.c; do
        echo "$rank $(basename "$(dirname "$file")")"
      done
    else
      echo "$rank $name"
    fi
  done
}

# Prints every offence in the tree $1. A public header belongs to the folder of
# its name, svertka.h above them all; one that no folder is called after may be
# included from everywhere.
offences() (
  cd "$1"
  ranks . >"$work/ranks"
  echo "99 svertka" >>"$work/ranks"
  for folder in src/*/; do
    name=$(basename "$folder")
    grep -q " $name\$" "$work/ranks" ||
      echo "$folder: not in the order of folders"
  done
  grep -n '^ *# *include *["<]' src/*/*.[ch] /dev/null |
    sed -n 's|^src/\([^/]*\)/\([^:]*:[0-9]*\):.*["<]\(svertka/\)\{0,1\}\([a-z_]*\)[/.].*[">].*|\1 \2 \4|p' |
    awk 'NR == FNR { rank[$2] = $1; next }
         $3 in rank && $1 != $3 && rank[$3] >= rank[$1] {
           print "src/" $1 "/" $2 ": includes from " $3 }' "$work/ranks" -
  for file in src/*/backend.c; do
    name=$(basename "$(dirname "$file")")
    grep -rniE "$name" src include |
      grep -vE "^src/($name/|ops/ops\.def:)" || true
  done
)

# A copy of the tree with one more line at the end of a file: $2 in $1, to be
# found as $3.
plant() {
  rm -rf "$work/tree"
  mkdir "$work/tree"
  cp -r "$SOURCE_DIR/src" "$SOURCE_DIR/include" "$work/tree"
  mkdir -p "$(dirname "$work/tree/$1")"
  echo "$2" >>"$work/tree/$1"
  offences "$work/tree" | grep -q "^$3" || fail "not found: '$2' in $1"
}
backend=$(basename "$(dirname "$(ls "$SOURCE_DIR"/src/*/backend.c | head -1)")")
plant src/base/error.c '#include "plan/plan.h"' src/base/error.c:
plant src/tensor/tensor.h '#include <svertka/graph.h>' src/tensor/tensor.h:
plant src/graph/new.c "#include \"$backend/kernel.h\"" src/graph/new.c:
plant src/plan/new.c "/* for $backend only */" src/plan/new.c:
plant include/svertka/base.h "int sv_${backend}_flags(void);" include/svertka/
plant src/other/new.c 'int i;' src/other/:
mkdir "$work/tree/src/second"
plant_second=$work/tree/src/second/backend.c
echo "#include \"$backend/kernel.h\"" >"$plant_second"
offences "$work/tree" | grep -q '^src/second/backend.c:' ||
  fail "not found: a backend that includes another"

offences "$SOURCE_DIR" >"$work/found"
if [ -s "$work/found" ]; then
  cat "$work/found"
  fail "the order is $order"
fi
