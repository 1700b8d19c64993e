#include "cli/options/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ini.h>

#include "base/array.h"
#include "base/buffer.h"
#include "base/character.h"
#include "base/error.h"
#include "base/file/file.h"
#include "base/log.h"
#include "base/words/language.h"
#include "input/value/value.h"

#define SYSTEM_PATH "/etc/claimbatch/claimbatch.conf"
#define USER_PATH "claimbatch/claimbatch.conf"
#define BOM "\xef\xbb\xbf"
#define LINE_TOO_LONG N_("the line is longer than 4096 bytes")
#define LINE_END_BYTES 3 /* what inih wants beyond the text: CR, LF and NUL */

struct config {
    struct buffer path;
    struct config_entry *entries;
    size_t count, room;

    /* While the file is read: inih tells no line, but asks for one after the other. */
    const char *rest;
    unsigned line;
    unsigned bad_line; /* the first that is refused for what inih does not look at */
    const char *why;   /* that line is */
    bool no_memory;
};

/* ---- where it lies ---- */

/* Whether it is there: 1 or 0; one that cannot be looked at is not passed over: -1 with errno. */
static int is_there(const struct config *config)
{
    if (!config->path.len)
        return 0;
    if (faccessat(AT_FDCWD, config->path.ptr, F_OK, AT_EACCESS) == 0)
        return 1;
    return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
}

static int refuse_place(const struct config *config, const char *why, struct error *err)
{
    return error_set(err, EXIT_BAD_CONFIG, "the configuration '%s' %s; nothing was sent",
                     LOG_QUOTED(config->path.ptr), why);
}

/* By the last call's errno. */
static int refuse_access(const struct config *config, struct error *err)
{
    char why[320];

    snprintf(why, sizeof(why), _("cannot be opened: %s; name another with --config"),
             strerror(errno));
    return refuse_place(config, why, err);
}

static int find_named(struct config *config, const char *path, const char *by, struct error *err)
{
    buffer_text(&config->path, path);
    if (config->path.failed)
        return error_no_memory(err);
    if (is_there(config) > 0)
        return 0;
    return error_set(err, EXIT_BAD_CONFIG,
                     "the configuration '%s' that %s names cannot be opened: %s; nothing was sent",
                     LOG_QUOTED(path), by, strerror(errno));
}

/* A relative one would be another in each folder, and of whoever made that. */
static int append_user_path(struct buffer *path, struct error *err)
{
    const char *folder = getenv("XDG_CONFIG_HOME");
    bool is_xdg = folder && *folder;

    if (!is_xdg)
        folder = getenv("HOME");
    if (!folder || !*folder)
        return 0;
    if (*folder != '/')
        return error_set(err, EXIT_BAD_CONFIG,
                         "the environment variable %s is '%s', which is not an absolute path: name "
                         "the configuration with --config; nothing was sent",
                         is_xdg ? "XDG_CONFIG_HOME" : "HOME", LOG_QUOTED(folder));
    buffer_format(path, is_xdg ? "%s/" USER_PATH : "%s/.config/" USER_PATH, folder);
    return path->failed ? error_no_memory(err) : 0;
}

/* Leaves the path empty when there is no configuration. */
static int find(struct config *config, const char *named, struct error *err)
{
    const char *variable = getenv("CLAIMBATCH_CONFIG");
    int there;

    if (named)
        return find_named(config, named, "--config", err);
    if (variable && *variable)
        return find_named(config, variable, "CLAIMBATCH_CONFIG", err);
    if (append_user_path(&config->path, err))
        return -1;
    there = is_there(config);
    if (there == 0) {
        buffer_reset(&config->path);
        buffer_text(&config->path, SYSTEM_PATH);
        there = config->path.failed ? 0 : is_there(config);
    }
    if (config->path.failed)
        return error_no_memory(err);
    if (there < 0)
        return refuse_access(config, err);
    if (!there)
        buffer_reset(&config->path);
    return 0;
}

/* ---- whose it is ---- */

/* Whoever may write it names the gateway that gets the claims. What has no name cannot be reached
 * by others, whatever its mode. */
static int check_owner(const struct config *config, int fd, struct error *err)
{
    char why[LOG_QUOTE_BYTES + 128];
    struct stat status;

    if (fstat(fd, &status))
        return refuse_access(config, err);
    if (S_ISCHR(status.st_mode))
        return 0; /* /dev/null: none */
    if (!S_ISREG(status.st_mode) && !S_ISFIFO(status.st_mode))
        return refuse_place(config, _("is not a regular file"), err);
    if (status.st_uid != geteuid() && status.st_uid != 0) {
        snprintf(why, sizeof(why),
                 _("belongs to another user (uid %lu), who can change what it says; it has to be "
                   "yours or root's"),
                 (unsigned long)status.st_uid);
        return refuse_place(config, why, err);
    }
    if (status.st_nlink && S_ISREG(status.st_mode) && status.st_mode & (S_IWGRP | S_IWOTH)) {
        snprintf(why, sizeof(why),
                 _("may be written to by others (mode %03o); run: chmod go-w '%s'"),
                 (unsigned)status.st_mode & 07777, LOG_QUOTED(config->path.ptr));
        return refuse_place(config, why, err);
    }
    return 0;
}

/* ---- what is in it ---- */

static int refuse_line(const struct config *config, unsigned line, const char *why,
                       struct error *err)
{
    return error_set(err, EXIT_BAD_CONFIG, "configuration '%s', line %u: %s; nothing was sent",
                     LOG_QUOTED(config->path.ptr), line, why);
}

static int add_entry(struct config *config, const char *section, const char *key, const char *value)
{
    struct config_entry entry = {.line = config->line};

    if (!ARRAY_HAS_ROOM(config->entries, config->count, config->room))
        goto out;
    entry.section = strdup(section);
    entry.key = key ? strdup(key) : NULL;
    entry.value = value ? strdup(value) : NULL;
    config->entries[config->count++] = entry;
    if (entry.section && (entry.key || !key) && (entry.value || !value))
        return 1;
out:
    config->no_memory = true;
    return 0;
}

static void note_bad_line(struct config *config, const char *why)
{
    if (config->bad_line)
        return;
    config->bad_line = config->line;
    config->why = why;
}

/* What stands behind a section's name; inih passes over it. */
static void check_behind_section(struct config *config, const char *text)
{
    text += strspn(text, " \t");
    if (*text && !strchr("#;", *text))
        note_bad_line(config, _("a [section] stands on a line of its own"));
}

static bool is_marked(const char *line)
{
    return strncmp(line, BOM, strlen(BOM)) == 0;
}

/* inih passes over a section that is empty; what is misspelt shall show there too. */
static void note_section(struct config *config, const char *line)
{
    bool marked = config->line == 1 && is_marked(line);
    const char *start = line + (marked ? strlen(BOM) : 0);
    const char *end = NULL;
    char *name = NULL;

    start += strspn(start, " \t");
    end = *start == '[' ? strchr(start, ']') : NULL;
    name = end ? strndup(start + 1, (size_t)(end - start - 1)) : NULL;
    if (end)
        check_behind_section(config, end + 1);
    if (name)
        add_entry(config, name, NULL, NULL);
    else if (end)
        config->no_memory = true;
    free(name);
}

/* No name, path or number has a control character, and --print-config would show it to a terminal.
 * What cannot be seen makes one word of two, or turns the line around. */
static void check_characters(struct config *config, const char *line)
{
    const char *start = config->line == 1 && is_marked(line) ? line + strlen(BOM) : line;
    const char *first = start;
    uint32_t point = 0;
    bool is_comment;

    while (*first == ' ' || *first == '\t')
        first++;
    is_comment = *first == '#' || *first == ';';

    if (value_has_control((struct value){line, strlen(line)}))
        note_bad_line(config, _("there is a control character in it"));
    for (size_t len = 1; !is_comment && *start; start += len ? len : 1) {
        len = character_decode(start, &point);
        if (len && character_is_invisible(point))
            note_bad_line(config, _("there is a character in it that cannot be seen"));
    }
}

/* As fgets, from memory. A line that is too long is passed over, for inih would take its rest for a
 * line of its own. */
static char *next_line(char *line, int size, void *context)
{
    struct config *config = context;
    size_t len = strcspn(config->rest, "\r\n");

    if (!*config->rest)
        return NULL;
    config->line++;
    if (len > CONFIG_LINE_BYTES_MAX || len + LINE_END_BYTES > (size_t)size) {
        note_bad_line(config, _(LINE_TOO_LONG));
        line[0] = '\0';
    } else {
        memcpy(line, config->rest, len);
        line[len] = '\0';
        check_characters(config, line);
        note_section(config, line);
    }
    config->rest += len;
    config->rest += strncmp(config->rest, "\r\n", 2) == 0 ? 2 : *config->rest != '\0';
    return line;
}

/* --print-config shows an entry as "KEY = VALUE", a tab as its escape: what is read back has to be
 * the same. */
static int take_value(void *context, const char *section, const char *key, const char *value)
{
    if (strchr(key, '\t') || strchr(value, '\t'))
        note_bad_line(
            context,
            _("there is a tab within the key or the value; a comment stands on a line of its own"));
    if (strlen(key) + strlen(" = ") + strlen(value) > CONFIG_LINE_BYTES_MAX)
        note_bad_line(context, _(LINE_TOO_LONG));
    return add_entry(context, section, key, value);
}

static int parse(struct config *config, const struct buffer *text, struct error *err)
{
    int bad_line;

    ini_allow_multiline = false;
    ini_allow_inline_comments = false;
    ini_use_stack = false;
    ini_max_line = CONFIG_LINE_BYTES_MAX + LINE_END_BYTES;
    ini_initial_alloc = ini_max_line;
    config->rest = buffer_string(text);
    bad_line = ini_parse_stream(next_line, config, take_value, config);
    if (config->no_memory || bad_line < 0)
        return error_no_memory(err);
    if (config->bad_line && (bad_line == 0 || config->bad_line <= (unsigned)bad_line))
        return refuse_line(config, config->bad_line, config->why, err);
    if (bad_line > 0)
        return refuse_line(config, (unsigned)bad_line,
                           _("this is neither '[section]' nor 'key = value'"), err);
    return 0;
}

static int read_bytes(const struct config *config, struct buffer *ret_text, struct error *err)
{
    struct error inner;
    int fd = file_open_small(config->path.ptr);
    int result;

    if (fd < 0)
        return refuse_access(config, err);
    result = check_owner(config, fd, err);
    if (!result && file_read_open(fd, config->path.ptr, CONFIG_BYTES_MAX, ret_text, &inner))
        result =
            error_set(err, inner.exit_code == EXIT_RESOURCES ? EXIT_RESOURCES : EXIT_BAD_CONFIG,
                      "the configuration: %s; nothing was sent", inner.text);
    close(fd);
    return result;
}

static int read_text(const struct config *config, struct buffer *ret_text, struct error *err)
{
    if (read_bytes(config, ret_text, err))
        return -1;
    if (strlen(buffer_string(ret_text)) == ret_text->len &&
        character_is_utf8(buffer_string(ret_text)))
        return 0;
    return refuse_place(config, _("is not UTF-8: save it as UTF-8"), err);
}

int config_open(const char *named, struct config **ret_config, struct error *err)
{
    struct config *config = calloc(1, sizeof(*config));
    struct buffer text = {0};
    int result = -1;

    *ret_config = NULL;
    if (!config)
        return error_no_memory(err);
    if (find(config, named, err))
        goto out;
    result = 0;
    if (!config->path.len)
        goto out;
    result = read_text(config, &text, err) || parse(config, &text, err) ? -1 : 0;
    if (result)
        goto out;
    *ret_config = config;
    config = NULL;
out:
    buffer_release(&text);
    config_close(config);
    return result;
}

void config_close(struct config *config)
{
    if (!config)
        return;
    for (size_t i = 0; i < config->count; i++) {
        free((char *)(uintptr_t)config->entries[i].section);
        free((char *)(uintptr_t)config->entries[i].key);
        free((char *)(uintptr_t)config->entries[i].value);
    }
    free(config->entries);
    buffer_release(&config->path);
    free(config);
}

const char *config_path(const struct config *config)
{
    return config->path.ptr;
}

const struct config_entry *config_entry(const struct config *config, size_t i)
{
    return i < config->count ? &config->entries[i] : NULL;
}
