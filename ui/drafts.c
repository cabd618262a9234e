/* A short list: few leave more than a handful of sentences unfinished. */
#include "ui/drafts.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

static void draft_drop(struct drafts *drafts, struct draft *draft)
{
    DL_DELETE(drafts->list, draft);
    drafts->count--;
    free(draft->conversation);
    free(draft->text);
    free(draft);
}

static struct draft *draft_find(const struct drafts *drafts, const char *conversation)
{
    struct draft *draft;
    DL_FOREACH(drafts->list, draft)
    if (strcmp(draft->conversation, conversation) == 0)
        return draft;
    return NULL;
}

void drafts_done(struct drafts *drafts)
{
    while (drafts->list)
        draft_drop(drafts, drafts->list);
}

char *drafts_set(struct drafts *drafts, const char *conversation, const char *text)
{
    struct draft *old = draft_find(drafts, conversation);
    char *gone = NULL;
    if (old)
        draft_drop(drafts, old);
    if (!*text)
        return NULL;
    if (drafts->count == DRAFTS) { /* the last of a list is its first one's `prev` */
        gone = xstrdup(drafts->list->prev->conversation);
        draft_drop(drafts, drafts->list->prev);
    }
    struct draft *draft = xcalloc(1, sizeof *draft);
    draft->conversation = xstrdup(conversation);
    draft->text = xstrdup(text);
    DL_PREPEND(drafts->list, draft);
    drafts->count++;
    return gone;
}

const char *drafts_get(const struct drafts *drafts, const char *conversation)
{
    const struct draft *draft = draft_find(drafts, conversation);
    return draft ? draft->text : NULL;
}
