/* Ids as text. */
#include "core/ids.h"

#include "base/base32.h"

_Static_assert(ID_TEXT == BASE32_LENGTH(ID_BYTES) + 1, "an id's text holds all its bytes");

void id_text(const struct id *id, char into[ID_TEXT])
{
    base32_encode(id->bytes, ID_BYTES, into, ID_TEXT - 1);
}

void id_tag(const struct id *id, char into[TAG_TEXT])
{
    base32_encode(id->bytes, ID_BYTES, into, TAG_TEXT - 1);
}

bool id_parse(const char *text, struct id *into)
{
    return base32_decode(text, into->bytes, ID_BYTES);
}
