#pragma once
/* A guest's life: what the fuzz targets of the plain dialects share. The first byte is for the
 * target and for flags (from 16 on), the second says how the bytes are chunked; of the rest, bytes
 * below 8 are what else happens, and all others are what the guest sends. Whatever it does: events
 * are harmless text within their bounds, messages to it are one line of what we began, there is
 * always an end to what is due, and chunks make no difference. */
#include "dialect/dialect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct life_kind {
    enum guest_role role;
    const struct dialect *dialect; /* of whom we called; NULL: to be found out */
    const char *first;             /* what it says before all that is fuzzed, or NULL */
    /* What must hold besides, of each message to it and of each event; or NULL. */
    void (*told)(struct span message);
    void (*event)(const struct guest_event *event);
};

int guest_life(const struct life_kind *kind, const uint8_t *data, size_t size);
