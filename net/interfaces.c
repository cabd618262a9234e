/* The list comes from getifaddrs. Linux says by netlink that something changed, and what it says is
 * only taken as a reason to read the list again; other systems are asked every INTERFACES_POLL_MS.
 */
#include "net/interfaces.h"

#include "base/alloc.h"
#include "net/loop_parts.h"
#include "net/timer.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#endif

enum {
    NEWS_BYTES = 8192, /* of one message of the kernel: it needs no more than a page */
    NEWS_AT_ONCE = 64, /* read in one turn; the rest in the next one */
    IPV4_AT = 12,      /* where the 4 bytes are in our form of an address */
};

struct interfaces_watch {
    uv_poll_t poll;
    int descriptor; /* of netlink; -1: none, so they are read again and again */
    struct loop *loop;
    struct timer *timer;
    bool waits; /* it was told that something changed, and does not look yet */
    void (*changed)(void *self, const struct interfaces *now);
    void *self;
    struct interfaces now;
};

/* ---- the list --------------------------------------------------------------------------------*/

static uint8_t bits_of(const uint8_t *mask, size_t size)
{
    uint8_t bits = 0;
    for (size_t i = 0; i < size; i++)
        for (unsigned bit = 0x80; bit && mask[i] & bit; bit >>= 1)
            bits++;
    return bits;
}

static uint8_t prefix_of(const struct sockaddr *mask, bool ipv4)
{
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    if (!mask)
        return ipv4 ? 32 : 128; /* nobody is next to it */
    if (ipv4) {
        memcpy(&in, mask, sizeof in);
        return bits_of((const uint8_t *)&in.sin_addr, 4);
    }
    memcpy(&in6, mask, sizeof in6);
    return bits_of(in6.sin6_addr.s6_addr, 16);
}

/* Made from the prefix: what the system says of it is not filled in everywhere. A subnet of two has
 * none. */
static void broadcast_make(struct interface *interface)
{
    uint32_t host = interface->prefix < 32 ? UINT32_MAX >> interface->prefix : 0;
    if (interface->prefix == 0 || interface->prefix > 30)
        return;
    interface->broadcast = interface->address;
    for (size_t i = 0; i < 4; i++)
        interface->broadcast.ip[IPV4_AT + i] |= (uint8_t)(host >> (24 - 8 * i));
}

/* False where it is none of ours to use. */
static bool interface_take(const struct ifaddrs *from, struct interface *into)
{
    unsigned flags = from->ifa_flags;
    *into = (struct interface){0};
    if (!from->ifa_addr || !address_from_system(from->ifa_addr, &into->address) ||
        strlen(from->ifa_name) >= sizeof into->name)
        return false;
    bool ipv4 = address_is_ipv4(&into->address);
    memcpy(into->name, from->ifa_name, strlen(from->ifa_name));
    into->number = if_nametoindex(from->ifa_name);
    into->prefix = prefix_of(from->ifa_netmask, ipv4);
    into->up = flags & IFF_UP && flags & IFF_RUNNING;
    into->loopback = flags & IFF_LOOPBACK;
    into->multicast = flags & IFF_MULTICAST;
    into->point_to_point = flags & IFF_POINTOPOINT;
    if (ipv4 && (flags & (IFF_BROADCAST | IFF_LOOPBACK)))
        broadcast_make(into);
    return into->number != 0; /* 0: it has just gone */
}

static int interface_order(const void *one, const void *other)
{
    const struct interface *a = one, *b = other;
    if (a->number != b->number)
        return a->number < b->number ? -1 : 1;
    return memcmp(a->address.ip, b->address.ip, sizeof a->address.ip);
}

void interfaces_read(struct interfaces *into)
{
    struct ifaddrs *all = NULL;
    into->count = 0;
    if (getifaddrs(&all) != 0)
        return;
    for (const struct ifaddrs *one = all; one && into->count < INTERFACES_MAX; one = one->ifa_next)
        if (interface_take(one, &into->all[into->count]))
            into->count++;
    freeifaddrs(all);
    qsort(into->all, into->count, sizeof *into->all, interface_order);
}

static bool interface_equal(const struct interface *a, const struct interface *b)
{
    return strcmp(a->name, b->name) == 0 && a->number == b->number &&
           address_equal(&a->address, &b->address) && a->prefix == b->prefix && a->up == b->up &&
           a->loopback == b->loopback && a->multicast == b->multicast &&
           a->point_to_point == b->point_to_point;
}

bool interfaces_equal(const struct interfaces *a, const struct interfaces *b)
{
    for (size_t i = 0; i < a->count && i < b->count; i++)
        if (!interface_equal(&a->all[i], &b->all[i]))
            return false;
    return a->count == b->count;
}

bool interface_covers(const struct interface *interface, const struct address *address)
{
    const uint8_t *own = interface->address.ip, *other = address->ip;
    bool ipv4 = address_is_ipv4(address);
    if (ipv4 != address_is_ipv4(&interface->address) || address->scope != interface->address.scope)
        return false;
    unsigned bits = interface->prefix + (ipv4 ? 8u * IPV4_AT : 0);
    unsigned whole = bits / 8, rest = bits % 8;
    if (memcmp(own, other, whole) != 0)
        return false;
    return rest == 0 || (own[whole] ^ other[whole]) >> (8 - rest) == 0;
}

bool interface_is_virtual(const struct interface *interface)
{
    static const char *const NAMES[] = {"docker", "br-",   "veth", "virbr",  "vmnet",   "vboxnet",
                                        "lxcbr",  "lxdbr", "cni",  "podman", "flannel", "cali"};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (strncmp(interface->name, NAMES[i], strlen(NAMES[i])) == 0)
            return true;
    return false;
}

bool interfaces_own(const struct interfaces *interfaces, const struct address *address)
{
    for (size_t i = 0; i < interfaces->count; i++)
        if (address_same_host(&interfaces->all[i].address, address))
            return true;
    return address_is_loopback(address);
}

enum interface_fate interfaces_fate(const struct interfaces *interfaces, const struct address *own)
{
    enum interface_fate fate = INTERFACE_GONE;
    if (address_is_loopback(own) || interfaces->count == 0 || interfaces->count == INTERFACES_MAX)
        return INTERFACE_UP;
    for (size_t i = 0; i < interfaces->count && fate != INTERFACE_UP; i++)
        if (address_same_host(&interfaces->all[i].address, own))
            fate = interfaces->all[i].up ? INTERFACE_UP : INTERFACE_DOWN;
    return fate;
}

bool interfaces_gained(const struct interfaces *before, const struct interfaces *now)
{
    for (size_t i = 0; i < now->count; i++) {
        const struct interface *one = &now->all[i];
        bool leads = one->up && !one->loopback && !interface_is_virtual(one);
        if (leads && (before->count == 0 || interfaces_fate(before, &one->address) != INTERFACE_UP))
            return true;
    }
    return false;
}

/* ---- when it changes -------------------------------------------------------------------------*/

static void on_time(void *self)
{
    struct interfaces_watch *watch = self;
    struct interfaces *now = xmalloc(sizeof *now);
    watch->waits = false;
    interfaces_read(now);
    bool same = interfaces_equal(now, &watch->now);
    if (!same)
        watch->now = *now;
    free(now);
    if (watch->descriptor < 0)
        timer_set(watch->timer, loop_mono_ms(watch->loop) + INTERFACES_POLL_MS);
    if (!same)
        watch->changed(watch->self, &watch->now);
}

#ifdef __linux__

static int news_open(void)
{
    struct sockaddr_nl what = {.nl_family = AF_NETLINK,
                               .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR};
    int descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (descriptor >= 0 && bind(descriptor, (struct sockaddr *)&what, sizeof what) != 0) {
        close(descriptor);
        return -1;
    }
    return descriptor;
}

#else

static int news_open(void)
{
    return -1;
}

#endif

/* The first word starts the wait and later ones do not lengthen it: a network that is never quiet
 * is read all the same. */
static void on_news(uv_poll_t *poll, int status, int events)
{
    struct interfaces_watch *watch = poll->data;
    char bytes[NEWS_BYTES];
    (void)status; /* too many at once were lost: then, too, there is something new */
    (void)events;
    for (int i = 0; i < NEWS_AT_ONCE; i++)
        if (recv(watch->descriptor, bytes, sizeof bytes, 0) < 0)
            break;
    if (!watch->waits)
        timer_set(watch->timer, loop_mono_ms(watch->loop) + INTERFACES_SETTLE_MS);
    watch->waits = true;
}

struct interfaces_watch *
interfaces_watch_new(struct loop *loop, void (*changed)(void *self, const struct interfaces *now),
                     void *self)
{
    struct interfaces_watch *watch = xcalloc(1, sizeof *watch);
    watch->loop = loop;
    watch->changed = changed;
    watch->self = self;
    watch->timer = timer_new(loop, on_time, watch);
    watch->poll.data = watch;
    watch->descriptor = news_open();
    if (watch->descriptor >= 0) {
        loop_must(uv_poll_init(loop_uv(loop), &watch->poll, watch->descriptor), "netlink");
        loop_must(uv_poll_start(&watch->poll, UV_READABLE, on_news), "netlink");
    } else {
        timer_set(watch->timer, loop_mono_ms(loop) + INTERFACES_POLL_MS);
    }
    interfaces_read(&watch->now); /* after the socket: what changes from here on is told */
    return watch;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void interfaces_watch_free(struct interfaces_watch *watch)
{
    if (!watch)
        return;
    timer_free(watch->timer);
    if (watch->descriptor < 0) {
        free(watch);
        return;
    }
    uv_close((uv_handle_t *)&watch->poll, on_closed);
    close(watch->descriptor);
}

const struct interfaces *interfaces_watch_now(const struct interfaces_watch *watch)
{
    return &watch->now;
}
