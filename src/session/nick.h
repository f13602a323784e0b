#pragma once
/* SPDX-License-Identifier: MIT */
/* The nick of a session: request_claim_name() of session.h, and the end of a claim. For the files of session/ only. */

struct name_claim;
struct reactor;

/* In @r, the reactor of the session that held the claim: gives the name back to its owner. Consumes @c. */
void nick_release(struct reactor *r, struct name_claim *c);
