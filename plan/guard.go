package plan

import "fmt"

// Guard is the removal guard: more removals than this in one cycle are held. Zero
// means no limit.
type Guard struct {
	Limit   int // removals
	Percent int // of the accounts that are connected and enabled; counts from smallRemovals on
}

// smallRemovals is the number of removals up to which a share of the accounts
// says nothing: one leaver of a team of three is a third.
const smallRemovals = 10

// NeedsShare reports whether the number of accounts in use matters for that many
// removals. It costs something to count them.
func (g Guard) NeedsShare(removals int) bool { return g.Percent > 0 && removals > smallRemovals }

// String says what the guard holds, as the end of a sentence: "it holds ...".
func (g Guard) String() string {
	share := fmt.Sprintf("more than %d %% of the accounts in use, from %d removals on", g.Percent, smallRemovals+1)
	switch {
	case g.Limit > 0 && g.Percent > 0:
		return fmt.Sprintf("more than %d removals in one cycle, or %s", g.Limit, share)
	case g.Limit > 0:
		return fmt.Sprintf("more than %d removals in one cycle", g.Limit)
	case g.Percent > 0:
		return share
	}
	return "nothing, because it is off"
}

// Judge returns why that many removals are too many, empty when they are not. A
// limit is exceeded, not met, when it holds them back.
func (g Guard) Judge(removals, connected int) string {
	if g.Limit > 0 && removals > g.Limit {
		return fmt.Sprintf("%d removals are more than the limit of %d in one cycle", removals, g.Limit)
	}
	if g.NeedsShare(removals) && removals*100 > g.Percent*connected {
		return fmt.Sprintf("%d removals are more than %d %% of the %d accounts in use", removals, g.Percent, connected)
	}
	return ""
}
