/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_accept.h"

static struct view trim(struct view v)
{
	while (v.n && (v.p[0] == ' ' || v.p[0] == '\t'))
		v = view_slice(v, 1, v.n);
	while (v.n && (v.p[v.n - 1] == ' ' || v.p[v.n - 1] == '\t'))
		v.n--;
	return v;
}

/* RFC 9110, 12.4.2: "0" or "1", then perhaps a point and up to three digits; at most 1. */
static bool weight_read(struct view v, unsigned *out)
{
	if (!v.n || v.n > 5 || (v.p[0] != '0' && v.p[0] != '1') || (v.n > 1 && v.p[1] != '.'))
		return false;
	unsigned weight = (unsigned)(v.p[0] - '0') * HTTP_WEIGHT_MAX, place = HTTP_WEIGHT_MAX / 10;
	for (size_t i = 2; i < v.n; i++, place /= 10) {
		if (v.p[i] < '0' || v.p[i] > '9')
			return false;
		weight += (unsigned)(v.p[i] - '0') * place;
	}
	*out = weight;
	return weight <= HTTP_WEIGHT_MAX;
}

/* One item: a coding, or "*", and perhaps its weight. */
static bool item_read(struct view item, struct view *coding, unsigned *weight)
{
	struct view rest = view_cut(item, ';', coding), name;
	*coding = trim(*coding);
	*weight = HTTP_WEIGHT_MAX;
	if (!coding->n)
		return false;
	if (!rest.p)
		return true;
	struct view value = view_cut(trim(rest), '=', &name);
	return http_text_equal(name, VIEW_LIT("q")) && value.p && weight_read(value, weight);
}

/* The first item that names the coding. */
static bool item_find(const struct http_headers *h, const char *coding, unsigned *weight)
{
	for (size_t i = 0; i < h->n; i++) {
		if (!http_text_equal(h->v[i].name, VIEW_LIT("accept-encoding")))
			continue;
		for (struct view rest = h->v[i].value; rest.p;) {
			struct view item, name;
			rest = view_cut(rest, ',', &item);
			if (item_read(item, &name, weight) &&
			    http_text_equal(name, view_str(coding)))
				return true;
		}
	}
	return false;
}

unsigned http_accept_weight(const struct http_headers *h, const char *coding)
{
	unsigned weight = 0;
	if (item_find(h, coding, &weight))
		return weight;
	/* "*" speaks of all that is not named; without the field nothing was said against any
	 * coding, but who says nothing may well know none. */
	if (item_find(h, "*", &weight))
		return weight;
	return http_text_equal(view_str(coding), VIEW_LIT("identity")) ? 1 : 0;
}
