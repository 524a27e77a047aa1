/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates for tests, made on the spot in a folder of their own that goes at the end. */
#ifndef TESTS_UNIT_NET_CERTS_H
#define TESTS_UNIT_NET_CERTS_H

/* Path of a file in the test's temporary folder; kept until the end of the program. */
const char *test_path(const char *name);
/* A local authority: NAME.ca.pem; and for a host: HOST.pem and HOST.key signed by it. */
const char *test_authority(const char *name);
void test_certificate(const char *authority, const char *host);
const char *test_certificate_file(const char *host);
const char *test_key_file(const char *host);

#endif
