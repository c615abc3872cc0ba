/* file PATH: the tensor of the same name from an ONNX model. */
#include <string.h>

#include "base/memory.h"
#include "init/init.h"
#include "tensor/tensor.h"

static const char space[] = " \t\n";

const char *sv_init_path(const char *text) {
  text += strspn(text, space);
  if (strncmp(text, "file", 4) != 0 || !text[4] || !strchr(space, text[4]))
    return NULL;
  text += 4;
  text += strspn(text, space);
  return *text ? text : NULL;
}

void sv_init_files_free(sv_init_files *files) {
  for (int i = 0; i < files->count; i++) {
    sv_free(files->at[i].path);
    sv_model_free(files->at[i].model);
  }
  sv_free(files->at);
  *files = (sv_init_files){0};
}

/* Read once, however many tensors are wanted of it. */
static sv_status open_file(sv_init_files *files, const char *path,
                           const sv_model **model) {
  for (int i = 0; i < files->count; i++)
    if (strcmp(files->at[i].path, path) == 0) {
      *model = files->at[i].model;
      return SV_OK;
    }
  if (!files->read)
    return sv_fail(SV_UNSUPPORTED,
                   "initialiser 'file %s': files cannot be read here", path);
  SV_TRY(
      sv_grow(&files->at, files->count, &files->capacity, sizeof *files->at));
  struct sv_init_file *file = &files->at[files->count];
  SV_TRY(sv_copy_text(&file->path, path));
  sv_status status = files->read(&file->model, path);
  if (status != SV_OK) {
    sv_free(file->path);
    return status;
  }
  files->count++;
  *model = file->model;
  return SV_OK;
}

sv_status sv_init_from_file(sv_init_files *files, const char *path,
                            sv_state *state, const char *name) {
  const sv_model *model = NULL;
  SV_TRY(open_file(files, path, &model));
  const sv_state *from = sv_model_state(model);
  int found = sv_state_find(from, name), index = sv_state_find(state, name);
  if (found < 0) return sv_fail(SV_INVALID, "%s: has no such tensor", path);
  const sv_tensor *tensor = &from->slots[found].tensor;
  const sv_shape *wanted = &state->slots[index].tensor.shape;
  char has[SV_SHAPE_TEXT], wants[SV_SHAPE_TEXT];
  if (!sv_shape_equal(&tensor->shape, wanted))
    return sv_fail(SV_INVALID, "%s: it is %s there, expected %s", path,
                   sv_shape_text(&tensor->shape, has),
                   sv_shape_text(wanted, wants));
  sv_status status = sv_tensor_copy(&state->slots[index].tensor, tensor);
  if (status != SV_OK) return sv_fail_in(status, "%s", path);
  state->slots[index].random = from->slots[found].random;
  sv_state_touch(state);
  return SV_OK;
}
