/* What the store gets in the place of secrets: proofs that only somebody with the pepper's keys can make (rules C1–C3). Each secret
 * argument becomes an object that holds, under every key of the file, the current one first,
 *
 *   a service password (type pin)  {"proofs": [{"pepper": 2, "hash": "…"}, …], "pieces": [{"pepper": 2, "digest": "…"}, …], "weak":
 * "equal"} proofs: argon2id; pieces: digests to compare with those of the ID card; weak: why it should not be one: equal | ascending |
 * descending | number; absent when it is fine an ID card's number (id_card)  {"proofs": [{"pepper": 2, "hash": "…"}, …]}    hash: its
 * digest any other secret               "***"
 *
 * and a command that makes a secret gets one as an argument, {"proofs": [of the current key], "pieces": […], "sealed": "2:…"}: a password,
 * the one type that can be made, which is random and never weak. Without a pepper there are no proofs: {"proofs": []}. What these hashes
 * are is in base/pepper.h. */
#ifndef GATEWAY_PROVER_H
#define GATEWAY_PROVER_H

#include "base/pepper.h"
#include "grammar/match.h"

/* It has arguments that must be proved, which takes long. */
bool prover_is_needed(const struct match *match);

/* The arguments of a match as a JSON object with proofs in the place of secrets. They belong to the number in its argument `owner`, if it
 * has one, else to the sender. pepper may be NULL. Slow when prover_is_needed. IS_FAILED: there is not enough memory now. */
enum outcome prover_write_args(const struct pepper *pepper, const struct match *match, struct view sender, struct text *out,
                               struct err *err);

/* Why six digits should not be a password of that number; NULL: they may (rules C1). */
const char *prover_weakness(struct view digits, struct view msisdn);

#endif
