/* Rows that somebody has altered are read, and a node starts with them. */
#include "store_play.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return store_play(data, size, false);
}
