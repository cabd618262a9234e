#pragma once
/* One story a file. */
#include "tests/sim/story.h"

void first_contact(struct world *world);
void late_joiner(struct world *world);
void chain_of_three(struct world *world);
void partition_heal(struct world *world);
void author_restored(struct world *world);
void copied_identity(struct world *world);
void two_devices(struct world *world);
void whisper_away(struct world *world);
void full_disks(struct world *world);
void slow_reader(struct world *world);
void flood(struct world *world);
void big_room(struct world *world);
void crowd(struct world *world);
void disaster(struct world *world);
void kill_replay(struct world *world);
void chaos(struct world *world);
