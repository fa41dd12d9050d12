/* What is hard: nothing but PCRE2's manners. A match needs a block of its own, so that one pattern can serve several threads. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "grammar/pattern.h"

#include <assert.h>
#include <pcre2.h>
#include <stdlib.h>

/* Expressions come from files of the user's own; the limit keeps a slip from looking like a hang. */
enum { MATCH_LIMIT = 1000000 };

struct pattern {
    pcre2_code *code;
    pcre2_match_context *limits;
};

static enum outcome refuse(int code, PCRE2_SIZE place, struct err *err)
{
    PCRE2_UCHAR words[160];
    pcre2_get_error_message(code, words, sizeof words);
    return err_refused(err, "%s (at byte %zu)", (const char *)words, (size_t)place);
}

enum outcome pattern_new(struct view source, struct pattern **pattern, struct err *err)
{
    int code;
    PCRE2_SIZE place;
    pcre2_code *compiled =
        pcre2_compile((PCRE2_SPTR)(source.size ? source.at : ""), source.size, PCRE2_UTF | PCRE2_DOTALL, &code, &place, NULL);
    if (compiled == NULL)
        return refuse(code, place, err);
    *pattern = malloc(sizeof **pattern);
    assert(*pattern != NULL);
    (*pattern)->code = compiled;
    (*pattern)->limits = pcre2_match_context_create(NULL);
    assert((*pattern)->limits != NULL);
    pcre2_set_match_limit((*pattern)->limits, MATCH_LIMIT);
    return IS_DONE;
}

bool pattern_matches(const struct pattern *pattern, struct view text)
{
    pcre2_match_data *found = pcre2_match_data_create_from_pattern(pattern->code, NULL);
    assert(found != NULL);
    int count = pcre2_match(pattern->code, (PCRE2_SPTR)(text.size ? text.at : ""), text.size, 0, 0, found, pattern->limits);
    pcre2_match_data_free(found);
    return count >= 0;
}

void pattern_free(struct pattern **pattern)
{
    if (*pattern == NULL)
        return;
    pcre2_match_context_free((*pattern)->limits);
    pcre2_code_free((*pattern)->code);
    free(*pattern);
    *pattern = NULL;
}
