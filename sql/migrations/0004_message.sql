-- Messages, replies, and where each subscriber's conversation stands.
--
-- Both logs are partitioned by month, so that old ones are dropped and not deleted; hall.partitions_ahead makes the months, and the
-- default partition takes what nobody provided for. The key begins with the MSISDN everywhere.

-- One row a message taken. Its key is what makes a repeat a repeat (rules D6). Secrets in `text` are masked before it comes here.
CREATE TABLE hall.message (
    msisdn      bigint NOT NULL,
    at          timestamptz NOT NULL,
    gateway_at  timestamptz,                      -- when Kannel had it
    fingerprint bigint,                           -- of the folded text; NULL when it carried a secret
    number      int NOT NULL,                     -- in the subscriber's conversation; its replies carry it too
    month       date NOT NULL,
    gateway_id  text COLLATE "C" NOT NULL,
    port        text NOT NULL,
    text        text NOT NULL,
    command     text,
    PRIMARY KEY (msisdn, gateway_id, month)
) PARTITION BY LIST (month);
CREATE TABLE hall.message_other PARTITION OF hall.message DEFAULT;

-- One row a sender, subscriber or not. Writing it is the lock that puts one sender's messages in order.
CREATE TABLE hall.conversation (
    msisdn         bigint PRIMARY KEY,
    at             timestamptz NOT NULL,          -- of the last message
    before_at      timestamptz,                   -- of the one before it
    fingerprint    bigint,
    number         int NOT NULL DEFAULT 0,        -- the last one given away
    message_number int,                           -- that of the last message
    before_number  int,                           -- and of the message before it
    look_number    int NOT NULL,                  -- before that number no text can have come too often (rules E4)
    is_same        boolean NOT NULL DEFAULT false, -- the last two have the same text and port (rules D6)
    port           text
) WITH (fillfactor = 70);

-- An enum and not a CHECK of a list, which would be read anew for each row.
CREATE TYPE hall.reply_state AS ENUM ('unsent', 'expired', 'dead', 'answered', 'sent', 'accepted', 'failed', 'delivered');

-- The outbox and the log of what was said. States move forward only (hall_private.reply_rank).
CREATE TABLE hall.reply (
    msisdn        bigint NOT NULL,
    at            timestamptz NOT NULL,
    claim_after   timestamptz,                    -- unsent: whose it is until then; after it anybody's
    valid_until   timestamptz NOT NULL,
    sent_at       timestamptz,
    report_at     timestamptz,
    resent_at     timestamptz,                    -- when an operator last had it sent again
    number        int NOT NULL,                   -- of the message it answers, or its own
    asked_hash    int,                            -- of the text it answers, as it came but for case (rules E4)
    month         date NOT NULL,
    part          smallint NOT NULL DEFAULT 1,    -- several replies to one message
    pieces        smallint NOT NULL DEFAULT 0,    -- how many messages of a long one are sent
    claims        smallint NOT NULL DEFAULT 0,    -- how often it changed hands: a hand that gave it up has another figure
    report_status smallint,                       -- Kannel's %d
    state         hall.reply_state NOT NULL,
    port          text NOT NULL,
    command       text NOT NULL,
    outcome       text NOT NULL,
    fields        jsonb NOT NULL,
    text          text,                           -- exactly as sent; NULL before
    reason        text,                           -- why it was not sent, or not delivered
    PRIMARY KEY (msisdn, number, part, month),
    CONSTRAINT only_unsent_ones_can_be_claimed CHECK ((state = 'unsent') = (claim_after IS NOT NULL))
) PARTITION BY LIST (month);
CREATE TABLE hall.reply_other PARTITION OF hall.reply DEFAULT;

-- Indexes of what is unsent are nearly empty at all times. They rest on claim_after and not on state, so that a delivery report is
-- an update that touches no index.
CREATE INDEX reply_unsent_by_time ON hall.reply (claim_after) WHERE claim_after IS NOT NULL;
CREATE INDEX reply_unsent_by_subscriber ON hall.reply (msisdn, number, part) WHERE claim_after IS NOT NULL;
