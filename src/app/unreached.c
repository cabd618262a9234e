/* Long switches: nothing that can go wrong is left out. */
#include "app/unreached.h"

enum call_fault fault_of_resolve(enum resolve_result result)
{
    switch (result) {
    case RESOLVE_OK:
        return CALL_UNKNOWN;
    case RESOLVE_NO_NAME:
        return CALL_NO_NAME;
    case RESOLVE_TIMEOUT:
    case RESOLVE_TROUBLE:
        return CALL_NAME_UNASKED;
    }
    return CALL_UNKNOWN;
}

enum call_fault fault_of_dial(enum dial_result result)
{
    switch (result) {
    case DIAL_OK:
        return CALL_UNKNOWN;
    case DIAL_REFUSED:
        return CALL_REFUSED;
    case DIAL_UNREACHABLE:
        return CALL_UNREACHABLE;
    case DIAL_TIMEOUT:
        return CALL_SILENT;
    case DIAL_NO_NAME:
        return CALL_NO_NAME;
    case DIAL_TROUBLE:
        return CALL_TROUBLE;
    }
    return CALL_UNKNOWN;
}

static enum call_fault fault_of_tls(enum tls_fault fault)
{
    switch (fault) {
    case TLS_FAULT_NONE:
    case TLS_FAULT_CUT:
        return CALL_HUNG_UP;
    case TLS_FAULT_BROKEN:
        return CALL_STRANGE;
    case TLS_FAULT_VERSION:
    case TLS_FAULT_ALPN:
    case TLS_FAULT_CERTIFICATE:
    case TLS_FAULT_REFUSED:
    case TLS_FAULT_TOO_MUCH:
    case TLS_FAULT_HERE:
        return CALL_TLS;
    }
    return CALL_UNKNOWN;
}

enum call_fault fault_of_down(enum link_down why, enum tls_fault tls)
{
    switch (why) {
    case LINK_DOWN_ENDED:
    case LINK_DOWN_CUT:
    case LINK_DOWN_LOST:
        return CALL_HUNG_UP;
    case LINK_DOWN_SILENT:
        return CALL_MUTE;
    case LINK_DOWN_BAD:
        return CALL_STRANGE;
    case LINK_DOWN_TLS:
        return fault_of_tls(tls);
    }
    return CALL_UNKNOWN;
}
