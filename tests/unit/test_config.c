/* Unit tests of cli/config: the configuration file as entries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "cli/options/config.h"
#include "memfile.h"

static struct config *open_text(const char *text)
{
    struct memfile file = memfile_text(text);
    struct config *config = NULL;
    struct error err = {0};

    if (config_open(file.path, &config, &err))
        fail_msg("%s", err.text);
    memfile_close(&file);
    return config;
}

/* The error's sentence; the file must be refused. */
static const char *refusal(const void *bytes, size_t len)
{
    static struct error err;
    struct memfile file = memfile_open(bytes, len);
    struct config *config = NULL;

    assert_int_equal(config_open(file.path, &config, &err), -1);
    assert_null(config);
    assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
    memfile_close(&file);
    return err.text;
}

static void assert_entry(const struct config *config, size_t i, const char *section,
                         const char *key, const char *value, unsigned line)
{
    const struct config_entry *entry = config_entry(config, i);

    assert_non_null(entry);
    assert_string_equal(entry->section, section);
    assert_int_equal(entry->line, line);
    if (!key) {
        assert_null(entry->key);
        return;
    }
    assert_string_equal(entry->key, key);
    assert_string_equal(entry->value, value);
}

static void entries_come_in_order_with_their_lines(void **state)
{
    struct config *config = open_text("# a comment\n"
                                      "[run]\n"
                                      "in-flight = 64\n"
                                      "\n"
                                      "; another\n"
                                      "  rate=5  \r\n"
                                      "[input]\n"
                                      "delimiter = ;\n"
                                      "[columns]\n"
                                      "claim_time = 时间 # 1 ; 2 = 3");

    (void)state;
    assert_entry(config, 0, "run", NULL, NULL, 2);
    assert_entry(config, 1, "run", "in-flight", "64", 3);
    assert_entry(config, 2, "run", "rate", "5", 6);
    assert_entry(config, 3, "input", NULL, NULL, 7);
    assert_entry(config, 4, "input", "delimiter", ";", 8);
    assert_entry(config, 5, "columns", NULL, NULL, 9);
    assert_entry(config, 6, "columns", "claim_time", "时间 # 1 ; 2 = 3", 10);
    assert_null(config_entry(config, 7));
    config_close(config);
}

static void line_that_is_indented_is_a_line_of_its_own(void **state)
{
    struct config *config = open_text("[run]\nrate = 5\n    limit = 6\n\tworkers\t=\t7\t\n");

    (void)state;
    assert_entry(config, 2, "run", "limit", "6", 3);
    assert_entry(config, 3, "run", "workers", "7", 4);
    config_close(config);
}

static void byte_order_mark_is_passed_over(void **state)
{
    struct config *config = open_text("\xef\xbb\xbf"
                                      "[run]\nrate = 5\n");

    (void)state;
    assert_entry(config, 0, "run", NULL, NULL, 1);
    assert_entry(config, 1, "run", "rate", "5", 2);
    config_close(config);
}

static void lines_of_an_old_mac_are_lines(void **state)
{
    struct config *config = open_text("[run] # of each day\r\rrate = 5\r[gateway]\r\nurl = x\r");

    (void)state;
    assert_entry(config, 1, "run", "rate", "5", 3);
    assert_entry(config, 3, "gateway", "url", "x", 5);
    config_close(config);
}

static void empty_file_has_no_entries(void **state)
{
    struct config *config = open_text("");

    (void)state;
    assert_null(config_entry(config, 0));
    config_close(config);
}

static void what_is_no_configuration_is_refused_with_its_line(void **state)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"[run]\nrate\n", "line 2: this is neither"},
        {"[run\nrate = 1\n", "line 1: this is neither"},
        {"[run]\n\n\nworkcard_id,claim_desc\n", "line 4: this is neither"},
        {"[run] rate = 1\n", "line 1: a [section] stands on a line of its own"},
        {"[run]\nledger = a\x1b[2J\n", "line 2: there is a control character in it"},
        {"[run]\rrate\r", "line 2: this is neither"},
        {"[run]\n# \x7f\nrate\n", "line 2: there is a control character in it"},
        {"[run]\nrate\n# \x7f\n", "line 2: this is neither"},
        {"[run]\nledger = a\xe2\x80\xae.csv\n", "line 2: there is a character in it that cannot"},
        {"[gateway]\nurl = \xef\xbb\xbfx\n", "line 2: there is a character in it that cannot"},
        {"[verdicts]\nisv.a\tb = again\n", "line 2: there is a tab within the key"},
        {"[columns]\nclaim_fee = the\tfee\n", "line 2: there is a tab within the key"},
        {"[columns]\nclaim_time = \xca\xb1\xbc\xe4\n", "is not UTF-8"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const char *text = refusal(cases[i].text, strlen(cases[i].text));

        if (!strstr(text, cases[i].words))
            fail_msg("'%s' is not in '%s'", cases[i].words, text);
    }
    assert_non_null(strstr(refusal("[run]\nra\0te = 1\n", 16), "is not UTF-8"));
}

static void line_that_is_too_long_is_refused_and_not_cut(void **state)
{
    char text[CONFIG_LINE_BYTES_MAX + 64];
    struct config *config;

    (void)state;
    memset(text, 'x', sizeof(text));
    memcpy(text, "[run]\nledger = ", 15);
    strcpy(text + 6 + CONFIG_LINE_BYTES_MAX, "\n");
    config = open_text(text);
    assert_int_equal(strlen(config_entry(config, 1)->value), CONFIG_LINE_BYTES_MAX - 9);
    config_close(config);
    memcpy(text + 6 + CONFIG_LINE_BYTES_MAX, "xrate = 1\n", 11);
    assert_non_null(strstr(refusal(text, strlen(text)), "line 2: the line is longer"));
    /* As it would be printed. */
    memcpy(text, "[run]\nledger=xx", 15);
    strcpy(text + 6 + CONFIG_LINE_BYTES_MAX, "\n");
    assert_non_null(strstr(refusal(text, strlen(text)), "line 2: the line is longer"));
}

/* ---- where it lies ---- */

static char folder[] = "/tmp/claimbatch-config-XXXXXX";

static void write_at(const char *path, const char *text)
{
    char whole[256];
    FILE *file;

    snprintf(whole, sizeof(whole), "%s/%s", folder, path);
    file = fopen(whole, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void make_folder(const char *path)
{
    char whole[256];

    snprintf(whole, sizeof(whole), "%s/%s", folder, path);
    assert_int_equal(mkdir(whole, 0700), 0);
}

static void set_path(const char *variable, const char *path)
{
    char whole[256];

    snprintf(whole, sizeof(whole), "%s/%s", folder, path);
    setenv(variable, whole, 1);
}

static void assert_found(const char *named, const char *path)
{
    char whole[256];
    struct config *config = NULL;
    struct error err = {0};

    snprintf(whole, sizeof(whole), "%s/%s", folder, path);
    assert_int_equal(config_open(named, &config, &err), 0);
    assert_non_null(config);
    assert_string_equal(config_path(config), whole);
    config_close(config);
}

static void first_place_that_has_one_is_taken(void **state)
{
    char named[256];

    (void)state;
    snprintf(named, sizeof(named), "%s/named", folder);
    unsetenv("CLAIMBATCH_CONFIG");
    unsetenv("XDG_CONFIG_HOME");
    set_path("HOME", "home");
    assert_found(NULL, "home/.config/claimbatch/claimbatch.conf");
    set_path("XDG_CONFIG_HOME", "xdg");
    assert_found(NULL, "xdg/claimbatch/claimbatch.conf");
    set_path("CLAIMBATCH_CONFIG", "variable");
    assert_found(NULL, "variable");
    assert_found(named, "named");
}

static void file_that_is_named_must_be_there(void **state)
{
    struct config *config = NULL;
    struct error err = {0};

    (void)state;
    assert_int_equal(config_open("/nowhere/claimbatch.conf", &config, &err), -1);
    assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
    assert_non_null(strstr(err.text, "'/nowhere/claimbatch.conf' that --config names"));
    setenv("CLAIMBATCH_CONFIG", "/nowhere/else", 1);
    assert_int_equal(config_open(NULL, &config, &err), -1);
    assert_non_null(strstr(err.text, "that CLAIMBATCH_CONFIG names"));
    unsetenv("CLAIMBATCH_CONFIG");
    assert_int_equal(config_open(folder, &config, &err), -1);
    assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
}

static int make_places(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    make_folder("home");
    make_folder("home/.config");
    make_folder("home/.config/claimbatch");
    make_folder("xdg");
    make_folder("xdg/claimbatch");
    write_at("home/.config/claimbatch/claimbatch.conf", "[run]\n");
    write_at("xdg/claimbatch/claimbatch.conf", "[run]\n");
    write_at("variable", "[run]\n");
    write_at("named", "[run]\n");
    return 0;
}

static int remove_places(void **state)
{
    static const char *const paths[] = {"home/.config/claimbatch/claimbatch.conf",
                                        "xdg/claimbatch/claimbatch.conf",
                                        "variable",
                                        "named",
                                        "home/.config/claimbatch",
                                        "home/.config",
                                        "home",
                                        "xdg/claimbatch",
                                        "xdg"};
    char whole[256];

    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
        snprintf(whole, sizeof(whole), "%s/%s", folder, paths[i]);
        remove(whole);
    }
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_come_in_order_with_their_lines),
        cmocka_unit_test(line_that_is_indented_is_a_line_of_its_own),
        cmocka_unit_test(byte_order_mark_is_passed_over),
        cmocka_unit_test(lines_of_an_old_mac_are_lines),
        cmocka_unit_test(empty_file_has_no_entries),
        cmocka_unit_test(what_is_no_configuration_is_refused_with_its_line),
        cmocka_unit_test(line_that_is_too_long_is_refused_and_not_cut),
        cmocka_unit_test(first_place_that_has_one_is_taken),
        cmocka_unit_test(file_that_is_named_must_be_there),
    };

    return cmocka_run_group_tests(tests, make_places, remove_places);
}
