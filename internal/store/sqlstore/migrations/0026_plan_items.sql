-- Items of plans are filtered by what they do, what became of them and why, and searched
-- by a text in lower case. The index holds all that is looked at.
alter table plan_items add column code text not null default '';
alter table plan_items add column search text not null default '';
create index plan_items_listed on plan_items (plan_key, source_id, attribute, action, state, code, search);
