#!/bin/sh
# What `make bench` runs: LeNet-5's training steps and the loader against
# PyTorch's, from a Python that has it: make bench PYTHON=/where/it/is/python.
# Without PyTorch only our own figures.
set -eu
cd "$(dirname "$0")/.."
program=${SVERTKA:-build/svertka}
python=${PYTHON:-python3}

echo "inference and training of LeNet-5 at batch 64:"
"$program" bench lenet5 --batch 64
echo
if "$python" -c 'import torch' 2>/dev/null; then
  "$python" bench/lenet_peers.py "$program" "$@"
  echo
  "$python" -c 'import torchvision' 2>/dev/null || exit 0
  exec "$python" bench/loader_peers.py "$program"
fi
echo "$python has no PyTorch, so there is nothing to compare with:" \
  "make bench PYTHON=..."
