/* What a link costs: its handshake beside bare OpenSSL in the same run, its memory, its bytes.
 *
 * The floors do only the thing itself: both ends in one process, one Ed25519 certificate each, the
 * peer's certificate asked for and not looked at. Each round measures every variant in turn; what
 * is printed is the median of the rounds, its spread, and its ratio to the first line. CPU time. */
#include "net/tls.h"
#include "base/alloc.h"

#include <malloc.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    ROUNDS = 9,
    HANDSHAKES = 60, /* in one round */
    LINKS = 200,     /* held at once to weigh them */
    STREAM = 32 << 20,
};

static double cpu_ms(void)
{
    return (double)clock() * 1000 / CLOCKS_PER_SEC;
}

static void must(bool holds, const char *what)
{
    if (!holds)
        die("bench: %s", what);
}

/* ---- the floors: OpenSSL and nothing else ---- */

struct pipe {
    uint8_t bytes[16384];
    size_t size;
};

struct end {
    struct pipe *in;
    struct pipe *out;
};

static int pipe_read(BIO *bio, char *into, int size)
{
    struct pipe *pipe = ((struct end *)BIO_get_data(bio))->in;
    size_t part = pipe->size < (size_t)size ? pipe->size : (size_t)size;
    BIO_clear_retry_flags(bio);
    if (part == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    memcpy(into, pipe->bytes, part);
    memmove(pipe->bytes, pipe->bytes + part, pipe->size - part);
    pipe->size -= part;
    return (int)part;
}

static int pipe_write(BIO *bio, const char *bytes, int size)
{
    struct pipe *pipe = ((struct end *)BIO_get_data(bio))->out;
    must(pipe->size + (size_t)size <= sizeof pipe->bytes, "a handshake of 16 KiB");
    memcpy(pipe->bytes + pipe->size, bytes, (size_t)size);
    pipe->size += (size_t)size;
    return size;
}

static long pipe_control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

static int anybody(X509_STORE_CTX *given, void *self)
{
    (void)given;
    (void)self;
    return 1;
}

static SSL_CTX *floor_context(const uint8_t seed[TLS_SEED_BYTES], bool our_rules)
{
    SSL_CTX *context = SSL_CTX_new(TLS_method());
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, TLS_SEED_BYTES);
    X509 *certificate = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 1000);
    X509_set_pubkey(certificate, key);
    must(X509_sign(certificate, key, NULL) > 0, "no certificate");
    must(SSL_CTX_use_certificate(context, certificate) == 1, "no certificate");
    must(SSL_CTX_use_PrivateKey(context, key) == 1, "no key");
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_cert_verify_callback(context, anybody, NULL);
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    if (our_rules) {
        SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256");
        SSL_CTX_set1_groups_list(context, "X25519:P-256");
        SSL_CTX_set1_sigalgs_list(context, "ed25519");
        SSL_CTX_clear_options(context, SSL_OP_ENABLE_MIDDLEBOX_COMPAT);
    }
    X509_free(certificate);
    EVP_PKEY_free(key);
    return context;
}

struct floor {
    SSL_CTX *context[2];
    BIO_METHOD *method; /* NULL: OpenSSL's own memory BIOs */
};

struct floor_pair {
    SSL *ssl[2];
    struct pipe pipes[2];
    struct end ends[2];
};

static void floor_pair_open(const struct floor *floor, struct floor_pair *pair)
{
    BIO *memory[2] = {NULL, NULL};
    for (int i = 0; i < 2; i++) {
        pair->ssl[i] = SSL_new(floor->context[i]);
        pair->pipes[i].size = 0;
        pair->ends[i] = (struct end){&pair->pipes[i], &pair->pipes[1 - i]};
        if (floor->method) {
            BIO *bio = BIO_new(floor->method);
            BIO_set_data(bio, &pair->ends[i]);
            BIO_set_init(bio, 1);
            SSL_set_bio(pair->ssl[i], bio, bio);
        } else {
            memory[i] = BIO_new(BIO_s_mem());
            BIO_set_mem_eof_return(memory[i], -1);
        }
    }
    if (!floor->method) { /* what one writes, the other reads */
        SSL_set_bio(pair->ssl[0], memory[0], memory[1]);
        BIO_up_ref(memory[0]);
        BIO_up_ref(memory[1]);
        SSL_set_bio(pair->ssl[1], memory[1], memory[0]);
    }
    SSL_set_connect_state(pair->ssl[0]);
    SSL_set_accept_state(pair->ssl[1]);
    int done = 0;
    for (int turn = 0; turn < 10 && done != 2; turn++)
        done = (SSL_do_handshake(pair->ssl[0]) == 1) + (SSL_do_handshake(pair->ssl[1]) == 1);
    must(done == 2, "the floor's handshake");
}

static void floor_pair_close(struct floor_pair *pair)
{
    SSL_free(pair->ssl[0]);
    SSL_free(pair->ssl[1]);
}

static void floor_handshake(void *self)
{
    static struct floor_pair pair;
    floor_pair_open(self, &pair);
    floor_pair_close(&pair);
}

/* ---- ours ---- */

struct ours {
    struct tls_context *context[2];
};

struct pair {
    struct tls *end[2];
};

static void carry(struct tls *from, struct tls *to)
{
    const struct buf *bytes = tls_outgoing(from);
    size_t part = bytes->length < tls_room(to) ? bytes->length : tls_room(to);
    must(tls_feed(to, buf_bytes(bytes), part), "no room");
    tls_sent(from, part);
}

static void pair_open(const struct ours *ours, struct pair *pair)
{
    pair->end[0] = tls_new(ours->context[0], TLS_CALLER);
    pair->end[1] = tls_new(ours->context[1], TLS_LISTENER);
    int done = 0;
    for (int turn = 0; turn < 10 && done != 2; turn++) {
        done = 0;
        for (int i = 0; i < 2; i++) {
            done += tls_handshake(pair->end[i]) == TLS_OK;
            carry(pair->end[i], pair->end[1 - i]);
        }
    }
    must(done == 2, "our handshake");
}

static void pair_close(struct pair *pair)
{
    tls_free(pair->end[0]);
    tls_free(pair->end[1]);
}

static void our_handshake(void *self)
{
    struct pair pair;
    pair_open(self, &pair);
    pair_close(&pair);
}

/* ---- figures ---- */

struct variant {
    const char *name;
    void (*run)(void *self);
    void *self;
    double ms[ROUNDS];
};

static int by_size(const void *left, const void *right)
{
    const double *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

static void compare(struct variant *variants, size_t count)
{
    for (size_t i = 0; i < count; i++)
        variants[i].run(variants[i].self);
    for (int round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < count; i++) {
            double start = cpu_ms();
            for (int n = 0; n < HANDSHAKES; n++)
                variants[i].run(variants[i].self);
            variants[i].ms[round] = (cpu_ms() - start) / HANDSHAKES;
        }
    for (size_t i = 0; i < count; i++)
        qsort(variants[i].ms, ROUNDS, sizeof *variants[i].ms, by_size);
    for (size_t i = 0; i < count; i++) {
        const double *ms = variants[i].ms;
        printf("%-46s %6.3f ms (%.3f .. %.3f)  x %.2f\n", variants[i].name, ms[ROUNDS / 2], ms[0],
               ms[ROUNDS - 1], ms[ROUNDS / 2] / variants[0].ms[ROUNDS / 2]);
    }
}

static size_t heap(void)
{
    return mallinfo2().uordblks + mallinfo2().hblkhd;
}

static void say(const struct pair *pair, int from, const void *words, size_t size)
{
    uint8_t heard[TLS_PLAIN_MAX];
    size_t count;
    must(tls_write(pair->end[from], words, size, &count) == TLS_OK, "not written");
    carry(pair->end[from], pair->end[1 - from]);
    must(tls_read(pair->end[1 - from], heard, sizeof heard, &count) == TLS_OK, "not read");
    must(tls_read(pair->end[1 - from], heard, sizeof heard, &count) == TLS_MORE, "too much");
}

static void weigh(const struct ours *ours, const struct floor *floor)
{
    static struct pair pairs[LINKS / 2];
    static struct floor_pair floors[LINKS / 2];
    size_t before = heap();
    for (int i = 0; i < LINKS / 2; i++) {
        pair_open(ours, &pairs[i]);
        say(&pairs[i], 0, "some words of each", 18);
        say(&pairs[i], 1, "some words of each", 18);
    }
    printf("%-46s %6.1f KiB\n", "heap of an idle link", (double)(heap() - before) / LINKS / 1024);
    for (int i = 0; i < LINKS / 2; i++)
        pair_close(&pairs[i]);
    before = heap();
    for (int i = 0; i < LINKS / 2; i++)
        floor_pair_open(floor, &floors[i]);
    printf("%-46s %6.1f KiB\n", "  bare OpenSSL, a BIO of one's own",
           (double)(heap() - before) / LINKS / 1024);
    for (int i = 0; i < LINKS / 2; i++)
        floor_pair_close(&floors[i]);
}

/* A listener that was fed the worst beginning: of the largest hello that is taken. */
static void weigh_half_open(const struct ours *ours)
{
    static struct tls *ends[LINKS];
    static const uint8_t hello[] = {0x16, 3, 1, 0x3f, 0xff, 1, 0, 0x3f, 0xfb, 3, 3};
    size_t before = heap();
    for (int i = 0; i < LINKS; i++)
        ends[i] = tls_new(ours->context[1], TLS_LISTENER);
    printf("%-46s %6.1f KiB\n", "heap of a listener's end, silent",
           (double)(heap() - before) / LINKS / 1024);
    for (int i = 0; i < LINKS; i++) {
        must(tls_feed(ends[i], hello, sizeof hello), "no room");
        must(tls_handshake(ends[i]) == TLS_MORE, "a hello's beginning is refused");
    }
    printf("%-46s %6.1f KiB\n", "  with the beginning of a large hello",
           (double)(heap() - before) / LINKS / 1024);
    for (int i = 0; i < LINKS; i++)
        tls_free(ends[i]);
}

static void stream(const struct ours *ours, size_t piece)
{
    static uint8_t plain[TLS_PLAIN_MAX * 3];
    struct pair pair;
    pair_open(ours, &pair);
    double start = cpu_ms();
    size_t total = piece < 1000 ? STREAM / 16 : STREAM;
    for (size_t sent = 0; sent < total; sent += piece) {
        size_t count;
        must(tls_write(pair.end[0], plain, piece, &count) == TLS_OK, "not written");
        carry(pair.end[0], pair.end[1]);
        while (tls_read(pair.end[1], plain, sizeof plain, &count) == TLS_OK)
            continue;
    }
    double ms = cpu_ms() - start;
    printf("bytes through both ends, %5zu at a time %16.0f MB/s, %.2f us each\n", piece,
           (double)total / ms / 1000, ms * 1000 * (double)piece / (double)total);
    pair_close(&pair);
}

int main(void)
{
    uint8_t seeds[2][TLS_SEED_BYTES] = {{1}, {2}};
    struct ours ours;
    double start = cpu_ms();
    ours.context[0] = tls_context_new(seeds[0]);
    must(tls_context_ready(ours.context[0]), "no context");
    double first = cpu_ms() - start;
    ours.context[1] = tls_context_new(seeds[1]);
    must(tls_context_ready(ours.context[1]), "no context");
    printf("%-46s %6.3f ms\n", "the program's context", first);

    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "pipe");
    BIO_meth_set_read(method, pipe_read);
    BIO_meth_set_write(method, pipe_write);
    BIO_meth_set_ctrl(method, pipe_control);
    struct floor ruled = {{floor_context(seeds[0], true), floor_context(seeds[1], true)}, method};
    struct floor plain = {{floor_context(seeds[0], false), floor_context(seeds[1], false)}, method};
    struct floor memory = {{plain.context[0], plain.context[1]}, NULL};
    struct variant variants[] = {
        {"handshake, bare OpenSSL, our rules", floor_handshake, &ruled, {0}},
        {"handshake, bare OpenSSL", floor_handshake, &plain, {0}},
        {"handshake, bare OpenSSL, memory BIOs", floor_handshake, &memory, {0}},
        {"handshake, ours", our_handshake, &ours, {0}},
    };
    compare(variants, sizeof variants / sizeof *variants);
    weigh(&ours, &plain);
    weigh_half_open(&ours);
    stream(&ours, 200);
    stream(&ours, 4000);
    stream(&ours, TLS_PLAIN_MAX);
    stream(&ours, TLS_PLAIN_MAX * 3);

    for (int i = 0; i < 2; i++) {
        tls_context_free(ours.context[i]);
        SSL_CTX_free(ruled.context[i]);
        SSL_CTX_free(plain.context[i]);
    }
    BIO_meth_free(method);
    return 0;
}
