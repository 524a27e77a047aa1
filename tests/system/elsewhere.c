/* SPDX-License-Identifier: Apache-2.0 */
/* Below a server (LD_PRELOAD): who connects from this machine, 127.*, seems to come from elsewhere, 11.*.  So
 * the network address is counted and kept as anybody's, which one's own is not (base/rate.h). */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int getpeername(int fd, __SOCKADDR_ARG to, socklen_t *restrict n)
{
	struct sockaddr *a = to.__sockaddr__;
	struct sockaddr_in in;
	int failed = (int)syscall(SYS_getpeername, fd, a, n);
	if (failed || *n < sizeof in || a->sa_family != AF_INET)
		return failed;
	memcpy(&in, a, sizeof in);
	if (ntohl(in.sin_addr.s_addr) >> 24 == 127)
		in.sin_addr.s_addr = htonl((ntohl(in.sin_addr.s_addr) & 0xffffff) | 11U << 24);
	memcpy(a, &in, sizeof in);
	return 0;
}
