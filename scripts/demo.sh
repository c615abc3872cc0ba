#!/bin/sh
# What `make demo` runs: trains LeNet-5 on Fashion-MNIST, then evaluates it on the
# test images. About a minute on two cores. The run is in runs/demo.
set -eu
cd "$(dirname "$0")/.."
svertka=${SVERTKA:-build/svertka}
run=runs/demo

echo "Training LeNet-5 on the 60,000 training images of Fashion-MNIST."
"$svertka" train lenet5 fashion-mnist --out $run --force
echo
echo "Evaluating it on the 10,000 test images, which were not used for training."
"$svertka" eval $run/model.onnx fashion-mnist \
  --picture $run/predictions.png --matrix $run/confusion.png
echo
echo "Now try: $svertka predict $run/model.onnx IMAGE..."
