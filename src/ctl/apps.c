/* SPDX-License-Identifier: Apache-2.0 */
/* The apps of the configuration, and when their certificates end. */
#include "ctl/ctl.h"
#include "net/certificate.h"

static const char *names_word(enum config_names names)
{
	return names == CONFIG_NAMES_NUMBER   ? "number"
	       : names == CONFIG_NAMES_HANDLE ? "handle"
					      : "address";
}

static void print(const struct ctl *c, const struct config_app *a, bool is_good, unsigned days)
{
	if (!c->json) {
		printf("%-10s %-24s %s:%u, people known by %s, ", a->name, a->domain,
		       a->listen.host, a->listen.port, names_word(a->names));
		if (is_good)
			printf("certificate good for %u days\n", days);
		else
			puts("no certificate");
		return;
	}
	printf("{\"type\":\"app\",\"app\":\"%s\",\"domain\":\"%s\",\"address\":\"%s\",\"port\":%u,"
	       "\"names\":\"%s\",\"certificate_days\":",
	       a->name, a->domain, a->listen.host, a->listen.port, names_word(a->names));
	if (is_good)
		printf("%u}\n", days);
	else
		puts("null}");
}

int ctl_apps(struct ctl *c)
{
	for (size_t i = 0; i < c->config.apps_n; i++) {
		uint64_t left_s = 0;
		bool is_good = !certificate_left(c->config.apps[i].certificate, &left_s);
		print(c, &c->config.apps[i], is_good, (unsigned)(left_s / 86400));
	}
	return CTL_OK;
}
