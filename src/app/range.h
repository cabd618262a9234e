#pragma once
/* What /scan is to look through, read from how people write it. Pure: nothing is looked up.
 *
 *     192.168.2.121-160:9990-10005    10.0.0.0/24    lab, 10.0.0.7:9999,5000-5010   [fe80::1%eth0]
 *     192.168.1.200-192.168.2.20      :9999 (the usual hosts)       8.8.8.0/24 --anywhere
 *
 * Words are parted by commas or spaces; a word of digits is more ports for the one before. Without
 * hosts it is those of the subnets that were given, without ports the usual ones. A range that was
 * read is never larger than RANGE_MOST, and holds private, link-local and loopback addresses only
 * unless `--anywhere` stands in it. */
#include "core/message.h"
#include "net/interfaces.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RANGE_ITEMS = 64,        /* more words than one types */
    RANGE_ASK = 65536,       /* endpoints; DESIGN.md: more ask first */
    RANGE_MOST = 20 * 65536, /* a /16 on all the usual ports: a byte each in memory */
    RANGE_USUAL_PORTS = 18,  /* 9990 to 10005, 5555 and 5000 */
};

struct range_item {
    char *name;           /* a host that is to be looked up, once; NULL: it is `first` */
    struct address first; /* port 0; the hosts count up in its last 4 bytes */
    uint32_t hosts;       /* at least 1 */
    uint16_t *ports;      /* each once, the likeliest first */
    size_t port_count;    /* at least 1 */
};

struct range {
    size_t count;
    struct range_item items[RANGE_ITEMS];
    bool anywhere;
};

/* `subnets`: where to look when no host is given. False, with `why`, and there is nothing to be
 * freed, where it cannot be. */
bool range_parse(const char *text, const struct interface *subnets, size_t subnet_count,
                 struct range *into, struct message *why) __attribute__((warn_unused_result));
void range_done(struct range *range);

/* How many addresses and ports there are; a name counts as one host. */
uint64_t range_size(const struct range *range);
/* Whether it is one that a scan may go to without `--anywhere`. */
bool range_is_near(const struct address *address);
