#pragma once
/* Why nobody was reached: what the network says, in the node's words. */
#include "core/node.h"
#include "net/dial.h"
#include "net/link.h"
#include "net/resolve.h"

enum call_fault fault_of_resolve(enum resolve_result result);
enum call_fault fault_of_dial(enum dial_result result);
/* `tls`: link_fault of the link that is down. */
enum call_fault fault_of_down(enum link_down why, enum tls_fault tls);
