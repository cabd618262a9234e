#pragma once
/* A file of history that was not written by us, or that a disk has changed: the tables are right,
 * the rows are whatever the bytes make of them (store_rows.h). What the store hands out all the
 * same is fit for a node.
 *
 * The first byte says whether there is a right history beside (from 128 on), and whether it is read
 * too (odd). `lives`: a node lives with it for a while, meets somebody, reads, stores and drops;
 * that costs a hundred times as much. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int store_play(const uint8_t *data, size_t size, bool lives);
