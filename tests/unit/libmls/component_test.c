/* SPDX-License-Identifier: Apache-2.0 */
/* Application components through the public interface. */
#include "undercroft/mls_component.h"

#include "tests/unit/libmls/crew.h"

#define SUITE MLS_X25519_AES128GCM_SHA256_ED25519
enum { OURS = 0x8001, THEIRS = 0x8002 };

static const struct mls_bytes nothing;

TEST(a_dictionary_is_put_together_and_read)
{
	struct sailor s;
	struct mls_extensions one, two, none = { NULL, 0 };
	struct mls_bytes data = { NULL, 77 };
	sailor_begin(&s, "dictionary", SUITE, NULL);
	expect_err(mls_dictionary_find(none, OURS, &data), UC_E_NOT_FOUND);
	expect_ok(mls_dictionary_put(none, OURS, bytes_of("mine"), s.out, &one));
	expect_ok(mls_dictionary_put(one, THEIRS, bytes_of("yours"), s.out, &two));
	expect_eq(two.n, 1);
	expect_eq(two.v[0].type, MLS_EXTENSION_APP_DATA_DICTIONARY);
	expect_ok(mls_dictionary_find(two, OURS, &data));
	expect_bytes(view_of(data), VIEW_LIT("mine"));
	expect_ok(mls_dictionary_find(two, THEIRS, &data));
	expect_bytes(view_of(data), VIEW_LIT("yours"));
	expect_ok(mls_dictionary_put(two, OURS, nothing, s.out, &one));
	expect_err(mls_dictionary_find(one, OURS, &data), UC_E_NOT_FOUND);
	expect_err(
		mls_dictionary_put((struct mls_extensions){ NULL, 1 }, OURS, nothing, s.out, &one),
		UC_E_ARGUMENT);
	expect_err(mls_dictionary_put(two, OURS, nothing, NULL, &one), UC_E_ARGUMENT);
	expect_err(mls_dictionary_find(two, OURS, NULL), UC_E_ARGUMENT);
	sailor_end(&s);
}

TEST(a_secret_is_exported_once_by_each_and_alike)
{
	struct sailor crew[2];
	struct mls_bytes a, b, other;
	crew_begin(crew, 2, SUITE);
	expect(mls_safe_export_is_left(crew[0].group, OURS));
	expect_ok(mls_safe_export(crew[0].group, OURS, crew[0].out, &a));
	expect(!mls_safe_export_is_left(crew[0].group, OURS));
	expect_err(mls_safe_export(crew[0].group, OURS, crew[0].out, &other), UC_E_NOT_FOUND);
	sailor_restart(&crew[0]);
	expect_err(mls_safe_export(crew[0].group, OURS, crew[0].out, &other), UC_E_NOT_FOUND);
	expect_ok(mls_safe_export(crew[0].group, THEIRS, crew[0].out, &other));
	expect_ok(mls_safe_export(crew[1].group, OURS, crew[1].out, &b));
	expect_eq(a.n, 32);
	expect_bytes(view_of(a), view_of(b));
	expect(!view_equal(view_of(a), view_of(other)));
	/* Not lost where there is no room for it. */
	mls_out *small;
	expect_ok(mls_out_new(16, &small));
	expect_err(mls_safe_export(crew[1].group, THEIRS, small, &b), UC_E_LIMIT);
	expect(mls_safe_export_is_left(crew[1].group, THEIRS));
	mls_out_free(small);
	expect(!mls_safe_export_is_left(NULL, OURS));
	crew_end(crew, 2);
}

TEST(components_sign_and_encrypt_apart_from_each_other)
{
	struct sailor crew[3];
	struct mls_bytes signature, plain = { NULL, 77 };
	struct mls_ciphertext sealed;
	const struct mls_bytes label = bytes_of("greeting"), text = bytes_of("hello");
	crew_begin(crew, 3, SUITE);
	expect_ok(mls_safe_sign(crew[0].group, OURS, label, text, crew[0].out, &signature));
	expect_ok(mls_safe_verify(crew[1].group, 0, OURS, label, text, signature));
	expect_err(mls_safe_verify(crew[1].group, 0, THEIRS, label, text, signature),
		   UC_E_SIGNATURE);
	expect_err(mls_safe_verify(crew[1].group, 1, OURS, label, text, signature), UC_E_SIGNATURE);
	expect_err(mls_safe_verify(crew[1].group, 0, OURS, text, text, signature), UC_E_SIGNATURE);
	expect_err(mls_safe_verify(crew[1].group, 9, OURS, label, text, signature), UC_E_NOT_FOUND);
	expect_err(mls_safe_verify(crew[1].group, MLS_NO_INDEX, OURS, label, text, signature),
		   UC_E_NOT_FOUND);
	expect_ok(mls_safe_encrypt(crew[0].group, 1, OURS, label, bytes_of("ctx"), text,
				   crew[0].out, &sealed));
	expect_ok(mls_safe_decrypt(crew[1].group, OURS, label, bytes_of("ctx"), &sealed,
				   crew[1].out, &plain));
	expect_bytes(view_of(plain), view_of(text));
	plain.n = 77;
	expect_err(mls_safe_decrypt(crew[2].group, OURS, label, bytes_of("ctx"), &sealed,
				    crew[2].out, &plain),
		   UC_E_DECRYPT);
	expect_err(mls_safe_decrypt(crew[1].group, THEIRS, label, bytes_of("ctx"), &sealed,
				    crew[1].out, &plain),
		   UC_E_DECRYPT);
	expect_err(
		mls_safe_decrypt(crew[1].group, OURS, label, nothing, &sealed, crew[1].out, &plain),
		UC_E_DECRYPT);
	expect_eq(plain.n, 77);
	expect_err(mls_safe_encrypt(crew[0].group, 9, OURS, label, nothing, text, crew[0].out,
				    &sealed),
		   UC_E_NOT_FOUND);
	expect_ok(mls_safe_encrypt_to_all(crew[0].group, OURS, label, nothing, text, crew[0].out,
					  &sealed));
	for (size_t i = 0; i < 3; i++) {
		expect_ok(mls_safe_decrypt_to_all(crew[i].group, OURS, label, nothing, &sealed,
						  crew[i].out, &plain));
		expect_bytes(view_of(plain), view_of(text));
	}
	expect_err(mls_safe_decrypt_to_all(crew[0].group, OURS, label, nothing, NULL, crew[0].out,
					   &plain),
		   UC_E_ARGUMENT);
	expect_err(mls_safe_sign(NULL, OURS, label, text, crew[0].out, &signature), UC_E_ARGUMENT);
	crew_end(crew, 3);
}

TEST(components_speak_side_by_side_in_authenticated_data)
{
	struct sailor s;
	struct mls_bytes aad, data = { NULL, 77 };
	const struct mls_safe_aad_item items[2] = { { THEIRS, bytes_of("b") },
						    { OURS, bytes_of("a") } };
	const struct mls_safe_aad_item twice[2] = { { OURS, bytes_of("b") },
						    { OURS, bytes_of("a") } };
	sailor_begin(&s, "aad", SUITE, NULL);
	expect_ok(mls_safe_aad_make(items, 2, s.out, &aad));
	expect_ok(mls_safe_aad_find(aad, OURS, &data));
	expect_bytes(view_of(data), VIEW_LIT("a"));
	expect_err(mls_safe_aad_find(aad, 0x8003, &data), UC_E_NOT_FOUND);
	expect_err(mls_safe_aad_find(bytes_of("rubbish"), OURS, &data), UC_E_MALFORMED);
	expect_bytes(view_of(data), VIEW_LIT("a"));
	expect_err(mls_safe_aad_make(twice, 2, s.out, &aad), UC_E_ARGUMENT);
	expect_err(mls_safe_aad_make(NULL, 2, s.out, &aad), UC_E_ARGUMENT);
	sailor_end(&s);
}

TEST(what_was_read_is_acknowledged)
{
	struct sailor crew[3];
	struct mls_bytes said[3], ack;
	struct mls_received got;
	const struct mls_message_range *ranges;
	size_t n = 77;
	crew_begin(crew, 3, SUITE);
	for (size_t i = 0; i < 3; i++)
		expect_ok(mls_group_protect(crew[0].group, bytes_of("x"), nothing, 0, crew[0].out,
					    &said[i]));
	for (size_t i = 0; i < 3; i++)
		expect_ok(mls_group_receive(crew[1].group, said[i], crew[1].out, &got));
	expect_ok(mls_group_receive(crew[2].group, said[0], crew[2].out, &got));
	expect_ok(mls_app_ack(crew[1].group, crew[1].out, &ack));
	/* As an AppEphemeral it could travel. */
	const struct mls_proposal p = { .type = MLS_APP_EPHEMERAL,
					.component_id = MLS_COMPONENT_APP_ACK,
					.data = ack };
	struct mls_bytes message;
	expect_ok(mls_group_propose(crew[1].group, &p, nothing, crew[1].out, &message));
	expect_ok(mls_group_receive(crew[2].group, message, crew[2].out, &got));
	expect_ok(mls_app_ack_missing(crew[2].group, got.proposal.data, crew[2].out, &ranges, &n));
	expect_eq(n, 1);
	if (n == 1) {
		expect_eq(ranges[0].sender, 0);
		expect_eq(ranges[0].last_generation - ranges[0].first_generation, 1);
	}
	expect(mls_app_ack_missing(crew[2].group, bytes_of("\xff"), crew[2].out, &ranges, &n));
	expect_eq(n, 1);
	crew_end(crew, 3);
}

TEST(application_data_says_what_it_is)
{
	struct sailor crew[2];
	struct mls_bytes list, framed, inner;
	struct mls_media_type type;
	struct mls_extensions with = { NULL, 0 };
	const struct mls_media_parameter utf8 = { bytes_of("charset"), bytes_of("utf-8") };
	const struct mls_media_type types[2] = { { bytes_of("text/plain"), &utf8, 1 },
						 { bytes_of("image/png"), NULL, 0 } };
	for (size_t i = 0; i < 2; i++) {
		sailor_begin(&crew[i], i ? "b" : "a", SUITE, NULL);
		expect_ok(mls_media_types_data(types, 2, crew[i].out, &list));
		expect_ok(mls_dictionary_put((struct mls_extensions){ NULL, 0 },
					     MLS_COMPONENT_CONTENT_MEDIA_TYPES, list, crew[i].out,
					     &with));
		crew[i].identity.extensions = with;
	}
	sailor_create(&crew[0], SUITE, "typed", with);
	struct mls_proposal add = sailor_add(&crew[1], SUITE);
	const struct mls_commit what = { .proposals = { &add, 1 } };
	struct mls_made made;
	expect_ok(mls_group_commit(crew[0].group, &what, crew[0].out, &made));
	expect_ok(mls_framing_write(NULL, bytes_of("hi"), crew[0].out, &framed));
	expect_ok(mls_framing_read(crew[0].group, framed, crew[0].out, &type, &inner));
	expect_bytes(view_of(inner), VIEW_LIT("hi"));
	expect_bytes(view_of(type.type), VIEW_LIT("text/plain"));
	expect_eq(type.parameter_count, 1);
	expect_ok(mls_framing_write(&types[1], bytes_of("\x89PNG"), crew[0].out, &framed));
	expect_ok(mls_framing_read(crew[0].group, framed, crew[0].out, &type, &inner));
	expect_bytes(view_of(type.type), VIEW_LIT("image/png"));
	expect_err(mls_media_types_data(types, 0, crew[0].out, &list), UC_E_ARGUMENT);
	mls_group *plain = NULL;
	const struct mls_create how = { .suite = SUITE,
					.group_id = bytes_of("plain"),
					.identity = &crew[0].identity };
	expect_ok(mls_group_create(crew[0].client, &how, &plain));
	expect_err(mls_framing_read(plain, framed, crew[0].out, &type, &inner), UC_E_UNEXPECTED);
	mls_group_free(plain);
	crew_end(crew, 2);
}

TEST(lists_of_components_and_formats)
{
	struct sailor s;
	struct mls_bytes data;
	const uint16_t ids[2] = { OURS, THEIRS }, formats[1] = { 2 };
	static const uint8_t want[] = { 4, 0x80, 1, 0x80, 2 }, want_format[] = { 2, 0, 2 };
	sailor_begin(&s, "lists", SUITE, NULL);
	expect_ok(mls_components_data((struct mls_types){ ids, 2 }, s.out, &data));
	expect_bytes(view_of(data), VIEW_OF(want));
	expect_ok(mls_wire_formats_data((struct mls_types){ formats, 1 }, s.out, &data));
	expect_bytes(view_of(data), VIEW_OF(want_format));
	expect_err(mls_components_data((struct mls_types){ NULL, 2 }, s.out, &data), UC_E_ARGUMENT);
	expect_err(mls_wire_formats_data((struct mls_types){ formats, 1 }, NULL, &data),
		   UC_E_ARGUMENT);
	sailor_end(&s);
}
