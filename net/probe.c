/* The kernel's own list of packet filters, by netlink: their tables may be of nft, of iptables or
 * of whatever made them. Only what is decided for packets that no rule names is read: what the
 * rules say is theirs to know who wrote them. */
#include "net/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#ifdef __linux__
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/time.h>
#endif

/* ---- ports -----------------------------------------------------------------------------------*/

enum port_state port_try(const struct address *address, bool shared)
{
    struct sockaddr_storage system;
    bool ipv4 = address_is_ipv4(address);
    int yes = 1;
    int one = socket(ipv4 ? AF_INET : AF_INET6, shared ? SOCK_DGRAM : SOCK_STREAM, 0);
    if (one < 0)
        return errno == EACCES || errno == EPERM ? PORT_FORBIDDEN : PORT_NO_ADDRESS;
    address_to_system(address, &system);
    (void)setsockopt(one, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (!ipv4)
        (void)setsockopt(one, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
    socklen_t size = ipv4 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    int result = bind(one, (struct sockaddr *)&system, size), error = errno;
    close(one);
    if (result == 0)
        return PORT_FREE;
    if (error == EADDRINUSE)
        return PORT_TAKEN;
    return error == EACCES || error == EPERM ? PORT_FORBIDDEN : PORT_NO_ADDRESS;
}

/* ---- the firewall ----------------------------------------------------------------------------*/

#ifdef __linux__

enum {
    HEAD = sizeof(struct nlattr),
    ANSWER_BYTES = 32768, /* the kernel fills no more into one datagram of a list */
    PATIENCE_MS = 500,    /* it answers at once; this is so that nothing ever hangs */
};

struct reading {
    enum firewall result;
    bool over;
};

static const struct nlattr *attribute_next(const uint8_t **at, size_t *left)
{
    const struct nlattr *attribute = (const struct nlattr *)(const void *)*at;
    if (*left < HEAD || attribute->nla_len < HEAD || attribute->nla_len > *left)
        return NULL;
    size_t step = (attribute->nla_len + 3u) & ~(size_t)3;
    step = step < *left ? step : *left;
    *at += step;
    *left -= step;
    return attribute;
}

/* A number of the given kind inside, or `otherwise`. */
static uint32_t attribute_number(const uint8_t *at, size_t left, unsigned kind, uint32_t otherwise)
{
    const struct nlattr *one;
    while ((one = attribute_next(&at, &left))) {
        uint32_t number;
        if ((one->nla_type & NLA_TYPE_MASK) != kind || one->nla_len < HEAD + sizeof number)
            continue;
        memcpy(&number, (const uint8_t *)one + HEAD, sizeof number);
        return ntohl(number);
    }
    return otherwise;
}

/* One chain: whether it stands before what comes in, and what becomes of the rest. */
static void chain_read(struct reading *reading, const uint8_t *at, size_t left)
{
    uint32_t policy = attribute_number(at, left, NFTA_CHAIN_POLICY, NF_ACCEPT);
    const struct nlattr *one;
    bool input = false;
    while ((one = attribute_next(&at, &left)))
        if ((one->nla_type & NLA_TYPE_MASK) == NFTA_CHAIN_HOOK)
            input = attribute_number((const uint8_t *)one + HEAD, (size_t)one->nla_len - HEAD,
                                     NFTA_HOOK_HOOKNUM, NF_INET_FORWARD) == NF_INET_LOCAL_IN;
    if (input && policy == NF_DROP)
        reading->result = FIREWALL_DROPS;
    else if (input && reading->result == FIREWALL_NONE)
        reading->result = FIREWALL_RULES;
}

static void error_read(struct reading *reading, const struct nlmsghdr *header)
{
    const struct nlmsgerr *error = NLMSG_DATA(header);
    reading->over = true;
    if (header->nlmsg_len >= NLMSG_LENGTH(sizeof *error) &&
        (error->error == -EPERM || error->error == -EACCES))
        reading->result = FIREWALL_UNREADABLE;
}

/* Bridges and interfaces have chains of their own, with other numbers. */
static bool is_of_ip(const struct nfgenmsg *message)
{
    return message->nfgen_family == NFPROTO_INET || message->nfgen_family == NFPROTO_IPV4 ||
           message->nfgen_family == NFPROTO_IPV6;
}

static void answer_read(struct reading *reading, const void *bytes, size_t size)
{
    const struct nlmsghdr *header = bytes;
    for (unsigned left = (unsigned)size; NLMSG_OK(header, left);
         header = NLMSG_NEXT(header, left)) {
        size_t head = NLMSG_LENGTH(sizeof(struct nfgenmsg));
        if (header->nlmsg_type == NLMSG_DONE)
            reading->over = true;
        else if (header->nlmsg_type == NLMSG_ERROR)
            error_read(reading, header);
        else if (header->nlmsg_len >= head && is_of_ip(NLMSG_DATA(header)))
            chain_read(reading, (const uint8_t *)header + NLMSG_ALIGN(head),
                       header->nlmsg_len - head);
    }
}

static bool ask(int kernel)
{
    struct {
        struct nlmsghdr header;
        struct nfgenmsg family;
    } question = {
        {.nlmsg_len = sizeof question,
         .nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETCHAIN,
         .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        {.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0},
    };
    struct timeval patience = {.tv_usec = PATIENCE_MS * 1000};
    (void)setsockopt(kernel, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return send(kernel, &question, sizeof question, 0) == (ssize_t)sizeof question;
}

/* The older filter, iptables-legacy: the kernel tells that it is in use, and no more. */
static bool has_legacy(void)
{
    char names[256] = "";
    int file = open("/proc/net/ip_tables_names", O_RDONLY | O_CLOEXEC);
    ssize_t size = file >= 0 ? read(file, names, sizeof names - 1) : 0;
    if (file >= 0)
        close(file);
    return size > 0 && strstr(names, "filter");
}

enum firewall firewall_read(void)
{
    static _Thread_local union {
        struct nlmsghdr header;
        uint8_t bytes[ANSWER_BYTES];
    } answer;
    struct reading reading = {.result = FIREWALL_NONE};
    int kernel = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
    if (kernel < 0)
        return has_legacy() ? FIREWALL_RULES : FIREWALL_NONE;
    reading.over = !ask(kernel);
    while (!reading.over) {
        ssize_t size = recv(kernel, &answer, sizeof answer, 0);
        if (size <= 0)
            break;
        answer_read(&reading, &answer, (size_t)size);
    }
    close(kernel);
    return reading.result == FIREWALL_NONE && has_legacy() ? FIREWALL_RULES : reading.result;
}

#else

enum firewall firewall_read(void)
{
    return FIREWALL_UNKNOWN;
}

#endif
