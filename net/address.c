/* Between an address and its text, and the system's structures. scope is 0 unless the address is
 * link-local. */
#include "net/address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static const uint8_t IPV4[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool is_link_local(const struct address *address)
{
    return address->ip[0] == 0xfe && (address->ip[1] & 0xc0) == 0x80;
}

/* An interface by name or number; 0 where there is none. */
static uint32_t scope_parse(const char *name)
{
    char *end;
    unsigned long number = strtoul(name, &end, 10);
    if (*end == '\0' && end != name && number <= UINT32_MAX && name[0] != '-')
        return (uint32_t)number;
    return if_nametoindex(name);
}

static bool ipv6_parse(const char *host, struct address *into)
{
    char bare[INET6_ADDRSTRLEN];
    size_t length = strcspn(host, "%");
    if (length >= sizeof bare)
        return false;
    memcpy(bare, host, length);
    bare[length] = '\0';
    if (inet_pton(AF_INET6, bare, into->ip) != 1)
        return false;
    if (host[length] == '\0')
        return true;
    uint32_t scope = scope_parse(host + length + 1);
    into->scope = is_link_local(into) ? scope : 0;
    return scope != 0;
}

bool address_parse(const char *host, uint16_t port, struct address *into)
{
    *into = (struct address){.port = port};
    memcpy(into->ip, IPV4, sizeof IPV4);
    return inet_pton(AF_INET, host, into->ip + sizeof IPV4) == 1 || ipv6_parse(host, into);
}

/* %eth0, or its number where the interface is gone. */
static void scope_text(uint32_t scope, char into[IF_NAMESIZE + 1])
{
    into[0] = '%';
    if (scope == 0)
        into[0] = '\0';
    else if (!if_indextoname(scope, into + 1))
        snprintf(into + 1, IF_NAMESIZE, "%u", (unsigned int)scope);
}

void address_text(const struct address *address, char into[ADDRESS_TEXT])
{
    char number[INET6_ADDRSTRLEN] = "", scope[IF_NAMESIZE + 1] = "", port[7] = "";
    bool ipv4 = address_is_ipv4(address);
    inet_ntop(ipv4 ? AF_INET : AF_INET6, address->ip + (ipv4 ? sizeof IPV4 : 0), number,
              sizeof number);
    scope_text(address->scope, scope);
    if (address->port != 0)
        snprintf(port, sizeof port, ":%u", (unsigned int)address->port);
    bool brackets = !ipv4 && address->port != 0;
    snprintf(into, ADDRESS_TEXT, "%s%s%s%s%s", brackets ? "[" : "", number, scope,
             brackets ? "]" : "", port);
}

bool address_is_ipv4(const struct address *address)
{
    return memcmp(address->ip, IPV4, sizeof IPV4) == 0;
}

bool address_is_loopback(const struct address *address)
{
    static const uint8_t one[16] = {[15] = 1};
    return address_is_ipv4(address) ? address->ip[12] == 127
                                    : memcmp(address->ip, one, sizeof one) == 0;
}

bool address_is_any(const struct address *address)
{
    static const uint8_t none[16];
    size_t from = address_is_ipv4(address) ? sizeof IPV4 : 0;
    return memcmp(address->ip + from, none, sizeof none - from) == 0;
}

bool address_same_host(const struct address *a, const struct address *b)
{
    return memcmp(a->ip, b->ip, sizeof a->ip) == 0 && a->scope == b->scope;
}

bool address_equal(const struct address *a, const struct address *b)
{
    return address_same_host(a, b) && a->port == b->port;
}

void address_to_system(const struct address *address, struct sockaddr_storage *into)
{
    memset(into, 0, sizeof *into);
    if (address_is_ipv4(address)) {
        struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(address->port)};
        memcpy(&in.sin_addr, address->ip + sizeof IPV4, sizeof in.sin_addr);
        memcpy(into, &in, sizeof in);
    } else {
        struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
                                   .sin6_port = htons(address->port),
                                   .sin6_scope_id = address->scope};
        memcpy(&in6.sin6_addr, address->ip, sizeof in6.sin6_addr);
        memcpy(into, &in6, sizeof in6);
    }
}

bool address_from_system(const struct sockaddr *system, struct address *into)
{
    *into = (struct address){0};
    if (system->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, system, sizeof in);
        memcpy(into->ip, IPV4, sizeof IPV4);
        memcpy(into->ip + sizeof IPV4, &in.sin_addr, sizeof in.sin_addr);
        into->port = ntohs(in.sin_port);
        return true;
    }
    if (system->sa_family != AF_INET6)
        return false;
    struct sockaddr_in6 in6;
    memcpy(&in6, system, sizeof in6);
    memcpy(into->ip, &in6.sin6_addr, sizeof into->ip);
    into->port = ntohs(in6.sin6_port);
    into->scope = is_link_local(into) ? in6.sin6_scope_id : 0;
    return true;
}
