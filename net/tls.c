/* TLS 1.3 between two memories, with OpenSSL. The record layer reads and writes our own buffers
 * through a BIO of ours, so an idle link holds no buffer at all.
 *
 * Every call into OpenSSL starts with an empty error queue, so that what is found there afterwards
 * belongs to this link. After a fault nothing is asked of OpenSSL again. */
#include "net/tls.h"

#include "base/alloc.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

/* PROTOCOL.md "Links":
 * > A link is TLS 1.3 over TCP and nothing older, with the ALPN name `tertulia/1`.
 */
static const unsigned char ALPN[] = "\012tertulia/1"; /* behind its length, as it travels */
enum { ALPN_BYTES = sizeof ALPN - 1 };

/* PROTOCOL.md "Mesh and secret":
 * > 32 bytes of the TLS 1.3 exporter (RFC 8446, 7.5) with the label `EXPORTER-tertulia-1`
 * > and an empty context
 */
static const char EXPORTER[] = "EXPORTER-tertulia-1";

struct tls_context {
    uint8_t seed[TLS_SEED_BYTES];
    bool tried; /* to make the rest, which is NULL or whole */
    SSL_CTX *rules;
    BIO_METHOD *method;
    uint8_t key[TLS_KEY_BYTES];
};

/* How far the first handshake message was read: it may be cut into many records. */
struct first {
    uint8_t record[5]; /* the record's header: type, version, size */
    uint8_t record_got;
    uint8_t message[4]; /* the message's: type, size */
    uint8_t message_got;
    uint16_t left; /* of the record */
};

struct tls {
    SSL *ssl;
    struct first first;
    struct buf incoming; /* encrypted, from the peer; no memory while empty */
    struct buf outgoing; /* encrypted, to the peer; no memory while empty */
    size_t handshake;    /* bytes read before the link was up */
    uint8_t peer[TLS_KEY_BYTES];
    uint8_t afterwards;   /* handshake messages that came since it is up */
    enum tls_fault found; /* what one of our own checks found during a call of OpenSSL */
    enum tls_fault fault;
    bool up;
    bool cut;    /* tls_feed_end */
    bool ended;  /* the peer said that nothing more comes */
    bool closed; /* we said so */
};

/* ---- the BIO: what OpenSSL takes for a connection ---- */

/* OpenSSL makes room for all that the first message claims to have, up to 128 KiB, before any of it
 * came: so it must not see a claim that we would not let come true. */
static bool first_fits(struct first *first, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size && first->message_got < sizeof first->message; i++) {
        if (first->left > 0) {
            first->left--;
            if (first->record[0] == SSL3_RT_HANDSHAKE)
                first->message[first->message_got++] = bytes[i];
            continue;
        }
        first->record[first->record_got++] = bytes[i];
        if (first->record_got < sizeof first->record)
            continue;
        first->record_got = 0;
        first->left = (uint16_t)(first->record[3] << 8 | first->record[4]);
    }
    uint32_t claim =
        (uint32_t)first->message[1] << 16 | (uint32_t)first->message[2] << 8 | first->message[3];
    return claim <= TLS_HANDSHAKE_MAX;
}

static int connection_read(BIO *bio, char *into, int size)
{
    struct tls *tls = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (size <= 0 || tls->found != TLS_FAULT_NONE)
        return -1;
    size_t part = tls->incoming.length < (size_t)size ? tls->incoming.length : (size_t)size;
    if (part == 0) {
        if (tls->cut)
            return 0;
        BIO_set_retry_read(bio);
        return -1;
    }
    if (!tls->up && ((tls->handshake += part) > TLS_HANDSHAKE_MAX ||
                     !first_fits(&tls->first, buf_bytes(&tls->incoming), part))) {
        tls->found = TLS_FAULT_TOO_MUCH;
        return -1;
    }
    memcpy(into, buf_bytes(&tls->incoming), part);
    buf_eat(&tls->incoming, part);
    return (int)part;
}

/* Never partly, and never "later": tls_write leaves room for what TLS says by itself. */
static int connection_write(BIO *bio, const char *bytes, int size)
{
    struct tls *tls = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (size > 0 && buf_add(&tls->outgoing, bytes, (size_t)size))
        return size;
    tls->found = TLS_FAULT_TOO_MUCH;
    return -1;
}

static long connection_control(BIO *bio, int command, long number, void *pointer)
{
    (void)number;
    (void)pointer;
    const struct tls *tls = BIO_get_data(bio);
    if (command == BIO_CTRL_EOF)
        return tls->cut && tls->incoming.length == 0;
    return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *method_new(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "link");
    if (method && BIO_meth_set_read(method, connection_read) &&
        BIO_meth_set_write(method, connection_write) &&
        BIO_meth_set_ctrl(method, connection_control))
        return method;
    BIO_meth_free(method);
    return NULL;
}

/* ---- the rules: what OpenSSL asks us during a handshake ---- */

static struct tls *tls_of(SSL *ssl)
{
    return BIO_get_data(SSL_get_rbio(ssl));
}

/* OpenSSL asks alpn_choose only where the caller named any protocol. */
static int hello_check(SSL *ssl, int *alert, void *self)
{
    (void)self;
    const unsigned char *names;
    size_t size;
    if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation, &names,
                                  &size))
        return SSL_CLIENT_HELLO_SUCCESS;
    /* whoever cannot speak TLS 1.3 is told that, not this */
    if (!SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_supported_versions, &names, &size))
        return SSL_CLIENT_HELLO_SUCCESS;
    tls_of(ssl)->found = TLS_FAULT_ALPN;
    *alert = SSL_AD_NO_APPLICATION_PROTOCOL;
    return SSL_CLIENT_HELLO_ERROR;
}

static int alpn_choose(SSL *ssl, const unsigned char **chosen, unsigned char *chosen_size,
                       const unsigned char *names, unsigned int size, void *self)
{
    (void)self;
    for (size_t at = 0; at < size; at += 1 + (size_t)names[at]) {
        if (size - at < ALPN_BYTES || memcmp(names + at, ALPN, ALPN_BYTES) != 0)
            continue;
        *chosen = ALPN + 1;
        *chosen_size = ALPN_BYTES - 1;
        return SSL_TLSEXT_ERR_OK;
    }
    tls_of(ssl)->found = TLS_FAULT_ALPN;
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static bool alpn_holds(const SSL *ssl)
{
    const unsigned char *chosen;
    unsigned int size;
    SSL_get0_alpn_selected(ssl, &chosen, &size);
    return size == ALPN_BYTES - 1 && memcmp(chosen, ALPN + 1, size) == 0;
}

/* The y of every point whose order divides 8, the two of them that have a second spelling also
 * so: for such a key anyone can make signatures that hold. */
static bool key_of_low_order(const uint8_t key[TLS_KEY_BYTES])
{
    static const uint8_t LOW[][TLS_KEY_BYTES] = {
        {0},
        {1},
        {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
         0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
         0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
        {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
         0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
         0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
    };
    uint8_t y[TLS_KEY_BYTES];
    memcpy(y, key, sizeof y);
    y[TLS_KEY_BYTES - 1] &= 0x7f; /* the sign of x */
    for (size_t i = 0; i < sizeof LOW / sizeof *LOW; i++)
        if (memcmp(y, LOW[i], sizeof y) == 0)
            return true;
    /* p - 1, p and p + 1, which are -1, 0 and 1: p is 2^255 - 19 */
    for (size_t i = 1; i < TLS_KEY_BYTES - 1; i++)
        if (y[i] != 0xff)
            return false;
    return y[TLS_KEY_BYTES - 1] == 0x7f && y[0] >= 0xec && y[0] <= 0xee;
}

static bool certificate_key(X509 *certificate, uint8_t into[TLS_KEY_BYTES])
{
    size_t size = TLS_KEY_BYTES;
    const EVP_PKEY *key = certificate ? X509_get0_pubkey(certificate) : NULL;
    return key && EVP_PKEY_get_id(key) == EVP_PKEY_ED25519 &&
           EVP_PKEY_get_raw_public_key(key, into, &size) == 1 && size == TLS_KEY_BYTES &&
           !key_of_low_order(into);
}

/* PROTOCOL.md "Links":
 * > The 32 bytes of the key are compared; names, dates and extensions in the certificate are
 * ignored.
 *
 * So is the certificate's own signature: that the peer holds the key is proved by the handshake's,
 * which OpenSSL checks next. */
static int certificate_check(X509_STORE_CTX *given, void *self)
{
    (void)self;
    SSL *ssl = X509_STORE_CTX_get_ex_data(given, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls *tls = tls_of(ssl);
    if (!alpn_holds(ssl))
        tls->found = TLS_FAULT_ALPN;
    else if (sk_X509_num(X509_STORE_CTX_get0_untrusted(given)) != 1 ||
             !certificate_key(X509_STORE_CTX_get0_cert(given), tls->peer))
        tls->found = TLS_FAULT_CERTIFICATE;
    else
        return 1;
    X509_STORE_CTX_set_error(given, X509_V_ERR_CERT_REJECTED);
    return 0;
}

static void message_count(int sent, int version, int type, const void *bytes, size_t size, SSL *ssl,
                          void *self)
{
    (void)version;
    (void)bytes;
    (void)size;
    (void)ssl;
    struct tls *tls = self;
    if (sent || type != SSL3_RT_HANDSHAKE || !tls->up)
        return;
    if (tls->afterwards++ == TLS_AFTERWARDS_MAX)
        tls->found = TLS_FAULT_TOO_MUCH; /* connection_read stops there */
}

/* ---- the context ---- */

/* Names and dates are what an encoder insists on; nobody reads them. */
static X509 *certificate_new(EVP_PKEY *key)
{
    X509 *made = X509_new();
    X509_NAME *name = made ? X509_get_subject_name(made) : NULL;
    if (name && X509_set_version(made, X509_VERSION_3) &&
        ASN1_INTEGER_set(X509_get_serialNumber(made), 1) &&
        ASN1_TIME_set_string(X509_getm_notBefore(made), "19700101000000Z") &&
        ASN1_TIME_set_string(X509_getm_notAfter(made), "99991231235959Z") &&
        X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_ASC,
                                   (const unsigned char *)"tertulia", -1, -1, 0) &&
        X509_set_issuer_name(made, name) && X509_set_pubkey(made, key) &&
        X509_sign(made, key, NULL))
        return made;
    X509_free(made);
    return NULL;
}

static bool identity_set(struct tls_context *context)
{
    EVP_PKEY *key =
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, context->seed, TLS_SEED_BYTES);
    X509 *certificate = key ? certificate_new(key) : NULL;
    bool good = certificate && certificate_key(certificate, context->key) &&
                SSL_CTX_use_certificate(context->rules, certificate) == 1 &&
                SSL_CTX_use_PrivateKey(context->rules, key) == 1;
    X509_free(certificate);
    EVP_PKEY_free(key);
    return good;
}

/* One kind of signature; the groups and ciphers that every TLS 1.3 has, the cheapest first, and
 * none that lets a stranger choose what we compute for longer. */
static bool algorithms_set(SSL_CTX *rules)
{
    return SSL_CTX_set_min_proto_version(rules, TLS1_3_VERSION) &&
           SSL_CTX_set_max_proto_version(rules, TLS1_3_VERSION) &&
           SSL_CTX_set_ciphersuites(rules, "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:"
                                           "TLS_AES_256_GCM_SHA384") &&
           SSL_CTX_set1_groups_list(rules, "X25519:P-256") &&
           SSL_CTX_set1_sigalgs_list(rules, "ed25519");
}

/* PROTOCOL.md "Links":
 * > There are no tickets, no resumption and no early data.
 */
static void nothing_kept(SSL_CTX *rules)
{
    SSL_CTX_set_session_cache_mode(rules, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(rules, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_num_tickets(rules, 0);
    SSL_CTX_set_max_early_data(rules, 0);
    SSL_CTX_set_recv_max_early_data(rules, 0);
}

static void checks_set(SSL_CTX *rules)
{
    SSL_CTX_set_verify(rules, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_cert_verify_callback(rules, certificate_check, NULL);
    SSL_CTX_set_max_cert_list(rules, TLS_CERTIFICATE_MAX);
    SSL_CTX_set_client_hello_cb(rules, hello_check, NULL);
    SSL_CTX_set_alpn_select_cb(rules, alpn_choose, NULL);
    SSL_CTX_set_msg_callback(rules, message_count);
}

static bool rules_set(struct tls_context *context)
{
    SSL_CTX *rules = context->rules;
    nothing_kept(rules);
    checks_set(rules);
    SSL_CTX_set_mode(rules, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN);
    /* no box between two machines of a LAN needs a TLS 1.2 to be played to it */
    SSL_CTX_clear_options(rules, SSL_OP_ENABLE_MIDDLEBOX_COMPAT);
    return algorithms_set(rules) && SSL_CTX_set_alpn_protos(rules, ALPN, ALPN_BYTES) == 0 &&
           identity_set(context);
}

struct tls_context *tls_context_new(const uint8_t seed[TLS_SEED_BYTES])
{
    struct tls_context *context = xcalloc(1, sizeof *context);
    memcpy(context->seed, seed, TLS_SEED_BYTES);
    return context;
}

static void unmake(struct tls_context *context)
{
    SSL_CTX_free(context->rules);
    BIO_meth_free(context->method);
    context->rules = NULL;
    context->method = NULL;
}

bool tls_context_ready(struct tls_context *context)
{
    if (context->tried)
        return context->rules;
    context->tried = true;
    ERR_clear_error();
    context->method = method_new();
    context->rules = SSL_CTX_new(TLS_method());
    if (!context->method || !context->rules || !rules_set(context))
        unmake(context);
    OPENSSL_cleanse(context->seed, sizeof context->seed);
    ERR_clear_error();
    return context->rules;
}

void tls_context_free(struct tls_context *context)
{
    if (!context)
        return;
    unmake(context);
    OPENSSL_cleanse(context->seed, sizeof context->seed);
    free(context);
}

const uint8_t *tls_context_key(const struct tls_context *context)
{
    return context->key;
}

/* ---- a link ---- */

struct tls *tls_new(struct tls_context *context, enum tls_role role)
{
    struct tls *tls = xcalloc(1, sizeof *tls);
    buf_init(&tls->incoming, TLS_INCOMING_MAX);
    buf_init(&tls->outgoing, TLS_OUTGOING_MAX);
    if (!tls_context_ready(context)) {
        tls->fault = TLS_FAULT_HERE;
        return tls;
    }
    BIO *bio = BIO_new(context->method);
    tls->ssl = SSL_new(context->rules);
    if (!bio || !tls->ssl)
        die("no memory for a TLS link");
    BIO_set_data(bio, tls);
    BIO_set_init(bio, 1);
    SSL_set_bio(tls->ssl, bio, bio); /* TAKES both */
    SSL_set_msg_callback_arg(tls->ssl, tls);
    if (role == TLS_CALLER)
        SSL_set_connect_state(tls->ssl);
    else
        SSL_set_accept_state(tls->ssl);
    return tls;
}

void tls_free(struct tls *tls)
{
    if (!tls)
        return;
    SSL_free(tls->ssl);
    buf_done(&tls->incoming);
    buf_done(&tls->outgoing);
    free(tls);
}

static bool hears_nothing(const struct tls *tls)
{
    return tls->cut || tls->ended || tls->fault != TLS_FAULT_NONE;
}

size_t tls_room(const struct tls *tls)
{
    return hears_nothing(tls) ? TLS_INCOMING_MAX : buf_left(&tls->incoming);
}

bool tls_feed(struct tls *tls, const void *bytes, size_t size)
{
    return hears_nothing(tls) || buf_add(&tls->incoming, bytes, size);
}

void tls_feed_end(struct tls *tls)
{
    tls->cut = true;
}

static void quiet_incoming(struct tls *tls)
{
    if (tls->incoming.length == 0 || tls->ended || tls->fault != TLS_FAULT_NONE)
        buf_done(&tls->incoming);
}

static enum tls_fault fault_of_error(int reason)
{
    switch (reason) {
    case SSL_R_UNEXPECTED_EOF_WHILE_READING:
        return TLS_FAULT_CUT;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_WRONG_SSL_VERSION:
    case SSL_R_VERSION_TOO_LOW:
        return TLS_FAULT_VERSION;
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
        return TLS_FAULT_CERTIFICATE;
    case SSL_R_EXCESSIVE_MESSAGE_SIZE:
        return TLS_FAULT_TOO_MUCH;
    default: /* an int of OpenSSL's, no enum of ours */
        return reason > SSL_AD_REASON_OFFSET ? TLS_FAULT_REFUSED : TLS_FAULT_BROKEN;
    }
}

static enum tls_result fail(struct tls *tls)
{
    unsigned long error = ERR_peek_error();
    if (tls->found != TLS_FAULT_NONE)
        tls->fault = tls->found;
    else if (ERR_GET_LIB(error) == ERR_LIB_SSL)
        tls->fault = fault_of_error(ERR_GET_REASON(error));
    else
        tls->fault = TLS_FAULT_BROKEN;
    ERR_clear_error();
    quiet_incoming(tls);
    return TLS_FAILED;
}

/* What a call of OpenSSL that did not succeed means. */
static enum tls_result settle(struct tls *tls, int returned)
{
    int why = tls->found == TLS_FAULT_NONE ? SSL_get_error(tls->ssl, returned) : SSL_ERROR_SSL;
    if (why == SSL_ERROR_ZERO_RETURN)
        tls->ended = true;
    else if (why != SSL_ERROR_WANT_READ)
        return fail(tls);
    quiet_incoming(tls);
    return tls->ended ? TLS_ENDED : TLS_MORE;
}

enum tls_result tls_handshake(struct tls *tls)
{
    if (tls->fault != TLS_FAULT_NONE)
        return TLS_FAILED;
    if (tls->up)
        return TLS_OK;
    ERR_clear_error();
    int returned = SSL_do_handshake(tls->ssl);
    if (returned != 1) {
        enum tls_result result = settle(tls, returned);
        if (result != TLS_ENDED)
            return result;
        tls->found = TLS_FAULT_REFUSED; /* a farewell before there was a link */
        return fail(tls);
    }
    tls->up = true;
    quiet_incoming(tls);
    return TLS_OK;
}

const uint8_t *tls_peer(const struct tls *tls)
{
    return tls->up ? tls->peer : NULL;
}

bool tls_export(struct tls *tls, uint8_t into[TLS_EXPORTED_BYTES])
{
    ERR_clear_error();
    return tls->up && tls->fault == TLS_FAULT_NONE &&
           SSL_export_keying_material(tls->ssl, into, TLS_EXPORTED_BYTES, EXPORTER,
                                      sizeof EXPORTER - 1, NULL, 0, 0) == 1;
}

enum tls_result tls_read(struct tls *tls, void *into, size_t size, size_t *got)
{
    *got = 0;
    enum tls_result state = tls_handshake(tls);
    if (state != TLS_OK)
        return state;
    if (tls->ended)
        return TLS_ENDED;
    ERR_clear_error();
    int returned = SSL_read_ex(tls->ssl, into, size, got);
    if (returned == 1) {
        quiet_incoming(tls);
        return TLS_OK;
    }
    *got = 0;
    return settle(tls, returned);
}

enum tls_result tls_write(struct tls *tls, const void *bytes, size_t size, size_t *taken)
{
    *taken = 0;
    enum tls_result state = tls_handshake(tls);
    if (state != TLS_OK)
        return state;
    if (tls->closed)
        return TLS_ENDED;
    while (*taken < size) {
        size_t part = 0;
        if (buf_left(&tls->outgoing) < TLS_RECORD_MAX + TLS_OUTGOING_SPARE)
            return TLS_FULL;
        ERR_clear_error();
        if (SSL_write_ex(tls->ssl, (const uint8_t *)bytes + *taken, size - *taken, &part) != 1)
            return fail(tls);
        *taken += part;
    }
    return TLS_OK;
}

void tls_close(struct tls *tls)
{
    if (!tls->up || tls->closed || tls->fault != TLS_FAULT_NONE)
        return;
    tls->closed = true;
    ERR_clear_error();
    if (SSL_shutdown(tls->ssl) < 0)
        (void)fail(tls);
}

const struct buf *tls_outgoing(const struct tls *tls)
{
    return &tls->outgoing;
}

void tls_sent(struct tls *tls, size_t size)
{
    buf_eat(&tls->outgoing, size);
    if (tls->outgoing.length == 0)
        buf_done(&tls->outgoing);
}

void tls_outgoing_move(struct tls *tls, struct buf *into)
{
    *into = tls->outgoing;
    buf_init(&tls->outgoing, TLS_OUTGOING_MAX);
}

enum tls_fault tls_fault(const struct tls *tls)
{
    return tls->fault;
}
