#include "cli/credentials.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/words/language.h"

struct secret_source {
    const char *what;       /* in messages */
    const char *variable;   /* of the environment */
    const char *credential; /* file in $CREDENTIALS_DIRECTORY */
};

static const struct secret_source app_secret_source = {N_("app secret"), "CLAIMBATCH_APP_SECRET",
                                                       "app-secret"};
static const struct secret_source session_source = {"session", "CLAIMBATCH_SESSION", "session"};

/* Where a secret is taken from. */
enum place { PLACE_NONE, PLACE_FILE, PLACE_VARIABLE, PLACE_CREDENTIAL };

static enum place find_place(const struct secret_source *source, struct credential_file file,
                             const char *folder, struct buffer *ret_path)
{
    const char *value = getenv(source->variable);

    if (file.path && file.typed)
        return PLACE_FILE;
    if (value && *value)
        return PLACE_VARIABLE;
    if (folder) {
        buffer_format(ret_path, "%s/%s", folder, source->credential);
        if (ret_path->failed || access(ret_path->ptr, F_OK) == 0 || errno != ENOENT)
            return PLACE_CREDENTIAL;
    }
    return file.path ? PLACE_FILE : PLACE_NONE;
}

/* Leaves *ret_secret empty when no source has one. */
static int read_one(const struct secret_source *source, struct credential_file file,
                    const char *folder, struct secret *ret_secret, struct error *err)
{
    struct buffer path = {0};
    int result = 0;

    switch (find_place(source, file, folder, &path)) {
    case PLACE_NONE:
        break;
    case PLACE_FILE:
        result = secret_read_line(file.path, _(source->what), ret_secret, err);
        break;
    case PLACE_VARIABLE:
        result = secret_take_variable(source->variable, _(source->what), ret_secret, err);
        break;
    case PLACE_CREDENTIAL:
        result = path.failed ? error_no_memory(err)
                             : secret_read_line(path.ptr, _(source->what), ret_secret, err);
        break;
    }
    buffer_release(&path);
    return result;
}

/* Where another place won, what stands in the environment is as secret. */
static void forget_variable(const struct secret_source *source)
{
    char *value = getenv(source->variable);

    if (value)
        explicit_bzero(value, strlen(value));
    unsetenv(source->variable);
}

static void describe(const struct secret_source *source, struct credential_file file,
                     struct buffer *ret_text)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    struct buffer path = {0};

    switch (find_place(source, file, folder && *folder ? folder : NULL, &path)) {
    case PLACE_NONE:
    case PLACE_FILE:
        break;
    case PLACE_VARIABLE:
        language_format(ret_text, "# %s: *** from the environment, %s\n", _(source->what),
                        source->variable);
        break;
    case PLACE_CREDENTIAL:
        language_format(ret_text, "# %s: *** from %s\n", source->what,
                        LOG_QUOTED(buffer_string(&path)));
        break;
    }
    buffer_release(&path);
}

void credentials_describe(struct credential_file secret, struct credential_file session,
                          struct buffer *ret_text)
{
    describe(&app_secret_source, secret, ret_text);
    describe(&session_source, session, ret_text);
}

int credentials_read(struct credential_file secret, struct credential_file session,
                     struct credentials *ret_credentials, struct error *err)
{
    const char *folder = NULL;

    *ret_credentials = (struct credentials){0};
    if (secret_credentials_folder(&folder, err) ||
        read_one(&app_secret_source, secret, folder, &ret_credentials->app_secret, err) ||
        read_one(&session_source, session, folder, &ret_credentials->session, err))
        return -1;
    forget_variable(&app_secret_source);
    forget_variable(&session_source);
    if (!ret_credentials->app_secret.len)
        return error_set(err, EXIT_BAD_CONFIG,
                         "no app secret: put it into the first line of a file that only you can "
                         "read and name that with --app-secret-file FILE, or set "
                         "CLAIMBATCH_APP_SECRET; nothing was sent");
    return 0;
}

void credentials_release(struct credentials *credentials)
{
    secret_release(&credentials->app_secret);
    secret_release(&credentials->session);
}
