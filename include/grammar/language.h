/* The languages that replies have words in. Chinese is the one that is always there; what has no words in another is said in Chinese. */
#ifndef GRAMMAR_LANGUAGE_H
#define GRAMMAR_LANGUAGE_H

#include "base/view.h"

enum language { LANGUAGE_ZH, LANGUAGE_EN };
enum { LANGUAGES = 2 };

const char *language_code(enum language language); /* "zh" …: the keys in command files, and what the store says */
const char *language_name(enum language language); /* "Chinese" …: for messages */

/* The language of a code; of VIEW_NONE, and of a code that is none of ours: Chinese. */
enum language language_of(struct view code);

#endif
