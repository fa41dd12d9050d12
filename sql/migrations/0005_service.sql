-- Opening, closing and leaving services: what was asked and answered (dialogues, evidence), what it cost, whom to tell (events), and
-- what others must do first (work orders).

-- New parameters are new functions; the old ones go.
DROP FUNCTION IF EXISTS
    hall.receive(bigint, text, text, text, text, bigint, bigint, text, text, text, jsonb, text, text),
    hall_private.act(bigint, text, text, text, text, text, jsonb),
    hall_private.add_reply(bigint, int, int, text, text, int, text, text, jsonb),
    hall_private.is_again(hall.conversation);

-- The distance between words, for suggestions. Trusted: the owner of a database may create it.
CREATE EXTENSION IF NOT EXISTS fuzzystrmatch SCHEMA hall_private;
DO $$
BEGIN
    IF to_regproc('hall_private.levenshtein_less_equal') IS NULL AND to_regprocedure(
        'hall_private.levenshtein_less_equal(text, text, int)') IS NULL
    THEN
        RAISE EXCEPTION 'the extension fuzzystrmatch is in another schema of this database: ALTER EXTENSION fuzzystrmatch SET SCHEMA hall_private';
    END IF;
END
$$;

INSERT INTO hall.setting (name, value, note) VALUES
    ('hall_port',         10086, 'where texts of the hall''s own accord come from'),
    ('list_window_s',      7200, 'a list may be answered so long (rules B2)'),
    ('list_lines',            8, 'so many lines of a list in one message'),
    ('explain_window_s', 604800, 'an answer so long after its question is explained; later it is a text like any other'),
    ('renewal_hour',         10, 'renewals are charged on the first of the month at that hour'),
    ('failed_months',         2, 'so many months of failed charges close a subscription (rules A13)'),
    ('events_kept_days',     90, 'an event that was delivered, or that nobody wants any more, is kept so long');

-- --- whom to tell ------------------------------------------------------------------------------------------------------------

-- An address that is told what happens: a provider's, or a network element's (rules B7).
CREATE TABLE hall.hook (
    name    text PRIMARY KEY,
    url     text NOT NULL CONSTRAINT an_address_is_http CHECK (url ~ '^https?://[^/\s@]+(/\S*)?$'),
    gone_at timestamptz                           -- it answered 410: nothing more is sent
);

-- Keys that sign what is sent there, newest last. While a replaced one has its `until` ahead, both sign.
CREATE TABLE hall.hook_key (
    hook   text NOT NULL REFERENCES hall.hook (name) ON UPDATE CASCADE ON DELETE CASCADE,
    number int NOT NULL,
    secret bytea NOT NULL CONSTRAINT a_key_has_24_to_64_bytes CHECK (length(secret) BETWEEN 24 AND 64),
    since  timestamptz NOT NULL,
    until  timestamptz,
    PRIMARY KEY (hook, number)
);

ALTER TABLE hall.provider
    ADD hook text REFERENCES hall.hook (name) ON UPDATE CASCADE,
    ADD CONSTRAINT a_name_is_not_empty CHECK (name <> '');

CREATE TYPE hall.event_state AS ENUM ('waiting', 'delivered', 'dead', 'gone');

-- What hooks are told, in order for each stream of a subscriber: one service's orders and ends, one port's texts.
CREATE TABLE hall.event (
    msisdn      bigint NOT NULL,
    id          bigint GENERATED ALWAYS AS IDENTITY,
    uuid        uuid NOT NULL DEFAULT gen_random_uuid(), -- what the other side knows it by
    at          timestamptz NOT NULL,
    claim_after timestamptz,                      -- waiting: whose it is until then; after it anybody's
    settled_at  timestamptz,
    status      int,                              -- HTTP, of the last try
    tries       smallint NOT NULL DEFAULT 0,
    claims      smallint NOT NULL DEFAULT 0,      -- as in hall.reply
    is_taken    boolean NOT NULL DEFAULT false,   -- somebody has it until claim_after; else that is the end of a pause
    state       hall.event_state NOT NULL DEFAULT 'waiting',
    hook        text NOT NULL REFERENCES hall.hook (name) ON UPDATE CASCADE,
    stream      text NOT NULL,
    kind        text NOT NULL CONSTRAINT a_kind_has_a_dot CHECK (kind ~ '^[a-z_]+\.[a-z_]+$'), -- service.ordered, text.received …
    data        jsonb NOT NULL,
    reason      text,                             -- why not, in the end or for now
    PRIMARY KEY (msisdn, id),
    CONSTRAINT only_waiting_ones_can_be_claimed CHECK ((state = 'waiting') = (claim_after IS NOT NULL)),
    CONSTRAINT only_waiting_ones_are_taken CHECK (NOT is_taken OR state = 'waiting')
) WITH (fillfactor = 80);
CREATE INDEX event_waiting_by_hook ON hall.event (hook, claim_after, msisdn, id) WHERE claim_after IS NOT NULL;
CREATE INDEX event_waiting_by_stream ON hall.event (msisdn, stream, id) WHERE claim_after IS NOT NULL;
CREATE INDEX event_taken ON hall.event (hook) WHERE is_taken;
CREATE INDEX event_aside ON hall.event (hook, at) WHERE state IN ('dead', 'gone');
CREATE INDEX event_over ON hall.event (settled_at) WHERE state IN ('delivered', 'gone');

-- The pause before each further try; when there is none for a try, the event is dead.
CREATE TABLE hall.event_pause (
    try   smallint PRIMARY KEY,
    pause interval NOT NULL
);
INSERT INTO hall.event_pause (try, pause) VALUES
    (1, '5 seconds'), (2, '30 seconds'), (3, '5 minutes'), (4, '30 minutes'), (5, '2 hours'), (6, '5 hours'), (7, '10 hours'),
    (8, '14 hours'), (9, '20 hours'), (10, '24 hours');

-- --- the catalogue -----------------------------------------------------------------------------------------------------------

ALTER TABLE hall.service
    ADD order_codes text[] NOT NULL DEFAULT '{}', -- heard at its provider's port, exactly (rules B8)
    ADD requires    text[] NOT NULL DEFAULT '{}', -- codes of services that must be open before
    ADD first_month text NOT NULL DEFAULT 'full' CONSTRAINT a_known_first_month CHECK (first_month IN ('full', 'share', 'free')),
    ADD notice      interval NOT NULL DEFAULT '24 hours' CONSTRAINT a_notice_comes_before CHECK (notice >= '0'), -- rules A12
    ADD note        text,                         -- what it is, for help
    ADD element     text REFERENCES hall.hook (name) ON UPDATE CASCADE, -- who must act before it is open
    ADD CONSTRAINT a_name_is_not_empty CHECK (name <> ''),
    ADD CONSTRAINT an_answer_takes_a_second CHECK (confirm_window >= '1 second'),
    ADD CONSTRAINT order_codes_need_a_port CHECK (order_codes = '{}' OR port IS NOT NULL);

-- What a service is called, in capitals: at the hall (port '') by code, name and aliases; at a provider's port by order codes. Written by
-- the trigger alone. A word can mean one thing only.
CREATE TABLE hall.service_word (
    port    text NOT NULL,
    word    text NOT NULL CONSTRAINT a_word_is_never_empty CHECK (word <> '' AND word = upper(word)),
    service text NOT NULL REFERENCES hall.service (code) ON UPDATE CASCADE ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT a_word_means_one_service PRIMARY KEY (port, word)
);

-- those that were there before; from now on the trigger (sql/functions/22_catalogue.sql)
INSERT INTO hall.service_word (port, word, service)
SELECT DISTINCT ON (upper(w.word)) '', upper(w.word), s.code
FROM hall.service AS s, unnest(ARRAY[s.code, s.name] || s.aliases) WITH ORDINALITY AS w (word, place)
WHERE w.word <> ''
ORDER BY upper(w.word), w.place, s.code; -- a word that two had is the one's whose code or name it is

-- --- dialogues and evidence --------------------------------------------------------------------------------------------------

-- A question to a subscriber that may be answered until a point in time: a consent, or a numbered list. Never deleted. Its number is that
-- of the message which led to it; the reply that put it carries the number too.
CREATE TABLE hall.dialogue (
    msisdn   bigint NOT NULL,
    number   int NOT NULL,
    at       timestamptz NOT NULL,
    until    timestamptz NOT NULL,
    ended_at timestamptz,
    ended_by int,                                 -- number of the message that ended it
    kind     text NOT NULL CONSTRAINT a_known_kind CHECK (kind IN ('consent', 'list')),
    ended    text CONSTRAINT a_known_end CHECK (ended IN ('yes', 'no', 'replaced', 'expired', 'left')),
    port     text NOT NULL,
    command  text NOT NULL,
    call     text NOT NULL,
    outcome  text NOT NULL,                       -- the words of the question: outcome and fields of its reply
    fields   jsonb NOT NULL,
    args     jsonb NOT NULL,                      -- what the command is called with again
    options  jsonb NOT NULL,                      -- what can be chosen, as it was shown: [{service, name, provider, fen, period, since}]
    takes_yes boolean NOT NULL,                   -- 是 means all of it
    PRIMARY KEY (msisdn, number),
    CONSTRAINT a_window_is_ahead CHECK (until > at),
    CONSTRAINT an_end_has_its_time CHECK ((ended IS NULL) = (ended_at IS NULL)),
    CONSTRAINT no_yes_after_the_deadline CHECK (ended <> 'yes' OR ended_at <= until),
    CONSTRAINT an_answer_is_a_later_message CHECK (ended_by > number),
    CONSTRAINT a_consent_is_to_one_thing CHECK (kind <> 'consent' OR (takes_yes AND jsonb_array_length(options) = 1))
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX one_open_dialogue_a_port ON hall.dialogue (msisdn, port) WHERE ended IS NULL;

ALTER TABLE hall.reply ADD dialogue int;          -- which question it puts

-- All that a dispute turns on, step by step, chained: each hash covers the row and the hash before it (rules A8).
CREATE TABLE hall.evidence (
    msisdn   bigint NOT NULL,
    number   int NOT NULL,
    at       timestamptz NOT NULL,
    dialogue int,                                 -- NULL: it concerns none
    service  text,
    kind     text NOT NULL,                       -- asked, said, reported, answered, opened, charged, ended …
    content  jsonb NOT NULL,
    hash     bytea NOT NULL,
    PRIMARY KEY (msisdn, number)
);

-- Its end, so that a missing last row shows. Writing it is the lock that puts a subscriber's rows in order.
CREATE TABLE hall.evidence_end (
    msisdn bigint PRIMARY KEY,
    number int NOT NULL,
    hash   bytea NOT NULL
) WITH (fillfactor = 70);

-- --- money -------------------------------------------------------------------------------------------------------------------

-- What the hall itself opened and charges for has a consent; all else is the network's and the billing system's, who charge for it.
ALTER TABLE hall.subscription
    ADD consent       int,                        -- hall.dialogue; NULL: free, or opened elsewhere
    ADD step          text CONSTRAINT a_known_step CHECK (step IN ('notice', 'charge', 'end')),
    ADD step_at       timestamptz,                -- what happens to it next, and when
    ADD charged_until date,                       -- the first month not charged yet
    ADD notice_number int,                        -- of the reply that told of the next charge
    ADD failed_month  date,                       -- the last month whose charge failed
    ADD failed_months smallint NOT NULL DEFAULT 0,
    ADD end_reason    text,                       -- close, leave, trial, arrears, order …
    ADD CONSTRAINT its_consent FOREIGN KEY (msisdn, consent) REFERENCES hall.dialogue (msisdn, number),
    ADD CONSTRAINT a_step_has_its_time CHECK ((step IS NULL) = (step_at IS NULL)),
    ADD CONSTRAINT only_open_ones_go_on CHECK (until IS NULL OR step IS NULL),
    ADD CONSTRAINT no_charge_without_consent CHECK (step IS DISTINCT FROM 'charge' OR consent IS NOT NULL);
CREATE INDEX subscription_step ON hall.subscription (step_at) WHERE step_at IS NOT NULL;

ALTER TABLE hall.ledger
    ADD service text REFERENCES hall.service (code) ON UPDATE CASCADE,
    ADD period  date,                             -- the month it is for; NULL: it is bought once, with each consent
    ADD consent int,
    ADD CONSTRAINT its_consent FOREIGN KEY (msisdn, consent) REFERENCES hall.dialogue (msisdn, number),
    ADD CONSTRAINT a_service_fee_has_service_and_consent CHECK (
        CASE kind
            WHEN 'service_fee' THEN fen < 0 AND service IS NOT NULL AND consent IS NOT NULL
            ELSE service IS NULL AND period IS NULL AND consent IS NULL
        END);
CREATE UNIQUE INDEX a_service_is_charged_once_a_month ON hall.ledger (msisdn, service, period) WHERE kind = 'service_fee';
CREATE UNIQUE INDEX a_consent_buys_once ON hall.ledger (msisdn, consent) WHERE kind = 'service_fee' AND period IS NULL;

-- --- work orders -------------------------------------------------------------------------------------------------------------

CREATE TYPE hall.order_state AS ENUM ('accepted', 'in_work', 'done', 'failed', 'cancelled');

-- What an element has to do for a subscriber.
CREATE TABLE hall.work_order (
    msisdn   bigint NOT NULL REFERENCES hall.subscriber (msisdn),
    number   int NOT NULL,
    at       timestamptz NOT NULL,
    ended_at timestamptz,
    consent  int,
    state    hall.order_state NOT NULL DEFAULT 'accepted',
    action   text NOT NULL CONSTRAINT a_known_action CHECK (action IN ('open', 'close')),
    service  text NOT NULL REFERENCES hall.service (code) ON UPDATE CASCADE,
    port     text NOT NULL,                       -- where the subscriber is told
    token    text NOT NULL,                       -- who reports on it must know this
    reason   text,
    PRIMARY KEY (msisdn, number),
    CONSTRAINT its_consent FOREIGN KEY (msisdn, consent) REFERENCES hall.dialogue (msisdn, number),
    CONSTRAINT an_end_has_its_time CHECK ((state IN ('done', 'failed', 'cancelled')) = (ended_at IS NOT NULL))
);
CREATE UNIQUE INDEX one_open_order_a_service ON hall.work_order (msisdn, service) WHERE ended_at IS NULL AND action = 'open';

-- --- the balance reminder ----------------------------------------------------------------------------------------------------

ALTER TABLE hall.subscriber
    ADD remind_below_fen bigint CONSTRAINT a_reminder_is_not_negative CHECK (remind_below_fen >= 0);
