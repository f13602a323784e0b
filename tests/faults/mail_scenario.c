/* SPDX-License-Identifier: MIT */
#include "faults/mail_scenario.h"

#include <stdio.h>
#include <string.h>

#define MAIL_SCENARIO_WINDOW 8 /* SENDs that are not answered yet */

struct mail_message {
	uint64_t id;  /* 0: not known */
	bool acked;   /* SEND was answered by OK */
	bool came;
	bool taken;   /* ACK was answered by OK */
};

/* Which one it is. */
struct mail_scenario_key {
	unsigned sender, receiver, n;
	bool again; /* sent once more, with its key */
};

void mail_scenario_init(struct mail_scenario *l, unsigned seed)
{
	*l = (struct mail_scenario){};
	g_mutex_init(&l->lock);
	for (unsigned s = 0; s < MAIL_SCENARIO_SENDERS; s++)
		for (unsigned r = 0; r < MAIL_SCENARIO_RECEIVERS; r++)
			l->pairs[s][r].messages = g_array_new(FALSE, TRUE, sizeof(struct mail_message));
	for (unsigned i = 0; i < MAIL_SCENARIO_SENDERS; i++)
		l->senders[i] = (struct mail_scenario_thread){ .scenario = l,
							       .index = i,
							       .random = g_rand_new_with_seed(seed + i) };
	for (unsigned i = 0; i < MAIL_SCENARIO_RECEIVERS; i++)
		l->receivers[i] = (struct mail_scenario_thread){ .scenario = l,
								 .index = i,
								 .random = g_rand_new_with_seed(~seed - i) };
}

void mail_scenario_done(struct mail_scenario *l)
{
	for (unsigned s = 0; s < MAIL_SCENARIO_SENDERS; s++)
		for (unsigned r = 0; r < MAIL_SCENARIO_RECEIVERS; r++)
			g_array_unref(l->pairs[s][r].messages);
	for (unsigned i = 0; i < MAIL_SCENARIO_SENDERS; i++) {
		g_queue_clear_full(&l->senders[i].out, g_free);
		g_rand_free(l->senders[i].random);
	}
	for (unsigned i = 0; i < MAIL_SCENARIO_RECEIVERS; i++)
		g_rand_free(l->receivers[i].random);
	g_mutex_clear(&l->lock);
}

static struct mail_message *mail_scenario_find(struct mail_scenario *l, const struct mail_scenario_key *k)
{
	struct mail_scenario_pair *p = &l->pairs[k->sender][k->receiver];

	return k->n >= 1 && k->n <= p->messages->len ? &g_array_index(p->messages, struct mail_message, k->n - 1) : NULL;
}

/* Most are short, some fill pages of the store. */
static char *mail_scenario_text(const struct mail_scenario_key *k)
{
	unsigned seed = k->sender * 7919 + k->receiver * 104729 + k->n;
	gsize len = seed % 8 == 0 ? 500 + seed * 2654435761U % 8000 : seed % 40;
	g_autofree char *rest = g_strnfill(len, (char)('a' + seed % 26));

	return g_strdup_printf("%u %u %u %s", k->sender, k->receiver, k->n, rest);
}

/* Every other sender gives keys, and sends again what was not answered. */
static bool mail_scenario_has_key(const struct mail_scenario_thread *t)
{
	return t->index % 2 == 0;
}

static void mail_scenario_acked(struct mail_scenario *l, struct mail_message *x)
{
	if (l->noted)
		return;
	x->acked = true;
	(void)atomic_fetch_add(&l->acked, 1);
}

/* While the power fails nothing need be true that is said, and the number may be given again. */
static void mail_scenario_know(struct mail_scenario *l, struct mail_message *x, uint64_t id)
{
	if (!l->noted)
		x->id = id;
}

static void mail_scenario_send(struct mail_scenario_thread *t, struct mail_scenario_key *k)
{
	g_autofree char *text = mail_scenario_text(k), *key = NULL;

	if (mail_scenario_has_key(t))
		key = g_strdup_printf(",%u-%u-%u", k->sender, k->receiver, k->n);
	client_printf(t->client, "SEND,r%u,%s%s\n", k->receiver, text, key ? key : "");
	g_queue_push_tail(&t->out, k);
	if (t->scenario->early) {
		g_mutex_lock(&t->scenario->lock);
		mail_scenario_acked(t->scenario, mail_scenario_find(t->scenario, k));
		g_mutex_unlock(&t->scenario->lock);
	}
}

static void mail_scenario_send_new(struct mail_scenario_thread *t)
{
	struct mail_scenario_key *k = g_new(struct mail_scenario_key, 1);
	struct mail_scenario *l = t->scenario;
	struct mail_scenario_pair *p;

	*k = (struct mail_scenario_key){ t->index, (unsigned)g_rand_int_range(t->random, 0, MAIL_SCENARIO_RECEIVERS), 0,
					 false };
	p = &l->pairs[k->sender][k->receiver];
	g_mutex_lock(&l->lock);
	(void)g_array_set_size(p->messages, p->messages->len + 1);
	k->n = p->messages->len;
	g_mutex_unlock(&l->lock);
	mail_scenario_send(t, k);
}

/* The oldest SEND's answer. */
static void mail_scenario_answered(struct mail_scenario_thread *t, const char *line)
{
	g_autofree struct mail_scenario_key *k = g_queue_pop_head(&t->out);
	struct mail_scenario *l = t->scenario;
	uint64_t id = g_str_has_prefix(line, "OK,") ? g_ascii_strtoull(line + 3, NULL, 10) : 0;
	struct mail_message *x;

	if (id == 0)
		return; /* refused, and so nothing is promised */
	g_mutex_lock(&l->lock);
	x = mail_scenario_find(l, k);
	if (x->id != 0 && x->id != id) {
		g_printerr("# Letter %u of %u to %u has two ids\n", k->n, k->sender, k->receiver);
		l->damage.doubled++;
	}
	l->repeated += k->again;
	mail_scenario_know(l, x, id);
	if (!l->early)
		mail_scenario_acked(l, x);
	g_mutex_unlock(&l->lock);
}

/* The session that had the name before may not be gone yet. */
static bool mail_scenario_login(struct mail_scenario_thread *t, const char *name)
{
	g_autofree char *hi = NULL;

	client_puts(t->client, "HELLO,ioe/1\n");
	if (!client_try_line(t->client, harness_deadline(), &hi))
		return false;
	for (;;) {
		g_autofree char *line = NULL;

		client_printf(t->client, "NICK,%s%u\n", name, t->index);
		if (!client_try_line(t->client, harness_deadline(), &line))
			return false;
		if (!g_str_has_prefix(line, "ERROR: taken: "))
			return g_str_has_prefix(line, "OK,");
	}
}

static gpointer mail_scenario_run_sender(gpointer data)
{
	struct mail_scenario_thread *t = data;
	bool go_on = mail_scenario_login(t, "s");
	GQueue again = t->out;

	g_queue_init(&t->out);
	for (struct mail_scenario_key *k; (k = g_queue_pop_head(&again));)
		if (mail_scenario_has_key(t)) {
			k->again = true;
			mail_scenario_send(t, k);
		} else {
			g_free(k);
		}
	while (go_on) {
		g_autofree char *line = NULL;

		while (t->out.length < MAIL_SCENARIO_WINDOW)
			mail_scenario_send_new(t);
		go_on = client_try_line(t->client, harness_deadline(), &line);
		if (go_on)
			mail_scenario_answered(t, line);
	}
	client_free(t->client);
	return NULL;
}

/* A MAIL has come. Returns its id; 0: it is none that was ever sent. */
static uint64_t mail_scenario_mail(struct mail_scenario *l, unsigned receiver, const char *line)
{
	g_auto(GStrv) f = g_strsplit(line, ",", 0);
	struct mail_scenario_key k = { 0 };
	g_autofree char *text = NULL, *from = NULL;
	struct mail_scenario_pair *p;
	struct mail_message *x = NULL;
	uint64_t id;

	if (g_strv_length(f) == 5 && sscanf(f[4], "%u %u %u ", &k.sender, &k.receiver, &k.n) == 3 &&
	    k.sender < MAIL_SCENARIO_SENDERS && k.receiver == receiver)
		x = mail_scenario_find(l, &k);
	text = mail_scenario_text(&k);
	from = g_strdup_printf("s%u", k.sender);
	if (!x || strcmp(text, f[4]) != 0 || strcmp(from, f[2]) != 0) {
		g_printerr("# Nobody has sent %.80s\n", line);
		l->damage.torn++;
		return 0;
	}
	id = g_ascii_strtoull(f[1], NULL, 10);
	p = &l->pairs[k.sender][k.receiver];
	if (k.n <= p->session_last || (!x->came && k.n < p->seen_max)) {
		g_printerr("# Letter %u of %u to %u came behind %u and %u\n", k.n, k.sender, k.receiver, p->session_last,
			   p->seen_max);
		l->damage.disorder++;
	}
	if (x->taken || (x->id != 0 && x->id != id)) {
		g_printerr("# Letter %u of %u to %u came twice%s\n", k.n, k.sender, k.receiver, x->taken ? ", after its ACK" : "");
		l->damage.doubled++;
	}
	l->again += x->came;
	l->came++;
	mail_scenario_know(l, x, id);
	x->came = true;
	p->session_last = k.n;
	p->seen_max = MAX(p->seen_max, k.n);
	return id;
}

static void mail_scenario_begin_session(struct mail_scenario *l, unsigned receiver)
{
	for (unsigned s = 0; s < MAIL_SCENARIO_SENDERS; s++)
		l->pairs[s][receiver].session_last = 0;
}

/* The ACK of these is answered: a list of ids. */
static void mail_scenario_taken(struct mail_scenario *l, unsigned receiver, const char *ids)
{
	g_auto(GStrv) each = g_strsplit(ids, ",", 0);

	if (l->noted)
		return;
	for (unsigned s = 0; s < MAIL_SCENARIO_SENDERS; s++) {
		GArray *messages = l->pairs[s][receiver].messages;

		/* From the newest on: what is acknowledged came just now. */
		for (guint i = messages->len; i-- > 0 && i + 2000 > messages->len;)
			for (char **id = each; *id; id++) {
				struct mail_message *x = &g_array_index(messages, struct mail_message, i);

				x->taken = x->taken || (x->id != 0 && x->id == g_ascii_strtoull(*id, NULL, 10));
			}
	}
}

static void mail_scenario_ack(struct mail_scenario_thread *t, GString *ids)
{
	if (ids->len == 0)
		return;
	client_printf(t->client, "ACK,%s\n", ids->str);
	g_queue_push_tail(&t->out, g_strdup(ids->str));
	(void)g_string_truncate(ids, 0);
}

/* One line of what a receiver gets. */
static void mail_scenario_receive(struct mail_scenario_thread *t, const char *line, GString *ids)
{
	struct mail_scenario *l = t->scenario;
	uint64_t id;

	g_mutex_lock(&l->lock);
	if (g_str_has_prefix(line, "MAIL,")) {
		id = mail_scenario_mail(l, t->index, line);
		if (id)
			g_string_append_printf(ids, "%s%" G_GUINT64_FORMAT, ids->len ? "," : "", id);
	} else if (t->out.length > 0) {
		g_autofree char *acked = g_queue_pop_head(&t->out);

		if (g_str_has_prefix(line, "OK,"))
			mail_scenario_taken(l, t->index, acked);
	}
	g_mutex_unlock(&l->lock);
}

static gpointer mail_scenario_run_receiver(gpointer data)
{
	struct mail_scenario_thread *t = data;
	g_autoptr(GString) ids = g_string_new(NULL);
	g_autofree char *ok = NULL;
	bool go_on = mail_scenario_login(t, "r");

	if (go_on)
		client_puts(t->client, "WAIT,on\n");
	go_on = go_on && client_try_line(t->client, harness_deadline(), &ok);
	while (go_on) {
		g_autofree char *line = NULL;

		go_on = client_try_line(t->client, harness_deadline(), &line);
		if (!go_on)
			break;
		mail_scenario_receive(t, line, ids);
		/* One by one, or several at once. */
		if (g_rand_int_range(t->random, 0, 4) == 0 || ids->len > 500)
			mail_scenario_ack(t, ids);
	}
	g_queue_clear_full(&t->out, g_free);
	client_free(t->client);
	return NULL;
}

void mail_scenario_start(struct mail_scenario *l, struct daemon *d)
{
	l->noted = false;
	atomic_store(&l->acked, 0);
	for (unsigned i = 0; i < MAIL_SCENARIO_RECEIVERS; i++) {
		struct mail_scenario_thread *t = &l->receivers[i];

		t->thread = NULL;
		if (g_rand_int_range(t->random, 0, 3) == 0)
			continue; /* is away */
		mail_scenario_begin_session(l, i);
		t->client = client_new(d, 0);
		t->thread = g_thread_new("receiver", mail_scenario_run_receiver, t);
	}
	for (unsigned i = 0; i < MAIL_SCENARIO_SENDERS; i++)
		l->senders[i].client = client_new(d, 0);
	for (unsigned i = 0; i < MAIL_SCENARIO_SENDERS; i++)
		l->senders[i].thread = g_thread_new("sender", mail_scenario_run_sender, &l->senders[i]);
}

bool mail_scenario_wait_acked(struct mail_scenario *l, unsigned n, gint64 deadline)
{
	while (atomic_load(&l->acked) < n) {
		if (g_get_monotonic_time() > deadline)
			return false;
		g_usleep(50);
	}
	return true;
}

void mail_scenario_note(struct mail_scenario *l)
{
	g_mutex_lock(&l->lock);
	l->noted = true;
	g_mutex_unlock(&l->lock);
}

void mail_scenario_join(struct mail_scenario *l)
{
	for (unsigned i = 0; i < MAIL_SCENARIO_SENDERS; i++)
		(void)g_thread_join(l->senders[i].thread);
	for (unsigned i = 0; i < MAIL_SCENARIO_RECEIVERS; i++)
		if (l->receivers[i].thread)
			(void)g_thread_join(l->receivers[i].thread);
	l->acked_in_all += atomic_load(&l->acked);
	l->noted = false;
}

/* FETCH, and ACK what came. False: nothing did. */
static bool mail_scenario_drain(struct mail_scenario_thread *t)
{
	g_autoptr(GString) ids = g_string_new(NULL);
	bool some = false;

	client_puts(t->client, "FETCH,50\n");
	for (;;) {
		g_autofree char *line = client_line(t->client), *ok = NULL;

		if (g_str_has_prefix(line, "MAIL,")) {
			mail_scenario_receive(t, line, ids);
			some = true;
			continue;
		}
		if (!g_str_has_prefix(line, "OK,")) {
			g_printerr("# Nothing is handed out: %s\n", line);
			t->scenario->damage.lost++;
			return false;
		}
		mail_scenario_ack(t, ids);
		if (t->out.length > 0) {
			ok = client_line(t->client);
			mail_scenario_receive(t, ok, ids);
		}
		return some;
	}
}

static void mail_scenario_find_lost(struct mail_scenario *l)
{
	for (unsigned s = 0; s < MAIL_SCENARIO_SENDERS; s++)
		for (unsigned r = 0; r < MAIL_SCENARIO_RECEIVERS; r++) {
			GArray *messages = l->pairs[s][r].messages;

			for (guint i = 0; i < messages->len; i++) {
				struct mail_message *x = &g_array_index(messages, struct mail_message, i);

				if (!x->acked || x->came)
					continue;
				g_printerr("# Letter %u of %u to %u is lost\n", i + 1, s, r);
				l->damage.lost++;
				x->acked = false;
			}
		}
}

void mail_scenario_check(struct mail_scenario *l, struct daemon *d, struct mail_scenario_damage *ret)
{
	for (unsigned i = 0; i < MAIL_SCENARIO_RECEIVERS; i++) {
		struct mail_scenario_thread *t = &l->receivers[i];

		mail_scenario_begin_session(l, i);
		t->client = client_new(d, 0);
		g_assert_true(mail_scenario_login(t, "r"));
		while (mail_scenario_drain(t))
			;
		client_free(t->client);
	}
	mail_scenario_find_lost(l);
	*ret = l->damage;
}
