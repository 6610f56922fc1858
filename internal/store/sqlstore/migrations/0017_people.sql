-- Administrators of the portal, and the settings of the service.

create table administrators (
    id            key_text primary key,
    name          text     not null,
    name_key      key_text not null unique, -- in lower case
    display_name  text     not null,
    role          text     not null,
    password_hash text     not null, -- PHC string format, empty for none
    issuer        key_text not null, -- of OpenID Connect, with subject; empty for none
    subject       key_text not null,
    created_at    bigint   not null,
    signed_in_at  bigint   not null,
    disabled_at   bigint   not null
);

create unique index administrators_by_subject on administrators (issuer, subject) where subject <> '';

create table sessions (
    id               key_text primary key,
    hash             key_text not null unique, -- SHA-256 of the token, which is 256 random bits
    administrator_id key_text not null references administrators (id) on delete cascade,
    created_at       bigint   not null,
    seen_at          bigint   not null,
    idle_at          bigint   not null,
    expires_at       bigint   not null,
    address          text     not null,
    user_agent       text     not null
);

create index sessions_by_administrator on sessions (administrator_id, created_at);

create table sign_in_links (
    hash             key_text primary key, -- as above
    purpose          text     not null,
    administrator_id key_text not null, -- empty for the link that makes the first administrator
    created_at       bigint   not null,
    expires_at       bigint   not null,
    used_at          bigint   not null
);

create index sign_in_links_by_administrator on sign_in_links (administrator_id);

create table settings (
    id      key_text primary key, -- one row, "service"
    version bigint   not null,
    content text     not null, -- JSON, without secrets
    sealed  text     not null  -- the secrets, base64; empty for none
);

-- Changes of administrators and of settings take turns.
insert into counters (name, value) values ('administrators', 0);
