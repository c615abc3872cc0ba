/* Networks as text: what is computed and what is minimised. */
#include <stdlib.h>
#include <string.h>

#include <svertka/layers.h>

#include "text/text.h"

sv_status sv_text_no_values(const sv_reader *r, const sv_statement *s) {
  if (!s->bracket) return SV_OK;
  return sv_text_fail(&r->cursor, s->keyword.start, "%s takes no values",
                      s->keyword.text);
}

static sv_status no_name(sv_reader *r, const sv_statement *s) {
  if (!s->name_count) return SV_OK;
  return sv_text_fail(&r->cursor, s->names[0].start, "%s produces no value",
                      s->keyword.text);
}

/* `output x` is not at x but at the value before, and calls it x. */
static sv_status check_name(const sv_reader *r, const sv_statement *s,
                            const sv_word *name) {
  const char *keyword = s->keyword.text;
  if (!name->text[0])
    return sv_text_fail(&r->cursor, name->start, "a name is empty");
  if (*name->start == '"' || s->bracket) return SV_OK;
  int other = sv_text_find(r, name->text);
  if (other && other != r->last.id)
    return sv_text_fail(&r->cursor, name->start,
                        "'%s' is not the previous value; did you mean %s(%s)?",
                        name->text, keyword, name->text);
  if (!strchr(name->text, '(')) return SV_OK;
  return sv_text_fail(&r->cursor, name->start,
                      "'%s' is not a name; write %s(VALUE) NAME", name->text,
                      keyword);
}

/* output, loss: [NAME] [weight=W] */
sv_status sv_text_output(sv_reader *r, sv_statement *s) {
  SV_TRY(no_name(r, s));
  bool loss = strcmp(s->keyword.text, "loss") == 0;
  sv_word name = s->keyword;
  double weight = 1;
  for (bool named = false;;) {
    sv_word word;
    char *value, *end;
    bool more;
    SV_TRY(sv_text_next(r, &word, &value, &more));
    if (!more) break;
    if (!value && !named) {
      SV_TRY(check_name(r, s, &word));
      name = word;
      named = true;
      continue;
    }
    if (!value || !loss || strcmp(word.text, "weight") != 0)
      return sv_text_unknown(r, &word, s->keyword.text,
                             loss ? "a name and weight=" : "a name");
    weight = strtod(value, &end);
    if (end == value || *end || !(weight >= 0 && weight < 1e30))
      return sv_text_fail(&r->cursor, word.start,
                          "weight=%s: expected a number of at least 0", value);
  }
  sv_value value = s->bracket ? s->values[0] : r->last;
  if (s->value_count > 1 || !value.id)
    return sv_text_fail(&r->cursor, s->keyword.start, "%s needs one value",
                        s->keyword.text);
  if (loss)
    sv_loss(r->graph, name.text, value, weight);
  else
    sv_output(r->graph, name.text, value);
  return SV_OK;
}

sv_status sv_text_classifier(sv_reader *r, sv_statement *s) {
  SV_TRY(no_name(r, s));
  SV_TRY(sv_text_no_values(r, s));
  sv_word word;
  char *value;
  bool more;
  SV_TRY(sv_text_next(r, &word, &value, &more));
  if (more) return sv_text_unknown(r, &word, "classifier", "none");
  if (!r->last.id)
    return sv_text_fail(&r->cursor, s->keyword.start,
                        "classifier needs scores before it");
  sv_classifier_head(r->graph, r->last);
  return SV_OK;
}
