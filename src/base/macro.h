#pragma once
/* SPDX-License-Identifier: MIT */
/* Small macros that every layer uses: cleanup of local variables, from a member to its struct, hints for the
 * compiler. */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(f)    __attribute__((cleanup(f)))
#define _printf_(a, b)  __attribute__((format(printf, a, b)))
#define _unused_        __attribute__((unused))
#define _hot_           __attribute__((hot))
#define _noinline_      __attribute__((noinline)) /* keeps a large frame out of its caller's */
#define likely(x)       __builtin_expect(!!(x), 1)
#define unlikely(x)     __builtin_expect(!!(x), 0)

#define ELEMENTSOF(a) (sizeof(a) / sizeof((a)[0]))

/* MIN and MAX evaluate each argument once. Each use has variables with names of their own, so that one use can stand
 * inside another without shadowing it. */
#define MACRO_PASTE_NOW(a, b) a##b
#define MACRO_PASTE(a, b)     MACRO_PASTE_NOW(a, b)
#define MACRO_PICK(a, op, b, n)                                                                  \
	({                                                                                       \
		__auto_type MACRO_PASTE(a_, n) = (a);                                            \
		__auto_type MACRO_PASTE(b_, n) = (b);                                            \
		MACRO_PASTE(a_, n) op MACRO_PASTE(b_, n) ? MACRO_PASTE(a_, n) : MACRO_PASTE(b_, n); \
	})
#define MIN(a, b) MACRO_PICK(a, <, b, __COUNTER__)
#define MAX(a, b) MACRO_PICK(a, >, b, __COUNTER__)

/* The object that embeds @member at @ptr. */
#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* Takes the value out of a cleanup variable, which keeps the inert value: the caller owns it from then on. */
#define STEAL_PTR(p)               \
	({                         \
		__auto_type _s = (p); \
		(p) = NULL;        \
		_s;                \
	})
#define STEAL_FD(fd)               \
	({                         \
		int _s = (fd);     \
		(fd) = -1;         \
		_s;                \
	})

/* Defines x_freep(), for _cleanup_(), from x_free(). */
#define DEFINE_CLEANUP(type, func)             \
	static inline void func##p(type *p)    \
	{                                      \
		if (*p)                        \
			func(*p);              \
	}

static inline void freep(void *p)
{
	free(*(void **)p);
}

static inline void closep(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}
