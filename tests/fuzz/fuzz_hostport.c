/* Where somebody is reached, as people write it: what is taken keeps its bounds, is no name that
 * would be looked up by a slip, and reads back the same when it is written out. */
#include "base/alloc.h"
#include "base/hostport.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds, const char *what)
{
    if (!holds)
        die("%s", what);
}

static void comes_back(const struct hostport *where)
{
    char text[HOST_MAX + 16];
    struct hostport back;
    bool ipv6 = strchr(where->host, ':') != NULL;
    int length = snprintf(text, sizeof text, ipv6 ? "[%s]" : "%s", where->host);
    if (where->port)
        snprintf(text + length, sizeof text - (size_t)length, ":%u", (unsigned)where->port);
    must(hostport_parse(text, &back) == HOSTPORT_OK, "what was read is none when it is written");
    must(strcmp(back.host, where->host) == 0 && back.port == where->port,
         "what was read is another when it is written");
}

static void host_look(const struct hostport *where)
{
    size_t size = strnlen(where->host, sizeof where->host);
    must(size <= HOST_MAX, "a host without an end");
    must(where->host[0] != '-', "a host that would be an option");
    for (size_t i = 0; i < size; i++)
        must((unsigned char)where->host[i] > ' ' && where->host[i] != 0x7f, "a host with a blank");
    bool digits = size && where->host[strspn(where->host, "0123456789.")] == '\0';
    must(!(digits || strchr(where->host, ':')) || host_is_number(where->host),
         "a slip in a number is taken for a name");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = xstrndup((const char *)data, size);
    struct hostport where;
    uint16_t port = 0;
    switch (hostport_parse(text, &where)) {
    case HOSTPORT_OK:
        host_look(&where);
        must(where.host[0] || where.port, "nobody, nowhere");
        comes_back(&where);
        break;
    case HOSTPORT_BAD_HOST:
    case HOSTPORT_BAD_PORT:
        break;
    }
    if (port_parse(text, &port)) {
        char digits[8];
        const char *plain = text + strspn(text, "0");
        snprintf(digits, sizeof digits, "%u", (unsigned)port);
        must(strcmp(digits, plain) == 0, "a port that is another one");
    }
    (void)host_is_number(text);
    free(text);
    return 0;
}
