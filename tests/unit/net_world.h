#pragma once
/* What tests of the network share: a loop that runs until something holds (and not for ever), ends
 * of links that note what they are told, and strangers with a bare socket. Only loopback, and ports
 * that the system chooses. */
#include "unit.h"

#include "base/alloc.h"
#include "net/link.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/timer.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WORLD_LIMIT_MS = 60000 }; /* far beyond what anything here takes, under valgrind too */

static struct loop *loop;
static struct tls_context *contexts[2];
static struct timer *limit;

static inline void world_on_turn(void *self)
{
    (void)self;
    loop_stop(loop);
}

static inline void world_late(void *self)
{
    (void)self;
    die("what a test waits for does not come");
}

/* What is there now, without waiting for it: what is waited for may have come with the last. */
static inline void turn(void)
{
    loop_run(loop);
}

#define UNTIL(holds)                                           \
    do {                                                       \
        timer_set(limit, loop_mono_ms(loop) + WORLD_LIMIT_MS); \
        while (!(holds))                                       \
            turn();                                            \
        timer_set(limit, TIMER_NEVER);                         \
    } while (0)

static inline void world_open(void)
{
    loop = loop_new();
    loop_on_turn(loop, world_on_turn, NULL);
    limit = timer_new(loop, world_late, NULL);
}

static inline void world_close(void)
{
    timer_free(limit);
    while (!loop_free(loop))
        ; /* it has patience for people, not for a busy machine */
}

static inline int descriptors(void)
{
    int count = 0;
    for (int i = 0; i < 1024; i++)
        count += fcntl(i, F_GETFD) != -1;
    return count;
}

static inline int contexts_make(void **state)
{
    (void)state;
    static const uint8_t seeds[2][TLS_SEED_BYTES] = {"one who calls", "one who is called"};
    for (int i = 0; i < 2; i++)
        contexts[i] = tls_context_new(seeds[i]);
    world_open(); /* libuv keeps two descriptors from the first loop on */
    world_close();
    return !tls_context_ready(contexts[0]) || !tls_context_ready(contexts[1]);
}

static inline int contexts_free(void **state)
{
    (void)state;
    tls_context_free(contexts[0]);
    tls_context_free(contexts[1]);
    return 0;
}

/* ---- strangers ---- */

static inline struct address local(const char *host, uint16_t port)
{
    struct address address;
    assert_true(address_parse(host, port, &address));
    return address;
}

/* Connecting without waiting; -1 where there is no descriptor. */
static inline int stranger_call(const struct address *to)
{
    struct sockaddr_storage system;
    address_to_system(to, &system);
    int fd = socket(system.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&system, sizeof system) != 0 &&
        errno != EINPROGRESS)
        fail_msg("connect: %s", strerror(errno));
    return fd;
}

static inline void stranger_says(int fd, const void *bytes, size_t size)
{
    assert_int_equal(send(fd, bytes, size, MSG_NOSIGNAL), (ssize_t)size);
}

/* What came: -1 nothing yet, 0 the end, -2 a reset. */
static inline ssize_t stranger_hears(int fd, void *into, size_t size)
{
    ssize_t count = recv(fd, into, size, 0);
    if (count >= 0)
        return count;
    return errno == EAGAIN || errno == EWOULDBLOCK ? -1 : -2;
}

/* Closes with a reset. */
static inline void stranger_breaks(int fd)
{
    struct linger now = {.l_onoff = 1};
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
    close(fd);
}

/* A socket that listens, bare; its port comes back. */
static inline int stranger_listens(const char *host, int backlog, uint16_t *port)
{
    struct sockaddr_storage system;
    struct address address = local(host, *port);
    socklen_t size = sizeof system;
    address_to_system(&address, &system);
    int fd = socket(system.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&system, sizeof system), 0);
    assert_int_equal(listen(fd, backlog), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&system, &size), 0);
    assert_true(address_from_system((struct sockaddr *)&system, &address));
    *port = address.port;
    return fd;
}
