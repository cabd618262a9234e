#pragma once
/* Where somebody is reached over IP, as plain bytes: what this layer hands out and takes in.
 *
 * IPv4 is always ::ffff:a.b.c.d, so one address has one form and two are equal when their bytes
 * are. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sockaddr;
struct sockaddr_storage;

enum { ADDRESS_TEXT = 80 }; /* [39 of IPv6 % 15 of an interface]:5, and the zero */

struct address {
    uint8_t ip[16];
    uint32_t scope; /* the number of the interface, of link-local addresses only; 0: none */
    uint16_t port;
};

/* Reads an address in numbers, fe80::1%eth0 included; nothing is looked up but the interface. */
bool address_parse(const char *host, uint16_t port, struct address *into)
    __attribute__((warn_unused_result));
/* 192.168.1.7:9999, [fe80::1%eth0]:9999; without the port where it is 0. */
void address_text(const struct address *address, char into[ADDRESS_TEXT]);

bool address_is_ipv4(const struct address *address);
bool address_is_loopback(const struct address *address);
/* 0.0.0.0 or :: */
bool address_is_any(const struct address *address);
bool address_equal(const struct address *a, const struct address *b);
/* The same machine, as far as addresses tell: the port may differ. */
bool address_same_host(const struct address *a, const struct address *b);

/* As the system wants it: IPv4 as AF_INET, all else as AF_INET6. */
void address_to_system(const struct address *address, struct sockaddr_storage *into);
/* False where it is of another family. An IPv4 address inside IPv6 comes out as IPv4's. */
bool address_from_system(const struct sockaddr *system, struct address *into)
    __attribute__((warn_unused_result));
