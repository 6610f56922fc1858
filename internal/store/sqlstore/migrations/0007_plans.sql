-- Stored plans: what a cycle would do, an undo, a repair, to be looked at and carried
-- out later. The content of head and items does not change once a plan is ready.
create table plans (
    key            key_text primary key, -- sorts by the moment when it was made
    id             key_text not null,    -- hash of the content, empty for a draft
    job_id         key_text not null references jobs (id) on delete cascade,
    application_id key_text not null,
    state          text     not null,    -- draft, ready, applying, applied
    created_at     bigint   not null,
    applied_at     bigint   not null,
    applied_by     text     not null,
    sealed         text     not null,    -- base64: the secret that redacted values are sealed with
    content        text     not null     -- JSON
);
create index plans_by_job on plans (job_id, key);
create index plans_by_id on plans (id);
create table plan_items (
    plan_key      key_text not null references plans (key) on delete cascade,
    source_id     key_text not null,
    attribute     key_text not null, -- of a reference that waits for an account, else empty
    referenced_id key_text not null, -- whose account that is
    action        text     not null,
    state         text     not null, -- open, done, refused, failed, none
    note          text     not null,
    content       text     not null, -- JSON
    primary key (plan_key, source_id, attribute)
);
-- The plan that an entry of the log belongs to, empty for a cycle.
alter table entries add column plan_id key_text not null default '';
