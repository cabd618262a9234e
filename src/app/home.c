/* Folders, key and lock. Every wrong is said with what to do about it: who reads it is at a shell
 * that a chat just refused to start from. */
#include "app/home.h"

#include "app/i18n.h"
#include "base/alloc.h"
#include "base/base32.h"
#include "base/gettext.h"
#include "base/text.h"
#include "base/utf8.h"
#include "core/body.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    WHY_BYTES = 8192, /* two paths, and the longest sentence */
    TAG_BYTES = 5,    /* of a mesh's net, for its file's name: eight characters */
};

static char *why(const char *format, ...) __attribute__((format(printf, 1, 2)));

static char *why(const char *format, ...)
{
    char text[WHY_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return xstrdup(text);
}

static char *path_join(const char *folder, const char *name)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = xmalloc(size);
    snprintf(path, size, "%s/%s", folder, name);
    return path;
}

/* ---- folders ---- */

static char *folder_refused(const char *path, int error)
{
    return why(_("The folder \"%s\" cannot be used: %s."), path, i18n_error(error));
}

/* With all that leads to it, as mkdir -p does; each for us alone. */
static char *folder_make(const char *path)
{
    char *part = xstrdup(path);
    char *failed = NULL;
    for (char *at = part; *at && !failed; at++) {
        if (at[1] != '/' && at[1] != '\0')
            continue;
        char after = at[1];
        at[1] = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST && errno != EROFS)
            failed = folder_refused(part, errno);
        at[1] = after;
    }
    free(part);
    return failed;
}

static char *folder_look(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return folder_refused(path, errno);
    if (!S_ISDIR(status.st_mode))
        return why(_("\"%s\" is not a folder."), path);
    if (status.st_uid != geteuid())
        return why(_("The folder \"%s\" belongs to another user."), path);
    if (access(path, R_OK | W_OK | X_OK) != 0)
        return folder_refused(path, errno);
    return NULL;
}

/* What is inside is nobody else's business; a folder that was made by hand may still be open. */
static char *folder_close(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return folder_refused(path, errno);
    if ((status.st_mode & 0077) == 0)
        return NULL;
    return why(_("Others can look into the folder \"%s\". To close it: chmod 700 \"%s\""), path,
               path);
}

/* NULL where neither the variable nor HOME says where. */
static char *folder_name(const char *variable, const char *below_home)
{
    const char *base = getenv(variable), *home = getenv("HOME");
    if (base && base[0] == '/') /* the XDG rules: anything else is to be ignored */
        return path_join(base, PACKAGE);
    if (!home || home[0] == '\0')
        return NULL;
    char *folder = path_join(home, below_home);
    char *path = path_join(folder, PACKAGE);
    free(folder);
    return path;
}

static char *folder_open(const char *path)
{
    if (!path)
        return xstrdup(_("There is no home folder: set HOME, or use --home DIR."));
    char *failed = folder_make(path);
    return failed ? failed : folder_look(path);
}

static char *config_name(const char *dir)
{
    return dir ? xstrdup(dir) : folder_name("XDG_CONFIG_HOME", ".config");
}

char *home_config(const char *dir, char **path)
{
    *path = config_name(dir);
    char *failed = folder_open(*path);
    if (!failed)
        return NULL;
    free(*path);
    *path = NULL;
    return failed;
}

/* ---- the lock ---- */

/* The system forgets it when the program ends, however it ends. */
static char *lock_take(struct home *home)
{
    char *path = path_join(home->data, "lock");
    char *failed = NULL;
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    home->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (home->lock < 0) {
        failed = why(_("\"%s\" cannot be used: %s."), path, i18n_error(errno));
    } else if (fcntl(home->lock, F_SETLK, &lock) != 0) {
        int error = errno;
        bool known = fcntl(home->lock, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
        if (known && lock.l_pid > 0)
            failed = why(_("Another Tertulia (process %ld) is using \"%s\". To run a second one, "
                           "give it a folder of its own: --home DIR"),
                         (long)lock.l_pid, home->data);
        else
            failed = why(_("\"%s\" cannot be locked: %s."), path, i18n_error(error));
    }
    free(path);
    return failed;
}

char *home_data(const char *dir)
{
    return dir ? xstrdup(dir) : folder_name("XDG_DATA_HOME", ".local/share");
}

uint32_t home_holder(const char *data)
{
    char *path = path_join(data, "lock");
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int file = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    bool held = file >= 0 && fcntl(file, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    if (file >= 0)
        close(file);
    free(path);
    return held && lock.l_pid > 0 ? (uint32_t)lock.l_pid : 0;
}

static void state_open(struct home *home)
{
    char *failed = folder_open(home->state);
    if (!failed)
        return;
    free(failed);
    free(home->state);
    home->state = NULL;
}

char *home_open(struct home *home, const char *dir)
{
    *home = (struct home){.lock = -1};
    home->data = home_data(dir);
    home->config = config_name(dir);
    home->state = dir ? xstrdup(dir) : folder_name("XDG_STATE_HOME", ".local/state");
    char *failed = folder_open(home->data);
    if (!failed)
        failed = folder_close(home->data);
    if (!failed)
        failed = folder_open(home->config);
    if (!failed)
        failed = lock_take(home);
    if (!failed)
        state_open(home);
    if (failed)
        home_done(home);
    return failed;
}

void home_done(struct home *home)
{
    if (home->lock >= 0)
        close(home->lock);
    free(home->data);
    free(home->config);
    free(home->state);
    *home = (struct home){.lock = -1};
}

/* ---- the key ---- */

bool home_has_identity(const struct home *home)
{
    struct stat status;
    char *path = path_join(home->data, "identity");
    bool has = lstat(path, &status) == 0;
    free(path);
    return has;
}

/* The file is the 32 bytes of the seed. */
static char *key_look(const char *path, const struct stat *status)
{
    if (!S_ISREG(status->st_mode))
        return why(_("\"%s\" should be the file of your key, and is no file: move it away."), path);
    if (status->st_uid != geteuid())
        return why(_("Your key \"%s\" belongs to another user. To take it over: chown %ld \"%s\""),
                   path, (long)geteuid(), path);
    if (status->st_mode & 0077)
        return why(_("Others may read your key \"%s\". To close it: chmod 600 \"%s\""), path, path);
    if (status->st_size != SEED_BYTES)
        return why(_("\"%s\" is damaged: a key has %d bytes, and this has %lld. Put your copy of "
                     "it there; or move it away, and a new key will be made, with which you are "
                     "somebody new to everyone."),
                   path, SEED_BYTES, (long long)status->st_size);
    return NULL;
}

static char *key_read(const char *path, struct seed *into)
{
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    char *failed = NULL;
    if (file < 0 && errno == ELOOP)
        failed = why(_("\"%s\" is a link: put the key itself there."), path);
    else if (file < 0 && errno == EACCES && stat(path, &status) == 0 && status.st_uid == geteuid())
        failed =
            why(_("You may not read your key \"%s\". To open it: chmod 600 \"%s\""), path, path);
    else if (file < 0 || fstat(file, &status) != 0)
        failed = why(_("Your key \"%s\" cannot be read: %s."), path, i18n_error(errno));
    else
        failed = key_look(path, &status);
    if (!failed && file >= 0 && read(file, into->bytes, SEED_BYTES) != SEED_BYTES)
        failed = why(_("Your key \"%s\" cannot be read: %s."), path, i18n_error(errno));
    if (file >= 0)
        close(file);
    return failed;
}

static bool folder_sync(const char *path)
{
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool fine = folder >= 0 && fsync(folder) == 0;
    if (folder >= 0)
        close(folder);
    return fine;
}

/* Whole and on the disk before it has its name; and link() takes no name that is taken. */
static bool key_write(const struct home *home, const char *path, const struct seed *seed)
{
    char *draft = path_join(home->data, "identity.new");
    (void)unlink(draft); /* of a start that was cut short: the lock says that it is nobody's */
    int file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool fine = file >= 0 && write(file, seed->bytes, SEED_BYTES) == SEED_BYTES && fsync(file) == 0;
    if (file >= 0 && close(file) != 0)
        fine = false;
    fine = fine && link(draft, path) == 0;
    int error = errno;
    (void)unlink(draft);
    free(draft);
    fine = fine && folder_sync(home->data);
    errno = fine ? 0 : error;
    return fine;
}

char *home_identity(const struct home *home, const struct sys *sys, struct identity *into,
                    bool *made)
{
    struct stat status;
    struct seed seed;
    char *path = path_join(home->data, "identity");
    char *failed = NULL;
    *made = lstat(path, &status) != 0 && errno == ENOENT;
    if (*made) {
        sys_random(sys, seed.bytes, sizeof seed.bytes);
        if (!key_write(home, path, &seed))
            failed = why(_("Your key cannot be written to \"%s\": %s."), path, i18n_error(errno));
    }
    if (!failed)
        failed = key_read(path, &seed); /* what will be there the next time */
    if (!failed)
        identity_init(into, &seed);
    explicit_bzero(&seed, sizeof seed);
    free(path);
    return failed;
}

/* ---- the history ---- */

char *home_history(const struct home *home, const struct hash *net)
{
    struct hash usual = mesh_net(span_text("lan"), NULL);
    char tag[BASE32_LENGTH(TAG_BYTES) + 1], name[64] = "tertulia.db";
    if (!hash_equal(net, &usual)) {
        base32_encode(net->bytes, TAG_BYTES, tag, BASE32_LENGTH(TAG_BYTES));
        snprintf(name, sizeof name, "tertulia-%s.db", tag);
    }
    return path_join(home->data, name);
}

char *home_secret(const char *path, struct span mesh, struct mesh_key *into, bool *weak)
{
    enum { WEAK_CHARACTERS = 22 /* fewer are less than 128 bits, whatever they are */ };
    char text[MESH_SECRET_MAX + 2] = "";
    FILE *file = fopen(path, "re");
    size_t size = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file)
        fclose(file);
    size_t length = strcspn(text, "\r\n");
    if (size == 0 || length == 0 || length > MESH_SECRET_MAX)
        return why(_("There is no secret in \"%s\": it is one line of at most 128 bytes."), path);
    *weak = length < WEAK_CHARACTERS;
    bool made = mesh_key(mesh, span_of(text, length), into);
    explicit_bzero(text, sizeof text);
    return made ? NULL : why("%s", _("There is not enough memory for the secret's key."));
}

/* It is there without anyone having chosen it, so it is made to fit. */
char *home_login_name(void)
{
    const struct passwd *person = getpwuid(getuid());
    const char *name = person ? person->pw_name : getenv("USER");
    if (!name || !*name || !utf8_valid(name, strlen(name)))
        name = "anon";
    return xstrndup(name, text_cut(name, strlen(name), PERSON_NAME_MAX));
}
