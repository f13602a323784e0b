/* SPDX-License-Identifier: MIT */
#include "session/frontend.h"

#include "session/builtin.h"
#include "session/reactor.h"

#include <assert.h>
#include <stdio.h>

static_assert(offsetof(struct frontend, listener) == 0, "listener.c allocates and frees it");

static int frontend_add_verbs(struct verb_table *verbs, const struct role *role, unsigned index)
{
	int r = 0;

	for (size_t i = 0; i < role->n_verbs && r >= 0; i++)
		r = verb_table_add(verbs, &role->verbs[i].verb, (uint8_t)index);
	return r;
}

int frontend_init(struct listener *l, void *userdata)
{
	const struct reactor_set *set = userdata;
	struct frontend *f = frontend_of(l);
	size_t len = 0;
	int r;

	r = frontend_add_verbs(&f->verbs, &builtin_role, set->n_roles);
	for (unsigned i = 0; i < set->n_roles && r >= 0; i++) {
		const struct role *role = set->roles[i].role;

		if (!(l->role_bits & 1ULL << i)) {
			r = frontend_add_verbs(&f->elsewhere, role, i);
			continue;
		}
		f->n_roles++;
		len += (size_t)snprintf(f->roles + len, sizeof(f->roles) - len, "%s%s", len ? "+" : "", role->name);
		r = frontend_add_verbs(&f->verbs, role, i);
	}
	return r;
}
