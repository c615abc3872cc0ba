# ONNX's messages: C made from onnx.proto. That code is not ours, so its
# warnings are left to its makers.
find_program(SV_PROTOC_C NAMES protoc-c protoc-gen-c REQUIRED)
# protoc-c reads it on this machine, for whichever machine the tree is built.
find_path(SV_ONNX_PROTO onnx.proto PATH_SUFFIXES onnx REQUIRED
  NO_CMAKE_FIND_ROOT_PATH)
add_custom_command(
  OUTPUT ${SV_GENERATED}/onnx.pb-c.c ${SV_GENERATED}/onnx.pb-c.h
  COMMAND ${SV_PROTOC_C} --proto_path=${SV_ONNX_PROTO}
    --c_out=${SV_GENERATED} ${SV_ONNX_PROTO}/onnx.proto
  DEPENDS ${SV_ONNX_PROTO}/onnx.proto VERBATIM)
add_library(sv_onnx_messages OBJECT ${SV_GENERATED}/onnx.pb-c.c)
target_compile_options(sv_onnx_messages PRIVATE -w)
target_link_libraries(sv_onnx_messages PRIVATE PkgConfig::SV_DEPS)
