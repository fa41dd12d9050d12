/* Is a network address one of the public Internet? What others tell us to call must be, or they could make us knock at doors of our own
 * network (rules B7). Pure. */
#ifndef WEB_ADDRESS_H
#define WEB_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/* IPv4 and IPv6 by the IANA special-purpose registries: not private, loopback, link-local, shared (CGNAT), multicast, reserved or for
 * documentation. An IPv6 address that carries an IPv4 one (mapped, NAT64, 6to4) is as public as that. Any other family is not. */
bool address_is_public(const struct sockaddr *address);

#endif
