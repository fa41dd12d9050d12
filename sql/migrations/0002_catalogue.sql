-- What can be opened, and who offers it. Reference data: small, the same on every node.
CREATE TABLE hall.provider (
    name      text PRIMARY KEY,
    telephone text NOT NULL,
    homepage  text
);

-- A provider's short codes; the longest prefix of a port decides (rules D5). The hall's own are the daemon's configuration.
CREATE TABLE hall.port (
    prefix   text PRIMARY KEY CONSTRAINT a_port_is_digits CHECK (prefix ~ '^[0-9]{3,21}$'),
    provider text NOT NULL REFERENCES hall.provider (name) ON UPDATE CASCADE
);

CREATE TABLE hall.service (
    code            text PRIMARY KEY CONSTRAINT a_code_is_folded CHECK (code = upper(code) AND code <> ''),
    name            text NOT NULL UNIQUE,
    aliases         text[] NOT NULL DEFAULT '{}',
    fee_fen         bigint NOT NULL DEFAULT 0 CONSTRAINT a_fee_is_not_negative CHECK (fee_fen >= 0),
    period          text NOT NULL DEFAULT 'month' CONSTRAINT a_known_period CHECK (period IN ('month', 'message', 'once')),
    provider        text REFERENCES hall.provider (name) ON UPDATE CASCADE,   -- NULL: the operator's own
    port            text REFERENCES hall.port (prefix) ON UPDATE CASCADE,
    excludes        text,                                                     -- at most one open service of such a group (rules A10)
    confirm_window  interval NOT NULL DEFAULT '24 hours',                     -- rules A3
    trial_days      int NOT NULL DEFAULT 0 CONSTRAINT a_trial_is_not_negative CHECK (trial_days >= 0),
    ends            text NOT NULL DEFAULT 'at_once' CONSTRAINT a_known_end CHECK (ends IN ('at_once', 'month_end')), -- rules A12
    is_offered      boolean NOT NULL DEFAULT true,
    CONSTRAINT a_provider_has_a_port CHECK ((provider IS NULL) = (port IS NULL)),
    CONSTRAINT an_order_can_be_answered CHECK (confirm_window > '0')
);
