-- How many items of a plan are in each state is counted for each page about it.
create index plan_items_by_state on plan_items (plan_key, state);
