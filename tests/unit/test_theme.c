/* Colours by figures: every text can be read where its theme stands, and where a colour says
 * something that stands in the same place in another colour, every kind of eye tells the two apart.
 *
 * Contrast is WCAG 2's. Eyes are simulated by the matrices of Machado, Oliveira and Fernandes
 * (2009) for the three kinds of dichromacy, and colours compared by their distance in CIELAB, where
 * 2 is the least that anybody sees. The colours past 16 are the same in every terminal; those below
 * are the terminal's own, and so is what a theme leaves to it. */
#include "unit.h"

#include "ui/theme.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct colour {
    double red, green, blue; /* as light: 0 to 1 */
};

static double light_of(int channel)
{
    double part = channel / 255.0;
    return part <= 0.04045 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4);
}

static struct colour colour_of(int red, int green, int blue)
{
    return (struct colour){light_of(red), light_of(green), light_of(blue)};
}

static struct colour colour_number(int number)
{
    static const int steps[] = {0, 95, 135, 175, 215, 255};
    assert_in_range(number, 16, 255);
    if (number >= 232)
        return colour_of(8 + 10 * (number - 232), 8 + 10 * (number - 232), 8 + 10 * (number - 232));
    number -= 16;
    return colour_of(steps[number / 36], steps[number / 6 % 6], steps[number % 6]);
}

/* ---- contrast ---- */

static double luminance(struct colour colour)
{
    return 0.2126 * colour.red + 0.7152 * colour.green + 0.0722 * colour.blue;
}

static double contrast(struct colour a, struct colour b)
{
    double one = luminance(a) + 0.05, other = luminance(b) + 0.05;
    return one > other ? one / other : other / one;
}

/* What a theme may stand on: black and white, and what is as common. */
static const struct ground {
    const char *theme;
    int red, green, blue;
    double least; /* one fixed colour has at most 4.58 on both black and white */
} GROUNDS[] = {
    {"dark", 0, 0, 0, 4.5},
    {"dark", 0x1e, 0x1e, 0x1e, 4.5},
    {"dark", 0x00, 0x2b, 0x36, 4.0},
    {"light", 255, 255, 255, 4.5},
    {"light", 0xfd, 0xf6, 0xe3, 4.0},
    {"default", 0, 0, 0, 3.0},
    {"default", 0x1e, 0x1e, 0x1e, 3.0},
    {"default", 255, 255, 255, 3.0},
    {"default", 0xfd, 0xf6, 0xe3, 3.0},
};

static void every_text_can_be_read(void **state)
{
    (void)state;
    bool fine = true;
    for (size_t i = 0; i < sizeof GROUNDS / sizeof *GROUNDS; i++) {
        const struct ground *ground = &GROUNDS[i];
        const struct theme *theme = theme_find(ground->theme);
        for (int style = 0; style < STYLES; style++) {
            struct look look = theme->many[style];
            if (look.front == COLOUR_NONE || style == STYLE_BORDER)
                continue;
            bool own = look.back != COLOUR_NONE;
            struct colour back = own ? colour_number(look.back)
                                     : colour_of(ground->red, ground->green, ground->blue);
            double has = contrast(colour_number(look.front), back);
            double least = own ? 4.5 : ground->least;
            if (has < least)
                print_message("%s: style %d has %.2f on #%02x%02x%02x, not %.1f\n", ground->theme,
                              style, has, ground->red, ground->green, ground->blue, least);
            fine = fine && has >= least;
        }
    }
    assert_true(fine);
}

/* A line between two parts may be faint, but is there. */
static void a_border_is_seen(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof GROUNDS / sizeof *GROUNDS; i++) {
        const struct ground *ground = &GROUNDS[i];
        struct look look = theme_find(ground->theme)->many[STYLE_BORDER];
        assert_true(contrast(colour_number(look.front),
                             colour_of(ground->red, ground->green, ground->blue)) > 1.5);
    }
}

/* ---- eyes ---- */

enum { EYES = 4 };
static const char *const EYE_NAMES[EYES] = {"all cones", "no red", "no green", "no blue"};
static const double EYE[EYES][3][3] = {
    {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
    {{0.152286, 1.052583, -0.204868},
     {0.114503, 0.786281, 0.099216},
     {-0.003882, -0.048116, 1.051998}},
    {{0.367322, 0.860646, -0.227968},
     {0.280085, 0.672501, 0.047413},
     {-0.011820, 0.042940, 0.968881}},
    {{1.255528, -0.076749, -0.178779},
     {-0.078411, 0.930809, 0.147602},
     {0.004733, 0.691367, 0.303900}},
};

static double part_seen(const double row[3], struct colour colour)
{
    double sum = row[0] * colour.red + row[1] * colour.green + row[2] * colour.blue;
    return sum < 0 ? 0 : sum > 1 ? 1 : sum;
}

static struct colour colour_seen(int eye, struct colour colour)
{
    return (struct colour){part_seen(EYE[eye][0], colour), part_seen(EYE[eye][1], colour),
                           part_seen(EYE[eye][2], colour)};
}

static double lab_curve(double part)
{
    return part > 216.0 / 24389 ? cbrt(part) : (24389.0 / 27 * part + 16) / 116;
}

static void lab_of(struct colour c, double into[3])
{
    double x = (0.4124564 * c.red + 0.3575761 * c.green + 0.1804375 * c.blue) / 0.95047;
    double y = 0.2126729 * c.red + 0.7151522 * c.green + 0.0721750 * c.blue;
    double z = (0.0193339 * c.red + 0.1191920 * c.green + 0.9503041 * c.blue) / 1.08883;
    into[0] = 116 * lab_curve(y) - 16;
    into[1] = 500 * (lab_curve(x) - lab_curve(y));
    into[2] = 200 * (lab_curve(y) - lab_curve(z));
}

static double distance(int eye, int a, int b)
{
    double one[3], other[3];
    lab_of(colour_seen(eye, colour_number(a)), one);
    lab_of(colour_seen(eye, colour_number(b)), other);
    return sqrt(pow(one[0] - other[0], 2) + pow(one[1] - other[1], 2) + pow(one[2] - other[2], 2));
}

/* What stands in the same place and means different things. The first ones a sign or a word tells
 * apart as well; people are told apart by their names. */
static const struct {
    enum style a, b;
    double least; /* for whatever eyes */
} PAIRS[] = {
    {STYLE_INPUT, STYLE_INPUT_WHISPER, 20}, /* → or ⇒: what is meant for one goes to all */
    {STYLE_INPUT, STYLE_INPUT_GUEST, 20},
    {STYLE_INPUT_WHISPER, STYLE_INPUT_GUEST, 20},
    {STYLE_HERE, STYLE_AWAY, 20}, /* ● ◐ ○ */
    {STYLE_AWAY, STYLE_GONE, 20},
    {STYLE_HERE, STYLE_GONE, 9},
    {STYLE_SENT, STYLE_GOT, 9},     /* ✓ 6/7, ✓ */
    {STYLE_QUIET, STYLE_ERROR, 20}, /* hints, and what went wrong */
    {STYLE_UNREAD, STYLE_CALLING, 20},
    {STYLE_HIT, STYLE_HIT_AT, 20},
    {STYLE_SPEAKER, STYLE_SPEAKER + 1, 9},
    {STYLE_SPEAKER, STYLE_SPEAKER + 2, 9},
    {STYLE_SPEAKER, STYLE_SPEAKER + 3, 9},
    {STYLE_SPEAKER, STYLE_SPEAKER + 4, 9},
    {STYLE_SPEAKER, STYLE_SPEAKER_LAST, 9},
    {STYLE_SPEAKER + 1, STYLE_SPEAKER + 2, 9},
    {STYLE_SPEAKER + 1, STYLE_SPEAKER + 3, 9},
    {STYLE_SPEAKER + 1, STYLE_SPEAKER + 4, 9},
    {STYLE_SPEAKER + 1, STYLE_SPEAKER_LAST, 9},
    {STYLE_SPEAKER + 2, STYLE_SPEAKER + 3, 9},
    {STYLE_SPEAKER + 2, STYLE_SPEAKER + 4, 9},
    {STYLE_SPEAKER + 2, STYLE_SPEAKER_LAST, 9},
    {STYLE_SPEAKER + 3, STYLE_SPEAKER + 4, 9},
    {STYLE_SPEAKER + 3, STYLE_SPEAKER_LAST, 9},
    {STYLE_SPEAKER + 4, STYLE_SPEAKER_LAST, 9},
};

static int shown_colour(struct look look)
{
    return look.back == COLOUR_NONE ? look.front : look.back;
}

static void every_eye_tells_them_apart(void **state)
{
    (void)state;
    static const char *const themes[] = {"default", "dark", "light"};
    bool fine = true;
    for (size_t t = 0; t < sizeof themes / sizeof *themes; t++) {
        const struct look *looks = theme_find(themes[t])->many;
        for (size_t i = 0; i < sizeof PAIRS / sizeof *PAIRS; i++)
            for (int eye = 0; eye < EYES; eye++) {
                int a = shown_colour(looks[PAIRS[i].a]), b = shown_colour(looks[PAIRS[i].b]);
                double has = distance(eye, a, b);
                if (has < PAIRS[i].least)
                    print_message(
                        "%s: %d and %d (styles %d, %d) are %.0f apart with %s, not %.0f\n",
                        themes[t], a, b, (int)PAIRS[i].a, (int)PAIRS[i].b, has, EYE_NAMES[eye],
                        PAIRS[i].least);
                fine = fine && has >= PAIRS[i].least;
            }
    }
    assert_true(fine);
}

/* ---- no colours, or eight ---- */

static bool look_is(struct look a, struct look b)
{
    return a.front == b.front && a.back == b.back && a.attributes == b.attributes;
}

/* Where Enter goes, what calls, what is chosen: attributes say it where there are no colours. */
static void mono_needs_no_colour(void **state)
{
    (void)state;
    static const enum style told[][2] = {
        {STYLE_INPUT, STYLE_INPUT_WHISPER},
        {STYLE_INPUT, STYLE_INPUT_GUEST},
        {STYLE_INPUT_WHISPER, STYLE_INPUT_GUEST},
        {STYLE_UNREAD, STYLE_CALLING},
        {STYLE_TEXT, STYLE_MENTION},
        {STYLE_TEXT, STYLE_SELECTED},
        {STYLE_MENU, STYLE_MENU_SELECTED},
        {STYLE_HIT, STYLE_HIT_AT},
        {STYLE_TEXT, STYLE_ERROR},
        {STYLE_TEXT, STYLE_OPEN},
        {STYLE_TEXT, STYLE_BAR},
        {STYLE_TEXT, STYLE_LINK},
    };
    const struct theme *mono = theme_find("mono");
    for (int style = 0; style < STYLES; style++)
        assert_true(mono->many[style].front == COLOUR_NONE &&
                    mono->many[style].back == COLOUR_NONE);
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        assert_false(look_is(mono->many[told[i][0]], mono->many[told[i][1]]));
        for (size_t t = 0; theme_at(t); t++) {
            assert_false(look_is(theme_at(t)->none[told[i][0]], theme_at(t)->none[told[i][1]]));
            assert_false(look_is(theme_at(t)->eight[told[i][0]], theme_at(t)->eight[told[i][1]]));
        }
    }
}

/* Never red against green, nor blue on black: many see neither. */
static void eight_leave_out_what_many_do_not_see(void **state)
{
    (void)state;
    enum { RED = 1, GREEN = 2, BLUE = 4 };
    for (size_t t = 0; theme_at(t); t++)
        for (int style = 0; style < STYLES; style++) {
            struct look look = theme_at(t)->eight[style];
            assert_true(look.front != RED && look.front != GREEN && look.front != BLUE);
            assert_true(look.back != RED && look.back != GREEN);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_text_can_be_read),
        cmocka_unit_test(a_border_is_seen),
        cmocka_unit_test(every_eye_tells_them_apart),
        cmocka_unit_test(mono_needs_no_colour),
        cmocka_unit_test(eight_leave_out_what_many_do_not_see),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
