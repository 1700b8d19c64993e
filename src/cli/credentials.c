#include "cli/credentials.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

struct source {
    const char *what;       /* in messages */
    const char *variable;   /* of the environment */
    const char *credential; /* file in $CREDENTIALS_DIRECTORY */
};

static const struct source secret_source = {"app secret", "CLAIMBATCH_APP_SECRET", "app-secret"};
static const struct source session_source = {"session", "CLAIMBATCH_SESSION", "session"};

static int read_credential(const struct source *source, struct buffer *ret_secret,
                           struct error *err)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    struct buffer path = {0};
    int result = 0;

    if (!folder || !*folder)
        return 0;
    buffer_format(&path, "%s/%s", folder, source->credential);
    if (path.failed)
        result = error_no_memory(err);
    else if (access(path.ptr, F_OK) == 0)
        result = file_read_secret(path.ptr, source->what, ret_secret, err);
    buffer_release(&path);
    return result;
}

/* Leaves *ret_secret empty when no source has one. */
static int read_one(const struct source *source, const char *file, struct buffer *ret_secret,
                    struct error *err)
{
    const char *value = getenv(source->variable);

    if (file)
        return file_read_secret(file, source->what, ret_secret, err);
    if (!value || !*value)
        return read_credential(source, ret_secret, err);
    buffer_text(ret_secret, value);
    return ret_secret->failed ? error_no_memory(err) : 0;
}

int credentials_read(const char *secret_file, const char *session_file,
                     struct credentials *ret_credentials, struct error *err)
{
    *ret_credentials = (struct credentials){0};
    if (read_one(&secret_source, secret_file, &ret_credentials->app_secret, err) ||
        read_one(&session_source, session_file, &ret_credentials->session, err))
        return -1;
    if (!ret_credentials->app_secret.len)
        return error_set(err, EXIT_BAD_CONFIG,
                         "no app secret: put it into the first line of a file that only you can "
                         "read and name that with --app-secret-file FILE, or set "
                         "CLAIMBATCH_APP_SECRET; nothing was sent");
    return 0;
}

void credentials_release(struct credentials *credentials)
{
    buffer_wipe(&credentials->app_secret);
    buffer_wipe(&credentials->session);
}
