/* The decoder. What is held is read anew with each byte: sequences are short, and a function from
 * bytes to a verdict has no state to get wrong. */
#include "ui/keys.h"

#include "base/utf8.h"

#include <string.h>

static const char ESCAPE = 0x1b;

enum verdict {
    VERDICT_MORE,    /* it may go on */
    VERDICT_KEY,     /* a key, and all bytes were its */
    VERDICT_NOTHING, /* known to be nothing */
    VERDICT_AGAIN,   /* broken off, and nothing: the last byte begins something else */
    VERDICT_SHORTER, /* a key, but for the last byte, which begins something else */
    VERDICT_PASTE,
    VERDICT_STRING,
};

static struct key plain(enum key_kind kind, unsigned modifiers, int32_t code)
{
    return (struct key){.kind = kind, .modifiers = modifiers, .code = code};
}

void keys_init(struct keys *keys)
{
    *keys = (struct keys){.state = KEYS_GROUND};
}

void keys_learn(struct keys *keys, const char *bytes, enum key_kind kind, unsigned modifiers,
                int32_t code)
{
    size_t size = strlen(bytes);
    if (keys->learned_count == KEYS_LEARNED || size < 2 || size >= sizeof keys->learned->bytes ||
        bytes[0] != ESCAPE)
        return;
    struct keys_learned *learned = &keys->learned[keys->learned_count++];
    memcpy(learned->bytes, bytes, size + 1);
    learned->key = plain(kind, modifiers, code);
}

void keys_learn_all(struct keys *keys, const char *(*lookup)(const char *capability))
{
    static const struct {
        const char *capability;
        enum key_kind kind;
        unsigned modifiers;
        int32_t code;
    } known[] = {
        {"kcuu1", KEY_UP, 0, 0},          {"kcud1", KEY_DOWN, 0, 0},
        {"kcub1", KEY_LEFT, 0, 0},        {"kcuf1", KEY_RIGHT, 0, 0},
        {"khome", KEY_HOME, 0, 0},        {"kend", KEY_END, 0, 0},
        {"kpp", KEY_PAGE_UP, 0, 0},       {"knp", KEY_PAGE_DOWN, 0, 0},
        {"kich1", KEY_INSERT, 0, 0},      {"kdch1", KEY_DELETE, 0, 0},
        {"kcbt", KEY_TAB, KEY_SHIFT, 0},  {"kent", KEY_ENTER, 0, 0},
        {"kf1", KEY_FUNCTION, 0, 1},      {"kf2", KEY_FUNCTION, 0, 2},
        {"kf3", KEY_FUNCTION, 0, 3},      {"kf4", KEY_FUNCTION, 0, 4},
        {"kf5", KEY_FUNCTION, 0, 5},      {"kf6", KEY_FUNCTION, 0, 6},
        {"kf7", KEY_FUNCTION, 0, 7},      {"kf8", KEY_FUNCTION, 0, 8},
        {"kf9", KEY_FUNCTION, 0, 9},      {"kf10", KEY_FUNCTION, 0, 10},
        {"kf11", KEY_FUNCTION, 0, 11},    {"kf12", KEY_FUNCTION, 0, 12},
        {"kUP5", KEY_UP, KEY_CTRL, 0},    {"kDN5", KEY_DOWN, KEY_CTRL, 0},
        {"kLFT5", KEY_LEFT, KEY_CTRL, 0}, {"kRIT5", KEY_RIGHT, KEY_CTRL, 0},
        {"kLFT3", KEY_LEFT, KEY_ALT, 0},  {"kRIT3", KEY_RIGHT, KEY_ALT, 0},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const char *bytes = lookup(known[i].capability);
        if (bytes)
            keys_learn(keys, bytes, known[i].kind, known[i].modifiers, known[i].code);
    }
}

/* ---- single characters ---- */

static struct key control(char byte)
{
    switch (byte) {
    case '\r':
        return plain(KEY_ENTER, 0, 0);
    case '\t':
        return plain(KEY_TAB, 0, 0);
    case '\b':
    case 0x7f:
        return plain(KEY_BACKSPACE, 0, 0);
    case 0:
        return plain(KEY_TEXT, KEY_CTRL, ' ');
    }
    if (byte <= 26)
        return plain(KEY_TEXT, KEY_CTRL, 'a' + byte - 1);
    return plain(KEY_TEXT, KEY_CTRL, "[\\]^_"[byte - 0x1b]);
}

static size_t length_of(unsigned char first)
{
    return first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
}

static enum verdict character_read(const char *bytes, size_t size, struct key *into)
{
    unsigned char first = (unsigned char)bytes[0];
    int32_t code;
    if (first < 0x80) {
        *into = first < 0x20 || first == 0x7f ? control(bytes[0]) : plain(KEY_TEXT, 0, first);
        return VERDICT_KEY;
    }
    *into = plain(KEY_INVALID, 0, 0);
    if (size > 1 && ((unsigned char)bytes[size - 1] & 0xc0) != 0x80)
        return VERDICT_SHORTER;
    if (size < length_of(first) && first <= 0xf4)
        return VERDICT_MORE;
    if (utf8_step(bytes, size, &code) == size && code != UTF8_INVALID)
        *into = plain(KEY_TEXT, 0, code);
    return VERDICT_KEY;
}

/* ---- sequences ---- */

enum { NUMBERS = 3 };

/* The numbers of `1;5`, of at most 4 digits each; what is missing is 0. */
static void numbers_read(const char *bytes, size_t size, int numbers[NUMBERS])
{
    size_t index = 0;
    memset(numbers, 0, NUMBERS * sizeof *numbers);
    for (size_t i = 0; i < size && index < NUMBERS; i++) {
        if (bytes[i] == ';')
            index++;
        else if (bytes[i] >= '0' && bytes[i] <= '9' && numbers[index] < 100000)
            numbers[index] = numbers[index] * 10 + (bytes[i] - '0');
    }
}

static unsigned modifiers_of(int number)
{
    return number > 1 ? (unsigned)(number - 1) & (KEY_SHIFT | KEY_ALT | KEY_CTRL) : 0;
}

/* The key of `ESC [ x` and `ESC O x`. */
static bool letter_key(char letter, struct key *into)
{
    static const struct {
        char letter;
        enum key_kind kind;
        int32_t code;
    } keys[] = {
        {'A', KEY_UP, 0},       {'B', KEY_DOWN, 0},     {'C', KEY_RIGHT, 0},
        {'D', KEY_LEFT, 0},     {'H', KEY_HOME, 0},     {'F', KEY_END, 0},
        {'P', KEY_FUNCTION, 1}, {'Q', KEY_FUNCTION, 2}, {'R', KEY_FUNCTION, 3},
        {'S', KEY_FUNCTION, 4},
    };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (keys[i].letter == letter) {
            *into = plain(keys[i].kind, 0, keys[i].code);
            return true;
        }
    return false;
}

/* The key of `ESC [ n ~`. */
static bool number_key(int number, struct key *into)
{
    static const enum key_kind low[] = {KEY_HOME,    KEY_INSERT,    KEY_DELETE, KEY_END,
                                        KEY_PAGE_UP, KEY_PAGE_DOWN, KEY_HOME,   KEY_END};
    static const int functions[] = {11, 12, 13, 14, 15, 17, 18, 19, 20, 21,
                                    23, 24, 25, 26, 28, 29, 31, 32, 33, 34};
    if (number >= 1 && number <= 8) {
        *into = plain(low[number - 1], 0, 0);
        return true;
    }
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (functions[i] == number) {
            *into = plain(KEY_FUNCTION, 0, (int32_t)i + 1);
            return true;
        }
    return false;
}

/* A key told by its character: `ESC [ 97 ; 5 u`. */
static enum verdict coded_key(int code, unsigned modifiers, struct key *into)
{
    if ((code >= 0x80 && code < 0xa0) || (code >= 0xd800 && code < 0xe000) || code > 0x10ffff)
        return VERDICT_NOTHING;
    if (code == ESCAPE)
        *into = plain(KEY_ESCAPE, modifiers, 0);
    else if (code < 0x20 || code == 0x7f)
        *into = control((char)code);
    else
        *into = plain(KEY_TEXT, modifiers & (KEY_ALT | KEY_CTRL), code);
    if (into->kind != KEY_TEXT)
        into->modifiers |= modifiers;
    else if ((modifiers & KEY_CTRL) && code >= 'A' && code <= 'Z')
        into->code += 'a' - 'A';
    return VERDICT_KEY;
}

static enum verdict mouse_make(int button, int column, int row, bool press, struct key *into)
{
    *into = plain(KEY_MOUSE, 0, button & 3);
    into->column = column - 1;
    into->row = row - 1;
    into->mouse = MOUSE_OTHER;
    if ((button & 64) && (button & 3) < 2)
        into->mouse = (button & 3) == 0 ? MOUSE_WHEEL_UP : MOUSE_WHEEL_DOWN;
    else if (!(button & (32 | 64 | 128)) && (button & 3) == 0)
        into->mouse = press ? MOUSE_PRESS : MOUSE_RELEASE;
    return column > 0 && row > 0 ? VERDICT_KEY : VERDICT_NOTHING;
}

static enum verdict tilde_key(char final, const int numbers[NUMBERS], struct key *into)
{
    if (numbers[0] == 200)
        return VERDICT_PASTE;
    if (numbers[0] == 27 && final == '~')
        return coded_key(numbers[2], modifiers_of(numbers[1]), into);
    if (!number_key(numbers[0], into))
        return VERDICT_NOTHING;
    into->modifiers = modifiers_of(numbers[1]);
    if (final == '^' || final == '@')
        into->modifiers |= KEY_CTRL;
    if (final == '$' || final == '@')
        into->modifiers |= KEY_SHIFT;
    return VERDICT_KEY;
}

/* What lies between `ESC [` and the final byte is `bytes`. */
static enum verdict csi_key(const char *bytes, size_t size, char final, struct key *into)
{
    int numbers[NUMBERS];
    bool private = size > 0 && bytes[0] >= '<' && bytes[0] <= '?';
    numbers_read(bytes, size, numbers);
    if (private && bytes[0] == '<' && (final == 'M' || final == 'm'))
        return mouse_make(numbers[0], numbers[1], numbers[2], final == 'M', into);
    if (private)
        return VERDICT_NOTHING;
    if (final == '~' || final == '^' || final == '$' || final == '@')
        return tilde_key(final, numbers, into);
    if (final == 'u')
        return coded_key(numbers[0], modifiers_of(numbers[1]), into);
    if (size == 0 && (final == 'I' || final == 'O')) {
        *into = plain(final == 'I' ? KEY_FOCUS_IN : KEY_FOCUS_OUT, 0, 0);
        return VERDICT_KEY;
    }
    if (final == 'Z') {
        *into = plain(KEY_TAB, KEY_SHIFT | modifiers_of(numbers[1]), 0);
        return VERDICT_KEY;
    }
    if (letter_key(final, into))
        into->modifiers = modifiers_of(numbers[1]);
    else if (size == 0 && final >= 'a' && final <= 'd' &&
             letter_key((char)(final - 'a' + 'A'), into)) /* rxvt */
        into->modifiers = KEY_SHIFT;
    else
        return VERDICT_NOTHING;
    return VERDICT_KEY;
}

/* After `ESC [`. */
static enum verdict csi_read(const char *bytes, size_t size, struct key *into)
{
    if (size == 0)
        return VERDICT_MORE;
    if (bytes[0] == '[') { /* the Linux console's F1 to F5 */
        if (size == 1)
            return VERDICT_MORE;
        *into = plain(KEY_FUNCTION, 0, bytes[1] - 'A' + 1);
        return bytes[1] >= 'A' && bytes[1] <= 'E' ? VERDICT_KEY : VERDICT_NOTHING;
    }
    if (bytes[0] == 'M') { /* the mouse of old terminals */
        if (size < 4)
            return VERDICT_MORE;
        int button = (unsigned char)bytes[1] - 32;
        bool press = (button & 3) != 3;
        return mouse_make(press ? button : button & ~3, (unsigned char)bytes[2] - 32,
                          (unsigned char)bytes[3] - 32, press, into);
    }
    char last = bytes[size - 1];
    bool private = bytes[0] >= '<' && bytes[0] <= '?';
    if (last < 0x20 || last > 0x7e)
        return VERDICT_AGAIN;
    if ((last >= 0x20 && last < 0x40) && !(last == '$' && size > 1 && !private))
        return VERDICT_MORE;
    return csi_key(bytes, size - 1, last, into);
}

/* After `ESC O`. */
static enum verdict ss3_read(const char *bytes, size_t size, struct key *into)
{
    int numbers[NUMBERS];
    if (size == 0)
        return VERDICT_MORE;
    char last = bytes[size - 1];
    if (last < 0x20 || last > 0x7e)
        return VERDICT_AGAIN;
    if ((last >= '0' && last <= '9') || last == ';')
        return VERDICT_MORE;
    numbers_read(bytes, size - 1, numbers);
    if (letter_key(last, into))
        into->modifiers = modifiers_of(numbers[1] > 0 ? numbers[1] : numbers[0]);
    else if (last == 'M')
        *into = plain(KEY_ENTER, 0, 0);
    else if (last >= 'j' && last <= 'y') /* the keypad */
        *into = plain(KEY_TEXT, 0, "*+,-./0123456789"[last - 'j']);
    else if (last >= 'a' && last <= 'd' && letter_key((char)(last - 'a' + 'A'), into))
        into->modifiers = KEY_CTRL; /* rxvt */
    else
        return VERDICT_NOTHING;
    return VERDICT_KEY;
}

/* After `ESC ]` or `ESC P`: an answer that nobody asked for begins so; else it was Alt and a key.
 */
static enum verdict string_read(const char *bytes, size_t size, struct key *into)
{
    if (size == 2)
        return VERDICT_MORE;
    *into = plain(KEY_TEXT, KEY_ALT, bytes[1]);
    bool digit = bytes[2] >= '0' && bytes[2] <= '9';
    bool answer = digit || (bytes[1] == 'P' && strchr("+>!|$", bytes[2]) && bytes[2] != '\0');
    return answer ? VERDICT_STRING : VERDICT_SHORTER;
}

static enum verdict escape_read(const char *bytes, size_t size, struct key *into)
{
    enum verdict verdict;
    if (size == 1)
        return VERDICT_MORE;
    switch (bytes[1]) {
    case '[':
        return csi_read(bytes + 2, size - 2, into);
    case 'O':
        return ss3_read(bytes + 2, size - 2, into);
    case ']':
    case 'P':
        return string_read(bytes, size, into);
    case 0x1b: /* Esc before a whole sequence is Alt, too; before anything else it is the key */
        *into = plain(KEY_ESCAPE, 0, 0);
        if (size > 2 && (bytes[2] != '[' && bytes[2] != 'O'))
            return VERDICT_SHORTER;
        verdict = escape_read(bytes + 1, size - 1, into);
        break;
    default:
        verdict = character_read(bytes + 1, size - 1, into);
        break;
    }
    if (verdict == VERDICT_KEY && into->kind <= KEY_FUNCTION)
        into->modifiers |= KEY_ALT;
    return verdict;
}

/* ---- what terminfo knows ---- */

static const struct keys_learned *learned_find(const struct keys *keys, bool whole)
{
    for (size_t i = 0; i < keys->learned_count; i++) {
        const struct keys_learned *learned = &keys->learned[i];
        size_t size = strlen(learned->bytes);
        if ((whole ? size == keys->held_count : size > keys->held_count) &&
            memcmp(learned->bytes, keys->held, keys->held_count) == 0)
            return learned;
    }
    return NULL;
}

static enum verdict held_read(const struct keys *keys, struct key *into)
{
    if (keys->held[0] != ESCAPE)
        return character_read(keys->held, keys->held_count, into);
    const struct keys_learned *learned = learned_find(keys, true);
    if (learned) {
        *into = learned->key;
        return VERDICT_KEY;
    }
    enum verdict verdict = escape_read(keys->held, keys->held_count, into);
    bool may_be = verdict != VERDICT_MORE && verdict != VERDICT_PASTE && learned_find(keys, false);
    return may_be ? VERDICT_MORE : verdict;
}

/* ---- the stream ---- */

void keys_feed(struct keys *keys, const char *bytes, size_t size)
{
    keys->input = bytes;
    keys->left = size;
    if (keys->escape_ended && size >= 2 && (bytes[0] == '[' || bytes[0] == 'O'))
        keys->held[keys->held_count++] = ESCAPE; /* its rest was late */
    if (size > 0)
        keys->escape_ended = false;
}

static void byte_take(struct keys *keys)
{
    keys->held[keys->held_count++] = *keys->input++;
    keys->left--;
}

static void byte_back(struct keys *keys)
{
    keys->input--;
    keys->left++;
}

/* The last byte is read again; of two Escs before it one is the key, and the other still waits. */
static void broken_off(struct keys *keys)
{
    byte_back(keys);
    keys->held_count = keys->held_count == 3 && keys->held[1] == ESCAPE;
}

static bool ground_next(struct keys *keys, struct key *into)
{
    byte_take(keys);
    enum verdict verdict = held_read(keys, into);
    switch (verdict) {
    case VERDICT_MORE:
        if (keys->held_count == KEYS_HELD) {
            keys->state = KEYS_IN_SWALLOW;
            keys->held_count = 0;
            keys->swallowed = 0;
        }
        return false;
    case VERDICT_KEY:
        keys->held_count = 0;
        return true;
    case VERDICT_NOTHING:
        keys->held_count = 0;
        return false;
    case VERDICT_AGAIN:
    case VERDICT_SHORTER:
        broken_off(keys);
        return verdict == VERDICT_SHORTER;
    case VERDICT_PASTE:
        keys->state = KEYS_PASTING;
        keys->held_count = 0;
        return false;
    case VERDICT_STRING:
        byte_back(keys);
        keys->state = KEYS_IN_STRING;
        keys->held_count = 0;
        keys->swallowed = 0;
        return false;
    }
    return false;
}

/* Up to the end of what cannot be anything: BEL, ST, or a byte that ends a sequence. */
static void swallow_next(struct keys *keys)
{
    char byte = *keys->input;
    bool string = keys->state == KEYS_IN_STRING;
    if (string && keys->held_count == 1 && byte != '\\') { /* after an Esc that was no ST */
        keys->state = KEYS_GROUND;                         /* it is held, and begins something */
        return;
    }
    keys->input++;
    keys->left--;
    if (string && byte == ESCAPE) {
        keys->held[keys->held_count++] = ESCAPE;
        return;
    }
    unsigned char is = (unsigned char)byte;
    bool ended =
        string ? is == '\a' || is == 0x18 || keys->held_count == 1 : is < 0x20 || is >= 0x40;
    if (!ended && ++keys->swallowed < KEYS_STRING)
        return;
    keys->state = KEYS_GROUND;
    keys->held_count = 0;
}

static const char PASTE_END[] = "\x1b[201~";

/* A part of what is pasted, up to its end. What looks like the start of the end is held. */
static bool paste_next(struct keys *keys, struct key *into)
{
    const size_t end = sizeof PASTE_END - 1;
    *into = plain(KEY_PASTE, 0, 0);
    while (keys->left > 0 && keys->held_count < end && *keys->input == PASTE_END[keys->held_count])
        byte_take(keys);
    if (keys->held_count == end) {
        keys->held_count = 0;
        keys->state = KEYS_GROUND;
        into->kind = KEY_PASTE_END;
        return true;
    }
    if (keys->left == 0)
        return false;
    if (keys->held_count > 0) { /* it was not the end */
        into->bytes = PASTE_END;
        into->size = keys->held_count;
        keys->held_count = 0;
        return true;
    }
    const char *escape = memchr(keys->input, ESCAPE, keys->left);
    into->bytes = keys->input;
    into->size = escape ? (size_t)(escape - keys->input) : keys->left;
    keys->input += into->size;
    keys->left -= into->size;
    return true;
}

/* Nothing came after what is held. */
static bool timeout_next(struct keys *keys, struct key *into)
{
    bool pasting = keys->state == KEYS_PASTING;
    size_t count = keys->held_count;
    keys->timed_out = false;
    keys->state = KEYS_GROUND;
    keys->held_count = 0;
    if (pasting) { /* somebody pressed Esc because the end of it was lost */
        *into = plain(KEY_PASTE_END, 0, 0);
        return true;
    }
    if (count == 0)
        return false;
    if (keys->held[0] != ESCAPE || (count == 2 && (unsigned char)keys->held[1] >= 0x80)) {
        *into = plain(KEY_INVALID, 0, 0);
        return true;
    }
    *into = plain(KEY_ESCAPE, 0, 0);
    keys->escape_ended = count == 1;
    if (count == 2 && keys->held[1] != ESCAPE)
        *into = plain(KEY_TEXT, KEY_ALT, keys->held[1]);
    return count <= 2;
}

bool keys_next(struct keys *keys, struct key *into)
{
    if (keys->timed_out && timeout_next(keys, into))
        return true;
    while (keys->left > 0) {
        bool found = false;
        switch (keys->state) {
        case KEYS_GROUND:
            found = ground_next(keys, into);
            break;
        case KEYS_PASTING:
            found = paste_next(keys, into);
            break;
        case KEYS_IN_STRING:
        case KEYS_IN_SWALLOW:
            swallow_next(keys);
            break;
        }
        if (found)
            return true;
    }
    return false;
}

unsigned keys_wait(const struct keys *keys)
{
    switch (keys->state) {
    case KEYS_GROUND:
        break;
    case KEYS_PASTING:
        return keys->held_count == 1 ? KEYS_UNFINISHED_MS : 0;
    case KEYS_IN_STRING:
    case KEYS_IN_SWALLOW:
        return KEYS_UNFINISHED_MS;
    }
    if (keys->held_count == 0)
        return 0;
    if (keys->held[0] != ESCAPE || keys->held_count > 2)
        return KEYS_UNFINISHED_MS;
    return keys->held_count == 1 ? KEYS_ESCAPE_MS : KEYS_AMBIGUOUS_MS;
}

void keys_timeout(struct keys *keys)
{
    keys->timed_out = keys_wait(keys) > 0;
}
