/*
 * Feeds what a fuzzer has kept to its target, without the fuzzer: the corpus as a test.
 *
 * usage: fuzz_TARGET FOLDER
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define INPUT_BYTES_MAX ((size_t)1 << 20)
#define PATH_BYTES 4096

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Memory of exactly the input's size, so that the sanitizer sees each byte read behind it. */
static int replay(const char *folder, const char *name)
{
    static uint8_t room[INPUT_BYTES_MAX];
    char path[PATH_BYTES];
    FILE *file = NULL;
    uint8_t *bytes = NULL;
    size_t len = 0;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    printf("# %s\n", path);
    fflush(stdout); /* the last one told is the one that ended it all */
    file = fopen(path, "rb");
    if (!file)
        return -1;
    len = fread(room, 1, sizeof(room), file);
    bytes = ferror(file) ? NULL : malloc(len ? len : 1);
    fclose(file);
    if (!bytes)
        return -1;
    for (size_t i = 0; i < len; i++)
        bytes[i] = room[i];
    LLVMFuzzerTestOneInput(bytes, len);
    free(bytes);
    return 0;
}

int main(int argc, char **argv)
{
    struct dirent **entries = NULL;
    int count = argc == 2 ? scandir(argv[1], &entries, is_visible, alphasort) : -1;
    int failed = count <= 0;

    printf("1..1\n");
    for (int i = 0; i < count; i++) {
        failed = replay(argv[1], entries[i]->d_name) || failed;
        free(entries[i]);
    }
    free(entries);
    printf("%sok 1 - %d inputs that were kept\n", failed ? "not " : "", count);
    return failed;
}
