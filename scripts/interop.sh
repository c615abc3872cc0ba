#!/bin/sh
# ONNX's newest tests of operators pass; what is saved here runs elsewhere, and the
# other way round: ONNX's generators of tests, its checker, ONNX Runtime and
# OpenVINO from pinned wheels, in a virtual environment under build/interop that is
# kept while it is up to date.
#   scripts/interop.sh [PYTHON]
# If PYTHON has these and PyTorch with torchvision, too, it is used as it is, and
# what PyTorch's exporters write is loaded. Needs build/svertka; 1 if a check
# fails.
set -u
cd "$(dirname "$0")/.." || exit 1
python=${1:-python3}
program=build/svertka
checks=tests/interop
place=build/interop

has() { # PYTHON MODULE...
  who=$1
  shift
  for module; do
    "$who" -c "import $module" >/dev/null 2>&1 || return 1
  done
}

# The environment is what this was when it was made.
stamp() {
  cat "$checks/requirements.txt"
  "$python" -c 'import sys; print(sys.version, sys.executable)'
}

environment() {
  stamp >build/interop.stamp || return 1
  cmp -s build/interop.stamp "$place/stamp" && return
  rm -rf "$place"
  echo "making a virtual environment in $place"
  "$python" -m venv "$place" &&
    "$place/bin/python" -m pip install --quiet --disable-pip-version-check \
      --no-input --only-binary :all: -r "$checks/requirements.txt" &&
    mv build/interop.stamp "$place/stamp"
}

[ -x "$program" ] || {
  echo "interop: $program is not there: make builds it"
  exit 1
}
if has "$python" onnx onnxruntime openvino torch torchvision; then
  echo "using $python: it has PyTorch"
  torch=1
else
  environment || {
    echo "interop: no virtual environment with $checks/requirements.txt"
    exit 1
  }
  python=$place/bin/python
  torch=
fi

failed=0
"$python" "$checks/check_cases.py" "$program" || failed=1
"$python" "$checks/check_operators.py" "$program" || failed=1
"$python" "$checks/check_zoo.py" "$program" || failed=1
if [ -n "$torch" ]; then
  "$python" "$checks/check_exports.py" "$program" || failed=1
  "$python" "$checks/check_weights.py" "$program" || failed=1
else
  echo "SKIPPED: what PyTorch's exporters write, weights of torchvision (this Python has no PyTorch with" \
    "torchvision; PYTHON=... names one that has)"
fi
exit $failed
