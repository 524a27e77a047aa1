/* SPDX-License-Identifier: Apache-2.0 */
#include "server/web_apps.h"

static const char *names_word(enum config_names names)
{
	switch (names) {
	case CONFIG_NAMES_NUMBER:
		return "number";
	case CONFIG_NAMES_HANDLE:
		return "handle";
	case CONFIG_NAMES_ADDRESS:
		return "address";
	}
	return "";
}

/* Without a title: the name, or the domain's first part, as a word. */
static void title_add(struct buf *out, const char *title, const char *name)
{
	struct view word;
	if (title) {
		buf_add_str(out, title);
		return;
	}
	(void)view_cut(view_str(name), '.', &word);
	uint8_t first = word.p[0];
	buf_add_byte(out, first >= 'a' && first <= 'z' ? (uint8_t)(first & ~0x20) : first);
	buf_add_view(out, view_slice(word, 1, word.n));
}

/* Domains and titles hold nothing that JSON writes in another way (config_value.c). */
static void app_add(struct buf *out, const char *domain, const char *title, const char *name,
		    enum config_names names)
{
	buf_printf(out, "%s{\"domain\":\"%s\",\"title\":\"",
		   out->n && out->p[out->n - 1] == '}' ? "," : "", domain);
	title_add(out, title, name);
	buf_printf(out, "\",\"names\":\"%s\"", names_word(names));
}

void web_apps_add(const struct config *c, size_t self, struct buf *out)
{
	buf_add_str(out, "{\"apps\":[");
	for (size_t i = 0; i < c->apps_n; i++) {
		const struct config_app *a = &c->apps[i];
		if (a->is_removed)
			continue;
		app_add(out, a->domain, a->title, a->name, a->names);
		buf_add_str(out, i == self ? ",\"self\":true}" : "}");
	}
	for (size_t i = 0; i < c->peers_n; i++) {
		const struct config_peer *p = &c->peers[i];
		if (!p->names || p->is_removed)
			continue;
		app_add(out, p->domain, p->title, p->domain, p->names);
		buf_add_byte(out, '}');
	}
	buf_add_str(out, "]}\n");
}
