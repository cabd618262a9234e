/* Numbers are read into more bits than they can fill, and checked before they are added up. */
#include "app/range.h"

#include "base/alloc.h"
#include "base/hostport.h"

#include <stdlib.h>
#include <string.h>

enum {
    WORD_MAX = 320,        /* the longest host, its brackets and ports */
    IPV4_AT = 12,          /* where the 4 bytes of IPv4 are, and the last 4 of IPv6 */
    SUBNET_BITS = 24,      /* of the usual hosts: more are asked for by name */
    IPV6_BITS_LEAST = 112, /* a subnet of IPv6 as large as the largest range */
    PORT_LOW = 9990,
    PORT_HIGH = 10005,
    PORT_LIKELY = 9999,
    PORT_DATED = 5555,
    PORT_JOIN = 5000,
};

struct parse {
    struct range *into;
    const struct interface *subnets;
    size_t subnet_count;
    struct message *why;
    char word[WORD_MAX + 1];
    bool ports_given; /* for the items from `since` on */
    size_t since;     /* where the items of the last word with hosts begin */
};

/* ---- errors ----------------------------------------------------------------------------------*/

static bool fail(const struct parse *parse, const char *sentence)
{
    *parse->why = message_make("bad-range", sentence);
    message_add(parse->why, parse->word);
    return false;
}

static bool fail_size(const struct parse *parse)
{
    *parse->why = message_make(
        "range-too-large", N_("That is more than %s addresses and ports: look through a part of "
                              "it, or at fewer ports (10.0.0.0/24:9999)."));
    message_add_number(parse->why, RANGE_MOST);
    return false;
}

/* ---- numbers ---------------------------------------------------------------------------------*/

/* 1 to 10 digits at the start, which is moved behind them. */
static bool number_take(const char **text, uint64_t most, uint32_t *into)
{
    uint64_t value = 0;
    size_t digits = strspn(*text, "0123456789");
    if (digits == 0 || digits > 10)
        return false;
    for (size_t i = 0; i < digits; i++)
        value = value * 10 + (uint64_t)((*text)[i] - '0');
    if (value > most)
        return false;
    *text += digits;
    *into = (uint32_t)value;
    return true;
}

static uint32_t last_bytes(const struct address *address)
{
    uint32_t value = 0;
    for (size_t i = IPV4_AT; i < 16; i++)
        value = value << 8 | address->ip[i];
    return value;
}

static void last_bytes_set(struct address *address, uint32_t value)
{
    for (size_t i = 16; i-- > IPV4_AT; value >>= 8)
        address->ip[i] = (uint8_t)value;
}

/* ---- near and far ----------------------------------------------------------------------------*/

static bool starts_with(const struct address *address, uint32_t net, unsigned bits)
{
    return (last_bytes(address) ^ net) >> (32 - bits) == 0;
}

bool range_is_near(const struct address *address)
{
    if (address_is_loopback(address))
        return true;
    if (address_is_ipv4(address))
        return starts_with(address, 0x0a000000, 8) || starts_with(address, 0xac100000, 12) ||
               starts_with(address, 0xc0a80000, 16) || starts_with(address, 0xa9fe0000, 16);
    return (address->ip[0] & 0xfe) == 0xfc ||
           (address->ip[0] == 0xfe && (address->ip[1] & 0xc0) == 0x80);
}

/* What is private comes in blocks larger than any range, so both ends tell of all between, but for
 * a range that goes from one block into another, whose size is too large then. */
static bool item_is_near(const struct range_item *item)
{
    struct address last = item->first;
    last_bytes_set(&last, last_bytes(&last) + item->hosts - 1);
    return range_is_near(&item->first) && range_is_near(&last);
}

/* ---- ports -----------------------------------------------------------------------------------*/

/* Those that are not there yet; the likeliest goes to the front. */
static void ports_add(struct range_item *item, uint32_t low, uint32_t high)
{
    uint8_t there[(UINT16_MAX + 1) / 8] = {0};
    size_t at = item->port_count;
    for (size_t i = 0; i < item->port_count; i++)
        there[item->ports[i] / 8] |= (uint8_t)(1 << item->ports[i] % 8);
    item->ports = xrealloc(item->ports, at + high - low + 1, sizeof *item->ports);
    for (uint32_t port = low; port <= high; port++)
        if (!(there[port / 8] >> port % 8 & 1))
            item->ports[at++] = (uint16_t)port;
    for (size_t i = item->port_count; i < at; i++)
        if (item->ports[i] == PORT_LIKELY) {
            item->ports[i] = item->ports[0];
            item->ports[0] = PORT_LIKELY;
        }
    item->port_count = at;
}

static void ports_usual(struct range_item *item)
{
    ports_add(item, PORT_LIKELY, PORT_LIKELY);
    ports_add(item, PORT_LOW, PORT_HIGH);
    ports_add(item, PORT_DATED, PORT_DATED);
    ports_add(item, PORT_JOIN, PORT_JOIN);
}

/* PORT or PORT-PORT and nothing else, for all items of the last word. */
static bool ports_parse(struct parse *parse, const char *text)
{
    uint32_t low, high;
    const char *at = text;
    if (!number_take(&at, UINT16_MAX, &low))
        return fail(parse, N_("\"%s\" has no valid ports: a port is a number from 1 to 65535, and "
                              "several are 9990-10005."));
    high = low;
    if (*at == '-') {
        at++;
        if (!number_take(&at, UINT16_MAX, &high))
            high = 0;
    }
    if (*at != '\0' || low == 0 || high == 0)
        return fail(parse, N_("\"%s\" has no valid ports: a port is a number from 1 to 65535, and "
                              "several are 9990-10005."));
    if (high < low)
        return fail(parse, N_("\"%s\" goes backwards: the lower port comes first."));
    for (size_t i = parse->since; i < parse->into->count; i++)
        ports_add(&parse->into->items[i], low, high);
    parse->ports_given = true;
    return true;
}

/* ---- hosts -----------------------------------------------------------------------------------*/

static struct range_item *item_add(struct parse *parse)
{
    struct range *range = parse->into;
    if (range->count == RANGE_ITEMS)
        return NULL;
    struct range_item *item = &range->items[range->count++];
    *item = (struct range_item){.hosts = 1};
    return item;
}

static bool item_span(const struct parse *parse, struct range_item *item, uint32_t last)
{
    uint32_t first = last_bytes(&item->first);
    if (last < first)
        return fail(parse, N_("\"%s\" goes backwards: the lower address comes first."));
    if (last - first >= RANGE_MOST)
        return fail_size(parse);
    item->hosts = last - first + 1;
    return true;
}

/* 10.0.0.0/24, whatever the bits behind the 24 are. */
static bool cidr_parse(const struct parse *parse, char *host, char *slash, struct range_item *item)
{
    const char *at = slash + 1;
    uint32_t bits;
    *slash = '\0';
    bool known = address_parse(host, 0, &item->first);
    bool ipv4 = known && address_is_ipv4(&item->first);
    if (!known || !number_take(&at, ipv4 ? 32 : 128, &bits) || *at)
        return fail(parse, N_("\"%s\" is no subnet: one is written 192.168.1.0/24."));
    if (!ipv4 && bits < IPV6_BITS_LEAST)
        return fail_size(parse);
    uint32_t host_bits = (ipv4 ? 32 : 128) - bits;
    uint32_t mask = host_bits == 32 ? UINT32_MAX : (UINT32_C(1) << host_bits) - 1;
    uint32_t net = last_bytes(&item->first) & ~mask;
    last_bytes_set(&item->first, net);
    return item_span(parse, item, net | mask);
}

/* 10.0.0.1-9 or 10.0.0.1-10.0.1.9: nothing but digits, dots and dashes, so no IPv6. */
static bool span_parse(const struct parse *parse, char *host, char *dash, struct range_item *item)
{
    struct address last;
    const char *at = dash + 1;
    uint32_t octet;
    *dash = '\0';
    if (!address_parse(host, 0, &item->first))
        return fail(parse, N_("\"%s\" is no range of addresses: one is written 192.168.1.20-90."));
    if (address_parse(at, 0, &last))
        return item_span(parse, item, last_bytes(&last));
    if (!number_take(&at, 255, &octet) || *at)
        return fail(parse, N_("\"%s\" is no range of addresses: one is written 192.168.1.20-90."));
    return item_span(parse, item, (last_bytes(&item->first) & ~UINT32_C(255)) | octet);
}

static bool name_parse(const struct parse *parse, const char *host, struct range_item *item)
{
    struct hostport where;
    if (hostport_parse(host, &where) != HOSTPORT_OK || where.port)
        return fail(parse, N_("\"%s\" is neither an address nor the name of a host."));
    item->name = xstrdup(where.host);
    return true;
}

static bool host_parse(struct parse *parse, char *host)
{
    char *slash = strchr(host, '/'), *dash = strchr(host, '-');
    struct range_item *item = item_add(parse);
    if (!item)
        return fail(parse, N_("There is too much in that range: \"%s\" has no place in it."));
    if (slash)
        return cidr_parse(parse, host, slash, item);
    if (address_parse(host, 0, &item->first))
        return true;
    item->first = (struct address){0};
    if (dash && host[strspn(host, "0123456789.-")] == '\0')
        return span_parse(parse, host, dash, item);
    return name_parse(parse, host, item);
}

/* ---- the usual hosts -------------------------------------------------------------------------*/

static bool subnet_is_there(const struct range *range, const struct address *first)
{
    for (size_t i = 0; i < range->count; i++)
        if (address_same_host(&range->items[i].first, first))
            return true;
    return false;
}

/* The subnet, or as much of a larger one as is around our own address. The first address of it is
 * nobody's, and the last one is everybody's. */
static void subnet_add(struct parse *parse, const struct interface *subnet)
{
    unsigned bits = subnet->prefix < SUBNET_BITS ? SUBNET_BITS : subnet->prefix;
    if (!address_is_ipv4(&subnet->address) || bits >= 32)
        return;
    uint32_t size = UINT32_C(1) << (32 - bits), edge = size > 2 ? 1 : 0;
    struct address first = subnet->address;
    last_bytes_set(&first, (last_bytes(&first) & ~(size - 1)) + edge);
    if (subnet_is_there(parse->into, &first))
        return;
    struct range_item *item = item_add(parse);
    if (!item)
        return; /* RANGE_ITEMS subnets are a day's work already */
    item->first = first;
    item->hosts = size - 2 * edge;
}

static bool hosts_usual(struct parse *parse)
{
    for (size_t i = 0; i < parse->subnet_count; i++)
        subnet_add(parse, &parse->subnets[i]);
    if (parse->into->count > 0)
        return true;
    *parse->why = message_make(
        "no-network", N_("This machine is on no network that could be looked through: give a "
                         "range, as in /scan 192.168.1.0/24."));
    return false;
}

/* ---- words -----------------------------------------------------------------------------------*/

/* The colon before the ports; NULL: there are none. An address of IPv6 has more than one colon, and
 * its brackets, if any, are taken off. False: a bracket is not closed. */
static bool word_split(char *word, char **host, char **ports)
{
    *host = word;
    *ports = NULL;
    if (word[0] == '[') {
        char *end = strchr(word, ']');
        if (!end || (end[1] != '\0' && end[1] != ':'))
            return false;
        *host = word + 1;
        *ports = end[1] ? end + 2 : NULL;
        *end = '\0';
        return true;
    }
    char *colon = strchr(word, ':');
    if (colon && !strchr(colon + 1, ':')) {
        *colon = '\0';
        *ports = colon + 1;
    }
    return true;
}

/* What the last word with hosts left without ports has the usual ones. */
static void word_end(struct parse *parse)
{
    for (size_t i = parse->since; !parse->ports_given && i < parse->into->count; i++)
        ports_usual(&parse->into->items[i]);
    parse->since = parse->into->count;
}

static bool word_take(struct parse *parse)
{
    char copy[WORD_MAX + 1], *host, *ports;
    if (strcmp(parse->word, "--anywhere") == 0) {
        parse->into->anywhere = true;
        return true;
    }
    if (parse->word[strspn(parse->word, "0123456789-")] == '\0') {
        if (parse->ports_given)
            return ports_parse(parse, parse->word);
        return fail(parse, N_("\"%s\" is no host. Ports stand behind a host and a colon "
                              "(10.0.0.7:9999,5000), or behind a colon alone."));
    }
    memcpy(copy, parse->word, sizeof copy);
    if (!word_split(copy, &host, &ports))
        return fail(parse, N_("\"%s\" is neither an address nor the name of a host."));
    word_end(parse);
    parse->ports_given = false;
    bool fine = *host || !ports ? host_parse(parse, host) : hosts_usual(parse);
    return fine && (!ports || ports_parse(parse, ports));
}

static bool words_take(struct parse *parse, const char *text)
{
    for (text += strspn(text, ", \t"); *text; text += strspn(text, ", \t")) {
        size_t length = strcspn(text, ", \t");
        size_t kept = length < WORD_MAX ? length : WORD_MAX;
        memset(parse->word, 0, sizeof parse->word);
        memcpy(parse->word, text, kept);
        if (length > WORD_MAX)
            return fail(parse, N_("\"%s\" is neither an address nor the name of a host."));
        if (!word_take(parse))
            return false;
        text += length;
    }
    if (parse->into->count == 0 && !hosts_usual(parse))
        return false;
    word_end(parse);
    return true;
}

/* ---- the whole -------------------------------------------------------------------------------*/

uint64_t range_size(const struct range *range)
{
    uint64_t size = 0; /* at most RANGE_ITEMS * 2^32 * 65535, which fits */
    for (size_t i = 0; i < range->count; i++)
        size += (uint64_t)range->items[i].hosts * range->items[i].port_count;
    return size;
}

static bool limits_hold(struct parse *parse)
{
    const struct range *range = parse->into;
    if (range_size(range) > RANGE_MOST)
        return fail_size(parse);
    for (size_t i = 0; i < range->count && !range->anywhere; i++)
        if (!range->items[i].name && !item_is_near(&range->items[i])) {
            char text[ADDRESS_TEXT];
            address_text(&range->items[i].first, text);
            *parse->why = message_make(
                "range-far", N_("%s is not an address of a private network, and strangers may take "
                                "a scan for an attack. Where it is yours, add --anywhere."));
            message_add(parse->why, text);
            return false;
        }
    return true;
}

bool range_parse(const char *text, const struct interface *subnets, size_t subnet_count,
                 struct range *into, struct message *why)
{
    struct parse parse = {
        .into = into, .subnets = subnets, .subnet_count = subnet_count, .why = why};
    into->count = 0;
    into->anywhere = false;
    if (words_take(&parse, text) && limits_hold(&parse))
        return true;
    range_done(into);
    return false;
}

void range_done(struct range *range)
{
    for (size_t i = 0; i < range->count; i++) {
        free(range->items[i].name);
        free(range->items[i].ports);
    }
    range->count = 0;
}
