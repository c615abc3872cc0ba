#!/bin/sh
# fuzz/seeds.sh: writes the hand-picked part of fuzz/corpus anew: small models
# and checkpoints with operators, roles and metadata of many kinds, whole and
# spoilt. SVERTKA is the program.
set -eu
cd "$(dirname "$0")/corpus"
svertka=${SVERTKA:-../../build/svertka}

write() { # name network
  "$svertka" convert --force "$2" "$1.onnx"
}
write conv 'input 2x6x6; conv 3 2x2 padding=same; batch_norm; relu; max_pool 2x2'
write head 'input 2x4x4; global_avg_pool; flatten; linear 3; softmax'
write pieces 'input 2x6x6; weighted_avg_pool 2x2 2x2; pad 1 reflect; tanh'
write moved 'input 4x4x4; depth_to_space 2; transpose 0x1x3x2'
write sized 'input 1x4x4; resize 2; dropout 0.5; flatten; linear 2; dropout'
write groups 'input 4x5x5; conv 4 3x3 group=2; prelu; lrn 3; avg_pool 2x2'

# Spoilt: cut in the middle, a length that lies, a number that never ends.
head -c 300 conv.onnx >cut.onnx
{ head -c 40 head.onnx; printf '\377\377\377\377\017'; tail -c +46 head.onnx; } \
  >length.onnx
{ head -c 60 conv.onnx; printf '\377\377\377\377\377\377\377\377\377\377\377'; } \
  >endless.onnx
printf '\072\006\012\004\052\002\062\000' >nested.onnx
: >empty.onnx
