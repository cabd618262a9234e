/* Reading HOST:PORT in all the ways that people write it. */
#include "base/hostport.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <string.h>

bool port_parse(const char *text, uint16_t *into)
{
    uint32_t value = 0;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 5 || text[digits] != '\0')
        return false;
    for (size_t i = 0; i < digits; i++)
        value = value * 10 + (uint32_t)(text[i] - '0');
    if (value == 0 || value > UINT16_MAX)
        return false;
    *into = (uint16_t)value;
    return true;
}

/* What is in no name, of a host or of an interface: blanks and controls, and the marks of a URL. */
static bool name_plausible(const char *name)
{
    for (const char *c = name; *c; c++)
        if ((unsigned char)*c <= ' ' || *c == 0x7f)
            return false;
    return *name != '\0' && !strpbrk(name, "/\\\"%@,;#?[]");
}

bool host_is_number(const char *host)
{
    unsigned char address[sizeof(struct in6_addr)];
    char bare[INET6_ADDRSTRLEN];
    size_t length = strcspn(host, "%"); /* fe80::1%eth0 */
    if (inet_pton(AF_INET, host, address) == 1)
        return true;
    if (length >= sizeof bare || (host[length] && !name_plausible(host + length + 1)))
        return false;
    memcpy(bare, host, length);
    bare[length] = '\0';
    return inet_pton(AF_INET6, bare, address) == 1;
}

/* Digits and dots are an IPv4 address, colons an IPv6 one, and neither is looked up as a name: a
 * slip in typing shall be seen here, not call somebody else. */
static bool host_plausible(const char *host)
{
    if (*host == '\0')
        return true;
    if (strchr(host, ':') || host[strspn(host, "0123456789.")] == '\0')
        return host_is_number(host);
    return *host != '-' && name_plausible(host);
}

static bool host_copy(const char *host, size_t length, char into[HOST_MAX + 1])
{
    if (length > HOST_MAX)
        return false;
    memcpy(into, host, length);
    into[length] = '\0';
    return host_plausible(into);
}

static enum hostport_result parts_take(const char *host, size_t length, const char *port,
                                       struct hostport *into)
{
    if (!host_copy(host, length, into->host))
        return HOSTPORT_BAD_HOST;
    into->port = 0;
    if (port && !port_parse(port, &into->port))
        return HOSTPORT_BAD_PORT;
    return HOSTPORT_OK;
}

enum hostport_result hostport_parse(const char *text, struct hostport *into)
{
    if (text[0] == '[') {
        const char *end = strchr(text, ']');
        const char *colon = strchr(text, ':'); /* brackets are for IPv6 alone */
        if (!end || !colon || colon > end || (end[1] != '\0' && end[1] != ':'))
            return HOSTPORT_BAD_HOST;
        return parts_take(text + 1, (size_t)(end - text - 1), end[1] ? end + 2 : NULL, into);
    }
    const char *colon = strchr(text, ':');
    if (text[0] == '\0')
        return HOSTPORT_BAD_HOST;
    if (!colon || strchr(colon + 1, ':')) /* a name or IPv4 alone, or IPv6 alone */
        return parts_take(text, strlen(text), NULL, into);
    return parts_take(text, (size_t)(colon - text), colon + 1, into);
}
