/* What the node asks for, done: each effect by who can do it. */
#include "app/app_parts.h"

#include "app/demo.h"
#include "app/disk.h"
#include "app/export.h"
#include "app/finding.h"
#include "app/jobs.h"
#include "app/peers.h"
#include "app/trace.h"
#include "app/transcript.h"
#include "app/visit.h"
#include "core/room.h"
#include "net/loop.h"
#include "net/timer.h"

static void export_do(struct app *app, const struct node_effect *effect)
{
    struct export_wish wish = {app->typed_in ? app->typed_in : ROOM_EVERYONE,
                               effect->command->value, effect->line, app->began};
    exporter_start(app->exporter, &wish);
}

/* What is for people to see. */
static void show(struct app *app, const struct node_effect *effect)
{
    if (effect->kind == EFFECT_SHOWN) {
        if (app->visit)
            visit_heard(app->visit, &effect->shown);
        transcript_add(app->transcript, &effect->shown, node_roster(app->node));
    }
    if (effect->kind == EFFECT_PEER)
        finding_peer(app->finding, &effect->peer);
    if (effect->kind == EFFECT_COMMAND && effect->command->id == COMMAND_EXPORT)
        export_do(app, effect);
    else if (effect->kind == EFFECT_COMMAND && effect->command->id == COMMAND_SCAN)
        finding_scan(app->finding, effect->command->value, effect->line);
    else if (effect->kind == EFFECT_COMMAND && effect->command->id == COMMAND_DOCTOR)
        visit_ask(app->visit, effect->line);
    else if (app->running)
        app->face->effect(app->self, effect);
}

/* Long because every kind of effect is named. TAKES effect. */
static void perform(struct app *app, struct node_effect *effect)
{
    if (app->demo && demo_perform(app->demo, effect))
        return;
    if (app->trace)
        trace_effect(app->trace, app_now(app).wall_ms, effect);
    switch (effect->kind) {
    case EFFECT_SEND:
        peers_send(app->peers, effect->link, effect->frame);
        break;
    case EFFECT_CLOSE:
        peers_close(app->peers, effect->link);
        break;
    case EFFECT_DIAL:
        peers_dial(app->peers, &effect->dial.address, effect->dial.dialect);
        break;
    case EFFECT_GUEST_NAMED:
    case EFFECT_GUEST_PEOPLE:
    case EFFECT_GUEST_WORD:
    case EFFECT_GUEST_RETRY:
    case EFFECT_GUEST_HANG_UP:
        peers_guest(app->peers, effect);
        break;
    case EFFECT_RESOLVE:
        peers_resolve(app->peers, effect->ticket, effect->resolve.host, effect->resolve.port);
        break;
    case EFFECT_CHECK:
    case EFFECT_OPEN:
    case EFFECT_VERIFY:
        jobs_do(app->jobs, effect);
        return;
    case EFFECT_STORE:
    case EFFECT_STORE_FORK:
    case EFFECT_LOAD:
    case EFFECT_LOAD_FORK:
    case EFFECT_LOAD_HASHES:
    case EFFECT_TRIM:
    case EFFECT_QUERY:
    case EFFECT_STORE_OPENED:
    case EFFECT_STORE_ACKS:
    case EFFECT_STORE_PERSON:
    case EFFECT_STORE_ROOM:
    case EFFECT_STORE_MEMBER:
    case EFFECT_STORE_SELF:
    case EFFECT_STORE_LOCAL:
    case EFFECT_STORE_OWED:
    case EFFECT_DROP_OWED:
        disk_do(app->disk, effect);
        return;
    case EFFECT_TIMER:
        timer_set(app->timer, effect->timer);
        break;
    case EFFECT_SAY:
        app_say(app, effect->say.error, &effect->say.message, effect->line);
        break;
    case EFFECT_LEAVE:
        app->leaving = true;
        loop_again(app->loop);
        break;
    case EFFECT_SHOWN:
    case EFFECT_RECEIPT:
    case EFFECT_PEER:
    case EFFECT_BACK:
    case EFFECT_ANSWER:
    case EFFECT_COMMAND:
    case EFFECT_GO:
    case EFFECT_BELL:
        show(app, effect);
        break;
    }
    node_effect_free(effect);
}

void app_perform(struct app *app)
{
    struct node_effect *effect;
    while ((effect = node_next(app->node)))
        perform(app, effect);
}
