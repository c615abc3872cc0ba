/* svertka zoo import, export: weights of torchvision's networks. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/zoo.h"

/* ---- import ---- */

static const char import_about[] =
    "Makes a model from a network of the zoo and the weights of a safetensors\n"
    "file, whose tensors are called as in torchvision's network (and timm's,\n"
    "where it has the same names: resnet, resnext, wide_resnet, densenet,\n"
    "inception_v3). Every tensor of the file is used, and every parameter of\n"
    "the network must be in the file. The model file says how torchvision\n"
    "prepares images for its first weights of the network; options override\n"
    "this. In Python, a file is written by\n"
    "  safetensors.torch.save_file(model.state_dict(), \"FILE.safetensors\")\n";

static const char import_examples[] =
    "svertka zoo import squeezenet1_1 weights.safetensors --force\n"
    "svertka zoo import resnet18:classes=4,size=32 mine.safetensors -o "
    "mine.onnx\n"
    "svertka train mine.onnx photos --freeze-until layer4\n";

/* "resnet:depth=50" -> "resnet-depth-50.onnx" */
static sv_status name_model(char **path, const char *text) {
  sv_text name = {0};
  for (; *text; text++)
    sv_text_add(&name, "%c", strchr(":=,/", *text) ? '-' : *text);
  sv_text_add(&name, ".onnx");
  return sv_text_take(&name, path);
}

static sv_status import(const char *text, const char *file, const char *out,
                        const cli_image *image) {
  sv_model *model;
  SV_TRY(cli_apart("--out", out, "FILE", file));
  SV_TRY(sv_zoo_import(&model, text, file));
  sv_status status = cli_image_set(model, image);
  if (status == SV_OK) status = sv_model_save(model, out);
  sv_model_free(model);
  return status;
}

static sv_status import_to(const char *text, const char *file, const char *out,
                           const cli_image *image, bool force) {
  char *own = NULL, name[CLI_NAME_TEXT];
  if (!out) SV_TRY(name_model(&own, text));
  if (own) out = own;
  sv_status status = SV_OK;
  if (!force && sv_path_exists(out))
    status = sv_fail(SV_INVALID, "%s exists; --force replaces it", out);
  if (status == SV_OK) status = import(text, file, out, image);
  if (status == SV_OK) printf("%s\n", cli_name(out, name));
  sv_free(own);
  return status;
}

int zoo_import(const cli_verb *verb, int argc, char **argv) {
  const char *out = NULL;
  bool force = false;
  cli_image image = {0};
  const cli_option options[] = {{"out", 'o', CLI_TEXT, &out, 0, 0, NULL,
                                 "FILE.onnx", "the model file (NETWORK.onnx)"},
                                {"force", 'f', CLI_FLAG, &force, 0, 0, NULL,
                                 NULL, "replace an existing file"},
                                CLI_IMAGE_OPTIONS(&image),
                                CLI_LABELS_OPTION(&image),
                                {0}};
  const cli_page page = {verb, 2, 2, options, import_about, import_examples};
  int exit_status;
  char **operands;
  if (!cli_parse(&page, argc, argv, &operands, NULL, &exit_status))
    return exit_status;
  return cli_fail(import_to(operands[0], operands[1], out, &image, force));
}

/* ---- export ---- */

static const char export_about[] =
    "Writes the weights of MODEL as a safetensors file, with the names of\n"
    "torchvision's network: its load_state_dict takes all of them. MODEL is a\n"
    "model file or run folder of a network of the zoo. Auxiliary classifiers,\n"
    "which a model file does not have, are left out.\n";

static const char export_examples[] =
    "svertka zoo export mine.onnx photos.safetensors\n"
    "svertka zoo export old.onnx old.safetensors --as resnet18\n";

static sv_status export_file(const char *text, const char *file,
                             const char *network, bool force) {
  const cli_reading reading = {.seed = 1};
  sv_model *model;
  SV_TRY(cli_apart("FILE", file, "MODEL", text));
  if (!force && sv_path_exists(file))
    return sv_fail(SV_INVALID, "%s exists; --force replaces it", file);
  SV_TRY(cli_model(&model, text, &reading));
  if (!network && !cli_is_file(text)) network = text; /* a name of the zoo */
  sv_status status = sv_zoo_export(model, network, file);
  if (status != SV_OK && !network && !sv_model_meta(model, SV_ZOO_KEY) &&
      !sv_model_meta(model, "svertka.train.network"))
    status = sv_fail(SV_INVALID,
                     "%s does not say which network of the zoo it is; give "
                     "--as, such as --as resnet18",
                     text);
  sv_model_free(model);
  return status;
}

int zoo_export(const cli_verb *verb, int argc, char **argv) {
  const char *network = NULL;
  bool force = false;
  const cli_option options[] = {
      {"as", 0, CLI_TEXT, &network, 0, 0, NULL, "NETWORK",
       "the network of the zoo that MODEL is, if MODEL does not say it"},
      {"force", 'f', CLI_FLAG, &force, 0, 0, NULL, NULL,
       "replace an existing file"},
      {0}};
  const cli_page page = {verb, 2, 2, options, export_about, export_examples};
  int exit_status;
  char **operands;
  if (!cli_parse(&page, argc, argv, &operands, NULL, &exit_status))
    return exit_status;
  return cli_fail(export_file(operands[0], operands[1], network, force));
}
