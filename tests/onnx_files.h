/* What the tests of src/onnx share: a folder that is removed at the end, and a
 * toy model as protobuf-c's messages, to be spoilt before it is packed. */
#ifndef SV_TESTS_ONNX_FILES_H
#define SV_TESTS_ONNX_FILES_H

#include "data_files.h"

#include <svertka/svertka.h>

#include "graph/model.h"
#include "onnx.pb-c.h"
#include "onnx/onnx.h"

/* x 1x2x4x4 -conv 3x2x2x2-> a -relu-> y, opset 17. */
typedef struct toy {
  Onnx__ModelProto model;
  Onnx__ModelProto *self;
  Onnx__OperatorSetIdProto set, *sets[2];
  Onnx__GraphProto graph;
  Onnx__NodeProto node[4], *nodes[4];
  char *conv_in[3], *conv_out[1], *relu_in[1], *relu_out[1];
  Onnx__AttributeProto attribute[4], *attributes[4];
  int64_t kernel[2];
  Onnx__TensorProto tensor[4], *tensors[4];
  int64_t w_dims[SV_MAX_RANK + 1], b_dims[1];
  float w[24], b[3];
  Onnx__ValueInfoProto x, y, *inputs[4], *outputs[2];
  Onnx__TypeProto x_type, y_type;
  Onnx__TypeProto__Tensor x_tensor, y_tensor;
  Onnx__TensorShapeProto x_shape;
  Onnx__TensorShapeProto__Dimension x_dim[4], *x_dims[4];
} toy;

static inline void toy_nodes(toy *t) {
  t->conv_in[0] = "x";
  t->conv_in[1] = "w";
  t->conv_in[2] = "b";
  t->conv_out[0] = t->relu_in[0] = "a";
  t->relu_out[0] = "y";
  for (int i = 0; i < 4; i++) {
    onnx__node_proto__init(t->nodes[i] = &t->node[i]);
    onnx__attribute_proto__init(t->attributes[i] = &t->attribute[i]);
    onnx__tensor_proto__init(t->tensors[i] = &t->tensor[i]);
    t->attribute[i].has_type = 1;
  }
  t->node[0].name = "first";
  t->node[0].op_type = "Conv";
  t->node[0].n_input = 3;
  t->node[0].input = t->conv_in;
  t->node[0].n_output = 1;
  t->node[0].output = t->conv_out;
  t->node[0].n_attribute = 1;
  t->node[0].attribute = t->attributes;
  t->kernel[0] = t->kernel[1] = 2;
  t->attribute[0].name = "kernel_shape";
  t->attribute[0].type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS;
  t->attribute[0].n_ints = 2;
  t->attribute[0].ints = t->kernel;
  t->node[1].name = "second";
  t->node[1].op_type = "Relu";
  t->node[1].n_input = t->node[1].n_output = 1;
  t->node[1].input = t->relu_in;
  t->node[1].output = t->relu_out;
}

static inline void toy_tensors(toy *t) {
  static const int64_t dims[] = {3, 2, 2, 2};
  memcpy(t->w_dims, dims, sizeof dims);
  t->b_dims[0] = 3;
  for (int i = 0; i < 24; i++) t->w[i] = 0.25f * (float)(i % 7) - 0.5f;
  for (int i = 0; i < 3; i++) t->b[i] = (float)i;
  t->tensor[0].name = "w";
  t->tensor[0].n_dims = 4;
  t->tensor[0].dims = t->w_dims;
  t->tensor[0].has_raw_data = 1;
  t->tensor[0].raw_data.len = sizeof t->w;
  t->tensor[0].raw_data.data = (uint8_t *)t->w;
  t->tensor[1].name = "b";
  t->tensor[1].n_dims = 1;
  t->tensor[1].dims = t->b_dims;
  t->tensor[1].n_float_data = 3;
  t->tensor[1].float_data = t->b;
  for (int i = 0; i < 2; i++) {
    t->tensor[i].has_data_type = 1;
    t->tensor[i].data_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
  }
}

static inline void toy_type(Onnx__ValueInfoProto *value, Onnx__TypeProto *type,
                            Onnx__TypeProto__Tensor *tensor) {
  onnx__value_info_proto__init(value);
  onnx__type_proto__init(type);
  onnx__type_proto__tensor__init(tensor);
  value->type = type;
  type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
  type->tensor_type = tensor;
  tensor->has_elem_type = 1;
  tensor->elem_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
}

static inline void toy_values(toy *t) {
  static const int64_t dims[] = {1, 2, 4, 4};
  toy_type(&t->x, &t->x_type, &t->x_tensor);
  toy_type(&t->y, &t->y_type, &t->y_tensor);
  t->x.name = "x";
  t->y.name = "y";
  onnx__tensor_shape_proto__init(&t->x_shape);
  t->x_tensor.shape = &t->x_shape;
  t->x_shape.n_dim = 4;
  t->x_shape.dim = t->x_dims;
  for (int i = 0; i < 4; i++) {
    onnx__tensor_shape_proto__dimension__init(t->x_dims[i] = &t->x_dim[i]);
    t->x_dim[i].value_case =
        ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
    t->x_dim[i].dim_value = dims[i];
  }
  t->inputs[0] = &t->x;
  t->outputs[0] = &t->y;
}

static inline void toy_init(toy *t) {
  memset(t, 0, sizeof *t);
  toy_nodes(t);
  toy_tensors(t);
  toy_values(t);
  onnx__graph_proto__init(&t->graph);
  t->graph.name = "toy";
  t->graph.n_node = 2;
  t->graph.node = t->nodes;
  t->graph.n_initializer = 2;
  t->graph.initializer = t->tensors;
  t->graph.n_input = t->graph.n_output = 1;
  t->graph.input = t->inputs;
  t->graph.output = t->outputs;
  onnx__operator_set_id_proto__init(t->sets[0] = &t->set);
  t->set.has_version = 1;
  t->set.version = 17;
  onnx__model_proto__init(&t->model);
  t->model.has_ir_version = 1;
  t->model.ir_version = 8;
  t->model.graph = &t->graph;
  t->model.n_opset_import = 1;
  t->model.opset_import = t->sets;
}

/* The caller frees what it returns. */
static inline uint8_t *toy_pack(const toy *t, size_t *size) {
  *size = onnx__model_proto__get_packed_size(&t->model);
  uint8_t *bytes = malloc(*size + 1);
  assert_non_null(bytes);
  onnx__model_proto__pack(&t->model, bytes);
  return bytes;
}

static inline sv_status toy_load(const toy *t, sv_model **model) {
  size_t size;
  uint8_t *bytes = toy_pack(t, &size);
  sv_status status = sv_onnx_load_memory(model, "toy.onnx", bytes, size, NULL);
  free(bytes);
  return status;
}

/* A node of TYPE with up to three inputs. */
static inline void toy_node(toy *t, int i, const char *type, char **in,
                            size_t count, char **out) {
  t->node[i] = t->node[3];
  t->node[i].op_type = (char *)(uintptr_t)type;
  t->node[i].n_input = count;
  t->node[i].input = in;
  t->node[i].n_output = 1;
  t->node[i].output = out;
  t->graph.n_node = (size_t)i + 1;
}

static inline sv_role role_of(const sv_model *model, const char *name) {
  for (int i = 0; i < model->state->count; i++)
    if (strcmp(model->state->slots[i].name, name) == 0)
      return model->state->slots[i].role;
  fail_msg("no tensor '%s'", name);
  return SV_DATA;
}

#endif
