#!/bin/sh
# Dependencies run downward only, by the includes and by the symbols that the
# objects need, and no backend is named outside its folder and the registry.
# First planted offences, which must be found; then the tree.
. "$SOURCE_DIR/tests/common.sh"

order="base tensor op geometry graph template ops init text rewrite BACKENDS
  plan onnx zoo task data infer optim dist train look cli"
# The registry is the one place that names what follows it: the operators and the
# backends.
registry=src/op/registry.c
# A public header belongs to the folder of its name; these to another one. (The
# words that operators are described in stand in graph.h.)
headers="graph:op layers:op state:graph inspect:graph analysis:graph model:graph network:text
  loader:data classify:infer rate:train svertka:cli"

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

# What is no backend: an algorithm and its inventor, whom more than one has, and
# the variable that chooses vectors for all backends of our own.
other_names="^src/dnnl/.*winograd|Winograd's|SVERTKA_SIMD"

# Prints every offence in the tree $1.
offences() (
  cd "$1"
  ranks >"$work/ranks"
  includes | grep -v "^$registry:.* ops$" | awk '
    NR == FNR { rank[$1] = $2; next }
    { for (i = 2; i <= 3; i++) if (!($i in rank) && !told[$i]++)
        print $1 " " $i " has no place in the order" }
    $2 != $3 && (rank[$3] > rank[$2] ||
      rank[$3] == rank[$2] && !($3 ~ "/" || $2 ~ "/")) {
        print $1 " " $2 " includes from " $3
      }' "$work/ranks" -
  for name in $(backends); do
    grep -rniE "(^|[^a-z])$name([^a-z]|\$)" src include |
      grep -vE "^src/($name/|ops/ops\.def:)|# *pragma omp|$other_names" || true
  done
)

# "source symbol type" of the objects of a build tree whose sources exist below
# $2: a build folder keeps objects of files that are gone.
objects() ( # BUILT SOURCES
  cd "$1"
  find src -name '*.c.o' | while read -r object; do
    [ -e "$2/${object%.o}" ] && echo "$object"
  done | xargs nm -P -A | sed 's|\.o: | |' | awk '$2 ~ /^sv_/ { print $1, $2, $3 }'
)

# Prints every symbol that an object needs from a later folder.
symbols() { # what `objects` prints
  awk -v registry=$registry '
    FNR == 1 { pass++ }
    pass == 1 { rank[$1] = $2 }
    pass == 2 && $3 ~ /[TDRBVC]/ { home[$2] = $1 }
    pass == 3 && $3 == "U" && $2 in home && $1 != registry {
      split($1, from, "/")
      split(home[$2], to, "/")
      if (from[2] != to[2] && rank[to[2]] >= rank[from[2]])
        print $1 ": " from[2] " needs " $2 " of " home[$2]
    }' "$work/ranks" "$1" "$1"
}

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

(cd "$SOURCE_DIR" && ranks) >"$work/ranks"
objects "$BUILD_DIR/CMakeFiles/sv_objects.dir" "$SOURCE_DIR" >"$work/objects"

# An object that needs a later folder.
plant_symbol() { # SOURCE SYMBOL
  echo "$1 $2 U" | cat "$work/objects" - >"$work/planted"
  symbols "$work/planted" | grep -q "^$1: .* needs $2 of " ||
    fail "a planted offence was not found: $1 needs $2"
}
plant_symbol src/base/new.c sv_plan_free
plant_symbol src/onnx/new.c sv_fit
plant_symbol src/graph/new.c sv_op_conv

offences "$SOURCE_DIR" >"$work/found"
symbols "$work/objects" >>"$work/found"
if [ -s "$work/found" ]; then
  cat "$work/found"
  fail "the order is: $order"
fi
