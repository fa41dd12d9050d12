/* One regular expression in PCRE2's syntax, for tools that check texts. The grammar's own forms do not come through here. */
#ifndef GRAMMAR_PATTERN_H
#define GRAMMAR_PATTERN_H

#include "base/err.h"
#include "base/view.h"

struct pattern;

/* Compiles: UTF-8, `.` takes newlines too, since a reply may have several lines. IS_REFUSED with PCRE2's words and the place in bytes. */
enum outcome pattern_new(struct view source, struct pattern **pattern, struct err *err);

/* It is found somewhere in the text. A text that is not UTF-8, or on which the search exceeds its limits, does not match. */
bool pattern_matches(const struct pattern *pattern, struct view text);

/* *pattern becomes NULL. NULL inside is fine. */
void pattern_free(struct pattern **pattern);

#endif
