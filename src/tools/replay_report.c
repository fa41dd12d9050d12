/* Reports. A reply is anybody's text: in each format it is put so that it cannot be taken for the report's own lines and marks. */
#include "tools/replay.h"

#include <stdio.h>

uint32_t report_percentile(const uint32_t *sorted, size_t count, unsigned percent)
{
    return count ? sorted[(count * percent + 99) / 100 - 1] : 0;
}

/* --- verdicts --- */

/* Each of its lines behind the margin. */
static void write_block(struct text *out, const char *margin, const char *label, struct view v)
{
    text_addf(out, "%s%s", margin, label);
    while (v.size) {
        text_add(out, view_cut(&v, '\n'));
        if (v.size)
            text_addf(out, "\n%s%*s", margin, (int)view_of(label).size, "");
    }
    text_add_char(out, '\n');
}

static void write_fault(struct text *out, const char *margin, const struct verdict *verdict)
{
    if (verdict->line)
        text_addf(out, "%s%.*s:%d\n", margin, VIEW_ARG(verdict->name), verdict->line);
    write_block(out, margin, "wanted: ", verdict->wanted);
    write_block(out, margin, "came:   ", verdict->came);
}

void report_write_plain(struct text *out, const struct verdict *verdict)
{
    text_addf(out, "%-7s %.*s (%u sent, %u replies, %.1f s)\n", verdict->is_good ? "ok" : "FAILED", VIEW_ARG(verdict->name), verdict->said,
              verdict->heard, verdict->seconds);
    if (!verdict->is_good)
        write_fault(out, "        ", verdict);
}

void report_write_tap(struct text *out, const struct verdict *verdict, size_t number)
{
    text_addf(out, "%s %zu - %.*s\n", verdict->is_good ? "ok" : "not ok", number, VIEW_ARG(verdict->name));
    if (!verdict->is_good)
        write_fault(out, "# ", verdict);
}

/* --- JUnit --- */

/* XML 1.0 has no way at all to write most control characters: they become U+FFFD. */
static void write_xml(struct text *out, struct view v)
{
    static const struct {
        char c;
        const char *as;
    } marks[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\n', "&#10;"}, {'\t', "&#9;"}, {'\r', "&#13;"}};
    for (size_t i = 0; i < v.size; i++) {
        const char *as = (unsigned char)v.at[i] < 0x20 ? "\xEF\xBF\xBD" : NULL;
        for (size_t k = 0; k < sizeof(marks) / sizeof(*marks); k++)
            if (v.at[i] == marks[k].c)
                as = marks[k].as;
        if (as)
            text_add(out, view_of(as));
        else
            text_add_char(out, v.at[i]);
    }
}

static void write_case(struct text *out, const struct verdict *verdict)
{
    text_add(out, VIEW("  <testcase classname=\"replay\" name=\""));
    write_xml(out, verdict->name);
    text_addf(out, "\" time=\"%.3f\"", verdict->seconds);
    if (verdict->is_good) {
        text_add(out, VIEW("/>\n"));
        return;
    }
    text_add(out, VIEW(">\n    <failure message=\"wanted: "));
    write_xml(out, verdict->wanted);
    text_add(out, VIEW("\">"));
    struct text fault = {0};
    write_fault(&fault, "", verdict);
    write_xml(out, text_view(&fault));
    text_free(&fault);
    text_add(out, VIEW("</failure>\n  </testcase>\n"));
}

void report_write_junit(struct text *out, const struct verdict *verdicts, size_t count)
{
    size_t failures = 0;
    double seconds = 0;
    for (size_t i = 0; i < count; i++) {
        failures += !verdicts[i].is_good;
        seconds += verdicts[i].seconds;
    }
    text_addf(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"smshall replay\" tests=\"%zu\" failures=\"%zu\" time=\"%.3f\">\n",
        count, failures, seconds);
    for (size_t i = 0; i < count; i++)
        write_case(out, &verdicts[i]);
    text_add(out, VIEW("</testsuite>\n"));
}

/* --- the summary of a load --- */

static void write_latency(struct text *out, const char *of, const uint32_t *sorted, size_t count)
{
    static const unsigned percents[] = {50, 90, 99};
    if (!count)
        return;
    text_addf(out, "%-12s", of);
    for (size_t i = 0; i < sizeof(percents) / sizeof(*percents); i++)
        text_addf(out, "p%u %.2f ms  ", percents[i], report_percentile(sorted, count, percents[i]) / 1000.0);
    text_addf(out, "max %.2f ms\n", sorted[count - 1] / 1000.0);
}

static void write_status(struct text *out, const char *status, uint64_t count)
{
    if (count)
        text_addf(out, "  %s: %llu", status, (unsigned long long)count);
}

static void write_statuses(struct text *out, const struct load_summary *summary)
{
    text_add(out, VIEW("statuses  "));
    for (unsigned i = 1; i < STATUS_MAX; i++) {
        char status[12];
        snprintf(status, sizeof(status), "%u", i);
        write_status(out, status, summary->status[i]);
    }
    write_status(out, "no answer", summary->status[0]);
    text_add_char(out, '\n');
}

void report_write_load(struct text *out, const struct load_summary *summary)
{
    double seconds = summary->seconds > 0 ? summary->seconds : 1e-6;
    text_addf(out, "messages    %llu in %.2f s, %.0f a second, %u at a time\n", (unsigned long long)summary->messages, summary->seconds,
              (double)summary->taken / seconds, summary->concurrency);
    text_addf(out, "taken       %llu (lost %llu, asked again %llu)\n", (unsigned long long)summary->taken,
              (unsigned long long)summary->lost, (unsigned long long)summary->retried);
    text_addf(out, "replies     %llu (messages without one: %llu)\n", (unsigned long long)summary->replies,
              (unsigned long long)summary->silent);
    write_statuses(out, summary);
    write_latency(out, "to answer", summary->answer_us, summary->answers);
    write_latency(out, "to reply", summary->reply_us, summary->reply_times);
    if (summary->differing)
        text_addf(out, "repeats     %llu were answered otherwise than their message\n", (unsigned long long)summary->differing);
}

void report_write_mischief(struct text *out, const struct mischief *mischief)
{
    for (int i = 0; i < MISCHIEFS; i++)
        if (mischief->share[i] > 0)
            text_addf(out, "%-16s %llu\n", mischief_name((enum mischief_kind)i), (unsigned long long)mischief->done[i]);
}

/* --- what was read as what, and replied --- */

enum { GROUPS_SHOWN = 20 };

static void write_tallies(struct text *out, const char *title, const struct tally *tally, size_t count)
{
    if (count)
        text_addf(out, "%s\n", title);
    for (size_t i = 0; i < count; i++)
        text_addf(out, "%10llu  %.*s\n", (unsigned long long)tally[i].count, VIEW_ARG(tally[i].label));
}

/* In one line, whatever is in it. */
static void write_example(struct text *out, struct view example)
{
    for (size_t i = 0; i < example.size;) {
        size_t start = i;
        bool is_unseen = text_is_unseen(view_code_point(example, &i));
        text_add(out, is_unseen ? VIEW(" ") : (struct view){example.at + start, i - start});
    }
    text_add_char(out, '\n');
}

static void write_groups(struct text *out, const char *title, const struct groups *groups)
{
    struct group group[GROUPS_SHOWN + 1];
    size_t all, count = groups_largest(groups, group, GROUPS_SHOWN, &all);
    if (count)
        text_addf(out, "%s (%zu kinds)\n", title, all);
    for (size_t i = 0; i < count; i++) {
        text_addf(out, "%10llu  ", (unsigned long long)group[i].count);
        write_example(out, group[i].example);
    }
    if (count < all)
        text_addf(out, "            and %zu kinds more\n", all - count);
}

void report_write_run(struct text *out, const struct run *run)
{
    write_tallies(out, "read as", run->read, run->reads);
    write_tallies(out, "replies by template", run->replied, run->replies);
    write_groups(out, "texts that are read as nothing, by likeness", run->unread);
    write_groups(out, "replies of no template, by likeness", run->unmatched);
}
