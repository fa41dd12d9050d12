/* A stand-in for web/server: a request made of bytes, and what it was answered. One line each for method, path, Content-Type and query;
 * behind these the body. */
#ifndef TESTS_FUZZ_WEB_H
#define TESTS_FUZZ_WEB_H

#include "fuzz.h"
#include "web/server.h"

struct web_request {
    struct arena *arena;
    struct view method, path, type, query, body;
    unsigned answers, status;
    struct view answer; /* in the arena */
};

static inline struct web_request request_of(struct arena *arena, struct view bytes)
{
    struct web_request request = {.arena = arena};
    request.method = view_cut(&bytes, '\n');
    request.path = view_cut(&bytes, '\n');
    request.type = view_cut(&bytes, '\n');
    request.query = view_cut(&bytes, '\n');
    request.body = bytes;
    return request;
}

static inline int hex_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

/* %XX and + decoded, as libmicrohttpd does. */
static inline struct view unescaped(struct arena *arena, struct view v)
{
    char *out = arena_alloc(arena, v.size + 1);
    size_t size = 0;
    for (size_t i = 0; i < v.size; i++) {
        bool is_escape = v.at[i] == '%' && v.size - i > 2 && hex_of(v.at[i + 1]) >= 0 && hex_of(v.at[i + 2]) >= 0;
        out[size++] = is_escape ? (char)(hex_of(v.at[i + 1]) * 16 + hex_of(v.at[i + 2])) : v.at[i] == '+' ? ' ' : v.at[i];
        i += is_escape ? 2 : 0;
    }
    return (struct view){out, size};
}

/* The field of a query, decoded; VIEW_NONE: it is not there. */
static inline struct view field_of(struct arena *arena, struct view query, const char *name)
{
    while (query.size) {
        struct view value = view_cut(&query, '&'), key = view_cut(&value, '=');
        if (view_equal(unescaped(arena, key), view_of(name)))
            return unescaped(arena, value);
    }
    return VIEW_NONE;
}

struct view web_query(const struct web_request *request, const char *name)
{
    return field_of(request->arena, request->query, name);
}

struct view web_header(const struct web_request *request, const char *name)
{
    return strcmp(name, "Content-Type") == 0 ? request->type : VIEW_NONE;
}

struct view web_method(const struct web_request *request)
{
    return request->method;
}

struct view web_path(const struct web_request *request)
{
    return request->path;
}

struct view web_body(const struct web_request *request)
{
    return request->body;
}

struct view web_peer(const struct web_request *request)
{
    (void)request;
    return VIEW("127.0.0.1");
}

struct arena *web_arena(struct web_request *request)
{
    return request->arena;
}

void web_answer(struct web_request *request, unsigned status, size_t count, const struct web_header *headers, struct view body)
{
    for (size_t i = 0; i < count; i++)
        HOLDS(!strpbrk(headers[i].name, "\r\n: ") && !strpbrk(headers[i].value, "\r\n"), "%s: %s", headers[i].name, headers[i].value);
    request->answers++;
    request->status = status;
    request->answer = arena_copy(request->arena, body);
}

void web_answer_text(struct web_request *request, unsigned status, struct view body)
{
    web_answer(request, status, 0, NULL, body);
}

#endif
