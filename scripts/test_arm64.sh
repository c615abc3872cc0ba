#!/bin/sh
# Builds Svertka without oneDNN for arm64 and runs the unit tests and opcheck
# under QEMU's user mode; not test_kill, a thousand processes that QEMU would
# translate one by one, not test_threads, whose minute is too short under QEMU on
# a busy machine, and no whole trainings. The libraries are this system's packages of the
# architecture arm64, unpacked into build/arm64/sysroot: nothing is installed,
# no architecture is added to dpkg. `make test-arm64` calls this.
#   scripts/test_arm64.sh [ARGUMENT OF ctest]...
set -eu
cd "$(dirname "$0")/.."
sysroot=$PWD/build/arm64/sysroot
packages="libc6-dev libgomp1 zlib1g-dev libjpeg-dev libpng-dev libwebp-dev
  libtiff-dev libgif-dev libexif-dev libstb-dev libprotobuf-c-dev
  libcairo2-dev libarchive-dev libjansson-dev libcmocka-dev"

fail() {
  echo "test_arm64.sh: $*" >&2
  exit 1
}

# ---- The libraries: apt resolves them with a state of its own ----

arm64_apt() {
  apt-get -q -o APT::Architecture=arm64 -o APT::Architectures::=arm64 \
    -o Dir::State="$apt/state" -o Dir::State::status="$apt/status" \
    -o Dir::Cache="$apt/cache" -o APT::Sandbox::User=root "$@"
}

if [ "$(cat "$sysroot/.packages" 2>/dev/null)" != "$packages" ]; then
  command -v apt-get >/dev/null && command -v dpkg >/dev/null ||
    fail "the arm64 libraries come by apt-get, which this system does not have"
  apt=$PWD/build/arm64/apt
  rm -rf "$sysroot" "$apt"
  mkdir -p "$sysroot" "$apt/state/lists/partial" "$apt/cache/archives/partial"
  : >"$apt/status"
  echo "Unpacking the libraries' arm64 packages into $sysroot"
  { arm64_apt update && arm64_apt install -y --download-only \
    --no-install-recommends $packages; } >"$apt/log" 2>&1 ||
    fail "apt-get found no arm64 packages: $(tail -3 "$apt/log")"
  for package in "$apt"/cache/archives/*.deb; do
    dpkg -x "$package" "$sysroot"
  done
  # Links lead to what is in the folder, not to this machine's own.
  find "$sysroot" -type l -lname '/*' | while read -r link; do
    ln -sfnr "$sysroot$(readlink "$link")" "$link"
  done
  rm -rf "$apt"
  echo "$packages" >"$sysroot/.packages"
fi

# ---- Build and test ----

cmake --preset arm64 -DSV_WERROR=ON
cmake --build --preset arm64
[ $# -gt 0 ] || set -- -R '^(test_|opcheck)' -E '^test_(kill|threads)$' -LE figures
ctest --test-dir build/arm64 -j2 --output-on-failure --timeout 3600 "$@"
