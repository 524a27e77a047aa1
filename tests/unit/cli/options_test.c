/* SPDX-License-Identifier: Apache-2.0 */
/* Options told from arguments. */
#include "cli/command.h"
#include "tests/unit/harness.h"

static const struct command command = {
	.name = "say",
	.args_min = 1,
	.args_max = 2,
	.arguments = "TO [TEXT]",
	.options = "--loud --times= --to=",
};
static struct cli cli;
static char words[8][16];
static char *argv[8];

static bool read_words(int n, const char *const *from)
{
	cli = (struct cli){ .argc = n, .argv = argv };
	for (int i = 0; i < n; i++) {
		snprintf(words[i], sizeof words[i], "%s", from[i]);
		argv[i] = words[i];
	}
	return cli_arguments_read(&cli, &command);
}

#define READ(...)                                                                 \
	read_words((int)(sizeof(const char *[]){ __VA_ARGS__ } / sizeof(char *)), \
		   (const char *[]){ __VA_ARGS__ })

static bool is(const char *a, const char *b)
{
	return a && view_equal(view_str(a), view_str(b));
}

TEST(options_anywhere)
{
	uint64_t times = 1;
	expect(READ("--times", "3", "tom", "--loud", "hello"));
	expect_eq(cli.argc, 2);
	expect(is(cli.argv[0], "tom") && is(cli.argv[1], "hello"));
	expect(cli_flag(&cli, "--loud"));
	expect(is(cli_option(&cli, "--times"), "3"));
	expect(!cli_option(&cli, "--to"));
	expect(cli_option_number(&cli, "--times", &times));
	expect_eq(times, 3);
	expect(cli_option_number(&cli, "--to", &times));
	expect_eq(times, 3);
}

TEST(dashes_end_options)
{
	expect(READ("tom", "--", "--loud"));
	expect_eq(cli.argc, 2);
	expect(is(cli.argv[1], "--loud"));
	expect(!cli_flag(&cli, "--loud"));
	expect(READ("tom", "-"));
	expect(is(cli.argv[1], "-"));
}

TEST(mistakes)
{
	uint64_t times = 7;
	expect(!READ("tom", "--quiet"));
	expect(!READ("tom", "--time"));
	expect(!READ("tom", "--times="));
	expect(!READ("tom", "--times"));
	expect(!READ("--loud"));
	expect(!READ("a", "b", "c"));
	expect(!READ("a", "--", "b", "c"));
	expect(READ("a", "--times", "-3"));
	expect(!cli_option_number(&cli, "--times", &times));
	expect_eq(times, 7);
	expect(READ("a", "--times", "3x"));
	expect(!cli_option_number(&cli, "--times", &times));
}
