/* Names in texts: who is called, and who is not. */
#include "unit.h"

#include "base/alloc.h"
#include "base/sys.h"
#include "core/mention.h"

#include <stdlib.h>
#include <string.h>

static bool mentions(const char *name, const char *text)
{
    char id_words[ID_TEXT];
    struct id id;
    memset(id_words, 'a', sizeof id_words - 1);
    memcpy(id_words, "k7fqabcd", 8);
    id_words[ID_TEXT - 1] = '\0';
    assert_true(id_parse(id_words, &id));
    struct mention mention;
    mention_init(&mention, span_text(name), &id);
    bool result = mention_is(&mention, span_text(text));
    mention_done(&mention);
    return result;
}

static void assert_all(const char *name, const char *const *texts, bool expected)
{
    for (; *texts; texts++)
        if (mentions(name, *texts) != expected)
            fail_msg("%s: %s", name, *texts);
}

static void whole_words_call(void **state)
{
    (void)state;
    const char *const yes[] = {"ana",
                               "Ana!",
                               "hey ana, look",
                               "@ana",
                               "ana: yes",
                               "(ANA)",
                               "ana's",
                               "¿ana?",
                               "«ana»",
                               "for ana.",
                               "ana... hm",
                               "ａｎａ",
                               "bruno/ana: ok",
                               "banana ana",
                               "ana\nbruno",
                               "\tana",
                               "ana~k7fq",
                               "ana~K7FQABCD",
                               "\"ana\"",
                               "*ana*",
                               "hola,ana",
                               "ana→bruno",
                               "👋ana👋",
                               "ana~",
                               "ana @ home",
                               "a-b ana",
                               "…ana…",
                               "花子とana",
                               "anaさん",
                               "ana - eva",
                               "example.org ana",
                               "http://x/y ana",
                               NULL};
    assert_all("ana", yes, true);
}

static void parts_of_words_and_addresses_do_not(void **state)
{
    (void)state;
    const char *const no[] = {"",
                              "banana",
                              "anagram",
                              "ana_",
                              "_ana",
                              "ana2",
                              "2ana",
                              "ana-maria",
                              "maria-ana",
                              "ana@example.org",
                              "me@ana",
                              "ana.example.org",
                              "mail.ana",
                              "http://x.org/ana",
                              "https://ana/x",
                              "www.x.org/ana",
                              "/srv/ana/file",
                              "~/ana",
                              "./ana",
                              "x.org/ana",
                              "ana~zzzz",
                              "ana~k7fz",
                              "ana~k7",
                              "ána",
                              "an a",
                              "anа",
                              "anañ",
                              "mailto:ana",
                              "http://x/?to=ana&b",
                              "ana\u0301",
                              "x ftp://h/a/ana",
                              NULL};
    assert_all("ana", no, false);
}

static void names_of_every_kind(void **state)
{
    (void)state;
    assert_true(mentions("Ana María", "hola ana  maría, ¿qué tal?"));
    assert_true(mentions("Ana María", "ANA MARI\u0301A"));
    assert_true(mentions("ana maría", "ana\u00a0maría"));
    assert_false(mentions("Ana María", "ana maríana"));
    assert_false(mentions("Ana María", "anamaría"));
    assert_true(mentions("Straße", "die STRASSE!"));
    assert_true(mentions("王伟", "我喜欢王伟的歌"));
    assert_true(mentions("花子", "花子さん、おはよう"));
    assert_true(mentions("สมชาย", "ขอบคุณสมชายมาก"));
    assert_true(mentions("이슬", "이슬, 안녕"));
    assert_false(mentions("이슬", "이슬비"));
    assert_true(mentions("c++", "ask c++ about it"));
    assert_true(mentions("-=x=-", "hi -=x=-!"));
    assert_true(mentions("🐱", "look 🐱!"));
    assert_true(mentions("🐱", "look🐱"));
    assert_false(mentions("👨", "look 👨‍👩‍👧"));
    assert_true(mentions("ﬁona", "Fiona?"));
    assert_true(mentions("a\u200bna", "a\u200bna"));
    assert_false(mentions("\u200b", "\u200b x"));
    assert_false(mentions("", "x"));
    assert_true(mentions(" ana ", "ana"));
    assert_true(mentions("joe.b", "hi joe.b."));
    assert_false(mentions("joe", "hi joe.b."));
}

/* Whatever the name is, it is found alone, and any bytes at all are walked to their end. */
static void a_name_is_always_found_by_itself(void **state)
{
    (void)state;
    static const char *const PIECES[] = {"a",      "Z",      " ",      "é", "e\u0301", "ß", "中",
                                         "\u200d", "👩",      "🏽",   "🇪", "~",       "-", "@",
                                         "\xff",   "\u0345", "\ufdfa", "ﬁ", "각",      "ﾞ", "/"};
    struct sys_fake world = {.seed = 11};
    struct sys sys = sys_fake(&world);
    for (int round = 0; round < 20000; round++) {
        char name[256] = "x";
        size_t pieces = sys_random_below(&sys, 8);
        size_t size = 1;
        for (size_t i = 0; i < pieces; i++) {
            const char *piece = PIECES[sys_random_below(&sys, sizeof PIECES / sizeof *PIECES)];
            memcpy(name + size, piece, strlen(piece) + 1);
            size += strlen(piece);
        }
        name[size] = '\0';
        if (strchr(name, '/') && (strchr(name, '/') - name > 2))
            continue; /* looks like an address */
        assert_true(mentions(name, name));
        (void)mentions("x", name);
        (void)mentions(name, "x x x");
    }
}

static void a_long_text_is_no_trap(void **state)
{
    (void)state;
    char *text = xmalloc(4097);
    memset(text, 'a', 4096);
    text[4096] = '\0';
    assert_false(mentions("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", text));
    for (size_t i = 1; i < 4096; i += 2)
        text[i] = ' ';
    assert_false(mentions("a a a a a a a a a a a a a a a b", text));
    for (size_t i = 0; i < 4096; i++)
        text[i] = "/."[i % 2];
    assert_false(mentions("a", text));
    free(text);
}

/* In plain texts letters are looked for first: whoever is found there is who would be found by a
 * closer look, which a word behind them in other letters makes us take. */
static void plain_texts_are_no_exception(void **state)
{
    (void)state;
    static const char letters[] = "aAnN ~.@-'k7f/:";
    uint32_t chance = 1;
    for (int i = 0; i < 20000; i++) {
        char text[40];
        size_t size = 0;
        chance = chance * 1664525u + 1013904223u;
        for (size_t length = chance >> 28; size < length;) {
            chance = chance * 1664525u + 1013904223u;
            text[size++] = letters[(size_t)((uint64_t)chance * (sizeof letters - 1) >> 32)];
        }
        text[size] = '\0';
        bool plain = mentions("Ana", text);
        memcpy(text + size, " \xc3\xa9", 4);
        if (mentions("Ana", text) != plain)
            fail_msg("%s", text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_words_call),
        cmocka_unit_test(parts_of_words_and_addresses_do_not),
        cmocka_unit_test(names_of_every_kind),
        cmocka_unit_test(a_name_is_always_found_by_itself),
        cmocka_unit_test(a_long_text_is_no_trap),
        cmocka_unit_test(plain_texts_are_no_exception),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
