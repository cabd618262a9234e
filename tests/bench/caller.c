/* Links as fast as a program takes them: caller PORT COUNT. One after another: a call, the
 * handshake, the first words of the other side, and gone. */
#include "base/alloc.h"
#include "net/tls.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void must(bool holds, const char *what)
{
    if (!holds)
        die("caller: %s", what);
}

static int call(uint16_t port)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int wire = socket(AF_INET, SOCK_STREAM, 0);
    must(wire >= 0 && connect(wire, (struct sockaddr *)&to, sizeof to) == 0, "nobody answers");
    return wire;
}

static void tell(int wire, struct tls *tls)
{
    while (tls_outgoing(tls)->length) {
        ssize_t sent = write(wire, buf_bytes(tls_outgoing(tls)), tls_outgoing(tls)->length);
        must(sent > 0, "the link broke");
        tls_sent(tls, (size_t)sent);
    }
}

static void hear(int wire, struct tls *tls)
{
    uint8_t bytes[4096];
    ssize_t size = read(wire, bytes, sizeof bytes);
    must(size > 0 && tls_feed(tls, bytes, (size_t)size), "the link ended");
}

static void link_once(struct tls_context *context, uint16_t port)
{
    static uint8_t plain[TLS_PLAIN_MAX];
    enum tls_result result;
    size_t got = 0;
    int wire = call(port);
    struct tls *tls = tls_new(context, TLS_CALLER);
    while ((result = tls_handshake(tls)) == TLS_MORE) {
        tell(wire, tls);
        hear(wire, tls);
    }
    must(result == TLS_OK, "no handshake");
    tell(wire, tls);
    while ((result = tls_read(tls, plain, sizeof plain, &got)) == TLS_MORE)
        hear(wire, tls);
    must(result == TLS_OK && got > 0, "no words");
    tls_free(tls);
    close(wire);
}

static unsigned long number(const char *text)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    must(*text && !*end, "PORT COUNT");
    return value;
}

int main(int argc, char **argv)
{
    static const uint8_t seed[TLS_SEED_BYTES] = {1};
    must(argc == 3, "PORT COUNT");
    uint16_t port = (uint16_t)number(argv[1]);
    struct tls_context *context = tls_context_new(seed);
    must(tls_context_ready(context), "no TLS");
    for (unsigned long left = number(argv[2]); left > 0; left--)
        link_once(context, port);
    tls_context_free(context);
    return 0;
}
