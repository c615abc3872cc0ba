/* The names that torchvision's networks give to the layers of the zoo's. */
#ifndef SV_ZOO_TORCH_H
#define SV_ZOO_TORCH_H

enum { SV_TORCH_NAME = 256 };

/* "*.downsample.conv" -> "*.downsample.0": a * is one part of a name between
 * dots, and keeps its place among those of the other side. */
typedef struct sv_torch_rule {
  const char *ours, *theirs;
} sv_torch_rule;

/* Renames a layer by the first rule that fits all of it; without one it keeps
 * its name. The table ends with {NULL, NULL}; it may be NULL. */
void sv_torch_rename(char name[SV_TORCH_NAME], const sv_torch_rule *rules,
                     const char *layer);

#endif
