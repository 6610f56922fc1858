-- A user principal name is free again when the user who had it is deleted. SQLite
-- cannot drop the constraint of a column, so the table is made anew.
create table users_with_living_names (
    id                      key_text primary key,
    user_principal_name     text     not null,
    user_principal_name_key key_text not null, -- in lower case
    display_name            text     not null,
    account_enabled         boolean  not null,
    manager_id              key_text not null,
    deleted_at              bigint   not null,
    attributes              text     not null  -- JSON: attribute name to value
);

insert into users_with_living_names
    (id, user_principal_name, user_principal_name_key, display_name, account_enabled, manager_id, deleted_at, attributes)
    select id, user_principal_name, user_principal_name_key, display_name, account_enabled, manager_id, deleted_at, attributes from users;

drop table users;

alter table users_with_living_names rename to users;

create unique index users_by_living_name on users (user_principal_name_key) where deleted_at = 0;
create index users_by_name on users (user_principal_name_key, deleted_at);

-- What the latest cycle saw of the status when it began, so that at its end it does
-- not undo what an administrator decided meanwhile.
alter table jobs add column begun_status text not null default '';
