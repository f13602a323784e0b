# SPDX-License-Identifier: MIT

# IOE_TRY_FLAGS(PREFIX-VARIABLE, FLAG, IF-TAKEN, IF-NOT)
# Compiles and links a small program with FLAG, warnings being errors: clang only warns of a flag it does not know.
AC_DEFUN([IOE_TRY_FLAG], [
	AS_VAR_PUSHDEF([ioe_var], [ioe_cv_flag_$1_$2])
	AC_CACHE_CHECK([whether the compiler takes $2], [ioe_var], [
		ioe_save_$1=$$1
		ioe_save_werror=$CFLAGS
		$1="$$1 $2"
		CFLAGS="$CFLAGS -Werror"
		AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <stdio.h>]], [[puts("");]])],
			[AS_VAR_SET([ioe_var], [yes])], [AS_VAR_SET([ioe_var], [no])])
		CFLAGS=$ioe_save_werror
		$1=$ioe_save_$1
	])
	AS_VAR_IF([ioe_var], [yes], [$3], [$4])
	AS_VAR_POPDEF([ioe_var])
])

# Each adds the flags the compiler takes to IOE_CFLAGS, IOE_CPPFLAGS or IOE_LDFLAGS.
AC_DEFUN([IOE_ADD_CFLAGS],
	[m4_foreach_w([ioe_flag], [$1], [IOE_TRY_FLAG([CFLAGS], m4_defn([ioe_flag]), [IOE_CFLAGS="$IOE_CFLAGS ioe_flag"], [])])])
AC_DEFUN([IOE_ADD_CPPFLAGS],
	[m4_foreach_w([ioe_flag], [$1], [IOE_TRY_FLAG([CPPFLAGS], m4_defn([ioe_flag]), [IOE_CPPFLAGS="$IOE_CPPFLAGS ioe_flag"], [])])])
AC_DEFUN([IOE_ADD_LDFLAGS],
	[m4_foreach_w([ioe_flag], [$1], [IOE_TRY_FLAG([LDFLAGS], m4_defn([ioe_flag]), [IOE_LDFLAGS="$IOE_LDFLAGS ioe_flag"], [])])])

# The same for one that cannot be done without.
AC_DEFUN([IOE_NEED_CFLAGS], [
	IOE_TRY_FLAG([CFLAGS], [$1], [IOE_CFLAGS="$IOE_CFLAGS $1"],
		[AC_MSG_ERROR([this compiler ($CC) does not take $1])])
])

# IOE_SUBST_DIR(VARIABLE): a folder for --with-VARIABLE that was named, and not left out. It may be one that make puts in
# later: of $(prefix) or, in a distcheck, of $dc_install_base.
AC_DEFUN([IOE_SUBST_DIR], [
	AS_CASE([$$1], [/*|'$'*], [], [AC_MSG_ERROR([--with-$1 needs a folder, not '$$1'])])
	AC_SUBST([$1])
])
