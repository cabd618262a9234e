/* Links without sockets: what two engines say to each other however the bytes are cut, how links
 * end, what bounds them, and bytes that are no TLS. Peers that break our rules but not TLS are in
 * test_tls_rogue.c. */
#include "unit.h"

#include "base/alloc.h"
#include "net/tls.h"

#include <malloc.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

enum { CALLER, LISTENER };

static const uint8_t SEEDS[2][TLS_SEED_BYTES] = {
    /* RFC 8032, 7.1, TEST 1 and TEST 2 */
    {0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a,
     0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32,
     0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60},
    {0x4c, 0xcd, 0x08, 0x9b, 0x28, 0xff, 0x96, 0xda, 0x9d, 0xb6, 0xc3,
     0x46, 0xec, 0x11, 0x4e, 0x0f, 0x5b, 0x8a, 0x31, 0x9f, 0x35, 0xab,
     0xa6, 0x24, 0xda, 0x8c, 0xf6, 0xed, 0x4f, 0xb8, 0xa6, 0xfb},
};
static const uint8_t KEYS[2][TLS_KEY_BYTES] = {
    {0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe,
     0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6,
     0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a},
    {0x3d, 0x40, 0x17, 0xc3, 0xe8, 0x43, 0x89, 0x5a, 0x92, 0xb7, 0x0a,
     0xa7, 0x4d, 0x1b, 0x7e, 0xbc, 0x9c, 0x98, 0x2c, 0xcf, 0x2e, 0xc4,
     0x96, 0x8c, 0xc0, 0xcd, 0x55, 0xf1, 0x2a, 0xf4, 0x66, 0x0c},
};
static struct tls_context *contexts[2];
static uint8_t words[200000]; /* what is said: any bytes */

static uint32_t chance_state;

static uint32_t chance(uint32_t bound)
{
    chance_state = chance_state * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)chance_state * bound >> 32);
}

static int group_setup(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++)
        contexts[i] = tls_context_new(SEEDS[i]);
    for (size_t i = 0; i < sizeof words; i++)
        words[i] = (uint8_t)(i * 131 + i / 253);
    return !tls_context_ready(contexts[0]) || !tls_context_ready(contexts[1]);
}

static int group_teardown(void **state)
{
    (void)state;
    tls_context_free(contexts[0]);
    tls_context_free(contexts[1]);
    return 0;
}

/* ---- two engines ---- */

/* A wire cuts what it carries: all at once (0), `cut` bytes at most, or at random (negative). */
struct pair {
    struct tls *end[2];
    int cut;
};

static struct pair pair_new(int cut)
{
    return (struct pair){
        {tls_new(contexts[CALLER], TLS_CALLER), tls_new(contexts[LISTENER], TLS_LISTENER)}, cut};
}

static void pair_done(struct pair *pair)
{
    tls_free(pair->end[CALLER]);
    tls_free(pair->end[LISTENER]);
}

static size_t cut_of(int cut, size_t size)
{
    size_t most = cut == 0 ? size : cut > 0 ? (size_t)cut : 1 + chance((uint32_t)-cut);
    return size < most ? size : most;
}

/* One chunk from `from` to the other; false where there was none, or no room. */
static bool carry(struct pair *pair, int from)
{
    struct tls *to = pair->end[1 - from];
    const struct buf *bytes = tls_outgoing(pair->end[from]);
    size_t part = cut_of(pair->cut, bytes->length);
    if (part > tls_room(to))
        part = tls_room(to);
    if (part == 0)
        return false;
    uint8_t *exact = xmemdup(buf_bytes(bytes), part);
    assert_true(tls_feed(to, exact, part));
    free(exact);
    tls_sent(pair->end[from], part);
    return true;
}

/* Until neither end has anything to say. */
static void shake(struct pair *pair)
{
    bool moved = true;
    for (int turn = 0; moved && turn < 10000; turn++) {
        moved = false;
        for (int i = 0; i < 2; i++) {
            (void)!tls_handshake(pair->end[i]);
            moved |= carry(pair, i);
        }
    }
    assert_false(moved);
}

static struct pair pair_up(int cut)
{
    struct pair pair = pair_new(cut);
    shake(&pair);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(tls_handshake(pair.end[i]), TLS_OK);
        assert_memory_equal(tls_peer(pair.end[i]), KEYS[1 - i], TLS_KEY_BYTES);
    }
    return pair;
}

/* Says words[0..size) from one end in pieces, and hears them all at the other. */
static void talk(struct pair *pair, int from, size_t size)
{
    size_t written = 0, heard = 0, count;
    uint8_t *into = xmalloc(TLS_PLAIN_MAX);
    for (int turn = 0; heard < size && turn < 1000000; turn++) {
        size_t piece = cut_of(-40000, size - written);
        enum tls_result result = tls_write(pair->end[from], words + written, piece, &count);
        assert_true(result == TLS_OK ? count == piece : result == TLS_FULL && count < piece);
        written += count;
        carry(pair, from);
        size_t room = 1 + chance(TLS_PLAIN_MAX);
        result = tls_read(pair->end[1 - from], into, room, &count);
        assert_true(result == TLS_OK ? count > 0 : result == TLS_MORE && count == 0);
        assert_true(heard + count <= written);
        assert_memory_equal(into, words + heard, count);
        heard += count;
    }
    assert_int_equal(heard, size);
    free(into);
}

static enum tls_result read_all(struct tls *tls, size_t *got)
{
    static uint8_t into[TLS_PLAIN_MAX];
    enum tls_result result;
    size_t count;
    *got = 0;
    while ((result = tls_read(tls, into, sizeof into, &count)) == TLS_OK)
        *got += count;
    return result;
}

static void assert_fault(struct tls *tls, enum tls_fault fault)
{
    size_t count;
    assert_int_equal(tls_fault(tls), fault);
    assert_int_equal(tls_handshake(tls), TLS_FAILED);
    assert_int_equal(tls_read(tls, &count, 1, &count), TLS_FAILED);
    assert_int_equal(count, 0);
    assert_int_equal(tls_write(tls, "x", 1, &count), TLS_FAILED);
    assert_int_equal(count, 0);
    uint8_t exported[TLS_EXPORTED_BYTES];
    assert_false(tls_export(tls, exported));
    tls_close(tls);
    assert_int_equal(tls_room(tls), TLS_INCOMING_MAX); /* and takes what it does not want */
    for (int i = 0; i < 3; i++)
        assert_true(tls_feed(tls, words, TLS_INCOMING_MAX));
    assert_int_equal(tls_fault(tls), fault);
}

static void keys_are_those_of_the_seeds(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        uint8_t raw[TLS_KEY_BYTES];
        size_t size = sizeof raw;
        EVP_PKEY *key =
            EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, SEEDS[i], TLS_SEED_BYTES);
        assert_int_equal(EVP_PKEY_get_raw_public_key(key, raw, &size), 1);
        EVP_PKEY_free(key);
        assert_memory_equal(raw, KEYS[i], sizeof raw);
        assert_memory_equal(tls_context_key(contexts[i]), KEYS[i], TLS_KEY_BYTES);
    }
}

static void chunks_do_not_matter(void **state)
{
    (void)state;
    static const struct {
        int cut;
        size_t size;
    } cases[] = {{0, sizeof words}, {1, 6000},    {2, 9000},     {5, 20000},           {-3, 12000},
                 {-300, 100000},    {-70, 60000}, {-2000, 1000}, {-5000, sizeof words}};
    for (uint32_t seed = 0; seed < 3; seed++)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            chance_state = seed;
            struct pair pair = pair_up(cases[i].cut);
            talk(&pair, CALLER, cases[i].size);
            talk(&pair, LISTENER, cases[i].size / 2);
            talk(&pair, CALLER, 1);
            pair_done(&pair);
        }
}

static void nobody_before_the_link_is_up(void **state)
{
    (void)state;
    struct pair pair = pair_new(1);
    uint8_t exported[TLS_EXPORTED_BYTES];
    bool up[2] = {false, false};
    size_t count, bytes[2] = {0, 0};
    for (int turn = 0; turn < 10000 && (!up[0] || !up[1]); turn++)
        for (int i = 0; i < 2; i++) {
            if (!up[i]) {
                assert_null(tls_peer(pair.end[i]));
                assert_false(tls_export(pair.end[i], exported));
                tls_close(pair.end[i]); /* nothing to say goodbye to */
            }
            enum tls_result result = tls_read(pair.end[i], exported, sizeof exported, &count);
            assert_int_equal(result, TLS_MORE);
            up[i] = tls_peer(pair.end[i]) != NULL;
            if (!up[i])
                assert_int_equal(tls_write(pair.end[i], "x", 1, &count), TLS_MORE);
            bytes[i] += carry(&pair, i);
        }
    assert_true(up[0] && up[1]);
    assert_in_range(bytes[CALLER], 400, 1200);
    assert_in_range(bytes[LISTENER], 400, 1200);
    talk(&pair, LISTENER, 100);
    pair_done(&pair);
}

static void each_link_has_its_own_secret(void **state)
{
    (void)state;
    struct pair one = pair_up(0), other = pair_up(0);
    uint8_t exported[4][TLS_EXPORTED_BYTES];
    for (int i = 0; i < 4; i++)
        assert_true(tls_export((i < 2 ? &one : &other)->end[i % 2], exported[i]));
    assert_memory_equal(exported[0], exported[1], TLS_EXPORTED_BYTES);
    assert_memory_equal(exported[2], exported[3], TLS_EXPORTED_BYTES);
    assert_memory_not_equal(exported[0], exported[2], TLS_EXPORTED_BYTES);
    pair_done(&one);
    pair_done(&other);
}

static void one_can_call_oneself(void **state)
{
    (void)state;
    struct pair pair = {{tls_new(contexts[0], TLS_CALLER), tls_new(contexts[0], TLS_LISTENER)}, 0};
    shake(&pair);
    assert_memory_equal(tls_peer(pair.end[0]), KEYS[0], TLS_KEY_BYTES);
    assert_memory_equal(tls_peer(pair.end[1]), KEYS[0], TLS_KEY_BYTES);
    pair_done(&pair);
}

/* ---- ends ---- */

static void farewells_in_either_order(void **state)
{
    (void)state;
    for (int first = 0; first < 2; first++) {
        struct pair pair = pair_up(-9);
        struct tls *goes = pair.end[first], *stays = pair.end[1 - first];
        size_t count;
        assert_int_equal(tls_write(goes, words, 5000, &count), TLS_OK);
        tls_close(goes);
        tls_close(goes);
        assert_int_equal(tls_write(goes, "x", 1, &count), TLS_ENDED);
        size_t size = tls_outgoing(goes)->length;
        while (carry(&pair, first))
            continue;
        assert_in_range(size, 5000, 5100);
        assert_int_equal(read_all(stays, &count), TLS_ENDED);
        assert_int_equal(count, 5000);
        tls_feed_end(stays); /* the connection ends after it: no fault */
        assert_int_equal(read_all(stays, &count), TLS_ENDED);
        talk(&pair, 1 - first, 3000); /* and the other direction goes on */
        tls_close(stays);
        while (carry(&pair, 1 - first))
            continue;
        assert_int_equal(read_all(goes, &count), TLS_ENDED);
        assert_int_equal(tls_fault(goes), TLS_FAULT_NONE);
        assert_int_equal(tls_fault(stays), TLS_FAULT_NONE);
        assert_true(tls_feed(goes, words, TLS_INCOMING_MAX)); /* dropped */
        assert_true(tls_feed(goes, words, TLS_INCOMING_MAX));
        assert_int_equal(read_all(goes, &count), TLS_ENDED);
        pair_done(&pair);
    }
}

static void an_end_without_a_farewell_shows(void **state)
{
    (void)state;
    struct pair pair = pair_up(0);
    size_t count;
    assert_int_equal(tls_write(pair.end[CALLER], words, 700, &count), TLS_OK);
    carry(&pair, CALLER);
    assert_int_equal(tls_write(pair.end[CALLER], words, 700, &count), TLS_OK);
    pair.cut = 699;
    carry(&pair, CALLER);
    tls_feed_end(pair.end[LISTENER]);
    assert_int_equal(read_all(pair.end[LISTENER], &count), TLS_FAILED);
    assert_int_equal(count, 700); /* what came whole is read, the rest is not */
    assert_fault(pair.end[LISTENER], TLS_FAULT_CUT);
    tls_feed_end(pair.end[CALLER]);
    assert_int_equal(read_all(pair.end[CALLER], &count), TLS_FAILED);
    assert_fault(pair.end[CALLER], TLS_FAULT_CUT);
    pair_done(&pair);
}

/* A handshake that is carried until `bytes` went in all; then the wire is cut. */
static bool cut_after(size_t bytes, int cut_end)
{
    struct pair pair = pair_new(1);
    for (size_t carried = 0, turn = 0; carried < bytes && turn < 10000; turn++)
        for (int i = 0; i < 2; i++) {
            (void)!tls_handshake(pair.end[i]);
            while (carried < bytes && carry(&pair, i))
                carried++;
        }
    (void)!tls_handshake(pair.end[cut_end]);
    bool up = tls_peer(pair.end[cut_end]) != NULL;
    tls_feed_end(pair.end[cut_end]);
    size_t count;
    assert_int_equal(read_all(pair.end[cut_end], &count), TLS_FAILED);
    assert_fault(pair.end[cut_end], TLS_FAULT_CUT);
    pair_done(&pair);
    return up;
}

static void a_handshake_can_be_cut_anywhere(void **state)
{
    (void)state;
    int up[2] = {0, 0};
    for (size_t bytes = 0; bytes < 1600; bytes += bytes < 60 ? 1 : 7)
        for (int end = 0; end < 2; end++)
            up[end] += cut_after(bytes, end);
    assert_true(up[CALLER] > up[LISTENER] && up[LISTENER] > 0);
}

/* ---- bounds ---- */

static void a_full_link_says_so_and_loses_nothing(void **state)
{
    (void)state;
    struct pair pair = pair_up(0);
    struct tls *from = pair.end[CALLER], *to = pair.end[LISTENER];
    static uint8_t into[sizeof words];
    size_t written, count, heard = 0;
    assert_int_equal(tls_write(from, words, sizeof words, &written), TLS_FULL);
    assert_int_equal(written, 3 * TLS_PLAIN_MAX);
    assert_int_equal(tls_write(from, words, 1, &count), TLS_FULL);
    assert_int_equal(count, 0);
    assert_true(tls_outgoing(from)->length <= TLS_OUTGOING_MAX - TLS_OUTGOING_SPARE);
    assert_false(tls_feed(to, words, TLS_INCOMING_MAX + 1));
    while (heard < sizeof words) {
        (void)!tls_write(from, words + written, sizeof words - written, &count);
        written += count;
        if (!carry(&pair, CALLER)) /* the reader reads only when it must */
            while (tls_read(to, into + heard, sizeof words - heard, &count) == TLS_OK)
                heard += count;
        assert_true(tls_outgoing(from)->length <= TLS_OUTGOING_MAX);
        assert_true(tls_room(to) <= TLS_INCOMING_MAX);
    }
    assert_memory_equal(into, words, sizeof words);
    assert_int_equal(tls_room(to), TLS_INCOMING_MAX);
    assert_null(tls_outgoing(from)->room); /* nothing there, nothing held */
    pair_done(&pair);
}

static void what_goes_out_can_be_moved(void **state)
{
    (void)state;
    struct pair pair = pair_up(0);
    struct buf moved;
    size_t count;
    assert_int_equal(tls_write(pair.end[CALLER], "one ", 4, &count), TLS_OK);
    tls_outgoing_move(pair.end[CALLER], &moved);
    assert_int_equal(tls_outgoing(pair.end[CALLER])->length, 0);
    assert_int_equal(tls_write(pair.end[CALLER], "two", 3, &count), TLS_OK);
    assert_true(tls_feed(pair.end[LISTENER], buf_bytes(&moved), moved.length));
    buf_done(&moved);
    carry(&pair, CALLER);
    assert_int_equal(read_all(pair.end[LISTENER], &count), TLS_MORE);
    assert_int_equal(count, 7);
    pair_done(&pair);
}

static void an_idle_link_is_light(void **state)
{
    (void)state;
    enum { PAIRS = 16 };
    struct pair pairs[PAIRS];
    struct pair warm = pair_up(0);
    size_t before = mallinfo2().uordblks;
    for (int i = 0; i < PAIRS; i++) {
        pairs[i] = pair_up(0);
        talk(&pairs[i], CALLER, 50000);
        talk(&pairs[i], LISTENER, 500);
    }
    size_t each = (mallinfo2().uordblks - before) / (2 * PAIRS); /* 0 under a sanitizer */
    assert_in_range(each, 0, 20 * 1024);                         /* of 32, all in */
    for (int i = 0; i < PAIRS; i++)
        pair_done(&pairs[i]);
    pair_done(&warm);
}

/* What a stranger makes us hold with a few bytes: the beginning of the largest hello we take. */
static void a_beginning_is_light(void **state)
{
    (void)state;
    enum { ENDS = 8 };
    struct tls *held[ENDS];
    static const uint8_t hello[] = {0x16, 3, 1, 0x3f, 0xff, 1, 0, 0x3f, 0xfb, 3, 3};
    struct pair warm = pair_up(0);
    size_t before = mallinfo2().uordblks;
    for (int i = 0; i < ENDS; i++) {
        held[i] = tls_new(contexts[LISTENER], TLS_LISTENER);
        assert_true(tls_feed(held[i], hello, sizeof hello));
        assert_int_equal(tls_handshake(held[i]), TLS_MORE);
    }
    size_t each = (mallinfo2().uordblks - before) / ENDS; /* 0 under a sanitizer */
    assert_in_range(each, 0, 80 * 1024);
    for (int i = 0; i < ENDS; i++)
        tls_free(held[i]);
    pair_done(&warm);
}

/* ---- bytes of nobody ---- */

static void what_is_no_tls_is_closed(void **state)
{
    (void)state;
    enum tls_fault broken = TLS_FAULT_BROKEN, too_much = TLS_FAULT_TOO_MUCH;
    const struct {
        const char *what;
        size_t size;
        const char *bytes;
        enum tls_fault fault[2]; /* a caller's, a listener's */
    } cases[] = {
        {"a line of text", 14, "hello, world!\n", {broken, broken}},
        {"a web browser", 18, "GET / HTTP/1.1\r\n\r\n", {broken, broken}},
        {"zeros", 16, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", {broken, broken}},
        {"SSL 2", 14, "\x80\x0c\x01\0\x02\0\x03\0\0\0\0\x01\x02\x03", {broken, broken}},
        {"too long a record", 5, "\x16\x03\x01\xff\xff", {broken, broken}},
        {"no hello", 9, "\x16\x03\x01\0\x04\x14\0\0\0", {broken, broken}},
        {"data at once", 10, "\x17\x03\x03\0\x05hello", {broken, broken}},
        {"a long hello", 9, "\x16\x03\x01\0\x04\x01\xff\xff\xff", {too_much, too_much}},
        {"one in crumbs",
         24,
         "\x16\x03\x01\0\1\x01\x16\x03\x01\0\1\0\x16\x03\x01\0\1\x40\x16\x03\x01\0\1\1",
         {too_much, too_much}},
        {"an alert", 7, "\x15\x03\x01\0\x02\x02\x28", {TLS_FAULT_REFUSED, broken}},
        {"a farewell", 7, "\x15\x03\x01\0\x02\x01\0", {TLS_FAULT_REFUSED, broken}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int role = 0; role < 2; role++) {
            struct tls *tls = tls_new(contexts[0], role == CALLER ? TLS_CALLER : TLS_LISTENER);
            (void)!tls_handshake(tls);
            assert_true(tls_feed(tls, cases[i].bytes, cases[i].size));
            enum tls_result result = tls_handshake(tls);
            if (result != TLS_FAILED || tls_fault(tls) != cases[i].fault[role])
                fail_msg("%s, role %d: %d %d", cases[i].what, role, (int)result,
                         (int)tls_fault(tls));
            assert_null(tls_peer(tls));
            assert_true(tls_outgoing(tls)->length < 1200);
            assert_fault(tls, cases[i].fault[role]);
            tls_free(tls);
        }
}

static void no_data_before_the_handshake_ends(void **state)
{
    (void)state;
    for (int end = 0; end < 2; end++) {
        struct pair pair = pair_new(0);
        assert_int_equal(tls_handshake(pair.end[CALLER]), TLS_MORE);
        carry(&pair, CALLER);
        assert_int_equal(tls_handshake(pair.end[LISTENER]), TLS_MORE);
        pair.cut = 130; /* a ServerHello, and the beginning of what is encrypted */
        if (end == CALLER)
            carry(&pair, LISTENER);
        else
            assert_true(tls_feed(pair.end[end], "\x17\x03\x03\0\x05hello", 10));
        assert_int_equal(tls_handshake(pair.end[end]), end == CALLER ? TLS_MORE : TLS_FAILED);
        if (end == CALLER) {
            assert_true(tls_feed(pair.end[end], words, 5000));
            assert_int_equal(tls_handshake(pair.end[end]), TLS_FAILED);
        }
        assert_fault(pair.end[end], TLS_FAULT_BROKEN);
        pair_done(&pair);
    }
}

static void empty_records_end_in_time(void **state)
{
    (void)state;
    struct tls *tls = tls_new(contexts[0], TLS_LISTENER);
    for (int i = 0; i < 40; i++)
        assert_true(tls_feed(tls, "\x16\x03\x01\x00\x00", 5));
    assert_int_equal(tls_handshake(tls), TLS_FAILED);
    assert_fault(tls, TLS_FAULT_BROKEN);
    tls_free(tls);
}

static void noise_ends_in_time(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed < 300; seed++) {
        struct tls *tls = tls_new(contexts[0], seed % 2 ? TLS_LISTENER : TLS_CALLER);
        uint8_t noise[600];
        chance_state = seed;
        for (size_t i = 0; i < sizeof noise; i++)
            noise[i] = (uint8_t)chance(256);
        memcpy(noise, "\x16\x03\x01", seed % 3 ? 3 : 0);
        enum tls_result result = TLS_MORE;
        for (int turn = 0; turn < 60 && result == TLS_MORE; turn++) {
            assert_true(tls_feed(tls, noise, sizeof noise));
            result = tls_handshake(tls);
        }
        assert_int_equal(result, TLS_FAILED);
        assert_int_equal(ERR_peek_error(), 0);
        tls_free(tls);
    }
}

/* One bit of a handshake turned: both ends are up with the right peers, or somebody fails. */
static void a_bit_turned_on_the_way_gives_no_wrong_peer(void **state)
{
    (void)state;
    int failed = 0, tried = 0;
    for (size_t at = 0; at < 1600; at += 11, tried++) {
        struct pair pair = pair_new(1);
        size_t carried = 0;
        for (int turn = 0; turn < 4; turn++)
            for (int i = 0; i < 2; i++) {
                (void)!tls_handshake(pair.end[i]);
                while (carried != at && carry(&pair, i))
                    carried++;
                if (carried == at && tls_outgoing(pair.end[i])->length > 0) {
                    uint8_t turned = buf_bytes(tls_outgoing(pair.end[i]))[0];
                    turned ^= (uint8_t)(1 << at % 8);
                    assert_true(tls_feed(pair.end[1 - i], &turned, 1));
                    tls_sent(pair.end[i], 1);
                    carried++;
                }
            }
        for (int i = 0; i < 2; i++) {
            size_t count;
            enum tls_result result = read_all(pair.end[i], &count);
            failed += result == TLS_FAILED;
            assert_int_equal(count, 0);
            if (tls_peer(pair.end[i]))
                assert_memory_equal(tls_peer(pair.end[i]), KEYS[1 - i], TLS_KEY_BYTES);
        }
        pair_done(&pair);
    }
    assert_in_range(failed, tried * 7 / 10, tried * 2);
}

static void a_record_is_taken_once_and_as_it_was(void **state)
{
    (void)state;
    for (int how = 0; how < 4; how++) {
        struct pair pair = pair_up(0);
        struct tls *to = pair.end[LISTENER];
        struct buf record;
        size_t count;
        assert_int_equal(tls_write(pair.end[CALLER], words, 100, &count), TLS_OK);
        tls_outgoing_move(pair.end[CALLER], &record);
        uint8_t *bytes = record.room + record.start;
        if (how == 1) /* turned */
            bytes[50] ^= 1;
        if (how == 2) /* longer than a record may be */
            memcpy(bytes, "\x17\x03\x03\x41\x01", 5);
        if (how == 3) /* not encrypted at all */
            memcpy(bytes, "\x16\x03\x03\x00\x10", 5);
        assert_true(tls_feed(to, bytes, record.length));
        if (how == 0) { /* twice */
            assert_int_equal(read_all(to, &count), TLS_MORE);
            assert_int_equal(count, 100);
            assert_true(tls_feed(to, bytes, record.length));
        }
        assert_int_equal(read_all(to, &count), TLS_FAILED);
        assert_int_equal(count, 0);
        assert_fault(to, TLS_FAULT_BROKEN);
        carry(&pair, LISTENER); /* the alert tells the other end */
        assert_int_equal(read_all(pair.end[CALLER], &count), TLS_FAILED);
        assert_fault(pair.end[CALLER], TLS_FAULT_REFUSED);
        buf_done(&record);
        pair_done(&pair);
    }
}

/* What OpenSSL left behind elsewhere is not taken for a link's, and nothing is left behind. */
static void links_do_not_share_errors(void **state)
{
    (void)state;
    struct pair pair = pair_new(0);
    for (int turn = 0; turn < 8; turn++) {
        ERR_raise(ERR_LIB_SSL, SSL_R_UNSUPPORTED_PROTOCOL);
        assert_int_not_equal(tls_handshake(pair.end[turn % 2]), TLS_FAILED);
        carry(&pair, turn % 2);
    }
    size_t count;
    for (int i = 0; i < 2; i++) {
        ERR_raise(ERR_LIB_SSL, SSL_R_UNSUPPORTED_PROTOCOL);
        assert_int_equal(read_all(pair.end[i], &count), TLS_MORE);
    }
    struct tls *other = tls_new(contexts[0], TLS_LISTENER);
    assert_true(tls_feed(other, words, 100));
    assert_int_equal(tls_handshake(other), TLS_FAILED);
    assert_int_equal(ERR_peek_error(), 0);
    talk(&pair, CALLER, 1000);
    ERR_raise(ERR_LIB_SSL, SSL_R_UNSUPPORTED_PROTOCOL);
    tls_feed_end(pair.end[LISTENER]);
    assert_int_equal(read_all(pair.end[LISTENER], &count), TLS_FAILED);
    assert_fault(pair.end[LISTENER], TLS_FAULT_CUT);
    tls_free(other);
    pair_done(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_those_of_the_seeds),
        cmocka_unit_test(chunks_do_not_matter),
        cmocka_unit_test(nobody_before_the_link_is_up),
        cmocka_unit_test(each_link_has_its_own_secret),
        cmocka_unit_test(one_can_call_oneself),
        cmocka_unit_test(farewells_in_either_order),
        cmocka_unit_test(an_end_without_a_farewell_shows),
        cmocka_unit_test(a_handshake_can_be_cut_anywhere),
        cmocka_unit_test(a_full_link_says_so_and_loses_nothing),
        cmocka_unit_test(what_goes_out_can_be_moved),
        cmocka_unit_test(an_idle_link_is_light),
        cmocka_unit_test(a_beginning_is_light),
        cmocka_unit_test(what_is_no_tls_is_closed),
        cmocka_unit_test(no_data_before_the_handshake_ends),
        cmocka_unit_test(empty_records_end_in_time),
        cmocka_unit_test(noise_ends_in_time),
        cmocka_unit_test(a_bit_turned_on_the_way_gives_no_wrong_peer),
        cmocka_unit_test(a_record_is_taken_once_and_as_it_was),
        cmocka_unit_test(links_do_not_share_errors),
    };
    return cmocka_run_group_tests_name("tls", tests, group_setup, group_teardown);
}
