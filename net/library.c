/* The versions of libuv and OpenSSL. */
#include "net/library.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <uv.h>

const char *net_library(void)
{
    static char text[32];
    snprintf(text, sizeof text, "libuv %s", uv_version_string());
    return text;
}

const char *net_tls_library(void)
{
    return OpenSSL_version(OPENSSL_VERSION);
}
