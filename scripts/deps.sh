#!/bin/sh
# What Svertka needs from outside: looks for it and, only if something is
# missing, installs it (Debian and Ubuntu) or lists it in plain words.
#   scripts/deps.sh [--check] [build|test|demo|interop|arm64]...
# With no word: everything but arm64. --check: look and report, change nothing.
set -u

# use | package | how to see whether it is there | in plain words
needs() {
  cat <<'END'
build|gcc|command cc|a C compiler with OpenMP
build|cmake|command cmake|CMake 3.25 or newer
build|ninja-build|command ninja|Ninja
build|pkg-config|command pkg-config|pkg-config
build|libdnnl-dev|header dnnl.h|oneDNN with its C headers, built for OpenMP
build|protobuf-c-compiler|command protoc-c|the protobuf-c compiler
build|libprotobuf-c-dev|module libprotobuf-c|the protobuf-c library
build|libonnx-dev|file /usr/include/onnx/onnx.proto|onnx.proto of ONNX 1.12 or newer
build|zlib1g-dev|module zlib|zlib
build|libjpeg-dev|module libjpeg|libjpeg(-turbo)
build|libpng-dev|module libpng|libpng
build|libwebp-dev|module libwebpdemux|libwebp
build|libtiff-dev|module libtiff-4|libtiff 4.5 or newer
build|libgif-dev|header gif_lib.h|giflib
build|libexif-dev|module libexif|libexif
build|libstb-dev|header stb/stb_image_resize.h|the stb headers
build|libcairo2-dev|module cairo|cairo
build|libarchive-dev|module libarchive|libarchive
build|libjansson-dev|module jansson|jansson
test|git|command git|Git
test|graphviz|command dot|Graphviz
demo|dataset-fashion-mnist|file /usr/share/datasets/fashion-mnist|Fashion-MNIST (or set SVERTKA_DATA)
test|dataset-fashion-mnist|file /usr/share/datasets/fashion-mnist|Fashion-MNIST
test|g++|command c++|a C++17 compiler
test|clang|command clang|Clang
test|libomp-dev|clang-openmp|OpenMP for Clang
test|libcmocka-dev|module cmocka|cmocka
test|libonnx-testdata|file /usr/share/libonnx-testdata|ONNX's backend tests
arm64|gcc-aarch64-linux-gnu|command aarch64-linux-gnu-gcc|GCC for arm64
arm64|qemu-user|command qemu-aarch64|QEMU's user mode
interop|python3-venv|python ensurepip|Python 3.11 or newer with venv
END
}

is_there() { # kind name
  case $1 in
    command) command -v "$2" ;;
    module) pkg-config --exists "$2" ;;
    header) echo "#include <$2>" | cc -E -x c - ;;
    clang-openmp) echo "#include <omp.h>" | clang -fopenmp -E -x c - ;;
    file) [ -e "$2" ] ;;
    python) "${PYTHON:-python3}" -c "import $2" ;;
  esac >/dev/null 2>&1
}

missing() { # the lines of `needs` that are wanted and not there
  needs | while IFS='|' read -r use package probe words; do
    case " $uses " in *" $use "*) ;; *) continue ;; esac
    is_there $probe || echo "$package|$words"
  done | sort -u
}

check=
[ "${1-}" = --check ] && check=1 && shift
uses=${*:-build test demo interop}
case " $uses " in
  *" test "* | *" demo "* | *" interop "* | *" arm64 "*) uses="build $uses" ;;
esac

lacking=$(missing)
[ -z "$lacking" ] && exit 0
packages=$(echo "$lacking" | cut -d'|' -f1 | tr '\n' ' ')

if [ -n "$check" ]; then
  echo "missing: $packages"
  exit 1
fi
if ! command -v apt-get >/dev/null; then
  echo "Svertka needs, and did not find:"
  echo "$lacking" | sed 's/.*|/  - /'
  echo "Install them with your system's tools, then try again."
  exit 1
fi
root=
if [ "$(id -u)" != 0 ]; then
  root=sudo
  if ! command -v sudo >/dev/null; then
    echo "As root, run: apt-get install $packages"
    exit 1
  fi
fi
echo "Installing with apt-get: $packages"
$root apt-get update -q &&
  $root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -q -y --no-install-recommends $packages || {
  echo "apt-get failed. By hand, as root: apt-get install $packages"
  exit 1
}

lacking=$(missing)
[ -z "$lacking" ] && exit 0
echo "Installed, and still not found:"
echo "$lacking" | sed 's/.*|/  - /'
exit 1
