/* A PostgreSQL server of a test's own, kept by e2e/postgres.py, and databases in it. It ends with
 * the test. */
#ifndef CLAIMBATCH_TESTS_CLUSTER_H
#define CLAIMBATCH_TESTS_CLUSTER_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CLUSTER_URL_BYTES 256

struct cluster {
    FILE *asks, *answers;
    pid_t keeper;
    char url[CLUSTER_URL_BYTES]; /* or why there is none */
};

static inline void cluster_read_line(struct cluster *cluster, char *ret_line)
{
    if (!fgets(ret_line, CLUSTER_URL_BYTES, cluster->answers))
        *ret_line = '\0';
    ret_line[strcspn(ret_line, "\n")] = '\0';
}

/* False where there can be none. */
static inline bool cluster_start(struct cluster *cluster)
{
    int asks[2], answers[2];

    assert_int_equal(pipe(asks), 0);
    assert_int_equal(pipe(answers), 0);
    cluster->keeper = fork();
    assert_true(cluster->keeper >= 0);
    if (cluster->keeper == 0) {
        setsid(); /* what kills the test lets it tidy up */
        dup2(asks[0], STDIN_FILENO);
        dup2(answers[1], STDOUT_FILENO);
        closefrom(STDERR_FILENO + 1);
        execlp("python3", "python3", TEST_DATA_DIR "/../e2e/postgres.py", NULL);
        _exit(127);
    }
    close(asks[0]);
    close(answers[1]);
    cluster->asks = fdopen(asks[1], "w");
    cluster->answers = fdopen(answers[0], "r");
    cluster_read_line(cluster, cluster->url);
    return strncmp(cluster->url, "postgresql://", strlen("postgresql://")) == 0;
}

/* A new database. */
static inline void cluster_create(struct cluster *cluster, char ret_url[CLUSTER_URL_BYTES])
{
    if (!cluster->asks) {
        fail_msg("no cluster was started");
        return;
    }
    fputs("create\n", cluster->asks);
    fflush(cluster->asks);
    cluster_read_line(cluster, ret_url);
    assert_memory_equal(ret_url, "postgresql://", strlen("postgresql://"));
}

static inline void cluster_stop(struct cluster *cluster)
{
    fclose(cluster->asks);
    fclose(cluster->answers);
    waitpid(cluster->keeper, NULL, 0);
}

/* Runs statements by psql, which shares no code with the program. */
static inline void cluster_run(const char *url, const char *statements)
{
    char command[CLUSTER_URL_BYTES + 64];
    FILE *psql;

    snprintf(command, sizeof(command), "psql -XAtq -v ON_ERROR_STOP=1 -d '%s'", url);
    psql = popen(command, "w");
    assert_non_null(psql);
    fputs(statements, psql);
    assert_int_equal(pclose(psql), 0);
}

/* The same of a statement that gives a number. */
static inline long long cluster_number(const char *url, const char *statement)
{
    char command[CLUSTER_URL_BYTES + 512];
    long long number = -1;
    FILE *psql;

    snprintf(command, sizeof(command), "psql -XAtq -v ON_ERROR_STOP=1 -d '%s' -c \"%s\"", url,
             statement);
    psql = popen(command, "r");
    assert_non_null(psql);
    assert_int_equal(fscanf(psql, "%lld", &number), 1);
    assert_int_equal(pclose(psql), 0);
    return number;
}

#endif
