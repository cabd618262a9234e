#pragma once
/* A disk and a memory that fail when they are told to: under SQLite, by its own seams. */
#include <stdbool.h>

enum faulty_mode {
    FAULTY_NOT,
    FAULTY_ERROR,  /* this one call reports an I/O error */
    FAULTY_DEAD,   /* this one, and every one after it */
    FAULTY_SHORT,  /* this write stops in its middle */
    FAULTY_FULL,   /* from here on no write finds room */
    FAULTY_MEMORY, /* this one allocation fails */
    FAULTY_STARVED /* this one, and every one after it */
};

/* Before anything else of SQLite. What it asks to be synced is not: tests have no power cuts. */
void faulty_start(void);
/* The `at`-th call from now on, from 1, fails so. */
void faulty_set(enum faulty_mode mode, unsigned at);
/* No more faults; whether there was one. */
bool faulty_end(void);
/* How many calls could have failed, since faulty_set. */
unsigned faulty_calls(void);
/* How often a file was to be synced, from the start on. */
unsigned faulty_syncs(void);
/* Memory of SQLite's that nobody gave back. */
long faulty_memory(void);
