/* Images with labels: data sets found by name or path, pictures read and
 * written, and the way from 8-bit pixels to a network's input. */
#ifndef SVERTKA_DATA_H
#define SVERTKA_DATA_H

#include <svertka/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Pictures ---------------------------------------------------------- */

/* 8-bit pixels, interleaved (HWC), the top row first. Whoever has pixels of
 * his own fills in the first five members and leaves `owned` NULL. */
typedef struct sv_image {
  int width, height;
  int channels;     /* 1 grey, 3 RGB, 4 RGB and alpha (not premultiplied) */
  ptrdiff_t stride; /* bytes from a row to the next; 0: width * channels */
  const uint8_t *pixels; /* of the top row */
  void *owned;           /* freed by sv_image_free; NULL: pixels are borrowed */
  float gamma; /* that a PNG (gAMA) says its samples have, and that is not
                * applied yet: light ^ gamma, of sRGB 0.45455; 0: none */
} sv_image;

/* No side of a picture is longer, and none has more pixels. */
enum { SV_IMAGE_SIDE = 65535, SV_IMAGE_PIXELS = 1 << 27 };

/* Reads a PNG, JPEG, WebP, GIF, TIFF or BMP file, recognised by its content,
 * into grey or RGB: of several frames or pages the first. Palettes are looked
 * up, of 16 bits the upper 8 are taken; a PNG's gamma is noted and not applied,
 * as in Pillow (sv_preprocess can). What is transparent is
 * laid over white: drawings and icons are made for a page or a browser, and the
 * colour hidden below full transparency means nothing. CMYK is converted by the
 * plain formula, without a colour profile. The image is turned as its EXIF
 * block or TIFF tag says. A damaged or truncated file, more than
 * SV_IMAGE_PIXELS pixels, or more than so many bytes could hold is SV_FORMAT
 * and names the file. Free with sv_image_free. */
SV_API SV_CHECKED sv_status sv_image_read(sv_image *image, const char *path);

/* The same from memory; `name` is what errors call it. */
SV_API SV_CHECKED sv_status sv_image_decode(sv_image *image, const char *name,
                                            const void *bytes, size_t size);

/* Whether a file is an image by the ending of its name or by its first bytes: a
 * damaged one is, too. Never an error. */
SV_API bool sv_image_is_likely(const char *path);

/* Writes a grey or RGB picture as PNG: completely or not at all. */
SV_API SV_CHECKED sv_status sv_image_write(const sv_image *image,
                                           const char *path);

/* Frees what the image owns and empties it. */
SV_API void sv_image_free(sv_image *image);

/* ---- Data sets --------------------------------------------------------- */

/* One split of a data set. Any number of threads may read one at a time. */
typedef struct sv_dataset sv_dataset;

typedef enum sv_split { SV_SPLIT_TRAIN, SV_SPLIT_TEST } sv_split;

/* `data` is a path, if there is something, or a name such as "fashion-mnist",
 * looked for in $SVERTKA_DATA, ./data and /usr/share/datasets. What the place
 * holds is told by the readers in src/data/readers.def. Errors name the file
 * and what is wrong with it; an unknown name, the places searched. Free with
 * sv_dataset_free. */
SV_API SV_CHECKED sv_status sv_dataset_open(sv_dataset **dataset,
                                            const char *data, sv_split split);
SV_API void sv_dataset_free(sv_dataset *dataset);

/* The last part of the path, and the path: where it was found. Borrowed. */
SV_API const char *sv_dataset_name(const sv_dataset *dataset);
SV_API const char *sv_dataset_path(const sv_dataset *dataset);

SV_API int64_t sv_dataset_count(const sv_dataset *dataset);
/* The number of samples, the last ones, that are a validation set of the data
 * set's own (a folder `val` beside `train`); 0: it has none. */
SV_API int64_t sv_dataset_held_out(const sv_dataset *dataset);
/* Of every image; height and width are 0 where images differ in size. */
SV_API int sv_dataset_channels(const sv_dataset *dataset);
SV_API int sv_dataset_height(const sv_dataset *dataset);
SV_API int sv_dataset_width(const sv_dataset *dataset);
SV_API int sv_dataset_classes(const sv_dataset *dataset);

/* What class i is called: "Trouser", or "1" where nothing is known. Borrowed;
 * NULL unless 0 <= i < classes. */
SV_API const char *sv_dataset_class_name(const sv_dataset *dataset, int i);

/* The class of sample i; -1 unless 0 <= i < count. */
SV_API int sv_dataset_label(const sv_dataset *dataset, int64_t i);

/* The picture of sample i, borrowed from the data set or decoded: free it with
 * sv_image_free before the data set. */
SV_API SV_CHECKED sv_status sv_dataset_image(const sv_dataset *dataset,
                                             int64_t i, sv_image *image);

/* ---- A class for each pixel --------------------------------------------- */

/* A mask is a grey picture whose values are classes, 255 (SV_NO_CLASS) where a
 * pixel has none. Reads a PNG of grey or of a palette with up to 8 bits: what
 * counts is the number in the file, not its colour. */
SV_API SV_CHECKED sv_status sv_mask_read(sv_image *mask, const char *path);

/* Writes it as a PNG with a palette of sv_mask_colour; completely or not at
 * all. */
SV_API SV_CHECKED sv_status sv_mask_write(const sv_image *mask,
                                          const char *path);

/* The colour of a class in masks and maps: of class 0, the background, black;
 * of SV_NO_CLASS white. */
SV_API void sv_mask_colour(int i, uint8_t rgb[3]);

/* Whether the pixels have classes of their own; sv_dataset_label is 0 then. */
SV_API bool sv_dataset_has_masks(const sv_dataset *dataset);

/* The mask of sample i, of its picture's size; free it with sv_image_free
 * before the data set. */
SV_API SV_CHECKED sv_status sv_dataset_mask(const sv_dataset *dataset,
                                            int64_t i, sv_image *mask);

/* Scenes composed of the pictures of a data set with a class for each picture:
 * several of them, mirrored at random, 1 to 2 times as large, the later ones
 * over the earlier ones, on black or on a texture; the mask has 0 for the
 * background and c + 1 for class c. What belongs to a picture is what its dark
 * border does not reach. A scene is a function of seed, split and number alone.
 */
typedef struct sv_scenes {
  int64_t count; /* 1000: of training; test scenes are a fifth of them, 1 or
                  * more */
  int size;      /* 64: height and width in pixels */
  int items;     /* 4: 1 to so many pictures in a scene */
  bool black;    /* no textures */
  uint64_t seed; /* 1 */
  /* Called after each scene; false stops with SV_INTERRUPTED. May be NULL. */
  bool (*report)(void *context, int64_t done, int64_t total);
  void *context;
} sv_scenes;

SV_API sv_scenes sv_scenes_default(void);

/* Writes them into a folder as the reader "masks" (docs/segmentation.md) reads
 * it; its lists come last, so that what was interrupted is no data set. Test
 * scenes are made of test pictures. SV_INVALID if the folder is one already, or
 * the data set's pictures are not grey. */
SV_API SV_CHECKED sv_status sv_scenes_write(const char *folder,
                                            const sv_dataset *train,
                                            const sv_dataset *test,
                                            const sv_scenes *scenes);

/* ---- Which samples, in which order ------------------------------------- */

/* Positions in a data set. Free with sv_samples_free. */
typedef struct sv_samples {
  int64_t *at;
  int64_t count;
} sv_samples;

SV_API void sv_samples_free(sv_samples *samples);

/* All samples, in their order. */
SV_API SV_CHECKED sv_status sv_samples_all(sv_samples *samples,
                                           const sv_dataset *dataset);

/* Cuts a training split into what is trained on and what is held out: the share
 * `fraction` (0 <= fraction < 1) of all, rounded, of each class as near to that
 * share as whole samples allow, drawn by the seed. Never a class's last sample:
 * less is held out where only those are left. Both parts keep the data set's
 * order. Of a data set with a validation set of its own that is what is held
 * out, whatever the fraction; with fraction 0 it is left out of both. A test
 * split is refused: it is for the end, not for choosing. */
SV_API SV_CHECKED sv_status sv_samples_hold_out(sv_samples *train,
                                                sv_samples *validation,
                                                const sv_dataset *dataset,
                                                double fraction, uint64_t seed);

/* Leaves so many of the samples, 1 to all: of each class as near to its share
 * as whole samples allow, drawn by the seed, in the order they had. */
SV_API SV_CHECKED sv_status sv_samples_draw(sv_samples *samples,
                                            const sv_dataset *dataset,
                                            int64_t count, uint64_t seed);

/* The order of an epoch: a permutation of `samples` (Fisher-Yates), a function
 * of seed and epoch alone. Writes samples->count positions. */
SV_API void sv_samples_shuffle(const sv_samples *samples, uint64_t seed,
                               int64_t epoch, int64_t *order);

/* ---- Training pictures varied at random --------------------------------- */

/* Applied to the network's input in this order; each picture draws anew in each
 * epoch, by seed, epoch and its number alone. All zeros: nothing. */
typedef struct sv_augment {
  bool flip; /* left and right, half of the pictures */
  int shift; /* by up to so many pixels each way; what it uncovers is black */
  double
      erase; /* share of pictures in which a rectangle becomes the mean:
              * Zhong et al., "Random Erasing Data Augmentation", AAAI 2020 */
} sv_augment;

/* ---- From pixels to the network's input -------------------------------- */

/* How a picture of another size is brought to the network's. */
typedef enum sv_resize {
  SV_RESIZE_STRETCH, /* both sides, each on its own */
  SV_RESIZE_CROP     /* until it just covers, then the middle of it */
} sv_resize;

/* What a resized pixel is made of: straight lines or cubics between pixels,
 * over the whole of what becomes a pixel when the image shrinks. As Pillow and
 * torchvision (with antialias) do it, to the bit. */
typedef enum sv_filter { SV_FILTER_BILINEAR, SV_FILTER_BICUBIC } sv_filter;

/* The order of three channels; a network of one channel takes grey. */
typedef enum sv_order { SV_ORDER_RGB, SV_ORDER_BGR } sv_order;

/* The order of the input's dimensions; not said: what the network does with it
 * tells. */
typedef enum sv_image_layout {
  SV_IMAGE_LAYOUT_OPEN,
  SV_IMAGE_NCHW,
  SV_IMAGE_NHWC /* channels last, as networks of Keras and TensorFlow have it */
} sv_image_layout;

/* The network's input is channels x height x width floats, or height x width x
 * channels:
 *   picture -> grey or three colours -> resized to what the pads leave
 *   -> black pads -> (pixel / 255 - mean) / deviation
 * in 8 bits up to this step; an experiment may permute the pixels then. Grey is
 * 0.299 R + 0.587 G + 0.114 B. To crop, the shorter side becomes size / crop,
 * the longer one in proportion, rounded down, and the middle is taken, as
 * torchvision's Resize and CenterCrop do. Plain data; sv_preprocess_free frees
 * the class names and the order. */
typedef struct sv_preprocess {
  int channels, height, width;                  /* of the network's input */
  int pad_top, pad_left, pad_bottom, pad_right; /* part of height and width */
  sv_resize resize;
  float crop; /* with RESIZE_CROP: the share of the resized image that is taken
               * from its middle, 0.875 as of 256 pixels 224; 0: 1 */
  sv_filter filter;
  sv_order order;
  bool gamma; /* images that say their gamma are brought to that of sRGB */
  float mean[3], deviation[3]; /* of pixel / 255; NAN: not given */
  bool permuted;        /* then, last of all, the pixels of each channel are */
  uint64_t permutation; /* put into an order that this seed draws */
  int32_t *pixels; /* height x width: which pixel comes; made where both the
                    * seed and the size are known */
  int classes;     /* 0: names are not known */
  char **names;    /* of the classes */
  sv_image_layout layout;
  sv_score_kind scores; /* what the network's output is; SV_SCORES_UNKNOWN: that
                         * is found from what it computes */
} sv_preprocess;

/* Nothing given yet: no size, no mean. */
SV_API sv_preprocess sv_preprocess_default(void);
SV_API void sv_preprocess_free(sv_preprocess *p);
SV_API SV_CHECKED sv_status sv_preprocess_copy(sv_preprocess *copy,
                                               const sv_preprocess *p);

/* Everything but mean and deviation, for this data set and a network's input
 * of channels x height x width (1 or 3 channels). Images of that size are taken
 * as they are; smaller ones, by the same even number of pixels in both
 * directions and by no more than a third, get black pads (28x28 to 32x32); all
 * others are stretched, which the caller may change to SV_RESIZE_CROP. */
SV_API SV_CHECKED sv_status sv_preprocess_match(sv_preprocess *p,
                                                const sv_dataset *dataset,
                                                const sv_shape *input);

/* Mean and deviation (population) of each channel over these samples of a
 * training split, pads left out. Beyond 100,000 samples, so many of them in
 * equal steps. A channel that never changes gets deviation 1. */
SV_API SV_CHECKED sv_status sv_preprocess_fit(sv_preprocess *p,
                                              const sv_dataset *dataset,
                                              const sv_samples *samples);

/* From now on pixels are put into the order that this seed draws
 * (Fisher-Yates): what is left of a network that relies on neighbours? The size
 * must be known.
 */
SV_API SV_CHECKED sv_status sv_preprocess_permute(sv_preprocess *p,
                                                  uint64_t seed);

/* dst = the image as the network wants it, channels x height x width floats.
 * A p that passed sv_preprocess_check may be used by many threads. */
SV_API SV_CHECKED sv_status sv_preprocess_pixels(const sv_preprocess *p,
                                                 const sv_image *image,
                                                 float *dst);

/* dst = the mask's classes where sv_preprocess_pixels puts the pixels they are
 * of, height x width; SV_NO_CLASS on the pads. Of a picture of another size the
 * nearest pixel's. */
SV_API SV_CHECKED sv_status sv_preprocess_mask(const sv_preprocess *p,
                                               const sv_image *mask,
                                               int64_t *dst);

/* As a model file's metadata:
 *   svertka.image.size       "1x32x32"      channels, height, width
 *   svertka.image.pad        "2,2,2,2"      top, left, bottom, right, in pixels
 *   svertka.image.resize     "stretch"      or "crop", "crop 0.875"; then
 *                                           "bicubic" or nothing: bilinear
 *   svertka.image.order      "rgb"          or "bgr"; of three channels only
 *   svertka.image.mean       "0.286040604"  one per channel, commas between,
 *   svertka.image.deviation  "0.353024244"  in units of pixel / 255
 *   svertka.image.permute    "7"            the seed of an order of pixels
 *   svertka.labels           "Shirt\nBag"   a class a line
 *   svertka.scores           "logits"       what the output is: sv_score_name
 * pad (none), resize (stretch), order (rgb), permute (not), labels and scores
 * (found from the network) may be missing, and the size where the network's
 * input leaves nothing of it free. */

/* Takes over one pair. Keys that are not svertka.labels or svertka.scores and
 * do not begin with svertka.image. are somebody else's and ignored; an unknown
 * one among those, or an unknown value, is an error that names it. */
SV_API SV_CHECKED sv_status sv_preprocess_set(sv_preprocess *p, const char *key,
                                              const char *value);

/* What was set is complete and agrees; the error names the key at fault. */
SV_API SV_CHECKED sv_status sv_preprocess_check(const sv_preprocess *p);

/* To and from a model's metadata, by the functions above. Loading gives
 * SV_INVALID, naming all keys that are missing, if the model does not say
 * enough, and SV_FORMAT, naming the key, if a text is wrong. */
SV_API SV_CHECKED sv_status sv_preprocess_save(const sv_preprocess *p,
                                               sv_model *model);
SV_API SV_CHECKED sv_status sv_preprocess_load(sv_preprocess *p,
                                               const sv_model *model);

#ifdef __cplusplus
}
#endif
#endif
