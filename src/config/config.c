/* SPDX-License-Identifier: MIT */
/*
 * Each text is parsed alone, and the texts are never merged. Settings begin with the defaults; then each text in its
 * order sets its keys, and the group of the instance comes last. So every fault is reported with its file and line.
 *
 * To check the groups of the other instances, the settings of these are built, too, and thrown away.
 */
#include "config/config.h"
#include "base/macro.h"
#include "config/listeners.h"
#include "config/source.h"
#include "config/value.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFIG_INSTANCE_MAX 9999

/* All texts, and their faults. */
struct config {
	const struct option_schema *schema;
	struct sources builtin; /* the default listeners */
	struct sources sources;
	struct faults faults;
};

/* The settings of one instance under construction. */
struct build {
	struct value_context context;
	struct settings *settings;
	uint64_t spoiled; /* sections with a fault in a value: option_section.check is not called for them */
};

/* Whether a section before @before has this name. Sections of several modules can share a group of the file. */
static bool config_is_group(const struct option_schema *schema, const char *name, size_t before)
{
	for (size_t i = 0; schema->sections[i] && i < before; i++)
		if (strcmp(schema->sections[i]->name, name) == 0)
			return true;
	return false;
}

static int config_print_allowed(const struct option_schema *schema, const char *group, struct buf *ret)
{
	const char *separator = "";
	int r = 0;

	for (size_t i = 0; schema->sections[i]; i++) {
		const struct option_section *section = schema->sections[i];

		if (strcmp(section->name, group) == 0) {
			for (size_t j = 0; j < section->n_rows && r == 0; j++) {
				r = buf_printf(ret, "%s%s", separator, section->rows[j].path);
				separator = ", ";
			}
		} else if (group[0] == '\0' && !config_is_group(schema, section->name, i) && r == 0) {
			r = buf_printf(ret, "%s%s", separator, section->name);
			separator = ", ";
		}
	}
	if (r == 0 && group[0] == '\0')
		r = buf_printf(ret, "%slisteners, instances", separator);
	return r;
}

static int build_unknown_key(struct build *b, const char *group, const config_setting_t *key)
{
	const struct value_context *c = &b->context;
	bool is_top = group[0] == '\0';
	struct buf allowed = {};
	int r;

	r = config_print_allowed(c->schema, group, &allowed);
	if (r == 0 && !buf_str(&allowed))
		r = -ENOMEM;
	if (r == 0)
		fault_add(c->faults, c->file, config_setting_source_line(key), "%s%s%.64s is no option; %s %s %s", group,
			  is_top ? "" : ".", config_setting_name(key), is_top ? "there" : group, is_top ? "are" : "has",
			  allowed.data);
	buf_done(&allowed);
	return r;
}

/* 1: a section with this name has a row for the key; 0: none has; -ENOMEM. */
static int build_set_row(struct build *b, const char *group, const config_setting_t *key)
{
	const struct option_schema *schema = b->context.schema;
	int r;

	for (size_t i = 0; schema->sections[i]; i++) {
		const struct option_section *section = schema->sections[i];

		for (size_t j = 0; j < section->n_rows; j++) {
			if (strcmp(section->name, group) != 0 ||
			    strcmp(section->rows[j].path, config_setting_name(key)) != 0)
				continue;
			r = value_set(&b->context, section, &section->rows[j], key, b->settings->values[i]);
			if (r == -EINVAL)
				b->spoiled |= 1ULL << (i % 64);
			return r == 0 || r == -EINVAL ? 1 : r;
		}
	}
	return 0;
}

static int build_set_group(struct build *b, const config_setting_t *group)
{
	const struct value_context *c = &b->context;
	const char *name = config_setting_name(group);
	char shown[VALUE_SHOWN_MAX];
	int n = config_setting_length(group), r;

	if (config_setting_type(group) != CONFIG_TYPE_GROUP) {
		fault_add(c->faults, c->file, config_setting_source_line(group), "%s = %s is no group: %s = { ... };", name,
			  value_shown(group, shown), name);
		return 0;
	}
	for (int i = 0; i < n; i++) {
		const config_setting_t *key = config_setting_get_elem(group, (unsigned)i);

		r = build_set_row(b, name, key);
		if (r == 0)
			r = build_unknown_key(b, name, key);
		if (r < 0)
			return r;
	}
	return 0;
}

static int build_set_key(struct build *b, const config_setting_t *key, bool is_instance)
{
	const struct value_context *c = &b->context;
	const char *name = config_setting_name(key);
	int r;

	if (strcmp(name, "listeners") == 0) {
		r = listeners_set(c, key, b->settings);
		return r == -EINVAL ? 0 : r;
	}
	if (strcmp(name, "instances") == 0) {
		if (is_instance)
			fault_add(c->faults, c->file, config_setting_source_line(key),
				  "instances cannot be inside instances");
		return 0;
	}
	if (is_instance && strcmp(name, "id") == 0)
		return 0;
	if (name[0] != '\0' && config_is_group(c->schema, name, SIZE_MAX))
		return build_set_group(b, key);
	r = build_set_row(b, "", key);
	return r != 0 ? MIN(r, 0) : build_unknown_key(b, "", key);
}

/* Applies the top level of a file, or the group of an instance, to the settings. */
static int build_lay(struct build *b, const struct source *src, const config_setting_t *group, bool is_instance)
{
	int n = config_setting_length(group), r = 0;

	b->context.file = src->name;
	for (int i = 0; i < n && r == 0; i++)
		r = build_set_key(b, config_setting_get_elem(group, (unsigned)i), is_instance);
	return r;
}

static size_t config_n_sections(const struct option_schema *schema)
{
	size_t n = 0;

	while (schema->sections[n])
		n++;
	return n;
}

/* Settings with all defaults. */
static int build_begin(struct build *b, struct config *config, unsigned instance)
{
	size_t n = config_n_sections(config->schema);
	struct settings *s;
	int r = 0;

	*b = (struct build){
		.context = { .schema = config->schema, .faults = &config->faults, .file = "built-in defaults",
			     .instance = instance },
	};
	s = b->settings = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	atomic_init(&s->refs, 1);
	s->instance = instance;
	s->schema = config->schema;
	s->values = calloc(n + 1, sizeof(*s->values));
	if (!s->values)
		return -ENOMEM;
	for (size_t i = 0; i < n && r == 0; i++)
		r = value_new_section(&b->context, config->schema->sections[i], &s->values[i]);
	return r < 0 ? r : build_lay(b, config->builtin.v[0], config_root_setting(&config->builtin.v[0]->tree), false);
}

/* The checks that need several values. Their faults have no single line, and a fault of one instance is not reported
 * for the others again. */
static void build_check(struct build *b)
{
	const struct value_context *c = &b->context;
	const struct buf *text = c->faults->why;

	for (size_t i = 0; c->schema->sections[i]; i++) {
		const struct option_section *section = c->schema->sections[i];
		char why[512] = "";

		if (b->spoiled & 1ULL << (i % 64) || !section->check)
			continue;
		if (section->check(b->settings->values[i], why, sizeof(why)) < 0 &&
		    (text->len == 0 || !memmem(text->data, text->len, why, strlen(why))))
			fault_add(c->faults, c->file, 0, "for instance %u: %s", c->instance, why);
	}
}

/* Builds the settings of @instance from all files and then its own group, if it has one. 0, also with faults; or
 * negative errno. */
static int config_build(struct config *config, unsigned instance, const struct source *own_source,
			const config_setting_t *own, struct settings **ret)
{
	_cleanup_(settings_unrefp) struct settings *s = NULL;
	const struct sources *all = &config->sources;
	struct build b;
	int r;

	r = build_begin(&b, config, instance);
	s = b.settings;
	for (size_t i = 0; i < all->n && r == 0; i++)
		if (all->v[i]->parsed)
			r = build_lay(&b, all->v[i], config_root_setting(&all->v[i]->tree), false);
	if (r == 0 && own)
		r = build_lay(&b, own_source, own, true);
	if (r < 0)
		return r;
	build_check(&b);
	if (ret)
		*ret = STEAL_PTR(s);
	return 0;
}

/* The number of the instance that a group of `instances` is for; 0, with a fault added: it has no valid one. */
static unsigned config_instance_id(struct config *config, const struct source *src, const config_setting_t *group)
{
	unsigned line = config_setting_source_line(group);
	const config_setting_t *id;
	char shown[VALUE_SHOWN_MAX];

	if (config_setting_type(group) != CONFIG_TYPE_GROUP) {
		fault_add(&config->faults, src->name, line, "instances: %s is no group: { id = 2; ... }",
			  value_shown(group, shown));
		return 0;
	}
	id = config_setting_get_member(group, "id");
	if (!id) {
		fault_add(&config->faults, src->name, line, "instances: a group must have the id of its instance: { id = 2; ... }");
		return 0;
	}
	if (config_setting_type(id) != CONFIG_TYPE_INT || config_setting_get_int(id) < 1 ||
	    config_setting_get_int(id) > CONFIG_INSTANCE_MAX) {
		fault_add(&config->faults, src->name, config_setting_source_line(id),
			  "instances.id = %s is no instance number of 1 to %d", value_shown(id, shown), CONFIG_INSTANCE_MAX);
		return 0;
	}
	return (unsigned)config_setting_get_int(id);
}

/* The list `instances` of a file. NULL: the file has none, or it is no list, and a fault was added. */
static const config_setting_t *config_instances(const struct source *src, struct faults *faults)
{
	const config_setting_t *list;
	char shown[VALUE_SHOWN_MAX];

	if (!src->parsed)
		return NULL;
	list = config_setting_get_member(config_root_setting(&src->tree), "instances");
	if (!list || config_setting_type(list) == CONFIG_TYPE_LIST)
		return list;
	fault_add(faults, src->name, config_setting_source_line(list), "instances = %s is no list of groups: "
		  "( { id = 1; ... }, { id = 2; ... } )", value_shown(list, shown));
	return NULL;
}

/* Checks all groups in a file's `instances`: builds the settings of each and throws them away. */
static int config_check_instances(struct config *config, const struct source *src, unsigned instance)
{
	const config_setting_t *list = config_instances(src, &config->faults);
	unsigned lines[CONFIG_INSTANCE_MAX + 1] = {};
	int n = list ? config_setting_length(list) : 0, r = 0;

	for (int i = 0; i < n && r == 0 && config->faults.n <= FAULT_MAX; i++) {
		const config_setting_t *group = config_setting_get_elem(list, (unsigned)i);
		unsigned line = config_setting_source_line(group);
		unsigned id = config_instance_id(config, src, group);

		if (id > 0 && lines[id] > 0)
			fault_add(&config->faults, src->name, line, "instance %u has a group already, in line %u", id, lines[id]);
		lines[id] = line;
		if (config_setting_type(group) == CONFIG_TYPE_GROUP)
			r = config_build(config, id > 0 ? id : instance, src, group, NULL);
	}
	return r;
}

/* The group of the instance, from the last file with `instances`: a later list replaces an earlier one. */
static const config_setting_t *config_own_group(struct config *config, unsigned instance, const struct source **ret_source)
{
	for (size_t i = config->sources.n; i-- > 0;) {
		const config_setting_t *list = config_instances(config->sources.v[i], &config->faults);
		int n = list ? config_setting_length(list) : 0;

		for (int j = 0; j < n; j++) {
			const config_setting_t *group = config_setting_get_elem(list, (unsigned)j);
			int id = 0;

			if (config_setting_type(group) == CONFIG_TYPE_GROUP &&
			    config_setting_lookup_int(group, "id", &id) == CONFIG_TRUE && (unsigned)id == instance) {
				*ret_source = config->sources.v[i];
				return group;
			}
		}
		if (list)
			break;
	}
	return NULL;
}

static int config_begin(struct config *c, unsigned instance, const struct option_schema *schema, struct buf *why)
{
	_cleanup_(freep) char *text = NULL;
	int r;

	*c = (struct config){ .schema = schema };
	fault_init(&c->faults, why);
	if (instance < 1 || instance > CONFIG_INSTANCE_MAX) {
		(void)buf_printf(why, "The instance number %u is outside 1 to %d.\n", instance, CONFIG_INSTANCE_MAX);
		return -EINVAL;
	}
	r = asprintf(&text, "listeners = %s;", schema->listeners_default);
	if (r < 0)
		return -ENOMEM;
	r = sources_add_text(&c->builtin, "built-in defaults", text, (size_t)r, &c->faults);
	return r < 0 ? r : fault_result(&c->faults);
}

/* Builds the settings from the texts that were added. @source becomes settings.source. */
static int config_finish(struct config *c, unsigned instance, const char *source, struct settings **ret)
{
	_cleanup_(settings_unrefp) struct settings *s = NULL;
	const struct source *own_source = NULL;
	const config_setting_t *own;
	int r;

	own = config_own_group(c, instance, &own_source);
	r = config_build(c, instance, own_source, own, &s);
	for (size_t i = 0; i < c->sources.n && r == 0; i++)
		r = config_check_instances(c, c->sources.v[i], instance);
	if (r == 0)
		r = fault_result(&c->faults);
	if (r < 0)
		return r;
	s->source = strdup(source);
	if (!s->source)
		return -ENOMEM;
	*ret = STEAL_PTR(s);
	return 0;
}

static void config_done(struct config *c)
{
	sources_done(&c->builtin);
	sources_done(&c->sources);
}

int config_load(const char *path, unsigned instance, const struct option_schema *schema, struct settings **ret,
		struct buf *why)
{
	const char *file = path ? path : CONFIG_PATH;
	struct config c;
	int r;

	r = config_begin(&c, instance, schema, why);
	if (r == 0)
		r = sources_add_file(&c.sources, file, path != NULL, &c.faults);
	if (r == 0)
		r = sources_add_drop_ins(&c.sources, file, &c.faults);
	if (r == 0)
		r = config_finish(&c, instance, c.sources.n > 0 ? file : "built-in defaults", ret);
	config_done(&c);
	return r;
}

int config_parse(const char *text, size_t len, const char *name, unsigned instance, const struct option_schema *schema,
		 struct settings **ret, struct buf *why)
{
	struct config c;
	int r;

	r = config_begin(&c, instance, schema, why);
	if (r == 0)
		r = sources_add_text(&c.sources, name, text, len, &c.faults);
	if (r == 0)
		r = config_finish(&c, instance, name, ret);
	config_done(&c);
	return r;
}
