-- The account in the subscriber's hand: passwords and identity, what a number says of itself, forwarding, brands, speed codes, reminders,
-- complaints, and the language of the replies.

-- New parameters are new functions; the old ones go.
DROP FUNCTION IF EXISTS
    hall.receive(bigint, text, text, text, text, bigint, bigint, text, text, text, text, jsonb, text, text),
    hall_private.answer_again(hall.conversation, int, text),
    hall_private.act(hall.message, text, text, text, text, jsonb, text),
    hall_private.add_reply(bigint, int, int, text, text, int, text, text, jsonb, int, timestamptz),
    hall_private.add_replies(hall.message, text, int, text, text, jsonb, int);

INSERT INTO hall.setting (name, value, note) VALUES
    ('guesses_a_day',                5, 'failures of identity in a day; then nothing more that day (rules C2)'),
    ('temporary_password_s',     86400, 'a password that was sent out counts so long'),
    ('cool_down_s',              86400, 'no paid orders so long after a password was sent out (rules C4)'),
    ('remind_least_fen',           100, 'the balance reminder takes amounts from here …'),
    ('remind_most_fen',         100000, '… to here'),
    ('quiet_from_hour',             21, 'no reminders from this hour …'),
    ('quiet_until_hour',             8, '… to this one (rules F1); both the same: no quiet hours'),
    ('suspension_below_fen',         0, 'below that balance a suspension is near, and the subscriber is told'),
    ('offer_notice_s',          259200, 'an offer''s end is told so long before'),
    ('alarm_day',                   20, 'the bill alarm comes on this day of the month …'),
    ('alarm_hour',                  10, '… at this hour'),
    ('reminders_kept_days',         90, 'a reminder that was sent is kept so long, so that none comes twice'),
    ('complaint_answer_s',      172800, 'a complaint has a first answer in that time (rules F3)'),
    ('junk_port',             10086999, 'where junk messages are forwarded to (rules F4)');

-- --- passwords and identity --------------------------------------------------------------------------------------------------

-- A hash is argon2id over a keyed hash of number and digits; its salt follows from key and number, so whoever has the key needs nothing
-- from here (rules C3, include/base/pepper.h). `pepper` names the key.
CREATE TABLE hall.password (
    msisdn     bigint PRIMARY KEY REFERENCES hall.subscriber (msisdn),
    set_at     timestamptz NOT NULL,
    until      timestamptz,                       -- it was made by the hall and sent out: counts until then, and only to be changed
    cool_until timestamptz,                       -- no paid orders before (rules C4); outlives the password that was sent out
    pepper     smallint NOT NULL,
    hash       bytea NOT NULL CONSTRAINT a_hash_has_32_bytes CHECK (length(hash) = 32)
) WITH (fillfactor = 80);

-- Keyed hashes of the ID card's number, and of each row of six digits in it, which no password may be (rules C1).
CREATE TABLE hall.identity (
    msisdn bigint PRIMARY KEY REFERENCES hall.subscriber (msisdn),
    pepper smallint NOT NULL,
    digest bytea NOT NULL CONSTRAINT a_digest_has_32_bytes CHECK (length(digest) = 32),
    pieces bytea[] NOT NULL
);

-- Failures of identity on the last day that had one. Not part of the password: a reset does not clear it (rules C2).
CREATE TABLE hall.guess (
    msisdn   bigint PRIMARY KEY,
    day      date NOT NULL,
    failures smallint NOT NULL CONSTRAINT failures_are_not_negative CHECK (failures >= 0)
) WITH (fillfactor = 70);

-- The PUK of the SIM, sealed with the pepper: only a hall can open it, to send it.
CREATE TABLE hall.sim (
    msisdn bigint PRIMARY KEY REFERENCES hall.subscriber (msisdn),
    puk    text NOT NULL CONSTRAINT it_is_sealed CHECK (puk ~ '^[0-9]+:[A-Za-z0-9+/=]{40,}$')
);

-- --- language ----------------------------------------------------------------------------------------------------------------

-- NULL: Chinese. It belongs to the conversation, so whoever writes to us may choose, and each message finds it at hand.
-- A domain and not a CHECK of the table: PostgreSQL reads that anew from its catalogue for each statement that writes a row, and a message
-- writes here. For the same reason the outbox has none any more; hall.check_outbox() looks for what it kept out.
CREATE DOMAIN hall.language AS text CONSTRAINT a_language_has_two_letters CHECK (VALUE ~ '^[a-z]{2}$');
ALTER TABLE hall.conversation ADD language hall.language;
ALTER TABLE hall.reply ADD language text;
ALTER TABLE hall.reply DROP CONSTRAINT only_unsent_ones_can_be_claimed;

-- --- repeats -----------------------------------------------------------------------------------------------------------------

-- Outcomes of a command that has changed nothing, and that may end otherwise when it is sent again: the reply of before is not given again
-- for them (rules D6). Reference data: a command of one's own may add its own.
CREATE TABLE hall.refusal (
    outcome text PRIMARY KEY CONSTRAINT an_outcome_is_a_word CHECK (outcome ~ '^[a-z_]+$')
);
INSERT INTO hall.refusal (outcome) VALUES
    ('no_balance'), ('blacklisted'), ('excluded'), ('requires'), ('cool_down'), ('not_offered'), ('arrears'), ('suspended'),
    ('not_stopped'), ('not_open'), ('unavailable'), ('fault'), ('not_subscriber'), ('no_service');

-- --- the account -------------------------------------------------------------------------------------------------------------

-- Brands that subscribers may change to.
CREATE TABLE hall.brand (
    name       text PRIMARY KEY CONSTRAINT a_name_is_not_empty CHECK (name <> ''),
    place      int NOT NULL,                      -- in the list
    is_offered boolean NOT NULL DEFAULT true,
    takes_effect text NOT NULL DEFAULT 'next_month' CONSTRAINT a_known_moment CHECK (takes_effect IN ('at_once', 'next_month')),
    note       text                               -- what it costs and gives; part of the question
);

ALTER TABLE hall.subscriber
    ADD next_brand    text REFERENCES hall.brand (name) ON UPDATE CASCADE,
    ADD next_brand_on date,
    ADD CONSTRAINT a_next_brand_has_its_day CHECK ((next_brand IS NULL) = (next_brand_on IS NULL));
CREATE INDEX subscriber_next_brand ON hall.subscriber (next_brand_on) WHERE next_brand_on IS NOT NULL;

CREATE TABLE hall.forwarding (
    msisdn    bigint NOT NULL REFERENCES hall.subscriber (msisdn),
    condition text NOT NULL CONSTRAINT a_known_condition CHECK (condition IN ('always', 'busy', 'no_answer', 'unreachable')),
    target    bigint NOT NULL CONSTRAINT a_target_is_a_mobile_number CHECK (target BETWEEN 13000000000 AND 19999999999),
    since     timestamptz NOT NULL,
    PRIMARY KEY (msisdn, condition),
    CONSTRAINT nobody_is_forwarded_to_himself CHECK (target <> msisdn)
);

-- Where numbers belong; the longest prefix decides. Reference data.
CREATE TABLE hall.prefix (
    prefix   text PRIMARY KEY CONSTRAINT a_prefix_is_digits CHECK (prefix ~ '^1[0-9]{2,9}$'),
    province text NOT NULL,
    city     text NOT NULL,
    operator text NOT NULL
);

-- Speed codes, which are texts and ports: what each leads to. With one item that is run at once, with more the subscriber chooses.
-- Reference data.
CREATE TABLE hall.speed_code (
    code  text PRIMARY KEY CONSTRAINT a_code_is_digits CHECK (code ~ '^[0-9]{5,8}$'),
    title jsonb NOT NULL CONSTRAINT a_title_has_chinese CHECK (title ? 'zh') -- {"zh": …, "en": …}
);
CREATE TABLE hall.speed_item (
    code    text NOT NULL REFERENCES hall.speed_code (code) ON UPDATE CASCADE ON DELETE CASCADE,
    serial  int NOT NULL CONSTRAINT a_serial_counts_from_one CHECK (serial BETWEEN 1 AND 99),
    label   jsonb NOT NULL CONSTRAINT a_label_has_chinese CHECK (label ? 'zh'),
    command text NOT NULL,                        -- and how it is called, as its file in commands/ says
    call    text NOT NULL,
    effect  text NOT NULL DEFAULT 'reads' CONSTRAINT a_known_effect CHECK (effect IN ('reads', 'changes', 'leaves', 'manages')),
    confirm text NOT NULL DEFAULT 'never' CONSTRAINT a_known_confirm CHECK (confirm IN ('never', 'when_charged', 'always')),
    args    jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (code, serial)
);

-- --- reminders (rules F1) ----------------------------------------------------------------------------------------------------

CREATE TABLE hall.reminder_kind (
    kind       text PRIMARY KEY,
    is_quiet   boolean NOT NULL DEFAULT true,     -- waits for the end of the quiet hours
    is_default boolean NOT NULL DEFAULT true,     -- sent unless switched off
    word       text UNIQUE,                       -- by which the subscriber switches it; NULL: he may not
    service    text,                              -- only while that is open; the catalogue may come later than this
    valid      interval NOT NULL,                 -- worthless after so long
    title      jsonb NOT NULL CONSTRAINT a_title_has_chinese CHECK (title ? 'zh')
);

-- One row an occasion, whatever it is told twice; the row is sent once.
CREATE TABLE hall.reminder (
    msisdn   bigint NOT NULL,
    kind     text NOT NULL REFERENCES hall.reminder_kind (kind),
    occasion text NOT NULL,                       -- the other system's number of it, a day, a ledger row
    at       timestamptz NOT NULL,
    due_at   timestamptz,                         -- NULL: it is done with
    until    timestamptz NOT NULL,                -- worthless after it
    state    text NOT NULL DEFAULT 'waiting' CONSTRAINT a_known_state CHECK (state IN ('waiting', 'sent', 'off', 'late')),
    fields   jsonb NOT NULL,
    PRIMARY KEY (msisdn, kind, occasion),
    CONSTRAINT only_waiting_ones_are_due CHECK ((state = 'waiting') = (due_at IS NOT NULL))
) WITH (fillfactor = 80);
CREATE INDEX reminder_due ON hall.reminder (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX reminder_over ON hall.reminder (at) WHERE due_at IS NULL;

CREATE TABLE hall.reminder_choice (
    msisdn bigint NOT NULL REFERENCES hall.subscriber (msisdn),
    kind   text NOT NULL REFERENCES hall.reminder_kind (kind),
    is_on  boolean NOT NULL,
    PRIMARY KEY (msisdn, kind)
);

-- Offers that end, as the billing system says.
CREATE TABLE hall.offer (
    msisdn    bigint NOT NULL REFERENCES hall.subscriber (msisdn),
    reference text NOT NULL,
    name      text NOT NULL,
    ends_at   timestamptz NOT NULL,
    remind_at timestamptz,                        -- NULL: told
    PRIMARY KEY (msisdn, reference)
);
CREATE INDEX offer_due ON hall.offer (remind_at) WHERE remind_at IS NOT NULL;
CREATE INDEX offer_over ON hall.offer (ends_at) WHERE remind_at IS NULL;

-- The bill alarm has been through with this month; one row.
CREATE TABLE hall.alarm (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    month   date,
    after   bigint NOT NULL DEFAULT 0             -- the subscribers up to here are through
);
INSERT INTO hall.alarm DEFAULT VALUES;

-- --- complaints and junk (rules F3, F4) --------------------------------------------------------------------------------------

CREATE TABLE hall.complaint (
    msisdn      bigint NOT NULL,
    number      int NOT NULL,                     -- of the message that made it
    id          bigint GENERATED ALWAYS AS IDENTITY UNIQUE, -- what the subscriber knows it by
    at          timestamptz NOT NULL,
    due_at      timestamptz NOT NULL,             -- a first answer by then
    answered_at timestamptz,
    text        text NOT NULL,
    answer      text,
    PRIMARY KEY (msisdn, number),
    CONSTRAINT an_answer_has_its_time CHECK ((answer IS NULL) = (answered_at IS NULL))
);
CREATE INDEX complaint_open ON hall.complaint (due_at) WHERE answered_at IS NULL;

CREATE TABLE hall.junk (
    msisdn bigint NOT NULL,
    number int NOT NULL,
    id     bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    at     timestamptz NOT NULL,
    sender text,                                  -- complained of; NULL: not said yet
    text   text NOT NULL,
    PRIMARY KEY (msisdn, number)
);
CREATE INDEX junk_by_sender ON hall.junk (sender, at) WHERE sender IS NOT NULL;
