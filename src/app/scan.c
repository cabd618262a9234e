/* Three parts at work: the range (app/range.h), who takes calls in it (net/scan.h), and who they
 * are (app/identify.h). This file keeps what they find, and tells of it. */
#include "app/scan.h"

#include "app/beacons.h"
#include "app/peers.h"
#include "app/range.h"
#include "base/alloc.h"
#include "core/model_make.h"
#include "core/roster.h"
#include "net/link.h"
#include "net/loop.h"
#include "net/resolve.h"
#include "net/timer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum { STATE_RANGE_TEXT = 200 /* of what was typed, in sentences */ };

struct find {
    struct find *prev, *next;
    struct scanner *scanner;
    struct address address;
    char text[ADDRESS_TEXT];
    char *name; /* NULL: none is known */
    const char *dialect;
    bool has_id;
    struct id id;
    bool guest_here;           /* it is no peer, and speaks with us */
    bool shown;                /* as somebody: in `found` events, and counted */
    uint64_t scan;             /* the last one that found it */
    bool is_new;               /* that one was the first */
    struct identify *identify; /* at work */
    bool released;             /* the engine knows that it was freed */
};

struct scanner {
    struct loop *loop;
    struct id self_id;
    struct links *links;
    const struct scanner_calls *calls;
    void *self;
    struct timer *timer;
    struct find *finds;
    size_t find_count;
    uint64_t scans; /* so far */
    uint64_t found; /* by this one */
    uint64_t fresh;
    size_t identifying;

    bool on; /* a scan is under way: from here on, what belongs to it */
    bool engine_done;
    uint64_t line;
    char *text; /* what was typed */
    struct range range;
    size_t to_resolve; /* the next item whose name is looked up */
    struct resolve *resolve;
    struct scan *scan;
    uint64_t began_ms, told_ms;

    char *asked; /* a large one, to be asked for again */
    uint64_t asked_until;
    bool rows_stale; /* the model's rows are to be made anew */
};

/* ---- telling ---------------------------------------------------------------------------------*/

static void say(struct scanner *scanner, bool error, const struct message *message, uint64_t line)
{
    scanner->calls->say(scanner->self, error, message, line);
}

static void tell(struct scanner *scanner, struct scan_event *event)
{
    struct scan_progress progress = {0};
    if (scanner->scan)
        progress = scan_progress(scanner->scan);
    event->line = scanner->line;
    event->range = scanner->text;
    event->tried = progress.tried;
    event->total = scanner->scan ? progress.total : range_size(&scanner->range);
    event->found = scanner->found;
    scanner->calls->scan(scanner->self, event);
}

struct message scan_message(const struct scan_event *event)
{
    bool stopped = event->state == SCAN_STOPPED;
    struct message message =
        message_make(stopped ? "scan-stopped" : "scan-done",
                     stopped ? N_("The scan of %s was stopped. Found: %s, new: %s, gone: %s.")
                             : N_("The scan of %s is over. Found: %s, new: %s, gone: %s."));
    message_add(&message, event->range);
    message_add_number(&message, event->found);
    message_add_number(&message, event->fresh);
    message_add_number(&message, event->gone_count);
    return message;
}

/* Who is linked stands among people. */
static bool is_linked(const struct scanner *scanner, const struct find *find)
{
    const struct node *node = scanner->calls->node(scanner->self);
    const struct person *person =
        find->has_id && node ? roster_person(node_roster(node), &find->id) : NULL;
    return find->guest_here || (person && person_best_link(person));
}

static void row_show(const struct scanner *scanner, struct model *model, const struct find *find)
{
    if (is_linked(scanner, find))
        return;
    bool native = find->dialect && strcmp(find->dialect, "native") == 0;
    if (!model_found(model, find->text, find->name,
                     native          ? NULL
                     : find->dialect ? find->dialect
                                     : "?"))
        return; /* past MODEL_FOUND: there are SCAN_FINDS of them at most */
}

static void rows_make(struct scanner *scanner)
{
    struct model *model = scanner->calls->model(scanner->self);
    const struct find *find;
    if (!model)
        return; /* and the next one is empty: they are made again then */
    model_found_clear(model);
    DL_FOREACH(scanner->finds, find)
    row_show(scanner, model, find);
    scanner->rows_stale = false;
}

static void find_changed(struct scanner *scanner, const struct find *find)
{
    struct model *model = scanner->calls->model(scanner->self);
    if (model)
        row_show(scanner, model, find);
    else
        scanner->rows_stale = true;
}

/* 1 h 5 min, 2 min 3 s, 7 s: as a number and a unit that need no translation. */
static void left_text(uint64_t ms, char into[24])
{
    unsigned long long s = (ms + 999) / 1000;
    if (s >= 3600)
        snprintf(into, 24, "%llu h %llu min", /* not translated: units of the SI */
                 s / 3600, s % 3600 / 60);
    else if (s >= 60)
        snprintf(into, 24, "%llu min %llu s", s / 60, s % 60); /* not translated: units */
    else
        snprintf(into, 24, "%llu s", s); /* not translated: units */
}

/* What it is, how long still, how fast, and how much: what matters less stands behind. */
static struct message progress_message(const struct scanner *scanner,
                                       const struct scan_progress *progress)
{
    uint64_t spent = loop_mono_ms(scanner->loop) - scanner->began_ms;
    char left[24], of[48];
    if (progress->tried == 0 || spent < SCAN_TOLD_MS) {
        struct message brief = message_make("scan", N_("scan %s"));
        message_add(&brief, scanner->text);
        return brief;
    }
    struct message message = message_make("scan", N_("scan %s · %s left · %s/s · %s"));
    left_text(spent * (progress->total - progress->tried) / progress->tried, left);
    snprintf(of, sizeof of, "%" PRIu64 "/%" PRIu64, progress->tried, progress->total);
    message_add(&message, scanner->text);
    message_add(&message, left);
    message_add_number(&message, progress->tried * 1000 / spent);
    message_add(&message, of);
    return message;
}

static void progress_show(struct scanner *scanner)
{
    struct model *model = scanner->calls->model(scanner->self);
    struct scan_progress now = {.total = range_size(&scanner->range)};
    if (scanner->scan)
        now = scan_progress(scanner->scan);
    struct progress progress = {.on = true,
                                .what = progress_message(scanner, &now),
                                .done = now.tried,
                                .total = now.total,
                                .found = scanner->found};
    if (model)
        model_progress(model, &progress);
}

static void progress_hide(struct scanner *scanner)
{
    struct model *model = scanner->calls->model(scanner->self);
    if (model)
        model_progress(model, NULL);
}

/* ---- finds -----------------------------------------------------------------------------------*/

static struct find *find_at(const struct scanner *scanner, const struct address *address)
{
    struct find *find;
    DL_FOREACH(scanner->finds, find)
    if (address_equal(&find->address, address))
        return find;
    return NULL;
}

/* NULL: there are too many. */
static struct find *find_add(struct scanner *scanner, const struct address *address)
{
    if (scanner->find_count == SCAN_FINDS)
        return NULL;
    struct find *find = xcalloc(1, sizeof *find);
    find->scanner = scanner;
    find->address = *address;
    find->is_new = true;
    address_text(address, find->text);
    DL_APPEND(scanner->finds, find);
    scanner->find_count++;
    return find;
}

static void find_release(struct find *find)
{
    if (!find->released && find->scanner->scan)
        scan_release(find->scanner->scan);
    find->released = true;
}

static void find_free(struct find *find)
{
    struct scanner *scanner = find->scanner;
    DL_DELETE(scanner->finds, find);
    scanner->find_count--;
    identify_free(find->identify);
    free(find->name);
    free(find);
}

static void name_set(struct find *find, const char *name)
{
    free(find->name);
    find->name = name && *name ? xstrdup(name) : NULL;
}

static void tell_found(struct scanner *scanner, const struct find *find)
{
    struct scan_find seen = {.name = find->name,
                             .dialect = find->dialect,
                             .id = find->has_id ? &find->id : NULL,
                             .is_new = find->is_new};
    memcpy(seen.address, find->text, sizeof find->text);
    tell(scanner, &(struct scan_event){.state = SCAN_FOUND, .find = &seen});
}

/* A peer: what the roster knows of them, and whether the node has to be told. */
static void native_found(struct scanner *scanner, struct find *find)
{
    const struct node *node = scanner->calls->node(scanner->self);
    const struct roster *roster = node ? node_roster(node) : NULL;
    const struct person *person = roster ? roster_person(roster, &find->id) : NULL;
    uint64_t now = (uint64_t)loop_wall_ms(scanner->loop);
    struct node_event event = {.kind = EVENT_ADDRESS};
    if (person)
        name_set(find, person->name);
    if (!node || (person && roster_presence(roster, person, now) == PRESENCE_LINKED))
        return;
    event.address.address = address_for_node(&find->address);
    event.address.found = FOUND_SCAN;
    scanner->calls->event(scanner->self, &event);
}

static void end_if_over(struct scanner *scanner);

static void on_identified(void *self, const struct identified *known)
{
    struct find *find = self;
    struct scanner *scanner = find->scanner;
    find->identify = NULL;
    scanner->identifying--;
    find_release(find);
    if (known->kind == IDENTITY_NO_CHAT ||
        (known->kind == IDENTITY_NATIVE && id_equal(&known->id, &scanner->self_id))) {
        find_free(find);
        rows_make(scanner);
        end_if_over(scanner);
        return;
    }
    find->dialect = known->dialect;
    find->has_id = known->kind == IDENTITY_NATIVE;
    find->id = known->id;
    find->shown = true;
    scanner->found++;
    scanner->fresh += find->is_new;
    name_set(find, known->name);
    if (find->has_id)
        native_found(scanner, find);
    find_changed(scanner, find);
    tell_found(scanner, find);
    end_if_over(scanner);
}

/* ---- the engine ------------------------------------------------------------------------------*/

static uint32_t on_patience(void *self, uint16_t port)
{
    (void)self;
    return identify_patience(port);
}

static void on_open(void *self, const struct scan_open *open)
{
    struct scanner *scanner = self;
    struct find *find = find_at(scanner, &open->address);
    bool again = find && find->scan == scanner->scans; /* two parts of the range overlap */
    if (again || scanner->calls->is_own(scanner->self, &open->address))
        find = NULL;
    else if (!find)
        find = find_add(scanner, &open->address);
    else
        find->is_new = false;
    if (!find) {
        link_free(open->link);
        if (open->link)
            scan_release(scanner->scan);
        return;
    }
    find->scan = scanner->scans;
    find->released = !open->link;
    scanner->identifying++;
    find->identify = identify_new(scanner->loop, scanner->links, open, on_identified, find);
    find_changed(scanner, find);
}

static void on_engine_done(void *self)
{
    struct scanner *scanner = self;
    scanner->engine_done = true;
    end_if_over(scanner);
}

static const struct scan_calls ENGINE = {on_patience, on_open, on_engine_done};

/* ---- the end of a scan -----------------------------------------------------------------------*/

static bool range_has(const struct range *range, const struct address *address)
{
    for (size_t i = 0; i < range->count; i++) {
        const struct range_item *item = &range->items[i];
        struct address host = item->first;
        uint32_t first = 0, last = 0;
        for (size_t b = 12; b < 16; b++) {
            first = first << 8 | item->first.ip[b];
            last = last << 8 | address->ip[b];
            host.ip[b] = address->ip[b];
        }
        if (!address_same_host(&host, address) || last - first >= item->hosts)
            continue;
        for (size_t p = 0; p < item->port_count; p++)
            if (item->ports[p] == address->port)
                return true;
    }
    return false;
}

/* Who was there in an earlier scan of the same places and was not found by this one. */
static size_t gone_take(struct scanner *scanner, char *gone[SCAN_FINDS])
{
    struct find *find, *next;
    size_t count = 0;
    DL_FOREACH_SAFE(scanner->finds, find, next)
    {
        if (find->scan == scanner->scans || !range_has(&scanner->range, &find->address))
            continue;
        gone[count++] = xstrdup(find->text);
        find_free(find);
    }
    return count;
}

static void scan_end(struct scanner *scanner)
{
    resolve_cancel(scanner->resolve);
    scan_free(scanner->scan);
    scanner->resolve = NULL;
    scanner->scan = NULL;
    scanner->on = false;
    range_done(&scanner->range);
    free(scanner->text);
    scanner->text = NULL;
    rows_make(scanner);
    progress_hide(scanner);
    if (!scanner->rows_stale)
        timer_set(scanner->timer, TIMER_NEVER);
}

static void end_if_over(struct scanner *scanner)
{
    if (!scanner->on || !scanner->engine_done || scanner->identifying > 0)
        return;
    char *gone[SCAN_FINDS];
    size_t count = gone_take(scanner, gone);
    tell(scanner, &(struct scan_event){.state = SCAN_DONE,
                                       .fresh = scanner->fresh,
                                       .gone_count = count,
                                       .gone = (const char *const *)gone});
    while (count > 0)
        free(gone[--count]);
    scan_end(scanner);
}

static void nothing_runs(struct scanner *scanner, uint64_t line)
{
    struct message message = message_make("no-scan", N_("There is no scan to be stopped."));
    say(scanner, true, &message, line);
}

/* Those that are not known yet are left as they are found: something at an address. */
void scanner_stop(struct scanner *scanner, uint64_t line)
{
    struct find *find, *next;
    if (!scanner)
        return;
    if (!scanner->on) {
        if (line)
            nothing_runs(scanner, line);
        return;
    }
    DL_FOREACH_SAFE(scanner->finds, find, next)
    {
        identify_free(find->identify);
        find->identify = NULL;
        if (!find->shown)
            find_free(find);
    }
    scanner->identifying = 0;
    tell(scanner, &(struct scan_event){.state = SCAN_STOPPED, .fresh = scanner->fresh});
    scan_end(scanner);
}

/* ---- the beginning of one --------------------------------------------------------------------*/

static void engine_start(struct scanner *scanner)
{
    struct scan_block blocks[RANGE_ITEMS];
    const struct range *range = &scanner->range;
    for (size_t i = 0; i < range->count; i++)
        blocks[i] =
            (struct scan_block){range->items[i].first, range->items[i].hosts, range->items[i].ports,
                                (uint32_t)range->items[i].port_count};
    struct scan_limits limits = {0, SCAN_IDENTIFIED_AT_ONCE};
    scanner->scan = scan_new(scanner->links, blocks, range->count, limits, &ENGINE, scanner);
    tell(scanner, &(struct scan_event){.state = SCAN_STARTED});
}

static void names_resolve(struct scanner *scanner);

static void item_drop(struct range *range, size_t index)
{
    free(range->items[index].name);
    free(range->items[index].ports);
    memmove(&range->items[index], &range->items[index + 1],
            (--range->count - index) * sizeof *range->items);
}

static void say_name(struct scanner *scanner, const char *code, const char *sentence,
                     const char *name)
{
    struct message message = message_make(code, sentence);
    message_add(&message, name);
    say(scanner, false, &message, scanner->line);
}

static void on_resolved(void *self, enum resolve_result result, const struct address *addresses,
                        size_t count)
{
    struct scanner *scanner = self;
    struct range_item *item = &scanner->range.items[scanner->to_resolve];
    scanner->resolve = NULL;
    if (result != RESOLVE_OK || count == 0) {
        say_name(scanner, "scan-no-name", N_("Nobody is called %s: it is left out of the scan."),
                 item->name);
        item_drop(&scanner->range, scanner->to_resolve);
    } else if (!scanner->range.anywhere && !range_is_near(&addresses[0])) {
        say_name(scanner, "range-far",
                 N_("%s is not on a private network: it is left out of the scan. Where it is "
                    "yours, add --anywhere."),
                 item->name);
        item_drop(&scanner->range, scanner->to_resolve);
    } else {
        free(item->name);
        item->name = NULL;
        item->first = addresses[0];
        item->first.port = 0;
        scanner->to_resolve++;
    }
    names_resolve(scanner);
}

static void names_resolve(struct scanner *scanner)
{
    struct range *range = &scanner->range;
    while (scanner->to_resolve < range->count && !range->items[scanner->to_resolve].name)
        scanner->to_resolve++;
    if (scanner->to_resolve == range->count)
        engine_start(scanner);
    else
        scanner->resolve = resolve_new(scanner->loop, range->items[scanner->to_resolve].name, 0,
                                       on_resolved, scanner);
}

static void scan_begin(struct scanner *scanner, const char *text, uint64_t line)
{
    const char *shown = *text ? text : "LAN";
    scanner->on = true;
    scanner->engine_done = false;
    scanner->line = line;
    scanner->text = xstrndup(shown, STATE_RANGE_TEXT);
    scanner->to_resolve = 0;
    scanner->scans++;
    scanner->found = scanner->fresh = 0;
    scanner->began_ms = scanner->told_ms = loop_mono_ms(scanner->loop);
    timer_set(scanner->timer, scanner->began_ms + SCAN_SHOWN_MS);
    progress_show(scanner);
    names_resolve(scanner);
}

/* Whether a large one was asked for, and a moment ago too. */
static bool is_confirmed(struct scanner *scanner, const char *text, uint64_t line)
{
    uint64_t size = range_size(&scanner->range), now = loop_mono_ms(scanner->loop);
    bool again = scanner->asked && strcmp(scanner->asked, text) == 0 && now < scanner->asked_until;
    free(scanner->asked);
    scanner->asked = NULL;
    if (size <= RANGE_ASK || again)
        return true;
    struct message message = message_make(
        "scan-confirm", N_("That is %s addresses and ports, and may take minutes. Give the same "
                           "command again to do it."));
    message_add_number(&message, size);
    scanner->asked = xstrdup(text);
    scanner->asked_until = now + SCAN_CONFIRM_MS;
    say(scanner, false, &message, line);
    return false;
}

void scanner_command(struct scanner *scanner, const char *range, uint64_t line)
{
    struct interface subnets[INTERFACES_MAX];
    const char *text = range ? range : "";
    struct message why;
    if (strcmp(text, "stop") == 0) {
        if (scanner->on)
            scanner_stop(scanner, line);
        else
            nothing_runs(scanner, line);
        return;
    }
    if (scanner->on) {
        why = message_make("scan-runs", N_("A scan is under way: /scan stop ends it."));
        say(scanner, true, &why, line);
        return;
    }
    size_t count = scanner->calls->subnets(scanner->self, subnets);
    if (!range_parse(text, subnets, count, &scanner->range, &why))
        say(scanner, true, &why, line);
    else if (is_confirmed(scanner, text, line))
        scan_begin(scanner, text, line);
    else
        range_done(&scanner->range);
}

/* ---- the whole -------------------------------------------------------------------------------*/

static void on_ring(void *self)
{
    struct scanner *scanner = self;
    uint64_t now = loop_mono_ms(scanner->loop);
    if (scanner->rows_stale)
        rows_make(scanner);
    if (!scanner->on) {
        if (scanner->rows_stale)
            timer_set(scanner->timer, now + SCAN_SHOWN_MS);
        return;
    }
    progress_show(scanner);
    if (scanner->scan && now - scanner->told_ms >= SCAN_TOLD_MS) {
        scanner->told_ms = now;
        tell(scanner, &(struct scan_event){.state = SCAN_PROGRESS});
    }
    timer_set(scanner->timer, now + SCAN_SHOWN_MS);
}

void scanner_peer(struct scanner *scanner, const struct node_peer *peer)
{
    struct address address = peers_address(&peer->address);
    struct find *find;
    DL_FOREACH(scanner->finds, find)
    {
        if (peer->guest ? !address_equal(&find->address, &address)
                        : !find->has_id || !id_equal(&find->id, &peer->id))
            continue;
        find->guest_here = peer->guest && peer->state != NODE_PEER_DOWN;
        if (peer->name && (!find->name || strcmp(find->name, peer->name) != 0))
            name_set(find, peer->name);
        scanner->rows_stale = true;
        timer_set(scanner->timer, loop_mono_ms(scanner->loop));
    }
}

struct scanner *scanner_new(struct loop *loop, const struct id *self_id,
                            struct tls_context *context, const struct scanner_calls *calls,
                            void *self)
{
    struct scanner *scanner = xcalloc(1, sizeof *scanner);
    scanner->loop = loop;
    scanner->self_id = *self_id;
    scanner->links = links_new(loop, context, LINK_LIMITS);
    scanner->calls = calls;
    scanner->self = self;
    scanner->timer = timer_new(loop, on_ring, scanner);
    return scanner;
}

void scanner_free(struct scanner *scanner)
{
    if (!scanner)
        return;
    while (scanner->finds)
        find_free(scanner->finds);
    resolve_cancel(scanner->resolve);
    scan_free(scanner->scan);
    range_done(&scanner->range);
    timer_free(scanner->timer);
    links_free(scanner->links);
    free(scanner->text);
    free(scanner->asked);
    free(scanner);
}
