/* Sources of the signatures: each format's specification; pickled weights:
 * torch/serialization.py (MAGIC_NUMBER); Darknet: src/parser.c
 * (load_weights_upto). */
#include "base/kind.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

#define FROM_PYTORCH                                                     \
  "load it in PyTorch and export the network: torch.onnx.export(model, " \
  "(image,), \"model.onnx\")"
#define FROM_KERAS                                                  \
  "load it in Keras 3 and export it: model.export(\"model.onnx\", " \
  "format=\"onnx\")"
#define FROM_TENSORFLOW(option) \
  "convert it: python -m tf2onnx.convert --" option " --output model.onnx"
#define FROM_ITS_FRAMEWORK \
  "export it to ONNX from the framework that it comes from"

const sv_kind sv_kind_onnx = {"an ONNX file", SV_CLASS_MODEL, NULL},
              sv_kind_png = {"a PNG image", SV_CLASS_IMAGE, NULL},
              sv_kind_jpeg = {"a JPEG image", SV_CLASS_IMAGE, NULL};

static const sv_kind
    empty = {"an empty file", SV_CLASS_OTHER, NULL},
    pytorch = {"a PyTorch file", SV_CLASS_MODEL, FROM_PYTORCH},
    keras = {"a Keras file", SV_CLASS_MODEL, FROM_KERAS},
    npz = {"an archive of NumPy arrays", SV_CLASS_ARCHIVE, NULL},
    zip = {"a zip archive", SV_CLASS_ARCHIVE, "unpack it"},
    safetensors =
        {"weights in the safetensors format, "
         "without a network",
         SV_CLASS_MODEL,
         "weights of torchvision's networks: svertka zoo import NETWORK FILE"},
    darknet = {"Darknet's weights", SV_CLASS_MODEL, FROM_ITS_FRAMEWORK},
    darknet_text = {"a Darknet configuration", SV_CLASS_MODEL,
                    FROM_ITS_FRAMEWORK},
    caffe = {"a Caffe model", SV_CLASS_MODEL, FROM_ITS_FRAMEWORK},
    caffe_text = {"a Caffe network (prototxt)", SV_CLASS_MODEL,
                  FROM_ITS_FRAMEWORK},
    core_ml = {"a Core ML model", SV_CLASS_MODEL, FROM_ITS_FRAMEWORK},
    graph_def = {"a frozen TensorFlow graph", SV_CLASS_MODEL,
                 FROM_TENSORFLOW("graphdef FILE")},
    saved_model = {"a TensorFlow SavedModel", SV_CLASS_MODEL,
                   FROM_TENSORFLOW("saved-model FOLDER")},
    open_vino = {"an OpenVINO network", SV_CLASS_MODEL, FROM_ITS_FRAMEWORK},
    core_ml_folder = {"a Core ML package", SV_CLASS_MODEL, FROM_ITS_FRAMEWORK},
    lfs = {"a Git LFS pointer", SV_CLASS_OTHER,
           "fetch the file itself: git lfs pull"},
    html = {"an HTML page", SV_CLASS_OTHER,
            "a download that failed? get the file itself"},
    svg = {"an SVG drawing", SV_CLASS_IMAGE, NULL},
    xml = {"an XML file", SV_CLASS_OTHER, NULL},
    json = {"a JSON file", SV_CLASS_OTHER, NULL},
    utf16 = {"text in UTF-16 or UTF-32", SV_CLASS_OTHER, "save it as UTF-8"};

/* ---- What begins with certain bytes ---- */

static const struct {
  size_t offset, length;
  const char *bytes;
  sv_kind kind;
} signatures[] = {
#define AT(offset, bytes) offset, sizeof bytes - 1, bytes
    {AT(0, "GIF8"), {"a GIF image", SV_CLASS_IMAGE, NULL}},
    {AT(0, "II*\0"), {"a TIFF image", SV_CLASS_IMAGE, NULL}},
    {AT(0, "MM\0*"), {"a TIFF image", SV_CLASS_IMAGE, NULL}},
    {AT(8, "WEBP"), {"a WebP image", SV_CLASS_IMAGE, NULL}},
    {AT(8, "AVI "), {"a video", SV_CLASS_OTHER, NULL}},
    {AT(8, "WAVE"), {"a sound", SV_CLASS_OTHER, NULL}},
    {AT(4, "ftypheic"), {"a HEIC image", SV_CLASS_IMAGE, NULL}},
    {AT(4, "ftypheix"), {"a HEIC image", SV_CLASS_IMAGE, NULL}},
    {AT(4, "ftypmif1"), {"a HEIF image", SV_CLASS_IMAGE, NULL}},
    {AT(4, "ftypavif"), {"an AVIF image", SV_CLASS_IMAGE, NULL}},
    {AT(4, "ftyp"), {"a video", SV_CLASS_OTHER, NULL}},
    {AT(0, "\0\0\0\fjP  "), {"a JPEG 2000 image", SV_CLASS_IMAGE, NULL}},
    {AT(0, "\xff\x0a"), {"a JPEG XL image", SV_CLASS_IMAGE, NULL}},
    {AT(0, "\0\0\0\fJXL "), {"a JPEG XL image", SV_CLASS_IMAGE, NULL}},
    {AT(0, "8BPS"), {"a Photoshop image", SV_CLASS_IMAGE, NULL}},
    {AT(0, "\0\0\1\0"), {"an icon", SV_CLASS_IMAGE, NULL}},
    {AT(128, "DICM"), {"a DICOM image", SV_CLASS_IMAGE, NULL}},
    {AT(0, "\x89HDF\r\n\x1a\n"),
     {"an HDF5 file, as Keras writes", SV_CLASS_MODEL, FROM_KERAS}},
    {AT(4, "TFL3"),
     {"a TensorFlow Lite model", SV_CLASS_MODEL,
      FROM_TENSORFLOW("tflite FILE")}},
    {AT(0, "GGUF"),
     {"a GGUF file, of llama.cpp", SV_CLASS_MODEL, FROM_ITS_FRAMEWORK}},
    {AT(0, "7767517\n"),
     {"an ncnn network", SV_CLASS_MODEL, FROM_ITS_FRAMEWORK}},
    {AT(0, "ptrt"),
     {"a TensorRT engine", SV_CLASS_MODEL,
      "it runs on one GPU only: use the ONNX file it was built from"}},
    {AT(0, "ftrt"),
     {"a TensorRT engine", SV_CLASS_MODEL,
      "it runs on one GPU only: use the ONNX file it was built from"}},
    {AT(0, "\x93NUMPY"), {"a NumPy array", SV_CLASS_OTHER, NULL}},
    {AT(0, "MATLAB 5.0"), {"a MATLAB file", SV_CLASS_OTHER, NULL}},
    {AT(0, "\x1f\x8b"), {"packed by gzip", SV_CLASS_ARCHIVE, "unpack it"}},
    {AT(0, "BZh"), {"packed by bzip2", SV_CLASS_ARCHIVE, "unpack it"}},
    {AT(0,
        "\xfd"
        "7zXZ"),
     {"packed by xz", SV_CLASS_ARCHIVE, "unpack it"}},
    {AT(0, "\x28\xb5\x2f\xfd"),
     {"packed by zstd", SV_CLASS_ARCHIVE, "unpack it"}},
    {AT(0, "7z\xbc\xaf"), {"a 7z archive", SV_CLASS_ARCHIVE, "unpack it"}},
    {AT(0, "Rar!"), {"a RAR archive", SV_CLASS_ARCHIVE, "unpack it"}},
    {AT(257, "ustar"), {"a tar archive", SV_CLASS_ARCHIVE, "unpack it"}},
    {AT(0, "%PDF"), {"a PDF document", SV_CLASS_OTHER, NULL}},
    {AT(0,
        "\x7f"
        "ELF"),
     {"a program or library", SV_CLASS_OTHER, NULL}},
    {AT(0, "SQLite format 3"), {"an SQLite database", SV_CLASS_OTHER, NULL}},
#undef AT
};
enum { SIGNATURES = sizeof signatures / sizeof signatures[0] };

/* The bytes that are there: no more than SV_KIND_BYTES. */
typedef struct head {
  const unsigned char *at;
  size_t length;
  size_t size; /* of the whole file */
} head;

static bool begins(const head *h, size_t offset, const void *bytes,
                   size_t length) {
  return h->length >= offset + length &&
         memcmp(h->at + offset, bytes, length) == 0;
}

static bool contains(const head *h, const char *word) {
  return memmem(h->at, h->length, word, strlen(word)) != NULL;
}

static uint64_t little(const unsigned char *at, int bytes) {
  uint64_t value = 0;
  for (int i = bytes - 1; i >= 0; i--) value = value << 8 | at[i];
  return value;
}

/* ---- Archives, by the name of their first entry ---- */

static const sv_kind *of_zip(const head *h) {
  if (begins(h, 0, "PK\5\6", 4)) return &zip;
  if (!begins(h, 0, "PK\3\4", 4) || h->length < 30) return NULL;
  size_t length = little(h->at + 26, 2);
  char name[256];
  if (length > h->length - 30) length = h->length - 30;
  snprintf(name, sizeof name, "%.*s", (int)length, (const char *)h->at + 30);
  size_t end = strlen(name);
  if (contains(h, ".pkl") || contains(h, "/.data/serialization_id"))
    return &pytorch;
  if (strcmp(name, "metadata.json") == 0 || strcmp(name, "config.json") == 0)
    return &keras;
  return end > 4 && strcmp(name + end - 4, ".npy") == 0 ? &npz : &zip;
}

/* ---- Protocol Buffers, by their first fields ---- */

/* The length of a field that begins at `at`; *next is where its bytes do. */
static bool read_length(const head *h, size_t at, size_t *length,
                        size_t *next) {
  *length = 0;
  for (int shift = 0; at < h->length && shift < 64; shift += 7, at++) {
    *length |= (size_t)(h->at[at] & 0x7f) << shift;
    if (h->at[at] & 0x80) continue;
    *next = at + 1;
    return *length <= INT32_MAX && *next <= h->length;
  }
  return false;
}

enum { FIELD_1_NUMBER = 0x08, FIELD_1 = 0x0a, FIELD_2 = 0x12 };

/* ir_version, then one of ModelProto's fields: the producer is a text, where
 * SavedModel and Core ML have a message. */
static const sv_kind *of_versioned(const head *h) {
  size_t length, next;
  if (h->length < 4 || h->at[0] != FIELD_1_NUMBER || h->at[1] > 64) return NULL;
  if (h->at[2] == FIELD_2 && read_length(h, 3, &length, &next) &&
      next < h->length && length > 2 && h->at[next] == FIELD_1)
    return h->at[1] == 1 ? &saved_model : &core_ml;
  return strchr("\x12\x1a\x22\x28\x32\x3a\x42\x72", h->at[2]) && h->at[2]
             ? &sv_kind_onnx
             : NULL;
}

/* GraphDef: a node, whose first field is its name and second its operator. */
static const sv_kind *of_nodes(const head *h) {
  size_t length, next, inner, after;
  if (h->length < 8 || h->at[0] != FIELD_1 ||
      !read_length(h, 1, &length, &next) || next >= h->length)
    return NULL;
  if (h->at[next] == FIELD_1 && read_length(h, next + 1, &inner, &after) &&
      after + inner < h->length && h->at[after + inner] == FIELD_2)
    return &graph_def;
  /* Caffe: the network's name, then layers (field 100; 2 in old files), inputs
   * (3), or what says whether the losses are computed. */
  bool text = length > 0;
  for (size_t i = 0; i < length && next + i < h->length; i++)
    text &= h->at[next + i] >= 0x20 && h->at[next + i] < 0x7f;
  size_t end = next + length;
  if (!text || end + 1 >= h->length) return NULL;
  bool layers = h->at[end] == 0xa2 && h->at[end + 1] == 0x06;
  bool old = h->at[end] == FIELD_2 || h->at[end] == 0x1a;
  return layers || old ? &caffe : NULL;
}

/* ---- Others ---- */

/* A length of 64 bits, then a JSON object so long. */
static bool is_safetensors(const head *h) {
  if (h->length < 10 || h->at[8] != '{') return false;
  uint64_t length = little(h->at, 8);
  return length >= 2 && length <= h->size - 8;
}

/* A version 0.1 or 0.2 of three numbers, then the images seen. */
static bool is_darknet(const head *h) {
  return h->length >= 16 && h->size >= 1024 && little(h->at, 4) == 0 &&
         little(h->at + 4, 4) >= 1 && little(h->at + 4, 4) <= 2 &&
         little(h->at + 8, 4) <= 10;
}

static bool is_bmp(const head *h) {
  return begins(h, 0, "BM", 2) && h->length >= 26 &&
         little(h->at + 14, 4) >= 12 && little(h->at + 14, 4) <= 124 &&
         little(h->at + 10, 4) < h->size;
}

static bool is_pnm(const head *h) {
  return h->length >= 7 && h->at[0] == 'P' && h->at[1] >= '1' &&
         h->at[1] <= '7' && strchr(" \n\r\t", h->at[2]) && h->at[2] &&
         (h->at[3] == '#' || (h->at[3] >= '0' && h->at[3] <= '9') ||
          h->at[3] == 'W');
}

static bool is_pickle(const head *h) {
  return h->length >= 2 && h->at[0] == 0x80 && h->at[1] >= 2 && h->at[1] <= 5;
}

static bool is_utf16(const head *h) {
  return begins(h, 0, "\xff\xfe", 2) || begins(h, 0, "\xfe\xff", 2) ||
         begins(h, 0, "\0\0\xfe\xff", 4);
}

/* ---- Texts ---- */

static bool says(const head *h, size_t at, const char *word) {
  return at + strlen(word) <= h->length &&
         strncasecmp((const char *)h->at + at, word, strlen(word)) == 0;
}

static const sv_kind *of_markup(const head *h, size_t at) {
  if (says(h, at, "<!doctype html") || says(h, at, "<html")) return &html;
  if (says(h, at, "<svg")) return &svg;
  if (!says(h, at, "<?xml") && !says(h, at, "<!doctype") &&
      !says(h, at, "<net "))
    return NULL;
  return contains(h, "<html")   ? &html
         : contains(h, "<svg")  ? &svg
         : contains(h, "<net ") ? &open_vino
                                : &xml;
}

/* Past blanks, and comments as Darknet and Caffe have them. */
static size_t first_word(const head *h) {
  size_t at = sv_bom_bytes(h->at, h->length);
  for (; at < h->length; at++) {
    if (h->at[at] == '#')
      while (at < h->length && h->at[at] != '\n') at++;
    if (at >= h->length || !strchr(" \t\r\n", h->at[at]) || !h->at[at]) break;
  }
  return at;
}

/* A bracket alone may begin a name: what follows it is looked at, too. */
static bool is_json(const head *h, size_t at) {
  if (at >= h->length || (h->at[at] != '{' && h->at[at] != '[')) return false;
  const char *follow = h->at[at] == '{' ? "\"}" : "\"[{-0123456789";
  do at++;
  while (at < h->length && h->at[at] && strchr(" \t\r\n", h->at[at]));
  return at < h->length && h->at[at] && strchr(follow, h->at[at]);
}

static const sv_kind *of_text(const head *h) {
  size_t at = first_word(h);
  if (says(h, at, "version https://git-lfs.")) return &lfs;
  if (says(h, at, "[net]") || says(h, at, "[network]")) return &darknet_text;
  if (says(h, at, "name: \"") || says(h, at, "layer {") ||
      says(h, at, "layers {") || says(h, at, "input: \""))
    return &caffe_text;
  if (is_json(h, at)) return &json;
  return at < h->length && h->at[at] == '<' ? of_markup(h, at) : NULL;
}

const sv_kind *sv_kind_of(const void *bytes, size_t size) {
  const head h = {bytes, size < SV_KIND_BYTES ? size : SV_KIND_BYTES, size};
  if (size == 0) return &empty;
  if (begins(&h, 0, "\x89PNG\r\n\x1a\n", 8)) return &sv_kind_png;
  if (begins(&h, 0, "\xff\xd8\xff", 3)) return &sv_kind_jpeg;
  for (int i = 0; i < SIGNATURES; i++)
    if (begins(&h, signatures[i].offset, signatures[i].bytes,
               signatures[i].length))
      return &signatures[i].kind;
  static const sv_kind bmp = {"a BMP image", SV_CLASS_IMAGE, NULL},
                       pnm = {"a PNM image", SV_CLASS_IMAGE, NULL},
                       pickle = {"a Python pickle, as old PyTorch files are",
                                 SV_CLASS_MODEL, FROM_PYTORCH};
  if (is_utf16(&h)) return &utf16;
  if (is_bmp(&h)) return &bmp;
  if (is_pnm(&h)) return &pnm;
  if (is_pickle(&h)) return &pickle;
  if (is_safetensors(&h)) return &safetensors;
  if (is_darknet(&h)) return &darknet;
  const sv_kind *kind = of_zip(&h);
  if (!kind) kind = of_versioned(&h);
  if (!kind) kind = of_nodes(&h);
  return kind ? kind : of_text(&h);
}

/* ---- Paths ---- */

static bool holds(const char *folder, const char *name) {
  char path[4096];
  int length = snprintf(path, sizeof path, "%s/%s", folder, name);
  struct stat info;
  return length < (int)sizeof path && stat(path, &info) == 0;
}

static const sv_kind *of_folder(const char *path) {
  if (holds(path, "saved_model.pb") || holds(path, "saved_model.pbtxt"))
    return &saved_model;
  return holds(path, "Manifest.json") && holds(path, "Data/com.apple.CoreML")
             ? &core_ml_folder
             : NULL;
}

const sv_kind *sv_kind_of_path(const char *path) {
  unsigned char bytes[SV_KIND_BYTES];
  struct stat info;
  /* A pipe without a writer must not make anybody wait. */
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return NULL;
  bool known = fstat(fd, &info) == 0;
  ssize_t got =
      known && S_ISREG(info.st_mode) ? pread(fd, bytes, sizeof bytes, 0) : -1;
  close(fd);
  if (known && S_ISDIR(info.st_mode)) return of_folder(path);
  if (got < 0) return NULL;
  /* A file that grows or shrinks meanwhile is as long as what was read. */
  size_t size = (size_t)info.st_size;
  bool whole = got < (ssize_t)sizeof bytes || size < sizeof bytes;
  return sv_kind_of(bytes, whole ? (size_t)got : size);
}

sv_status sv_kind_fail(const char *name, const sv_kind *kind,
                       const char *expected, bool model) {
  bool advise = kind->advice && (model || kind->class != SV_CLASS_MODEL);
  return sv_fail(SV_FORMAT, "%s: %s, expected %s%s%s", name, kind->name,
                 expected, advise ? "; " : "", advise ? kind->advice : "");
}

sv_status sv_text_read(char **text, const char *path, size_t limit,
                       const char *expected) {
  unsigned char *bytes;
  size_t size;
  *text = NULL;
  SV_TRY(sv_file_read(path, limit, &bytes, &size));
  const sv_kind *kind = sv_kind_of(bytes, size);
  sv_status status = SV_OK;
  if (kind)
    status = sv_kind_fail(path, kind, expected, false);
  else if (memchr(bytes, '\0', size))
    status =
        sv_fail(SV_FORMAT, "%s: not a text file, expected %s", path, expected);
  if (status != SV_OK) {
    sv_free(bytes);
    return status;
  }
  size_t mark = sv_bom_bytes(bytes, size);
  memmove(bytes, bytes + mark, size + 1 - mark); /* with the final zero */
  *text = (char *)bytes;
  return SV_OK;
}
