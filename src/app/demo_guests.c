/* The demo's guests, and the scan that finds them. Guests speak no bytes here: the node is told
 * what their dialect would have said. */
#include "app/demo_parts.h"

#include "app/scan.h"
#include "core/model_make.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    STEP_US = 200 * DEMO_MS, /* of the scan's progress */
    STEPS = 30,
    SCANNED = 254 * 18, /* hosts, and the ports that /scan tries on each */
    TICK_US = 150 * DEMO_MS,
    ANSWER_US = 1800 * DEMO_MS,
};
#define SCAN_RANGE "192.0.2.0/24"

static const struct {
    const char *name;
    const char *dialect;
    unsigned last; /* of the address */
    uint16_t port;
    unsigned host; /* whose guest it is at first */
    unsigned step; /* when the scan finds it */
} GUESTS[DEMO_GUESTS] = {
    {"telma", "named", 31, 9991, 1, 9},
    {"rosa", "named", 40, 9992, DEMO_NODES, 14},
    {"192.0.2.51", "dated", 51, 5555, DEMO_NODES, 23},
};

void demo_guests_init(struct demo *demo)
{
    for (size_t i = 0; i < DEMO_GUESTS; i++)
        demo->guests[i] =
            (struct demo_guest){GUESTS[i].name, GUESTS[i].dialect,
                                demo_address(GUESTS[i].last, GUESTS[i].port), DEMO_NODES, 0};
}

struct demo_guest *demo_guest_at(struct demo *demo, const struct overlay_address *address)
{
    for (size_t i = 0; i < DEMO_GUESTS; i++)
        if (overlay_address_equal(&demo->guests[i].address, address))
            return &demo->guests[i];
    return NULL;
}

static struct demo_guest *guest_linked(struct demo *demo, uint32_t link)
{
    for (size_t i = 0; i < DEMO_GUESTS; i++)
        if (demo->guests[i].link == link)
            return &demo->guests[i];
    return NULL;
}

static void down(struct demo *demo, struct demo_guest *guest)
{
    struct node_event event = {.kind = EVENT_GUEST_DOWN, .link = guest->link};
    unsigned host = guest->host;
    guest->link = 0;
    guest->host = DEMO_NODES;
    if (event.link)
        demo_give(demo, host, &event);
}

/* A guest talks with one host at a time: whoever called it last. */
void demo_guest_up(struct demo *demo, struct demo_guest *guest, unsigned host, bool asked)
{
    if (guest->host != host)
        down(demo, guest);
    if (!guest->link)
        guest->link = ++demo->number;
    guest->host = host;
    struct node_event event = {.kind = EVENT_GUEST_UP, .link = guest->link};
    event.guest.dialect = guest->dialect;
    event.guest.address = guest->address;
    event.guest.called = event.guest.asked = asked;
    event.guest.ticks = strcmp(guest->dialect, "dated") == 0;
    event.guest.name = span_text(guest->name);
    demo_give(demo, host, &event);
}

static void hang_up_run(struct demo *demo, struct demo_task *task)
{
    struct demo_guest *guest = guest_linked(demo, task->link);
    if (guest)
        down(demo, guest);
}

void demo_guest_hang_up(struct demo *demo, unsigned who, uint32_t link)
{
    demo_later(demo, 0, who, hang_up_run)->link = link;
}

/* ---- words ---- */

static void words_give(struct demo *demo, const struct demo_guest *guest, bool private,
                       const char *text)
{
    struct node_event event = {.kind = private ? EVENT_GUEST_PRIVATE : EVENT_GUEST_SAID,
                               .link = guest->link};
    event.guest.text = span_text(text);
    if (private)
        event.guest.name = span_text(demo->calls->name(demo->self));
    if (guest->link)
        demo_give(demo, guest->host, &event);
}

void demo_guest_say(struct demo *demo, const char *name, const char *text)
{
    for (size_t i = 0; i < DEMO_GUESTS; i++)
        if (strcmp(demo->guests[i].name, name) == 0)
            words_give(demo, &demo->guests[i], false, text);
}

static void tick_run(struct demo *demo, struct demo_task *task)
{
    struct node_event event = {.kind = EVENT_GUEST_TICK, .link = task->link};
    event.guest.id = task->number;
    event.guest.is = true;
    if (guest_linked(demo, task->link))
        demo_give(demo, task->who, &event);
}

static void answer_run(struct demo *demo, struct demo_task *task)
{
    const struct demo_guest *guest = guest_linked(demo, task->link);
    if (guest && guest->host == DEMO_OWN)
        words_give(demo, guest, task->number, demo_guest_answer(demo));
}

void demo_guest_word(struct demo *demo, unsigned who, const struct node_effect *effect)
{
    const struct node_guest_word *word = &effect->guest;
    bool private = word->kind == GUEST_TELLS_PRIVATE;
    struct demo_task *task;
    if (who != DEMO_OWN)
        return;
    if (word->id) {
        task = demo_later(demo, TICK_US, who, tick_run);
        task->link = effect->link;
        task->number = word->id;
    }
    if (demo->hushed || !private)
        return;
    task = demo_later(demo, ANSWER_US, who, answer_run);
    task->link = effect->link;
    task->number = private;
}

/* ---- the scan ---- */

static void say(struct demo *demo, bool error, struct message message, uint64_t line)
{
    demo->calls->say(demo->self, error, &message, line);
}

static void progress_show(struct demo *demo)
{
    struct model *model = demo->calls->model(demo->self);
    struct progress progress = {.on = true,
                                .what = message_make("scan", N_("scan %s")),
                                .done = SCANNED / STEPS * demo->scan.step,
                                .total = SCANNED,
                                .found = demo->scan.found};
    message_add(&progress.what, SCAN_RANGE);
    if (model)
        model_progress(model, demo->scan.on ? &progress : NULL);
}

static void found(struct demo *demo, const struct overlay_address *address, const char *name,
                  const char *dialect)
{
    struct model *model = demo->calls->model(demo->self);
    char text[32];
    snprintf(text, sizeof text, "192.0.2.%u:%u", (unsigned)address->ip[15],
             (unsigned)address->port);
    demo->scan.found++;
    demo->scan.fresh += !demo->scan.known;
    if (model)
        (void)model_found(model, text, name, dialect);
}

/* Only who is not with us already: that is what one looks for. */
static void finds_make(struct demo *demo)
{
    for (size_t i = 0; i < DEMO_GUESTS; i++)
        if (GUESTS[i].step == demo->scan.step)
            found(demo, &demo->guests[i].address,
                  strcmp(GUESTS[i].dialect, "dated") == 0 ? NULL : GUESTS[i].name,
                  GUESTS[i].dialect);
}

static void scan_end(struct demo *demo, enum scan_state state)
{
    const struct scan_event event = {.state = state,
                                     .line = demo->scan.line,
                                     .range = SCAN_RANGE,
                                     .found = demo->scan.found,
                                     .fresh = demo->scan.fresh};
    demo->scan.on = false;
    demo->scan.known |= state == SCAN_DONE;
    progress_show(demo);
    say(demo, false, scan_message(&event), event.line);
}

static void step_run(struct demo *demo, struct demo_task *task)
{
    if (!demo->scan.on || task->number != demo->scan.line)
        return;
    if (++demo->scan.step == STEPS) {
        scan_end(demo, SCAN_DONE);
        return;
    }
    finds_make(demo);
    progress_show(demo);
    demo_later(demo, STEP_US, DEMO_OWN, step_run)->number = task->number;
}

void demo_scan(struct demo *demo, const char *range, uint64_t line)
{
    bool stop = range && strcmp(range, "stop") == 0;
    if (stop && demo->scan.on) {
        scan_end(demo, SCAN_STOPPED);
    } else if (stop) {
        say(demo, true, message_make("no-scan", N_("There is no scan to be stopped.")), line);
    } else if (demo->scan.on) {
        say(demo, true, message_make("scan-runs", N_("A scan is under way: /scan stop ends it.")),
            line);
    } else {
        struct model *model = demo->calls->model(demo->self);
        if (model)
            model_found_clear(model);
        demo->scan = (struct demo_scan){.on = true, .line = line, .known = demo->scan.known};
        progress_show(demo);
        demo_later(demo, STEP_US, DEMO_OWN, step_run)->number = line;
    }
}

void demo_scan_stop(struct demo *demo)
{
    if (demo->scan.on)
        scan_end(demo, SCAN_STOPPED);
}
