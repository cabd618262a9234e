#pragma once
/* Signatures for simulations of thousands of nodes: a hash that anyone could make, fifty times
 * cheaper than a real one. A simulated forger does not call it; what it alters is still noticed.
 * It lives with the tests, so no program can be given it. */
#include "core/crypto.h"

extern const struct signer signer_fake;
