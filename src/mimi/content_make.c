/* SPDX-License-Identifier: Apache-2.0 */
/* Messages as our clients write them, and which part of another's they show. */
#include "mimi/content.h"

#include "wire/cbor.h"

static void text_element(struct wire *w, void *v)
{
	cbor_text(w, v);
}

static uc_err uri_extension(enum content_extension_key key, struct view uri, struct arena *a,
			    struct content_extension *out)
{
	out->number = (int64_t)key;
	return wire_encode_to(a, text_element, &uri, &out->value);
}

uc_err mimi_content_new(const struct env *env, struct view sender_uri, struct view room_uri,
			struct arena *a, struct mimi_content *out)
{
	struct mimi_content c = { 0 };
	TRY(env_random(env, c.salt, sizeof c.salt));
	c.extensions.v = ARENA_ARRAY(a, struct content_extension, 2);
	if (!c.extensions.v)
		return UC_E_LIMIT;
	c.extensions.n = 2;
	TRY(uri_extension(EXTENSION_SENDER_URI, sender_uri, a, &c.extensions.v[0]));
	TRY(uri_extension(EXTENSION_ROOM_URI, room_uri, a, &c.extensions.v[1]));
	*out = c;
	return UC_OK;
}

void mimi_content_set_single(struct mimi_content *c, struct view content_type, struct view content)
{
	c->body = (struct nested_part){ .disposition = DISPOSITION_RENDER,
					.cardinality = PART_SINGLE,
					.content_type = content_type,
					.content = content };
}

void mimi_content_set_text(struct mimi_content *c, struct view text, bool markdown)
{
	mimi_content_set_single(c, markdown ? VIEW_LIT(TEXT_GFM_MIMI) : VIEW_LIT(TEXT_PLAIN), text);
}

void mimi_content_set_reaction(struct mimi_content *c, struct view to, struct view emoji)
{
	c->in_reply_to = to;
	mimi_content_set_text(c, emoji, false);
	c->body.disposition = DISPOSITION_REACTION;
}

void mimi_content_set_delete(struct mimi_content *c, struct view id)
{
	c->replaces = id;
	c->body =
		(struct nested_part){ .disposition = DISPOSITION_RENDER, .cardinality = PART_NULL };
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

/* Media types and charsets are compared without regard to case (RFC 2045, 5.1). */
static bool same_word(struct view a, struct view b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

static struct view trim(struct view v)
{
	while (v.n && (v.p[0] == ' ' || v.p[0] == '\t'))
		v = view_slice(v, 1, v.n);
	while (v.n && (v.p[v.n - 1] == ' ' || v.p[v.n - 1] == '\t'))
		v.n--;
	return v;
}

static struct view unquote(struct view v)
{
	return v.n >= 2 && v.p[0] == '"' && v.p[v.n - 1] == '"' ? view_slice(v, 1, v.n - 2) : v;
}

bool content_type_is_text(struct view content_type)
{
	struct view type, parameter, name;
	struct view rest = view_cut(content_type, ';', &type);
	type = trim(type);
	if (!same_word(type, VIEW_LIT("text/plain")) && !same_word(type, VIEW_LIT("text/markdown")))
		return false;
	while (rest.n) {
		rest = view_cut(rest, ';', &parameter);
		struct view value = unquote(trim(view_cut(parameter, '=', &name)));
		if (same_word(trim(name), VIEW_LIT("charset")) &&
		    !same_word(value, VIEW_LIT("utf-8")) && !same_word(value, VIEW_LIT("us-ascii")))
			return false;
	}
	return true;
}

/* Recursion ends with the nesting that reading allows. */
static const struct nested_part *shown(const struct nested_part *p)
{
	const struct nested_part *first = NULL;
	if (p->cardinality == PART_SINGLE)
		return p;
	if (p->cardinality != PART_MULTI)
		return NULL;
	for (size_t i = 0; i < p->parts.n; i++) {
		const struct nested_part *at = shown(&p->parts.v[i]);
		bool understood = at && content_type_is_text(at->content_type);
		if (!understood && p->part_semantics == PARTS_SINGLE_UNIT)
			return NULL;
		if (understood && !first)
			first = at;
	}
	return first;
}

const struct nested_part *mimi_content_shown(const struct mimi_content *c)
{
	return shown(&c->body);
}
