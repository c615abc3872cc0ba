#!/bin/sh
# Installs to a fresh prefix and builds examples/ against that alone: with the
# CMake package and with pkg-config, the shared library and the static one.
. "$SOURCE_DIR/tests/common.sh"

prefix=$work/prefix
cmake --install "$BUILD_DIR" --prefix "$prefix" >"$work/log" ||
  fail "$(cat "$work/log")"
[ -x "$prefix/bin/svertka" ] || fail "the program is not installed"

for static in OFF ON; do
  cmake -S "$SOURCE_DIR/examples" -B "$work/$static" -G Ninja \
    -DCMAKE_PREFIX_PATH="$prefix" -DSV_STATIC=$static >"$work/log" ||
    fail "$(cat "$work/log")"
  cmake --build "$work/$static" >"$work/log" || fail "$(cat "$work/log")"
done

PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name svertka.pc)")
export PKG_CONFIG_PATH
shared=$(pkg-config --cflags --libs svertka)
# Nothing that only the library itself or the program is made of.
case $shared in
  *cairo* | *glib* | *png* | *jpeg* | *protobuf*) fail "pkg-config: $shared" ;;
esac
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
