-- Who follows groups has to hear of groups that are members of others, too; such a
-- membership has two ends.
alter table changes add column related_id key_text not null default '';
