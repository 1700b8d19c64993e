#include "server_password.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/process/secret.h"
#include "base/words/language.h"

int server_password_read(struct secret *ret_password, struct error *err)
{
    const char *variable = getenv("PGPASSWORD");
    const char *folder;
    struct buffer path = {0};
    int result = 0;

    if (variable && *variable)
        return error_set(err, EXIT_BAD_CONFIG,
                         "the environment variable PGPASSWORD has the password of the ledger: put "
                         "it into ~/.pgpass or the file ledger-password of $CREDENTIALS_DIRECTORY, "
                         "and unset the variable; nothing was sent");
    if (secret_credentials_folder(&folder, err))
        return -1;
    if (!folder)
        return 0;
    buffer_format(&path, "%s/ledger-password", folder);
    if (path.failed)
        result = error_no_memory(err);
    else if (access(path.ptr, F_OK) == 0)
        result = secret_read_line(path.ptr, _("password of the ledger"), ret_password, err);
    buffer_release(&path);
    return result;
}
