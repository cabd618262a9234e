#pragma once
/* For the programs that make the manual and the completions: a language, out of catalogues that are
 * not installed yet. */

/* Speaks the language of this code from now on. `catalogues` is a folder as gettext wants one:
 * CODE/LC_MESSAGES/tertulia.mo. Dies where there is none of it. */
void language_use(const char *code, const char *catalogues);
