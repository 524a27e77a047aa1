/* SPDX-License-Identifier: Apache-2.0 */
#include "server/config_value.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <stdio.h>

static const char no_memory[] = "is too long";

const char *config_set_text(const struct config_where *w, struct view value, void *field)
{
	struct view copy;
	if (!utf8_is_valid(value))
		return "is not valid UTF-8";
	if (arena_copy(w->arena, value, &copy))
		return no_memory;
	*(const char **)field = (const char *)copy.p;
	return NULL;
}

const char *config_set_title(const struct config_where *w, struct view value, void *field)
{
	for (size_t i = 0; i < value.n; i++) {
		uint8_t c = value.p[i];
		if (c < 0x20 || c == 0x7f || c == '"' || c == '\\' || value.n > 64)
			return "is not a title of at most 64 bytes, without quotes, backslashes "
			       "and control characters";
	}
	return config_set_text(w, value, field);
}

const char *config_set_path(const struct config_where *w, struct view value, void *field)
{
	struct buf b;
	if (value.p[0] == '/' || !w->folder[0])
		return config_set_text(w, value, field);
	buf_init(&b, 4096);
	buf_add_str(&b, w->folder);
	buf_add_byte(&b, '/');
	buf_add_view(&b, value);
	const char *why = b.failed ? no_memory : config_set_text(w, buf_view(&b), field);
	buf_done(&b);
	return why;
}

/* RFC 1123, 2.1, in lower case: what stands in URIs and certificates. */
bool config_domain_is_valid(struct view v)
{
	size_t label = 0;
	if (!v.n || v.n > 253)
		return false;
	for (size_t i = 0; i < v.n; i++) {
		uint8_t c = v.p[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		bool edge = label == 0 || i + 1 == v.n || v.p[i + 1] == '.';
		if (c == '.' && label == 0)
			return false;
		if (c != '.' && !plain && (c != '-' || edge))
			return false;
		label = c == '.' ? 0 : label + 1;
		if (label > 63)
			return false;
	}
	return label > 0;
}

const char *config_set_domain(const struct config_where *w, struct view value, void *field)
{
	if (!config_domain_is_valid(value))
		return "is not a domain in lower case, such as dial.example";
	return config_set_text(w, value, field);
}

/* HOST:PORT or [IPV6]:PORT. */
static bool address_split(struct view v, struct view *host, uint16_t *port)
{
	size_t colon = v.n;
	while (colon && v.p[colon - 1] != ':')
		colon--;
	uint64_t number = 0;
	if (!colon || decimal_read(view_slice(v, colon, v.n), &number) || !number ||
	    number > UINT16_MAX)
		return false;
	*host = view_slice(v, 0, colon - 1);
	if (host->n > 2 && host->p[0] == '[' && host->p[host->n - 1] == ']')
		*host = view_slice(*host, 1, host->n - 2);
	*port = (uint16_t)number;
	return host->n > 0;
}

const char *config_set_listen(const struct config_where *w, struct view value, void *field)
{
	static const char why[] = "is not ADDRESS:PORT with a numeric address, such as "
				  "127.0.0.1:8441";
	struct config_address *to = field;
	struct view host;
	uint16_t port = 0;
	uint8_t raw[16];
	const char *text = NULL;
	if (!address_split(value, &host, &port))
		return why;
	const char *error = config_set_text(w, host, &text);
	if (error)
		return error;
	if (inet_pton(AF_INET, text, raw) != 1 && inet_pton(AF_INET6, text, raw) != 1)
		return why;
	*to = (struct config_address){ text, port };
	return NULL;
}

/* RFC 1122, 3.2.1.3; RFC 4291, 2.5.3. */
static bool is_loopback(const char *host)
{
	static const uint8_t six[16] = { [15] = 1 };
	uint8_t raw[16] = { 0 };
	if (inet_pton(AF_INET, host, raw) == 1)
		return raw[0] == 127;
	return inet_pton(AF_INET6, host, raw) == 1 && view_equal(VIEW_OF(raw), VIEW_OF(six));
}

const char *config_set_loopback(const struct config_where *w, struct view value, void *field)
{
	struct config_address found = { 0 };
	const char *why = config_set_listen(w, value, &found);
	if (why)
		return why;
	if (!is_loopback(found.host))
		return "is not an address of this machine alone, such as 127.0.0.1:8451: without "
		       "TLS whoever is on the way reads and changes what is sent";
	*(struct config_address *)field = found;
	return NULL;
}

const char *config_set_url(const struct config_where *w, struct view value, void *field)
{
	static const char why[] = "is not https://HOST:PORT";
	static const char scheme[] = "https://";
	struct config_address *to = field;
	struct view host;
	uint16_t port = 443;
	if (!view_starts_with(value, view_str(scheme)))
		return why;
	struct view rest = view_slice(value, sizeof scheme - 1, value.n);
	if (memchr(rest.p, ':', rest.n)) {
		if (!address_split(rest, &host, &port))
			return why;
	} else {
		host = rest;
	}
	if (!config_domain_is_valid(host))
		return why;
	const char *text = NULL;
	const char *error = config_set_text(w, host, &text);
	if (!error)
		*to = (struct config_address){ text, port };
	return error;
}

struct word {
	const char *text;
	int value;
};

static bool word_find(const struct word *words, size_t n, struct view v, int *out)
{
	for (size_t i = 0; i < n; i++) {
		if (view_equal(v, view_str(words[i].text))) {
			*out = words[i].value;
			return true;
		}
	}
	return false;
}

const char *config_set_names(const struct config_where *w, struct view value, void *field)
{
	static const struct word words[] = { { "number", CONFIG_NAMES_NUMBER },
					     { "handle", CONFIG_NAMES_HANDLE },
					     { "address", CONFIG_NAMES_ADDRESS } };
	int found = 0;
	(void)w;
	if (!word_find(words, 3, value, &found))
		return "is not number, handle or address";
	*(enum config_names *)field = (enum config_names)found;
	return NULL;
}

const char *config_set_log(const struct config_where *w, struct view value, void *field)
{
	static const struct word words[] = { { "error", CONFIG_LOG_ERROR },
					     { "info", CONFIG_LOG_INFO },
					     { "debug", CONFIG_LOG_DEBUG } };
	int found = 0;
	(void)w;
	if (!word_find(words, 3, value, &found))
		return "is not error, info or debug";
	*(enum config_log *)field = (enum config_log)found;
	return NULL;
}

const char *config_set_log_format(const struct config_where *w, struct view value, void *field)
{
	static const struct word words[] = { { "text", CONFIG_LOG_TEXT },
					     { "json", CONFIG_LOG_JSON } };
	int found = 0;
	(void)w;
	if (!word_find(words, 2, value, &found))
		return "is not text or json";
	*(enum config_log_format *)field = (enum config_log_format)found;
	return NULL;
}

const char *config_set_count(const struct config_where *w, struct view value, void *field)
{
	uint64_t n = 0;
	(void)w;
	if (decimal_read(value, &n) || n > 10000000)
		return "is not a number from 0 to 10000000";
	*(unsigned *)field = (unsigned)n;
	return NULL;
}

const char *config_set_ping(const struct config_where *w, struct view value, void *field)
{
	uint64_t n = 0;
	(void)w;
	if (decimal_read(value, &n) || n < 15 || n > 3600)
		return "is not a number of seconds from 15 to 3600";
	*(unsigned *)field = (unsigned)n;
	return NULL;
}

const char *config_set_drain(const struct config_where *w, struct view value, void *field)
{
	uint64_t n = 0;
	(void)w;
	if (decimal_read(value, &n) || n < 1 || n > 600)
		return "is not a number of seconds from 1 to 600";
	*(unsigned *)field = (unsigned)n;
	return NULL;
}

const char *config_set_days(const struct config_where *w, struct view value, void *field)
{
	uint64_t n = 0;
	(void)w;
	if (decimal_read(value, &n) || n < 1 || n > 3650)
		return "is not a number of days from 1 to 3650";
	*(unsigned *)field = (unsigned)n;
	return NULL;
}

const char *config_set_held(const struct config_where *w, struct view value, void *field)
{
	uint64_t n = 0;
	(void)w;
	if (decimal_read(value, &n) || n < 1 || n > 16)
		return "is not a number from 1 to 16";
	*(unsigned *)field = (unsigned)n;
	return NULL;
}

const char *config_set_threads(const struct config_where *w, struct view value, void *field)
{
	uint64_t n = 0;
	(void)w;
	if (decimal_read(value, &n) || n > 256)
		return "is not a number from 0 to 256";
	*(unsigned *)field = (unsigned)n;
	return NULL;
}

const char *config_set_yes_no(const struct config_where *w, struct view value, void *field)
{
	static const struct word words[] = { { "no", 0 }, { "yes", 1 } };
	int found = 0;
	(void)w;
	if (!word_find(words, 2, value, &found))
		return "is not yes or no";
	*(bool *)field = found != 0;
	return NULL;
}

const char *config_set_rate(const struct config_where *w, struct view value, void *field)
{
	uint64_t burst = 0, hour = 0;
	struct view first, second = view_cut(value, ' ', &first);
	(void)w;
	while (second.n && second.p[0] == ' ')
		second = view_slice(second, 1, second.n);
	if (decimal_read(first, &burst) || decimal_read(second, &hour) || !burst || !hour ||
	    burst > RATE_MAX || hour > RATE_MAX)
		return "is not two numbers from 1 to 1000000000, how many at once and how many an "
		       "hour, such as 600 120000";
	struct rate r = { (uint32_t)burst, (uint32_t)hour };
	if (!rate_is_valid(&r))
		return "allows more at once than comes back within a day: at most 24 times what "
		       "an hour allows";
	*(struct rate *)field = r;
	return NULL;
}

const char *config_set_bytes(const struct config_where *w, struct view value, void *field)
{
	uint64_t n = 0;
	(void)w;
	/* Less would not hold what a client needs: a vault and its KeyPackage sets. */
	if (decimal_read(value, &n) || n < 1 << 20 || n > (uint64_t)1 << 40)
		return "is not a number of bytes from 1048576 to 1099511627776";
	*(uint64_t *)field = n;
	return NULL;
}

const char *config_set_age_key(const struct config_where *w, struct view value, void *field)
{
	struct config_age_key *k = field;
	struct view key;
	if (hex_read(w->arena, value, &key) || key.n != sizeof k->b)
		return "is not a key as `undercroftctl age-service new` prints it, 64 hex digits";
	memcpy(k->b, key.p, key.n);
	k->is_there = true;
	return NULL;
}
