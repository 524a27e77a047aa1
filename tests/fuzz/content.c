/* SPDX-License-Identifier: Apache-2.0 */
/* What comes out of a decrypted message: CBOR of any kind, MIMI content and what it stands in.
 * Content that is accepted is shown, and numbered as the draft says. */
#include "mimi/attachment.h"
#include "mimi/content.h"
#include "mimi/franking.h"
#include "mimi/media_type.h"
#include "mimi/uri.h"
#include "mls/safe_aad.h"
#include "wire/cbor.h"

#include "base/text.h"

#include "tests/fuzz/walks.h"

enum { CBOR_ITEM, SAFE_AAD, FRAMING, CONTENT, KINDS };

static void item_element(struct wire *w, void *v)
{
	cbor_any(w, v, CONTENT_EXTENSION_LEVELS);
}

static const struct fuzz_walk rows[] = { [CBOR_ITEM] = { item_element, sizeof(struct view) },
					 [SAFE_AAD] = FUZZ_WALK(safe_aad)[FRAMING] =
						 FUZZ_WALK(application_framing)[CONTENT] =
							 FUZZ_WALK(mimi_content) };

/* Parts counted as they are numbered: depth first. */
static void count(const struct nested_part *p, uint32_t *next, unsigned level)
{
	fuzz_expect(level <= CONTENT_NESTING_MAX);
	fuzz_expect(p->part_index == (*next)++);
	for (size_t i = 0; i < p->parts.n; i++)
		count(&p->parts.v[i], next, level + 1);
}

/* A file, as its sender says: it is named harmlessly, and without its bytes never opened. */
static void show_file(const struct nested_part *p)
{
	char name[FILE_NAME_MAX + 1], again[FILE_NAME_MAX + 1], type[FILE_TYPE_MAX + 1];
	struct attachment at;
	file_name_clean(p->external.filename, name);
	fuzz_expect(*name && *name != '.' && *name != '-' && strlen(name) <= FILE_NAME_MAX);
	fuzz_expect(!strpbrk(name, "/\\\n\x1b") && utf8_is_valid(view_str(name)));
	file_name_clean(view_str(name), again);
	fuzz_expect(!strcmp(name, again));
	file_type_clean(p->content_type, type);
	fuzz_expect(*type && strchr(type, '/'));
	if (!attachment_of(&p->external, &at))
		fuzz_expect(at.size && at.size <= ATTACHMENT_MAX && at.sealed > at.size &&
			    domain_is_valid(at.domain));
}

static void show(const struct mimi_content *c)
{
	uint32_t parts = 0;
	struct view uri;
	count(&c->body, &parts, 1);
	if (c->body.cardinality == PART_EXTERNAL)
		show_file(&c->body);
	fuzz_expect(parts <= CONTENT_PARTS_MAX);
	const struct nested_part *p = mimi_content_shown(c);
	fuzz_expect(!p || p == &c->body || content_type_is_text(p->content_type));
	uc_err err = mimi_content_uri(c, EXTENSION_SENDER_URI, &uri);
	fuzz_expect(!err || err == UC_E_NOT_FOUND);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct view in = { data + 1, n - 1 }, content;
	uint8_t tag[FRANKING_TAG];
	struct chain_head head;
	struct arena a;
	if (!n)
		return 0;
	unsigned kind = data[0] % KINDS;
	arena_init(&a, (size_t)64 << 20, ARENA_PLAIN);
	void *object = fuzz_walk(&rows[kind], in, &a);
	if (object && kind == CONTENT)
		show(object);
	if (kind == FRAMING && !application_data_read(in, &a, &content, &head))
		fuzz_expect(object);
	if (kind == SAFE_AAD && !franking_aad_read(in, &a, tag))
		fuzz_expect(object);
	arena_done(&a);
	return 0;
}
