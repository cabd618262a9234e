#pragma once
/* What the files of the ui's state and its painters share. */
#include "base/alloc.h"
#include "base/gettext.h"
#include "base/i18n.h"
#include "ui/places.h"
#include "ui/ui.h"
#include "ui/wrap.h"

/* Who has the keys. */
enum focus {
    FOCUS_INPUT,
    FOCUS_SIDEBAR,
    FOCUS_PAGE,
    FOCUS_SWITCH, /* the quick switcher */
    FOCUS_SEARCH, /* words to look for are typed */
    FOCUS_HITS,   /* and were found */
    FOCUS_RECALL, /* looking for something typed before */
};

/* Words of one line. */
struct mini {
    char text[UI_MINI_BYTES];
    size_t size;
};

struct page_item {
    enum style style;
    char *left;
    char *right;
    char *conversation;
    bool has_at;
    struct order at;
};

struct page {
    char *title;
    struct page_item *items;
    size_t count, room;
    size_t selected; /* of those with a target, or the topmost one */
    size_t top;
    bool selectable; /* some item has a target */
};

/* A sentence that stood in the status line. */
struct said {
    uint64_t wall;
    bool error;
    char *text;
};

/* Where the pane's bottom edge is: `hidden` rows of the post at `anchor` are below it. */
struct view {
    bool following;
    struct order anchor;
    int hidden;
};

struct ui {
    struct ui_config config;
    struct keys keys;
    struct keymap keymap;
    struct editor editor;
    struct history history;
    struct drafts drafts;
    struct wrap_cache wraps;
    struct grid grid;
    struct places places;
    const struct theme *theme;
    int rows, columns;
    enum focus focus;
    bool stale;      /* more than the input's text may have changed since it was drawn */
    bool hinted;     /* other keys are of use than when it was drawn */
    bool only_text;  /* the key at hand changed nothing else */
    uint64_t minute; /* of the model's clock when it was drawn, */
    int input_rows;  /* and what the input would have liked then */
    uint64_t now;

    char *conversation; /* where Enter goes; NULL: the model has none yet */
    char *last;         /* the one before */
    bool opening;       /* it was asked for, and the model does not have it yet */
    char *seen[UI_SEEN];
    size_t seen_count;
    struct view view;
    bool going;   /* the line view.anchor is on its way */
    bool cleared; /* /clear: nothing up to this line is shown */
    struct order cleared_at;

    /* the sidebar */
    struct mini filter;
    size_t side_at;                /* of the rows that are shown */
    char side_name[UI_MINI_BYTES]; /* which row that is, however they move */
    bool side_ask;                 /* d was pressed: once more hangs up */

    /* completion */
    bool menu;
    struct completion completion;
    size_t menu_at;
    char *menu_typed; /* what stood in its place */
    size_t menu_start, menu_end;

    struct mini mini; /* of the switcher, the search and the recall */
    size_t switch_at;
    struct order hit; /* the line of the hit that is looked at */
    bool hit_held;
    bool hit_seek; /* it may be in older lines, which are on their way */
    bool hit_up;
    size_t recall_at;
    char *recall_was; /* what was typed before */
    struct page page;

    bool bare;
    bool mouse;
    bool pasted; /* the text holds a paste: many lines are asked about */
    bool asked;  /* and were: the next Enter sends */
    size_t lost; /* bytes of it */
    uint64_t escape_until, interrupt_until;
    int goal;          /* the column that up and down keep to; -1: none */
    uint64_t fed_at;   /* when bytes came last */
    uint64_t draft_at; /* when the draft is kept; 0: it is as it was kept */

    bool has_status;
    bool status_error;
    uint32_t told, read; /* the model's status that came last, and that was there for long */
    uint64_t told_at;    /* our wall clock */
    char status[UI_STATUS_BYTES];
    uint64_t wall; /* the model's clock */
    struct said said[UI_SAID];
    size_t said_first, said_count;

    struct ui_request requests[UI_REQUESTS];
    size_t request_first, request_count;
};

/* ---- ui.c ---- */
void ui_ask(struct ui *ui, struct ui_request request);
/* A command as if it had been typed. */
void ui_type(struct ui *ui, const char *line);
void ui_conversation_set(struct ui *ui, const struct model *model, const char *name);
/* What the conversation is called; its row where the model has it open not yet. */
const char *ui_label(const struct model *model, const char *conversation);
const struct row *ui_row(const struct model *model, const char *conversation);
/* The open conversation, if it is the one that Enter goes to. */
const struct conversation *ui_open(const struct ui *ui, const struct model *model);
/* The index-th of the round of conversations; NULL past the last. */
const char *ui_round(const struct ui *ui, const struct model *model, size_t index);
void mini_add(struct mini *mini, const char *bytes, size_t size);
bool mini_key(struct mini *mini, const struct key *key);
/* Nothing but the text is shown, or all again. */
void ui_bare(struct ui *ui, bool on);
/* A key of CONTEXT_ALWAYS; false: it is none. */
bool ui_always(struct ui *ui, const struct model *model, const struct key *key);
/* Nothing is open, nothing is said: what is typed shows in the input line alone. */
bool ui_is_calm(const struct ui *ui);
/* A hint for the status line, not worth keeping. */
void ui_hint(struct ui *ui, const char *text);
/* Fills the gaps of a translated sentence: an error, or a hint. */
void ui_tell(struct ui *ui, bool error, const char *sentence, const char *one, const char *two);

/* ---- ui_keep.c ---- */
void draft_keep(struct ui *ui);
/* The words of a conversation, open or not. */
void draft_put(struct ui *ui, const char *conversation, const char *text);
/* A key may have changed what is in the input line. */
void draft_watch(struct ui *ui);
void said_add(struct ui *ui, bool error, const char *text);
void said_done(struct ui *ui);
void log_open(struct ui *ui);

/* ---- ui_input.c ---- */
void input_key(struct ui *ui, const struct model *model, const struct key *key);
bool input_action(struct ui *ui, const struct model *model, enum action action);
void input_paste(struct ui *ui, const char *bytes, size_t size);
void recall_key(struct ui *ui, const struct key *key);
/* Where the recall has the input line, it gives it back. */
void recall_leave(struct ui *ui);
void menu_close(struct ui *ui);
/* ---- ui_complete.c ---- */
void complete(struct ui *ui, const struct model *model, bool back);
void menu_back_out(struct ui *ui);

/* ---- ui_look.c ---- */
void look_rows(struct ui *ui, const struct model *model, int rows);
void look_end(struct ui *ui, const struct model *model);
void look_top(struct ui *ui, const struct model *model);
void look_at(struct ui *ui, const struct model *model, size_t post);
void look_new(struct ui *ui, const struct model *model);
void look_mention(struct ui *ui, const struct model *model, bool up);
void look_follow(struct ui *ui, const struct model *model);
void search_key(struct ui *ui, const struct model *model, const struct key *key);
void hits_key(struct ui *ui, const struct model *model, const struct key *key);
void search_begin(struct ui *ui);

/* ---- ui_side.c ---- */
void side_key(struct ui *ui, const struct model *model, const struct key *key);
/* A line of the sidebar: a row, or what stands between rows. */
struct side_line {
    const struct row *row;
    const char *words; /* a heading, or NULL */
    size_t left_out;   /* people for whom there is no room */
};
enum { SIDE_LINES = MODEL_PEOPLE_ROWS + MODEL_FOUND + 1024 }; /* rooms and headings besides */
/* The lines that are on the screen, at most its height. */
size_t side_lines(struct ui *ui, const struct model *model, struct side_line *into, size_t most);
/* The row on this row of the screen, or NULL. */
const struct row *side_row_at(struct ui *ui, const struct model *model, int row);
/* The one that the keys go to, or NULL. */
const struct row *side_selected(const struct ui *ui, const struct model *model);
void side_open(struct ui *ui, const struct model *model, const struct row *row);
void side_follow(struct ui *ui, const struct model *model);
/* What the switcher offers. */
size_t switch_rows(const struct ui *ui, const struct model *model, const struct row **into,
                   size_t most);
void switch_key(struct ui *ui, const struct model *model, const struct key *key);

/* ---- ui_page.c ---- */
void page_key(struct ui *ui, const struct model *model, const struct key *key);
void page_done(struct page *page);
void help_open(struct ui *ui);

/* ---- pane.c: rows of posts ---- */

/* A post as it is drawn. */
struct pane_post {
    const struct wrapped *wrapped; /* NULL: nothing is shown of it; until the next one is made */
    bool day;                      /* a rule with the day above it */
    bool fresh;                    /* and the one above what is new */
    int rows;                      /* all of them */
    char name[UI_MINI_BYTES];      /* clean; "" where nobody's name leads */
    enum style name_style, style;
    char badge[UI_MINI_BYTES];
    char tick[32];
    enum style tick_style;
    int text_left; /* from the pane's left */
};
struct pane {
    struct ui *ui;
    const struct model *model;
    const struct conversation *conversation;
    size_t first; /* the first post that is shown */
    size_t mark;  /* above which post the `new` rule goes; its count: none */
    int width;
};
/* False: there is no conversation, or no pane. */
bool pane_init(struct pane *pane, struct ui *ui, const struct model *model);
void pane_post(struct pane *pane, size_t index, struct pane_post *into);
int pane_height(const struct ui *ui);

/* ---- paint*.c ---- */
void paint_pane(struct ui *ui, const struct model *model);
void paint_side(struct ui *ui, const struct model *model);
void paint_title(struct ui *ui, const struct model *model);
void paint_status(struct ui *ui, const struct model *model);
void paint_progress(struct ui *ui, const struct model *model);
/* The rows that it would like: where they are not those that it was given, all is drawn anew. */
int paint_input(struct ui *ui, const struct model *model);
void paint_menu(struct ui *ui, const struct model *model);
void paint_switch(struct ui *ui, const struct model *model);
void paint_page(struct ui *ui);
/* Items of a list that a page's rows have room for, from the one at its top on, or up from it. */
size_t page_items(const struct ui *ui, bool up);
/* Rows that the input takes with this text. */
int input_rows(const struct ui *ui, const struct model *model);
/* The column in which what stands at `at` of the text is shown. */
int input_column(const struct ui *ui, const struct model *model, size_t at);
/* The cursor up or down a row of the input; false: there is none. */
bool input_row_move(struct ui *ui, const struct model *model, bool up);

/* A stranger's text, clean and in one line, cut to what fits into `into`. */
const char *text_shown(const char *raw, size_t size, char *into, size_t into_size);
/* A name; where it has to be cut its tag stays. */
int name_put(struct grid *grid, int row, int column, int end, enum style style, const char *name);
enum style speaker_style(const struct id *id, const char *guest);
/* "12 min", "3 h", "5 d". */
void ago_text(const struct ui *ui, uint64_t ms, char *into, size_t size);
/* Of our wall clock, local. */
void day_text(const struct ui *ui, uint64_t wall, char *into, size_t size);
void hour_text(uint64_t wall, char into[6]);
int day_number(uint64_t wall);
/* The time that says which day a line belongs to. */
uint64_t post_day(const struct post *post);
/* The sentence with its gaps filled. */
void sentence(char *into, size_t size, const char *format, const char *one, const char *two,
              const char *three);
