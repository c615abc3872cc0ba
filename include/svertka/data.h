/* Data sets of labelled images, reading and writing image files, and
 * preprocessing: from 8-bit pixels to the input of a network. */
#ifndef SVERTKA_DATA_H
#define SVERTKA_DATA_H

#include <svertka/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Images ------------------------------------------------------------ */

/* An image of 8-bit pixels, interleaved (HWC), top row first. To pass your own
 * pixels, set the first five members and leave `owned` NULL. */
typedef struct sv_image {
  int width, height;
  int channels;     /* 1 grey, 3 RGB, 4 RGB and alpha (not premultiplied) */
  ptrdiff_t stride; /* bytes from one row to the next; 0: width * channels */
  const uint8_t *pixels; /* of the top row */
  void *owned;           /* freed by sv_image_free; NULL: pixels are borrowed */
  float gamma;     /* gamma of the samples as stored in a PNG (gAMA) and not yet
                    * applied: sample = light ^ gamma; sRGB 0.45455; 0: none */
  int orientation; /* the EXIF or TIFF orientation that was applied, 2 to 8; 0:
                    * none */
} sv_image;

/* Max length of a side and max number of pixels of an image. */
enum { SV_IMAGE_SIDE = 65535, SV_IMAGE_PIXELS = 1 << 27 };

/* Reads a PNG, JPEG, WebP, GIF, TIFF or BMP file into a grey or RGB image. The
 * format is recognised by the content. Of several frames or pages the first is
 * read. Palettes are converted to colours; of 16-bit samples the upper 8 bits
 * are kept. A PNG's gamma is stored but not applied, as in Pillow
 * (sv_preprocess can apply it). Transparent pixels are composed over white:
 * drawings and icons are made for a page or a browser, and the colour of a
 * fully transparent pixel has no meaning. CMYK is converted with the plain
 * formula, without a colour profile. The image is rotated as its EXIF block or
 * TIFF tag says. SV_FORMAT, naming the file, if it is damaged or truncated, has
 * more than SV_IMAGE_PIXELS pixels, or declares more pixels than its size can
 * hold. Free with sv_image_free. */
SV_API SV_CHECKED sv_status sv_image_read(sv_image *image, const char *path);

/* The same from memory; `name` is what errors call it. */
SV_API SV_CHECKED sv_status sv_image_decode(sv_image *image, const char *name,
                                            const void *bytes, size_t size);

/* True if the extension or the first bytes of a file are those of an image,
 * even if the image is damaged. Never fails. */
SV_API bool sv_image_is_likely(const char *path);

/* Writes a grey or RGB image as PNG, completely or not at all. */
SV_API SV_CHECKED sv_status sv_image_write(const sv_image *image,
                                           const char *path);

/* Frees the memory that the image owns, and clears it. */
SV_API void sv_image_free(sv_image *image);

/* ---- Data sets --------------------------------------------------------- */

/* One split of a data set. Any number of threads may read it concurrently. */
typedef struct sv_dataset sv_dataset;

typedef enum sv_split { SV_SPLIT_TRAIN, SV_SPLIT_TEST } sv_split;

/* Opens a data set. `data` is a path if such a file or folder exists; otherwise
 * it is a name such as "fashion-mnist", searched for in $SVERTKA_DATA, ./data
 * and /usr/share/datasets. The readers in src/data/readers.def recognise the
 * format. Errors name the file and what is wrong with it; for an unknown name
 * they list the places searched. Free with sv_dataset_free. */
SV_API SV_CHECKED sv_status sv_dataset_open(sv_dataset **dataset,
                                            const char *data, sv_split split);
SV_API void sv_dataset_free(sv_dataset *dataset);

/* Name: the last part of the path. Path: where the data set was found.
 * Borrowed. */
SV_API const char *sv_dataset_name(const sv_dataset *dataset);
SV_API const char *sv_dataset_path(const sv_dataset *dataset);

SV_API int64_t sv_dataset_count(const sv_dataset *dataset);
/* The number of samples of the data set's own validation set (a folder `val`
 * beside `train`). They are the last samples; 0: it has none. */
SV_API int64_t sv_dataset_held_out(const sv_dataset *dataset);
/* The size of all images; height and width are 0 if images differ in size. */
SV_API int sv_dataset_channels(const sv_dataset *dataset);
SV_API int sv_dataset_height(const sv_dataset *dataset);
SV_API int sv_dataset_width(const sv_dataset *dataset);
SV_API int sv_dataset_classes(const sv_dataset *dataset);

/* The name of class i, e.g. "Trouser"; its number, e.g. "1", if names are
 * unknown. Borrowed; NULL unless 0 <= i < classes. */
SV_API const char *sv_dataset_class_name(const sv_dataset *dataset, int i);

/* The class of sample i; -1 unless 0 <= i < count. */
SV_API int sv_dataset_label(const sv_dataset *dataset, int64_t i);

/* The image of sample i, borrowed from the data set or decoded. Free it with
 * sv_image_free before the data set. */
SV_API SV_CHECKED sv_status sv_dataset_image(const sv_dataset *dataset,
                                             int64_t i, sv_image *image);

/* Where sample i lies: the path of its file, the shard and the file in it, or
 * the number of the sample. Two samples of a data set with the same source are
 * the same sample. Free with sv_dataset_source_free. */
SV_API SV_CHECKED sv_status sv_dataset_source(const sv_dataset *dataset,
                                              int64_t i, char **source);
SV_API void sv_dataset_source_free(char *source);

/* Leaves out the samples i with skip[i] (count of them): the others move up,
 * and count, held_out, labels and sources change with them. SV_FORMAT, with
 * nothing changed, if a class would lose its last sample (of a training split:
 * its last one that is not held out). No other thread may use the data set
 * meanwhile. */
SV_API SV_CHECKED sv_status sv_dataset_skip(sv_dataset *dataset,
                                            const bool *skip);

/* Options of reading all images of a data set. Zeros are the defaults. */
typedef struct sv_survey {
  int threads; /* that read images; 0: one per processor */
  /* Called for each sample that cannot be read, in order, when all are
   * read. May be NULL. */
  void (*unreadable)(void *context, int64_t sample, const char *source,
                     const char *reason);
  /* Called about ten times a second in the calling thread; false stops with
   * SV_INTERRUPTED. May be NULL. */
  bool (*report)(void *context, int64_t done, int64_t total);
  void *context;
} sv_survey;

/* Reads and decodes every image once and leaves out those that cannot be read,
 * as sv_dataset_skip does. Data that are in memory have none. `options` may
 * be NULL. */
SV_API SV_CHECKED sv_status
sv_dataset_skip_unreadable(sv_dataset *dataset, const sv_survey *options);

/* ---- Checking a data set ----------------------------------------------- */

/* The parts of a data set. A validation set that is the test set, too, counts
 * as the validation set. */
enum { SV_CHECK_TRAIN, SV_CHECK_VAL, SV_CHECK_TEST, SV_CHECK_PARTS };

/* An image of the data set. */
typedef struct sv_check_image {
  char *source; /* as sv_dataset_source */
  int part;     /* SV_CHECK_TRAIN, ... */
  int label;
} sv_check_image;

typedef struct sv_check_bad {
  sv_check_image image;
  char *reason; /* names the file, too */
} sv_check_bad;

/* Images that are alike: of a group with the same pixels, or a pair. */
typedef struct sv_check_group {
  sv_check_image *images; /* 2 or more */
  int64_t count;
  bool across;   /* they are in several parts */
  bool conflict; /* their labels differ */
} sv_check_group;

typedef struct sv_check {
  int64_t samples[SV_CHECK_PARTS], unreadable[SV_CHECK_PARTS];
  char *no_test; /* why there is no test set; NULL: there is one, or the
                  * validation set is it */
  int classes;
  int64_t *of_class; /* classes x SV_CHECK_PARTS: number of samples */
  char **names;      /* of the classes */
  /* Of the readable images. */
  int64_t grey, colour;    /* images with one channel, with three */
  int width[3], height[3]; /* smallest, median, largest */
  sv_check_bad *bad;       /* images that cannot be read */
  int64_t bad_count;
  sv_check_group *same; /* groups of images with the same pixels */
  int64_t same_count;
  sv_check_group *near; /* pairs that are nearly the same; each image of
                         * val and test with the nearest one of the parts
                         * before it */
  int64_t near_count;
} sv_check;

/* Reads all images of a data set. `data` is as in sv_dataset_open. Images are
 * the same if they have the same pixels. They are nearly the same if their
 * perceptual hashes (64 signs of a cosine transform of 32x32 pixels) differ in
 * at most 5 bits, and their 8x8 pixels, without their means, by at most 3 of
 * 255 on average; images without contrast are not compared. The caller frees
 * *check with sv_check_free unless the call fails: it fails if the data set
 * cannot be opened, not if images cannot be read. `pass` may be NULL; its
 * function `unreadable` is not called. Memory: 100 bytes per image. Source of
 * the hash: Zauner, "Implementation and Benchmarking of Perceptual Image Hash
 * Functions", 2010. */
SV_API SV_CHECKED sv_status sv_dataset_check(sv_check *check, const char *data,
                                             const sv_survey *options);
SV_API void sv_check_free(sv_check *check);

/* ---- Semantic segmentation ---------------------------------------------- */

/* Reads a mask: a greyscale image whose values are classes, or 255
 * (SV_NO_CLASS) for pixels without a class. The file is a PNG, greyscale or
 * with a palette, of up to 8 bits. The values in the file are used, not their
 * colours. */
SV_API SV_CHECKED sv_status sv_mask_read(sv_image *mask, const char *path);

/* Writes a mask as a PNG with the palette of sv_mask_colour, completely or not
 * at all. */
SV_API SV_CHECKED sv_status sv_mask_write(const sv_image *mask,
                                          const char *path);

/* The colour of class i in masks and maps. Class 0, the background, is black;
 * SV_NO_CLASS is white. */
SV_API void sv_mask_colour(int i, uint8_t rgb[3]);

/* True if the data set has masks, that is, a class per pixel. sv_dataset_label
 * returns 0 then. */
SV_API bool sv_dataset_has_masks(const sv_dataset *dataset);

/* The mask of sample i, as large as its image. Free it with sv_image_free
 * before the data set. */
SV_API SV_CHECKED sv_status sv_dataset_mask(const sv_dataset *dataset,
                                            int64_t i, sv_image *mask);

/* Options of scenes composed of images from a classification data set. A scene
 * contains several images, mirrored at random and enlarged by a factor of 1 to
 * 2, on black or on a texture; later images cover earlier ones. The mask has 0
 * for the background and c + 1 for class c. The object in an image is
 * everything that its dark border does not reach. A scene depends only on the
 * seed, the split and its number. */
typedef struct sv_scenes {
  int64_t count; /* 1000: training scenes; test scenes: a fifth of them, at
                  * least 1 */
  int size;      /* 64: height and width in pixels */
  int items;     /* 4: max number of images in a scene, from 1 on */
  bool black;    /* no textures in the background */
  uint64_t seed; /* 1 */
  /* Called after each scene; false stops with SV_INTERRUPTED. May be NULL. */
  bool (*report)(void *context, int64_t done, int64_t total);
  void *context;
} sv_scenes;

SV_API sv_scenes sv_scenes_default(void);

/* Writes scenes into a folder in the format of the reader "masks"
 * (docs/segmentation.md). The lists are written last, so that an interrupted
 * folder is not a data set. Test scenes are made of test images. SV_INVALID if
 * the folder is already a data set or the images are not grey. */
SV_API SV_CHECKED sv_status sv_scenes_write(const char *folder,
                                            const sv_dataset *train,
                                            const sv_dataset *test,
                                            const sv_scenes *scenes);

/* ---- Selecting and ordering samples ------------------------------------ */

/* Indices of samples in a data set. Free with sv_samples_free. */
typedef struct sv_samples {
  int64_t *at;
  int64_t count;
} sv_samples;

SV_API void sv_samples_free(sv_samples *samples);

/* All samples, in the order of the data set. */
SV_API SV_CHECKED sv_status sv_samples_all(sv_samples *samples,
                                           const sv_dataset *dataset);

/* Splits a training split into training and validation samples. `fraction` (0
 * <= fraction < 1) is the share that is held out for validation, rounded. The
 * share of each class is as close to it as whole samples allow; the seed
 * selects the samples. At least one sample of each class stays in training, so
 * fewer may be held out. Both parts keep the order of the data set. If the data
 * set has its own validation set, that is held out, whatever the fraction; with
 * fraction 0 it is in neither part. A test split is SV_INVALID: it is for the
 * final test, not for model selection. */
SV_API SV_CHECKED sv_status sv_samples_hold_out(sv_samples *train,
                                                sv_samples *validation,
                                                const sv_dataset *dataset,
                                                double fraction, uint64_t seed);

/* Reduces the samples to `count` of them, from 1 to all. The share of each
 * class stays as close to the original as whole samples allow; the seed selects
 * the samples. Their order is kept. */
SV_API SV_CHECKED sv_status sv_samples_draw(sv_samples *samples,
                                            const sv_dataset *dataset,
                                            int64_t count, uint64_t seed);

/* The order of an epoch: a permutation of `samples` (Fisher-Yates) that depends
 * only on seed and epoch. Writes samples->count indices. */
SV_API void sv_samples_shuffle(const sv_samples *samples, uint64_t seed,
                               int64_t epoch, int64_t *order);

/* The same with an equal number of samples of each class: samples of small
 * classes occur several times in an epoch, of large classes not all in each
 * epoch. Classes without samples are left out. Writes samples->count
 * indices. */
SV_API SV_CHECKED sv_status sv_samples_balance(const sv_samples *samples,
                                               const sv_dataset *dataset,
                                               uint64_t seed, int64_t epoch,
                                               int64_t *order);

/* ---- Data augmentation -------------------------------------------------- */

/* Random changes to training images. The values for an image depend only on the
 * seed, the epoch and the image's number. All zeros: no augmentation.
 *
 * `transforms` is a list such as "random_resized_crop 0.35; flip; erase 0.25":
 * names with their settings, applied in the order written; docs/data.md and
 * `svertka data transforms` describe them. Transforms before `resize` or
 * random_resized_crop work on the image as it was read; without these, the
 * image is resized first. `transforms` excludes the other members, which stand
 * for the transforms flip, random_crop and erase. */
typedef struct sv_augment {
  bool flip; /* mirror half of the images horizontally */
  int shift; /* shift by up to this number of pixels along each axis; uncovered
              * pixels are black */
  double
      erase; /* share of images in which a rectangle is set to the mean: Zhong
              * et al., "Random Erasing Data Augmentation", AAAI 2020 */
  const char *transforms; /* NULL: none */
} sv_augment;

/* ---- From pixels to the network's input -------------------------------- */

/* How an image is resized to the network's input size. */
typedef enum sv_resize {
  SV_RESIZE_STRETCH, /* height and width independently */
  SV_RESIZE_CROP     /* keep proportions, then crop the centre */
} sv_resize;

/* The interpolation of resizing; when an image shrinks, the filter is widened
 * to avoid aliasing. The results equal those of Pillow and torchvision (with
 * antialias), to the bit. */
typedef enum sv_filter { SV_FILTER_BILINEAR, SV_FILTER_BICUBIC } sv_filter;

/* The order of three channels. A network with one channel takes greyscale. */
typedef enum sv_order { SV_ORDER_RGB, SV_ORDER_BGR } sv_order;

/* The order of the input's dimensions. OPEN: not given; it is derived from the
 * network. */
typedef enum sv_image_layout {
  SV_IMAGE_LAYOUT_OPEN,
  SV_IMAGE_NCHW,
  SV_IMAGE_NHWC /* channels last, as in Keras and TensorFlow */
} sv_image_layout;

/* Preprocessing. The network's input is channels x height x width floats, or
 * height x width x channels:
 *   image -> grey or three colours -> resized to the size without pads
 *   -> black pads -> (pixel / 255 - mean) / deviation
 * The pixels have 8 bits up to the last step; after it an experiment may
 * permute them. Grey is 0.299 R + 0.587 G + 0.114 B. To crop, the shorter side
 * is resized to size / crop and the longer one in proportion, rounded down.
 * Then the centre is cut out, as by torchvision's Resize and CenterCrop. Plain
 * data; sv_preprocess_free frees the class names and the permutation. */
typedef struct sv_preprocess {
  int channels, height, width;                  /* of the network's input */
  int pad_top, pad_left, pad_bottom, pad_right; /* part of height and width */
  sv_resize resize;
  float crop; /* with RESIZE_CROP: the share of the resized image's sides that
               * the crop keeps; 0.875: 224 of 256 pixels; 0: 1 */
  sv_filter filter;
  sv_order order;
  bool gamma;     /* convert images with a stored gamma to that of sRGB */
  bool as_stored; /* undo the orientation that was applied to an image */
  float mean[3], deviation[3]; /* of pixel / 255; NAN: not given */
  bool permuted;        /* permute the pixels of each channel at the end */
  uint64_t permutation; /* the seed of that permutation */
  int32_t *pixels; /* height x width: the index of each pixel's source; computed
                    * once the seed and the size are known */
  int classes;     /* 0: names are unknown */
  char **names;    /* of the classes */
  sv_image_layout layout;
  sv_score_kind scores; /* the kind of the network's output; SV_SCORES_UNKNOWN:
                         * derived from the graph */
} sv_preprocess;

/* Nothing set: no size, no mean. */
SV_API sv_preprocess sv_preprocess_default(void);
SV_API void sv_preprocess_free(sv_preprocess *p);
SV_API SV_CHECKED sv_status sv_preprocess_copy(sv_preprocess *copy,
                                               const sv_preprocess *p);

/* Sets all but mean and deviation, for this data set and a network's input of
 * channels x height x width (1 or 3 channels). Images of that size are used
 * unchanged. Images that are smaller by the same even number of pixels in both
 * directions, and by a third at most, get black pads (28x28 to 32x32). All
 * others are stretched; the caller may change that to SV_RESIZE_CROP. */
SV_API SV_CHECKED sv_status sv_preprocess_match(sv_preprocess *p,
                                                const sv_dataset *dataset,
                                                const sv_shape *input);

/* Computes the mean and the population standard deviation of each channel over
 * these samples of a training split, without the pads. Of more than 100,000
 * samples, 100,000 at equal distances are used. A constant channel gets
 * deviation 1. */
SV_API SV_CHECKED sv_status sv_preprocess_fit(sv_preprocess *p,
                                              const sv_dataset *dataset,
                                              const sv_samples *samples);

/* Permutes the pixels from now on by a permutation drawn from the seed
 * (Fisher-Yates). It shows how well a network does without neighbouring pixels.
 * The size must be known. */
SV_API SV_CHECKED sv_status sv_preprocess_permute(sv_preprocess *p,
                                                  uint64_t seed);

/* Preprocesses an image: dst gets the network's input, channels x height x
 * width floats. Many threads may use the same p once it has passed
 * sv_preprocess_check. */
SV_API SV_CHECKED sv_status sv_preprocess_pixels(const sv_preprocess *p,
                                                 const sv_image *image,
                                                 float *dst);

/* Turns an image that owns its pixels back to how it is stored, if the settings
 * say so; sv_preprocess_pixels does the same on a copy. It is needed before
 * positions in the image are used. On failure the image is freed. */
SV_API SV_CHECKED sv_status sv_preprocess_turn(const sv_preprocess *p,
                                               sv_image *image);

/* Preprocesses a mask: dst gets height x width classes, at the places where
 * sv_preprocess_pixels puts their pixels; pads get SV_NO_CLASS. Masks are
 * resized with the nearest pixel. */
SV_API SV_CHECKED sv_status sv_preprocess_mask(const sv_preprocess *p,
                                               const sv_image *mask,
                                               int64_t *dst);

/* The preprocessing as metadata of a model file:
 *   svertka.image.size       "1x32x32"      channels, height, width
 *   svertka.image.pad        "2,2,2,2"      top, left, bottom, right, in pixels
 *   svertka.image.resize     "stretch"      or "crop", "crop 0.875"; then
 *                                           "bicubic", or nothing for bilinear
 *   svertka.image.order      "rgb"          or "bgr"; for three channels only
 *   svertka.image.mean       "0.286040604"  one per channel, with commas,
 *   svertka.image.deviation  "0.353024244"  in units of pixel / 255
 *   svertka.image.orientation "file"        or "ignore", as Pillow does
 *   svertka.image.permute    "7"            the seed of a pixel permutation
 *   svertka.labels           "Shirt\nBag"   one class per line
 *   svertka.scores           "logits"       kind of the output: sv_score_name
 * Optional, with their defaults: pad (none), resize (stretch), order (rgb),
 * permute (off), labels, scores (derived from the network); size, if the
 * network's input has no free size. */

/* Sets one key. Keys other than svertka.labels and svertka.scores that do not
 * begin with svertka.image. are ignored. An unknown key that begins with
 * svertka.image., or an invalid value, is an error that names it. */
SV_API SV_CHECKED sv_status sv_preprocess_set(sv_preprocess *p, const char *key,
                                              const char *value);

/* Checks that the settings are complete and consistent; the error names the key
 * at fault. */
SV_API SV_CHECKED sv_status sv_preprocess_check(const sv_preprocess *p);

/* Writes to and reads from a model's metadata, with the functions above.
 * Loading returns SV_INVALID, naming all missing keys, if the metadata are
 * incomplete, and SV_FORMAT, naming the key, if a value is malformed. */
SV_API SV_CHECKED sv_status sv_preprocess_save(const sv_preprocess *p,
                                               sv_model *model);
SV_API SV_CHECKED sv_status sv_preprocess_load(sv_preprocess *p,
                                               const sv_model *model);

#ifdef __cplusplus
}
#endif
#endif
