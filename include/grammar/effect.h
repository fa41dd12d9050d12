/* What a command may do to an account, and when it asks first. */
#ifndef GRAMMAR_EFFECT_H
#define GRAMMAR_EFFECT_H

enum effect { EFFECT_READS, EFFECT_CHANGES, EFFECT_LEAVES };
const char *effect_name(enum effect effect); /* "reads" … */

enum confirm { CONFIRM_NEVER, CONFIRM_WHEN_CHARGED, CONFIRM_ALWAYS };
const char *confirm_name(enum confirm confirm); /* "when_charged" … */

#endif
