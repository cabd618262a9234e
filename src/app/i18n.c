/* Which language to speak. Text is UTF-8 whatever the locale says: it is what we send and keep. */
#include "app/i18n.h"

#include "base/alloc.h"
#include "base/ascii.h"
#include "base/fold.h"
#include "base/gettext.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What LANGUAGE was when the program started. */
static char *started;

/* What the environment asks for, in the order POSIX gives; "" where it says nothing. */
static const char *wanted_locale(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            return value;
    }
    return "";
}

/* A catalogue is looked up by LANGUAGE alone, so a language can be had without its locale. We
 * have one kind of Portuguese, and it is better than English to anyone who reads the others. */
static void language_want(const char *locale)
{
    char list[64];
    const char *also = strncmp(locale, "pt", 2) == 0 ? ":pt_BR" : "";
    int length = snprintf(list, sizeof list, "%.*s%s", (int)strcspn(locale, ".@"), locale, also);
    if (length > 0 && (size_t)length < sizeof list)
        setenv("LANGUAGE", list, 0);
}

void i18n_start(void)
{
    const char *wanted = wanted_locale();
    if (!setlocale(LC_ALL, ""))
        setlocale(LC_ALL, "C.UTF-8");
    if (*wanted && strcmp(wanted, "C") != 0 && strcmp(wanted, "POSIX") != 0)
        language_want(wanted);
#if defined ENABLE_NLS && ENABLE_NLS
    bindtextdomain(PACKAGE, LOCALEDIR);
    bind_textdomain_codeset(PACKAGE, "UTF-8");
    textdomain(PACKAGE);
#endif
    /* From here on it is there, so that another value takes its place, and the environment that
     * other threads may read stays where it is. */
    setenv("LANGUAGE", "", 0);
    const char *there = getenv("LANGUAGE"); /* not where memory for it was missing */
    started = xstrdup(there ? there : "");
}

/* ---- another one ---- */

static const struct {
    const char *code; /* as in po/LINGUAS */
    const char *name; /* in itself */
} LANGUAGES[] = {
    {"en", "English"},
#if defined ENABLE_NLS && ENABLE_NLS
    {"es", "Español"},
    {"pt_BR", "Português (Brasil)"},
#endif
};
enum { LANGUAGES_COUNT = sizeof LANGUAGES / sizeof *LANGUAGES };

const char *i18n_language_at(size_t index)
{
    return index < LANGUAGES_COUNT ? LANGUAGES[index].code : NULL;
}

const char *i18n_language_name(const char *code)
{
    for (size_t i = 0; i < LANGUAGES_COUNT; i++)
        if (strcmp(LANGUAGES[i].code, code) == 0)
            return LANGUAGES[i].name;
    return code;
}

/* "pt" of "pt-PT": whoever reads one kind of a language reads the other. */
static bool is_kind_of(const char *text, const char *code)
{
    size_t size = strcspn(text, "-_.@");
    if (size != strcspn(code, "_"))
        return false;
    for (size_t i = 0; i < size; i++)
        if (ascii_lower(text[i]) != ascii_lower(code[i]))
            return false;
    return true;
}

static bool is_called(const char *text, const char *name)
{
    size_t size, name_size;
    char *folded = name_fold(text, strlen(text), &size);
    char *name_folded = name_fold(name, strlen(name), &name_size);
    bool is = size > 0 && strcmp(folded, name_folded) == 0;
    is = is || (size > 2 && strncmp(folded, name_folded, size) == 0 && name_folded[size] == ' ');
    free(folded);
    free(name_folded);
    return is;
}

const char *i18n_language_find(const char *text)
{
    for (size_t i = 0; i < LANGUAGES_COUNT; i++)
        if (is_kind_of(text, LANGUAGES[i].code) || is_called(text, LANGUAGES[i].name))
            return LANGUAGES[i].code;
    return NULL;
}

const char *i18n_language(void)
{
#if defined ENABLE_NLS && ENABLE_NLS
    static const char field[] = "Language: ", none[] = "";
    const char *header = gettext(none); /* of the catalogue in use */
    const char *at = strstr(header, field);
    for (size_t i = 0; at && i < LANGUAGES_COUNT; i++) {
        size_t size = strlen(LANGUAGES[i].code);
        if (strncmp(at + sizeof field - 1, LANGUAGES[i].code, size) == 0 &&
            at[sizeof field - 1 + size] == '\n')
            return LANGUAGES[i].code;
    }
#endif
    return LANGUAGES[0].code;
}

void i18n_language_set(const char *code)
{
    setenv("LANGUAGE", code ? code : started, 1);
#if defined ENABLE_NLS && ENABLE_NLS
    /* In the locale "C" no catalogue is looked for at all. */
    const char *locale = setlocale(LC_MESSAGES, NULL);
    if (code && locale && (strcmp(locale, "C") == 0 || strcmp(locale, "POSIX") == 0))
        setlocale(LC_MESSAGES, "C.UTF-8");
    textdomain(PACKAGE); /* which forgets what was looked up before */
#endif
}

const char *i18n_error(int error)
{
    switch (error) {
    case ENOENT:
        return _("there is no such file");
    case EACCES:
    case EPERM:
        return _("you are not allowed to");
    case EISDIR:
        return _("it is a folder");
    case ENOTDIR:
        return _("a part of the path is not a folder");
    case EROFS:
        return _("the disk is read-only");
    case ENOSPC:
    case EDQUOT:
        return _("the disk is full");
    case ENAMETOOLONG:
        return _("the name is too long");
    case ELOOP:
        return _("its links lead in a circle");
    }
    return strerror(error);
}

const char *i18n_translate(const char *one, const char *many, uint64_t count)
{
    if (!many)
        return gettext(one);
    return ngettext(one, many, (unsigned long)count);
}
