/* Reading HOST:PORT in all the ways that people write it. */
#include "base/hostport.h"

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

static bool host_copy(const char *host, size_t length, char into[HOST_MAX + 1])
{
    if (length > HOST_MAX)
        return false;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)host[i];
        if (c <= ' ' || c == 0x7f || c == '[' || c == ']')
            return false;
    }
    memcpy(into, host, length);
    into[length] = '\0';
    return true;
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
        if (!end || end == text + 1 || (end[1] != '\0' && end[1] != ':'))
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
