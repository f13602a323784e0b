/* SPDX-License-Identifier: MIT */
/*
 * ioe-client's files: how they are named here and there, what is refused and how soon, what is said, and what is left
 * of what breaks off.
 */

#include "client.h"
#include "tool.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define TRANSFER_WORDS_MAX 12

/* Where a command is run: in a folder of its own below the daemon's. */
struct transfer {
	struct daemon *daemon;
	char *server, *here;
	const char *locale; /* NULL: as it is */
	rlim_t max_file;    /* 0: as it is */
	const char *input;  /* NULL: none */
};

static void transfer_init(struct transfer *t, struct daemon *d)
{
	*t = (struct transfer){ .daemon = d };
	t->server = g_strdup_printf("127.0.0.1:%u", (unsigned)d->ports[0]);
	t->here = g_build_filename(d->dir, "here", NULL);
	g_assert_cmpint(mkdir(t->here, 0755), ==, 0);
}

static void transfer_done(struct transfer *t)
{
	g_free(t->server);
	g_free(t->here);
}

static void transfer_local(struct transfer *t, const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(t->here, name, NULL);

	harness_write_file(path, text, strlen(text));
}

static void transfer_expect(const char *folder, const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(folder, name, NULL), *seen = NULL;

	if (!g_file_get_contents(path, &seen, NULL, NULL))
		harness_fail("%s is not there", path);
	g_assert_cmpstr(seen, ==, text);
}

static void transfer_expect_stored(struct transfer *t, const char *name, const char *text)
{
	transfer_expect(t->daemon->files, name, text);
}

static void transfer_expect_tree(const char *folder, const char *names)
{
	g_autofree char *tree = harness_tree(folder);

	g_assert_cmpstr(tree, ==, names);
}

/* In the child. */
static void transfer_setup(void *data)
{
	const struct transfer *t = data;
	const struct rlimit max = { t->max_file, t->max_file };

	if (chdir(t->here) < 0 || (t->max_file > 0 && setrlimit(RLIMIT_FSIZE, &max) < 0) ||
	    (t->locale && setenv("LC_ALL", t->locale, 1) < 0))
		_exit(99);
}

static void transfer_run(struct tool *tool, struct transfer *t, int status, const char *const *words)
{
	const char *args[TRANSFER_WORDS_MAX + 3] = { "-s", t->server };

	for (size_t i = 0; words[i]; i++)
		args[2 + i] = words[i];
	tool_run_setup(tool, "IOE_CLIENT", t->input ? t->input : "", args, transfer_setup, t);
	if (tool->status != status)
		harness_fail("%s %s ended with %d, not %d: %s%s", words[0] ? words[0] : "", words[0] ? words[1] : "",
			     tool->status, status, tool->out->str, tool->err->str);
}

static void transfer_check(struct transfer *t, int status, const char *says, const char *const *words)
{
	struct tool tool;

	transfer_run(&tool, t, status, words);
	if (says && !strstr(tool.err->str, says))
		harness_fail("%s does not say '%s': %s", words[0], says, tool.err->str);
	if (!says)
		g_assert_cmpstr(tool.err->str, ==, "");
	tool_done(&tool);
}

/* Nothing said, or that it is said. */
#define DOES(t, ...)             transfer_check(t, 0, NULL, (const char *const[]){ __VA_ARGS__, NULL })
#define FAILS(t, status, says, ...) \
	transfer_check(t, status, says, (const char *const[]){ __VA_ARGS__, NULL })

/* `put *.txt` is never taken for a file and a name. */
static void transfer_put_names(struct daemon *d)
{
	struct transfer t;

	transfer_init(&t, d);
	transfer_local(&t, "a.txt", "A");
	transfer_local(&t, "b.txt", "B");
	transfer_local(&t, "c.txt", "C");
	FAILS(&t, 2, "put --as=b.txt a.txt", "put", "a.txt", "b.txt");
	FAILS(&t, 2, "put a.txt b.txt /", "put", "a.txt", "b.txt");
	transfer_expect_tree(d->files, ".ioe/");
	DOES(&t, "put", "a.txt", "other"); /* a NAME that is no file here */
	transfer_expect_stored(&t, "other", "A");
	DOES(&t, "put", "a.txt", "a.txt"); /* its own */
	DOES(&t, "put", "--as=b.txt", "a.txt");
	transfer_expect_stored(&t, "b.txt", "A");
	DOES(&t, "put", "a.txt", "b.txt", "/");
	transfer_expect_stored(&t, "b.txt", "B");
	DOES(&t, "put", "c.txt", "a.txt", "b.txt");
	transfer_expect_stored(&t, "c.txt", "C");
	transfer_local(&t, "--as", "dashes");
	DOES(&t, "put", "--", "--as", "dashes");
	transfer_expect_stored(&t, "dashes", "dashes");
	FAILS(&t, 2, "--as=NAME names one file", "put", "--as=x", "a.txt", "b.txt");
	FAILS(&t, 2, "there is --as", "put", "--all", "a.txt");
	FAILS(&t, 2, "standard input has no name", "put", "-");
	FAILS(&t, 2, "standard input has no name", "put", "a.txt", "-", "/");
	FAILS(&t, 2, "too few words", "put", "--as=x");
	transfer_done(&t);
}

/* Into a folder of the server; and of many the others are stored where one cannot be. */
static void transfer_put_folder(struct daemon *d)
{
	g_autofree char *docs = g_build_filename(d->files, "docs", NULL), *old = g_build_filename(docs, "a", NULL);
	struct transfer t;

	transfer_init(&t, d);
	g_assert_cmpint(mkdir(docs, 0755), ==, 0);
	transfer_local(&t, "a", "A");
	transfer_local(&t, "b", "B");
	DOES(&t, "put", "a", "docs/");
	DOES(&t, "put", "./a", "b", "docs/");
	transfer_expect(docs, "b", "B");
	transfer_expect_tree(docs, "a\nb");
	FAILS(&t, 4, "'docs' is a folder; `ls docs` shows", "put", "a", "docs");
	FAILS(&t, 5, "there is no folder 'none'", "put", "a", "none/");
	FAILS(&t, 5, "there is no folder 'none'", "put", "a", "none/a");
	FAILS(&t, 5, "there is no folder 'docs/a'", "put", "a", "docs/a/b");
	FAILS(&t, 8, "cannot read missing", "put", "a", "missing", "b", "/");
	transfer_expect_stored(&t, "a", "A");
	transfer_expect_stored(&t, "b", "B");
	/* Two that would have one name: neither. */
	g_assert_cmpint(unlink(old), ==, 0);
	FAILS(&t, 2, "would have the same name", "put", "a", "../here/a", "docs/");
	transfer_expect_tree(docs, "b");
	FAILS(&t, 1, "is a folder: name the files in it, as in `put ../here/* /`", "put", "../here");
	FAILS(&t, 1, "as in `put ../here/* /`", "put", "../here/");
	FAILS(&t, 1, "is no regular file", "put", "/dev/null");
	transfer_done(&t);
}

/* As many as a shell hands over. */
static void transfer_put_many(struct daemon *d)
{
	const char *args[1000 + 5] = { "-s", NULL, "put" };
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *tree = NULL;
	struct transfer t;
	struct tool tool;
	unsigned n = 0;

	transfer_init(&t, d);
	args[1] = t.server;
	for (unsigned i = 0; i < 1000; i++) {
		char *name = g_strdup_printf("%u", i);

		g_ptr_array_add(names, name);
		transfer_local(&t, name, name);
		args[3 + i] = name;
	}
	args[3 + 1000] = "/";
	tool_run_setup(&tool, "IOE_CLIENT", "", args, transfer_setup, &t);
	if (tool.status != 0)
		harness_fail("%s", tool.err->str);
	tool_done(&tool);
	tree = harness_tree(d->files);
	for (const char *s = tree; (s = strchr(s, '\n')); s++)
		n++;
	g_assert_cmpuint(n, ==, 1000); /* and .ioe/ */
	transfer_expect_stored(&t, "999", "999");
	transfer_done(&t);
}

/* A folder as `ls` prints it, and as people know it. */
static void transfer_folders(struct daemon *d)
{
	static const char *const roots[] = { "/", "//", ".", "./" };
	g_autofree char *docs = g_build_filename(d->files, "docs", NULL), *file = g_build_filename(docs, "a", NULL);
	g_autofree char *sub = NULL;
	struct transfer t;
	struct tool tool;

	transfer_init(&t, d);
	sub = g_build_filename(t.here, "sub", NULL);
	g_assert_cmpint(mkdir(docs, 0755), ==, 0);
	g_assert_cmpint(mkdir(sub, 0755), ==, 0);
	harness_write_file(file, "A", 1);
	transfer_run(&tool, &t, 0, (const char *const[]){ "ls", "docs/", NULL });
	g_assert_cmpstr(tool.out->str, ==, "a\n");
	tool_done(&tool);
	for (size_t i = 0; i < G_N_ELEMENTS(roots); i++) {
		transfer_run(&tool, &t, 0, (const char *const[]){ "ls", roots[i], NULL });
		g_assert_cmpstr(tool.out->str, ==, "docs/\n");
		tool_done(&tool);
	}
	FAILS(&t, 5, "'-l' is not there; `ls` shows what is", "ls", "-l");
	FAILS(&t, 4, "begins or ends with /", "ls", "/docs");
	DOES(&t, "get", "docs/a", "sub/");
	transfer_expect(sub, "a", "A");
	DOES(&t, "get", "docs/a", ".");
	transfer_expect(t.here, "a", "A");
	DOES(&t, "get", "docs/a", "sub/..");
	FAILS(&t, 1, "write sub/ to put the file into it", "get", "docs/a", "sub");
	FAILS(&t, 1, "its folder is not there", "get", "docs/a", "none/");
	FAILS(&t, 1, "its folder is not there", "get", "docs/a", "none/a");
	FAILS(&t, 4, "'docs/' is a folder; `ls docs/` shows", "get", "docs/");
	FAILS(&t, 4, "'docs' is a folder; `ls docs` shows", "get", "docs", "x");
	FAILS(&t, 2, "is no name for a file", "get", "..", "sub/");
	transfer_expect_tree(t.here, "a\nsub/\nsub/a");
	transfer_done(&t);
}

/* What says it has no bytes, and has some. */
static void transfer_put_proc(struct daemon *d)
{
	g_autofree char *want = NULL, *stored = g_build_filename(d->files, "version", NULL);
	struct transfer t;
	gsize n;

	transfer_init(&t, d);
	if (!g_file_get_contents("/proc/version", &want, &n, NULL) || n == 0) {
		g_test_skip("there is no /proc/version");
	} else {
		harness_write_file(stored, "older", 5);
		DOES(&t, "put", "/proc/version");
		transfer_expect_stored(&t, "version", want);
		g_assert_cmpint(unlink(stored), ==, 0);
	}
	t.input = "from standard input\n";
	DOES(&t, "put", "-", "stdin");
	transfer_expect_stored(&t, "stdin", t.input);
	t.input = "";
	DOES(&t, "put", "-", "docs,%41");
	transfer_expect_stored(&t, "docs,%41", "");
	t.input = "put - name\nget nothere\n";
	FAILS(&t, 8, "- is standard input, where the commands come from", NULL);
	transfer_done(&t);
}

/* Whatever the locale, what `ls` prints is what `get` takes; and a message shows letters that the locale has. */
static void transfer_odd_names(struct daemon *d)
{
	static const char *const locales[] = { "C", "C.UTF-8" };
	static const char *const names[] = { "\303\234bung \346\227\245.pdf", " a  b ", "it's \"q\" \\", "%41,x" };
	struct transfer t;
	struct tool tool;

	transfer_init(&t, d);
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		transfer_local(&t, names[i], names[i]);
	for (size_t k = 0; k < G_N_ELEMENTS(locales); k++) {
		g_auto(GStrv) lines = NULL;

		t.locale = locales[k];
		DOES(&t, "put", names[0], names[1], names[2], names[3], "/");
		transfer_run(&tool, &t, 0, (const char *const[]){ "ls", NULL });
		lines = g_strsplit(tool.out->str, "\n", -1);
		tool_done(&tool);
		g_assert_cmpuint(g_strv_length(lines), ==, G_N_ELEMENTS(names) + 1);
		for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
			DOES(&t, "get", lines[i], "got");
			transfer_expect(t.here, "got", lines[i]);
		}
		transfer_run(&tool, &t, 5, (const char *const[]){ "get", "\xc3\x9c", NULL });
		if (k == 1)
			g_assert_cmpstr(tool.err->str, ==,
					"ioe-client: get \xc3\x9c: not found: '\xc3\x9c' is not there; `ls` shows what is\n");
		else
			g_assert_cmpstr(tool.err->str, ==,
					"ioe-client: get \\xc3\\x9c: not found: '\\xc3\\x9c' is not there; `ls` shows what is\n");
		tool_done(&tool);
		FAILS(&t, 1, k == 1 ? "put \xc3\xb6: cannot read \xc3\xb6:" : "put \\xc3\\xb6: cannot read \\xc3\\xb6:",
		      "put", "\xc3\xb6");
		FAILS(&t, 1, "cannot read x?[2J", "put", "x\x1b[2J");
	}
	transfer_done(&t);
}

/* A limit for the size of files is an error, and nothing stays of what broke off. */
static void transfer_size_limit(struct daemon *d)
{
	g_autofree char *large = g_build_filename(d->files, "large", NULL), *data = harness_noise(1 << 20, 1);
	struct transfer t;

	transfer_init(&t, d);
	harness_write_file(large, data, 1 << 20);
	transfer_local(&t, "as", "it was");
	t.max_file = 100000;
	FAILS(&t, 1, "File too large", "get", "large");
	FAILS(&t, 1, "File too large", "get", "large", "as");
	transfer_expect(t.here, "as", "it was");
	transfer_expect_tree(t.here, "as");
	t.max_file = 1 << 20;
	DOES(&t, "get", "large");
	transfer_done(&t);
}

/* What is known is told when it is announced; what is sent all the same is thrown away. */
static void transfer_early(struct client *c)
{
	g_autofree char *data = harness_noise(1 << 20, 2), *tree = NULL;
	g_autofree char *folder = g_build_filename(c->daemon->files, "folder", NULL);
	g_autofree char *link = g_build_filename(c->daemon->files, "link", NULL);

	client_hello(c);
	g_assert_cmpint(mkdir(folder, 0755), ==, 0);
	g_assert_cmpint(symlink("folder", link), ==, 0);
	client_puts(c, "WRITE,there,5\nfirst");
	client_expect(c, "OK,received,5");
	for (unsigned i = 0; i < 3; i++) {
		client_puts(c, i == 0 ? "WRITE,there,1048576\n" : i == 1 ? "WRITE,folder,1048576\n" :
							   "WRITE,none/x,1048576\n");
		client_expect_error(c, i == 2 ? "not-found" : "exists");
		client_write(c, data, 1 << 20);
	}
	client_ask(c, "PING,still", "PONG,still");
	/* 18 digits are promised, and more than file.max_size: likewise. */
	client_puts(c, "WRITE,there,999999999999999999\n");
	client_expect_error(c, "too-large");
	transfer_expect(c->daemon->files, "there", "first");
	tree = harness_tree(c->daemon->files);
	g_assert_null(strstr(tree, "none"));
}

static void transfer_early_replace(struct client *c)
{
	g_autofree char *data = harness_noise(1 << 20, 3), *folder = g_build_filename(c->daemon->files, "folder", NULL);

	client_hello(c);
	g_assert_cmpint(mkdir(folder, 0755), ==, 0);
	client_puts(c, "WRITE,folder,1048576\n");
	client_expect_error(c, "denied");
	client_write(c, data, 1 << 20);
	for (unsigned i = 0; i < 2; i++) { /* a new one, and over it */
		client_puts(c, "WRITE,file,1048576\n");
		client_write(c, data, 1 << 20);
		client_expect(c, "OK,received,1048576");
	}
	client_ask(c, "PING,still", "PONG,still");
}

/* It becomes a file's name while the bytes come: the end looks again. */
static void transfer_late(struct client *c)
{
	g_autofree char *data = harness_noise(1 << 20, 4);
	struct client *other = client_new_ioe1(c->daemon, 0);

	client_hello(c);
	client_puts(c, "WRITE,race,1048576\n");
	client_write(c, data, 1 << 10);
	client_ask(other, "PING", "PONG");
	client_puts(other, "WRITE,race,5\nfirst");
	client_expect(other, "OK,received,5");
	client_write(c, data, (1 << 20) - (1 << 10));
	client_expect_error(c, "exists");
	transfer_expect(c->daemon->files, "race", "first");
	client_free(other);
}

/* Refuses, and then reads no more than it must: who goes on sending would wait for ever. */
static gpointer transfer_refuse(gpointer data)
{
	int listener = GPOINTER_TO_INT(data), fd;
	char buf[4096];

	fd = accept(listener, NULL, NULL);
	if (recv(fd, buf, sizeof(buf), 0) > 0)
		(void)send(fd, "HI,ioe/1,ioed/0,1,file,127.0.0.1,,store\n", 40, MSG_NOSIGNAL);
	if (recv(fd, buf, sizeof(buf), 0) > 0)
		(void)send(fd, "ERROR: exists: 'big' is there\n", 30, MSG_NOSIGNAL);
	while (harness_poll(fd, POLLRDHUP, harness_deadline()) && recv(fd, buf, 1, MSG_PEEK | MSG_DONTWAIT) > 0) {
		struct pollfd p = { .fd = fd, .events = POLLRDHUP };

		if (poll(&p, 1, 0) > 0)
			break;
	}
	(void)close(fd);
	return NULL;
}

static void transfer_client_stops(void)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	g_autofree char *dir = g_dir_make_tmp("ioe-test-XXXXXX", NULL), *big = g_build_filename(dir, "big", NULL);
	g_autofree char *server = NULL;
	socklen_t len = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), file;
	GThread *thread;
	struct tool t;

	file = open(big, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	g_assert_cmpint(ftruncate(file, (off_t)1 << 40), ==, 0);
	(void)close(file);
	g_assert_cmpint(bind(fd, (const struct sockaddr *)&sa, sizeof(sa)), ==, 0);
	g_assert_cmpint(listen(fd, 1), ==, 0);
	g_assert_cmpint(getsockname(fd, (struct sockaddr *)&sa, &len), ==, 0);
	server = g_strdup_printf("127.0.0.1:%u", (unsigned)ntohs(sa.sin_port));
	thread = g_thread_new("refuse", transfer_refuse, GINT_TO_POINTER(fd));
	tool_run(&t, "IOE_CLIENT", "", "-s", server, "put", big, NULL);
	(void)g_thread_join(thread);
	g_assert_cmpint(t.status, ==, 6);
	g_assert_nonnull(strstr(t.err->str, "exists already: 'big' is there"));
	tool_done(&t);
	(void)close(fd);
	g_assert_cmpint(unlink(big), ==, 0);
	g_assert_cmpint(rmdir(dir), ==, 0);
}

/* A terminal of its own, on which it is asked. */
static void transfer_terminal_setup(void *data)
{
	transfer_setup(data);
	if (setsid() < 0 || ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0)
		_exit(99);
}

static void transfer_answer(struct transfer *t, const char *answer, int status)
{
	const char *argv[] = { harness_program("IOE_CLIENT"), "-s", t->server, "put", "a", "b", NULL };
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave, ended;
	g_autoptr(GString) seen = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	char c;
	GPid pid;

	g_assert_cmpint(grantpt(master), ==, 0);
	g_assert_cmpint(unlockpt(master), ==, 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	(void)g_spawn_async_with_pipes_and_fds(NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, transfer_terminal_setup, t,
					       slave, slave, slave, NULL, NULL, 0, &pid, NULL, NULL, NULL, &error);
	g_assert_no_error(error);
	(void)close(slave);
	while (!strstr(seen->str, "(y/N) ")) {
		if (!harness_poll(master, POLLIN, harness_deadline()) || read(master, &c, 1) != 1)
			harness_fail("it does not ask: %s", seen->str);
		(void)g_string_append_c(seen, c);
	}
	g_assert_nonnull(strstr(seen->str, "b is a file here, too"));
	g_assert_cmpint(write(master, answer, strlen(answer)), ==, (gssize)strlen(answer));
	do
		if (!harness_poll(master, POLLIN, harness_deadline()))
			harness_fail("it does not end: %s", seen->str);
	while (read(master, &c, 1) == 1 && g_string_append_c(seen, c));
	g_assert_cmpint(waitpid(pid, &ended, 0), ==, pid);
	g_assert_true(WIFEXITED(ended));
	g_assert_cmpint(WEXITSTATUS(ended), ==, status);
	(void)close(master);
}

static void transfer_asks(struct daemon *d)
{
	struct transfer t;

	transfer_init(&t, d);
	transfer_local(&t, "a", "A");
	transfer_local(&t, "b", "B");
	transfer_answer(&t, "\n", 2);
	transfer_answer(&t, "no\n", 2);
	transfer_answer(&t, "\x04", 2); /* the end of the input */
	transfer_answer(&t, "\x03", 9); /* Control-C */
	transfer_expect_tree(d->files, ".ioe/");
	transfer_answer(&t, "y\n", 0);
	transfer_expect_stored(&t, "b", "A");
	transfer_done(&t);
}

/* help, connect and bye, of a script: one server after the other. */
static void transfer_connect(struct daemon *d)
{
	struct daemon *second = daemon_start(1, DAEMON_LISTENER);
	g_autofree char *one = g_build_filename(d->files, "one", NULL), *two = g_build_filename(second->files, "two", NULL);
	struct transfer t, s;
	struct tool tool;

	harness_write_file(one, "1", 1);
	harness_write_file(two, "2", 1);
	transfer_init(&t, d);
	transfer_init(&s, second);
	t.input = g_strdup_printf("ls\nconnect %s\nls\nconnect %s\nls\nbye\nls\nconnect %s\nls\nhelp\nquit\nls\n", s.server,
				  t.server, s.server);
	transfer_run(&tool, &t, 8, (const char *const[]){ NULL });
	if (!g_str_has_prefix(tool.out->str, "one\ntwo\none\ntwo\n  ls [FOLDER]"))
		harness_fail("%s", tool.out->str);
	for (const char *word = "connect\0bye\0help\0put\0chat\0"; *word; word += strlen(word) + 1) {
		g_autofree char *line = g_strdup_printf("\n  %s ", word);

		g_assert_nonnull(strstr(tool.out->str, line));
	}
	g_assert_cmpstr(tool.err->str, ==, "ioe-client: ls: Connect to a server first: connect HOST:PORT\n");
	tool_done(&tool);
	g_free((char *)t.input);
	/* Each on its own. */
	t.input = NULL;
	DOES(&t, "connect", s.server);
	transfer_run(&tool, &t, 0, (const char *const[]){ "help", NULL });
	g_assert_nonnull(strstr(tool.out->str, "Lists the commands"));
	tool_done(&tool);
	DOES(&t, "bye");
	FAILS(&t, 2, "too few words", "connect");
	FAILS(&t, 2, "too many words", "connect", "a:1", "b:2");
	FAILS(&t, 2, "one server at a time", "connect", "127.0.0.1:1,127.0.0.1:2");
	FAILS(&t, 2, "", "connect", "127.0.0.1:0");
	FAILS(&t, 2, "", "connect", "");
	daemon_finish(second);
	FAILS(&t, 3, "nothing listens there", "connect", s.server);
	transfer_done(&t);
	transfer_done(&s);
}

/* In the child: a mount namespace without /proc. */
static void transfer_hide_proc(G_GNUC_UNUSED void *data)
{
	g_autofree char *map = g_strdup_printf("%u %u 1", (unsigned)getuid(), (unsigned)getuid());
	int fd;

	if (unshare(CLONE_NEWNS) < 0) {
		if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
			_exit(99);
		fd = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
		if (fd < 0 || write(fd, map, strlen(map)) < 0)
			_exit(99);
		(void)close(fd);
	}
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || mount("none", "/proc", "tmpfs", 0, NULL) < 0)
		_exit(99);
}

/* It is said, by -t as well, and files are stored all the same. */
static void transfer_no_proc(unsigned reactors)
{
	struct daemon *d = daemon_new(reactors, DAEMON_LISTENER);
	struct transfer t;
	struct tool tool;

#ifdef __SANITIZE_ADDRESS__
	g_test_skip("AddressSanitizer needs /proc");
	(void)daemon_free(d);
	return;
#endif
	tool_run_setup(&tool, "IOED", "", (const char *const[]){ "-t", "-c", d->config, NULL }, transfer_hide_proc, NULL);
	if (tool.status == 99) {
		g_test_skip("no own mount namespace may be made here");
		tool_done(&tool);
		(void)daemon_free(d);
		return;
	}
	g_assert_cmpint(tool.status, ==, 0);
	g_assert_nonnull(strstr(tool.err->str, "/proc is not mounted"));
	tool_done(&tool);
	d->setup = transfer_hide_proc;
	daemon_spawn(d);
	daemon_wait_ready(d);
	daemon_wait_log(d, "/proc is not mounted");
	transfer_init(&t, d);
	transfer_local(&t, "a", "A");
	transfer_local(&t, "b", "B");
	DOES(&t, "put", "a", "f");
	DOES(&t, "put", "b", "f");
	transfer_expect_stored(&t, "f", "B");
	transfer_expect_tree(d->files, ".ioe/\nf");
	transfer_done(&t);
	daemon_finish(d);
}

static void transfer_add(void)
{
	static const char keep[] = DAEMON_LISTENER "file = { overwrite = false; };\n";

	g_test_add_func("/transfer/client-stops", transfer_client_stops);
	daemon_add("transfer/put-names", DAEMON_LISTENER, transfer_put_names);
	daemon_add("transfer/put-folder", DAEMON_LISTENER, transfer_put_folder);
	daemon_add("transfer/put-many", DAEMON_LISTENER "file = { sync = false; };\n", transfer_put_many);
	daemon_add("transfer/folders", DAEMON_LISTENER, transfer_folders);
	daemon_add("transfer/put-proc", DAEMON_LISTENER, transfer_put_proc);
	daemon_add("transfer/odd-names", DAEMON_LISTENER, transfer_odd_names);
	daemon_add("transfer/size-limit", DAEMON_LISTENER, transfer_size_limit);
	client_add("transfer/early", keep, transfer_early);
	client_add("transfer/early-replace", DAEMON_LISTENER, transfer_early_replace);
	client_add("transfer/late", keep, transfer_late);
	daemon_add("transfer/asks", DAEMON_LISTENER, transfer_asks);
	daemon_add("transfer/connect", DAEMON_LISTENER, transfer_connect);
	harness_add("transfer/no-proc", transfer_no_proc);
}

int main(int argc, char **argv)
{
	return harness_main(argc, argv, transfer_add);
}
