/* `dated`: whoever has something to say calls, says `YYYY-MM-DD HH:MM:SS: text`, waits for the
 * answer, and hangs up. So whom we call is called for each message, and the answer is its receipt.
 *
 * Invariant: what was not answered stays, in order, until it is; a failure is told once, and
 * nothing is tried again but for a new word or when asked (guest_retry). */
#include "base/alloc.h"
#include "dialect/guest_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

static const char ANSWER[] = "Mensaje recibido a las ";

enum { DAY_S = 24 * 3600, YEAR_MOST = 9999 };

/* ---- dates ---- */

/* Days since 1970 of a day of the Gregorian calendar: a year begins in March, so that the leap day
 * is its last. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month > 2 ? year : year - 1;
    int64_t m = month > 2 ? month - 3 : month + 9;
    return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719468;
}

/* Up to the year 9999. */
static int64_t year_of(int64_t days)
{
    int64_t year = 1970 + days / 366;
    while (days_of(year + 1, 1, 1) <= days)
        year++;
    return year;
}

void dated_stamp(uint64_t wall_ms, int32_t zone_s, char into[DATED_STAMP + 1])
{
    int64_t last = days_of(YEAR_MOST + 1, 1, 1) * DAY_S - 1;
    int64_t s = (int64_t)(wall_ms / 1000 > (uint64_t)last ? (uint64_t)last : wall_ms / 1000);
    s += zone_s;
    s = s < 0 ? 0 : s > last ? last : s;
    int64_t days = s / DAY_S;
    int64_t year = year_of(days);
    int64_t month = 12;
    while (days_of(year, month, 1) > days)
        month--;
    unsigned day = (unsigned)(days - days_of(year, month, 1) + 1);
    unsigned rest = (unsigned)(s % DAY_S);
    char whole[64];
    snprintf(whole, sizeof whole, "%04u-%02u-%02u %02u:%02u:%02u", (unsigned)year, (unsigned)month,
             day, rest / 3600, rest / 60 % 60, rest % 60);
    memcpy(into, whole, DATED_STAMP);
    into[DATED_STAMP] = '\0';
}

/* `0` in the pattern is a digit. */
static bool looks_like(struct span text, const char *pattern)
{
    if (text.size < strlen(pattern))
        return false;
    for (size_t i = 0; pattern[i]; i++) {
        uint8_t byte = text.bytes[i];
        if (pattern[i] == '0' ? byte < '0' || byte > '9' : byte != (uint8_t)pattern[i])
            return false;
    }
    return true;
}

static int64_t digits(struct span text, size_t at, size_t count)
{
    int64_t number = 0;
    for (size_t i = at; i < at + count; i++)
        number = number * 10 + text.bytes[i] - '0';
    return number;
}

bool dated_parse(struct span text, int32_t zone_s, uint64_t *wall_ms)
{
    if (!looks_like(text, "0000-00-00 00:00:00:"))
        return false;
    int64_t year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
    int64_t hour = digits(text, 11, 2), minute = digits(text, 14, 2), s = digits(text, 17, 2);
    if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || s > 60 || year < 1 ||
        days_of(year, month, day) >=
            days_of(month == 12 ? year + 1 : year, month == 12 ? 1 : month + 1, 1))
        return false;
    int64_t at =
        days_of(year, month, day) * DAY_S + hour * 3600 + minute * 60 + s - (int64_t)zone_s;
    *wall_ms = at < 0 ? 0 : (uint64_t)at * 1000;
    return true;
}

/* ---- who calls us ---- */

static bool fits(struct span first)
{
    uint64_t when;
    return dated_parse(first, 0, &when);
}

/* The caller waits for the answer, so that comes first. */
static void heard(struct guest *guest, struct span line)
{
    char stamp[DATED_STAMP + 1];
    uint64_t when = 0;
    dated_stamp(guest->now.wall_ms, guest->now.zone_s, stamp);
    guest_answer_with(guest, ANSWER, span_text(stamp), "");
    if (!guest->known)
        guest_known(guest, &dialect_dated, span_of(NULL, 0));
    bool has_date = dated_parse(line, guest->now.zone_s, &when);
    struct span text = has_date ? span_after(line, DATED_STAMP + 1) : line;
    if (text.size == 0)
        return;
    struct guest_event *event = guest_said(guest, span_of(NULL, 0), text, line);
    event->dated = has_date;
    event->wall_ms = when;
}

static bool hears(const struct guest *guest)
{
    (void)guest; /* who calls reads its answer and nothing else */
    return false;
}

/* ---- whom we call ---- */

static void answered(struct guest *guest)
{
    struct guest_message *message;
    if (!guest->known)
        guest_known(guest, &dialect_dated, span_of(NULL, 0));
    if (guest->current->last && guest->current->id)
        guest_event(guest, GUEST_DELIVERED, span_of(NULL, 0), span_of(NULL, 0))->id =
            guest->current->id;
    free(guest->current);
    guest->current = NULL;
    guest->answered = true;
    DL_FOREACH(guest->queue, message)
    message->told = false;
    guest_abort(guest, WHY_DONE);
}

static void message(struct guest *guest, struct span line)
{
    if (guest->role == GUEST_ACCEPTED)
        heard(guest, line);
    else if (guest->current && span_begins(line, ANSWER))
        answered(guest);
}

static void silence(struct guest *guest)
{
    guest_abort(guest, WHY_NO_ANSWER);
}

void dated_sent(struct guest *guest, struct guest_message *sent)
{
    guest->current = sent;
    guest_await(guest, GUEST_ANSWER_MS);
    guest_event(guest, GUEST_SENT, span_of(NULL, 0), span_of(sent->bytes, sent->size))->id =
        sent->id;
}

static void failed(struct guest *guest)
{
    struct guest_message *one;
    bool silent = false, said = false;
    if (guest->current)
        guest_return(guest, guest->current);
    guest->current = NULL;
    DL_FOREACH(guest->queue, one)
    {
        bool owed = !one->told && one->last && one->id;
        if (owed)
            guest_event(guest, GUEST_FAILED, span_of(NULL, 0), span_of(NULL, 0))->id = one->id;
        said |= owed;
        silent |= !one->told;
        one->told = true;
    }
    if (guest->known || (silent && !said)) /* nobody waits for these words, and nobody is there */
        (void)guest_event(guest, GUEST_LEFT, span_of(NULL, 0), span_of(NULL, 0));
    guest->known = false;
}

void dated_end(struct guest *guest)
{
    if (!guest->answered)
        failed(guest);
    guest->answered = false;
    dated_pump(guest);
}

void dated_pump(struct guest *guest)
{
    const struct guest_message *one;
    DL_FOREACH(guest->queue, one)
    if (!one->told) {
        guest_dial(guest);
        return;
    }
}

const struct dialect dialect_dated = {
    .name = "dated",
    .port = 5555,
    .reach_low = 5555,
    .reach_high = 5555,
    .style = STYLE_DATED,
    .called_style = STYLE_DATED,
    .call_each = true,
    .fits = fits,
    .message = message,
    .silence = silence,
    .hears = hears,
};

/* ---- the transcript ---- */

char *transcript_sent(const char *ip, struct span message)
{
    static const char between[] = ": ", before[] = "Enviado a ";
    size_t size = sizeof before + sizeof between + strlen(ip) + message.size;
    char *line = xmalloc(size);
    snprintf(line, size, "%s%s%s%.*s", before, ip, between, (int)message.size,
             message.size ? (const char *)message.bytes : "");
    return line;
}

char *transcript_received(const char *ip, uint16_t port, struct span message, struct guest_now now)
{
    char stamp[DATED_STAMP + 1];
    dated_stamp(now.wall_ms, now.zone_s, stamp);
    size_t size = strlen(ip) + message.size + 64;
    char *line = xmalloc(size);
    snprintf(line, size, "De ('%s', %u): %.*s - Recibido a %s", ip, port, (int)message.size,
             message.size ? (const char *)message.bytes : "", stamp);
    return line;
}
