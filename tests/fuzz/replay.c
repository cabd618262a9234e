/* Runs a fuzz target over its committed corpus, tests/fuzz/corpus/NAME for fuzz_NAME: every input
 * that was ever hard stays a test, with any compiler. TAP. */
#include "base/alloc.h"

#include <dirent.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 1 << 20 }; /* corpora are small files */

static void replay(const char *folder, const char *name, int number)
{
    char path[3 * PATH_MAX];
    uint8_t *data = xmalloc(INPUT_MAX);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file)
        die("%s cannot be read", path);
    size_t size = fread(data, 1, INPUT_MAX, file);
    fclose(file);
    uint8_t *exact = xmemdup(data, size); /* so that a sanitizer sees one byte too far */
    free(data);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    printf("ok %d - %s\n", number, name);
    fflush(stdout);
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
    char folder[2 * PATH_MAX], top[PATH_MAX]; /* a target may go elsewhere */
    const char *sources = getenv("srcdir");
    const char *name = strrchr(argc > 0 ? argv[0] : "", '/');
    struct dirent **inputs;
    name = name ? strstr(name, "fuzz_") : NULL;
    if (!name)
        die("a fuzz target is called fuzz_NAME");
    if (!realpath(sources ? sources : ".", top))
        die("there are no sources");
    snprintf(folder, sizeof folder, "%s/tests/fuzz/corpus/%s", top, name + strlen("fuzz_"));
    int count = scandir(folder, &inputs, visible, alphasort);
    if (count <= 0)
        die("there is no corpus in %s", folder);
    printf("1..%d\n", count);
    for (int i = 0; i < count; i++) {
        replay(folder, inputs[i]->d_name, i + 1);
        free(inputs[i]);
    }
    free(inputs);
    return 0;
}
