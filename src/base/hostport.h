#pragma once
/* Where somebody may be reached, as people write it: HOST, HOST:PORT, [IPv6]:PORT, IPv6. */
#include <stdbool.h>
#include <stdint.h>

enum { HOST_MAX = 255 }; /* bytes of a host name, by DNS; addresses are shorter */

struct hostport {
    char host[HOST_MAX + 1]; /* without brackets; empty in ":PORT" */
    uint16_t port;           /* 0: none was given */
};

enum hostport_result { HOSTPORT_OK, HOSTPORT_BAD_HOST, HOSTPORT_BAD_PORT };

/* A whole number from 1 to 65535 in decimal digits and nothing else. */
bool port_parse(const char *text, uint16_t *into) __attribute__((warn_unused_result));

/* Is it an IPv4 or IPv6 address, an interface behind `%` included? */
bool host_is_number(const char *host);

/* Nothing is resolved, but what can be no name is refused: spaces, the marks of a URL, a slip in a
 * number. A host is never empty but in ":PORT". */
enum hostport_result hostport_parse(const char *text, struct hostport *into)
    __attribute__((warn_unused_result));
