# For tests/*.sh, which run with SVERTKA (the program), SOURCE_DIR and
# BUILD_DIR. Gives $work, a folder that goes away at the end.
set -eu
: "${SOURCE_DIR:?run by ctest}" "${BUILD_DIR:?run by ctest}"
work=$(mktemp -d "${TMPDIR:-/tmp}/svertka.XXXXXX")
trap 'rm -rf "$work"' EXIT

fail() {
  echo "FAIL: $*" >&2
  exit 1
}
