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

# ---- inspect: any file's inputs, outputs and layers, as summary counts them ----
inspect=$work/OFF/inspect_c train_loop=$work/OFF/train_loop_c
cd "$work"
"$SVERTKA" convert 'input 3,max_h,8; conv 4 3x3 padding=same; relu
global_avg_pool; flatten; linear 5' plain.onnx >out 2>err || fail "$(cat err)"
status 1 'is free' "$inspect" plain.onnx # the inputs all the same
grep -q '^input   image f32 N x 3 x max_h x 8$' out || fail "inspect: $(cat out)"
grep -q '^output  output f32 N x 5$' out || fail "inspect: $(cat out)"
for network in lenet5 resnet18 densenet121; do
  "$SVERTKA" convert $network net.onnx --force >out 2>err || fail "$(cat err)"
  "$inspect" net.onnx >out 2>err || fail "inspect $network: $(cat err)"
  inspected=$(sed '1,/^layer/d' out | awk '{ n += $(NF - 1); m += $NF }
    END { printf "%.0f %.0f", n, m }')
  counted=$("$SVERTKA" summary $network --json |
    sed -n 's/^  "\(parameters\|macs\)": \([0-9]*\),*$/\2/p' | tr '\n' ' ')
  [ "$inspected " = "$counted" ] ||
    fail "$network: inspect counts $inspected, summary $counted"
done
status 1 'cannot open' "$inspect" none.onnx
for example in inspect:59 train_loop:119; do
  lines=$(wc -l <"$SOURCE_DIR/examples/${example%:*}.c")
  [ "$lines" -le "${example#*:}" ] || fail "${example%:*}.c has $lines lines"
done

# ---- train_loop: the bits of `svertka train` ----
cat >same.c <<'END'
#include <stdio.h>
#include <string.h>
#include <svertka/svertka.h>
int main(int argc, char **argv) {
  sv_model *m[2] = {NULL, NULL};
  for (int i = 0; i < 2 && i + 1 < argc; i++)
    if (sv_model_load(&m[i], argv[i + 1])) return puts(sv_error()), 2;
  sv_state *s = sv_model_state(m[0]);
  for (int i = 0; i < sv_state_count(s); i++) {
    sv_tensor *a, *b;
    const char *name = sv_state_name(s, i);
    if (sv_state_get(s, name, &a) ||
        sv_state_get(sv_model_state(m[1]), name, &b))
      return puts(sv_error()), 2;
    if (memcmp(a->data, b->data, a->layout.bytes)) return puts(name), 1;
  }
  return sv_state_count(s) == 0;
}
END
${CC:-cc} same.c -o same $shared || fail "same.c"
LD_LIBRARY_PATH=$(dirname "$(find "$prefix" -name libsvertka.so)")
export LD_LIBRARY_PATH
mkdir data
fashion train 500 data
fashion t10k 100 data
for network in lenet5 resnet_small:depth=8; do
  rm -rf run
  "$train_loop" $network data by-hand.onnx 2 >out 2>err ||
    fail "train_loop $network: $(cat err)"
  "$SVERTKA" train $network data --validation 0 --epochs 2 -o run >out 2>err ||
    fail "train $network: $(cat err)"
  ./same by-hand.onnx run/model.onnx >out ||
    fail "$network: train_loop gives other weights than train: $(cat out)"
done
"$SVERTKA" train lenet5 data --validation 0 --epochs 2 --seed 2 -o other \
  >out 2>err || fail "train: $(cat err)"
"$train_loop" lenet5 data by-hand.onnx 2 >out 2>err || fail "$(cat err)"
if ./same by-hand.onnx other/model.onnx >out; then
  fail "weights of another seed are called the same"
fi
"$SVERTKA" eval by-hand.onnx data >out 2>err || fail "eval: $(cat err)"
status 1 'unknown architecture' "$train_loop" lenet6 data by-hand.onnx
echo "$count examples"
