/* What /scan is to look through: any text is a range within its bounds, that says the same when it
 * is read again and leaves private networks only where it was told to; or a sentence that says why
 * not. The first byte says on which networks this machine is. */
#include "app/range.h"
#include "base/alloc.h"
#include "base/text.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds, const char *what)
{
    if (!holds)
        die("%s", what);
}

static void ports_look(const struct range_item *item)
{
    uint8_t there[UINT16_MAX / 8 + 1] = {0};
    must(item->port_count >= 1 && item->port_count <= UINT16_MAX, "ports past their bound");
    for (size_t i = 0; i < item->port_count; i++) {
        uint16_t port = item->ports[i];
        must(port != 0, "port 0");
        must(!(there[port / 8] >> port % 8 & 1), "a port twice");
        there[port / 8] |= (uint8_t)(1 << port % 8);
    }
}

static void hosts_look(const struct range_item *item, bool anywhere)
{
    must(item->hosts >= 1 && item->hosts <= RANGE_MOST, "hosts past their bound");
    must(item->first.port == 0, "hosts with a port of their own");
    if (item->name) {
        must(item->hosts == 1 && item->name[0] != '\0', "a name of several hosts, or of none");
        return;
    }
    struct address last = item->first;
    uint64_t end = item->hosts - 1;
    for (size_t i = 16; i-- > 12; end >>= 8) {
        end += last.ip[i];
        last.ip[i] = (uint8_t)end;
    }
    must(end == 0, "a range past the end of all addresses");
    must(anywhere || (range_is_near(&item->first) && range_is_near(&last)), "a range of strangers");
}

static void range_look(const struct range *range)
{
    must(range->count >= 1 && range->count <= RANGE_ITEMS, "items past their bound");
    must(range_size(range) >= 1 && range_size(range) <= RANGE_MOST, "a range past its bound");
    for (size_t i = 0; i < range->count; i++) {
        hosts_look(&range->items[i], range->anywhere);
        ports_look(&range->items[i]);
    }
}

/* On the command line it may be no text, and is made one where it is shown. */
static void why_look(const struct message *why, bool of_text)
{
    char text[MESSAGE_TEXT_BYTES];
    size_t length = message_text(why, NULL, text, sizeof text);
    must(length > 0, "no sentence says why");
    must(!of_text || utf8_valid(text, length), "the sentence that says why is no text");
}

static bool items_equal(const struct range_item *a, const struct range_item *b)
{
    if (!a->name != !b->name || (a->name && strcmp(a->name, b->name) != 0))
        return false;
    return address_equal(&a->first, &b->first) && a->hosts == b->hosts &&
           a->port_count == b->port_count &&
           memcmp(a->ports, b->ports, a->port_count * sizeof *a->ports) == 0;
}

/* Blanks and commas at both ends mean nothing. */
static void comes_back(const char *text, const struct interface *subnets, size_t count,
                       const struct range *range)
{
    struct range again;
    struct message why;
    size_t size = strlen(text);
    char *wider = xcalloc(1, size + 5);
    memcpy(wider, ", ", 2);
    memcpy(wider + 2, text, size);
    memcpy(wider + 2 + size, "\t,", 2);
    must(range_parse(wider, subnets, count, &again, &why), "blanks make a range none");
    must(again.count == range->count && again.anywhere == range->anywhere, "blanks change a range");
    for (size_t i = 0; i < range->count; i++)
        must(items_equal(&again.items[i], &range->items[i]), "blanks change a range");
    range_done(&again);
    free(wider);
}

static size_t subnets_make(uint8_t which, struct interface into[3])
{
    static const struct interface all[3] = {
        {.address.ip = {[10] = 0xff, 0xff, 192, 168, 2, 77}, .prefix = 24},
        {.address.ip = {[10] = 0xff, 0xff, 10, 1, 2, 3}, .prefix = 8},
        {.address.ip = {0xfe, 0x80, [15] = 1}, .prefix = 64},
    };
    size_t count = 0;
    for (size_t i = 0; i < 3; i++)
        if (which >> i & 1)
            into[count++] = all[i];
    for (size_t i = 0; i < count; i++)
        into[i].prefix = (uint8_t)(which & 8 ? into[i].prefix + (which >> 4) : into[i].prefix);
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct interface subnets[3];
    struct range range;
    struct message why;
    if (size == 0)
        return 0;
    size_t count = subnets_make(data[0], subnets);
    char *text = xstrndup((const char *)data + 1, size - 1);
    if (range_parse(text, subnets, count, &range, &why)) {
        range_look(&range);
        comes_back(text, subnets, count, &range);
        range_done(&range);
    } else {
        why_look(&why, utf8_valid(text, strlen(text)));
    }
    free(text);
    return 0;
}
