/* The table of stories. */
#include "tests/sim/scenarios/scenarios.h"

const struct scenario SCENARIOS[] = {
    {"first-contact", "two who never met start the program, and talk", 2, 2, first_contact},
    {"late-joiner", "hundreds of lines were said before she came", 3, 8, late_joiner},
    {"chain-of-three", "the ends of a chain talk through its middle", 3, 3, chain_of_three},
    {"partition-heal", "two halves talk on for minutes, and meet again", 4, 24, partition_heal},
    {"author-restored", "an author comes back from a backup", 3, 8, author_restored},
    {"copied-identity", "one person on three machines at once", 3, 8, copied_identity},
    {"two-devices", "one person on two machines, and nobody else", 1, 1, two_devices},
    {"whisper-away", "a whisper waits with those who cannot read it", 3, 8, whisper_away},
    {"full-disks", "three whose disks are full pass on what others say", 5, 5, full_disks},
    {"slow-reader", "one reads far slower than the other talks", 2, 2, slow_reader},
    {"flood", "a stranger floods, the others talk on", 4, 12, flood},
    {"big-room", "a room of hundreds", 500, 500, big_room},
    {"crowd", "ten thousand, most of them silent", 10000, 10000, crowd},
    {"disaster", "four of five vanish while people talk", 50, 100, disaster},
    {"kill-replay", "killed at any moment while somebody replays", 4, 10, kill_replay},
    {"chaos", "everything that can go wrong, for long", 5, 30, chaos},
    {NULL, NULL, 0, 0, NULL},
};
