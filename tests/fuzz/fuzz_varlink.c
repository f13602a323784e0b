/* SPDX-License-Identifier: MIT */
/*
 * Varlink from a stranger: the first byte is the size of the pieces (0: whole), the rest is the stream. Whatever the
 * pieces, the messages are the same ones and end the same way; what is a call is answered.
 */
#include "fuzz/fuzz.h"

#include "base/buf.h"
#include "base/macro.h"
#include "control/service.h"
#include "server/status.h"
#include "unit/fixture/fake_clients.h"
#include "wire/varlink.h"

#include <string.h>

/* Below the real limit, so that short inputs reach it. */
#define FUZZ_MESSAGE_MAX 512

/* The daemon behind the service. */
int server_status(_unused_ struct server *s, struct status *ret)
{
	*ret = (struct status){ .state = "running", .version = "0", .config = "", .log_level = "info" };
	return 0;
}

void status_done(_unused_ struct status *st)
{
}

static struct loop fuzz_loop;
static struct service fuzz_service;

static void fuzz_log(_unused_ enum log_level level, _unused_ const struct log_field *fields, _unused_ size_t n,
		     _unused_ const char *text)
{
}

/* Once: nothing of it is told from one input to the next but the log level. */
static void fuzz_begin(void)
{
	if (fake_loop)
		return;
	log_set_sink(fuzz_log);
	FUZZ_CHECK(loop_init(&fuzz_loop) == 0);
	fake_loop = &fuzz_loop;
	fake_sessions = 3;
	service_init(&fuzz_service, NULL, &fake_acts, &fuzz_loop);
}

static void fuzz_ready(struct service_job *j)
{
	*(bool *)j->userdata = true;
}

/* One page holds all clients there are: one answer. */
static void fuzz_finish(struct service_job *j, struct buf *answers)
{
	bool ready = false, done = false;

	j->ready = fuzz_ready;
	j->userdata = &ready;
	FUZZ_CHECK(loop_pass(&fuzz_loop, 0) == 0 && ready);
	FUZZ_CHECK(service_job_answer(j, answers, &done) == 0 && done);
	(void)service_job_free(j);
	FUZZ_CHECK(fake_tasks == 0);
}

static void fuzz_call(struct json_object *message, struct buf *answers)
{
	struct varlink_call call;
	struct varlink_reply reply;
	size_t before = answers->len;
	struct service_job *job;

	(void)varlink_parse_reply(message, &reply);
	if (varlink_parse_call(message, &call) < 0)
		return;
	FUZZ_CHECK(service_answer(&fuzz_service, &call, answers, &job) == 0);
	FUZZ_CHECK(!job || answers->len == before);
	if (job)
		fuzz_finish(job, answers);
	FUZZ_CHECK((answers->len == before) == call.oneway);
	/* Exactly one message. */
	if (!call.oneway)
		FUZZ_CHECK(memchr(answers->data + before, 0, answers->len - before) ==
			   answers->data + answers->len - 1);
}

static enum varlink_result fuzz_stream(const uint8_t *data, size_t size, size_t piece, struct buf *answers)
{
	_cleanup_(varlink_reader_done) struct varlink_reader reader = { .in.max = FUZZ_MESSAGE_MAX + 1 + piece };
	enum varlink_result result = VARLINK_NONE;
	struct json_object *message;

	for (size_t at = 0; at < size; at += piece) {
		FUZZ_CHECK(varlink_feed(&reader, data + at, MIN(piece, size - at)) == 0);
		while ((result = varlink_next(&reader, FUZZ_MESSAGE_MAX, &message)) == VARLINK_MESSAGE) {
			fuzz_call(message, answers);
			(void)json_object_put(message);
		}
		if (result != VARLINK_NONE)
			break;
		FUZZ_CHECK(varlink_kept(&reader) <= FUZZ_MESSAGE_MAX);
	}
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(buf_done) struct buf whole = { 0 }, cut = { 0 };
	size_t piece;

	if (size < 2)
		return 0;
	fuzz_begin();
	piece = data[0] ? data[0] : size;
	data++;
	size--;
	FUZZ_CHECK(fuzz_stream(data, size, size, &whole) == fuzz_stream(data, size, piece, &cut));
	FUZZ_CHECK(whole.len == cut.len && (whole.len == 0 || memcmp(whole.data, cut.data, whole.len) == 0));
	return 0;
}
