#!/bin/sh
# configs.sh asan|minimal|clang: the tree in another configuration, built
# without a warning, and its tests.
. "$SOURCE_DIR/tests/common.sh"

folder=$BUILD_DIR/$1
cd "$SOURCE_DIR"
unset SVERTKA MAKEFLAGS
configure="cmake -B $folder -DSV_WERROR=ON"
case $1 in
  asan) $configure --preset asan ;;
  minimal) $configure --preset minimal ;;
  clang) $configure --preset release -DCMAKE_C_COMPILER=clang ;;
  *) fail "which configuration?" ;;
esac >"$work/log" 2>&1 || fail "$(cat "$work/log")"
cmake --build "$folder" -j2 >"$work/log" 2>&1 || fail "$(tail -40 "$work/log")"

tests="-L unit"
[ "$1" = minimal ] && tests="-LE slow"
ctest --test-dir "$folder" $tests -j2 --output-on-failure

# Clang's own OpenMP must answer for the libgomp that other libraries ask for:
# two of them would start two teams of threads.
if [ "$1" = clang ] && LD_BIND_NOW=1 LD_DEBUG=bindings "$folder/svertka" \
  --version 2>&1 | grep 'to .*/libgomp' | grep -v 'file .*/libgomp.* to'; then
  fail "two OpenMP libraries in one process"
fi
