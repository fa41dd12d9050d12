/* Every fault that the loader knows: a row is one command file (beside a sound one, a.yaml) and the lines that must come of it. */
#include "grammar_folder.h"

/* The file that is always there. */
static const char sound[] = "command: a\ntitle: 甲\nforms: [AA, 'AB{month:month}', 'AC{service:service}']\ncall: a\neffect: reads\n"
                            "replies: {ok: 好}\n";

#define HEAD "command: b\ntitle: 乙\ncall: b\neffect: reads\nreplies: {ok: 好}\n" /* five lines; the next is line 6 */

static const struct {
    const char *name, *file, *faults; /* %s: the folder */
} rows[] = {
    {"sound", HEAD "forms: [BB]\nexamples: [bb, {text: aa, reads: a}, {text: cc, reads: nothing}]\n", ""},

    /* what is written */
    {"no yaml", "command: [b\n", "%s/b.yaml:2: did not find expected ',' or ']', while parsing a flow sequence\n"},
    {"a list", "- b\n", "%s/b.yaml:1: a command must be a map of keys and values\n%s/b.yaml:1: command is missing\n"},
    {"empty", "", "%s/b.yaml:1: command is missing\n"},
    {"key twice", HEAD "call: b\n", "%s/b.yaml:6: the key \"call\" is given twice\n"},
    {"unknown key", HEAD "forms: [BB]\nform: [BC]\n", "%s/b.yaml:7: unknown key \"form\" in a command\n"},
    {"unknown at", HEAD "at: moon\nforms: [BB]\n", "%s/b.yaml:6: at must be hall, provider or any, not \"moon\"\n"},
    {"unknown effect", "command: b\ntitle: 乙\ncall: b\neffect: writes\nreplies: {ok: 好}\n",
     "%s/b.yaml:4: effect must be one of reads, changes, leaves, not \"writes\"\n"},
    {"unknown confirm", HEAD "confirm: yes\n", "%s/b.yaml:6: confirm must be one of never, when_charged, always, not \"yes\"\n"},
    {"reads and confirms", HEAD "forms: [BB]\nconfirm: always\n", "%s/b.yaml:7: a command that only reads has nothing to confirm\n"},
    {"confirms without words",
     "command: b\ntitle: 乙\ncall: b\neffect: changes\nreplies: {ok: 好, ask: 吗, expired: 过}\nforms: [BB]\nconfirm: when_charged\n",
     "%s/b.yaml:7: a command that confirms needs the reply \"again\"\n"
     "%s/b.yaml:7: a command that confirms needs the reply \"declined\"\n"},
    {"bad name", "command: B-1\nreplies: {ok: 好}\n", "%s/b.yaml:1: command must be a name of small letters, digits and _, not \"B-1\"\n"},
    {"name twice", "command: a\nreplies: {ok: 好}\n", "%s/b.yaml:1: the command \"a\" is also in %s/a.yaml\n"},
    {"half a command", "command: b\nforms: [BB]\n",
     "%s/b.yaml:2: a command with forms needs title\n%s/b.yaml:2: a command with forms needs call\n"
     "%s/b.yaml:2: a command with forms needs effect\n%s/b.yaml:2: a command with forms needs replies\n"},

    {"no reply", "command: b\ntitle: 乙\ncall: b\neffect: reads\nreplies: {}\nforms: [BB]\n",
     "%s/b.yaml:5: a command with forms needs at least one reply\n"},
    {"gives is a list", HEAD "forms: [BB]\ngives: [fee]\n", "%s/b.yaml:7: gives must be a map of fields and samples\n"},
    {"gives is nothing", HEAD "forms: [BB]\ngives:\n", "%s/b.yaml:7: gives must be a map of fields and samples\n"},
    {"examples are a map", HEAD "forms: [BB]\nexamples: {text: bb}\n", "%s/b.yaml:7: examples must be a list\n"},
    {"examples are a text", HEAD "forms: [BB]\nexamples: bb\n", "%s/b.yaml:7: examples must be a list\n"},

    /* forms */
    {"unknown type", HEAD "forms:\n  - BB\n  - BC{month:moon}\n",
     "%s/b.yaml:8: the form \"BC{month:moon}\" has a capture {month:moon} of the unknown type \"moon\"\n"},
    {"capture without type", HEAD "forms: ['BC{month}']\n",
     "%s/b.yaml:6: the form \"BC{month}\" has a capture {month} of the unknown type \"\"\n"},
    {"capture named badly", HEAD "forms: ['BC{M:month}']\n",
     "%s/b.yaml:6: the form \"BC{M:month}\" has a capture {M:month}: it must be {name:type}, the name in small letters\n"},
    {"capture twice", HEAD "forms: ['BC{m:month}#{m:month}']\n",
     "%s/b.yaml:6: the form \"BC{m:month}#{m:month}\" has two captures named m\n"},
    {"open bracket", HEAD "forms: ['BC[B']\n", "%s/b.yaml:6: the form \"BC[B\" has a [ without its ]\n"},
    {"closed bracket", HEAD "forms: ['BC]B']\n", "%s/b.yaml:6: the form \"BC]B\" has a ] without its [\n"},
    {"nested bracket", HEAD "forms: ['BC[B[C]]']\n", "%s/b.yaml:6: the form \"BC[B[C]]\" has [ ] inside [ ]\n"},
    {"open brace", HEAD "forms: ['BC{m:month']\n", "%s/b.yaml:6: the form \"BC{m:month\" has a { without its }\n"},
    {"can be empty", HEAD "forms: ['[BC][{m:month}]']\n", "%s/b.yaml:6: the form \"[BC][{m:month}]\" can be empty\n"},
    {"only marks", HEAD "forms: ['。!']\n", "%s/b.yaml:6: the form \"。!\" can never match: it is empty when folded\n"},
    {"never matches", HEAD "forms: ['BC{m:month},']\n",
     "%s/b.yaml:6: the form \"BC{m:month},\" can never match: it does not read its own \"BC201211,\"\n"},
    {"never reached", HEAD "forms: ['BC{t:text}#{m:month}, ']\n",
     "%s/b.yaml:6: the form \"BC{t:text}#{m:month}, \" can never match: it does not read its own \"BC信号不好#201211, \"\n"},
    {"always taken", HEAD "forms: [ACGPRS, AC来电显示]\n",
     "%s/a.yaml:3: the form \"AC{service:service}\" can never match: other forms read what it would, such as \"AC来电显示\"\n"},
    {"same loose pattern", HEAD "forms: ['[A]C{s:service}']\n",
     "%s/b.yaml:6: the form \"[A]C{s:service}\" reads \"ACGPRS\", as \"AC{service:service}\" in %s/a.yaml:3 does\n"},
    {"too many parts", HEAD "forms: ['B[1]B[2]B[3]B[4]B[5]B[6]']\n",
     "%s/b.yaml:6: the form \"B[1]B[2]B[3]B[4]B[5]B[6]\" has more than 5 optional parts\n"},

    /* two for one text */
    {"same text", HEAD "forms:\n  - BB\n  - ａａ。\n", "%s/b.yaml:8: the form \"ａａ。\" reads \"AA\", as \"AA\" in %s/a.yaml:3 does\n"},
    {"same text twice in one", HEAD "forms: ['B[B]', BB]\n",
     "%s/b.yaml:6: the form \"BB\" reads \"BB\", as \"B[B]\" in %s/b.yaml:6 does\n"},
    {"same text elsewhere", HEAD "at: provider\nforms: [AA]\n", ""},
    {"same pattern", HEAD "forms: ['AB{m:month}']\n",
     "%s/b.yaml:6: the form \"AB{m:month}\" reads \"AB201211\", as \"AB{month:month}\" in %s/a.yaml:3 does\n"},
    {"overlapping pattern", HEAD "forms: ['A{p:serials}', 'AB2012{y:yuan}']\n",
     "%s/b.yaml:6: the form \"AB2012{y:yuan}\" reads \"AB201211\", as \"AB{month:month}\" in %s/a.yaml:3 does\n"},
    {"fixed text of a pattern", HEAD "forms: [AB201211]\n",
     "%s/b.yaml:6: the form \"AB201211\" reads \"AB201211\", as \"AB{month:month}\" in %s/a.yaml:3 does\n"},
    {"fixed text of a loose pattern", HEAD "forms: [ACGPRS, 'ACY{y:yuan}']\n", ""},

    /* reserved words */
    {"reserved", HEAD "forms: ['0000']\n",
     "%s/b.yaml:6: the form \"0000\" shadows the reserved word \"0000\", which only a command with effect: leaves may read\n"},
    {"reserved by pattern", HEAD "forms: ['00{y:yuan}']\n",
     "%s/b.yaml:6: the form \"00{y:yuan}\" shadows the reserved word \"0000\", which only a command with effect: leaves may read\n"
     "%s/b.yaml:6: the form \"00{y:yuan}\" shadows the reserved word \"00000\", which only a command with effect: leaves may read\n"
     "%s/b.yaml:6: the form \"00{y:yuan}\" reads \"000\", which is an answer to the hall's questions\n"},
    {"reserved elsewhere", HEAD "forms: [TD, 退订]\n", ""},
    {"reserved at a provider", HEAD "at: any\nforms: [td]\n",
     "%s/b.yaml:7: the form \"td\" shadows the reserved word \"TD\", which only a command with effect: leaves may read\n"},

    /* answers */
    {"an answer", HEAD "forms: [BB, ｙ]\n", "%s/b.yaml:6: the form \"ｙ\" reads \"Y\", which is an answer to the hall's questions\n"},
    {"an answer at a provider", HEAD "at: provider\nforms: [是]\n",
     "%s/b.yaml:7: the form \"是\" reads \"是\", which is an answer to the hall's questions\n"},
    {"a number", HEAD "forms: ['12']\n", "%s/b.yaml:6: the form \"12\" reads \"12\", which is an answer to the hall's questions\n"},
    {"a list of numbers", HEAD "forms: ['{n:serials}']\n",
     "%s/b.yaml:6: the form \"{n:serials}\" reads \"1,3\", which is an answer to the hall's questions\n"},
    {"an answer by pattern", HEAD "forms: ['Y{w:word}']\n",
     "%s/b.yaml:6: the form \"Y{w:word}\" reads \"YES\", which is an answer to the hall's questions\n"},
    {"too long for a number", HEAD "forms: ['1000']\n", ""},

    /* replies */
    {"the sample of DESIGN.md",
     "command: bill\ntitle: 查询本机账单\nat: hall\nforms:\n  - ZD[{month:month}]\n  - 账单[{month:month}]\ncall: bill\neffect: reads\n"
     "confirm: never\nreplies:\n  ok: \"{month|month_zh}账单合计{total|yuan}元：{items|list}\"\n"
     "  not_ready: \"{month|month_zh}的账单尚未生成，请于每月3日后查询。\"\nexamples:\n"
     "  - {text: \"zd２０１２１１\", args: {month: \"201211\"}}\n  - {text: \"ZD201213\", reads: nothing}\n",
     ""},
    {"filter of the wrong argument",
     "command: b\ntitle: 乙\ncall: b\neffect: reads\nforms: ['BC{s:service}']\nreplies: {ok: '{?more}{more|list}{/more}{s|yuan}'}\n"
     "examples: [{text: BCGPRS, args: {s: GPRS}}]\n",
     "%s/b.yaml:6: reply \"ok\": the field s is not what yuan takes: whole fen\n"},
    {"unknown filter", HEAD "gives: {fee: 1}\nforms: [BB]\n", ""},
    {"unknown filter", "command: b\nreplies:\n  ok: \"{fee|yuan}\"\n  no: \"{fee|euro}\"\n",
     "%s/b.yaml:4: the reply \"no\": {fee|euro} has the unknown filter \"euro\"\n"},
    {"unknown field", "command: b\nreplies:\n  ok: \"{fee|yuan}{fees}{?more}x{/more}\"\ngives: {fee: 1}\n",
     "%s/b.yaml:3: reply \"ok\" uses {fees}, which b does not give\n%s/b.yaml:3: reply \"ok\" uses {more}, which b does not give\n"},
    {"a field that may be missing", "command: b\nreplies: {ok: '{?fee}{fee}{/fee}{fee}'}\ngives: {fee: 1}\n",
     "%s/b.yaml:2: reply \"ok\": the field fee is missing\n"},
    {"too long without a field",
     "command: b\nparts: 1\nreplies: {ok: '{!x}{y}{y}{y}{y}{y}{y}{y}一{/x}'}\ngives: {x: 1, y: 一二三四五六七八九十}\n",
     "%s/b.yaml:3: reply \"ok\" is too long: 71 characters make 2 SMS, its budget is 1\n"},
    {"a price in a list", "command: b\nreplies: {ok: '{l|lines}'}\ngives: {l: [{name: 甲, price: {fen: 1, period: month}}]}\n", ""},
    {"filter of the wrong field", "command: b\nreplies: {ok: '{fee|month_zh}'}\ngives: {fee: 甲}\n",
     "%s/b.yaml:2: reply \"ok\": the field fee is not what month_zh takes: a month such as 201211\n"},
    {"open brace in a reply", "command: b\nreplies: {ok: 'x{fee'}\n", "%s/b.yaml:2: the reply \"ok\": a { has no }\n"},
    {"open section", "command: b\nreplies: {ok: 'x{?fee}y'}\n", "%s/b.yaml:2: the reply \"ok\": {?fee} is not closed\n"},
    {"empty reply", "command: b\nreplies: {ok: ''}\n", "%s/b.yaml:2: the reply \"ok\" is empty\n"},
    {"too long",
     "command: b\nparts: 1\ngives: {x: 一二三四五六七八九十}\nreplies:\n  ok: '{x}{x}{x}{x}{x}{x}{x}'\n"
     "  no: '{x}{x}{x}{x}{x}{x}{x}一'\n  long: {parts: 2, zh: '{x}{x}{x}{x}{x}{x}{x}一'}\n",
     "%s/b.yaml:6: reply \"no\" is too long: 71 characters make 2 SMS, its budget is 1\n"},

    {"too long in English",
     "command: b\nparts: {zh: 1, en: 2}\ngives: {x: 一二三四五六七八九十, y: abcdefghij}\nreplies:\n"
     "  a: {zh: 好, en: '{y}{y}{y}{y}{y}{y}{y}{y}{y}{y}{y}{y}{y}{y}{y}{y}{y}'}\n" /* 170 septets: 2 SMS */
     "  b: {zh: 好, en: '{x}{y}{y}{y}{y}{y}{y}{y}{y}{y}{y}{y}{y}{y}'}\n"          /* one Chinese field makes all of it UCS-2 */
     "  c: {zh: 好, parts: 1, en: '{x}{y}{y}{y}{y}{y}{y}{y}'}\n",
     "%s/b.yaml:6: reply \"b\" in English is too long: 140 characters make 3 SMS, its budget is 2\n"
     "%s/b.yaml:7: reply \"c\" in English is too long: 80 characters make 2 SMS, its budget is 1\n"},
    {"unknown field in English", "command: b\nreplies: {ok: {zh: 好, en: '{fee}'}}\ngives: {x: 1}\n",
     "%s/b.yaml:2: reply \"ok\" in English uses {fee}, which b does not give\n"},
    {"reply in another language", "command: b\nreplies: {ok: {zh: 好, fr: bon}}\n", "%s/b.yaml:2: unknown key \"fr\" in a reply\n"},
    {"reply without Chinese", "command: b\nreplies: {ok: {en: good}}\n", "%s/b.yaml:2: the reply \"ok\" has no Chinese\n"},
    {"reply with empty English", "command: b\nreplies: {ok: {zh: 好, en: ''}}\n", "%s/b.yaml:2: the reply \"ok\" is empty\n"},
    {"parts of another language", "command: b\nparts: {fr: 1}\nreplies: {ok: 好}\n", "%s/b.yaml:2: unknown key \"fr\" in parts\n"},

    /* who is suspended, secrets, services with a command of their own */
    {"suspended and reads", HEAD "forms: [BB]\nalso_suspended: true\n",
     "%s/b.yaml:7: only a command that changes something is not heard from whoever is suspended\n"},
    {"suspended, perhaps", HEAD "also_suspended: perhaps\n", "%s/b.yaml:6: also_suspended must be true or false\n"},
    {"makes nothing", HEAD "makes: {}\n", "%s/b.yaml:6: makes must be one argument and a secret type, such as {fresh: pin}\n"},
    {"makes what is no secret", HEAD "makes: {fresh: yuan}\n",
     "%s/b.yaml:6: makes must be one argument and a secret type, such as {fresh: pin}\n"},
    {"makes two", HEAD "makes: {fresh: pin, more: pin}\n",
     "%s/b.yaml:6: makes must be one argument and a secret type, such as {fresh: pin}\n"},
    {"asks with a secret", "command: b\ntitle: 乙\ncall: b\neffect: changes\nreplies: {ok: 好}\nforms: ['BB{p:pin}']\nconfirm: always\n",
     "%s/b.yaml:7: a command with a secret cannot ask first: the secret is not kept until the answer comes\n"},
    {"asks and makes a secret",
     "command: b\ntitle: 乙\ncall: b\neffect: changes\nreplies: {ok: 好}\nforms: [BB]\nconfirm: always\nmakes: {fresh: pin}\n",
     "%s/b.yaml:7: a command with a secret cannot ask first: the secret is not kept until the answer comes\n"},
    {"instead of nothing", HEAD "forms: [BB]\ninstead: {YETX: moon, GPRS: a}\n",
     "%s/b.yaml:7: instead of YETX, \"moon\" must be a command that has a form without captures\n"},
    {"instead is a list", HEAD "forms: [BB]\ninstead: [YETX]\n", "%s/b.yaml:7: instead must be a map of services and commands\n"},

    /* examples */
    {"a secret need not be told", HEAD "forms: ['BB{p:pin}']\nexamples: [{text: BB246810, args: {p: '***'}}]\n", ""},
    {"example",
     HEAD
     "forms: [BB]\nexamples:\n  - bb\n  - bc\n  - {text: AB201211, reads: a, args: {month: '201212'}}\n  - {text: AA, reads: nothing}\n",
     "%s/b.yaml:9: the example \"bc\" does not hold: it reads as nothing {}\n"
     "%s/b.yaml:10: the example \"AB201211\" does not hold: it reads as a {\"month\":\"201211\"}\n"
     "%s/b.yaml:11: the example \"AA\" does not hold: it reads as a {}\n"},
    {"example without text", HEAD "forms: [BB]\nexamples: [{reads: a}]\n",
     "%s/b.yaml:7: an example needs a text, and may have args, reads and at (hall or provider)\n"},
    {"unknown key of an example", HEAD "forms: [BB]\nexamples: [{text: bb, read: a}]\n",
     "%s/b.yaml:7: unknown key \"read\" in an example\n"},

    /* all in one run, in order */
    {"many", HEAD "unknown: 1\nforms:\n  - AA\n  - BB{\n  - '0000'\nexamples:\n  - XX\n",
     "%s/b.yaml:6: unknown key \"unknown\" in a command\n"
     "%s/b.yaml:8: the form \"AA\" reads \"AA\", as \"AA\" in %s/a.yaml:3 does\n"
     "%s/b.yaml:9: the form \"BB{\" has a { without its }\n"
     "%s/b.yaml:10: the form \"0000\" shadows the reserved word \"0000\", which only a command with effect: leaves may read\n"
     "%s/b.yaml:12: the example \"XX\" does not hold: it reads as nothing {}\n"},
};

/* The expected lines with the folder for each %s. */
static void write_expected(struct text *out, const char *faults, const char *folder)
{
    for (const char *at = faults; *at;) {
        const char *mark = strstr(at, "%s");
        size_t size = mark ? (size_t)(mark - at) : strlen(at);
        text_add(out, (struct view){at, size});
        if (mark)
            text_add(out, view_of(folder));
        at += size + (mark ? 2 : 0);
    }
}

static void names_every_fault(void **state)
{
    size_t wrong = 0;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct folder folder;
        struct faults faults = {0};
        struct text wanted = {0};
        folder_make(&folder);
        folder_add(&folder, "a.yaml", sound);
        folder_add(&folder, "b.yaml", rows[i].file);
        struct grammar *grammar = grammar_load(folder.path, &faults);
        write_expected(&wanted, rows[i].faults, folder.path);
        if (!view_equal(text_view(&wanted), text_view(&faults.lines)) || (grammar == NULL) != (faults.count > 0)) {
            print_error("%s:\n%.*swanted:\n%.*s", rows[i].name, VIEW_ARG(text_view(&faults.lines)), VIEW_ARG(text_view(&wanted)));
            wrong++;
        }
        grammar_free(&grammar);
        faults_free(&faults);
        text_free(&wanted);
        folder_remove(&folder);
    }
    assert_int_equal(wrong, 0);
}

/* --- faults of the tables --- */

static void check_table(const char *name, const char *content, const char *expected)
{
    struct folder folder;
    struct faults faults = {0};
    struct text wanted = {0};
    char path[160];
    folder_make(&folder);
    folder_add(&folder, "a.yaml", sound);
    snprintf(path, sizeof path, "%s/%s", folder.path, name);
    assert_int_equal(unlink(path), 0);
    if (content)
        folder_add(&folder, name, content);
    struct grammar *grammar = grammar_load(folder.path, &faults);
    write_expected(&wanted, expected, folder.path);
    assert_null(grammar);
    assert_non_null(faults.lines.at);
    if (!strstr(faults.lines.at, wanted.at))
        print_error("%swanted:\n%s", faults.lines.at, wanted.at);
    assert_non_null(strstr(faults.lines.at, wanted.at));
    faults_free(&faults);
    text_free(&wanted);
    folder_remove(&folder);
}

static void names_faults_of_tables(void **state)
{
    (void)state;
    check_table("types.yaml", NULL, "%s/types.yaml:1: cannot be read: No such file or directory\n");
    check_table("types.yaml", "month:\n  patterns: ['[0-9]{6}']\n", "%s/types.yaml:2: samples is missing or empty");
    check_table("types.yaml", "month: {patterns: ['\\d{6}'], samples: ['201211']}\n",
                "%s/types.yaml:1: the pattern \\d{6} has a \\ before");
    check_table("types.yaml", "month: {patterns: ['[0-9]+$'], samples: ['1']}\n", "%s/types.yaml:1: the pattern [0-9]+$ has an anchor");
    check_table("types.yaml", "month: {patterns: ['([0-9])'], samples: ['1']}\n", "%s/types.yaml:1: the pattern ([0-9]) has a group");
    check_table("types.yaml", "month: {patterns: ['[0-9'], samples: ['1']}\n", "%s/types.yaml:1: missing terminating ]");
    check_table("types.yaml", "month: {patterns: ['1'], samples: ['1'], normal: moon}\n", "%s/types.yaml:1: unknown normal form \"moon\"");
    check_table("types.yaml", "month: {patterns: ['1'], samples: ['1'], secret: yes}\n", "%s/types.yaml:1: secret must be true or false");
    check_table("types.yaml", "a: {patterns: ['1'], samples: ['1'], catalogue: moon}\n",
                "%s/types.yaml:1: catalogue must be any, names or codes, not \"moon\"\n");
    check_table("types.yaml", "a: {normal: words}\n", "%s/types.yaml:1: words must be a map of values and the words for each\n");
    check_table("types.yaml", "a: {normal: words, words: [b]}\n",
                "%s/types.yaml:1: words must be a map of values and the words for each\n");
    check_table("types.yaml", "a: {normal: words, words: {b: [甲, 乙], c: [乙]}}\n", "%s/types.yaml:1: the word \"乙\" is given twice\n");
    check_table("types.yaml", "a: {normal: words, words: {b: [甲, '。']}}\n", "%s/types.yaml:1: the word \"。\" is empty when folded\n");
    check_table("types.yaml", "a: {normal: words, words: {b: [甲], c: []}}\n", "%s/types.yaml:1: c is missing or empty\n");
    check_table("names.yaml", NULL, "%s/names.yaml:1: cannot be read: No such file or directory\n");
    check_table("names.yaml", "names: [甲乙, '。']\n", "%s/names.yaml:1: the name \"。\" is empty when folded\n");
    check_table("names.yaml", "names: [GPRS, gprs]\n", "%s/names.yaml:1: the name \"gprs\" is given twice\n");
    check_table("names.yaml", "names: [甲乙]\nspellings: {甲丙: 甲丁}\n", "%s/names.yaml:2: \"甲丙\" is no spelling of one of the names\n");
    check_table("names.yaml", "names: [甲乙]\nspellings: {甲乙: 甲乙}\n", "%s/names.yaml:2: the name \"甲乙\" is given twice\n");
    check_table("names.yaml", "names: [甲乙]\nspelling: {}\n", "%s/names.yaml:2: unknown key \"spelling\" in names.yaml\n");
    check_table("answers.yaml", "yes: []\nno: [N]\nserials: '[0-9]'\n", "%s/answers.yaml:1: yes is missing or empty\n");
    check_table("answers.yaml", "yes: [Y]\nno: [y]\nserials: '[0-9]'\n", "%s/answers.yaml:2: the word \"y\" is given twice\n");
    check_table("answers.yaml", "yes: ['。']\nno: [N]\nserials: '[0-9]'\n", "%s/answers.yaml:1: the word \"。\" is empty when folded\n");
    check_table("answers.yaml", "yes: [Y]\nno: [N]\n", "%s/answers.yaml:1: serials is missing\n");
    check_table("reserved.yaml", "reserved: []\n", "%s/reserved.yaml:1: reserved must be a list");
    check_table("reserved.yaml", "reserved: [{words: ['AA'], at: hall}]\n",
                "%s/a.yaml:3: the form \"AA\" shadows the reserved word \"AA\"");
    check_table("reserved.yaml", "reserved: [{words: [N], at: provider}]\n",
                "%s/reserved.yaml:1: the reserved word \"N\" is an answer too\n");
    check_table("reserved.yaml", "reserved: [{words: ['000'], at: hall}]\n",
                "%s/reserved.yaml:1: the reserved word \"000\" is an answer too\n");
    check_table("hall.yaml", NULL, "%s/hall.yaml:1: there is no command \"hall\"");
    check_table("hall.yaml", "command: hall\nreplies:\n  unknown: 好\n", "%s/hall.yaml:2: the hall needs the reply \"not_subscriber\"\n");
    check_table("hall.yaml", "command: hall\n", "%s/hall.yaml:1: the hall needs the reply \"unknown\"\n");
    check_table("reading.yaml", "separators: []\n", "%s/reading.yaml:1: separators is missing or empty\n");
    check_table("reading.yaml", "separators: ['#']\nfoo: 1\n", "%s/reading.yaml:2: unknown key \"foo\" in reading.yaml\n");
}

static void refuses_a_secret_that_cannot_be_masked(void **state)
{
    struct folder folder;
    struct faults faults = {0};
    (void)state;
    folder_make(&folder);
    char path[160];
    snprintf(path, sizeof path, "%s/types.yaml", folder.path);
    assert_int_equal(unlink(path), 0);
    folder_add(&folder, "types.yaml", "word: {patterns: ['[A-Z]+'], secret: true, samples: [ABC]}\n");
    folder_add(&folder, "b.yaml", HEAD "forms: ['BB#{w:word}']\n");
    assert_null(grammar_load(folder.path, &faults));
    assert_non_null(strstr(faults.lines.at, "would not be masked whole"));
    faults_free(&faults);
    folder_remove(&folder);
}

/* Nobody would miss a command that a slip in its file's name has taken away. */
static void refuses_files_of_another_name(void **state)
{
    static const char *const names[] = {"b.yml", "b.yaml~", "b.yaml.orig", "README", ".yaml"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct folder folder;
        struct faults faults = {0};
        bool is_hidden = names[i][0] == '.';
        folder_make(&folder);
        folder_add(&folder, "a.yaml", sound);
        folder_add(&folder, names[i], HEAD "forms: [BB]\n");
        struct grammar *grammar = grammar_load(folder.path, &faults);
        assert_int_equal(grammar != NULL, is_hidden);
        assert_int_equal(faults.count, !is_hidden);
        if (!is_hidden)
            assert_non_null(strstr(faults.lines.at, ":1: the name of a command file ends in .yaml"));
        grammar_free(&grammar);
        faults_free(&faults);
        folder_remove(&folder);
    }
}

static void refuses_a_missing_or_empty_folder(void **state)
{
    struct faults faults = {0};
    (void)state;
    assert_null(grammar_load("/nowhere", &faults));
    assert_non_null(strstr(faults.lines.at, "/nowhere:1: cannot read the folder: No such file or directory\n"));
    faults_free(&faults);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_every_fault),
        cmocka_unit_test(names_faults_of_tables),
        cmocka_unit_test(refuses_a_secret_that_cannot_be_masked),
        cmocka_unit_test(refuses_files_of_another_name),
        cmocka_unit_test(refuses_a_missing_or_empty_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
