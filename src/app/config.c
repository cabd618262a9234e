/* What lines mean (app/ini.h says what they are); and the file written for the first time. */
#include "app/config.h"

#include "app/i18n.h"
#include "app/ini.h"
#include "base/alloc.h"
#include "base/ascii.h"
#include "base/gettext.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum part { PART_SETTINGS, PART_BIND, PART_UNKNOWN };

struct taking {
    struct config *config;
    struct settings *settings;
    enum part part;
    config_say *say;
    void *self;
};

static char *path_of(const char *folder)
{
    size_t size = strlen(folder) + sizeof "/" CONFIG_FILE;
    char *path = xmalloc(size);
    snprintf(path, size, "%s/%s", folder, CONFIG_FILE);
    return path;
}

/* ---- what is told ---- */

static struct message complaint(const char *sentence, unsigned line)
{
    struct message message = message_make("settings-file", sentence);
    message_add(&message, CONFIG_FILE);
    if (line > 0)
        message_add_number(&message, line);
    return message;
}

static void complain(struct config *config, const struct message *message, config_say *say,
                     void *self)
{
    config->told++;
    if (config->told <= CONFIG_TOLD) {
        say(self, message);
    } else if (config->told == CONFIG_TOLD + 1) {
        struct message more = complaint(
            N_("%s: more lines than these are left out. What can be written there is in the "
               "manual: man 5 tertulia"),
            0);
        say(self, &more);
    }
}

static void tell(const struct taking *taking, const struct message *message)
{
    complain(taking->config, message, taking->say, taking->self);
}

static void unknown_tell(const struct taking *taking, unsigned line, const char *key)
{
    enum setting_id meant = setting_near(taking->settings, key);
    struct message message = complaint(
        meant < SETTINGS
            ? N_("%1$s, line %2$s: there is no setting \"%3$s\". Did you mean %4$s?")
            : N_("%1$s, line %2$s: there is no setting \"%3$s\". /set alone lists them all."),
        line);
    message_add(&message, key);
    if (meant < SETTINGS)
        message_add(&message, setting_name(meant));
    tell(taking, &message);
}

static void value_tell(const struct taking *taking, unsigned line, enum setting_id id,
                       const char *value)
{
    char allowed[MESSAGE_ARGUMENT_BYTES + 1];
    struct message message =
        complaint(N_("%1$s, line %2$s: this cannot be \"%3$s\". It can be: %4$s"), line);
    setting_allowed(taking->settings, id, allowed, sizeof allowed);
    message_add(&message, value);
    message_add(&message, allowed);
    tell(taking, &message);
}

void config_refuse(struct config *config, const struct config_bind *bind, config_say *say,
                   void *self)
{
    struct message message = complaint(
        N_("%1$s, line %2$s: \"%3$s = %4$s\" binds nothing. Keys are written like Ctrl-n or F5, "
           "and /bind lists what they can do."),
        bind->line);
    message_add(&message, bind->key);
    message_add(&message, bind->value);
    complain(config, &message, say, self);
}

/* ---- lines ---- */

static void on_section(void *self, unsigned line, const char *name)
{
    struct taking *taking = self;
    taking->part = ascii_equal(name, "settings") ? PART_SETTINGS
                   : ascii_equal(name, "bind")   ? PART_BIND
                                                 : PART_UNKNOWN;
    if (taking->part != PART_UNKNOWN)
        return;
    struct message message = complaint(
        N_("%1$s, line %2$s: there is no part [%3$s], so what it holds is left out. There are "
           "[settings] and [bind]."),
        line);
    message_add(&message, name);
    tell(taking, &message);
}

static void setting_take(const struct taking *taking, unsigned line, const char *key,
                         const char *value)
{
    enum setting_id id = setting_find(key);
    if (id == SETTINGS)
        unknown_tell(taking, line, key);
    else if (setting_is_for(taking->settings, id) && !settings_default(taking->settings, id, value))
        value_tell(taking, line, id, value);
}

static void bind_take(struct config *config, unsigned line, const char *key, const char *value)
{
    config->binds = xrealloc(config->binds, config->count + 1, sizeof *config->binds);
    config->binds[config->count++] = (struct config_bind){line, xstrdup(key), xstrdup(value)};
}

static void on_pair(void *self, unsigned line, const char *key, const char *value)
{
    struct taking *taking = self;
    switch (taking->part) {
    case PART_SETTINGS:
        setting_take(taking, line, key, value);
        break;
    case PART_BIND:
        bind_take(taking->config, line, key, value);
        break;
    case PART_UNKNOWN:
        break;
    }
}

static void on_problem(void *self, unsigned line, enum ini_problem problem)
{
    static const char *const sentences[] = {
        [INI_NOT_TEXT] = N_("%1$s, line %2$s: it is not UTF-8, and is left out."),
        [INI_NO_PAIR] = N_("%1$s, line %2$s: this is neither \"key = value\" nor a [part], and is "
                           "left out."),
        [INI_TOO_LONG] = N_("%1$s, line %2$s: it is too long, and is left out."),
    };
    struct message message = complaint(sentences[problem], line);
    tell(self, &message);
}

/* ---- the file ---- */

static void problem_tell(const struct taking *taking, const char *sentence, const char *why)
{
    struct message message = complaint(sentence, 0);
    if (why)
        message_add(&message, why);
    tell(taking, &message);
}

/* Anything but a file of a reasonable size is not waited for. Its bytes, or NULL. */
static char *file_read(const struct taking *taking, const char *path, size_t *size)
{
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0 || fstat(file, &status) != 0) {
        if (errno != ENOENT)
            problem_tell(taking, N_("%1$s cannot be read: %2$s."), i18n_error(errno));
        if (file >= 0)
            close(file);
        return NULL;
    }
    char *bytes = xmalloc(INI_BYTES + 1);
    ssize_t count = S_ISREG(status.st_mode) ? read(file, bytes, INI_BYTES + 1) : -1;
    close(file);
    if (count >= 0 && count <= INI_BYTES) {
        *size = (size_t)count;
        return bytes;
    }
    free(bytes);
    if (count > INI_BYTES)
        problem_tell(taking, N_("%s is longer than 64 KiB, and none of it is read."), NULL);
    else
        problem_tell(taking, N_("%s is no file that can be read."), NULL);
    return NULL;
}

void config_read(struct config *config, const char *folder, struct settings *settings,
                 config_say *say, void *self)
{
    static const struct ini_calls calls = {on_section, on_pair, on_problem};
    struct taking taking = {config, settings, PART_SETTINGS, say, self};
    size_t size;
    char *path = path_of(folder);
    char *bytes = file_read(&taking, path, &size);
    if (bytes)
        ini_read(bytes, size, &calls, &taking);
    free(bytes);
    free(path);
}

void config_done(struct config *config)
{
    for (size_t i = 0; i < config->count; i++) {
        free(config->binds[i].key);
        free(config->binds[i].value);
    }
    free(config->binds);
    *config = (struct config){0};
}

/* ---- written for the first time ---- */

static void settings_write(FILE *file, setting_words *themes)
{
    struct settings settings;
    settings_init(&settings, PROGRAM_SCREEN, themes);
    fprintf(file, "\n[settings]\n");
    for (enum setting_id id = 0; id < SETTINGS; id++) {
        char allowed[MESSAGE_TEXT_BYTES];
        setting_allowed(&settings, id, allowed, sizeof allowed);
        fprintf(file, "\n# %s (%s)\n;%s = %s\n", _(setting_help(id)), allowed, setting_name(id),
                setting_value(&settings, id));
    }
}

static bool file_fill(int descriptor, setting_words *themes, void (*keys)(FILE *file))
{
    FILE *file = fdopen(descriptor, "w");
    if (!file)
        return false;
    fprintf(file, "# %s\n# %s\n# %s\n",
            _("Settings of Tertulia on this machine. It is read when the program starts."),
            _("To change one, take away the ; before it. man 5 tertulia explains them."),
            _("What is chosen in the program, with /set or /bind, goes before what is here."));
    settings_write(file, themes);
    fprintf(file, "\n[bind]\n");
    keys(file);
    bool fine = !ferror(file);
    return fclose(file) == 0 && fine;
}

char *config_write(const char *folder, setting_words *themes, void (*keys)(FILE *file), char **path)
{
    char text[2 * MESSAGE_TEXT_BYTES];
    *path = path_of(folder);
    int file = open(*path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file >= 0 && file_fill(file, themes, keys))
        return NULL;
    if (file < 0 && errno == EEXIST) {
        snprintf(text, sizeof text,
                 _("\"%s\" is there already, and stays as it is. To have a new one, move it away."),
                 *path);
    } else {
        snprintf(text, sizeof text, _("\"%s\" cannot be written: %s."), *path, i18n_error(errno));
        if (file >= 0)
            (void)unlink(*path); /* half of it is worse than none */
    }
    free(*path);
    *path = NULL;
    return xstrdup(text);
}
