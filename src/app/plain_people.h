#pragma once
/* Who came, went, is away or goes by another name, told in lines: whatever changes in the rows that
 * a screen would show.
 *
 * Invariant: of whoever was told to be here it is told when they are gone, and the other way
 * round. */
#include "app/plain_words.h"

struct plain_people;

struct plain_people *plain_people_new(void);
/* NULL is fine. */
void plain_people_free(struct plain_people *people);
/* Tells what changed since the last time. */
void plain_people_follow(struct plain_people *people, struct plain_words *words,
                         const struct model *model);
