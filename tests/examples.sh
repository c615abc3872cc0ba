#!/bin/sh
# Installs to a fresh prefix and builds examples/ against that alone: with the
# CMake package, with pkg-config, and with pkg-config and the static library.
. "$SOURCE_DIR/tests/common.sh"

prefix=$work/prefix
cmake --install "$BUILD_DIR" --prefix "$prefix" >"$work/log" ||
  fail "$(cat "$work/log")"
[ -x "$prefix/bin/svertka" ] || fail "the program is not installed"

cmake -S "$SOURCE_DIR/examples" -B "$work/cmake" \
  -DCMAKE_PREFIX_PATH="$prefix" >"$work/log" || fail "$(cat "$work/log")"
cmake --build "$work/cmake" >"$work/log" || fail "$(cat "$work/log")"

PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name svertka.pc)")
export PKG_CONFIG_PATH
shared=$(pkg-config --cflags --libs svertka)
static=$(pkg-config --static --cflags --libs svertka |
  sed 's/-lsvertka/-l:libsvertka.a/g')
count=0
for file in "$SOURCE_DIR"/examples/*.c "$SOURCE_DIR"/examples/*.cpp; do
  [ -e "$file" ] || continue
  case $file in *.cpp) compiler=${CXX:-c++} ;; *) compiler=${CC:-cc} ;; esac
  for libraries in "$shared" "$static"; do
    $compiler "$file" -o "$work/example" $libraries -pthread || fail "$file"
  done
  count=$((count + 1))
done
[ $count -gt 0 ] || fail "there is no example"
echo "$count examples"
