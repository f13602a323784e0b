/* SPDX-License-Identifier: MIT */
/* Mail through sessions of a server in this process, whose accounts must come out even: what is asked wrongly, what is
 * under way when somebody goes, and what a reload changes. The rest of it is tested from outside. */

#include "base/macro.h"
#include "ioed/roles.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "unit/fixture/run.h"
#include "unit/fixture/serve.h"

#define CONFIG(relay)                                                                            \
	"listeners = ( { port = 0; roles = [ \"relay\" ]; } );\n"                                    \
	"state_dir = \"%s/state\"; runtime_dir = \"%s/run\"; reactors = 3; relay = { " relay " };\n"

static int client(const char *nick)
{
	char text[100];
	int c = serve_connect();

	serve_say(c, "HELLO,ioe/1\n");
	(void)serve_line(c, text, sizeof(text));
	serve_nick(c, nick);
	return c;
}

/* The id behind OK or MAIL. */
static unsigned long long id_of(int c, const char *word)
{
	unsigned long long id = 0;
	char line[1000], seen[16];

	(void)serve_line(c, line, sizeof(line));
	ck_assert_msg(sscanf(line, "%15[A-Z],%llu", seen, &id) == 2 && strcmp(seen, word) == 0, "not %s,ID: %s", word, line);
	return id;
}

static const struct {
	const char *say, *code;
} wrong[] = {
	{ "SEND", "bad-argument" },
	{ "SEND,bob", "bad-argument" },
	{ "SEND,,text", "bad-argument" },
	{ "SEND,b b,text", "bad-argument" },
	{ "SEND,127.1,text", "bad-argument" },
	{ "SEND,bob,text,", "bad-argument" },
	{ "SEND,bob,text,key,more", "bad-argument" },
	{ "FETCH,0", "bad-argument" },
	{ "FETCH,", "bad-argument" },
	{ "FETCH,1,2", "bad-argument" },
	{ "WAIT", "bad-argument" },
	{ "WAIT,yes", "bad-argument" },
	{ "ACK", "bad-argument" },
	{ "ACK,0", "bad-argument" },
	{ "ACK,1,2,x", "bad-argument" },
	{ "MAILBOX,full", "bad-argument" },
	{ "STATUS", "bad-argument" },
	{ "STATUS,bob", "bad-argument" },
	{ "STATUS,7", "not-found" },
};

START_TEST(wrong_words)
{
	char text[200];
	int c;

	serve_start(&ioed_schema, ioed_roles, CONFIG(""));
	c = client("ann");
	(void)snprintf(text, sizeof(text), "%s\nPING\n", wrong[_i].say);
	serve_say(c, text);
	serve_expect_error(c, wrong[_i].code);
	serve_expect(c, "PONG\n");
	serve_close(c);
	serve_stop();
}
END_TEST

START_TEST(there_and_back)
{
	unsigned long long id;
	char text[100];
	int ann, bob;

	serve_start(&ioed_schema, ioed_roles, CONFIG(""));
	ann = client("ann");
	bob = client("bob");
	serve_say(ann, "WAIT,on\n");
	serve_expect(ann, "OK\n");
	serve_say(ann, "SEND,Bob,hello\n");
	id = id_of(ann, "OK");
	serve_say(bob, "FETCH\n");
	ck_assert_uint_eq(id_of(bob, "MAIL"), id);
	serve_expect(bob, "OK,1,0\n");
	(void)snprintf(text, sizeof(text), "ACK,%llu,%llu,1\n", id, id);
	serve_say(bob, text);
	serve_expect(bob, "OK,1\n");
	ck_assert_uint_eq(id_of(ann, "DELIVERED"), id);
	serve_say(bob, "MAILBOX\n");
	serve_expect(bob, "OK,0,0,0\n");
	serve_close(ann);
	serve_close(bob);
	serve_stop();
}
END_TEST

/* Whatever is under way: with the store, with a mailbox's owner, on its way to a socket that takes nothing. */
START_TEST(gone_in_the_middle)
{
	static const char *const words[] = {
		"SEND,bob,text\n", "FETCH\n", "WAIT,on\n", "ACK,1\n", "MAILBOX,clear\n", "STATUS,1\n",
		"WAIT,on\nNICK,cid\nNICK,dan\nWAIT,off\n", "SEND,ann,text\nWAIT,on\nSEND,ann,text\nFETCH\n",
	};
	int c;

	serve_start(&ioed_schema, ioed_roles, CONFIG(""));
	for (unsigned i = 0; i < 3 * ELEMENTSOF(words); i++) {
		c = serve_connect();
		serve_say(c, "HELLO,ioe/1\nNICK,ann\n");
		serve_say(c, words[i / 3]);
		if (i % 3 == 0)
			serve_reset(c);
		else
			serve_close(c);
		if (i % 3 == 2)
			serve_until_sessions(0);
	}
	serve_stop();
}
END_TEST

/* The server stops while all this is so. */
START_TEST(stopped_in_the_middle)
{
	int c[8];

	serve_start(&ioed_schema, ioed_roles, CONFIG(""));
	for (unsigned i = 0; i < ELEMENTSOF(c); i++) {
		char text[200];

		c[i] = serve_connect();
		(void)snprintf(text, sizeof(text), "HELLO,ioe/1\nNICK,n%u\nWAIT,on\nSEND,n%u,text\nSEND,n%u,text\nFETCH\n", i,
			       (i + 1) % 8, i);
		serve_say(c[i], text);
	}
	serve_stop();
	for (unsigned i = 0; i < ELEMENTSOF(c); i++)
		serve_close(c[i]);
}
END_TEST

START_TEST(reloaded)
{
	int ann, bob;

	serve_start(&ioed_schema, ioed_roles, CONFIG(""));
	ann = client("ann");
	bob = client("bob");
	serve_say(bob, "WAIT,on\n");
	serve_expect(bob, "OK\n");
	serve_say(ann, "SEND,bob,one\n");
	(void)id_of(ann, "OK");
	(void)id_of(bob, "MAIL");
	serve_reload(CONFIG("max_messages = 1;"));
	serve_say(ann, "SEND,bob,two\n");
	serve_expect_error(ann, "limit");
	serve_reload(CONFIG("nick_mail = false;"));
	serve_say(ann, "SEND,bob,two\n");
	serve_expect_error(ann, "denied");
	/* It waits for its address's mail from the next thing on that it asks. */
	serve_say(bob, "WAIT,on\n");
	serve_expect(bob, "OK\n");
	serve_say(ann, "SEND,127.0.0.1,three\n");
	(void)id_of(ann, "OK");
	(void)id_of(bob, "MAIL");
	serve_close(ann);
	serve_close(bob);
	serve_stop();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("relay");
	TCase *t = tcase_create("relay");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, wrong_words, 0, ELEMENTSOF(wrong));
	tcase_add_test(t, there_and_back);
	tcase_add_test(t, gone_in_the_middle);
	tcase_add_test(t, stopped_in_the_middle);
	tcase_add_test(t, reloaded);
	suite_add_tcase(s, t);
	return run_suite(s);
}
