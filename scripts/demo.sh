#!/bin/sh
# What `make demo` runs: LeNet-5 learns Fashion-MNIST, then is judged on the
# test images. About a minute on two cores. The run is in runs/demo.
set -eu
cd "$(dirname "$0")/.."
svertka=${SVERTKA:-build/svertka}
run=runs/demo

echo "Training LeNet-5 on the 60,000 training images of Fashion-MNIST."
"$svertka" train lenet5 fashion-mnist --out $run --force
echo
echo "Judging it on the 10,000 test images, which it has never seen."
"$svertka" eval $run/model.onnx fashion-mnist \
  --picture $run/predictions.png --matrix $run/confusion.png
echo
echo "Now try: $svertka predict $run/model.onnx PICTURE..."
