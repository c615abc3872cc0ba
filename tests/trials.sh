#!/bin/sh
# trials.sh NAME: applies tests/trials/NAME.patch to a copy of the tree, builds
# it and runs the patch's own test. What the structure promises (an operator is
# one file and one line) stands in the patch's first lines and is checked:
#     # touches: src/ops/swish.c src/ops/ops.def
#     # run: tests/opcheck swish
# `touches` is every file of the patch; `run` is a shell command in the copy's
# build folder, with SOURCE_DIR, BUILD_DIR and SVERTKA of the copy. Both may
# repeat. trials.sh --guard proves that a patch that touches more is refused.
. "$SOURCE_DIR/tests/common.sh"

header() { sed -n "/^diff /q; s/^# $2: *//p" "$1"; } # PATCH KEY

check_touches() { # PATCH
  header "$1" touches | tr ' ' '\n' | grep . | sort >"$work/allowed" || true
  sed -n 's|^diff --git a/\(.*\) b/\(.*\)|\1\n\2|p' "$1" |
    sort -u >"$work/touched"
  diff "$work/allowed" "$work/touched" >"$work/diff" ||
    fail "$1 touches other files than it says: $(cat "$work/diff")"
}

# Makes $2 like the source tree $1: what git would commit. Only files that
# differ are written, so that the copy is built again in part only.
mirror() (
  cd "$1"
  git ls-files --cached --others --exclude-standard | sort >"$work/files"
  while read -r file; do
    [ -e "$file" ] || continue
    cmp -s "$file" "$2/$file" && continue
    mkdir -p "$2/$(dirname "$file")"
    cp "$file" "$2/$file"
  done <"$work/files"
  cd "$2" && find . -type f | sed 's|^\./||' | sort |
    comm -23 - "$work/files" | while read -r file; do rm "$file"; done
)

if [ "$1" = --guard ]; then
  cat >"$work/more.patch" <<'END'
# touches: src/ops/new.c
# run: true
diff --git a/src/ops/new.c b/src/ops/new.c
new file mode 100644
--- /dev/null
+++ b/src/ops/new.c
@@ -0,0 +1 @@
+int one;
diff --git a/src/plan/new.c b/src/plan/new.c
new file mode 100644
--- /dev/null
+++ b/src/plan/new.c
@@ -0,0 +1 @@
+int two;
END
  (check_touches "$work/more.patch") 2>/dev/null &&
    fail "a patch that touches more than it says was let through"
  sed -i 's|^# touches:.*|& src/plan/new.c|' "$work/more.patch"
  check_touches "$work/more.patch"
  exit 0
fi

patch=$SOURCE_DIR/tests/trials/$1.patch
check_touches "$patch"
header "$patch" run >"$work/run"
[ -s "$work/run" ] || fail "$patch has no line '# run: ...'"

tree=$BUILD_DIR/trials/tree
build=$BUILD_DIR/trials/build
mkdir -p "$tree"
mirror "$SOURCE_DIR" "$tree"
# The copy lies inside another git tree, which must not take the patch.
GIT_CEILING_DIRECTORIES=$BUILD_DIR/trials git -C "$tree" apply "$patch"
{
  cmake -S "$tree" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug \
    -DCMAKE_C_FLAGS=-O1 -DSV_WERROR=ON && cmake --build "$build" -j2
} >"$work/log" 2>&1 || fail "$(tail -40 "$work/log")"

cd "$build"
export SOURCE_DIR="$tree" BUILD_DIR="$build" SVERTKA="$build/svertka"
sh -eux "$work/run"
