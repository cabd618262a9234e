#pragma once
/* tertulia --plain: the same program line by line, for screen readers, simple terminals and pipes.
 */
#include "app/options.h"
#include "app/settings.h"

/* Runs it to its end; the exit status. `themes`: of the screen, for /set. */
int plain_run(const struct options *options, setting_words *themes);
