/* What /info and the sidebar's `i` tell. */
#include "app/facts.h"

#include "app/app.h"
#include "base/alloc.h"
#include "base/gettext.h"

#include <inttypes.h>
#include <stdio.h>

static const char *presence_text(const struct node_peer *peer)
{
    if (peer->away)
        return peer->why[0] ? peer->why : _("away");
    switch (peer->presence) {
    case PRESENCE_LINKED:
        return _("linked to you");
    case PRESENCE_MESH:
        return _("here, linked to others");
    case PRESENCE_AWAY:
        return _("away");
    case PRESENCE_GONE:
        break;
    }
    return _("not here");
}

static const char *found_text(enum found found)
{
    switch (found) {
    case FOUND_BEACON:
        return _("by their beacon");
    case FOUND_SCAN:
        return _("by a scan");
    case FOUND_REMEMBERED:
        return _("remembered from before");
    case FOUND_TOLD:
        return _("others told of them");
    case FOUND_ASKED:
        return _("you gave the address");
    case FOUND_CALLED_US:
        break;
    }
    return _("they called us");
}

static const char *trust_text(enum trust trust)
{
    switch (trust) {
    case TRUST_SEEN:
        return _("never verified: compare the characters below aloud, then /trust");
    case TRUST_VERIFIED:
        return _("verified");
    case TRUST_BLOCKED:
        break;
    }
    return _("blocked");
}

void facts_of_peer(const struct node_peer *peer, fact_add *add, void *self)
{
    char text[APP_ADDRESS_TEXT + 32];
    add(self, _("State"), presence_text(peer));
    if (!peer->self && peer->presence == PRESENCE_LINKED)
        add(self, _("Found"), found_text(peer->found));
    if (peer->address.port) {
        app_address_text(&peer->address, text);
        add(self, _("Address"), text);
    }
    if (peer->rtt_us) {
        snprintf(text, sizeof text, "%" PRIu64 ".%" PRIu64 " ms", peer->rtt_us / 1000,
                 peer->rtt_us % 1000 / 100);
        add(self, _("There and back"), text);
    }
    if (peer->guest)
        add(self, _("Plain chat"), peer->guest);
    if (peer->host)
        add(self, _("Guest of"), peer->host);
    if (!peer->guest && !peer->self)
        add(self, _("Trust"), trust_text(peer->trust));
}
