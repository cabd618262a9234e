/* What survives the program: settings, drafts, lines of input. In a demo there is no disk, and
 * nothing does. */
#include "app/app_parts.h"

#include "app/disk.h"
#include "app/i18n.h"
#include "app/peers.h"
#include "base/text.h"

void app_keep(struct app *app, enum store_keep_kind kind, const char *key, struct span value)
{
    if (!app->disk)
        return; /* the face is told to do it again */
    if (value.size > STORE_VALUE_MAX)
        value.size = text_cut((const char *)value.bytes, value.size, STORE_VALUE_MAX);
    disk_keep(app->disk, &(struct store_keep){kind, key, value});
}

void app_kept(struct app *app, void (*take)(void *self, const struct store_keep *keep), void *self)
{
    for (size_t i = 0; i < app->kept.kept_count; i++)
        take(self, &app->kept.kept[i]);
    store_start_done(&app->kept);
}

const struct settings *app_settings(const struct app *app)
{
    return &app->settings;
}

void app_language_use(struct app *app)
{
    const char *code = setting_value(&app->settings, SETTING_LANGUAGE);
    i18n_language_set(strcmp(code, "auto") == 0 ? NULL : code);
    command_names_set(app->names, i18n_translate);
}

void app_settings_take(struct app *app, const struct store_start *start)
{
    for (size_t i = 0; i < start->kept_count; i++) {
        const struct store_keep *keep = &start->kept[i];
        if (keep->kind == STORE_GUESTS)
            peers_recall(app->peers, keep->value);
        if (keep->kind == STORE_SETTING &&
            settings_restore(&app->settings, keep->key, keep->value) &&
            setting_find(keep->key) == SETTING_LANGUAGE)
            app_language_use(app);
    }
}

static void on_config_say(void *self, const struct message *message)
{
    app_say(self, false, message, 0);
}

void app_config_take(struct app *app)
{
    config_read(&app->config, app->home.config, &app->settings, on_config_say, app);
    if (!setting_is(&app->settings, SETTING_LANGUAGE, "auto"))
        app_language_use(app);
}

void app_file_keys(struct app *app, bool (*take)(void *self, const char *key, const char *value),
                   void *self)
{
    for (size_t i = 0; i < app->config.count; i++)
        if (!take(self, app->config.binds[i].key, app->config.binds[i].value))
            config_refuse(&app->config, &app->config.binds[i], on_config_say, app);
    config_done(&app->config);
}

static void setting_keep(struct app *app, enum setting_id id, bool forget)
{
    app_keep(app, STORE_SETTING, setting_name(id),
             span_text(forget ? "" : setting_value(&app->settings, id)));
}

void app_settings_keep(struct app *app)
{
    for (enum setting_id id = 0; id < SETTINGS; id++)
        if (app->settings.chosen[id])
            setting_keep(app, id, false);
}

enum settings_result app_set(struct app *app, const char *name, const char *value,
                             enum setting_id *id, struct message *answer)
{
    enum settings_result result = settings_do(&app->settings, name, value, id, answer);
    if (result != SETTINGS_CHANGED)
        return result;
    setting_keep(app, *id, !*value);
    if (*id == SETTING_LANGUAGE)
        app_language_use(app);
    return result;
}

void app_language_look(const struct app *app, struct message *answer)
{
    const char *code = setting_value(&app->settings, SETTING_LANGUAGE);
    if (strcmp(code, "auto") == 0 || strcmp(code, i18n_language()) == 0)
        return;
    *answer = message_make("no-catalogue",
                           N_("The texts in %1$s are not installed: the language is %2$s."));
    message_add(answer, i18n_language_name(code));
    message_add(answer, i18n_language_name(i18n_language()));
}

struct retention_settings app_retention(const struct app *app)
{
    struct retention_settings retention = retention_defaults();
    retention.age_ms = setting_number(&app->settings, SETTING_RETENTION_DAYS) * 24 * 3600 * 1000;
    retention.total_bytes = setting_number(&app->settings, SETTING_RETENTION_SIZE) * 1024 * 1024;
    return retention;
}
