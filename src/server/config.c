/* SPDX-License-Identifier: Apache-2.0 */
#include "server/config.h"

#include "base/text.h"
#include "server/config_keys.h"

#include <stdio.h>

struct section_kind {
	const char *name;
	const char *example; /* what its name looks like; NULL: it has none, "": it may have none */
	const char *help;
};
static const struct section_kind sections[] = {
	[SECTION_NONE] = { "", NULL, NULL },
	[SECTION_BACKBONE] = { "backbone", NULL, "The whole installation." },
	[SECTION_APP] = { "app", "dial", "One app; repeat the section for each." },
	[SECTION_PEER] = { "peer", "lens.example",
			   "An app on another backbone, by its domain; repeat for each." },
	[SECTION_LIMITS] = { "limits", "",
			     "How often something may be asked: at once, and an hour.  [limits] is "
			     "for all apps,\n# [limits NAME] for one.  All may be left out." },
	[SECTION_AGE] = { "age", "school.example",
			  "A service whose word about somebody's age all apps here believe; repeat "
			  "for each." },
};

#define IN_CONFIG(field) offsetof(struct config, field)
#define IN_APP(field)    offsetof(struct config_app, field)
#define IN_PEER(field)   offsetof(struct config_peer, field)
#define IN_AGE(field)    offsetof(struct config_age, field)
#define LIMIT_KEY(limit, key, burst, hour, text)            \
	{ #key,                                             \
	  config_set_rate,                                  \
	  offsetof(struct config_limits, v[LIMIT_##limit]), \
	  SECTION_LIMITS,                                   \
	  false,                                            \
	  #burst " " #hour,                                 \
	  "Limit of " text "." },
/* clang-format off */
static const struct config_key keys[] = {
	{ "data", config_set_path, IN_CONFIG(data), SECTION_BACKBONE, true,
	  "/var/lib/undercroft", "Folder for the apps' databases." },
	{ "threads", config_set_threads, IN_CONFIG(threads), SECTION_BACKBONE, false,
	  "0", "Threads that serve connections; 0: one for each processor.  May be left out." },
	{ "connections", config_set_count, IN_CONFIG(connections), SECTION_BACKBONE, false,
	  "0", "Connections at once, of all apps; a few more are told to come back later, others\n"
	  "# closed.  0: as many as the system lets it have.  May be left out." },
	{ "accepts_a_second", config_set_count, IN_CONFIG(accepts_a_second), SECTION_BACKBONE,
	  false, "1000",
	  "New connections a second; what comes faster waits.  0: no limit.  May be left out." },
	{ "ping_seconds", config_set_ping, IN_CONFIG(ping_seconds), SECTION_BACKBONE, false,
	  "240", "Silence after which a client is asked whether it is still there; it may ask for\n"
	  "# less.  May be left out." },
	{ "drain_seconds", config_set_drain, IN_CONFIG(drain_seconds), SECTION_BACKBONE, false,
	  "10", "Time at the end for what is under way, and over which clients come back at the\n"
	  "# least.  May be left out." },
	{ "log", config_set_log, IN_CONFIG(log), SECTION_BACKBONE, false,
	  "info", "error, info or debug.  May be left out." },
	{ "log_format", config_set_log_format, IN_CONFIG(log_format), SECTION_BACKBONE, false,
	  "text", "text or json: a line for each event.  May be left out." },
	{ "confine", config_set_yes_no, IN_CONFIG(confine), SECTION_BACKBONE, false,
	  "yes", "yes or no: the process gives up system calls and files that are not its own.\n"
	  "# May be left out." },
	{ "control", config_set_path, IN_CONFIG(control), SECTION_BACKBONE, false,
	  "/var/lib/undercroft/control",
	  "Socket for undercroftctl; without it, `control` in the data folder." },
	{ "metrics", config_set_loopback, IN_CONFIG(metrics), SECTION_BACKBONE, false,
	  "127.0.0.1:9441",
	  "Where programs of this machine get metrics over plain HTTP.  May be left out." },
	{ "peer_ca", config_set_path, IN_CONFIG(peer_ca), SECTION_BACKBONE, false,
	  "/etc/undercroft/peers.pem",
	  "The authority of peers that name no `ca` of their own.  May be left out." },

	{ "domain", config_set_domain, IN_APP(domain), SECTION_APP, true,
	  "dial.example", "Its domain, as in mimi://DOMAIN and in its certificate." },
	{ "listen", config_set_listen, IN_APP(listen), SECTION_APP, true,
	  "127.0.0.1:8441", "Where clients and peers connect." },
	{ "certificate", config_set_path, IN_APP(certificate), SECTION_APP, true,
	  "/etc/undercroft/dial.pem", "TLS certificate chain, PEM; peers are shown it, too." },
	{ "private_key", config_set_path, IN_APP(private_key), SECTION_APP, true,
	  "/etc/undercroft/dial.key", "Its private key, PEM." },
	{ "names", config_set_names, IN_APP(names), SECTION_APP, true,
	  "number", "What people are known by: number, handle or address." },
	{ "keys", config_set_path, IN_APP(keys), SECTION_APP, true,
	  "/var/lib/undercroft-keys/dial", "Folder of the app's own keys, apart from its data." },
	{ "delivery", config_set_text, IN_APP(delivery), SECTION_APP, false,
	  "/usr/local/bin/send-code",
	  "Command that sends a code; number or address and code come on its input, a line each.\n"
	  "# Needed for numbers and addresses, not for handles." },
	{ "limit_by_address", config_set_yes_no, IN_APP(limit_by_address), SECTION_APP, false,
	  "yes", "yes or no: codes, sign-ups and look-ups are counted by network address, too." },

	{ "account_bytes", config_set_bytes, IN_APP(account_bytes), SECTION_APP, false,
	  "33554432", "Bytes an account may have stored: vault, keys, letters.  May be left out." },
	{ "attachment_bytes", config_set_bytes, IN_APP(attachment_bytes), SECTION_APP, false,
	  "16777216", "Bytes of a file that somebody sends.  May be left out." },
	{ "old_keys_days", config_set_days, IN_APP(old_keys_days), SECTION_APP, false,
	  "100", "Days after a rotation in which the keys of before still open.  May be left out." },
	{ "handle_hold_days", config_set_days, IN_APP(handles.hold_days), SECTION_APP, false,
	  "30", "Days in which a handle that somebody has left is theirs alone.  May be left out." },
	{ "handles_held", config_set_held, IN_APP(handles.held), SECTION_APP, false,
	  "3", "How many of those one account has at most; then it has to wait.  May be left out." },
	{ "handle_rest_days", config_set_days, IN_APP(handles.rest_days), SECTION_APP, false,
	  "90", "Days in which the handle of a deleted account is nobody's.  May be left out." },
	{ "grown_ups", config_set_yes_no, IN_APP(contact.grown_ups), SECTION_APP, false,
	  "no",
	  "yes: who has not said their age counts as 18 or above.  no: they are not found, and grown-ups\n"
	  "# who found them before do not reach them.  May be left out." },
	{ "new_accounts_ask", config_set_yes_no, IN_APP(contact.new_ask), SECTION_APP, false,
	  "no",
	  "yes or no: an account of less than a day may ask strangers, too, not only who handed it a\n"
	  "# link, and a handle of less than a week those below 18.  May be left out." },
	{ "requests_day", config_set_count, IN_APP(contact.day), SECTION_APP, false,
	  "20",
	  "Contact requests of an account a day, in its first week a quarter; and look-ups.  May be\n"
	  "# left out." },
	{ "minor_asked_day", config_set_count, IN_APP(contact.minor_day), SECTION_APP, false,
	  "10",
	  "Contact requests that one person below 18 gets a day, of all who are not known to be below 18,\n"
	  "# too.  May be left out." },
	{ "discovery", config_set_yes_no, IN_APP(discovery), SECTION_APP, false,
	  "no",
	  "yes or no: people who want it are found by who has their number, which nobody is told.\n"
	  "# For names that are numbers.  May be left out." },
	{ "discovery_custodian", config_set_domain, IN_APP(discovery_custodian), SECTION_APP, false,
	  "lens.example",
	  "A peer that holds the other half of the key for it, so that neither tries numbers alone.\n"
	  "# May be left out." },
	{ "reserved", config_set_path, IN_APP(reserved), SECTION_APP, false,
	  "/etc/undercroft/dial.reserved",
	  "File of names that nobody is given, one a line.  May be left out." },
	{ "suspended", config_set_yes_no, IN_APP(is_suspended), SECTION_APP, false,
	  "no", "yes or no: nobody is let in, all that is stored stays.  May be left out." },

	{ "web", config_set_path, IN_APP(web), SECTION_APP, false,
	  "/usr/share/undercroft/dial",
	  "Folder of the app for browsers, served from memory under its domain.  May be left out." },
	{ "title", config_set_title, IN_APP(title), SECTION_APP, false,
	  "Dial", "What browsers call the app; without it, its name.  May be left out." },
	{ "listen_http", config_set_loopback, IN_APP(listen_http), SECTION_APP, false,
	  "127.0.0.1:8451",
	  "Where browsers of this machine get it over plain HTTP; loopback only.  May be left out." },

	{ "url", config_set_url, IN_PEER(url), SECTION_PEER, true,
	  "https://lens.example:8442", "Where it is reached." },
	{ "ca", config_set_path, IN_PEER(ca), SECTION_PEER, false,
	  "/etc/undercroft/lens-ca.pem",
	  "The authority that vouches for its certificate, PEM; without it, `peer_ca`." },
	{ "names", config_set_names, IN_PEER(names), SECTION_PEER, false,
	  "handle", "What its people are known by; said, browsers offer it.  May be left out." },
	{ "title", config_set_title, IN_PEER(title), SECTION_PEER, false,
	  "Lens", "What browsers call it; without it, its domain's first part.  May be left out." },

	{ "custody", config_set_yes_no, IN_PEER(custody), SECTION_PEER, false,
	  "no", "yes or no: our apps hold the other half of its key for finding people by number.\n"
	  "# May be left out." },

	{ "key", config_set_age_key, IN_AGE(key), SECTION_AGE, true,
	  "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
	  "Its public key, as it says it (undercroftctl age-service)." },
	{ "key_before", config_set_age_key, IN_AGE(before), SECTION_AGE, false,
	  "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
	  "The one that it had before, while what it signed with that is still to count.\n"
	  "# May be left out." },

	PROVIDER_LIMITS(LIMIT_KEY)
};
/* clang-format on */
enum { KEYS_N = sizeof keys / sizeof *keys };

const struct config_key *config_key_at(size_t i)
{
	return i < KEYS_N ? &keys[i] : NULL;
}

struct reader {
	struct config_where where;
	struct config_mistakes *mistakes;
	struct config *config;
	enum config_section section;
	struct view name; /* of the section */
	unsigned line, section_line;
	void *target;      /* NULL: in a section that is skipped */
	bool seen[KEYS_N]; /* keys of this section */
	bool backbone_seen;
};

static void mistake(struct config_mistakes *m, unsigned line, const char *section, struct view name,
		    struct view key, const char *why)
{
	m->n++;
	buf_printf(m->out, "%s:", m->file);
	if (line)
		buf_printf(m->out, "%u:", line);
	if (section) {
		buf_printf(m->out, " [%s%s", section, name.n ? " " : "");
		text_add_escaped(m->out, name, false);
		buf_add_byte(m->out, ']');
	}
	if (key.n) {
		buf_add_byte(m->out, ' ');
		text_add_escaped(m->out, key, false);
		buf_add_byte(m->out, ':');
	}
	buf_printf(m->out, " %s\n", why);
}

static void wrong(struct reader *r, unsigned line, struct view key, const char *why)
{
	mistake(r->mistakes, line, r->section ? sections[r->section].name : NULL, r->name, key,
		why);
}

static struct view trim(struct view v)
{
	while (v.n && (v.p[0] == ' ' || v.p[0] == '\t'))
		v = view_slice(v, 1, v.n);
	while (v.n && strchr(" \t\r", v.p[v.n - 1]) && v.p[v.n - 1])
		v.n--;
	return v;
}

static void section_end(struct reader *r)
{
	if (!r->target)
		return;
	for (size_t i = 0; i < KEYS_N; i++) {
		if (keys[i].section == r->section && keys[i].is_needed && !r->seen[i])
			wrong(r, r->section_line, view_str(keys[i].name), "is missing");
	}
	r->target = NULL;
}

static const char *app_begin(struct reader *r)
{
	struct config *c = r->config;
	const char *name = NULL;
	for (size_t i = 0; i < c->apps_n; i++) {
		if (view_equal(view_str(c->apps[i].name), r->name))
			return "is there twice";
	}
	if (c->apps_n == CONFIG_APPS_MAX)
		return "is one app too many";
	/* The name is also that of the app's folder. */
	if (!config_domain_is_valid(r->name) || memchr(r->name.p, '.', r->name.n))
		return "is not a name of lower-case letters, digits and hyphens";
	const char *why = config_set_text(&r->where, r->name, &name);
	if (why)
		return why;
	r->target = &c->apps[c->apps_n++];
	*(struct config_app *)r->target =
		(struct config_app){ .name = name, .limit_by_address = true, .line = r->line };
	return NULL;
}

static const char *peer_begin(struct reader *r)
{
	struct config *c = r->config;
	const char *domain = NULL;
	for (size_t i = 0; i < c->peers_n; i++) {
		if (view_equal(view_str(c->peers[i].domain), r->name))
			return "is there twice";
	}
	if (c->peers_n == CONFIG_PEERS_MAX)
		return "is one peer too many";
	const char *why = config_set_domain(&r->where, r->name, &domain);
	if (why)
		return why;
	r->target = &c->peers[c->peers_n++];
	*(struct config_peer *)r->target =
		(struct config_peer){ .domain = domain, .line = r->line };
	return NULL;
}

static const char *backbone_begin(struct reader *r)
{
	if (r->backbone_seen)
		return "is there twice";
	r->backbone_seen = true;
	r->target = r->config;
	return NULL;
}

static const char *limits_begin(struct reader *r)
{
	struct config *c = r->config;
	const char *name = NULL;
	for (size_t i = 0; i < c->limits_n; i++) {
		const char *other = c->limits[i].app;
		if (other ? view_equal(view_str(other), r->name) : !r->name.n)
			return "is there twice";
	}
	if (c->limits_n > CONFIG_APPS_MAX)
		return "is one section of limits too many";
	const char *why = r->name.n ? config_set_text(&r->where, r->name, &name) : NULL;
	if (why)
		return why;
	r->target = &c->limits[c->limits_n++];
	*(struct config_limits *)r->target = (struct config_limits){ .app = name, .line = r->line };
	return NULL;
}

static const char *age_begin(struct reader *r)
{
	struct config *c = r->config;
	const char *name = NULL;
	for (size_t i = 0; i < c->ages_n; i++)
		if (view_equal(view_str(c->ages[i].name), r->name))
			return "is there twice";
	if (c->ages_n == CONFIG_AGES_MAX)
		return "is one service too many";
	if (r->name.n >= AGE_SERVICE_NAME)
		return "has a name of more than 64 characters";
	const char *why = config_set_domain(&r->where, r->name, &name);
	if (why)
		return why;
	r->target = &c->ages[c->ages_n++];
	*(struct config_age *)r->target = (struct config_age){ .name = name, .line = r->line };
	return NULL;
}

static void section_begin(struct reader *r, struct view line)
{
	static const char *(*const begins[])(struct reader *) = {
		[SECTION_BACKBONE] = backbone_begin, [SECTION_APP] = app_begin,
		[SECTION_PEER] = peer_begin,         [SECTION_LIMITS] = limits_begin,
		[SECTION_AGE] = age_begin,
	};
	struct view kind;
	section_end(r);
	r->section = SECTION_NONE;
	r->section_line = r->line;
	memset(r->seen, 0, sizeof r->seen);
	r->name = (struct view){ 0 };
	if (line.p[line.n - 1] != ']') {
		wrong(r, r->line, line, "has no closing bracket");
		return;
	}
	line = view_slice(line, 1, line.n - 2);
	struct view name = trim(view_cut(line, ' ', &kind));
	for (int s = SECTION_BACKBONE; s < SECTIONS; s++) {
		if (view_equal(kind, view_str(sections[s].name)))
			r->section = (enum config_section)s;
	}
	const struct section_kind *s = &sections[r->section];
	if (!r->section || (name.n ? !s->example : s->example && s->example[0])) {
		r->section = SECTION_NONE;
		wrong(r, r->line, line,
		      "is not [backbone], [app NAME], [peer DOMAIN], [age NAME], [limits] or "
		      "[limits NAME]");
		return;
	}
	r->name = name;
	const char *why = begins[r->section](r);
	if (why)
		wrong(r, r->line, (struct view){ 0 }, why);
}

static void key_read(struct reader *r, struct view line)
{
	struct view key, value = view_cut(line, '=', &key);
	key = trim(key);
	value = trim(value);
	if (!r->section) {
		/* Of a section that could not be read only the section is reported. */
		if (!r->section_line)
			wrong(r, r->line, key, "stands before the first section");
		return;
	}
	if (!key.n || !value.p) {
		wrong(r, r->line, key, "is not a line of the form `key = value`");
		return;
	}
	size_t i = 0;
	while (i < KEYS_N &&
	       (keys[i].section != r->section || !view_equal(key, view_str(keys[i].name))))
		i++;
	if (i == KEYS_N) {
		wrong(r, r->line, key, "is not a key of this section");
		return;
	}
	if (!r->target)
		return;
	if (r->seen[i]) {
		wrong(r, r->line, key, "is there twice");
		return;
	}
	r->seen[i] = true;
	const char *why =
		value.n ? keys[i].set(&r->where, value, (uint8_t *)r->target + keys[i].offset)
			: "is empty";
	if (why)
		wrong(r, r->line, key, why);
}

static bool same(const char *a, const char *b)
{
	return a && b && view_equal(view_str(a), view_str(b));
}

static bool same_address(const struct config_address *a, const struct config_address *b)
{
	return same(a->host, b->host) && a->port == b->port;
}

/* Another operator's: with one's own it would be no split. */
static void custodian_check(struct reader *r, const struct config_app *app)
{
	const struct config *c = r->config;
	bool is_peer = false;
	if (!app->discovery_custodian)
		return;
	for (size_t i = 0; i < c->peers_n; i++)
		is_peer |= same(c->peers[i].domain, app->discovery_custodian);
	if (!is_peer)
		wrong(r, app->line, VIEW_LIT("discovery_custodian"), "is no [peer] of this file");
}

static void app_check(struct reader *r, const struct config_app *app)
{
	r->name = view_str(app->name);
	for (const struct config_app *o = r->config->apps; o < app; o++) {
		if (same(o->domain, app->domain))
			wrong(r, app->line, VIEW_LIT("domain"), "is that of another app");
		if (same_address(&o->listen, &app->listen) ||
		    same_address(&o->listen_http, &app->listen))
			wrong(r, app->line, VIEW_LIT("listen"), "is that of another app");
		if (same_address(&o->listen, &app->listen_http) ||
		    same_address(&o->listen_http, &app->listen_http))
			wrong(r, app->line, VIEW_LIT("listen_http"), "is that of another app");
		if (same(o->keys, app->keys))
			wrong(r, app->line, VIEW_LIT("keys"), "is that of another app");
	}
	bool needs = app->names == CONFIG_NAMES_NUMBER || app->names == CONFIG_NAMES_ADDRESS;
	if (needs && !app->delivery)
		wrong(r, app->line, VIEW_LIT("delivery"),
		      "is missing: numbers and addresses are proven by a code");
	if (app->names == CONFIG_NAMES_HANDLE && app->delivery)
		wrong(r, app->line, VIEW_LIT("delivery"), "is of no use: handles need no code");
	if (app->discovery && app->names && app->names != CONFIG_NAMES_NUMBER)
		wrong(r, app->line, VIEW_LIT("discovery"),
		      "is of no use: people are not known by numbers");
	if (same_address(&app->listen, &app->listen_http))
		wrong(r, app->line, VIEW_LIT("listen_http"), "is where it listens with TLS");
	custodian_check(r, app);
	if (app->listen_http.host && !app->web)
		wrong(r, app->line, VIEW_LIT("listen_http"), "is of no use without `web`");
}

static void peer_check(struct reader *r, struct config_peer *peer)
{
	r->name = view_str(peer->domain);
	if (!peer->ca)
		peer->ca = r->config->peer_ca;
	if (!peer->ca)
		wrong(r, peer->line, VIEW_LIT("ca"), "is missing, and [backbone] has no peer_ca");
	for (size_t i = 0; i < r->config->apps_n; i++) {
		if (same(r->config->apps[i].domain, peer->domain))
			wrong(r, peer->line, (struct view){ 0 }, "is an app of this backbone");
	}
}

static void limits_give(struct config_app *app, const struct config_limits *l)
{
	for (size_t i = 0; i < LIMITS_N; i++)
		if (l->v[i].hour)
			app->limits[i] = l->v[i];
}

static void limits_check_one(struct reader *r, const struct config_limits *l)
{
	struct config *c = r->config;
	bool is_used = !l->app;
	for (size_t i = 0; i < c->apps_n; i++) {
		if (!l->app || same(l->app, c->apps[i].name)) {
			limits_give(&c->apps[i], l);
			is_used = true;
		}
	}
	r->name = view_str(l->app);
	if (!is_used)
		wrong(r, l->line, (struct view){ 0 }, "is of an app that is not there");
}

/* Those for all first: one app's own go before them. */
static void limits_check(struct reader *r)
{
	const struct config *c = r->config;
	for (size_t i = 0; i < c->limits_n; i++)
		if (!c->limits[i].app)
			limits_check_one(r, &c->limits[i]);
	for (size_t i = 0; i < c->limits_n; i++)
		if (c->limits[i].app)
			limits_check_one(r, &c->limits[i]);
}

static void age_add(struct provider_ages *to, const struct config_age *from,
		    const struct config_age_key *key)
{
	if (!key->is_there || to->n == AGE_SERVICES_MAX)
		return;
	struct provider_age_service *s = &to->v[to->n++];
	snprintf(s->name, sizeof s->name, "%s", from->name);
	memcpy(s->key, key->b, sizeof s->key);
}

static void ages_give(struct config *c)
{
	struct provider_ages all = { .n = 0 };
	for (size_t i = 0; i < c->ages_n; i++) {
		age_add(&all, &c->ages[i], &c->ages[i].key);
		age_add(&all, &c->ages[i], &c->ages[i].before);
	}
	for (size_t i = 0; i < c->apps_n; i++)
		c->apps[i].ages = all;
}

static void whole_check(struct reader *r)
{
	struct config *c = r->config;
	section_end(r);
	r->section = SECTION_NONE;
	r->name = (struct view){ 0 };
	if (!r->backbone_seen)
		wrong(r, 0, (struct view){ 0 }, "there is no [backbone] section");
	if (!c->apps_n)
		wrong(r, 0, (struct view){ 0 }, "there is no [app NAME] section");
	r->section = SECTION_APP;
	for (size_t i = 0; i < c->apps_n; i++)
		app_check(r, &c->apps[i]);
	r->section = SECTION_PEER;
	for (size_t i = 0; i < c->peers_n; i++)
		peer_check(r, &c->peers[i]);
	r->section = SECTION_LIMITS;
	limits_check(r);
	ages_give(c);
}

uc_err config_read(struct arena *a, struct view text, const char *folder, struct config_mistakes *m,
		   struct config *out)
{
	struct reader r = { .where = { a, folder }, .mistakes = m, .config = out };
	*out = (struct config){ .accepts_a_second = CONFIG_ACCEPTS_A_SECOND,
				.log = CONFIG_LOG_INFO,
				.confine = true };
	for (struct view rest = text; rest.p && rest.n;) {
		struct view line;
		rest = view_cut(rest, '\n', &line);
		line = trim(line);
		r.line++;
		if (!line.n || line.p[0] == '#' || line.p[0] == ';')
			continue;
		if (line.p[0] == '[')
			section_begin(&r, line);
		else
			key_read(&r, line);
	}
	whole_check(&r);
	return m->n ? UC_E_CONFIG : UC_OK;
}

void config_add_example(struct buf *out)
{
	enum config_section at = SECTION_NONE;
	buf_add_str(out, "# Configuration of undercroftd.  Paths are relative to this file.\n");
	for (size_t i = 0; i < KEYS_N; i++) {
		const struct section_kind *s = &sections[keys[i].section];
		if (keys[i].section != at) {
			buf_printf(out, "\n# %s\n[%s%s%s]\n", s->help, s->name,
				   s->example && s->example[0] ? " " : "",
				   s->example ? s->example : "");
			at = keys[i].section;
		}
		buf_printf(out, "# %s\n%s = %s\n", keys[i].help, keys[i].name, keys[i].example);
	}
}
