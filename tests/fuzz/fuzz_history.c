/* A node lives with rows that somebody has altered. */
#include "store_play.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return store_play(data, size, true);
}
