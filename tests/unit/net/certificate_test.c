/* SPDX-License-Identifier: Apache-2.0 */
#include "net/certificate.h"
#include "tests/unit/harness.h"
#include "tests/unit/net/certs.h"

TEST(a_document_is_trusted_by_its_certificate)
{
	struct arena a;
	struct view chain, signature, document = VIEW_LIT("{\"domain\": \"lens.localhost\"}");
	arena_init(&a, 1 << 20, ARENA_PLAIN);
	test_authority("local");
	test_authority("other");
	test_certificate("local", "lens.localhost");
	test_certificate("local", "dial.localhost");
	const char *ca = test_path("local.ca.pem");
	expect_ok(certificate_read(test_certificate_file("lens.localhost"), &a, &chain));
	expect_ok(certificate_sign(test_key_file("lens.localhost"), document, &a, &signature));
	expect_ok(certificate_verify(ca, "lens.localhost", chain, document, signature));

	expect_err(certificate_verify(ca, "dial.localhost", chain, document, signature), UC_E_TLS);
	expect_err(certificate_verify(test_path("other.ca.pem"), "lens.localhost", chain, document,
				      signature),
		   UC_E_TLS);
	expect_err(
		certificate_verify(ca, "lens.localhost", VIEW_LIT("nonsense"), document, signature),
		UC_E_TLS);
	expect_err(certificate_verify(ca, "lens.localhost", chain, VIEW_LIT("{}"), signature),
		   UC_E_SIGNATURE);
	signature.n--;
	expect_err(certificate_verify(ca, "lens.localhost", chain, document, signature),
		   UC_E_SIGNATURE);
	expect_ok(certificate_sign(test_key_file("dial.localhost"), document, &a, &signature));
	expect_err(certificate_verify(ca, "lens.localhost", chain, document, signature),
		   UC_E_SIGNATURE);
	expect_err(certificate_sign("/nonexistent", document, &a, &signature), UC_E_TLS);
	expect_err(certificate_read("/nonexistent", &a, &chain), UC_E_IO);
	arena_done(&a);
}
