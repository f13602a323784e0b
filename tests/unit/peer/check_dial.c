/* SPDX-License-Identifier: MIT */
/* Which address is connected to, and how long a silent one, or a silent name server, holds that up. */
#include "peer/dial.h"

#include "base/macro.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "unit/fixture/run.h"

#define LONG_USEC  (20 * USEC_PER_SEC)
#define SHORT_USEC (60 * USEC_PER_MSEC)
#define HOLE_MAX   8

/* The resolver is a double. Only what is no address comes here with another flag than AI_NUMERICHOST. */
static struct addrinfo *double_list;
static int double_gai;
static bool double_is_silent;
static sem_t double_answer, double_freed;

int getaddrinfo(const char *restrict host _unused_, const char *restrict port _unused_,
		const struct addrinfo *restrict hints, struct addrinfo **restrict ret)
{
	if (hints->ai_flags & AI_NUMERICHOST)
		return EAI_NONAME;
	if (double_is_silent)
		(void)sem_wait(&double_answer);
	if (double_gai == 0)
		*ret = double_list;
	return double_gai;
}

void freeaddrinfo(struct addrinfo *list _unused_)
{
	(void)sem_post(&double_freed);
}

/* An address that listens. */
struct place {
	struct addrinfo info;
	struct sockaddr_storage sa;
	int listener;
	int fill[HOLE_MAX];
};

static void place_listen(struct place *p, int family, const char *address, int backlog)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&p->sa;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&p->sa;
	socklen_t len = family == AF_INET ? sizeof(*v4) : sizeof(*v6);

	*p = (struct place){ .sa.ss_family = (sa_family_t)family };
	ck_assert_int_eq(inet_pton(family, address, family == AF_INET ? (void *)&v4->sin_addr : (void *)&v6->sin6_addr), 1);
	p->listener = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	ck_assert_int_eq(bind(p->listener, (struct sockaddr *)&p->sa, len), 0);
	ck_assert_int_eq(listen(p->listener, backlog), 0);
	ck_assert_int_eq(getsockname(p->listener, (struct sockaddr *)&p->sa, &len), 0);
	p->info = (struct addrinfo){
		.ai_family = family,
		.ai_socktype = SOCK_STREAM,
		.ai_addr = (struct sockaddr *)&p->sa,
		.ai_addrlen = len,
	};
}

/* One that swallows: its queue is full. */
static void place_hole(struct place *p, const char *address)
{
	place_listen(p, AF_INET, address, 0);
	for (size_t i = 0; i < HOLE_MAX; i++) {
		p->fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		(void)connect(p->fill[i], p->info.ai_addr, p->info.ai_addrlen);
	}
}

static void place_close(struct place *p)
{
	for (size_t i = 0; i < HOLE_MAX; i++)
		if (p->fill[i] > 0)
			(void)close(p->fill[i]);
	(void)close(p->listener);
}

/* One that refuses. */
static void place_nobody(struct place *p)
{
	place_listen(p, AF_INET, "127.0.0.1", 1);
	(void)close(p->listener);
	p->listener = -1;
}

static void place_list(struct place *const *places, size_t n)
{
	for (size_t i = 0; i < n; i++)
		places[i]->info.ai_next = i + 1 < n ? &places[i + 1]->info : NULL;
	double_list = &places[0]->info;
}

static int dial(uint64_t usec, int *ret_fd)
{
	struct countdown c;

	countdown_start(&c, usec);
	return dial_tcp("a.name", "1", &c, ret_fd);
}

static void expect_at(int fd, const struct place *p)
{
	struct sockaddr_storage sa = { 0 };
	socklen_t len = sizeof(sa);

	ck_assert_int_eq(getpeername(fd, (struct sockaddr *)&sa, &len), 0);
	ck_assert_uint_eq(len, p->info.ai_addrlen);
	ck_assert_mem_eq(&sa, &p->sa, len);
}

/* 127.0.0.1 and 127.0.0.2 are one machine, so the port is what tells them apart. */
START_TEST(a_silent_address_is_not_waited_for)
{
	struct place hole, good;
	int fd;

	place_hole(&hole, "127.0.0.1");
	place_listen(&good, AF_INET, "127.0.0.1", 1);
	place_list((struct place *[]){ &hole, &good }, 2);
	ck_assert_int_eq(dial(LONG_USEC, &fd), 0);
	expect_at(fd, &good);
	ck_assert_int_ne(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
	(void)close(fd);
	place_close(&hole);
	place_close(&good);
}
END_TEST

START_TEST(many_silent_addresses)
{
	struct place holes[7], good, *all[8];
	int fd;

	for (size_t i = 0; i < 7; i++) {
		place_hole(&holes[i], "127.0.0.1");
		all[i] = &holes[i];
	}
	place_listen(&good, AF_INET, "127.0.0.1", 1);
	all[7] = &good;
	place_list(all, 8);
	ck_assert_int_eq(dial(LONG_USEC, &fd), 0);
	expect_at(fd, &good);
	(void)close(fd);
	/* Without the one that answers it ends in time. */
	place_list(all, 7);
	ck_assert_int_eq(dial(SHORT_USEC, &fd), -ETIMEDOUT);
	for (size_t i = 0; i < 7; i++)
		place_close(&holes[i]);
	place_close(&good);
}
END_TEST

/* The other family's first comes before the second of the first one's, who is not even tried. */
START_TEST(families_by_turns)
{
	struct place hole, later, six;
	int fd;

	place_hole(&hole, "127.0.0.1");
	place_listen(&later, AF_INET, "127.0.0.1", 1);
	place_listen(&six, AF_INET6, "::1", 1);
	place_list((struct place *[]){ &hole, &later, &six }, 3);
	ck_assert_int_eq(dial(LONG_USEC, &fd), 0);
	expect_at(fd, &six);
	ck_assert_int_eq(accept(later.listener, NULL, NULL), -1);
	ck_assert_int_eq(errno, EAGAIN);
	(void)close(fd);
	place_close(&hole);
	place_close(&later);
	place_close(&six);
}
END_TEST

START_TEST(the_first_that_answers)
{
	struct place nobody, first, second;
	int fd;

	place_nobody(&nobody);
	place_listen(&first, AF_INET, "127.0.0.1", 1);
	place_listen(&second, AF_INET, "127.0.0.1", 1);
	place_list((struct place *[]){ &nobody, &first, &second }, 3);
	ck_assert_int_eq(dial(LONG_USEC, &fd), 0);
	expect_at(fd, &first);
	ck_assert_int_eq(accept(second.listener, NULL, NULL), -1);
	(void)close(fd);
	place_list((struct place *[]){ &nobody, &nobody }, 1);
	ck_assert_int_eq(dial(LONG_USEC, &fd), -ECONNREFUSED);
	place_close(&first);
	place_close(&second);
}
END_TEST

static const struct {
	int gai, error;
} answers[] = { { EAI_NONAME, -ENXIO }, { EAI_AGAIN, -EAGAIN }, { EAI_FAIL, -EREMOTEIO }, { EAI_MEMORY, -ENOMEM } };

START_TEST(what_the_resolver_says)
{
	int fd;

	double_gai = answers[_i].gai;
	ck_assert_int_eq(dial(LONG_USEC, &fd), answers[_i].error);
}
END_TEST

/* It is left alone, and frees what it has when it comes back. */
START_TEST(a_silent_name_server_is_left)
{
	struct place good;
	int fd;

	double_is_silent = true;
	place_listen(&good, AF_INET, "127.0.0.1", 1);
	place_list((struct place *[]){ &good }, 1);
	for (unsigned i = 0; i < 8; i++)
		ck_assert_int_eq(dial(SHORT_USEC / 8, &fd), -EAGAIN);
	/* No more of them, however long one would wait. */
	for (unsigned i = 0; i < 1000; i++)
		ck_assert_int_eq(dial(LONG_USEC, &fd), -EAGAIN);
	for (unsigned i = 0; i < 8; i++)
		(void)sem_post(&double_answer);
	for (unsigned i = 0; i < 8; i++)
		(void)sem_wait(&double_freed);
	double_is_silent = false;
	while (dial(LONG_USEC, &fd) < 0) /* the last of them may be on its way out */
		;
	expect_at(fd, &good);
	(void)close(fd);
	place_close(&good);
}
END_TEST

static void on_alarm(int sig _unused_)
{
}

START_TEST(a_signal_ends_it)
{
	const struct sigaction action = { .sa_handler = on_alarm };
	const struct itimerval every = { { 0, 20000 }, { 0, 20000 } };
	struct place hole;
	int fd;

	(void)sigaction(SIGALRM, &action, NULL);
	place_hole(&hole, "127.0.0.1");
	place_list((struct place *[]){ &hole }, 1);
	double_is_silent = _i;
	(void)setitimer(ITIMER_REAL, &every, NULL);
	ck_assert_int_eq(dial(LONG_USEC, &fd), -EINTR);
	(void)sem_post(&double_answer);
	place_close(&hole);
}
END_TEST

static void setup(void)
{
	(void)sem_init(&double_answer, 0, 0);
	(void)sem_init(&double_freed, 0, 0);
}

int main(void)
{
	Suite *s = suite_create("dial");
	TCase *tc = tcase_create("dial");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, a_silent_address_is_not_waited_for);
	tcase_add_test(tc, many_silent_addresses);
	tcase_add_test(tc, families_by_turns);
	tcase_add_test(tc, the_first_that_answers);
	tcase_add_loop_test(tc, what_the_resolver_says, 0, (int)ELEMENTSOF(answers));
	tcase_add_test(tc, a_silent_name_server_is_left);
	tcase_add_loop_test(tc, a_signal_ends_it, 0, 2);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
