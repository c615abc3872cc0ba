#!/bin/sh
# Each public header compiles alone, as C11 and as C++17, without a warning.
. "$SOURCE_DIR/tests/common.sh"

cd "$SOURCE_DIR/include"
warnings="-Wall -Wextra -Wpedantic -Werror -fsyntax-only -I."
for header in svertka/*.h; do
  echo "#include <$header>" >"$work/alone.c"
  cp "$work/alone.c" "$work/alone.cpp"
  for c in "${CC:-cc}" clang; do
    $c -std=c11 $warnings "$work/alone.c" || fail "$header, $c, C11"
  done
  for cxx in "${CXX:-c++}" clang++; do
    $cxx -std=c++17 $warnings "$work/alone.cpp" || fail "$header, $cxx, C++17"
  done
done
