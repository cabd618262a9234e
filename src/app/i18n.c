/* Which language to speak. Text is UTF-8 whatever the locale says: it is what we send and keep. */
#include "app/i18n.h"

#include "base/gettext.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
