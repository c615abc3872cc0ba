#!/bin/sh
# configs.sh asan|minimal|clang: the tree in another configuration, built
# without a warning, and its quick tests.
. "$SOURCE_DIR/tests/common.sh"

folder=$BUILD_DIR/$1
cd "$SOURCE_DIR"
unset SVERTKA MAKEFLAGS
werror=ON
quick=-DCMAKE_C_FLAGS_RELEASE=-O1 # to compile
case $1 in
  asan) configure="--preset asan" werror=OFF ;; # it confuses GCC's warnings
  minimal) configure="--preset minimal $quick" ;;
  clang) configure="--preset release $quick -DCMAKE_C_COMPILER=clang" ;;
  *) fail "which configuration?" ;;
esac
{
  cmake $configure -B "$folder" -DSV_WERROR=$werror &&
    cmake --build "$folder" -j2
} >"$work/log" 2>&1 || fail "$(grep -A9 -e error: -e Error "$work/log")"
# Sanitizers see every quick test, the other two what depends on compiler and
# backends.
some=
[ "$1" = asan ] || some="-R ^(test_|opcheck|onnx$|cli$) -E test_kill|test_onnx$|_train$"
ctest --test-dir "$folder" -LE 'slow|structure|figures' $some -j2 \
  --output-on-failure

# Clang's own OpenMP must answer for the libgomp that other libraries ask for:
# two of them would start two teams of threads.
if [ "$1" = clang ] && LD_BIND_NOW=1 LD_DEBUG=bindings "$folder/svertka" \
  --version 2>&1 | grep 'to .*/libgomp' | grep -v 'file .*/libgomp.* to'; then
  fail "two OpenMP libraries in one process"
fi
