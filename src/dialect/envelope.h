#pragma once
/* The signed part of an entry: written by protobuf-c, read strictly and in place. */
#include "core/entry.h"

/* As struct codec has them. */
size_t envelope_pack(const struct entry_fields *fields, uint8_t *into, size_t room);
bool envelope_unpack(struct span bytes, struct entry_fields *into);
