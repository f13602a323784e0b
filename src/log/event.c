/* SPDX-License-Identifier: MIT */
#include "log/event.h"

#include "base/macro.h"

#include <stdarg.h>
#include <string.h>

const struct log_event_row log_event_rows[LOG_EVENT_MAX] = {
	[LOG_EVENT_STARTED] = { "started", "120882982408483c9e4186c8a7f7553a", LOG_LEVEL_NOTICE, false,
				"The daemon serves" },
	[LOG_EVENT_STOPPING] = { "stopping", "7bcb27815985403f9b5c9f2e8a0e480b", LOG_LEVEL_NOTICE, false,
				 "The daemon stops" },
	[LOG_EVENT_RELOADED] = { "reloaded", "8349a56566904dfaa3961c66e270f748", LOG_LEVEL_NOTICE, false,
				 "A new configuration is in force" },
	[LOG_EVENT_RELOAD_REFUSED] = { "reload-refused", "29a60e7706424a4e9ce65d838df63f20", LOG_LEVEL_ERR, false,
				       "A new configuration was refused" },
	[LOG_EVENT_OPEN_TO_NETWORK] = { "open-to-network", "47c8a69d676c4c12bb581f64e8f79cc9", LOG_LEVEL_WARNING, false,
					"A listener is open to the network without a password" },
	[LOG_EVENT_LIMIT_SESSIONS] = { "limit-sessions", "d8998975b5b149158bb2549870849c7f", LOG_LEVEL_WARNING, false,
				       "The limit of sessions is reached" },
	[LOG_EVENT_LIMIT_ADDRESS] = { "limit-address", "9c9739ecb5d045d8a44796c66838210f", LOG_LEVEL_WARNING, true,
				      "The limit of sessions of an address is reached" },
	[LOG_EVENT_LIMIT_MEMORY] = { "limit-memory", "ac98787dd4db42e08f17955ea95acc60", LOG_LEVEL_WARNING, false,
				     "The memory for sessions is used up" },
	[LOG_EVENT_OUT_OF_RESOURCES] = { "out-of-resources", "ac73515176ea494e9f0c70706aa4bbe9", LOG_LEVEL_WARNING,
					 false, "The system gives no more descriptors or memory" },
	[LOG_EVENT_DISK_FULL] = { "disk-full", "6d9dfe1199d845d199142095929b8be6", LOG_LEVEL_ERR, false,
				  "The disk is full" },
	[LOG_EVENT_DISK_FAILED] = { "disk-failed", "b4c10eb41405413f8183364f412c7abf", LOG_LEVEL_ERR, false,
				    "The disk failed" },
	[LOG_EVENT_STORE_CLOSED] = { "store-closed", "2519a1e2bc9e4ba6a1982c1e5157dcc5", LOG_LEVEL_ERR, false,
				     "The store accepts no data until the daemon is restarted" },
	[LOG_EVENT_ROOT_GONE] = { "root-gone", "eac1587645564a8d9ac98c244b08ed26", LOG_LEVEL_ERR, false,
				  "The served folder is gone" },
	[LOG_EVENT_ROOT_BACK] = { "root-back", "8611cc0888c34701aff59c5a9c97ef42", LOG_LEVEL_NOTICE, false,
				  "The served folder is there again, or another one at its path" },
	[LOG_EVENT_ROOT_READ_ONLY] = { "root-read-only", "6a9215fc54754ab0828078534c0c8dc3", LOG_LEVEL_WARNING, false,
				       "The served folder cannot be written" },
	[LOG_EVENT_REQUEST_FAILED] = { "request-failed", "3ed3c200f3694e4d9105a41ecbfa0a58", LOG_LEVEL_WARNING, true,
				       "A request failed because of an error of the server" },
	[LOG_EVENT_SLOW_SESSION] = { "slow-session", "b07ed60fcc484e088e5eea310f010062", LOG_LEVEL_INFO, true,
				     "A session was closed because it was too slow" },
	[LOG_EVENT_CONTROL_REFUSED] = { "control-refused", "8a3f3ad47ed9418d9ba994506cfdc9c7", LOG_LEVEL_WARNING, false,
					"The control socket refused a user" },
	[LOG_EVENT_EXPIRED] = { "expired", "743af68a85194c4bac8b2950b86802be", LOG_LEVEL_NOTICE, false,
				"Messages were dropped as too old" },
	[LOG_EVENT_CLOCK_SET] = { "clock-set", "0ccbf51876e94ba9bb347a26d75f0ead", LOG_LEVEL_NOTICE, false,
				  "The machine's clock jumped" },
};

void log_event_v(enum log_event what, const struct log_field *fields, size_t n_fields, const char *fmt, va_list ap)
{
	struct log_field with_id[LOG_FIELDS_MAX] = { { LOG_FIELD_ID, log_event_rows[what].id } };
	size_t n = MIN(n_fields, (size_t)LOG_FIELDS_MAX - 1);

	if (n > 0)
		memcpy(with_id + 1, fields, n * sizeof(*fields));
	log_full_v(log_event_rows[what].level, with_id, n + 1, fmt, ap);
}

void log_event(enum log_event what, const struct log_field *fields, size_t n_fields, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_event_v(what, fields, n_fields, fmt, ap);
	va_end(ap);
}
