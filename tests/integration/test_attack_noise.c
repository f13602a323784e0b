/* SPDX-License-Identifier: MIT */
/*
 * Attacks by what is said: noise, lines that do not end, and connections that are reset at every stage of every verb.
 * An honest client beside them gets the right answer every time.
 */

#include "attack.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TEXT(s) s, sizeof(s) - 1

static const struct noise {
	const char *data;
	size_t n;
} noises[] = {
	{ TEXT("\377\373\001\377\375\003\377\372\030\001\377\360\377\373\037") }, /* telnet, with nothing behind it */
	{ TEXT("\377\375\003P\377\373\001ING\r\n\377\372\030") },
	{ TEXT("READ,\303\n\360\237\230\nPING,\342\202\n\355\240\200\n\300\200\n") },
	/* TLS */
	{ TEXT("\026\003\001\002\000\001\000\001\374\003\003\012\012\012\012\000\000\000\002\023\001\001\000\001\321") },
	{ TEXT("GET / HTTP/1.1\r\nHost: ioe\r\nContent-Length: 12\r\n\r\nLIST\nREAD,x\n") },
	{ TEXT("POST /WRITE,x,3 HTTP/1.0\r\n\r\nabc") },
	{ TEXT("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n\000\000\005\334\012\024curve25519-sha256") },
	{ TEXT("\000\000\000\000\n\000\nPING\000\nPI\000NG\n") },
	{ TEXT("\n\n\r\n\r\r\n \n,\n,,,\n,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,\n") },
	{ TEXT("WRITE,,\nWRITE,x,-1\nWRITE,x,1e3\nWRITE,x,9999999999999999999\nWRITE,,,,,,\nWRITE\n") },
	{ TEXT("READ,../../etc/passwd\nREAD,/etc/passwd\nREAD,.ioe\nLIST,..\nWRITE,../half,0\nREAD,\nREAD\n") },
	{ TEXT("HELLO,ioe/1\nPING,%zz\n%\nPING,%\n%50ING\nWRITE,%2e%2e%2fhalf,0\nHELLO,ioe/2\nHELLO,,,,\n") },
	{ TEXT("NICK,\nNICK,OK\nNICK,127.0.0.1\nNICK,\033[2J\nAUTH,,\nAUTH,root,\nCONNECT,a,b\nBYE,BYE\n") },
	{ TEXT("SAY,,\nJOIN,../x\nSEND,,\nUPLOAD,half,1,x\nRANGE,small,-1,-1\nSUM,\nSTATUS\nACK,,,,\nDOUBLE,\nDOUBLE,0x\n") },
	{ TEXT("\033[2J\033]0;x\007\233\x90\x1bP\n") },
	{ TEXT("Hii\nCONNECT,1.2.3.4,5HelloLISTBYE") },
};

static size_t noise_lines(const char *p, size_t n)
{
	size_t lines = 0;

	for (size_t i = 0; i < n; i++)
		lines += p[i] == '\n';
	return lines;
}

/* Said to the end. An old client's last word has no line's end, and is answered without one. */
static void noise_say(struct attack *a, unsigned listener, const char *data, size_t n, unsigned piece)
{
	struct client *c = client_new(a->d, listener);
	g_autoptr(GString) seen = g_string_new(NULL);

	if (piece > 0)
		client_write_pieces(c, data, n, piece);
	else
		client_write(c, data, n);
	(void)shutdown(c->fd, SHUT_WR); /* it may have been closed */
	(void)g_string_append_len(seen, c->in->str, (gssize)c->in->len);
	(void)attack_drain(c->fd, seen);
	/* A browser is answered in its own form, once. */
	if (!g_str_has_prefix(seen->str, "HTTP/1.1 421 "))
		g_assert_cmpuint(noise_lines(seen->str, seen->len), <=, noise_lines(data, n) + 1);
	g_assert_null(strstr(seen->str, "ERROR: internal"));
	g_assert_null(strstr(seen->str, "root:"));
	g_assert_null(memchr(seen->str, '\033', seen->len));
	client_free(c);
}

/* All byte values in order, and rows of random ones; @i: which. */
static char *noise_make(unsigned i, size_t *ret_n)
{
	char *all;

	*ret_n = i == 0 ? 256 : 1 + i * 97 % 5000;
	if (i > 0)
		return harness_noise(*ret_n, i);
	all = g_malloc(256);
	for (unsigned k = 0; k < 256; k++)
		all[k] = (char)k;
	return all;
}

static void attack_noise(unsigned reactors)
{
	unsigned n_random = harness_is_long() ? 2000 : 100;
	struct attack a;

	attack_start(&a, reactors, ATTACK_LISTENERS, NULL);
	for (unsigned listener = ATTACK_ALL; listener <= ATTACK_FILE; listener++) {
		for (size_t i = 0; i < G_N_ELEMENTS(noises); i++) {
			noise_say(&a, listener, noises[i].data, noises[i].n, 0);
			noise_say(&a, listener, noises[i].data, noises[i].n, 1);
			noise_say(&a, listener, noises[i].data, noises[i].n, 7);
			attack_work(&a);
		}
		for (unsigned i = 0; i < n_random; i++) {
			size_t n;
			g_autofree char *data = noise_make(i, &n);

			noise_say(&a, listener, data, n, i % 3 ? 0 : 300);
			if (i % 10 == 0)
				attack_work(&a);
		}
	}
	attack_finish(&a);
}

/* Noise, and then nothing: silence says something to those that look for old clients. */
static void attack_noise_left(unsigned reactors)
{
	int fd[4 * G_N_ELEMENTS(noises) + 40];
	struct attack a;

	attack_start(&a, reactors, ATTACK_LISTENERS, NULL);
	for (unsigned i = 0; i < G_N_ELEMENTS(fd); i++) {
		const struct noise *x = &noises[i / 4 % G_N_ELEMENTS(noises)];

		fd[i] = attack_connect(a.d, i % 2, i, 0);
		if (i < 4 * G_N_ELEMENTS(noises)) {
			(void)attack_push(fd[i], x->data, i % 4 < 2 ? x->n : x->n - 1);
		} else {
			size_t n;
			g_autofree char *data = noise_make(i, &n);

			(void)attack_push(fd[i], data, n);
		}
	}
	attack_work_for(&a, 1300 * 1000);
	for (unsigned i = 0; i < G_N_ELEMENTS(fd); i++)
		if (i % 2)
			attack_reset(fd[i]);
		else
			(void)close(fd[i]);
	attack_finish(&a);
}

/* Lines of 300 kB: each is refused once and skipped, and the next one is heard. */
static void attack_long_line(struct attack *a, unsigned listener, const char *head, const char *fill)
{
	struct client *c = client_new(a->d, listener);

	client_puts(c, head);
	client_write_pieces(c, fill, strlen(fill), 70000);
	client_puts(c, "\nPING,after\n");
	client_half_close(c);
	if (strchr(head, '\n'))
		g_free(client_line(c));
	if (g_str_has_prefix(head, "GET /")) { /* a browser's, which is not listened to further */
		g_autofree char *all = client_until_closed(c);

		g_assert_true(g_str_has_prefix(all, "HTTP/1.1 421 "));
		g_assert_null(strstr(all, "ERROR"));
	} else {
		client_expect_error(c, "too-long");
		client_expect(c, "PONG,after");
		client_expect_eof(c);
	}
	client_free(c);
	attack_work(a);
}

static void attack_long_lines(unsigned reactors)
{
	static const char *const heads[] = { "x", "PING,", "PING\nREAD,", "LIST,", "NICK,", "WRITE,", "WRITE,half,1000,",
					     "PING\n1", "DOUBLE,1", "GET,/", "GET /", "HELLO,ioe/1\nPING,",
					     "PING\nWRITE,half,1" };
	g_autofree char *fill = g_strnfill(300000, '1');
	struct attack a;
	int held[50];

	attack_start(&a, reactors, ATTACK_LISTENERS, NULL);
	for (unsigned i = 0; i < G_N_ELEMENTS(held); i++) { /* and some that are never ended */
		held[i] = attack_connect(a.d, i % 2, i, 0);
		attack_push_text(held[i], heads[i % G_N_ELEMENTS(heads)]);
		(void)attack_push(held[i], fill, 150000);
	}
	for (unsigned i = 0; i < 2 * G_N_ELEMENTS(heads); i++)
		attack_long_line(&a, i % 2, heads[i / 2], fill);
	for (unsigned i = 0; i < G_N_ELEMENTS(held); i++)
		attack_reset(held[i]);
	attack_finish(&a);
}

/* What is cut at each of its bytes. READ of what is large and LIST of what is long have an answer that is under way. */
static const struct cut {
	unsigned listener;
	const char *text;
} cuts[] = {
	{ ATTACK_ALL, "HELLO\n" },
	{ ATTACK_ALL, "HELLO,ioe/1\nPING,%2c\nNICK,cut\nWRITE,half,20\n0123456789" },
	{ ATTACK_ALL, "CONNECT,127.0.0.1,1\nAUTH,who,what\nHELP\nHELP,PING\n" },
	{ ATTACK_ALL, "NICK,cut\n" },
	{ ATTACK_ALL, "PING\nREAD,large\nREAD,small\nREAD,absent\n" },
	{ ATTACK_ALL, "PING\nWRITE,half,20\n0123456789" },
	{ ATTACK_ALL, "LIST\nLIST,absent\nDOUBLE,21\n21\nJOIN,room\nSEND,me,text\n" },
	{ ATTACK_ALL, "PING\nBYE\nPING\n" },
	{ ATTACK_ALL, "READ,large" }, /* old clients: what is said ends in silence, or in this */
	{ ATTACK_ALL, "CONNECT,127.0.0.1,1" },
	{ ATTACK_FILE, "WRITE,half,9abcdefgh" },
	{ ATTACK_FILE, "WRITE,half,9\nabcdefg" },
	{ ATTACK_FILE, "LIST" },
	{ ATTACK_FILE, "BYE" },
};

static void reset_files(struct daemon *d)
{
	g_autofree char *path = g_build_filename(d->files, "large", NULL), *large = harness_noise(4 << 20, 5);

	harness_write_file(path, large, 4 << 20);
}

/* Each cut of each text is a connection; they are all reset after @wait_usec of the honest client's work. */
static unsigned reset_all(struct attack *a, gint64 wait_usec)
{
	g_autoptr(GArray) fds = g_array_new(FALSE, FALSE, sizeof(int));

	for (size_t i = 0; i < G_N_ELEMENTS(cuts); i++)
		for (size_t n = 0; n <= strlen(cuts[i].text); n++) {
			int fd = attack_connect(a->d, cuts[i].listener, (unsigned)n, n % 2 ? 4096 : 0);

			(void)attack_push(fd, cuts[i].text, n);
			if (wait_usec == 0)
				attack_reset(fd);
			else
				g_array_append_val(fds, fd);
		}
	if (wait_usec > 0)
		attack_work_for(a, wait_usec);
	for (unsigned i = 0; i < fds->len; i++)
		attack_reset(g_array_index(fds, int, i));
	return fds->len;
}

/* As soon as the first byte of the answer is there: the rest of it is on its way. */
static void reset_under_way(struct attack *a)
{
	static const char *const texts[] = { "READ,large\nREAD,large\n", "LIST\nLIST\n", "PING\nBYE\n", "HELP\nNICK,cut\n",
					     "WRITE,honest,0\nWRITE,half,9\n1234", "READ,large", "21", "Hello" };

	for (unsigned i = 0; i < 6 * G_N_ELEMENTS(texts); i++) {
		int fd = attack_connect(a->d, ATTACK_ALL, i, 4096);

		attack_push_text(fd, texts[i % G_N_ELEMENTS(texts)]);
		g_assert_true(harness_poll(fd, POLLIN, harness_deadline()));
		attack_reset(fd);
		attack_work(a);
	}
}

/* A name is free again when those that fought for it have gone. */
static void reset_check_name(struct attack *a)
{
	gint64 deadline = harness_deadline();
	bool ok = false;

	while (!ok) {
		g_autofree char *line = NULL;

		client_puts(a->honest, "NICK,cut\n");
		line = client_line(a->honest);
		ok = strcmp(line, "OK,cut") == 0;
		g_assert_true(ok || g_str_has_prefix(line, "ERROR: taken: "));
		g_assert_cmpint(g_get_monotonic_time(), <, deadline);
	}
}

static void attack_resets(unsigned reactors)
{
	unsigned n = 0;
	struct attack a;

	attack_start(&a, reactors, ATTACK_LISTENERS, reset_files);
	for (unsigned i = 0; i < (harness_is_long() ? 50 : 5); i++)
		(void)reset_all(&a, 0);
	n += reset_all(&a, 1000);       /* in the middle of it */
	n += reset_all(&a, 30 * 1000);  /* while a silence is awaited */
	n += reset_all(&a, 120 * 1000); /* behind it */
	n += reset_all(&a, 1300 * 1000);
	g_test_message("%u connections were reset after a while, as many again and more at once", n);
	reset_under_way(&a);
	reset_check_name(&a);
	attack_finish(&a);
}

static void add(void)
{
	harness_add("attack/noise", attack_noise);
	harness_add("attack/noise-left", attack_noise_left);
	harness_add("attack/long-lines", attack_long_lines);
	harness_add("attack/resets", attack_resets);
}

int main(int argc, char **argv)
{
	return harness_main(argc, argv, add);
}
