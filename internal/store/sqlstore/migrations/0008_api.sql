-- The API: who may use it, the keys that sign what it gives out, and what Microsoft
-- Graph keeps of a directory beyond what provisioning needs.

create table tenants (
    id key_text primary key -- one row
);

create table service_keys (
    id         key_text primary key,
    purpose    key_text not null,
    sealed     text     not null, -- base64
    created_at bigint   not null
);

create index service_keys_by_purpose on service_keys (purpose, created_at);

create table api_clients (
    id         key_text primary key,
    object_id  key_text not null unique,
    name       text     not null,
    name_key   key_text not null, -- in lower case
    role       text     not null,
    public_key text     not null, -- PEM, empty for none
    created_at bigint   not null,
    revoked_at bigint   not null
);

create unique index api_clients_by_living_name on api_clients (name_key) where revoked_at = 0;

create table api_secrets (
    client_id  key_text not null references api_clients (id) on delete cascade,
    hash       key_text not null, -- SHA-256 of the secret, which is 256 random bits
    hint       text     not null,
    created_at bigint   not null,
    expires_at bigint   not null,
    primary key (client_id, hash)
);

-- Owners of groups, applications and service principals.
create table owners (
    object_id  key_text not null,
    owner_id   key_text not null,
    owner_type text     not null, -- User or ServicePrincipal
    primary key (object_id, owner_id)
);

create index owners_by_owner on owners (owner_id, object_id);

-- An application may have no service principal yet: registered, and not to be
-- assigned. What is kept of either beyond its columns is in attributes, JSON.
alter table applications add column principal boolean not null default true;
alter table applications add column attributes text not null default '{}';
alter table applications add column principal_attributes text not null default '{}';

create table extension_properties (
    id             key_text primary key,
    application_id key_text not null references applications (id) on delete cascade,
    name           key_text not null unique, -- extension_{app id without dashes}_{name}
    data_type      text     not null,
    target_objects text     not null, -- comma-separated
    multivalued    boolean  not null
);

-- Changes of objects that are nobody's account: they touch no user, and whoever
-- follows the directory has to hear of them all the same.
alter table changes add column object_id key_text not null default '';
