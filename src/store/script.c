/* A semicolon ends a statement unless it stands in a quote, a comment, or the body of a function in standard SQL (BEGIN ATOMIC … END,
 * where CASE … END nests). Everything is a token that is skipped whole; only words and semicolons are looked at. */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "store/script.h"

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (c & 0x80);
}

/* Behind the closing mark, or the end of the text. */
static const char *behind(const char *at, const char *mark)
{
    const char *end = strstr(at, mark);
    return end ? end + strlen(mark) : at + strlen(at);
}

static const char *behind_comment(const char *c)
{
    int depth = 0;
    do {
        if (c[0] == '/' && c[1] == '*') {
            depth++;
            c += 2;
        } else if (c[0] == '*' && c[1] == '/') {
            depth--;
            c += 2;
        } else {
            c++;
        }
    } while (*c && depth > 0);
    return c;
}

/* $$ or $tag$; a $1 is no quote. */
static const char *behind_dollar_quote(const char *c)
{
    char mark[72] = "$";
    size_t n = 1;
    while (n < sizeof mark - 2 && is_word(c[n])) {
        mark[n] = c[n];
        n++;
    }
    if (c[n] != '$' || isdigit((unsigned char)c[1]))
        return c + 1;
    mark[n] = '$';
    return behind(c + n + 1, mark);
}

static const char *behind_string(const char *c, bool has_escapes)
{
    for (c++; *c && *c != '\''; c++)
        if (has_escapes && *c == '\\' && c[1])
            c++;
    return *c ? c + 1 : c;
}

/* Behind the comment or quote that begins at c; c itself when none does. */
static const char *behind_closed(const char *c, bool has_escapes)
{
    if (c[0] == '-' && c[1] == '-')
        return behind(c, "\n");
    if (c[0] == '/' && c[1] == '*')
        return behind_comment(c);
    if (*c == '\'')
        return behind_string(c, has_escapes);
    if (*c == '"')
        return behind(c + 1, "\"");
    if (*c == '$')
        return behind_dollar_quote(c);
    return c;
}

/* How deep in BEGIN ATOMIC and CASE the text is behind this word. */
static int depth_behind(const char *word, size_t size, int depth)
{
    bool nests = size == 6 ? strncasecmp(word, "atomic", size) == 0 : depth > 0 && size == 4 && strncasecmp(word, "case", size) == 0;
    bool ends = depth > 0 && size == 3 && strncasecmp(word, "end", size) == 0;
    return depth + nests - ends;
}

static int line_of(const char *sql, const char *at)
{
    int line = 1;
    for (const char *c = sql; c < at; c++)
        line += *c == '\n';
    return line;
}

int script_line(const char *sql, size_t number)
{
    bool is_inside = false; /* of a statement */
    int depth = 0;
    for (const char *c = sql; *c;) {
        bool is_comment = (c[0] == '-' && c[1] == '-') || (c[0] == '/' && c[1] == '*');
        if (!is_inside && !is_comment && !isspace((unsigned char)*c) && *c != ';') {
            if (number-- == 0)
                return line_of(sql, c);
            is_inside = true;
        }
        bool has_escapes = c > sql && (c[-1] == 'E' || c[-1] == 'e');
        const char *closed = behind_closed(c, has_escapes);
        if (closed > c) {
            c = closed;
        } else if (is_word(*c)) {
            size_t size = 1;
            while (is_word(c[size]))
                size++;
            depth = depth_behind(c, size, depth);
            c += size;
        } else {
            is_inside = is_inside && !(*c == ';' && depth == 0);
            c++;
        }
    }
    return line_of(sql, sql + strlen(sql));
}
