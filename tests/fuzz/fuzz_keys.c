/* Any bytes from a terminal: the same keys in whatever chunks they arrive, every key has a name
 * that reads back, and after timeouts nothing is left.
 *
 * The first byte chooses the chunks. */
#include "base/alloc.h"
#include "base/buf.h"
#include "ui/keys.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TRACE = 1 << 20 };

static void trace(struct buf *into, const void *bytes, size_t size)
{
    if (!buf_add(into, bytes, size))
        die("more keys than bytes can make");
}

static void name_check(const struct key *key)
{
    char name[KEY_NAME_BYTES];
    struct key back;
    if (key->kind > KEY_FUNCTION || (key->kind == KEY_TEXT && key->code < 0x20))
        return;
    key_stored(key, name);
    if (strlen(name) == 0)
        die("a key without a name");
    bool arrow = key->kind == KEY_TEXT && key->code >= 0x2190 && key->code <= 0x2193;
    if (arrow || (key->kind == KEY_TEXT && (key->modifiers & KEY_CTRL)))
        return; /* called like the key; Ctrl-i is called Tab */
    if (!key_parse(name, &back) || !key_equal(key, &back))
        die("%s does not read back", name);
}

static void drain(struct keys *keys, struct buf *into)
{
    struct key key;
    while (keys_next(keys, &key)) {
        if (key.kind == KEY_PASTE) {
            trace(into, key.bytes, key.size);
            continue;
        }
        if (key.kind == KEY_MOUSE && (key.row < 0 || key.column < 0))
            die("the mouse is outside");
        name_check(&key);
        const int32_t plain[] = {-1, (int32_t)key.kind, (int32_t)key.modifiers, key.code};
        trace(into, plain, sizeof plain);
    }
}

static void run(const uint8_t *data, size_t size, size_t chunk, struct buf *into)
{
    struct keys keys;
    keys_init(&keys);
    keys_learn(&keys, "\x1b[[[", KEY_HOME, KEY_ALT, 0);
    keys_learn(&keys, "\x1b\x1bz", KEY_END, 0, 0);
    for (size_t at = 0; at < size; at += chunk) {
        size_t some = size - at < chunk ? size - at : chunk;
        char *exact = xmemdup(data + at, some);
        keys_feed(&keys, exact, some);
        drain(&keys, into);
        free(exact);
    }
    for (int i = 0; i < 3 && keys_wait(&keys) > 0; i++) {
        keys_timeout(&keys);
        drain(&keys, into);
    }
    if (keys_wait(&keys) > 0)
        die("timeouts do not end");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf whole, parts;
    if (size < 2)
        return 0;
    buf_init(&whole, TRACE);
    buf_init(&parts, TRACE);
    run(data + 1, size - 1, size, &whole);
    run(data + 1, size - 1, 1 + data[0] % 7, &parts);
    if (whole.length != parts.length ||
        memcmp(buf_bytes(&whole), buf_bytes(&parts), whole.length) != 0)
        die("other chunks, other keys");
    buf_done(&whole);
    buf_done(&parts);
    return 0;
}
