#!/bin/sh
# The shared library exports what the public headers declare with SV_API, no
# more and no less, and all of it begins with sv_. cmake/svertka.map lists the same
# symbols by the version of the library that brought them.
. "$SOURCE_DIR/tests/common.sh"

nm -D --defined-only "$BUILD_DIR/libsvertka.so" | awk '$2 != "A" { print $3 }' |
  sort >"$work/versioned"
sed 's/@.*//' "$work/versioned" >"$work/exported"

# "symbol@@version" of the map, sorted.
awk '/^SVERTKA_[0-9.]* \{$/ { version = $1 }
  /^  *sv_[a-z0-9_]*;$/ { sub(";", ""); print $1 "@@" version }' \
  "$SOURCE_DIR/cmake/svertka.map" | sort >"$work/mapped"

# Macros and comments are gone after the preprocessor; each declaration that
# carries the attribute gives the name before its first parenthesis or its end.
(cd "$SOURCE_DIR/include" && for header in svertka/*.h; do
  echo "#include <$header>"
done) | ${CC:-cc} -E -P -x c -I"$SOURCE_DIR/include" - | tr '\n' ' ' |
  sed 's/__attribute__ *((visibility("default")))/@/g
       s/__attribute__ *(([a-z_]*\(([^()]*)\)\{0,1\}))//g' | tr ';{}' '\n\n\n' |
  sed -n '/@/ { s/.*@//; s/[[(=].*//; s/.*[ *]\([A-Za-z0-9_]*\) *$/\1/p; }' |
  sort -u >"$work/declared"

[ -s "$work/declared" ] || fail "no declaration was read from the headers"
if grep -v '^sv_' "$work/exported"; then
  fail "exported without the prefix sv_"
fi
if comm -23 "$work/exported" "$work/declared" | grep .; then
  fail "exported, but no public header declares it"
fi
if comm -13 "$work/exported" "$work/declared" | grep .; then
  fail "declared with SV_API, but not exported: cmake/svertka.map lacks it"
fi
cmp -s "$work/versioned" "$work/mapped" || {
  diff "$work/versioned" "$work/mapped" || :
  fail "cmake/svertka.map lists other symbols or versions than the library has"
}
version=$(sed -n 's/.*SV_VERSION "\([0-9]*\.[0-9]*\)\..*/\1/p' \
  "$SOURCE_DIR/include/svertka/base.h")
readelf -d "$BUILD_DIR/libsvertka.so" | grep -q "\[libsvertka.so.$version\]" ||
  fail "the SONAME is not libsvertka.so.$version"
echo "$(wc -l <"$work/exported") symbols"
