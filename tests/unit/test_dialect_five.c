/* Each of the five, called by it and calling it, as DIALECTS.md has them. Every story is told three
 * times, in chunks of different sizes. */
#include "guest_rig.h"

static struct guest_word word_of(enum guest_word_kind kind, const char *who, const char *text)
{
    struct guest_word word = rig_word(who, text);
    word.kind = kind;
    return word;
}

/* ---- dated ---- */

static void dated_is_answered_at_once(void **state)
{
    struct rig *rig = rig_caller(state);
    rig->now.zone_s = -18000;
    rig_hear(rig, "2025-10-20 11:30:45: Hola: mundo");
    rig_is(rig, "known dated\nsaid at 1760977845000: Hola: mundo\n"
                "> Mensaje recibido a las 2025-10-20 11:40:46\n");
    assert_false(rig_say(rig, "bea", "x")); /* it reads its answer, and nothing else */
    rig_wait(rig, 100);
    rig_hear(rig, "2025-10-20 11:31:00: otra\nDe ('10.0.0.9', 1): falsa\n");
    rig_is(rig, "said at 1760977860000: otra De ('10.0.0.9', 1): falsa \n"
                "> Mensaje recibido a las 2025-10-20 11:40:46\n");
    rig_wait(rig, 100);
    rig_hear(rig, "sin fecha");
    rig_is(rig, "said: sin fecha\n> Mensaje recibido a las 2025-10-20 11:40:46\n");
    rig_end(rig);
    rig_is(rig, "left\n");
    rig_free(rig);
}

static struct rig *dated_called(void **state)
{
    struct rig *rig = rig_new(
        *(size_t *)*state,
        &(struct guest_config){.role = GUEST_CALLED, .dialect = &dialect_dated, .port = 5555});
    rig_is(rig, "");
    assert_true(guest_hears(rig->guest));
    return rig;
}

static void dated_is_called_for_each_word(void **state)
{
    struct rig *rig = dated_called(state);
    struct guest_word word = rig_word("ana", "uno\ndos");
    word.id = 7;
    assert_true(rig_tell(rig, word));
    word.text = span_text("tres");
    word.id = 8;
    assert_true(rig_tell(rig, word));
    rig_is(rig, "dial\n");
    rig_wait(rig, 20000);
    rig_is(rig, "");
    guest_up(rig->guest, rig->now);
    rig_is(rig, "> 2025-10-20 16:40:45: ana: uno dos\n"
                "sent: 2025-10-20 16:40:45: ana: uno dos\n");
    rig_hear(rig, "Mensaje recibido a las 2025-10-20 16:40:46");
    rig_is(rig, "known dated\ndelivered 7\nhang up 0\n");
    rig_end(rig);
    rig_is(rig, "dial\n");
    guest_up(rig->guest, rig->now);
    rig_wait(rig, GUEST_PACE_MS);
    rig_is(rig, "> 2025-10-20 16:40:45: ana: tres\nsent: 2025-10-20 16:40:45: ana: tres\n");
    rig_hear(rig, "Mensaje recibido a las 2025-10-20 16:40:46");
    rig_is(rig, "delivered 8\nhang up 0\n");
    rig_end(rig);
    rig_wait(rig, 100000);
    rig_is(rig, "");
    /* for them alone our own user needs no name: the address is ours */
    word = word_of(WORD_PRIVATE, "ana", "sólo tú");
    word.own = true;
    assert_true(rig_tell(rig, word));
    guest_up(rig->guest, rig->now);
    rig_is(rig, "dial\n> 2025-10-20 16:40:45: sólo tú\nsent: 2025-10-20 16:40:45: sólo tú\n");
    /* and nobody is told who comes and goes: it would be a call each time */
    assert_false(rig_tell(rig, word_of(WORD_JOINED, "bea", "")));
    rig_free(rig);
}

static void what_dated_did_not_answer_is_kept(void **state)
{
    struct rig *rig = dated_called(state);
    struct guest_word word = rig_word("ana", "uno");
    word.id = 1;
    assert_true(rig_tell(rig, word));
    rig_is(rig, "dial\n");
    rig_end(rig); /* nobody is there */
    rig_is(rig, "failed 1\n");
    rig_wait(rig, 1000000);
    rig_is(rig, ""); /* nothing is tried by itself */
    guest_retry(rig->guest, rig->now);
    rig_is(rig, "dial\n");
    guest_up(rig->guest, rig->now);
    rig_is(rig, "> 2025-10-20 16:40:45: ana: uno\nsent: 2025-10-20 16:40:45: ana: uno\n");
    rig_hear(rig, "Mensaje de otra cosa");
    rig_is(rig, "");
    rig_wait(rig, GUEST_ANSWER_MS);
    rig_is(rig, "hang up 4\n");
    rig_end(rig);
    rig_is(rig, ""); /* that it failed was said */
    assert_int_equal(guest_waiting(rig->guest), 1);
    /* a new word tries again, and all that waits goes in order */
    word.text = span_text("dos");
    word.id = 2;
    assert_true(rig_tell(rig, word));
    rig_is(rig, "dial\n");
    guest_up(rig->guest, rig->now);
    rig_is(rig, "> 2025-10-20 16:40:45: ana: uno\nsent: 2025-10-20 16:40:45: ana: uno\n");
    rig_end(rig); /* reset before the answer */
    rig_is(rig, "failed 2\n");
    guest_retry(rig->guest, rig->now);
    guest_up(rig->guest, rig->now);
    rig_wait(rig, GUEST_PACE_MS);
    rig_is(rig, "dial\n> 2025-10-20 16:40:45: ana: uno\nsent: 2025-10-20 16:40:45: ana: uno\n");
    rig_feed(rig, "Mensaje recibido a las 2025-10-20 16:40:46", 42);
    rig_end(rig); /* the answer and the end in one moment */
    rig_is(rig, "known dated\ndelivered 1\nhang up 0\ndial\n");
    guest_up(rig->guest, rig->now);
    rig_wait(rig, GUEST_PACE_MS);
    rig_is(rig, "> 2025-10-20 16:40:45: ana: dos\nsent: 2025-10-20 16:40:45: ana: dos\n");
    rig_end(rig);
    rig_is(rig, "failed 2\nleft\n");
    guest_leave(rig->guest, rig->now);
    guest_retry(rig->guest, rig->now);
    rig_is(rig, "");
    rig_free(rig);
}

static void a_long_word_has_one_receipt(void **state)
{
    struct rig *rig = dated_called(state);
    char text[2001];
    memset(text, 'x', 2000);
    text[2000] = '\0';
    struct guest_word word = rig_word("ana", text);
    word.id = 5;
    assert_true(rig_tell(rig, word));
    for (int i = 0; i < 3; i++) {
        rig_wait(rig, GUEST_PACE_MS);
        guest_up(rig->guest, rig->now);
        rig_drain(rig);
        rig->used = 0;
        rig_hear(rig, "Mensaje recibido a las 2025-10-20 16:40:46");
        rig_is(rig, i == 0   ? "known dated\nhang up 0\n"
                    : i == 2 ? "delivered 5\nhang up 0\n"
                             : "hang up 0\n");
        rig_end(rig);
    }
    rig_is(rig, "");
    rig_free(rig);
}

/* A program that was stopped for so long has the answer, and has not read it. */
static void an_answer_that_lay_there_is_no_silence(void **state)
{
    struct rig *rig = dated_called(state);
    struct guest_word word = rig_word("ana", "uno");
    word.id = 1;
    assert_true(rig_tell(rig, word));
    guest_up(rig->guest, rig->now);
    rig_is(rig, "dial\n> 2025-10-20 16:40:45: ana: uno\nsent: 2025-10-20 16:40:45: ana: uno\n");
    rig->now.mono_ms += (uint64_t)GUEST_ANSWER_MS * 2;
    word.text = span_text("dos"); /* somebody speaks before its socket has its turn */
    word.id = 2;
    assert_true(rig_tell(rig, word));
    rig_hear(rig, "Mensaje recibido a las 2025-10-20 16:40:46");
    rig_is(rig, "known dated\ndelivered 1\nhang up 0\n");
    rig_free(rig);
}

static void dated_owes_no_receipt_of_what_nobody_waits_for(void **state)
{
    struct rig *rig = dated_called(state);
    assert_true(rig_say(rig, "ana", "uno")); /* of no word that is asked for again */
    rig_is(rig, "dial\n");
    rig_end(rig);
    rig_is(rig, "left\n"); /* nobody is told which word it was: that nobody is there, is */
    assert_true(rig_say(rig, "ana", "dos"));
    guest_up(rig->guest, rig->now);
    rig->closed = true; /* nothing was said yet: what comes answers nothing */
    rig_hear(rig, "Mensaje recibido a las 2025-10-20 16:40:46");
    rig->closed = false;
    rig_is(rig, "dial\n> 2025-10-20 16:40:45: ana: uno\nsent: 2025-10-20 16:40:45: ana: uno\n");
    rig_hear(rig, "Mensaje recibido a las 2025-10-20 16:40:46");
    rig_is(rig, "known dated\nhang up 0\n");
    assert_int_equal(guest_waiting(rig->guest), 1);
    rig_free(rig);
    rig = dated_called(state); /* and a word of several messages failed once */
    char text[2001];
    memset(text, 'x', 2000);
    text[2000] = '\0';
    struct guest_word word = rig_word("ana", text);
    word.id = 5;
    assert_true(rig_tell(rig, word));
    rig_end(rig);
    rig_is(rig, "dial\nfailed 5\n");
    rig_free(rig);
    /* a date and nothing behind it is answered, and says nothing */
    rig = rig_caller(state);
    rig_hear(rig, "2025-10-20 11:30:45: ");
    rig_is(rig, "known dated\n> Mensaje recibido a las 2025-10-20 16:40:46\n");
    rig_free(rig);
}

/* ---- named ---- */

static void named_asks_and_talks(void **state)
{
    struct rig *rig = rig_caller(state);
    rig_hear(rig, "--NAME");
    rig_hear(rig, "--co");
    rig_is(rig, "> ana\n");
    rig_wait(rig, GUEST_PACE_MS);
    rig_hear(rig, "--hb");
    rig_is(rig, "> --hb\n");
    rig_wait(rig, 10000);
    rig_is(rig, "");
    rig_hear(rig, "hola");
    rig_is(rig, "known named\nsaid: hola\n");
    assert_false(rig_say(rig, "bea", "x")); /* it never reads what it called */
    rig_end(rig);
    rig_is(rig, "left\n");
    rig_free(rig);
    /* one that talked before it asked */
    rig = rig_caller(state);
    rig_hear(rig, "hola");
    rig_hear(rig, "--name");
    rig_hear(rig, "sigo");
    rig_is(rig, "known plain\nsaid: hola\nknown named\n> ana\nsaid: sigo\n");
    rig_free(rig);
}

static void named_is_called(void **state)
{
    struct rig *rig = rig_called(state, &dialect_named, 9999);
    rig_is(rig, "> --name\n");
    rig_hear(rig, "Criss");
    rig_is(rig, "known named <Criss>\n");
    assert_true(guest_spreads(rig->guest));
    assert_false(rig_tell(rig, word_of(WORD_PRIVATE, "bea", "secreto")));
    assert_true(rig_say(rig, "bea", "--name"));
    rig_wait(rig, GUEST_PACE_MS);
    rig_is(rig, "> bea: --name\n");
    rig_hear(rig, "--hb"); /* answering it could go on for ever */
    rig_hear(rig, "de otro");
    rig_is(rig, "said: de otro\n");
    rig_end(rig);
    rig_is(rig, "left\n");
    rig_free(rig);
    rig = rig_called(state, &dialect_named, 9999);
    rig_wait(rig, GUEST_LISTEN_MS);
    rig_is(rig, "> --name\nknown named <Anonimo>\n");
    rig_free(rig);
}

/* ---- join ---- */

static void join_has_a_server(void **state)
{
    struct rig *rig = rig_caller(state);
    rig_wait(rig, 1000);
    rig_is(rig, "listens\n> ana|hola\n");
    rig_hear(rig, "JOIN Carlos");
    rig_is(rig, "asks <Carlos>\n");
    rig_hear(rig, "MSG antes de tiempo");
    rig_is(rig, "");
    assert_false(rig_say(rig, "bea", "not in yet"));
    guest_named(rig->guest, rig->now, span_of(NULL, 0));
    rig_is(rig, "> Ese nombre no está libre. Envía JOIN con otro nombre.\n");
    rig_wait(rig, GUEST_PACE_MS);
    rig_is(rig, "> Primero únete: JOIN nombre. Después MSG texto, WHO, y EXIT para salir.\n");
    rig_hear(rig, "JOIN Carlos2");
    guest_named(rig->guest, rig->now, span_text("Carlos2"));
    rig_wait(rig, GUEST_PACE_MS);
    rig_is(rig, "asks <Carlos2>\nknown join <Carlos2>\n"
                "> Te uniste como Carlos2. Esta conexión no está cifrada. WHO dice quién está, y "
                "MSG @nombre texto es para una sola persona.\n");
    rig_hear(rig, "MSG Hola a todos");
    rig_hear(rig, "MSG @bea sólo tú");
    rig_hear(rig, "MSG @");
    rig_hear(rig, "MSG @bea");
    rig_hear(rig, "MSG ");
    rig_hear(rig, "MSG");
    rig_hear(rig, "MSG MSG dos");
    rig_hear(rig, "suelto");
    rig_is(rig, "said <Carlos2>: Hola a todos\nprivate <bea>: sólo tú\nsaid <Carlos2>: @\n"
                "said <Carlos2>: @bea\nsaid <Carlos2>: MSG dos\nsaid <Carlos2>: suelto\n");
    rig_hear(rig, "JOIN otra");
    rig_wait(rig, GUEST_PACE_MS);
    rig_is(rig, "> Ya estás en el chat como Carlos2.\n");
    rig_hear(rig, "EXIT");
    rig_is(rig, "hang up 0\n");
    rig_end(rig);
    rig_is(rig, "left\n");
    rig_free(rig);
}

static struct rig *join_in(void **state)
{
    struct rig *rig = rig_caller(state);
    rig_hear(rig, "JOIN eva");
    guest_named(rig->guest, rig->now, span_text("eva"));
    rig_wait(rig, 1000);
    rig->used = 0;
    return rig;
}

static void join_hears_lines_for_people(void **state)
{
    struct rig *rig = join_in(state);
    struct span people[40];
    assert_true(rig_say(rig, "bea: ana", "hola"));
    assert_true(rig_tell(rig, word_of(WORD_ACT, "bea", "saluda")));
    assert_true(rig_tell(rig, word_of(WORD_PRIVATE, "bea", "sólo tú")));
    assert_true(rig_tell(rig, word_of(WORD_JOINED, "caro\nEVA", "")));
    assert_true(rig_tell(rig, word_of(WORD_LEFT, "caro", "")));
    assert_true(rig_tell(rig, word_of(WORD_NOTICE, "ana", "aviso")));
    assert_true(rig_tell(rig, word_of(WORD_RING, "bea", "")));
    rig_wait(rig, 1000);
    rig_is(rig, "> bea; ana: hola\n> bea: *saluda*\n> bea (privado): sólo tú\n"
                "> caro<U+000A>EVA se unió al chat\n> caro salió del chat\n> * aviso\n"
                "> bea: Estás siendo llamado desde 10.0.0.1\n");
    rig_hear(rig, "WHO");
    rig_is(rig, "who\n");
    people[0] = span_text("ana");
    people[1] = span_text("bea: x");
    guest_people(rig->guest, rig->now, people, 2);
    rig_is(rig, "> Aquí están (2): ana, bea; x.\n");
    char long_name[101];
    memset(long_name, 'n', 100);
    long_name[100] = '\0';
    for (size_t i = 0; i < 40; i++)
        people[i] = span_text(long_name);
    guest_people(rig->guest, rig->now, people, 40);
    rig_wait(rig, 1000);
    size_t count = 0;
    for (size_t i = 0; i < rig->used; i++)
        count += rig->log[i] == 'n' && rig->log[i + 1] != 'n';
    assert_int_equal(count, 41); /* Aquí está[n], and forty */
    rig_free(rig);
}

static void what_join_sent_at_once_is_told_apart(void **state)
{
    struct rig *rig = rig_caller(state);
    rig_hear(rig, "JOIN evaMSG hola");
    rig_is(rig, "asks <eva>\n");
    guest_named(rig->guest, rig->now, span_text("eva~x"));
    rig_drain(rig);
    rig->log[rig->used] = '\0';
    assert_non_null(strstr(rig->log, "known join <eva~x>\nsaid <eva~x>: hola\n"));
    rig_free(rig);
    rig = rig_caller(state);
    rig_hear(rig, "JOIN eva\nMSG uno\nMSG dos\nEXIT\nMSG nunca\n");
    rig_is(rig, "asks <eva>\n");
    guest_named(rig->guest, rig->now, span_text("eva"));
    rig_drain(rig);
    rig->log[rig->used] = '\0';
    assert_non_null(strstr(rig->log, "said <eva>: uno\nsaid <eva>: dos\nhang up 0\n"));
    assert_null(strstr(rig->log, "nunca"));
    rig_free(rig);
    rig = rig_caller(state);
    rig_hear(rig, "JOIN");
    rig_is(rig, "> Primero únete: JOIN nombre. Después MSG texto, WHO, y EXIT para salir.\n");
    rig_end(rig);
    rig_is(rig, ""); /* it was nobody yet */
    rig_free(rig);
}

static void an_unanswered_name_keeps_little(void **state)
{
    struct rig *rig = rig_caller(state);
    rig_hear(rig, "JOIN eva");
    for (int i = 0; i < 3000; i++)
        rig_hear(rig, "MSG x");
    rig_is(rig, "asks <eva>\ncut flood\n");
    rig_free(rig);
}

static void join_is_called(void **state)
{
    struct rig *rig = rig_called(state, &dialect_join, 5000);
    rig_is(rig, "known join\n> JOIN ana\n");
    struct guest_word word = rig_word("ana", "hola");
    word.own = true;
    assert_true(rig_tell(rig, word));
    assert_true(rig_say(rig, "bea", "EXIT"));
    assert_true(rig_tell(rig, word_of(WORD_LEFT, "bea", "")));
    assert_false(rig_tell(rig, word_of(WORD_PRIVATE, "bea", "secreto")));
    rig_wait(rig, 1000);
    rig_is(rig, "> MSG hola\n> MSG bea: EXIT\n> MSG bea salió del chat\n");
    static const struct {
        const char *line, *event;
    } cases[] = {
        {"carlos: hola", "said <carlos>: hola\n"},
        {"carlos: a: b", "said <carlos>: a: b\n"},
        {"carlos se unió al chat", "joined <carlos>: carlos se unió al chat\n"},
        {"(づ｡◕‿‿◕｡)づ Carlos se unió al chat ✧*｡", "joined <Carlos>"},
        {"ヽ(^o^)ノ Ana María se unió al chat ヽ(^o^)ノ", "joined <Ana María>"},
        {"Núñez_7 (╥﹏╥) salió del chat (╥﹏╥)", "gone <Núñez_7>"},
        {"( ^ _ ^ ) x salió del chat", "gone <x>"},
        {"ಠ_ಠ salió del chat", "said: ಠ_ಠ salió del chat\n"},
        {"carlos: bea salió del chat", "said <carlos>: bea salió del chat\n"},
        {"x se unió al chat ✧eva: hola",
         "joined <x>: x se unió al chat ✧eva: hola\nsaid: ✧eva: hola\n"},
        {"bienvenidos", "said: bienvenidos\n"},
        {": x", "said: : x\n"},
        {"nadie: ", "said: nadie: \n"},
        {"bea: \xcc\x81x", "said <bea>: \xe2\x97\x8c\xcc\x81x\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rig_hear(rig, cases[i].line);
        rig_wait(rig, 100);
        rig->log[rig->used] = '\0';
        if (strncmp(rig->log, cases[i].event, strlen(cases[i].event)) != 0)
            fail_msg("%s became %s", cases[i].line, rig->log);
        rig->used = 0;
    }
    guest_leave(rig->guest, rig->now);
    rig_is(rig, "> EXIT\nhang up 0\n");
    rig_end(rig);
    rig_is(rig, "left\n");
    rig_free(rig);
}

/* What is drawn around a name is no part of it, whatever letters it is drawn with. */
static void a_notice_is_read_to_the_letter(void **state)
{
    static const struct {
        const char *line, *event;
    } cases[] = {
        {"Jose\xcc\x81 se unió al chat", "joined <Jose\xcc\x81>"},
        {"[x se unió al chat", "said: [x se"}, /* a name and what is no letter are no word */
        {"{x salió del chat", "said: {x sali"},
        {"=x salió del chat", "said: =x sali"},
        {"a\xc3\x97o salió del chat", "said: a\xc3\x97o sali"}, /* a cross, and a division */
        {"a\xc3\xb7o salió del chat", "said: a\xc3\xb7o sali"},
        {"\xc2\xbfx salió del chat", "said: \xc2\xbfx sali"},
        {"\xc9\x90\xca\x87 salió del chat", "said: \xc9\x90"}, /* arms of kaomoji */
        {"\xcd\xb0x salió del chat", "said: \xcd\xb0x"},
        {"._. salió del chat", "said: ._. sali"},
        {"._. Bea ._. salió del chat", "gone <Bea>"},
        {"Bea   Luz salió del chat", "gone <Bea   Luz>"},
        {"se unió al chat", "said: se uni"},
        {"0123456789012345678901234567890123456789012345678901234567890123x salió del chat",
         "said: 0123"},
        {"0123456789012345678901234567890123456789012345678901234567890123x: hola", "said: 0123"},
    };
    struct rig *rig = rig_called(state, &dialect_join, 5000);
    rig_is(rig, "known join\n> JOIN ana\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rig_hear(rig, cases[i].line);
        rig_wait(rig, 100);
        rig->log[rig->used] = '\0';
        if (strncmp(rig->log, cases[i].event, strlen(cases[i].event)) != 0)
            fail_msg("%s became %s", cases[i].line, rig->log);
        rig->used = 0;
    }
    rig_free(rig);
    rig = rig_caller(state); /* a name that is a command is one all the same */
    rig_hear(rig, "JOIN MSG luz");
    rig_is(rig, "asks <MSG luz>\n");
    rig_free(rig);
}

/* ---- neighbour ---- */

static void neighbour_calls(void **state)
{
    struct rig *rig = rig_caller(state);
    rig_wait(rig, GUEST_SILENCE_MS);
    rig_is(rig, "listens\n> ana|hola\n");
    rig_hear(rig, "Vecino 7");
    rig_is(rig, "known neighbour <Vecino 7>\n");
    rig_hear(rig, "Vecino 8");
    rig_hear(rig, "Estás siendo llamado desde 10.0.0.7");
    rig_is(rig, "said: Vecino 8\nrings: Estás siendo llamado desde 10.0.0.7\n");
    assert_true(rig_say(rig, "bea", "hola"));
    assert_true(rig_tell(rig, word_of(WORD_RING, "bea", "")));
    rig_wait(rig, 1000);
    rig_is(rig, "> bea: hola\n> Estás siendo llamado desde 10.0.0.1\n");
    rig_end(rig);
    rig_is(rig, "left\n");
    rig_free(rig);
    /* one that was connected by hand has no name, until it rings */
    rig = rig_caller(state);
    rig_hear(rig, "hola");
    rig_hear(rig, "Estás siendo llamado desde 10.0.0.7");
    rig_is(rig, "known plain\nsaid: hola\nknown neighbour\n"
                "rings: Estás siendo llamado desde 10.0.0.7\n");
    rig_free(rig);
}

static void neighbour_is_called(void **state)
{
    struct rig *rig = rig_called(state, &dialect_neighbour, 9999);
    rig_wait(rig, 10);
    rig_hear(rig, "Vecino 3");
    rig_is(rig, "known neighbour\n");
    rig_hear(rig, "hola");
    rig_is(rig, "said: hola\n");
    assert_true(rig_tell(rig, word_of(WORD_PRIVATE, "bea", "x")));
    rig_is(rig, "> bea (privado): x\n");
    rig_free(rig);
    rig = rig_called(state, &dialect_neighbour, 9999);
    rig_wait(rig, GUEST_LISTEN_MS);
    rig_hear(rig, "hola");
    rig_is(rig, "known neighbour\nsaid: hola\n");
    rig_free(rig);
}

/* ---- piped ---- */

static void piped_calls_and_is_called(void **state)
{
    for (int called = 0; called < 2; called++) {
        struct rig *rig = called ? rig_called(state, &dialect_piped, 9000) : rig_caller(state);
        rig_hear(rig, "localhost:9001|hola | mundo");
        rig_is(rig, called ? "known piped\nsaid <localhost:9001>: hola | mundo\n"
                           : "known piped <localhost:9001>\nsaid <localhost:9001>: hola | mundo\n");
        rig_hear(rig, "localhost:9002|de lejos");
        rig_hear(rig, "sin barra");
        rig_hear(rig, "x| ");
        rig_is(rig, "said <localhost:9002>: de lejos\nsaid: sin barra\n");
        assert_true(rig_say(rig, "Bea|M x", "a|b\nc"));
        assert_true(rig_tell(rig, word_of(WORD_JOINED, "caro", "")));
        assert_true(rig_tell(rig, word_of(WORD_NOTICE, "ana", "aviso")));
        assert_false(rig_tell(rig, word_of(WORD_PRIVATE, "bea", "secreto")));
        assert_true(rig_tell(rig, word_of(WORD_RING, "bea", "")));
        rig_wait(rig, 1000);
        rig_is(rig, "> Bea/M_x|a|b\n> Bea/M_x|c\n> caro|entrou no chat\n> ana|* aviso\n"
                    "> bea|Estás siendo llamado desde 10.0.0.1\n");
        guest_relay(rig->guest, rig->now, span_text("de otro:1|tal  cual"));
        guest_relay(rig->guest, rig->now, span_text("sin barra"));
        rig_wait(rig, 1000);
        rig_is(rig, "> de otro:1|tal  cual\n");
        rig_end(rig);
        rig_is(rig, "left\n");
        rig_free(rig);
    }
}

static void what_piped_sent_at_once_is_told_apart(void **state)
{
    struct rig *rig = rig_caller(state);
    rig_hear(rig, "a:1|unoa:1|dos");
    rig_is(rig, "known piped <a:1>\nsaid <a:1>: uno\nsaid <a:1>: dos\n");
    rig_hear(rig, "b:22|x | y|z");
    rig_hear(rig, "2|corto");
    rig_is(rig, "said <b:22>: x | y|z\nsaid <2>: corto\n");
    rig_hear(rig, "a:1|tresb:22|cuatrobea|cincoa:1|");
    rig_is(rig, "said <a:1>: tres\nsaid <b:22>: cuatrobea|cinco\n");
    assert_true(rig_say(rig, "bea", "x"));
    rig_is(rig, "> bea|x\n");
    rig_hear(rig, "a:1|seisbea|siete");
    rig_is(rig, "said <a:1>: seis\nsaid <bea>: siete\n");
    /* a name may begin with what goes with the bar before it: Thai sara am */
    rig_hear(rig, "\u0e33y|ocho");
    rig_hear(rig, "a:1|\u0e33y|nueve");
    rig_is(rig, "said <\u0e33y>: ocho\nsaid <\u0e33y>: nueve\n");
    /* and each of them counts, however many come at once */
    rig_wait(rig, 10000);
    char flood[1001];
    for (size_t i = 0; i + 5 <= sizeof flood; i += 5)
        memcpy(flood + i, "a:1|x", 6);
    for (int i = 0; i < 10; i++) {
        rig_hear(rig, flood);
        rig_wait(rig, 50);
    }
    size_t said = 0;
    rig->log[rig->used] = '\0';
    for (const char *at = rig->log; (at = strstr(at, "said")); at++)
        said++;
    assert_in_range(said, 100, 115);
    assert_non_null(strstr(rig->log, "cut flood"));
    rig_wait(rig, 10000);
    /* no more names than there is room for are remembered */
    for (int i = 0; i < 100; i++) {
        char line[32];
        snprintf(line, sizeof line, "n%d|x", i);
        rig_hear(rig, line);
        rig_wait(rig, 100);
    }
    rig->used = 0;
    rig_hear(rig, "n7|xn99|yb:22|z");
    rig_is(rig, "said <n7>: x\nsaid <n99>: yb:22|z\n");
    rig_free(rig);
}

static void piped_says_what_is_no_message(void **state)
{
    struct rig *rig = rig_caller(state);
    rig_hear(rig, "a:1| "); /* nobody yet: nothing was said */
    rig_is(rig, "");
    rig_hear(rig, "sin barra");
    rig_is(rig, "known piped\nsaid: sin barra\n");
    rig_hear(rig, "|sin nombre");
    rig_is(rig, "said: sin nombre\n");
    rig_hear(rig, "0123456789012345678901234567890123456789012345678901234567890123x|hola");
    rig->log[rig->used] = '\0';
    assert_non_null(strstr(rig->log, ": hola\n")); /* cut, and not remembered */
    rig->used = 0;
    rig_hear(rig, "1|corto"); /* ends as the other does: the longer one is meant */
    rig_hear(rig, "b:2|unoa:1|dos");
    rig_is(rig, "said <1>: corto\nsaid <b:2>: uno\nsaid <a:1>: dos\n");
    rig_hear(rig, "b:2|a|x"); /* shorter than any name that is known */
    rig_is(rig, "said <b:2>: a|x\n");
    rig_free(rig);
}

static void a_line_too_long_to_be_passed_on_is_cut(void **state)
{
    struct rig *rig = rig_called(state, &dialect_piped, 9000);
    char line[1025] = "x:1|";
    memset(line + 4, 'y', 1020);
    line[1024] = '\0';
    guest_relay(rig->guest, rig->now, span_text(line));
    rig_drain(rig);
    rig->used = 0;
    rig_wait(rig, 1000);
    rig_is(rig, "> x:1|yyyyyyyyyyyyyyyyyyyyyyyy\n");
    rig_free(rig);
}

/* ---- whoever it is ---- */

static void plain_stays_what_it_is(void **state)
{
    struct rig *rig = rig_caller(state);
    rig_hear(rig, "hola");
    rig_hear(rig, "MSG hola"); /* nobody is in a room who did not ask */
    rig_hear(rig, "a:1|hola");
    rig_is(rig, "known plain\nsaid: hola\nsaid: MSG hola\nsaid: a:1|hola\n");
    rig_hear(rig, "JOIN eva");
    rig_is(rig, "asks <eva>\n");
    guest_named(rig->guest, rig->now, span_text("eva"));
    rig_end(rig); /* and it leaves as the one who came */
    rig->log[rig->used] = '\0';
    assert_non_null(strstr(rig->log, "known join <eva>\n"));
    assert_non_null(strstr(rig->log, "left\n"));
    rig_free(rig);
    rig = rig_caller(state);
    rig_hear(rig, "hola");
    rig_hear(rig, "JOIN eva");
    rig_end(rig); /* who was somebody before is told to have left, though no name was granted */
    rig_is(rig, "known plain\nsaid: hola\nasks <eva>\nleft\n");
    rig_free(rig);
    rig = rig_called(state, NULL, 22); /* a server speaks as it likes */
    rig_hear(rig, "SSH-2.0-OpenSSH_9.2");
    rig_wait(rig, GUEST_HALF_MS);
    rig_hear(rig, "--name");
    rig_is(rig, "known plain\nsaid: SSH-2.0-OpenSSH_9.2\nsaid: --name\n");
    rig_free(rig);
    rig =
        rig_called(state, NULL, 9999); /* whose name came is talked to, whoever it was called as */
    rig_wait(rig, GUEST_LISTEN_MS);
    assert_false(guest_hears(rig->guest));
    rig_hear(rig, "Criss");
    assert_true(guest_hears(rig->guest));
    rig_is(rig, "> --name\nknown named <Criss>\n");
    rig_free(rig);
}

static void who_was_called_is_found_out(void **state)
{
    struct rig *rig = rig_called(state, NULL, 9999);
    rig_wait(rig, 20);
    rig_hear(rig, "Vecino 12");
    rig_is(rig, "known neighbour\n");
    rig_free(rig);
    rig = rig_called(state, NULL, 9999);
    rig_wait(rig, GUEST_LISTEN_MS);
    rig_is(rig, "> --name\n");
    rig_hear(rig, "Criss");
    rig_is(rig, "known named <Criss>\n");
    rig_free(rig);
    rig = rig_called(state, NULL, 9989);
    assert_false(guest_hears(rig->guest));
    rig_wait(rig, GUEST_LISTEN_MS - 1);
    rig_is(rig, "");
    rig_wait(rig, 1);
    rig_is(rig, "known piped\n");
    rig_free(rig);
    rig = rig_called(state, NULL, 9000);
    rig_hear(rig, "localhost:9000|¡hola!");
    rig_is(rig, "known piped <localhost:9000>\nsaid <localhost:9000>: ¡hola!\n");
    rig_free(rig);
    rig = rig_called(state, &dialect_piped, 9000); /* it is meant so, whatever is there */
    rig_is(rig, "known piped\n");
    rig_hear(rig, "bruno|hola");
    rig_is(rig, "said <bruno>: hola\n");
    rig_free(rig);
    rig = rig_called(state, NULL, 22);
    rig_hear(rig, "SSH-2.0-OpenSSH_9.2\r\n");
    rig_is(rig, "known plain\nsaid: SSH-2.0-OpenSSH_9.2\n");
    rig_end(rig);
    guest_retry(rig->guest, rig->now); /* it may be somebody else next time */
    guest_up(rig->guest, rig->now);
    rig_wait(rig, GUEST_LISTEN_MS);
    rig_is(rig, "left\ndial\nknown piped\n");
    rig_free(rig);
}

static void a_peer_that_is_slow_is_no_guest(void **state)
{
    struct rig *rig = rig_called(state, NULL, 9000);
    rig_hear(rig, "bruno|hola"); /* as we greet ourselves: a peer took us for a guest */
    rig_is(rig, "hang up 5\n");
    rig_free(rig);
    rig = rig_called(state, NULL, 9999); /* over a slow way: when a name is awaited */
    rig_wait(rig, 2 * GUEST_LISTEN_MS);
    rig_is(rig, "> --name\n");
    rig_hear(rig, "bruno|hola");
    rig_is(rig, "hang up 5\n");
    rig_free(rig);
    rig = rig_called(state, NULL, 9999); /* a peer that stands still says nothing: it is nobody */
    rig_wait(rig, GUEST_LISTEN_MS + GUEST_ANSWER_MS - 1);
    rig_is(rig, "> --name\n");
    assert_false(guest_hears(rig->guest));
    rig_wait(rig, 1);
    rig_is(rig, "hang up 4\n");
    rig_free(rig);
    rig = rig_called(state, &dialect_named, 9999); /* with the name that was asked for behind it */
    rig_is(rig, "> --name\n");
    rig_hear(rig, "bruno|holabruno");
    rig_is(rig, "hang up 5\n");
    rig_free(rig);
    rig = rig_called(state, NULL, 9999); /* it stood still, and said its name at once */
    rig_wait(rig, GUEST_LISTEN_MS);
    rig_hear(rig, "bruno");
    rig_hear(rig, "bruno|hola");
    rig_is(rig, "> --name\nknown named <bruno>\nhang up 5\n");
    rig_free(rig);
    rig = rig_called(state, NULL, 9000); /* somebody else was greeted, and it is passed on */
    rig_hear(rig, "localhost:9000|hey");
    rig_hear(rig, "bruno|hola");
    rig_is(rig, "known piped <localhost:9000>\nsaid <localhost:9000>: hey\nsaid <bruno>: hola\n");
    rig_free(rig);
    rig = rig_caller(state); /* the same from the other side: we stood still */
    rig_hear(rig, "--name");
    rig_wait(rig, GUEST_PACE_MS);
    rig_hear(rig, "bea: hey");
    rig_wait(rig, GUEST_PACE_MS);
    rig_is(rig, "> ana\n> ana|hola\nhang up 5\n");
    rig_free(rig);
    rig = rig_caller(state); /* a person is curious */
    rig_hear(rig, "--NAME");
    rig_hear(rig, "hey");
    rig_is(rig, "> ana\nknown named\nsaid: hey\n");
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(dated_is_answered_at_once),
        rig_test(dated_is_called_for_each_word),
        rig_test(what_dated_did_not_answer_is_kept),
        rig_test(a_long_word_has_one_receipt),
        rig_test(named_asks_and_talks),
        rig_test(named_is_called),
        rig_test(join_has_a_server),
        rig_test(join_hears_lines_for_people),
        rig_test(what_join_sent_at_once_is_told_apart),
        rig_test(an_unanswered_name_keeps_little),
        rig_test(join_is_called),
        rig_test(neighbour_calls),
        rig_test(neighbour_is_called),
        rig_test(piped_calls_and_is_called),
        rig_test(what_piped_sent_at_once_is_told_apart),
        rig_test(a_line_too_long_to_be_passed_on_is_cut),
        rig_test(who_was_called_is_found_out),
        rig_test(a_peer_that_is_slow_is_no_guest),
        rig_test(an_answer_that_lay_there_is_no_silence),
        rig_test(dated_owes_no_receipt_of_what_nobody_waits_for),
        rig_test(a_notice_is_read_to_the_letter),
        rig_test(piped_says_what_is_no_message),
        rig_test(plain_stays_what_it_is),
    };
    core_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
