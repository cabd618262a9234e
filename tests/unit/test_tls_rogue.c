/* Peers that know TLS and break our rules, or are odd and keep them: made with OpenSSL itself, over
 * its memory BIOs, against an engine. Nobody who breaks a rule is ever a peer, and each is told. */
#include "unit.h"

#include "base/alloc.h"
#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t SEED[TLS_SEED_BYTES] = "the engine's own seed, 32 bytes";
static const uint8_t ROGUE_SEED[TLS_SEED_BYTES] = "another's seed, of 32 bytes too";
static const char OUR_ALPN[] = "\012tertulia/1";
static struct tls_context *context;
static EVP_PKEY *ed25519, *stranger, *rsa, *p256;
static uint8_t rogue_key[TLS_KEY_BYTES];

static int group_setup(void **state)
{
    (void)state;
    size_t size = TLS_KEY_BYTES;
    uint8_t other[TLS_SEED_BYTES] = {9};
    context = tls_context_new(SEED);
    ed25519 = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, ROGUE_SEED, TLS_SEED_BYTES);
    stranger = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, other, TLS_SEED_BYTES);
    rsa = EVP_RSA_gen(2048);
    p256 = EVP_EC_gen("P-256");
    return !tls_context_ready(context) || !rsa || !p256 ||
           EVP_PKEY_get_raw_public_key(ed25519, rogue_key, &size) != 1;
}

static int group_teardown(void **state)
{
    (void)state;
    tls_context_free(context);
    EVP_PKEY_free(ed25519);
    EVP_PKEY_free(stranger);
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(p256);
    return 0;
}

/* ---- certificates ---- */

static X509 *certificate_of(EVP_PKEY *key, EVP_PKEY *signer)
{
    X509 *made = X509_new();
    X509_set_version(made, X509_VERSION_3);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_ASC,
                               (const unsigned char *)"somebody else", -1, -1, 0);
    ASN1_TIME_set_string(X509_getm_notBefore(made), "20010101000000Z");
    ASN1_TIME_set_string(X509_getm_notAfter(made), "20020101000000Z"); /* long over */
    X509_set_pubkey(made, key);
    assert_true(X509_sign(made, signer,
                          EVP_PKEY_get_id(signer) == EVP_PKEY_ED25519 ? NULL : EVP_sha256()) > 0);
    return made;
}

static X509 *certificate_with_words(EVP_PKEY *key, size_t size)
{
    X509 *made = certificate_of(key, key);
    char *words = xmalloc(size + 1);
    memset(words, 'x', size);
    words[size] = 0;
    X509_EXTENSION *extension = X509V3_EXT_nconf_nid(NULL, NULL, NID_netscape_comment, words);
    assert_int_equal(X509_add_ext(made, extension, -1), 1);
    assert_true(X509_sign(made, key, NULL) > 0);
    X509_EXTENSION_free(extension);
    free(words);
    return made;
}

/* A certificate that shows another key than the one it is used with: `shown` bytes in DER, of the
 * algorithm `nid`. OpenSSL goes on using the key that it was made with. */
static X509 *certificate_disguised(int nid, const uint8_t *shown, size_t size)
{
    X509 *made = certificate_of(ed25519, ed25519);
    X509_PUBKEY *key = X509_get_X509_PUBKEY(made);
    unsigned char *bytes = OPENSSL_memdup(shown, size);
    assert_int_equal(X509_PUBKEY_set0_param(key, OBJ_nid2obj(nid),
                                            nid == NID_rsaEncryption ? V_ASN1_NULL : V_ASN1_UNDEF,
                                            NULL, bytes, (int)size),
                     1);
    assert_true(i2d_re_X509_tbs(made, NULL) > 0);
    return made;
}

/* ---- the rogue ---- */

enum shows {
    SHOWS_ITSELF,
    SHOWS_NOTHING,
    SHOWS_TWO,
    SHOWS_RSA,
    SHOWS_P256,
    SHOWS_WORDS, /* 3 KB of extensions */
    SHOWS_TOO_MANY_WORDS,
    SHOWS_RSA_DISGUISED, /* in a certificate whose owner signs with Ed25519 */
    SHOWS_X25519_DISGUISED,
    SHOWS_LOW_ORDER,
    SHOWS_LOW_ORDER_TWICE, /* the same point, spelled otherwise */
    SHOWS_ANOTHERS,        /* somebody's real key, which it has not */
    SHOWS_SIGNED_BY_OTHER,
};

struct rogue {
    SSL_CTX *rules;
    SSL *ssl;
    BIO *in;
    BIO *out;
};

static X509 *certificate_shown(enum shows shows)
{
    static const uint8_t low[TLS_KEY_BYTES] = {1};
    uint8_t other[TLS_KEY_BYTES];
    size_t size = sizeof other;
    unsigned char *der = NULL;
    X509 *made;
    switch (shows) {
    case SHOWS_NOTHING:
        return NULL;
    case SHOWS_ITSELF:
    case SHOWS_TWO:
        return certificate_of(ed25519, ed25519);
    case SHOWS_RSA:
        return certificate_of(rsa, rsa);
    case SHOWS_P256:
        return certificate_of(p256, p256);
    case SHOWS_WORDS:
        return certificate_with_words(ed25519, 3000);
    case SHOWS_TOO_MANY_WORDS:
        return certificate_with_words(ed25519, TLS_CERTIFICATE_MAX);
    case SHOWS_RSA_DISGUISED:
        size = (size_t)i2d_PublicKey(rsa, &der);
        made = certificate_disguised(NID_rsaEncryption, der, size);
        OPENSSL_free(der);
        return made;
    case SHOWS_X25519_DISGUISED:
        return certificate_disguised(NID_X25519, rogue_key, sizeof rogue_key);
    case SHOWS_LOW_ORDER:
        return certificate_disguised(NID_ED25519, low, sizeof low);
    case SHOWS_LOW_ORDER_TWICE:
        memset(other, 0xff, sizeof other);
        other[0] = 0xee;
        return certificate_disguised(NID_ED25519, other, sizeof other);
    case SHOWS_ANOTHERS:
        EVP_PKEY_get_raw_public_key(stranger, other, &size);
        return certificate_disguised(NID_ED25519, other, size);
    case SHOWS_SIGNED_BY_OTHER:
        return certificate_of(ed25519, rsa);
    }
    return NULL;
}

static void rogue_shows(struct rogue *rogue, enum shows shows)
{
    X509 *certificate = certificate_shown(shows);
    if (!certificate)
        return;
    EVP_PKEY *key = shows == SHOWS_RSA ? rsa : shows == SHOWS_P256 ? p256 : ed25519;
    assert_int_equal(SSL_use_certificate(rogue->ssl, certificate), 1);
    assert_int_equal(SSL_use_PrivateKey(rogue->ssl, key), 1);
    if (shows == SHOWS_TWO)
        assert_int_equal(SSL_add1_chain_cert(rogue->ssl, certificate), 1);
    X509_free(certificate);
}

static int anybody(X509_STORE_CTX *given, void *self)
{
    (void)given;
    return self == NULL;
}

static int alpn_answer(SSL *ssl, const unsigned char **chosen, unsigned char *size,
                       const unsigned char *names, unsigned int names_size, void *self)
{
    (void)ssl;
    (void)names;
    (void)names_size;
    const char *answer = self;
    *chosen = (const unsigned char *)answer + 1;
    *size = (unsigned char)answer[0];
    return SSL_TLSEXT_ERR_OK;
}

struct ways {
    const char *what;
    enum shows shows;
    enum {
        ALPN_GOOD,
        ALPN_NONE,
        ALPN_OTHER,
        ALPN_LONGER,
        ALPN_SHORTER,
        ALPN_AMONG,
        ALPN_LARGE, /* 10 KB, ours among them */
        ALPN_HUGE
    } alpn;
    int version; /* 0: TLS 1.3 */
    const char *groups;
    const char *ciphers;
    enum tls_fault fault; /* NONE: it is a peer */
};

static void rogue_alpn(struct rogue *rogue, const struct ways *ways, bool calls)
{
    static const char *const names[] = {
        OUR_ALPN, NULL, "\002h2", "\013tertulia/10", "\011tertulia/", "\002h2\012tertulia/1"};
    static unsigned char huge[20000 + 11];
    if (ways->alpn == ALPN_HUGE || ways->alpn == ALPN_LARGE) {
        size_t size = ways->alpn == ALPN_HUGE ? 20000 : 10000;
        memset(huge, 'x', size);
        for (size_t i = 0; i < size; i += 200)
            huge[i] = 199;
        memcpy(huge + size, OUR_ALPN, 11);
        assert_int_equal(SSL_set_alpn_protos(rogue->ssl, huge, (unsigned int)size + 11), 0);
        return;
    }
    const char *name = names[ways->alpn];
    if (name && calls)
        assert_int_equal(SSL_set_alpn_protos(rogue->ssl, (const unsigned char *)name,
                                             (unsigned int)strlen(name)),
                         0);
    else if (name)
        SSL_CTX_set_alpn_select_cb(rogue->rules, alpn_answer, (void *)(uintptr_t)name);
}

static void rogue_init(struct rogue *rogue, const struct ways *ways, bool calls)
{
    int version = ways->version ? ways->version : TLS1_3_VERSION;
    rogue->rules = SSL_CTX_new(TLS_method());
    SSL_CTX_set_security_level(rogue->rules, 0);
    SSL_CTX_set_min_proto_version(rogue->rules, version);
    SSL_CTX_set_max_proto_version(rogue->rules, version);
    SSL_CTX_set_verify(rogue->rules, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(rogue->rules, anybody, NULL);
    if (ways->groups)
        assert_int_equal(SSL_CTX_set1_groups_list(rogue->rules, ways->groups), 1);
    if (ways->ciphers)
        assert_int_equal(SSL_CTX_set_ciphersuites(rogue->rules, ways->ciphers), 1);
    rogue->ssl = SSL_new(rogue->rules);
    rogue->in = BIO_new(BIO_s_mem());
    rogue->out = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(rogue->in, -1);
    SSL_set_bio(rogue->ssl, rogue->in, rogue->out); /* TAKES both */
    rogue_alpn(rogue, ways, calls);
    rogue_shows(rogue, ways->shows);
    if (calls)
        SSL_set_connect_state(rogue->ssl);
    else
        SSL_set_accept_state(rogue->ssl);
}

static void rogue_done(struct rogue *rogue)
{
    SSL_free(rogue->ssl);
    SSL_CTX_free(rogue->rules);
    ERR_clear_error();
}

/* ---- a rogue and an engine ---- */

struct meeting {
    struct rogue rogue;
    struct tls *tls;
};

static void to_engine(struct meeting *meeting)
{
    uint8_t bytes[1000];
    int size;
    while ((size = BIO_read(meeting->rogue.out, bytes, sizeof bytes)) > 0) {
        if (tls_room(meeting->tls) < (size_t)size)
            assert_int_equal(tls_handshake(meeting->tls), TLS_MORE);
        assert_true(tls_feed(meeting->tls, bytes, (size_t)size));
    }
}

static void to_rogue(struct meeting *meeting)
{
    const struct buf *bytes = tls_outgoing(meeting->tls);
    if (bytes->length)
        assert_int_equal(BIO_write(meeting->rogue.in, buf_bytes(bytes), (int)bytes->length),
                         bytes->length);
    tls_sent(meeting->tls, bytes->length);
}

static void meet(struct meeting *meeting, const struct ways *ways, bool rogue_calls)
{
    rogue_init(&meeting->rogue, ways, rogue_calls);
    meeting->tls = tls_new(context, rogue_calls ? TLS_LISTENER : TLS_CALLER);
    for (int turn = 0; turn < 8; turn++) {
        (void)SSL_do_handshake(meeting->rogue.ssl);
        to_engine(meeting);
        (void)!tls_handshake(meeting->tls);
        if (tls_fault(meeting->tls) == TLS_FAULT_NONE)
            to_rogue(meeting);
    }
}

static void part(struct meeting *meeting)
{
    rogue_done(&meeting->rogue);
    tls_free(meeting->tls);
}

static size_t rogue_hears(struct rogue *rogue)
{
    static uint8_t into[TLS_PLAIN_MAX];
    size_t count, total = 0;
    ERR_clear_error();
    while (SSL_read_ex(rogue->ssl, into, sizeof into, &count) == 1)
        total += count;
    return total;
}

static enum tls_result engine_hears(struct tls *tls, size_t *total)
{
    static uint8_t into[TLS_PLAIN_MAX];
    enum tls_result result;
    size_t count;
    *total = 0;
    while ((result = tls_read(tls, into, sizeof into, &count)) == TLS_OK)
        *total += count;
    return result;
}

/* They are linked: each knows the other's key, and words go both ways. */
static void assert_linked(struct meeting *meeting)
{
    size_t count;
    uint8_t raw[TLS_KEY_BYTES];
    assert_memory_equal(tls_peer(meeting->tls), rogue_key, TLS_KEY_BYTES);
    X509 *shown = SSL_get1_peer_certificate(meeting->rogue.ssl);
    count = sizeof raw;
    assert_int_equal(EVP_PKEY_get_raw_public_key(X509_get0_pubkey(shown), raw, &count), 1);
    assert_memory_equal(raw, tls_context_key(context), sizeof raw);
    X509_free(shown);
    assert_int_equal(tls_write(meeting->tls, raw, sizeof raw, &count), TLS_OK);
    to_rogue(meeting);
    assert_int_equal(rogue_hears(&meeting->rogue), sizeof raw);
    assert_int_equal(SSL_write_ex(meeting->rogue.ssl, raw, 30, &count), 1);
    to_engine(meeting);
    assert_int_equal(engine_hears(meeting->tls, &count), TLS_MORE);
    assert_int_equal(count, 30);
}

static void assert_refused(struct meeting *meeting, const struct ways *ways, bool rogue_calls)
{
    uint8_t exported[TLS_EXPORTED_BYTES];
    size_t count;
    enum tls_fault fault = tls_fault(meeting->tls);
    /* newer OpenSSLs see for themselves that we did not offer this */
    bool seen_sooner = !rogue_calls && ways->alpn != ALPN_NONE && ways->fault == TLS_FAULT_ALPN &&
                       fault == TLS_FAULT_BROKEN;
    if (fault != ways->fault && !seen_sooner)
        fail_msg("%s: fault %d", ways->what, (int)fault);
    assert_null(tls_peer(meeting->tls));
    assert_false(tls_export(meeting->tls, exported));
    assert_int_equal(tls_write(meeting->tls, "x", 1, &count), TLS_FAILED);
    assert_int_equal(engine_hears(meeting->tls, &count), TLS_FAILED);
    assert_int_equal(count, 0);
    assert_int_equal(ERR_peek_error(), 0);
    if (rogue_calls && fault == TLS_FAULT_ALPN) { /* at once, before we show who we are */
        assert_int_equal(tls_outgoing(meeting->tls)->length, 7);
        assert_memory_equal(buf_bytes(tls_outgoing(meeting->tls)), "\x15\x03\x03\0\2\2\x78", 7);
    }
    to_rogue(meeting);
    assert_int_equal(rogue_hears(&meeting->rogue), 0);
}

static void judge(const struct ways *ways, size_t count, bool rogue_calls)
{
    for (size_t i = 0; i < count; i++) {
        struct meeting meeting;
        meet(&meeting, &ways[i], rogue_calls);
        if (ways[i].fault != TLS_FAULT_NONE)
            assert_refused(&meeting, &ways[i], rogue_calls);
        else if (tls_fault(meeting.tls) == TLS_FAULT_NONE)
            assert_linked(&meeting);
        else
            fail_msg("%s: fault %d", ways[i].what, (int)tls_fault(meeting.tls));
        part(&meeting);
    }
}

static const struct ways GOOD = {.what = "a good peer"};

static void callers_are_judged(void **state)
{
    (void)state;
    static const struct ways ways[] = {
        {.what = "a good one"},
        {.what = "a wordy certificate", .shows = SHOWS_WORDS},
        {.what = "signed by another", .shows = SHOWS_SIGNED_BY_OTHER},
        {.what = "several protocols", .alpn = ALPN_AMONG},
        {.what = "P-256 alone", .groups = "P-256"},
        {.what = "X448 first", .groups = "X448:X25519"},
        {.what = "ChaCha alone", .ciphers = "TLS_CHACHA20_POLY1305_SHA256"},
        {.what = "AES-256 alone", .ciphers = "TLS_AES_256_GCM_SHA384"},
        {.what = "TLS 1.2", .version = TLS1_2_VERSION, .fault = TLS_FAULT_VERSION},
        {"TLS 1.2, no ALPN", SHOWS_ITSELF, ALPN_NONE, TLS1_2_VERSION, NULL, NULL,
         TLS_FAULT_VERSION},
        {.what = "TLS 1.0", .version = TLS1_VERSION, .fault = TLS_FAULT_VERSION},
        {.what = "no certificate", .shows = SHOWS_NOTHING, .fault = TLS_FAULT_CERTIFICATE},
        {.what = "two", .shows = SHOWS_TWO, .fault = TLS_FAULT_CERTIFICATE},
        /* a caller that hears that only Ed25519 will do shows none */
        {.what = "RSA", .shows = SHOWS_RSA, .fault = TLS_FAULT_CERTIFICATE},
        {.what = "P-256", .shows = SHOWS_P256, .fault = TLS_FAULT_CERTIFICATE},
        {.what = "RSA all the same", .shows = SHOWS_RSA_DISGUISED, .fault = TLS_FAULT_CERTIFICATE},
        {.what = "X25519", .shows = SHOWS_X25519_DISGUISED, .fault = TLS_FAULT_CERTIFICATE},
        {.what = "low order", .shows = SHOWS_LOW_ORDER, .fault = TLS_FAULT_CERTIFICATE},
        {.what = "p + 1", .shows = SHOWS_LOW_ORDER_TWICE, .fault = TLS_FAULT_CERTIFICATE},
        {.what = "another's key", .shows = SHOWS_ANOTHERS, .fault = TLS_FAULT_BROKEN},
        {.what = "too large", .shows = SHOWS_TOO_MANY_WORDS, .fault = TLS_FAULT_TOO_MUCH},
        {.what = "no ALPN", .alpn = ALPN_NONE, .fault = TLS_FAULT_ALPN},
        {.what = "h2", .alpn = ALPN_OTHER, .fault = TLS_FAULT_ALPN},
        {.what = "tertulia/10", .alpn = ALPN_LONGER, .fault = TLS_FAULT_ALPN},
        {.what = "tertulia/", .alpn = ALPN_SHORTER, .fault = TLS_FAULT_ALPN},
        {.what = "20 KB of ALPN", .alpn = ALPN_HUGE, .fault = TLS_FAULT_TOO_MUCH},
        {.what = "10 KB of ALPN", .alpn = ALPN_LARGE},
        {.what = "and twice",
         .alpn = ALPN_LARGE,
         .groups = "X448:X25519",
         .fault = TLS_FAULT_TOO_MUCH},
        {.what = "P-384 alone", .groups = "P-384", .fault = TLS_FAULT_BROKEN},
        {.what = "CCM alone", .ciphers = "TLS_AES_128_CCM_SHA256", .fault = TLS_FAULT_BROKEN},
    };
    judge(ways, sizeof ways / sizeof *ways, true);
}

static void listeners_are_judged(void **state)
{
    (void)state;
    static const struct ways ways[] = {
        {.what = "a good one"},
        {.what = "a wordy certificate", .shows = SHOWS_WORDS},
        {.what = "signed by another", .shows = SHOWS_SIGNED_BY_OTHER},
        {.what = "P-256 alone", .groups = "P-256"}, /* a second hello */
        {.what = "TLS 1.2", .version = TLS1_2_VERSION, .fault = TLS_FAULT_REFUSED},
        {.what = "no certificate", .shows = SHOWS_NOTHING, .fault = TLS_FAULT_REFUSED},
        {.what = "two", .shows = SHOWS_TWO, .fault = TLS_FAULT_CERTIFICATE},
        {.what = "RSA", .shows = SHOWS_RSA, .fault = TLS_FAULT_REFUSED},
        {.what = "P-256", .shows = SHOWS_P256, .fault = TLS_FAULT_REFUSED},
        {.what = "RSA all the same", .shows = SHOWS_RSA_DISGUISED, .fault = TLS_FAULT_CERTIFICATE},
        {.what = "X25519", .shows = SHOWS_X25519_DISGUISED, .fault = TLS_FAULT_CERTIFICATE},
        {.what = "low order", .shows = SHOWS_LOW_ORDER, .fault = TLS_FAULT_CERTIFICATE},
        {.what = "another's key", .shows = SHOWS_ANOTHERS, .fault = TLS_FAULT_BROKEN},
        {.what = "too large", .shows = SHOWS_TOO_MANY_WORDS, .fault = TLS_FAULT_TOO_MUCH},
        {.what = "no ALPN", .alpn = ALPN_NONE, .fault = TLS_FAULT_ALPN},
        {.what = "h2", .alpn = ALPN_OTHER, .fault = TLS_FAULT_ALPN},
        {.what = "tertulia/10", .alpn = ALPN_LONGER, .fault = TLS_FAULT_ALPN},
    };
    judge(ways, sizeof ways / sizeof *ways, false);
}

/* ---- what a peer can do once it is one ---- */

static void an_old_listener_is_named(void **state)
{
    (void)state;
    /* a ServerHello of TLS 1.2, by the book */
    static const uint8_t hello[] = {0x16, 3, 3, 0, 42, 2, 0, 0, 38, 3, 3, 1, 2,    3,    4, 5,
                                    6,    7, 8, 9, 1,  2, 3, 4, 5,  6, 7, 8, 9,    1,    2, 3,
                                    4,    5, 6, 7, 8,  9, 1, 2, 3,  4, 5, 0, 0xc0, 0x2b, 0};
    struct tls *tls = tls_new(context, TLS_CALLER);
    assert_int_equal(tls_handshake(tls), TLS_MORE);
    assert_true(tls_feed(tls, hello, sizeof hello));
    assert_int_equal(tls_handshake(tls), TLS_FAILED);
    assert_int_equal(tls_fault(tls), TLS_FAULT_VERSION);
    tls_free(tls);
}

static void a_refusal_after_the_handshake_is_read(void **state)
{
    (void)state;
    struct meeting meeting;
    size_t count;
    rogue_init(&meeting.rogue, &GOOD, false);
    SSL_set_verify(meeting.rogue.ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_cert_verify_callback(meeting.rogue.rules, anybody, &meeting); /* that is: nobody */
    meeting.tls = tls_new(context, TLS_CALLER);
    assert_int_equal(tls_handshake(meeting.tls), TLS_MORE);
    to_rogue(&meeting);
    (void)SSL_do_handshake(meeting.rogue.ssl);
    to_engine(&meeting);
    assert_int_equal(tls_handshake(meeting.tls), TLS_OK);
    assert_non_null(tls_peer(meeting.tls));
    to_rogue(&meeting);
    (void)SSL_do_handshake(meeting.rogue.ssl);
    to_engine(&meeting);
    assert_int_equal(engine_hears(meeting.tls, &count), TLS_FAILED);
    assert_int_equal(tls_fault(meeting.tls), TLS_FAULT_REFUSED);
    part(&meeting);
}

static void key_update(struct rogue *rogue, bool answer)
{
    ERR_clear_error();
    assert_int_equal(SSL_key_update(rogue->ssl, answer ? SSL_KEY_UPDATE_REQUESTED
                                                       : SSL_KEY_UPDATE_NOT_REQUESTED),
                     1);
    assert_int_equal(SSL_do_handshake(rogue->ssl), 1);
}

/* All in one feed, and each in its own; with answers, which nobody takes, and without. */
static void key_updates_are_counted(void **state)
{
    (void)state;
    for (int how = 0; how < 4; how++) {
        struct meeting meeting;
        size_t count;
        meet(&meeting, &GOOD, how % 2);
        int tickets = how % 2 ? 0 : 2; /* a listener sent those of its own accord */
        for (int i = tickets; i < TLS_AFTERWARDS_MAX; i++) {
            key_update(&meeting.rogue, how & 2);
            if (how == 1 || how == 2) {
                to_engine(&meeting);
                assert_int_equal(engine_hears(meeting.tls, &count), TLS_MORE);
            }
        }
        to_engine(&meeting);
        assert_int_equal(engine_hears(meeting.tls, &count), TLS_MORE);
        size_t answers = tls_outgoing(meeting.tls)->length;
        assert_in_range(answers, how & 2 ? 20 : 0, TLS_OUTGOING_SPARE);
        assert_linked(&meeting);
        key_update(&meeting.rogue, false);
        assert_int_equal(SSL_write_ex(meeting.rogue.ssl, "x", 1, &count), 1);
        to_engine(&meeting);
        assert_int_equal(engine_hears(meeting.tls, &count), TLS_FAILED);
        assert_int_equal(count, 0);
        assert_int_equal(tls_fault(meeting.tls), TLS_FAULT_TOO_MUCH);
        part(&meeting);
    }
}

static void tickets_are_counted_and_thrown_away(void **state)
{
    (void)state;
    struct meeting meeting;
    size_t count;
    meet(&meeting, &GOOD, false); /* it sends two of its own accord */
    assert_linked(&meeting);
    for (int i = 0; i < TLS_AFTERWARDS_MAX; i++) {
        assert_int_equal(SSL_new_session_ticket(meeting.rogue.ssl), 1);
        (void)SSL_do_handshake(meeting.rogue.ssl);
    }
    to_engine(&meeting);
    assert_int_equal(engine_hears(meeting.tls, &count), TLS_FAILED);
    assert_int_equal(tls_fault(meeting.tls), TLS_FAULT_TOO_MUCH);
    part(&meeting);
}

static void no_tickets_are_given(void **state)
{
    (void)state;
    struct meeting meeting;
    meet(&meeting, &GOOD, true);
    assert_linked(&meeting);
    SSL_SESSION *session = SSL_get1_session(meeting.rogue.ssl);
    assert_int_equal(SSL_SESSION_is_resumable(session), 0);
    assert_int_equal(SSL_SESSION_get_max_early_data(session), 0);
    SSL_SESSION_free(session);
    part(&meeting);
}

static void the_certificate_is_one_and_follows_from_the_seed(void **state)
{
    (void)state;
    unsigned char *seen[2] = {NULL, NULL};
    int size[2];
    for (int i = 0; i < 2; i++) {
        struct meeting meeting;
        struct tls_context *before = context;
        context = tls_context_new(SEED);
        meet(&meeting, &GOOD, i == 0);
        X509 *shown = SSL_get1_peer_certificate(meeting.rogue.ssl);
        assert_int_equal(X509_check_issued(shown, shown), X509_V_OK);
        assert_int_equal(X509_verify(shown, X509_get0_pubkey(shown)), 1);
        /* a listener's count leaves the certificate itself out */
        assert_int_equal(sk_X509_num(SSL_get_peer_cert_chain(meeting.rogue.ssl)), i == 0);
        size[i] = i2d_X509(shown, &seen[i]);
        X509_free(shown);
        part(&meeting);
        tls_context_free(context);
        context = before;
    }
    assert_in_range(size[0], 100, 300);
    assert_int_equal(size[0], size[1]);
    assert_memory_equal(seen[0], seen[1], (size_t)size[0]);
    OPENSSL_free(seen[0]);
    OPENSSL_free(seen[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(callers_are_judged),
        cmocka_unit_test(listeners_are_judged),
        cmocka_unit_test(an_old_listener_is_named),
        cmocka_unit_test(a_refusal_after_the_handshake_is_read),
        cmocka_unit_test(key_updates_are_counted),
        cmocka_unit_test(tickets_are_counted_and_thrown_away),
        cmocka_unit_test(no_tickets_are_given),
        cmocka_unit_test(the_certificate_is_one_and_follows_from_the_seed),
    };
    return cmocka_run_group_tests_name("tls_rogue", tests, group_setup, group_teardown);
}
