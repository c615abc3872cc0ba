#include "onnx/wire.h"

#include <string.h>

enum { DEEPEST = 100, MOST_FIELDS = 32 };

typedef struct wire {
  const unsigned char *begin, *at, *end; /* of the file; of what is read now */
  sv_arena *arena;
  int depth;
} wire;

/* A field as it lies in the file. */
typedef struct field {
  const ProtobufCFieldDescriptor *kind; /* NULL: not known */
  int type;                             /* of the wire */
  uint64_t number;
  const unsigned char *bytes; /* LENGTH_PREFIXED */
  size_t size;
} field;

static sv_status malformed(const wire *w, const char *what) {
  return sv_fail(SV_FORMAT, "not a valid ONNX file: %s at byte %zu", what,
                 (size_t)(w->at - w->begin));
}

static sv_status read_varint(wire *w, uint64_t *number) {
  *number = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (w->at == w->end) return malformed(w, "truncated number");
    unsigned char byte = *w->at++;
    *number |= (uint64_t)(byte & 0x7f) << shift;
    if (!(byte & 0x80)) return SV_OK;
  }
  return malformed(w, "number too long");
}

static sv_status read_fixed(wire *w, size_t size, uint64_t *number) {
  if ((size_t)(w->end - w->at) < size) return malformed(w, "truncated number");
  *number = 0;
  memcpy(number, w->at, size); /* little-endian, as all machines we run on */
  w->at += size;
  return SV_OK;
}

static sv_status read_field(wire *w, const ProtobufCMessageDescriptor *of,
                            field *f) {
  uint64_t tag;
  SV_TRY(read_varint(w, &tag));
  if (tag >> 3 == 0 || tag >> 32) return malformed(w, "a field has no number");
  *f = (field){.type = (int)(tag & 7)};
  f->kind = protobuf_c_message_descriptor_get_field(of, (unsigned)(tag >> 3));
  switch (f->type) {
    case PROTOBUF_C_WIRE_TYPE_VARINT: return read_varint(w, &f->number);
    case PROTOBUF_C_WIRE_TYPE_64BIT: return read_fixed(w, 8, &f->number);
    case PROTOBUF_C_WIRE_TYPE_32BIT: return read_fixed(w, 4, &f->number);
    case PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED: break;
    default: return malformed(w, "a field has an unknown type");
  }
  SV_TRY(read_varint(w, &f->number));
  if (f->number > (size_t)(w->end - w->at))
    return malformed(w, "truncated field");
  f->bytes = w->at;
  f->size = (size_t)f->number;
  w->at += f->size;
  return SV_OK;
}

/* ---- Numbers ---- */

static int wire_type(ProtobufCType type) {
  switch (type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE: return PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
    case PROTOBUF_C_TYPE_FLOAT: return PROTOBUF_C_WIRE_TYPE_32BIT;
    case PROTOBUF_C_TYPE_DOUBLE: return PROTOBUF_C_WIRE_TYPE_64BIT;
    default: return PROTOBUF_C_WIRE_TYPE_VARINT;
  }
}

static size_t element_size(ProtobufCType type) {
  switch (type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE: return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES: return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_DOUBLE: return 8;
    default: return 4; /* int32, enum, bool, float */
  }
}

/* Floats and doubles travel as their bits; narrower numbers are cut. */
static void put_number(ProtobufCType type, uint64_t number, void *slot) {
  memcpy(slot, &number, element_size(type));
}

/* How many numbers lie packed in a field's bytes. */
static size_t packed_count(const field *f) {
  int type = wire_type(f->kind->type);
  if (type == PROTOBUF_C_WIRE_TYPE_32BIT) return f->size / 4;
  if (type == PROTOBUF_C_WIRE_TYPE_64BIT) return f->size / 8;
  size_t count = 0;
  for (size_t i = 0; i < f->size; i++) count += !(f->bytes[i] & 0x80);
  return count;
}

/* Of a repeated field, the elements that this occurrence of it holds. */
static size_t occurrence_count(const field *f) {
  bool packed = f->type == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED &&
                wire_type(f->kind->type) != f->type;
  return packed ? packed_count(f) : 1;
}

static sv_status read_packed(const wire *w, const field *f, char *slots,
                             size_t *count) {
  wire inner = *w;
  inner.at = f->bytes;
  inner.end = f->bytes + f->size;
  int type = wire_type(f->kind->type);
  size_t size = element_size(f->kind->type);
  while (inner.at < inner.end) {
    uint64_t number = 0;
    if (type == PROTOBUF_C_WIRE_TYPE_VARINT)
      SV_TRY(read_varint(&inner, &number));
    else
      SV_TRY(read_fixed(&inner, size, &number));
    put_number(f->kind->type, number, slots + (*count)++ * size);
  }
  return SV_OK;
}

/* ---- Messages ---- */

static sv_status read_message(const wire *outer,
                              const ProtobufCMessageDescriptor *of,
                              const unsigned char *bytes, size_t size,
                              void *message);

static sv_status read_text(const wire *w, const field *f, void *slot) {
  if (memchr(f->bytes, '\0', f->size))
    return malformed(w, "a name contains a zero byte");
  char *text;
  SV_TRY(sv_arena_take(w->arena, &text, f->size + 1));
  memcpy(text, f->bytes, f->size);
  memcpy(slot, &text, sizeof text);
  return SV_OK;
}

static sv_status read_element(const wire *w, const field *f, void *slot) {
  if (f->type != wire_type(f->kind->type))
    return malformed(w, "a field has the wrong type");
  switch (f->kind->type) {
    case PROTOBUF_C_TYPE_STRING: return read_text(w, f, slot);
    case PROTOBUF_C_TYPE_BYTES: {
      ProtobufCBinaryData data = {f->size, (uint8_t *)(uintptr_t)f->bytes};
      memcpy(slot, &data, sizeof data);
      return SV_OK;
    }
    case PROTOBUF_C_TYPE_MESSAGE:
      return read_message(w, f->kind->descriptor, f->bytes, f->size, slot);
    default: put_number(f->kind->type, f->number, slot); return SV_OK;
  }
}

static sv_status read_repeated(const wire *w, const field *f, char *message) {
  size_t *count = (size_t *)(void *)(message + f->kind->quantifier_offset);
  char *slots;
  memcpy(&slots, message + f->kind->offset, sizeof slots);
  if (f->type == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED &&
      wire_type(f->kind->type) != f->type)
    return read_packed(w, f, slots, count);
  SV_TRY(read_element(w, f, slots + *count * element_size(f->kind->type)));
  ++*count;
  return SV_OK;
}

/* An optional field or a member of a oneof; of a number given twice the last
 * one counts, a message given twice would have to be merged. */
static sv_status read_single(const wire *w, const field *f, char *message) {
  void *old;
  int *quantifier = (int *)(void *)(message + f->kind->quantifier_offset);
  bool oneof = f->kind->flags & PROTOBUF_C_FIELD_FLAG_ONEOF;
  memcpy(&old, message + f->kind->offset, sizeof old);
  bool repeated = oneof
                      ? *quantifier != 0
                      : f->kind->type == PROTOBUF_C_TYPE_MESSAGE && old != NULL;
  if (repeated) return malformed(w, "a field is given twice");
  SV_TRY(read_element(w, f, message + f->kind->offset));
  if (oneof)
    *quantifier = (int)f->kind->id;
  else if (f->kind->type != PROTOBUF_C_TYPE_STRING &&
           f->kind->type != PROTOBUF_C_TYPE_MESSAGE)
    *quantifier = 1;
  return SV_OK;
}

/* Makes room for exactly as many elements as the message holds. */
static sv_status make_arrays(const wire *outer,
                             const ProtobufCMessageDescriptor *of,
                             char *message) {
  wire w = *outer;
  size_t counts[MOST_FIELDS] = {0};
  while (w.at < w.end) {
    field f;
    SV_TRY(read_field(&w, of, &f));
    if (f.kind && f.kind->label == PROTOBUF_C_LABEL_REPEATED)
      counts[f.kind - of->fields] += occurrence_count(&f);
  }
  for (unsigned i = 0; i < of->n_fields; i++) {
    bool numbers =
        wire_type(of->fields[i].type) != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
    if (!counts[i]) continue;
    if (!numbers && counts[i] > SV_WIRE_MOST_ELEMENTS)
      return sv_fail(SV_UNSUPPORTED, "%zu of '%s', at most %d are supported",
                     counts[i], of->fields[i].name, SV_WIRE_MOST_ELEMENTS);
    void *slots;
    SV_TRY(sv_arena_take_array(w.arena, &slots, counts[i],
                               element_size(of->fields[i].type)));
    memcpy(message + of->fields[i].offset, &slots, sizeof slots);
  }
  return SV_OK;
}

static sv_status read_message(const wire *outer,
                              const ProtobufCMessageDescriptor *of,
                              const unsigned char *bytes, size_t size,
                              void *slot) {
  wire w = *outer;
  w.at = bytes;
  w.end = bytes + size;
  if (++w.depth > DEEPEST)
    return malformed(&w, "messages are nested too deeply");
  if (of->n_fields > MOST_FIELDS)
    return sv_fail(SV_UNSUPPORTED, "a %s has too many fields", of->short_name);
  char *message;
  SV_TRY(sv_arena_take(w.arena, &message, of->sizeof_message));
  of->message_init((ProtobufCMessage *)(void *)message);
  SV_TRY(make_arrays(&w, of, message));
  while (w.at < w.end) {
    field f;
    SV_TRY(read_field(&w, of, &f));
    if (!f.kind) continue;
    if (f.kind->label == PROTOBUF_C_LABEL_REPEATED)
      SV_TRY(read_repeated(&w, &f, message));
    else
      SV_TRY(read_single(&w, &f, message));
  }
  memcpy(slot, &message, sizeof message);
  return SV_OK;
}

sv_status sv_wire_read(void *message,
                       const ProtobufCMessageDescriptor *descriptor,
                       const unsigned char *bytes, size_t size,
                       sv_arena *arena) {
  wire w = {.begin = bytes, .arena = arena};
  return read_message(&w, descriptor, bytes, size, message);
}
