/* What one hop cannot do without, each by itself, in microseconds: a round trip over loopback, a
 * small write made durable, a signature, a check. Prints a name and a median on each line:
 *
 *     parts FILE
 */
#include "base/alloc.h"
#include "core/crypto.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { TURNS = 301, BYTES = 200 };

static double now_us(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at); /* banned elsewhere: a bench is about the clock */
    return (double)at.tv_sec * 1e6 + (double)at.tv_nsec / 1e3;
}

static int by_size(const void *left, const void *right)
{
    const double *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

static void measure(const char *name, void (*once)(void *), void *self)
{
    double took[TURNS];
    for (int i = 0; i < TURNS; i++) {
        double begin = now_us();
        once(self);
        took[i] = now_us() - begin;
    }
    qsort(took, TURNS, sizeof *took, by_size);
    printf("%s %.2f\n", name, took[TURNS / 2]);
}

static void must(bool holds)
{
    if (!holds)
        die("a part does not work");
}

/* ---- a round trip ---- */

static void echo(int listener)
{
    char bytes[BYTES];
    int link = accept(listener, NULL, NULL), one = 1;
    setsockopt(link, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    for (ssize_t size; (size = read(link, bytes, sizeof bytes)) > 0;)
        must(write(link, bytes, (size_t)size) == size);
    _exit(0);
}

static void round_trip(void *self)
{
    char bytes[BYTES] = {0};
    must(write(*(int *)self, bytes, sizeof bytes) == sizeof bytes);
    must(read(*(int *)self, bytes, sizeof bytes) > 0);
}

static int linked(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    must(bind(listener, (struct sockaddr *)&address, size) == 0 && listen(listener, 1) == 0);
    must(getsockname(listener, (struct sockaddr *)&address, &size) == 0);
    if (fork() == 0)
        echo(listener);
    int link = socket(AF_INET, SOCK_STREAM, 0);
    must(connect(link, (struct sockaddr *)&address, size) == 0);
    setsockopt(link, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return link;
}

/* ---- the rest ---- */

static void durable(void *self)
{
    char bytes[4096] = {0};
    must(write(*(int *)self, bytes, sizeof bytes) == sizeof bytes);
    must(fdatasync(*(int *)self) == 0);
}

struct signing {
    struct identity identity;
    uint8_t bytes[BYTES];
    struct signature signature;
};

static void sign(void *self)
{
    struct signing *signing = self;
    signing->bytes[0]++;
    signing->signature =
        signer_real.sign(&signing->identity, "bench", span_of(signing->bytes, BYTES));
}

static void verify(void *self)
{
    struct signing *signing = self;
    must(signer_real.verify(&signing->identity.id, "bench", span_of(signing->bytes, BYTES),
                            &signing->signature));
}

int main(int count, char **words)
{
    static struct signing signing;
    struct seed seed = {{1}};
    must(count == 2);
    core_start();
    identity_init(&signing.identity, &seed);
    int file = open(words[1], O_WRONLY | O_CREAT | O_APPEND, 0600), link = linked();
    must(file >= 0);
    measure("round-trip", round_trip, &link);
    measure("fdatasync", durable, &file);
    measure("sign", sign, &signing);
    measure("verify", verify, &signing);
    close(link);
    unlink(words[1]);
    return 0;
}
