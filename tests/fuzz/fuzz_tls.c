/* The bytes of a link, from a stranger or spoiled on their way. The first byte says which end hears
 * them and the second how they are cut; the rest is what a stranger sends, or, between two engines,
 * what happens to their bytes: so many pass, then one is turned, lost or added, or the wire is cut.
 *
 * Randomness repeats, so a whole handshake can be an input. Nobody becomes a peer but who holds the
 * key, nothing is heard that was not said, and every bound of net/tls.h holds. */
#define OPENSSL_API_COMPAT 0x10100000L /* for RAND_set_rand_method: nothing newer is as short */
#include "base/alloc.h"
#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t SEEDS[2][TLS_SEED_BYTES] = {"the seed of who calls",
                                                 "the seed of who is called"};
static struct tls_context *contexts[2];
static uint64_t chance;

static void must(bool holds, const char *what)
{
    if (!holds)
        die("%s", what);
}

static int chance_bytes(unsigned char *into, int size)
{
    for (int i = 0; i < size; i++) {
        chance = chance * 6364136223846793005u + 1442695040888963407u;
        into[i] = (unsigned char)(chance >> 56);
    }
    return 1;
}

static int chance_good(void)
{
    return 1;
}

static void ready(void)
{
    static const RAND_METHOD repeats = {
        .bytes = chance_bytes, .pseudorand = chance_bytes, .status = chance_good};
    chance = 1;
    if (contexts[0])
        return;
    must(RAND_set_rand_method(&repeats) == 1, "no randomness of our own");
    for (int i = 0; i < 2; i++)
        must(tls_context_ready(contexts[i] = tls_context_new(SEEDS[i])), "no context");
}

static enum tls_role role_of(int end)
{
    return end == 0 ? TLS_CALLER : TLS_LISTENER;
}

/* What holds of any end at any time. */
static void check(struct tls *tls, int end, enum tls_result result)
{
    const uint8_t *peer = tls_peer(tls);
    size_t count;
    must(tls_outgoing(tls)->length <= TLS_OUTGOING_MAX, "too much to send");
    must(!peer || memcmp(peer, tls_context_key(contexts[1 - end]), TLS_KEY_BYTES) == 0,
         "a peer that has not the key");
    must((result == TLS_FAILED) == (tls_fault(tls) != TLS_FAULT_NONE), "a fault without a reason");
    must(ERR_peek_error() == 0, "an error left behind");
    if (result == TLS_FAILED) {
        must(tls_read(tls, &count, 1, &count) == TLS_FAILED, "a fault forgotten");
        must(tls_room(tls) == TLS_INCOMING_MAX, "bytes kept after a fault");
    }
}

/* Hears what there is; it must be words of `said` from *heard on. */
static enum tls_result hear(struct tls *tls, int end, const uint8_t *said, size_t size,
                            size_t *heard)
{
    uint8_t into[300];
    enum tls_result result;
    size_t count;
    while ((result = tls_read(tls, into, sizeof into, &count)) == TLS_OK) {
        must(count <= size - *heard && memcmp(said + *heard, into, count) == 0,
             "words that nobody said");
        *heard += count;
    }
    must(count == 0, "words with a refusal");
    check(tls, end, result);
    return result;
}

/* ---- a stranger ---- */

static enum tls_fault stranger(int end, const uint8_t *bytes, size_t size, size_t cut)
{
    ready();
    struct tls *tls = tls_new(contexts[end], role_of(end));
    size_t heard = 0;
    (void)hear(tls, end, (const uint8_t *)"", 0, &heard);
    for (size_t at = 0, part; at < size; at += part) {
        part = size - at < cut ? size - at : cut;
        if (part > tls_room(tls))
            part = tls_room(tls);
        must(part > 0, "no room for what is not wanted");
        uint8_t *exact = xmemdup(bytes + at, part);
        must(tls_feed(tls, exact, part), "no room where there was some");
        free(exact);
        (void)hear(tls, end, (const uint8_t *)"", 0, &heard);
    }
    tls_feed_end(tls);
    enum tls_result result = hear(tls, end, (const uint8_t *)"", 0, &heard);
    must(result == TLS_FAILED || result == TLS_ENDED, "it waits for what cannot come");
    enum tls_fault fault = tls_fault(tls);
    tls_free(tls);
    return fault;
}

/* ---- a bad wire ---- */

struct wire {
    struct tls *end[2];
    const uint8_t *script; /* (bytes that pass, what happens, a byte) and so on */
    size_t left;
    size_t pass;
    bool cut;
};

static void script_next(struct wire *wire)
{
    wire->script += wire->left < 3 ? 0 : 3;
    wire->left -= wire->left < 3 ? wire->left : 3;
    wire->pass = wire->left < 3 ? SIZE_MAX : (size_t)wire->script[0] * wire->script[0] / 16;
}

static void carry_byte(struct wire *wire, int to, uint8_t byte)
{
    uint8_t bytes[2] = {byte, 0};
    size_t count = 1;
    if (wire->pass == 0 && !wire->cut) {
        switch (wire->script[1] % 8) {
        case 0:
            tls_feed_end(wire->end[to]);
            wire->cut = true;
            break;
        case 1:
            count = 0;
            break;
        case 2:
            bytes[count++] = wire->script[2];
            break;
        default:
            bytes[0] ^= wire->script[2];
            break;
        }
        script_next(wire);
    } else if (wire->pass != SIZE_MAX && wire->pass > 0) {
        wire->pass--;
    }
    must(tls_feed(wire->end[to], bytes, count), "no room for a byte");
}

static void carry(struct wire *wire, int from, size_t cut)
{
    const struct buf *bytes = tls_outgoing(wire->end[from]);
    size_t part = bytes->length < cut ? bytes->length : cut;
    for (size_t i = 0; i < part; i++)
        carry_byte(wire, 1 - from, buf_bytes(bytes)[i]);
    tls_sent(wire->end[from], part);
}

static void bad_wire(const uint8_t *script, size_t size, size_t cut)
{
    static const uint8_t words[1000] = "what is said over a bad wire";
    enum { PIECE = 250, TURNS = 4000 };
    ready();
    struct wire wire = {.script = script, .left = size};
    size_t said[2] = {0, 0}, heard[2] = {0, 0};
    for (int i = 0; i < 2; i++)
        wire.end[i] = tls_new(contexts[i], role_of(i));
    wire.pass = size < 3 ? SIZE_MAX : (size_t)script[0] * script[0] / 16;
    for (int turn = 0; turn < TURNS; turn++) {
        int i = turn % 2;
        size_t count;
        enum tls_result result = hear(wire.end[i], i, words, said[1 - i], &heard[i]);
        if (result == TLS_MORE && tls_peer(wire.end[i]) && said[i] < sizeof words) {
            (void)!tls_write(wire.end[i], words + said[i], PIECE, &count);
            said[i] += count;
            if (said[i] == sizeof words)
                tls_close(wire.end[i]);
        }
        carry(&wire, i, cut);
    }
    for (int i = 0; i < 2; i++) {
        enum tls_result result = hear(wire.end[i], i, words, said[1 - i], &heard[i]);
        must(size >= 3 || cut < 8 || (result == TLS_ENDED && heard[i] == sizeof words),
             "a good wire that loses words");
        tls_free(wire.end[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    size_t cut = (size_t)data[1] + 1;
    if (data[0] % 4 >= 2) {
        bad_wire(data + 2, size - 2, cut);
        return 0;
    }
    enum tls_fault fault = stranger(data[0] % 4, data + 2, size - 2, cut);
    must(fault == stranger(data[0] % 4, data + 2, size - 2, SIZE_MAX), "chunks change how it ends");
    return 0;
}
