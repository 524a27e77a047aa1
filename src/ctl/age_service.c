/* SPDX-License-Identifier: Apache-2.0 */
/* For who vouches for ages, on a machine of their own: a key, and signatures under requests that people bring.
 * Nothing is kept of a request, which says neither who it is for nor where. */
#include "base/text.h"
#include "ctl/files.h"
#include "ctl/ctl.h"
#include "mimi/age_statement.h"
#include "mimi/uri.h"
#include "net/env_system.h"

#define MAGIC  "undercroft age service key 1\n"
#define DAY_MS ((uint64_t)24 * 3600 * 1000)

enum { KEY_FILE_MAX = 1024, SERVICE_ARENA_MAX = 1 << 16 };

struct service {
	char name[AGE_SERVICE_MAX + 1];
	struct ed25519_key key;
};

static int complain(const char *at, const char *what, uc_err err)
{
	fprintf(stderr, "undercroftctl: %s: %s (%s)\n", at, what, uc_err_name(err));
	return CTL_FAILED;
}

/* --- the key --- */

static bool name_take(struct view name, struct service *s)
{
	if (name.n > AGE_SERVICE_MAX || !domain_is_valid(name))
		return false;
	memcpy(s->name, name.p, name.n);
	s->name[name.n] = '\0';
	return true;
}

static uc_err key_parse(struct view file, struct arena *a, struct service *s)
{
	struct view name, line, seed;
	if (!view_starts_with(file, VIEW_LIT(MAGIC)))
		return UC_E_MALFORMED;
	struct view rest = view_cut(view_slice(file, sizeof MAGIC - 1, file.n), '\n', &name);
	(void)view_cut(rest, '\n', &line);
	TRY(hex_read(a, line, &seed));
	if (!name_take(name, s) || seed.n != ED25519_SEED)
		return UC_E_MALFORMED;
	ed25519_from_seed(seed.p, &s->key);
	return UC_OK;
}

static uc_err key_read(const char *path, struct service *s)
{
	struct buf b;
	struct arena a;
	buf_init_secret(&b, KEY_FILE_MAX);
	arena_init(&a, SERVICE_ARENA_MAX, ARENA_SECRET);
	uc_err err = files_read(path, &b);
	if (!err)
		err = key_parse(buf_view(&b), &a, s);
	arena_done(&a);
	buf_done(&b);
	if (err)
		complain(path,
			 err == UC_E_MALFORMED || err == UC_E_TOO_LARGE
				 ? "this is no key of an age service"
				 : uc_err_text(err),
			 err);
	return err;
}

static uc_err key_write(const char *path, const struct service *s)
{
	struct buf b;
	buf_init_secret(&b, KEY_FILE_MAX);
	buf_printf(&b, "%s%s\n", MAGIC, s->name);
	hex_add(&b, VIEW_OF(s->key.seed));
	buf_add_byte(&b, '\n');
	uc_err err = b.failed ? b.failed : files_write(path, buf_view(&b));
	buf_done(&b);
	return err;
}

/* What apps put into their configuration. */
static int section_print(const struct ctl *c, const struct service *s)
{
	printf(c->json ? "{\"type\":\"age_service\",\"name\":\"%s\",\"key\":\""
		       : "[age %s]\nkey = ",
	       s->name);
	ctl_print_hex(stdout, VIEW_OF(s->key.pub));
	puts(c->json ? "\"}" : "");
	return CTL_OK;
}

static int key_new(const struct ctl *c, const char *path, const char *name, struct service *s)
{
	if (!name_take(view_str(name), s))
		return complain(name, "is not a name in lower case, such as school.example",
				UC_E_NAME);
	uc_err err = ed25519_generate(env_system(), &s->key);
	if (!err)
		err = key_write(path, s);
	return err ? complain(path,
			      err == UC_E_EXISTS ? "it is there already, and stays"
						 : uc_err_text(err),
			      err)
		   : section_print(c, s);
}

/* --- signing --- */

static bool band_read(const char *word, uint8_t *band)
{
	static const char *const words[] = { "child", "13-15", "16-17", "adult" };
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (view_equal(view_str(word), view_str(words[i]))) {
			*band = (uint8_t)i;
			return true;
		}
	return false;
}

/* An argument, or standard input for "-", without what stands around it. */
static struct view text_read(const char *argument, char *text, size_t room)
{
	struct view v = view_str(argument);
	if (view_equal(v, VIEW_LIT("-")))
		v = view_make(text, fread(text, 1, room, stdin));
	while (v.n && v.p[v.n - 1] <= ' ')
		v.n--;
	return v;
}

struct signing {
	const struct service *service;
	uint8_t band;
	uint64_t days;
	struct view request;
};

static uc_err statement_fill(const struct signing *x, struct arena *a, struct age_statement *s)
{
	struct age_request r;
	struct view bytes;
	TRY(age_text_read(AGE_TEXT_REQUEST, x->request, a, &bytes));
	TRY(wire_decode(bytes, a, age_request_element, &r));
	if (!view_equal(r.service, view_str(x->service->name)))
		return UC_E_ADDRESS;
	uint32_t today = (uint32_t)(env_now_ms(env_system()) / DAY_MS);
	*s = (struct age_statement){ .service = r.service,
				     .age_band = x->band,
				     .issued_day = today,
				     .expires_day = today + (uint32_t)x->days };
	memcpy(s->commitment, r.commitment, sizeof s->commitment);
	return env_random(env_system(), s->nonce, sizeof s->nonce);
}

static uc_err sign(const struct signing *x, struct buf *out)
{
	struct arena a;
	struct age_statement s;
	struct view bytes;
	arena_init(&a, SERVICE_ARENA_MAX, ARENA_PLAIN);
	uc_err err = statement_fill(x, &a, &s);
	if (!err)
		err = age_statement_make(&s, &x->service->key, &a, &bytes);
	if (!err)
		err = age_text_write(AGE_TEXT_STATEMENT, bytes, out);
	arena_done(&a);
	return err;
}

static int sign_print(const struct ctl *c, const struct signing *x)
{
	struct buf out;
	buf_init(&out, AGE_TEXT_MAX);
	uc_err err = sign(x, &out);
	if (!err)
		printf(c->json ? "{\"type\":\"age_statement\",\"text\":\"%.*s\"}\n" : "%.*s\n",
		       (int)out.n, (const char *)out.p);
	buf_done(&out);
	if (!err)
		return CTL_OK;
	return complain("the request",
			err == UC_E_ADDRESS ? "it is for another service" : "it is none", err);
}

/* --- both --- */

/* The number of days, or 0 after printing. */
static uint64_t days_take(struct ctl *c)
{
	uint64_t days = AGE_DAYS;
	for (int i = 1; i + 1 < c->argc; i++) {
		if (!view_equal(view_str(c->argv[i]), VIEW_LIT("--days")))
			continue;
		if (decimal_read(view_str(c->argv[i + 1]), &days) || !days || days > AGE_DAYS_MAX) {
			fputs("undercroftctl: --days is 1 to 366\n", stderr);
			return 0;
		}
		for (int k = i; k + 2 < c->argc; k++)
			c->argv[k] = c->argv[k + 2];
		c->argc -= 2;
	}
	return days;
}

static int run(struct ctl *c, struct service *s)
{
	char text[AGE_TEXT_MAX + 2];
	struct signing x = { .service = s, .days = days_take(c) };
	const char *what = c->argc ? c->argv[0] : "";
	if (!x.days)
		return CTL_USAGE;
	if (view_equal(view_str(what), VIEW_LIT("new")) && c->argc == 3)
		return key_new(c, c->argv[1], c->argv[2], s);
	if (view_equal(view_str(what), VIEW_LIT("key")) && c->argc == 2)
		return key_read(c->argv[1], s) ? CTL_FAILED : section_print(c, s);
	if (view_equal(view_str(what), VIEW_LIT("sign")) && c->argc == 4 &&
	    band_read(c->argv[2], &x.band)) {
		x.request = text_read(c->argv[3], text, sizeof text);
		return key_read(c->argv[1], s) ? CTL_FAILED : sign_print(c, &x);
	}
	fputs("usage: undercroftctl age-service new KEYFILE NAME\n"
	      "       undercroftctl age-service key KEYFILE\n"
	      "       undercroftctl age-service sign KEYFILE child|13-15|16-17|adult REQUEST|- "
	      "[--days DAYS]\n",
	      stderr);
	return CTL_USAGE;
}

int ctl_age_service(struct ctl *c)
{
	struct service s = { .name = "" };
	int status = run(c, &s);
	wipe(&s, sizeof s);
	if (fflush(stdout) && !status)
		status = complain("standard output", "it could not be written", UC_E_IO);
	return status;
}
