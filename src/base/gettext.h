#pragma once
/* Words in the user's language, for those who show them: app and ui. Below them a string is only
 * marked (base/i18n.h). */
#if defined ENABLE_NLS && ENABLE_NLS
#include <libintl.h>
#else
#define gettext(text) (text)
#define ngettext(one, many, count) ((count) == 1 ? (one) : (many))
#endif

#define _(text) gettext(text)
