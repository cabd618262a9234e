#pragma once
/* The user's language, set up once at the start. */
#include <stdint.h>

/* Takes the language from the environment; also where the system has no such locale, as long as
 * we have its catalogue. */
void i18n_start(void);

/* What went wrong, in the user's language: strerror speaks it only where the system's own
 * catalogues are installed. */
const char *i18n_error(int error);

/* A message_translate (core/message.h) in the user's language. */
const char *i18n_translate(const char *one, const char *many, uint64_t count);
