#pragma once
/* The file of settings that people write by hand: tertulia.ini in the folder of the configuration.
 *
 * It gives this machine's defaults, is read once at the start, and is never changed by us. Nothing
 * in it is fatal: what cannot be is left out, and told with its line. */
#include "app/settings.h"
#include "core/message.h"

#include <stddef.h>
#include <stdio.h>

#define CONFIG_FILE "tertulia.ini"
enum { CONFIG_TOLD = 8 /* lines that are told; who sees so many looks at the file */ };

struct config_bind {
    unsigned line;
    char *key, *value;
};

struct config {
    struct config_bind *binds; /* in the file's order: no more than its INI_BYTES hold */
    size_t count;
    size_t told;
};

typedef void config_say(void *self, const struct message *message);

/* What the file in this folder says, into the settings' defaults; the bindings of keys are kept for
 * who knows keys. No file is fine. */
void config_read(struct config *config, const char *folder, struct settings *settings,
                 config_say *say, void *self);
void config_done(struct config *config);

/* This binding means nothing to who knows keys. */
void config_refuse(struct config *config, const struct config_bind *bind, config_say *say,
                   void *self);

/* A new file in the folder: every setting with what it is for, its default behind a comment sign;
 * then `keys` writes the bindings. NULL and the file's name in *path, for free(); or a sentence
 * that says why not. What is there already stays. */
char *config_write(const char *folder, setting_words *themes, void (*keys)(FILE *file), char **path)
    __attribute__((warn_unused_result));
