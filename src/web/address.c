/* Of IPv4 nearly all is public, so a table says what is not. Of IPv6 only 2000::/3 is given out, so all else is not public, but for two
 * prefixes that stand for IPv4 addresses. */
#include "web/address.h"

#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

struct net {
    unsigned char prefix[16];
    unsigned bits;
};

/* IANA IPv4 Special-Purpose Address Registry, and multicast. */
static const struct net closed_ipv4[] = {
    {{0}, 8},             /* this network */
    {{10}, 8},            /* private */
    {{100, 64}, 10},      /* shared: CGNAT */
    {{127}, 8},           /* loopback */
    {{169, 254}, 16},     /* link-local */
    {{172, 16}, 12},      /* private */
    {{192, 0, 0}, 24},    /* protocol assignments */
    {{192, 0, 2}, 24},    /* documentation */
    {{192, 88, 99}, 24},  /* 6to4 relays, deprecated */
    {{192, 168}, 16},     /* private */
    {{198, 18}, 15},      /* benchmarking */
    {{198, 51, 100}, 24}, /* documentation */
    {{203, 0, 113}, 24},  /* documentation */
    {{224}, 4},           /* multicast */
    {{240}, 4},           /* reserved, and broadcast */
};

/* Inside 2000::/3. */
static const struct net closed_ipv6[] = {
    {{0x20, 0x01, 0x00}, 23},       /* protocol assignments: Teredo, ORCHID … */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
    {{0x3f, 0xff, 0x00}, 20},       /* documentation */
};

static const struct net given_out = {{0x20}, 3};

/* Where an IPv6 address carries an IPv4 one. */
static const struct {
    struct net net;
    size_t at;
} carriers[] = {
    {{{[10] = 0xff, [11] = 0xff}, 96}, 12}, /* ::ffff:0:0/96, mapped */
    {{{0x00, 0x64, 0xff, 0x9b}, 96}, 12},   /* 64:ff9b::/96, NAT64 */
    {{{0x20, 0x02}, 16}, 2},                /* 2002::/16, 6to4 */
};

static bool net_has(const struct net *net, const unsigned char *address)
{
    unsigned whole = net->bits / 8, rest = net->bits % 8;
    if (memcmp(net->prefix, address, whole) != 0)
        return false;
    return rest == 0 || (net->prefix[whole] ^ address[whole]) >> (8 - rest) == 0;
}

static bool ipv4_is_public(const unsigned char address[4])
{
    for (size_t i = 0; i < sizeof closed_ipv4 / sizeof *closed_ipv4; i++)
        if (net_has(&closed_ipv4[i], address))
            return false;
    return true;
}

static bool ipv6_is_public(const unsigned char address[16])
{
    for (size_t i = 0; i < sizeof carriers / sizeof *carriers; i++)
        if (net_has(&carriers[i].net, address))
            return ipv4_is_public(address + carriers[i].at);
    for (size_t i = 0; i < sizeof closed_ipv6 / sizeof *closed_ipv6; i++)
        if (net_has(&closed_ipv6[i], address))
            return false;
    return net_has(&given_out, address);
}

bool address_is_public(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return ipv4_is_public((const unsigned char *)&((const struct sockaddr_in *)(const void *)address)->sin_addr);
    if (address->sa_family == AF_INET6)
        return ipv6_is_public(((const struct sockaddr_in6 *)(const void *)address)->sin6_addr.s6_addr);
    return false;
}
