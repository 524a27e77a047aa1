/* SPDX-License-Identifier: Apache-2.0 */
#include "net/peer_address.h"

#include "base/secret.h"

#include <netinet/in.h>
#include <string.h>

enum { NETWORK = 8, MAPPED = 12 };

static const uint8_t mapped[MAPPED] = { [10] = 0xff, [11] = 0xff };

/* Nothing of it stays on the stack: an address is known for minutes only. */
bool peer_address_reduce(const struct sockaddr_storage *a, uint8_t out[PEER_ADDRESS])
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	uint8_t reduced[PEER_ADDRESS] = { 0 };
	if (a->ss_family == AF_INET) {
		memcpy(&in, a, sizeof in);
		memcpy(reduced, mapped, sizeof mapped);
		memcpy(reduced + MAPPED, &in.sin_addr, sizeof in.sin_addr);
		wipe(&in, sizeof in);
	} else if (a->ss_family == AF_INET6) {
		memcpy(&in6, a, sizeof in6);
		bool is_mapped = IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr);
		memcpy(reduced, &in6.sin6_addr, is_mapped ? PEER_ADDRESS : NETWORK);
		wipe(&in6, sizeof in6);
	} else {
		return false;
	}
	memcpy(out, reduced, sizeof reduced);
	wipe(reduced, sizeof reduced);
	return true;
}

bool peer_address_of(int fd, uint8_t out[PEER_ADDRESS])
{
	struct sockaddr_storage a = { 0 };
	socklen_t n = sizeof a;
	bool is_known = !getpeername(fd, (struct sockaddr *)&a, &n) && peer_address_reduce(&a, out);
	wipe(&a, sizeof a);
	return is_known;
}
