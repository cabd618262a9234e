#pragma once
/* The user's language, set up once at the start. */
#include <stddef.h>
#include <stdint.h>

/* Takes the language from the environment; also where the system has no such locale, as long as
 * we have its catalogue. */
void i18n_start(void);

/* What went wrong, in the user's language: strerror speaks it only where the system's own
 * catalogues are installed. */
const char *i18n_error(int error);

/* A message_translate (core/message.h) in the user's language. */
const char *i18n_translate(const char *one, const char *many, uint64_t count);

/* The languages that this program speaks: the code of the index-th, English first; NULL past the
 * last. */
const char *i18n_language_at(size_t index);
/* What those who speak it call it. */
const char *i18n_language_name(const char *code);
/* The one meant by "es", "es-MX", "pt" or "Español", in any case; NULL: none. */
const char *i18n_language_find(const char *text);
/* The one that is spoken now. */
const char *i18n_language(void);
/* Speaks this one from now on; NULL: what the environment asked for at the start. Texts translated
 * before stay valid, and as they are. */
void i18n_language_set(const char *code);
