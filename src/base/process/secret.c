#include "base/process/secret.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/character.h"
#include "base/error.h"
#include "base/file/file.h"
#include "base/log.h"
#include "base/words/language.h"

#define PIPES 0x50495045L /* the file system of pipes without a name; see statfs(2) */
#define MARK "\xef\xbb\xbf"

/* ---- memory ---- */

static int reserve(struct secret *secret, size_t bytes, struct error *err)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t room = (bytes + 1 + page) / page * page; /* one byte too many, and the NUL */
    void *memory = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    *secret = (struct secret){0};
    if (memory == MAP_FAILED)
        return error_no_memory(err);
    /* What the kernel does not grant is done without. */
    (void)madvise(memory, room, MADV_DONTDUMP);
    (void)madvise(memory, room, MADV_WIPEONFORK);
    (void)mlock2(memory, room, 0); /* a sanitizer passes over mlock */
    *secret = (struct secret){.text = memory, .room = room};
    return 0;
}

void secret_release(struct secret *secret)
{
    if (secret->text) {
        explicit_bzero(secret->text, secret->room);
        munmap(secret->text, secret->room);
    }
    *secret = (struct secret){0};
}

/* ---- who may read the file ---- */

int secret_credentials_folder(const char **ret_folder, struct error *err)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");

    *ret_folder = folder && *folder ? folder : NULL;
    if (!*ret_folder || **ret_folder == '/')
        return 0;
    return error_set(err, EXIT_BAD_CONFIG,
                     "the environment variable CREDENTIALS_DIRECTORY is '%s', which is not an "
                     "absolute path; nothing was sent",
                     LOG_QUOTED(folder));
}

/* Whether the file lies under $CREDENTIALS_DIRECTORY, by whatever name both have. */
static bool is_credential(const char *path)
{
    const char *named = getenv("CREDENTIALS_DIRECTORY");
    char *folder = named && *named == '/' ? realpath(named, NULL) : NULL;
    char *place = folder ? realpath(path, NULL) : NULL;
    size_t len = folder ? strlen(folder) : 0;
    bool is_below = place && strncmp(place, folder, len) == 0 && place[len] == '/';

    free(folder);
    free(place);
    return is_below;
}

static bool is_nameless_pipe(int fd, const struct stat *status)
{
    struct statfs system;

    return S_ISFIFO(status->st_mode) && fstatfs(fd, &system) == 0 && system.f_type == PIPES;
}

static int refuse_mode(const char *path, const char *what, const struct stat *status,
                       struct error *err)
{
    bool is_ours = status->st_uid == geteuid();

    return error_set(err, EXIT_BAD_CONFIG,
                     "the %s file '%s' is open to %s (mode %03o); run%s: chmod %s '%s'; nothing "
                     "was sent",
                     what, LOG_QUOTED(path),
                     is_ours ? _("group or others") : _("others than root and its group"),
                     (unsigned)status->st_mode & 07777, is_ours ? "" : _(", as root"),
                     is_ours ? "600" : "640", LOG_QUOTED(path));
}

/* The group of a credential is one that the service manager gave, or the mask of an access list. */
static int check_owner(const char *path, const char *what, const struct stat *status,
                       struct error *err)
{
    mode_t open_to = S_IRWXG | S_IRWXO;

    if (status->st_uid != geteuid() && status->st_uid != 0)
        return error_set(err, EXIT_BAD_CONFIG,
                         "the %s file '%s' belongs to another user (uid %lu), who can change it; "
                         "make one of your own: install -m 600 '%s' NEW; nothing was sent",
                         what, LOG_QUOTED(path), (unsigned long)status->st_uid, LOG_QUOTED(path));
    if (status->st_uid != geteuid() || is_credential(path))
        open_to = S_IWGRP | S_IXGRP | S_IRWXO;
    return status->st_mode & open_to ? refuse_mode(path, what, status, err) : 0;
}

static int open_private(const char *path, const char *what, struct error *err)
{
    struct stat status;
    int fd = file_open_small(path);

    if (fd < 0)
        return error_set(err, EXIT_BAD_CONFIG, "cannot open the %s file '%s': %s; nothing was sent",
                         what, LOG_QUOTED(path), strerror(errno));
    if (fstat(fd, &status) || (!S_ISREG(status.st_mode) && !S_ISFIFO(status.st_mode)))
        error_set(err, EXIT_BAD_CONFIG,
                  "the %s file '%s' is not a regular file, nor a pipe; nothing was sent", what,
                  LOG_QUOTED(path));
    else if (is_nameless_pipe(fd, &status) || !check_owner(path, what, &status, err))
        return fd;
    close(fd);
    return -1;
}

/* ---- what is in it ---- */

static int refuse_text(const char *source, const char *what, const char *why, struct error *err)
{
    return error_set(err, EXIT_BAD_CONFIG, "the %s %s %s; nothing was sent", what, source, why);
}

/* Reads the file to its end; or until a line has ended, if that is all that is wanted. */
static int read_bytes(int fd, bool is_line, size_t limit, struct secret *secret, const char *what,
                      const char *source, struct error *err)
{
    while (secret->len <= limit && !(is_line && memchr(secret->text, '\n', secret->len))) {
        size_t left = secret->room - 1 - secret->len;
        ssize_t n = file_read_patiently(fd, secret->text + secret->len, left);

        if (n < 0)
            return error_set(err, file_read_exit_code(EXIT_BAD_CONFIG),
                             "cannot read the %s %s: %s; nothing was sent", what, source,
                             file_read_why());
        if (n == 0)
            return 0;
        secret->len += (size_t)n;
    }
    if (is_line || secret->len <= limit)
        return 0;
    return refuse_text(source, what, _("is too large for one"), err);
}

/* Forgets what stands behind the first line, and a byte order mark before it. */
static void keep_line(struct secret *secret)
{
    char *end = memchr(secret->text, '\n', secret->len);
    size_t len = end ? (size_t)(end - secret->text) : secret->len;
    size_t mark =
        len >= strlen(MARK) && memcmp(secret->text, MARK, strlen(MARK)) == 0 ? strlen(MARK) : 0;

    if (len > mark && secret->text[len - 1] == '\r')
        len--;
    memmove(secret->text, secret->text + mark, len - mark);
    explicit_bzero(secret->text + len - mark, secret->room - (len - mark));
    secret->len = len - mark;
}

static bool is_utf16(const struct secret *secret)
{
    const char *end = memchr(secret->text, '\n', secret->len);
    size_t line = end ? (size_t)(end - secret->text) : secret->len;

    return secret->len >= 2 &&
           (memcmp(secret->text, "\xff\xfe", 2) == 0 || memcmp(secret->text, "\xfe\xff", 2) == 0 ||
            memchr(secret->text, '\0', line));
}

/* What no secret has; NULL: nothing of it. */
static const char *find_fault(const struct secret *secret)
{
    const char *at = secret->text;
    uint32_t point = 0;

    if (!secret->len)
        return _("is empty: its first line is to hold it");
    if (secret->len > SECRET_LINE_BYTES_MAX)
        return _("is too long for one");
    for (size_t bytes; *at; at += bytes) {
        bytes = character_decode(at, &point);
        if (!bytes)
            return _("is not plain text: save it as UTF-8");
        if (character_is_blank(point))
            return _("has blanks in its first line: take them away");
        if (point < 0x20 || (point >= 0x7f && point <= 0x9f) || character_is_invisible(point))
            return _("has control characters, or such that cannot be seen, in its first line: take "
                     "them away");
    }
    return NULL;
}

static int check_line(struct secret *secret, const char *what, const char *source,
                      struct error *err)
{
    const char *fault;

    if (is_utf16(secret))
        return refuse_text(source, what, _("is UTF-16, or no text: save it as UTF-8"), err);
    keep_line(secret);
    fault = find_fault(secret);
    return fault ? refuse_text(source, what, fault, err) : 0;
}

static int read_path(const char *path, const char *what, bool is_line, size_t limit,
                     struct secret *ret_secret, struct error *err)
{
    char source[LOG_QUOTE_BYTES + 16];
    int fd = open_private(path, what, err);
    int result = -1;

    *ret_secret = (struct secret){0};
    if (fd < 0)
        return -1;
    snprintf(source, sizeof(source), _("file '%s'"), LOG_QUOTED(path));
    if (!reserve(ret_secret, limit, err))
        result = read_bytes(fd, is_line, limit, ret_secret, what, source, err);
    close(fd);
    if (!result && is_line)
        result = check_line(ret_secret, what, source, err);
    if (result)
        secret_release(ret_secret);
    return result;
}

int secret_read_line(const char *path, const char *what, struct secret *ret_secret,
                     struct error *err)
{
    return read_path(path, what, true, SECRET_LINE_BYTES_MAX, ret_secret, err);
}

int secret_read_file(const char *path, const char *what, size_t limit, struct secret *ret_secret,
                     struct error *err)
{
    return read_path(path, what, false, limit, ret_secret, err);
}

int secret_take_variable(const char *name, const char *what, struct secret *ret_secret,
                         struct error *err)
{
    char source[128];
    char *value = getenv(name);
    size_t len = value ? strlen(value) : 0;
    int result;

    *ret_secret = (struct secret){0};
    if (!len)
        return 0;
    snprintf(source, sizeof(source), _("in the environment variable %s"), name);
    if (reserve(ret_secret, len, err))
        return -1;
    memcpy(ret_secret->text, value, len);
    ret_secret->len = len;
    explicit_bzero(value, len); /* what stands there is seen in /proc, and by what we start */
    unsetenv(name);
    result = check_line(ret_secret, what, source, err);
    if (result)
        secret_release(ret_secret);
    return result;
}
