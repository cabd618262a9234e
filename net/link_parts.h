#pragma once
/* What listeners and dials need of a link before it is anybody's. */
#include "net/link.h"
#include "net/loop_parts.h"

/* Not connected yet. `dialled`: link_address is known already. */
struct link *link_new(struct links *links, const struct address *dialled);
uv_tcp_t *link_tcp(struct link *link);
/* The connection stands. An accepted link learns its address here; false: it is gone already. */
bool link_connected(struct link *link) __attribute__((warn_unused_result));
/* From here on it has LINK_HANDSHAKE_MS to come up, and is counted as half open if accepted. */
void link_hand_over(struct link *link);

struct loop *links_loop(struct links *links);
const struct link_limits *links_limits(const struct links *links);
/* How many of the half-open ones are of this host. */
size_t links_half_open_of(const struct links *links, const struct address *host);
