#!/bin/sh
# Dependencies run downward only, and no backend is named outside its folder
# and the registry. First planted offences, which must be found; then the tree.
. "$SOURCE_DIR/tests/common.sh"

order="base tensor ops graph BACKENDS plan onnx zoo data dist train look cli"
# A public header belongs to the folder of its name; these to another one. (The
# words that operators are described in stand in graph.h.)
headers="graph:ops layers:ops state:graph model:graph network:graph
  classify:data rate:train svertka:cli"

backends() {
  for file in src/*/backend.c; do
    [ -e "$file" ] || continue
    basename "$(dirname "$file")"
  done
}

# "name rank" of every folder, backends sharing one, and of the public headers
# as "svertka/name".
ranks() {
  rank=0
  for name in $order; do
    rank=$((rank + 1))
    [ $name = BACKENDS ] && name=$(backends)
    for folder in $name; do
      echo "$folder $rank"
      case $headers in
        *"$folder:"*) ;;
        *) echo "svertka/$folder $rank" ;;
      esac
      for header in $headers; do
        [ "${header#*:}" = "$folder" ] && echo "svertka/${header%:*} $rank"
      done
    done
  done
}

# Every include of ours as "file:line: who whom".
includes() {
  grep -n '^ *# *include' src/*/*.[ch] include/svertka/*.h | sed -n '
    s|^\(src/\([^/]*\)/[^:]*:[0-9]*:\).*<\(svertka/[a-z0-9_]*\)\.h>.*|\1 \2 \3|p
    s|^\(src/\([^/]*\)/[^:]*:[0-9]*:\).*"\([^"/]*\)/.*"|\1 \2 \3|p
    s|^include/\(\(svertka/[^:.]*\)\.h:[0-9]*:\).*<\(svertka/[a-z0-9_]*\)\.h>.*|\1 \2 \3|p'
}

# Prints every offence in the tree $1.
offences() (
  cd "$1"
  ranks >"$work/ranks"
  includes | awk '
    NR == FNR { rank[$1] = $2; next }
    { for (i = 2; i <= 3; i++) if (!($i in rank) && !told[$i]++)
        print $1 " " $i " has no place in the order" }
    $2 != $3 && (rank[$3] > rank[$2] ||
      rank[$3] == rank[$2] && !($3 ~ "/" || $2 ~ "/")) {
        print $1 " " $2 " includes from " $3
      }' "$work/ranks" -
  for name in $(backends); do
    grep -rniE "(^|[^a-z])$name([^a-z]|\$)" src include |
      grep -vE "^src/($name/|ops/ops\.def:)|# *pragma omp" || true
  done
)

# A copy of the tree with one more line, $2, at the end of the file $1: found?
plant() {
  rm -rf "$work/tree"
  mkdir "$work/tree"
  cp -r "$SOURCE_DIR/src" "$SOURCE_DIR/include" "$work/tree"
  mkdir -p "$(dirname "$work/tree/$1")"
  [ "$1" = src/second/kernel.c ] && : >"$work/tree/src/second/backend.c"
  echo "$2" >>"$work/tree/$1"
  offences "$work/tree" | grep -q "${1#include/}:" ||
    fail "a planted offence was not found: '$2' in $1"
}
backend=$(cd "$SOURCE_DIR" && backends | head -1)
plant src/base/error.c '#include "plan/plan.h"'
plant src/tensor/tensor.h '#include <svertka/graph.h>'
plant src/tensor/tensor.h '#include <svertka/state.h>'
plant include/svertka/tensor.h '#include <svertka/plan.h>'
plant src/base/new.c '#include "../plan/plan.h"'
plant src/plan/new.c "#include \"$backend/kernel.h\""
plant src/second/kernel.c "#include \"$backend/kernel.h\""
plant src/other/new.c '#include "base/error.h"'
plant src/train/new.c "/* Only for $backend. */"
plant include/svertka/base.h "int sv_${backend}_flags(void);"

offences "$SOURCE_DIR" >"$work/found"
if [ -s "$work/found" ]; then
  cat "$work/found"
  fail "the order is: $order"
fi
