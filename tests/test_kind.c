/* Files by their content: what each format's own tools write first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/kind.h"

static const struct {
  const char *kind;
  size_t length;
  const char *bytes;
} heads[] = {
#define BYTES(text) sizeof text - 1, text
    /* torch.save: of today, of 1.5 and before, and torch.jit.save. */
    {"a PyTorch file",
     BYTES("PK\3\4\0\0\10\10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\16\0\22\0"
           "state/data.pkl")},
    {"a PyTorch file",
     BYTES("PK\3\4\0\0\10\10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\37\0\0\0"
           "script/.data/serialization_id")},
    {"a Python pickle, as old PyTorch files are",
     BYTES("\x80\2\x8a\nl\xfc\x9c\x46\xf9 j\xa8P\x19.")},
    {"a Keras file",
     BYTES("PK\3\4\24\0\0\0\0\0\0\0!\0\0\0\0\0\0\0\0\0\0\0\0\0\15\0\0\0"
           "metadata.json")},
    {"an HDF5 file, as Keras writes", BYTES("\x89HDF\r\n\x1a\n\0\0\0\0\0\10")},
    {"an archive of NumPy arrays",
     BYTES("PK\3\4\24\0\0\0\0\0\0\0!\0\0\0\0\0\0\0\0\0\0\0\0\0\5\0\0\0x.npy")},
    {"a zip archive",
     BYTES("PK\3\4\24\0\0\0\0\0\0\0!\0\0\0\0\0\0\0\0\0\0\0\0\0\5\0\0\0b.txt")},
    {"a NumPy array", BYTES("\x93NUMPY\1\0v\0{'descr'")},
    {"weights in the safetensors format, without a network",
     BYTES("\23\0\0\0\0\0\0\0{\"__metadata__\":{}}    ")},
    {"a TensorFlow Lite model", BYTES("\34\0\0\0TFL3\24\0 \0")},
    {"a GGUF file, of llama.cpp", BYTES("GGUF\3\0\0\0")},
    /* NodeDef: name, op. */
    {"a frozen TensorFlow graph", BYTES("\n\24\n\5input\22\13Placeholder\n")},
    /* saved_model_schema_version 1, MetaGraphDef. */
    {"a TensorFlow SavedModel", BYTES("\10\1\22\20\n\4\n\0\"\0\22\10")},
    /* specificationVersion 4, ModelDescription. */
    {"a Core ML model", BYTES("\10\4\22\20\n\5\n\3img\22\10")},
    {"a Caffe model", BYTES("\n\5LeNet\xa2\6\20\n\4data")},
    {"a Caffe network (prototxt)", BYTES("name: \"LeNet\"\nlayer {\n")},
    {"a Darknet configuration", BYTES("# of YOLO\n[net]\nbatch=1\n")},
    {"an OpenVINO network",
     BYTES("<?xml version=\"1.0\"?>\n<net name=\"a\" version=\"11\">")},
    {"a TensorRT engine", BYTES("ptrt\0\0\0\0")},
    {"a PNG image", BYTES("\x89PNG\r\n\x1a\n\0\0\0\rIHDR")},
    {"a JPEG image", BYTES("\xff\xd8\xff\xe0\0\20JFIF")},
    {"a GIF image", BYTES("GIF89a\1\0")},
    {"a WebP image", BYTES("RIFF\44\0\0\0WEBPVP8 ")},
    {"a TIFF image", BYTES("II*\0\10\0\0\0")},
    {"a BMP image",
     BYTES("BM\32\0\0\0\0\0\0\0\x19\0\0\0\50\0\0\0\1\0\0\0\1\0\0\0")},
    {"a PNM image", BYTES("P6\n2 2\n255\n")},
    {"an AVIF image", BYTES("\0\0\0 ftypavif")},
    {"an SVG drawing", BYTES("<?xml version='1.0'?>\n<svg width='1'>")},
    {"packed by gzip", BYTES("\x1f\x8b\10\0")},
    {"a PDF document", BYTES("%PDF-1.7\n")},
    {"an HTML page", BYTES("\n<!DOCTYPE html>\n<html>")},
    {"an HTML page", BYTES("\xef\xbb\xbf<html lang='en'>")},
    {"a Git LFS pointer",
     BYTES("version https://git-lfs.github.com/spec/v1\noid sha256:0")},
    {"a JSON file", BYTES("{ \"classes\": [")},
    {"text in UTF-16 or UTF-32", BYTES("\xff\xfe"
                                       "c\0a\0t\0\n\0")},
    {"text in UTF-16 or UTF-32", BYTES("\xfe\xff\0c\0a\0t")},
    {"an empty file", BYTES("")},
    /* ir_version 8, producer_name. */
    {"an ONNX file", BYTES("\10\10\22\7pytorch\32\3"
                           "2.0")},
    {"an ONNX file", BYTES("\10\3:\20\n\4")},
    /* What no one else claims: networks and names as text. */
    {NULL, BYTES("input 1x28x28; conv 6 5x5")},
    {NULL, BYTES("define block(x) {")},
    {NULL, BYTES("cat\ndog\n")},
    {NULL, BYTES("[unknown]\n{empty}\n")},
    {NULL, BYTES("<background>\nP1\nP2\n")},
    {NULL, BYTES("PK\nBM\nII\n")},
    {NULL, BYTES("x")},
#undef BYTES
};
enum { HEADS = sizeof heads / sizeof heads[0] };

static void knows_files(void **state) {
  (void)state;
  for (int i = 0; i < HEADS; i++) {
    const sv_kind *kind = sv_kind_of(heads[i].bytes, heads[i].length);
    const char *name = kind ? kind->name : "nothing";
    const char *expected = heads[i].kind ? heads[i].kind : "nothing";
    if (strcmp(name, expected) != 0)
      fail_msg("head %d is %s, expected %s", i, name, expected);
  }
}

/* The bytes end where the file does. */
static void reads_no_further(void **state) {
  (void)state;
  for (int i = 0; i < HEADS; i++)
    for (size_t length = 0; length <= heads[i].length; length++) {
      char *copy = test_malloc(length + 1);
      memcpy(copy, heads[i].bytes, length);
      sv_kind_of(copy, length);
      copy[length] = 'x';
      test_free(copy); /* cmocka watches the bytes around it */
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(knows_files),
                                     cmocka_unit_test(reads_no_further)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
