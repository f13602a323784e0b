#pragma once
/* SPDX-License-Identifier: MIT */
/* Where a file waits that is to replace another: a rename needs a name to begin with. */

#define STAGING_NAME ".ioe"

/*
 * Opens the hidden folder .ioe in this one, and makes it where it is not there. What nobody needs any more, since who put
 * it there was killed, is removed. The fd or negative errno. May block.
 */
int staging_open(int dir_fd);
