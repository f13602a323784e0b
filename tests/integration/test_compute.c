/* SPDX-License-Identifier: MIT */
/* Integers doubled as Python's int() reads them, and what is none. */

#include "client.h"

#include <string.h>

#define COMPUTE_CONFIG                                                               \
	"listeners = (\n"                                                            \
	"  { address = \"127.0.0.1\"; port = 0; roles = [ \"file\", \"compute\" ]; },\n" \
	"  { address = \"127.0.0.1\"; port = 0; roles = [ \"compute\" ]; }\n"         \
	");\n"

static const char compute_invalid[] = "Received data is not a valid integer";

static const struct {
	const char *number;
	const char *twice;
} compute_vectors[] = {
	{ "0", "0" }, { "1", "2" }, { "5", "10" }, { "21", "42" }, { "999", "1998" }, { "-7", "-14" }, { "+5", "10" },
	{ "-0", "0" }, { "+0", "0" }, { "000", "0" }, { "-000", "0" }, { "007", "14" }, { "-007", "-14" },
	{ "1_000", "2000" }, { "1_2_3", "246" }, { "0_0_5", "10" }, { "-1_0", "-20" },
	{ " 12 ", "24" }, { "\t9\v", "18" }, { "\f\r 3\r", "6" }, { "  +4  ", "8" }, { "12\r\r", "24" },
	{ "2147483648", "4294967296" }, { "4611686018427387904", "9223372036854775808" },
	{ "9223372036854775807", "18446744073709551614" }, { "18446744073709551616", "36893488147419103232" },
	{ "-99999999999999999999999999999999999999", "-199999999999999999999999999999999999998" },
	{ "5000000000000000000000000000000000000005", "10000000000000000000000000000000000000010" },
};

static const char *const compute_none[] = {
	"+", "-", "_", "_1", "1_", "1__0", "+_1", "-_1", "--1", "+-1", "+ 1", "- 1", "1 2", "1-", "0x10", "1.5", "1e5",
	"1,2", "1L", "abc", "twelve", "\xd9\xa1", "\302\2405", "5\xc2\xa0", "1\x1c", "1\x1f", "\"1\"", "(1)", "1+1",
};

static void compute_doubles(struct daemon *d)
{
	for (unsigned listener = 0; listener < 2; listener++)
		for (int ioe1 = 0; ioe1 < 2; ioe1++) {
			struct client *c = ioe1 ? client_new_ioe1(d, listener) : client_new(d, listener);

			for (size_t i = 0; i < G_N_ELEMENTS(compute_vectors); i++) {
				/* In ioe/1 control characters only come encoded. */
				if (ioe1 && strpbrk(compute_vectors[i].number, "\t\v\f\r"))
					continue;
				client_ask(c, compute_vectors[i].number, compute_vectors[i].twice);
				client_printf(c, "DOUBLE,%s\n", compute_vectors[i].number);
				client_expect(c, compute_vectors[i].twice);
			}
			if (ioe1)
				client_ask(c, "DOUBLE,%0A%0B12%0C%0D%20", "24");
			client_free(c);
		}
}

static void compute_refuses(struct daemon *d)
{
	struct client *alone = client_new(d, 1), *beside = client_new(d, 0), *ioe1 = client_new_ioe1(d, 1);

	for (size_t i = 0; i < G_N_ELEMENTS(compute_none); i++) {
		client_ask(alone, compute_none[i], compute_invalid);
		client_printf(alone, "DOUBLE,%s\n", compute_none[i]);
		client_expect_error(alone, "bad-argument");
		client_refused(beside, compute_none[i], "bad-command");
		client_refused(ioe1, compute_none[i], "bad-command");
	}
	client_ask(alone, "", compute_invalid);
	client_ask(alone, "   ", compute_invalid);
	client_ask(alone, "Received data is not a valid integer", compute_invalid);
	client_refused(alone, "DOUBLE,", "bad-argument");
	client_refused(alone, "DOUBLE", "bad-argument|bad-command");
	/* A verb is a verb here too, and the session stays in step. */
	client_ask(alone, "PING,x", "PONG,x");
	client_ask(alone, "Hello", "HI");
	client_ask(alone, "8", "16");
	client_free(alone);
	client_free(beside);
	client_free(ioe1);
}

/* No compute here: an integer is no verb. */
static void compute_elsewhere(unsigned reactors)
{
	struct daemon *d = daemon_start(
		reactors, "listeners = ( { address = \"127.0.0.1\"; port = 0; roles = [ \"file\" ]; } );\n");
	struct client *c = client_new(d, 0);

	client_refused(c, "21", "bad-command");
	client_refused(c, "DOUBLE,21", "unavailable");
	client_ask(c, "PING", "PONG");
	client_free(c);
	daemon_finish(d);
}

/* Twice @digits, the way one does it on paper. */
static char *compute_on_paper(const char *digits)
{
	size_t n = strlen(digits);
	char *twice = g_malloc0(n + 2);
	int carry = 0;

	for (size_t i = n; i-- > 0;) {
		int v = 2 * (digits[i] - '0') + carry;

		twice[i + 1] = (char)('0' + v % 10);
		carry = v / 10;
	}
	twice[0] = (char)('0' + carry);
	if (!carry)
		memmove(twice, twice + 1, n + 1);
	return twice;
}

static void compute_large(struct daemon *d)
{
	static const size_t lengths[] = { 19, 20, 1000, 4300, 4301, 60000, 65536 };
	struct client *c = client_new(d, 1);

	for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
		g_autofree char *digits = g_strnfill(lengths[i], '9'), *twice = NULL;

		for (size_t j = 1; j < lengths[i]; j++)
			digits[j] = (char)('0' + g_test_rand_int_range(0, 10));
		twice = compute_on_paper(digits);
		client_write_pieces(c, digits, lengths[i], 5000);
		client_puts(c, "\n");
		client_expect(c, twice);
	}
	for (size_t i = 0; i < 20; i++) { /* several of them at once */
		g_autofree char *digits = g_strnfill(60000, '4');

		client_printf(c, "%s\n", digits);
	}
	for (size_t i = 0; i < 20; i++) {
		g_autofree char *twice = g_strnfill(60000, '8');

		client_expect(c, twice);
	}
	client_free(c);
}

static void compute_add(void)
{
	daemon_add("compute/doubles", COMPUTE_CONFIG, compute_doubles);
	daemon_add("compute/refuses", COMPUTE_CONFIG, compute_refuses);
	harness_add("compute/elsewhere", compute_elsewhere);
	/* However late the rest of a line is, this is no old client. */
	daemon_add("compute/large", COMPUTE_CONFIG "legacy_wait = \"10s\";\n", compute_large);
}

int main(int argc, char **argv)
{
	return harness_main(argc, argv, compute_add);
}
