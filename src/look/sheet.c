/* A contact sheet: images in rows, with captions. */
#include <math.h>

#include "look/canvas.h"

enum { MOST_ITEMS = 4096 };

/* In points. */
static const double card = 128, gap = 10, margin = 24, heading = 58, line = 14,
                    least_width = 360;

static sv_status draw_item(sv_canvas *c, double x, double y,
                           const sv_sheet_item *item) {
  SV_TRY(sv_canvas_image(c, x, y, card, &item->image));
  sv_canvas_font(c, 11, false);
  sv_canvas_ink(c, sv_ink_text);
  if (item->caption)
    sv_canvas_text(c, x, y + card + line, SV_LEFT, card, item->caption);
  if (item->second)
    sv_canvas_text(c, x, y + card + 2 * line, SV_LEFT, card, item->second);
  return SV_OK;
}

sv_status sv_look_sheet(const char *path, const char *title, const char *below,
                        const sv_sheet_item *items, int count, int columns) {
  if (count < 1 || count > MOST_ITEMS || columns < 1)
    return sv_fail(SV_INVALID,
                   "%d images in rows of %d, expected 1 to %d in rows of 1 or "
                   "more",
                   count, columns, MOST_ITEMS);
  int rows = (count - 1) / columns + 1, lines = 0;
  for (int i = 0; i < count; i++) {
    int own = items[i].second ? 2 : items[i].caption ? 1 : 0;
    if (own > lines) lines = own;
  }
  double step = card + gap + (lines > 0 ? lines * line + 6 : 0);
  double width = 2 * margin + columns * (card + gap) - gap;
  double height = 2 * margin + heading + rows * step - gap;
  sv_canvas canvas;
  SV_TRY(sv_canvas_open(&canvas, fmax(width, least_width), height));
  sv_canvas_heading(&canvas, margin, title, below);
  sv_status status = SV_OK;
  for (int i = 0; i < count && status == SV_OK; i++)
    status =
        draw_item(&canvas, margin + i % columns * (card + gap),
                  margin + heading + (double)(i / columns) * step, &items[i]);
  if (status == SV_OK) status = sv_canvas_save(&canvas, path);
  sv_canvas_close(&canvas);
  return status;
}
