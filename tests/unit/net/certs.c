/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/net/certs.h"

#include <ftw.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64];

static int entry_remove(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static void folder_remove(void)
{
	nftw(folder, entry_remove, 8, FTW_DEPTH | FTW_PHYS);
}

const char *test_path(const char *name)
{
	static char paths[64][160];
	static size_t n;
	if (!folder[0]) {
		snprintf(folder, sizeof folder, "/tmp/undercroft-test-XXXXXX");
		if (!mkdtemp(folder))
			abort();
		atexit(folder_remove);
	}
	char *p = paths[n++ % 64];
	snprintf(p, sizeof paths[0], "%s/%s", folder, name);
	return p;
}

static const char *path_of(const char *name, const char *ending)
{
	char file[100];
	snprintf(file, sizeof file, "%s%s", name, ending);
	return test_path(file);
}

static void extension_add(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	X509_add_ext(cert, e, -1);
	X509_EXTENSION_free(e);
}

static X509 *cert_begin(const char *name, EVP_PKEY *key)
{
	static long serial = 1;
	X509 *c = X509_new();
	X509_set_version(c, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(c), serial++);
	X509_gmtime_adj(X509_getm_notBefore(c), -3600);
	X509_gmtime_adj(X509_getm_notAfter(c), 86400);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_ASC,
				   (const unsigned char *)name, -1, -1, 0);
	X509_set_pubkey(c, key);
	return c;
}

static void write_pem(const char *path, X509 *cert, EVP_PKEY *key)
{
	FILE *f = fopen(path, "w");
	if (cert)
		PEM_write_X509(f, cert);
	else
		PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
	fclose(f);
}

const char *test_authority(const char *name)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *c = cert_begin(name, key);
	X509_set_issuer_name(c, X509_get_subject_name(c));
	extension_add(c, c, NID_basic_constraints, "critical,CA:TRUE");
	extension_add(c, c, NID_key_usage, "critical,keyCertSign");
	extension_add(c, c, NID_subject_key_identifier, "hash");
	X509_sign(c, key, EVP_sha256());
	write_pem(path_of(name, ".ca.pem"), c, NULL);
	write_pem(path_of(name, ".ca.key"), NULL, key);
	X509_free(c);
	EVP_PKEY_free(key);
	return path_of(name, ".ca.pem");
}

void test_certificate(const char *authority, const char *host)
{
	FILE *f = fopen(path_of(authority, ".ca.key"), "r");
	EVP_PKEY *ca_key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
	fclose(f);
	f = fopen(path_of(authority, ".ca.pem"), "r");
	X509 *ca = PEM_read_X509(f, NULL, NULL, NULL);
	fclose(f);
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *c = cert_begin(host, key);
	char san[120];
	snprintf(san, sizeof san, "DNS:%s", host);
	X509_set_issuer_name(c, X509_get_subject_name(ca));
	extension_add(c, ca, NID_subject_alt_name, san);
	extension_add(c, ca, NID_ext_key_usage, "serverAuth,clientAuth");
	X509_sign(c, ca_key, EVP_sha256());
	write_pem(test_certificate_file(host), c, NULL);
	write_pem(test_key_file(host), NULL, key);
	X509_free(c);
	X509_free(ca);
	EVP_PKEY_free(key);
	EVP_PKEY_free(ca_key);
}

const char *test_certificate_file(const char *host)
{
	return path_of(host, ".pem");
}

const char *test_key_file(const char *host)
{
	return path_of(host, ".key");
}
