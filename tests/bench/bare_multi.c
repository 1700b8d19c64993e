/*
 * The yardstick for throughput: a bare curl-multi loop that sends one and the same request again
 * and again, with nothing recorded or looked at.
 *
 * usage: bare_multi URL BODY-FILE REQUESTS IN-FLIGHT    prints requests per second
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static size_t ignore(char *bytes, size_t size, size_t count, void *context)
{
    (void)bytes, (void)context;
    return size * count;
}

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static CURL *make_handle(const char *url, const char *body, struct curl_slist *headers)
{
    CURL *handle = curl_easy_init();

    curl_easy_setopt(handle, CURLOPT_URL, url);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, ignore);
    return handle;
}

int main(int argc, char **argv)
{
    static char body[65536];
    struct curl_slist *headers = NULL;
    CURLM *multi = curl_multi_init();
    long requests, in_flight, begun = 0, ended = 0, failed = 0;
    double start;
    FILE *file;

    if (argc != 5 || !(file = fopen(argv[2], "r"))) {
        fprintf(stderr, "usage: bare_multi URL BODY-FILE REQUESTS IN-FLIGHT\n");
        return 2;
    }
    body[fread(body, 1, sizeof(body) - 1, file)] = '\0';
    fclose(file);
    requests = atol(argv[3]);
    in_flight = atol(argv[4]);
    headers = curl_slist_append(headers, "Expect:");
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, in_flight);
    start = now_s();
    for (; begun < in_flight && begun < requests; begun++)
        curl_multi_add_handle(multi, make_handle(argv[1], body, headers));
    while (ended < requests) {
        CURLMsg *message;
        int running, left;

        curl_multi_perform(multi, &running);
        while ((message = curl_multi_info_read(multi, &left))) {
            CURL *handle = message->easy_handle;
            long status = 0;

            curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
            failed += message->data.result != CURLE_OK || status != 200;
            ended++;
            curl_multi_remove_handle(multi, handle);
            if (begun < requests) {
                begun++;
                curl_multi_add_handle(multi, handle);
            } else {
                curl_easy_cleanup(handle);
            }
        }
        if (ended < requests)
            curl_multi_poll(multi, NULL, 0, 1000, NULL);
    }
    printf("%.0f\n", (double)requests / (now_s() - start));
    if (failed)
        fprintf(stderr, "%ld of %ld requests failed\n", failed, requests);
    curl_multi_cleanup(multi);
    curl_slist_free_all(headers);
    return failed ? 1 : 0;
}
